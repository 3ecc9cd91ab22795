#include "sim/event_queue.h"

#include "sim/arena.h"

#include <string.h>

enum {
    RUN_FEW = 500,         /* room for keys that come in rising order while all of time is open */
    NEAR_FEW = 48,         /* below: the heap holds everything */
    NEAR_MANY = 128,       /* above: the window is too wide */
    BUCKET_TARGET = 128,   /* events that a bucket should have when it opens */
    COARSE_OPEN_MAX = 256, /* a bucket above the ring with no more than this opens as a whole */
    OPENED_WINDOW = 64,    /* buckets after which their average is judged */
    FINER_BITS = 2,        /* how much narrower buckets become when `near` was full */
    SHIFT_MAX = 52,
    WINDOW_ALL = EVENT_LEVELS + 1,
    REFUSED_FEW = 128, /* keys that the wheel refused before its bins are judged */
    WHEEL_BINS = 8,    /* from one event to the next; half and twice as many will do */
    WHEEL_FEW = 16,    /* fewer events pending: a small heap is cheaper */
};

static void near_limit_set(struct event_queue *queue, size_t limit)
{
    event_heap_reserve(&queue->near, limit + 1);
    queue->near_limit = limit;
}

/*
 * Places for `needed` keys in the run, which is empty: before them a key that is less than any,
 * behind them an end and what is fetched ahead of it.
 */
static void run_reserve(struct event_queue *queue, size_t needed)
{
    event_keys_reserve(&queue->run_keys, &queue->run_capacity, needed + EVENT_AHEAD + 3);
    queue->run_limit = queue->run_keys + queue->run_capacity - EVENT_AHEAD - 2;
}

static void run_set(struct event_queue *queue, size_t count)
{
    queue->run = queue->run_keys + 1;
    queue->run_end = queue->run + count;
    *queue->run_end = EVENT_KEY_END;
}

static size_t run_count(const struct event_queue *queue)
{
    return (size_t)(queue->run_end - queue->run);
}

/* Moves the run to the front of its memory; false when that would make little room. */
static bool run_slide(struct event_queue *queue)
{
    const size_t count = run_count(queue);
    if (count > queue->run_capacity / 2) {
        return false;
    }
    memmove(queue->run_keys + 1, queue->run, count * sizeof *queue->run);
    run_set(queue, count);
    return true;
}

void event_queue_init(struct event_queue *queue)
{
    memset(queue, 0, sizeof *queue);
    event_slots_init(&queue->slots);
    event_buckets_init(&queue->buckets);
    queue->buckets.current = UINT64_MAX;
    queue->window_level = WINDOW_ALL;
    near_limit_set(queue, NEAR_MANY);
    run_reserve(queue, RUN_FEW);
    run_set(queue, 0);
    queue->soon = EVENT_KEY_END;
    queue->soon_bin = EVENT_WHEEL;
}

void event_queue_release(struct event_queue *queue)
{
    event_slots_release(&queue->slots);
    event_buckets_release(&queue->buckets);
    event_heap_release(&queue->near);
    memory_release(queue->run_keys);
    memory_release(queue->spare.keys);
    memory_release(queue->bins.counts);
    memset(queue, 0, sizeof *queue);
}

/* ---- windows ----------------------------------------------------------------------------- */

/* Puts `soon` where it was. */
static void soon_return(struct event_queue *queue)
{
    if (queue->soon_bin == EVENT_WHEEL && queue->soon != EVENT_KEY_END) {
        event_heap_reserve(&queue->near, queue->near.count + 2);
        event_heap_push(&queue->near, queue->soon);
    }
    queue->soon = EVENT_KEY_END;
    queue->soon_bin = EVENT_WHEEL;
}

/* Empties run, wheel and heap into `spare`, which loses what it had. */
static void window_gather(struct event_queue *queue)
{
    queue->spare.count = 0;
    soon_return(queue);
    event_array_add(&queue->spare, queue->run, run_count(queue));
    event_wheel_gather(&queue->wheel, &queue->spare);
    event_array_add(&queue->spare, queue->near.keys, queue->near.count);
    run_set(queue, 0);
    event_heap_clear(&queue->near);
}

