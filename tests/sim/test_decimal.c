#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/decimal.h"

#include <float.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_length(const char *text, size_t expected)
{
    struct decimal decimal;
    const size_t got = decimal_read(&decimal, text);
    if (got != expected) {
        fail_msg("\"%s\": %zu characters, expected %zu", text, got, expected);
    }
}

static void numbers_end_where_the_grammar_says(void **state)
{
    (void)state;
    read_length("12ms", 2);
    read_length("-1.5e-3x", 7);
    read_length("0.5", 3);
    read_length("1e", 1);  /* no digit in the exponent: it is no exponent */
    read_length("1.x", 1); /* nor a fraction */
    read_length("01", 0);
    read_length("-", 0);
    read_length(".5", 0);
    read_length("+5", 0);
    read_length("", 0);
    char digits[DECIMAL_CHARACTERS_MAX + 2];
    memset(digits, '7', sizeof digits);
    digits[DECIMAL_CHARACTERS_MAX] = '\0';
    read_length(digits, DECIMAL_CHARACTERS_MAX);
    digits[DECIMAL_CHARACTERS_MAX] = '7';
    digits[DECIMAL_CHARACTERS_MAX + 1] = '\0';
    read_length(digits, 0);
}

static void check_integer(const char *text, uint64_t factor, bool fits, int64_t expected)
{
    struct decimal decimal;
    int64_t got = 0;
    assert_int_equal(decimal_read(&decimal, text), strlen(text));
    decimal_multiply(&decimal, factor);
    const bool ok = decimal_to_int64(&decimal, &got);
    if (ok != fits || (fits && got != expected)) {
        fail_msg("%s * %llu: %d %lld, expected %d %lld", text, (unsigned long long)factor, ok,
                 (long long)got, fits, (long long)expected);
    }
}

static void integers_are_exact_at_the_edges(void **state)
{
    (void)state;
    check_integer("9223372036854775807", 1, true, INT64_MAX);
    check_integer("9223372036854775808", 1, false, 0);
    check_integer("-9223372036854775808", 1, true, INT64_MIN);
    check_integer("-9223372036854775809", 1, false, 0);
    check_integer("9007199254740993", 1, true, 9007199254740993); /* no double has this value */
    check_integer("0.1", 1000000, true, 100000);
    check_integer("1e18", 1, true, 1000000000000000000);
    check_integer("1e19", 1, false, 0);
    check_integer("0.49999999999999999999999", 1, true, 0);
    check_integer("0.5", 1, true, 1);
    check_integer("-2.5", 1, true, -3);
    check_integer("1e-400", 1, true, 0);
    check_integer("0e99999", 1, true, 0);
    check_integer("8388607.999", UINT64_C(1) << 40, true, 9223372035755264180);
    check_integer("8388608", UINT64_C(1) << 40, false, 0);
}

static void check_round_trip(double value)
{
    char text[DECIMAL_TEXT_MAX];
    struct decimal decimal;
    double back = 0.0;
    decimal_number_text(value, text);
    assert_int_equal(decimal_read(&decimal, text), strlen(text));
    assert_true(decimal_to_double(&decimal, &back));
    if (back != value) {
        fail_msg("%a became %s became %a", value, text, back);
    }
    assert_true(strchr(text, ',') == NULL);
}

static void doubles_survive(void **state)
{
    (void)state;
    const double values[] = {
        0.0,     0.1,     0.1 + 0.2,         1.0 / 3.0,      9007199254740993.0,
        DBL_MAX, DBL_MIN, DBL_TRUE_MIN,      -2.385,         1e21,
        1e22,    1e-7,    123456789012345e6, 0x1.fffffep127, 5e-324};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        check_round_trip(values[i]);
    }
    uint64_t bits = UINT64_C(0x9e3779b97f4a7c15); /* seed of the sequence below (xorshift64) */
    for (int i = 0; i < 200000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value = 0.0;
        memcpy(&value, &bits, sizeof value);
        if (value - value == 0.0) {
            check_round_trip(value);
        }
    }
}

static void check_text(double value, const char *expected)
{
    char text[DECIMAL_TEXT_MAX];
    assert_string_equal(decimal_number_text(value, text), expected);
}

