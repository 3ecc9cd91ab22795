#include "sim/event_queue.h"

#include "sim/arena.h"

#include <string.h>

enum {
    RUN_FEW = 500,
    NEAR_FEW = 48,         /* below: the heap holds everything */
    NEAR_MANY = 128,       /* above: the window is too wide */
    BUCKET_TARGET = 128,   /* events that a bucket should have when it opens */
    COARSE_OPEN_MAX = 256, /* a wider bucket with no more than this opens as a whole */
    OPENED_WINDOW = 64,    /* buckets after which their average is judged */
    SHIFT_MAX = 52
};

/* ---- memory ------------------------------------------------------------------------------ */

static void keys_reserve(event_key **keys, size_t *capacity, size_t needed)
{
    void *items = *keys;
    memory_grow(&items, capacity, needed, sizeof(event_key));
    *keys = items;
}

/* Places for `needed` keys and the ends behind them. */
static void heap_reserve(struct event_heap *heap, size_t needed)
{
    enum { OFFSET = 3, TAIL = 4 }; /* so that four siblings share a cache line */
    if (needed + OFFSET + TAIL <= heap->capacity) {
        return;
    }
    memory_grow(&heap->memory, &heap->capacity, needed + OFFSET + TAIL, sizeof(event_key));
    heap->keys = (event_key *)heap->memory + OFFSET;
    for (size_t i = heap->count; i < heap->capacity - OFFSET; i++) {
        heap->keys[i] = EVENT_KEY_END;
    }
}

static void near_limit_set(struct event_queue *queue, size_t limit)
{
    heap_reserve(&queue->near, limit + 1);
    queue->near_limit = limit;
}

/*
 * Places for `needed` keys in the run, which is empty: before them a key that is less than any,
 * behind them an end and what is fetched ahead of it.
 */
static void run_reserve(struct event_queue *queue, size_t needed)
{
    keys_reserve(&queue->run_keys, &queue->run_capacity, needed + EVENT_AHEAD + 3);
    queue->run_limit = queue->run_keys + queue->run_capacity - EVENT_AHEAD - 2;
}

static void run_set(struct event_queue *queue, size_t count)
{
    queue->run = queue->run_keys + 1;
    queue->run_end = queue->run + count;
    *queue->run_end = EVENT_KEY_END;
}

/* Moves the run to the front of its memory; false when that would make little room. */
bool event_queue_run_slide(struct event_queue *queue)
{
    const size_t count = (size_t)(queue->run_end - queue->run);
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
    queue->current = UINT64_MAX;
    queue->window_level = EVENT_LEVELS + 1;
    queue->slot_used = 1;
    queue->chunk_used = 1;
    for (size_t i = 0; i < EVENT_BUCKETS; i++) {
        queue->buckets[i].fill = EVENT_CHUNK_KEYS;
    }
    near_limit_set(queue, NEAR_MANY);
    run_reserve(queue, RUN_FEW);
    run_set(queue, 0);
}

void event_queue_release(struct event_queue *queue)
{
    memory_release(queue->run_keys);
    memory_release(queue->near.memory);
    memory_release(queue->slots);
    memory_release(queue->chunks);
    memory_release(queue->spare.keys);
    memory_release(queue->bins.counts);
    memory_release(queue->free);
    memory_release(queue->generations);
    memset(queue, 0, sizeof *queue);
}

/* Called when every slot is in use. */
void event_queue_slots_grow(struct event_queue *queue)
{
    const size_t most = (size_t)1 << EVENT_SLOT_BITS;
    const size_t needed = queue->slot_used == 1 ? 256 : (size_t)queue->slot_used + 1;
    void *items = queue->slots;
    memory_grow(&items, &queue->slot_capacity, needed, sizeof *queue->slots);
    queue->slots = items;
    const size_t end = queue->slot_capacity < most ? queue->slot_capacity : most;
    CHECK(queue->slot_used < end);
    items = queue->free;
    memory_grow(&items, &queue->free_capacity, end, sizeof *queue->free);
    queue->free = items;
    items = queue->generations;
    memory_grow(&items, &queue->generation_capacity, end, sizeof *queue->generations);
    queue->generations = items;
    for (size_t i = end; i > queue->slot_used; i--) {
        queue->free[queue->free_count++] = (uint32_t)(i - 1);
    }
    queue->slot_used = (uint32_t)end;
}

/* Frees the slot if its event is cancelled; its key must then be dropped. */
static bool slot_sweep(struct event_queue *queue, uint32_t index)
{
    if (queue->generations[index] % 2 != 0) {
        return false;
    }
    queue->free[queue->free_count++] = index;
    queue->cancelled--;
    return true;
}

