/*
 * dns_poisoning.c - a share of the resolvers answers with the wrong region.
 *
 * Model:   each resolver either has the forged answer or not, with probability `share`; whoever
 * asks it is sent to `to` as long as the fault lasts, and then until the answer that was kept is
 *          too old. Machines there treat the requests as any others. Only a routing that asks names
 *          notices.
 * Source:  RFC 5452 section 3 (forged answers); the user's numbers.
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"

#include <stddef.h>

struct params {
    uint32_t to;
    double share;
};

static const struct param_spec rows[] = {{.key = "to",
                                          .type = PARAM_REGION,
                                          .offset = offsetof(struct params, to),
                                          .required = true,
                                          .help = "region that the forged answers name"},
                                         {.key = "share",
                                          .type = PARAM_RATIO,
                                          .offset = offsetof(struct params, share),
                                          .max = 1,
                                          .required = true,
                                          .help = "of the resolvers that have the forged answer"},
                                         {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    (void)scenario;
    (void)arena;
    *key = "share";
    return self->share <= 0.0 ? "must be above 0: else it has no effect" : NULL;
}

static void begin(const void *params, struct world *world)
{
    const struct params *self = params;
    fault_dns(world, FAULT_DNS_POISON, self->share, self->to, +1);
}

static void end(const void *params, struct world *world)
{
    const struct params *self = params;
    fault_dns(world, FAULT_DNS_POISON, self->share, self->to, -1);
}

static uint32_t places(const void *params, const struct scenario *scenario, uint32_t *touched)
{
    const struct params *self = params;
    (void)scenario;
    touched[0] = self->to;
    return 1;
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    return arena_printf(arena, "DNS sends %g %% of resolvers to %s", self->share * 100.0,
                        region_name(scenario, self->to));
}

const struct fault_ops fault_dns_poisoning_ops = {
    .kind = {.name = "dns_poisoning",
             .summary = "a share of the resolvers answers with the wrong region",
             .source = "RFC 5452 section 3",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
