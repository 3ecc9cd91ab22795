/*
 * exponential.c - time to the next of many independent rare events.
 *
 * Model:  P(X > x) = exp(-x / mean). Samples come from a ziggurat (sim/random_exponential.h), the
 *         quantile is the inverse -mean log(1 - u).
 * Source: Devroye, Non-Uniform Random Variate Generation, 1986, section II.2.
 */
#include "sim/distribution_params.h"
#include "sim/portable_math.h"
#include "sim/random_exponential.h"

static const struct param_spec rows[] = {
    {.key = "mean",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_exponential, mean),
     .min = 0,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .required = true,
     .help = "mean, which is also the standard deviation; above 0"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    const struct distribution_exponential *self = params;
    (void)arena;
    if (!(self->mean > 0.0)) {
        *key = "mean";
        return "must be > 0";
    }
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_exponential *self = params;
    return -self->mean * portable_log_unit(1.0 - u);
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_exponential *self = params;
    return self->mean * random_exponential(stream);
}

static double mean(const void *params)
{
    const struct distribution_exponential *self = params;
    return self->mean;
}

const struct distribution_ops distribution_exponential_ops = {
    .kind = {.name = "exponential",
             .summary = "memoryless: time to the next of many independent rare events",
             .source = "Devroye, Non-Uniform Random Variate Generation, 1986, section II.2",
             .params_bytes = sizeof(struct distribution_exponential),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
