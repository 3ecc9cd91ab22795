#include "scenarios/reader.h"

#include "scenarios/reader_rows.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <float.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { READER_DEPTH_MAX = 4 * JSON_DEPTH_MAX }; /* defaults nest inside what is written */

void reader_init(struct reader *reader, struct arena *arena, struct diags *diags,
                 const struct file_reader *files)
{
    *reader = (struct reader){.arena = arena, .diags = diags, .files = files};
    reader->ambient = (struct ambient){DIMENSION_NUMBER, units_of_key(DIMENSION_NUMBER, "")};
    names_init(&reader->regions, arena, NULL, 0);
    names_init(&reader->places, arena, NULL, 0);
    names_init(&reader->datasets, arena, NULL, 0);
}

struct diag *report(struct reader *reader, const struct json_value *at, const char *code,
                    const char *format, ...)
{
    char message[1024] = "";
    if (diags_full(reader->diags)) {
        return diags_add(reader->diags, at->place, code, "%s", message);
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct diag *diag = diags_add(reader->diags, at->place, code, "%s", message);
    diag->path = json_path(at, NULL, reader->arena);
    return diag;
}

bool fail_type(struct slot slot)
{
    report(slot.reader, slot.value, "type", "must be %s (got %s)",
           row_phrase(slot.row, &slot.reader->ambient),
           json_describe(slot.value, slot.reader->arena));
    return false;
}

bool fail_count(struct slot slot, size_t count)
{
    const struct limits limits = row_limits(slot.row);
    if ((double)count >= limits.min && (double)count <= limits.max) {
        return true;
    }
    report(slot.reader, slot.value, "range", "must have %s items (got %zu)",
           row_limits_text(slot.row, &slot.reader->ambient, slot.reader->arena), count);
    return false;
}

static const struct param_spec *find_row(const struct members *members, const char *key,
                                         size_t *section)
{
    for (*section = 0; *section < SECTIONS_MAX; ++*section) {
        const struct param_spec *row = rows_find(members->sections[*section].table, key);
        if (row != NULL) {
            return row;
        }
    }
    return NULL;
}

static void report_unknown_key(struct reader *reader, const struct members *members,
                               const struct json_value *member)
{
    struct diag *diag = diags_add(reader->diags, member->key_place, "unknown-key", "unknown key");
    if (diags_full(reader->diags)) {
        return;
    }
    struct nearest nearest = nearest_to(member->key);
    if (members->discriminator != NULL) {
        nearest_try(&nearest, members->discriminator);
    }
    for (size_t i = 0; i < SECTIONS_MAX; i++) {
        const struct param_spec *row = members->sections[i].table;
        for (; row != NULL && row->type != PARAM_END; row++) {
            nearest_try(&nearest, row->key);
        }
    }
    diag->path = json_path(member, NULL, reader->arena);
    diag->suggestion = nearest.best;
}

/* The default as a value that hangs below the object, and stands where it stands, in `out`. */
static void fill_default(struct reader *reader, const struct param_spec *row,
                         const struct json_value *object, struct json_value *out)
{
    const char *text = row->default_text;
    const bool word = row->type == PARAM_ENUM || row->type == PARAM_TEXT || row->type == PARAM_ID;
    struct decimal number;
    const size_t digits = decimal_read(&number, text);
    *out = (struct json_value){.type = JSON_STRING, .text = text, .place = object->place};
    if (word) {
        /* "1" may be a word */
    } else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        out->type = JSON_BOOL;
        out->boolean = text[0] == 't';
    } else if (digits > 0 && text[digits] == '\0') {
        out->type = JSON_NUMBER;
    } else if (text[0] == '{' || text[0] == '[') {
        struct source *source = arena_alloc(reader->arena, 1, sizeof *source);
        *source = (struct source){.name = arena_printf(reader->arena, "default of %s", row->key),
                                  .text = text,
                                  .length = strlen(text),
                                  .whole = true};
        *out = *json_from_word(reader->arena, (struct place){source, 0});
    }
    out->key = row->key;
    out->parent = object;
}

