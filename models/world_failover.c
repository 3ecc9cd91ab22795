/* world_failover.c - the plans and agents that move leaderships, when the scenario has "failover".
 */
#include "models/failover/endpoint.h"
#include "models/failover/policy.h"
#include "models/routing/front.h"
#include "models/world_internal.h"
#include "sim/check.h"

static const struct failover_ops *policy_of(const struct world *world)
{
    return (const struct failover_ops *)world->scenario->failover.kind;
}

bool world_failover_manages(const struct world *world, const struct strategy_ops *strategy)
{
    const struct failover_ops *policy = policy_of(world);
    return policy != NULL && policy->build != NULL && strategy->leadership != NULL;
}

/* The member that a client writes to at first: who leads as configured. */
static uint32_t home_of(const struct world_dataset *dataset)
{
    const struct route_view view = {.params = dataset->params,
                                    .shared = dataset->shared,
                                    .nearest = dataset->member_nodes,
                                    .nearest_count = dataset->count,
                                    .leader = UINT32_MAX};
    const struct route_request write = {.type = RECORD_WRITE, .since_write_ns = SIM_NS_MAX};
    const uint32_t member = dataset->node_members[dataset->ops->route(&view, &write)];
    CHECK(member < dataset->count);
    return member;
}

static uint32_t rank_of(const struct scenario_failover *config, uint32_t member, uint32_t region)
{
    const uint32_t *candidates = config->candidates.items;
    for (uint32_t i = 0; i < config->candidates.count; i++) {
        if (candidates[i] == region) {
            return i;
        }
    }
    return config->candidates.count == 0 ? member : UINT32_MAX;
}

/* Gateways, and what of the routing wants to hear announcements (name servers). */
static void find_gateways(struct world *world, struct failover_plan *plan)
{
    const uint32_t *ends = NULL;
    const uint32_t count = world_gateways(world, &ends);
    const uint32_t *others = NULL;
    const uint32_t other_count =
        world->front != NULL ? router_announced(front_router(world->front), &others) : 0;
    uint32_t *gateways = arena_alloc(&world->arena, count + other_count, sizeof *gateways);
    for (uint32_t i = 0; i < count; i++) {
        if (ends[i] != RECORD_NONE && plan->config->endpoint_ttl < 0) {
            gateways[plan->gateway_count++] = ends[i];
        }
    }
    for (uint32_t i = 0; i < other_count; i++) {
        gateways[plan->gateway_count++] = others[i];
    }
    plan->gateways = gateways;
}

/* Everybody who has a driver for the dataset looks the leader's name up. */
static void add_endpoint(struct world *world, struct failover_plan *plan)
{
    const struct scenario_client *clients = world->scenario->clients.items;
    const uint32_t *ends = NULL;
    const uint32_t gateways = world_gateways(world, &ends);
    struct endpoint_driver *drivers =
        arena_alloc(&world->arena, (size_t)gateways + world->group_count, sizeof *drivers);
    uint32_t count = 0;
    for (uint32_t region = 0; region < gateways; region++) {
        if (ends[region] != RECORD_NONE) {
            drivers[count++] = (struct endpoint_driver){.end = ends[region], .place = region};
        }
    }
    for (uint32_t group = 0; gateways == 0 && group < world->group_count; group++) {
        if (clients[group].dataset == plan->dataset) {
            drivers[count++] = (struct endpoint_driver){
                .end = ENDPOINT_CLIENT | group, .place = world->network.group_places[group]};
        }
    }
    world->by_endpoint = true;
    endpoint_build(plan, world, drivers, count);
}

static void build_plan(struct world *world, const struct world_dataset *dataset)
{
    const struct param_choice *choice = &world->scenario->failover;
    struct failover_plan *plan = arena_alloc(&world->arena, 1, sizeof *plan);
    *plan = (struct failover_plan){.policy = policy_of(world),
                                   .params = choice->params,
                                   .config = choice->common,
                                   .dataset = (uint16_t)dataset->index,
                                   .count = dataset->count,
                                   .home = home_of(dataset),
                                   .region_count = world->region_count,
                                   .arena = &world->arena};
    plan->members = arena_alloc(&world->arena, plan->count, sizeof *plan->members);
    for (uint32_t m = 0; m < plan->count; m++) {
        const uint32_t node = dataset->member_nodes[m];
        const uint32_t region = world->nodes[node].region;
        plan->members[m] = (struct failover_member){
            .node = node, .place = region, .rank = rank_of(plan->config, m, region)};
    }
    find_gateways(world, plan);
    if (plan->config->endpoint_ttl >= 0) {
        add_endpoint(world, plan);
    }
    plan->policy->build(plan, world);
}

void world_build_failover(struct world *world)
{
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        if (world_failover_manages(world, world->datasets[d].ops)) {
            build_plan(world, &world->datasets[d]);
        }
    }
}
