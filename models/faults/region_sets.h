/*
 * region_sets.h - sets of places as fault kinds use them: checks, names, touched places.
 *
 * Places:    regions, then the clients' own places (scenario.client_places).
 * Ownership: texts are in the arena given.
 * Errors:    checks return NULL or a message for the user.
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

/* Exactly two sets, neither empty, no place twice. */
const char *region_sets_check_pair(const struct param_list *sets, const struct scenario *scenario,
                                   struct arena *arena);

/* Not empty, no place twice. */
const char *region_set_check(const struct param_list *set, const struct scenario *scenario,
                             struct arena *arena);

/* Of a region, or of a client's own place. */
const char *region_name(const struct scenario *scenario, uint32_t place);

/* "us-east-1, eu-west-1" */
const char *region_set_text(const struct param_list *set, const struct scenario *scenario,
                            struct arena *arena);

/* Appends the places of the set to places[count...]; returns the new count. */
uint32_t region_set_places(const struct param_list *set, uint32_t *places, uint32_t count);

#endif
