/*
 * cache.h - the cache in front of one dataset in one region: key -> version, least recently used
 * out.
 *
 * Model:   at most `entries` keys; reading one makes it the most recent, a new one takes the place
 *          of the least recent. An entry is a hit for `ttl` after it was put, whatever happened to
 *          the key elsewhere. A version is never replaced by an older one while it is held.
 * Assumes: no leases: a read that was under way while its key was dropped fills the cache with what
 *          it found, which may be older (Nishtala et al., Scaling Memcache at Facebook, NSDI 2013,
 *          section 3.2.1, says how leases would prevent it).
 * Memory:  fixed at the start, some 60 bytes an entry.
 * Cost:    O(1) each.
 */
#ifndef MODELS_ROUTING_CACHE_H
#define MODELS_ROUTING_CACHE_H

#include "models/replication/message.h"
#include "sim/arena.h"
#include "sim/sim_time.h"

struct cache_entry {
    struct version version;
    sim_ns expires_ns;
    uint32_t key, bytes;
    uint32_t newer, older; /* private: by use; 0 ends */
    uint32_t chain;        /* private: of its bucket */
};

struct cache {                 /* private but for count */
    struct cache_entry *items; /* 1 .. used */
    uint32_t *buckets;
    uint32_t capacity, mask, used, free;
    uint32_t newest, oldest;
    uint32_t count;
    sim_ns ttl_ns; /* SIM_NS_MAX: none */
};

/* `entries` below 2^31. */
void cache_init(struct cache *cache, uint32_t entries, sim_ns ttl_ns, struct arena *arena);

/* A hit makes it the most recent; NULL: a miss. Valid until the next call. */
const struct cache_entry *cache_find(struct cache *cache, uint32_t key, sim_ns now_ns);

void cache_put(struct cache *cache, const struct cache_entry *entry, sim_ns now_ns);
/* Drops the key unless what is held is `version` or newer. */
void cache_drop(struct cache *cache, uint32_t key, struct version version);
void cache_clear(struct cache *cache);

#endif
