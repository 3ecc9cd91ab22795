#include "sim/decimal.h"

#include "sim/check.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXPONENT_MAX = 99999, /* beyond any double; larger ones are cut here */
    DOUBLE_DIGITS_MAX = 17,
    PLAIN_DIGITS_MAX = 21 /* integers up to here are written without an exponent */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add_digit(struct decimal *decimal, int digit)
{
    if (decimal->count == 0 && digit == 0) {
        return;
    }
    CHECK(decimal->count < DECIMAL_DIGITS_MAX);
    decimal->digits[decimal->count++] = (unsigned char)digit;
}

static void trim(struct decimal *decimal)
{
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == 0) {
        decimal->count--;
        decimal->exponent++;
    }
    if (decimal->count == 0) {
        decimal->exponent = 0;
        decimal->negative = false;
    }
}

/* The exponent at text ("e-3"), added to the decimal; 0 characters when there is none. */
static size_t read_exponent(struct decimal *decimal, const char *text)
{
    if (text[0] != 'e' && text[0] != 'E') {
        return 0;
    }
    size_t at = text[1] == '+' || text[1] == '-' ? 2 : 1;
    if (!is_digit(text[at])) {
        return 0;
    }
    int exponent = 0;
    for (; is_digit(text[at]); at++) {
        exponent = exponent * 10 + (text[at] - '0');
        exponent = exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent;
    }
    decimal->exponent += text[1] == '-' ? -exponent : exponent;
    return at;
}

size_t decimal_read(struct decimal *decimal, const char *text)
{
    *decimal = (struct decimal){.negative = text[0] == '-'};
    size_t at = text[0] == '-' ? 1 : 0;
    const size_t first = at;
    while (is_digit(text[at])) {
        at++;
    }
    if (at == first || (text[first] == '0' && at > first + 1)) {
        return 0;
    }
    size_t point = at;
    if (text[at] == '.' && is_digit(text[at + 1])) {
        at++;
        while (is_digit(text[at])) {
            at++;
        }
    }
    const size_t digits_end = at;
    at += read_exponent(decimal, text + at);
    if (at > DECIMAL_CHARACTERS_MAX) {
        return 0;
    }
    for (size_t i = first; i < digits_end; i++) {
        if (i != point) {
            add_digit(decimal, text[i] - '0');
        }
    }
    decimal->exponent -= digits_end > point ? (int)(digits_end - point - 1) : 0;
    trim(decimal);
    return at;
}

void decimal_multiply(struct decimal *decimal, uint64_t factor)
{
    CHECK(factor >= 1 && factor <= UINT64_C(1) << 40);
    unsigned char reversed[DECIMAL_DIGITS_MAX];
    int count = 0;
    uint64_t carry = 0;
    for (int i = decimal->count - 1; i >= 0 || carry > 0; i--) {
        carry += i >= 0 ? decimal->digits[i] * factor : 0;
        CHECK(count < DECIMAL_DIGITS_MAX);
        reversed[count++] = (unsigned char)(carry % 10);
        carry /= 10;
    }
    decimal->count = 0;
    for (int i = count - 1; i >= 0; i--) {
        add_digit(decimal, reversed[i]);
    }
    trim(decimal);
}

bool decimal_is_whole(const struct decimal *decimal)
{
    return decimal->count == 0 || decimal->exponent >= 0; /* trailing zeros are in the exponent */
}

bool decimal_to_int64(const struct decimal *decimal, int64_t *out)
{
    const int places = decimal->count + decimal->exponent; /* before the decimal point */
    if (places > 19) {
        return false;
    }
    uint64_t size = 0;
    for (int i = 0; i < places; i++) {
        size = size * 10 + (i < decimal->count ? decimal->digits[i] : 0U);
    }
    if (places >= 0 && places < decimal->count && decimal->digits[places] >= 5) {
        size++;
    }
    const uint64_t limit = (uint64_t)INT64_MAX + (decimal->negative ? 1 : 0);
    if (size > limit) {
        return false;
    }
    if (decimal->negative) {
        *out = size == limit ? INT64_MIN : -(int64_t)size;
    } else {
        *out = (int64_t)size;
    }
    return true;
}

