/*
 * pareto.c - heavy tails: a few samples make most of the sum.
 *
 * Model:  P(X > x) = (minimum / x)^shape, by its inverse minimum (1 - u)^(-1 / shape). No mean at
 *         shape <= 1.
 * Source: Devroye, Non-Uniform Random Variate Generation, 1986, section II.2.
 */
#include "sim/distribution_params.h"
#include "sim/portable_math.h"

static const struct param_spec rows[] = {
    {.key = "minimum",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_pareto, minimum),
     .min = 0,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .required = true,
     .help = "smallest value; above 0"},
    {.key = "shape",
     .type = PARAM_REAL,
     .offset = offsetof(struct distribution_pareto, shape),
     .min = 0.05,
     .max = 1000,
     .required = true,
     .help = "tail index; 1.16 is 80 % of the sum from 20 % of samples"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    const struct distribution_pareto *self = params;
    (void)arena;
    if (!(self->minimum > 0.0)) {
        *key = "minimum";
        return "must be > 0";
    }
    if (!(self->shape > 0.0)) {
        *key = "shape";
        return "must be > 0";
    }
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_pareto *self = params;
    return self->minimum * portable_exp(-portable_log_unit(1.0 - u) / self->shape);
}

static double sample(const void *params, struct random_stream *stream)
{
    return quantile(params, random_unit(stream));
}

static double mean(const void *params)
{
    const struct distribution_pareto *self = params;
    return self->shape > 1.0 ? self->minimum * self->shape / (self->shape - 1.0) : PORTABLE_NAN;
}

const struct distribution_ops distribution_pareto_ops = {
    .kind = {.name = "pareto",
             .summary = "heavy tail: few samples make most of the sum",
             .source = "Devroye, Non-Uniform Random Variate Generation, 1986, section II.2",
             .params_bytes = sizeof(struct distribution_pareto),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
