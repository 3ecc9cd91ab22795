/*
 * gamma.c - the sum of `shape` exponentials, for any real shape.
 *
 * Model:  density x^(shape-1) exp(-x/scale), scale = mean / shape. Rejection from a cubed normal,
 *         which accepts over 95 % of the tries; a shape under 1 is a gamma of shape + 1 times
 *         u^(1/shape). A try needs one block: its first word gives the normal, the upper half of
 *         the second the test, and 40 of the bits that are left give u.
 * Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3),
 *         2000.
 */
#include "sim/check.h"
#include "sim/distribution_params.h"
#include "sim/normal_quantile.h"
#include "sim/portable_math.h"
#include "sim/random_exponential.h"

static const struct param_spec rows[] = {{.key = "mean",
                                          .type = PARAM_QUANTITY,
                                          .offset = offsetof(struct distribution_gamma, mean),
                                          .min = 0,
                                          .max = DISTRIBUTION_QUANTITY_MAX,
                                          .required = true,
                                          .help = "mean; above 0"},
                                         {.key = "shape",
                                          .type = PARAM_REAL,
                                          .offset = offsetof(struct distribution_gamma, shape),
                                          .min = 0.001,
                                          .max = 1e9,
                                          .required = true,
                                          .help = "1 is exponential; cv = 1 / sqrt(shape)"},
                                         {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct distribution_gamma *self = params;
    (void)arena;
    if (!(self->mean > 0.0)) {
        *key = "mean";
        return "must be > 0";
    }
    if (!(self->shape > 0.0)) {
        *key = "shape";
        return "must be > 0";
    }
    self->boost = self->shape < 1.0 ? 1.0 / self->shape : 0.0;
    self->d = self->shape + (self->shape < 1.0 ? 1.0 : 0.0) - 1.0 / 3.0;
    self->c = 1.0 / portable_sqrt(9.0 * self->d);
    self->scale = self->mean / self->shape * self->d;
    return NULL;
}

/* Whether the try v = (1 + c z)^3 stays, for u uniform. */
static bool accepts(const struct distribution_gamma *self, double z, double v, double u)
{
    const double z2 = z * z;
    if (__builtin_expect(u < 1.0 - 0.0331 * z2 * z2, 1)) {
        return true;
    }
    return portable_log(u) < 0.5 * z2 + self->d * (1.0 - v + portable_log(v));
}

/*
 * u^(1/shape) for another uniform u, as exp(-E / shape) with E exponential: the bits of the block
 * that the try left over make a word for its ziggurat, 8 for the layer and 32 for the place.
 */
static double boosted(const struct distribution_gamma *self, const struct random_stream *stream,
                      struct random_block block)
{
    const uint64_t word = block.word[1] << 32 | UINT64_C(1) << 31 | (block.word[0] & 255);
    double exponential = 0.0;
    if (__builtin_expect(!random_exponential_from(word, &exponential), 0)) {
        const struct random_stream nested = random_stream_nested(stream, block.word[1]);
        const uint64_t other = random_block_more(&nested, 0, 0).word[1];
        exponential = random_exponential_finish(&nested, 0, (struct random_block){{word, other}});
    }
    return portable_exp(-self->boost * exponential);
}

static double sample(const void *params, struct random_stream *stream)
{
    const struct distribution_gamma *self = params;
    const uint64_t draw = stream->count;
    struct random_block block = random_block_next(stream);
    for (uint32_t k = 1;; k++) {
        const double z = normal_quantile(random_unit_from(block.word[0]));
        const double root = 1.0 + self->c * z;
        const double v = root * root * root;
        const double u = ((double)(int64_t)(block.word[1] >> 32) + 0.5) * 0x1p-32;
        if (__builtin_expect(root > 0.0 && accepts(self, z, v, u), 1)) {
            const double factor = self->boost == 0.0 ? 1.0 : boosted(self, stream, block);
            return self->scale * v * factor;
        }
        /* 255 refusals in a row have a probability under 0.05^255. */
        CHECK(k <= RANDOM_BLOCK_MAX);
        block = random_block_more(stream, draw, k);
    }
}

static double mean(const void *params)
{
    const struct distribution_gamma *self = params;
    return self->mean;
}

const struct distribution_ops distribution_gamma_ops = {
    .kind = {.name = "gamma",
             .summary = "sum of exponentials: service in stages, delay above a floor",
             .source = "Marsaglia and Tsang, A simple method for generating gamma variables, ACM "
                       "TOMS 26(3), 2000",
             .params_bytes = sizeof(struct distribution_gamma),
             .params = rows,
             .finish = finish},
    .sample = sample,
    .mean = mean,
};