static bool read_absent_row(struct reader *reader, const struct param_spec *row,
                            const struct json_value *object, void *out)
{
    if (row->default_text != NULL) {
        struct json_value value;
        fill_default(reader, row, object, &value);
        return read_slot((struct slot){reader, row, &value, out});
    }
    if (row->required && !reader->lenient) {
        report(reader, object, "missing-key", "needs \"%s\": %s", row->key, row->help);
        return false;
    }
    if (row->type == PARAM_OBJECT) {
        return reader_read_absent(reader, row->table, object, out);
    }
    return true;
}

bool read_members(struct reader *reader, const struct json_value *object,
                  const struct members *members)
{
    bool ok = true;
    for (const struct json_value *member = object->first; member != NULL; member = member->next) {
        size_t section = 0;
        const bool known =
            members->discriminator != NULL && strcmp(member->key, members->discriminator) == 0;
        if (!known && find_row(members, member->key, &section) == NULL) {
            report_unknown_key(reader, members, member);
            ok = false;
        }
    }
    for (size_t i = 0; i < SECTIONS_MAX; i++) {
        const struct param_spec *row = members->sections[i].table;
        for (; row != NULL && row->type != PARAM_END; row++) {
            const struct json_value *value = json_member(object, row->key);
            char *base = members->sections[i].base;
            void *out = base + row->offset;
            if (row->given_offset != 0) {
                *(bool *)(void *)(base + row->given_offset) = value != NULL;
            }
            ok = (value != NULL ? read_slot((struct slot){reader, row, value, out})
                                : read_absent_row(reader, row, object, out)) &&
                 ok;
        }
    }
    return ok;
}

bool reader_read(struct reader *reader, const struct param_spec *table,
                 const struct json_value *object, void *out)
{
    if (object->type != JSON_OBJECT) {
        report(reader, object, "type", "must be an object (got %s)",
               json_describe(object, reader->arena));
        return false;
    }
    const struct members members = {.sections = {{table, out}}};
    return read_members(reader, object, &members);
}

bool reader_read_absent(struct reader *reader, const struct param_spec *table,
                        const struct json_value *parent, void *out)
{
    const struct json_value empty = {.type = JSON_OBJECT,
                                     .place = parent->place,
                                     .key = parent->key,
                                     .parent = parent->parent,
                                     .index = parent->index,
                                     .hidden = parent->hidden};
    const bool lenient = reader->lenient;
    reader->lenient = true;
    const bool ok = reader_read(reader, table, &empty, out);
    reader->lenient = lenient;
    return ok;
}

bool read_slot(struct slot slot)
{
    static bool (*const readers[])(struct slot) = {
        [PARAM_BOOL] = read_bool,
        [PARAM_INT] = read_number,
        [PARAM_REAL] = read_number,
        [PARAM_RATIO] = read_number,
        [PARAM_DURATION] = read_number,
        [PARAM_BYTES] = read_number,
        [PARAM_RATE] = read_number,
        [PARAM_BANDWIDTH] = read_number,
        [PARAM_QUANTITY] = read_number,
        [PARAM_ENUM] = read_enum,
        [PARAM_TEXT] = read_text,
        [PARAM_ID] = read_text,
        [PARAM_REGION] = read_reference,
        [PARAM_REGIONS] = read_regions,
        [PARAM_REGION_SETS] = read_region_sets,
        [PARAM_PLACE] = read_reference,
        [PARAM_PLACES] = read_regions,
        [PARAM_PLACE_SETS] = read_region_sets,
        [PARAM_DATASET] = read_reference,
        [PARAM_NUMBERS] = read_numbers,
        [PARAM_CSV_NUMBERS] = read_csv_numbers,
        [PARAM_CSV_TABLE] = read_csv_table,
        [PARAM_DISTRIBUTION] = read_distribution,
        [PARAM_OBJECT] = read_object,
        [PARAM_LIST] = read_list,
        [PARAM_MAP] = read_map,
        [PARAM_CHOICE] = read_choice,
        [PARAM_CHOICES] = read_choices,
        [PARAM_EXPECT] = read_expectations,
        [PARAM_VARIANTS] = read_variants,
    };
    CHECK(slot.row->type > PARAM_END && slot.row->type <= PARAM_VARIANTS);
    CHECK(slot.reader->depth < READER_DEPTH_MAX); /* recursion: as deep as document and defaults */
    slot.reader->depth++;
    const bool ok = readers[slot.row->type](slot);
    slot.reader->depth--;
    return ok;
}

