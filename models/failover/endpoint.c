/* endpoint.c - a name that points to the leader; see endpoint.h. */
#include "models/failover/endpoint.h"
#include "models/agents/control.h"
#include "models/agents/driver.h"
#include "sim/check.h"

#define RESOLVER_TIMEOUT_NS (5 * SIM_NS_PER_S)

struct zone { /* what servers and resolvers of one dataset share */
    const struct failover_plan *plan;
    const uint32_t *servers; /* ends */
    uint32_t server_count;
};

struct server { /* on disk */
    uint32_t node;
    uint64_t epoch; /* 0: as configured */
};

static void server_message(struct agent *self, const struct message *message)
{
    struct server *server = agent_state(self);
    const struct zone *zone = agent_config(self);
    const uint64_t epoch = (uint64_t)message->version.stamp;
    if (message->kind == CONTROL_ANNOUNCE) {
        agent_send(self, message->from, control_heard(message));
    }
    if (message->kind == CONTROL_ANNOUNCE && epoch > server->epoch) {
        *server = (struct server){.node = message->key, .epoch = epoch};
    } else if (message->kind == CONTROL_NAME_QUERY) {
        const struct failover_plan *plan = zone->plan;
        agent_send(self, message->from,
                   (struct message){.kind = CONTROL_NAME_ANSWER,
                                    .dataset = plan->dataset,
                                    .key = server->epoch > 0 ? server->node
                                                             : plan->members[plan->home].node,
                                    .bytes = FAILOVER_BYTES,
                                    .request = message->request,
                                    .version = {.stamp = (int64_t)server->epoch}});
    }
}

static const struct agent_ops server_ops = {
    .name = "endpoint server", .state_bytes = sizeof(struct server), .on_message = server_message};

struct resolver_config {
    const struct zone *zone;
    uint32_t driver; /* the end that it resolves for */
};

struct resolver {
    const uint32_t *servers; /* ends, the nearest first */
    uint32_t request, tries;
    struct timer step;
};

static void ask(struct agent *self)
{
    struct resolver *resolver = agent_state(self);
    const struct resolver_config *config = agent_config(self);
    const struct zone *zone = config->zone;
    agent_send(self, resolver->servers[resolver->tries % zone->server_count],
               (struct message){.kind = CONTROL_NAME_QUERY,
                                .dataset = zone->plan->dataset,
                                .bytes = FAILOVER_BYTES,
                                .request = resolver->request});
    resolver->tries++;
    resolver->step = agent_timer(self, RESOLVER_TIMEOUT_NS, 0);
}

/* By expected delay, then by number. */
static const uint32_t *nearest(struct agent *self, const struct zone *zone)
{
    uint32_t *sorted = arena_alloc(zone->plan->arena, zone->server_count, sizeof *sorted);
    for (uint32_t i = 0; i < zone->server_count; i++) {
        const sim_ns delay_ns = agent_delay(self, zone->servers[i]);
        uint32_t at = i;
        for (; at > 0 && agent_delay(self, sorted[at - 1]) > delay_ns; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = zone->servers[i];
    }
    return sorted;
}

static void resolver_start(struct agent *self)
{
    struct resolver *resolver = agent_state(self);
    const struct resolver_config *config = agent_config(self);
    const sim_ns ttl_ns = config->zone->plan->config->endpoint_ttl;
    resolver->servers = nearest(self, config->zone);
    resolver->request = 1;
    resolver->step = agent_timer(self, sim_ns_from_double(agent_random(self) * (double)ttl_ns), 0);
}

static void resolver_message(struct agent *self, const struct message *message)
{
    struct resolver *resolver = agent_state(self);
    const struct resolver_config *config = agent_config(self);
    const struct failover_plan *plan = config->zone->plan;
    if (message->kind != CONTROL_NAME_ANSWER || message->request != resolver->request) {
        return;
    }
    driver_learn(agent_world(self), config->driver, plan->dataset, message->key,
                 (uint64_t)message->version.stamp);
    resolver->request++;
    resolver->tries = 0;
    agent_cancel(self, resolver->step);
    resolver->step = agent_timer(self, plan->config->endpoint_ttl, 0);
}

static void resolver_timer(struct agent *self, uint64_t token)
{
    (void)token;
    ask(self);
}

static const struct agent_ops resolver_ops = {.name = "endpoint resolver",
                                              .state_bytes = sizeof(struct resolver),
                                              .start = resolver_start,
                                              .on_message = resolver_message,
                                              .on_timer = resolver_timer};

void endpoint_build(struct failover_plan *plan, struct world *world,
                    const struct endpoint_driver *drivers, uint32_t count)
{
    struct zone *zone = arena_alloc(plan->arena, 1, sizeof *zone);
    uint32_t *servers = arena_alloc(plan->arena, plan->region_count, sizeof *servers);
    struct resolver_config *configs = arena_alloc(plan->arena, count, sizeof *configs);
    for (uint32_t r = 0; r < plan->region_count; r++) {
        const struct agent_spec spec = {
            .ops = &server_ops, .config = zone, .place = r, .node = RECORD_NONE, .outside = true};
        servers[r] = ENDPOINT_AGENT | agent_add(world, &spec);
    }
    *zone = (struct zone){.plan = plan, .servers = servers, .server_count = plan->region_count};
    for (uint32_t i = 0; i < count; i++) {
        configs[i] = (struct resolver_config){.zone = zone, .driver = drivers[i].end};
        const struct agent_spec spec = {.ops = &resolver_ops,
                                        .config = &configs[i],
                                        .place = drivers[i].place,
                                        .node = RECORD_NONE,
                                        .outside = true};
        agent_add(world, &spec);
    }
    uint32_t *told =
        arena_alloc(plan->arena, (size_t)plan->gateway_count + zone->server_count, sizeof *told);
    for (uint32_t i = 0; i < plan->gateway_count + zone->server_count; i++) {
        told[i] = i < plan->gateway_count ? plan->gateways[i] : servers[i - plan->gateway_count];
    }
    plan->gateways = told;
    plan->gateway_count += zone->server_count;
}
