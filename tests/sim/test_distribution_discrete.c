/*
 * Laws of separate values: ranks of Zipf and the steps of measured values by chi-square against
 * shares computed here (significance 1e-4 each, fixed seed), and constants.
 */
#include "sim/arena.h"
#include "sim/distribution_params.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 200000, SEED = 2385 };

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct random_stream stream_of(uint32_t index)
{
    struct random_stream stream;
    random_stream_init(&stream, SEED, 1, index);
    return stream;
}

/*
 * Zipf by chi-square over the ranks, those with under 50 expected put together; significance 1e-4
 * each. Weights are added up here from the smallest on.
 */
static void assert_zipf(int64_t count, double theta)
{
    enum { RANKS_MAX = 20000 };
    static double seen[RANKS_MAX + 1];
    memset(seen, 0, sizeof seen);
    const struct distribution_zipf params = {.count = count, .theta = theta};
    const struct distribution *zipf = distribution_make(&arena, "zipf", &params);
    struct random_stream stream = stream_of((uint32_t)count);
    for (int i = 0; i < SAMPLES; i++) {
        const double rank = distribution_sample(zipf, &stream);
        assert_true(rank >= 1.0 && rank <= (double)count && rank == floor(rank));
        seen[rank > RANKS_MAX ? RANKS_MAX : (int)rank]++;
        assert_int_equal(stream.count, i + 1);
    }
    double total = 0.0, weighted = 0.0;
    for (int64_t k = count; k >= 1; k--) {
        total += pow((double)k, -theta);
        weighted += (double)k * pow((double)k, -theta);
    }
    double chi_square = 0.0, expected = 0.0, observed = 0.0, rest = SAMPLES, rest_seen = SAMPLES;
    int cells = 0;
    for (int64_t k = 1; k <= count && k < RANKS_MAX; k++) {
        expected += SAMPLES * pow((double)k, -theta) / total;
        observed += seen[k];
        if (expected >= 50.0) {
            chi_square += (observed - expected) * (observed - expected) / expected;
            rest -= expected;
            rest_seen -= observed;
            expected = observed = 0.0;
            cells++;
        }
    }
    if (rest >= 50.0) {
        chi_square += (rest_seen - rest) * (rest_seen - rest) / rest;
        cells++;
    }
    const double critical = cells > 1 ? gsl_cdf_chisq_Qinv(1e-4, cells - 1) : 1.0;
    print_message("zipf %lld %g: chi-square %.1f of %d cells, critical %.1f, mean %.6g\n",
                  (long long)count, theta, chi_square, cells, critical, weighted / total);
    assert_true(chi_square < critical);
    assert_true(fabs(distribution_mean(zipf) / (weighted / total) - 1.0) < 1e-9);
}

static void test_zipf(void **state)
{
    (void)state;
    assert_zipf(1, 0.99);
    assert_zipf(2, 0.5);
    assert_zipf(10, 0.0);
    assert_zipf(1000, 0.99);
    assert_zipf(1000, 1.0);
    assert_zipf(1000, 1.0 + 1e-9);
    assert_zipf(500, 0.9995);
    assert_zipf(5000, 2.5);
    assert_zipf(100, 20.0);
    assert_zipf(1000000, 0.8);
}

static void test_steps_of_measured_values(void **state)
{
    (void)state;
    double values[] = {4, -2, 10, 1, 1.5};
    struct distribution_empirical params = {.values = {values, 5}};
    const struct distribution *steps = distribution_make(&arena, "empirical", &params);
    struct random_stream stream = stream_of(9);
    static const double sorted[] = {-2, 1, 1.5, 4, 10};
    double counts[5] = {0}, chi_square = 0.0;
    for (int i = 0; i < SAMPLES; i++) {
        const double x = distribution_sample(steps, &stream);
        int which = 0;
        while (sorted[which] != x) {
            which++;
            assert_true(which < 5);
        }
        counts[which]++;
    }
    for (int i = 0; i < 5; i++) {
        chi_square += pow(counts[i] - SAMPLES / 5.0, 2) / (SAMPLES / 5.0);
    }
    print_message("empirical: chi-square %.2f of 4\n", chi_square);
    assert_true(chi_square < gsl_cdf_chisq_Qinv(1e-4, 4));
    assert_true(fabs(distribution_mean(steps) - 2.9) < 1e-12);
    assert_true(distribution_quantile(steps, 0.2) == 1.0);
    assert_true(distribution_quantile(steps, 0.19999) == -2.0);
}

static void test_constant_and_durations(void **state)
{
    (void)state;
    const struct distribution *constant = distribution_constant(&arena, 5.6e6);
    struct random_stream stream = stream_of(1);
    assert_true(distribution_sample(constant, &stream) == 5.6e6);
    assert_int_equal(distribution_sample_ns(constant, &stream), 5600000);
    assert_int_equal(stream.count, 2);
    assert_true(distribution_mean(constant) == 5.6e6);
    assert_true(distribution_quantile(constant, 0.3) == 5.6e6);
    assert_int_equal(distribution_sample_ns(distribution_constant(&arena, -3.0), &stream), 0);
    assert_int_equal(distribution_sample_ns(distribution_constant(&arena, 2.5), &stream), 3);
    assert_int_equal(distribution_sample_ns(distribution_constant(&arena, 1e30), &stream),
                     SIM_NS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_and_durations),
        cmocka_unit_test(test_steps_of_measured_values),
        cmocka_unit_test(test_zipf),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
