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

static struct arrivals arrivals_of(const struct scenario_client *client, double longitude)
{
    struct random_stream stream;
    random_stream_init(&stream, SEED, PURPOSE_ARRIVAL, 0);
    struct arrivals arrivals;
    arrivals_init(&arrivals, client, longitude, stream);
    return arrivals;
}

static void test_regular(void **state)
{
    (void)state;
    const struct scenario_client client = {.rate = 3.0, .arrivals = 1};
    struct arrivals arrivals = arrivals_of(&client, 0.0);
    /* k / 3 seconds, rounded down: no drift. */
    assert_int_equal(arrivals_next(&arrivals, SIM_NS_MAX), 333333333);
    assert_int_equal(arrivals_next(&arrivals, SIM_NS_MAX), 666666666);
    for (int k = 3; k < 300000; k++) {
        const sim_ns exact_ns = (sim_ns)k * SIM_NS_PER_S / 3;
        assert_in_range(arrivals_next(&arrivals, SIM_NS_MAX), exact_ns - 1, exact_ns + 1);
    }
    /* Beyond the end there is none; at the end there is. */
    struct arrivals last = arrivals_of(&client, 0.0);
    assert_int_equal(arrivals_next(&last, 333333334), 333333333);
    assert_int_equal(arrivals_next(&last, 600000000), SIM_NS_MAX);
}

/*
 * Kolmogorov-Smirnov of the gaps against GSL's exponential at 99.9 %, n = 100000 (critical distance
 * 1.949 / sqrt(n)), and the mean within 4 standard errors of 1 / sqrt(n).
 */
static void check_poisson(double rate)
{
    enum { N = 100000 };
    const struct scenario_client client = {.rate = rate};
    struct arrivals arrivals = arrivals_of(&client, 0.0);
    double *gaps = malloc(N * sizeof *gaps);
    assert_non_null(gaps);
    double last_ns = 0.0;
    for (int i = 0; i < N; i++) {
        const sim_ns at_ns = arrivals_next(&arrivals, SIM_NS_MAX);
        assert_int_equal(arrivals.stream.count, i + 1); /* one draw an arrival */
        const double exact_ns = (double)at_ns + arrivals.fraction_ns;
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
    struct arrivals arrivals = arrivals_of(&client, 45.0);
    /* The 18000th arrival ends the first hour (5 a second), the 882000th the next twelve. */
    for (int k = 1; k <= 900000; k++) {
        const sim_ns at_ns = arrivals_next(&arrivals, SIM_NS_MAX);
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
    struct arrivals arrivals = arrivals_of(&client, 45.0);
    const sim_ns end_ns = 24 * SIM_NS_PER_H;
    int counts[24] = {0};
    for (;;) {
        const sim_ns at_ns = arrivals_next(&arrivals, end_ns);
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
    struct arrivals arrivals = arrivals_of(&client, -30.0);
    const sim_ns half_ns = SIM_NS_PER_H / 2;
    assert_in_range(arrivals_next(&arrivals, SIM_NS_MAX), 15 * half_ns - 2, 15 * half_ns + 2);
    assert_in_range(arrivals_next(&arrivals, SIM_NS_MAX), 16 * half_ns - 2,
                    (16 + 46) * half_ns + 2);
    struct arrivals none = arrivals_of(&client, -30.0);
    assert_int_equal(arrivals_next(&none, 7 * SIM_NS_PER_H), SIM_NS_MAX);
}

/* Several at a time are the same as one after the other, over the end of the load as well. */
static void check_filled(const struct scenario_client *client, sim_ns end_ns)
{
    struct arrivals one = arrivals_of(client, 45.0), several = arrivals_of(client, 45.0);
    sim_ns at_ns[RANDOM_BLOCKS];
    int ended = 0;
    for (int i = 0; ended < 2; i++) {
        arrivals_fill(&several, end_ns, at_ns);
        for (int j = 0; j < RANDOM_BLOCKS; j++) {
            const sim_ns expected_ns = arrivals_next(&one, end_ns);
            if (at_ns[j] != expected_ns) {
                fail_msg("arrival %d: %lld, expected %lld", i * RANDOM_BLOCKS + j,
                         (long long)at_ns[j], (long long)expected_ns);
            }
        }
        assert_int_equal(several.stream.count, one.stream.count);
        ended += at_ns[RANDOM_BLOCKS - 1] == SIM_NS_MAX;
    }
}

static void test_filled(void **state)
{
    (void)state;
    double factors[24];
    for (uint32_t law = 0; law < 2; law++) {
        const struct scenario_client even = {.rate = 1000.0 / 3.0, .arrivals = law};
        check_filled(&even, 100 * SIM_NS_PER_S);
        const struct scenario_client by_hour = by_hour_client(factors, law);
        check_filled(&by_hour, 6 * SIM_NS_PER_H);
    }
}

static void test_rate_that_never_comes(void **state)
{
    (void)state;
    const struct scenario_client client = {.rate = 1e-30, .arrivals = 1};
    struct arrivals arrivals = arrivals_of(&client, 0.0);
    assert_int_equal(arrivals_next(&arrivals, 366 * 24 * SIM_NS_PER_H), SIM_NS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regular),
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_by_hour_regular),
        cmocka_unit_test(test_by_hour_poisson),
        cmocka_unit_test(test_by_hour_pauses),
        cmocka_unit_test(test_filled),
        cmocka_unit_test(test_rate_that_never_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
