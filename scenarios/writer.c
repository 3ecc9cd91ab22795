#include "scenarios/writer.h"

#include "scenarios/reader.h"
#include "scenarios/rows.h"
#include "sim/arena.h"
#include "sim/check.h"
#include "sim/distribution.h"

#include <inttypes.h>
#include <string.h>

enum { INDENT = 2 };

struct writing {
    const struct writer *options;
    struct text *out;
    int depth;
    bool any; /* the open object or list has something in it */
    struct ambient ambient;
};

/* One value in memory, as a row describes it. */
struct cell {
    const struct param_spec *row;
    const void *at;
};

static void put_value(struct writing *writing, struct cell cell);
static void put_rows(struct writing *writing, const struct param_spec *table, const void *base);

static void new_line(struct writing *writing)
{
    text_put(writing->out, "\n");
    for (int i = 0; i < INDENT * writing->depth; i++) {
        text_put(writing->out, " ");
    }
}

static void open_group(struct writing *writing, const char *bracket)
{
    text_put(writing->out, bracket);
    writing->depth++;
    writing->any = false;
}

static void next_item(struct writing *writing)
{
    text_put(writing->out, writing->any ? "," : "");
    new_line(writing);
    writing->any = true;
}

static void close_group(struct writing *writing, const char *bracket)
{
    writing->depth--;
    if (writing->any) {
        new_line(writing);
    }
    text_put(writing->out, bracket);
    writing->any = true; /* what is around it now has something in it */
}

static void put_key(struct writing *writing, const char *key)
{
    next_item(writing);
    text_put_json(writing->out, key);
    text_put(writing->out, ": ");
}

static const char *name_at(const struct names *names, uint32_t index)
{
    return names != NULL && index < names->count ? names->names[index] : NULL;
}

static const struct names *names_of(const struct writing *writing, const struct param_spec *row)
{
    if (row->type == PARAM_PLACE) {
        return writing->options->places;
    }
    return row->type == PARAM_DATASET ? writing->options->datasets : writing->options->regions;
}

static void put_name(struct writing *writing, struct cell cell)
{
    const uint32_t index = *(const uint32_t *)cell.at;
    if (!cell.row->machines || (index & PARAM_MACHINE) == 0) {
        text_put_json(writing->out, name_at(names_of(writing, cell.row), index));
        return;
    }
    const uint32_t region = (index & ~PARAM_MACHINE) >> PARAM_MACHINE_BITS;
    text_format(writing->out, "\"%s/n%u\"", name_at(writing->options->regions, region),
                (unsigned)(index & ((1 << PARAM_MACHINE_BITS) - 1)));
}

static double number_at(struct cell cell)
{
    const bool integer = cell.row->type == PARAM_INT || cell.row->type == PARAM_DURATION ||
                         cell.row->type == PARAM_BYTES;
    return integer ? (double)*(const int64_t *)cell.at : *(const double *)cell.at;
}

static size_t count_at(struct cell cell)
{
    return ((const struct param_list *)cell.at)->count;
}

/* Nothing that JSON could say: NULL, or zero where absent means zero. */
static bool is_absent(const struct writing *writing, struct cell cell)
{
    const bool plain = cell.row->default_text == NULL && !cell.row->required;
    switch (cell.row->type) {
    case PARAM_BOOL:
        return plain && !*(const bool *)cell.at;
    case PARAM_INT:
    case PARAM_REAL:
    case PARAM_RATIO:
    case PARAM_DURATION:
    case PARAM_BYTES:
    case PARAM_RATE:
    case PARAM_BANDWIDTH:
    case PARAM_QUANTITY:
        return plain && number_at(cell) == 0.0;
    case PARAM_ENUM:
        return plain && *(const uint32_t *)cell.at == 0;
    case PARAM_TEXT:
    case PARAM_ID:
        return *(const char *const *)cell.at == NULL;
    case PARAM_DISTRIBUTION:
        return *(const struct distribution *const *)cell.at == NULL;
    case PARAM_REGION:
    case PARAM_PLACE:
    case PARAM_DATASET:
        return name_at(names_of(writing, cell.row), *(const uint32_t *)cell.at) == NULL;
    case PARAM_CHOICE:
        return ((const struct param_choice *)cell.at)->kind == NULL;
    case PARAM_CSV_TABLE:
        return ((const struct param_csv *)cell.at)->file == NULL;
    case PARAM_REGIONS:
    case PARAM_REGION_SETS:
    case PARAM_PLACES:
    case PARAM_PLACE_SETS:
    case PARAM_NUMBERS:
    case PARAM_CSV_NUMBERS:
    case PARAM_LIST:
    case PARAM_MAP:
    case PARAM_CHOICES:
    case PARAM_EXPECT:
        return plain && count_at(cell) == 0;
    case PARAM_OBJECT:
        return false;
    case PARAM_VARIANTS:
    case PARAM_END:
        break;
    }
    return true;
}

