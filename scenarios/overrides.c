#include "scenarios/overrides.h"

#include "scenarios/path.h"
#include "scenarios/rows.h"
#include "sim/arena.h"
#include "sim/distribution.h"

#include <string.h>

/* Values walked over to try all variants: about a second. */
#define VARIANTS_WORK_MAX 1e9
#define VARIANT_COST      50.0 /* of copying a value, relative to walking over it */

/* Where a walk along a path stands. */
struct level {
    struct json_value *value;
    struct json_value *parent; /* NULL at the root */
    const struct param_spec *row;
    bool item; /* the value is an item of the row's list or map */
};

struct walk {
    struct overrides *overrides;
    struct place place; /* of the override */
    const struct path *path;
};

static struct diag *fail(const struct walk *walk, const struct level *level,
                         const struct path_step *step, const char *message)
{
    struct arena *arena = walk->overrides->diags->arena;
    struct diag *diag =
        diags_add(walk->overrides->diags, walk->place, "unknown-path", "%s", message);
    const char *path = json_path(level->value, step->key, arena);
    diag->path = step->key != NULL ? path : arena_printf(arena, "%s[%zu]", path, step->index);
    return diag;
}

static void replace(struct level *level, struct json_value *by)
{
    json_replace(level->parent, level->value, by);
    level->value = by;
}

/* {key: value} in place of the bare value. */
static void open_bare(const struct walk *walk, struct level *level, const char *key)
{
    struct arena *arena = walk->overrides->arena;
    struct json_value *object = json_new(arena, JSON_OBJECT, level->value->place);
    struct json_value *member = json_copy(arena, level->value);
    json_append(object, key, member);
    replace(level, object);
}

static const struct param_registry *registry_of(const struct level *level)
{
    const enum param_type type = level->row->type;
    if (type == PARAM_DISTRIBUTION) {
        return &distribution_registry;
    }
    return type == PARAM_CHOICE || (type == PARAM_CHOICES && level->item) ? level->row->registry
                                                                          : NULL;
}

static bool is_list(const struct level *level)
{
    const enum param_type type = level->row->type;
    return !level->item &&
           (type == PARAM_LIST || type == PARAM_CHOICES || type == PARAM_REGIONS ||
            type == PARAM_REGION_SETS || type == PARAM_PLACES || type == PARAM_PLACE_SETS ||
            type == PARAM_NUMBERS || type == PARAM_CSV_NUMBERS);
}

static bool has_table(const struct level *level)
{
    const enum param_type type = level->row->type;
    return type == PARAM_OBJECT || (level->item && (type == PARAM_LIST || type == PARAM_MAP));
}

/* Turns a bare value into the object that it stands for. */
static void normalise(const struct walk *walk, struct level *level)
{
    const bool bare = level->value->type == JSON_STRING || level->value->type == JSON_NUMBER;
    const struct param_registry *registry = registry_of(level);
    if (!bare) {
        return;
    }
    if (level->row->type == PARAM_DISTRIBUTION) {
        const struct param_kind *constant = constant_kind(registry);
        if (constant != NULL) {
            open_bare(walk, level, constant_row(constant)->key);
            json_append(level->value, registry->key,
                        json_new_text(walk->overrides->arena, level->value->place, "constant"));
        }
    } else if (registry != NULL && level->value->type == JSON_STRING) {
        open_bare(walk, level, registry->key);
    } else if (has_table(level) && level->row->shorthand != NULL) {
        open_bare(walk, level, level->row->shorthand);
    }
}

static const struct param_kind *kind_of(const struct param_registry *registry,
                                        const struct json_value *object)
{
    const struct json_value *word = json_member(object, registry->key);
    return word != NULL && word->type == JSON_STRING ? param_registry_find(registry, word->text)
                                                     : NULL;
}

/* The tables whose rows are legal below a level that is an object. */
static void tables_of(const struct level *level, const struct param_spec *tables[2])
{
    const struct param_registry *registry = registry_of(level);
    tables[0] =
        registry == NULL || level->row->type != PARAM_DISTRIBUTION ? level->row->table : NULL;
    tables[1] = NULL;
    if (registry != NULL) {
        const struct param_kind *kind = kind_of(registry, level->value);
        tables[1] = kind != NULL ? kind->params : NULL;
    }
}

static const struct param_spec word_row = {.key = "", .type = PARAM_TEXT};

/* The row of a key below the level, or NULL after an error. */
static const struct param_spec *row_below(const struct walk *walk, const struct level *level,
                                          const struct path_step *step)
{
    const struct param_spec *tables[2];
    const struct param_registry *registry = registry_of(level);
    tables_of(level, tables);
    struct nearest nearest = nearest_to(step->key);
    if (registry != NULL) {
        if (strcmp(step->key, registry->key) == 0) {
            return &word_row;
        }
        nearest_try(&nearest, registry->key);
    }
    for (size_t i = 0; i < 2; i++) {
        const struct param_spec *found = rows_find(tables[i], step->key);
        if (found != NULL) {
            return found;
        }
        const struct param_spec *row = tables[i];
        for (; row != NULL && row->type != PARAM_END; row++) {
            nearest_try(&nearest, row->key);
        }
    }
    fail(walk, level, step, "unknown key")->suggestion = nearest.best;
    return NULL;
}

