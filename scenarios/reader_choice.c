/* reader_choice.c - plug-ins chosen by a word, distributions, expectations and variants. */
#include "scenarios/reader_rows.h"

#include "sim/arena.h"
#include "sim/distribution.h"

#include <string.h>

static const char *list_kinds(const struct param_registry *registry, struct arena *arena)
{
    const char *list = "";
    for (size_t i = 0; i < registry->count; i++) {
        list = arena_printf(arena, "%s%s%s", list, i > 0 ? ", " : "", registry->kinds[i]->name);
    }
    return list;
}

/* The kind that the discriminator names, or NULL after an error. */
static const struct param_kind *choose(struct slot slot, const struct param_registry *registry,
                                       const struct json_value *object)
{
    struct reader *reader = slot.reader;
    const struct json_value *word = json_member(object, registry->key);
    if (word == NULL) {
        report(reader, object, "missing-key", "needs \"%s\": one of %s", registry->key,
               list_kinds(registry, reader->arena));
        return NULL;
    }
    if (word->type != JSON_STRING) {
        report(reader, word, "type", "must be one of %s (got %s)",
               list_kinds(registry, reader->arena), json_describe(word, reader->arena));
        return NULL;
    }
    const struct param_kind *kind = param_registry_find(registry, word->text);
    if (kind == NULL) {
        struct nearest nearest = nearest_to(word->text);
        for (size_t i = 0; i < registry->count; i++) {
            nearest_try(&nearest, registry->kinds[i]->name);
        }
        report(reader, word, "unknown-word", "unknown %s %s, must be one of %s", registry->key,
               json_describe(word, reader->arena), list_kinds(registry, reader->arena))
            ->suggestion = nearest.best;
    }
    return kind;
}

static bool finish(struct slot slot, const struct json_value *object,
                   const struct param_choice *choice)
{
    const char *key = NULL;
    if (choice->kind->finish == NULL) {
        return true;
    }
    const char *problem = choice->kind->finish(choice->params, slot.reader->arena, &key);
    if (problem == NULL) {
        return true;
    }
    const struct json_value *member = key != NULL ? json_member(object, key) : NULL;
    report(slot.reader, member != NULL ? member : object, "rule", "%s", problem);
    return false;
}

/* Fills a choice from an object; common rows come from the slot's row. */
static bool read_kind(struct slot slot, const struct param_registry *registry,
                      const struct json_value *object, struct param_choice *choice)
{
    struct arena *arena = slot.reader->arena;
    const struct param_kind *kind = choose(slot, registry, object);
    if (kind == NULL) {
        return false;
    }
    choice->kind = kind;
    choice->params = arena_alloc(arena, 1, kind->params_bytes);
    choice->common = slot.row->table != NULL ? arena_alloc(arena, 1, slot.row->item_bytes) : NULL;
    const struct members members = {
        .sections = {{slot.row->table, choice->common}, {kind->params, choice->params}},
        .discriminator = registry->key};
    return read_members(slot.reader, object, &members) && finish(slot, object, choice);
}

static bool read_choice_value(struct slot slot, struct param_choice *choice)
{
    const struct param_registry *registry = slot.row->registry;
    const struct json_value *value = slot.value;
    struct json_value pair[2];
    if (value->type == JSON_STRING) {
        value = json_wrap(pair, value, registry->key);
    }
    if (value->type != JSON_OBJECT) {
        report(slot.reader, value, "type", "must be an object with \"%s\", or one of %s (got %s)",
               registry->key, list_kinds(registry, slot.reader->arena),
               json_describe(value, slot.reader->arena));
        return false;
    }
    return read_kind(slot, registry, value, choice);
}

bool read_choice(struct slot slot)
{
    return read_choice_value(slot, slot.out);
}

bool read_choices(struct slot slot)
{
    struct param_list *list = slot.out;
    if (slot.value->type != JSON_ARRAY) {
        return fail_type(slot);
    }
    bool ok = fail_count(slot, slot.value->count);
    struct param_choice *items = arena_alloc(slot.reader->arena, slot.value->count, sizeof *items);
    *list = (struct param_list){items, slot.value->count};
    for (const struct json_value *item = slot.value->first; item != NULL; item = item->next) {
        const struct slot one = {slot.reader, slot.row, item, NULL};
        ok = read_choice_value(one, &items[item->index]) && ok;
    }
    return ok;
}

static bool read_law(struct slot slot, struct param_choice *choice)
{
    const struct param_registry *registry = &distribution_registry;
    const struct json_value *value = slot.value;
    if (value->type == JSON_OBJECT) {
        return read_kind(slot, registry, value, choice);
    }
    const struct param_kind *constant = constant_kind(registry);
    if (constant == NULL || (value->type != JSON_STRING && value->type != JSON_NUMBER)) {
        report(slot.reader, value, "type", "must be an object with \"%s\", or a constant (got %s)",
               registry->key, json_describe(value, slot.reader->arena));
        return false;
    }
    struct slot one = {slot.reader, constant_row(constant), value, NULL};
    choice->kind = constant;
    choice->params = arena_alloc(slot.reader->arena, 1, constant->params_bytes);
    one.out = (char *)choice->params + one.row->offset;
    return read_slot(one) && finish(slot, value, choice);
}

