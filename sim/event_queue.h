/*
 * event_queue.h - pending events in one total order.
 *
 * Order:     (time, sequence). The sequence is given when an event is scheduled and is never used
 *            twice, so no two keys are equal and ties leave in the order they were scheduled.
 * Structure: keys of later events lie unsorted in the buckets of event_buckets.h. When the bucket
 *            that is due opens, it is sorted into `run`. What is scheduled inside the open window
 *            goes into the bins of `wheel`; what these refuse, into the heap `near`, or behind the
 *            run when delays are constant. The least of all this but the run is known beforehand:
 *            it is `soon`. A wide bucket with few events opens as a whole. With few events
 *            pending, the window is all of time.
 * Tuning:    none by the user. The width of buckets follows how many events they had when they
 *            opened, and how full `near` became; to change it moves every key once and is allowed
 *            only after as many operations. The width of bins follows the time from one event to
 *            the next, looked at after some refusals. The order depends on keys alone, never on
 *            any of this.
 * Cancelled: the key of a cancelled event stays until its bucket moves or its time comes, or until
 *            they outnumber the pending events; then all are dropped at once.
 * Units:     sim_ns, from 0 on.
 * Ownership: the queue owns keys and records; all grow to the largest number pending at one time.
 * Errors:    CHECK on more than 2^24 - 1 events pending or 2^40 scheduled.
 * Cost:      O(1) amortised for most laws of delays; O(log n) in the worst case, which is many
 *            delays far shorter than the window before the width has followed.
 * Source:    the idea of a ladder of unsorted buckets: Tang, Goh, Thng, "Ladder queue", ACM TOMACS
 *            15(3), 2005. Layout and tuning are ours.
 */
#ifndef SIM_EVENT_QUEUE_H
#define SIM_EVENT_QUEUE_H

#include "sim/check.h"
#include "sim/event_buckets.h"
#include "sim/event_heap.h"
#include "sim/event_key.h"
#include "sim/event_slots.h"
#include "sim/event_wheel.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EVENT_CANCELLED_MIN = 64, /* fewer are not worth a sweep */
    EVENT_AHEAD = 6           /* records are fetched this many events before they are handled */
};

struct event_queue {      /* private */
    event_key *run;       /* next of the sorted keys */
    event_key *run_end;   /* EVENT_KEY_END; the one before is the last, or less than any to come */
    event_key *run_limit; /* where there is no room for another end */
    event_key soon;       /* the least key that is not in the run, or EVENT_KEY_END */
    uint32_t soon_bin;    /* where it still is in the wheel; EVENT_WHEEL: it is here only */
    uint32_t refused;     /* keys that the wheel refused since its bins were judged */
    uint64_t sequence;    /* of the next event, shifted by EVENT_SLOT_BITS */
    uint64_t handled;
    uint64_t cancelled_ever;
    struct event_slots slots;
    struct event_heap near; /* has room for one key more than its limit */
    size_t near_limit;
    /* Whether the last keys that the wheel refused were each later than the one before: bits. */
    uint64_t rising, rising_at_ns;
    uint64_t judged_mark, judged_ns; /* events handled when the bins were judged, and the time */
    event_key *run_keys;
    size_t run_capacity;
    struct event_array spare;
    struct event_bins bins;
    uint32_t window_level; /* 0: one bucket of the ring is open; more: a wider one, or all */
    uint32_t opened;       /* buckets, since `opened_mark` */
    uint64_t opened_mark;  /* events handled */
    uint64_t moved_mark;   /* operations at the last change of width */
    struct event_wheel wheel;
    struct event_buckets buckets; /* its `current` is the last number of the open window */
};

enum event_take {
    EVENT_TAKE_DONE,
    EVENT_TAKE_AGAIN, /* nothing yet: a bucket was opened, or the event had been cancelled */
    EVENT_TAKE_LATER  /* nothing is left, or nothing that early */
};

void event_queue_init(struct event_queue *queue);
void event_queue_release(struct event_queue *queue);

/* The slow parts of the inline functions below. */
void event_queue_add_first(struct event_queue *queue, event_key key);
void event_queue_add_beside(struct event_queue *queue, uint64_t at_ns, event_key key);
void event_queue_advance(struct event_queue *queue);
void event_queue_sweep(struct event_queue *queue);

