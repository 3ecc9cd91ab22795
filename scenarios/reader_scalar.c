/* reader_scalar.c - booleans, numbers with their units, words and references. */
#include "scenarios/reader_rows.h"

#include "sim/arena.h"
#include "sim/sim_time.h"

#include <string.h>

enum { SUGGESTIONS_FROM_MAX = 2000 }; /* names that are compared with a wrong one */

bool read_bool(struct slot slot)
{
    if (slot.value->type != JSON_BOOL) {
        return fail_type(slot);
    }
    *(bool *)slot.out = slot.value->boolean;
    return true;
}

static const char *quantity_name(enum dimension dimension)
{
    switch (dimension) {
    case DIMENSION_DURATION:
        return "a duration";
    case DIMENSION_BYTES:
        return "a size";
    case DIMENSION_RATE:
        return "a rate";
    case DIMENSION_BANDWIDTH:
        return "a bandwidth";
    case DIMENSION_RATIO:
        return "a ratio";
    case DIMENSION_NUMBER:
        break;
    }
    return "a number";
}

static bool fail_units(struct slot slot, enum units_status status, const char *unit_text)
{
    struct reader *reader = slot.reader;
    const enum dimension dimension = row_dimension(slot.row, &reader->ambient);
    const char *got = json_describe(slot.value, reader->arena);
    if (status == UNITS_NOT_A_NUMBER) {
        return fail_type(slot);
    }
    if (status == UNITS_MISSING || status == UNITS_UNKNOWN) {
        const bool missing = status == UNITS_MISSING;
        const struct json_value unit = {.type = JSON_STRING, .text = unit_text};
        struct diag *diag =
            report(reader, slot.value, "unit", "%s %s %s (units of %s: %s)", got,
                   missing ? "has no unit" : "has the unknown unit",
                   missing ? "behind the number" : json_describe(&unit, reader->arena),
                   quantity_name(dimension), units_names(dimension));
        (void)diag;
    } else if (status == UNITS_NOT_WHOLE) {
        report(reader, slot.value, "range", "must be a whole number%s (got %s)",
               slot.row->type == PARAM_BYTES ? " of bytes" : "", got);
    } else {
        report(reader, slot.value, "range", "is too large (got %s)", got);
    }
    return false;
}

/* Splits what is written into a number and a unit, and reports what is wrong with it. */
static bool split(struct slot slot, struct decimal *number, const struct unit **unit)
{
    const struct ambient *ambient = &slot.reader->ambient;
    const enum dimension dimension = row_dimension(slot.row, ambient);
    const char *unit_text = "";
    if (slot.value->type == JSON_NUMBER) {
        *unit = row_plain_unit(slot.row, ambient);
        return decimal_read(number, slot.value->text) > 0 || fail_type(slot);
    }
    if (slot.value->type != JSON_STRING || dimension == DIMENSION_NUMBER) {
        return fail_type(slot);
    }
    const enum units_status status =
        units_split(dimension, slot.value->text, number, unit, &unit_text);
    return status == UNITS_OK || fail_units(slot, status, unit_text);
}

static bool check_limits(struct slot slot, double value)
{
    const struct limits limits = row_limits(slot.row);
    if (value >= limits.min && value <= limits.max) {
        return true;
    }
    report(slot.reader, slot.value, "range", "must be %s (got %s)",
           row_limits_text(slot.row, &slot.reader->ambient, slot.reader->arena),
           json_describe(slot.value, slot.reader->arena));
    return false;
}

static bool read_integer(struct slot slot, int64_t *out)
{
    struct decimal number;
    const struct unit *unit = NULL;
    int64_t value = 0;
    if (!split(slot, &number, &unit)) {
        return false;
    }
    const bool duration = slot.row->type == PARAM_DURATION;
    enum units_status status = units_to_integer(number, unit, duration, &value);
    if (status == UNITS_OK && duration && (value > SIM_NS_MAX || value < -SIM_NS_MAX)) {
        status = UNITS_TOO_LARGE;
    }
    if (status == UNITS_NOT_WHOLE && slot.row->type == PARAM_INT) {
        return fail_type(slot);
    }
    if (status != UNITS_OK) {
        return fail_units(slot, status, "");
    }
    if (!check_limits(slot, (double)value)) {
        return false;
    }
    *out = value;
    return true;
}

bool read_real(struct slot slot, double *out)
{
    struct decimal number;
    const struct unit *unit = NULL;
    double value = 0.0;
    if (!split(slot, &number, &unit)) {
        return false;
    }
    const enum units_status status = units_to_real(number, unit, &value);
    if (status != UNITS_OK) {
        return fail_units(slot, status, "");
    }
    if (!check_limits(slot, value)) {
        return false;
    }
    *out = value;
    return true;
}

