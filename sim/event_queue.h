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
#include "sim/event_key.h"
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

enum {
    EVENT_RING_BITS = 10,
    EVENT_RING = 1 << EVENT_RING_BITS,
    EVENT_DIGIT_BITS = 6,
    EVENT_DIGIT = 1 << EVENT_DIGIT_BITS,
    EVENT_LEVELS = 9, /* above the ring: 10 + 9 * 6 = 64 bits of time */
    EVENT_BUCKETS = EVENT_RING + EVENT_LEVELS * EVENT_DIGIT,
    EVENT_CHUNK_KEYS = 15,
    EVENT_CANCELLED_MIN = 64, /* fewer are not worth a sweep */
    EVENT_AHEAD = 6           /* records are fetched this many events before they are handled */
};

/* A record by itself, in half a cache line. */
struct event_slot {
    struct event event;
    uint64_t unused;
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
    bool hole; /* the root was taken: the next key goes there, which saves half the work */
    void *memory;
};

struct event_queue {      /* private */
    event_key *run;       /* next of the sorted keys */
    event_key *run_end;   /* EVENT_KEY_END; the one before is the last, or less than any to come */
    event_key *run_limit; /* where there is no room for another end */
    /* Whether the last keys in the window were each later than the one before, a bit for each. */
    uint64_t rising, rising_at_ns;
    struct event_heap near;
    size_t near_limit;
    uint64_t current; /* number of the last bucket of the open window */
    uint32_t shift;
    uint32_t free_count;
    struct event_slot *slots;
    /*
     * One per slot, odd while its event is pending; goes up when the event is scheduled, handled or
     * cancelled. Apart from the records, so that cancelling and sweeping touch few cache lines.
     */
    uint32_t *generations;
    uint32_t *free;    /* a stack of slots; slot 0 is never used */
    uint64_t sequence; /* of the next event, shifted by EVENT_SLOT_BITS */
    uint64_t handled;
    struct event_chunk *chunks;
    uint64_t stored;         /* keys in buckets */
    uint64_t cancelled;      /* keys whose events are cancelled */
    uint64_t cancelled_ever; /* events */

    uint32_t window_level; /* 0: one bucket of the ring is open; more: a wider one */
    uint32_t slot_used, chunk_free, chunk_used;
    uint64_t moved_mark;          /* sequence at the last change of width */
    uint64_t opened_mark, opened; /* to see how many events an opened bucket brings */
    event_key *run_keys;
    size_t run_capacity, slot_capacity, free_capacity, generation_capacity, chunk_capacity;
    struct event_array spare;
    struct event_bins bins;
    uint64_t occupied[EVENT_BUCKETS / 64];
    struct event_bucket buckets[EVENT_BUCKETS];
};

enum event_take {
    EVENT_TAKE_DONE,
    EVENT_TAKE_CANCELLED, /* try again */
    EVENT_TAKE_LATER      /* nothing is left, or nothing that early */
};

void event_queue_init(struct event_queue *queue);
void event_queue_release(struct event_queue *queue);

/* The slow parts of the inline functions below. */
void event_queue_slots_grow(struct event_queue *queue);
void event_queue_bucket_extend(struct event_queue *queue, struct event_bucket *bucket);
void event_queue_near_full(struct event_queue *queue);
bool event_queue_run_slide(struct event_queue *queue);
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

static inline void event_bucket_add(struct event_queue *queue, struct event_bucket *bucket,
                                    event_key key)
{
    if (__builtin_expect(bucket->fill == EVENT_CHUNK_KEYS, 0)) {
        event_queue_bucket_extend(queue, bucket);
    }
    queue->chunks[bucket->last].keys[bucket->fill++] = key;
    queue->stored++;
}

static inline void event_queue_store(struct event_queue *queue, uint64_t number, event_key key)
{
    event_bucket_add(queue, &queue->buckets[event_queue_bucket_index(queue, number)], key);
}

/* Fills the hole with the last key. */
static inline void event_heap_close(struct event_heap *heap)
{
    heap->hole = false;
    const event_key last = heap->keys[--heap->count];
    heap->keys[heap->count] = EVENT_KEY_END;
    if (heap->count > 0) {
        event_heap_down(heap->keys, heap->count, last);
    }
}

