/*
 * empirical.c - measured values, each as likely as the others.
 *
 * Model:  the inverse of the empirical distribution function: one of the values, or with
 * interpolate a straight line between the two neighbours in order, (n - 1) u + 1 (type 7 of the
 * source). Source: Hyndman and Fan, "Sample quantiles in statistical packages", The American
 * Statistician 50(4), 1996.
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"

static const struct param_spec rows[] = {
    {.key = "values",
     .type = PARAM_NUMBERS,
     .offset = offsetof(struct distribution_empirical, values),
     .help = "measured values, times unit; or give csv"},
    {.key = "csv",
     .type = PARAM_CSV_NUMBERS,
     .offset = offsetof(struct distribution_empirical, csv),
     .help = "a file of measured values, FILE or FILE#column; or give values"},
    {.key = "unit",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_empirical, unit),
     .min = 0,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .default_text = "1",
     .help = "what the number 1 in the lists stands for"},
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
    if ((self->values.count > 0) == (self->csv.count > 0)) {
        return "needs either values or csv, with at least one number";
    }
    if (!(self->unit > 0.0)) {
        *key = "unit";
        return "must be > 0";
    }
    const struct param_list *list = self->values.count > 0 ? &self->values : &self->csv;
    const double *numbers = list->items;
    self->count = list->count;
    self->sorted = arena_alloc(arena, list->count, sizeof self->sorted[0]);
    for (size_t i = 0; i < list->count; i++) {
        /* Adding 0 turns -0 into 0. */
        self->sorted[i] = numbers[i] * self->unit + 0.0;
        if (!(self->sorted[i] >= -DISTRIBUTION_QUANTITY_MAX &&
              self->sorted[i] <= DISTRIBUTION_QUANTITY_MAX)) {
            *key = self->values.count > 0 ? "values" : "csv";
            return "has a number beyond 1e18";
        }
    }
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
