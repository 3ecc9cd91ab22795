/*
 * test_jitter.c - two legs reproduce the published round trip, and none is below the floor.
 */
#include "models/geography/jitter.h"

#include "models/geography/jitter_fit.h"
#include "models/geography/latency.h"
#include "models/geography/tables.h"
#include "sim/arena.h"
#include "sim/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 1000000 };

/* Legs uniform over [0, 1]: the sum has the triangular law. */
static void test_sum_of_uniform_legs(void **state)
{
    (void)state;
    const double sums[] = {-0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 1.75, 2.0, 3.0};
    const double expected[] = {0.0, 0.0, 0.03125, 0.125, 0.5, 0.875, 0.96875, 1.0, 1.0};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; ++i) {
        const double got = jitter_fit_sum_cdf(jitter_fit_at, sums[i]);
        if (fabs(got - expected[i]) > 1e-12) {
            fail_msg("P(sum <= %g) is %.15g, expected %.15g", sums[i], got, expected[i]);
        }
    }
}

/* A leg that is 0 with probability 1/2, else uniform over [0, 1]: the sum is 0 with 1/4. */
static void test_sum_with_an_atom(void **state)
{
    (void)state;
    double extra[GEOGRAPHY_JITTER_KNOTS];
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; ++i) {
        extra[i] = jitter_fit_at[i] < 0.5 ? 0.0 : 2.0 * jitter_fit_at[i] - 1.0;
    }
    assert_true(fabs(jitter_fit_sum_cdf(extra, 0.0) - 0.25) < 1e-12);
    /* 1/4 + 2 * 1/4 * 1/2 + 1/4 * 1/8 at a half */
    assert_true(fabs(jitter_fit_sum_cdf(extra, 0.5) - 0.53125) < 1e-12);
    assert_true(fabs(jitter_fit_sum_cdf(extra, 2.0) - 1.0) < 1e-12);
}

