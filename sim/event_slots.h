/*
 * event_slots.h - the records of pending events, and the handles that cancel them.
 *
 * Model:  a slot is taken when an event is scheduled and given back when its key has left the
 *         queue, so a cancelled event keeps its slot until its key is dropped. The slot that was
 *         given back last is taken first and is still in the cache.
 * Handle: valid while the slot's generation is the handle's own. It would name another event only
 *         after 2^31 further uses of the same slot.
 * Errors: CHECK on more than 2^24 - 1 slots in use.
 * Cost:   O(1); memory grows by doubling to the largest number in use, 40 bytes a slot.
 */
#ifndef SIM_EVENT_SLOTS_H
#define SIM_EVENT_SLOTS_H

#include "sim/event_key.h"
#include "sim/fetch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a handler gets. The meaning of all but `kind` is its scheduler's own. */
struct event {
    uint16_t kind;   /* index into the engine's handler table */
    uint16_t small;  /* free */
    uint32_t target; /* mostly an actor's index */
    uint64_t a, b;   /* free */
};

/* Names one scheduled event, to cancel it. A zeroed handle names none. */
struct timer {
    uint32_t slot;
    uint32_t generation;
};

struct event_slot {
    struct event event;
    uint64_t unused;
};
_Static_assert(sizeof(struct event_slot) == 32, "two records share a cache line");

struct event_slots { /* private */
    struct event_slot *records;
    /*
     * Odd while the event is pending; goes up when it is scheduled, handled or cancelled. Apart
     * from the records, so that cancelling and sweeping touch few cache lines.
     */
    uint32_t *generations;
    uint32_t *free; /* a stack; slot 0 is never used */
    uint32_t free_count;
    uint32_t used;      /* slots that exist, with slot 0; none before the first event */
    uint64_t cancelled; /* slots whose events are cancelled */
    size_t record_capacity, generation_capacity, free_capacity;
};

void event_slots_init(struct event_slots *slots);
void event_slots_release(struct event_slots *slots);
void event_slots_grow(struct event_slots *slots); /* when none is free */

/*
 * Field by field, so that an event which is made and scheduled in one place is made in its slot. A
 * copy of the whole would read two fields at once that were just written one by one, and wait.
 */
static inline void event_copy(struct event *to, const struct event *from)
{
    to->kind = from->kind;
    to->small = from->small;
    to->target = from->target;
    to->a = from->a;
    to->b = from->b;
}

static inline struct timer event_slots_take(struct event_slots *slots, const struct event *event)
{
    if (__builtin_expect(slots->free_count == 0, 0)) {
        event_slots_grow(slots);
    }
    const uint32_t index = slots->free[--slots->free_count];
    event_copy(&slots->records[index].event, event);
    return (struct timer){index, ++slots->generations[index]};
}

/* Copies the event and gives the slot back. False: the event had been cancelled. */
static inline bool event_slots_give(struct event_slots *slots, uint32_t index, struct event *event)
{
    *event = slots->records[index].event;
    slots->free[slots->free_count++] = index;
    if (__builtin_expect(slots->generations[index] % 2 == 0, 0)) {
        slots->cancelled--;
        return false;
    }
    slots->generations[index]++;
    return true;
}

/* Fetches into the cache what event_slots_give() will need. */
static inline void event_slots_fetch(const struct event_slots *slots, uint32_t index)
{
    fetch_write(&slots->records[index]);
    fetch_write(&slots->generations[index]);
}

/* False when the event is not pending any more. */
static inline bool event_slots_cancel(struct event_slots *slots, struct timer timer)
{
    if (timer.generation % 2 == 0 || timer.slot >= slots->used ||
        slots->generations[timer.slot] != timer.generation) {
        return false;
    }
    slots->generations[timer.slot]++;
    slots->cancelled++;
    return true;
}

/* Gives the slot back if its event is cancelled; its key must then be dropped. */
static inline bool event_slots_drop(struct event_slots *slots, uint32_t index)
{
    if (slots->generations[index] % 2 != 0) {
        return false;
    }
    slots->free[slots->free_count++] = index;
    slots->cancelled--;
    return true;
}

/* Drops keys of cancelled events, keeps the others in order, returns how many are left. */
size_t event_slots_sweep(struct event_slots *slots, event_key *keys, size_t count);

#endif
