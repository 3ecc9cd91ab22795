#include "analysis/statistics.h"
#include "analysis/curve.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Adds in rising order, so that the mean does not depend on the order of the values. */
static double mean_sorting(double *values, size_t count)
{
    double sum = 0;

    CHECK(count > 0);
    for (size_t i = 0; i < count; i++) {
        CHECK(isfinite(values[i]));
    }
    qsort(values, count, sizeof(*values), compare_numbers);
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double)count;
}

struct statistics_summary statistics_summarize(const double *values, size_t count,
                                               double confidence)
{
    struct statistics_summary summary = {.count = count};
    double squares = 0;

    CHECK(confidence > 0);
    CHECK(confidence < 1);
    if (count == 0) {
        return summary;
    }

    double *sorted = memory_alloc(count, sizeof(*sorted));

    memcpy(sorted, values, count * sizeof(*sorted));
    summary.mean = mean_sorting(sorted, count);
    summary.min = sorted[0];
    summary.max = sorted[count - 1];
    for (size_t i = 0; i < count; i++) {
        squares += (sorted[i] - summary.mean) * (sorted[i] - summary.mean);
    }
    memory_release(sorted);
    if (count >= 2) {
        const double freedom = (double)(count - 1);

        summary.has_interval = true;
        summary.deviation = sqrt(squares / freedom);
        /* Where all are alike, as counts of what never happened, any quantile gives 0. */
        if (summary.deviation > 0) {
            summary.half_width = gsl_cdf_tdist_Pinv((1 + confidence) / 2, freedom) *
                                 summary.deviation / sqrt((double)count);
        }
    }
    return summary;
}

struct statistics_summary statistics_metric(const struct metric_set *const *sets, size_t set_count,
                                            size_t index, double quantile)
{
    double *values = memory_alloc(set_count + 1, sizeof(*values));
    size_t count = 0;

    for (size_t i = 0; i < set_count; i++) {
        CHECK(index < sets[i]->metric_count);

        const struct metric *metric = &sets[i]->metrics[index];

        CHECK(metric->definition == sets[0]->metrics[index].definition);
        if (metric_defined(metric)) {
            values[count++] =
                quantile < 0 ? metric_number(metric) : metric_quantile(metric, quantile);
        }
    }

    const struct statistics_summary summary = statistics_summarize(values, count, 0.95);

    memory_release(values);
    return summary;
}

/* ---- pooling ---- */

struct pool {
    const struct metric_set *const *sets;
    size_t set_count;
    struct metric_set *pooled;
    double *values;                      /* scratch, one for each set */
    struct curve_visibility *visibility; /* of each pooled curve */
    struct curve_counts counts;          /* scratch */
};

static bool same_labels(const struct metric_label *left, uint32_t left_count,
                        const struct metric_label *right, uint32_t right_count)
{
    if (left_count != right_count) {
        return false;
    }
    for (uint32_t i = 0; i < left_count; i++) {
        if (strcmp(left[i].key, right[i].key) != 0 || strcmp(left[i].value, right[i].value) != 0) {
            return false;
        }
    }
    return true;
}

static void pool_metric(const struct pool *pool, size_t index, struct metric *metric)
{
    size_t defined = 0;
    uint64_t weight = 0;

    *metric = pool->sets[0]->metrics[index];
    metric->count = 0;
    metric->total = 0;
    metric->value = 0;
    if (metric->histogram != NULL) {
        metric->histogram = histogram_new(&pool->pooled->arena);
    }
    for (size_t i = 0; i < pool->set_count; i++) {
        const struct metric *source = &pool->sets[i]->metrics[index];

        CHECK(source->definition == metric->definition);
        metric->count += source->count;
        metric->total += source->total;
        if (metric->histogram != NULL) {
            histogram_merge(metric->histogram, source->histogram);
        }
        if (source->definition->shape == METRIC_VALUE && source->count > 0) {
            pool->values[defined++] = source->value * (double)source->count;
            weight += source->count;
        }
    }
    if (defined > 0) {
        metric->value = mean_sorting(pool->values, defined) * (double)defined / (double)weight;
    }
}

