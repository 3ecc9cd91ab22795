/*
 * none.c - nobody is promoted.
 *
 * Model: the leader leads again when its machine is back, in the same epoch; until then there is no
 *        leader. The same as a scenario without `failover`; a word to compare the others with.
 * Source: definition.
 */
#include "models/failover/policy.h"

const struct failover_ops failover_none_ops = {
    .kind = {.name = "none",
             .summary = "nobody is promoted: the leader leads again when it is back",
             .source = "definition"},
};
