#define _POSIX_C_SOURCE 200809L

#include "sim/sim_time.h"

#include "tests/sim/expect_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_rounds_to_the_nearest_nanosecond(void **state)
{
    (void)state;
    static const struct {
        double ns;
        sim_ns expected;
    } cases[] = {
        {0.0, 0},
        {-0.0, 0},
        {0.49, 0},
        {0.5, 1},
        {-0.5, -1},
        {2.385, 2},
        {2.5, 3},
        {-2.5, -3},
        {1234567.8, 1234568},
        {8.64e13, 86400000000000},
        {-3.1, -3},
        {0x1p52, INT64_C(1) << 52},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sim_ns got = sim_ns_from_double(cases[i].ns);
        if (got != cases[i].expected) {
            fail_msg("%.17g became %lld, not %lld", cases[i].ns, (long long)got,
                     (long long)cases[i].expected);
        }
    }
}

static void test_saturates(void **state)
{
    (void)state;
    assert_true(sim_ns_from_double(1e30) == SIM_NS_MAX);
    assert_true(sim_ns_from_double(-1e30) == -SIM_NS_MAX);
    assert_true(sim_ns_from_double((double)INFINITY) == SIM_NS_MAX);
    assert_true(sim_ns_from_double(-(double)INFINITY) == -SIM_NS_MAX);
    assert_true(SIM_NS_MAX + SIM_NS_MAX > SIM_NS_MAX); /* room to add two of them */
    assert_true(SIM_NS_MAX / SIM_NS_PER_H / 24 / 365 > 70);
}

static void convert_nan(void)
{
    sim_ns_from_double((double)NAN);
}

static void test_not_a_number_is_a_bug(void **state)
{
    (void)state;
    assert_true(fails_check(convert_nan, "ns == ns"));
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        sim_ns ns;
        const char *expected;
    } cases[] = {
        {0, "0ms"},
        {1, "1ns"},
        {-7, "-7ns"},
        {1500, "1.5us"},
        {150 * SIM_NS_PER_MS, "150ms"},
        {1234567, "1234.567us"},
        {1500 * SIM_NS_PER_MS, "1.5s"},
        {1050 * SIM_NS_PER_MS, "1.05s"},
        {-2385 * SIM_NS_PER_US, "-2.385ms"},
        {30 * SIM_NS_PER_MIN, "30min"},
        {90 * SIM_NS_PER_MIN, "90min"},
        {90 * SIM_NS_PER_S, "90s"},
        {2 * SIM_NS_PER_H, "2h"},
        {SIM_NS_PER_H + 1, "3600000000.001us"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SIM_TIME_TEXT_MAX];
        assert_string_equal(sim_time_text(cases[i].ns, text), cases[i].expected);
    }
    char text[SIM_TIME_TEXT_MAX];
    assert_true(strlen(sim_time_text(INT64_MIN, text)) < SIM_TIME_TEXT_MAX);
    assert_true(strlen(sim_time_text(INT64_MAX, text)) < SIM_TIME_TEXT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds_to_the_nearest_nanosecond),
        cmocka_unit_test(test_saturates),
        cmocka_unit_test(test_not_a_number_is_a_bug),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
