/*
 * region_outage.c - every machine of a region loses power, and comes back at the end.
 *
 * Model:   what was on disk is still there afterwards, what was not is gone. By default the
 * region's routers go with it: messages that its machines had sent and nobody had received yet are
 *          lost (in_flight), so that what asynchronous replication loses is its whole lag. Clients
 *          of that region stay, and ask elsewhere. Links between other regions stay.
 * Source:  definition; the correlated failure that multi-region designs are made for.
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/machine_set.h"
#include "models/faults/outage.h"
#include "models/faults/region_sets.h"

#include <stddef.h>

enum in_flight { IN_FLIGHT_LOST, IN_FLIGHT_DELIVERED };

struct params {
    uint32_t region;
    uint32_t in_flight; /* enum in_flight */
    uint32_t disk;      /* enum outage_disk */
};

static const char *const in_flight_names[] = {"lost", "delivered", NULL};

static const struct param_spec rows[] = {{.key = "region",
                                          .type = PARAM_REGION,
                                          .offset = offsetof(struct params, region),
                                          .required = true,
                                          .help = "its machines lose power"},
                                         {.key = "in_flight",
                                          .type = PARAM_ENUM,
                                          .offset = offsetof(struct params, in_flight),
                                          .names = in_flight_names,
                                          .default_text = "lost",
                                          .help = "what its machines had sent and nobody had "
                                                  "received yet: lost with the region's routers, "
                                                  "or delivered"},
                                         OUTAGE_DISK_ROW(struct params, disk),
                                         {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    *key = "region";
    return machine_set_check_region(self->region, scenario, arena);
}

static void change(const struct params *self, struct world *world, int by)
{
    fault_agents_power(world, self->region, by);
    for (uint32_t node = 0; node < fault_region_nodes(world, self->region); node++) {
        outage_of(world, self->region, node, self->disk, by);
    }
}

static void begin(const void *params, struct world *world)
{
    const struct params *self = params;
    change(self, world, +1);
    if (self->in_flight == IN_FLIGHT_LOST) {
        fault_in_flight_lost(world, self->region);
    }
}

static void end(const void *params, struct world *world)
{
    change(params, world, -1);
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
    return arena_printf(arena, "outage of region %s", region_name(scenario, self->region));
}

const struct fault_ops fault_region_outage_ops = {
    .kind = {.name = "region_outage",
             .summary = "every machine of a region loses power and restarts at the end",
             .source = "definition",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
