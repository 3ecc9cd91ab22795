#include "models/faults/region_sets.h"

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

const char *region_set_check(const struct param_list *set, const struct scenario *scenario,
                             struct arena *arena)
{
    if (set->count == 0) {
        return "must name at least one place";
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct param_list before = {.items = set->items, .count = i};
        if (region_set_has(&before, member(set, i))) {
            return arena_printf(arena, "must not name \"%s\" twice",
                                region_name(scenario, member(set, i)));
        }
    }
    return NULL;
}

const char *region_sets_check_pair(const struct param_list *sets, const struct scenario *scenario,
                                   struct arena *arena)
{
    if (sets->count != 2) {
        return arena_printf(arena, "must be exactly two sets of places (got %zu)", sets->count);
    }
    for (size_t i = 0; i < sets->count; i++) {
        const char *wrong = region_set_check(region_set(sets, i), scenario, arena);
        if (wrong != NULL) {
            return wrong;
        }
    }
    const struct param_list *first = region_set(sets, 0);
    for (size_t i = 0; i < first->count; i++) {
        if (region_set_has(region_set(sets, 1), member(first, i))) {
            return arena_printf(arena, "must not have \"%s\" on both sides",
                                region_name(scenario, member(first, i)));
        }
    }
    return NULL;
}

const char *region_set_text(const struct param_list *set, const struct scenario *scenario,
                            struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < set->count; i++) {
        text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ", ",
                            region_name(scenario, member(set, i)));
    }
    return text;
}

uint32_t region_set_places(const struct param_list *set, uint32_t *places, uint32_t count)
{
    for (size_t i = 0; i < set->count; i++) {
        places[count++] = member(set, i);
    }
    return count;
}
