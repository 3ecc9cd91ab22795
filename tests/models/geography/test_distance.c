/*
 * test_distance.c - great circles against hand-computed arcs and an independent formula.
 */
#include "models/geography/distance.h"
#include "sim/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;

static void expect_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("got %.12g, expected %.12g within %g", got, expected, tolerance);
    }
}

static void test_arcs_of_the_circle(void **state)
{
    (void)state;
    const double radius = 6371.0088;
    expect_near(geography_distance_km(12.5, -71.0, 12.5, -71.0), 0.0, 0.0);
    expect_near(geography_distance_km(0.0, 0.0, 0.0, 90.0), radius * pi / 2.0, 1e-8);
    expect_near(geography_distance_km(90.0, 17.0, -90.0, -80.0), radius * pi, 1e-4);
    expect_near(geography_distance_km(0.0, 0.0, 0.0, 180.0), radius * pi, 1e-4);
    expect_near(geography_distance_km(0.0, 179.0, 0.0, -179.0), radius * pi / 90.0, 1e-8);
    expect_near(geography_distance_km(47.0, 8.0, 48.0, 8.0), radius * pi / 180.0, 1e-8);
}

/* The angle between unit vectors by atan2 of cross and dot product (libm): another formula. */
static double vector_distance_km(double latitude, double longitude, double other_latitude,
                                 double other_longitude)
{
    const double f = latitude * pi / 180.0;
    const double g = other_latitude * pi / 180.0;
    const double east = (other_longitude - longitude) * pi / 180.0;
    const double x = cos(g) * sin(east);
    const double y = cos(f) * sin(g) - sin(f) * cos(g) * cos(east);
    return 6371.0088 * atan2(sqrt(x * x + y * y), sin(f) * sin(g) + cos(f) * cos(g) * cos(east));
}

/* 100000 pairs, seed 42; haversine loses digits next to the antipode: 1 m there is plenty. */
static void test_against_vectors(void **state)
{
    (void)state;
    struct random_stream stream;
    random_stream_init(&stream, 42, 1, 0);
    for (int i = 0; i < 100000; ++i) {
        double at[4];
        for (int k = 0; k < 4; ++k) {
            at[k] = (random_unit(&stream) - 0.5) * (k % 2 == 0 ? 180.0 : 360.0);
        }
        const double there = geography_distance_km(at[0], at[1], at[2], at[3]);
        const double back = geography_distance_km(at[2], at[3], at[0], at[1]);
        expect_near(there, vector_distance_km(at[0], at[1], at[2], at[3]), 1e-3);
        assert_memory_equal(&there, &back, sizeof there);
    }
}

/* 204.19 km of fibre one way is a millisecond, the round trip two. */
static void test_light(void **state)
{
    (void)state;
    expect_near(geography_light_rtt_ns(204.19), 2e6, 1e-6);
    expect_near(geography_light_rtt_ns(0.0), 0.0, 0.0);
}

static void test_solar_offset(void **state)
{
    (void)state;
    expect_near(geography_solar_offset_h(0.0), 0.0, 0.0);
    expect_near(geography_solar_offset_h(139.6455), 9.3097, 1e-4);   /* Tokyo, UTC+9 */
    expect_near(geography_solar_offset_h(-121.8858), -8.1257, 1e-4); /* San Jose, UTC-8 */
}

static void test_valid_coordinates(void **state)
{
    (void)state;
    assert_true(geography_coordinates_valid(90.0, -180.0));
    assert_true(geography_coordinates_valid(-90.0, 180.0));
    assert_false(geography_coordinates_valid(90.001, 0.0));
    assert_false(geography_coordinates_valid(0.0, -180.001));
    assert_false(geography_coordinates_valid((double)NAN, 0.0));
    assert_false(geography_coordinates_valid(0.0, (double)INFINITY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arcs_of_the_circle),
        cmocka_unit_test(test_against_vectors),
        cmocka_unit_test(test_light),
        cmocka_unit_test(test_solar_offset),
        cmocka_unit_test(test_valid_coordinates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
