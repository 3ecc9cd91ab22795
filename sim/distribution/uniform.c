/*
 * uniform.c - every value between two limits alike.
 *
 * Model:  density 1 / (max - min) between min and max.
 * Source: definition.
 */
#include "sim/distribution_params.h"

static const struct param_spec rows[] = {{.key = "min",
                                          .type = PARAM_QUANTITY,
                                          .offset = offsetof(struct distribution_uniform, min),
                                          .min = -DISTRIBUTION_QUANTITY_MAX,
                                          .max = DISTRIBUTION_QUANTITY_MAX,
                                          .required = true,
                                          .help = "smallest value"},
                                         {.key = "max",
                                          .type = PARAM_QUANTITY,
                                          .offset = offsetof(struct distribution_uniform, max),
                                          .min = -DISTRIBUTION_QUANTITY_MAX,
                                          .max = DISTRIBUTION_QUANTITY_MAX,
                                          .required = true,
                                          .help = "largest value"},
                                         {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    const struct distribution_uniform *self = params;
    (void)arena;
    if (!(self->min < self->max)) {
        *key = "max";
        return "must be above min";
    }
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_uniform *self = params;
    return self->min + (self->max - self->min) * u;
}

static double sample(const void *params, struct random_stream *stream)
{
    return quantile(params, random_unit(stream));
}

static double mean(const void *params)
{
    const struct distribution_uniform *self = params;
    return self->min + (self->max - self->min) / 2.0;
}

const struct distribution_ops distribution_uniform_ops = {
    .kind = {.name = "uniform",
             .summary = "any value between min and max, all alike",
             .source = "definition",
             .params_bytes = sizeof(struct distribution_uniform),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
