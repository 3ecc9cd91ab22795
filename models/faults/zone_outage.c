/*
 * zone_outage.c - every machine of one zone of a region loses power, and comes back at the end.
 *
 * Model:   power; with `disk` lost, what was on the disks is gone too. Other zones, and what else
 *          runs in the region (gateways, checkers), go on.
 * Source:  definition; zones are what providers isolate failures by.
 */
#include "models/faults/machine_set.h"
#include "models/faults/outage.h"
#include "models/scenario.h"

struct params {
    struct machine_set machines;
    uint32_t disk; /* enum outage_disk */
};

static const struct param_spec rows[] = {{.key = "region",
                                          .type = PARAM_REGION,
                                          .offset = offsetof(struct params, machines.region),
                                          .required = true,
                                          .help = "where the zone is"},
                                         {.key = "zone",
                                          .type = PARAM_INT,
                                          .offset = offsetof(struct params, machines.zone),
                                          .min = 0,
                                          .max = 999,
                                          .default_text = "0",
                                          .help = "the zone of the region, from 0"},
                                         OUTAGE_DISK_ROW(struct params, disk),
                                         {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct params *self = params;
    (void)arena;
    (void)key;
    self->machines.node = -1;
    return NULL;
}

static void act(struct world *world, uint32_t region, uint32_t node, const void *params, int change)
{
    const struct params *self = params;
    outage_of(world, region, node, self->disk, change);
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
    const struct params *self = params;
    return arena_printf(arena, "outage of %s%s", machine_set_text(&self->machines, scenario, arena),
                        self->disk == OUTAGE_DISK_LOST ? ", disks lost" : "");
}

const struct fault_ops fault_zone_outage_ops = {
    .kind = {.name = "zone_outage",
             .summary = "every machine of one zone loses power and restarts at the end",
             .source = "definition",
             .params_bytes = sizeof(struct params),
             .params = rows,
             .finish = finish},
    .check = machine_set_check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
