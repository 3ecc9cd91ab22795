/* router.c - what routing policies see of the front. */
#include "models/routing/router.h"

#include "models/routing/front_internal.h"
#include "sim/check.h"

static const struct front_host *host_of(const struct router *self)
{
    return &self->front->host;
}

/* Regions with a gateway by expected delay from the group, then by number. */
static void sort_nearest(struct front *front, uint32_t group, uint32_t *regions)
{
    const struct front_host *host = &front->host;
    for (uint32_t i = 0; i < host->gateway_count; i++) {
        const uint32_t region = host->gateway_regions[i];
        const sim_ns delay_ns =
            router_delay(&front->router, ENDPOINT_CLIENT | group, host->gateway_ends[region]);
        uint32_t at = i;
        while (at > 0 && router_delay(&front->router, ENDPOINT_CLIENT | group,
                                      host->gateway_ends[regions[at - 1]]) > delay_ns) {
            regions[at] = regions[at - 1];
            at--;
        }
        regions[at] = region;
    }
}

void router_init(struct front *front)
{
    struct router *router = &front->router;
    const struct front_host *host = &front->host;
    const struct param_choice *choice = &host->scenario->routing;
    *router = (struct router){
        .front = front, .ops = (const struct router_ops *)choice->kind, .params = choice->params};
    router->state = arena_alloc(host->arena, 1, router->ops->state_bytes + 1);
    router->stride = (router->ops->session_bytes + 15) / 16 * 16;
    router->sessions =
        arena_alloc(host->arena, host->layout->session_count + 1, router->stride + 16);
    uint32_t *nearest = arena_alloc(
        host->arena, (size_t)host->layout->group_count * host->gateway_count, sizeof *nearest);
    for (uint32_t group = 0; group < host->layout->group_count; group++) {
        sort_nearest(front, group, &nearest[(size_t)group * host->gateway_count]);
    }
    router->nearest = nearest;
    struct health_target *targets = arena_alloc(host->arena, host->gateway_count, sizeof *targets);
    for (uint32_t i = 0; i < host->gateway_count; i++) {
        const uint32_t region = host->gateway_regions[i];
        targets[i] = (struct health_target){
            .end = host->gateway_ends[region], .place = region, .node = RECORD_NONE};
    }
    router->plan = (struct health_plan){.config = &router_config(router)->health,
                                        .targets = targets,
                                        .target_count = host->gateway_count};
    if (router->ops->build != NULL) {
        router->ops->build(router);
    }
    if (router->plan.listener_count > 0) {
        health_add(host->world, &router->plan, host->region_count, host->arena);
    }
}

bool router_has_gateway(const struct scenario *scenario, uint32_t region)
{
    const struct scenario_routing *config = scenario->routing.common;
    const uint32_t *at = config->gateways.at.items;
    const struct scenario_region *regions = scenario->regions.items;
    for (size_t i = 0; i < config->gateways.at.count; i++) {
        if (at[i] == region) {
            return true;
        }
    }
    return config->gateways.at.count == 0 && regions[region].nodes > 0;
}

void *router_state(struct router *self)
{
    return self->state;
}

void *router_session(struct router *self, uint32_t session)
{
    CHECK(session < host_of(self)->layout->session_count);
    return self->sessions + session * self->stride;
}

const void *router_params(const struct router *self)
{
    return self->params;
}

const struct scenario *router_scenario(const struct router *self)
{
    return host_of(self)->scenario;
}

const struct scenario_routing *router_config(const struct router *self)
{
    return host_of(self)->scenario->routing.common;
}

struct world *router_world(struct router *self)
{
    return host_of(self)->world;
}

struct arena *router_arena(struct router *self)
{
    return host_of(self)->arena;
}

sim_ns router_now(const struct router *self)
{
    return engine_now(host_of(self)->engine);
}

uint32_t router_group_count(const struct router *self)
{
    return host_of(self)->layout->group_count;
}

