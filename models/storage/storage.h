/*
 * storage.h - what one machine holds of one dataset: a version per key.
 *
 * Model:  a write changes memory at once and is durable after the next finished disk sync. Losing
 *         power takes the keys back to their last durable versions, newest change first.
 * Merge:  last writer wins: a version replaces what is there when it is newer by (stamp, write).
 *         Values that merge (models/values) are states in blocks of words instead; whoever joins
 *         them puts the result here.
 * Hashes: keys are cut into up to 1024 leaves of equal size; a leaf's hash is the exclusive or of
 *         the hashes of its (key, version) pairs, so it is kept up to date in O(1) and does not
 *         depend on the order of writes. Kept only after storage_hash_leaves().
 * Units:  bytes.
 * Cost:   16 bytes a key, 20 when sizes vary, 24 and its words when it merges; one cache line a
 * read or write.
 */
#ifndef MODELS_STORAGE_STORAGE_H
#define MODELS_STORAGE_STORAGE_H

#include "models/replication/message.h"
#include "models/values/words.h"
#include "sim/arena.h"

#include <stddef.h>

enum { STORAGE_LEAVES_MAX = 1024 };

struct storage_undo {
    struct version before;
    uint32_t key, bytes;
    uint32_t block; /* the state before */
};

struct storage {
    struct version *versions;
    uint32_t *sizes;         /* NULL: all values have `value_bytes` */
    struct words_pool *pool; /* values that merge: where their states are; NULL: they are plain */
    uint32_t *blocks;        /* the same: the state of a key, 0: none */
    uint32_t key_count, value_bytes;
    uint32_t leaf_count, leaf_keys; /* keys of a leaf, the last may have fewer */
    uint64_t *leaf_hashes;          /* NULL until storage_hash_leaves */
    bool volatile_memory;           /* keep what is needed to lose unsynced writes */
    struct storage_undo *undo;      /* ring of changes that are not durable yet */
    size_t undo_capacity;
    uint64_t undo_first, undo_next; /* numbers of changes: [first, next) are in the ring */
};

/* What storage_init() takes of the arena, and a little more. */
size_t storage_arena_bytes(size_t key_count, bool sizes_vary, bool merges);

/* `pool` is NULL for plain values. */
void storage_init(struct storage *storage, struct arena *arena, uint32_t key_count,
                  uint32_t value_bytes, bool sizes_vary, struct words_pool *pool);
void storage_release(struct storage *storage);

static inline struct version storage_read(const struct storage *storage, uint32_t key)
{
    return storage->versions[key];
}

/* Tables are loaded before the run: what nobody has written yet has the usual size. */
static inline uint32_t storage_bytes(const struct storage *storage, uint32_t key)
{
    const bool own =
        storage->sizes != NULL && (storage->versions[key].write != 0 || storage->blocks != NULL);
    return own ? storage->sizes[key] : storage->value_bytes;
}

/* Stores when newer; true when it was. */
bool storage_apply(struct storage *storage, uint32_t key, struct version version, uint32_t bytes);

/*
 * Stores whatever is there: what a rewind, or a copy of another machine, does. False when it is
 * there already. Durable and undone like any change.
 */
bool storage_put(struct storage *storage, uint32_t key, struct version version, uint32_t bytes);

/* The state of a key; no words before any write. Valid until the pool is next taken from. */
static inline struct words storage_state(const struct storage *storage, uint32_t key)
{
    return words_at(storage->pool, storage->blocks[key]);
}

/* Puts a state (words outside the pool) with its version and size; durable like any change. */
void storage_put_state(struct storage *storage, uint32_t key, struct words state,
                       struct version version, uint32_t bytes);

/* The disk is gone, and what memory held with it: every key is as before any write. */
void storage_wipe(struct storage *storage);

/* The number that the next change will have: all below it are in memory. */
static inline uint64_t storage_changes(const struct storage *storage)
{
    return storage->undo_next;
}

/* Changes below this number are on disk now. */
void storage_durable(struct storage *storage, uint64_t changes);

/* Takes back the newest change that is not durable: false when there is none. */
bool storage_undo_one(struct storage *storage, uint32_t *key);

void storage_hash_leaves(struct storage *storage, struct arena *arena);

#endif
