/*
 * number_text.h - numbers as text, the same bytes under every locale.
 *
 * Model:  machine formats get the shortest decimal digits that read back as the same double; people
 *         get a fixed number of decimals or of significant digits.
 * Errors: a value that is not finite has no text: number_text() gives "null", the others "-", so
 *         that no NaN or Inf reaches an output whatever the caller forgot.
 * Cost:   a few hundred nanoseconds; reports only.
 */
#ifndef ANALYSIS_NUMBER_TEXT_H
#define ANALYSIS_NUMBER_TEXT_H

#include "sim/decimal.h"

#include <stdint.h>

enum { NUMBER_TEXT_MAX = DECIMAL_TEXT_MAX };

/* Shortest text that reads back as the same double: "0.1", "1e+30" (sim/decimal.h). */
char *number_text(double value, char text[NUMBER_TEXT_MAX]);

/* With exactly `decimals` (0 to 9) digits after the point; halves as printf rounds them. */
char *number_text_fixed(double value, int decimals, char text[NUMBER_TEXT_MAX]);

/*
 * For tables: about `digits` significant digits, never an exponent, and groups of three digits from
 * five digits on: 0.0123, 1.23, 83.4, 834, 12 345. Zero is "0".
 */
char *number_text_table(double value, int digits, char text[NUMBER_TEXT_MAX]);

/* As number_text_fixed(), with the group marks of number_text_table(). */
char *number_text_grouped(double value, int decimals, char text[NUMBER_TEXT_MAX]);

/* The shortest text after rounding to so many significant digits: 2, 98.83, 0.001234. */
char *number_text_rounded(double value, int digits, char text[NUMBER_TEXT_MAX]);

/* An exact count with the same group marks. */
char *number_text_count(uint64_t count, char text[NUMBER_TEXT_MAX]);

/*
 * Reads a decimal number in JSON's grammar ("-3", "0.5", "2.5e3") whatever the locale is. Returns
 * the number of characters that belong to it, 0 when there is none or when it is not finite.
 */
unsigned number_text_read(const char *text, double *value);

#endif
