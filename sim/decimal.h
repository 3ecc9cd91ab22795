/*
 * decimal.h - decimal numbers without rounding on the way: text to integers and doubles, and back.
 *
 * Model:  a number is a string of decimal digits and a power of ten, so that "0.1ms" is exactly
 *         100000 ns and "5%" is the double nearest to 0.05, not 5.0 / 100.0 of something rounded.
 * Locale: no function here depends on it: text handed to strtod has no decimal point, and what
 *         snprintf puts for one is skipped.
 * Errors: returned; nothing is printed.
 * Use:    reading scenarios and writing reports; nothing in a run's loop reads or writes numbers.
 */
#ifndef SIM_DECIMAL_H
#define SIM_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DECIMAL_CHARACTERS_MAX = 63, /* of a number as written; cJSON copies it into 64 bytes */
    DECIMAL_DIGITS_MAX = 96,     /* room to multiply the above by a unit */
    DECIMAL_TEXT_MAX = 64
};

struct decimal {
    bool negative;
    int count; /* of digits; 0 is zero */
    int exponent;
    unsigned char digits[DECIMAL_DIGITS_MAX]; /* most significant first, no leading zero */
};

/*
 * Reads the longest number in JSON's grammar at the start of text; returns how many characters, 0
 * when there is none or more than DECIMAL_CHARACTERS_MAX.
 */
size_t decimal_read(struct decimal *decimal, const char *text);

/* Exact; factor is at most 2^40. */
void decimal_multiply(struct decimal *decimal, uint64_t factor);

bool decimal_is_whole(const struct decimal *decimal);

/* Rounds to the nearest integer, halves away from zero. False when it does not fit. */
bool decimal_to_int64(const struct decimal *decimal, int64_t *out);

/* The nearest double. False when it is too large. */
bool decimal_to_double(const struct decimal *decimal, double *out);

/*
 * The shortest decimal that reads back as the same double; value must be finite. Minus zero is
 * zero: nobody writes it on purpose.
 */
void decimal_shortest(struct decimal *decimal, double value);

/* The value, which must be finite, rounded to so many significant digits (1 to 17). */
void decimal_rounded(struct decimal *decimal, double value, int digits);

/* Plain notation where it is short, else 1.5e+30; always valid JSON. Returns text. */
char *decimal_text(const struct decimal *decimal, char text[DECIMAL_TEXT_MAX]);
char *decimal_number_text(double value, char text[DECIMAL_TEXT_MAX]);

#endif
