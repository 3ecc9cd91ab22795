#include "scenarios/load_table.h"

#include "scenarios/overrides.h"
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