const struct record_group *router_group(const struct router *self, uint32_t group)
{
    CHECK(group < host_of(self)->layout->group_count);
    return &host_of(self)->layout->groups[group];
}

uint32_t router_group_of(const struct router *self, uint32_t session)
{
    return self->front->sessions[session].group;
}

uint32_t router_region_count(const struct router *self)
{
    return host_of(self)->gateway_count;
}

const uint32_t *router_regions(const struct router *self)
{
    return host_of(self)->gateway_regions;
}

uint32_t router_gateway_end(const struct router *self, uint32_t region)
{
    CHECK(region < host_of(self)->region_count);
    return host_of(self)->gateway_ends[region];
}

const uint32_t *router_nearest(const struct router *self, uint32_t group)
{
    return &self->nearest[(size_t)group * host_of(self)->gateway_count];
}

uint32_t router_place_count(const struct router *self)
{
    return host_of(self)->layout->place_count;
}

const struct record_place *router_place(const struct router *self, uint32_t place)
{
    CHECK(place < router_place_count(self));
    return &host_of(self)->layout->places[place];
}

sim_ns router_delay(const struct router *self, uint32_t from_end, uint32_t to_end)
{
    struct network *network = host_of(self)->network;
    return network_link_at(network, network_link_between(network, from_end, to_end))->p50_ns;
}

double router_random(struct router *self, uint32_t group)
{
    return random_unit(&self->front->chance[group]);
}

sim_ns router_sample_ns(struct router *self, uint32_t group, const struct distribution *law)
{
    const sim_ns value_ns = distribution_sample_ns(law, &self->front->chance[group]);
    return value_ns > 0 ? value_ns : 0;
}

void router_send(struct router *self, uint32_t group, uint32_t to_end, struct message message)
{
    message.from = ENDPOINT_CLIENT | group;
    message.to = to_end;
    network_send(host_of(self)->network, &message);
}

struct timer router_timer(struct router *self, sim_ns delay_ns, uint64_t token)
{
    CHECK(self->ops->on_timer != NULL);
    return engine_after(
        host_of(self)->engine, delay_ns,
        (struct event){.kind = host_of(self)->event_kind, .small = FRONT_ROUTER, .a = token});
}

void router_answer(struct router *self, uint32_t session, uint32_t region, sim_ns valid_ns)
{
    front_resolved(self->front, session, region, valid_ns);
}

void router_release(struct router *self, uint32_t session)
{
    front_part(self->front, session);
}

uint32_t router_connected(const struct router *self, uint32_t session)
{
    const struct session *state = &self->front->sessions[session];
    return state->state == SESSION_CONNECTED ? state->entry : RECORD_NONE;
}

enum { LISTENERS_MAX = 4096 };

void router_listen(struct router *self, uint32_t agent_end)
{
    if (self->listeners == NULL) {
        self->listeners = arena_alloc(router_arena(self), LISTENERS_MAX, sizeof(uint32_t));
        self->plan.listeners = self->listeners;
    }
    CHECK(self->plan.listener_count < LISTENERS_MAX);
    self->listeners[self->plan.listener_count++] = agent_end;
}

void router_announce_to(struct router *self, uint32_t agent_end)
{
    if (self->announced == NULL) {
        self->announced = arena_alloc(router_arena(self), LISTENERS_MAX, sizeof(uint32_t));
    }
    CHECK(self->announced_count < LISTENERS_MAX);
    self->announced[self->announced_count++] = agent_end;
}

uint32_t router_announced(const struct router *self, const uint32_t **ends)
{
    *ends = self->announced;
    return self->announced_count;
}

uint32_t router_region_of_node(const struct router *self, uint32_t node)
{
    const struct record_layout *layout = host_of(self)->layout;
    CHECK(node < layout->node_count);
    return layout->nodes[node].place;
}

const struct health_plan *router_health(const struct router *self)
{
    return &self->plan;
}
