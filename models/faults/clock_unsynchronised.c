/*
 * clock_unsynchronised.c - clocks are not corrected any more
 *
 * Model:   the clock runs on with the error that it has and its own drift; a promised bound grows
 *          with the drift that it allows for. At the end it is corrected at once, as by its last
 *          synchronisation. A clock model without drift and corrections does not notice.
 * Source:  RFC 5905, section 7.1 (an unsynchronised clock); Corbett et al., Spanner, OSDI 2012,
 *          section 3 (the bound grows while a time server does not answer).
 */
#include "models/faults/machine_set.h"
#include "models/scenario.h"

#include <string.h>

struct params {
    struct machine_set machines;
};

static const struct param_spec rows[] = {MACHINE_SET_ROWS, {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const char *model = scenario->clocks.kind->name;
    if (strcmp(model, "perfect") == 0 || strcmp(model, "free_running") == 0) {
        *key = NULL;
        return arena_printf(arena, "has no effect: clocks of model \"%s\" are never corrected",
                            model);
    }
    return machine_set_check(params, scenario, key, arena);
}

static void act(struct world *world, uint32_t region, uint32_t node, const void *params, int change)
{
    (void)params;
    fault_clock_free(world, region, node, change);
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
    return arena_printf(arena, "clock of %s loses synchronisation",
                        machine_set_text(&self->machines, scenario, arena));
}

const struct fault_ops fault_clock_unsynchronised_ops = {
    .kind = {.name = "clock_unsynchronised",
             .summary = "clocks are not corrected any more, and are at the end",
             .source = "RFC 5905, section 7.1; Corbett et al., Spanner, OSDI 2012, section 3",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = machine_set_places,
    .text = text,
};
