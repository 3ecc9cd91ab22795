/*
 * slow_node.c - machines handle messages more slowly
 *
 * Model:   the service time of a message is `factor` times as long and `extra` longer, for what
 *          begins service meanwhile. Several faults multiply and add.
 * Source:  Huang et al., Gray Failure: The Achilles' Heel of Cloud-Scale Systems, HotOS 2017.
 */
#include "models/faults/slowness.h"
#include "models/scenario.h"

static const struct param_spec rows[] = {SLOWNESS_ROWS("the handling of a message"), {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct slowness_params *self = params;
    const struct scenario_region *region =
        (const struct scenario_region *)scenario->regions.items + self->machines.region;
    const char *wrong = slowness_check(params, scenario, key, arena);
    if (wrong != NULL) {
        return wrong;
    }
    if (self->slowness.extra_ns == 0 && region->service == NULL &&
        scenario->nodes.service == NULL) {
        *key = "factor";
        return "has no effect: these machines have no service time; give \"extra\"";
    }
    return NULL;
}

static void act(struct world *world, uint32_t region, uint32_t node, const void *params, int change)
{
    const struct slowness_params *self = params;
    fault_slow_node(world, region, node, &self->slowness, change);
}

static void begin(const void *params, struct world *world)
{
    machine_set_each(params, world, act, +1);
}

static void end(const void *params, struct world *world)
{
    machine_set_each(params, world, act, -1);
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct slowness_params *self = params;
    return arena_printf(arena, "slow: %s", machine_set_text(&self->machines, scenario, arena));
}

const struct fault_ops fault_slow_node_ops = {
    .kind =
        {.name = "slow_node",
         .summary = "messages take machines longer to handle",
         .source =
             "Huang et al., Gray Failure: The Achilles' Heel of Cloud-Scale Systems, HotOS 2017",
         .params_bytes = sizeof(struct slowness_params),
         .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
