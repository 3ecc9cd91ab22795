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
    void *memory = pool->items;
    memory_grow(&memory, &pool->item_capacity, pool->used, pool->item_bytes);
    pool->items = memory;
    memory = pool->links;
    memory_grow(&memory, &pool->link_capacity, pool->used, sizeof *pool->links);
    pool->links = memory;
    return index;
}

uint32_t pool_take(struct pool *pool)
{
    if (pool->count == pool->limit) {
        return POOL_NONE;
    }
    uint32_t index = pool->free;
    if (index != POOL_NONE) {
        pool->free = pool->links[index];
        memset(pool->items + (size_t)index * pool->item_bytes, 0, pool->item_bytes);
    } else {
        index = pool_extend(pool);
    }
    pool->links[index] = POOL_TAKEN;
    pool->count++;
    pool->peak = pool->count > pool->peak ? pool->count : pool->peak;
    return index;
}

void pool_give(struct pool *pool, uint32_t index)
{
    CHECK(index != POOL_NONE);
    CHECK(index < pool->used);
    CHECK(pool->links[index] == POOL_TAKEN);
    pool->links[index] = pool->free;
    pool->free = index;
    pool->count--;
}
