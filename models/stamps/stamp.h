/*
 * stamp.h - what orders the writes that several machines accept.
 *
 * Model:  a stamp is (time of the scheme, machine): stamp = time << STAMP_MEMBER_BITS | member, so
 *         two machines never give the same one and the machine breaks ties (Lamport, 1978). Within
 *         a machine whose scheme repeats a time, the number of the write breaks them.
 * Scheme: `next` gives the time of a write from the machine's own clock and what it has seen;
 * `seen` hears the time of each version that came from another machine. Both are pure functions of
 *         the state and the arguments.
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

struct stamp_ops {
    struct param_kind kind;
    /* The time of a new write. */
    int64_t (*next)(const void *params, struct stamp_state *state, sim_ns clock_ns);
    /* Another machine's time was seen; false: it was not taken over. NULL: nothing is. */
    bool (*seen)(const void *params, struct stamp_state *state, int64_t time, sim_ns clock_ns);
};

extern const struct param_registry stamp_registry;

static inline const struct stamp_ops *stamp_ops_of(const struct param_choice *choice)
{
    return (const struct stamp_ops *)(const void *)choice->kind; /* its first member */
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
                                 sim_ns clock_ns, uint32_t member)
{
    return stamp_join(stamp_ops_of(scheme)->next(scheme->params, state, clock_ns), member);
}

static inline bool stamp_seen(const struct param_choice *scheme, struct stamp_state *state,
                              int64_t stamp, sim_ns clock_ns)
{
    const struct stamp_ops *ops = stamp_ops_of(scheme);
    return ops->seen == NULL || ops->seen(scheme->params, state, stamp_time(stamp), clock_ns);
}

#endif
