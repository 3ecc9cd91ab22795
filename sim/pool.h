/*
 * pool.h - items of one size, named by index, taken and given back.
 *
 * Order:     the index that was given back last is taken first; the same calls give the same
 *            indexes.
 * Ownership: the pool owns its memory. A pointer from pool_at() is valid until the next
 *            pool_take(), which may move all items; indexes stay valid until given back.
 * Errors:    a pool that has reached its limit gives index 0, "none"; the caller says to the user
 *            which limit it was. CHECKs on an index that is not taken, so also on a double give.
 * Cost:      take and give O(1); memory grows by doubling up to the peak.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include "sim/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_NONE = 0 };

/* Link of an item that is taken; others are places in the free list. */
#define POOL_TAKEN UINT32_MAX

struct pool { /* private, but for count and peak */
    unsigned char *items;
    uint32_t *links;
    size_t item_bytes, item_capacity, link_capacity;
    uint32_t limit; /* items that may be taken at one time */
    uint32_t used;  /* indexes ever taken are 1 .. used - 1 */
    uint32_t free;
    uint32_t count, peak;
};

/* `item_bytes` is rounded up to 8; `limit` is below 2^32 - 1. */
void pool_init(struct pool *pool, size_t item_bytes, uint32_t limit);
void pool_release(struct pool *pool);

/* The index of a zeroed item, or POOL_NONE when `limit` items are taken. */
uint32_t pool_take(struct pool *pool);

/* private: the same when none was given back */
uint32_t pool_take_extended(struct pool *pool);

/* Not zeroed when it was used before: for a caller that fills all of it. */
static inline uint32_t pool_take_used(struct pool *pool)
{
    const uint32_t index = pool->free;
    if (__builtin_expect(index == POOL_NONE, 0)) {
        return pool_take_extended(pool);
    }
    pool->free = pool->links[index];
    pool->links[index] = POOL_TAKEN;
    pool->count++;
    return index;
}

static inline void pool_give(struct pool *pool, uint32_t index)
{
    CHECK(index != POOL_NONE);
    CHECK(index < pool->used);
    CHECK(pool->links[index] == POOL_TAKEN);
    pool->links[index] = pool->free;
    pool->free = index;
    pool->count--;
}

/* Whether this index, from whatever source, is taken now. */
static inline bool pool_taken(const struct pool *pool, uint32_t index)
{
    return index != POOL_NONE && index < pool->used && pool->links[index] == POOL_TAKEN;
}

/* Unchecked: for an index that was taken just now, or that pool_give() is about to check. */
static inline void *pool_item(const struct pool *pool, uint32_t index)
{
    return pool->items + (size_t)index * pool->item_bytes;
}

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    CHECK(index < pool->used);
    CHECK(pool->links[index] == POOL_TAKEN);
    return pool_item(pool, index);
}

#endif
