/*
 * lognormal.c - positive, skewed: delays and sizes that vary by factors.
 *
 * Model:  scale exp(width z) with z standard normal. From mean and cv (standard deviation over
 *         mean): width^2 = log(1 + cv^2), scale = mean exp(-width^2 / 2). Median and sigma are
 *         scale and width themselves.
 * Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 1994, chapter 14.
 */
#include "sim/distribution_params.h"
#include "sim/normal_quantile.h"
#include "sim/portable_math.h"

static const struct param_spec rows[] = {
    {.key = "mean",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_lognormal, mean),
     .min = 0,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .help = "mean; with cv"},
    {.key = "cv",
     .type = PARAM_REAL,
     .offset = offsetof(struct distribution_lognormal, cv),
     .min = 0,
     .max = 1000,
     .help = "standard deviation over mean; with mean"},
    {.key = "median",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_lognormal, median),
     .min = 0,
     .max = DISTRIBUTION_QUANTITY_MAX,
     .help = "median; with sigma"},
    {.key = "sigma",
     .type = PARAM_REAL,
     .offset = offsetof(struct distribution_lognormal, sigma),
     .min = 0,
     .max = 20,
     .help = "standard deviation of the logarithm; with median"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_lognormal *self = params;
    const bool by_mean = self->mean > 0.0, by_median = self->median > 0.0;
    (void)arena;
    if (by_mean == by_median) {
        return "needs either mean and cv, or median and sigma, above 0 (as a factor: mean 1)";
    }
    if (by_mean ? self->sigma > 0.0 : self->cv > 0.0) {
        *key = by_mean ? "sigma" : "cv";
        return by_mean ? "goes with median; mean goes with cv"
                       : "goes with mean; median goes with sigma";
    }
    if (by_mean ? !(self->cv > 0.0) : !(self->sigma > 0.0)) {
        *key = by_mean ? "cv" : "sigma";
        return "must be > 0";
    }
    if (by_median) {
        self->scale = self->median;
        self->width = self->sigma;
        return NULL;
    }
    const double variance = portable_log1p(self->cv * self->cv);
    self->scale = self->mean * portable_exp(-variance / 2.0);
    self->width = portable_sqrt(variance);
    return NULL;
}

static double quantile(const void *params, double u)
{
    const struct distribution_lognormal *self = params;
    return self->scale * portable_exp(self->width * normal_quantile(u));
}

static double sample(const void *params, struct random_stream *stream)
{
    return quantile(params, random_unit(stream));
}

static double mean(const void *params)
{
    const struct distribution_lognormal *self = params;
    return self->scale * portable_exp(self->width * self->width / 2.0);
}

const struct distribution_ops distribution_lognormal_ops = {
    .kind =
        {.name = "lognormal",
         .summary = "positive and skewed: delays, service times, sizes",
         .source =
             "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 1994, chapter 14",
         .params_bytes = sizeof(struct distribution_lognormal),
         .params = rows,
         .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
