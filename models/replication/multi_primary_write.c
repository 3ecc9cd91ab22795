#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

#include <string.h>

/*
 * A client's write, from its acceptance to its answer, and the disk that it waits for.
 *
 * Wait:    where stamps promise the order of real time, an answer waits until its stamp is past for
 *          sure (commit wait). The write is stored, shown and passed on meanwhile: what is read
 *          before the answer was concurrent with the write, and whoever writes after having seen it
 *          stamps above it (stamp_seen), so that of two writes in the order of real time the
 *          earlier one never wins. Spanner itself shows nothing before the wait is over, as its
 *          readers have no such stamps. Disk, copies and wait overlap.
 * Rights:  of a bounded counter: when they run low here, a member that has some is asked for them,
 *          once for a key until they come or `resend_after` has passed. Passing them on is a write
 *          of that member on its own state, of no client and with no stamp, that goes to all.
 */

/* ---- the answer ---- */

static void op_judge(struct replica *self, uint32_t number, struct multi_op *op)
{
    const struct multi_params *params = replica_params(self);
    if (!op->durable || op->copies < op->needed || op->timed) {
        return;
    }
    if (stamp_wants_interval(&params->stamps)) {
        const struct stamp_clock clock = multi_clock(self);
        const sim_ns wait_ns = stamp_wait_ns(&params->stamps, op->version.stamp, &clock);
        if (wait_ns > 0) {
            op->timed = true;
            replica_timer(self, wait_ns, multi_token(MULTI_TIMER_WAIT, number));
            return;
        }
    }
    replica_reply(self, &op->request, RECORD_OK, op->version);
    replica_pending_release(self, number);
}

/* The clock may be less sure by now, so that it has to wait once more. */
void multi_op_timer(struct replica *self, uint32_t number)
{
    struct multi_op *op = replica_pending(self, number);
    if (op != NULL) {
        op->timed = false;
        op_judge(self, number, op);
    }
}

void multi_op_copied(struct replica *self, uint32_t number)
{
    struct multi_op *op = replica_pending(self, number);
    if (op != NULL) {
        op->copies++;
        op_judge(self, number, op);
    }
}

/* It may or may not survive: its copies were not heard of, and their queue is full. */
void multi_op_given_up(struct replica *self, uint32_t number)
{
    const struct multi_op *op = replica_pending(self, number);
    if (op != NULL) {
        replica_reply(self, &op->request, RECORD_INFO, op->version);
        replica_pending_release(self, number);
    }
}

/* Keys from the request's on that the write is of: more than one in a transaction. */
static uint32_t keys_of(const struct replica *self, const struct message *request)
{
    return !replica_merges(self) && request->a > 1 ? (uint32_t)request->a : 1;
}

static struct version new_version(struct replica *self, const struct message *request)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    const uint32_t own = replica_self(self);
    struct version version = {.write = request->operation};
    const struct stamp_clock clock = multi_clock(self);
    version.stamp = stamp_next(&params->stamps, &state->stamps, &clock, own);
    for (uint32_t i = 0; params->after_stored && i < keys_of(self, request); i++) {
        const struct version stored = replica_read(self, request->key + i);
        if (stored.write != 0 && stored.stamp >= version.stamp) {
            version.stamp = stamp_join(stamp_time(stored.stamp) + 1, own);
        }
    }
    return version;
}

/* Copies of the region that writes are passed on to: not those whose queue has been dropped. */
static uint32_t copies_followed(const struct multi_state *state)
{
    uint32_t copies = 0;
    for (uint32_t l = 0; l < state->link_count; l++) {
        const struct multi_link *link = multi_link(state, l);
        copies += link->local && !link->lost ? 1 : 0;
    }
    return copies;
}

/* ---- rights ---- */

static uint64_t *asked_until(struct replica *self, uint32_t key)
{
    struct multi_state *state = replica_state(self);
    if (state->asked == NULL) {
        const size_t keys = replica_key_count(self);
        replica_grow(self, &state->asked, &state->asked_capacity, keys, sizeof(uint64_t));
        memset(state->asked, 0, keys * sizeof(uint64_t));
    }
    return (uint64_t *)state->asked + key;
}

static void ask_for_rights(struct replica *self, uint32_t key)
{
    const struct multi_params *params = replica_params(self);
    struct replica_wish wish;
    if (!replica_merges(self) || !replica_wants(self, key, &wish) ||
        wish.member == replica_self(self)) {
        return;
    }
    uint64_t *until = asked_until(self, key);
    const sim_ns now_ns = replica_clock(self);
    if (now_ns >= (sim_ns)*until) {
        *until = (uint64_t)(now_ns + params->resend_after);
        replica_send(self, wish.member, MULTI_RIGHTS,
                     (struct message){.key = key,
                                      .a = (uint64_t)wish.amount,
                                      .request = wish.actor,
                                      .bytes = MULTI_RIGHTS_BYTES});
    }
}

void multi_rights_came(struct replica *self, uint32_t key)
{
    const struct multi_state *state = replica_state(self);
    if (state->asked != NULL) {
        *asked_until(self, key) = 0;
    }
}

/* ---- a write ---- */

