#include "sim/pool.h"

#include "sim/arena.h"

#include <string.h>

void pool_init(struct pool *pool, size_t item_bytes, uint32_t limit)
{
    CHECK(item_bytes > 0);
    CHECK(limit < POOL_TAKEN - 1);
    memset(pool, 0, sizeof *pool);
    pool->item_bytes = (item_bytes + 7) / 8 * 8;
    pool->limit = limit;
    pool->used = 1;
}

void pool_release(struct pool *pool)
{
    memory_release(pool->items);
    memory_release(pool->links);
    memset(pool, 0, sizeof *pool);
}

static uint32_t pool_extend(struct pool *pool)
{
    const uint32_t index = pool->used++;
    pool->peak = index;
    void *memory = pool->items;
    memory_grow(&memory, &pool->item_capacity, pool->used, pool->item_bytes);
    pool->items = memory;
    memory = pool->links;
    memory_grow(&memory, &pool->link_capacity, pool->used, sizeof *pool->links);
    pool->links = memory;
    return index;
}

uint32_t pool_take_extended(struct pool *pool)
{
    if (pool->count == pool->limit) {
        return POOL_NONE;
    }
    const uint32_t index = pool_extend(pool);
    pool->links[index] = POOL_TAKEN;
    pool->count++;
    return index;
}

uint32_t pool_take(struct pool *pool)
{
    const uint32_t index = pool_take_used(pool);
    if (index != POOL_NONE) {
        memset(pool->items + (size_t)index * pool->item_bytes, 0, pool->item_bytes);
    }
    return index;
}
