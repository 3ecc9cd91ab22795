/*
 * fake_target.h - a world that only counts what faults do to it. Included by one test file each.
 *
 * Regions a, b, c, d with 2, 1, 3, 0 nodes.
 */
#ifndef TESTS_MODELS_FAULTS_FAKE_TARGET_H
#define TESTS_MODELS_FAULTS_FAKE_TARGET_H

#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/scenario.h"
#include "sim/check.h"
#include "tests/models/clocks/fill.h"

#include <string.h>

enum { FAKE_REGIONS = 4, FAKE_NODES = 3 };

struct world {
    int cuts[FAKE_REGIONS][FAKE_REGIONS];
    int off[FAKE_REGIONS][FAKE_NODES];
    sim_ns steps[FAKE_REGIONS][FAKE_NODES];
    int links[FAKE_REGIONS][FAKE_REGIONS];
    int in_flight_lost[FAKE_REGIONS];
    uint32_t memory[16];
    int cables[FAKE_REGIONS][FAKE_REGIONS], reroutes, dns[3];
    double dns_share;
    uint32_t dns_region;
    struct fault_link last_added, last_removed;
    int agents[FAKE_REGIONS];
    int disks_lost[FAKE_REGIONS][FAKE_NODES];
    int pauses[FAKE_REGIONS][FAKE_NODES];
    int slow_nodes[FAKE_REGIONS][FAKE_NODES];
    int slow_disks[FAKE_REGIONS][FAKE_NODES];
    double rates[FAKE_REGIONS][FAKE_NODES];
    int strobes[FAKE_REGIONS][FAKE_NODES];
    int free_clocks[FAKE_REGIONS][FAKE_NODES];
    struct fault_slowness last_slowness;
};

static struct scenario_region fake_regions[FAKE_REGIONS] = {
    {.name = "a", .nodes = 2}, {.name = "b", .nodes = 1}, {.name = "c", .nodes = 3}, {.name = "d"}};

static const struct scenario fake_scenario = {
    .regions = {.items = fake_regions, .count = FAKE_REGIONS}};

uint32_t fault_region_nodes(const struct world *world, uint32_t region)
{
    (void)world;
    CHECK(region < FAKE_REGIONS);
    return (uint32_t)fake_regions[region].nodes;
}

void fault_cut(struct world *world, uint32_t from_region, uint32_t to_region, int change)
{
    CHECK(from_region != to_region);
    world->cuts[from_region][to_region] += change;
}

void fault_power(struct world *world, uint32_t region, uint32_t node, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    world->off[region][node] += change;
}

void fault_agents_power(struct world *world, uint32_t region, int change)
{
    CHECK(region < FAKE_REGIONS);
    world->agents[region] += change;
}

void fault_disk_lost(struct world *world, uint32_t region, uint32_t node)
{
    CHECK(node < fault_region_nodes(world, region));
    world->disks_lost[region][node]++;
}

uint32_t fault_zone(const struct world *world, uint32_t region, uint32_t node)
{
    CHECK(node < fault_region_nodes(world, region));
    return node % (uint32_t)(fake_regions[region].zones > 0 ? fake_regions[region].zones : 1);
}

void fault_pause(struct world *world, uint32_t region, uint32_t node, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    world->pauses[region][node] += change;
}

void fault_slow_node(struct world *world, uint32_t region, uint32_t node,
                     const struct fault_slowness *slowness, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    world->slow_nodes[region][node] += change;
    world->last_slowness = *slowness;
}

void fault_slow_disk(struct world *world, uint32_t region, uint32_t node,
                     const struct fault_slowness *slowness, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    world->slow_disks[region][node] += change;
    world->last_slowness = *slowness;
}

void fault_clock_rate(struct world *world, uint32_t region, uint32_t node, double rate, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    world->rates[region][node] += rate * change;
}

void fault_clock_strobe(struct world *world, uint32_t region, uint32_t node,
                        const struct fault_strobe *strobe, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    CHECK(strobe->period_ns > 0);
    world->strobes[region][node] += change;
}

void fault_clock_free(struct world *world, uint32_t region, uint32_t node, int change)
{
    CHECK(node < fault_region_nodes(world, region));
    world->free_clocks[region][node] += change;
}

