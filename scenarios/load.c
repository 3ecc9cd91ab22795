#include "scenarios/load.h"

#include "scenarios/overrides.h"
#include "scenarios/path.h"
#include "sim/arena.h"

#include <string.h>

static bool take_schema(struct json_value *root, struct diags *diags)
{
    struct json_value *schema = json_member(root, "$schema");
    if (schema == NULL) {
        return true;
    }
    const bool ok = schema->type == JSON_STRING;
    if (!ok) {
        diags_add(diags, schema->place, "type", "must be the name of a JSON Schema")->path =
            "$schema";
    }
    json_remove(root, schema);
    return ok;
}

static bool apply_overrides(const struct load_options *options, struct overrides *overrides)
{
    bool ok = overrides_check_variants(overrides);
    if (options->variant != NULL && ok) {
        ok = overrides_variant(overrides, options->variant);
    }
    for (size_t i = 0; i < options->override_count; i++) {
        ok = overrides_set(overrides, options->overrides[i]) && ok;
    }
    return ok;
}

static void list_variants(struct loaded *loaded)
{
    const struct json_value *variants = json_member(loaded->root, "variants");
    if (variants == NULL || variants->type != JSON_OBJECT) {
        return;
    }
    const char **names = arena_alloc(loaded->reader.arena, variants->count, sizeof *names);
    for (const struct json_value *one = variants->first; one != NULL; one = one->next) {
        names[one->index] = one->key;
    }
    loaded->variants = names;
    loaded->variant_count = variants->count;
}

bool load_table(const struct load_options *options, const struct param_spec *table, void *out,
                struct loaded *loaded, struct diags *diags)
{
    struct arena *arena = diags->arena;
    struct source *source = arena_alloc(arena, 1, sizeof *source);
    *source =
        (struct source){.name = arena_text(arena, options->file_name, strlen(options->file_name)),
                        .text = arena_text(arena, options->text, options->length),
                        .length = options->length};
    *loaded = (struct loaded){0};
    reader_init(&loaded->reader, arena, diags, options->files);
    struct json_value *root = json_parse(source, arena, diags);
    if (root == NULL) {
        return false;
    }
    loaded->root = root;
    bool ok = true;
    if (root->type == JSON_OBJECT) {
        struct overrides overrides = {.table = table, .root = root, .arena = arena, .diags = diags};
        ok = take_schema(root, diags);
        ok = apply_overrides(options, &overrides) && ok;
        list_variants(loaded);
        reader_learn_names(&loaded->reader, table, root);
    }
    ok = reader_read(&loaded->reader, table, root, out) && ok;
    return ok && diags->total == 0;
}

/* Gives the messages of scenario_check() their places. */
static void on_report(void *context, const char *path_text, const char *message)
{
    struct loaded *loaded = context;
    struct arena *arena = loaded->reader.arena;
    struct path path = {.count = 0};
    const struct json_value *value = loaded->root;
    if (path_text[0] != '\0' && path_parse(&path, path_text, strlen(path_text), arena) == NULL) {
        value = path_find(loaded->root, &path);
    }
    diags_add(loaded->reader.diags, value->place, "rule", "%s", message)->path =
        arena_text(arena, path_text, strlen(path_text));
}

const struct scenario *scenario_load(const struct load_options *options, struct arena *arena,
                                     struct diags *diags, struct loaded *loaded)
{
    struct loaded unused;
    loaded = loaded != NULL ? loaded : &unused;
    struct scenario *scenario = arena_alloc(arena, 1, sizeof *scenario);
    if (!load_table(options, scenario_table, scenario, loaded, diags)) {
        return NULL;
    }
    return scenario_check(scenario, arena, on_report, loaded) && diags->total == 0 ? scenario
                                                                                   : NULL;
}