/* Puts in the log what came of a write here. */
static void write_append(struct replica *self, struct multi_entry *entry,
                         const struct content *content)
{
    const struct multi_state *state = replica_state(self);
    entry->waiting = state->forward;
    entry->bytes = content->bytes;
    const uint64_t position = multi_append(self, entry, content);
    if (state->form == VALUE_OPERATION) {
        multi_include(self, entry->key, replica_self(self), position + 1);
    }
}

void multi_on_rights(struct replica *self, const struct message *message)
{
    const struct multi_state *state = replica_state(self);
    const uint32_t most = message->a < UINT32_MAX ? (uint32_t)message->a : UINT32_MAX;
    const struct message request = {.key = message->key,
                                    .type = RECORD_WRITE,
                                    .a =
                                        value_request_pack(VALUE_TRANSFER, message->request, most)};
    struct multi_entry entry = {.key = message->key};
    struct content content;
    if (replica_perform(self, &request, entry.version, state->form, &content) == RECORD_OK) {
        write_append(self, &entry, &content);
        multi_stored(self);
        multi_pump_all(self);
    }
}

static bool refused(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    return (params->overflow == MULTI_REFUSE && multi_full(self)) ||
           (params->ack == MULTI_ACK_LOCAL_QUORUM && copies_followed(state) < state->local_needed);
}

/*
 * Does it here; of a transaction of registers, none of which is ever refused, all keys. When a
 * later stamp is there already, a register's write is lost; it is passed on all the same.
 */
static enum record_outcome perform(struct replica *self, const struct message *request,
                                   struct version version, struct content *content)
{
    const struct multi_state *state = replica_state(self);
    const uint32_t keys = keys_of(self, request);
    if (keys == 1) {
        return replica_perform(self, request, version, state->form, content);
    }
    struct message one = *request;
    one.bytes = request->bytes / keys;
    for (uint32_t i = 0; i < keys; i++) {
        one.key = request->key + i;
        replica_perform(self, &one, version, state->form, content);
    }
    return RECORD_OK;
}

/* One entry for each key; the answer waits for the last one, which follows the others. */
static void append_all(struct replica *self, const struct message *request,
                       struct multi_entry entry, const struct content *content)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    const uint32_t keys = keys_of(self, request), pending = entry.pending;
    for (uint32_t i = 0; i < keys; i++) {
        entry.key = request->key + i;
        entry.joined = i + 1 < keys;
        entry.pending = entry.joined ? 0 : pending;
        write_append(self, &entry, content);
        if (params->confirm && state->is_hub) {
            replica_confirmed(self, entry.key, entry.version);
        }
    }
}

void multi_on_write(struct replica *self, const struct message *request)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    struct multi_entry entry = {.key = request->key};
    struct content content;
    if (refused(self)) {
        replica_reply(self, request, RECORD_FAIL, (struct version){0});
        return;
    }
    entry.version = new_version(self, request);
    const enum record_outcome done = perform(self, request, entry.version, &content);
    ask_for_rights(self, request->key);
    if (done != RECORD_OK) {
        replica_reject(self, request);
        return;
    }
    if (params->ack == MULTI_ACK_MEMORY && !stamp_wants_interval(&params->stamps)) {
        replica_reply(self, request, RECORD_OK, entry.version);
    } else {
        struct multi_op *op = replica_pending_new(self, &entry.pending);
        op->request = *request;
        op->version = entry.version;
        op->needed = params->ack == MULTI_ACK_LOCAL_QUORUM ? state->local_needed : 0;
        op->durable = params->ack == MULTI_ACK_MEMORY;
    }
    append_all(self, request, entry, &content);
    multi_stored(self);
    multi_pump_all(self);
    struct multi_op *op = replica_pending(self, entry.pending);
    if (op != NULL && params->ack == MULTI_ACK_MEMORY) {
        op_judge(self, entry.pending, op);
    }
}

/* ---- the disk ---- */

/* All before `log` and `due` is on disk. */
static void on_disk(struct replica *self, uint64_t log, uint64_t due)
{
    struct multi_state *state = replica_state(self);
    while (state->durable < log) {
        const uint32_t number = multi_entry(state, state->durable++)->pending;
        struct multi_op *op = replica_pending(self, number);
        if (op != NULL) {
            op->durable = true;
            op_judge(self, number, op);
        }
    }
    while (state->due_first < due) {
        const struct multi_due *dues = state->dues;
        multi_acknowledge(self, dues[state->due_first++ & state->due_mask]);
    }
    multi_trim(state);
}

static void sync(struct replica *self)
{
    struct multi_state *state = replica_state(self);
    if (!state->syncing && (state->durable < state->next || state->due_first < state->due_next)) {
        state->syncing = true;
        state->sync_log = state->next;
        state->sync_due = state->due_next;
        state->sync_undo = state->undo_next;
        replica_persist(self, 0);
    }
}

void multi_stored(struct replica *self)
{
    const struct multi_state *state = replica_state(self);
    if (replica_has_disk(self)) {
        sync(self);
    } else {
        on_disk(self, state->next, state->due_next);
    }
}

void multi_synced(struct replica *self)
{
    struct multi_state *state = replica_state(self);
    CHECK(state->syncing);
    state->syncing = false;
    multi_included_durable(state, state->sync_undo);
    on_disk(self, state->sync_log, state->sync_due);
    sync(self);
}
