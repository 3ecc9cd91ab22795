/*
 * units.h - quantities as people write them: "80ms", "4KiB", "50/s", "10Gbps", "5%".
 *
 * Units:  durations become ns, sizes bytes, rates per second, bandwidths bits per second, ratios 1.
 *         kB, MB ... are powers of 1000, KiB, MiB ... of 1024. A day is 24 hours.
 * Errors: returned as a status; units_names() says what would have been right.
 * Locale: none.
 */
#ifndef SCENARIOS_UNITS_H
#define SCENARIOS_UNITS_H

#include "sim/decimal.h"

enum dimension {
    DIMENSION_NUMBER, /* no unit */
    DIMENSION_DURATION,
    DIMENSION_BYTES,
    DIMENSION_RATE,
    DIMENSION_BANDWIDTH,
    DIMENSION_RATIO
};

/* base quantity = number * factor * 10^exponent / divisor */
struct unit {
    const char *symbol;     /* behind the number */
    const char *key_suffix; /* a key that ends so holds plain numbers in this unit; may be NULL */
    uint64_t factor;
    int exponent;
    unsigned divisor;
};

enum units_status {
    UNITS_OK,
    UNITS_NOT_A_NUMBER, /* the text does not begin with a number, or it is too long */
    UNITS_MISSING,      /* a number and nothing behind it */
    UNITS_UNKNOWN,      /* what is behind the number is no unit of the dimension */
    UNITS_NOT_WHOLE,    /* bytes and integers: a fraction remains */
    UNITS_TOO_LARGE
};

/* Units of a dimension; ends with symbol NULL. */
const struct unit *units_of(enum dimension dimension);

/* The unit that the key ends with, or NULL. */
const struct unit *units_of_suffix(enum dimension dimension, const char *key);

/* The unit of plain numbers under that key: by its ending, else the default of the dimension. */
const struct unit *units_of_key(enum dimension dimension, const char *key);

/* Splits "80ms" into its number and unit. On UNITS_UNKNOWN *unit_text is what was found. */
enum units_status units_split(enum dimension dimension, const char *text, struct decimal *number,
                              const struct unit **unit, const char **unit_text);

/* Exact: to the nearest ns (halves away from zero) when `round`, else UNITS_NOT_WHOLE. */
enum units_status units_to_integer(struct decimal number, const struct unit *unit, bool round,
                                   int64_t *out);
enum units_status units_to_real(struct decimal number, const struct unit *unit, double *out);

/* "ns, us, ms, s, min, h, d" */
const char *units_names(enum dimension dimension);

/* Shortest exact text that reads back as the same value. Return text. */
char *units_integer_text(enum dimension dimension, int64_t value, char text[DECIMAL_TEXT_MAX]);
char *units_real_text(enum dimension dimension, double value, char text[DECIMAL_TEXT_MAX]);

#endif
