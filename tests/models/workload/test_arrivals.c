#include "models/workload/arrivals.h"

#include "models/purpose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

#include <cmocka.h>

enum { SEED = 20260505 };

struct load { /* draws ahead, as clients do */
    struct arrivals arrivals;
    double gaps[RANDOM_BLOCKS];
    int used;
};

static struct load load_of(const struct scenario_client *client, double longitude)
{
    struct random_stream stream;
    random_stream_init(&stream, SEED, PURPOSE_ARRIVAL, 0);
    struct load load = {.used = RANDOM_BLOCKS};
    arrivals_init(&load.arrivals, client, longitude, stream);
    return load;
}

static sim_ns next(struct load *load, sim_ns end_ns)
{
    if (load->used == RANDOM_BLOCKS) {
        arrivals_draw(&load->arrivals, load->gaps);
        load->used = 0;
    }
    return arrivals_move(&load->arrivals, load->gaps[load->used++], end_ns);
}

static void test_regular(void **state)
{
    (void)state;
    const struct scenario_client client = {.rate = 3.0, .arrivals = 1};
    struct load load = load_of(&client, 0.0);
    /* k / 3 seconds, rounded down: no drift. */
    assert_int_equal(next(&load, SIM_NS_MAX), 333333333);
    assert_int_equal(next(&load, SIM_NS_MAX), 666666666);
    for (int k = 3; k < 300000; k++) {
        const sim_ns exact_ns = (sim_ns)k * SIM_NS_PER_S / 3;
        assert_in_range(next(&load, SIM_NS_MAX), exact_ns - 1, exact_ns + 1);
    }
    /* Beyond the end there is none; at the end there is. */
    struct load last = load_of(&client, 0.0);
    assert_int_equal(next(&last, 333333334), 333333333);
    assert_int_equal(next(&last, 600000000), SIM_NS_MAX);
}

/*
 * Kolmogorov-Smirnov of the gaps against GSL's exponential at 99.9 %, n = 100000 (critical distance
 * 1.949 / sqrt(n)), and the mean within 4 standard errors of 1 / sqrt(n).
 */
static void check_poisson(double rate)
{
    enum { N = 100000 };
    const struct scenario_client client = {.rate = rate};
    struct load load = load_of(&client, 0.0);
    double *gaps = malloc(N * sizeof *gaps);
    assert_non_null(gaps);
    double last_ns = 0.0;
    for (int i = 0; i < N; i++) {
        const sim_ns at_ns = next(&load, SIM_NS_MAX);
        /* One draw an arrival, some of them ahead. */
        assert_int_equal(load.arrivals.stream.count,
                         i / RANDOM_BLOCKS * RANDOM_BLOCKS + RANDOM_BLOCKS);
        const double exact_ns = (double)at_ns + load.arrivals.fraction_ns;
        gaps[i] = (exact_ns - last_ns) * rate * 1e-9;
        last_ns = exact_ns;
    }
    const double mean = last_ns * rate * 1e-9 / N;
    const double root = 316.22776601683796; /* sqrt(100000) */
    if (mean < 1.0 - 4.0 / root || mean > 1.0 + 4.0 / root) {
        fail_msg("rate %g: mean gap %.5f of 1, seed %d", rate, mean, SEED);
    }
    gsl_sort(gaps, 1, N);
    double distance = 0.0;
    for (int i = 0; i < N; i++) {
        const double p = gsl_cdf_exponential_P(gaps[i], 1.0);
        const double above = (i + 1.0) / N - p, below = p - (double)i / N;
        distance = above > distance ? above : distance;
        distance = below > distance ? below : distance;
    }
    if (distance > 1.949 / root) {
        fail_msg("rate %g: distance %.6f > %.6f, seed %d", rate, distance, 1.949 / root, SEED);
    }
    free(gaps);
}

static void test_poisson(void **state)
{
    (void)state;
    check_poisson(50.0);
    check_poisson(1e-3);
    /* At a mean gap of 2 ns, rounding each gap on its own would be wrong by percents. */
    check_poisson(5e8);
}

