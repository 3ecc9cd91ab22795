/*
 * clock_drift.c - clocks run too fast or too slowly
 *
 * Model:   the clock gains `ppm` millionths of true time on top of what its model does; corrections
 *          do not see it (a wrong time server, a virtual clock that is badly calibrated). What it
 *          has gained stays when the fault ends.
 * Source:  Jepsen, nemesis clock (bump, strobe); TigerBeetle, simulated clocks with linear drift.
 */
#include "models/faults/machine_set.h"

struct params {
    struct machine_set machines;
    double ppm;
};

static const struct param_spec rows[] = {
    MACHINE_SET_ROWS,
    {.key = "ppm",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, ppm),
     .min = -1e6,
     .max = 1e6,
     .required = true,
     .help = "parts per million that the clock gains; negative: loses. 11.6 is a second a day"},
    {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    if (self->ppm == 0.0) {
        *key = "ppm";
        return "must not be 0: that has no effect";
    }
    return machine_set_check(params, scenario, key, arena);
}

static void act(struct world *world, uint32_t region, uint32_t node, const void *params, int change)
{
    const struct params *self = params;
    fault_clock_rate(world, region, node, self->ppm * 1e-6, change);
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
    return arena_printf(arena, "clock of %s drifts",
                        machine_set_text(&self->machines, scenario, arena));
}

const struct fault_ops fault_clock_drift_ops = {
    .kind = {.name = "clock_drift",
             .summary = "clocks run too fast or too slowly; what they have gained stays",
             .source = "TigerBeetle, simulated clocks (linear offset)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
