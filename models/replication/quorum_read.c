#include "models/replication/quorum_internal.h"
#include "sim/check.h"

static void read_answer(struct replica *self, struct quorum_op *op)
{
    op->phase = QUORUM_ANSWERED;
    if (op->held != 0) {
        replica_answer(self, &op->request, quorum_held_by(self, op));
    } else {
        replica_reply(self, &op->request, RECORD_OK, op->version);
    }
}

static struct content result_of(struct replica *self, const struct quorum_op *op)
{
    return op->held != 0 ? *quorum_held_by(self, op)
                         : (struct content){.version = op->version, .bytes = op->value_bytes};
}

static void repair_here(struct replica *self, uint32_t key, const struct content *content)
{
    if (content->block == 0) {
        replica_apply(self, key, content->version, content->bytes);
    } else {
        replica_take(self, key, content);
    }
}

/* Writes the result to the members in `stale`; a reader waits for them when `waits`. */
static void send_repairs(struct replica *self, const struct quorum_op *op, uint32_t number,
                         uint64_t stale, bool waits)
{
    const struct content content = result_of(self, op);
    struct message repair = {.key = op->request.key,
                             .bytes = content.bytes + QUORUM_WRITE_BYTES,
                             .request = number,
                             .version = content.version,
                             .operation = op->request.operation,
                             .flag = waits ? 1 : 0};
    const uint32_t key = op->request.key;
    for (uint32_t member = 0; stale != 0; member++, stale >>= 1) {
        if ((stale & 1) != 0 && member != replica_self(self)) {
            repair.block = content.block != 0 ? replica_content_copy(self, &content).block : 0;
            replica_send(self, member, QUORUM_REPAIR, repair);
        } else if ((stale & 1) != 0) {
            repair_here(self, key, &content);
            quorum_stored(self, (struct quorum_due){.member = member,
                                                    .number = number,
                                                    .kind = waits ? QUORUM_REPAIR_ACK
                                                                  : QUORUM_MESSAGE_COUNT});
        }
    }
}

/* Members that answered with an older version; substitutes are left alone. */
static uint64_t stale_members(const struct quorum_op *op)
{
    return op->asked & ~op->waiting & ~op->fresh & ~op->substituted;
}

static void read_end(struct replica *self, uint32_t number)
{
    const struct quorum_params *params = replica_params(self);
    const struct quorum_op *op = replica_pending(self, number);
    if (params->read_repair == QUORUM_REPAIR_BACKGROUND) {
        send_repairs(self, op, number, stale_members(op), false);
    }
    quorum_op_end(self, number);
}

/* Enough have answered: the newest of their versions is the result. */
static void read_conclude(struct replica *self, struct quorum_op *op, uint32_t number)
{
    const struct quorum_params *params = replica_params(self);
    const uint64_t stale = stale_members(op);
    if (params->read_repair == QUORUM_REPAIR_BLOCKING && stale != 0) {
        op->phase = QUORUM_REPAIRING;
        op->waiting = stale;
        send_repairs(self, op, number, stale, true);
        return;
    }
    read_answer(self, op);
    if (params->read_repair != QUORUM_REPAIR_BACKGROUND || op->waiting == 0) {
        read_end(self, number);
    }
}

static struct content stored_content(struct replica *self, uint32_t key)
{
    const struct quorum_state *state = replica_state(self);
    return state->merges ? replica_content(self, key)
                         : (struct content){.version = replica_read(self, key),
                                            .bytes = replica_value_bytes(self, key)};
}

/* The newer version counts. */
static void compare(struct quorum_op *op, uint64_t bit, const struct content *answer)
{
    if (op->fresh == 0 || version_newer(answer->version, op->version)) {
        op->version = answer->version;
        op->value_bytes = answer->bytes;
        op->fresh = bit;
    } else if (version_equal(answer->version, op->version)) {
        op->fresh |= bit;
    }
}

/*
 * All that merges counts. Who is fresh has answered with the join as it is now: nobody, when two
 * answers had something that the other had not.
 */
static void join(struct replica *self, struct quorum_op *op, uint64_t bit,
                 const struct content *answer)
{
    if (op->held == 0) {
        quorum_hold(self, op, replica_content_copy(self, answer));
        op->fresh = bit;
        return;
    }
    struct content *held = quorum_held_by(self, op);
    const uint64_t digest = replica_content_digest(self, answer);
    const uint64_t before = replica_content_digest(self, held);
    if (digest == before) {
        op->fresh |= bit;
        return;
    }
    replica_join(self, held, answer);
    const uint64_t after = replica_content_digest(self, held);
    if (after != before) {
        op->fresh = after == digest ? bit : 0;
    }
}

