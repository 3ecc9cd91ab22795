/* reader_list.c - objects, lists and maps of them, lists of references and numbers, CSV files. */
#include "scenarios/reader_rows.h"

#include "scenarios/table_file.h"
#include "sim/arena.h"

#include <string.h>

/* An item or object as its table says; a bare string or number stands for the shorthand's key. */
static bool read_item(struct slot slot, const char *id)
{
    const struct json_value *value = slot.value;
    struct json_value pair[2];
    const bool bare = value->type == JSON_STRING || value->type == JSON_NUMBER;
    if (id != NULL) {
        *(const char **)slot.out = id;
    }
    if (value->type == JSON_OBJECT) {
        return reader_read(slot.reader, slot.row->table, value, slot.out);
    }
    if (bare && slot.row->shorthand != NULL) {
        value = json_wrap(pair, value, slot.row->shorthand);
        return reader_read(slot.reader, slot.row->table, value, slot.out);
    }
    report(slot.reader, value, "type", "must be an object%s (got %s)",
           slot.row->shorthand != NULL
               ? arena_printf(slot.reader->arena, " or the \"%s\" of one", slot.row->shorthand)
               : "",
           json_describe(value, slot.reader->arena));
    return false;
}

bool read_object(struct slot slot)
{
    return read_item(slot, NULL);
}

static bool read_items(struct slot slot, bool map)
{
    struct param_list *list = slot.out;
    const struct json_value *value = slot.value;
    if (value->type != (map ? JSON_OBJECT : JSON_ARRAY)) {
        return fail_type(slot);
    }
    bool ok = fail_count(slot, value->count);
    char *items = arena_alloc(slot.reader->arena, value->count, slot.row->item_bytes);
    *list = (struct param_list){items, value->count};
    for (const struct json_value *item = value->first; item != NULL; item = item->next) {
        if (map && !id_is_valid(item->key)) {
            struct diag *diag =
                diags_add(slot.reader->diags, item->key_place, "type",
                          "must be a name (a letter, then letters, digits, '.', '_' or '-', at "
                          "most %d)",
                          ROW_ID_MAX);
            diag->path = json_path(item, NULL, slot.reader->arena);
            ok = false;
            continue;
        }
        const char *id = map ? arena_text(slot.reader->arena, item->key, strlen(item->key)) : NULL;
        void *out = items + item->index * slot.row->item_bytes;
        ok = read_item((struct slot){slot.reader, slot.row, item, out}, id) && ok;
    }
    return ok;
}

bool read_list(struct slot slot)
{
    return read_items(slot, false);
}

bool read_map(struct slot slot)
{
    return read_items(slot, true);
}

/* A list whose items are read one by one by another row's type. */
static bool read_each(struct slot slot, const struct param_spec *item_row, size_t item_bytes)
{
    struct param_list *list = slot.out;
    bool ok = true;
    char *items = arena_alloc(slot.reader->arena, slot.value->count, item_bytes);
    *list = (struct param_list){items, slot.value->count};
    for (const struct json_value *item = slot.value->first; item != NULL; item = item->next) {
        void *out = items + item->index * item_bytes;
        ok = read_slot((struct slot){slot.reader, item_row, item, out}) && ok;
    }
    return ok;
}

bool read_regions(struct slot slot)
{
    const bool places = slot.row->type == PARAM_PLACES;
    const struct param_spec item = {.key = slot.row->key,
                                    .type = places ? PARAM_PLACE : PARAM_REGION,
                                    .machines = slot.row->machines};
    if (slot.value->type != JSON_ARRAY) {
        return fail_type(slot);
    }
    const bool ok = fail_count(slot, slot.value->count);
    return read_each(slot, &item, sizeof(uint32_t)) && ok;
}

bool read_region_sets(struct slot slot)
{
    const bool places = slot.row->type == PARAM_PLACE_SETS;
    const struct param_spec item = {.key = slot.row->key,
                                    .type = places ? PARAM_PLACES : PARAM_REGIONS,
                                    .machines = slot.row->machines};
    if (slot.value->type != JSON_ARRAY) {
        return fail_type(slot);
    }
    const bool ok = fail_count(slot, slot.value->count);
    return read_each(slot, &item, sizeof(struct param_list)) && ok;
}

/* Numbers, or in the list of a distribution its quantities. */
bool read_numbers(struct slot slot)
{
    struct param_spec item = {.key = slot.row->key, .min = slot.row->min, .max = slot.row->max};
    item.type = slot.row->type == PARAM_CSV_NUMBERS ? PARAM_QUANTITY : PARAM_REAL;
    if (slot.value->type != JSON_ARRAY) {
        return fail_type(slot);
    }
    return read_each(slot, &item, sizeof(double));
}

/* The file as a source of its own, for messages with its lines; NULL after an error. */
static const struct source *open_file(struct slot slot, const char *name)
{
    struct reader *reader = slot.reader;
    const char *problem = "files can not be read here";
    const char *text = NULL;
    size_t length = 0;
    if (reader->files != NULL) {
        text = reader->files->read(reader->files->context, name, reader->arena, &length, &problem);
    }
    if (text == NULL) {
        const struct json_value shown = {.type = JSON_STRING, .text = name};
        report(reader, slot.value, "file", "can not read %s: %s",
               json_describe(&shown, reader->arena), problem);
        return NULL;
    }
    struct source *source = arena_alloc(reader->arena, 1, sizeof *source);
    *source = (struct source){
        .name = name, .text = text, .length = length, .order = 1000 + reader->source_count++};
    return source;
}

