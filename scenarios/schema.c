#include "scenarios/schema.h"

#include "scenarios/json.h"
#include "scenarios/rows.h"
#include "sim/arena.h"
#include "sim/check.h"
#include "sim/distribution.h"

#include <float.h>
#include <inttypes.h>
#include <string.h>

enum { DEFINITIONS_MAX = 64 };

/* What "$defs" will hold: the objects of a registry, with common rows or in an ambient unit. */
struct definition {
    const char *name;
    const struct param_registry *registry;
    const struct param_spec *common;
    struct ambient ambient;
};

struct schema {
    struct text *out;
    struct arena arena; /* for names */
    struct definition definitions[DEFINITIONS_MAX];
    size_t count;
    struct ambient ambient;
};

#define ID_PATTERN     "^[A-Za-z][A-Za-z0-9._-]{0,62}$"
#define LINE_PATTERN   "^[^\\\\u0000-\\\\u001f\\\\u007f]*$"
#define NUMBER_PATTERN "(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?"

static void put_row(struct schema *schema, const struct param_spec *row);

static void put_number(struct schema *schema, const char *key, double value)
{
    char text[DECIMAL_TEXT_MAX];
    text_format(schema->out, ", \"%s\": %s", key, decimal_number_text(value, text));
}

/* Bounds of plain numbers: those of the row, in the unit that a plain number has. */
static void put_bounds(struct schema *schema, const struct param_spec *row)
{
    const struct limits limits = row_limits(row);
    double one = 1.0;
    struct decimal unit_one;
    decimal_read(&unit_one, "1");
    units_to_real(unit_one, row_plain_unit(row, &schema->ambient), &one);
    if (limits.min > -DBL_MAX) {
        put_number(schema, "minimum", limits.min / one);
    }
    if (limits.max < DBL_MAX) {
        put_number(schema, "maximum", limits.max / one);
    }
}

/* "^NUMBER(ns|us|ms)$"; negative numbers only where they can be. */
static void put_unit_pattern(struct schema *schema, const struct param_spec *row)
{
    const enum dimension dimension = row_dimension(row, &schema->ambient);
    text_format(schema->out, "{\"type\": \"string\", \"pattern\": \"^%s" NUMBER_PATTERN "(",
                row_limits(row).min >= 0.0 ? "" : "-?");
    const struct unit *unit = units_of(dimension);
    for (size_t i = 0; unit[i].symbol != NULL; i++) {
        text_format(schema->out, "%s%s", i > 0 ? "|" : "", unit[i].symbol);
    }
    text_put(schema->out, ")$\"}");
}

static void put_quantity(struct schema *schema, const struct param_spec *row)
{
    const enum dimension dimension = row_dimension(row, &schema->ambient);
    const bool integer =
        row->type == PARAM_INT ||
        (row->type == PARAM_BYTES && row_plain_unit(row, &schema->ambient)->exponent == 0);
    const bool none = row_can_be_none(row);
    const bool several = none || dimension != DIMENSION_NUMBER;
    text_put(schema->out, several ? "\"anyOf\": [{" : "");
    text_format(schema->out, "\"type\": \"%s\"", integer ? "integer" : "number");
    put_bounds(schema, row);
    text_put(schema->out, several ? "}" : "");
    if (dimension != DIMENSION_NUMBER) {
        text_put(schema->out, ", ");
        put_unit_pattern(schema, row);
    }
    text_put(schema->out, none ? ", {\"const\": \"none\"}" : "");
    text_put(schema->out, several ? "]" : "");
}

static void put_enum(struct schema *schema, const char *const *names)
{
    text_put(schema->out, "\"enum\": [");
    for (size_t i = 0; names[i] != NULL; i++) {
        text_put(schema->out, i > 0 ? ", " : "");
        text_put_json(schema->out, names[i]);
    }
    text_put(schema->out, "]");
}

static void put_count(struct schema *schema, const struct param_spec *row, bool map)
{
    const struct limits limits = row_limits(row);
    if (limits.min > -DBL_MAX) {
        put_number(schema, map ? "minProperties" : "minItems", limits.min);
    }
    if (limits.max < DBL_MAX) {
        put_number(schema, map ? "maxProperties" : "maxItems", limits.max);
    }
}

static void put_description(struct schema *schema, const struct param_spec *row)
{
    if (row->help != NULL) {
        text_put(schema->out, ", \"description\": ");
        text_put_json(schema->out, row->help);
    }
}