bool read_distribution(struct slot slot)
{
    struct reader *reader = slot.reader;
    struct param_choice choice = {0};
    const struct ambient outer = reader->ambient;
    reader->ambient = row_ambient(slot.row, &outer);
    const bool ok = read_law(slot, &choice);
    reader->ambient = outer;
    if (!ok) {
        return false;
    }
    struct distribution *distribution = arena_alloc(reader->arena, 1, sizeof *distribution);
    /* A kind of this registry is the first member of its struct distribution_ops. */
    distribution->ops = (const struct distribution_ops *)(const void *)choice.kind;
    distribution->params = choice.params;
    *(const struct distribution **)slot.out = distribution;
    return true;
}

static const struct param_spec threshold_table[] = {
    {.key = "threshold",
     .type = PARAM_TEXT,
     .offset = offsetof(struct param_expectation, threshold),
     .required = true,
     .help = "aggregation, operator and value, such as \"p(99)<500\""},
    {.key = "allow_empty",
     .type = PARAM_BOOL,
     .offset = offsetof(struct param_expectation, allow_empty),
     .default_text = "false",
     .help = "no samples is a pass"},
    {0}};

/* Values come in the order of the document, so that the text is walked through only once. */
static struct position position_of(struct reader *reader, struct place place)
{
    const bool later = reader->mark.source == place.source && reader->mark.offset <= place.offset;
    reader->mark_position = later ? place_position_after(place, reader->mark, reader->mark_position)
                                  : place_position(place);
    reader->mark = place;
    return reader->mark_position;
}

static bool read_expectation(struct slot slot, const struct json_value *value,
                             struct param_expectation *out)
{
    const struct param_spec row = {.key = slot.row->key,
                                   .type = PARAM_OBJECT,
                                   .table = threshold_table,
                                   .shorthand = "threshold"};
    if (!read_object((struct slot){slot.reader, &row, value, out})) {
        return false;
    }
    const struct position position = position_of(slot.reader, value->place);
    out->metric = arena_text(slot.reader->arena, slot.value->key, strlen(slot.value->key));
    out->line = (int)position.line;
    out->column = (int)position.column;
    return true;
}

static size_t count_expectations(const struct json_value *object)
{
    size_t count = 0;
    for (const struct json_value *metric = object->first; metric != NULL; metric = metric->next) {
        count += metric->type == JSON_ARRAY ? metric->count : 1;
    }
    return count;
}

bool read_expectations(struct slot slot)
{
    struct param_list *list = slot.out;
    if (slot.value->type != JSON_OBJECT) {
        return fail_type(slot);
    }
    bool ok = true;
    struct param_expectation *items =
        arena_alloc(slot.reader->arena, count_expectations(slot.value), sizeof *items);
    size_t count = 0;
    const struct json_value *metric = slot.value->first;
    for (; metric != NULL; metric = metric->next) {
        const struct slot one = {slot.reader, slot.row, metric, NULL};
        if (metric->type == JSON_ARRAY && metric->count == 0) {
            report(slot.reader, metric, "range", "needs at least one threshold");
            ok = false;
        } else if (metric->type == JSON_ARRAY) {
            const struct json_value *value = metric->first;
            for (; value != NULL; value = value->next) {
                ok = read_expectation(one, value, &items[count++]) && ok;
            }
        } else {
            ok = read_expectation(one, metric, &items[count++]) && ok;
        }
    }
    *list = (struct param_list){items, count};
    return ok;
}

/* Names that the program gives: what a variant of that name would hide. */
static bool check_variant_name(struct slot slot, const struct json_value *variant)
{
    static const char *const taken[][2] = {
        {"base", "the scenario without a variant"},
        {"all", "all variants one after the other"},
        {"figures", "the folder of figures that compare variants"},
        {"comparison.csv", "the table that compares variants"},
    };
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcmp(variant->key, taken[i][0]) == 0) {
            diags_add(slot.reader->diags, variant->key_place, "reserved-name",
                      "the name \"%s\" is taken: it means %s", taken[i][0], taken[i][1])
                ->path = json_path(variant, NULL, slot.reader->arena);
            return false;
        }
    }
    return true;
}

/* Only their shape: what the overrides do is known when one is applied (scenarios/overrides.h). */
bool read_variants(struct slot slot)
{
    if (slot.value->type != JSON_OBJECT) {
        return fail_type(slot);
    }
    bool ok = true;
    const struct json_value *variant = slot.value->first;
    for (; variant != NULL; variant = variant->next) {
        ok = check_variant_name(slot, variant) && ok;
        if (!id_is_valid(variant->key) || variant->type != JSON_OBJECT) {
            report(slot.reader, variant, "type",
                   "must be an object of overrides under a name (got %s)",
                   json_describe(variant, slot.reader->arena));
            ok = false;
        }
    }
    return ok;
}
