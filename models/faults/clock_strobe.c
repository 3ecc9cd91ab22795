/*
 * clock_strobe.c - clocks jump forth and back, again and again.
 *
 * Model:   the clock is `by` ahead for one `period`, right for the next, and so on, on top of what
 *          its model does; at the end it is right.
 * Source:  Jepsen, nemesis clock (strobe).
 */
#include "models/faults/machine_set.h"

struct params {
    struct machine_set machines;
    sim_ns by, period;
};

static const struct param_spec rows[] = {
    MACHINE_SET_ROWS,
    {.key = "by",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, by),
     .min = -24.0 * (double)SIM_NS_PER_H,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .required = true,
     .help = "how far the clock jumps; negative: back"},
    {.key = "period",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, period),
     .min = 1e3,
     .max = 24.0 * (double)SIM_NS_PER_H,
     .required = true,
     .help = "how long it stays there, and then how long it is right"},
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

/* A fault begins and ends for all its machines at once: what began is found by what it is. */
static void begin_one(struct world *world, uint32_t region, uint32_t node, const void *params,
                      int change)
{
    const struct params *self = params;
    const struct fault_strobe strobe = {self->by, self->period};
    fault_clock_strobe(world, region, node, &strobe, change);
}

static void begin(const void *params, struct world *world)
{
    machine_set_each(params, world, begin_one, +1);
}

static void end(const void *params, struct world *world)
{
    machine_set_each(params, world, begin_one, -1);
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    return arena_printf(arena, "clock of %s jumps forth and back",
                        machine_set_text(&self->machines, scenario, arena));
}

const struct fault_ops fault_clock_strobe_ops = {
    .kind = {.name = "clock_strobe",
             .summary = "clocks jump forth and back, again and again",
             .source = "Jepsen, nemesis clock (strobe)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
