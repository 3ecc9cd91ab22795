#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

#include <string.h>

enum { RING_LEAST = 64 };

void multi_ring_reserve(struct replica *self, void **ring, size_t *capacity, uint64_t *mask,
                        uint64_t first, uint64_t next, size_t bytes)
{
    const uint64_t size = *ring == NULL ? 0 : *mask + 1;
    if (next - first < size) {
        return;
    }
    const uint64_t larger = size == 0 ? RING_LEAST : 2 * size;
    replica_grow(self, ring, capacity, larger, bytes);
    for (uint64_t p = first; p < next; p++) {
        unsigned char *items = *ring;
        if ((p & (larger - 1)) != (p & (size - 1))) {
            memcpy(items + (p & (larger - 1)) * bytes, items + (p & (size - 1)) * bytes, bytes);
        }
    }
    *mask = larger - 1;
}

/* The rings beside the log are as large as it is. */
static void log_reserve(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    uint64_t more_mask = state->log_mask, causes_mask = state->log_mask;
    if (state->merges) {
        multi_ring_reserve(self, &state->more, &state->more_capacity, &more_mask, state->first,
                           state->next, sizeof(struct multi_more));
    }
    if (params->order == MULTI_CAUSAL) {
        multi_ring_reserve(self, &state->causes, &state->causes_capacity, &causes_mask,
                           state->first, state->next, replica_count(self) * sizeof(uint64_t));
    }
    multi_ring_reserve(self, &state->log, &state->log_capacity, &state->log_mask, state->first,
                       state->next, sizeof(struct multi_entry));
}

/* Nobody is to get the delta or operation any more. */
static void block_free(struct replica *self, uint64_t position)
{
    const struct multi_state *state = replica_state(self);
    if (state->merges && multi_entry(state, position)->waiting == 0) {
        struct multi_more *more = multi_more(state, position);
        struct content content = {.block = more->block};
        replica_content_free(self, &content);
        more->block = 0;
    }
}

static void note_more(struct replica *self, uint64_t position, const struct content *content)
{
    const struct multi_state *state = replica_state(self);
    struct multi_more *more = multi_more(state, position);
    uint64_t *latest = (uint64_t *)state->latest + multi_entry(state, position)->key;
    *more = (struct multi_more){.earlier = *latest};
    if (content != NULL) {
        more->block = content->block;
        more->form = content->form;
    }
    *latest = position + 1;
}

bool multi_earlier(const struct multi_state *state, uint32_t link, uint64_t position, uint64_t from,
                   uint64_t *earlier)
{
    uint64_t p = multi_more(state, position)->earlier;
    while (p > from && !multi_waits(state, link, p - 1)) {
        p = multi_more(state, p - 1)->earlier;
    }
    *earlier = p - 1;
    return p > from;
}

static void link_full(struct replica *self, uint32_t link)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    if (params->overflow == MULTI_DROP &&
        multi_link(state, link)->waiting >= (uint64_t)params->queue) {
        multi_drop(self, link);
        multi_compare(self, link);
    }
}

uint64_t multi_append(struct replica *self, const struct multi_entry *entry,
                      const struct content *content)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    if (!entry->repair) { /* a repair is bounded by the leaves that are compared
                             at once */
        for (uint32_t l = 0; l < state->link_count; l++) {
            if ((entry->waiting & multi_bit(l)) != 0) {
                link_full(self, l);
            }
        }
    }
    log_reserve(self);
    struct multi_entry *place = multi_entry(state, state->next);
    *place = *entry;
    for (uint32_t l = 0; l < state->link_count; l++) {
        struct multi_link *link = multi_link(state, l);
        if (link->lost && params->order != MULTI_CAUSAL) {
            place->waiting &=
                ~multi_bit(l); /* comparing brings it; others may wait for its place */
        } else if ((entry->waiting & multi_bit(l)) != 0) {
            link->waiting++;
            link->unsent++;
        }
    }
    if (state->merges) {
        note_more(self, state->next, content);
        block_free(self, state->next);
    }
    if (params->order == MULTI_CAUSAL) {
        multi_causes_note(self, state->next);
    }
    return state->next++;
}

void multi_clear(struct replica *self, uint32_t index, uint64_t position)
{
    struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    struct multi_entry *entry = multi_entry(state, position);
    if ((entry->waiting & multi_bit(index)) == 0) {
        return;
    }
    entry->waiting &= ~multi_bit(index);
    CHECK(link->waiting > 0);
    link->waiting--;
    link->unsent -= position >= link->sent ? 1 : 0;
    block_free(self, position);
}

void multi_rewind(struct multi_link *link)
{
    link->sent = link->covered = link->acked;
    link->unsent = link->waiting;
}

void multi_drop(struct replica *self, uint32_t index)
{
    struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    for (uint64_t p = link->acked > state->first ? link->acked : state->first; p < state->next;
         p++) {
        const struct multi_entry *entry = multi_entry(state, p);
        if ((entry->waiting & multi_bit(index)) != 0 && link->local && entry->pending != 0) {
            multi_op_given_up(self, entry->pending);
        }
        multi_clear(self, index, p);
    }
    link->acked = state->next;
    multi_rewind(link);
    multi_trim(state);
}

void multi_trim(struct multi_state *state)
{
    while (state->first < state->durable && multi_entry(state, state->first)->waiting == 0) {
        state->first++;
    }
}

bool multi_full(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    for (uint32_t l = 0; l < state->link_count; l++) {
        const struct multi_link *link = multi_link(state, l);
        if (link->forward && link->waiting >= (uint64_t)params->queue) {
            return true;
        }
    }
    return false;
}

/* What memory had is void: nobody waits for it any more. */
static void void_from(struct replica *self, uint64_t position)
{
    struct multi_state *state = replica_state(self);
    for (uint64_t p = state->first; p < state->next; p++) {
        struct multi_entry *entry = multi_entry(state, p);
        entry->pending = 0;
        for (uint32_t l = 0; p >= position && l < state->link_count; l++) {
            multi_link(state, l)->waiting -= entry->waiting >> l & 1u;
        }
        entry->waiting = p >= position ? 0 : entry->waiting;
        block_free(self, p);
    }
    state->durable = state->next;
}

void multi_log_crashed(struct replica *self)
{
    struct multi_state *state = replica_state(self);
    state->restarts++;
    void_from(self, state->durable);
    for (uint32_t l = 0; l < state->link_count; l++) {
        struct multi_link *link = multi_link(state, l);
        multi_rewind(link);
        multi_held_drop(self, l);
        link->got = link->got_durable;
        link->caused = link->caused < link->got ? link->caused : link->got;
        link->gap_said = link->probing = false;
        link->batch_armed = link->resend_armed = link->compare_armed = false;
        link->doublings = 0;
    }
    multi_trim(state);
}

void multi_log_lost(struct replica *self)
{
    struct multi_state *state = replica_state(self);
    void_from(self, 0);
    state->first = state->next;
    for (uint32_t l = 0; l < state->link_count; l++) {
        struct multi_link *link = multi_link(state, l);
        link->acked = state->next;
        multi_rewind(link);
        link->got = link->got_durable = link->caused = 0;
    }
}

void multi_due_add(struct replica *self, struct multi_due due)
{
    struct multi_state *state = replica_state(self);
    multi_ring_reserve(self, &state->dues, &state->dues_capacity, &state->due_mask,
                       state->due_first, state->due_next, sizeof(struct multi_due));
    struct multi_due *dues = state->dues;
    dues[state->due_next++ & state->due_mask] = due;
}
