#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

#include <string.h>

/*
 * Entries that are more than a version: values that merge, and whatever has causes.
 *
 * States:  what is sent is the state at that moment, once for all entries of the key in the batch:
 *          versions between are skipped. A register has its own version in every entry.
 * Deltas:  those of one key in one batch are joined.
 * Block:   per entry WORDS words (stamp, write, key and bytes, flags and form and words of the
 *          content, its first and its last position), then its causes (order causal), then the row
 *          of positions that a state has in it (exchange operation), then the content.
 * Bytes:   of the content, as its form says; MULTI_ENTRY_BYTES; and for each position of a log that
 *          is not as in the entry before MULTI_POSITION_BYTES.
 */

enum { WORDS = 6, FORM_BITS = 8, COUNT_SHIFT = 32, SLOTS_LEAST = 64 };

static struct multi_slot *slot_at(const struct multi_state *state, uint32_t number)
{
    return (struct multi_slot *)state->slots + number;
}

static bool has_causes(const struct replica *self)
{
    return ((const struct multi_params *)replica_params(self))->order == MULTI_CAUSAL;
}

static bool has_row(const struct multi_state *state, uint8_t form)
{
    return state->form == VALUE_OPERATION && form == VALUE_STATE;
}

/* What the link gets of the entry; a state is empty until the batch is complete. */
static struct content content_of(struct replica *self, const struct multi_link *link,
                                 uint64_t position)
{
    const struct multi_state *state = replica_state(self);
    const struct multi_entry *entry = multi_entry(state, position);
    struct content content = {.version = entry->version, .bytes = entry->bytes};
    if (state->merges) {
        const struct multi_more *more = multi_more(state, position);
        if (more->form == VALUE_STATE || position < link->states_until) {
            content.bytes = replica_content_bytes(self, entry->key);
        } else {
            content.form = more->form;
            content.block = more->block;
        }
    }
    return content;
}

static uint8_t flags_of(const struct multi_state *state, const struct multi_link *link,
                        uint64_t position)
{
    const bool marked = state->merges && position < link->marked_until;
    return multi_entry(state, position)->repair || marked ? MULTI_FLAG_REPAIR : 0;
}

/* What came between two writes that are to become one would be shown after the later of them. */
static bool same_causes(const struct replica *self, uint64_t a, uint64_t b)
{
    return !has_causes(self) || memcmp(multi_causes(self, a), multi_causes(self, b),
                                       replica_count(self) * sizeof(uint64_t)) == 0;
}

/* Joins the delta to one that is in the batch already; false: it needs a place of its own. */
static bool is_there(struct replica *self, const struct multi_link *link, uint64_t position,
                     uint64_t from)
{
    struct multi_state *state = replica_state(self);
    uint64_t earlier = 0;
    if (!state->merges ||
        !multi_earlier(state, state->link_of[link->member], position, from, &earlier)) {
        return false;
    }
    const struct content content = content_of(self, link, position);
    struct multi_slot *slot = slot_at(state, multi_more(state, earlier)->slot);
    if (slot->content.form == VALUE_DELTA && content.form == VALUE_DELTA &&
        same_causes(self, slot->position, position)) {
        if (!slot->own) {
            slot->content = replica_content_copy(self, &slot->content);
            slot->own = true;
        }
        replica_join(self, &slot->content, &content);
        slot->last = position;
    } else if (slot->content.form != VALUE_STATE) {
        return false;
    }
    slot->flags |= flags_of(state, link, position);
    multi_more(state, position)->slot = multi_more(state, earlier)->slot;
    return true;
}

