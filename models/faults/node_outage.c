/*
 * node_outage.c - one machine loses power, and comes back at the end.
 *
 * Model:   power: what was on disk is still there afterwards, what was not is gone; with `disk`
 *          lost, what was on disk is gone too, as when the machine is replaced.
 * Source:  definition (crash-recovery).
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/machine_set.h"
#include "models/faults/outage.h"
#include "models/faults/region_sets.h"

#include <inttypes.h>
#include <stddef.h>

struct params {
    uint32_t region;
    int64_t node;
    uint32_t disk; /* enum outage_disk */
};

static const struct param_spec rows[] = {{.key = "region",
                                          .type = PARAM_REGION,
                                          .offset = offsetof(struct params, region),
                                          .required = true,
                                          .help = "where the machine is"},
                                         {.key = "node",
                                          .type = PARAM_INT,
                                          .offset = offsetof(struct params, node),
                                          .min = 0,
                                          .max = 999,
                                          .default_text = "0",
                                          .help = "its number in the region, from 0"},
                                         OUTAGE_DISK_ROW(struct params, disk),
                                         {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    *key = "node";
    return machine_set_check_node(self->region, self->node, scenario, arena);
}

static void begin(const void *params, struct world *world)
{
    const struct params *self = params;
    outage_of(world, self->region, (uint32_t)self->node, self->disk, +1);
}

static void end(const void *params, struct world *world)
{
    const struct params *self = params;
    outage_of(world, self->region, (uint32_t)self->node, self->disk, -1);
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
    return arena_printf(arena, "outage of node %" PRId64 " of %s", self->node,
                        region_name(scenario, self->region));
}

const struct fault_ops fault_node_outage_ops = {
    .kind = {.name = "node_outage",
             .summary = "one machine loses power and restarts at the end",
             .source = "definition (crash-recovery)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
