#include "scenarios/rows.h"

#include "sim/arena.h"
#include "sim/sim_time.h"

#include <float.h>
#include <string.h>

static const struct {
    const char *phrase;
    enum dimension dimension;
    bool scalar;
    double min, max; /* without limits of its own; both 0: none */
} types[] = {
    [PARAM_END] = {0},
    [PARAM_BOOL] = {"true or false", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_INT] = {"an integer", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_REAL] = {"a number", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_RATIO] = {"a ratio such as 0.05 or \"5%\"", DIMENSION_RATIO, true, 0, 1},
    [PARAM_DURATION] = {"a duration such as \"80ms\"", DIMENSION_DURATION, true, 0,
                        (double)SIM_NS_MAX},
    [PARAM_BYTES] = {"a size such as \"4KiB\"", DIMENSION_BYTES, true, 0, 0x1p62},
    [PARAM_RATE] = {"a rate such as \"50/s\"", DIMENSION_RATE, true, 0, DBL_MAX},
    [PARAM_BANDWIDTH] = {"a bandwidth such as \"10Gbps\"", DIMENSION_BANDWIDTH, true, 0, DBL_MAX},
    [PARAM_QUANTITY] = {"a number", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_ENUM] = {"a word", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_TEXT] = {"text", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_ID] = {"a name (a letter, then letters, digits, '.', '_' or '-', at most 63)",
                  DIMENSION_NUMBER, true, 0, 0},
    [PARAM_REGION] = {"the name of a region", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_REGIONS] = {"a list of regions", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_REGION_SETS] = {"a list of lists of regions", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_PLACE] = {"the name of a region or of a client's place", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_PLACES] = {"a list of regions and clients' places", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_PLACE_SETS] = {"a list of lists of regions and clients' places", DIMENSION_NUMBER, false,
                          0, 0},
    [PARAM_DATASET] = {"the name of a dataset", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_NUMBERS] = {"a list of numbers", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_CSV_NUMBERS] = {"a file such as \"delays.csv#rtt_ms\" or a list of numbers",
                           DIMENSION_NUMBER, false, 0, 0},
    [PARAM_CSV_TABLE] = {"the name of a CSV file", DIMENSION_NUMBER, true, 0, 0},
    [PARAM_DISTRIBUTION] = {"a distribution or a constant", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_OBJECT] = {"an object", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_LIST] = {"a list", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_MAP] = {"an object of named entries", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_CHOICE] = {"an object", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_CHOICES] = {"a list", DIMENSION_NUMBER, false, 0, 0},
    [PARAM_EXPECT] = {"an object of lists of thresholds such as \"p(99)<500\"", DIMENSION_NUMBER,
                      false, 0, 0},
    [PARAM_VARIANTS] = {"an object of named sets of overrides", DIMENSION_NUMBER, false, 0, 0},
};

const struct param_spec *rows_find(const struct param_spec *table, const char *key)
{
    for (const struct param_spec *row = table; row != NULL && row->type != PARAM_END; row++) {
        if (strcmp(row->key, key) == 0) {
            return row;
        }
    }
    return NULL;
}

static bool is_number(const struct param_spec *row)
{
    return row->type >= PARAM_INT && row->type <= PARAM_QUANTITY;
}

bool row_can_be_none(const struct param_spec *row)
{
    return is_number(row) && row->default_text != NULL && strcmp(row->default_text, "none") == 0;
}

bool row_is_scalar(const struct param_spec *row)
{
    return types[row->type].scalar;
}

struct limits row_limits(const struct param_spec *row)
{
    struct limits limits = {row->min, row->max};
    if (limits.min == 0.0 && limits.max == 0.0) {
        limits = (struct limits){types[row->type].min, types[row->type].max};
    }
    if (limits.min == 0.0 && limits.max == 0.0) {
        limits = (struct limits){-DBL_MAX, DBL_MAX};
    }
    return limits;
}

/* In the unit of the distribution around it. */
static bool in_ambient(const struct param_spec *row)
{
    return row->type == PARAM_QUANTITY || row->type == PARAM_CSV_NUMBERS;
}

enum dimension row_dimension(const struct param_spec *row, const struct ambient *ambient)
{
    return in_ambient(row) ? ambient->dimension : types[row->type].dimension;
}

const struct unit *row_plain_unit(const struct param_spec *row, const struct ambient *ambient)
{
    return in_ambient(row) ? ambient->plain : units_of_key(types[row->type].dimension, row->key);
}

struct ambient row_ambient(const struct param_spec *row, const struct ambient *ambient)
{
    if (row->unit == PARAM_UNIT_NONE) {
        return *ambient;
    }
    const enum dimension dimension =
        row->unit == PARAM_UNIT_DURATION ? DIMENSION_DURATION : DIMENSION_BYTES;
    return (struct ambient){dimension, units_of_key(dimension, row->key)};
}

const char *row_phrase(const struct param_spec *row, const struct ambient *ambient)
{
    if (row->type == PARAM_QUANTITY && ambient->dimension == DIMENSION_DURATION) {
        return types[PARAM_DURATION].phrase;
    }
    if (row->type == PARAM_QUANTITY && ambient->dimension == DIMENSION_BYTES) {
        return types[PARAM_BYTES].phrase;
    }
    return types[row->type].phrase;
}

char *row_number_text(const struct param_spec *row, const struct ambient *ambient, double value,
                      char text[DECIMAL_TEXT_MAX])
{
    if (row_can_be_none(row) && value == -1.0) {
        return strcpy(text, "none");
    }
    const enum dimension dimension = row_dimension(row, ambient);
    if (row->type == PARAM_DURATION || row->type == PARAM_BYTES) {
        return units_integer_text(dimension, (int64_t)value, text);
    }
    return units_real_text(dimension, value, text);
}

const char *row_limits_text(const struct param_spec *row, const struct ambient *ambient,
                            struct arena *arena)
{
    const struct limits limits = row_limits(row);
    const bool endless = (row->type == PARAM_DURATION && limits.max >= (double)SIM_NS_MAX) ||
                         (row->type == PARAM_BYTES && limits.max >= 0x1p62);
    char min[DECIMAL_TEXT_MAX];
    char max[DECIMAL_TEXT_MAX];
    if (limits.min > -DBL_MAX && (limits.max >= DBL_MAX || endless)) {
        return arena_printf(arena, "at least %s", row_number_text(row, ambient, limits.min, min));
    }
    if (limits.max < DBL_MAX && limits.min <= -DBL_MAX) {
        return arena_printf(arena, "at most %s", row_number_text(row, ambient, limits.max, max));
    }
    if (limits.min <= -DBL_MAX) {
        return "";
    }
    return arena_printf(arena, "between %s and %s", row_number_text(row, ambient, limits.min, min),
                        row_number_text(row, ambient, limits.max, max));
}

bool id_is_valid(const char *text)
{
    size_t length = 0;
    for (; text[length] != '\0'; length++) {
        const char c = text[length];
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool other = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!letter && (length == 0 || !other)) {
            return false;
        }
    }
    return length > 0 && length <= ROW_ID_MAX;
}

const struct param_kind *constant_kind(const struct param_registry *registry)
{
    const struct param_kind *kind = param_registry_find(registry, "constant");
    return kind != NULL && constant_row(kind) != NULL ? kind : NULL;
}

const struct param_spec *constant_row(const struct param_kind *kind)
{
    const struct param_spec *row = kind->params;
    const bool one = strcmp(kind->name, "constant") == 0 && row != NULL &&
                     row->type == PARAM_QUANTITY && row[1].type == PARAM_END;
    return one ? row : NULL;
}