/* For keys inside the window, in any number. Before: soon_return(), afterwards: soon is found. */
static void near_add(struct event_queue *queue, const event_key *keys, size_t count)
{
    event_heap_reserve(&queue->near, queue->near.count + count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!event_wheel_add(&queue->wheel, event_key_time(keys[i]), keys[i])) {
            event_heap_push(&queue->near, keys[i]);
        }
    }
}

/* Opens the bucket: sorts it into the run, which is empty. */
static void bucket_open(struct event_queue *queue, uint32_t index)
{
    struct event_array *spare = &queue->spare;
    spare->count = 0;
    event_buckets_gather(&queue->buckets, index, &queue->slots, spare);
    run_reserve(queue, spare->count);
    event_bins_sort(&queue->bins, queue->run_keys + 1, spare->keys, spare->count);
    run_set(queue, spare->count);
    const size_t twice = 2 * queue->near.count;
    near_limit_set(queue, twice > NEAR_MANY ? twice : NEAR_MANY);
}

/* All of time is open and everything, which is in `spare`, goes into the heap. */
static void window_open_all(struct event_queue *queue)
{
    CHECK(queue->spare.count < NEAR_MANY);
    near_limit_set(queue, NEAR_MANY);
    queue->buckets.current = UINT64_MAX;
    queue->window_level = WINDOW_ALL;
    near_add(queue, queue->spare.keys, queue->spare.count);
    event_queue_soon_find(queue);
}

/*
 * Stores all of `spare` and opens the first bucket, but none before the number `floor`: what is
 * earlier goes into the heap. Nothing stored may then be at a wrong level.
 */
static void window_open_first(struct event_queue *queue, uint64_t floor)
{
    struct event_buckets *buckets = &queue->buckets;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < queue->spare.count; i++) {
        const uint64_t time = event_key_time(queue->spare.keys[i]);
        least = time < least ? time : least;
    }
    const uint64_t first = least >> buckets->shift;
    buckets->current = first > floor ? first : floor;
    queue->window_level = 0;
    for (size_t i = 0; i < queue->spare.count; i++) {
        const event_key key = queue->spare.keys[i];
        const uint64_t number = event_key_time(key) >> buckets->shift;
        if (number >= buckets->current) {
            event_buckets_store(buckets, number, key);
        } else {
            near_add(queue, &key, 1);
        }
    }
    event_queue_soon_find(queue);
    const uint32_t index = event_buckets_index(buckets, buckets->current);
    if (!event_buckets_is_empty(buckets, index)) {
        bucket_open(queue, index);
    }
}

/* ---- width ------------------------------------------------------------------------------- */

static uint32_t shift_of(uint64_t width)
{
    const uint32_t shift = 63U - (uint32_t)__builtin_clzll(width);
    return shift < SHIFT_MAX ? shift : SHIFT_MAX;
}

static uint64_t operations(const struct event_queue *queue)
{
    return (queue->sequence >> EVENT_SLOT_BITS) + queue->handled;
}

/* Whether there were as many operations since the last rebuild as it would move keys. */
static bool rebuild_is_due(const struct event_queue *queue)
{
    const uint64_t keys = event_queue_live(queue) + queue->slots.cancelled;
    return operations(queue) - queue->moved_mark >= keys;
}

/* Moves every key to buckets of another width, or into the heap when there are few. */
static void rebuild(struct event_queue *queue, uint32_t shift)
{
    window_gather(queue);
    event_buckets_gather_all(&queue->buckets, &queue->slots, &queue->spare);
    queue->moved_mark = operations(queue);
    queue->opened = 0;
    queue->opened_mark = queue->handled;
    if (queue->spare.count <= NEAR_FEW) {
        window_open_all(queue);
        return;
    }
    queue->buckets.shift = shift;
    window_open_first(queue, 0);
}