static void slot_add(struct replica *self, const struct multi_link *link, uint64_t position,
                     uint32_t number)
{
    struct multi_state *state = replica_state(self);
    const struct multi_entry *entry = multi_entry(state, position);
    const size_t needed = number < SLOTS_LEAST ? SLOTS_LEAST : (size_t)number + 1;
    replica_grow(self, &state->slots, &state->slots_capacity, needed, sizeof(struct multi_slot));
    *slot_at(state, number) =
        (struct multi_slot){.content = content_of(self, link, position),
                            .position = position,
                            .last = position,
                            .key = entry->key,
                            .flags = (uint8_t)(flags_of(state, link, position) |
                                               (entry->joined ? MULTI_FLAG_JOINED : 0))};
    if (state->merges) {
        multi_more(state, position)->slot = number;
    }
}

/* The state of the key as it is now. */
static void state_fetch(struct replica *self, struct multi_slot *slot)
{
    const struct multi_state *state = replica_state(self);
    if (state->merges && slot->content.form == VALUE_STATE) {
        slot->content = replica_content(self, slot->key);
        slot->own = true;
    }
}

static uint32_t words_needed(const struct replica *self, const struct multi_slot *slot)
{
    const uint32_t members = replica_count(self);
    /* The facade gives the state for writing only; nothing is written here. */
    const struct multi_state *state = replica_state((struct replica *)(uintptr_t)self);
    return WORDS + (has_causes(self) ? members : 0) +
           (has_row(state, slot->content.form) ? members : 0) +
           replica_content_words(self, &slot->content).count;
}

/* Positions that differ from those of the entry before; NULL: there is none. */
static uint32_t positions_bytes(const uint64_t *row, const uint64_t *before, uint32_t count)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += row[i] != (before == NULL ? 0 : before[i]) ? MULTI_POSITION_BYTES : 0;
    }
    return bytes;
}

/* Where the next entry goes; adds to *bytes what positions cost. */
static uint64_t *pack(struct replica *self, const struct multi_slot *slot, uint64_t *to,
                      const uint64_t **causes_before, uint32_t *bytes)
{
    const struct multi_state *state = replica_state(self);
    const struct words words = replica_content_words(self, &slot->content);
    const struct content *content = &slot->content;
    const uint32_t members = replica_count(self);
    to[0] = (uint64_t)content->version.stamp;
    to[1] = content->version.write;
    to[2] = (uint64_t)slot->key << 32 | content->bytes;
    to[3] = (uint64_t)slot->flags | (uint64_t)content->form << FORM_BITS |
            (uint64_t)words.count << COUNT_SHIFT;
    to[4] = slot->position;
    to[5] = slot->last;
    to += WORDS;
    if (has_causes(self)) {
        memcpy(to, multi_causes(self, slot->position), members * sizeof *to);
        *bytes += positions_bytes(to, *causes_before, members);
        *causes_before = to;
        to += members;
    }
    if (has_row(state, content->form)) {
        for (uint32_t member = 0; member < members; member++) {
            to[member] = multi_included(self, slot->key, member);
        }
        *bytes += positions_bytes(to, NULL, members);
        to += members;
    }
    if (words.count > 0) {
        memcpy(to, words.at, words.count * sizeof *to);
    }
    return to + words.count;
}

/* All entries in one message. */
static struct message packed(struct replica *self, uint32_t count)
{
    struct multi_state *state = replica_state(self);
    struct message message = {0};
    const uint64_t *causes = NULL;
    uint32_t words = 0;
    for (uint32_t i = 0; i < count; i++) {
        state_fetch(self, slot_at(state, i));
        words += words_needed(self, slot_at(state, i));
    }
    uint64_t *to = replica_block_new(self, words, &message.block);
    for (uint32_t i = 0; i < count; i++) {
        struct multi_slot *slot = slot_at(state, i);
        message.bytes += slot->content.bytes + MULTI_ENTRY_BYTES;
        to = pack(self, slot, to, &causes, &message.bytes);
        if (slot->own) {
            replica_content_free(self, &slot->content);
        }
    }
    return message;
}