void fault_in_flight_lost(struct world *world, uint32_t region)
{
    CHECK(region < FAKE_REGIONS);
    world->in_flight_lost[region]++;
}

void fault_link_add(struct world *world, uint32_t from_region, uint32_t to_region,
                    const struct fault_link *change)
{
    world->links[from_region][to_region]++;
    world->last_added = *change;
}

void fault_link_remove(struct world *world, uint32_t from_region, uint32_t to_region,
                       const struct fault_link *change)
{
    world->links[from_region][to_region]--;
    world->last_removed = *change;
}

void fault_clock_step(struct world *world, uint32_t region, uint32_t node, sim_ns by_ns)
{
    CHECK(node < fault_region_nodes(world, region));
    world->steps[region][node] += by_ns;
}

/* Styles, machines and shapes by chance are tested on real worlds (tests/scenarios). */
void fault_cut_ends(struct world *world, uint32_t from, uint32_t to, enum fault_cut_style style,
                    int change)
{
    CHECK(((from | to) & PARAM_MACHINE) == 0 && style == FAULT_BLACK_HOLE);
    fault_cut(world, from, to, change);
}

uint32_t *fault_memory(struct world *world)
{
    return world->memory;
}

struct random_stream fault_chance(const struct world *world)
{
    (void)world;
    return (struct random_stream){.seed = 1};
}

bool fault_leads(const struct world *world, uint32_t end)
{
    (void)world;
    return end == 1;
}

bool fault_has_primaries(const struct scenario *scenario)
{
    return scenario->datasets.count > 0;
}

void fault_cable_cut(struct world *world, uint32_t a_place, uint32_t b_place, bool goes_around,
                     int change)
{
    world->cables[a_place][b_place] += change;
    world->reroutes += goes_around ? change : 0;
}

void fault_dns(struct world *world, enum fault_dns_kind kind, double share, uint32_t region,
               int change)
{
    world->dns[kind] += change;
    world->dns_share = share;
    world->dns_region = region;
}

static inline const struct fault_ops *fake_kind(const char *name)
{
    const struct param_kind *kind = param_registry_find(&fault_registry, name);
    CHECK(kind != NULL);
    return (const struct fault_ops *)(const void *)kind;
}

static inline void fake_set(struct param_list *list, struct arena *arena, const char *regions)
{
    uint32_t *items = arena_alloc(arena, strlen(regions) + 1, sizeof *items);
    for (size_t i = 0; regions[i] != '\0'; i++) {
        items[i] = (uint32_t)(regions[i] - 'a');
    }
    *list = (struct param_list){.items = items, .count = strlen(regions)};
}

/* "ab|c" is [["a", "b"], ["c"]] */
static inline void fake_sets(const struct fault_ops *ops, void *params, const char *key,
                             struct arena *arena, const char *text)
{
    struct param_list *sets = fill_field(&ops->kind, params, key, PARAM_PLACE_SETS);
    struct param_list *items = arena_alloc(arena, strlen(text) + 1, sizeof *items);
    size_t count = 0;
    const char *rest = text;
    for (;;) {
        const size_t length = strcspn(rest, "|");
        fake_set(&items[count++], arena, arena_text(arena, rest, length));
        if (rest[length] == '\0') {
            break;
        }
        rest += length + 1;
    }
    *sets = (struct param_list){.items = items, .count = count};
}

static inline void fake_bool(const struct fault_ops *ops, void *params, const char *key, bool value)
{
    *(bool *)fill_field(&ops->kind, params, key, PARAM_BOOL) = value;
}

static inline void fake_region(const struct fault_ops *ops, void *params, uint32_t region)
{
    *(uint32_t *)fill_field(&ops->kind, params, "region", PARAM_REGION) = region;
}

/* The key at fault, or "" for the fault as a whole, then what is wrong; NULL when all is well. */
static inline const char *fake_check(const struct fault_ops *ops, const void *params,
                                     struct arena *arena)
{
    const char *key = NULL;
    const char *wrong = ops->check(params, &fake_scenario, &key, arena);
    return wrong == NULL ? NULL : arena_printf(arena, "%s: %s", key == NULL ? "" : key, wrong);
}

#endif
