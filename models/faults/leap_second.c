/*
 * leap_second.c - a leap second, as the machines' operating systems handle it.
 *
 * Model:   `inserted`: true time gains a second that the clock does not count, so that after it the
 *          clock is a second behind what it would have been. `step`: it is set back at once (Linux
 *          repeats 23:59:59; a clock as read here stands still meanwhile). `smear`: it runs slower
 *          for as long as the fault lasts (`for`, 24 hours usually) and is a second back at
 *          its end. `deleted`: the other way. A fleet in which some machines
 *          step and others smear disagrees by up to a second: give each its own fault.
 * Source:  Google Public NTP, "Leap Smear" (24 hours, linear, noon to noon); RFC 7164, section 2.
 */
#include "models/faults/machine_set.h"
#include "models/scenario.h"

enum leap { LEAP_INSERTED, LEAP_DELETED };
enum handling { HANDLING_STEP, HANDLING_SMEAR };

struct params {
    struct machine_set machines;
    uint32_t leap;     /* enum leap */
    uint32_t handling; /* enum handling */
    sim_ns *smear_ns;  /* the fault's own length, found by `check` */
};

static const char *const leap_names[] = {"inserted", "deleted", NULL};
static const char *const handling_names[] = {"step", "smear", NULL};

static const struct param_spec rows[] = {
    MACHINE_SET_ROWS,
    {.key = "leap",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, leap),
     .names = leap_names,
     .default_text = "inserted",
     .help = "inserted: the clock is set back by a second; deleted: forth"},
    {.key = "handling",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, handling),
     .names = handling_names,
     .default_text = "step",
     .help = "step: at once; smear: spread evenly over `for`"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct params *self = params;
    (void)key;
    self->smear_ns = arena_alloc(arena, 1, sizeof *self->smear_ns);
    return NULL;
}

static const struct scenario_fault *fault_of(const void *params, const struct scenario *scenario)
{
    const struct param_choice *faults = scenario->faults.items;
    for (size_t i = 0; i < scenario->faults.count; i++) {
        if (faults[i].params == params) {
            return faults[i].common;
        }
    }
    return NULL;
}

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    const struct scenario_fault *fault = fault_of(params, scenario);
    *self->smear_ns = fault != NULL ? fault->lasts : 0;
    if (self->handling == HANDLING_SMEAR && *self->smear_ns <= 0) {
        *key = "handling";
        return "smear needs to know for how long: give \"for\", usually 24h";
    }
    return machine_set_check(params, scenario, key, arena);
}

static double sign_of(const struct params *self)
{
    return self->leap == LEAP_INSERTED ? -1.0 : 1.0;
}

static void act(struct world *world, uint32_t region, uint32_t node, const void *params, int change)
{
    const struct params *self = params;
    if (self->handling == HANDLING_SMEAR) {
        const double rate = sign_of(self) * (double)SIM_NS_PER_S / (double)*self->smear_ns;
        fault_clock_rate(world, region, node, rate, change);
    } else if (change > 0) {
        fault_clock_step(world, region, node,
                         self->leap == LEAP_INSERTED ? -SIM_NS_PER_S : SIM_NS_PER_S);
    }
}

static void begin(const void *params, struct world *world)
{
    machine_set_each(params, world, act, +1);
}

/* The second is not taken back: it is part of the time scale from now on. */
static void end(const void *params, struct world *world)
{
    machine_set_each(params, world, act, -1);
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    return arena_printf(arena, "leap second %s at %s (%s)", leap_names[self->leap],
                        machine_set_text(&self->machines, scenario, arena),
                        handling_names[self->handling]);
}

const struct fault_ops fault_leap_second_ops = {
    .kind = {.name = "leap_second",
             .summary = "a leap second, which clocks step over or smear",
             .source = "Google Public NTP, Leap Smear; RFC 7164, section 2",
             .params_bytes = sizeof(struct params),
             .params = rows,
             .finish = finish},
    .check = check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