/* Drops keys of cancelled events, keeps the others in order, returns how many are left. */
static size_t keys_sweep(struct event_queue *queue, event_key *keys, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        keys[kept] = keys[i];
        kept += !slot_sweep(queue, event_key_slot(keys[i]));
    }
    return kept;
}

/* ---- buckets ----------------------------------------------------------------------------- */

void event_queue_bucket_extend(struct event_queue *queue, struct event_bucket *bucket)
{
    uint32_t index = queue->chunk_free;
    if (index != 0) {
        queue->chunk_free = queue->chunks[index].next;
    } else {
        void *items = queue->chunks;
        memory_grow(&items, &queue->chunk_capacity, (size_t)queue->chunk_used + 1,
                    sizeof(struct event_chunk));
        queue->chunks = items;
        index = queue->chunk_used++;
    }
    if (bucket->last == 0) {
        const size_t number = (size_t)(bucket - queue->buckets);
        queue->occupied[number / 64] |= UINT64_C(1) << (number % 64);
        queue->chunks[index].next = index;
    } else {
        queue->chunks[index].next = queue->chunks[bucket->last].next;
        queue->chunks[bucket->last].next = index;
    }
    bucket->last = index;
    bucket->fill = 0;
}

/* Whether the bucket has more than `most` keys. */
static bool bucket_exceeds(const struct event_queue *queue, uint32_t index, size_t most)
{
    const struct event_bucket *bucket = &queue->buckets[index];
    size_t count = bucket->fill;
    for (uint32_t i = queue->chunks[bucket->last].next; i != bucket->last && count <= most;
         i = queue->chunks[i].next) {
        count += EVENT_CHUNK_KEYS;
    }
    return count > most;
}

static void spare_add(struct event_queue *queue, const event_key *keys, size_t count)
{
    struct event_array *spare = &queue->spare;
    keys_reserve(&spare->keys, &spare->capacity, spare->count + count);
    if (count > 0) {
        memcpy(spare->keys + spare->count, keys, count * sizeof *keys);
    }
    spare->count += count;
}

/* Gives back the chunks of a bucket behind `keep`, or all of them when it is 0. */
static void bucket_cut(struct event_queue *queue, uint32_t index, uint32_t keep)
{
    struct event_bucket *bucket = &queue->buckets[index];
    struct event_chunk *chunks = queue->chunks;
    const uint32_t last = bucket->last;
    const uint32_t first = chunks[last].next;
    if (keep != last) {
        const uint32_t cut = keep == 0 ? first : chunks[keep].next;
        chunks[last].next = queue->chunk_free;
        queue->chunk_free = cut;
        chunks[keep].next = first;
        bucket->last = keep;
    }
    if (keep == 0) {
        bucket->fill = EVENT_CHUNK_KEYS;
        queue->occupied[index / 64] &= ~(UINT64_C(1) << (index % 64));
    }
}

/* Drops keys of cancelled events from a bucket, in place. */
static void bucket_sweep(struct event_queue *queue, uint32_t index)
{
    struct event_bucket *bucket = &queue->buckets[index];
    struct event_chunk *chunks = queue->chunks;
    uint32_t from = chunks[bucket->last].next;
    uint32_t to = from;
    uint32_t fill = 0;
    size_t kept = 0;
    size_t count = 0;
    for (bool more = true; more; from = chunks[from].next) {
        more = from != bucket->last;
        const uint32_t here = more ? EVENT_CHUNK_KEYS : bucket->fill;
        for (uint32_t i = 0; i < here; i++) {
            const event_key key = chunks[from].keys[i];
            if (slot_sweep(queue, event_key_slot(key))) {
                continue;
            }
            if (fill == EVENT_CHUNK_KEYS) {
                to = chunks[to].next;
                fill = 0;
            }
            chunks[to].keys[fill++] = key;
            kept++;
        }
        count += here;
    }
    queue->stored -= count - kept;
    bucket->fill = fill;
    bucket_cut(queue, index, kept > 0 ? to : 0);
}

/* Empties a bucket into `spare`, in the order in which it was filled. */
static void bucket_gather(struct event_queue *queue, uint32_t index)
{
    struct event_bucket *bucket = &queue->buckets[index];
    const uint32_t last = bucket->last;
    uint32_t i = last;
    const size_t before = queue->spare.count;
    do {
        i = queue->chunks[i].next;
        spare_add(queue, queue->chunks[i].keys, i == last ? bucket->fill : EVENT_CHUNK_KEYS);
    } while (i != last);
    const size_t count = queue->spare.count - before;
    queue->stored -= count;
    if (queue->cancelled > 0) {
        queue->spare.count = before + keys_sweep(queue, queue->spare.keys + before, count);
    }
    bucket_cut(queue, index, 0);
}

