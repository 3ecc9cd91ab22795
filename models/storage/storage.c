#include "models/storage/storage.h"

#include "models/values/value.h"
#include "sim/check.h"

size_t storage_arena_bytes(size_t key_count, bool sizes_vary, bool merges)
{
    const size_t aligning = 256; /* of each table, and what its replica needs beside it */
    return key_count * (sizeof(struct version) + (merges ? sizeof(uint32_t) : 0) +
                        (sizes_vary || merges ? sizeof(uint32_t) : 0)) +
           3 * aligning;
}

void storage_init(struct storage *storage, struct arena *arena, uint32_t key_count,
                  uint32_t value_bytes, bool sizes_vary, struct words_pool *pool)
{
    *storage = (struct storage){.key_count = key_count, .value_bytes = value_bytes};
    storage->versions = arena_alloc(arena, key_count, sizeof *storage->versions);
    if (pool != NULL) {
        storage->pool = pool;
        storage->blocks = arena_alloc(arena, key_count, sizeof *storage->blocks);
    }
    if (sizes_vary || pool != NULL) {
        storage->sizes = arena_alloc(arena, key_count, sizeof *storage->sizes);
    }
    storage->leaf_keys = (key_count + STORAGE_LEAVES_MAX - 1) / STORAGE_LEAVES_MAX;
    storage->leaf_count = (key_count + storage->leaf_keys - 1) / storage->leaf_keys;
}

void storage_release(struct storage *storage)
{
    memory_release(storage->undo);
    storage->undo = NULL;
}

static uint64_t hash_of(uint32_t key, struct version version)
{
    uint64_t hash = ((uint64_t)key + 1) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (uint64_t)version.stamp) * UINT64_C(0xbf58476d1ce4e5b9);
    hash ^= hash >> 29;
    hash = (hash ^ version.write) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 32;
}

/* A state's hash is that of its digest: versions alone do not tell states apart. */
static uint64_t hash_of_state(const struct storage *storage, uint32_t key, uint32_t block)
{
    const uint64_t digest = value_digest(words_at(storage->pool, block));
    return hash_of(key, (struct version){.stamp = (int64_t)digest});
}

static void rehash_state(struct storage *storage, uint32_t key, uint32_t before, uint32_t after)
{
    if (storage->leaf_hashes != NULL) {
        storage->leaf_hashes[key / storage->leaf_keys] ^=
            hash_of_state(storage, key, before) ^ hash_of_state(storage, key, after);
    }
}

static void rehash(struct storage *storage, uint32_t key, struct version before,
                   struct version after)
{
    if (storage->blocks != NULL) {
        return;
    }
    if (storage->leaf_hashes != NULL) {
        storage->leaf_hashes[key / storage->leaf_keys] ^=
            hash_of(key, before) ^ hash_of(key, after);
    }
}

static void remember(struct storage *storage, uint32_t key)
{
    const uint64_t held = storage->undo_next - storage->undo_first;
    if (held == storage->undo_capacity) {
        /* The ring grows: copy it out in order, so that numbers keep their places. */
        const size_t before = storage->undo_capacity;
        struct storage_undo *larger = NULL;
        size_t capacity = 0;
        memory_grow((void **)&larger, &capacity, before == 0 ? 64 : 2 * before, sizeof *larger);
        for (uint64_t i = storage->undo_first; i < storage->undo_next; i++) {
            larger[i & (capacity - 1)] = storage->undo[i & (before - 1)];
        }
        memory_release(storage->undo);
        storage->undo = larger;
        storage->undo_capacity = capacity;
    }
    storage->undo[storage->undo_next & (storage->undo_capacity - 1)] =
        (struct storage_undo){.before = storage->versions[key],
                              .key = key,
                              .bytes = storage_bytes(storage, key),
                              .block = storage->blocks != NULL ? storage->blocks[key] : 0};
}

/* The change will not be taken back any more: what was before it is forgotten. */
static void forget(struct storage *storage, uint64_t change)
{
    if (storage->blocks != NULL && storage->volatile_memory) {
        words_free(storage->pool, storage->undo[change & (storage->undo_capacity - 1)].block);
    }
}

