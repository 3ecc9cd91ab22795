/*
 * constant.c - always the same value.
 *
 * Model:  the value; the draw number is consumed all the same.
 * Source: definition.
 */
#include "sim/distribution_params.h"

static const struct param_spec rows[] = {{.key = "value",
                                          .type = PARAM_QUANTITY,
                                          .offset = offsetof(struct distribution_constant, value),
                                          .min = -DISTRIBUTION_QUANTITY_MAX,
                                          .max = DISTRIBUTION_QUANTITY_MAX,
                                          .required = true,
                                          .help = "every sample"},
                                         {0}};

static double quantile(const void *params, double u)
{
    const struct distribution_constant *self = params;
    (void)u;
    return self->value;
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_constant *self = params;
    stream->count++;
    return self->value;
}

static double mean(const void *params)
{
    const struct distribution_constant *self = params;
    return self->value;
}

const struct distribution_ops distribution_constant_ops = {
    .kind = {.name = "constant",
             .summary = "always the same value",
             .source = "definition",
             .params_bytes = sizeof(struct distribution_constant),
             .params = rows},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
