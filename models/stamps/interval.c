/*
 * interval.c - the latest that the time can be, and a wait until it is past.
 *
 * Model:  a write's time is the latest end of its machine's clock interval, and above all times
 *         given or seen. It may be answered when the earliest end has passed its time (commit
 * wait): then true time has, so whatever begins after the answer, anywhere, gets a later one. The
 *         wait is about twice the bound. Seen times are taken over without limit: a machine whose
 *         clock breaks its promise makes the others wait for it.
 * Assumes: a value can be seen by others before its wait is over; that a write made after seeing it
 *         has a later time comes from what is taken over, as Spanner's leaders do with the times
 *         of their participants. Spanner itself shows nothing before the wait is over.
 * Source: Corbett et al., "Spanner: Google's Globally-Distributed Database", OSDI 2012, section
 *         4.1.2 (start: s >= TT.now().latest; commit wait: until TT.after(s)) and 4.2.1.
 */
#include "models/stamps/stamp.h"

static int64_t next(const void *params, struct stamp_state *state, const struct stamp_clock *clock)
{
    (void)params;
    const int64_t above = state->last + 1;
    state->last = clock->latest_ns > above ? clock->latest_ns : above;
    return state->last;
}

static bool seen(const void *params, struct stamp_state *state, int64_t time,
                 const struct stamp_clock *clock)
{
    (void)params;
    (void)clock;
    state->last = time > state->last ? time : state->last;
    return true;
}

/* TT.after(time): earliest > time. */
static sim_ns wait_ns(const void *params, int64_t time, const struct stamp_clock *clock)
{
    (void)params;
    return time < clock->earliest_ns ? 0 : time - clock->earliest_ns + 1;
}

const struct stamp_ops stamp_interval_ops = {
    .kind = {.name = "interval",
             .summary = "TrueTime: the latest that the time can be; a write is answered when that "
                        "is surely past, so stamps are in the order of real time",
             .source = "Corbett et al., Spanner, OSDI 2012, sections 4.1.2 and 4.2.1"},
    .next = next,
    .seen = seen,
    .wait_ns = wait_ns,
};
