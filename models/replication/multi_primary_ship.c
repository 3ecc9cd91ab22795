#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

/*
 * Passing writes on: the sender (multi_primary_take.c receives).
 *
 * Batches: a message says from where to where in the sender's log it reaches and below which
 *          position nothing is missing any more; the receiver takes it when it continues what it
 *          has, acknowledges positions that are on its disk, and says once where it stands when
 *          something is missing.
 * Items:   each is acknowledged by itself; the receiver takes them in any order.
 * Silence: what is not acknowledged is sent again, one message at a time until something is heard.
 */

enum { WORDS = MULTI_PLAIN_WORDS };

static uint64_t shippable(const struct replica *self, const struct multi_state *state)
{
    const struct multi_params *params = replica_params(self);
    return params->ack == MULTI_ACK_MEMORY ? state->next : state->durable;
}

void multi_skip(const struct multi_state *state, uint32_t index, uint64_t end)
{
    struct multi_link *link = multi_link(state, index);
    link->acked = link->acked < state->first ? state->first : link->acked;
    while (link->acked < end && !multi_waits(state, index, link->acked)) {
        link->acked++;
    }
    link->sent = link->sent < link->acked ? link->acked : link->sent;
    link->covered = link->covered < link->acked ? link->acked : link->covered;
    while (link->sent < end && !multi_waits(state, index, link->sent)) {
        link->sent++;
    }
}

static uint8_t entry_flag(const struct multi_entry *entry)
{
    return (uint8_t)((entry->repair ? MULTI_FLAG_REPAIR : 0) |
                     (entry->joined ? MULTI_FLAG_JOINED : 0));
}

static void send_item(struct replica *self, struct multi_link *link)
{
    const struct multi_state *state = replica_state(self);
    const struct multi_entry *entry = multi_entry(state, link->sent);
    replica_send(self, link->member, MULTI_ITEM,
                 (struct message){.key = entry->key,
                                  .bytes = entry->bytes + MULTI_ENTRY_BYTES,
                                  .version = entry->version,
                                  .operation = entry->version.write,
                                  .request = state->restarts,
                                  .a = link->sent,
                                  .flag = entry->repair ? MULTI_FLAG_REPAIR : 0});
    link->sent++;
    link->unsent--;
}

static void send_batch(struct replica *self, uint32_t index, uint64_t end)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    const uint32_t most = multi_batch_most(params, link);
    uint32_t count = 0, bytes = 0;
    uint64_t to = link->sent;
    bool joined = false; /* a transaction is in one message, however long that gets */
    for (uint64_t p = link->sent; p < end && (joined || (count < most && bytes < MULTI_BULK_BYTES));
         p++) {
        joined = multi_entry(state, p)->joined;
        if (multi_waits(state, index, p)) {
            bytes += multi_entry(state, p)->bytes + MULTI_ENTRY_BYTES;
            count++;
            to = p + 1;
        }
    }
    struct message message = {.bytes = bytes,
                              .request = state->restarts,
                              .version = {.stamp = (int64_t)link->acked, .write = to},
                              .a = link->covered};
    uint64_t *words = replica_block_new(self, count * WORDS, &message.block);
    for (; link->sent < to; link->sent++) {
        const struct multi_entry *entry = multi_entry(state, link->sent);
        if (multi_waits(state, index, link->sent)) {
            words[0] = (uint64_t)entry->version.stamp;
            words[1] = entry->version.write;
            words[2] = (uint64_t)entry->key << 32 | entry->bytes;
            words[3] = entry_flag(entry);
            words += WORDS;
        }
    }
    link->unsent -= count;
    link->covered = to;
    replica_send(self, link->member, MULTI_BATCH, message);
}

static sim_ns resend_delay(const struct replica *self, const struct multi_link *link)
{
    const struct multi_params *params = replica_params(self);
    sim_ns delay_ns = params->resend_after;
    for (uint8_t i = 0; i < link->doublings && delay_ns < MULTI_RESEND_MAX_NS; i++) {
        delay_ns *= 2;
    }
    const sim_ns most_ns =
        params->resend_after > MULTI_RESEND_MAX_NS ? params->resend_after : MULTI_RESEND_MAX_NS;
    return delay_ns < most_ns ? delay_ns : most_ns;
}