static void put_number(struct writing *writing, struct cell cell)
{
    char text[DECIMAL_TEXT_MAX];
    const enum dimension dimension = row_dimension(cell.row, &writing->ambient);
    const bool none = row_can_be_none(cell.row) && number_at(cell) == -1.0;
    if (cell.row->type == PARAM_INT && !none) {
        text_format(writing->out, "%" PRId64, *(const int64_t *)cell.at);
    } else if (!none && (cell.row->type == PARAM_DURATION || cell.row->type == PARAM_BYTES)) {
        text_put_json(writing->out, units_integer_text(dimension, *(const int64_t *)cell.at, text));
    } else {
        row_number_text(cell.row, &writing->ambient, number_at(cell), text);
        const bool quoted = none || (dimension != DIMENSION_NUMBER && dimension != DIMENSION_RATIO);
        text_format(writing->out, quoted ? "\"%s\"" : "%s", text);
    }
}

/* Lists of words and numbers go on one line. */
static void put_short_list(struct writing *writing, const struct param_list *list,
                           const struct param_spec *item_row, size_t item_bytes)
{
    text_put(writing->out, "[");
    for (size_t i = 0; i < list->count; i++) {
        text_put(writing->out, i > 0 ? ", " : "");
        put_value(writing, (struct cell){item_row, (const char *)list->items + i * item_bytes});
    }
    text_put(writing->out, "]");
}

static void put_list_of(struct writing *writing, struct cell cell)
{
    const enum param_type type = cell.row->type;
    const bool places = type == PARAM_PLACES || type == PARAM_PLACE_SETS;
    const struct param_spec name = {
        .key = "", .type = places ? PARAM_PLACE : PARAM_REGION, .machines = cell.row->machines};
    const struct param_spec names = {
        .key = "", .type = places ? PARAM_PLACES : PARAM_REGIONS, .machines = cell.row->machines};
    const bool quantities = type == PARAM_CSV_NUMBERS;
    const struct param_spec number = {.key = "", .type = quantities ? PARAM_QUANTITY : PARAM_REAL};
    const struct param_list *list = cell.at;
    if (type == PARAM_REGIONS || type == PARAM_PLACES) {
        put_short_list(writing, list, &name, sizeof(uint32_t));
    } else if (type == PARAM_REGION_SETS || type == PARAM_PLACE_SETS) {
        put_short_list(writing, list, &names, sizeof(struct param_list));
    } else {
        put_short_list(writing, list, &number, sizeof(double));
    }
}

static void put_csv(struct writing *writing, const struct param_csv *csv)
{
    if (!writing->options->contents) {
        text_put_json(writing->out, csv->file);
        return;
    }
    text_put(writing->out, "[");
    for (size_t i = 0; i < csv->columns; i++) {
        text_put_json(writing->out, csv->header[i]);
    }
    for (size_t i = 0; i < csv->columns * csv->rows; i++) {
        text_put(writing->out, i % csv->columns == 0 ? "\n" : ",");
        text_put_json(writing->out, csv->cells[i]);
    }
    text_put(writing->out, "]");
}

