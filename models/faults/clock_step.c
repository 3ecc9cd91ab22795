/*
 * clock_step.c - a machine's clock jumps.
 *
 * Model:   the offset of one machine, or of all of a zone or region, changes at once by `by`, on
 *          top of what its clock model does. The clock does not know: a promised bound stays as it
 *          was. With `for` the step is taken back at the end, as when somebody notices.
 * Assumes: synchronisation does not remove it (a wrong time server, a leap second applied twice).
 * Source:  the user's numbers. Stepping every machine alike changes nothing that replicas could
 *          compare; a region or one node is the unit for that reason.
 */
#include "models/faults/machine_set.h"

struct params {
    struct machine_set machines;
    sim_ns by;
};

static const struct param_spec rows[] = {MACHINE_SET_ROWS,
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
    if (self->by == 0) {
        *key = "by";
        return "must not be 0: that has no effect";
    }
    return machine_set_check(params, scenario, key, arena);
}

static void act(struct world *world, uint32_t region, uint32_t node, const void *params, int change)
{
    const struct params *self = params;
    fault_clock_step(world, region, node, change * self->by);
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
    char by[SIM_TIME_TEXT_MAX];
    const char *sign = self->by < 0 ? "" : "+";
    sim_time_text(self->by, by);
    return arena_printf(arena, "clock of %s steps %s%s",
                        machine_set_text(&self->machines, scenario, arena), sign, by);
}

const struct fault_ops fault_clock_step_ops = {
    .kind = {.name = "clock_step",
             .summary = "the clocks of a region, a zone or one machine jump, and back at the end",
             .source = "the user's numbers",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