/* Too many keys fall into the window: open a smaller part of it. */
static void near_full(struct event_queue *queue)
{
    struct event_buckets *buckets = &queue->buckets;
    if (queue->window_level == WINDOW_ALL) {
        window_gather(queue);
        const uint64_t width =
            event_keys_width(queue->spare.keys, queue->spare.count, BUCKET_TARGET);
        buckets->shift = width > 0 ? shift_of(width) : buckets->shift;
        queue->opened = 0;
        queue->opened_mark = queue->handled;
        window_open_first(queue, 0);
    } else if (queue->window_level > 0) {
        const uint32_t low = event_buckets_low_bit(queue->window_level);
        window_gather(queue);
        window_open_first(queue, buckets->current >> low << low);
    } else if (buckets->shift > 0 && rebuild_is_due(queue)) {
        rebuild(queue, buckets->shift > FINER_BITS ? buckets->shift - FINER_BITS : 0);
    }
    if (queue->near.count >= queue->near_limit / 2) { /* ties, or not due */
        near_limit_set(queue, 2 * queue->near.count);
    }
}

/* ---- the wheel ---------------------------------------------------------------------------- */

/* Moves all keys of the wheel to bins of another width. */
static void wheel_set(struct event_queue *queue, uint64_t reach, uint32_t shift)
{
    struct event_wheel *wheel = &queue->wheel;
    const uint64_t base_ns = wheel->base << wheel->shift;
    soon_return(queue);
    queue->spare.count = 0;
    event_wheel_gather(wheel, &queue->spare);
    wheel->reach = reach;
    wheel->shift = shift;
    wheel->base = base_ns >> shift;
    near_add(queue, queue->spare.keys, queue->spare.count);
    event_queue_soon_find(queue);
}

/* After some refusals: whether bins should be wider or narrower, or not be used. */
static void wheel_judge(struct event_queue *queue)
{
    const struct event_wheel *wheel = &queue->wheel;
    const uint64_t at_ns = event_key_time(*queue->run < queue->soon ? *queue->run : queue->soon);
    const uint64_t events = queue->handled - queue->judged_mark;
    queue->refused = 0;
    if (events < REFUSED_FEW / 4 || at_ns <= queue->judged_ns || at_ns > INT64_MAX) {
        return; /* nothing moved, or nothing is pending in the window */
    }
    const uint64_t apart = (at_ns - queue->judged_ns) / events;
    queue->judged_mark = queue->handled;
    queue->judged_ns = at_ns;
    if (event_queue_live(queue) < WHEEL_FEW || queue->rising == UINT64_MAX) {
        if (wheel->reach != 0) {
            wheel_set(queue, 0, wheel->shift);
        }
        return;
    }
    const uint64_t bins = apart >> wheel->shift;
    if (wheel->reach == 0 || bins < WHEEL_BINS / 2 || bins >= 2 * WHEEL_BINS) {
        wheel_set(queue, EVENT_WHEEL_REACH, shift_of(apart / WHEEL_BINS + 1));
    }
}

static void heap_add(struct event_queue *queue, event_key key)
{
    event_heap_push(&queue->near, key);
    if (__builtin_expect(queue->near.count >= queue->near_limit, 0)) {
        near_full(queue);
    }
    if (++queue->refused >= REFUSED_FEW) {
        wheel_judge(queue);
    }
}

/* For a key that is less than `soon`: that is put back, if it is not in the wheel. */
void event_queue_add_first(struct event_queue *queue, event_key key)
{
    const event_key last = queue->soon;
    const bool is_here = queue->soon_bin == EVENT_WHEEL && last != EVENT_KEY_END;
    queue->soon = key;
    queue->soon_bin = EVENT_WHEEL;
    if (is_here && !event_wheel_add(&queue->wheel, event_key_time(last), last)) {
        heap_add(queue, last);
    }
}

static void run_append(struct event_queue *queue, event_key key)
{
    *queue->run_end++ = key;
    *queue->run_end = EVENT_KEY_END;
}

