/*
 * wall.c - the machine's physical clock, cut to a granularity.
 *
 * Model:  time = clock / granularity. With `increasing`, a machine whose clock has not moved on
 *         takes the next granule, so that its own writes stay in order; it hears nothing of others.
 * Source: microseconds and an increasing clock: Apache Cassandra (ClientState.getTimestamp(), 4.1).
 *         Seconds: `_ts` of Azure Cosmos DB, seconds since the epoch (documentation, "Conflict
 *         types and resolution policies"). Milliseconds: what applications that stamp by themselves
 *         have (assumption: Date.now() of JavaScript).
 */
#include "models/stamps/stamp.h"

#include <stddef.h>

enum granularity { NANOSECONDS, MICROSECONDS, MILLISECONDS, SECONDS };

struct params {
    uint32_t granularity;
    bool increasing;
};

static const char *const granularity_names[] = {"ns", "us", "ms", "s", NULL};

static const struct param_spec rows[] = {
    {.key = "granularity",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, granularity),
     .names = granularity_names,
     .default_text = "us",
     .help = "the unit in which stamps count; writes of one unit are ordered by machine, not by "
             "time (Cassandra: us; Cosmos DB _ts: s)"},
    {.key = "increasing",
     .type = PARAM_BOOL,
     .offset = offsetof(struct params, increasing),
     .default_text = "true",
     .help = "a machine never gives a stamp that is not above its last one; false: writes of one "
             "machine within one unit are ordered by their number"},
    {0}};

static sim_ns granule_ns(const struct params *params)
{
    static const sim_ns granules_ns[] = {
        [NANOSECONDS] = 1,
        [MICROSECONDS] = SIM_NS_PER_US,
        [MILLISECONDS] = SIM_NS_PER_MS,
        [SECONDS] = SIM_NS_PER_S,
    };
    return granules_ns[params->granularity];
}

static int64_t next(const void *untyped, struct stamp_state *state, const struct stamp_clock *clock)
{
    const struct params *params = untyped;
    const int64_t now = clock->now_ns > 0 ? clock->now_ns / granule_ns(params) : 0;
    state->last = params->increasing && now <= state->last ? state->last + 1 : now;
    return state->last;
}

const struct stamp_ops stamp_wall_ops = {
    .kind = {.name = "wall",
             .summary = "the machine's own clock: whoever's clock is ahead wins",
             .source = "Apache Cassandra 4.1 (us, increasing); Azure Cosmos DB documentation (_ts "
                       "in seconds)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .next = next,
};
