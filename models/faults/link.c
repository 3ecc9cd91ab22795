/*
 * link.c - the network between two sets of ends is slow, lossy, narrow or in disorder.
 *
 * Model:   of every pair of an end of the first set and one of the second, in both directions (or
 *          with one_way only from first to second): delays are multiplied and lengthened, further
 *          packets are lost, corrupt ones too (checksums find them), bandwidth is multiplied and
 *          capped; a share of the messages arrives twice, or late. Streams hide copies and wait for
 *          late packets, datagrams do not (models/network/network_disorder.h). Two such faults at
 *          once compose. An end is a region, a client's own place or a machine.
 * Source:  the user's numbers; defaults change nothing, and a fault that changes nothing is
 *          refused. Words: tc-netem(8).
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"

#include <stddef.h>

struct params {
    struct param_list between;
    bool one_way;
    double delay_factor, loss, corrupt, bandwidth_factor, bandwidth, duplicate, reorder;
    sim_ns extra;
    const struct distribution *reorder_by;
};

static const struct param_spec rows[] = {
    {.key = "between",
     .type = PARAM_PLACE_SETS,
     .machines = true,
     .offset = offsetof(struct params, between),
     .required = true,
     .help = "two sets of regions, clients' places or machines: [[\"a\"], [\"b\", \"c/n0\"]]"},
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
    {.key = "corrupt",
     .type = PARAM_RATIO,
     .offset = offsetof(struct params, corrupt),
     .max = 1,
     .default_text = "0",
     .help = "share of the packets that arrive damaged: checksums drop them, as if lost"},
    {.key = "duplicate",
     .type = PARAM_RATIO,
     .offset = offsetof(struct params, duplicate),
     .max = 1,
     .default_text = "0",
     .help = "share of the messages that arrive twice (datagrams; of a stream only the traffic)"},
    {.key = "reorder",
     .type = PARAM_RATIO,
     .offset = offsetof(struct params, reorder),
     .max = 1,
     .default_text = "0",
     .help = "share of the messages that are later by reorder_by and may be overtaken (in a stream "
             "the others wait)"},
    {.key = "reorder_by",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct params, reorder_by),
     .unit = PARAM_UNIT_DURATION,
     .help = "reorder: how much later"},
    {.key = "bandwidth",
     .type = PARAM_BANDWIDTH,
     .offset = offsetof(struct params, bandwidth),
     .min = 1,
     .max = 1e15,
     .default_text = "none",
     .help = "at most this bandwidth"},
    {.key = "bandwidth_factor",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, bandwidth_factor),
     .min = 1e-6,
     .max = 1e6,
     .default_text = "1",
     .help = "bandwidth times this; below 1 squeezes"},
    {0}};

static bool narrows(const struct params *self)
{
    return self->bandwidth_factor != 1.0 || self->bandwidth > 0.0;
}

static bool has_bandwidth(const struct scenario *scenario)
{
    const struct scenario_link *links = scenario->network.links.items;
    bool limited = scenario->network.bandwidth > 0.0;
    for (size_t i = 0; i < scenario->network.links.count; i++) {
        limited = limited || links[i].bandwidth > 0.0;
    }
    return limited;
}

static bool has_machine(const struct param_list *set)
{
    const uint32_t *ends = set->items;
    for (size_t i = 0; i < set->count; i++) {
        if ((ends[i] & PARAM_MACHINE) != 0) {
            return true;
        }
    }
    return false;
}

static const char *check_effect(const struct params *self, const struct scenario *scenario,
                                const char **key)
{
    const bool machines =
        has_machine(region_set(&self->between, 0)) || has_machine(region_set(&self->between, 1));
    if (narrows(self) && machines) {
        *key = self->bandwidth > 0.0 ? "bandwidth" : "bandwidth_factor";
        return "is that of two places, not of a machine";
    }
    if (self->bandwidth_factor != 1.0 && self->bandwidth <= 0.0 && !has_bandwidth(scenario)) {
        *key = "bandwidth_factor";
        return "has no effect: bandwidth is unlimited; give \"bandwidth\"";
    }
    if ((self->reorder > 0.0) != (self->reorder_by != NULL)) {
        *key = self->reorder > 0.0 ? "reorder" : "reorder_by";
        return "belongs together: \"reorder\" (a share) and \"reorder_by\" (a time)";
    }
    *key = NULL;
    return self->delay_factor == 1.0 && self->extra == 0 && self->loss == 0.0 &&
                   self->corrupt == 0.0 && self->duplicate == 0.0 && self->reorder == 0.0 &&
                   !narrows(self)
               ? "has no effect: give delay_factor, extra, loss, corrupt, duplicate, reorder, "
                 "bandwidth or bandwidth_factor"
               : NULL;
}

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    *key = "between";
    const char *wrong = region_sets_check_pair(&self->between, scenario, arena);
    return wrong != NULL ? wrong : check_effect(self, scenario, key);
}

typedef void change_link(struct world *world, uint32_t from, uint32_t to,
                         const struct fault_link *change);

static void change_all(const struct params *self, struct world *world, change_link *change)
{
    const struct param_list *from = region_set(&self->between, 0);
    const struct param_list *to = region_set(&self->between, 1);
    const uint32_t *from_places = from->items;
    const uint32_t *to_places = to->items;
    const struct fault_link link = {
        .delay_factor = self->delay_factor,
        .extra_ns = self->extra,
        .loss = self->corrupt > 0.0 ? 1.0 - (1.0 - self->loss) * (1.0 - self->corrupt) : self->loss,
        .bandwidth_factor = self->bandwidth_factor,
        .bandwidth = self->bandwidth > 0.0 ? self->bandwidth : 0.0,
        .duplicate = self->duplicate,
        .reorder = self->reorder,
        .reorder_by = self->reorder_by};
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
    if (self->corrupt != 0.0) {
        effects = arena_printf(arena, "%s, corrupt %g %%", effects, self->corrupt * 100.0);
    }
    if (self->duplicate != 0.0) {
        effects = arena_printf(arena, "%s, twice %g %%", effects, self->duplicate * 100.0);
    }
    if (self->reorder != 0.0) {
        effects = arena_printf(arena, "%s, late %g %%", effects, self->reorder * 100.0);
    }
    if (self->bandwidth > 0.0) {
        effects = arena_printf(arena, "%s, bandwidth <= %g Mbps", effects, self->bandwidth / 1e6);
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
             .summary = "slow, lossy, narrow or disordered network between two sets of places or "
                        "machines",
             .source = "the user's numbers",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
