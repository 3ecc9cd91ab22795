/*
 * json.h - strict JSON with the position of every key and value.
 *
 * Model:     a scanner for the grammar of RFC 8259 goes over the text first and records where each
 *            key and value begins; cJSON then parses; walking its tree in document order gives each
 *            item its place. The result is a tree of our own, cJSON's is gone when this returns.
 * Refused:   what cJSON lets pass (text after the end, 01, 1., -.5, raw control characters, ...),
 *            duplicate keys, NUL, invalid UTF-8, lone surrogates, a byte order mark, numbers beyond
 *            a double, and whatever is beyond the limits below.
 * Order:     members and items keep the order of the document.
 * Ownership: the tree lives in the arena and points into nothing else but the source.
 * Errors:    into diags, with position. Grammar: the first one; duplicate keys: all.
 * Cost:      O(n), O(n log n) for the keys of one object.
 */
#ifndef SCENARIOS_JSON_H
#define SCENARIOS_JSON_H

#include "scenarios/diag.h"
#include "sim/decimal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_BYTES_MAX = 16 * 1024 * 1024,
    JSON_DEPTH_MAX = 64,
    JSON_NODES_MAX = 1000000,
    JSON_STRING_MAX = 4096, /* bytes of a decoded string or key */
    JSON_NUMBER_MAX = DECIMAL_CHARACTERS_MAX
};

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_type type;
    bool boolean;
    const char *text; /* string: decoded; number: as written */
    const char *key;  /* in an object; else NULL */
    struct place place, key_place;
    const struct json_value *parent;
    struct json_value *first, *last, *next;
    size_t index; /* among its siblings */
    bool hidden;  /* stands for its parent ("5ms" for a constant): not a step of the path */
    size_t count; /* of items or members */
};

/* NULL after an error. */
struct json_value *json_parse(const struct source *source, struct arena *arena,
                              struct diags *diags);

/* The member with that key, or NULL. O(members). */
struct json_value *json_member(const struct json_value *object, const char *key);

/* Building and changing trees. A new value has no parent; its key is set by json_append. */
struct json_value *json_new(struct arena *arena, enum json_type type, struct place place);
struct json_value *json_new_text(struct arena *arena, struct place place, const char *text);
struct json_value *json_copy(struct arena *arena, const struct json_value *value);
void json_append(struct json_value *parent, const char *key, struct json_value *child);
void json_replace(struct json_value *parent, struct json_value *old, struct json_value *by);
void json_remove(struct json_value *parent, struct json_value *child);

/* A JSON text when it parses as one and else the text itself, as --set and defaults want it. */
struct json_value *json_from_word(struct arena *arena, struct place place);

/*
 * The object that a bare value stands for: pair[0] becomes {key: value} with pair[1] as its member.
 * It takes the place of `value` in paths but is no child of its parent.
 */
const struct json_value *json_wrap(struct json_value pair[2], const struct json_value *value,
                                   const char *key);

/* "clients[0].rate", "expect[\"a.b\"]"; "" for the root. `key` adds a member; may be NULL. */
const char *json_path(const struct json_value *value, const char *key, struct arena *arena);

/* The value for a message: "\"80 ms\"", "12", "true", "a list", "an object"; shortened, safe. */
const char *json_describe(const struct json_value *value, struct arena *arena);

#endif