bool decimal_to_double(const struct decimal *decimal, double *out)
{
    char text[DECIMAL_DIGITS_MAX + 24];
    size_t length = 0;
    if (decimal->negative) {
        text[length++] = '-';
    }
    for (int i = 0; i < decimal->count; i++) {
        text[length++] = (char)('0' + decimal->digits[i]);
    }
    snprintf(text + length, sizeof text - length, "%se%d", decimal->count == 0 ? "0" : "",
             decimal->exponent);
    const double value = strtod(text, NULL);
    *out = value;
    return value >= -DBL_MAX && value <= DBL_MAX;
}

void decimal_rounded(struct decimal *decimal, double value, int digits)
{
    CHECK(digits >= 1);
    CHECK(digits <= DOUBLE_DIGITS_MAX);
    char text[64];
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    *decimal = (struct decimal){.negative = text[0] == '-'};
    const char *at = text;
    int count = 0;
    for (; *at != 'e'; at++) {
        CHECK(*at != '\0');
        if (is_digit(*at)) { /* the sign and the locale's decimal point are not */
            add_digit(decimal, *at - '0');
            count++;
        }
    }
    decimal->exponent = 1 - count;
    read_exponent(decimal, at);
    trim(decimal);
}

/* The digits of n * 10^exponent, n above 0, without trailing zeros. */
static void set_whole(struct decimal *decimal, uint64_t n, int exponent)
{
    decimal->exponent = exponent;
    decimal->count = 0;
    for (; n % 10 == 0; n /= 10) {
        decimal->exponent++;
    }
    for (uint64_t rest = n; rest > 0; rest /= 10) {
        decimal->count++;
    }
    for (int i = decimal->count; i-- > 0; n /= 10) {
        decimal->digits[i] = (unsigned char)(n % 10);
    }
}

/*
 * A whole number n of millionths with up to 15 digits, as times in ms are and most counts: the
 * division is rounded to the nearest double, so its digits read back as the value, and they are
 * what rounding to 15 digits gives.
 */
static bool decimal_millionths(struct decimal *decimal, double value)
{
    const double size = value < 0.0 ? -value : value;
    if (!(size >= 1e-6 && size < 1e9)) {
        return false;
    }
    uint64_t n = (uint64_t)(size * 1e6 + 0.5);
    if ((double)n / 1e6 != size) {
        return false;
    }
    *decimal = (struct decimal){.negative = value < 0.0};
    set_whole(decimal, n, -6);
    return true;
}

__extension__ typedef unsigned __int128 uint128;

enum { TENS_MAX = 22, MANTISSA_BITS = 52 };

static uint128 ten_to(int power)
{
    uint128 ten = 1;
    for (int i = 0; i < power; i++) {
        ten *= 10;
    }
    return ten;
}

/* A double mantissa / 2^shift, and the power of ten of its first digit. */
struct binary {
    uint64_t mantissa;
    int shift, first;
};

/*
 * False where the integers below have no room, and for powers of two, whose neighbours are not
 * equally far.
 */
static bool binary_of(struct binary *binary, double size)
{
    if (!(size >= 1e-4 && size < 1e14)) {
        return false;
    }
    uint64_t bits = 0;
    memcpy(&bits, &size, sizeof bits);
    const uint64_t one = UINT64_C(1) << MANTISSA_BITS;
    binary->mantissa = (bits & (one - 1)) | one;
    binary->shift = 1023 + MANTISSA_BITS - (int)(bits >> MANTISSA_BITS);
    binary->first = size < 1.0 ? -1 : 0;
    for (double ten = 10.0; size >= ten; ten *= 10.0) { /* exact up to 1e22 */
        binary->first++;
    }
    /* Negative powers of ten are no doubles: the size times the positive one reaches 1. */
    while (binary->first < 0 && (ten_to(-binary->first) * binary->mantissa) >> binary->shift == 0) {
        binary->first--;
    }
    return binary->mantissa != one;
}