static void replace(struct storage *storage, uint32_t key, struct version version, uint32_t bytes)
{
    const struct version before = storage->versions[key];
    if (storage->volatile_memory) {
        remember(storage, key);
    }
    storage->undo_next++;
    if (!storage->volatile_memory) {
        storage->undo_first = storage->undo_next;
    }
    storage->versions[key] = version;
    if (storage->sizes != NULL) {
        storage->sizes[key] = bytes;
    }
    rehash(storage, key, before, version);
}

bool storage_apply(struct storage *storage, uint32_t key, struct version version, uint32_t bytes)
{
    CHECK(key < storage->key_count);
    if (!version_newer(version, storage->versions[key])) {
        return false;
    }
    replace(storage, key, version, bytes);
    return true;
}

bool storage_put(struct storage *storage, uint32_t key, struct version version, uint32_t bytes)
{
    CHECK(key < storage->key_count);
    if (version_equal(version, storage->versions[key])) {
        return false;
    }
    replace(storage, key, version, bytes);
    return true;
}

void storage_put_state(struct storage *storage, uint32_t key, struct words state,
                       struct version version, uint32_t bytes)
{
    CHECK(key < storage->key_count);
    const uint32_t before = storage->blocks[key], after = words_keep(storage->pool, state);
    rehash_state(storage, key, before, after);
    replace(storage, key, version, bytes);
    storage->blocks[key] = after;
    if (!storage->volatile_memory) {
        words_free(storage->pool, before);
    }
}

static void wipe_state(struct storage *storage, uint32_t key)
{
    rehash_state(storage, key, storage->blocks[key], 0);
    words_free(storage->pool, storage->blocks[key]);
    storage->blocks[key] = 0;
}

void storage_wipe(struct storage *storage)
{
    for (uint64_t change = storage->undo_first; change < storage->undo_next; change++) {
        forget(storage, change);
    }
    for (uint32_t key = 0; key < storage->key_count; key++) {
        if (storage->blocks != NULL) {
            wipe_state(storage, key);
        }
        const struct version before = storage->versions[key];
        if (!version_equal(before, (struct version){0})) {
            storage->versions[key] = (struct version){0};
            rehash(storage, key, before, storage->versions[key]);
        }
        if (storage->sizes != NULL) {
            storage->sizes[key] = 0;
        }
    }
    storage->undo_first = storage->undo_next;
}

void storage_durable(struct storage *storage, uint64_t changes)
{
    CHECK(changes <= storage->undo_next);
    if (storage->blocks != NULL) {
        for (uint64_t change = storage->undo_first; change < changes; change++) {
            forget(storage, change);
        }
    }
    if (changes > storage->undo_first) {
        storage->undo_first = changes;
    }
}

bool storage_undo_one(struct storage *storage, uint32_t *key)
{
    if (storage->undo_next == storage->undo_first) {
        return false;
    }
    storage->undo_next--;
    const struct storage_undo *undo =
        &storage->undo[storage->undo_next & (storage->undo_capacity - 1)];
    rehash(storage, undo->key, storage->versions[undo->key], undo->before);
    if (storage->blocks != NULL) {
        rehash_state(storage, undo->key, storage->blocks[undo->key], undo->block);
        words_free(storage->pool, storage->blocks[undo->key]);
        storage->blocks[undo->key] = undo->block;
    }
    storage->versions[undo->key] = undo->before;
    if (storage->sizes != NULL) {
        storage->sizes[undo->key] = undo->bytes;
    }
    *key = undo->key;
    return true;
}

void storage_hash_leaves(struct storage *storage, struct arena *arena)
{
    if (storage->leaf_hashes != NULL) {
        return;
    }
    storage->leaf_hashes = arena_alloc(arena, storage->leaf_count, sizeof(uint64_t));
    for (uint32_t key = 0; key < storage->key_count; key++) {
        storage->leaf_hashes[key / storage->leaf_keys] ^=
            storage->blocks != NULL ? hash_of_state(storage, key, storage->blocks[key])
                                    : hash_of(key, storage->versions[key]);
    }
}
