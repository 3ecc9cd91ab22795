/*
 * statistics.h - several replications as one: pooled metrics and confidence intervals.
 *
 * Model:     replications are independent runs of one scenario with different seeds.
 * Pooled:    counts, totals and histograms add up, so a pooled ratio or quantile is that of all
 *            samples together.
 * Intervals: Student's t over one number for each replication (its mean, ratio or quantile), never
 *            over the samples within a run, which depend on each other.
 * Order:     any order of the sets gives the same bits: numbers are sorted before they are added.
 * Ownership: a pooled set has an arena of its own; names still point into the layout.
 * Errors:    sets of different layouts are a bug (CHECK). Too few values give no interval, never
 *            NAN.
 * Source:    Law, "Simulation Modeling and Analysis", fixed-sample-size t interval over
 *            replications.
 */
#ifndef ANALYSIS_STATISTICS_H
#define ANALYSIS_STATISTICS_H

#include "analysis/metric.h"

struct statistics_summary {
    size_t count; /* replications that have a value; 0: nothing below means anything */
    double mean, min, max;
    bool has_interval; /* count >= 2: */
    double deviation;  /* sample standard deviation */
    double half_width; /* the 95 % interval is mean - half_width .. mean + half_width */
};

/* Of plain finite numbers, one for each replication; confidence such as 0.95, in (0, 1). */
struct statistics_summary statistics_summarize(const double *values, size_t count,
                                               double confidence);

/* What number of a metric is meant: metric_number(), or a quantile of a distribution. */
#define STATISTICS_NUMBER (-1.0)

/*
 * 95 % summary of one metric (by its index, the same in all sets) over those replications in which
 * it is defined. `quantile` in 0..1 for METRIC_DISTRIBUTION, or STATISTICS_NUMBER.
 */
struct statistics_summary statistics_metric(const struct metric_set *const *sets, size_t set_count,
                                            size_t index, double quantile);

/*
 * All sets as one. Counts, ratios and distributions add up; a value is the mean weighted by
 * `count`, except availability_nines and t_visibility_*, which are computed again from the pooled
 * samples; curves add up; series are the mean over the replications that have a value in the
 * bucket; `failures` are those of the first set. `events` adds up, `fingerprint` combines all,
 * `seed` is the least.
 */
void statistics_pool(const struct metric_set *const *sets, size_t set_count,
                     struct metric_set *pooled);

#endif
