/*
 * test_latency.c - published rows come back as they are printed, everything else says "estimated".
 *
 * The expected values are copied by hand from the files of models/data.
 */
#include "models/geography/latency.h"

#include "models/geography/fibre.h"
#include "models/geography/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct geography_place place(const char *name)
{
    const struct geography_region *region = geography_find(name);
    if (region == NULL) {
        fail_msg("no region %s", name);
    }
    return geography_place_of(region);
}

static struct geography_latency between(const char *from, const char *to)
{
    const struct geography_place from_place = place(from);
    const struct geography_place to_place = place(to);
    return geography_latency(&from_place, &to_place);
}

static void test_aws_percentiles(void **state)
{
    (void)state;
    const struct geography_latency there = between("us-east-1", "eu-west-1");
    const struct geography_latency back = between("eu-west-1", "us-east-1");
    assert_true(there.measured);
    assert_string_equal(there.date, "2024-04-19");
    assert_int_equal(there.rtt_published_ns, 69670000);
    assert_int_equal(back.rtt_published_ns, 69770000);
    assert_int_equal(there.rtt_p50_ns, 69720000); /* (69.67 + 69.77) / 2 */
    assert_int_equal(there.rtt_p90_ns, 73130000); /* (73.41 + 72.85) / 2 */
    assert_int_equal(there.rtt_p99_ns, 75055000); /* (76.48 + 73.63) / 2 */
    /* p10 69.065, p25 69.28: the floor is as far below p10 as p25 is above. */
    assert_int_equal(there.rtt_floor_ns, 68850000);
    assert_int_equal(back.rtt_p50_ns, there.rtt_p50_ns);
    assert_int_equal(back.rtt_p99_ns, there.rtt_p99_ns);
}

static void test_other_matrices(void **state)
{
    (void)state;
    const struct geography_latency gcp = between("us-east4", "europe-west1");
    assert_int_equal(gcp.rtt_published_ns, 81355000);
    assert_int_equal(gcp.rtt_p50_ns, 81506500); /* (81.355 + 81.658) / 2 */
    assert_string_equal(gcp.date, "2022-04-16");
    const struct geography_latency azure = between("eastus", "westeurope");
    assert_int_equal(azure.rtt_published_ns, 83000000);
    assert_int_equal(azure.rtt_p50_ns, 84000000);
    assert_non_null(strstr(azure.source, "Microsoft"));
    const struct geography_latency ibm = between("us-south", "us-east");
    assert_int_equal(ibm.rtt_p50_ns, 31500000);
    const struct geography_latency across = between("aws:us-east-1", "azure:eastus");
    assert_int_equal(across.rtt_published_ns, 1899000);
    assert_int_equal(across.rtt_p50_ns, 1882000); /* (1.899 + 1.865) / 2 */
    assert_true(gcp.measured && azure.measured && ibm.measured && across.measured);
}

/* Azure publishes Jakarta to London (171 ms) and not the way back. */
static void test_one_direction_stands_for_both(void **state)
{
    (void)state;
    const struct geography_latency there = between("indonesiacentral", "uksouth");
    const struct geography_latency back = between("uksouth", "indonesiacentral");
    assert_int_equal(there.rtt_published_ns, 171000000);
    assert_int_equal(back.rtt_published_ns, 0);
    assert_int_equal(there.rtt_p50_ns, 171000000);
    assert_int_equal(back.rtt_p50_ns, 171000000);
    assert_true(back.measured);
}

/* Azure rows of no percentiles: the median ratios of AWS, near 1.025 and 1.051 of the p50. */
static void test_percentiles_by_ratio(void **state)
{
    (void)state;
    const struct geography_latency azure = between("eastus", "westeurope");
    const double p50 = (double)azure.rtt_p50_ns;
    assert_true((double)azure.rtt_p90_ns > 1.020 * p50 && (double)azure.rtt_p90_ns < 1.030 * p50);
    assert_true((double)azure.rtt_p99_ns > 1.045 * p50 && (double)azure.rtt_p99_ns < 1.057 * p50);
    assert_true((double)azure.rtt_floor_ns > 0.97 * p50 && (double)azure.rtt_floor_ns < p50);
}

