/*
 * latency.c - users go to the region with the shortest measured round trip, by a table that is
 * renewed now and then.
 *
 * Model:   probes from each group's place every `measure_every`; every `publish_every` the table
 *          that answers are taken from is set to the means since the last time. A region that
 *          answered nothing keeps its entry: the table knows delays, not health. Before the first
 *          publication it holds expected delays. So a link that becomes slow moves users late, and
 *          one that is cut moves nobody.
 */
#include "models/routing/measure.h"
#include "sim/arena.h"

#include <stddef.h>

struct latency {
    sim_ns measure_every, publish_every, ttl;
};

struct state {
    struct measure measure;
    sim_ns *table;        /* group x gateway: round trip */
    sim_ns *published_ns; /* by group */
};

static sim_ns *table_of(const struct router *self, const struct state *state, uint32_t group)
{
    return &state->table[(size_t)group * router_region_count(self)];
}

static void build(struct router *self)
{
    const struct latency *params = router_params(self);
    struct state *state = router_state(self);
    const uint32_t groups = router_group_count(self), gateways = router_region_count(self);
    measure_init(&state->measure, self, params->measure_every);
    state->table = arena_alloc(router_arena(self), (size_t)groups * gateways, sizeof *state->table);
    state->published_ns = arena_alloc(router_arena(self), groups, sizeof *state->published_ns);
    for (uint32_t group = 0; group < groups; group++) {
        for (uint32_t i = 0; i < gateways; i++) {
            const uint32_t end = router_gateway_end(self, router_regions(self)[i]);
            table_of(self, state, group)[i] = router_delay(self, ENDPOINT_CLIENT | group, end) +
                                              router_delay(self, end, ENDPOINT_CLIENT | group);
        }
    }
}

static void start(struct router *self)
{
    measure_start(&((struct state *)router_state(self))->measure, self);
}

static void publish(struct router *self, struct state *state, uint32_t group)
{
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        struct measured *measured = measure_at(&state->measure, self, group, i);
        if (measured->count > 0) {
            table_of(self, state, group)[i] = measured->sum_ns / measured->count;
        }
        measured->sum_ns = 0;
        measured->count = 0;
    }
    state->published_ns[group] = router_now(self);
}

static void on_timer(struct router *self, uint64_t token)
{
    const struct latency *params = router_params(self);
    struct state *state = router_state(self);
    const uint32_t group = (uint32_t)token;
    if (router_now(self) - state->published_ns[group] >= params->publish_every) {
        publish(self, state, group);
    }
    measure_round(&state->measure, self, group);
}

static void on_message(struct router *self, uint32_t group, const struct message *message)
{
    measure_hears(&((struct state *)router_state(self))->measure, self, group, message);
}

static uint32_t fastest(const struct router *self, const struct state *state, uint32_t group)
{
    const sim_ns *table = table_of(self, state, group);
    uint32_t best = 0;
    for (uint32_t i = 1; i < router_region_count(self); i++) {
        best = table[i] < table[best] ? i : best;
    }
    return router_regions(self)[best];
}

static void resolve(struct router *self, uint32_t session)
{
    const struct latency *params = router_params(self);
    router_answer(self, session, fastest(self, router_state(self), router_group_of(self, session)),
                  params->ttl);
}

static const struct param_spec params[] = {
    {.key = "measure_every",
     .type = PARAM_DURATION,
     .offset = offsetof(struct latency, measure_every),
     .min = 1000000,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "60s",
     .help = "between probes from each group's place to every gateway"},
    {.key = "publish_every",
     .type = PARAM_DURATION,
     .offset = offsetof(struct latency, publish_every),
     .min = 0,
     .max = 366.0 * 24 * 3600e9,
     .default_text = "1h",
     .help = "between renewals of the table that answers are taken from"},
    {.key = "ttl",
     .type = PARAM_DURATION,
     .offset = offsetof(struct latency, ttl),
     .min = 0,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .default_text = "60s",
     .help = "for which a session's new connections go to the same region"},
    {0}};

const struct router_ops router_latency_ops = {
    .kind = {.name = "latency",
             .summary = "the region with the shortest measured round trip, by a slow-moving table",
             .source = "Amazon Route 53 developer guide (April 2023), latency-based routing: based "
                       "on measurements over a period of time, not on the present; ttl: 60 s "
                       "advised. assumption: an hour, where the guide gives no number; the answer "
                       "itself takes no time",
             .params_bytes = sizeof(struct latency),
             .params = params},
    .state_bytes = sizeof(struct state),
    .build = build,
    .start = start,
    .resolve = resolve,
    .on_message = on_message,
    .on_timer = on_timer};