void multi_send_packed(struct replica *self, uint32_t index, uint64_t end)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    uint64_t to = link->sent;
    uint32_t count = 0, bytes = 0;
    bool joined = false; /* a transaction is in one message, however long that gets */
    for (uint64_t p = link->sent; p < end && (joined || bytes < MULTI_BULK_BYTES); p++) {
        const bool within = joined;
        joined = multi_entry(state, p)->joined;
        if (!multi_waits(state, index, p)) {
            continue;
        }
        if (!is_there(self, link, p, link->sent)) {
            if (count >= multi_batch_most(params, link) && !within) {
                break;
            }
            slot_add(self, link, p, count++);
            bytes += slot_at(state, count - 1)->content.bytes + MULTI_ENTRY_BYTES;
        }
        link->unsent--;
        to = p + 1;
    }
    struct message message = packed(self, count);
    message.request = state->restarts;
    message.key = link->restarts;
    message.version = (struct version){.stamp = (int64_t)link->acked, .write = to};
    message.a = link->covered;
    link->sent = link->covered = to;
    replica_send(self, link->member, MULTI_BATCH, message);
}

/* A state that is sent again a moment later because its key has a later entry is not sent now. */
static bool comes_later(const struct replica *self, const struct multi_state *state,
                        const struct multi_link *link, uint64_t end)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_entry *entry = multi_entry(state, link->sent);
    const uint64_t latest = ((const uint64_t *)state->latest)[entry->key];
    return state->form == VALUE_STATE && !params->confirm && entry->pending == 0 &&
           latest > link->sent + 1 && latest <= end &&
           multi_waits(state, state->link_of[link->member], latest - 1);
}

void multi_send_packed_item(struct replica *self, struct multi_link *link, uint64_t end)
{
    const struct multi_state *state = replica_state(self);
    const uint64_t position = link->sent;
    if (comes_later(self, state, link, end)) {
        multi_clear(self, state->link_of[link->member], position);
        link->sent++;
        return;
    }
    struct content content = content_of(self, link, position);
    content = content.form == VALUE_STATE ? replica_content(self, multi_entry(state, position)->key)
                                          : replica_content_copy(self, &content);
    const struct multi_entry *entry = multi_entry(state, position);
    const uint32_t flags = flags_of(state, link, position) | (uint32_t)content.form
                                                                 << MULTI_FLAG_FORM_SHIFT;
    link->sent++;
    link->unsent--;
    replica_send(self, link->member, MULTI_ITEM,
                 (struct message){.key = entry->key,
                                  .bytes = content.bytes + MULTI_ENTRY_BYTES,
                                  .version = content.version,
                                  .operation = content.version.write,
                                  .request = state->restarts,
                                  .a = position,
                                  .block = content.block,
                                  .flag = (uint8_t)flags});
}

struct multi_arrived multi_unpack(const struct replica *self, uint32_t block, uint32_t at)
{
    /* The facade gives the state for writing only; nothing is written here. */
    const struct multi_state *state = replica_state((struct replica *)(uintptr_t)self);
    uint32_t words = 0;
    const uint64_t *entry = replica_block(self, block, &words) + at;
    if (at + WORDS > words) {
        return (struct multi_arrived){0};
    }
    struct multi_arrived arrived = {
        .entry = {.version = {.stamp = (int64_t)entry[0], .write = entry[1]},
                  .key = (uint32_t)(entry[2] >> 32),
                  .bytes = (uint32_t)entry[2]},
        .position = entry[4],
        .last = entry[5],
        .form = (uint8_t)(entry[3] >> FORM_BITS),
        .flags = (uint8_t)entry[3],
        .count = (uint32_t)(entry[3] >> COUNT_SHIFT)};
    uint32_t next = at + WORDS;
    if (has_causes(self)) {
        arrived.causes = next;
        next += replica_count(self);
    }
    if (has_row(state, arrived.form)) {
        arrived.row = next;
        next += replica_count(self);
    }
    arrived.words = next;
    arrived.next = next + arrived.count;
    CHECK(arrived.next <= words);
    return arrived;
}