static void test_estimates_say_so(void **state)
{
    (void)state;
    /* Zaragoza is in no matrix; a custom place has no rows, even on top of a region. */
    const struct geography_latency zaragoza = between("eu-south-2", "us-east-1");
    assert_false(zaragoza.measured);
    assert_string_equal(zaragoza.date, "");
    assert_int_equal(zaragoza.rtt_published_ns, 0);
    struct geography_place dublin = place("eu-west-1");
    dublin.region = NULL;
    const struct geography_place ashburn = place("us-east-1");
    const struct geography_latency custom = geography_latency(&dublin, &ashburn);
    assert_false(custom.measured);
    /* Next to measured ones, the estimate is near them: 69.7 ms. */
    printf("Dublin to Ashburn: measured 69.720 ms, estimated as a custom place %.3f ms\n",
           (double)custom.rtt_p50_ns / 1e6);
    assert_true(custom.rtt_p50_ns > 62000000 && custom.rtt_p50_ns < 77000000);
}

static void test_zones(void **state)
{
    (void)state;
    /* Sydney of IBM: between zones 1.72, 0.95, 1.72, 1.78, 0.95, 1.78; inside 0.1, 0.1, 0.1. */
    const struct geography_place sydney = place("ibm:au-syd");
    const struct geography_latency between_zones = geography_latency(&sydney, &sydney);
    assert_int_equal(between_zones.rtt_p50_ns, 1720000);
    assert_true(between_zones.measured);
    assert_int_equal(geography_zone_latency(&sydney, true).rtt_p50_ns, 100000);
    /* Others: the medians that IBM publishes over all regions. */
    const struct geography_place virginia = place("us-east-1");
    const struct geography_latency aws = geography_latency(&virginia, &virginia);
    assert_int_equal(aws.rtt_p50_ns, 760000);
    assert_false(aws.measured);
    const struct geography_place lab = {.latitude_deg = 47.4, .longitude_deg = 8.5};
    assert_int_equal(geography_latency(&lab, &lab).rtt_p50_ns, 760000);
    assert_int_equal(geography_zone_latency(&lab, true).rtt_p50_ns, 100000);
}

/* Over the whole catalogue: symmetric, ordered percentiles, every answer with a source. */
static void test_every_pair(void **state)
{
    (void)state;
    size_t measured = 0;
    for (size_t i = 0; i < geography_count(); ++i) {
        for (size_t j = 0; j < geography_count(); ++j) {
            const struct geography_place from = geography_place_of(geography_at(i));
            const struct geography_place to = geography_place_of(geography_at(j));
            const struct geography_latency there = geography_latency(&from, &to);
            const struct geography_latency back = geography_latency(&to, &from);
            assert_int_equal(there.rtt_floor_ns, back.rtt_floor_ns);
            assert_int_equal(there.rtt_p50_ns, back.rtt_p50_ns);
            assert_int_equal(there.rtt_p90_ns, back.rtt_p90_ns);
            assert_int_equal(there.measured, back.measured);
            assert_true(there.rtt_floor_ns > 0);
            assert_true(there.rtt_floor_ns <= there.rtt_p50_ns);
            assert_true(there.rtt_p50_ns <= there.rtt_p90_ns);
            assert_true(there.rtt_p90_ns <= there.rtt_p99_ns);
            assert_true(strlen(there.source) > 0);
            if (i != j) {
                assert_int_equal(there.measured, strlen(there.date) > 0);
            }
            measured += i != j && there.measured;
        }
    }
    printf("%zu of %zu directed pairs are measured\n", measured,
           geography_count() * (geography_count() - 1));
    assert_true(measured >= table_rtt_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aws_percentiles),
        cmocka_unit_test(test_other_matrices),
        cmocka_unit_test(test_one_direction_stands_for_both),
        cmocka_unit_test(test_percentiles_by_ratio),
        cmocka_unit_test(test_estimates_say_so),
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_every_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
