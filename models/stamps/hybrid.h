/*
 * hybrid.h - the time of the hybrid logical clock as one number.
 *
 * Model:  (l, c) of Kulkarni et al.: l, the largest physical time known, in microseconds; c counts
 *         events of the same l. l << HYBRID_COUNT_BITS | c orders as the pair does; the paper packs
 *         them likewise (section 6.2). A c that does not fit carries into l: still in order.
 */
#ifndef MODELS_STAMPS_HYBRID_H
#define MODELS_STAMPS_HYBRID_H

#include "sim/sim_time.h"

#include <stdint.h>

enum { HYBRID_COUNT_BITS = 12 };

/* The time of a physical clock, rounded up so that l is never below it. */
static inline int64_t hybrid_physical(sim_ns clock_ns)
{
    const int64_t us = clock_ns <= 0 ? 0 : (clock_ns - 1) / SIM_NS_PER_US + 1;
    return us * (INT64_C(1) << HYBRID_COUNT_BITS);
}

static inline sim_ns hybrid_l_ns(int64_t time)
{
    return (time >> HYBRID_COUNT_BITS) * SIM_NS_PER_US;
}

static inline int64_t hybrid_c(int64_t time)
{
    return time & ((INT64_C(1) << HYBRID_COUNT_BITS) - 1);
}

#endif
