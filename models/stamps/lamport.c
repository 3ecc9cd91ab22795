/*
 * lamport.c - a counter that is never behind what it has seen.
 *
 * Model:  time = 1 + the largest time given or seen. A write that was made after seeing another has
 *         a larger one, whatever the clocks say. Between writes that have not seen each other the
 *         busier machine wins: the counter knows nothing of time.
 * Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 1978.
 */
#include "models/stamps/stamp.h"

static int64_t next(const void *params, struct stamp_state *state, const struct stamp_clock *clock)
{
    (void)params;
    (void)clock;
    return ++state->last;
}

static bool seen(const void *params, struct stamp_state *state, int64_t time,
                 const struct stamp_clock *clock)
{
    (void)params;
    (void)clock;
    state->last = time > state->last ? time : state->last;
    return true;
}

const struct stamp_ops stamp_lamport_ops = {
    .kind = {.name = "lamport",
             .summary = "a counter above all that was seen: causal order, no relation to time",
             .source = "Lamport, CACM 1978"},
    .next = next,
    .seen = seen,
};