/* Empties run and heap into `spare`. */
static void window_gather(struct event_queue *queue)
{
    if (queue->near.hole) {
        event_heap_close(&queue->near);
    }
    spare_add(queue, queue->run, (size_t)(queue->run_end - queue->run));
    spare_add(queue, queue->near.keys, queue->near.count);
    run_set(queue, 0);
    for (size_t i = 0; i < queue->near.count; i++) {
        queue->near.keys[i] = EVENT_KEY_END;
    }
    queue->near.count = 0;
}

static void buckets_gather(struct event_queue *queue)
{
    for (uint32_t word = 0; word < EVENT_BUCKETS / 64; word++) {
        while (queue->occupied[word] != 0) {
            bucket_gather(queue, word * 64 + (uint32_t)__builtin_ctzll(queue->occupied[word]));
        }
    }
}

/* ---- windows ----------------------------------------------------------------------------- */

/* Opens the bucket: sorts it into the run, which is empty. */
static void bucket_open(struct event_queue *queue, uint32_t index)
{
    queue->spare.count = 0;
    bucket_gather(queue, index);
    run_reserve(queue, queue->spare.count);
    event_bins_sort(&queue->bins, queue->run_keys + 1, queue->spare.keys, queue->spare.count);
    run_set(queue, queue->spare.count);
    if (queue->near_limit != NEAR_MANY) {
        near_limit_set(queue,
                       NEAR_MANY > 2 * queue->near.count ? NEAR_MANY : 2 * queue->near.count);
    }
}

/* All of time is open and everything is in the heap. */
static void window_all(struct event_queue *queue)
{
    queue->current = UINT64_MAX;
    queue->window_level = EVENT_LEVELS + 1;
    for (size_t i = 0; i < queue->spare.count; i++) {
        event_heap_up(queue->near.keys, queue->near.count++, queue->spare.keys[i]);
    }
    CHECK(queue->near.count < queue->near_limit);
}

/* The shift with which a bucket would have BUCKET_TARGET events, as far as `spare` tells. */
static uint32_t shift_guess(const struct event_queue *queue, uint32_t otherwise)
{
    const uint64_t width = event_keys_width(queue->spare.keys, queue->spare.count, BUCKET_TARGET);
    const uint32_t shift = width == 0 ? otherwise : 63U - (uint32_t)__builtin_clzll(width);
    return shift < SHIFT_MAX ? shift : SHIFT_MAX;
}

/* Stores all of `spare`, whose first keys become the open window. */
static void spare_store(struct event_queue *queue, uint64_t floor)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < queue->spare.count; i++) {
        const uint64_t time = event_key_time(queue->spare.keys[i]);
        least = time < least ? time : least;
    }
    const uint64_t first = least >> queue->shift;
    queue->current = first > floor ? first : floor;
    queue->window_level = 0;
    for (size_t i = 0; i < queue->spare.count; i++) {
        const event_key key = queue->spare.keys[i];
        const uint64_t number = event_key_time(key) >> queue->shift;
        if (number >= queue->current) {
            event_queue_store(queue, number, key);
        } else {
            heap_reserve(&queue->near, queue->near.count + 1);
            event_heap_up(queue->near.keys, queue->near.count++, key);
        }
    }
    const uint32_t index = (uint32_t)(queue->current & (EVENT_RING - 1));
    if (queue->buckets[index].last != 0) {
        bucket_open(queue, index);
    }
}

/* Moves every key to buckets of another width, or into the heap when there are few. */
static void rebuild(struct event_queue *queue, uint32_t shift)
{
    queue->spare.count = 0;
    window_gather(queue);
    buckets_gather(queue);
    queue->moved_mark = queue->sequence;
    queue->opened = 0;
    near_limit_set(queue, NEAR_MANY);
    if (queue->spare.count <= NEAR_FEW) {
        window_all(queue);
        return;
    }
    queue->shift = shift;
    spare_store(queue, 0);
}

/* Whether as many events were scheduled since the last rebuild as it would move. */
static bool rebuild_is_due(const struct event_queue *queue)
{
    return (queue->sequence - queue->moved_mark) >> EVENT_SLOT_BITS >=
           event_queue_live(queue) + queue->cancelled;
}

