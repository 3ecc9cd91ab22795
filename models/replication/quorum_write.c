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
        replica_pending_release(self, number);
    }
}

/* Unknown to the client: the write may be on some members, and hints bring it to the others. */
void quorum_write_expired(struct replica *self, uint32_t number)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_op *op = replica_pending(self, number);
    bool kept = false;
    for (uint32_t member = 0; member < replica_count(self); member++) {
        if ((op->waiting & quorum_bit(member)) != 0 && member != replica_self(self)) {
            kept = quorum_hint_add(self, member, &op->request, op->version) || kept;
        }
    }
    if (op->phase == QUORUM_OPEN) {
        const bool enough = params->write == LEVEL_ANY && params->w < 0 && kept;
        write_answer(self, op, enough ? RECORD_OK : RECORD_INFO);
    }
    replica_pending_release(self, number);
}

static struct version new_version(struct replica *self, const struct message *request,
                                  sim_ns now_ns)
{
    struct quorum_state *state = replica_state(self);
    state->last_stamp = now_ns > state->last_stamp ? now_ns : state->last_stamp + 1;
    return (struct version){.stamp = state->last_stamp, .write = request->operation};
}

/* Hints for members that are believed down and have no substitute; true when one was kept. */
static bool hint_missing(struct replica *self, const struct quorum_op *op)
{
    const struct quorum_state *state = replica_state(self);
    uint64_t missing = state->all & ~op->asked;
    bool kept = false;
    for (uint32_t member = 0; missing != 0; member++, missing >>= 1) {
        if ((missing & 1) != 0) {
            kept = quorum_hint_add(self, member, &op->request, op->version) || kept;
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
    struct message message = {.key = op->request.key,
                              .bytes = op->request.bytes + QUORUM_WRITE_BYTES,
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
            replica_send(self, target, QUORUM_WRITE, message);
        }
    }
    return own;
}

/* This node's own part: `as` are the members for which it stores. The operation may end here. */
static void write_here(struct replica *self, struct message request, struct version version,
                       uint32_t number, uint64_t as)
{
    if (as == 0) {
        return;
    }
    replica_apply(self, request.key, version, request.bytes);
    for (uint32_t member = 0; as != 0; member++, as >>= 1) {
        if ((as & 1) == 0) {
            continue;
        }
        if (member != replica_self(self)) {
            quorum_hint_add(self, member, &request, version);
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
    const uint64_t own = send_writes(self, op, number) | state->self_bit;
    if (asked != state->all && hint_missing(self, op) && any) {
        write_answer(self, op, RECORD_OK);
    }
    if (asked == 0) { /* nobody is up: only a hint can have answered it */
        if (op->phase == QUORUM_OPEN) {
            write_answer(self, op, RECORD_FAIL);
        }
        replica_pending_release(self, number);
        return;
    }
    quorum_watch_add(self, QUORUM_WATCH_WRITE, number, op->since_ns);
    write_here(self, *request, op->version, number, own);
}

void quorum_on_write(struct replica *self, const struct message *message)
{
    const uint32_t bytes = message->bytes - QUORUM_WRITE_BYTES;
    replica_apply(self, message->key, message->version, bytes);
    if (message->flag != 0 && quorum_owner(message->flag, 0) != replica_self(self)) {
        struct message write = *message;
        write.bytes = bytes;
        quorum_hint_add(self, quorum_owner(message->flag, 0), &write, message->version);
    }
    quorum_stored(self, (struct quorum_due){.member = replica_sender(self, message),
                                            .number = message->request,
                                            .kind = QUORUM_WRITE_ACK,
                                            .flag = message->flag});
}
