#include "sim/event_slots.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <string.h>

enum { SLOTS_FIRST = 256 };

void event_slots_init(struct event_slots *slots)
{
    memset(slots, 0, sizeof *slots);
}

void event_slots_release(struct event_slots *slots)
{
    memory_release(slots->records);
    memory_release(slots->generations);
    memory_release(slots->free);
    memset(slots, 0, sizeof *slots);
}

void event_slots_grow(struct event_slots *slots)
{
    const size_t most = (size_t)1 << EVENT_SLOT_BITS;
    const size_t first = slots->used == 0 ? 1 : slots->used;
    const size_t needed = slots->used == 0 ? SLOTS_FIRST : first + 1;
    void *memory = slots->records;
    memory_grow(&memory, &slots->record_capacity, needed, sizeof *slots->records);
    slots->records = memory;
    const size_t end = slots->record_capacity < most ? slots->record_capacity : most;
    CHECK(first < end);
    memory = slots->generations;
    memory_grow(&memory, &slots->generation_capacity, end, sizeof *slots->generations);
    slots->generations = memory;
    memory = slots->free;
    memory_grow(&memory, &slots->free_capacity, end, sizeof *slots->free);
    slots->free = memory;
    for (size_t i = end; i > first; i--) {
        slots->free[slots->free_count++] = (uint32_t)(i - 1);
    }
    slots->used = (uint32_t)end;
}

size_t event_slots_sweep(struct event_slots *slots, event_key *keys, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        keys[kept] = keys[i];
        kept += !event_slots_drop(slots, event_key_slot(keys[i]));
    }
    return kept;
}
