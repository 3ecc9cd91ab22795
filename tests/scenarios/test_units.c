#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenarios/units.h"

#include <string.h>

static enum units_status integer_of(enum dimension dimension, const char *text, int64_t *out)
{
    struct decimal number;
    const struct unit *unit = NULL;
    const char *unit_text = NULL;
    const enum units_status status = units_split(dimension, text, &number, &unit, &unit_text);
    return status != UNITS_OK
               ? status
               : units_to_integer(number, unit, dimension == DIMENSION_DURATION, out);
}

static void durations_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {{"80ms", 80000000},
                {"0.1ms", 100000},
                {"1.5s", 1500000000},
                {"30min", INT64_C(1800000000000)},
                {"2h", INT64_C(7200000000000)},
                {"1d", INT64_C(86400000000000)},
                {"250us", 250000},
                {"100ns", 100},
                {"-3ms", -3000000},
                {"0.3333333333333333h", INT64_C(1200000000000)}, /* 1199999999999.99988 */
                {"33.333333333333336ms", 33333333},
                {"1e3ms", 1000000000},
                {"0.5ns", 1},
                {"0s", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = 0;
        assert_int_equal(integer_of(DIMENSION_DURATION, rows[i].text, &got), UNITS_OK);
        if (got != rows[i].ns) {
            fail_msg("%s: %lld, expected %lld", rows[i].text, (long long)got,
                     (long long)rows[i].ns);
        }
    }
}

static void sizes_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } rows[] = {{"512B", 512},          {"1kB", 1000},
                {"1KB", 1000},          {"4KiB", 4096},
                {"1.5MiB", 1572864},    {"0.1MB", 100000},
                {"2GB", 2000000000},    {"1GiB", 1073741824},
                {"1TB", 1000000000000}, {"1TiB", INT64_C(1099511627776)}};
    int64_t got = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(integer_of(DIMENSION_BYTES, rows[i].text, &got), UNITS_OK);
        assert_int_equal(got, rows[i].bytes);
    }
    assert_int_equal(integer_of(DIMENSION_BYTES, "1.5B", &got), UNITS_NOT_WHOLE);
    assert_int_equal(integer_of(DIMENSION_BYTES, "0.3KiB", &got), UNITS_NOT_WHOLE);
    assert_int_equal(integer_of(DIMENSION_BYTES, "9000000TiB", &got), UNITS_TOO_LARGE);
}

static void wrong_units_are_told_apart(void **state)
{
    (void)state;
    int64_t got = 0;
    assert_int_equal(integer_of(DIMENSION_DURATION, "80", &got), UNITS_MISSING);
    assert_int_equal(integer_of(DIMENSION_DURATION, "80 ms", &got), UNITS_UNKNOWN);
    assert_int_equal(integer_of(DIMENSION_DURATION, "80MS", &got), UNITS_UNKNOWN);
    assert_int_equal(integer_of(DIMENSION_DURATION, "80B", &got), UNITS_UNKNOWN);
    assert_int_equal(integer_of(DIMENSION_DURATION, "ms", &got), UNITS_NOT_A_NUMBER);
    assert_int_equal(integer_of(DIMENSION_DURATION, "080ms", &got), UNITS_NOT_A_NUMBER);
    assert_int_equal(integer_of(DIMENSION_BYTES, "80ms", &got), UNITS_UNKNOWN);
}

static void check_real(enum dimension dimension, const char *text, double expected)
{
    struct decimal number;
    const struct unit *unit = NULL;
    const char *unit_text = NULL;
    double got = 0.0;
    assert_int_equal(units_split(dimension, text, &number, &unit, &unit_text), UNITS_OK);
    assert_int_equal(units_to_real(number, unit, &got), UNITS_OK);
    if (got != expected) {
        fail_msg("%s: %a, expected %a", text, got, expected);
    }
}

static void reals_are_the_nearest(void **state)
{
    (void)state;
    check_real(DIMENSION_RATE, "50/s", 50.0);
    check_real(DIMENSION_RATE, "3/min", 0.05);
    check_real(DIMENSION_RATE, "2/h", 2.0 / 3600.0);
    check_real(DIMENSION_RATE, "1/day", 1.0 / 86400.0);
    check_real(DIMENSION_BANDWIDTH, "9600bps", 9600.0);
    check_real(DIMENSION_BANDWIDTH, "1.5kbps", 1500.0);
    check_real(DIMENSION_BANDWIDTH, "100Mbps", 1e8);
    check_real(DIMENSION_BANDWIDTH, "0.1Gbps", 1e8);
    check_real(DIMENSION_BANDWIDTH, "2Tbps", 2e12);
    check_real(DIMENSION_RATIO, "5%", 0.05);
    check_real(DIMENSION_RATIO, "0.1%", 0.001);
    check_real(DIMENSION_RATIO, "29%", 0.29); /* 29 * 0.01 would be 0.29000000000000004 */
    check_real(DIMENSION_DURATION, "0.1ms", 100000.0);
    check_real(DIMENSION_DURATION, "0.7min", 42e9);
}

