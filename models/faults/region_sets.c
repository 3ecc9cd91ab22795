#include "models/faults/region_sets.h"

#include "models/faults/fault_target.h"
#include "sim/arena.h"
#include "sim/check.h"

const struct param_list *region_set(const struct param_list *sets, size_t set)
{
    CHECK(set < sets->count);
    return (const struct param_list *)sets->items + set;
}

static uint32_t member(const struct param_list *set, size_t index)
{
    CHECK(index < set->count);
    return ((const uint32_t *)set->items)[index];
}

bool region_set_has(const struct param_list *set, uint32_t place)
{
    for (size_t i = 0; i < set->count; i++) {
        if (member(set, i) == place) {
            return true;
        }
    }
    return false;
}

const char *region_name(const struct scenario *scenario, uint32_t place)
{
    const size_t regions = scenario->regions.count;
    if (place < regions) {
        return ((const struct scenario_region *)scenario->regions.items)[place].name;
    }
    CHECK(place - regions < scenario->client_places.count);
    return ((const struct scenario_place *)scenario->client_places.items)[place - regions].name;
}

static bool is_machine(uint32_t end)
{
    return (end & PARAM_MACHINE) != 0;
}

static uint32_t place_of(uint32_t end)
{
    return is_machine(end) ? (end & ~PARAM_MACHINE) >> PARAM_MACHINE_BITS : end;
}

static uint32_t number_of(uint32_t machine)
{
    return machine & ((UINT32_C(1) << PARAM_MACHINE_BITS) - 1);
}

static int64_t machines_of(const struct scenario *scenario, uint32_t place)
{
    const struct scenario_region *regions = scenario->regions.items;
    return place < scenario->regions.count ? regions[place].nodes : 0;
}

const char *region_end_name(const struct scenario *scenario, uint32_t end, struct arena *arena)
{
    const char *place = region_name(scenario, place_of(end));
    return is_machine(end) ? arena_printf(arena, "%s/n%u", place, number_of(end)) : place;
}

/* What is wrong with an end beside another one, which may be in another set. */
static const char *check_two(uint32_t end, uint32_t other, bool same_set,
                             const struct scenario *scenario, struct arena *arena)
{
    const char *name = region_end_name(scenario, end, arena);
    if (end == other) {
        return arena_printf(
            arena, same_set ? "must not name \"%s\" twice" : "must not have \"%s\" in two sets",
            name);
    }
    if (is_machine(end) != is_machine(other) && place_of(end) == place_of(other)) {
        return arena_printf(arena, "must not have both \"%s\" and \"%s\"",
                            region_end_name(scenario, other, arena), name);
    }
    return NULL;
}

static const char *check_end(uint32_t end, const struct scenario *scenario, struct arena *arena)
{
    if (!is_machine(end) || number_of(end) < machines_of(scenario, place_of(end))) {
        return NULL;
    }
    return arena_printf(arena, "names \"%s\", but region \"%s\" has %lld machines, from n0",
                        region_end_name(scenario, end, arena), region_name(scenario, place_of(end)),
                        (long long)machines_of(scenario, place_of(end)));
}

/* `end` beside the first `count` ends of a set. */
static const char *check_beside(uint32_t end, const struct param_list *set, size_t count,
                                bool same_set, const struct scenario *scenario, struct arena *arena)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < count && wrong == NULL; i++) {
        wrong = check_two(end, member(set, i), same_set, scenario, arena);
    }
    return wrong;
}

const char *region_sets_check(const struct param_list *sets, const struct scenario *scenario,
                              struct arena *arena)
{
    for (size_t s = 0; s < sets->count; s++) {
        const struct param_list *set = region_set(sets, s);
        if (set->count == 0) {
            return "must name at least one place in each set";
        }
        for (size_t i = 0; i < set->count; i++) {
            const uint32_t end = member(set, i);
            const char *wrong = check_end(end, scenario, arena);
            for (size_t before = 0; before < s && wrong == NULL; before++) {
                const struct param_list *other = region_set(sets, before);
                wrong = check_beside(end, other, other->count, false, scenario, arena);
            }
            wrong = wrong != NULL ? wrong : check_beside(end, set, i, true, scenario, arena);
            if (wrong != NULL) {
                return wrong;
            }
        }
    }
    return NULL;
}

const char *region_set_check(const struct param_list *set, const struct scenario *scenario,
                             struct arena *arena)
{
    struct param_list copy = *set;
    const struct param_list sets = {.items = &copy, .count = 1};
    return set->count == 0 ? "must name at least one place"
                           : region_sets_check(&sets, scenario, arena);
}

const char *region_sets_check_pair(const struct param_list *sets, const struct scenario *scenario,
                                   struct arena *arena)
{
    if (sets->count != 2) {
        return arena_printf(arena, "must be exactly two sets of places (got %zu)", sets->count);
    }
    return region_sets_check(sets, scenario, arena);
}

static uint32_t machine(uint32_t place, uint32_t number)
{
    return PARAM_MACHINE | place << PARAM_MACHINE_BITS | number;
}

static size_t all_machines(const struct scenario *scenario)
{
    size_t count = 0;
    for (uint32_t place = 0; place < scenario->regions.count; place++) {
        count += (size_t)machines_of(scenario, place);
    }
    return count;
}

struct param_list region_set_all(bool machines, const struct scenario *scenario,
                                 struct arena *arena)
{
    uint32_t *ends =
        arena_alloc(arena, scenario->regions.count + all_machines(scenario), sizeof *ends);
    size_t count = 0;
    for (uint32_t place = 0; place < scenario->regions.count; place++) {
        const uint32_t here = (uint32_t)machines_of(scenario, place);
        for (uint32_t i = 0; i < (machines ? here : here > 0); i++) {
            ends[count++] = machines ? machine(place, i) : place;
        }
    }
    return (struct param_list){.items = ends, .count = count};
}

struct param_list region_set_others(const struct param_list *set, const struct scenario *scenario,
                                    struct arena *arena)
{
    const size_t places = scenario->regions.count + scenario->client_places.count;
    uint32_t *ends = arena_alloc(arena, 2 * places + all_machines(scenario), sizeof *ends);
    size_t count = 0;
    for (uint32_t place = 0; place < places; place++) {
        bool whole = region_set_has(set, place), part = false;
        for (size_t i = 0; i < set->count; i++) {
            part = part || place_of(member(set, i)) == place;
        }
        if (!part) {
            ends[count++] = place;
        }
        for (uint32_t i = 0; part && !whole && i < machines_of(scenario, place); i++) {
            if (!region_set_has(set, machine(place, i))) {
                ends[count++] = machine(place, i);
            }
        }
        if (part && !whole) {
            ends[count++] = machine(place, FAULT_CLIENTS);
        }
    }
    return (struct param_list){.items = ends, .count = count};
}

const char *region_set_text(const struct param_list *set, const struct scenario *scenario,
                            struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < set->count; i++) {
        text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ", ",
                            region_end_name(scenario, member(set, i), arena));
    }
    return text;
}

uint32_t region_set_places(const struct param_list *set, uint32_t *places, uint32_t count)
{
    for (size_t i = 0; i < set->count; i++) {
        const uint32_t place = place_of(member(set, i));
        const struct param_list before = {.items = places, .count = count};
        if (!region_set_has(&before, place)) {
            places[count++] = place;
        }
    }
    return count;
}
