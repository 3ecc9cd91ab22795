/*
 * random - nanoseconds of processor time per random draw, per elementary function and per sample of
 * each distribution: the best of five rounds, in a loop on one stream. Prints, never judges.
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"
#include "sim/portable_math.h"
#include "sim/random_exponential.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 5, DRAWS = 2000000 };

static double draw_u64(const void *params, struct random_stream *stream)
{
    (void)params;
    return (double)(random_u64(stream) & 1);
}

static double draw_unit(const void *params, struct random_stream *stream)
{
    (void)params;
    return random_unit(stream);
}

static double draw_below(const void *params, struct random_stream *stream)
{
    (void)params;
    return (double)(int64_t)random_below(stream, 1000003);
}

static double draw_exponential(const void *params, struct random_stream *stream)
{
    (void)params;
    return random_exponential(stream);
}

static double draw_log(const void *params, struct random_stream *stream)
{
    (void)params;
    return -portable_log_unit(random_unit(stream));
}

/* The functions alone: the argument comes from the counter. */
static double call_log(const void *params, struct random_stream *stream)
{
    (void)params;
    return portable_log((double)(int64_t)(++stream->count) * 1.7);
}

static double call_log_unit(const void *params, struct random_stream *stream)
{
    (void)params;
    return portable_log_unit((double)(int64_t)(++stream->count) * 0x1p-30);
}

static double call_exp(const void *params, struct random_stream *stream)
{
    (void)params;
    return portable_exp((double)(int64_t)(stream->count++) * 1e-6);
}

static double call_sqrt(const void *params, struct random_stream *stream)
{
    (void)params;
    return portable_sqrt((double)(int64_t)(stream->count++));
}

static void measure(const char *name, double (*draw)(const void *, struct random_stream *),
                    const void *params)
{
    double best = PORTABLE_INFINITY, sum = 0.0;
    for (int round = 0; round < ROUNDS; round++) {
        struct random_stream stream;
        random_stream_init(&stream, 42, 1, (uint32_t)round);
        const clock_t start = clock();
        for (int i = 0; i < DRAWS; i++) {
            sum += draw(params, &stream);
        }
        const double ns = (double)(clock() - start) * (1e9 / (double)CLOCKS_PER_SEC) / DRAWS;
        best = ns < best ? ns : best;
    }
    printf("%-28s %6.1f ns   (average %.6g)\n", name, best, sum / ((double)ROUNDS * DRAWS));
}

static const struct distribution *measure_kind(struct arena *arena, const char *label,
                                               const char *kind, const void *params)
{
    const struct distribution *distribution = distribution_make(arena, kind, params);
    measure(label, distribution->ops->sample, distribution->params);
    return distribution;
}

static void measure_nested(struct arena *arena, const struct distribution *lognormal,
                           const struct distribution *gamma)
{
    struct distribution_part parts[] = {{.weight = 0.9, .of = lognormal},
                                        {.weight = 0.1, .of = gamma}};
    measure_kind(arena, "mixture (lognormal, gamma)", "mixture",
                 &(struct distribution_mixture){.parts = {parts, 2}});
    measure_kind(arena, "shifted lognormal", "shifted",
                 &(struct distribution_shifted){.of = lognormal, .by = 1.0});
    measure_kind(arena, "truncated lognormal", "truncated",
                 &(struct distribution_truncated){.of = lognormal, .min = 0.5, .max = 2.0});
    measure_kind(arena, "truncated gamma (rejection)", "truncated",
                 &(struct distribution_truncated){.of = gamma, .min = 0.0, .max = 3.0});
}

static void measure_tables(struct arena *arena)
{
    static double values[1000];
    for (int i = 0; i < 1000; i++) {
        values[i] = i * i;
    }
    double at[] = {0.0, 0.5, 0.9, 0.99, 0.999, 1.0}, points[] = {1, 2, 3, 5, 9, 20};
    struct distribution_empirical empirical = {.values = {values, 1000}};
    measure_kind(arena, "empirical, 1000 values", "empirical", &empirical);
    empirical.interpolate = true;
    measure_kind(arena, "empirical, interpolated", "empirical", &empirical);
    measure_kind(arena, "quantiles, 6 points", "quantiles",
                 &(struct distribution_quantiles){.at = {at, 6}, .values = {points, 6}});
}

int main(void)
{
    struct arena arena;
    arena_init(&arena);
    measure("u64", draw_u64, NULL);
    measure("unit", draw_unit, NULL);
    measure("below", draw_below, NULL);
    measure("exponential of mean 1", draw_exponential, NULL);
    measure("-log_unit(unit)", draw_log, NULL);
    measure("log", call_log, NULL);
    measure("log_unit", call_log_unit, NULL);
    measure("exp", call_exp, NULL);
    measure("sqrt", call_sqrt, NULL);
    measure_kind(&arena, "constant", "constant", &(struct distribution_constant){7.0});
    measure_kind(&arena, "uniform", "uniform", &(struct distribution_uniform){1.0, 2.0});
    measure_kind(&arena, "exponential", "exponential", &(struct distribution_exponential){1.0});
    measure_kind(&arena, "normal", "normal", &(struct distribution_normal){0.0, 1.0});
    const struct distribution *lognormal = measure_kind(
        &arena, "lognormal", "lognormal", &(struct distribution_lognormal){.mean = 1, .cv = 0.5});
    const struct distribution *gamma = measure_kind(
        &arena, "gamma 2.5", "gamma", &(struct distribution_gamma){.mean = 1, .shape = 2.5});
    measure_kind(&arena, "gamma 0.5", "gamma",
                 &(struct distribution_gamma){.mean = 1, .shape = 0.5});
    measure_kind(&arena, "weibull", "weibull",
                 &(struct distribution_weibull){.mean = 1, .shape = 0.7});
    measure_kind(&arena, "pareto", "pareto",
                 &(struct distribution_pareto){.minimum = 1, .shape = 1.5});
    measure_kind(&arena, "zipf 1e3, 0.99", "zipf",
                 &(struct distribution_zipf){.count = 1000, .theta = 0.99});
    measure_kind(&arena, "zipf 1e6, 0.99", "zipf",
                 &(struct distribution_zipf){.count = 1000000, .theta = 0.99});
    measure_nested(&arena, lognormal, gamma);
    measure_tables(&arena);
    arena_release(&arena);
    return 0;
}
