/*
 * clock_step.c - a machine's clock jumps.
 *
 * Model:   the offset of one machine, or of all machines of a region, changes at once by `by`, on
 *          top of what its clock model does. The clock does not know: a promised bound stays as it
 *          was. With `for` the step is taken back at the end, as when somebody notices.
 * Assumes: synchronisation does not remove it (a wrong time server, a leap second applied twice).
 * Source:  the user's numbers. Stepping every machine alike changes nothing that replicas could
 *          compare; a region or one node is the unit for that reason.
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"

#include <inttypes.h>
#include <stddef.h>

struct params {
    uint32_t region;
    int64_t node; /* -1: all */
    sim_ns by;
};

static const struct param_spec rows[] = {
    {.key = "region",
     .type = PARAM_REGION,
     .offset = offsetof(struct params, region),
     .required = true,
     .help = "where the machines are"},
    {.key = "node",
     .type = PARAM_INT,
     .offset = offsetof(struct params, node),
     .min = 0,
     .max = 999,
     .default_text = "none",
     .help = "the machine's number in the region, from 0; none: all of them"},
    {.key = "by",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, by),
     .min = -24.0 * (double)SIM_NS_PER_H,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .required = true,
     .help = "how far the clock jumps; negative: back"},
    {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    const struct scenario_region *regions = scenario->regions.items;
    const int64_t nodes = regions[self->region].nodes;
    if (nodes == 0) {
        *key = "region";
        return arena_printf(arena, "has no effect: region \"%s\" has no nodes",
                            region_name(scenario, self->region));
    }
    if (self->node >= nodes) {
        *key = "node";
        return arena_printf(arena,
                            "must be below the number of nodes of region \"%s\", %" PRId64
                            " (got %" PRId64 ")",
                            region_name(scenario, self->region), nodes, self->node);
    }
    if (self->by == 0) {
        *key = "by";
        return "must not be 0: that has no effect";
    }
    return NULL;
}

static void change(const struct params *self, struct world *world, sim_ns by_ns)
{
    if (self->node >= 0) {
        fault_clock_step(world, self->region, (uint32_t)self->node, by_ns);
        return;
    }
    const uint32_t nodes = fault_region_nodes(world, self->region);
    for (uint32_t node = 0; node < nodes; node++) {
        fault_clock_step(world, self->region, node, by_ns);
    }
}

static void begin(const void *params, struct world *world)
{
    const struct params *self = params;
    change(self, world, self->by);
}

static void end(const void *params, struct world *world)
{
    const struct params *self = params;
    change(self, world, -self->by);
}

static uint32_t places(const void *params, const struct scenario *scenario, uint32_t *touched)
{
    const struct params *self = params;
    (void)scenario;
    touched[0] = self->region;
    return 1;
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    char by[SIM_TIME_TEXT_MAX];
    const char *sign = self->by < 0 ? "" : "+";
    const char *region = region_name(scenario, self->region);
    sim_time_text(self->by, by);
    if (self->node >= 0) {
        return arena_printf(arena, "clock of node %" PRId64 " of %s steps %s%s", self->node, region,
                            sign, by);
    }
    return arena_printf(arena, "clocks of %s step %s%s", region, sign, by);
}

const struct fault_ops fault_clock_step_ops = {
    .kind = {.name = "clock_step",
             .summary = "the clocks of a region or of one machine jump, and back at the end",
             .source = "the user's numbers",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