bool read_number(struct slot slot)
{
    const bool none = row_can_be_none(slot.row) && slot.value->type == JSON_STRING &&
                      strcmp(slot.value->text, "none") == 0;
    const bool integer = slot.row->type == PARAM_INT || slot.row->type == PARAM_DURATION ||
                         slot.row->type == PARAM_BYTES;
    if (none && integer) {
        *(int64_t *)slot.out = -1;
        return true;
    }
    if (none) {
        *(double *)slot.out = -1.0;
        return true;
    }
    return integer ? read_integer(slot, slot.out) : read_real(slot, slot.out);
}

static const char *list_words(const char *const *words, struct arena *arena)
{
    const char *list = "";
    for (size_t i = 0; words[i] != NULL; i++) {
        list = arena_printf(arena, "%s%s%s", list, i > 0 ? ", " : "", words[i]);
    }
    return list;
}

bool read_enum(struct slot slot)
{
    struct reader *reader = slot.reader;
    const char *const *names = slot.row->names;
    if (slot.value->type != JSON_STRING) {
        report(reader, slot.value, "type", "must be one of %s (got %s)",
               list_words(names, reader->arena), json_describe(slot.value, reader->arena));
        return false;
    }
    struct nearest nearest = nearest_to(slot.value->text);
    for (uint32_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], slot.value->text) == 0) {
            *(uint32_t *)slot.out = i;
            return true;
        }
        nearest_try(&nearest, names[i]);
    }
    report(reader, slot.value, "unknown-word", "unknown word %s, must be one of %s",
           json_describe(slot.value, reader->arena), list_words(names, reader->arena))
        ->suggestion = nearest.best;
    return false;
}

bool read_text(struct slot slot)
{
    const struct json_value *value = slot.value;
    if (value->type != JSON_STRING) {
        return fail_type(slot);
    }
    if (slot.row->type == PARAM_ID && !id_is_valid(value->text)) {
        return fail_type(slot);
    }
    for (const char *at = value->text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            report(slot.reader, value, "type",
                   "must be one line without control characters (got %s)",
                   json_describe(value, slot.reader->arena));
            return false;
        }
    }
    *(const char **)slot.out = arena_text(slot.reader->arena, value->text, strlen(value->text));
    return true;
}

/* What a row may refer to, in words. */
struct referents {
    const struct names *names;
    const char *what, *where;
};

static struct referents referents_of(const struct reader *reader, enum param_type type)
{
    if (type == PARAM_DATASET) {
        return (struct referents){&reader->datasets, "dataset", "\"datasets\""};
    }
    if (type == PARAM_PLACE) {
        return (struct referents){&reader->places, "place",
                                  "\"regions\" and at which no clients are"};
    }
    return (struct referents){&reader->regions, "region", "\"regions\""};
}

/* "us-east-1/n0": the region's name, "/n" and a number without leading zeros. */
static bool read_machine(struct slot slot)
{
    const char *text = slot.value->text;
    const char *slash = strchr(text, '/');
    if (slash == NULL || slash[1] != 'n' || slash[2] == '\0' ||
        (slash[2] == '0' && slash[3] != '\0')) {
        return false;
    }
    uint32_t number = 0;
    for (const char *at = slash + 2; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || number >= 1 << PARAM_MACHINE_BITS) {
            return false;
        }
        number = 10 * number + (uint32_t)(*at - '0');
    }
    const char *region = arena_text(slot.reader->arena, text, (size_t)(slash - text));
    const long index = names_find(&slot.reader->regions, region);
    if (index == NAMES_NONE || number >= 1 << PARAM_MACHINE_BITS) {
        return false;
    }
    *(uint32_t *)slot.out = PARAM_MACHINE | (uint32_t)index << PARAM_MACHINE_BITS | number;
    return true;
}

bool read_reference(struct slot slot)
{
    struct reader *reader = slot.reader;
    const struct referents referents = referents_of(reader, slot.row->type);
    const struct names *names = referents.names;
    if (slot.value->type != JSON_STRING) {
        return fail_type(slot);
    }
    if (slot.row->machines && read_machine(slot)) {
        return true;
    }
    const long index = names_find(names, slot.value->text);
    if (index != NAMES_NONE) {
        *(uint32_t *)slot.out = (uint32_t)index;
        return true;
    }
    struct nearest nearest = nearest_to(slot.value->text);
    const size_t tried = diags_full(reader->diags) ? 0 : names->count;
    for (size_t i = 0; i < tried && i < SUGGESTIONS_FROM_MAX; i++) {
        if (names->names[i] != NULL) {
            nearest_try(&nearest, names->names[i]);
        }
    }
    report(reader, slot.value, "dangling-reference", "references the %s %s, which is not in %s",
           referents.what, json_describe(slot.value, reader->arena), referents.where)
        ->suggestion = nearest.best;
    return false;
}
