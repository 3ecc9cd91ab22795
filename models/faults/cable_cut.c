/*
 * cable_cut.c - the submarine cable between two places is cut, and traffic goes around.
 *
 * Model:   what goes between the two places, in either direction, takes the shortest way over other
 *          places of the scenario whose cables are whole (models/world_cables.c), or, with
 *          latency_factor, a way that is so much slower than the cable. The way around may be
 *          narrow and lossy: others have been sent there too. No way: the two are cut off.
 * Source:  150 cable faults a year, most by fishing and anchors (ICPC statement, 2024-02-28);
 *          repairs take 20 to 30 days (SubTel Forum industry report, section 4.2); several cables
 *          often go at once (Red Sea 2024-02: three, West Africa 2024-03-14: four; TeleGeography):
 *          let one follow the other.
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"

#include <stddef.h>

struct params {
    struct param_list between;
    double latency_factor, loss, bandwidth_factor, bandwidth;
};

static const struct param_spec rows[] = {
    {.key = "between",
     .type = PARAM_PLACES,
     .offset = offsetof(struct params, between),
     .required = true,
     .help = "the two ends of the cable: regions or clients' places"},
    {.key = "latency_factor",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, latency_factor),
     .min = 1,
     .max = 1000,
     .default_text = "none",
     .help = "the way around takes so many times the delay of the cable; none: the shortest way "
             "over other places of the scenario"},
    {.key = "loss",
     .type = PARAM_RATIO,
     .offset = offsetof(struct params, loss),
     .max = 1,
     .default_text = "0",
     .help = "share of the packets lost on the way around, on top of the link's own"},
    {.key = "bandwidth_factor",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, bandwidth_factor),
     .min = 1e-6,
     .max = 1,
     .default_text = "1",
     .help = "what is left of the bandwidth on the way around"},
    {.key = "bandwidth",
     .type = PARAM_BANDWIDTH,
     .offset = offsetof(struct params, bandwidth),
     .min = 1,
     .max = 1e15,
     .default_text = "none",
     .help = "at most this bandwidth on the way around"},
    {0}};

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    const uint32_t *ends = self->between.items;
    *key = "between";
    if (self->between.count != 2) {
        return arena_printf(arena, "must be the two ends of a cable (got %zu)",
                            self->between.count);
    }
    const char *wrong = region_set_check(&self->between, scenario, arena);
    if (wrong != NULL) {
        return wrong;
    }
    if (ends[0] >= scenario->regions.count && ends[1] >= scenario->regions.count) {
        return "has no effect: nothing travels between two places without machines";
    }
    return NULL;
}

static bool changes_link(const struct params *self)
{
    return self->latency_factor > 1.0 || self->loss > 0.0 || self->bandwidth_factor != 1.0 ||
           self->bandwidth > 0.0;
}

static void change(const struct params *self, struct world *world, bool begins)
{
    const uint32_t *ends = self->between.items;
    const struct fault_link link = {.delay_factor =
                                        self->latency_factor > 1.0 ? self->latency_factor : 1.0,
                                    .loss = self->loss,
                                    .bandwidth_factor = self->bandwidth_factor,
                                    .bandwidth = self->bandwidth > 0.0 ? self->bandwidth : 0.0};
    fault_cable_cut(world, ends[0], ends[1], self->latency_factor < 1.0, begins ? 1 : -1);
    for (int i = 0; i < 2 && changes_link(self); i++) {
        if (begins) {
            fault_link_add(world, ends[i], ends[1 - i], &link);
        } else {
            fault_link_remove(world, ends[i], ends[1 - i], &link);
        }
    }
}

static void begin(const void *params, struct world *world)
{
    change(params, world, true);
}

static void end(const void *params, struct world *world)
{
    change(params, world, false);
}

static uint32_t places(const void *params, const struct scenario *scenario, uint32_t *touched)
{
    const struct params *self = params;
    (void)scenario;
    return region_set_places(&self->between, touched, 0);
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    const uint32_t *ends = self->between.items;
    const char *cable = arena_printf(arena, "cable %s - %s cut", region_name(scenario, ends[0]),
                                     region_name(scenario, ends[1]));
    return self->latency_factor >= 1.0
               ? arena_printf(arena, "%s, delay x %g", cable, self->latency_factor)
               : cable;
}

const struct fault_ops fault_cable_cut_ops = {
    .kind = {.name = "cable_cut",
             .summary = "the cable between two places is cut: traffic takes the way around, if any",
             .source = "ICPC statement, 2024-02-28; SubTel Forum industry report, section 4.2; "
                       "TeleGeography, 2024-03-15",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