static void put_items(struct writing *writing, struct cell cell)
{
    const struct param_list *list = cell.at;
    const bool map = cell.row->type == PARAM_MAP;
    open_group(writing, map ? "{" : "[");
    for (size_t i = 0; i < list->count; i++) {
        const char *item = (const char *)list->items + i * cell.row->item_bytes;
        if (map) {
            put_key(writing, *(const char *const *)(const void *)item);
        } else {
            next_item(writing);
        }
        open_group(writing, "{");
        put_rows(writing, cell.row->table, item);
        close_group(writing, "}");
    }
    close_group(writing, map ? "}" : "]");
}

static void put_choice(struct writing *writing, const struct param_registry *registry,
                       const struct param_spec *common, const struct param_choice *choice)
{
    open_group(writing, "{");
    put_key(writing, registry->key);
    text_put_json(writing->out, choice->kind->name);
    put_rows(writing, common, choice->common);
    put_rows(writing, choice->kind->params, choice->params);
    close_group(writing, "}");
}

static void put_choices(struct writing *writing, struct cell cell)
{
    const struct param_list *list = cell.at;
    const struct param_choice *choices = list->items;
    open_group(writing, "[");
    for (size_t i = 0; i < list->count; i++) {
        next_item(writing);
        put_choice(writing, cell.row->registry, cell.row->table, &choices[i]);
    }
    close_group(writing, "]");
}

static void put_distribution(struct writing *writing, struct cell cell)
{
    const struct distribution *distribution = *(const struct distribution *const *)cell.at;
    const struct param_kind *kind = &distribution->ops->kind;
    const struct param_spec *constant = constant_row(kind);
    const struct ambient outer = writing->ambient;
    writing->ambient = row_ambient(cell.row, &outer);
    if (constant != NULL) {
        put_value(writing,
                  (struct cell){constant, (const char *)distribution->params + constant->offset});
    } else {
        open_group(writing, "{");
        put_key(writing, distribution_registry.key);
        text_put_json(writing->out, kind->name);
        put_rows(writing, kind->params, distribution->params);
        close_group(writing, "}");
    }
    writing->ambient = outer;
}

/* Thresholds of the same metric stand together: a JSON object has each key once. */
static void put_expectations(struct writing *writing, const struct param_list *list)
{
    const struct param_expectation *items = list->items;
    open_group(writing, "{");
    for (size_t i = 0; i < list->count; i++) {
        const bool first = i == 0 || strcmp(items[i - 1].metric, items[i].metric) != 0;
        const bool last = i + 1 == list->count || strcmp(items[i + 1].metric, items[i].metric) != 0;
        if (first) {
            put_key(writing, items[i].metric);
        }
        text_put(writing->out, first ? "[" : ", ");
        if (items[i].allow_empty) {
            text_put(writing->out, "{\"threshold\": ");
        }
        text_put_json(writing->out, items[i].threshold);
        text_put(writing->out, items[i].allow_empty ? ", \"allow_empty\": true}" : "");
        text_put(writing->out, last ? "]" : "");
    }
    close_group(writing, "}");
}

static void put_value(struct writing *writing, struct cell cell)
{
    const struct param_spec *row = cell.row;
    switch (row->type) {
    case PARAM_BOOL:
        text_put(writing->out, *(const bool *)cell.at ? "true" : "false");
        break;
    case PARAM_INT:
    case PARAM_REAL:
    case PARAM_RATIO:
    case PARAM_DURATION:
    case PARAM_BYTES:
    case PARAM_RATE:
    case PARAM_BANDWIDTH:
    case PARAM_QUANTITY:
        put_number(writing, cell);
        break;
    case PARAM_ENUM:
        text_put_json(writing->out, row->names[*(const uint32_t *)cell.at]);
        break;
    case PARAM_TEXT:
    case PARAM_ID:
        text_put_json(writing->out, *(const char *const *)cell.at);
        break;
    case PARAM_REGION:
    case PARAM_PLACE:
    case PARAM_DATASET:
        put_name(writing, cell);
        break;
    case PARAM_REGIONS:
    case PARAM_REGION_SETS:
    case PARAM_PLACES:
    case PARAM_PLACE_SETS:
    case PARAM_NUMBERS:
    case PARAM_CSV_NUMBERS:
        put_list_of(writing, cell);
        break;
    case PARAM_CSV_TABLE:
        put_csv(writing, cell.at);
        break;
    case PARAM_DISTRIBUTION:
        put_distribution(writing, cell);
        break;
    case PARAM_OBJECT:
        open_group(writing, "{");
        put_rows(writing, row->table, cell.at);
        close_group(writing, "}");
        break;
    case PARAM_LIST:
    case PARAM_MAP:
        put_items(writing, cell);
        break;
    case PARAM_CHOICE:
        put_choice(writing, row->registry, row->table, cell.at);
        break;
    case PARAM_CHOICES:
        put_choices(writing, cell);
        break;
    case PARAM_EXPECT:
        put_expectations(writing, cell.at);
        break;
    case PARAM_VARIANTS:
    case PARAM_END:
        break;
    }
}

