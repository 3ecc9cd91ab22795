/*
 * aggregate.h - one number out of a metric: count, rate, avg, p(99), ..., and its interval.
 *
 * Model:    count  of samples, or what a count metric counted, or the upper part of a ratio
 *           rate   a ratio's value; for counts and distributions the count per measured second
 *           sum    of the samples
 *           avg min max med p(N)  of the samples of a distribution; quantiles by nearest rank
 *           value  of a count, ratio or value metric
 * Units:    the metric's reported unit (ms, ratio, ...); rate of a count is per second.
 * Defined:  count, sum and a rate per second always; the others only when there are samples.
 * Interval: 95 %, over those replications in which the number is defined; it needs two of them
 *           (statistics_summarize). Replications are independent by their seeds.
 */
#ifndef ANALYSIS_AGGREGATE_H
#define ANALYSIS_AGGREGATE_H

#include "analysis/metric.h"

#include <stdbool.h>

enum aggregate_kind {
    AGGREGATE_COUNT,
    AGGREGATE_SUM,
    AGGREGATE_RATE,
    AGGREGATE_AVG,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE_MED,
    AGGREGATE_PERCENTILE,
    AGGREGATE_VALUE,
    AGGREGATE_KIND_COUNT
};

struct aggregate {
    enum aggregate_kind kind;
    double percent; /* AGGREGATE_PERCENTILE: 0 to 100 */
};

/* What reports are made of: the merged set and, when there are several, each replication's own. */
struct metric_results {
    const struct metric_set *merged;
    const struct metric_set *const *replications; /* in order of their number; may be NULL when 1 */
    size_t replication_count;                     /* >= 1 */
};

struct aggregate_interval {
    size_t count; /* replications behind it; below 2 there is no interval */
    double mean, low, high;
};

/* "p(N)" for the percentile. */
const char *aggregate_name(enum aggregate_kind kind);

/* Whether the aggregation means something for metrics of this shape. */
bool aggregate_fits(enum aggregate_kind kind, enum metric_shape shape);

/* False: no samples. `measured_s` are the seconds behind the metric's counts. */
bool aggregate_of(const struct metric *metric, struct aggregate aggregate, double measured_s,
                  double *value);

/* The row with exactly these labels, in any order; NULL when absent. `hint` is where to look first.
 */
const struct metric *aggregate_find(const struct metric_set *set, const char *name,
                                    const struct metric_label *labels, uint32_t label_count,
                                    size_t hint);

/* Of the row `metrics[index]` of the merged set. False: no samples. */
bool aggregate_merged(const struct metric_results *results, size_t index,
                      struct aggregate aggregate, double *value);

/* Over the replications of the row `metrics[index]` of the merged set. */
struct aggregate_interval aggregate_across(const struct metric_results *results, size_t index,
                                           struct aggregate aggregate);

#endif
