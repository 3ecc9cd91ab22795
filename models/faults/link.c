/*
 * link.c - the network between two sets of places is slow, lossy or narrow.
 *
 * Model:   of every pair of a place of the first set and one of the second, in both directions (or
 *          with one_way only from first to second): delays are multiplied and lengthened, further
 *          packets are lost, bandwidth is multiplied. Two such faults at once compose.
 * Source:  the user's numbers; defaults change nothing, and a fault that changes nothing is
 * refused.
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"

#include <stddef.h>

struct params {
    struct param_list between;
    bool one_way;
    double delay_factor, loss, bandwidth_factor;
    sim_ns extra;
};

static const struct param_spec rows[] = {
    {.key = "between",
     .type = PARAM_PLACE_SETS,
     .offset = offsetof(struct params, between),
     .required = true,
     .help = "two sets of regions or clients' places: [[\"a\"], [\"b\", \"c\"]]"},
    {.key = "one_way",
     .type = PARAM_BOOL,
     .offset = offsetof(struct params, one_way),
     .default_text = "false",
     .help = "only what goes from the first set to the second"},
    {.key = "delay_factor",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, delay_factor),
     .min = 0.01,
     .max = 1000,
     .default_text = "1",
     .help = "delays times this"},
    {.key = "extra",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, extra),
     .min = 0,
     .max = (double)SIM_NS_PER_H,
     .default_text = "0ms",
     .help = "added to every one-way delay"},
    {.key = "loss",
     .type = PARAM_RATIO,
     .offset = offsetof(struct params, loss),
     .max = 1,
     .default_text = "0",
     .help = "share of the messages lost, on top of the link's own"},
    {.key = "bandwidth_factor",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, bandwidth_factor),
     .min = 1e-6,
     .max = 1e6,
     .default_text = "1",
     .help = "bandwidth times this; below 1 squeezes"},
    {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    *key = "between";
    const char *wrong = region_sets_check_pair(&self->between, scenario, arena);
    if (wrong != NULL) {
        return wrong;
    }
    if (self->delay_factor == 1.0 && self->extra == 0 && self->loss == 0.0 &&
        self->bandwidth_factor == 1.0) {
        *key = NULL;
        return "has no effect: give delay_factor, extra, loss or bandwidth_factor";
    }
    return NULL;
}

typedef void change_link(struct world *world, uint32_t from, uint32_t to,
                         const struct fault_link *change);

static void change_all(const struct params *self, struct world *world, change_link *change)
{
    const struct param_list *from = region_set(&self->between, 0);
    const struct param_list *to = region_set(&self->between, 1);
    const uint32_t *from_places = from->items;
    const uint32_t *to_places = to->items;
    const struct fault_link link = {.delay_factor = self->delay_factor,
                                    .extra_ns = self->extra,
                                    .loss = self->loss,
                                    .bandwidth_factor = self->bandwidth_factor};
    for (size_t i = 0; i < from->count; i++) {
        for (size_t j = 0; j < to->count; j++) {
            change(world, from_places[i], to_places[j], &link);
            if (!self->one_way) {
                change(world, to_places[j], from_places[i], &link);
            }
        }
    }
}

static void begin(const void *params, struct world *world)
{
    change_all(params, world, fault_link_add);
}

static void end(const void *params, struct world *world)
{
    change_all(params, world, fault_link_remove);
}

static uint32_t places(const void *params, const struct scenario *scenario, uint32_t *touched)
{
    const struct params *self = params;
    (void)scenario;
    const uint32_t first = region_set_places(region_set(&self->between, 0), touched, 0);
    return region_set_places(region_set(&self->between, 1), touched, first);
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    char extra[SIM_TIME_TEXT_MAX];
    const char *effects = "";
    if (self->delay_factor != 1.0) {
        effects = arena_printf(arena, ", delay x %g", self->delay_factor);
    }
    if (self->extra != 0) {
        effects = arena_printf(arena, "%s, delay + %s", effects, sim_time_text(self->extra, extra));
    }
    if (self->loss != 0.0) {
        effects = arena_printf(arena, "%s, loss %g %%", effects, self->loss * 100.0);
    }
    if (self->bandwidth_factor != 1.0) {
        effects = arena_printf(arena, "%s, bandwidth x %g", effects, self->bandwidth_factor);
    }
    return arena_printf(arena, "link %s %s %s%s",
                        region_set_text(region_set(&self->between, 0), scenario, arena),
                        self->one_way ? "->" : "-",
                        region_set_text(region_set(&self->between, 1), scenario, arena), effects);
}

const struct fault_ops fault_link_ops = {
    .kind = {.name = "link",
             .summary = "slow, lossy or narrow network between two sets of places",
             .source = "the user's numbers",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
