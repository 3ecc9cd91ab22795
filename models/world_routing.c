/* world_routing.c - the gateways and the front of a world whose scenario has "routing". */
#include "models/routing/front.h"
#include "models/routing/gateway.h"
#include "models/world_internal.h"
#include "sim/check.h"

struct world_routing {
    struct gateway_plan plan;
    struct gateway **gateways; /* in order of the plan's regions */
};

/* Operations per second of the users for whom this region's gateway is the nearest. */
static double nominal_load(const struct world *world, const struct gateway_plan *plan,
                           uint32_t region)
{
    const struct scenario_client *clients = world->scenario->clients.items;
    double load = 0.0;
    for (uint32_t g = 0; g < world->group_count; g++) {
        uint32_t nearest = plan->regions[0];
        sim_ns nearest_ns = SIM_NS_MAX;
        for (uint32_t i = 0; i < plan->count; i++) {
            const uint32_t link =
                world->network.group_places[g] * world->network.place_count + plan->regions[i];
            const sim_ns delay_ns = world->network.links[link].p50_ns;
            if (delay_ns < nearest_ns) {
                nearest = plan->regions[i];
                nearest_ns = delay_ns;
            }
        }
        load += nearest == region ? clients[g].rate : 0.0;
    }
    return load;
}

static const struct distribution *service_of(struct world *world, const struct gateway_plan *plan,
                                             const struct scenario_gateway *gateway, double workers)
{
    double capacity = gateway->capacity;
    if (gateway->provisioned > 0.0) {
        capacity = gateway->provisioned * nominal_load(world, plan, gateway->region);
    }
    if (capacity > 0.0) {
        return distribution_constant(&world->arena, workers * 1e9 / capacity);
    }
    return gateway->service; /* also of a region that is nobody's nearest: as much as it takes */
}

static struct gateway_site site_of(struct world *world, const struct gateway_plan *plan,
                                   uint32_t region)
{
    const struct scenario_gateways *config = &plan->config->gateways;
    struct scenario_gateway gateway = {.region = region,
                                       .capacity = config->capacity,
                                       .provisioned = config->provisioned,
                                       .service = config->service,
                                       .workers = config->workers};
    const struct scenario_gateway *items = config->region.items;
    for (size_t i = 0; i < config->region.count; i++) {
        if (items[i].region != region) {
            continue;
        }
        if (items[i].capacity > 0.0 || items[i].provisioned > 0.0 || items[i].service != NULL) {
            const int64_t workers = gateway.workers;
            gateway = items[i];
            gateway.workers = items[i].workers > 0 ? items[i].workers : workers;
        } else {
            gateway.workers = items[i].workers > 0 ? items[i].workers : gateway.workers;
        }
    }
    return (struct gateway_site){.region = region,
                                 .workers = (uint32_t)gateway.workers,
                                 .service =
                                     service_of(world, plan, &gateway, (double)gateway.workers)};
}

void world_build_routing(struct world *world)
{
    if (world->scenario->routing.kind == NULL) {
        return;
    }
    struct world_routing *routing = arena_alloc(&world->arena, 1, sizeof *routing);
    uint32_t *ends = arena_alloc(&world->arena, world->region_count, sizeof *ends);
    uint32_t *regions = arena_alloc(&world->arena, world->region_count, sizeof *regions);
    struct gateway_plan *plan = &routing->plan;
    *plan = (struct gateway_plan){.config = world->scenario->routing.common,
                                  .arena = &world->arena,
                                  .ends = ends,
                                  .regions = regions,
                                  .dataset_count = world->dataset_count};
    for (uint32_t r = 0; r < world->region_count; r++) {
        ends[r] = RECORD_NONE;
        if (router_has_gateway(world->scenario, r)) {
            regions[plan->count++] = r;
        }
    }
    routing->gateways = arena_alloc(&world->arena, plan->count, sizeof *routing->gateways);
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct gateway_site site = site_of(world, plan, regions[i]);
        uint32_t agent;
        routing->gateways[i] = gateway_add(world, plan, &site, &agent);
        ends[regions[i]] = ENDPOINT_AGENT | agent;
    }
    world->routing = routing;
    world->front = front_create(&(struct front_host){.world = world,
                                                     .engine = &world->engine,
                                                     .network = &world->network,
                                                     .scenario = world->scenario,
                                                     .layout = &world->layout,
                                                     .sink = &world->sink,
                                                     .arena = &world->arena,
                                                     .seed = world->seed,
                                                     .event_kind = WORLD_EVENT_FRONT,
                                                     .region_count = world->region_count,
                                                     .gateway_regions = regions,
                                                     .gateway_count = plan->count,
                                                     .gateway_ends = ends});
    plan->front = world->front;
}

uint32_t world_gateways(const struct world *world, const uint32_t **ends)
{
    if (world->routing == NULL) {
        *ends = NULL;
        return 0;
    }
    *ends = world->routing->plan.ends;
    return world->region_count;
}

void world_release_routing(struct world *world)
{
    if (world->routing == NULL) {
        return;
    }
    for (uint32_t i = 0; i < world->routing->plan.count; i++) {
        gateway_release(world->routing->gateways[i]);
    }
    front_release(world->front);
}
