#include "scenarios/describe.h"

#include "scenarios/rows.h"
#include "sim/arena.h"

#include <string.h>

enum { KEY_CHARACTERS = 21, LINE_CHARACTERS = 100 };

/* "a duration such as ..." without article and example. */
static void put_type(const struct param_spec *row, const struct ambient *ambient, struct text *out)
{
    const char *phrase = row_phrase(row, ambient);
    phrase += strncmp(phrase, "a ", 2) == 0 ? 2 : strncmp(phrase, "an ", 3) == 0 ? 3 : 0;
    const char *example = strstr(phrase, " such as ");
    const char *aside = strstr(phrase, " (");
    const char *end = example != NULL ? example : aside;
    text_add(out, phrase, end != NULL ? (size_t)(end - phrase) : strlen(phrase));
}

static void put_words(const char *const *words, struct text *out)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        text_format(out, "%s%s", i > 0 ? " | " : "", words[i]);
    }
}

static void put_row_type(const struct param_spec *row, struct text *out)
{
    const struct ambient plain = {DIMENSION_NUMBER, units_of_key(DIMENSION_NUMBER, "")};
    switch (row->type) {
    case PARAM_ENUM:
        put_words(row->names, out);
        return;
    case PARAM_DISTRIBUTION:
        text_format(out, "distribution%s",
                    row->unit == PARAM_UNIT_DURATION ? " of a duration"
                    : row->unit == PARAM_UNIT_BYTES  ? " of a size"
                                                     : "");
        return;
    case PARAM_QUANTITY:
        text_put(out, "quantity of the distribution");
        return;
    case PARAM_CHOICE:
    case PARAM_CHOICES:
        text_format(out, "%s%s, see %s", row->type == PARAM_CHOICES ? "list of objects with " : "",
                    row->registry->key, row->registry->name);
        return;
    case PARAM_END:
    case PARAM_BOOL:
    case PARAM_INT:
    case PARAM_REAL:
    case PARAM_RATIO:
    case PARAM_DURATION:
    case PARAM_BYTES:
    case PARAM_RATE:
    case PARAM_BANDWIDTH:
    case PARAM_TEXT:
    case PARAM_ID:
    case PARAM_REGION:
    case PARAM_REGIONS:
    case PARAM_REGION_SETS:
    case PARAM_PLACE:
    case PARAM_PLACES:
    case PARAM_PLACE_SETS:
    case PARAM_DATASET:
    case PARAM_NUMBERS:
    case PARAM_CSV_NUMBERS:
    case PARAM_CSV_TABLE:
    case PARAM_OBJECT:
    case PARAM_LIST:
    case PARAM_MAP:
    case PARAM_EXPECT:
    case PARAM_VARIANTS:
        break;
    }
    put_type(row, &plain, out);
}

/* Words on lines of at most LINE_CHARACTERS, each behind the column of the keys. */
static void put_wrapped(const char *words, struct text *out)
{
    size_t used = LINE_CHARACTERS;
    while (*words != '\0') {
        const size_t length = strcspn(words, " ");
        if (used + 1 + length > LINE_CHARACTERS) {
            text_format(out, "\n%*s", KEY_CHARACTERS, "");
            used = KEY_CHARACTERS;
        } else {
            text_put(out, " ");
            used++;
        }
        text_add(out, words, length);
        used += length;
        words += length;
        words += *words == ' ' ? 1 : 0;
    }
    text_put(out, "\n");
}

static void put_row(const struct param_spec *row, struct text *out)
{
    struct arena arena;
    arena_init(&arena);
    const struct ambient plain = {DIMENSION_NUMBER, units_of_key(DIMENSION_NUMBER, "")};
    text_format(out, "  %-18s ", row->key);
    put_row_type(row, out);
    const char *limits = row->min != 0.0 || row->max != 0.0 || row->type == PARAM_RATIO
                             ? row_limits_text(row, &plain, &arena)
                             : "";
    if (row->type == PARAM_QUANTITY) {
        limits = ""; /* in a unit that depends on where it stands */
    }
    text_format(out, "%s%s", limits[0] != '\0' ? ", " : "", limits);
    if (row->default_text != NULL) {
        text_format(out, "; default %s", row->default_text);
    } else {
        text_put(out, row->required ? "; required" : "");
    }
    put_wrapped(row->help != NULL ? row->help : "", out);
    arena_release(&arena);
}

void describe_put_table(const struct param_spec *table, struct text *out)
{
    for (const struct param_spec *row = table; row != NULL && row->type != PARAM_END; row++) {
        put_row(row, out);
    }
}

