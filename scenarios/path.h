/*
 * path.h - the one notation for places in a scenario: datasets.orders.replication.acks,
 * clients[0].rate, expect["p99.x"].
 *
 * Errors:    path_parse() returns NULL or what is wrong.
 * Ownership: keys live in the arena.
 */
#ifndef SCENARIOS_PATH_H
#define SCENARIOS_PATH_H

#include "scenarios/json.h"

enum { PATH_STEPS_MAX = JSON_DEPTH_MAX };

struct path_step {
    const char *key; /* NULL: an index */
    size_t index;
};

struct path {
    struct path_step steps[PATH_STEPS_MAX];
    size_t count;
};

/* `length` characters of text. NULL, or a message: "needs a key behind \".\"". */
const char *path_parse(struct path *path, const char *text, size_t length, struct arena *arena);

/* The value there, or the deepest one on the way that exists. */
const struct json_value *path_find(const struct json_value *root, const struct path *path);

/* The child that a step leads to, or NULL. */
struct json_value *path_child(const struct json_value *value, const struct path_step *step);

#endif
