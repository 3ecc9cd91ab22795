/*
 * stamp.h - what orders the writes that several machines accept.
 *
 * Model:  a stamp is (time of the scheme, machine): stamp = time << STAMP_MEMBER_BITS | member, so
 *         two machines never give the same one and the machine breaks ties (Lamport, 1978). Within
 *         a machine whose scheme repeats a time, the number of the write breaks them.
 * Scheme: `next` gives the time of a write from the machine's own clock and what it has seen;
 * `seen` hears the time of each version that came from another machine. Both are pure functions of
 *         the state and the arguments.
 * Wait:   a scheme that has `wait_ns` promises that times are in the order of real time, if a write
 *         is answered no sooner than its time has surely passed (commit wait). When everything else
 *         is done, a strategy asks stamp_wait_ns(): 0: answer now; else set a timer for so long, in
 *         which the machine works on, and ask again with the clock as it then is, until 0 (the
 *         interval may have grown meanwhile, so that once is not enough). The wait overlaps with
 *         disk and copies. A write that dies with its machine is not answered, as ever.
 * Units:  each scheme's own (nanoseconds, granules, a counter): only the order means something.
 *         Times stay below 2^57: every one leaves room for a simulation of a year.
 * Cost:   a few instructions; no memory.
 */
#ifndef MODELS_STAMPS_STAMP_H
#define MODELS_STAMPS_STAMP_H

#include "sim/param.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stdint.h>

enum { STAMP_MEMBER_BITS = 6, STAMP_MEMBERS_MAX = 1 << STAMP_MEMBER_BITS };

struct stamp_state { /* one machine's; zeroed at start */
    int64_t last;    /* the latest time given or taken over */
};

struct stamp_clock {               /* a machine's own clock, now */
    sim_ns now_ns;                 /* never runs backwards */
    sim_ns earliest_ns, latest_ns; /* true time is between; only for stamp_wants_interval() */
};

struct stamp_ops {
    struct param_kind kind;
    /* The time of a new write. */
    int64_t (*next)(const void *params, struct stamp_state *state, const struct stamp_clock *clock);
    /* Another machine's time was seen; false: it was not taken over. NULL: nothing is. */
    bool (*seen)(const void *params, struct stamp_state *state, int64_t time,
                 const struct stamp_clock *clock);
    /* How long, by this clock, until a write of that time may be answered. NULL: it may at once.
     * Whoever has it needs clocks that promise a bound. */
    sim_ns (*wait_ns)(const void *params, int64_t time, const struct stamp_clock *clock);
};

extern const struct param_registry stamp_registry;

static inline const struct stamp_ops *stamp_ops_of(const struct param_choice *choice)
{
    return (const struct stamp_ops *)(const void *)choice->kind; /* its first member */
}

/* Whether the scheme reads earliest_ns and latest_ns, and makes answers wait. */
static inline bool stamp_wants_interval(const struct param_choice *scheme)
{
    return stamp_ops_of(scheme)->wait_ns != NULL;
}

/* Why the scheme can not be used, or NULL; `bounded`: the machines' clocks promise a bound. */
static inline const char *stamp_check(const struct param_choice *scheme, bool bounded)
{
    return bounded || !stamp_wants_interval(scheme)
               ? NULL
               : "needs clocks that know how wrong they may be (truetime, clockbound, bounded, "
                 "...): without a promise there is no interval to wait out";
}

static inline int64_t stamp_time(int64_t stamp)
{
    return stamp >> STAMP_MEMBER_BITS;
}

static inline int64_t stamp_join(int64_t time, uint32_t member)
{
    return time * STAMP_MEMBERS_MAX + (int64_t)member;
}

/* The stamp of a new write of `member`. */
static inline int64_t stamp_next(const struct param_choice *scheme, struct stamp_state *state,
                                 const struct stamp_clock *clock, uint32_t member)
{
    return stamp_join(stamp_ops_of(scheme)->next(scheme->params, state, clock), member);
}

static inline bool stamp_seen(const struct param_choice *scheme, struct stamp_state *state,
                              int64_t stamp, const struct stamp_clock *clock)
{
    const struct stamp_ops *ops = stamp_ops_of(scheme);
    return ops->seen == NULL || ops->seen(scheme->params, state, stamp_time(stamp), clock);
}

/* How long the answer to the write of that stamp has to wait yet. */
static inline sim_ns stamp_wait_ns(const struct param_choice *scheme, int64_t stamp,
                                   const struct stamp_clock *clock)
{
    const struct stamp_ops *ops = stamp_ops_of(scheme);
    return ops->wait_ns == NULL ? 0 : ops->wait_ns(scheme->params, stamp_time(stamp), clock);
}

#endif