/*
 * Keys that come in rising order, as when delays are constant, are appended to the run if they can
 * be. This is not tried when the last eight did not rise: the branch would often be mispredicted.
 */
static inline void event_queue_add(struct event_queue *queue, uint64_t at_ns, event_key key)
{
    const uint64_t number = at_ns >> queue->shift;
    if (number > queue->current) {
        event_queue_store(queue, number, key);
        return;
    }
    queue->rising = queue->rising << 1 | (at_ns >= queue->rising_at_ns);
    queue->rising_at_ns = at_ns;
    if ((uint8_t)queue->rising == UINT8_MAX && key > queue->run_end[-1] &&
        (queue->run_end < queue->run_limit || event_queue_run_slide(queue))) {
        *queue->run_end++ = key;
        *queue->run_end = EVENT_KEY_END;
    } else if (queue->near.hole) {
        queue->near.hole = false;
        event_heap_down(queue->near.keys, queue->near.count, key);
    } else {
        event_heap_up(queue->near.keys, queue->near.count++, key);
        if (__builtin_expect(queue->near.count == queue->near_limit, 0)) {
            event_queue_near_full(queue);
        }
    }
}

/* Schedules a copy of `event`; the caller has checked that `at_ns` is not in the past. */
static inline struct timer event_queue_push(struct event_queue *queue, sim_ns at_ns,
                                            const struct event *event)
{
    if (__builtin_expect(queue->free_count == 0, 0)) {
        event_queue_slots_grow(queue);
    }
    const uint32_t index = queue->free[--queue->free_count];
    const struct timer timer = {index, ++queue->generations[index]};
    queue->slots[index].event = *event;
    const uint64_t low = queue->sequence | index;
    queue->sequence += UINT64_C(1) << EVENT_SLOT_BITS;
    CHECK(queue->sequence != 0);
    event_queue_add(queue, (uint64_t)at_ns, (event_key)(uint64_t)at_ns << 64 | low);
    return timer;
}

/* Events that are neither handled nor cancelled. */
static inline uint64_t event_queue_live(const struct event_queue *queue)
{
    return (queue->sequence >> EVENT_SLOT_BITS) - queue->handled - queue->cancelled_ever;
}

/*
 * Takes the first key unless it is later than `until_ns` and copies its event.
 * EVENT_TAKE_CANCELLED: there was one, but its event had been cancelled.
 */
static inline enum event_take event_queue_take(struct event_queue *queue, sim_ns until_ns,
                                               sim_ns *at_ns, struct event *event)
{
    if (queue->near.hole) {
        event_heap_close(&queue->near);
    }
    event_key key = *queue->run;
    const event_key near = queue->near.keys[0];
    if (key < near) {
        if (event_key_time(key) > (uint64_t)until_ns) {
            return EVENT_TAKE_LATER;
        }
        queue->run++;
        const uint32_t soon = event_key_slot(queue->run[EVENT_AHEAD]);
        __builtin_prefetch(&queue->slots[soon], 1);
        __builtin_prefetch(&queue->generations[soon], 1);
    } else {
        key = near;
        if (__builtin_expect(event_key_time(key) > (uint64_t)until_ns, 0)) {
            if (key != EVENT_KEY_END || queue->stored == 0) {
                return EVENT_TAKE_LATER;
            }
            event_queue_advance(queue);
            return EVENT_TAKE_CANCELLED;
        }
        queue->near.hole = true;
    }
    const uint32_t index = event_key_slot(key);
    *at_ns = (sim_ns)event_key_time(key);
    *event = queue->slots[index].event;
    queue->free[queue->free_count++] = index;
    if (__builtin_expect((queue->generations[index] & 1) == 0, 0)) {
        queue->cancelled--;
        return EVENT_TAKE_CANCELLED;
    }
    queue->generations[index]++;
    queue->handled++;
    return EVENT_TAKE_DONE;
}

static inline bool event_queue_cancel(struct event_queue *queue, struct timer timer)
{
    if (timer.slot >= queue->slot_used || queue->generations[timer.slot] != timer.generation ||
        timer.generation % 2 == 0) {
        return false;
    }
    queue->generations[timer.slot]++;
    queue->cancelled_ever++;
    if (__builtin_expect(++queue->cancelled > event_queue_live(queue) + EVENT_CANCELLED_MIN, 0)) {
        event_queue_compact(queue);
    }
    return true;
}

#endif
