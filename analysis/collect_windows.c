/*
 * collect_windows.c - what happened before, during and after each fault: sums over the segments of
 * time in which the same faults were on.
 */
#include "analysis/collect_state.h"

uint32_t collect_window_count(const struct record_layout *layout)
{
    uint32_t places = 1;

    for (uint32_t place = 0; place < layout->place_count; place++) {
        uint32_t group = 0;

        while (group < layout->group_count && layout->groups[group].place != place) {
            group++;
        }
        places += group < layout->group_count ? 1 : 0;
    }

    const uint32_t most = COLLECT_WINDOW_PLACES_MAX / places;
    const uint32_t limit = most < COLLECT_FAULT_WINDOWS_MAX ? most : COLLECT_FAULT_WINDOWS_MAX;

    return layout->fault_count < limit ? layout->fault_count : limit;
}

void cell_add(struct cell *total, const struct cell *cell)
{
    total->offered += cell->offered;
    total->tries += cell->tries;
    for (size_t i = 0; i < RECORD_OUTCOME_COUNT; i++) {
        total->outcomes[i] += cell->outcomes[i];
    }
    total->reads += cell->reads;
    total->stale += cell->stale;
    total->own_reads += cell->own_reads;
    total->own_violations += cell->own_violations;
    total->seen_reads += cell->seen_reads;
    total->seen_violations += cell->seen_violations;
    histogram_merge(&total->latency, &cell->latency);
}

static bool in_window(const struct segment *segment, uint32_t fault, uint32_t phase)
{
    const uint64_t bit = UINT64_C(1) << fault % 64;
    const bool begun = (segment->begun.bits[fault / 64] & bit) != 0;
    const bool active = (segment->active.bits[fault / 64] & bit) != 0;

    return phase == 0 ? !begun : phase == 1 ? active : begun && !active;
}

struct cell *window_cells(const struct collect_state *state, uint32_t fault, uint32_t phase,
                          struct arena *arena)
{
    const size_t count = (size_t)state->layout->group_count * 2;
    struct cell *cells = arena_alloc(arena, count, sizeof(*cells));

    for (size_t i = 0; i < count; i++) {
        histogram_init(&cells[i].latency, arena);
    }
    for (size_t s = 0; s < state->segment_count; s++) {
        for (size_t i = 0; in_window(&state->segments[s], fault, phase) && i < count; i++) {
            cell_add(&cells[i], &state->segments[s].cells[i]);
        }
    }
    return cells;
}