/* What an absent row on the way becomes; NULL when nothing can stand there. */
static struct json_value *make(const struct walk *walk, const struct param_spec *row)
{
    struct arena *arena = walk->overrides->arena;
    if (row->default_text != NULL) {
        struct source *source = arena_alloc(arena, 1, sizeof *source);
        *source = *walk->place.source;
        source->text = row->default_text;
        source->length = strlen(row->default_text);
        struct json_value *value = json_from_word(arena, (struct place){source, 0});
        value->place = walk->place;
        return value;
    }
    const bool object =
        row->type == PARAM_OBJECT || row->type == PARAM_CHOICE || row->type == PARAM_DISTRIBUTION;
    return object ? json_new(arena, JSON_OBJECT, walk->place) : NULL;
}

static bool step_into_object(const struct walk *walk, struct level *level,
                             const struct path_step *step)
{
    if (step->key == NULL) {
        fail(walk, level, step, "is an object, it has keys");
        return false;
    }
    const struct param_spec *row = row_below(walk, level, step);
    if (row == NULL) {
        return false;
    }
    struct json_value *child = json_member(level->value, step->key);
    if (child == NULL) {
        child = make(walk, row);
        if (child == NULL) {
            fail(walk, level, step, "is not there, it can only be set as a whole");
            return false;
        }
        json_append(level->value, row->key, child);
    }
    *level = (struct level){child, level->value, row, false};
    return true;
}

/* An item of a list, an entry of a map, or whatever stands below a row without tables. */
static bool step_into_existing(const struct walk *walk, struct level *level,
                               const struct path_step *step)
{
    struct json_value *child = path_child(level->value, step);
    if (child != NULL) {
        const bool typed = level->row->type == PARAM_LIST || level->row->type == PARAM_MAP ||
                           level->row->type == PARAM_CHOICES;
        *level = (struct level){child, level->value, typed ? level->row : &word_row, typed};
        return true;
    }
    struct arena *arena = walk->overrides->diags->arena;
    if (step->key == NULL && level->value->type == JSON_ARRAY) {
        fail(walk, level, step,
             arena_printf(arena, "the list has %zu item%s", level->value->count,
                          level->value->count == 1 ? "" : "s"));
        return false;
    }
    struct nearest nearest = nearest_to(step->key != NULL ? step->key : "");
    const struct json_value *other = level->value->first;
    for (; other != NULL && step->key != NULL; other = other->next) {
        if (other->key != NULL) {
            nearest_try(&nearest, other->key);
        }
    }
    fail(walk, level, step, "is not in the scenario")->suggestion = nearest.best;
    return false;
}

static bool is_object(const struct level *level)
{
    return (has_table(level) || registry_of(level) != NULL) && level->value->type == JSON_OBJECT;
}

static bool step_into(const struct walk *walk, struct level *level, const struct path_step *step)
{
    normalise(walk, level);
    return is_object(level) ? step_into_object(walk, level, step)
                            : step_into_existing(walk, level, step);
}

/* The last step: the value is put there. */
static bool put(const struct walk *walk, struct level *level, const struct path_step *step,
                struct json_value *value)
{
    normalise(walk, level);
    struct json_value *old = path_child(level->value, step);
    if (old != NULL && !(is_object(level) && row_below(walk, level, step) == NULL)) {
        json_replace(level->value, old, value);
        value->key_place = walk->place;
        return true;
    }
    if (old != NULL) {
        return false;
    }
    if (is_object(level)) {
        if (step->key == NULL) {
            fail(walk, level, step, "is an object, it has keys");
            return false;
        }
        if (row_below(walk, level, step) == NULL) {
            return false;
        }
    } else if (level->value->type != JSON_OBJECT || step->key == NULL || is_list(level) ||
               level->row == &word_row) {
        return step_into_existing(walk, level, step);
    }
    json_append(level->value, step->key, value);
    value->key_place = walk->place;
    return true;
}

static bool apply(struct overrides *overrides, struct place place, const struct path *path,
                  struct json_value *value)
{
    const struct param_spec root_row = {.key = "", .type = PARAM_OBJECT, .table = overrides->table};
    const struct walk walk = {overrides, place, path};
    struct level level = {overrides->root, NULL, &root_row, false};
    for (size_t i = 0; i + 1 < path->count; i++) {
        if (!step_into(&walk, &level, &path->steps[i])) {
            return false;
        }
    }
    return put(&walk, &level, &path->steps[path->count - 1], value);
}