static void resend_arm(struct replica *self, uint32_t index)
{
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    if (!link->resend_armed && link->waiting > link->unsent) {
        link->resend_armed = true;
        link->progress_then = link->progress;
        replica_timer(self, resend_delay(self, link), multi_token(MULTI_TIMER_RESEND, index));
    }
}

/* A batch that is not full waits for more. */
static bool batch_waits(struct replica *self, uint32_t index)
{
    const struct multi_params *params = replica_params(self);
    struct multi_link *link = multi_link(replica_state(self), index);
    if (params->batch_wait == 0 || link->local || link->unsent >= (uint64_t)params->batch_max) {
        return false;
    }
    if (!link->batch_armed) {
        link->batch_armed = true;
        replica_timer(self, params->batch_wait, multi_token(MULTI_TIMER_BATCH, index));
    }
    return true;
}

static void pump(struct replica *self, uint32_t index, bool waited)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    const uint64_t end = shippable(self, state);
    for (;;) {
        multi_skip(state, index, end);
        const bool in_flight = link->waiting > link->unsent;
        if (link->sent >= end || link->sent - link->acked >= (uint64_t)params->window ||
            (link->probing && in_flight)) {
            break;
        }
        if (params->order == MULTI_ITEMS) {
            if (state->packed) {
                multi_send_packed_item(self, link, end);
            } else {
                send_item(self, link);
            }
        } else if (!waited && !link->probing && batch_waits(self, index)) {
            break;
        } else if (state->packed) {
            multi_send_packed(self, index, end);
        } else {
            send_batch(self, index, end);
        }
    }
    resend_arm(self, index);
}

void multi_pump(struct replica *self, uint32_t link)
{
    pump(self, link, false);
}

void multi_pump_all(struct replica *self)
{
    const struct multi_state *state = replica_state(self);
    for (uint32_t link = 0; link < state->link_count; link++) {
        if (multi_link(state, link)->unsent > 0) {
            pump(self, link, false);
        }
    }
}

void multi_batch_timer(struct replica *self, uint32_t index)
{
    multi_link(replica_state(self), index)->batch_armed = false;
    pump(self, index, true);
}

void multi_resend_timer(struct replica *self, uint32_t index)
{
    struct multi_link *link = multi_link(replica_state(self), index);
    link->resend_armed = false;
    if (link->waiting > link->unsent && link->progress == link->progress_then) {
        link->probing = true;
        link->careful = 1;
        if (link->doublings < UINT8_MAX) {
            link->doublings++;
        }
        multi_rewind(link);
        pump(self, index, true);
    }
    resend_arm(self, index);
}

void multi_on_ack(struct replica *self, const struct message *message)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    const uint32_t index = multi_link_from(self, message);
    struct multi_link *link = multi_link(state, index);
    if (state->packed && !multi_current(self, index, message->request)) {
        return; /* what it had then may be gone, and nothing more would come */
    }
    const bool items = params->order == MULTI_ITEMS;
    const uint64_t from = items ? message->a : link->acked;
    const uint64_t to = items ? message->a + 1 : message->a;
    for (uint64_t p = from < state->first ? state->first : from; p < to && p < state->next; p++) {
        const struct multi_entry *entry = multi_entry(state, p);
        const uint32_t pending = link->local ? entry->pending : 0;
        const bool first = (entry->waiting & multi_bit(index)) != 0;
        const uint32_t key = entry->key;
        const struct version version = entry->version;
        multi_clear(self, index, p);
        if (first && pending != 0) {
            multi_op_copied(self, pending);
        }
        if (first && params->confirm && !state->is_hub) {
            replica_confirmed(self, key, version);
        }
    }
    link->progress++;
    link->probing = false;
    link->careful = link->careful < (uint32_t)params->batch_max ? 2 * link->careful : 0;
    link->doublings = 0;
    if (message->flag == MULTI_FLAG_GAP) {
        multi_rewind(link);
    }
    pump(self, index, false);
    multi_trim(state);
}