void describe_put_registry(const struct param_registry *registry, struct text *out)
{
    text_format(out, "%s (\"%s\"): %s\n", registry->name, registry->key, registry->summary);
    for (size_t i = 0; i < registry->count; i++) {
        text_format(out, "  %-18s %s\n", registry->kinds[i]->name, registry->kinds[i]->summary);
    }
}

void describe_put_kind(const struct param_registry *registry, const struct param_kind *kind,
                       struct text *out)
{
    text_format(out, "\"%s\": \"%s\": %s\n", registry->key, kind->name, kind->summary);
    text_format(out, "source: %s\n", kind->source != NULL ? kind->source : "");
    if (registry->facts != NULL) {
        struct arena arena;
        arena_init(&arena);
        text_put(out, registry->facts(kind, &arena));
        arena_release(&arena);
    }
    if (kind->params == NULL || kind->params->type == PARAM_END) {
        text_put(out, "no parameters\n");
    } else {
        text_put(out, "parameters:\n");
        describe_put_table(kind->params, out);
    }
}

/* Registries and kinds of that name. */
static bool put_matches(const struct describe *describe, const char *name, struct text *out,
                        struct nearest *nearest)
{
    bool found = false;
    for (size_t i = 0; describe->registries[i] != NULL; i++) {
        const struct param_registry *registry = describe->registries[i];
        nearest_try(nearest, registry->name);
        if (strcmp(registry->name, name) == 0) {
            text_put(out, found ? "\n" : "");
            describe_put_registry(registry, out);
            found = true;
        }
        for (size_t k = 0; k < registry->count; k++) {
            nearest_try(nearest, registry->kinds[k]->name);
            if (strcmp(registry->kinds[k]->name, name) == 0) {
                text_put(out, found ? "\n" : "");
                describe_put_kind(registry, registry->kinds[k], out);
                found = true;
            }
        }
    }
    return found;
}

static const struct param_spec *row_of(const struct param_spec *table, const char *key,
                                       size_t length, struct nearest *nearest)
{
    const struct param_spec *row = NULL;
    for (const struct param_spec *one = table; one != NULL && one->type != PARAM_END; one++) {
        nearest_try(nearest, one->key);
        if (strlen(one->key) == length && memcmp(one->key, key, length) == 0) {
            row = one;
        }
    }
    return row;
}

/* The key in the parameters of the first kind that has it. */
static const struct param_spec *row_of_kinds(const struct param_registry *registry, const char *key,
                                             size_t length, struct nearest *nearest)
{
    const struct param_spec *row = NULL;
    for (size_t k = 0; registry != NULL && row == NULL && k < registry->count; k++) {
        row = row_of(registry->kinds[k]->params, key, length, nearest);
    }
    return row;
}

/*
 * The row at a path of keys. Brackets with an index are skipped, and the name of an item of a map:
 * clients[0].rate is clients.rate, datasets.orders.value is datasets.value.
 */
static const struct param_spec *row_at(const struct param_spec *table, const char *path,
                                       struct nearest *nearest)
{
    const struct param_spec *row = NULL;
    bool named = false; /* the item of a map was named before */
    while (*path != '\0') {
        const size_t length = strcspn(path, ".[");
        const struct param_spec *outer = row;
        row = row_of(table, path, length, nearest);
        if (row == NULL && outer != NULL) {
            row = row_of_kinds(outer->registry, path, length, nearest);
        }
        if (row == NULL && outer != NULL && outer->type == PARAM_MAP && !named) {
            named = true;
            row = outer;
            path += length;
            path += *path == '.' ? 1 : 0;
            continue;
        }
        if (row == NULL) {
            return NULL;
        }
        named = false;
        path += length;
        if (*path == '[') {
            path += strcspn(path, "]");
            path += *path == ']' ? 1 : 0;
        }
        path += *path == '.' ? 1 : 0;
        table = row->table;
    }
    return row;
}

bool describe_put_name(const struct describe *describe, const char *name, struct text *out,
                       const char **suggestion)
{
    struct nearest nearest = nearest_to(name);
    bool found = put_matches(describe, name, out, &nearest);
    const struct param_spec *row = row_at(describe->table, name, &nearest);
    if (row != NULL) {
        text_put(out, found ? "\n" : "");
        put_row(row, out);
        if (row->table != NULL) {
            text_put(out, "keys:\n");
            describe_put_table(row->table, out);
        }
        if (row->registry != NULL) {
            describe_put_registry(row->registry, out);
        }
        found = true;
    }
    *suggestion = found ? NULL : nearest.best;
    return found;
}
