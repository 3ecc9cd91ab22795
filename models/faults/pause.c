/*
 * pause.c - machines stand still for a while and go on
 *
 * Model:   a stop of everything on the machine, with its memory kept: messages wait, timers that
 *          came due fire when it goes on, workers finish what they had by so much later; only the
 *          disk goes on by itself. To others it looks like an outage; it does not know itself.
 * Source:  the pause nemesis of Jepsen (SIGSTOP, SIGCONT); live migration of virtual machines and
 *          stop-the-world collection of garbage, which outlast leases.
 */
#include "models/faults/machine_set.h"

struct params {
    struct machine_set machines;
};

static const struct param_spec rows[] = {MACHINE_SET_ROWS, {0}};

static void act(struct world *world, uint32_t region, uint32_t node, const void *params, int change)
{
    (void)params;
    fault_pause(world, region, node, change);
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
    return arena_printf(arena, "pause of %s", machine_set_text(&self->machines, scenario, arena));
}

const struct fault_ops fault_pause_ops = {
    .kind = {.name = "pause",
             .summary =
                 "machines stand still, with all that they have in memory, and go on at the end",
             .source = "Jepsen, nemesis pause (SIGSTOP); definition",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = machine_set_check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
