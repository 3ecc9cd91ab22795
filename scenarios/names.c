#include "scenarios/names.h"

#include "sim/arena.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    const char *name;
    size_t index;
};

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    const int order = strcmp(a->name, b->name);
    if (order != 0) {
        return order;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

void names_init(struct names *names, struct arena *arena, const char *const *list, size_t count)
{
    *names = (struct names){.names = list, .count = count};
    names->sorted = arena_alloc(arena, count, sizeof names->sorted[0]);
    struct entry *entries = memory_alloc(count, sizeof *entries);
    for (size_t i = 0; i < count; i++) {
        if (list[i] != NULL) {
            entries[names->sorted_count++] = (struct entry){list[i], i};
        }
    }
    if (names->sorted_count > 1) {
        qsort(entries, names->sorted_count, sizeof entries[0], compare_entries);
    }
    for (size_t i = 0; i < names->sorted_count; i++) {
        names->sorted[i] = entries[i].index;
    }
    memory_release(entries);
}

long names_find(const struct names *names, const char *name)
{
    size_t first = 0;
    size_t end = names->sorted_count;
    while (first < end) { /* the first one that is not smaller */
        const size_t middle = first + (end - first) / 2;
        if (strcmp(names->names[names->sorted[middle]], name) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    if (first == names->sorted_count || strcmp(names->names[names->sorted[first]], name) != 0) {
        return NAMES_NONE;
    }
    return (long)names->sorted[first];
}
