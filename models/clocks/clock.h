/*
 * clock.h - a machine's physical clock: what it believes the time to be.
 *
 * Model: local time = true time + offset(true time). A kind computes the offset as a pure function
 *        of true time and of the node's own random stream (synchronisations are numbered, so their
 *        errors are addressed by number): no event is needed and the order of reading changes
 *        nothing. Steps by faults are added on top.
 * Units: ns.
 * Bound: a promise by the clock that |offset| <= bound; SIM_NS_MAX when it makes none.
 * Cost:  a few draws when the synchronisation number changes, else a multiplication.
 */
#ifndef MODELS_CLOCKS_CLOCK_H
#define MODELS_CLOCKS_CLOCK_H

#include "sim/param.h"
#include "sim/random.h"
#include "sim/sim_time.h"

#include <stdbool.h>

struct clock_state { /* one node's; zeroed at start */
    struct random_stream stream;
    int64_t sync_number;   /* of the synchronisation of the cached values; 0 = none yet */
    sim_ns sync_at_ns;     /* true time of it */
    sim_ns sync_offset_ns; /* offset right after it */
    double drift;          /* seconds per second */
    double bound_rate;     /* what a promised bound grows by without correction, the same */
    sim_ns phase_ns;       /* of this node's synchronisations */
};

struct clock_reading {
    sim_ns offset_ns;
    sim_ns bound_ns;
};

struct clock_ops {
    struct param_kind kind;
    bool bounded; /* its readings promise a bound */
    void (*start)(const void *params, struct clock_state *clock);
    struct clock_reading (*read)(const void *params, struct clock_state *clock, sim_ns now_ns);
};

extern const struct param_registry clock_registry;

#endif
