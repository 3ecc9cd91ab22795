#include "models/clocks/clock.h"
#include "models/purpose.h"
#include "sim/distribution_params.h"
#include "tests/models/clocks/fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

#include <cmocka.h>

enum { SEED = 20260501 };

static const struct clock_ops *ntp(void)
{
    return (const struct clock_ops *)(const void *)param_registry_find(&clock_registry, "ntp");
}

static void *ntp_params(struct arena *arena, const struct distribution *offset, double drift_ppm)
{
    void *params = fill_new(&ntp()->kind, arena);
    fill_real(&ntp()->kind, params, "drift_ppm", drift_ppm);
    fill_ns(&ntp()->kind, params, "interval", 64 * SIM_NS_PER_S);
    *(const struct distribution **)fill_field(&ntp()->kind, params, "offset", PARAM_DISTRIBUTION) =
        offset;
    return params;
}

/* As the default of the table. */
static const struct distribution *normal_half_ms(struct arena *arena)
{
    return distribution_make(arena, "normal", &(struct distribution_normal){.sd = 0.5e6});
}

static struct clock_state started(const void *params, uint32_t node)
{
    struct clock_state clock = {0};
    random_stream_init(&clock.stream, SEED, PURPOSE_CLOCK, node);
    ntp()->start(params, &clock);
    return clock;
}

static void test_sawtooth_by_hand(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const void *params = ntp_params(&arena, distribution_constant(&arena, 1e6), 15.0);
    struct clock_state clock = started(params, 0);
    clock.phase_ns = 20 * SIM_NS_PER_S;
    clock.drift = 1e-5;
    /* 1 ms after each synchronisation (at -44 s, 20 s, 84 s), then 10 us more each second. */
    const struct {
        sim_ns at_ns, offset_ns;
    } expected[] = {{0, 1440000},
                    {10 * SIM_NS_PER_S, 1540000},
                    {20 * SIM_NS_PER_S - 100000, 1639999},
                    {20 * SIM_NS_PER_S, 1000000},
                    {30 * SIM_NS_PER_S, 1100000},
                    {84 * SIM_NS_PER_S - 100000, 1639999},
                    {84 * SIM_NS_PER_S, 1000000},
                    {20 * SIM_NS_PER_S + 1000 * 64 * SIM_NS_PER_S, 1000000}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct clock_reading reading = ntp()->read(params, &clock, expected[i].at_ns);
        assert_int_equal(reading.offset_ns, expected[i].offset_ns);
        assert_int_equal(reading.bound_ns, SIM_NS_MAX);
    }
    arena_release(&arena);
}

static void test_order_of_reading_is_irrelevant(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const void *params = ntp_params(&arena, normal_half_ms(&arena), 15.0);
    enum { READINGS = 500 };
    static sim_ns at_ns[READINGS], offset_ns[READINGS];
    struct random_stream times;
    random_stream_init(&times, SEED, 1000, 0);
    struct clock_state clock = started(params, 3);
    for (int i = 0; i < READINGS; i++) {
        at_ns[i] = (sim_ns)random_below(&times, 3600 * (uint64_t)SIM_NS_PER_S);
        offset_ns[i] = ntp()->read(params, &clock, at_ns[i]).offset_ns;
    }
    for (int i = READINGS - 1; i >= 0; i--) {
        struct clock_state fresh = started(params, 3);
        assert_int_equal(ntp()->read(params, &fresh, at_ns[i]).offset_ns, offset_ns[i]);
        assert_int_equal(ntp()->read(params, &clock, at_ns[i]).offset_ns, offset_ns[i]);
    }
    arena_release(&arena);
}

/*
 * Kolmogorov-Smirnov at 99.9 %, 20000 samples: the critical distance is 1.949 / sqrt(n). The seed
 * is fixed, so the test does not flicker.
 */
static void check_distance(double *samples, size_t n, double (*cdf)(double))
{
    gsl_sort(samples, 1, n);
    double distance = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double p = cdf(samples[i]);
        const double above = (double)(i + 1) / (double)n - p;
        const double below = p - (double)i / (double)n;
        distance = above > distance ? above : distance;
        distance = below > distance ? below : distance;
    }
    const double root = 141.42135623730951; /* sqrt(20000) */
    if (distance > 1.949 / root) {
        fail_msg("distance %.6f > %.6f, seed %d", distance, 1.949 / root, SEED);
    }
}

static double law_half_ms(double x)
{
    return gsl_cdf_gaussian_P(x, 0.5e6);
}

static double uniform_15(double x)
{
    return gsl_cdf_flat_P(x, -15e-6, 15e-6);
}

static double uniform_interval(double x)
{
    return gsl_cdf_flat_P(x, 0.0, 64e9);
}

static void test_errors_follow_their_law(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const void *params = ntp_params(&arena, normal_half_ms(&arena), 0.0);
    enum { N = 20000 };
    double *samples = malloc(N * sizeof *samples);
    assert_non_null(samples);
    struct clock_state clock = started(params, 7);
    for (int i = 0; i < N; i++) {
        const sim_ns at_ns = clock.phase_ns + i * 64 * SIM_NS_PER_S;
        samples[i] = (double)ntp()->read(params, &clock, at_ns).offset_ns;
    }
    check_distance(samples, N, law_half_ms);
    free(samples);
    arena_release(&arena);
}

static void test_drift_and_phase_differ_by_node(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const void *params = ntp_params(&arena, normal_half_ms(&arena), 15.0);
    enum { N = 20000 };
    double *drifts = malloc(N * sizeof *drifts);
    double *phases = malloc(N * sizeof *phases);
    assert_non_null(drifts);
    assert_non_null(phases);
    for (uint32_t i = 0; i < N; i++) {
        const struct clock_state clock = started(params, i);
        drifts[i] = clock.drift;
        phases[i] = (double)clock.phase_ns;
    }
    check_distance(drifts, N, uniform_15);
    check_distance(phases, N, uniform_interval);
    free(drifts);
    free(phases);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sawtooth_by_hand),
        cmocka_unit_test(test_order_of_reading_is_irrelevant),
        cmocka_unit_test(test_errors_follow_their_law),
        cmocka_unit_test(test_drift_and_phase_differ_by_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