bool overrides_set(struct overrides *overrides, const char *option)
{
    struct arena *arena = overrides->arena;
    struct source *source = arena_alloc(arena, 1, sizeof *source);
    *source = (struct source){.name = arena_printf(arena, "--set %s", option),
                              .text = option,
                              .length = strlen(option),
                              .whole = true,
                              .order = 1 + overrides->count++};
    const struct place place = {source, 0};
    const char *equals = strchr(option, '=');
    for (const char *quote = strstr(option, "[\"");
         equals != NULL && quote != NULL && quote < equals; quote = strstr(quote + 2, "[\"")) {
        const char *close = strstr(quote, "\"]"); /* a quoted key may hold '=' */
        equals = close != NULL && close > equals ? strchr(close, '=') : equals;
    }
    if (equals == NULL) {
        diags_add(overrides->diags, place, OVERRIDES_MALFORMED, "must be PATH=VALUE");
        return false;
    }
    struct path path;
    const char *problem = path_parse(&path, option, (size_t)(equals - option), arena);
    if (problem != NULL) {
        diags_add(overrides->diags, place, OVERRIDES_MALFORMED, "the path %s", problem);
        return false;
    }
    const struct place value_place = {source, (size_t)(equals - option) + 1};
    struct json_value *value = json_from_word(arena, value_place);
    if (value->type == JSON_STRING && value->place.source == source && equals[1] != '\0' &&
        strchr("{[\"", equals[1]) != NULL) {
        diags_add(overrides->diags, value_place, OVERRIDES_MALFORMED, "the value is not JSON");
        return false;
    }
    return apply(overrides, place, &path, value);
}

/* Every override of a variant, in its order. */
static bool apply_variant(struct overrides *overrides, const struct json_value *variant)
{
    bool ok = variant->type == JSON_OBJECT; /* else the reader says so */
    const struct json_value *member = variant->type == JSON_OBJECT ? variant->first : NULL;
    for (; member != NULL; member = member->next) {
        struct path path;
        const char *problem = path_parse(&path, member->key, strlen(member->key), overrides->arena);
        if (problem != NULL) {
            diags_add(overrides->diags, member->key_place, "unknown-path", "the path %s", problem)
                ->path = json_path(member, NULL, overrides->diags->arena);
            ok = false;
            continue;
        }
        struct json_value *value = json_copy(overrides->arena, member);
        ok = apply(overrides, member->key_place, &path, value) && ok;
    }
    return ok;
}

bool overrides_variant(struct overrides *overrides, const char *name)
{
    const struct json_value *variants = json_member(overrides->root, "variants");
    const struct json_value *variant =
        variants != NULL && variants->type == JSON_OBJECT ? json_member(variants, name) : NULL;
    if (variant != NULL) {
        return apply_variant(overrides, variant);
    }
    struct arena *arena = overrides->arena;
    struct source *source = arena_alloc(arena, 1, sizeof *source);
    *source = (struct source){.name = arena_printf(arena, "--variant %s", name),
                              .text = name,
                              .length = strlen(name),
                              .whole = true};
    struct nearest nearest = nearest_to(name);
    const struct json_value *other =
        variants != NULL && variants->type == JSON_OBJECT ? variants->first : NULL;
    const bool any = other != NULL;
    for (; other != NULL; other = other->next) {
        nearest_try(&nearest, other->key);
    }
    diags_add(overrides->diags, (struct place){source, 0}, "unknown-variant",
              any ? "the scenario has no such variant" : "the scenario has no variants")
        ->suggestion = nearest.best;
    return false;
}

static size_t count_nodes(const struct json_value *value)
{
    size_t nodes = 1;
    for (const struct json_value *child = value->first; child != NULL; child = child->next) {
        nodes += count_nodes(child);
    }
    return nodes;
}

/* Trying a variant costs a copy of the tree, and each of its paths may walk a long list. */
static bool check_work(const struct overrides *overrides, const struct json_value *variants)
{
    const double nodes = (double)count_nodes(overrides->root);
    const double paths = (double)count_nodes(variants);
    if (nodes * (VARIANT_COST * (double)variants->count + paths) <= VARIANTS_WORK_MAX) {
        return true;
    }
    diags_add(overrides->diags, variants->place, "range",
              "are too many (%zu) for a scenario of %.0f values", variants->count, nodes)
        ->path = "variants";
    return false;
}

bool overrides_check_variants(struct overrides *overrides)
{
    const struct json_value *variants = json_member(overrides->root, "variants");
    bool ok = true;
    if (variants == NULL || variants->type != JSON_OBJECT) {
        return true;
    }
    if (!check_work(overrides, variants)) {
        return false;
    }
    const struct json_value *variant = variants->first;
    for (; variant != NULL; variant = variant->next) {
        struct arena arena;
        arena_init(&arena);
        struct overrides trial = {.table = overrides->table,
                                  .root = json_copy(&arena, overrides->root),
                                  .arena = &arena,
                                  .diags = overrides->diags};
        ok = apply_variant(&trial, variant) && ok;
        arena_release(&arena);
    }
    return ok;
}
