#include "scenarios/path.h"

#include "sim/arena.h"

#include <string.h>

enum { INDEX_DIGITS_MAX = 7 }; /* JSON_NODES_MAX has as many */

/* "[12]" or "[\"a key\"]" at text; returns how many characters, 0 when it is neither. */
static size_t parse_bracket(struct path_step *step, const char *text, size_t length,
                            struct arena *arena)
{
    const char *close = memchr(text, ']', length);
    if (length < 3 || close == NULL) {
        return 0;
    }
    if (text[1] == '"') {
        for (size_t end = 2; end + 1 < length; end++) {
            if (text[end] == '\\') {
                end++;
            } else if (text[end] == '"' && text[end + 1] == ']') {
                struct source *source = arena_alloc(arena, 1, sizeof *source);
                *source = (struct source){
                    .name = "path", .text = arena_text(arena, text + 1, end), .length = end};
                const struct json_value *key = json_from_word(arena, (struct place){source, 0});
                step->key = key->text;
                return end + 2;
            }
        }
        return 0;
    }
    const size_t digits = (size_t)(close - text) - 1;
    step->index = 0;
    for (size_t i = 1; i <= digits; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        step->index = step->index * 10 + (size_t)(text[i] - '0');
    }
    return digits > 0 && digits <= INDEX_DIGITS_MAX ? digits + 2 : 0;
}

static size_t key_length(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] != '.' && text[count] != '[') {
        count++;
    }
    return count;
}

const char *path_parse(struct path *path, const char *text, size_t length, struct arena *arena)
{
    size_t at = 0;
    path->count = 0;
    while (at < length) {
        if (path->count == PATH_STEPS_MAX) {
            return "has too many steps";
        }
        struct path_step *step = &path->steps[path->count++];
        *step = (struct path_step){0};
        if (text[at] == '[') {
            const size_t bracket = parse_bracket(step, text + at, length - at, arena);
            if (bracket == 0) {
                return "needs an index or a quoted key in \"[...]\"";
            }
            at += bracket;
            continue;
        }
        if (text[at] == '.' && path->count > 1) {
            at++;
        }
        const size_t key = key_length(text + at, length - at);
        if (key == 0) {
            return "needs a key on both sides of \".\"";
        }
        step->key = arena_text(arena, text + at, key);
        at += key;
    }
    return path->count > 0 ? NULL : "is empty";
}

struct json_value *path_child(const struct json_value *value, const struct path_step *step)
{
    if (step->key != NULL) {
        return value->type == JSON_OBJECT ? json_member(value, step->key) : NULL;
    }
    if (value->type != JSON_ARRAY || step->index >= value->count) {
        return NULL;
    }
    struct json_value *child = value->first;
    for (size_t i = 0; i < step->index; i++) {
        child = child->next;
    }
    return child;
}

const struct json_value *path_find(const struct json_value *root, const struct path *path)
{
    const struct json_value *value = root;
    for (size_t i = 0; i < path->count; i++) {
        const struct json_value *child = path_child(value, &path->steps[i]);
        if (child == NULL) {
            break;
        }
        value = child;
    }
    return value;
}
