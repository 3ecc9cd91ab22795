#include "scenarios/mend.h"

#include "scenarios/path.h"
#include "sim/arena.h"

#include <string.h>

void mend_init(struct mended *mended, const struct json_value *root, struct arena *arena)
{
    *mended = (struct mended){.root = json_copy(arena, root)};
}

/* A value and what it is in, from the root down. */
struct chain {
    struct json_value *values[PATH_STEPS_MAX + 1];
    size_t depth; /* of the value; 0: the root */
};

static bool find_exactly(struct json_value *root, const char *text, struct arena *arena,
                         struct chain *chain)
{
    struct path path = {.count = 0};
    if (text[0] != '\0' && path_parse(&path, text, strlen(text), arena) != NULL) {
        return false;
    }
    *chain = (struct chain){.values = {root}};
    for (size_t i = 0; i < path.count; i++) {
        struct json_value *child = path_child(chain->values[i], &path.steps[i]);
        if (child == NULL) {
            return false;
        }
        chain->values[++chain->depth] = child;
    }
    return true;
}

/* Other parts of a scenario refer to little of what these hold. */
static bool is_loose(const char *path)
{
    static const char *const parts[] = {"clients[", "faults", "expect"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strncmp(path, parts[i], strlen(parts[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool touch(struct mended *mended, const char *path)
{
    if (mended->path_count == MEND_PATHS_MAX) {
        return false;
    }
    mended->paths[mended->path_count++] = path;
    return true;
}

/* Items keep their numbers: instead of one, the whole list is left out. */
static bool leave_out(struct mended *mended, struct chain *chain, struct arena *arena)
{
    while (chain->depth > 0 && chain->values[chain->depth - 1]->type == JSON_ARRAY) {
        chain->depth--;
    }
    struct json_value *value = chain->values[chain->depth];
    if (chain->depth == 0 || !touch(mended, json_path(value, NULL, arena))) {
        return false;
    }
    json_remove(chain->values[chain->depth - 1], value);
    return true;
}

static bool mend_one(struct mended *mended, const struct diag *diag, struct arena *arena)
{
    struct chain chain;
    if (!find_exactly(mended->root, diag->path, arena, &chain)) {
        return mend_concerns(mended, diag->path); /* it was left out with what is around it */
    }
    if (chain.depth == 0 || !touch(mended, diag->path)) {
        return false;
    }
    struct json_value *value = chain.values[chain.depth];
    struct json_value *object = chain.values[chain.depth - 1];
    if (strcmp(diag->code, "unknown-key") == 0) {
        if (diag->suggestion != NULL && json_member(object, diag->suggestion) == NULL) {
            value->key = diag->suggestion;
        } else {
            json_remove(object, value);
        }
        return true;
    }
    if (diag->suggestion != NULL && value->type == JSON_STRING) {
        value->text = diag->suggestion;
        return true;
    }
    return is_loose(diag->path) && leave_out(mended, &chain, arena);
}

bool mend_errors(struct mended *mended, const struct diags *diags)
{
    if (diags->total > diags->count) {
        return false;
    }
    for (size_t i = 0; i < diags->count; i++) {
        if (!mend_one(mended, &diags->items[i], diags->arena)) {
            return false;
        }
    }
    return true;
}

/* Whether `path` is `part` or leads into it. */
static bool leads_into(const char *path, const char *part)
{
    const size_t length = strlen(part);
    return strncmp(path, part, length) == 0 &&
           (length == 0 || path[length] == '\0' || path[length] == '.' || path[length] == '[');
}

bool mend_concerns(const struct mended *mended, const char *path)
{
    for (size_t i = 0; i < mended->path_count; i++) {
        if (leads_into(path, mended->paths[i]) || leads_into(mended->paths[i], path)) {
            return true;
        }
    }
    return false;
}
