/*
 * digest - one hexadecimal line over many draws of everything random and every elementary function.
 * The line must be the same for every compiler, optimization level, processor and C library; the
 * test suite compares builds with each other and with tests/sim/digest.expected.
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"
#include "sim/normal_quantile.h"
#include "sim/portable_math.h"
#include "sim/random_exponential.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DRAWS = 20000 };

/* FNV-1a over the 8 bytes of a word, whatever the byte order of the machine. */
static void add_word(uint64_t *digest, uint64_t word)
{
    for (int byte = 0; byte < 8; byte++) {
        *digest = (*digest ^ (word >> (8 * byte) & 255)) * UINT64_C(0x100000001b3);
    }
}

static void add(uint64_t *digest, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* The sign and payload of NAN are the processor's choice. */
    add_word(digest, x == x ? bits : UINT64_C(0x7ff8000000000000));
}

static void add_functions(uint64_t *digest, struct random_stream *stream)
{
    for (int i = 0; i < DRAWS; i++) {
        const double u = random_unit(stream), v = random_unit(stream);
        add(digest, portable_log(u * 1e3));
        add(digest, portable_log_unit(u));
        add(digest, portable_exp((u - 0.5) * 1500.0));
        add(digest, portable_sqrt(u));
        add(digest, portable_log1p(u - 0.5));
        add(digest, portable_expm1(u - 0.5));
        add(digest, portable_pow(u, 10.0 * (v - 0.5)));
        add(digest, portable_sin((u - 0.5) * 2e6));
        add(digest, portable_cos((u - 0.5) * 10.0));
        add(digest, portable_atan2(u - 0.5, v - 0.5));
        add(digest, portable_asin(2.0 * v - 1.0));
        add(digest, portable_log_gamma(100.0 * u));
        add(digest, normal_quantile(u));
        add(digest, normal_quantile(u * 0x1p-20));
    }
}

static void add_draws(uint64_t *digest, struct random_stream *stream)
{
    for (int i = 0; i < DRAWS; i++) {
        add_word(digest, random_u64(stream));
        add_word(digest, random_below(stream, UINT64_C(3) << 62));
        add_word(digest, random_chance(stream, 0.25));
        add(digest, random_unit(stream));
        add(digest, random_exponential(stream));
    }
}

static void add_samples(uint64_t *digest, const struct distribution *distribution,
                        struct random_stream *stream)
{
    for (int i = 0; i < DRAWS; i++) {
        add(digest, distribution_sample(distribution, stream));
    }
    add_word(digest, stream->count);
    add(digest, distribution_mean(distribution));
    for (int i = 1; i < 100; i++) {
        add(digest, distribution_quantile(distribution, i / 100.0));
    }
}

static void add_kinds(uint64_t *digest, struct random_stream *stream)
{
    struct arena arena;
    arena_init(&arena);
    double numbers[] = {3.5, 1.25, 9.0, 4.75}, at[] = {0.0, 0.5, 0.9, 1.0};
    double points[] = {1.0, 2.5, 7.0, 50.0};
    const struct distribution *gamma = distribution_make(
        &arena, "gamma", &(struct distribution_gamma){.mean = 2.385, .shape = 0.7});
    const struct distribution *lognormal = distribution_make(
        &arena, "lognormal", &(struct distribution_lognormal){.mean = 3.1, .cv = 0.9});
    struct distribution_part parts[] = {{.weight = 2.0, .of = gamma},
                                        {.weight = 1.0, .of = lognormal}};
    const struct {
        const char *kind;
        const void *params;
    } laws[] = {
        {"constant", &(struct distribution_constant){2.25}},
        {"uniform", &(struct distribution_uniform){-1.5, 4.75}},
        {"exponential", &(struct distribution_exponential){2.385}},
        {"normal", &(struct distribution_normal){1.1, 2.2}},
        {"lognormal", &(struct distribution_lognormal){.median = 2.0, .sigma = 0.4}},
        {"gamma", &(struct distribution_gamma){.mean = 7.0, .shape = 12.5}},
        {"weibull", &(struct distribution_weibull){.mean = 1.7, .shape = 0.7}},
        {"pareto", &(struct distribution_pareto){1.5, 2.5}},
        {"zipf", &(struct distribution_zipf){.count = 100000, .theta = 0.99}},
        {"zipf", &(struct distribution_zipf){.count = 77, .theta = 1.0}},
        {"mixture", &(struct distribution_mixture){.parts = {parts, 2}}},
        {"shifted", &(struct distribution_shifted){lognormal, 1.0}},
        {"truncated", &(struct distribution_truncated){.of = lognormal, .min = 1, .max = 5}},
        {"truncated", &(struct distribution_truncated){.of = gamma, .min = 1, .max = 5}},
        {"empirical", &(struct distribution_empirical){.values = {numbers, 4}}},
        {"quantiles", &(struct distribution_quantiles){.at = {at, 4}, .values = {points, 4}}},
    };
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        add_samples(digest, distribution_make(&arena, laws[i].kind, laws[i].params), stream);
    }
    add_samples(digest, gamma, stream);
    arena_release(&arena);
}

int main(void)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    struct random_stream stream;
    random_stream_init(&stream, UINT64_C(0x2385719), 1, 0);
    add_functions(&digest, &stream);
    add_draws(&digest, &stream);
    add_kinds(&digest, &stream);
    printf("%016" PRIx64 "\n", digest);
    return 0;
}