void event_queue_near_full(struct event_queue *queue)
{
    if (queue->stored == 0 && queue->window_level > EVENT_LEVELS) {
        queue->spare.count = 0;
        window_gather(queue);
        queue->shift = shift_guess(queue, queue->shift);
        queue->opened = 0;
        spare_store(queue, 0);
    } else if (queue->window_level > 0) {
        const uint32_t bits =
            EVENT_RING_BITS + (queue->window_level - 1) * (uint32_t)EVENT_DIGIT_BITS;
        queue->spare.count = 0;
        window_gather(queue);
        spare_store(queue, queue->current >> bits << bits);
    } else if (queue->shift > 0 && rebuild_is_due(queue)) {
        rebuild(queue, queue->shift > 2 ? queue->shift - 2 : 0);
    }
    if (queue->near.count >= queue->near_limit / 2) {
        near_limit_set(queue, 2 * queue->near.count);
    }
}

/* The first bucket that has keys, from the window on; its level in *level (0: the ring). */
static uint32_t bucket_first(const struct event_queue *queue, uint32_t *level)
{
    uint32_t word = (uint32_t)(queue->current & (EVENT_RING - 1)) / 64;
    uint64_t bits = queue->occupied[word] & UINT64_MAX << (queue->current % 64);
    while (bits == 0 && ++word < EVENT_RING / 64) {
        bits = queue->occupied[word];
    }
    *level = 0;
    for (; bits == 0; word++) {
        CHECK(word < EVENT_BUCKETS / 64);
        bits = queue->occupied[word];
        *level = word - EVENT_RING / 64 + 1;
        if (bits != 0) {
            break;
        }
    }
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

/* Makes buckets wider when those opened lately had few events. */
static bool widen(struct event_queue *queue)
{
    if (++queue->opened < OPENED_WINDOW) {
        return false;
    }
    const uint64_t events = (queue->sequence - queue->opened_mark) >> EVENT_SLOT_BITS;
    const uint64_t average = events / queue->opened;
    queue->opened = 0;
    queue->opened_mark = queue->sequence;
    if (average >= BUCKET_TARGET / 4 || queue->shift >= SHIFT_MAX || !rebuild_is_due(queue)) {
        return false;
    }
    const uint64_t factor = BUCKET_TARGET / (average + 1);
    rebuild(queue, queue->shift + 63 - (uint32_t)__builtin_clzll(factor));
    return true;
}

void event_queue_advance(struct event_queue *queue)
{
    if (queue->stored <= NEAR_FEW) {
        queue->spare.count = 0;
        window_gather(queue);
        buckets_gather(queue);
        near_limit_set(queue, NEAR_MANY);
        window_all(queue);
        return;
    }
    if (widen(queue)) {
        return;
    }
    for (;;) {
        uint32_t level = 0;
        const uint32_t index = bucket_first(queue, &level);
        if (level == 0) {
            queue->current = (queue->current & ~(uint64_t)(EVENT_RING - 1)) | index;
            queue->window_level = 0;
            bucket_open(queue, index);
            return;
        }
        const uint32_t low = EVENT_RING_BITS + (level - 1) * (uint32_t)EVENT_DIGIT_BITS;
        const uint64_t digit = index % EVENT_DIGIT;
        const uint64_t inside = (UINT64_C(1) << low) - 1;
        const uint64_t above =
            low + EVENT_DIGIT_BITS < 64 ? UINT64_MAX << (low + EVENT_DIGIT_BITS) : 0;
        queue->current = (queue->current & above) | digit << low;
        if (!bucket_exceeds(queue, index, COARSE_OPEN_MAX)) {
            queue->current |= inside;
            queue->window_level = level;
            bucket_open(queue, index);
            return;
        }
        queue->spare.count = 0;
        bucket_gather(queue, index);
        for (size_t i = 0; i < queue->spare.count; i++) {
            const event_key key = queue->spare.keys[i];
            event_queue_store(queue, event_key_time(key) >> queue->shift, key);
        }
    }
}

void event_queue_compact(struct event_queue *queue)
{
    queue->run_end =
        queue->run + keys_sweep(queue, queue->run, (size_t)(queue->run_end - queue->run));
    *queue->run_end = EVENT_KEY_END;

    struct event_heap *near = &queue->near;
    if (near->hole) {
        event_heap_close(near);
    }
    const size_t count = near->count;
    const size_t kept = keys_sweep(queue, near->keys, count);
    for (near->count = 0; near->count < kept; near->count++) {
        event_heap_up(near->keys, near->count, near->keys[near->count]);
    }
    for (size_t i = kept; i < count; i++) {
        near->keys[i] = EVENT_KEY_END;
    }

    for (uint32_t word = 0; word < EVENT_BUCKETS / 64; word++) {
        for (uint64_t bits = queue->occupied[word]; bits != 0; bits &= bits - 1) {
            bucket_sweep(queue, word * 64 + (uint32_t)__builtin_ctzll(bits));
        }
    }
    CHECK(queue->cancelled == 0);
}