bool read_csv_table(struct slot slot)
{
    struct reader *reader = slot.reader;
    if (slot.value->type != JSON_STRING || slot.value->text[0] == '\0') {
        return fail_type(slot);
    }
    const char *name = arena_text(reader->arena, slot.value->text, strlen(slot.value->text));
    const struct source *source = open_file(slot, name);
    return source != NULL &&
           table_file_parse(source, true, json_path(slot.value, NULL, reader->arena), slot.out,
                            reader->diags);
}

/* A column of cells that shall be numbers. */
struct column {
    const struct source *source;
    struct param_csv table; /* without header: its first row is data */
    size_t index;
    const char *name; /* NULL without header */
};

static bool is_numeric(const char *cell)
{
    struct decimal number;
    const size_t length = decimal_read(&number, cell);
    return length > 0 && cell[length] == '\0';
}

static bool find_column(struct slot slot, const char *wanted, struct column *column)
{
    struct reader *reader = slot.reader;
    const struct param_csv *table = &column->table;
    struct nearest nearest = nearest_to(wanted != NULL ? wanted : "");
    if (wanted == NULL && table->columns == 1) {
        column->name = is_numeric(table->cells[0]) ? NULL : table->cells[0];
        return true;
    }
    for (size_t i = 0; i < table->columns && wanted != NULL; i++) {
        if (strcmp(table->cells[i], wanted) == 0) {
            column->index = i;
            column->name = table->cells[i];
            return true;
        }
        nearest_try(&nearest, table->cells[i]);
    }
    if (wanted == NULL) {
        report(reader, slot.value, "csv", "the file has %zu columns, name one: \"FILE#%s\"",
               table->columns, table->cells[0]);
    } else {
        const struct json_value shown = {.type = JSON_STRING, .text = wanted};
        report(reader, slot.value, "csv", "the file has no column %s",
               json_describe(&shown, reader->arena))
            ->suggestion = nearest.best;
    }
    return false;
}

static void report_cell(struct slot slot, const struct column *column, size_t row, const char *cell)
{
    struct reader *reader = slot.reader;
    const struct json_value shown = {.type = JSON_STRING, .text = cell};
    const char *range = row_limits_text(slot.row, &reader->ambient, reader->arena);
    struct diag *diag =
        diags_add(reader->diags, table_file_place(column->source, column->table.lines[row]), "csv",
                  "must be a number%s%s (got %s)", range[0] != '\0' ? " " : "", range,
                  json_describe(&shown, reader->arena));
    diag->path = json_path(slot.value, NULL, reader->arena);
}

static const struct unit *column_unit(struct slot slot, const char *name)
{
    const struct ambient *ambient = &slot.reader->ambient;
    const struct unit *unit =
        name != NULL ? units_of_suffix(row_dimension(slot.row, ambient), name) : NULL;
    return unit != NULL ? unit : row_plain_unit(slot.row, ambient);
}

/* Plain numbers, in the unit that the column's name ends with, else in that of the row. */
static bool read_column(struct slot slot, const struct column *column)
{
    struct reader *reader = slot.reader;
    const struct param_csv *table = &column->table;
    const struct limits limits = row_limits(slot.row);
    const struct unit *unit = column_unit(slot, column->name);
    const size_t first = column->name != NULL ? 1 : 0;
    double *numbers = arena_alloc(reader->arena, table->rows, sizeof *numbers);
    bool ok = true;
    for (size_t row = first; row < table->rows && reader->diags->count < DIAGS_MAX; row++) {
        const char *cell = table->cells[row * table->columns + column->index];
        double *out = &numbers[row - first];
        struct decimal number;
        const size_t length = decimal_read(&number, cell);
        const bool read =
            length > 0 && cell[length] == '\0' && units_to_real(number, unit, out) == UNITS_OK;
        if (!read || *out < limits.min || *out > limits.max) {
            report_cell(slot, column, row, cell);
            ok = false;
        }
    }
    *(struct param_list *)slot.out = (struct param_list){numbers, table->rows - first};
    return ok;
}

bool read_csv_numbers(struct slot slot)
{
    struct reader *reader = slot.reader;
    if (slot.value->type == JSON_ARRAY) {
        return read_numbers(slot);
    }
    if (slot.value->type != JSON_STRING || slot.value->text[0] == '\0') {
        return fail_type(slot);
    }
    const char *hash = strrchr(slot.value->text, '#');
    const size_t length =
        hash != NULL ? (size_t)(hash - slot.value->text) : strlen(slot.value->text);
    const char *name = arena_text(reader->arena, slot.value->text, length);
    struct column column = {.source = open_file(slot, name)};
    return column.source != NULL &&
           table_file_parse(column.source, false, json_path(slot.value, NULL, reader->arena),
                            &column.table, reader->diags) &&
           find_column(slot, hash != NULL ? hash + 1 : NULL, &column) && read_column(slot, &column);
}
