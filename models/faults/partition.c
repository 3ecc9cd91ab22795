/*
 * partition.c - nothing gets from one set of ends to another.
 *
 * Model:   an end is a region, a client's own place or a single machine. `between` sets: every pair
 *          of ends of different sets is cut, in both directions, or with one_way only what goes
 *          from the first of two sets to the second. `isolate` one set: the same between it and
 *          everything else. `split`: a shape drawn anew each time it begins (split.h), of the ends
 *          in `among`. Ends inside a set, and those in none, still reach each other. Clients are
 *          cut with their place, not with a machine of it.
 *          style: what is sent into the cut vanishes (black_hole), is answered (reset), or arrives
 *          when the partition ends (jammed); see models/network/network_cut.h.
 * Source:  Alquraan et al., "An Analysis of Network-Partitioning Failures in Cloud Systems", OSDI
 *          2018, section 2: complete, partial and simplex (one-way) partitions; split.h.
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"
#include "models/faults/split.h"
#include "sim/check.h"

struct resolved {           /* what `check` has found, which knows the whole scenario */
    struct param_list sets; /* of sets, for between and isolate */
    struct param_list ends; /* for split */
};

struct params {
    struct param_list between, isolate, among;
    uint32_t split; /* enum split_shape */
    uint32_t units; /* 0 regions, 1 machines */
    uint32_t style; /* enum fault_cut_style */
    bool one_way;
    struct resolved *resolved;
};

static const char *const split_names[] = {
    "none",   "one",       "halves", "minority", "minority_third", "majority", "majorities_ring",
    "bridge", "primaries", NULL};
static const char *const unit_names[] = {"regions", "machines", NULL};
static const char *const style_names[] = {"black_hole", "reset", "jammed", NULL};

static const struct param_spec rows[] = {
    {.key = "between",
     .type = PARAM_PLACE_SETS,
     .machines = true,
     .offset = offsetof(struct params, between),
     .help = "sets of regions, clients' places or machines that do not reach each other: "
             "[[\"a\"], [\"b\", \"c/n0\"]]"},
    {.key = "isolate",
     .type = PARAM_PLACES,
     .machines = true,
     .offset = offsetof(struct params, isolate),
     .help = "instead: regions, clients' places or machines that are cut off from all others"},
    {.key = "split",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, split),
     .names = split_names,
     .default_text = "none",
     .help = "instead: a shape by chance, another each time: one alone; halves; minority, "
             "minority_third or majority against the rest; majorities_ring: each hears another "
             "majority; bridge: one in the middle reaches both halves; primaries: each alone"},
    {.key = "among",
     .type = PARAM_PLACES,
     .machines = true,
     .offset = offsetof(struct params, among),
     .help = "split: what falls apart; default: all `units`"},
    {.key = "units",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, units),
     .names = unit_names,
     .default_text = "regions",
     .help = "split without among: all regions that have machines, or all machines"},
    {.key = "one_way",
     .type = PARAM_BOOL,
     .offset = offsetof(struct params, one_way),
     .default_text = "false",
     .help = "only what goes from the first set to the second (out of the isolated) is lost"},
    {.key = "style",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, style),
     .names = style_names,
     .default_text = "black_hole",
     .help = "black_hole: silence, and streams back off; reset: connections are reset at once; "
             "jammed: what is sent arrives when the partition ends"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct params *self = params;
    (void)key;
    self->resolved = arena_alloc(arena, 1, sizeof *self->resolved);
    return NULL;
}

static const char *check_between(const struct params *self, const struct scenario *scenario,
                                 struct arena *arena)
{
    if (self->between.count < 2) {
        return arena_printf(arena, "must be two sets or more (got %zu)", self->between.count);
    }
    if (self->one_way && self->between.count != 2) {
        return arena_printf(arena, "must be two sets for one_way (got %zu)", self->between.count);
    }
    self->resolved->sets = self->between;
    return region_sets_check(&self->between, scenario, arena);
}

static const char *check_isolate(const struct params *self, const struct scenario *scenario,
                                 struct arena *arena)
{
    const char *wrong = region_set_check(&self->isolate, scenario, arena);
    if (wrong != NULL) {
        return wrong;
    }
    struct param_list *sets = arena_alloc(arena, 2, sizeof *sets);
    sets[0] = self->isolate;
    sets[1] = region_set_others(&self->isolate, scenario, arena);
    self->resolved->sets = (struct param_list){.items = sets, .count = 2};
    return sets[1].count > 0
               ? NULL
               : "must leave at least one place that the isolated ones are cut off from";
}

static const char *check_split(const struct params *self, const struct scenario *scenario,
                               const char **key, struct arena *arena)
{
    if (self->among.count > 0) {
        *key = "among";
        const char *wrong = region_set_check(&self->among, scenario, arena);
        if (wrong != NULL) {
            return wrong;
        }
    }
    self->resolved->ends =
        self->among.count > 0 ? self->among : region_set_all(self->units == 1, scenario, arena);
    *key = "split";
    const uint32_t least = split_least((enum split_shape)self->split);
    if (self->resolved->ends.count < least) {
        return arena_printf(arena, "needs at least %u ends (got %zu)", least,
                            self->resolved->ends.count);
    }
    if (self->split == SPLIT_PRIMARIES && !fault_has_primaries(scenario)) {
        return "has no effect: no dataset has a primary";
    }
    *key = "one_way";
    return self->one_way && self->split == SPLIT_MAJORITIES_RING
               ? "is not for a ring, where nobody is on a side"
               : NULL;
}

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    if ((self->between.count > 0) + (self->isolate.count > 0) + (self->split != SPLIT_NONE) != 1) {
        *key = NULL;
        return "must have one of \"between\" (sets), \"isolate\" (one set) and \"split\" (a shape)";
    }
    if (self->split == SPLIT_NONE && (self->among.count > 0 || self->units != 0)) {
        *key = self->among.count > 0 ? "among" : "units";
        return "goes with \"split\"";
    }
    if (self->split != SPLIT_NONE) {
        return check_split(self, scenario, key, arena);
    }
    if (self->isolate.count > 0) {
        *key = "isolate";
        return check_isolate(self, scenario, arena);
    }
    *key = "between";
    return check_between(self, scenario, arena);
}

