/*
 * weibull.c - lifetimes: failure rates that fall (shape < 1) or rise (shape > 1) with age.
 *
 * Model:  P(X > x) = exp(-(x / scale)^shape): X = scale E^(1 / shape), E exponential of mean 1
 *         (sim/random_exponential.h). The quantile takes -log(1 - u) for E; the mean is
 *         scale gamma(1 + 1 / shape).
 * Source: Devroye, Non-Uniform Random Variate Generation, 1986, section II.2.
 */
#include "sim/distribution_params.h"
#include "sim/portable_math.h"
#include "sim/random_exponential.h"

static const struct param_spec rows[] = {
    {.key = "scale",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_weibull, scale),
     .min = 0,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .help = "63 % of samples are below it; or give mean"},
    {.key = "mean",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_weibull, mean),
     .min = 0,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .help = "mean; or give scale"},
    {.key = "shape",
     .type = PARAM_REAL,
     .offset = offsetof(struct distribution_weibull, shape),
     .min = 0.05,
     .max = 1000,
     .required = true,
     .help = "under 1: failures early; 1: exponential; above: wear"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_weibull *self = params;
    (void)arena;
    if ((self->scale > 0.0) == (self->mean > 0.0)) {
        return "needs either scale or mean, above 0";
    }
    if (!(self->shape > 0.0)) {
        *key = "shape";
        return "must be > 0";
    }
    self->exponent = 1.0 / self->shape;
    self->factor = self->scale > 0.0
                       ? self->scale
                       : self->mean / portable_exp(portable_log_gamma(1.0 + self->exponent));
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_weibull *self = params;
    const double exponential = -portable_log_unit(1.0 - u);
    return self->factor * portable_exp(self->exponent * portable_log(exponential));
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_weibull *self = params;
    const double log_exponential = portable_log(random_exponential(stream));
    return self->factor * portable_exp(self->exponent * log_exponential);
}

static double mean(const void *params)
{
    const struct distribution_weibull *self = params;
    return self->factor * portable_exp(portable_log_gamma(1.0 + self->exponent));
}

const struct distribution_ops distribution_weibull_ops = {
    .kind = {.name = "weibull",
             .summary = "lifetimes: early failures (shape < 1) or wear (shape > 1)",
             .source = "Devroye, Non-Uniform Random Variate Generation, 1986, section II.2",
             .params_bytes = sizeof(struct distribution_weibull),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
