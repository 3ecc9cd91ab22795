/*
 * machine_set.h - the machines that a fault is about: all of a region, of one of its zones, or one.
 */
#ifndef MODELS_FAULTS_MACHINE_SET_H
#define MODELS_FAULTS_MACHINE_SET_H

#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "sim/sim_time.h"

#include <stddef.h>

struct machine_set {
    uint32_t region;
    int64_t zone, node; /* -1: all */
};

/* Rows for a struct whose first member is a struct machine_set. */
#define MACHINE_SET_ROWS                                                                           \
    {.key = "region",                                                                              \
     .type = PARAM_REGION,                                                                         \
     .offset = offsetof(struct machine_set, region),                                               \
     .required = true,                                                                             \
     .help = "where the machines are"},                                                            \
        {.key = "zone",                                                                            \
         .type = PARAM_INT,                                                                        \
         .offset = offsetof(struct machine_set, zone),                                             \
         .min = 0,                                                                                 \
         .max = 999,                                                                               \
         .default_text = "none",                                                                   \
         .help = "only the machines of this zone of the region, from 0; none: of all zones"},      \
    {                                                                                              \
        .key = "node", .type = PARAM_INT, .offset = offsetof(struct machine_set, node), .min = 0,  \
        .max = 999, .default_text = "none",                                                        \
        .help = "only this machine of the region, from 0; none: all of them"                       \
    }

/*
 * The three functions of struct fault_ops that kinds with such params share; params begin with the
 * set. check: no such machine, or none at all.
 */
const char *machine_set_check(const void *params, const struct scenario *scenario, const char **key,
                              struct arena *arena);
uint32_t machine_set_places(const void *params, const struct scenario *scenario, uint32_t *places);

/* Its parts, for kinds with other params: NULL, or what is wrong. */
const char *machine_set_check_region(uint32_t region, const struct scenario *scenario,
                                     struct arena *arena);
const char *machine_set_check_node(uint32_t region, int64_t node, const struct scenario *scenario,
                                   struct arena *arena);

/* Calls `act` for every machine of the set that `params` begins with, in the order of numbers. */
typedef void (*machine_set_act)(struct world *world, uint32_t region, uint32_t node,
                                const void *params, int change);
void machine_set_each(const void *params, struct world *world, machine_set_act act, int change);

/* "node 1 of eu-west-1", "zone 2 of eu-west-1", "all nodes of eu-west-1" */
const char *machine_set_text(const struct machine_set *set, const struct scenario *scenario,
                             struct arena *arena);

#endif
