/*
 * mutation.h - every small mistake in a document: each value in turn becomes something else, goes
 * away, or gets company.
 *
 * Order: of the document; the same mutations every time.
 */
#ifndef TESTS_SCENARIOS_MUTATION_H
#define TESTS_SCENARIOS_MUTATION_H

#include "scenarios/json.h"

/* Writes a tree as JSON on one line. */
void mutation_put(const struct json_value *value, struct text *out);

/* How many mutations of the tree there are. */
size_t mutation_count(const struct json_value *root);

/* The tree with mutation number `index`, in `arena`; the root itself stays. */
struct json_value *mutation_make(const struct json_value *root, size_t index, struct arena *arena);

#endif
