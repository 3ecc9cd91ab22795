/* world_faults.c - what faults can do to a world: the other side of fault_target.h. */
#include "models/faults/fault_target.h"
#include "models/network/network_cut.h"
#include "models/network/network_disorder.h"
#include "models/world_internal.h"
#include "sim/check.h"

#include <string.h>

uint32_t fault_region_nodes(const struct world *world, uint32_t region)
{
    return world->region_first_node[region + 1] - world->region_first_node[region];
}

void fault_in_flight_lost(struct world *world, uint32_t region)
{
    CHECK(region < world->region_count);
    network_lose(&world->network, region);
}

static bool is_machine(uint32_t end)
{
    return (end & PARAM_MACHINE) != 0;
}

static uint32_t machine_of(const struct world *world, uint32_t end)
{
    const uint32_t region = (end & ~PARAM_MACHINE) >> PARAM_MACHINE_BITS;
    const uint32_t number = end & ((UINT32_C(1) << PARAM_MACHINE_BITS) - 1);
    CHECK(number < fault_region_nodes(world, region));
    return world->region_first_node[region] + number;
}

/* What a pair end is in network_pair_hold(): a machine, or the machines and clients of a place. */
struct pair_ends {
    uint32_t first, count; /* machines */
    uint32_t clients;      /* UINT32_MAX: none */
};

static struct pair_ends pair_ends(const struct world *world, uint32_t end)
{
    if (is_machine(end) && (end & FAULT_CLIENTS) == FAULT_CLIENTS) {
        const uint32_t place = (end & ~PARAM_MACHINE) >> PARAM_MACHINE_BITS;
        return (struct pair_ends){.clients = world->node_count + place};
    }
    if (is_machine(end)) {
        return (struct pair_ends){machine_of(world, end), 1, UINT32_MAX};
    }
    struct pair_ends ends = {.clients = world->node_count + end};
    if (end < world->region_count) {
        ends.first = world->region_first_node[end];
        ends.count = fault_region_nodes(world, end);
    }
    return ends;
}

uint32_t *fault_memory(struct world *world)
{
    CHECK(world->faults[world->fault_now].memory != NULL);
    return world->faults[world->fault_now].memory;
}

/* The region of the parameter "primary", where a strategy has one; UINT32_MAX: it has none. */
static uint32_t configured_primary(const struct scenario_dataset *dataset)
{
    const struct param_spec *row = dataset->replication.kind->params;
    for (; row != NULL && row->type != PARAM_END; row++) {
        if (row->type == PARAM_REGION && strcmp(row->key, "primary") == 0) {
            return *(const uint32_t *)(const void *)((const char *)dataset->replication.params +
                                                     row->offset);
        }
    }
    return UINT32_MAX;
}

bool fault_has_primaries(const struct scenario *scenario)
{
    const struct scenario_dataset *datasets = scenario->datasets.items;
    for (size_t d = 0; d < scenario->datasets.count; d++) {
        const struct strategy_ops *ops = (const struct strategy_ops *)datasets[d].replication.kind;
        if (ops->leadership != NULL || configured_primary(&datasets[d]) != UINT32_MAX) {
            return true;
        }
    }
    return false;
}

static bool leads_dataset(const struct world *world, const struct world_dataset *dataset,
                          uint32_t node)
{
    const struct leadership_ops *leadership = dataset->ops->leadership;
    if (leadership != NULL) {
        return world->nodes[node].up && dataset->replicas[node].storage != NULL &&
               leadership->status(&dataset->replicas[node]).role != LEADERSHIP_FOLLOWER;
    }
    const uint32_t region = configured_primary(dataset->config);
    return region != UINT32_MAX && node == world->region_first_node[region];
}

bool fault_leads(const struct world *world, uint32_t end)
{
    const struct pair_ends ends = pair_ends(world, end);
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        for (uint32_t i = 0; i < ends.count; i++) {
            if (leads_dataset(world, &world->datasets[d], ends.first + i)) {
                return true;
            }
        }
    }
    return false;
}

static struct network_link *link_of(struct world *world, uint32_t from, uint32_t to)
{
    CHECK(from < world->network.place_count);
    CHECK(to < world->network.place_count);
    CHECK(from != to);
    return &world->network.links[from * world->network.place_count + to];
}

static enum network_cut network_cut_of(enum fault_cut_style style)
{
    static const enum network_cut cuts[] = {[FAULT_BLACK_HOLE] = NETWORK_BLACK_HOLE,
                                            [FAULT_RESET] = NETWORK_RESET,
                                            [FAULT_JAM] = NETWORK_JAMMED};
    return cuts[style];
}

static void hold_pair(struct world *world, uint32_t from, uint32_t to, enum network_cut cut,
                      int change)
{
    if (from != to && from != UINT32_MAX && to != UINT32_MAX) {
        network_pair_hold(&world->network, from, to, cut, change);
    }
}

void fault_cut_ends(struct world *world, uint32_t from, uint32_t to, enum fault_cut_style style,
                    int change)
{
    const enum network_cut cut = network_cut_of(style);
    if (!is_machine(from) && !is_machine(to)) {
        const struct network_link *link = link_of(world, from, to);
        network_link_hold(&world->network, (uint32_t)(link - world->network.links), cut, change);
        return;
    }
    const struct pair_ends a = pair_ends(world, from), b = pair_ends(world, to);
    for (uint32_t i = 0; i <= a.count; i++) {
        for (uint32_t j = 0; j <= b.count; j++) {
            hold_pair(world, i < a.count ? a.first + i : a.clients,
                      j < b.count ? b.first + j : b.clients, cut, change);
        }
    }
}

