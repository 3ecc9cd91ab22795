#include "sim/event_buckets.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <string.h>

void event_buckets_init(struct event_buckets *buckets)
{
    memset(buckets, 0, sizeof *buckets);
    buckets->chunk_used = 1;
    for (size_t i = 0; i < EVENT_BUCKETS; i++) {
        buckets->buckets[i].fill = EVENT_CHUNK_KEYS;
    }
}

void event_buckets_release(struct event_buckets *buckets)
{
    memory_release(buckets->chunks);
    memset(buckets, 0, sizeof *buckets);
}

void event_buckets_extend(struct event_buckets *buckets, struct event_bucket *bucket)
{
    uint32_t index = buckets->chunk_free;
    if (index != 0) {
        buckets->chunk_free = buckets->chunks[index].next;
    } else {
        void *memory = buckets->chunks;
        memory_grow(&memory, &buckets->chunk_capacity, (size_t)buckets->chunk_used + 1,
                    sizeof *buckets->chunks);
        buckets->chunks = memory;
        index = buckets->chunk_used++;
    }
    struct event_chunk *chunks = buckets->chunks;
    if (bucket->last == 0) {
        const size_t number = (size_t)(bucket - buckets->buckets);
        buckets->occupied[number / 64] |= UINT64_C(1) << number % 64;
        chunks[index].next = index;
    } else {
        chunks[index].next = chunks[bucket->last].next;
        chunks[bucket->last].next = index;
    }
    bucket->last = index;
    bucket->fill = 0;
}

uint32_t event_buckets_first(const struct event_buckets *buckets, uint32_t *level)
{
    /* No bucket of any level before the window's has keys; in the ring, begin at the window. */
    uint32_t word = (uint32_t)(buckets->current % EVENT_RING) / 64;
    while (buckets->occupied[word] == 0) {
        word++;
        CHECK(word < EVENT_BUCKETS / 64);
    }
    *level = word < EVENT_RING / 64 ? 0 : word - EVENT_RING / 64 + 1;
    return word * 64 + (uint32_t)__builtin_ctzll(buckets->occupied[word]);
}

bool event_buckets_is_empty(const struct event_buckets *buckets, uint32_t index)
{
    return buckets->buckets[index].last == 0;
}

bool event_buckets_exceeds(const struct event_buckets *buckets, uint32_t index, size_t most)
{
    const struct event_bucket *bucket = &buckets->buckets[index];
    size_t count = bucket->fill;
    for (uint32_t i = buckets->chunks[bucket->last].next; i != bucket->last && count <= most;
         i = buckets->chunks[i].next) {
        count += EVENT_CHUNK_KEYS;
    }
    return count > most;
}

/* Gives all chunks of a bucket back. */
static void bucket_clear(struct event_buckets *buckets, uint32_t index)
{
    struct event_bucket *bucket = &buckets->buckets[index];
    const uint32_t first = buckets->chunks[bucket->last].next;
    buckets->chunks[bucket->last].next = buckets->chunk_free;
    buckets->chunk_free = first;
    *bucket = (struct event_bucket){0, EVENT_CHUNK_KEYS};
    buckets->occupied[index / 64] &= ~(UINT64_C(1) << index % 64);
}

void event_buckets_gather(struct event_buckets *buckets, uint32_t index, struct event_slots *slots,
                          struct event_array *array)
{
    const struct event_bucket *bucket = &buckets->buckets[index];
    const size_t before = array->count;
    uint32_t i = bucket->last;
    do {
        i = buckets->chunks[i].next;
        event_array_add(array, buckets->chunks[i].keys,
                        i == bucket->last ? bucket->fill : EVENT_CHUNK_KEYS);
    } while (i != bucket->last);
    const size_t count = array->count - before;
    buckets->count -= count;
    if (slots->cancelled > 0) {
        array->count = before + event_slots_sweep(slots, array->keys + before, count);
    }
    bucket_clear(buckets, index);
}

void event_buckets_gather_all(struct event_buckets *buckets, struct event_slots *slots,
                              struct event_array *array)
{
    for (uint32_t word = 0; word < EVENT_BUCKETS / 64; word++) {
        while (buckets->occupied[word] != 0) {
            const uint32_t bit = (uint32_t)__builtin_ctzll(buckets->occupied[word]);
            event_buckets_gather(buckets, word * 64 + bit, slots, array);
        }
    }
}

/* Drops keys in place: those that stay move to the front of the bucket's own chunks. */
static void bucket_sweep(struct event_buckets *buckets, uint32_t index, struct event_slots *slots)
{
    struct event_bucket *bucket = &buckets->buckets[index];
    struct event_chunk *chunks = buckets->chunks;
    const uint32_t last = bucket->last;
    const uint32_t first = chunks[last].next;
    uint32_t from = last;
    uint32_t to = first;
    uint32_t fill = 0;
    size_t dropped = 0;
    do {
        from = chunks[from].next;
        const uint32_t count = from == last ? bucket->fill : EVENT_CHUNK_KEYS;
        for (uint32_t i = 0; i < count; i++) {
            const event_key key = chunks[from].keys[i];
            if (event_slots_drop(slots, event_key_slot(key))) {
                dropped++;
                continue;
            }
            if (fill == EVENT_CHUNK_KEYS) {
                to = chunks[to].next;
                fill = 0;
            }
            chunks[to].keys[fill++] = key;
        }
    } while (from != last);
    buckets->count -= dropped;
    if (fill == 0) {
        bucket_clear(buckets, index);
        return;
    }
    if (to != last) { /* give back the chunks behind `to` */
        chunks[last].next = buckets->chunk_free;
        buckets->chunk_free = chunks[to].next;
        chunks[to].next = first;
    }
    *bucket = (struct event_bucket){to, fill};
}

void event_buckets_sweep(struct event_buckets *buckets, struct event_slots *slots)
{
    for (uint32_t word = 0; word < EVENT_BUCKETS / 64; word++) {
        for (uint64_t bits = buckets->occupied[word]; bits != 0; bits &= bits - 1) {
            bucket_sweep(buckets, word * 64 + (uint32_t)__builtin_ctzll(bits), slots);
        }
    }
}
