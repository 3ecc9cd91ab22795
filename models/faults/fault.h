/*
 * fault.h - what goes wrong: each kind begins and ends by changing the world's parts.
 *
 * Model:   a fault of the scenario's timeline begins at `at` and, if it lasts, ends after `for`.
 * Overlapping faults compose: parts count how many faults hold them down, and factors multiply.
 * Order:   as events, at their time; the same instant in scenario order.
 * A kind sees the world only through fault_target.h: cuts, outages, link changes, clock steps.
 */
#ifndef MODELS_FAULTS_FAULT_H
#define MODELS_FAULTS_FAULT_H

#include "sim/arena.h"
#include "sim/param.h"

#include <stdbool.h>
#include <stdint.h>

struct world;
struct scenario;

struct fault_ops {
    struct param_kind kind;
    /* Checks references (node numbers, regions in common): NULL or what is wrong with *key. */
    const char *(*check)(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena);
    void (*begin)(const void *params, struct world *world);
    void (*end)(const void *params, struct world *world);
    uint32_t (*memory)(const void *params); /* words of fault_memory() that it needs; NULL: none */
    /* Places that it touches, for reports: fills `places`, each at most once, returns how many. */
    uint32_t (*places)(const void *params, const struct scenario *scenario, uint32_t *places);
    const char *(*text)(const void *params, const struct scenario *scenario, struct arena *arena);
};

extern const struct param_registry fault_registry;

#endif
