#include "models/replication/quorum_internal.h"
#include "sim/check.h"

static void write_answer(struct replica *self, struct quorum_op *op, enum record_outcome outcome)
{
    op->phase = QUORUM_ANSWERED;
    replica_reply(self, &op->request, outcome, op->version);
}

void quorum_write_acked(struct replica *self, uint32_t number, uint32_t owner)
{
    const struct quorum_state *state = replica_state(self);
    struct quorum_op *op = replica_pending(self, number);
    if (op == NULL || (op->waiting & quorum_bit(owner)) == 0) {
        return; /* too late, or the network brought it twice */
    }
    op->waiting &= ~quorum_bit(owner);
    if (op->phase == QUORUM_OPEN && level_holds(&state->write_rules, op->asked & ~op->waiting)) {
        write_answer(self, op, RECORD_OK);
    }
    if (op->waiting == 0) {
        CHECK(op->phase == QUORUM_ANSWERED);
        quorum_op_end(self, number);
    }
}

/* What the copies are given. */
static struct content content_of(struct replica *self, const struct quorum_op *op)
{
    return op->held != 0 ? *quorum_held_by(self, op)
                         : (struct content){.version = op->version, .bytes = op->request.bytes};
}

/* Unknown to the client: the write may be on some members, and hints bring it to the others. */
void quorum_write_expired(struct replica *self, uint32_t number)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_op *op = replica_pending(self, number);
    const struct content content = content_of(self, op);
    bool kept = false;
    for (uint32_t member = 0; member < replica_count(self); member++) {
        if ((op->waiting & quorum_bit(member)) != 0 && member != replica_self(self)) {
            kept = quorum_hint_add(self, member, op->request.key, &content) || kept;
        }
    }
    if (op->phase == QUORUM_OPEN) {
        const bool enough = params->write == LEVEL_ANY && params->w < 0 && kept;
        write_answer(self, op, enough ? RECORD_OK : RECORD_INFO);
    }
    quorum_op_end(self, number);
}

static struct version new_version(struct replica *self, const struct message *request,
                                  sim_ns now_ns)
{
    struct quorum_state *state = replica_state(self);
    state->last_stamp = now_ns > state->last_stamp ? now_ns : state->last_stamp + 1;
    return (struct version){.stamp = state->last_stamp, .write = request->operation};
}

/* Does the write here, and takes what the copies are to get; false: the type refuses it. */
static bool perform(struct replica *self, struct quorum_op *op, const struct message *request)
{
    const struct quorum_params *params = replica_params(self);
    const uint8_t form = (uint8_t)params->exchange;
    struct content content = {0};
    const bool done = replica_perform(self, request, op->version, form, &content) == RECORD_OK;
    quorum_rights_ask(self, request->key);
    if (!done) {
        return false;
    }
    quorum_hold(self, op, form == VALUE_STATE ? replica_content(self, request->key) : content);
    return true;
}

/* Hints for members that are believed down and have no substitute; true when one was kept. */
static bool hint_missing(struct replica *self, const struct quorum_op *op)
{
    const struct quorum_state *state = replica_state(self);
    const struct content content = content_of(self, op);
    uint64_t missing = state->all & ~op->asked;
    bool kept = false;
    for (uint32_t member = 0; missing != 0; member++, missing >>= 1) {
        if ((missing & 1) != 0) {
            kept = quorum_hint_add(self, member, op->request.key, &content) || kept;
        }
    }
    return kept;
}

