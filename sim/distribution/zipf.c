/*
 * zipf.c - popularity: the k-th of `count` things is chosen with weight k^-theta.
 *
 * Model:  ranks 1..count as numbers; theta 0 is uniform. Rejection-inversion: the inverse of the
 *         integral H of x^-theta proposes a rank, and H again accepts it.
 * Cost:   independent of count.
 * Source: Hoermann and Derflinger, "Rejection-inversion to generate variates from monotone discrete
 *         distributions", ACM TOMACS 6(3), 1996.
 */
#include "sim/check.h"
#include "sim/distribution_params.h"
#include "sim/portable_math.h"

static const struct param_spec rows[] = {
    {.key = "count",
     .type = PARAM_INT,
     .offset = offsetof(struct distribution_zipf, count),
     .min = 1,
     .max = 9007199254740992,
     .required = true,
     .help = "number of ranks"},
    {.key = "theta",
     .type = PARAM_REAL,
     .offset = offsetof(struct distribution_zipf, theta),
     .min = 0,
     .max = 20,
     .default_text = "0.99",
     .help = "exponent; 0: all alike, 0.99: a usual key popularity"},
    {0}};

/* x^-theta. */
static double weight(const struct distribution_zipf *self, double x)
{
    return portable_exp(-self->theta * portable_log(x));
}

/* The integral of the weight from 1 to x: log x, or (x^(1 - theta) - 1) / (1 - theta). */
static double integral(const struct distribution_zipf *self, double x)
{
    const double log_x = portable_log(x);
    return self->exponent == 0.0 ? log_x : portable_expm1(self->exponent * log_x) * self->inverse;
}

static double integral_inverse(const struct distribution_zipf *self, double area)
{
    if (self->exponent == 0.0) {
        return portable_exp(area);
    }
    const double scaled = self->exponent * area;
    if (scaled <= -1.0) {
        return PORTABLE_INFINITY; /* theta > 1: the end of the integral, rounded past it */
    }
    /* Near theta = 1 the division by the exponent would magnify what 1 + scaled loses. */
    const bool far = self->exponent > 0.001 || self->exponent < -0.001;
    const double log_x = far ? portable_log_unit(1.0 + scaled) : portable_log1p(scaled);
    return portable_exp(log_x * self->inverse);
}

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_zipf *self = params;
    (void)arena;
    if (self->count < 1) {
        *key = "count";
        return "must be >= 1";
    }
    if (!(self->theta >= 0.0)) {
        *key = "theta";
        return "must be >= 0";
    }
    self->exponent = 1.0 - self->theta;
    self->inverse = self->exponent == 0.0 ? 0.0 : 1.0 / self->exponent;
    /* Rank 1 owns an area of 1, its weight, left of H(1.5). */
    self->first = integral(self, 1.5) - 1.0;
    self->last = integral(self, (double)self->count + 0.5);
    /* How far below its rank a proposal may be and is certain to be accepted. */
    self->sure = 2.0 - integral_inverse(self, integral(self, 2.5) - weight(self, 2.0));
    return NULL;
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_zipf *self = params;
    const uint64_t draw = stream->count;
    struct random_block block = random_block_next(stream);
    for (uint32_t next = 1;; next++) {
        const double unit = random_unit_from(block.word[(next - 1) % 2]);
        const double area = self->first + (self->last - self->first) * unit;
        const double x = integral_inverse(self, area);
        const double most = (double)self->count;
        double rank = x < 1.0 ? 1.0 : x < most ? (double)(int64_t)(x + 0.5) : most;
        rank = rank < most ? rank : most;
        if (rank - x <= self->sure || area >= integral(self, rank + 0.5) - weight(self, rank)) {
            return rank;
        }
        /* Over half of the proposals are accepted, so 512 refusals in a row never happen. */
        CHECK(next <= 2 * RANDOM_BLOCK_MAX + 1);
        if (next % 2 == 0) {
            block = random_block_more(stream, draw, next / 2);
        }
    }
}

/* The sum of k^-theta over k = 1..count: term by term, then the integral (Euler-Maclaurin). */
static double sum_of_weights(const struct distribution_zipf *self)
{
    const int64_t terms = self->count < 10000 ? self->count : 10000;
    double sum = 0.0;
    for (int64_t k = terms; k >= 1; k--) {
        sum += weight(self, (double)k);
    }
    if (terms < self->count) {
        const double from = (double)terms, to = (double)self->count;
        sum += integral(self, to) - integral(self, from) +
               (weight(self, to) - weight(self, from)) / 2.0;
    }
    return sum;
}

static double mean(const void *params)
{
    const struct distribution_zipf *self = params;
    /* The weighted ranks k k^-theta have the exponent theta - 1. */
    struct distribution_zipf ranks = *self;
    ranks.theta -= 1.0;
    ranks.exponent = 1.0 - ranks.theta;
    ranks.inverse = ranks.exponent == 0.0 ? 0.0 : 1.0 / ranks.exponent;
    return sum_of_weights(&ranks) / sum_of_weights(self);
}

const struct distribution_ops distribution_zipf_ops = {
    .kind = {.name = "zipf",
             .summary = "popularity: rank k of 1..count has weight 1 / k^theta",
             .source = "Hoermann and Derflinger, Rejection-inversion to generate variates from "
                       "monotone discrete distributions, ACM TOMACS 6(3), 1996",
             .params_bytes = sizeof(struct distribution_zipf),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
};
