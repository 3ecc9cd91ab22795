/*
 * collect_wait.c - how long writes of a key take until all live replicas are equal, and stay so.
 */
#include "analysis/collect_conflicts.h"

void wait_ended(const struct collect_state *state, struct watched_dataset *dataset,
                struct key_wait *wait)
{
    if (wait->waited_ns >= 0 && wait->written_ns >= state->layout->warmup_ns) {
        histogram_record(&dataset->convergence, wait->waited_ns);
    }
    wait->written_ns = -1;
}

void wait_accepted(const struct collect_state *state, struct watched_dataset *dataset,
                   struct key_wait *wait, bool differs)
{
    wait_ended(state, dataset, wait);
    wait->written_ns = state->now_ns;
    wait->waited_ns = differs ? -1 : 0;
}

void wait_changed(const struct collect_state *state, struct key_wait *wait, bool differs)
{
    const sim_ns heal_ns = state->fault_end_ns;
    const sim_ns since_ns = heal_ns > wait->written_ns ? heal_ns : wait->written_ns;

    wait->waited_ns = differs ? -1 : state->now_ns - since_ns;
}
