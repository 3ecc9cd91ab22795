/*
 * measure.h - round trips from client groups to gateways, measured by probes now and then.
 *
 * Model:   at time 0, and every `interval` at a phase of the group's own, a group sends one
 *          CONTROL_PROBE to every gateway; what comes back before the next is a measurement, with
 *          the gateway's queue in it. A probe without an answer by then has failed.
 * Messages: request = number of the round; key = place of the region in router_regions().
 * Cost:    two messages a gateway, group and interval; nothing for each session.
 */
#ifndef MODELS_ROUTING_MEASURE_H
#define MODELS_ROUTING_MEASURE_H

#include "models/routing/router.h"

struct measured {          /* one gateway, from one group */
    sim_ns sum_ns, rtt_ns; /* sum since it was last taken; the last */
    uint32_t count;        /* of the sum */
    bool answered;         /* the probe of the last round */
};

struct measure {
    struct measured *table; /* group x gateway */
    sim_ns *asked_ns;       /* by group: the last round */
    uint32_t *rounds;
    sim_ns interval_ns;
};

void measure_init(struct measure *measure, struct router *self, sim_ns interval_ns);
/* In the policy's start: the first round of every group. Timer tokens are the group's number. */
void measure_start(struct measure *measure, struct router *self);
/* In on_timer, after the policy has looked at what was answered: the next round. */
void measure_round(struct measure *measure, struct router *self, uint32_t group);
/* In on_message: which gateway has answered, or UINT32_MAX: not (in time). */
uint32_t measure_hears(struct measure *measure, struct router *self, uint32_t group,
                       const struct message *message);

static inline struct measured *measure_at(const struct measure *measure, const struct router *self,
                                          uint32_t group, uint32_t gateway)
{
    return &measure->table[(size_t)group * router_region_count(self) + gateway];
}

#endif