static void texts_are_short(void **state)
{
    (void)state;
    check_text(0.0, "0");
    check_text(-0.0, "0");
    check_text(0.3, "0.3");
    check_text(0.1 + 0.2, "0.30000000000000004");
    check_text(100000.0, "100000");
    check_text(1e20, "100000000000000000000");
    check_text(1e21, "1e+21");
    check_text(-2.5e-7, "-2.5e-7");
    check_text(0.00001, "0.00001");
    check_text(123.456, "123.456");
    check_text(5e-324, "5e-324"); /* fewer digits than a normal double has */
    check_text(1.7976931348623157e308, "1.7976931348623157e+308");
}

/* The least number of digits, from 15 on, that reads back: by the C library alone. */
static void assert_shortest(double value)
{
    char text[DECIMAL_TEXT_MAX], digits[64];
    int precision = 15;
    do {
        snprintf(digits, sizeof digits, "%.*e", precision - 1, value);
    } while (strtod(digits, NULL) != value && ++precision <= 17);
    struct decimal decimal, expected;
    decimal_shortest(&decimal, value);
    decimal_rounded(&expected, value, precision);
    decimal_number_text(value, text);
    if (strtod(text, NULL) != value || decimal.count != expected.count ||
        decimal.exponent != expected.exponent || decimal.negative != expected.negative ||
        memcmp(decimal.digits, expected.digits, (size_t)decimal.count) != 0) {
        fail_msg("%.17g became %s", value, text);
    }
}

/* Whole numbers of millionths of every size, and their neighbours, which are none. */
static void millionths_are_no_exception(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const uint64_t n = (random >> 12) >> i % 52;
        const double value = (double)n / 1e6;
        assert_shortest(i % 2 == 0 ? value : -value);
        assert_shortest(value * (1.0 + DBL_EPSILON));
        assert_shortest((double)(n / 1000000));
    }
    assert_shortest(999999999.999999);
    assert_shortest(1e9);
    assert_shortest(1e-6);
}

/*
 * Means of a few values, ties between two decimals, powers of two with their neighbours, and all
 * sizes: the way in integers against the C library.
 */
static void integers_are_no_exception(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int i = 0; i < 100000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const double mean = (double)(random >> 40) / (double)(1 + i % 7) / 1e6;
        assert_shortest(mean);
        uint64_t bits = (uint64_t)(1023 - 20 + i % 75) << 52 | random >> 12;
        if (i % 3 == 0) {
            bits &= ~UINT64_C(0) << (8 + i % 44); /* few digits in binary: ties are likely */
        }
        double any = 0.0;
        memcpy(&any, &bits, sizeof any);
        assert_shortest(i % 2 == 0 ? any : -any);
    }
    for (double two = 0x1p-20; two < 0x1p60; two *= 2.0) {
        assert_shortest(two);
        assert_shortest(two * (1.0 + DBL_EPSILON));
        assert_shortest(two * (1.0 - DBL_EPSILON / 2.0));
    }
    for (double ten = 1e-5; ten < 1e17; ten *= 10.0) {
        assert_shortest(ten * (1.0 + DBL_EPSILON));
        assert_shortest(ten * (1.0 - DBL_EPSILON / 2.0));
        assert_shortest(ten / 3.0);
    }
}

/* German writes a decimal comma. Only when the machine has such a locale. */
static void a_locale_changes_nothing(void **state)
{
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL) {
            char text[16];
            snprintf(text, sizeof text, "%.1f", 1.5);
            assert_string_equal(text, "1,5");
            texts_are_short(state);
            doubles_survive(state);
            setlocale(LC_ALL, "C");
            return;
        }
    }
    print_message("no locale with a decimal comma is installed\n");
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_end_where_the_grammar_says),
        cmocka_unit_test(integers_are_exact_at_the_edges),
        cmocka_unit_test(doubles_survive),
        cmocka_unit_test(texts_are_short),
        cmocka_unit_test(millionths_are_no_exception),
        cmocka_unit_test(integers_are_no_exception),
        cmocka_unit_test(a_locale_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