/* Percentiles that a known leg makes are met by the fitted leg. */
static void test_fit_meets_reachable_percentiles(void **state)
{
    (void)state;
    const double known[GEOGRAPHY_JITTER_KNOTS] = {0.0, 0.2, 0.4, 0.7, 1.5, 4.0, 9.0, 14.0};
    const double floor = 70.0;
    double percentiles[JITTER_FIT_PERCENTILES];
    for (int i = 0; i < JITTER_FIT_PERCENTILES; ++i) {
        double low = 0.0;
        double high = 30.0;
        for (int step = 0; step < 60; ++step) {
            const double middle = (low + high) * 0.5;
            if (jitter_fit_sum_cdf(known, middle) < jitter_fit_levels[i]) {
                low = middle;
            } else {
                high = middle;
            }
        }
        percentiles[i] = floor + high;
    }
    double extra[GEOGRAPHY_JITTER_KNOTS];
    jitter_fit(percentiles, floor, extra);
    for (int i = 0; i < JITTER_FIT_PERCENTILES; ++i) {
        const double level = jitter_fit_sum_cdf(extra, percentiles[i] - floor);
        if (fabs(level - jitter_fit_levels[i]) > 1e-4) {
            fail_msg("P(sum <= p%.0f) is %.6f", jitter_fit_levels[i] * 100.0, level);
        }
    }
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static bool within(double got, sim_ns expected, double tolerance)
{
    return fabs(got - (double)expected) <= tolerance * (double)expected;
}

static struct geography_place place(const char *name)
{
    return geography_place_of(geography_find(name));
}

/*
 * Two legs by inverse CDF, a million round trips, seed 7. Sampling error of a quantile at p is
 * sqrt(p (1 - p) / n) in probability: 0.0005 at most, far inside the bars of 1 %, 2 % and 5 %.
 */
static void sample_pair(const char *from_name, const char *to_name, uint32_t index, double *sums)
{
    const struct geography_place from = place(from_name);
    const struct geography_place to = place(to_name);
    const struct geography_latency latency = geography_latency(&from, &to);
    const struct geography_jitter there = geography_jitter(&from, &to);
    const struct geography_jitter back = geography_jitter(&to, &from);
    struct random_stream stream;
    random_stream_init(&stream, 7, 1, index);
    for (int i = 0; i < SAMPLES; ++i) {
        const double first = geography_jitter_at(&there, random_unit(&stream));
        const double second = geography_jitter_at(&back, random_unit(&stream));
        assert_true(first >= (double)there.floor_ns && second >= (double)back.floor_ns);
        sums[i] = first + second;
    }
    qsort(sums, SAMPLES, sizeof sums[0], compare_doubles);
    const double p50 = sums[SAMPLES / 2];
    const double p90 = sums[SAMPLES / 10 * 9];
    const double p99 = sums[SAMPLES / 100 * 99];
    printf("%s - %s: p50 %.3f of %.3f ms, p90 %.3f of %.3f, p99 %.3f of %.3f, least %.3f of %.3f\n",
           from_name, to_name, p50 / 1e6, (double)latency.rtt_p50_ns / 1e6, p90 / 1e6,
           (double)latency.rtt_p90_ns / 1e6, p99 / 1e6, (double)latency.rtt_p99_ns / 1e6,
           sums[0] / 1e6, (double)latency.rtt_floor_ns / 1e6);
    assert_true(within(p50, latency.rtt_p50_ns, 0.01));
    assert_true(within(p90, latency.rtt_p90_ns, 0.02));
    assert_true(within(p99, latency.rtt_p99_ns, 0.05));
    assert_true(sums[0] >= (double)latency.rtt_floor_ns);
    assert_true(within(sums[0], latency.rtt_floor_ns, 0.005));
}

static void test_sampled_pairs(void **state)
{
    (void)state;
    double *sums = memory_alloc(SAMPLES, sizeof *sums);
    sample_pair("us-east-1", "eu-west-1", 0, sums);
    sample_pair("af-south-1", "ap-south-1", 1, sums); /* p90 is 38 % above p50 */
    sample_pair("eastus", "westeurope", 2, sums);     /* by ratio */
    sample_pair("eu-south-2", "sa-east-1", 3, sums);  /* estimated */
    memory_release(sums);
}

static double sum_quantile(const double extra[GEOGRAPHY_JITTER_KNOTS], double level)
{
    double low = 0.0;
    double high = 2.0 * extra[GEOGRAPHY_JITTER_KNOTS - 1];
    for (int i = 0; i < 60; ++i) {
        const double middle = (low + high) * 0.5;
        if (jitter_fit_sum_cdf(extra, middle) < level) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/*
 * All AWS pairs with percentiles, by the exact law of the sum. A sum of two equal legs can not have
 * every shape (a p99 right above a far p90, for one): 97 % of the pairs must meet all three bars.
 */
static void test_share_of_aws_pairs(void **state)
{
    (void)state;
    size_t met = 0;
    for (size_t i = 0; i < table_law_count; ++i) {
        const struct geography_place low = geography_place_of(geography_at(table_laws[i].low));
        const struct geography_place high = geography_place_of(geography_at(table_laws[i].high));
        const struct geography_latency latency = geography_latency(&low, &high);
        const struct geography_jitter jitter = geography_jitter(&low, &high);
        const double floor = 2.0 * (double)jitter.floor_ns;
        met += within(floor + sum_quantile(jitter.extra_ns, 0.50), latency.rtt_p50_ns, 0.01) &&
               within(floor + sum_quantile(jitter.extra_ns, 0.90), latency.rtt_p90_ns, 0.02) &&
               within(floor + sum_quantile(jitter.extra_ns, 0.99), latency.rtt_p99_ns, 0.05);
    }
    printf("%zu of %zu AWS pairs within 1 %% of p50, 2 %% of p90 and 5 %% of p99\n", met,
           table_law_count);
    assert_true(table_law_count >= 150);
    assert_true((double)met >= 0.97 * (double)table_law_count);
}

/* Every law of the catalogue: knots in order, both directions alike, floor above half of light. */
static void test_laws_are_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < geography_count(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            const struct geography_place from = geography_place_of(geography_at(i));
            const struct geography_place to = geography_place_of(geography_at(j));
            const struct geography_jitter there = geography_jitter(&from, &to);
            const struct geography_jitter back = geography_jitter(&to, &from);
            const double light_ns = geography_light_rtt_ns(geography_distance_km(
                from.latitude_deg, from.longitude_deg, to.latitude_deg, to.longitude_deg));
            const struct geography_latency latency = geography_latency(&from, &to);
            const struct geography_jitter known = geography_jitter_of(&from, &to, &latency);
            assert_memory_equal(there.extra_ns, known.extra_ns, sizeof there.extra_ns);
            assert_memory_equal(there.extra_ns, back.extra_ns, sizeof there.extra_ns);
            assert_int_equal(there.floor_ns, back.floor_ns);
            assert_true((double)there.floor_ns + 0.5 >= light_ns * 0.5);
            assert_true(there.floor_ns > 0 && !(there.extra_ns[0] > 0.0) && !(there.at[0] > 0.0));
            for (int knot = 1; knot < GEOGRAPHY_JITTER_KNOTS; ++knot) {
                assert_true(there.at[knot] > there.at[knot - 1]);
                assert_true(there.extra_ns[knot] >= there.extra_ns[knot - 1]);
            }
        }
    }
}

static void test_zones_are_near(void **state)
{
    (void)state;
    const struct geography_place virginia = place("us-east-1");
    const struct geography_jitter zones = geography_zone_jitter(&virginia, false);
    const struct geography_jitter zone = geography_zone_jitter(&virginia, true);
    assert_true(zone.floor_ns > 0 && zone.floor_ns < zones.floor_ns);
    const double median = geography_jitter_at(&zones, 0.5);
    assert_true(median > 370000.0 && median < 390000.0); /* half of 0.76 ms */
}

/* Hand-made law: straight lines between its knots. */
static void test_inverse_cdf(void **state)
{
    (void)state;
    const struct geography_jitter law = {
        .floor_ns = 1000,
        .at = {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 1.0},
        .extra_ns = {0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 90.0, 190.0}};
    const double at[] = {0.0, 0.05, 0.1, 0.5, 0.7, 0.95, 1.0};
    const double expected[] = {1000.0, 1005.0, 1010.0, 1050.0, 1070.0, 1140.0, 1190.0};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; ++i) {
        assert_true(fabs(geography_jitter_at(&law, at[i]) - expected[i]) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sum_of_uniform_legs),
        cmocka_unit_test(test_sum_with_an_atom),
        cmocka_unit_test(test_fit_meets_reachable_percentiles),
        cmocka_unit_test(test_inverse_cdf),
        cmocka_unit_test(test_sampled_pairs),
        cmocka_unit_test(test_share_of_aws_pairs),
        cmocka_unit_test(test_laws_are_well_formed),
        cmocka_unit_test(test_zones_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