/* The less usual ways: the run has no room, its order does not go on, or the wheel is in use. */
static __attribute__((noinline)) void add_elsewhere(struct event_queue *queue, event_key key)
{
    if ((uint8_t)queue->rising != UINT8_MAX || key <= queue->run_end[-1] ||
        (queue->run_end >= queue->run_limit && !run_slide(queue))) {
        heap_add(queue, key);
        return;
    }
    run_append(queue, key);
    if (queue->rising == UINT64_MAX && queue->wheel.reach != 0) {
        wheel_set(queue, 0, queue->wheel.shift); /* nothing is better than the run for this */
    }
}

/*
 * For a key in the window that the wheel refused. Keys that come in rising order, as when delays
 * are constant, are appended to the run if they can be. This is not tried when the last eight did
 * not rise: the branch would often be mispredicted.
 */
void event_queue_add_beside(struct event_queue *queue, uint64_t at_ns, event_key key)
{
    queue->rising = queue->rising << 1 | (at_ns >= queue->rising_at_ns);
    queue->rising_at_ns = at_ns;
    if (queue->rising == UINT64_MAX && queue->wheel.reach == 0 && key > queue->run_end[-1] &&
        queue->run_end < queue->run_limit) {
        run_append(queue, key);
    } else {
        add_elsewhere(queue, key);
    }
}

/* Makes buckets wider when those opened lately had few events; returns whether it did. */
static bool widen(struct event_queue *queue)
{
    if (++queue->opened < OPENED_WINDOW) {
        return false;
    }
    const uint64_t average = (queue->handled - queue->opened_mark) / queue->opened;
    queue->opened = 0;
    queue->opened_mark = queue->handled;
    const uint32_t shift = queue->buckets.shift;
    if (average >= BUCKET_TARGET / 4 || shift >= SHIFT_MAX || !rebuild_is_due(queue)) {
        return false;
    }
    rebuild(queue, shift + shift_of(BUCKET_TARGET / (average + 1)));
    return true;
}

/* Run and heap are empty, buckets are not: opens the next window. */
void event_queue_advance(struct event_queue *queue)
{
    struct event_buckets *buckets = &queue->buckets;
    if (buckets->count <= NEAR_FEW) {
        queue->spare.count = 0;
        event_buckets_gather_all(buckets, &queue->slots, &queue->spare);
        window_open_all(queue);
        return;
    }
    if (widen(queue)) {
        return;
    }
    for (;;) {
        uint32_t level = 0;
        const uint32_t index = event_buckets_first(buckets, &level);
        const uint32_t low = event_buckets_low_bit(level);
        const uint32_t high = low + (level == 0 ? EVENT_RING_BITS : EVENT_DIGIT_BITS);
        const uint64_t digit = index % (level == 0 ? EVENT_RING : EVENT_DIGIT);
        const uint64_t above = high < 64 ? buckets->current >> high << high : 0;
        buckets->current = above | digit << low;
        if (level == 0 || !event_buckets_exceeds(buckets, index, COARSE_OPEN_MAX)) {
            buckets->current |= (UINT64_C(1) << low) - 1;
            queue->window_level = level;
            bucket_open(queue, index);
            return;
        }
        queue->spare.count = 0;
        event_buckets_gather(buckets, index, &queue->slots, &queue->spare);
        for (size_t i = 0; i < queue->spare.count; i++) {
            const event_key key = queue->spare.keys[i];
            event_buckets_store(buckets, event_key_time(key) >> buckets->shift, key);
        }
    }
}

void event_queue_sweep(struct event_queue *queue)
{
    struct event_slots *slots = &queue->slots;
    queue->run_end = queue->run + event_slots_sweep(slots, queue->run, run_count(queue));
    *queue->run_end = EVENT_KEY_END;

    soon_return(queue);
    queue->spare.count = 0;
    event_wheel_gather(&queue->wheel, &queue->spare);
    event_array_add(&queue->spare, queue->near.keys, queue->near.count);
    event_heap_clear(&queue->near);
    const size_t kept = event_slots_sweep(slots, queue->spare.keys, queue->spare.count);
    near_add(queue, queue->spare.keys, kept);
    event_queue_soon_find(queue);

    event_buckets_sweep(&queue->buckets, slots);
    CHECK(slots->cancelled == 0);
}