static void read_answered(struct replica *self, uint32_t number, uint32_t owner,
                          const struct content *answer)
{
    const struct quorum_state *state = replica_state(self);
    struct quorum_op *op = replica_pending(self, number);
    const uint64_t bit = quorum_bit(owner);
    if (op == NULL || op->phase == QUORUM_REPAIRING || (op->waiting & bit) == 0) {
        return;
    }
    op->waiting &= ~bit;
    if (state->merges) {
        join(self, op, bit, answer);
    } else {
        compare(op, bit, answer);
    }
    if (op->phase == QUORUM_OPEN) {
        if (level_holds(&state->read_rules, op->asked & ~op->waiting)) {
            read_conclude(self, op, number);
        }
    } else if (op->waiting == 0) {
        read_end(self, number);
    }
}

void quorum_repaired(struct replica *self, uint32_t number, uint32_t member)
{
    struct quorum_op *op = replica_pending(self, number);
    if (op == NULL || op->phase != QUORUM_REPAIRING || (op->waiting & quorum_bit(member)) == 0) {
        return;
    }
    op->waiting &= ~quorum_bit(member);
    if (op->waiting == 0) {
        read_answer(self, op);
        quorum_op_end(self, number);
    }
}

/* A read has no effect: one that runs out of time has certainly failed. */
void quorum_read_expired(struct replica *self, uint32_t number)
{
    struct quorum_op *op = replica_pending(self, number);
    if (op->phase == QUORUM_ANSWERED) {
        read_end(self, number);
        return;
    }
    replica_reply(self, &op->request, RECORD_FAIL, (struct version){0});
    quorum_op_end(self, number);
}

/* The nearest of `from` that fulfil the level, besides those already chosen. */
static uint64_t nearest_needed(const struct replica *self, const struct level_rules *level,
                               uint64_t from, uint64_t chosen)
{
    const uint32_t *nearest = replica_nearest(self);
    const uint32_t count = replica_count(self);
    for (uint32_t r = 0; r < level->count; r++) {
        const struct level_rule *rule = &level->rules[r];
        uint32_t have = level_bits(chosen & rule->mask);
        for (uint32_t i = 0; i < count && have < rule->need; i++) {
            const uint64_t bit = quorum_bit(nearest[i]);
            if ((bit & rule->mask & from & ~chosen) != 0) {
                chosen |= bit;
                have++;
            }
        }
    }
    return chosen;
}

static struct message question(const struct quorum_op *op, uint32_t number)
{
    return (struct message){.key = op->request.key,
                            .bytes = QUORUM_READ_BYTES,
                            .request = number,
                            .operation = op->request.operation,
                            .a = op->request.a};
}

/* This node's own answers: for itself, or for members that it stands in for. */
static void answer_here(struct replica *self, uint32_t key, uint32_t number, uint64_t as)
{
    if (as == 0) {
        return;
    }
    struct content content = stored_content(self, key);
    for (uint32_t member = 0; as != 0; member++, as >>= 1) {
        if ((as & 1) != 0) {
            read_answered(self, number, member, &content);
        }
    }
    if (content.block != 0) {
        replica_content_free(self, &content);
    }
}

/* Asks a node that stands in for the member; true when this node is the one. */
static bool ask_substitute(struct replica *self, struct message message, uint32_t member)
{
    const uint32_t target = quorum_target(self, member);
    if (target == replica_self(self)) {
        return true;
    }
    message.flag = quorum_flag_for(member);
    replica_send(self, target, QUORUM_READ, message);
    return false;
}

/* Returns the members for which this node has the answer itself. */
static uint64_t ask_all(struct replica *self, const struct quorum_op *op, uint32_t number)
{
    const struct quorum_state *state = replica_state(self);
    const uint32_t *nearest = replica_nearest(self);
    const uint32_t count = replica_count(self);
    const uint64_t asked = op->asked & ~state->self_bit, substituted = op->substituted;
    const struct message message = question(op, number);
    uint64_t own = op->asked & state->self_bit;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t bit = quorum_bit(nearest[i]);
        if ((asked & bit & ~substituted) != 0) {
            replica_send(self, nearest[i], QUORUM_READ, message);
        } else if ((asked & bit) != 0 && ask_substitute(self, message, nearest[i])) {
            own |= bit;
        }
    }
    return own;
}