/* The default as a user would write it: JSON where it is, else a string. */
static void put_default(struct schema *schema, const struct param_spec *row)
{
    const char *text = row->default_text;
    if (text == NULL) {
        return;
    }
    struct decimal number;
    const size_t digits = decimal_read(&number, text);
    const bool word = row->type == PARAM_ENUM || row->type == PARAM_TEXT || row->type == PARAM_ID;
    const bool literal =
        !word && ((digits > 0 && text[digits] == '\0') || strcmp(text, "true") == 0 ||
                  strcmp(text, "false") == 0 || text[0] == '{' || text[0] == '[');
    text_put(schema->out, ", \"default\": ");
    if (literal) {
        text_put(schema->out, text);
    } else {
        text_put_json(schema->out, text);
    }
}

/* "key": {...} for every row, after a first property. */
static void put_properties(struct schema *schema, const struct param_spec *table, bool *first)
{
    for (const struct param_spec *row = table; row != NULL && row->type != PARAM_END; row++) {
        text_put(schema->out, *first ? "\n" : ",\n");
        *first = false;
        text_put_json(schema->out, row->key);
        text_put(schema->out, ": {");
        put_row(schema, row);
        put_description(schema, row);
        put_default(schema, row);
        text_put(schema->out, "}");
    }
}

static void put_required(struct schema *schema, const struct param_spec *table, bool *first)
{
    for (const struct param_spec *row = table; row != NULL && row->type != PARAM_END; row++) {
        if (row->required && row->default_text == NULL) {
            text_put(schema->out, *first ? "" : ", ");
            *first = false;
            text_put_json(schema->out, row->key);
        }
    }
}

static void put_object(struct schema *schema, const struct param_spec *table)
{
    bool first = true;
    text_put(schema->out, "\"type\": \"object\", \"additionalProperties\": false, \"required\": [");
    put_required(schema, table, &first);
    text_put(schema->out, "], \"properties\": {");
    first = true;
    put_properties(schema, table, &first);
    text_put(schema->out, "}");
}

static bool has_required_beside(const struct param_spec *table, const char *key)
{
    for (const struct param_spec *row = table; row != NULL && row->type != PARAM_END; row++) {
        const bool needed = row->required && row->default_text == NULL;
        if (needed && (key == NULL || strcmp(row->key, key) != 0)) {
            return true;
        }
    }
    return false;
}

/* An object, or the bare value of its shorthand when nothing else is required. */
static void put_item(struct schema *schema, const struct param_spec *row)
{
    const struct param_spec *bare =
        row->shorthand != NULL ? rows_find(row->table, row->shorthand) : NULL;
    if (bare == NULL || has_required_beside(row->table, row->shorthand)) {
        put_object(schema, row->table);
        return;
    }
    text_put(schema->out, "\"anyOf\": [{\"allOf\": [{\"type\": [\"string\", \"number\"]}, {");
    put_row(schema, bare);
    text_put(schema->out, "}]}, {");
    put_object(schema, row->table);
    text_put(schema->out, "}]");
}

static void put_list(struct schema *schema, const struct param_spec *row)
{
    const bool map = row->type == PARAM_MAP;
    text_format(schema->out, "\"type\": \"%s\"", map ? "object" : "array");
    put_count(schema, row, map);
    if (map) {
        text_put(schema->out, ", \"propertyNames\": {\"pattern\": \"" ID_PATTERN "\"}");
    }
    text_format(schema->out, ", \"%s\": {", map ? "additionalProperties" : "items");
    put_item(schema, row);
    text_put(schema->out, "}");
}

/* The name of the definition; added when it is new. */
static const char *define(struct schema *schema, const struct param_registry *registry,
                          const struct param_spec *row)
{
    const bool law = row->type == PARAM_DISTRIBUTION;
    const struct ambient ambient = law ? row_ambient(row, &schema->ambient) : schema->ambient;
    const struct param_spec *common = law ? NULL : row->table;
    for (size_t i = 0; i < schema->count; i++) {
        const struct definition *old = &schema->definitions[i];
        if (old->registry == registry && old->common == common &&
            old->ambient.plain == ambient.plain) {
            return old->name;
        }
    }
    static const char *const dimensions[] = {"number", "duration", "bytes"};
    CHECK(schema->count < DEFINITIONS_MAX);
    struct definition *definition = &schema->definitions[schema->count];
    definition->name = law ? arena_printf(&schema->arena, "%s_%s_%s", registry->name,
                                          dimensions[ambient.dimension], ambient.plain->symbol)
                           : arena_printf(&schema->arena, "%s_%zu", registry->name, schema->count);
    definition->registry = registry;
    definition->common = common;
    definition->ambient = ambient;
    schema->count++;
    return definition->name;
}

/* Words that may stand alone: kinds for which nothing is required. */
static void put_bare_kinds(struct schema *schema, const struct definition *definition)
{
    bool first = true;
    for (size_t i = 0; i < definition->registry->count; i++) {
        const struct param_kind *kind = definition->registry->kinds[i];
        if (!has_required_beside(kind->params, NULL) &&
            !has_required_beside(definition->common, NULL)) {
            text_put(schema->out, first ? "{\"enum\": [" : ", ");
            text_put_json(schema->out, kind->name);
            first = false;
        }
    }
    text_put(schema->out, first ? "false" : "]}");
}

