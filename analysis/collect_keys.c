/*
 * collect_keys.c - the recent versions of each key.
 *
 * Model:  a sorted list of versions with their commit and acknowledgement. A version may be
 *         forgotten when every replica holds it or a newer one since before the oldest read in
 *         flight began: no read can return anything older any more (only a crash that reverts a
 *         replica brings older ones back). Forgetting is tried when the list is full; the newest
 *         forgettable version stays, to mark how far back the list knows everything. Versions of
 * the last second stay too, so that what a crash reverts is counted exactly (assumption: disks are
 * flushed at least every second, as Redis `appendfsync everysec` and MySQL
 *         `innodb_flush_log_at_trx_commit=2` document it).
 * Bounds: all lists together hold at most pool_budget versions beyond the first eight of each key;
 * then neighbours between which no replica stands are merged into one entry.
 */
#include "analysis/collect_state.h"

#include <string.h>

#define RETAIN_NS SIM_NS_PER_S

struct commit_entry *key_entries(const struct collect_state *state, const struct key_state *key)
{
    return state->pool + key->entries;
}

uint32_t key_newer(const struct collect_state *state, const struct key_state *key,
                   struct version version)
{
    const struct commit_entry *entries = key_entries(state, key);
    uint32_t low = 0, high = key->count;

