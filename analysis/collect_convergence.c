/*
 * collect_convergence.c - when every live replica has what was committed before the last fault's
 * end.
 */
#include "analysis/collect_state.h"

/* Whether the replica is up and misses something that was committed before the last fault's end. */
static bool lag_behind(const struct collect_state *state, const struct replica_state *replica)
{
    return !state->node_down[replica->node] && replica->late.count > 0 &&
           replica->late.oldest_ns <= state->fault_end_ns;
}

void lag_watch(struct collect_state *state)
{
    if (state->fault_end_ns < 0) {
        return;
    }
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct dataset_state *dataset = &state->datasets[d];

        dataset->behind = 0;
        for (uint32_t i = 0; i < dataset->replica_count; i++) {
            dataset->replicas[i].behind = lag_behind(state, &dataset->replicas[i]);
            dataset->behind += dataset->replicas[i].behind ? 1u : 0u;
        }
        if (dataset->behind > 0) {
            dataset->converged_ns = -1;
        } else if (dataset->converged_ns < state->fault_end_ns) {
            dataset->converged_ns = state->now_ns;
        }
    }
}

void lag_caught_up(struct collect_state *state, struct dataset_state *dataset,
                   struct replica_state *replica)
{
    if (!lag_behind(state, replica)) {
        replica->behind = false;
        CHECK(dataset->behind > 0);
        if (--dataset->behind == 0) {
            dataset->converged_ns = state->now_ns;
        }
    }
}
