#include "scenarios/load.h"

#include "scenarios/path.h"
#include "sim/arena.h"

#include <string.h>

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