    while (low < high) {
        const uint32_t middle = (low + high) / 2;

        if (version_less(version, entries[middle].version)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static uint32_t chunk_log2(uint32_t capacity)
{
    return 31u - (uint32_t)__builtin_clz(capacity);
}

static uint32_t pool_take(struct collect_state *state, uint32_t capacity)
{
    uint32_t *free_chunk = &state->pool_free[chunk_log2(capacity)];

    if (*free_chunk != 0) {
        const uint32_t index = *free_chunk - 1;

        /* A free chunk keeps the next one's number in its first entry. */
        *free_chunk = (uint32_t)state->pool[index].version.write;
        return index;
    }

    const size_t index = state->pool_count;
    void *pool = state->pool;

    CHECK(index + capacity < UINT32_MAX);
    memory_grow(&pool, &state->pool_capacity, index + capacity, sizeof(*state->pool));
    state->pool = pool;
    state->pool_count = index + capacity;
    return (uint32_t)index;
}

static void pool_give(struct collect_state *state, uint32_t index, uint32_t capacity)
{
    uint32_t *free_chunk = &state->pool_free[chunk_log2(capacity)];

    state->pool[index].version.write = *free_chunk;
    *free_chunk = index + 1;
}

static void entries_grow(struct collect_state *state, struct key_state *key)
{
    const uint32_t capacity = key->capacity == 0 ? 2u : key->capacity * 2u;
    const uint32_t index = pool_take(state, capacity);

    CHECK(capacity <= 2 * ENTRIES_MAX);
    if (key->capacity > 0) {
        memcpy(state->pool + index, state->pool + key->entries, key->count * sizeof(*state->pool));
        pool_give(state, key->entries, key->capacity);
    }
    key->entries = index;
    key->capacity = (uint16_t)capacity;
}

static void entries_drop(struct collect_state *state, struct key_state *key, uint32_t count)
{
    struct commit_entry *entries = key_entries(state, key);
    sim_ns commit_ns = 0;

    CHECK(count < key->count);
    if (count > 0) {
        key->count = (uint16_t)(key->count - count);
        memmove(entries, entries + count, key->count * sizeof(*entries));
        key->flags |= KEY_FORGOT;
    }
    /* What made the list unordered or merged may be gone. */
    key->flags &= (uint8_t) ~(KEY_UNORDERED | KEY_MERGED);
    for (uint32_t i = 0; i < key->count; i++) {
        if (entries[i].commit_count > 0) {
            key->flags |= entries[i].commit_ns < commit_ns ? KEY_UNORDERED : 0;
            commit_ns = entries[i].commit_ns;
        }
        key->flags |= entries[i].commit_count > 1 || entries[i].ack_count > 1 ? KEY_MERGED : 0;
    }
}

/* The oldest version that any replica holds. */
static struct version key_held_least(const struct dataset_state *dataset, uint32_t key)
{
    const struct held_state *held = &dataset->held[(size_t)key * dataset->replica_count];
    struct version least = held[0].version;

    for (uint32_t i = 1; i < dataset->replica_count; i++) {
        if (version_less(held[i].version, least)) {
            least = held[i].version;
        }
    }
    return least;
}

/* When the collector first heard of the version. */
static sim_ns entry_ns(const struct commit_entry *entry)
{
    return entry->commit_ns < entry->ack_ns ? entry->commit_ns : entry->ack_ns;
}

static void key_forget(struct collect_state *state, const struct dataset_state *dataset,
                       uint32_t index)
{
    struct key_state *key = &dataset->keys[index];
    const bool reads = key->read_head != 0;
    const sim_ns oldest_ns = reads ? state->flights[key->read_head - 1].invoked_ns : SIM_NS_MAX;

    if (key->epoch_count > 1 && oldest_ns > key->epoch_ns) {
        entries_drop(state, key, key->epoch_count - 1u);
        key->epoch_count = 0;
    }

    const struct commit_entry *entries = key_entries(state, key);
    const uint32_t everywhere = key_newer(state, key, key_held_least(dataset, index));
    uint32_t settled = 0;

    while (settled < everywhere && entry_ns(&entries[settled]) <= state->now_ns - RETAIN_NS) {
        settled++;
    }

    if (!reads && settled > 1) {
        entries_drop(state, key, settled - 1);
        key->epoch_count = 0;
    } else if (reads && key->epoch_count == 0 && settled > 1) {
        key->epoch_count = (uint16_t)settled;
        key->epoch_ns = state->now_ns;
    }
}

/* Whether some replica holds a version in [from, to): it misses `to` but not `from`. */
static bool held_between(const struct dataset_state *dataset, uint32_t key, struct version from,
                         struct version to)
{
    const struct held_state *held = &dataset->held[(size_t)key * dataset->replica_count];

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        if (!version_less(held[i].version, from) && version_less(held[i].version, to)) {
            return true;
        }
    }
    return false;
}

static void entry_merge(struct commit_entry *into, const struct commit_entry *newer)
{
    into->version = newer->version;
    into->commit_ns = newer->commit_ns < into->commit_ns ? newer->commit_ns : into->commit_ns;
    into->ack_ns = newer->ack_ns < into->ack_ns ? newer->ack_ns : into->ack_ns;
    into->ack_last_ns =
        newer->ack_last_ns > into->ack_last_ns ? newer->ack_last_ns : into->ack_last_ns;
    into->commit_count += newer->commit_count;
    into->ack_count += newer->ack_count;
}

/* Halves the older three quarters of the list, where no replica stands between two neighbours. */
static void key_merge(struct collect_state *state, const struct dataset_state *dataset,
                      uint32_t index)
{
    struct key_state *key = &dataset->keys[index];
    struct commit_entry *entries = key_entries(state, key);
    const uint32_t limit = key->count - key->count / 4u;
    uint32_t kept = 1;
    bool alone = true; /* entries[kept - 1] was not merged into in this pass */

    for (uint32_t i = 1; i < key->count; i++) {
        if (kept > 1 && alone && i < limit &&
            !held_between(dataset, index, entries[kept - 1].version, entries[i].version)) {
            entry_merge(&entries[kept - 1], &entries[i]);
            alone = false;
        } else {
            entries[kept++] = entries[i];
            alone = true;
        }
    }
    key->count = (uint16_t)kept;
    key->epoch_count = 0;
    entries_drop(state, key, 0);
}

static void key_make_room(struct collect_state *state, const struct dataset_state *dataset,
                          uint32_t index)
{
    struct key_state *key = &dataset->keys[index];

    if (key->count > 1) {
        key_forget(state, dataset, index);
    }
    /* A quarter must be free, so that forgetting costs O(1) for each version. */
    if (key->capacity > 0 && key->count <= key->capacity - (key->capacity + 3u) / 4u) {
        return;
    }
    if (key->capacity < 8 ||
        (key->capacity < ENTRIES_MAX && state->pool_count < state->pool_budget)) {
        entries_grow(state, key);
        return;
    }
    key_merge(state, dataset, index);
    if (key->count == key->capacity) {
        CHECK(key->capacity < ENTRIES_MAX);
        entries_grow(state, key);
    }
}

uint32_t key_insert(struct collect_state *state, struct dataset_state *dataset, uint32_t index,
                    struct version version)
{
    struct key_state *key = &dataset->keys[index];
    uint32_t at = key->count;

    CHECK(version.write != 0);
    if (at > 0) {
        const struct commit_entry *entries = key_entries(state, key);

        if (!version_less(entries[at - 1].version, version)) {
            at = key_newer(state, key, version);
            if (at > 0 && entries[at - 1].version.write == version.write &&
                entries[at - 1].version.stamp == version.stamp) {
                return at - 1;
            }
            if (at == 0 && (key->flags & KEY_FORGOT) != 0) {
                return RECORD_NONE;
            }
        }
    }
    if (key->count == key->capacity) {
        key_make_room(state, dataset, index);
        at = key_newer(state, key, version);
        if (at == 0 && (key->flags & KEY_FORGOT) != 0) {
            return RECORD_NONE;
        }
    }

    struct commit_entry *entries = key_entries(state, key);

    memmove(entries + at + 1, entries + at, (key->count - at) * sizeof(*entries));
    entries[at] = (struct commit_entry){
        .version = version, .commit_ns = SIM_NS_MAX, .ack_ns = SIM_NS_MAX, .ack_last_ns = -1};
    key->count++;
    if (at < key->epoch_count) {
        key->epoch_count++;
    }
    return at;
}
