/*
 * shifted.c - another distribution plus a constant.
 *
 * Model:  of + by; the draw is that of the inner distribution.
 * Source: definition.
 */
#include "sim/distribution_params.h"

static const struct param_spec rows[] = {
    {.key = "of",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct distribution_shifted, of),
     .required = true,
     .help = "the distribution that is shifted; same unit as this one"},
    {.key = "by",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_shifted, by),
     .min = -DISTRIBUTION_QUANTITY_MAX,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .required = true,
     .help = "added to every sample; may be negative"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    const struct distribution_shifted *self = params;
    (void)arena;
    if (self->of == NULL) {
        *key = "of";
        return "is missing";
    }
    return NULL;
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_shifted *self = params;
    return distribution_sample(self->of, stream) + self->by;
}

static double quantile(const void *params, double u)
{
    const struct distribution_shifted *self = params;
    return distribution_quantile(self->of, u) + self->by;
}

static double mean(const void *params)
{
    const struct distribution_shifted *self = params;
    return distribution_mean(self->of) + self->by;
}

const struct distribution_ops distribution_shifted_ops = {
    .kind = {.name = "shifted",
             .summary = "another distribution plus a constant, such as a floor",
             .source = "definition",
             .params_bytes = sizeof(struct distribution_shifted),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
