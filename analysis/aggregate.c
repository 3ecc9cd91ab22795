#include "analysis/aggregate.h"

#include "analysis/statistics.h"
#include "sim/check.h"

#include <math.h>
#include <string.h>

#define CONFIDENCE 0.95

const char *aggregate_name(enum aggregate_kind kind)
{
    static const char *const names[] = {
        [AGGREGATE_COUNT] = "count", [AGGREGATE_SUM] = "sum",         [AGGREGATE_RATE] = "rate",
        [AGGREGATE_AVG] = "avg",     [AGGREGATE_MIN] = "min",         [AGGREGATE_MAX] = "max",
        [AGGREGATE_MED] = "med",     [AGGREGATE_PERCENTILE] = "p(N)", [AGGREGATE_VALUE] = "value"};
    CHECK(kind < AGGREGATE_KIND_COUNT);
    return names[kind];
}

bool aggregate_fits(enum aggregate_kind kind, enum metric_shape shape)
{
    enum {
        COUNTS = 1u << METRIC_COUNT,
        RATIOS = 1u << METRIC_RATIO,
        VALUES = 1u << METRIC_VALUE,
        SAMPLES = 1u << METRIC_DISTRIBUTION
    };
    static const unsigned shapes[] = {[AGGREGATE_COUNT] = COUNTS | RATIOS | SAMPLES,
                                      [AGGREGATE_SUM] = COUNTS | SAMPLES,
                                      [AGGREGATE_RATE] = COUNTS | RATIOS | SAMPLES,
                                      [AGGREGATE_AVG] = SAMPLES,
                                      [AGGREGATE_MIN] = SAMPLES,
                                      [AGGREGATE_MAX] = SAMPLES,
                                      [AGGREGATE_MED] = SAMPLES,
                                      [AGGREGATE_PERCENTILE] = SAMPLES,
                                      [AGGREGATE_VALUE] = COUNTS | RATIOS | VALUES};
    CHECK(kind < AGGREGATE_KIND_COUNT);
    return (shapes[kind] >> (unsigned)shape & 1u) != 0;
}

static bool of_distribution(const struct metric *metric, struct aggregate aggregate, double *value)
{
    const struct histogram *histogram = metric->histogram;
    const double scale = metric->definition->scale;
    if (histogram == NULL || histogram->count == 0) {
        return false;
    }
    switch (aggregate.kind) {
    case AGGREGATE_AVG:
        *value = histogram_mean(histogram) / scale;
        return true;
    case AGGREGATE_MIN:
        *value = (double)histogram->min / scale;
        return true;
    case AGGREGATE_MAX:
        *value = (double)histogram->max / scale;
        return true;
    case AGGREGATE_MED:
        *value = (double)histogram_quantile(histogram, 0.5) / scale;
        return true;
    case AGGREGATE_PERCENTILE:
        *value = (double)histogram_quantile(histogram, aggregate.percent / 100.0) / scale;
        return true;
    case AGGREGATE_COUNT:
    case AGGREGATE_SUM:
    case AGGREGATE_RATE:
    case AGGREGATE_VALUE:
    case AGGREGATE_KIND_COUNT:
        break;
    }
    return false;
}

/* How many samples, events or hits. */
static double count_of(const struct metric *metric)
{
    if (metric->definition->shape == METRIC_COUNT) {
        return (double)metric->count / metric->definition->scale;
    }
    if (metric->definition->shape != METRIC_DISTRIBUTION) {
        return (double)metric->count;
    }
    return metric->histogram == NULL ? 0.0 : (double)metric->histogram->count;
}

static double sum_of(const struct metric *metric)
{
    const double count = count_of(metric);
    if (metric->definition->shape != METRIC_DISTRIBUTION || metric->histogram == NULL) {
        return count;
    }
    return count * histogram_mean(metric->histogram) / metric->definition->scale;
}

