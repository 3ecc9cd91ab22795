#include "analysis/number_text.h"

#include "sim/check.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

char *number_text(double value, char text[NUMBER_TEXT_MAX])
{
    if (!isfinite(value)) {
        strcpy(text, "null");
        return text;
    }
    return decimal_number_text(value, text);
}

/* Replaces the point of the locale, which may be several bytes long. */
static void point_normalise(char *text)
{
    const char *point = localeconv()->decimal_point;
    char *found = strcmp(point, ".") == 0 || *point == '\0' ? NULL : strstr(text, point);
    if (found != NULL) {
        const size_t length = strlen(point);
        *found = '.';
        memmove(found + 1, found + length, strlen(found + length) + 1);
    }
}

char *number_text_fixed(double value, int decimals, char text[NUMBER_TEXT_MAX])
{
    CHECK(decimals >= 0);
    CHECK(decimals <= 9);
    if (!isfinite(value)) {
        strcpy(text, "-");
        return text;
    }
    if (fabs(value) >= 1e30) {
        return number_text(value, text); /* does not fit and nobody reads the decimals */
    }
    snprintf(text, NUMBER_TEXT_MAX, "%.*f", decimals, value);
    point_normalise(text);
    return text;
}

/* Groups of three digits, as in "12 345", from five digits on. */
static void group_digits(char *text)
{
    char *first = text + (*text == '-');
    size_t whole = strspn(first, "0123456789");
    if (whole < 5) {
        return;
    }
    for (size_t left = whole; left > 3; left -= 3) {
        char *at = first + left - 3;
        if (strlen(text) + 2 > NUMBER_TEXT_MAX) {
            return;
        }
        memmove(at + 1, at, strlen(at) + 1);
        *at = ' ';
    }
}

char *number_text_table(double value, int digits, char text[NUMBER_TEXT_MAX])
{
    CHECK(digits >= 1);
    if (value == 0.0 || !isfinite(value)) {
        strcpy(text, value == 0.0 ? "0" : "-");
        return text;
    }
    /* Rounding first: 9.996 with three digits is 10.0, which has one decimal and not two. */
    struct decimal decimal;
    decimal_rounded(&decimal, value, digits);
    int decimals = digits - decimal.count - decimal.exponent;
    decimals = decimals < 0 ? 0 : decimals > 6 ? 6 : decimals;
    number_text_fixed(value, decimals, text);
    group_digits(text);
    return text;
}

char *number_text_grouped(double value, int decimals, char text[NUMBER_TEXT_MAX])
{
    number_text_fixed(value, decimals, text);
    group_digits(text);
    return text;
}

char *number_text_rounded(double value, int digits, char text[NUMBER_TEXT_MAX])
{
    CHECK(digits >= 1);
    if (!isfinite(value)) {
        strcpy(text, "-");
        return text;
    }
    struct decimal decimal;
    decimal_rounded(&decimal, value, digits);
    return decimal_text(&decimal, text);
}

char *number_text_count(uint64_t count, char text[NUMBER_TEXT_MAX])
{
    snprintf(text, NUMBER_TEXT_MAX, "%" PRIu64, count);
    group_digits(text);
    return text;
}

unsigned number_text_read(const char *text, double *value)
{
    struct decimal decimal;
    const size_t length = decimal_read(&decimal, text);
    return length > 0 && decimal_to_double(&decimal, value) ? (unsigned)length : 0;
}
