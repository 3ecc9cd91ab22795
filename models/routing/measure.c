#include "models/routing/measure.h"

#include "models/agents/control.h"

void measure_init(struct measure *measure, struct router *self, sim_ns interval_ns)
{
    const uint32_t groups = router_group_count(self);
    struct arena *arena = router_arena(self);
    *measure =
        (struct measure){.table = arena_alloc(arena, (size_t)groups * router_region_count(self),
                                              sizeof *measure->table),
                         .asked_ns = arena_alloc(arena, groups, sizeof *measure->asked_ns),
                         .rounds = arena_alloc(arena, groups, sizeof *measure->rounds),
                         .interval_ns = interval_ns};
}

static void send_probes(struct measure *measure, struct router *self, uint32_t group)
{
    measure->asked_ns[group] = router_now(self);
    measure->rounds[group]++;
    for (uint32_t i = 0; i < router_region_count(self); i++) {
        measure_at(measure, self, group, i)->answered = false;
        router_send(
            self, group, router_gateway_end(self, router_regions(self)[i]),
            (struct message){.kind = CONTROL_PROBE, .key = i, .request = measure->rounds[group]});
    }
}

void measure_start(struct measure *measure, struct router *self)
{
    for (uint32_t group = 0; group < router_group_count(self); group++) {
        send_probes(measure, self, group);
        const double phase = router_random(self, group);
        /* Not too soon, so that the first round has time to be answered. */
        router_timer(self, sim_ns_from_double((double)measure->interval_ns * (0.5 + 0.5 * phase)),
                     group);
    }
}

void measure_round(struct measure *measure, struct router *self, uint32_t group)
{
    send_probes(measure, self, group);
    router_timer(self, measure->interval_ns, group);
}

uint32_t measure_hears(struct measure *measure, struct router *self, uint32_t group,
                       const struct message *message)
{
    if (message->kind != CONTROL_PROBE_REPLY || message->request != measure->rounds[group] ||
        message->key >= router_region_count(self)) {
        return UINT32_MAX;
    }
    struct measured *measured = measure_at(measure, self, group, message->key);
    if (measured->answered) {
        return UINT32_MAX;
    }
    measured->answered = true;
    measured->rtt_ns = router_now(self) - measure->asked_ns[group];
    measured->sum_ns += measured->rtt_ns;
    measured->count++;
    return message->key;
}