/* The curve or metric of the pooled set with the same labels. */
static size_t curve_like(const struct metric_set *set, const struct metric *metric)
{
    for (size_t i = 0; i < set->curve_count; i++) {
        const struct metric_curve *curve = &set->curves[i];

        if (curve->all != NULL &&
            same_labels(curve->labels, curve->label_count, metric->labels, metric->label_count)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* What can not be averaged is computed again. */
static void pool_again(const struct pool *pool, struct metric *metric)
{
    const struct metric_set *pooled = pool->pooled;

    for (size_t rule = 0; rule < CURVE_RULES; rule++) {
        if (strcmp(metric->definition->name, curve_rules[rule].name) == 0) {
            const size_t curve = curve_like(pooled, metric);

            CHECK(curve != SIZE_MAX);
            metric->count = pool->visibility[curve].samples[rule];
            metric->value = (double)pool->visibility[curve].t_ns[rule];
        }
    }
    if (strcmp(metric->definition->name, "availability_nines") == 0) {
        const struct metric *ratio =
            metric_find(pooled, "availability_ratio", metric->labels, metric->label_count);

        CHECK(ratio != NULL);

        const uint64_t bad = ratio->total - ratio->count;

        metric->count = bad > 0 ? ratio->total : 0;
        metric->value = bad > 0 ? 0.0 - log10((double)bad / (double)ratio->total) + 0.0 : 0;
    }
}

/* Exact curves: the points of all sets, those with the same x as one. */
static void pool_points(const struct pool *pool, size_t index, struct metric_curve *curve)
{
    struct arena *arena = &pool->pooled->arena;
    size_t *at = memory_alloc(pool->set_count, sizeof(*at));
    size_t most = 0, count = 0;

    for (size_t i = 0; i < pool->set_count; i++) {
        most += pool->sets[i]->curves[index].point_count;
    }

    double *x = arena_alloc(arena, most + 1, sizeof(*x));
    double *y = arena_alloc(arena, most + 1, sizeof(*y));
    uint64_t *samples = arena_alloc(arena, most + 1, sizeof(*samples));
    uint64_t *hits = arena_alloc(arena, most + 1, sizeof(*hits));

    for (;;) {
        double least = (double)INFINITY;

        for (size_t i = 0; i < pool->set_count; i++) {
            const struct metric_curve *source = &pool->sets[i]->curves[index];

            if (at[i] < source->point_count && source->x[at[i]] < least) {
                least = source->x[at[i]];
            }
        }
        if (isinf(least)) {
            break;
        }
        x[count] = least;
        for (size_t i = 0; i < pool->set_count; i++) {
            const struct metric_curve *source = &pool->sets[i]->curves[index];

            if (at[i] < source->point_count && !(source->x[at[i]] > least)) {
                samples[count] += source->samples[at[i]];
                hits[count] += source->hits[at[i]];
                at[i]++;
            }
        }
        y[count] = (double)hits[count] / (double)samples[count];
        count++;
    }
    memory_release(at);
    curve->x = x;
    curve->x_end = x;
    curve->y = y;
    curve->samples = samples;
    curve->hits = hits;
    curve->point_count = count;
}

static void pool_curve(struct pool *pool, size_t index, struct metric_curve *curve)
{
    struct arena *arena = &pool->pooled->arena;

    *curve = pool->sets[0]->curves[index];
    if (curve->all == NULL) {
        pool_points(pool, index, curve);
        return;
    }

    struct histogram *all = histogram_new(arena), *missed = histogram_new(arena);

    for (size_t i = 0; i < pool->set_count; i++) {
        histogram_merge(all, pool->sets[i]->curves[index].all);
        histogram_merge(missed, pool->sets[i]->curves[index].missed);
    }
    curve_counts_set(&pool->counts, all, missed);
    curve_fill(curve, arena, &pool->counts, curve->label_count > 1);
    pool->visibility[index] = curve_visibility_of(&pool->counts);
}

static void pool_series(const struct pool *pool, size_t index, struct metric_series *series)
{
    const size_t buckets = pool->pooled->bucket_count;
    double *means = arena_alloc(&pool->pooled->arena, buckets, sizeof(*means));

    *series = pool->sets[0]->series[index];
    for (size_t bucket = 0; bucket < buckets; bucket++) {
        size_t count = 0;

        for (size_t i = 0; i < pool->set_count; i++) {
            const double value = pool->sets[i]->series[index].values[bucket];

            if (!isnan(value)) {
                pool->values[count++] = value;
            }
        }
        means[bucket] = count > 0 ? mean_sorting(pool->values, count) : (double)NAN;
    }
    series->values = means;
}

/* Spreads the bits of a fingerprint, so that a plain sum depends on all of them (splitmix64). */
static uint64_t fingerprint_mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static void pool_totals(const struct pool *pool)
{
    struct metric_set *pooled = pool->pooled;

    for (size_t i = 0; i < pool->set_count; i++) {
        const struct metric_set *set = pool->sets[i];

        CHECK(set->metric_count == pooled->metric_count);
        CHECK(set->curve_count == pooled->curve_count);
        CHECK(set->series_count == pooled->series_count);
        CHECK(set->bucket_count == pooled->bucket_count);
        pooled->end_ns = set->end_ns > pooled->end_ns ? set->end_ns : pooled->end_ns;
        pooled->measured_ns += set->measured_ns;
        pooled->events += set->events;
        pooled->fingerprint += fingerprint_mix(set->fingerprint + fingerprint_mix(set->seed + 1));
        pooled->seed = set->seed < pooled->seed ? set->seed : pooled->seed;
    }
}

static void *pool_copy(struct arena *arena, const void *items, size_t count, size_t bytes)
{
    void *copy = arena_alloc(arena, count + 1, bytes);

    if (count > 0) {
        memcpy(copy, items, count * bytes);
    }
    return copy;
}

/* A failover has no mean: what happened when is told of the first replication. */
static void pool_events(struct metric_set *pooled, const struct metric_events *first)
{
    struct arena *arena = &pooled->arena;

    pooled->failures.windows =
        pool_copy(arena, first->windows, first->window_count, sizeof(*first->windows));
    pooled->failures.steps =
        pool_copy(arena, first->steps, first->step_count, sizeof(*first->steps));
    pooled->failures.recoveries =
        pool_copy(arena, first->recoveries, first->recovery_count, sizeof(*first->recoveries));
}

void statistics_pool(const struct metric_set *const *sets, size_t set_count,
                     struct metric_set *pooled)
{
    CHECK(set_count > 0);
    *pooled = *sets[0];
    pooled->measured_ns = 0;
    pooled->events = 0;
    pooled->fingerprint = 0;
    arena_init(&pooled->arena);

    struct pool pool = {.sets = sets,
                        .set_count = set_count,
                        .pooled = pooled,
                        .values = memory_alloc(set_count, sizeof(*pool.values)),
                        .visibility = memory_alloc(sets[0]->curve_count, sizeof(*pool.visibility))};
    struct metric *metrics =
        arena_alloc(&pooled->arena, pooled->metric_count + 1, sizeof(*metrics));
    struct metric_curve *curves =
        arena_alloc(&pooled->arena, pooled->curve_count + 1, sizeof(*curves));
    struct metric_series *series =
        arena_alloc(&pooled->arena, pooled->series_count + 1, sizeof(*series));

    pool_totals(&pool);
    pool_events(pooled, &sets[0]->failures);
    for (size_t i = 0; i < pooled->curve_count; i++) {
        pool_curve(&pool, i, &curves[i]);
    }
    for (size_t i = 0; i < pooled->metric_count; i++) {
        pool_metric(&pool, i, &metrics[i]);
    }
    for (size_t i = 0; i < pooled->series_count; i++) {
        pool_series(&pool, i, &series[i]);
    }
    pooled->curves = curves;
    pooled->metrics = metrics;
    pooled->series = series;
    for (size_t i = 0; i < pooled->metric_count; i++) {
        pool_again(&pool, &metrics[i]);
    }
    memory_release(pool.values);
    memory_release(pool.visibility);
    curve_counts_release(&pool.counts);
}