/*
 * Factors 2 in the local hours 0..11 and 0.5 after, at longitude 45 (local = UTC + 3 h), beginning
 * at 20:00 UTC = 23:00 local: one hour at 0.5, then twelve at 2, then twelve at 0.5.
 */
static struct scenario_client by_hour_client(double *factors, uint32_t law)
{
    for (int hour = 0; hour < 24; hour++) {
        factors[hour] = hour < 12 ? 2.0 : 0.5;
    }
    return (struct scenario_client){.rate = 10.0,
                                    .arrivals = law,
                                    .start_hour = 20.0,
                                    .by_hour = {.items = factors, .count = 24}};
}

static void test_by_hour_regular(void **state)
{
    (void)state;
    double factors[24];
    const struct scenario_client client = by_hour_client(factors, 1);
    struct load load = load_of(&client, 45.0);
    /* The 18000th arrival ends the first hour (5 a second), the 882000th the next twelve. */
    for (int k = 1; k <= 900000; k++) {
        const sim_ns at_ns = next(&load, SIM_NS_MAX);
        sim_ns expected_ns = (sim_ns)k * 200 * SIM_NS_PER_MS;
        if (k > 882000) {
            expected_ns = 13 * SIM_NS_PER_H + (sim_ns)(k - 882000) * 200 * SIM_NS_PER_MS;
        } else if (k > 18000) {
            expected_ns = SIM_NS_PER_H + (sim_ns)(k - 18000) * 50 * SIM_NS_PER_MS;
        }
        if (at_ns < expected_ns - 100 || at_ns > expected_ns + 100) {
            fail_msg("arrival %d at %lld ns, expected %lld", k, (long long)at_ns,
                     (long long)expected_ns);
        }
    }
}

static void test_by_hour_poisson(void **state)
{
    (void)state;
    double factors[24];
    const struct scenario_client client = by_hour_client(factors, 0);
    struct load load = load_of(&client, 45.0);
    const sim_ns end_ns = 24 * SIM_NS_PER_H;
    int counts[24] = {0};
    for (;;) {
        const sim_ns at_ns = next(&load, end_ns);
        if (at_ns >= end_ns) {
            break;
        }
        counts[at_ns / SIM_NS_PER_H]++;
    }
    /* Poisson counts of each hour, sd sqrt(mean): within 4.5 sd, 24 hours: 99.98 %. */
    for (int hour = 0; hour < 24; hour++) {
        const bool busy = hour >= 1 && hour < 13;
        const int mean = busy ? 72000 : 18000;
        const int slack = busy ? 1207 : 604;
        if (counts[hour] < mean - slack || counts[hour] > mean + slack) {
            fail_msg("hour %d: %d arrivals, expected %d +- %d, seed %d", hour, counts[hour], mean,
                     slack, SEED);
        }
    }
}

static void test_by_hour_pauses(void **state)
{
    (void)state;
    double factors[24] = {[5] = 1.0};
    const struct scenario_client client = {
        .rate = 1.0 / 1800.0, .arrivals = 1, .by_hour = {.items = factors, .count = 24}};
    /* Only from 5 to 6 local; at longitude -30 that is 7 to 8 UTC. Two arrivals a day. */
    struct load load = load_of(&client, -30.0);
    const sim_ns half_ns = SIM_NS_PER_H / 2;
    assert_in_range(next(&load, SIM_NS_MAX), 15 * half_ns - 2, 15 * half_ns + 2);
    assert_in_range(next(&load, SIM_NS_MAX), 16 * half_ns - 2, (16 + 46) * half_ns + 2);
    struct load none = load_of(&client, -30.0);
    assert_int_equal(next(&none, 7 * SIM_NS_PER_H), SIM_NS_MAX);
}

static void test_rate_that_never_comes(void **state)
{
    (void)state;
    const struct scenario_client client = {.rate = 1e-30, .arrivals = 1};
    struct load load = load_of(&client, 0.0);
    assert_int_equal(next(&load, 366 * 24 * SIM_NS_PER_H), SIM_NS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regular),         cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_by_hour_regular), cmocka_unit_test(test_by_hour_poisson),
        cmocka_unit_test(test_by_hour_pauses),  cmocka_unit_test(test_rate_that_never_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
