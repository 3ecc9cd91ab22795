/*
 * event_queue.h - pending events in one total order, and the records they carry.
 *
 * Order:     (time, sequence). The sequence is given when an event is scheduled and is never used
 *            twice, so no two keys are equal and ties leave in the order they were scheduled.
 * Structure: a lazily sorted radix tree over the bits of time. Its finest buckets are 2^shift ns
 *            wide and form a ring of 1024; each level above has 64 buckets, each as wide as the
 *            whole level below, so that any time has a place and nothing is moved more than once a
 *            level. Buckets are unsorted. When the one that is due opens, it is sorted into `run`;
 *            what is scheduled inside the open window goes into `near`, a 4-ary heap whose
 *            siblings share a cache line. A coarse bucket with few events opens as a whole. When
 *            few events are pending, the window is all of time and the heap holds everything.
 * Tuning:    none by the user. The width follows how many events an opened bucket had, and how full
 *            `near` became; a change of width moves every key once and is allowed only after as
 *            many pops as there are keys. The order depends on keys alone, never on the structure.
 * Cancelled: a cancelled event stays until its time comes or until cancelled ones outnumber the
 *            pending ones; then all of them are dropped at once.
 * Units:     sim_ns, from 0 on.
 * Ownership: the queue owns keys and records; both grow to the largest number pending at one time.
 * Errors:    CHECK on more than 2^24 - 1 events pending or 2^40 scheduled.
 * Cost:      push and pop O(1) amortised for any law of delays that a heap would serve in
 *            O(log n); O(log n) in the worst case of many delays far shorter than the window.
 * Source:    the idea of a ladder of unsorted buckets: Tang, Goh, Thng, "Ladder queue", ACM TOMACS
 *            2005; of cache-aligned heaps: LaMarca, Ladner, JEA 1996. Layout and tuning are ours.
 */
#ifndef SIM_EVENT_QUEUE_H
#define SIM_EVENT_QUEUE_H

#include "sim/check.h"
#include "sim/sim_time.h"

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

/* {time:64, sequence:40, slot:24}, compared as one integer. */
__extension__ typedef unsigned __int128 event_key;

enum {
    EVENT_SLOT_BITS = 24,
    EVENT_RING_BITS = 10,
    EVENT_RING = 1 << EVENT_RING_BITS,
    EVENT_DIGIT_BITS = 6,
    EVENT_DIGIT = 1 << EVENT_DIGIT_BITS,
    EVENT_LEVELS = 9, /* above the ring: 10 + 9 * 6 = 64 bits of time */
    EVENT_BUCKETS = EVENT_RING + EVENT_LEVELS * EVENT_DIGIT,
    EVENT_CHUNK_KEYS = 15,
    EVENT_AHEAD = 6 /* records are fetched this many events before they are handled */
};

/* Links of a record that is in use; any other value is a place in the free list. */
enum { EVENT_SLOT_PENDING = 0x7fffffff, EVENT_SLOT_CANCELLED = 0x7ffffffe };

struct event_slot {
    struct event event;
    uint32_t generation; /* goes up whenever a handle to this slot ceases to be valid */
    uint32_t link;
};
_Static_assert(sizeof(struct event_slot) == 32, "two records share a cache line");

struct event_chunk {
    event_key keys[EVENT_CHUNK_KEYS];
    uint32_t next; /* in a bucket: a circle, the last one links to the first */
    uint32_t unused[3];
};

struct event_bucket {
    uint32_t last; /* chunk; 0 when the bucket is empty */
    uint32_t fill; /* keys in the last chunk; EVENT_CHUNK_KEYS when the bucket is empty */
};

struct event_heap {
    event_key *keys; /* keys[count] and on are EVENT_KEY_END */
    size_t count, capacity;
    void *memory;
};

struct event_array {
    event_key *keys;
    size_t count, capacity;
};

struct event_queue { /* private, but for `live` */
    event_key *run;  /* sorted; ends with EVENT_KEY_END */
    size_t run_next;
    struct event_heap near;
    size_t near_limit;
    uint64_t current; /* number of the last bucket of the open window */
    uint32_t shift;
    uint32_t window_level; /* 0: one bucket of the ring is open; more: a wider one */
    struct event_slot *slots;
    struct event_chunk *chunks;
    uint32_t slot_free, slot_used; /* slot 0 is never used */
    uint64_t sequence;             /* of the next event, shifted by EVENT_SLOT_BITS */
    uint64_t live;                 /* events pending, without cancelled ones */
    uint64_t cancelled;
    uint64_t stored; /* keys in buckets */

    uint64_t pushed_mark;            /* sequence at the last change of width */
    uint64_t opened_mark, opened;    /* to see how many events an opened bucket brings */
    uint32_t chunk_free, chunk_used; /* chunk 0 is never used */
    size_t slot_capacity, chunk_capacity, run_count, run_capacity;
    struct event_array spare;
    uint32_t *histogram;
    size_t histogram_capacity;
    uint64_t occupied[EVENT_BUCKETS / 64];
    struct event_bucket buckets[EVENT_BUCKETS];
};

#define EVENT_KEY_END ((event_key)UINT64_MAX << 64)

static inline uint64_t event_key_time(event_key key)
{
    return (uint64_t)(key >> 64);
}

static inline uint32_t event_key_slot(event_key key)
{
    return (uint32_t)key & ((1U << EVENT_SLOT_BITS) - 1);
}

void event_queue_init(struct event_queue *queue);
void event_queue_release(struct event_queue *queue);