static void cut_sets(const struct params *self, struct world *world, size_t from, size_t to, int by)
{
    const struct param_list *a = region_set(&self->resolved->sets, from);
    const struct param_list *b = region_set(&self->resolved->sets, to);
    const uint32_t *a_ends = a->items, *b_ends = b->items;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            fault_cut_ends(world, a_ends[i], b_ends[j], (enum fault_cut_style)self->style, by);
            if (!self->one_way) {
                fault_cut_ends(world, b_ends[j], a_ends[i], (enum fault_cut_style)self->style, by);
            }
        }
    }
}

/* Draws the shape into the fault's memory: how many lead, then the order. */
static void draw(const struct params *self, struct world *world)
{
    const uint32_t count = (uint32_t)self->resolved->ends.count;
    const uint32_t *ends = self->resolved->ends.items;
    uint32_t *memory = fault_memory(world);
    uint32_t *order = memory + 1;
    struct random_stream stream = fault_chance(world);
    split_shuffle(order, count, &stream);
    memory[0] = 0;
    if (self->split != SPLIT_PRIMARIES) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (fault_leads(world, ends[order[i]])) {
            const uint32_t leader = order[i];
            order[i] = order[memory[0]];
            order[memory[0]++] = leader;
        }
    }
}

static void cut_split(const struct params *self, struct world *world, int by)
{
    const uint32_t *ends = self->resolved->ends.items;
    const uint32_t *memory = fault_memory(world);
    const uint32_t *order = memory + 1;
    const struct split split = {.shape = (enum split_shape)self->split,
                                .count = (uint32_t)self->resolved->ends.count,
                                .leading = memory[0],
                                .one_way = self->one_way};
    for (uint32_t i = 0; i < split.count; i++) {
        for (uint32_t j = 0; j < split.count; j++) {
            if (split_cuts(&split, i, j)) {
                fault_cut_ends(world, ends[order[i]], ends[order[j]],
                               (enum fault_cut_style)self->style, by);
            }
        }
    }
}

static void change(const struct params *self, struct world *world, int by)
{
    if (self->split != SPLIT_NONE) {
        cut_split(self, world, by);
        return;
    }
    CHECK(self->resolved->sets.count >= 2);
    for (size_t i = 0; i < self->resolved->sets.count; i++) {
        for (size_t j = i + 1; j < self->resolved->sets.count; j++) {
            cut_sets(self, world, i, j, by);
        }
    }
}

static void begin(const void *params, struct world *world)
{
    const struct params *self = params;
    if (self->split != SPLIT_NONE) {
        draw(self, world);
    }
    change(self, world, +1);
}

static void end(const void *params, struct world *world)
{
    change(params, world, -1);
}

static uint32_t memory(const void *params)
{
    const struct params *self = params;
    return self->split != SPLIT_NONE ? 1 + (uint32_t)self->resolved->ends.count : 0;
}

static uint32_t places(const void *params, const struct scenario *scenario, uint32_t *touched)
{
    const struct params *self = params;
    (void)scenario;
    if (self->split != SPLIT_NONE) {
        return region_set_places(&self->resolved->ends, touched, 0);
    }
    if (self->isolate.count > 0) {
        return region_set_places(&self->isolate, touched, 0);
    }
    uint32_t count = 0;
    for (size_t i = 0; i < self->between.count; i++) {
        count = region_set_places(region_set(&self->between, i), touched, count);
    }
    return count;
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    const char *style = self->style == FAULT_BLACK_HOLE
                            ? ""
                            : arena_printf(arena, ", %s", style_names[self->style]);
    if (self->split != SPLIT_NONE) {
        return arena_printf(arena, "partition %s of %s%s%s", split_names[self->split],
                            self->among.count > 0
                                ? region_set_text(&self->among, scenario, arena)
                                : arena_printf(arena, "all %s", unit_names[self->units]),
                            self->one_way ? ", one way" : "", style);
    }
    const char *arrow = self->one_way ? "-/->" : "|";
    if (self->isolate.count > 0) {
        return arena_printf(arena, "partition %s %s all others%s",
                            region_set_text(&self->isolate, scenario, arena), arrow, style);
    }
    const char *sides = "";
    for (size_t i = 0; i < self->between.count; i++) {
        const char *set = region_set_text(region_set(&self->between, i), scenario, arena);
        sides = i == 0 ? set : arena_printf(arena, "%s %s %s", sides, arrow, set);
    }
    return arena_printf(arena, "partition %s%s", sides, style);
}

const struct fault_ops fault_partition_ops = {
    .kind = {.name = "partition",
             .summary = "nothing gets from one set of places or machines to another, one way or "
                        "both, in any shape",
             .source = "Alquraan et al., An Analysis of Network-Partitioning Failures in Cloud "
                       "Systems, OSDI 2018, section 2; Jepsen's partition targets",
             .params_bytes = sizeof(struct params),
             .params = rows,
             .finish = finish},
    .check = check,
    .begin = begin,
    .end = end,
    .memory = memory,
    .places = places,
    .text = text,
};
