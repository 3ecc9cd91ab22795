/*
 * quantiles.c - a law known by its percentiles, as publications give them.
 *
 * Model:  straight lines between the given points of the quantile function; at runs from 0 (the
 *         smallest value) to 1 (the largest). Intervals are found with a guide table.
 * Source: definition; Chen and Asau 1974 for the search (sim/guide_table.h).
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"

static const struct param_spec rows[] = {
    {.key = "at",
     .type = PARAM_NUMBERS,
     .offset = offsetof(struct distribution_quantiles, at),
     .required = true,
     .help = "shares of the samples, rising from 0 to 1"},
    {.key = "values",
     .type = PARAM_CSV_NUMBERS,
     .offset = offsetof(struct distribution_quantiles, values),
     .required = true,
     .help = "the value that each share stays below: a list, or a file as FILE or FILE#column"},
    {0}};

static const char *check_points(const double *at, const double *values, size_t count,
                                const char **key)
{
    *key = "at";
    if (at[0] != 0.0 || at[count - 1] != 1.0) {
        return "must begin with 0 and end with 1";
    }
    for (size_t i = 1; i < count; i++) {
        if (!(at[i] > at[i - 1])) {
            return "must rise";
        }
    }
    *key = "values";
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] >= -DISTRIBUTION_QUANTITY_MAX && values[i] <= DISTRIBUTION_QUANTITY_MAX)) {
            return "has a number beyond 1e18";
        }
        if (i > 0 && !(values[i] >= values[i - 1])) {
            return "must not fall";
        }
    }
    *key = NULL;
    return NULL;
}

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_quantiles *self = params;
    const double *at = self->at.items, *values = self->values.items;
    const size_t points = self->at.count;
    if (points < 2) {
        *key = "at";
        return "needs at least two points";
    }
    if (points != self->values.count) {
        *key = "values";
        return "must have as many numbers as at";
    }
    const char *wrong = check_points(at, values, points, key);
    if (wrong != NULL) {
        return wrong;
    }
    self->edges = arena_alloc(arena, points, sizeof self->edges[0]);
    self->starts = arena_alloc(arena, points, sizeof self->starts[0]);
    self->slopes = arena_alloc(arena, points, sizeof self->slopes[0]);
    for (size_t i = 0; i + 1 < points; i++) {
        self->edges[i] = at[i + 1];
        self->slopes[i] = (values[i + 1] - values[i]) / (at[i + 1] - at[i]);
        /* The line's value at u = 0, so that a sample is one product and one sum. */
        self->starts[i] = values[i] - at[i] * self->slopes[i];
    }
    guide_table_init(&self->guide, arena, self->edges, points - 1);
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_quantiles *self = params;
    const size_t i = guide_table_find(&self->guide, u);
    return self->starts[i] + u * self->slopes[i];
}

static double sample(const void *params, struct random_stream *stream)
{
    return quantile(params, random_unit(stream));
}

static double mean(const void *params)
{
    const struct distribution_quantiles *self = params;
    double sum = 0.0, from = 0.0;
    for (size_t i = 0; i + 1 < self->at.count; i++) {
        const double to = self->edges[i];
        sum += (to - from) * (self->starts[i] + self->slopes[i] * (from + to) / 2.0);
        from = to;
    }
    return sum;
}

const struct distribution_ops distribution_quantiles_ops = {
    .kind = {.name = "quantiles",
             .summary = "a law known by its percentiles, with straight lines between",
             .source = "definition",
             .params_bytes = sizeof(struct distribution_quantiles),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
