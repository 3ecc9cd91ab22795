/*
 * hybrid.c - the hybrid logical clock: physical time that causality pushes ahead.
 *
 * Model:  at a write l' = max(l, physical), c' = c + 1 if l' = l, else 0; at the sight of (m, d)
 *         l' = max(l, m, physical), c' = 1 + the largest c among those whose l is l', else 0. On
 *         (l, c) packed in one number both rules are "one more than the largest, or the physical
 *         time if that is larger". A time that is more than max_offset ahead of the machine's own
 *         clock is not taken over: the value is stored, and may go on masking writes made here.
 * Source: Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks", OPODIS 2014, figure
 *         5. max_offset: CockroachDB --max-offset, 500 ms (documentation, "cockroach start").
 */
#include "models/stamps/hybrid.h"

#include "models/stamps/stamp.h"

#include <stddef.h>

struct params {
    sim_ns max_offset; /* -1: none */
};

static const struct param_spec rows[] = {
    {.key = "max_offset",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, max_offset),
     .max = 365.0 * 24 * (double)SIM_NS_PER_H,
     .default_text = "none",
     .help = "a stamp that is further ahead of the machine's own clock is not taken over "
             "(CockroachDB: 500ms); none: all are, and one fast clock drags all others along"},
    {0}};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t next(const void *params, struct stamp_state *state, const struct stamp_clock *clock)
{
    (void)params;
    state->last = larger(state->last + 1, hybrid_physical(clock->now_ns));
    return state->last;
}

static bool seen(const void *untyped, struct stamp_state *state, int64_t time,
                 const struct stamp_clock *clock)
{
    const struct params *params = untyped;
    if (params->max_offset >= 0 && hybrid_l_ns(time) > clock->now_ns + params->max_offset) {
        return false;
    }
    state->last = larger(larger(state->last, time) + 1, hybrid_physical(clock->now_ns));
    return true;
}

const struct stamp_ops stamp_hybrid_ops = {
    .kind = {.name = "hybrid",
             .summary = "hybrid logical clock: close to physical time, never against causality",
             .source = "Kulkarni et al., OPODIS 2014; CockroachDB documentation (max_offset)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .next = next,
    .seen = seen,
};
