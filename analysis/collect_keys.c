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

enum { NEWEST = 4 }; /* versions to look at one by one */

uint32_t key_newer(const struct collect_state *state, const struct key_state *key,
                   struct version version)
{
    const struct commit_entry *entries = key_entries(state, key);
    uint32_t low = 0, high = key->count;

    /* Mostly it is among the newest. */
    for (uint32_t i = 0; i < NEWEST; i++) {
        if (high == 0 || !version_less(version, entries[high - 1].version)) {
            return high;
        }
        high--;
    }
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

static void pool_give(struct collect_state *state, uint32_t index, uint32_t capacity)
{
    uint32_t *free_chunk = &state->pool_free[chunk_log2(capacity)];

    entry_at(state, index)->version.write = *free_chunk;
    *free_chunk = index + 1;
}

/* A new block, as one free chunk of the largest size. */
static void pool_grow(struct collect_state *state)
{
    const size_t block = state->short_blocks + state->pool_count / ENTRIES_MAX;

    CHECK((block + 2) * ENTRIES_MAX < UINT32_MAX);
    if (block >= state->first_blocks) {
        memory_grow(&state->blocks, &state->block_capacity, block + 1,
                    sizeof(struct commit_entry *));
        ((struct commit_entry **)state->blocks)[block] =
            memory_alloc(ENTRIES_MAX, sizeof(struct commit_entry));
    }
    state->pool_count += ENTRIES_MAX;
    pool_give(state, (uint32_t)(block * ENTRIES_MAX), ENTRIES_MAX);
}

void key_init(struct collect_state *state)
{
    const size_t shorts = (size_t)state->key_count * ENTRIES_SHORT;
    uint64_t list = 0;

    CHECK(state->key_count < UINT32_MAX / ENTRIES_SHORT / 2);
    state->short_blocks = (shorts + ENTRIES_MAX - 1) / ENTRIES_MAX;
    /* Behind them what a usual run may need, in one piece: only what is used is touched. */
    state->first_blocks =
        state->short_blocks + (state->key_count / 2 + ENTRIES_MAX - 1) / ENTRIES_MAX;
    memory_grow(&state->blocks, &state->block_capacity, state->first_blocks + 1,
                sizeof(struct commit_entry *));
    state->entries = memory_alloc(state->first_blocks * ENTRIES_MAX + 1, sizeof(*state->entries));
    for (size_t i = 0; i < state->first_blocks; i++) {
        ((struct commit_entry **)state->blocks)[i] = state->entries + i * ENTRIES_MAX;
    }
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        for (uint32_t k = 0; k < state->datasets[d].key_count; k++) {
            state->datasets[d].keys[k].entries = (uint32_t)(list++ * ENTRIES_SHORT);
            state->datasets[d].keys[k].capacity = ENTRIES_SHORT;
        }
    }
    /* Four versions of each key on average before anything is merged. */
    state->pool_budget = (size_t)state->key_count * 4 + 65536;
    /* What most runs need, at once: its memory is then the same however long it is. */
    while (state->pool_count < state->key_count / 4) {
        pool_grow(state);
    }
}

void key_release(struct collect_state *state)
{
    const size_t blocks = state->short_blocks + state->pool_count / ENTRIES_MAX;

    for (size_t i = state->first_blocks; i < blocks; i++) {
        memory_release(((struct commit_entry **)state->blocks)[i]);
    }
    memory_release(state->blocks);
    memory_release(state->entries);
}

/* The smallest free chunk that is large enough, halved until it fits. */
static uint32_t pool_take(struct collect_state *state, uint32_t capacity)
{
    uint32_t size = capacity;

    while (size <= ENTRIES_MAX && state->pool_free[chunk_log2(size)] == 0) {
        size *= 2;
    }
    if (size > ENTRIES_MAX) {
        pool_grow(state);
        size = ENTRIES_MAX;
    }

    uint32_t *free_chunk = &state->pool_free[chunk_log2(size)];
    const uint32_t index = *free_chunk - 1;

    /* A free chunk keeps the next one's number in its first entry. */
    *free_chunk = (uint32_t)entry_at(state, index)->version.write;
    while (size > capacity) {
        size /= 2;
        pool_give(state, index + size, size);
    }
    return index;
}

static uint32_t list_number(const struct dataset_state *dataset, const struct key_state *key)
{
    return (uint32_t)(dataset->key_first + (uint64_t)(key - dataset->keys)) * ENTRIES_SHORT;
}

/* Moves the list to a place of that capacity. */
static void entries_move(struct collect_state *state, const struct dataset_state *dataset,
                         struct key_state *key, uint32_t capacity)
{
    const struct commit_entry *old = key_entries(state, key);
    const uint32_t old_index = key->entries, old_capacity = key->capacity;

    CHECK(capacity <= ENTRIES_MAX);
    CHECK(key->count <= capacity);
    key->entries =
        capacity == ENTRIES_SHORT ? list_number(dataset, key) : pool_take(state, capacity);
    key->capacity = (uint16_t)capacity;
    memcpy(key_entries(state, key), old, key->count * sizeof(*old));
    if (old_capacity != ENTRIES_SHORT) {
        pool_give(state, old_index, old_capacity);
    }
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
    /* What made the list unordered may be gone. */
    key->flags &= (uint8_t)~KEY_UNORDERED;
    for (uint32_t i = 0; i < key->count; i++) {
        if (entries[i].commit_count > 0) {
            key->flags |= entries[i].commit_ns < commit_ns ? KEY_UNORDERED : 0;
            commit_ns = entries[i].commit_ns;
        }
    }
}

