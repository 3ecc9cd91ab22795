/*
 * collect_example.h - follows one real conflict, for a picture; only analysis/collect*.c include
 * it.
 *
 * Model: the first two writes of a key after the warm-up that replicas of two places accepted
 *        without having been given the other's: until each has arrived at the other's replica.
 * Cost:  nothing until there is one; then a test for each row that a replica is given, until both
 *        have arrived.
 */
#ifndef ANALYSIS_COLLECT_EXAMPLE_H
#define ANALYSIS_COLLECT_EXAMPLE_H

#include "analysis/collect_state.h"

struct example_write {
    struct version version;
    sim_ns at_ns;
    uint32_t replica; /* that accepted it */
};

struct example_state {
    struct metric_meeting meeting;
    struct version versions[2];
    uint32_t nodes[2]; /* that accepted them */
    uint32_t arrived;
    bool open;
};

static inline bool example_wanted(const struct collect_state *state)
{
    return state->example->meeting.event_count == 0;
}

/* Two writes that are concurrent; `first` was accepted first. Taken if in two places. */
void example_begin(struct collect_state *state, uint32_t dataset, uint32_t key,
                   const struct example_write *first, const struct example_write *second);
void example_row(struct collect_state *state, const struct record *record);

#endif
