/*
 * failover.c - a name that points to one region for everybody: the primary, or a secondary.
 *
 * Model:   name servers answer with the first region of `order` that they hold for healthy; with
 *          the first of all when none is. With `follow_leader` health does not count: the name
 *          points to the region of the dataset's leader, once a failover has announced it; before,
 *          to the first region of `order`. An announcement of a leader in a region without a
 *          gateway changes nothing. Resolvers, caches, time-outs: dns.h.
 */
#include "models/agents/control.h"
#include "models/routing/dns.h"
#include "sim/arena.h"

#include <stddef.h>

struct failover {
    sim_ns ttl;
    struct param_list order; /* regions */
    bool health_checks, follow_leader;
    uint32_t dataset;
    struct dns_params dns;
};

struct state {
    struct dns dns;
    uint32_t *order; /* places in router_regions() */
    uint32_t count;
};

static uint32_t index_of(const struct router *router, uint32_t region)
{
    uint32_t i = 0;
    while (router_regions(router)[i] != region) {
        i++;
    }
    return i;
}

static uint32_t answer(struct agent *server, uint32_t place)
{
    const struct dns_server *self = agent_state(server);
    const struct state *state = router_state(self->dns->router);
    const uint32_t *regions = router_regions(self->dns->router);
    (void)place;
    if (self->pointed != RECORD_NONE) {
        return self->pointed;
    }
    for (uint32_t i = 0; i < state->count; i++) {
        if (dns_healthy(server, state->order[i])) {
            return regions[state->order[i]];
        }
    }
    return regions[state->order[0]];
}

static void told(struct agent *server, const struct message *message)
{
    struct dns_server *self = agent_state(server);
    const struct router *router = self->dns->router;
    const struct failover *params = router_params(router);
    const uint64_t epoch = (uint64_t)message->version.stamp;
    const bool announced = message->kind == CONTROL_ANNOUNCE;
    if (epoch <= self->epoch || (announced && message->dataset != params->dataset)) {
        return;
    }
    const uint32_t region =
        announced ? router_region_of_node(router, message->key) : (uint32_t)message->a;
    if (router_gateway_end(router, region) != RECORD_NONE) {
        self->pointed = region;
        self->epoch = epoch;
    }
}

static const struct dns_zone by_health = {.answer = answer};
static const struct dns_zone by_leader = {.answer = answer, .told = told};

static void build(struct router *self)
{
    const struct failover *params = router_params(self);
    struct state *state = router_state(self);
    const uint32_t *order = params->order.items;
    state->count =
        params->order.count > 0 ? (uint32_t)params->order.count : router_region_count(self);
    state->order = arena_alloc(router_arena(self), state->count, sizeof *state->order);
    for (uint32_t i = 0; i < state->count; i++) {
        state->order[i] = params->order.count > 0 ? index_of(self, order[i]) : i;
    }
    dns_build(self,
              &(struct dns_setup){.params = &params->dns,
                                  .zone = params->follow_leader ? &by_leader : &by_health,
                                  .ttl = params->ttl,
                                  .checked = params->health_checks && !params->follow_leader});
}

static const char *check_leader(const struct failover *params, const struct scenario *scenario,
                                const char **key)
{
    *key = "follow_leader";
    return params->follow_leader && scenario->failover.kind == NULL
               ? "needs \"failover\": nobody else announces a leader"
               : NULL;
}

static const char *check(const void *opaque, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct failover *params = opaque;
    const uint32_t *order = params->order.items;
    const struct scenario_region *regions = scenario->regions.items;
    for (size_t i = 0; i < params->order.count; i++) {
        *key = arena_printf(arena, "order[%zu]", i);
        if (!router_has_gateway(scenario, order[i])) {
            return arena_printf(arena, "\"%s\" has no gateway", regions[order[i]].name);
        }
        for (size_t j = 0; j < i; j++) {
            if (order[i] == order[j]) {
                return arena_printf(arena, "\"%s\" is already order[%zu]", regions[order[i]].name,
                                    j);
            }
        }
    }
    const char *wrong = check_leader(params, scenario, key);
    if (wrong != NULL) {
        return wrong;
    }
    const char *row = NULL;
    wrong = dns_check(&params->dns, scenario, &row, arena);
    *key = wrong != NULL ? arena_printf(arena, "dns.%s", row) : NULL;
    return wrong;
}

static const char *finish(void *params, struct arena *arena, const char **key)
{
    (void)key;
    dns_finish(&((struct failover *)params)->dns, arena);
    return NULL;
}

static const struct param_spec params[] = {
    {.key = "ttl",
     .type = PARAM_DURATION,
     .offset = offsetof(struct failover, ttl),
     .min = 0,
     .max = 7.0 * 24 * 3600e9,
     .default_text = "60s",
     .help = "of the answers (Route 53 advises 60 s or less with health checks)"},
    {.key = "order",
     .type = PARAM_REGIONS,
     .offset = offsetof(struct failover, order),
     .help = "primary, secondary and so on; default: all regions with a gateway"},
    {.key = "health_checks",
     .type = PARAM_BOOL,
     .offset = offsetof(struct failover, health_checks),
     .default_text = "true",
     .help = "unhealthy regions are left out: routing.health; false: always the primary"},
    {.key = "follow_leader",
     .type = PARAM_BOOL,
     .offset = offsetof(struct failover, follow_leader),
     .default_text = "false",
     .help = "the name points to the leader's region when a failover has announced it"},
    {.key = "dataset",
     .type = PARAM_DATASET,
     .offset = offsetof(struct failover, dataset),
     .help = "follow_leader: whose leader; default: that of the first"},
    {.key = "dns",
     .type = PARAM_OBJECT,
     .offset = offsetof(struct failover, dns),
     .table = dns_table,
     .help = "name servers, resolvers, caches"},
    {0}};

const struct router_ops router_failover_ops = {
    .kind = {.name = "failover",
             .summary = "a name that points to the primary region, or to a secondary one",
             .source =
                 "Amazon Route 53 developer guide (April 2023), failover routing: the primary "
                 "while it is healthy, and when nothing is",
             .params_bytes = sizeof(struct failover),
             .params = params,
             .finish = finish},
    .state_bytes = sizeof(struct state),
    .session_bytes = sizeof(struct dns_session),
    .check = check,
    .build = build,
    .start = dns_start,
    .resolve = dns_resolve,
    .on_message = dns_on_message,
    .on_timer = dns_on_timer};