void fault_cut(struct world *world, uint32_t from_place, uint32_t to_place, int change)
{
    fault_cut_ends(world, from_place, to_place, FAULT_BLACK_HOLE, change);
}

static void record_power(struct world *world, uint32_t node, enum record_kind kind, uint8_t flags)
{
    const struct record row = {
        .at_ns = engine_now(&world->engine), .kind = (uint8_t)kind, .flags = flags, .node = node};
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
        record_power(world, index, RECORD_NODE_DOWN,
                     machine->disk_going ? RECORD_FLAG_DISK_LOST : 0);
        world_pause_lost(world, machine);
        node_power_lost(machine);
        replica_power_lost(world, index);
        if (machine->disk_going) {
            replica_disk_lost(world, index);
            machine->disk_going = false;
        }
        world_agents_node_power(world, index, +1);
        network_forget(&world->network, index);
    } else if (change == -1 && machine->off_holds == 0) {
        machine->up = true;
        node_update(machine);
        record_power(world, index, RECORD_NODE_UP, 0);
        replica_power_back(world, index);
        world_agents_node_power(world, index, -1);
    }
}

void fault_disk_lost(struct world *world, uint32_t region, uint32_t node)
{
    CHECK(node < fault_region_nodes(world, region));
    const uint32_t index = world->region_first_node[region] + node;
    struct node *machine = &world->nodes[index];
    if (machine->off_holds == 0) {
        machine->disk_going = true; /* with the power, in a moment */
        return;
    }
    record_power(world, index, RECORD_NODE_DOWN, RECORD_FLAG_DISK_LOST);
    replica_disk_lost(world, index);
}

uint32_t fault_zone(const struct world *world, uint32_t region, uint32_t node)
{
    CHECK(node < fault_region_nodes(world, region));
    return world->nodes[world->region_first_node[region] + node].zone;
}

void fault_agents_power(struct world *world, uint32_t region, int change)
{
    CHECK(region < world->region_count);
    world_agents_region_power(world, region, change);
}

static void link_append(struct world *world, struct network_link *link,
                        const struct fault_link *change)
{
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

static void link_take_out(struct network_link *link, const struct fault_link *change)
{
    uint32_t at = 0;
    while (at < link->change_count && !network_change_same(&link->changes[at], change)) {
        at++;
    }
    CHECK(at < link->change_count);
    for (uint32_t i = at + 1; i < link->change_count; i++) {
        link->changes[i - 1] = link->changes[i];
    }
    link->change_count--;
    network_link_update(link);
}

static void change_link(struct world *world, uint32_t from, uint32_t to,
                        const struct fault_link *change, bool begins)
{
    if (!is_machine(from) && !is_machine(to)) {
        struct network_link *link = link_of(world, from, to);
        if (begins) {
            link_append(world, link, change);
        } else {
            link_take_out(link, change);
        }
        return;
    }
    CHECK(change->bandwidth_factor == 1.0 && change->bandwidth == 0.0);
    const struct pair_ends a = pair_ends(world, from), b = pair_ends(world, to);
    for (uint32_t i = 0; i <= a.count; i++) {
        for (uint32_t j = 0; j <= b.count; j++) {
            const struct network_pair_change pair = {i < a.count ? a.first + i : a.clients,
                                                     j < b.count ? b.first + j : b.clients,
                                                     *change};
            if (pair.from != pair.to && pair.from != UINT32_MAX && pair.to != UINT32_MAX) {
                network_pair_change(&world->network, &pair, begins);
            }
        }
    }
}

void fault_link_add(struct world *world, uint32_t from, uint32_t to,
                    const struct fault_link *change)
{
    change_link(world, from, to, change, true);
}

void fault_link_remove(struct world *world, uint32_t from, uint32_t to,
                       const struct fault_link *change)
{
    change_link(world, from, to, change, false);
}

static uint32_t clock_of(const struct world *world, uint32_t region, uint32_t node)
{
    CHECK(node < fault_region_nodes(world, region));
    return world->region_first_node[region] + node;
}

void fault_clock_rate(struct world *world, uint32_t region, uint32_t node, double rate, int change)
{
    clock_set_rate(&world->clocks, clock_of(world, region, node), engine_now(&world->engine), rate,
                   change);
}

void fault_clock_strobe(struct world *world, uint32_t region, uint32_t node,
                        const struct fault_strobe *strobe, int change)
{
    const struct clock_strobe item = {strobe->by_ns, strobe->period_ns, engine_now(&world->engine)};
    clock_set_strobe(&world->clocks, clock_of(world, region, node), &item, change);
}

void fault_clock_free(struct world *world, uint32_t region, uint32_t node, int change)
{
    clock_set_free(&world->clocks, clock_of(world, region, node), engine_now(&world->engine),
                   change);
}

void fault_clock_step(struct world *world, uint32_t region, uint32_t node, sim_ns by_ns)
{
    clock_set_step(&world->clocks, clock_of(world, region, node), by_ns);
}
