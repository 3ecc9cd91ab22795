/*
 * truncated.c - another distribution, given that it falls between two limits.
 *
 * Model:   where the inner distribution has an inverse, a uniform between the shares of min and max
 *          goes through it and nothing is refused. Else by rejection: the draw itself is tried,
 *          then draws of a stream of its own, keyed by a further block, until a value is inside.
 * Assumes: at least one sample in a million is inside, one in twenty for a rejection.
 * Source:  Devroye, Non-Uniform Random Variate Generation, 1986, section II.2.
 */
#include "sim/check.h"
#include "sim/distribution_params.h"
#include "sim/portable_math.h"

static const struct param_spec rows[] = {
    {.key = "of",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct distribution_truncated, of),
     .required = true,
     .help = "the distribution that is truncated; same unit as this one"},
    {.key = "min",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_truncated, min),
     .default_text = "-1e12",
     .help = "lower limit; the default cuts nothing"},
    {.key = "max",
     .type = PARAM_QUANTITY,
     .offset = offsetof(struct distribution_truncated, max),
     .default_text = "1e12",
     .help = "upper limit; the default cuts nothing"},
    {0}};

enum { TRIALS = 2000, TRIALS_INSIDE_MIN = 100, TRIES_MAX = 10000, MEAN_POINTS = 65536 };

/* Uniforms are the odd multiples (2 j + 1) 2^-53; how many j have a quantile under `limit`? */
static int64_t units_below(const struct distribution *of, double limit, bool or_equal)
{
    int64_t below = -1, above = INT64_C(1) << 52;
    while (above - below > 1) {
        const int64_t j = below + (above - below) / 2;
        const double x = distribution_quantile(of, (double)(2 * j + 1) * 0x1p-53);
        if (x < limit || (or_equal && x <= limit)) {
            below = j;
        } else {
            above = j;
        }
    }
    return above;
}

static double clamped(const struct distribution_truncated *self, double x)
{
    return x < self->min ? self->min : x > self->max ? self->max : x;
}

/* A sample of the inner distribution that is inside, or NAN after `tries`. */
static double sample_inside(const struct distribution_truncated *self, struct random_stream *stream,
                            int tries)
{
    for (int i = 0; i < tries; i++) {
        const double x = distribution_sample(self->of, stream);
        if (x >= self->min && x <= self->max) {
            return x;
        }
    }
    return PORTABLE_NAN;
}

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_truncated *self = params;
    (void)arena;
    if (self->of == NULL) {
        *key = "of";
        return "is missing";
    }
    if (!(self->min < self->max)) {
        *key = "max";
        return "must be above min";
    }
    if (distribution_inverts(self->of)) {
        const int64_t low = units_below(self->of, self->min, false);
        const int64_t high = units_below(self->of, self->max, true);
        self->low = (double)low * 0x1p-52;
        self->width = (double)(high - low) * 0x1p-52;
        return self->width >= 1e-6 ? NULL : "min..max holds less than one in a million samples";
    }
    struct random_stream stream = {0};
    int inside = 0;
    for (int i = 0; i < TRIALS; i++) {
        const double x = sample_inside(self, &stream, 1);
        inside += x == x;
    }
    return inside >= TRIALS_INSIDE_MIN ? NULL : "min..max holds less than one in twenty samples";
}

static double quantile(const void *params, double u)
{
    const struct distribution_truncated *self = params;
    if (self->width == 0.0) {
        return PORTABLE_NAN;
    }
    const double inner = self->low + self->width * u;
    return clamped(self, distribution_quantile(self->of, inner < 1.0 ? inner : 1.0 - 0x1p-53));
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_truncated *self = params;
    if (self->width > 0.0) {
        return quantile(params, random_unit(stream));
    }
    const uint64_t draw = stream->count;
    double x = distribution_sample(self->of, stream);
    if (x < self->min || x > self->max) {
        /*
         * A truncation inside this one keys its tries alike. That does no harm: all that comes
         * again is what one of the two has refused before.
         */
        const struct random_block key = random_block_more(stream, draw, RANDOM_BLOCK_MAX);
        struct random_stream nested = random_stream_nested(stream, key.word[0]);
        x = sample_inside(self, &nested, TRIES_MAX);
        /* At one in twenty, 10000 misses in a row have a probability of 1e-223. */
        CHECK(x == x);
    }
    return x;
}

/*
 * With an inverse by the midpoint rule over it, at u = s^2 (3 - 2 s), which puts more points at
 * both ends; else estimated by the average of as many samples of a fixed stream.
 */
static double mean(const void *params)
{
    const struct distribution_truncated *self = params;
    struct random_stream stream = {0};
    double sum = 0.0;
    for (int i = 0; i < MEAN_POINTS; i++) {
        const double s = ((double)i + 0.5) / MEAN_POINTS;
        sum += self->width > 0.0 ? quantile(params, s * s * (3.0 - 2.0 * s)) * 6.0 * s * (1.0 - s)
                                 : sample(params, &stream);
    }
    return sum / MEAN_POINTS;
}

const struct distribution_ops distribution_truncated_ops = {
    .kind = {.name = "truncated",
             .summary = "another distribution, given that it lies in min..max",
             .source = "Devroye, Non-Uniform Random Variate Generation, 1986, section II.2",
             .params_bytes = sizeof(struct distribution_truncated),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
    .quantile = quantile,
};