static bool has_required(const struct param_spec *table)
{
    for (const struct param_spec *row = table; row->type != PARAM_END; row++) {
        if (row->required || (row->type == PARAM_OBJECT && has_required(row->table))) {
            return true;
        }
    }
    return false;
}

/* The end of the last field that the rows fill. */
static size_t table_bytes(const struct param_spec *table)
{
    size_t bytes = 0;
    for (const struct param_spec *row = table; row->type != PARAM_END; row++) {
        const size_t size =
            row->type == PARAM_OBJECT ? table_bytes(row->table) : sizeof(struct param_csv);
        bytes = row->offset + size > bytes ? row->offset + size : bytes;
    }
    return bytes;
}

/*
 * An optional object with required keys that was absent can not be written, only left out. Whether
 * it was shows by its text: that of an absent one is the same.
 */
static bool was_absent(const struct writing *writing, struct cell cell)
{
    if (cell.row->required || !has_required(cell.row->table)) {
        return false;
    }
    struct arena arena;
    arena_init(&arena);
    struct diags *diags = arena_alloc(&arena, 1, sizeof *diags);
    diags_init(diags, &arena);
    struct reader reader;
    reader_init(&reader, &arena, diags, NULL);
    reader.ambient = writing->ambient;
    const struct source source = {.name = "absent", .text = ""};
    const struct json_value empty = {.type = JSON_OBJECT, .place = {&source, 0}};
    void *base = arena_alloc(&arena, 1, table_bytes(cell.row->table));
    reader_read_absent(&reader, cell.row->table, &empty, base);
    struct text absent = {0};
    struct text actual = {0};
    struct writing trial = *writing;
    trial.out = &absent;
    put_rows(&trial, cell.row->table, base);
    trial = *writing;
    trial.out = &actual;
    put_rows(&trial, cell.row->table, cell.at);
    const bool same = strcmp(text_string(&absent), text_string(&actual)) == 0;
    text_release(&absent);
    text_release(&actual);
    arena_release(&arena);
    return same;
}

static void put_rows(struct writing *writing, const struct param_spec *table, const void *base)
{
    for (const struct param_spec *row = table; row != NULL && row->type != PARAM_END; row++) {
        const struct cell cell = {row, (const char *)base + row->offset};
        bool absent =
            row->type == PARAM_OBJECT ? was_absent(writing, cell) : is_absent(writing, cell);
        if (row->given_offset != 0) {
            absent = !*(const bool *)(const void *)((const char *)base + row->given_offset);
        }
        if (!absent) {
            put_key(writing, row->key);
            put_value(writing, cell);
        }
    }
}

void writer_put(const struct writer *writer, const struct param_spec *table, const void *base,
                struct text *out)
{
    struct writing writing = {.options = writer,
                              .out = out,
                              .ambient = {DIMENSION_NUMBER, units_of_key(DIMENSION_NUMBER, "")}};
    open_group(&writing, "{");
    put_rows(&writing, table, base);
    close_group(&writing, "}");
    text_put(out, "\n");
}

void writer_digest(const struct writer *writer, const struct param_spec *table, const void *base,
                   char digest[SHA256_TEXT_MAX])
{
    struct writer with_contents = *writer;
    with_contents.contents = true;
    struct text text = {0};
    writer_put(&with_contents, table, base, &text);
    sha256_text(text_string(&text), text.length, digest);
    text_release(&text);
}