static bool value_of(const struct metric *metric, double *value)
{
    switch (metric->definition->shape) {
    case METRIC_COUNT:
        *value = count_of(metric);
        return true;
    case METRIC_RATIO:
        *value = metric->total == 0 ? 0.0 : (double)metric->count / (double)metric->total;
        return metric->total != 0;
    case METRIC_VALUE:
        *value = metric->value / metric->definition->scale;
        return metric->count > 0 && isfinite(metric->value);
    case METRIC_DISTRIBUTION:
        break;
    }
    return false;
}

bool aggregate_of(const struct metric *metric, struct aggregate aggregate, double measured_s,
                  double *value)
{
    *value = 0.0;
    CHECK(aggregate_fits(aggregate.kind, metric->definition->shape));
    if (aggregate.kind == AGGREGATE_COUNT) {
        *value = count_of(metric);
        return true;
    }
    if (aggregate.kind == AGGREGATE_SUM) {
        *value = sum_of(metric);
        return true;
    }
    if (aggregate.kind == AGGREGATE_RATE && metric->definition->shape != METRIC_RATIO) {
        *value = measured_s > 0.0 ? count_of(metric) / measured_s : 0.0;
        return measured_s > 0.0;
    }
    if (metric->definition->shape == METRIC_DISTRIBUTION) {
        return of_distribution(metric, aggregate, value);
    }
    return value_of(metric, value);
}

static bool is_row(const struct metric *metric, const char *name, const struct metric_label *labels,
                   uint32_t label_count)
{
    if (metric->label_count != label_count || strcmp(metric->definition->name, name) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < label_count; i++) {
        const char *value = metric_label_value(metric, labels[i].key);
        if (value == NULL || strcmp(value, labels[i].value) != 0) {
            return false;
        }
    }
    return true;
}

const struct metric *aggregate_find(const struct metric_set *set, const char *name,
                                    const struct metric_label *labels, uint32_t label_count,
                                    size_t hint)
{
    if (hint < set->metric_count && is_row(&set->metrics[hint], name, labels, label_count)) {
        return &set->metrics[hint];
    }
    for (size_t i = 0; i < set->metric_count; i++) {
        if (is_row(&set->metrics[i], name, labels, label_count)) {
            return &set->metrics[i];
        }
    }
    return NULL;
}

/* The number in replication `number`; false where the row or its samples are missing. */
static bool in_replication(const struct metric_results *results, size_t number, size_t index,
                           struct aggregate aggregate, double *value)
{
    const struct metric *row = &results->merged->metrics[index];
    const struct metric_set *set = results->replications[number];
    const struct metric *found =
        aggregate_find(set, row->definition->name, row->labels, row->label_count, index);
    return found != NULL && aggregate_of(found, aggregate, metric_set_measured_s(set), value);
}

struct aggregate_interval aggregate_across(const struct metric_results *results, size_t index,
                                           struct aggregate aggregate)
{
    struct aggregate_interval interval = {.count = 0};
    CHECK(index < results->merged->metric_count);
    if (results->replications == NULL || results->replication_count < 2) {
        return interval;
    }
    double *values = memory_alloc(results->replication_count, sizeof *values);
    for (size_t i = 0; i < results->replication_count; i++) {
        interval.count += in_replication(results, i, index, aggregate, &values[interval.count]);
    }
    const struct statistics_summary summary =
        statistics_summarize(values, interval.count, CONFIDENCE);
    memory_release(values);
    interval.mean = interval.low = interval.high = summary.mean;
    if (summary.has_interval) {
        interval.low -= summary.half_width;
        interval.high += summary.half_width;
    }
    return interval;
}

bool aggregate_merged(const struct metric_results *results, size_t index,
                      struct aggregate aggregate, double *value)
{
    CHECK(index < results->merged->metric_count);
    return aggregate_of(&results->merged->metrics[index], aggregate,
                        metric_set_measured_s(results->merged), value);
}
