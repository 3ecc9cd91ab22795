/*
 * empirical.c - measured values, each as likely as the others.
 *
 * Model:  the inverse of the empirical distribution function: one of the values, or with
 *         `interpolate` a straight line between two neighbours in order, at (n - 1) u + 1 (type 7
 *         of the source).
 * Source: Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician
 *         50(4), 1996.
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"

static const struct param_spec rows[] = {
    {.key = "values",
     .type = PARAM_CSV_NUMBERS,
     .offset = offsetof(struct distribution_empirical, values),
     .required = true,
     .help = "measured values: a list, or a file as FILE or FILE#column"},
    {.key = "interpolate",
     .type = PARAM_BOOL,
     .offset = offsetof(struct distribution_empirical, interpolate),
     .default_text = "false",
     .help = "also values between measured neighbours"},
    {0}};

/* Heapsort: in place, and the order of equal numbers does not matter. */
static void sift(double *items, size_t root, size_t count)
{
    const double moved = items[root];
    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && items[child] < items[child + 1]) {
            child++;
        }
        if (!(moved < items[child])) {
            break;
        }
        items[root] = items[child];
        root = child;
    }
    items[root] = moved;
}

static void sort(double *items, size_t count)
{
    for (size_t i = count / 2; i > 0; i--) {
        sift(items, i - 1, count);
    }
    for (size_t end = count; end > 1; end--) {
        const double largest = items[0];
        items[0] = items[end - 1];
        items[end - 1] = largest;
        sift(items, 0, end - 1);
    }
}

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_empirical *self = params;
    const double *numbers = self->values.items;
    *key = "values";
    if (self->values.count == 0) {
        return "needs at least one number";
    }
    self->count = self->values.count;
    self->sorted = arena_alloc(arena, self->count, sizeof self->sorted[0]);
    for (size_t i = 0; i < self->count; i++) {
        if (!(numbers[i] >= -DISTRIBUTION_QUANTITY_MAX &&
              numbers[i] <= DISTRIBUTION_QUANTITY_MAX)) {
            return "has a number beyond 1e18";
        }
        /* Adding 0 turns -0 into 0, so that equal numbers have equal bits. */
        self->sorted[i] = numbers[i] + 0.0;
    }
    *key = NULL;
    sort(self->sorted, self->count);
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_empirical *self = params;
    const size_t last = self->count - 1;
    const double position = u * (double)(self->interpolate ? last : self->count);
    const size_t i = (size_t)position;
    if (i >= last) {
        return self->sorted[last];
    }
    const double part = self->interpolate ? position - (double)i : 0.0;
    return self->sorted[i] + part * (self->sorted[i + 1] - self->sorted[i]);
}

static double sample(const void *params, struct random_stream *stream)
{
    return quantile(params, random_unit(stream));
}

static double mean(const void *params)
{
    const struct distribution_empirical *self = params;
    double sum = 0.0;
    for (size_t i = 0; i < self->count; i++) {
        sum += self->sorted[i];
    }
    if (self->interpolate && self->count > 1) {
        /* The mean of the lines: both ends count half. */
        sum -= (self->sorted[0] + self->sorted[self->count - 1]) / 2.0;
        return sum / (double)(self->count - 1);
    }
    return sum / (double)self->count;
}

const struct distribution_ops distribution_empirical_ops = {
    .kind = {.name = "empirical",
             .summary = "measured values from the scenario or a CSV file",
             .source = "Hyndman and Fan, Sample quantiles in statistical packages, The American "
                       "Statistician 50(4), 1996",
             .params_bytes = sizeof(struct distribution_empirical),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