/* Events that are neither handled nor cancelled. */
static inline uint64_t event_queue_live(const struct event_queue *queue)
{
    return (queue->sequence >> EVENT_SLOT_BITS) - queue->handled - queue->cancelled_ever;
}

static inline void event_queue_add(struct event_queue *queue, uint64_t at_ns, event_key key)
{
    const uint64_t number = at_ns >> queue->buckets.shift;
    if (number > queue->buckets.current) {
        event_buckets_store(&queue->buckets, number, key);
        return;
    }
    if (__builtin_expect(key < queue->soon, 0)) {
        event_queue_add_first(queue, key);
    } else if (__builtin_expect(!event_wheel_add(&queue->wheel, at_ns, key), 0)) {
        event_queue_add_beside(queue, at_ns, key);
    }
}

/* Schedules a copy of `event`; the caller has checked that `at_ns` is not in the past. */
static inline struct timer event_queue_push(struct event_queue *queue, sim_ns at_ns,
                                            const struct event *event)
{
    const struct timer timer = event_slots_take(&queue->slots, event);
    const uint64_t low = queue->sequence | timer.slot;
    queue->sequence += UINT64_C(1) << EVENT_SLOT_BITS;
    CHECK(queue->sequence != 0);
    event_queue_add(queue, (uint64_t)at_ns, (event_key)(uint64_t)at_ns << 64 | low);
    return timer;
}

/* Finds `soon` in the wheel, or takes it out of the heap. */
static inline void event_queue_soon_find(struct event_queue *queue)
{
    const uint32_t bin = event_wheel_first(&queue->wheel);
    queue->soon = queue->near.keys[0];
    queue->soon_bin = EVENT_WHEEL;
    if (bin != EVENT_WHEEL && queue->wheel.keys[bin] < queue->soon) {
        queue->soon = queue->wheel.keys[bin];
        queue->soon_bin = bin;
    } else if (queue->near.count > 0) {
        event_heap_pop(&queue->near);
    }
}

/* Drops `soon`, which there must be, and finds the next while its event is handled. */
static inline void event_queue_soon_drop(struct event_queue *queue)
{
    event_wheel_turn(&queue->wheel, event_key_time(queue->soon));
    if (__builtin_expect(queue->soon_bin != EVENT_WHEEL, 1)) {
        event_wheel_remove(&queue->wheel, queue->soon_bin);
    }
    event_queue_soon_find(queue);
    event_slots_fetch(&queue->slots, event_key_slot(queue->soon));
}

/* Takes the first event, unless it is later than `until_ns`, and copies it. */
static inline enum event_take event_queue_take(struct event_queue *queue, sim_ns until_ns,
                                               sim_ns *at_ns, struct event *event)
{
    event_key key = *queue->run;
    if (key < queue->soon) {
        if (__builtin_expect(event_key_time(key) > (uint64_t)until_ns, 0)) {
            return EVENT_TAKE_LATER;
        }
        queue->run++;
        event_slots_fetch(&queue->slots, event_key_slot(queue->run[EVENT_AHEAD]));
    } else {
        key = queue->soon;
        if (__builtin_expect(event_key_time(key) > (uint64_t)until_ns, 0)) {
            if (key != EVENT_KEY_END || queue->buckets.count == 0) {
                return EVENT_TAKE_LATER;
            }
            event_queue_advance(queue);
            return EVENT_TAKE_AGAIN;
        }
        event_queue_soon_drop(queue);
    }
    *at_ns = (sim_ns)event_key_time(key);
    if (!event_slots_give(&queue->slots, event_key_slot(key), event)) {
        return EVENT_TAKE_AGAIN;
    }
    queue->handled++;
    return EVENT_TAKE_DONE;
}

static inline bool event_queue_cancel(struct event_queue *queue, struct timer timer)
{
    if (!event_slots_cancel(&queue->slots, timer)) {
        return false;
    }
    queue->cancelled_ever++;
    const uint64_t most = event_queue_live(queue) + EVENT_CANCELLED_MIN;
    if (__builtin_expect(queue->slots.cancelled > most, 0)) {
        event_queue_sweep(queue);
    }
    return true;
}

#endif