/* The name of an item of a list: the item itself, or its member with that key. */
static const struct json_value *name_of(const struct json_value *item, const char *key)
{
    const struct json_value *name = item;
    if (item->type == JSON_OBJECT) {
        name = key != NULL ? json_member(item, key) : NULL;
    }
    return name != NULL && name->type == JSON_STRING ? name : NULL;
}

static struct names learn(struct reader *reader, const struct param_spec *row,
                          const struct json_value *list)
{
    struct names names;
    const bool map = row->type == PARAM_MAP;
    const char **found = arena_alloc(reader->arena, list->count, sizeof *found);
    for (const struct json_value *item = list->first; item != NULL; item = item->next) {
        const struct json_value *name = map ? item : name_of(item, row->shorthand);
        if (name != NULL) {
            found[item->index] = map ? item->key : name->text;
        }
    }
    names_init(&names, reader->arena, found, list->count);
    for (const struct json_value *item = list->first; item != NULL; item = item->next) {
        const char *name = found[item->index];
        const long first = name != NULL ? names_find(&names, name) : NAMES_NONE;
        if (first != NAMES_NONE && first != (long)item->index) {
            report(reader, item, "duplicate-name", "%s is already [%ld] of this list",
                   json_describe(name_of(item, row->shorthand), reader->arena), first);
        }
    }
    return names;
}

/*
 * Places are the regions as they are numbered, then each other place of a client where it is named
 * first; models/scenario_check.c numbers them alike.
 */
static void learn_places(struct reader *reader, const struct param_spec *row,
                         const struct json_value *list)
{
    const struct param_spec *at = rows_find(row->table, "at");
    const size_t regions = reader->regions.count;
    const char **found = arena_alloc(reader->arena, regions + list->count, sizeof *found);
    for (size_t i = 0; i < regions; i++) {
        found[i] = reader->regions.names[i];
    }
    for (const struct json_value *item = list->first; item != NULL && at != NULL;
         item = item->next) {
        const struct json_value *place =
            item->type == JSON_OBJECT ? json_member(item, at->key) : NULL;
        const struct json_value *name = place != NULL ? name_of(place, at->shorthand) : NULL;
        found[regions + item->index] = name != NULL ? name->text : NULL;
    }
    struct names all;
    names_init(&all, reader->arena, found, regions + list->count);
    size_t count = regions;
    for (size_t i = regions; i < all.count; i++) {
        if (found[i] != NULL && names_find(&all, found[i]) == (long)i) {
            found[count++] = found[i];
        }
    }
    names_init(&reader->places, reader->arena, found, count);
}

void reader_learn_names(struct reader *reader, const struct param_spec *table,
                        const struct json_value *object)
{
    const struct param_spec *row = rows_find(table, "regions");
    const struct json_value *list = json_member(object, "regions");
    if (row != NULL && row->type == PARAM_LIST && list != NULL && list->type == JSON_ARRAY) {
        reader->regions = reader->places = learn(reader, row, list);
    }
    row = rows_find(table, "clients");
    list = json_member(object, "clients");
    if (row != NULL && row->type == PARAM_LIST && list != NULL && list->type == JSON_ARRAY) {
        learn_places(reader, row, list);
    }
    row = rows_find(table, "datasets");
    list = json_member(object, "datasets");
    if (row != NULL && row->type == PARAM_MAP && list != NULL && list->type == JSON_OBJECT) {
        reader->datasets = learn(reader, row, list);
    }
}
