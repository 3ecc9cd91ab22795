#include "models/faults/machine_set.h"

#include "models/faults/region_sets.h"

#include <inttypes.h>

static const struct scenario_region *region_of(const struct scenario *scenario, uint32_t region)
{
    return (const struct scenario_region *)scenario->regions.items + region;
}

const char *machine_set_check_region(uint32_t region, const struct scenario *scenario,
                                     struct arena *arena)
{
    return region_of(scenario, region)->nodes > 0
               ? NULL
               : arena_printf(arena, "has no effect: region \"%s\" has no nodes",
                              region_name(scenario, region));
}

const char *machine_set_check_node(uint32_t region, int64_t node, const struct scenario *scenario,
                                   struct arena *arena)
{
    const int64_t nodes = region_of(scenario, region)->nodes;
    return node < nodes
               ? NULL
               : arena_printf(arena,
                              "must be below the number of nodes of region \"%s\", %" PRId64
                              " (got %" PRId64 ")",
                              region_name(scenario, region), nodes, node);
}

const char *machine_set_check(const void *params, const struct scenario *scenario, const char **key,
                              struct arena *arena)
{
    const struct machine_set *set = params;
    const struct scenario_region *region = region_of(scenario, set->region);
    if (region->nodes == 0) {
        *key = "region";
        return machine_set_check_region(set->region, scenario, arena);
    }
    if (set->node >= 0 && set->zone >= 0) {
        *key = "zone";
        return "must not be given together with \"node\"";
    }
    if (set->zone >= region->zones || set->zone >= region->nodes) {
        const int64_t used = region->zones < region->nodes ? region->zones : region->nodes;
        *key = "zone";
        return arena_printf(
            arena,
            "must be below the number of zones of region \"%s\" with nodes, %" PRId64
            " (got %" PRId64 ")",
            region_name(scenario, set->region), used, set->zone);
    }
    *key = "node";
    return machine_set_check_node(set->region, set->node, scenario, arena);
}

void machine_set_each(const void *params, struct world *world, machine_set_act act, int change)
{
    const struct machine_set *set = params;
    const uint32_t count = fault_region_nodes(world, set->region);
    for (uint32_t node = 0; node < count; node++) {
        const bool by_node = set->node < 0 || set->node == (int64_t)node;
        if (by_node &&
            (set->zone < 0 || set->zone == (int64_t)fault_zone(world, set->region, node))) {
            act(world, set->region, node, params, change);
        }
    }
}

uint32_t machine_set_places(const void *params, const struct scenario *scenario, uint32_t *places)
{
    const struct machine_set *set = params;
    (void)scenario;
    places[0] = set->region;
    return 1;
}

const char *machine_set_text(const struct machine_set *set, const struct scenario *scenario,
                             struct arena *arena)
{
    const char *region = region_name(scenario, set->region);
    if (set->node >= 0) {
        return arena_printf(arena, "node %" PRId64 " of %s", set->node, region);
    }
    if (set->zone >= 0) {
        return arena_printf(arena, "zone %" PRId64 " of %s", set->zone, region);
    }
    return arena_printf(arena, "all nodes of %s", region);
}