/* Returns the members for which this node is itself the substitute. */
static uint64_t send_writes(struct replica *self, const struct quorum_op *op, uint32_t number)
{
    const struct quorum_state *state = replica_state(self);
    const uint32_t *nearest = replica_nearest(self);
    const uint32_t count = replica_count(self);
    const struct content content = content_of(self, op);
    struct message message = {.key = op->request.key,
                              .bytes = content.bytes + QUORUM_WRITE_BYTES,
                              .request = number,
                              .version = op->version,
                              .operation = op->request.operation};
    uint64_t own = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t bit = quorum_bit(nearest[i]);
        if ((op->asked & bit & ~state->self_bit) == 0) {
            continue;
        }
        message.flag = 0;
        uint32_t target = nearest[i];
        if ((op->substituted & bit) != 0) {
            message.flag = quorum_flag_for(nearest[i]);
            target = quorum_target(self, nearest[i]);
        }
        if (target == replica_self(self)) {
            own |= bit;
        } else {
            message.block = content.block != 0 ? replica_content_copy(self, &content).block : 0;
            replica_send(self, target, QUORUM_WRITE, message);
        }
    }
    return own;
}

/* This node's own part: `as` are the members for which it stores. The operation may end here. */
static void write_here(struct replica *self, const struct quorum_op *op, uint32_t number,
                       uint64_t as)
{
    if (as == 0) {
        return;
    }
    const struct content content = content_of(self, op);
    const uint32_t key = op->request.key;
    if (op->held == 0) { /* what merges has been performed here */
        replica_apply(self, key, content.version, content.bytes);
    }
    for (uint32_t member = 0; as != 0; member++, as >>= 1) {
        if ((as & 1) == 0) {
            continue;
        }
        if (member != replica_self(self)) {
            quorum_hint_add(self, member, key, &content);
        }
        quorum_stored(self, (struct quorum_due){.member = replica_self(self),
                                                .number = number,
                                                .kind = QUORUM_WRITE_ACK,
                                                .flag = quorum_flag_for(member)});
    }
}

void quorum_write_begin(struct replica *self, const struct message *request)
{
    const struct quorum_params *params = replica_params(self);
    const struct quorum_state *state = replica_state(self);
    const uint64_t substituted =
        params->sloppy && state->live != state->all ? quorum_substituted(self) : 0;
    const uint64_t asked = state->live | substituted;
    const bool any = params->write == LEVEL_ANY && params->w < 0;
    if (!level_holds(&state->write_rules, asked) && !(any && params->hints)) {
        replica_reply(self, request, RECORD_FAIL, (struct version){0});
        return;
    }
    uint32_t number = 0;
    struct quorum_op *op = replica_pending_new(self, &number);
    op->request = *request;
    op->since_ns = replica_clock(self);
    op->version = new_version(self, request, op->since_ns);
    op->asked = op->waiting = asked;
    op->substituted = substituted;
    if (state->merges && !perform(self, op, request)) {
        replica_pending_release(self, number);
        replica_reject(self, request);
        return;
    }
    const uint64_t own = send_writes(self, op, number) | state->self_bit;
    if (asked != state->all && hint_missing(self, op) && any) {
        write_answer(self, op, RECORD_OK);
    }
    if (asked == 0) { /* nobody is up: only a hint can have answered it */
        if (op->phase == QUORUM_OPEN) {
            write_answer(self, op, RECORD_FAIL);
        }
        quorum_op_end(self, number);
        return;
    }
    quorum_watch_add(self, QUORUM_WATCH_WRITE, number, op->since_ns);
    write_here(self, op, number, own);
}

void quorum_on_write(struct replica *self, const struct message *message)
{
    const struct quorum_params *params = replica_params(self);
    struct content content = {.version = message->version,
                              .bytes = message->bytes - QUORUM_WRITE_BYTES,
                              .block = message->block};
    if (content.block == 0) {
        replica_apply(self, message->key, content.version, content.bytes);
    } else {
        content.form = (uint8_t)params->exchange;
        replica_take(self, message->key, &content);
    }
    if (message->flag != 0 && quorum_owner(message->flag, 0) != replica_self(self)) {
        quorum_hint_add(self, quorum_owner(message->flag, 0), message->key, &content);
    }
    quorum_stored(self, (struct quorum_due){.member = replica_sender(self, message),
                                            .number = message->request,
                                            .kind = QUORUM_WRITE_ACK,
                                            .flag = message->flag});
}