/* if the discriminator is the kind's name, then its rows and no others */
static void put_kind(struct schema *schema, const struct definition *definition,
                     const struct param_kind *kind)
{
    const char *key = definition->registry->key;
    text_format(schema->out, "{\"if\": {\"properties\": {\"%s\": {\"const\": \"%s\"}}}, ", key,
                kind->name);
    text_put(schema->out, "\"then\": {\"additionalProperties\": false, \"required\": [");
    bool first = true;
    put_required(schema, definition->common, &first);
    put_required(schema, kind->params, &first);
    text_format(schema->out, "], \"description\": ");
    text_put_json(schema->out, kind->summary);
    text_format(schema->out, ", \"properties\": {\n\"%s\": {\"const\": \"%s\"}", key, kind->name);
    first = false;
    put_properties(schema, definition->common, &first);
    put_properties(schema, kind->params, &first);
    text_put(schema->out, "}}}");
}

static void put_choice(struct schema *schema, const struct definition *definition)
{
    const struct param_registry *registry = definition->registry;
    text_format(schema->out,
                "{\"type\": \"object\", \"required\": [\"%s\"], \"properties\": "
                "{\"%s\": {\"enum\": [",
                registry->key, registry->key);
    for (size_t i = 0; i < registry->count; i++) {
        text_format(schema->out, "%s\"%s\"", i > 0 ? ", " : "", registry->kinds[i]->name);
    }
    text_put(schema->out, "]}}, \"allOf\": [\n");
    for (size_t i = 0; i < registry->count; i++) {
        text_put(schema->out, i > 0 ? ",\n" : "");
        put_kind(schema, definition, registry->kinds[i]);
    }
    text_put(schema->out, "]}");
}

static void put_definition(struct schema *schema, struct definition definition)
{
    schema->ambient = definition.ambient;
    text_format(schema->out, "\"%s\": {\"anyOf\": [\n", definition.name);
    const struct param_kind *constant =
        definition.registry == &distribution_registry ? constant_kind(definition.registry) : NULL;
    if (constant != NULL) {
        text_put(schema->out, "{");
        put_row(schema, constant_row(constant));
        text_put(schema->out, "}");
    } else {
        put_bare_kinds(schema, &definition);
    }
    text_put(schema->out, ",\n");
    put_choice(schema, &definition);
    text_put(schema->out, "]}");
}

static void put_reference(struct schema *schema, const struct param_registry *registry,
                          const struct param_spec *row)
{
    text_format(schema->out, "\"$ref\": \"#/$defs/%s\"", define(schema, registry, row));
}

static void put_csv_numbers(struct schema *schema, const struct param_spec *row)
{
    struct param_spec item = *row;
    item.type = PARAM_QUANTITY;
    text_put(schema->out, "\"anyOf\": [{\"type\": \"string\", \"minLength\": 1}, "
                          "{\"type\": \"array\", \"items\": {");
    put_quantity(schema, &item);
    text_put(schema->out, "}}]");
}

#define MACHINE_SCHEMA                                                                             \
    "\"type\": \"string\", \"pattern\": \"^[A-Za-z][A-Za-z0-9._-]{0,62}(/n[0-9]{1,4})?$\""
#define ID_SCHEMA "\"type\": \"string\", \"pattern\": \"" ID_PATTERN "\""

static void put_regions(struct schema *schema, const struct param_spec *row)
{
    const bool flat = row->type == PARAM_REGIONS || row->type == PARAM_PLACES;
    text_put(schema->out, "\"type\": \"array\", \"items\": {");
    text_put(schema->out, flat ? "" : "\"type\": \"array\", \"items\": {");
    text_put(schema->out, row->machines ? MACHINE_SCHEMA : ID_SCHEMA);
    text_put(schema->out, flat ? "}" : "}}");
    put_count(schema, row, false);
}

static void put_numbers(struct schema *schema, const struct param_spec *row)
{
    text_put(schema->out, "\"type\": \"array\", \"items\": {\"type\": \"number\"");
    put_bounds(schema, row);
    text_put(schema->out, "}");
}

static void put_words_of(struct schema *schema, const struct param_spec *row)
{
    put_enum(schema, row->names);
}

static void put_law(struct schema *schema, const struct param_spec *row)
{
    put_reference(schema, &distribution_registry, row);
}

static void put_one_choice(struct schema *schema, const struct param_spec *row)
{
    put_reference(schema, row->registry, row);
}

static void put_choices(struct schema *schema, const struct param_spec *row)
{
    text_put(schema->out, "\"type\": \"array\", \"items\": {");
    put_reference(schema, row->registry, row);
    text_put(schema->out, "}");
    put_count(schema, row, false);
}

