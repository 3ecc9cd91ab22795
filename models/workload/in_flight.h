/*
 * in_flight.h - operations that have begun and not ended, and what falls due for them.
 *
 * Model:  an operation has a slot; a freed slot is used again, the last freed first. What falls due
 *         after a constant time (the deadline of a group's operations, say) is a first-in first-out
 *         list, threaded through the operations, so that one engine timer a list is enough and
 *         leaving it from the middle is O(1).
 * Slots:  1 .. 2^24 - 1; 0 is none. A late answer may name a slot that is free or another's by now:
 *         in_flight_find() compares the operation's number.
 * Memory: proportional to the peak of operations in flight.
 */
#ifndef MODELS_WORKLOAD_IN_FLIGHT_H
#define MODELS_WORKLOAD_IN_FLIGHT_H

#include "sim/check.h"
#include "sim/fetch.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IN_FLIGHT_SLOT_BITS = 24, IN_FLIGHT_SLOTS = 1 << IN_FLIGHT_SLOT_BITS };

enum due { DUE_DEADLINE, DUE_TRY, DUE_HEDGE, DUE_COUNT };

enum operation_flag {
    OPERATION_LOOP = 1,        /* its session thinks when it ends */
    OPERATION_PROBE = 2,       /* a read that a probe asked for */
    OPERATION_THEN_WRITE = 4,  /* the read of a read-modify-write */
    OPERATION_BACKING_OFF = 8, /* a further try is scheduled */
    OPERATION_SCAN = 16,
    OPERATION_RESOLVE = 32 /* of a person at a conflict feed */
};

struct due_link {
    uint32_t previous, next;
};

struct operation {                /* the first cache line is all that most operations touch */
    _Alignas(64) uint64_t number; /* 0: the slot is free, and key links the free ones */
    sim_ns begin_ns;
    sim_ns try_ns; /* when the last try of `tries` began */
    uint64_t draw; /* addresses its random numbers */
    uint32_t key, bytes;
    uint32_t session; /* within the run */
    uint16_t group;
    uint8_t type;          /* enum record_operation_type */
    uint8_t flags;         /* enum operation_flag */
    uint8_t sent;          /* requests, hedges included */
    uint8_t tries;         /* without hedges */
    uint8_t refused;       /* requests that certainly had no effect */
    uint8_t uncertain;     /* requests answered with an unknown outcome */
    uint8_t current_first; /* requests before this one have timed out or ended */
    uint8_t current_ended; /* of the current ones */
    uint8_t listed;        /* bit per enum due: in that list */
    struct due_link links[DUE_COUNT];
    uint64_t answered[2]; /* bit per request */
    uint64_t request;     /* of a write of a value that merges: value_request_pack() */
    uint32_t context;     /* block of a write: what its reader had read; 0: nothing */
};

struct in_flight {
    struct operation *items; /* private */
    size_t capacity;
    uint32_t used, free;
    uint32_t count;
};

struct due_list {
    sim_ns after_ns;
    struct due_link ends; /* next: the first; previous: the last; 0: the list is empty */
    bool armed;           /* an engine timer is under way */
};

void in_flight_init(struct in_flight *table);
void in_flight_release(struct in_flight *table);

/* private: one more slot */
uint32_t in_flight_extend(struct in_flight *table);

/* Fetches the slot's operation into the cache. */
static inline void in_flight_fetch(const struct in_flight *table, uint32_t slot)
{
    if (slot < table->used) {
        fetch_write(&table->items[slot]);
    }
}

static inline struct operation *in_flight_at(const struct in_flight *table, uint32_t slot)
{
    CHECK(slot < table->used);
    return &table->items[slot];
}

/* Unchecked: of a slot that was taken just now. */
static inline struct operation *in_flight_item(const struct in_flight *table, uint32_t slot)
{
    return &table->items[slot];
}

/* NULL when that operation has ended. */
static inline struct operation *in_flight_find(const struct in_flight *table, uint32_t slot,
                                               uint64_t number)
{
    return slot < table->used && number != 0 && table->items[slot].number == number
               ? &table->items[slot]
               : NULL;
}

/* A zeroed operation but for its number. Pointers from in_flight_at() are void after this. */
static inline uint32_t in_flight_take(struct in_flight *table, uint64_t number)
{
    CHECK(number != 0);
    uint32_t slot = table->free;
    if (__builtin_expect(slot != 0, 1)) {
        table->free = table->items[slot].key;
    } else {
        slot = in_flight_extend(table);
    }
    /* One by one: who fills them at once pays only for what it leaves as it is. */
    struct operation *operation = in_flight_item(table, slot);
    operation->number = number;
    operation->begin_ns = operation->try_ns = 0;
    operation->draw = 0;
    operation->key = operation->bytes = operation->session = 0;
    operation->group = 0;
    operation->type = operation->flags = 0;
    operation->sent = operation->tries = operation->refused = operation->uncertain = 0;
    operation->current_first = operation->current_ended = operation->listed = 0;
    operation->answered[0] = operation->answered[1] = 0;
    operation->request = 0;
    operation->context = 0;
    table->count++;
    return slot;
}

static inline void in_flight_give(struct in_flight *table, uint32_t slot)
{
    struct operation *operation = in_flight_at(table, slot);
    CHECK(operation->number != 0);
    CHECK(operation->listed == 0);
    operation->number = 0;
    operation->key = table->free;
    table->free = slot;
    table->count--;
}

/*
 * The link of that slot, or the ends of the list. Whether there is a neighbour is up to chance: no
 * branch, since it would often be guessed wrong.
 */
static inline struct due_link *due_link_of(struct due_list *list, enum due due,
                                           struct in_flight *table, uint32_t slot)
{
    CHECK(slot < table->used);
    const uintptr_t link = (uintptr_t)&table->items[slot].links[due];
    const uintptr_t ends = (uintptr_t)&list->ends;
    const uintptr_t none = 0 - (uintptr_t)(slot == 0);
    return (struct due_link *)((ends & none) | (link & ~none));
}

/* Appends to a list; its time is begin_ns, or try_ns for DUE_TRY, plus the list's after_ns. */
static inline void due_append(struct due_list *list, enum due due, struct in_flight *table,
                              uint32_t slot)
{
    struct operation *operation = in_flight_at(table, slot);
    CHECK((operation->listed >> due & 1) == 0);
    operation->listed |= (uint8_t)(1U << due);
    operation->links[due] = (struct due_link){.previous = list->ends.previous, .next = 0};
    due_link_of(list, due, table, list->ends.previous)->next = slot;
    list->ends.previous = slot;
}

/* Nothing happens to an operation that is not in it. */
static inline void due_remove(struct due_list *list, enum due due, struct in_flight *table,
                              uint32_t slot)
{
    struct operation *operation = in_flight_at(table, slot);
    if ((operation->listed >> due & 1) == 0) {
        return;
    }
    operation->listed &= (uint8_t) ~(1U << due);
    const struct due_link link = operation->links[due];
    due_link_of(list, due, table, link.previous)->next = link.next;
    due_link_of(list, due, table, link.next)->previous = link.previous;
}

/* When the first of the list falls due; SIM_NS_MAX: the list is empty. */
sim_ns due_first_ns(const struct due_list *list, enum due due, const struct in_flight *table);

#endif
