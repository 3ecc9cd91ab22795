/*
 * region_sets.h - sets of ends as fault kinds use them: checks, names, touched places.
 *
 * Ends:      regions, then the clients' own places (scenario.client_places); machines as
 * sim/param.h writes them (PARAM_MACHINE). Ownership: texts are in the arena given. Errors: checks
 * return NULL or a message for the user.
 */
#ifndef MODELS_FAULTS_REGION_SETS_H
#define MODELS_FAULTS_REGION_SETS_H

#include "models/scenario.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* Of a PARAM_PLACE_SETS: set number `set`, which must exist. */
const struct param_list *region_set(const struct param_list *sets, size_t set);

bool region_set_has(const struct param_list *set, uint32_t place);

/* No set empty, no end twice, and no machine beside its region. */
const char *region_sets_check(const struct param_list *sets, const struct scenario *scenario,
                              struct arena *arena);

/* The same, and exactly two sets. */
const char *region_sets_check_pair(const struct param_list *sets, const struct scenario *scenario,
                                   struct arena *arena);

/* The same of one set. */
const char *region_set_check(const struct param_list *set, const struct scenario *scenario,
                             struct arena *arena);

/* Of a region, of a client's own place, or of a machine ("us-east-1/n0"; in `arena`). */
const char *region_name(const struct scenario *scenario, uint32_t place);
const char *region_end_name(const struct scenario *scenario, uint32_t end, struct arena *arena);

/* All regions that have machines, or all machines. */
struct param_list region_set_all(bool machines, const struct scenario *scenario,
                                 struct arena *arena);

/* All that is not in the set: places; of the place of a machine in the set, its other machines and
 * its clients. */
struct param_list region_set_others(const struct param_list *set, const struct scenario *scenario,
                                    struct arena *arena);

/* "us-east-1, eu-west-1" */
const char *region_set_text(const struct param_list *set, const struct scenario *scenario,
                            struct arena *arena);

/* Appends the places of the set that are not there yet to places[count...]; returns the new count.
 */
uint32_t region_set_places(const struct param_list *set, uint32_t *places, uint32_t count);

#endif