/* The oldest version that any replica holds. */
static struct version key_held_least(const struct collect_state *state,
                                     const struct dataset_state *dataset, uint32_t key)
{
    struct version least = held_version(state, dataset, key, 0);

    for (uint32_t i = 1; i < dataset->replica_count && dataset->keys[key].held != 0; i++) {
        const struct version version = held_version(state, dataset, key, i);

        least = version_less(version, least) ? version : least;
    }
    return least;
}

/* When the collector first heard of the version. */
static sim_ns entry_ns(const struct commit_entry *entry)
{
    return entry->commit_ns < entry->ack_ns ? entry->commit_ns : entry->ack_ns;
}

/* When the oldest read in flight of the key was invoked; SIM_NS_MAX: there is none. */
static sim_ns read_oldest_ns(const struct collect_state *state, const struct dataset_state *dataset,
                             uint32_t key)
{
    const uint32_t number = (uint32_t)(dataset - state->datasets);

    if (state->reads == NULL) {
        return SIM_NS_MAX;
    }
    for (uint32_t at = reads_of(state, number, key)->head; at != 0;) {
        const struct flight *flight = &state->flights[at - 1];

        if (flight->key == key && flight->dataset == number) {
            return flight->invoked_ns;
        }
        at = flight->next;
    }
    return SIM_NS_MAX;
}

static void key_forget(struct collect_state *state, const struct dataset_state *dataset,
                       uint32_t index)
{
    struct key_state *key = &dataset->keys[index];
    const sim_ns oldest_ns = read_oldest_ns(state, dataset, index);
    const bool reads = oldest_ns != SIM_NS_MAX;

    if (key->epoch_count > 1 && oldest_ns > key->epoch_ns) {
        entries_drop(state, key, key->epoch_count - 1u);
        key->epoch_count = 0;
    }

    const struct commit_entry *entries = key_entries(state, key);
    const uint32_t everywhere = key_newer(state, key, key_held_least(state, dataset, index));
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
static bool held_between(const struct collect_state *state, const struct dataset_state *dataset,
                         uint32_t key, struct version from, struct version to)
{
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const struct version version = held_version(state, dataset, key, i);

        if (!version_less(version, from) && version_less(version, to)) {
            return true;
        }
    }
    return false;
}

static void entry_merge(struct commit_entry *into, const struct commit_entry *newer)
{
    into->version = newer->version;
    /* That of a lost version counts only beside another lost one. */
    if ((into->commit_count > 0) != (newer->commit_count > 0)) {
        into->commit_ns = into->commit_count > 0 ? into->commit_ns : newer->commit_ns;
    } else {
        into->commit_ns = newer->commit_ns < into->commit_ns ? newer->commit_ns : into->commit_ns;
    }
    into->ack_ns = newer->ack_ns < into->ack_ns ? newer->ack_ns : into->ack_ns;
    into->ack_last_ns = newer->ack_last_ns;
    into->commit_count += newer->commit_count;
    into->gone_count += newer->gone_count;
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
            !held_between(state, dataset, index, entries[kept - 1].version, entries[i].version)) {
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

    key_forget(state, dataset, index);
    if (key->capacity > ENTRIES_SHORT && key->count <= key->capacity / 4) {
        entries_move(state, dataset, key, key->capacity / 2u);
        return;
    }
    /* A quarter must be free, so that forgetting costs O(1) for each version. */
    if (key->count <= key->capacity - (key->capacity + 3u) / 4u) {
        return;
    }
    if (key->capacity < 8 ||
        (key->capacity < ENTRIES_MAX && state->pool_count < state->pool_budget)) {
        entries_move(state, dataset, key, key->capacity * 2u);
        return;
    }
    key_merge(state, dataset, index);
    if (key->count == key->capacity) {
        entries_move(state, dataset, key, key->capacity * 2u);
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
        CHECK(key->count < key->capacity);
        at = key_newer(state, key, version);
        if (at == 0 && (key->flags & KEY_FORGOT) != 0) {
            return RECORD_NONE;
        }
    }

    if (at == key->count) {
        key_unsettle(state, dataset, key); /* Nobody holds the new one. */
    }

    struct commit_entry *entries = key_entries(state, key);

    memmove(entries + at + 1, entries + at, (key->count - at) * sizeof(*entries));
    entries[at] = (struct commit_entry){.version = version,
                                        .commit_ns = SIM_NS_MAX,
                                        .ack_ns = SIM_NS_MAX,
                                        .ack_last_ns = -1,
                                        .ack_first_ns = SIM_NS_MAX};
    if (at > 0) {
        entries[at].ack_last_ns = entries[at - 1].ack_last_ns;
        entries[at].ack_before = entries[at - 1].ack_before + entries[at - 1].ack_count;
    }
    if (at < key->count) {
        entries[at].ack_first_ns = entries[at + 1].ack_first_ns;
    }
    key->count++;
    if (at < key->epoch_count) {
        key->epoch_count++;
    }
    return at;
}

void key_acknowledge(struct collect_state *state, struct key_state *key, uint32_t at)
{
    struct commit_entry *entries = key_entries(state, key);

    CHECK(at < key->count);
    if (entries[at].ack_count > 0) {
        return;
    }
    entries[at].ack_count = 1;
    entries[at].ack_ns = state->now_ns;
    for (uint32_t i = at; i < key->count; i++) {
        entries[i].ack_before += i > at ? 1u : 0u;
        entries[i].ack_last_ns = state->now_ns;
    }
    for (uint32_t i = at + 1; i-- > 0 && entries[i].ack_first_ns == SIM_NS_MAX;) {
        entries[i].ack_first_ns = state->now_ns;
    }
}
