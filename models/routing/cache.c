#include "models/routing/cache.h"

#include "sim/check.h"

void cache_init(struct cache *cache, uint32_t entries, sim_ns ttl_ns, struct arena *arena)
{
    CHECK(entries > 0);
    CHECK(entries < UINT32_C(1) << 31);
    uint32_t buckets = 16;
    while (buckets < entries) {
        buckets *= 2;
    }
    *cache = (struct cache){.items = arena_alloc(arena, (size_t)entries + 1, sizeof *cache->items),
                            .buckets = arena_alloc(arena, buckets, sizeof *cache->buckets),
                            .capacity = entries,
                            .mask = buckets - 1,
                            .ttl_ns = ttl_ns};
}

/* Fibonacci hashing: neighbouring keys spread over the buckets. */
static uint32_t *bucket_of(const struct cache *cache, uint32_t key)
{
    return &cache->buckets[(uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & cache->mask];
}

static uint32_t slot_of(const struct cache *cache, uint32_t key)
{
    uint32_t slot = *bucket_of(cache, key);
    while (slot != 0 && cache->items[slot].key != key) {
        slot = cache->items[slot].chain;
    }
    return slot;
}

static void leave(struct cache *cache, uint32_t slot)
{
    const struct cache_entry *entry = &cache->items[slot];
    *(entry->newer != 0 ? &cache->items[entry->newer].older : &cache->newest) = entry->older;
    *(entry->older != 0 ? &cache->items[entry->older].newer : &cache->oldest) = entry->newer;
}

static void link_newest(struct cache *cache, uint32_t slot)
{
    struct cache_entry *entry = &cache->items[slot];
    entry->newer = 0;
    entry->older = cache->newest;
    *(cache->newest != 0 ? &cache->items[cache->newest].newer : &cache->oldest) = slot;
    cache->newest = slot;
}

static void discard(struct cache *cache, uint32_t slot)
{
    uint32_t *at = bucket_of(cache, cache->items[slot].key);
    while (*at != slot) {
        at = &cache->items[*at].chain;
    }
    *at = cache->items[slot].chain;
    leave(cache, slot);
    cache->items[slot].chain = cache->free;
    cache->free = slot;
    cache->count--;
}

const struct cache_entry *cache_find(struct cache *cache, uint32_t key, sim_ns now_ns)
{
    const uint32_t slot = slot_of(cache, key);
    if (slot == 0) {
        return NULL;
    }
    if (now_ns >= cache->items[slot].expires_ns) {
        discard(cache, slot);
        return NULL;
    }
    leave(cache, slot);
    link_newest(cache, slot);
    return &cache->items[slot];
}

static uint32_t take(struct cache *cache)
{
    if (cache->free == 0 && cache->used == cache->capacity) {
        discard(cache, cache->oldest);
    }
    cache->count++;
    if (cache->free == 0) {
        return ++cache->used;
    }
    const uint32_t slot = cache->free;
    cache->free = cache->items[slot].chain;
    return slot;
}

void cache_put(struct cache *cache, const struct cache_entry *entry, sim_ns now_ns)
{
    uint32_t slot = slot_of(cache, entry->key);
    if (slot != 0 && now_ns < cache->items[slot].expires_ns &&
        version_newer(cache->items[slot].version, entry->version)) {
        return;
    }
    if (slot == 0) {
        slot = take(cache);
        uint32_t *bucket = bucket_of(cache, entry->key);
        cache->items[slot].chain = *bucket;
        *bucket = slot;
    } else {
        leave(cache, slot);
    }
    struct cache_entry *item = &cache->items[slot];
    item->version = entry->version;
    item->key = entry->key;
    item->bytes = entry->bytes;
    item->expires_ns = cache->ttl_ns < SIM_NS_MAX - now_ns ? now_ns + cache->ttl_ns : SIM_NS_MAX;
    link_newest(cache, slot);
}

void cache_drop(struct cache *cache, uint32_t key, struct version version)
{
    const uint32_t slot = slot_of(cache, key);
    if (slot != 0 && version_newer(version, cache->items[slot].version)) {
        discard(cache, slot);
    }
}

void cache_clear(struct cache *cache)
{
    for (uint32_t i = 0; i <= cache->mask; i++) {
        cache->buckets[i] = 0;
    }
    cache->used = cache->free = cache->newest = cache->oldest = cache->count = 0;
}
