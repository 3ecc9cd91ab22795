/*
 * misfortune_internal.h - what misfortune.c and misfortune_faults.c share.
 */
#ifndef TESTS_CONFORMANCE_MISFORTUNE_INTERNAL_H
#define TESTS_CONFORMANCE_MISFORTUNE_INTERNAL_H

#include "tests/conformance/misfortune.h"

extern const char *const misfortune_regions[MISFORTUNE_REGIONS_MAX];

/* Some of the world's regions, each at most once. */
struct misfortune_some {
    int count, items[MISFORTUNE_REGIONS_MAX];
};

struct misfortune_some misfortune_some(struct misfortune *m, int count);

/* Adds a fault; `at_ms`: where one that comes in turn begins, and then where the next one does. */
void misfortune_draw_fault(struct misfortune *m, int primary, int *at_ms);

static inline const char *misfortune_boolean(struct dice *dice, int n)
{
    return one_in(dice, n) ? "true" : "false";
}

#endif
