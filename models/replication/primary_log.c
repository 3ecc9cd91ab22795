#include "models/replication/primary_internal.h"
#include "sim/check.h"

#include <string.h>

/*
 * RETAIN: what the primary keeps for recognising a repeated try although every follower has it.
 * FIND_MAX: entries of equal hash that are looked at, so that a long backlog costs no more than a
 * short one: a repeated try is recognised among about the last 64 x 1024 writes.
 */
enum {
    LOG_LEAST_PRIMARY = 2048,
    LOG_LEAST_FOLLOWER = 64,
    LOG_RETAIN = 1024,
    RECENT_COUNT = 1024,
    FIND_MAX = 64,
    WAITING_LEAST = 64
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void log_trim(struct replica *self, struct primary_state *state)
{
    const struct primary_params *params = replica_params(self);
    uint64_t low = smaller(state->stored, state->low);
    /* In a cascade what a node has said to have may not be committed yet; when it loses its disk
     * then, its copy comes from the leader and ends before that. */
    const uint64_t again = params->topology == PRIMARY_CASCADE ? LOG_RETAIN : 0;
    for (uint32_t i = 0; i < state->link_count; i++) {
        const uint64_t acked = primary_link_at(state, i)->acked;
        low = smaller(low, acked > again ? acked - again : 0);
    }
    if (state->rank == 0) {
        low = smaller(low, state->end > LOG_RETAIN ? state->end - LOG_RETAIN : 0);
    }
    if (params->log_keep > 0 && state->end > (uint64_t)params->log_keep) {
        const uint64_t kept = smaller(state->stored, state->end - (uint64_t)params->log_keep);
        low = low > kept ? low : kept;
    }
    if (low > state->base) {
        state->base = low;
        primary_links_left(state);
    }
}

/* Makes room for one more entry: drops old ones first, grows when the rest fills most of the ring.
 */
static void log_reserve(struct replica *self, struct primary_state *state)
{
    const uint64_t size = state->entries == NULL ? 0 : state->mask + 1;
    if (state->end - state->base < size) {
        return;
    }
    log_trim(self, state);
    if (state->end - state->base < size - size / 4) {
        return;
    }
    const uint64_t least = state->rank == 0 ? LOG_LEAST_PRIMARY : LOG_LEAST_FOLLOWER;
    const uint64_t larger = size == 0 ? least : 2 * size;
    replica_grow(self, &state->entries, &state->entries_capacity, larger,
                 sizeof(struct primary_entry));
    struct primary_entry *entries = state->entries;
    for (uint64_t p = state->base + 1; size > 0 && p <= state->end; p++) {
        if ((p & (larger - 1)) != (p & (size - 1))) {
            entries[p & (larger - 1)] = entries[p & (size - 1)];
        }
    }
    state->mask = larger - 1;
}

static void log_remember(struct primary_state *state, uint64_t position)
{
    struct primary_entry *entry = primary_entry_at(state, position);
    uint64_t *recent = (uint64_t *)state->recent + entry->write % RECENT_COUNT;
    const uint64_t distance = *recent > state->base ? position - *recent : 0;
    entry->older = distance <= UINT32_MAX ? (uint32_t)distance : 0;
    *recent = position;
}

void primary_log_append(struct replica *self, uint64_t write, uint32_t key, uint32_t bytes)
{
    struct primary_state *state = replica_state(self);
    log_reserve(self, state);
    *primary_entry_at(state, ++state->end) =
        (struct primary_entry){.write = write, .key = key, .bytes = bytes};
    if (state->rank == 0) {
        replica_grow(self, &state->recent, &state->recent_capacity, RECENT_COUNT, sizeof(uint64_t));
        log_remember(state, state->end);
    }
}

uint64_t primary_log_find(const struct primary_state *state, uint64_t write)
{
    if (state->recent == NULL) {
        return 0;
    }
    uint64_t position = ((const uint64_t *)state->recent)[write % RECENT_COUNT];
    for (uint32_t looked = 0; looked < FIND_MAX && position > state->base; looked++) {
        const struct primary_entry *entry = primary_entry_at(state, position);
        if (entry->write == write) {
            return position;
        }
        if (entry->older == 0) {
            return 0;
        }
        position -= entry->older;
    }
    return 0;
}

static void index_all(struct primary_state *state)
{
    memset(state->recent, 0, RECENT_COUNT * sizeof(uint64_t));
    for (uint64_t p = state->base + 1; p <= state->end; p++) {
        log_remember(state, p);
    }
}

void primary_log_forget(struct primary_state *state)
{
    state->end = state->durable;
    if (state->recent != NULL) {
        index_all(state);
    }
}

void primary_log_index(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    replica_grow(self, &state->recent, &state->recent_capacity, RECENT_COUNT, sizeof(uint64_t));
    index_all(state);
}

void primary_log_cut(struct replica *self, uint64_t position)
{
    struct primary_state *state = replica_state(self);
    const uint64_t held = position > state->base ? position : state->base;
    for (uint64_t p = held + 1; p <= state->end; p++) {
        const struct primary_entry *entry = primary_entry_at(state, p);
        replica_discarded(
            self, entry->key,
            (struct version){.stamp = primary_stamp(state, p), .write = entry->write});
    }
    state->end = smaller(state->end, position);
    state->durable = smaller(state->durable, position);
    state->applied = smaller(state->applied, position);
    state->stored = smaller(state->stored, position);
    state->stored_next = smaller(state->stored_next, position);
    state->base = smaller(state->base, position);
    state->sync_cap = smaller(state->sync_cap, position);
    state->gap_reported = 0;
}

void primary_log_reset(struct primary_state *state, uint64_t position)
{
    state->base = state->stored = state->stored_next = position;
    state->applied = state->durable = state->end = position;
    state->recovered = position;
    state->sync_cap = 0;
    state->gap_reported = 0;
}

struct primary_waiting *primary_waiting_add(struct replica *self, uint64_t position)
{
    struct primary_state *state = replica_state(self);
    const uint64_t size = state->waiting == NULL ? 0 : state->waiting_mask + 1;
    CHECK(position > state->applied);
    if (position - state->applied > size) {
        const uint64_t larger = size == 0 ? WAITING_LEAST : 2 * size;
        replica_grow(self, &state->waiting, &state->waiting_capacity, larger,
                     sizeof(struct primary_waiting));
        struct primary_waiting *waiting = state->waiting;
        for (uint64_t p = state->applied + 1; size > 0 && p < position; p++) {
            if ((p & (larger - 1)) != (p & (size - 1))) {
                waiting[p & (larger - 1)] = waiting[p & (size - 1)];
            }
        }
        state->waiting_mask = larger - 1;
    }
    return primary_waiting_at(state, position);
}
