#include "scenarios/load.h"

#include "scenarios/mend.h"
#include "scenarios/path.h"
#include "sim/arena.h"

#include <string.h>

struct reporting {
    const struct json_value *root;
    struct diags *diags;
    const struct mended *mended; /* NULL: the document had no errors */
};

/* Gives the messages of scenario_check() their places. */
static void on_report(void *context, const char *path_text, const char *message)
{
    const struct reporting *reporting = context;
    struct arena *arena = reporting->diags->arena;
    struct path path = {.count = 0};
    const struct json_value *value = reporting->root;
    if (reporting->mended != NULL && mend_concerns(reporting->mended, path_text)) {
        return;
    }
    if (path_text[0] != '\0' && path_parse(&path, path_text, strlen(path_text), arena) == NULL) {
        value = path_find(reporting->root, &path);
    }
    diags_add(reporting->diags, value->place, "rule", "%s", message)->path =
        arena_text(arena, path_text, strlen(path_text));
}

enum { MEND_ROUNDS = 4 }; /* what was left out may be missed elsewhere */

/* After errors in single values: those in how values go together, where the others are plain. */
static void check_the_rest(const struct load_options *options, const struct loaded *loaded,
                           struct diags *diags)
{
    struct arena *arena = diags->arena;
    if (loaded->root == NULL || loaded->root->type != JSON_OBJECT) {
        return;
    }
    struct mended *mended = arena_alloc(arena, 1, sizeof *mended);
    struct diags *wrong = arena_alloc(arena, 1, sizeof *wrong);
    *wrong = *diags;
    mend_init(mended, loaded->root, arena);
    for (int round = 0; round < MEND_ROUNDS && mend_errors(mended, wrong); round++) {
        struct reader reader;
        struct scenario *scenario = arena_alloc(arena, 1, sizeof *scenario);
        diags_init(wrong, arena);
        reader_init(&reader, arena, wrong, options->files);
        reader_learn_names(&reader, scenario_table, mended->root);
        if (reader_read(&reader, scenario_table, mended->root, scenario) && wrong->total == 0) {
            struct reporting reporting = {mended->root, diags, mended};
            scenario_check(scenario, arena, on_report, &reporting);
            return;
        }
    }
}

const struct scenario *scenario_load(const struct load_options *options, struct arena *arena,
                                     struct diags *diags, struct loaded *loaded)
{
    struct loaded unused;
    loaded = loaded != NULL ? loaded : &unused;
    struct scenario *scenario = arena_alloc(arena, 1, sizeof *scenario);
    if (!load_table(options, scenario_table, scenario, loaded, diags)) {
        check_the_rest(options, loaded, diags);
        return NULL;
    }
    struct reporting reporting = {loaded->root, diags, NULL};
    return scenario_check(scenario, arena, on_report, &reporting) && diags->total == 0 ? scenario
                                                                                       : NULL;
}
