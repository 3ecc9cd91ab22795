#include "analysis/number_text.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_text(double value, const char *expected)
{
    char text[NUMBER_TEXT_MAX];
    assert_string_equal(number_text(value, text), expected);
}

static void test_shortest(void **state)
{
    (void)state;
    expect_text(0.0, "0");
    expect_text(-0.0, "0");
    expect_text(1.0, "1");
    expect_text(-2.385, "-2.385");
    expect_text(0.1, "0.1");
    expect_text(0.1 + 0.2, "0.30000000000000004");
    expect_text(1e-5, "0.00001");
    expect_text(1.5e-6, "0.0000015");
    expect_text(1.5e-7, "1.5e-7");
    expect_text(123456789.0, "123456789");
    expect_text(9007199254740991.0, "9007199254740991");
    expect_text(1e16, "10000000000000000");
    expect_text(1e17, "100000000000000000");
    expect_text(1e21, "1e+21");
    expect_text(5e-324, "5e-324");
    expect_text(DBL_MAX, "1.7976931348623157e+308");
    expect_text((double)NAN, "null");
    expect_text(-(double)INFINITY, "null");
}

/* 64-bit mix of the index (splitmix64, Steele et al. 2014), so that all exponents occur. */
static uint64_t mixed(uint64_t index)
{
    uint64_t bits = index * UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    return bits ^ bits >> 31;
}

/* Every bit pattern that is finite reads back as itself. */
static void test_round_trip(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 100000; i++) {
        const uint64_t bits = mixed(i);
        double value = 0.0, read = 0.0;
        char text[NUMBER_TEXT_MAX];
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        number_text(value, text);
        const unsigned length = number_text_read(text, &read);
        if (length != strlen(text) || memcmp(&read, &value, sizeof read) != 0) {
            fail_msg("pattern %llu: %a became \"%s\" and read as %a", (unsigned long long)i, value,
                     text, read);
        }
    }
}

static void test_fixed_and_table(void **state)
{
    char text[NUMBER_TEXT_MAX];
    (void)state;
    assert_string_equal(number_text_fixed(2.385, 2, text), "2.38"); /* 2.385 is below its name */
    assert_string_equal(number_text_fixed(-1.5, 0, text), "-2");
    assert_string_equal(number_text_fixed((double)NAN, 3, text), "-");
    assert_string_equal(number_text_table(0.0, 3, text), "0");
    assert_string_equal(number_text_table(0.01234, 3, text), "0.0123");
    assert_string_equal(number_text_table(9.996, 3, text), "10.0");
    assert_string_equal(number_text_table(83.44, 3, text), "83.4");
    assert_string_equal(number_text_table(834.4, 3, text), "834");
    assert_string_equal(number_text_table(9999.0, 3, text), "9999");
    assert_string_equal(number_text_table(12345.6, 3, text), "12 346");
    assert_string_equal(number_text_table(-1234567.0, 3, text), "-1 234 567");
    assert_string_equal(number_text_grouped(12345.678, 1, text), "12 345.7");
    assert_string_equal(number_text_grouped(-0.05, 2, text), "-0.05");
    assert_string_equal(number_text_rounded(98.8283, 4, text), "98.83");
    assert_string_equal(number_text_rounded(2.0, 4, text), "2");
    assert_string_equal(number_text_count(UINT64_MAX, text), "18 446 744 073 709 551 615");
    assert_string_equal(number_text_count(1234, text), "1234");
}

static void test_read(void **state)
{
    double value = 0.0;
    (void)state;
    assert_int_equal(number_text_read("500", &value), 3);
    assert_true(value == 500.0);
    assert_int_equal(number_text_read("-0.25ms", &value), 5);
    assert_true(value == -0.25);
    assert_int_equal(number_text_read("2.5e3", &value), 5);
    assert_true(value == 2500.0);
    assert_int_equal(number_text_read("7e", &value), 1);
    assert_int_equal(number_text_read("7.", &value), 1);
    static const char *const refused[] = {"", ".5", "-", "0x", "inf", "nan", " 1", "1e999"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const unsigned length = number_text_read(refused[i], &value);
        if (strcmp(refused[i], "0x") == 0) {
            assert_int_equal(length, 1); /* the zero, not a hexadecimal number */
        } else {
            assert_int_equal(length, 0);
        }
    }
}

/* All of the above once more where a comma separates decimals, when the system has such a locale.
 */
static void test_other_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "pt_BR.UTF-8"};
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && setlocale(LC_ALL, names[i]) == NULL) {
        i++;
    }
    if (i == sizeof names / sizeof names[0]) {
        print_message("no locale with a decimal comma is installed: skipped\n");
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    test_shortest(state);
    test_round_trip(state);
    test_fixed_and_table(state);
    test_read(state);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortest), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_fixed_and_table), cmocka_unit_test(test_read),
        cmocka_unit_test(test_other_locale)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
