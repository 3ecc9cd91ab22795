/*
 * actions.h - what clients can do to the values of a dataset, and why they can not.
 *
 * Model:     `write` can be done to every value; a plain register can also be `set`, which is the
 *            same; every other type says for itself.
 * Ownership: texts are in the arena given.
 */
#ifndef MODELS_WORKLOAD_ACTIONS_H
#define MODELS_WORKLOAD_ACTIONS_H

#include "models/scenario.h"
#include "models/values/value.h"

struct arena;

/* `ops` NULL: plain registers. */
bool actions_allow(const struct value_ops *ops, enum value_action action);

/* How many elements a value of the dataset can have: 1 when they are not told apart. */
uint32_t actions_elements(const struct scenario_dataset *dataset);

/*
 * Why the dataset's values lack the action, what they can do, and which types can do all that is
 * wanted: a bit per enum value_action.
 */
const char *actions_refusal(struct arena *arena, const struct scenario_dataset *dataset,
                            enum value_action action, uint32_t wanted);

/* The names of those types that do all of `wanted`: "a, b or c"; NULL: there is none. */
const char *actions_types(struct arena *arena, uint32_t wanted);

/* "a g_counter", "an or_set". */
const char *actions_value_name(struct arena *arena, const struct scenario_dataset *dataset);

#endif