/*
 * The value rounded to so many digits, half to even, when that reads back as the value: when it is
 * nearer than half a step of doubles, which are 1 / 2^shift apart. Half a step exactly would need
 * more digits than 17: one for each binary place, of which there are at least 7.
 */
static bool round_to(struct decimal *decimal, const struct binary *binary, int digits)
{
    const int tens = digits - 1 - binary->first;
    CHECK(tens >= 0);
    CHECK(tens <= TENS_MAX);
    const uint128 ten = ten_to(tens), size = ten * binary->mantissa;
    const uint128 step = (uint128)1 << binary->shift;
    const uint128 rest = size & (step - 1);
    uint64_t n = (uint64_t)(size >> binary->shift);
    const bool up = rest > step / 2 || (rest == step / 2 && (n & 1U) != 0);
    const uint128 twice_off = 2 * (up ? step - rest : rest);
    n += up ? 1 : 0;
    if (twice_off >= ten) {
        return false;
    }
    set_whole(decimal, n, -tens);
    return true;
}

/* What decimal_shortest() does by trial, in integers: most values of a report are like that. */
static bool decimal_between(struct decimal *decimal, double value)
{
    struct binary binary;
    *decimal = (struct decimal){.negative = value < 0.0};
    if (!binary_of(&binary, value < 0.0 ? -value : value)) {
        return false;
    }
    for (int digits = DBL_DIG; digits <= DOUBLE_DIGITS_MAX; digits++) {
        if (round_to(decimal, &binary, digits)) {
            return true;
        }
    }
    return false;
}

void decimal_shortest(struct decimal *decimal, double value)
{
    CHECK(value >= -DBL_MAX && value <= DBL_MAX);
    if (decimal_millionths(decimal, value) || decimal_between(decimal, value)) {
        return;
    }
    /* Any decimal of up to 15 digits survives a normal double, so shorter tries can not win. */
    const bool normal = value >= DBL_MIN || value <= -DBL_MIN;
    for (int precision = normal ? DBL_DIG : 1;; precision++) {
        CHECK(precision <= DOUBLE_DIGITS_MAX); /* so many identify any double */
        double back = 0.0;
        decimal_rounded(decimal, value, precision);
        if (decimal_to_double(decimal, &back) && back == value) {
            return;
        }
    }
}

static size_t put_zeros(char *text, size_t length, int zeros)
{
    for (int i = 0; i < zeros; i++) {
        text[length++] = '0';
    }
    return length;
}

char *decimal_text(const struct decimal *decimal, char text[DECIMAL_TEXT_MAX])
{
    const int places = decimal->count + decimal->exponent;
    CHECK(decimal->count <= 20);
    const bool plain = decimal->count == 0 || (places > -6 && places <= PLAIN_DIGITS_MAX);
    const int whole = decimal->count == 0 ? 1 : plain ? places : 1;
    size_t length = 0;
    if (decimal->negative) {
        text[length++] = '-';
    }
    if (whole <= 0) {
        text[length++] = '0';
        text[length++] = '.';
        length = put_zeros(text, length, -whole);
    }
    for (int i = 0; i < decimal->count; i++) {
        if (i == whole && i > 0) {
            text[length++] = '.';
        }
        text[length++] = (char)('0' + decimal->digits[i]);
    }
    if (plain) {
        length = put_zeros(text, length, whole - decimal->count);
        text[length] = '\0';
    } else {
        snprintf(text + length, DECIMAL_TEXT_MAX - length, "e%+d", places - 1);
    }
    return text;
}

char *decimal_number_text(double value, char text[DECIMAL_TEXT_MAX])
{
    struct decimal decimal;
    decimal_shortest(&decimal, value);
    return decimal_text(&decimal, text);
}
