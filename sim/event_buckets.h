/*
 * event_buckets.h - keys of later events, unsorted, in a radix tree over the bits of their time.
 *
 * Model:  time is cut into numbers of 2^shift ns. The ring holds 1024 of them, one bucket each;
 * every level above has 64 buckets, each as wide as the whole level below. A key belongs to the
 *         level of the first digit in which its number differs from `current`, the window's; so
 *         any time has a place, and a key moves at most once a level.
 * Order:  a bucket keeps the order in which keys were added, so ties stay in order of scheduling.
 * Cost:   store O(1); memory is chunks of 256 bytes, shared by all buckets, up to the peak.
 */
#ifndef SIM_EVENT_BUCKETS_H
#define SIM_EVENT_BUCKETS_H

#include "sim/event_key.h"
#include "sim/event_slots.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EVENT_RING_BITS = 10,
    EVENT_RING = 1 << EVENT_RING_BITS,
    EVENT_DIGIT_BITS = 6,
    EVENT_DIGIT = 1 << EVENT_DIGIT_BITS,
    EVENT_LEVELS = 9, /* above the ring: 10 + 9 * 6 = 64 bits */
    EVENT_BUCKETS = EVENT_RING + EVENT_LEVELS * EVENT_DIGIT,
    EVENT_CHUNK_KEYS = 15
};

struct event_chunk {
    event_key keys[EVENT_CHUNK_KEYS];
    uint32_t next; /* in a bucket: a circle, the last one links to the first */
    uint32_t unused[3];
};
_Static_assert(sizeof(struct event_chunk) == 256, "chunks are whole cache lines");

struct event_bucket {
    uint32_t last; /* chunk; 0 when the bucket is empty */
    uint32_t fill; /* keys in the last chunk; EVENT_CHUNK_KEYS when the bucket is empty */
};

struct event_buckets {
    uint64_t current; /* a number; whoever moves it sees that no key stays at a wrong level */
    uint32_t shift;
    uint32_t chunk_free, chunk_used; /* private; chunk 0 is never used */
    struct event_chunk *chunks;      /* private */
    uint64_t count;                  /* keys stored */
    size_t chunk_capacity;           /* private */
    uint64_t occupied[EVENT_BUCKETS / 64];
    struct event_bucket buckets[EVENT_BUCKETS]; /* private; the ring, then level by level */
};

void event_buckets_init(struct event_buckets *buckets);
void event_buckets_release(struct event_buckets *buckets);
void event_buckets_extend(struct event_buckets *buckets, struct event_bucket *bucket);

/* Lowest bit of a number that tells the buckets of a level apart; level 0 is the ring. */
static inline uint32_t event_buckets_low_bit(uint32_t level)
{
    return level == 0 ? 0 : EVENT_RING_BITS + (level - 1) * (uint32_t)EVENT_DIGIT_BITS;
}

static inline uint32_t event_buckets_index(const struct event_buckets *buckets, uint64_t number)
{
    const uint64_t difference = number ^ buckets->current;
    if (__builtin_expect(difference < EVENT_RING, 1)) {
        return (uint32_t)(number % EVENT_RING);
    }
    const uint32_t bit = 63U - (uint32_t)__builtin_clzll(difference);
    const uint32_t above = (bit - EVENT_RING_BITS) / EVENT_DIGIT_BITS;
    const uint32_t low = EVENT_RING_BITS + above * EVENT_DIGIT_BITS;
    return EVENT_RING + above * EVENT_DIGIT + (uint32_t)(number >> low) % EVENT_DIGIT;
}

/* Stores a key whose time has this number, which is not less than `current`. */
static inline void event_buckets_store(struct event_buckets *buckets, uint64_t number,
                                       event_key key)
{
    struct event_bucket *bucket = &buckets->buckets[event_buckets_index(buckets, number)];
    if (__builtin_expect(bucket->fill == EVENT_CHUNK_KEYS, 0)) {
        event_buckets_extend(buckets, bucket);
    }
    buckets->chunks[bucket->last].keys[bucket->fill++] = key;
    buckets->count++;
}

/* Index of the first bucket that has keys, of which there must be some; its level in *level. */
uint32_t event_buckets_first(const struct event_buckets *buckets, uint32_t *level);

bool event_buckets_is_empty(const struct event_buckets *buckets, uint32_t index);

/* Whether the bucket has more than `most` keys. */
bool event_buckets_exceeds(const struct event_buckets *buckets, uint32_t index, size_t most);

/* Move the keys of a bucket, or of all, behind those in `array`; cancelled ones are dropped. */
void event_buckets_gather(struct event_buckets *buckets, uint32_t index, struct event_slots *slots,
                          struct event_array *array);
void event_buckets_gather_all(struct event_buckets *buckets, struct event_slots *slots,
                              struct event_array *array);

/* Drops all keys of cancelled events. */
void event_buckets_sweep(struct event_buckets *buckets, struct event_slots *slots);

#endif
