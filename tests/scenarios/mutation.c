#include "tests/scenarios/mutation.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <string.h>

/* What a value may become. */
static const char *const words[] = {
    "null",           "true",           "-1",       "0",        "0.5",         "1e9",
    "12345678901234", "\"zzz\"",        "\"5ms\"",  "\"5 ms\"", "\"5parsec\"", "\"5B\"",
    "\"1.5kB\"",      "\"5%\"",         "\"400%\"", "\"50/s\"", "\"1Gbps\"",   "\"none\"",
    "\"a\"",          "\"\"",           "[]",       "{}",       "[1]",         "\"-5ms\"",
    "\"1e9d\"",       "\"two\\nlines\""};

enum {
    WORDS = sizeof words / sizeof words[0],
    REMOVE = WORDS, /* the value goes */
    RENAME,         /* its key gets another letter */
    ADD,            /* an object gets an unknown key, a list its first item again */
    KINDS
};

static const struct json_value *following(const struct json_value *value)
{
    if (value->first != NULL) {
        return value->first;
    }
    while (value != NULL && value->next == NULL) {
        value = value->parent;
    }
    return value != NULL ? value->next : NULL;
}

void mutation_put(const struct json_value *value, struct text *out)
{
    switch (value->type) {
    case JSON_NULL:
        text_put(out, "null");
        break;
    case JSON_BOOL:
        text_put(out, value->boolean ? "true" : "false");
        break;
    case JSON_NUMBER:
        text_put(out, value->text);
        break;
    case JSON_STRING:
        text_put_json(out, value->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        text_put(out, value->type == JSON_ARRAY ? "[" : "{");
        for (const struct json_value *child = value->first; child != NULL; child = child->next) {
            text_put(out, child != value->first ? ", " : "");
            if (child->key != NULL) {
                text_put_json(out, child->key);
                text_put(out, ": ");
            }
            mutation_put(child, out);
        }
        text_put(out, value->type == JSON_ARRAY ? "]" : "}");
        break;
    }
}

size_t mutation_count(const struct json_value *root)
{
    size_t nodes = 0;
    for (const struct json_value *value = following(root); value != NULL;
         value = following(value)) {
        nodes++;
    }
    return nodes * KINDS;
}

/* The tree's own pointer to a child that was reached read-only. */
static struct json_value *find_child(struct json_value *parent, size_t index)
{
    struct json_value *child = parent->first;
    while (child->index != index) {
        child = child->next;
    }
    return child;
}

/* The same node in a copy of the tree: by the way that leads to it. */
static struct json_value *twin(struct json_value *copy, const struct json_value *value)
{
    if (value->parent == NULL) {
        return copy;
    }
    return find_child(twin(copy, value->parent), value->index);
}

static struct json_value *parse_word(const char *word, struct arena *arena)
{
    struct source *source = arena_alloc(arena, 1, sizeof *source);
    *source = (struct source){.name = "word", .text = word, .length = strlen(word)};
    struct json_value *value = json_from_word(arena, (struct place){source, 0});
    CHECK(value != NULL);
    return value;
}

struct json_value *mutation_make(const struct json_value *root, size_t index, struct arena *arena)
{
    struct json_value *copy = json_copy(arena, root);
    const struct json_value *value = following(root);
    for (size_t i = 0; i < index / KINDS; i++) {
        value = following(value);
    }
    struct json_value *parent = twin(copy, value->parent);
    struct json_value *child = find_child(parent, value->index);
    const size_t kind = index % KINDS;
    if (kind < WORDS) {
        json_replace(parent, child, parse_word(words[kind], arena));
    } else if (kind == REMOVE) {
        json_remove(parent, child);
    } else if (kind == RENAME && child->key != NULL) {
        child->key = arena_printf(arena, "%sx", child->key);
    } else if (kind == ADD && child->type == JSON_OBJECT) {
        json_append(child, "unheard_of", parse_word("1", arena));
    } else if (kind == ADD && child->type == JSON_ARRAY && child->first != NULL) {
        json_append(child, NULL, json_copy(arena, child->first));
    }
    return copy;
}
