#include "scenarios/units.h"

#include "sim/check.h"
#include "sim/sim_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KIB = 1024 };

_Static_assert((int)DECIMAL_TEXT_MAX >= (int)SIM_TIME_TEXT_MAX, "a duration fits");

static const struct unit numbers[] = {{"", NULL, 1, 0, 1}, {0}};

static const struct unit durations[] = {{"ns", "_ns", 1, 0, 1},    {"us", "_us", 1, 3, 1},
                                        {"ms", "_ms", 1, 6, 1},    {"s", "_s", 1, 9, 1},
                                        {"min", "_min", 6, 10, 1}, {"h", "_h", 36, 11, 1},
                                        {"d", "_d", 864, 11, 1},   {0}};

static const struct unit sizes[] = {{"B", "_bytes", 1, 0, 1},
                                    {"kB", "_kb", 1, 3, 1},
                                    {"KB", NULL, 1, 3, 1},
                                    {"MB", "_mb", 1, 6, 1},
                                    {"GB", "_gb", 1, 9, 1},
                                    {"TB", "_tb", 1, 12, 1},
                                    {"KiB", "_kib", KIB, 0, 1},
                                    {"MiB", "_mib", (uint64_t)KIB *KIB, 0, 1},
                                    {"GiB", "_gib", (uint64_t)KIB *KIB *KIB, 0, 1},
                                    {"TiB", "_tib", (uint64_t)KIB *KIB *KIB *KIB, 0, 1},
                                    {0}};

static const struct unit rates[] = {{"/s", "_per_s", 1, 0, 1},
                                    {"/min", "_per_min", 1, 0, 60},
                                    {"/h", "_per_h", 1, 0, 3600},
                                    {"/day", "_per_day", 1, 0, 86400},
                                    {0}};

static const struct unit bandwidths[] = {{"bps", "_bps", 1, 0, 1},    {"kbps", "_kbps", 1, 3, 1},
                                         {"Mbps", "_mbps", 1, 6, 1},  {"Gbps", "_gbps", 1, 9, 1},
                                         {"Tbps", "_tbps", 1, 12, 1}, {0}};

static const struct unit ratios[] = {{"%", "_percent", 1, -2, 1}, {0}};

static const struct {
    const struct unit *units, *plain; /* plain: of numbers without a unit */
    const char *names;
} dimensions[] = {
    [DIMENSION_NUMBER] = {numbers, &numbers[0], "none"},
    [DIMENSION_DURATION] = {durations, &durations[2], "ns, us, ms, s, min, h, d"},
    [DIMENSION_BYTES] = {sizes, &sizes[0], "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"},
    [DIMENSION_RATE] = {rates, &rates[0], "/s, /min, /h, /day"},
    [DIMENSION_BANDWIDTH] = {bandwidths, &bandwidths[0], "bps, kbps, Mbps, Gbps, Tbps"},
    [DIMENSION_RATIO] = {ratios, &numbers[0], "%"},
};

const struct unit *units_of(enum dimension dimension)
{
    return dimensions[dimension].units;
}

const char *units_names(enum dimension dimension)
{
    return dimensions[dimension].names;
}

const struct unit *units_of_suffix(enum dimension dimension, const char *key)
{
    const struct unit *found = NULL;
    const size_t length = strlen(key);
    for (const struct unit *unit = units_of(dimension); unit->symbol != NULL; unit++) {
        const size_t suffix = unit->key_suffix != NULL ? strlen(unit->key_suffix) : 0;
        if (suffix > 0 && suffix < length && strcmp(key + length - suffix, unit->key_suffix) == 0) {
            found = unit;
        }
    }
    return found;
}

const struct unit *units_of_key(enum dimension dimension, const char *key)
{
    const struct unit *found = units_of_suffix(dimension, key);
    return found != NULL ? found : dimensions[dimension].plain;
}

enum units_status units_split(enum dimension dimension, const char *text, struct decimal *number,
                              const struct unit **unit, const char **unit_text)
{
    const size_t length = decimal_read(number, text);
    if (length == 0) {
        return UNITS_NOT_A_NUMBER;
    }
    *unit_text = text + length;
    for (*unit = units_of(dimension); (*unit)->symbol != NULL; (*unit)++) {
        if (strcmp((*unit)->symbol, *unit_text) == 0) {
            return UNITS_OK;
        }
    }
    return text[length] == '\0' ? UNITS_MISSING : UNITS_UNKNOWN;
}

enum units_status units_to_integer(struct decimal number, const struct unit *unit, bool round,
                                   int64_t *out)
{
    CHECK(unit->divisor == 1);
    decimal_multiply(&number, unit->factor);
    number.exponent += number.count > 0 ? unit->exponent : 0;
    if (!round && !decimal_is_whole(&number)) {
        return UNITS_NOT_WHOLE;
    }
    return decimal_to_int64(&number, out) ? UNITS_OK : UNITS_TOO_LARGE;
}

enum units_status units_to_real(struct decimal number, const struct unit *unit, double *out)
{
    decimal_multiply(&number, unit->factor);
    number.exponent += number.count > 0 ? unit->exponent : 0;
    if (!decimal_to_double(&number, out)) {
        return UNITS_TOO_LARGE;
    }
    *out /= unit->divisor;
    return UNITS_OK;
}

char *units_integer_text(enum dimension dimension, int64_t value, char text[DECIMAL_TEXT_MAX])
{
    if (dimension == DIMENSION_DURATION) {
        return sim_time_text(value, text);
    }
    snprintf(text, DECIMAL_TEXT_MAX, "%" PRId64, value);
    if (dimension != DIMENSION_BYTES) {
        return text;
    }
    strcat(text, "B");
    for (const struct unit *unit = sizes; unit->symbol != NULL && value != 0; unit++) {
        int64_t size = (int64_t)unit->factor;
        for (int i = 0; i < unit->exponent; i++) {
            size *= 10;
        }
        char shorter[DECIMAL_TEXT_MAX];
        snprintf(shorter, sizeof shorter, "%" PRId64 "%s", value / size, unit->symbol);
        if (value % size == 0 && strlen(shorter) < strlen(text)) {
            memcpy(text, shorter, sizeof shorter);
        }
    }
    return text;
}

/* Of the units that only move the decimal point, the largest in which the number is at least 1. */
static const struct unit *readable_unit(enum dimension dimension, const struct decimal *number)
{
    const struct unit *best = units_of(dimension);
    for (const struct unit *unit = best; unit->symbol != NULL; unit++) {
        const bool decimal = unit->factor == 1 && unit->divisor == 1;
        if (decimal && number->count + number->exponent > unit->exponent &&
            unit->exponent > best->exponent) {
            best = unit;
        }
    }
    return best;
}

char *units_real_text(enum dimension dimension, double value, char text[DECIMAL_TEXT_MAX])
{
    struct decimal number;
    decimal_shortest(&number, value);
    if (dimension == DIMENSION_RATIO || dimension == DIMENSION_NUMBER) {
        return decimal_text(&number, text);
    }
    const struct unit *unit = readable_unit(dimension, &number);
    number.exponent -= number.count > 0 ? unit->exponent : 0;
    decimal_text(&number, text);
    const size_t length = strlen(text);
    CHECK(length + strlen(unit->symbol) < DECIMAL_TEXT_MAX);
    strcpy(text + length, unit->symbol);
    return text;
}
