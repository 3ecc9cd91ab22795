/*
 * normal.c - the sum of many small independent effects.
 *
 * Model:  mean + sd z with z standard normal, by its inverse (sim/normal_quantile.h). Samples may
 *         be negative; as a duration those count as 0.
 * Source: definition.
 */
#include "sim/distribution_params.h"
#include "sim/normal_quantile.h"

static const struct param_spec rows[] = {{.key = "mean",
                                          .type = PARAM_QUANTITY,
                                          .offset = offsetof(struct distribution_normal, mean),
                                          .min = -DISTRIBUTION_QUANTITY_MAX,
                                          .max = DISTRIBUTION_QUANTITY_MAX,
                                          .default_text = "0",
                                          .help = "mean"},
                                         {.key = "sd",
                                          .type = PARAM_QUANTITY,
                                          .offset = offsetof(struct distribution_normal, sd),
                                          .min = 0,
                                          .max = DISTRIBUTION_QUANTITY_MAX,
                                          .required = true,
                                          .help = "standard deviation; above 0"},
                                         {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    const struct distribution_normal *self = params;
    (void)arena;
    if (!(self->sd > 0.0)) {
        *key = "sd";
        return "must be > 0";
    }
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_normal *self = params;
    return self->mean + self->sd * normal_quantile(u);
}

static double sample(const void *params, struct random_stream *stream)
{
    return quantile(params, random_unit(stream));
}

static double mean(const void *params)
{
    const struct distribution_normal *self = params;
    return self->mean;
}

const struct distribution_ops distribution_normal_ops = {
    .kind = {.name = "normal",
             .summary = "bell curve; may be negative (a duration then counts as 0)",
             .source = "definition; inverse by own rational functions",
             .params_bytes = sizeof(struct distribution_normal),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