static void keys_say_the_unit(void **state)
{
    (void)state;
    assert_string_equal(units_of_key(DIMENSION_DURATION, "delay")->symbol, "ms");
    assert_string_equal(units_of_key(DIMENSION_DURATION, "delay_s")->symbol, "s");
    assert_string_equal(units_of_key(DIMENSION_DURATION, "delay_ms")->symbol, "ms");
    assert_string_equal(units_of_key(DIMENSION_DURATION, "delay_us")->symbol, "us");
    assert_string_equal(units_of_key(DIMENSION_DURATION, "ttl_min")->symbol, "min");
    assert_string_equal(units_of_key(DIMENSION_DURATION, "_s")->symbol, "ms"); /* no name */
    assert_string_equal(units_of_key(DIMENSION_BYTES, "value_bytes")->symbol, "B");
    assert_string_equal(units_of_key(DIMENSION_BYTES, "cache_mib")->symbol, "MiB");
    assert_string_equal(units_of_key(DIMENSION_RATE, "rate_per_min")->symbol, "/min");
    assert_string_equal(units_of_key(DIMENSION_BANDWIDTH, "link_gbps")->symbol, "Gbps");
}

static void texts_are_short_and_read_back(void **state)
{
    (void)state;
    char text[DECIMAL_TEXT_MAX];
    assert_string_equal(units_integer_text(DIMENSION_BYTES, 4096, text), "4KiB");
    assert_string_equal(units_integer_text(DIMENSION_BYTES, 1000, text), "1kB");
    assert_string_equal(units_integer_text(DIMENSION_BYTES, 1024000, text), "1024kB");
    assert_string_equal(units_integer_text(DIMENSION_BYTES, 0, text), "0B");
    assert_string_equal(units_integer_text(DIMENSION_BYTES, 1537, text), "1537B");
    assert_string_equal(units_real_text(DIMENSION_DURATION, 1.5e6, text), "1.5ms");
    assert_string_equal(units_real_text(DIMENSION_DURATION, 0.25, text), "0.25ns");
    assert_string_equal(units_real_text(DIMENSION_DURATION, 9e10, text), "90s");
    assert_string_equal(units_real_text(DIMENSION_DURATION, -3e6, text), "-3ms");
    assert_string_equal(units_real_text(DIMENSION_RATE, 0.05, text), "0.05/s");
    assert_string_equal(units_real_text(DIMENSION_BANDWIDTH, 1e10, text), "10Gbps");
    assert_string_equal(units_real_text(DIMENSION_BANDWIDTH, 0.0, text), "0bps");
    assert_string_equal(units_real_text(DIMENSION_RATIO, 0.05, text), "0.05");
    uint64_t bits = 2385; /* seed of the sequence below */
    for (int i = 0; i < 20000; i++) {
        bits = bits * UINT64_C(6364136223846793005) + 1442695040888963407;
        const int64_t value = (int64_t)(bits >> (2 + i % 60));
        int64_t back = 0;
        units_integer_text(DIMENSION_DURATION, value, text);
        assert_int_equal(integer_of(DIMENSION_DURATION, text, &back), UNITS_OK);
        assert_int_equal(back, value);
        units_integer_text(DIMENSION_BYTES, value, text);
        assert_int_equal(integer_of(DIMENSION_BYTES, text, &back), UNITS_OK);
        assert_int_equal(back, value);
        const double real = (double)bits / 1e9;
        units_real_text(DIMENSION_DURATION, real, text);
        check_real(DIMENSION_DURATION, text, real);
        units_real_text(DIMENSION_BANDWIDTH, real, text);
        check_real(DIMENSION_BANDWIDTH, text, real);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_exact),
        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(wrong_units_are_told_apart),
        cmocka_unit_test(reals_are_the_nearest),
        cmocka_unit_test(keys_say_the_unit),
        cmocka_unit_test(texts_are_short_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