/* The slow parts of the inline functions below. */
void event_queue_slots_grow(struct event_queue *queue);
void event_queue_bucket_extend(struct event_queue *queue, struct event_bucket *bucket);
void event_queue_near_full(struct event_queue *queue);
void event_queue_advance(struct event_queue *queue);
void event_queue_compact(struct event_queue *queue);

static inline void event_heap_up(event_key *keys, size_t index, event_key key)
{
    while (index > 0) {
        const size_t parent = (index - 1) / 4;
        if (keys[parent] < key) {
            break;
        }
        keys[index] = keys[parent];
        index = parent;
    }
    keys[index] = key;
}

/* Puts `key` in place of the root. */
static inline void event_heap_down(event_key *keys, size_t count, event_key key)
{
    size_t index = 0;
    for (size_t child = 1; child < count; child = 4 * index + 1) {
        const size_t low = child + (keys[child + 1] < keys[child]);
        const size_t high = child + 2 + (keys[child + 3] < keys[child + 2]);
        const size_t least = keys[high] < keys[low] ? high : low;
        if (key < keys[least]) {
            break;
        }
        keys[index] = keys[least];
        index = least;
    }
    keys[index] = key;
}

/* The bucket whose number is `bucket`, seen from the open window: the level of their first
 * difference. */
static inline uint32_t event_queue_bucket_index(const struct event_queue *queue, uint64_t bucket)
{
    const uint64_t difference = bucket ^ queue->current;
    if (__builtin_expect(difference < EVENT_RING, 1)) {
        return (uint32_t)(bucket & (EVENT_RING - 1));
    }
    const uint32_t bit = 63U - (uint32_t)__builtin_clzll(difference);
    const uint32_t level = (bit - EVENT_RING_BITS) / EVENT_DIGIT_BITS;
    const uint32_t low = EVENT_RING_BITS + level * EVENT_DIGIT_BITS;
    return EVENT_RING + level * EVENT_DIGIT + (uint32_t)(bucket >> low & (EVENT_DIGIT - 1));
}

static inline void event_queue_store(struct event_queue *queue, uint64_t number, event_key key)
{
    struct event_bucket *bucket = &queue->buckets[event_queue_bucket_index(queue, number)];
    if (__builtin_expect(bucket->fill == EVENT_CHUNK_KEYS, 0)) {
        event_queue_bucket_extend(queue, bucket);
    }
    queue->chunks[bucket->last].keys[bucket->fill++] = key;
    queue->stored++;
}

/* Schedules a copy of `event`; the caller has checked that `at_ns` is not in the past. */
static inline struct timer event_queue_push(struct event_queue *queue, sim_ns at_ns,
                                            const struct event *event)
{
    if (__builtin_expect(queue->slot_free == 0, 0)) {
        event_queue_slots_grow(queue);
    }
    const uint32_t index = queue->slot_free;
    struct event_slot *slot = &queue->slots[index];
    queue->slot_free = slot->link;
    slot->link = EVENT_SLOT_PENDING;
    slot->event = *event;
    const event_key key = (event_key)(uint64_t)at_ns << 64 | queue->sequence | index;
    queue->sequence += UINT64_C(1) << EVENT_SLOT_BITS;
    CHECK(queue->sequence != 0);
    queue->live++;
    const uint64_t number = (uint64_t)at_ns >> queue->shift;
    if (number > queue->current) {
        event_queue_store(queue, number, key);
    } else {
        event_heap_up(queue->near.keys, queue->near.count++, key);
        if (__builtin_expect(queue->near.count == queue->near_limit, 0)) {
            event_queue_near_full(queue);
        }
    }
    return (struct timer){index, slot->generation};
}

/* The first key, which may be that of a cancelled event; EVENT_KEY_END when there is none. */
static inline event_key event_queue_first(struct event_queue *queue)
{
    event_key run = queue->run[queue->run_next];
    event_key near = queue->near.keys[0];
    if (__builtin_expect((run < near ? run : near) == EVENT_KEY_END, 0) && queue->stored > 0) {
        event_queue_advance(queue);
        run = queue->run[queue->run_next];
        near = queue->near.keys[0];
    }
    return run < near ? run : near;
}

/* Removes the first key, `key`, and copies its event. False: it had been cancelled. */
static inline bool event_queue_remove(struct event_queue *queue, event_key key, struct event *event)
{
    if (queue->run[queue->run_next] == key) {
        queue->run_next++;
        __builtin_prefetch(&queue->slots[event_key_slot(queue->run[queue->run_next + EVENT_AHEAD])],
                           1);
    } else {
        struct event_heap *near = &queue->near;
        const event_key last = near->keys[--near->count];
        near->keys[near->count] = EVENT_KEY_END;
        if (near->count > 0) {
            event_heap_down(near->keys, near->count, last);
        }
    }
    const uint32_t index = event_key_slot(key);
    struct event_slot *slot = &queue->slots[index];
    const bool pending = slot->link == EVENT_SLOT_PENDING;
    *event = slot->event;
    slot->generation++;
    slot->link = queue->slot_free;
    queue->slot_free = index;
    queue->live -= pending;
    queue->cancelled -= !pending;
    return pending;
}

static inline bool event_queue_cancel(struct event_queue *queue, struct timer timer)
{
    if (timer.slot >= queue->slot_used) {
        return false;
    }
    struct event_slot *slot = &queue->slots[timer.slot];
    if (slot->generation != timer.generation || slot->link != EVENT_SLOT_PENDING) {
        return false;
    }
    slot->link = EVENT_SLOT_CANCELLED;
    slot->generation++;
    queue->live--;
    queue->cancelled++;
    if (__builtin_expect(queue->cancelled > queue->live + 64, 0)) {
        event_queue_compact(queue);
    }
    return true;
}

#endif