/* What each type is in a schema: a fixed text, or what a function says of its row. */
static const struct {
    const char *fixed;
    void (*put)(struct schema *schema, const struct param_spec *row);
} parts[] = {
    [PARAM_BOOL] = {"\"type\": \"boolean\"", NULL},
    [PARAM_INT] = {NULL, put_quantity},
    [PARAM_REAL] = {NULL, put_quantity},
    [PARAM_RATIO] = {NULL, put_quantity},
    [PARAM_DURATION] = {NULL, put_quantity},
    [PARAM_BYTES] = {NULL, put_quantity},
    [PARAM_RATE] = {NULL, put_quantity},
    [PARAM_BANDWIDTH] = {NULL, put_quantity},
    [PARAM_QUANTITY] = {NULL, put_quantity},
    [PARAM_ENUM] = {NULL, put_words_of},
    [PARAM_TEXT] = {"\"type\": \"string\", \"pattern\": \"" LINE_PATTERN "\"", NULL},
    [PARAM_ID] = {ID_SCHEMA, NULL},
    [PARAM_REGION] = {ID_SCHEMA, NULL},
    [PARAM_REGIONS] = {NULL, put_regions},
    [PARAM_REGION_SETS] = {NULL, put_regions},
    [PARAM_PLACE] = {ID_SCHEMA, NULL},
    [PARAM_PLACES] = {NULL, put_regions},
    [PARAM_PLACE_SETS] = {NULL, put_regions},
    [PARAM_DATASET] = {ID_SCHEMA, NULL},
    [PARAM_NUMBERS] = {NULL, put_numbers},
    [PARAM_CSV_NUMBERS] = {NULL, put_csv_numbers},
    [PARAM_CSV_TABLE] = {"\"type\": \"string\", \"minLength\": 1", NULL},
    [PARAM_DISTRIBUTION] = {NULL, put_law},
    [PARAM_OBJECT] = {NULL, put_item},
    [PARAM_LIST] = {NULL, put_list},
    [PARAM_MAP] = {NULL, put_list},
    [PARAM_CHOICE] = {NULL, put_one_choice},
    [PARAM_CHOICES] = {NULL, put_choices},
    [PARAM_EXPECT] = {"\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{\"type\": "
                      "\"array\", \"minItems\": 1, \"items\": {\"$ref\": "
                      "\"#/$defs/threshold\"}}, {\"$ref\": \"#/$defs/threshold\"}]}",
                      NULL},
    [PARAM_VARIANTS] = {"\"type\": \"object\", \"propertyNames\": {\"pattern\": \"" ID_PATTERN
                        "\", \"not\": {\"enum\": [\"base\", \"all\", \"figures\", "
                        "\"comparison.csv\"]}}, \"additionalProperties\": {\"type\": \"object\"}",
                        NULL},
};

static void put_row(struct schema *schema, const struct param_spec *row)
{
    CHECK(row->type < sizeof parts / sizeof parts[0]);
    if (parts[row->type].fixed != NULL) {
        text_put(schema->out, parts[row->type].fixed);
    } else {
        CHECK(parts[row->type].put != NULL);
        parts[row->type].put(schema, row);
    }
}

static void put_threshold(struct schema *schema)
{
    text_put(schema->out,
             "\"threshold\": {\"anyOf\": [{\"type\": \"string\", \"pattern\": \"" LINE_PATTERN
             "\"}, {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
             "[\"threshold\"], \"properties\": {\"threshold\": {\"type\": \"string\", "
             "\"pattern\": \"" LINE_PATTERN "\"}, \"allow_empty\": {\"type\": \"boolean\"}}}]}");
}

void schema_put(const struct param_spec *table, const char *title, struct text *out)
{
    struct schema *schema = memory_alloc(1, sizeof *schema);
    arena_init(&schema->arena);
    schema->out = out;
    schema->ambient = (struct ambient){DIMENSION_NUMBER, units_of_key(DIMENSION_NUMBER, "")};
    text_put(out, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n\"title\": ");
    text_put_json(out, title);
    text_put(out, ",\n\"type\": \"object\", \"additionalProperties\": false, \"required\": [");
    bool first = true;
    put_required(schema, table, &first);
    text_put(out, "],\n\"properties\": {\n\"$schema\": {\"type\": \"string\"}");
    first = false;
    put_properties(schema, table, &first);
    text_put(out, "},\n\"$defs\": {\n");
    put_threshold(schema);
    for (size_t i = 0; i < schema->count; i++) { /* writing one may define another */
        text_put(out, ",\n");
        put_definition(schema, schema->definitions[i]);
    }
    text_put(out, "}}\n");
    arena_release(&schema->arena);
    memory_release(schema);
}
