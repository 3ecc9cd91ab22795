/* world_faults.c - what faults can do to a world: the other side of fault_target.h. */
#include "models/faults/fault_target.h"
#include "models/world_internal.h"
#include "sim/check.h"

uint32_t fault_region_nodes(const struct world *world, uint32_t region)
{
    return world->region_first_node[region + 1] - world->region_first_node[region];
}

void fault_in_flight_lost(struct world *world, uint32_t region)
{
    CHECK(region < world->region_count);
    world->network.place_epochs[region]++;
}

static struct network_link *link_of(struct world *world, uint32_t from, uint32_t to)
{
    CHECK(from < world->network.place_count);
    CHECK(to < world->network.place_count);
    CHECK(from != to);
    return &world->network.links[from * world->network.place_count + to];
}

void fault_cut(struct world *world, uint32_t from_place, uint32_t to_place, int change)
{
    struct network_link *link = link_of(world, from_place, to_place);
    CHECK(change == 1 || (change == -1 && link->cuts > 0));
    link->cuts += (uint32_t)change;
}

static void record_power(struct world *world, uint32_t node, enum record_kind kind)
{
    const struct record row = {
        .at_ns = engine_now(&world->engine), .kind = (uint8_t)kind, .node = node};
    record_emit(&world->sink, &row);
}

void fault_power(struct world *world, uint32_t region, uint32_t node, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    const uint32_t index = world->region_first_node[region] + node;
    struct node *machine = &world->nodes[index];
    CHECK(change == 1 || (change == -1 && machine->off_holds > 0));
    machine->off_holds += (uint32_t)change;
    if (change == 1 && machine->off_holds == 1) {
        record_power(world, index, RECORD_NODE_DOWN);
        node_power_lost(machine);
        replica_power_lost(world, index);
        world_agents_node_power(world, index, +1);
        network_forget(&world->network, index);
    } else if (change == -1 && machine->off_holds == 0) {
        machine->up = true;
        record_power(world, index, RECORD_NODE_UP);
        replica_power_back(world, index);
        world_agents_node_power(world, index, -1);
    }
}

void fault_region_power(struct world *world, uint32_t region, int change)
{
    CHECK(region < world->region_count);
    world_agents_region_power(world, region, change);
    for (uint32_t node = 0; node < fault_region_nodes(world, region); node++) {
        fault_power(world, region, node, change);
    }
}

void fault_link_add(struct world *world, uint32_t from_place, uint32_t to_place,
                    const struct fault_link *change)
{
    struct network_link *link = link_of(world, from_place, to_place);
    if (link->change_count == link->change_capacity) {
        const uint32_t capacity = link->change_capacity == 0 ? 4 : 2 * link->change_capacity;
        struct fault_link *larger = arena_alloc(&world->arena, capacity, sizeof *larger);
        for (uint32_t i = 0; i < link->change_count; i++) {
            larger[i] = link->changes[i];
        }
        link->changes = larger;
        link->change_capacity = capacity;
    }
    link->changes[link->change_count++] = *change;
    network_link_update(link);
}

static bool same_change(const struct fault_link *a, const struct fault_link *b)
{
    return a->delay_factor == b->delay_factor && a->extra_ns == b->extra_ns && a->loss == b->loss &&
           a->bandwidth_factor == b->bandwidth_factor;
}

void fault_link_remove(struct world *world, uint32_t from_place, uint32_t to_place,
                       const struct fault_link *change)
{
    struct network_link *link = link_of(world, from_place, to_place);
    uint32_t at = 0;
    while (at < link->change_count && !same_change(&link->changes[at], change)) {
        at++;
    }
    CHECK(at < link->change_count);
    for (uint32_t i = at + 1; i < link->change_count; i++) {
        link->changes[i - 1] = link->changes[i];
    }
    link->change_count--;
    network_link_update(link);
}

void fault_clock_step(struct world *world, uint32_t region, uint32_t node, sim_ns by_ns)
{
    CHECK(node < fault_region_nodes(world, region));
    clock_set_step(&world->clocks, world->region_first_node[region] + node, by_ns);
}
