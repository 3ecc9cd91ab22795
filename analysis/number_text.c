#include "analysis/number_text.h"

#include "sim/check.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 17, PLAIN_EXPONENT_MIN = -5, PLAIN_EXPONENT_MAX = 17 };

/* The decimal digits of a finite number without sign, and the exponent of the first one. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count, exponent;
};

/* printf writes the point of the locale; what is not a digit before the 'e' is skipped. */
static void decimal_scan(const char *text, struct decimal *decimal)
{
    const char *mark = strchr(text, 'e');
    CHECK(mark != NULL);
    decimal->count = 0;
    for (const char *at = text; at < mark; at++) {
        if (*at >= '0' && *at <= '9') {
            CHECK(decimal->count < DIGITS_MAX);
            decimal->digits[decimal->count++] = *at;
        }
    }
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0') {
        decimal->count--;
    }
    decimal->digits[decimal->count] = '\0';
    decimal->exponent = (int)strtol(mark + 1, NULL, 10);
}

static void decimal_shortest(double size, struct decimal *decimal)
{
    /* Any decimal of up to 15 digits survives a normal double, so shorter tries can not win. */
    char text[NUMBER_TEXT_MAX];
    for (int digits = size < DBL_MIN ? 1 : 15; digits <= DIGITS_MAX; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, size);
        if (strtod(text, NULL) == size) {
            break;
        }
    }
    decimal_scan(text, decimal);
}

static void decimal_write_plain(const struct decimal *decimal, char *text)
{
    size_t length = 0;
    if (decimal->exponent < 0) {
        text[length++] = '0';
        text[length++] = '.';
        for (int i = -1; i > decimal->exponent; i--) {
            text[length++] = '0';
        }
    }
    for (int i = 0; i < decimal->count || i <= decimal->exponent; i++) {
        text[length++] = i < decimal->count ? decimal->digits[i] : '0';
        if (i == decimal->exponent && i + 1 < decimal->count) {
            text[length++] = '.';
        }
    }
    text[length] = '\0';
}

char *number_text(double value, char text[NUMBER_TEXT_MAX])
{
    if (!isfinite(value)) {
        strcpy(text, "null");
        return text;
    }
    char *at = text;
    if (signbit(value) && value != 0.0) {
        *at++ = '-';
    }
    struct decimal decimal;
    decimal_shortest(fabs(value), &decimal);
    if (decimal.exponent >= PLAIN_EXPONENT_MIN && decimal.exponent < PLAIN_EXPONENT_MAX) {
        decimal_write_plain(&decimal, at);
        return text;
    }
    *at++ = decimal.digits[0];
    if (decimal.count > 1) {
        *at++ = '.';
        memcpy(at, decimal.digits + 1, (size_t)decimal.count - 1);
        at += decimal.count - 1;
    }
    snprintf(at, NUMBER_TEXT_MAX - (size_t)(at - text), "e%+03d", decimal.exponent);
    return text;
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
    char scratch[NUMBER_TEXT_MAX];
    snprintf(scratch, sizeof scratch, "%.*e", digits - 1, fabs(value));
    decimal_scan(scratch, &decimal);
    int decimals = digits - 1 - decimal.exponent;
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
    snprintf(text, NUMBER_TEXT_MAX, "%.*e", digits - 1, value);
    return number_text(strtod(text, NULL), text); /* the same locale wrote and reads it */
}

char *number_text_count(uint64_t count, char text[NUMBER_TEXT_MAX])
{
    snprintf(text, NUMBER_TEXT_MAX, "%" PRIu64, count);
    group_digits(text);
    return text;
}

unsigned number_text_read(const char *text, double *value)
{
    /* The grammar is checked here, because strtod also takes hex, inf, nan and leading blanks. */
    size_t length = *text == '-' || *text == '+';
    const size_t whole = strspn(text + length, "0123456789");
    length += whole;
    if (whole == 0) {
        return 0;
    }
    size_t point = 0;
    if (text[length] == '.') {
        const size_t part = strspn(text + length + 1, "0123456789");
        point = part > 0 ? length : 0;
        length += part > 0 ? 1 + part : 0;
    }
    if (text[length] == 'e' || text[length] == 'E') {
        const size_t sign = text[length + 1] == '-' || text[length + 1] == '+';
        const size_t exponent = strspn(text + length + 1 + sign, "0123456789");
        length += exponent > 0 ? 1 + sign + exponent : 0;
    }
    char copy[128];
    const char *locale_point = localeconv()->decimal_point;
    const size_t point_length = strlen(locale_point);
    if (length + point_length >= sizeof copy) {
        return 0;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (point > 0) {
        memcpy(copy + point, locale_point, point_length);
        memcpy(copy + point + point_length, text + point + 1, length - point - 1);
        copy[length - 1 + point_length] = '\0';
    }
    *value = strtod(copy, NULL);
    return isfinite(*value) ? (unsigned)length : 0;
}
