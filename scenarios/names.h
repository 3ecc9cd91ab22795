/*
 * names.h - names that other keys may refer to (regions, datasets), with their index.
 *
 * Order:     an index is the position in the scenario.
 * Ownership: in the arena; the names themselves belong to the tree.
 * Cost:      building O(n log n), finding O(log n).
 */
#ifndef SCENARIOS_NAMES_H
#define SCENARIOS_NAMES_H

#include <stddef.h>

struct arena;

enum { NAMES_NONE = -1 };

struct names {
    const char *const *names; /* by index; an item may be NULL when it has no usable name */
    size_t count;
    size_t *sorted; /* private */
    size_t sorted_count;
};

void names_init(struct names *names, struct arena *arena, const char *const *list, size_t count);

/* The index of the first item of that name, or NAMES_NONE. */
long names_find(const struct names *names, const char *name);

#endif