void quorum_read_begin(struct replica *self, const struct message *request)
{
    const struct quorum_params *params = replica_params(self);
    const struct quorum_state *state = replica_state(self);
    const struct level_rules *level = &state->read_rules;
    const uint64_t substituted =
        params->sloppy && state->live != state->all ? quorum_substituted(self) : 0;
    uint64_t asked = state->live | substituted;
    if (!level_holds(level, asked)) {
        replica_reply(self, request, RECORD_FAIL, (struct version){0});
        return;
    }
    if (params->read_from == QUORUM_FROM_NEEDED) {
        asked = nearest_needed(self, level, state->live, 0);
        asked = nearest_needed(self, level, substituted, asked);
    }
    if (asked == state->self_bit) {
        replica_reply(self, request, RECORD_OK, replica_read(self, request->key));
        return;
    }
    uint32_t number = 0;
    struct quorum_op *op = replica_pending_new(self, &number);
    op->request = *request;
    op->since_ns = replica_clock(self);
    op->asked = op->waiting = asked;
    op->substituted = substituted & asked;
    const uint64_t own = ask_all(self, op, number);
    quorum_watch_add(self, QUORUM_WATCH_READ, number, op->since_ns);
    if (params->speculate_after >= 0 && params->read_from == QUORUM_FROM_NEEDED) {
        quorum_watch_add(self, QUORUM_WATCH_SPECULATE, number, op->since_ns);
    }
    answer_here(self, request->key, number, own);
}

/* One further member, the nearest that would help, is asked too. */
void quorum_read_speculate(struct replica *self, uint32_t number)
{
    const struct quorum_state *state = replica_state(self);
    const struct level_rules *level = &state->read_rules;
    struct quorum_op *op = replica_pending(self, number);
    if (op->phase != QUORUM_OPEN) {
        return;
    }
    const uint32_t *nearest = replica_nearest(self);
    const uint64_t answered = op->asked & ~op->waiting;
    uint64_t helpful = 0;
    for (uint32_t r = 0; r < level->count; r++) {
        if (level_bits(answered & level->rules[r].mask) < level->rules[r].need) {
            helpful |= level->rules[r].mask;
        }
    }
    for (uint32_t i = 0; i < replica_count(self); i++) {
        const uint64_t bit = quorum_bit(nearest[i]);
        if ((bit & helpful & state->live & ~op->asked) != 0) {
            op->asked |= bit;
            op->waiting |= bit;
            replica_send(self, nearest[i], QUORUM_READ, question(op, number));
            return;
        }
    }
}

void quorum_on_read(struct replica *self, const struct message *message)
{
    const struct content content = stored_content(self, message->key);
    const uint64_t keys = message->a > 1 ? message->a : 1;
    const uint64_t all_bytes = content.bytes * keys + QUORUM_READ_BYTES;
    replica_send(self, replica_sender(self, message), QUORUM_READ_ANSWER,
                 (struct message){.key = message->key,
                                  .bytes = all_bytes < INT32_MAX ? (uint32_t)all_bytes : INT32_MAX,
                                  .request = message->request,
                                  .version = content.version,
                                  .operation = message->operation,
                                  .a = content.bytes,
                                  .block = content.block,
                                  .flag = message->flag});
}

void quorum_on_read_answer(struct replica *self, const struct message *message)
{
    const uint32_t owner = quorum_owner(message->flag, replica_sender(self, message));
    const struct content answer = {
        .version = message->version, .bytes = (uint32_t)message->a, .block = message->block};
    read_answered(self, message->request, owner, &answer);
}

void quorum_on_repair(struct replica *self, const struct message *message)
{
    const struct content content = {.version = message->version,
                                    .bytes = message->bytes - QUORUM_WRITE_BYTES,
                                    .block = message->block};
    repair_here(self, message->key, &content);
    quorum_rights_came(self, message->key);
    quorum_stored(self, (struct quorum_due){.member = replica_sender(self, message),
                                            .number = message->request,
                                            .kind = message->flag != 0 ? QUORUM_REPAIR_ACK
                                                                       : QUORUM_MESSAGE_COUNT});
}
