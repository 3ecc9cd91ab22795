/* world_driver.c - drivers: which machines there are to ask from one end, the nearest first. */
#include "models/agents/agent.h"
#include "models/agents/driver.h"
#include "models/world_internal.h"
#include "sim/check.h"

/* Machines of one region are equally near: each rotation begins with another of them. */
static void rotate_runs(const struct world *world, const uint32_t *nodes, uint32_t *rotated,
                        uint32_t count, uint32_t by)
{
    for (uint32_t first = 0; first < count;) {
        uint32_t run = 1;
        while (first + run < count &&
               world->nodes[nodes[first + run]].region == world->nodes[nodes[first]].region) {
            run++;
        }
        for (uint32_t i = 0; i < run; i++) {
            rotated[first + i] = nodes[first + (i + by) % run];
        }
        first += run;
    }
}

static sim_ns delay_between(const struct world *world, uint32_t from, uint32_t to)
{
    const struct network *network = &world->network;
    return network_link_at(network, network_link_between(network, from, to))->p50_ns;
}

/* Machines that may be asked, by (delay, number). */
static uint32_t askable_nodes(const struct world *world, const struct world_dataset *dataset,
                              uint32_t end, uint32_t *nodes)
{
    uint32_t count = 0;
    for (uint32_t member = 0; member < dataset->total; member++) {
        const bool stores = member < dataset->count;
        const bool may = dataset->ops->coordinates != NULL
                             ? dataset->ops->coordinates(dataset->params, stores)
                             : stores;
        if (!may) {
            continue;
        }
        const uint32_t node = dataset->member_nodes[member];
        const sim_ns delay_ns = delay_between(world, end, node);
        uint32_t at = count++;
        while (at > 0) {
            const uint32_t other = nodes[at - 1];
            const sim_ns other_ns = delay_between(world, end, other);
            if (other_ns < delay_ns || (other_ns == delay_ns && other < node)) {
                break;
            }
            nodes[at] = nodes[at - 1];
            at--;
        }
        nodes[at] = node;
    }
    CHECK(count > 0);
    return count;
}

static uint32_t rotations_of(const struct world *world, const uint32_t *nodes, uint32_t count)
{
    uint32_t most = 1;
    for (uint32_t r = 0; r < world->region_count; r++) {
        uint32_t in_region = 0;
        for (uint32_t i = 0; i < count; i++) {
            in_region += world->nodes[nodes[i]].region == r;
        }
        most = in_region > most ? in_region : most;
    }
    return most < WORLD_ROTATIONS_MAX ? most : (uint32_t)WORLD_ROTATIONS_MAX;
}

static void driver_build(struct world *world, struct world_driver *driver, uint32_t end,
                         uint32_t dataset_index)
{
    const struct world_dataset *dataset = &world->datasets[dataset_index];
    uint32_t *nodes = arena_alloc(&world->arena, world->node_count, sizeof(uint32_t));
    const uint32_t count = askable_nodes(world, dataset, end, nodes);
    driver->route = dataset->ops->route;
    driver->rotation_count = rotations_of(world, nodes, count);
    for (uint32_t i = 0; i < driver->rotation_count; i++) {
        const bool few = i == 0 && count <= WORLD_FEW_NODES;
        uint32_t *rotated = few ? driver->few : arena_alloc(&world->arena, count, sizeof(uint32_t));
        rotate_runs(world, nodes, rotated, count, i);
        driver->views[i] = (struct route_view){.params = dataset->params,
                                               .shared = dataset->shared,
                                               .nearest = rotated,
                                               .nearest_count = count,
                                               .leader = UINT32_MAX};
    }
}

void world_build_drivers(struct world *world)
{
    const struct scenario_client *clients = world->scenario->clients.items;
    world->drivers = arena_alloc(&world->arena, world->group_count, sizeof *world->drivers);
    for (uint32_t group = 0; group < world->group_count; group++) {
        driver_build(world, &world->drivers[group], ENDPOINT_CLIENT | group,
                     clients[group].dataset);
    }
}

void driver_add(struct world *world, uint32_t agent)
{
    struct world_driver *drivers =
        arena_alloc(&world->arena, world->dataset_count, sizeof *drivers);
    for (uint32_t dataset = 0; dataset < world->dataset_count; dataset++) {
        driver_build(world, &drivers[dataset], ENDPOINT_AGENT | agent, dataset);
    }
    world_agent_drivers(world, agent, drivers);
}

static struct world_driver *driver_of(struct world *world, uint32_t end, uint32_t dataset)
{
    if ((end & ENDPOINT_CLIENT) != 0) {
        return &world->drivers[end & ~ENDPOINT_CLIENT];
    }
    return world_agent_driver(world, end & ~ENDPOINT_AGENT, dataset);
}

uint32_t driver_route(struct world *world, uint32_t end, uint32_t dataset,
                      const struct route_request *request)
{
    return world_driver_route(driver_of(world, end, dataset), request);
}

bool driver_learn(struct world *world, uint32_t end, uint32_t dataset, uint32_t node,
                  uint64_t epoch)
{
    struct world_driver *driver = driver_of(world, end, dataset);
    if (node == RECORD_NONE || epoch <= driver->epoch) {
        return false;
    }
    CHECK(node < world->node_count);
    driver->epoch = epoch;
    for (uint32_t i = 0; i < driver->rotation_count; i++) {
        driver->views[i].leader = node;
    }
    return true;
}
