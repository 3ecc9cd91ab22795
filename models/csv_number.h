/*
 * csv_number.h - decimal text to double without the C library's locale.
 *
 * Accepts an optional sign, digits, an optional fraction and exponent; blanks around it are
 * allowed. At most 17 significant digits count. Exact for up to 15 digits and exponents within
 * +-22; else within 1 ulp.
 */
#ifndef MODELS_CSV_NUMBER_H
#define MODELS_CSV_NUMBER_H

#include <stdbool.h>

bool csv_number(const char *text, double *number);

#endif
