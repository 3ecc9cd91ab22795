/*
 * partition.c - nothing gets from one set of places to another.
 *
 * Model:   `between` two sets: every pair of a place of the first and one of the second is cut, in
 *          both directions, or with one_way only what goes from the first set to the second.
 *          `isolate` one set: the same between it and all other places. Places inside a set, and
 *          those in neither, still reach each other. A place is a region or a client's own place;
 *          clients are cut with theirs.
 * Source:  Alquraan et al., "An Analysis of Network-Partitioning Failures in Cloud Systems", OSDI
 *          2018, section 2: complete, partial and simplex (one-way) partitions.
 */
#include "models/faults/fault.h"
#include "models/faults/fault_target.h"
#include "models/faults/region_sets.h"
#include "sim/check.h"

struct sides { /* places that lose each other */
    struct param_list from, to;
};

struct params {
    struct param_list between, isolate;
    bool one_way;
    struct sides *sides; /* resolved by `check`, which knows all places */
};

static const struct param_spec rows[] = {
    {.key = "between",
     .type = PARAM_PLACE_SETS,
     .offset = offsetof(struct params, between),
     .help = "two sets of regions or clients' places that do not reach each other: "
             "[[\"a\"], [\"b\", \"c\"]]"},
    {.key = "isolate",
     .type = PARAM_PLACES,
     .offset = offsetof(struct params, isolate),
     .help = "instead of between: regions or clients' places that are cut off from all others"},
    {.key = "one_way",
     .type = PARAM_BOOL,
     .offset = offsetof(struct params, one_way),
     .default_text = "false",
     .help = "only what goes from the first set to the second (out of the isolated) is lost"},
    {0}};

static const char *finish(void *params, struct arena *arena, const char **key)
{
    struct params *self = params;
    (void)key;
    self->sides = arena_alloc(arena, 1, sizeof *self->sides);
    return NULL;
}

static const char *check_isolate(const struct params *self, const struct scenario *scenario,
                                 struct arena *arena)
{
    const char *wrong = region_set_check(&self->isolate, scenario, arena);
    if (wrong != NULL) {
        return wrong;
    }
    const size_t places = scenario->regions.count + scenario->client_places.count;
    uint32_t *others = arena_alloc(arena, places, sizeof *others);
    size_t count = 0;
    for (uint32_t place = 0; place < places; place++) {
        if (!region_set_has(&self->isolate, place)) {
            others[count++] = place;
        }
    }
    if (count == 0) {
        return "must leave at least one place that the isolated ones are cut off from";
    }
    *self->sides = (struct sides){.from = self->isolate, .to = {.items = others, .count = count}};
    return NULL;
}

static const char *check(const void *params, const struct scenario *scenario, const char **key,
                         struct arena *arena)
{
    const struct params *self = params;
    if ((self->between.count > 0) == (self->isolate.count > 0)) {
        *key = NULL;
        return "must have either \"between\" (two sets of regions) or \"isolate\" (one)";
    }
    if (self->isolate.count > 0) {
        *key = "isolate";
        return check_isolate(self, scenario, arena);
    }
    *key = "between";
    const char *wrong = region_sets_check_pair(&self->between, scenario, arena);
    if (wrong == NULL) {
        *self->sides =
            (struct sides){*region_set(&self->between, 0), *region_set(&self->between, 1)};
    }
    return wrong;
}

static void change(const struct params *self, struct world *world, int by)
{
    CHECK(self->sides->from.count > 0);
    CHECK(self->sides->to.count > 0);
    const uint32_t *from = self->sides->from.items;
    const uint32_t *to = self->sides->to.items;
    for (size_t i = 0; i < self->sides->from.count; i++) {
        for (size_t j = 0; j < self->sides->to.count; j++) {
            fault_cut(world, from[i], to[j], by);
            if (!self->one_way) {
                fault_cut(world, to[j], from[i], by);
            }
        }
    }
}

static void begin(const void *params, struct world *world)
{
    change(params, world, +1);
}

static void end(const void *params, struct world *world)
{
    change(params, world, -1);
}

static uint32_t places(const void *params, const struct scenario *scenario, uint32_t *touched)
{
    const struct params *self = params;
    (void)scenario;
    if (self->isolate.count > 0) {
        return region_set_places(&self->isolate, touched, 0);
    }
    const uint32_t first = region_set_places(region_set(&self->between, 0), touched, 0);
    return region_set_places(region_set(&self->between, 1), touched, first);
}

static const char *text(const void *params, const struct scenario *scenario, struct arena *arena)
{
    const struct params *self = params;
    const bool isolate = self->isolate.count > 0;
    const struct param_list *from = isolate ? &self->isolate : region_set(&self->between, 0);
    return arena_printf(arena, "partition %s %s %s", region_set_text(from, scenario, arena),
                        self->one_way ? "-/->" : "|",
                        isolate ? "all others"
                                : region_set_text(region_set(&self->between, 1), scenario, arena));
}

const struct fault_ops fault_partition_ops = {
    .kind = {.name = "partition",
             .summary = "nothing gets from one set of places to another, both ways or one way",
             .source = "Alquraan et al., An Analysis of Network-Partitioning Failures in Cloud "
                       "Systems, OSDI 2018, section 2",
             .params_bytes = sizeof(struct params),
             .params = rows,
             .finish = finish},
    .check = check,
    .begin = begin,
    .end = end,
    .places = places,
    .text = text,
};
