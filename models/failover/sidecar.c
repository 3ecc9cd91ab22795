/* sidecar.c - the process beside each replica; see sidecar.h. */
#include "models/failover/sidecar.h"
#include "models/agents/control.h"
#include "sim/check.h"

/* So many questions are younger than fence_after when three are asked in each. */
enum { GUARD_ROUNDS = 3 };

struct guard_round {
    uint32_t grants, denials; /* bits of the controllers */
    uint64_t epoch;           /* that it asks for */
};

struct guard {                /* only in a guarded plan */
    uint32_t round, approved; /* the newest, and the last that most controllers approved */
    struct guard_round rounds[GUARD_ROUNDS]; /* round modulo their number */
    struct timer next;
};

struct promotion { /* under way; epoch 0: none */
    uint64_t epoch;
    uint32_t from, request;
    bool ready; /* started up: waits for approval only */
};

struct sidecar {
    const struct failover_plan *plan;
    uint32_t member;
    uint64_t fence_epoch; /* on disk: epochs below are refused */
    struct promotion promotion;
    uint64_t asked_epoch; /* of the last promotion that replays or has begun to lead */
    uint32_t asked_from, asked_request;
    struct timer thaw;
    bool handing_over; /* frozen, and not thawed since */
    struct guard guard;
};

/* Tokens of timers; TOKEN_EXPIRY + round: that round's approval ends. */
enum token { TOKEN_READY, TOKEN_THAW, TOKEN_GUARD, TOKEN_BACK, TOKEN_EXPIRY };

/* Status as a message: epochs share a word, 32 bits each. */
struct message sidecar_status_message(const struct sidecar_status *status)
{
    CHECK(status->epoch < INT32_MAX);
    CHECK(status->last_epoch < INT32_MAX);
    return (struct message){
        .kind = CONTROL_STATUS_REPLY,
        .bytes = FAILOVER_BYTES,
        .version = {.stamp = (int64_t)(status->epoch << 32 | status->last_epoch),
                    .write = (uint64_t)status->behind_ns},
        .a = status->position,
        .flag = status->role};
}

struct sidecar_status sidecar_status_of(const struct message *reply)
{
    const uint64_t epochs = (uint64_t)reply->version.stamp;
    return (struct sidecar_status){.role = reply->flag,
                                   .epoch = epochs >> 32,
                                   .last_epoch = epochs & UINT32_MAX,
                                   .position = reply->a,
                                   .behind_ns = (sim_ns)reply->version.write};
}

static bool leads(uint8_t role)
{
    return role != LEADERSHIP_FOLLOWER;
}

/* As the replica says, but a promotion that has begun counts. */
static struct sidecar_status status_of(struct agent *self)
{
    const struct sidecar *sidecar = agent_state(self);
    const struct leadership_status status = agent_leader_status(self);
    struct sidecar_status said = {.role = status.role,
                                  .epoch = status.epoch,
                                  .last_epoch = status.last_epoch,
                                  .position = status.position,
                                  .behind_ns = status.behind_ns};
    if (sidecar->promotion.epoch > said.epoch) {
        said.epoch = sidecar->promotion.epoch;
        said.role = LEADERSHIP_REPLAYING;
    }
    return said;
}

static void tell_status(struct agent *self, uint32_t to, uint32_t request)
{
    const struct sidecar *sidecar = agent_state(self);
    const struct sidecar_status status = status_of(self);
    struct message reply = sidecar_status_message(&status);
    reply.dataset = sidecar->plan->dataset;
    reply.request = request;
    agent_send(self, to, reply);
}

static void answer(struct agent *self, const struct message *message, uint16_t kind, uint8_t flag)
{
    const struct leadership_status status = agent_leader_status(self);
    agent_send(
        self, message->from,
        (struct message){.kind = kind,
                         .dataset = message->dataset,
                         .bytes = FAILOVER_BYTES,
                         .request = message->request,
                         .version = {.stamp = message->version.stamp, .write = status.last_epoch},
                         .a = status.position,
                         .flag = flag});
}

static void tell_promoted(struct agent *self, uint32_t to, uint32_t request, uint64_t epoch,
                          uint8_t flag)
{
    const struct sidecar *sidecar = agent_state(self);
    agent_send(self, to,
               (struct message){.kind = CONTROL_PROMOTED,
                                .dataset = sidecar->plan->dataset,
                                .bytes = FAILOVER_BYTES,
                                .request = request,
                                .version = {.stamp = (int64_t)epoch},
                                .flag = flag});
}

/* Guard. */

static struct guard_round *round_of(struct guard *guard, uint32_t round)
{
    return &guard->rounds[round % GUARD_ROUNDS];
}

/* What is asked for now. */
static uint64_t guarded_epoch(struct guard *guard)
{
    return round_of(guard, guard->round)->epoch;
}

static void guard_ask(struct agent *self, uint64_t epoch)
{
    struct sidecar *sidecar = agent_state(self);
    struct guard *guard = &sidecar->guard;
    const struct failover_plan *plan = sidecar->plan;
    guard->round++;
    *round_of(guard, guard->round) = (struct guard_round){.epoch = epoch};
    for (uint32_t i = 0; i < plan->controller_count; i++) {
        agent_send(self, plan->controllers[i],
                   (struct message){.kind = CONTROL_LEASE,
                                    .dataset = plan->dataset,
                                    .bytes = FAILOVER_BYTES,
                                    .request = guard->round,
                                    .version = {.stamp = (int64_t)epoch},
                                    .flag = LEASE_KEEP});
    }
    agent_cancel(self, guard->next);
    guard->next = agent_timer(self, plan->config->fence_after / GUARD_ROUNDS, TOKEN_GUARD);
    agent_timer(self, plan->config->fence_after, (uint64_t)TOKEN_EXPIRY + guard->round);
}

/* Begins to lead: the replica replays and accepts on its own. */
static void lead(struct agent *self)
{
    struct sidecar *sidecar = agent_state(self);
    const struct promotion promotion = sidecar->promotion;
    sidecar->promotion.epoch = 0;
    sidecar->asked_epoch = promotion.epoch;
    sidecar->asked_from = promotion.from;
    sidecar->asked_request = promotion.request;
    plan_step(self, sidecar->plan, RECORD_STEP_PROMOTED, sidecar->member, promotion.epoch);
    agent_leader_promote(self, promotion.epoch);
}

static void guard_approved(struct agent *self, uint32_t round)
{
    struct sidecar *sidecar = agent_state(self);
    struct guard *guard = &sidecar->guard;
    guard->approved = round > guard->approved ? round : guard->approved;
    if (sidecar->promotion.epoch == guarded_epoch(guard) && sidecar->promotion.ready) {
        lead(self);
    }
}

/* There is a newer epoch. */
static void guard_denied(struct agent *self)
{
    struct sidecar *sidecar = agent_state(self);
    const uint64_t epoch = guarded_epoch(&sidecar->guard);
    const struct promotion promotion = sidecar->promotion;
    const struct leadership_status status = agent_leader_status(self);
    if (promotion.epoch == epoch) {
        sidecar->promotion.epoch = 0;
        tell_promoted(self, promotion.from, promotion.request, promotion.epoch, SIDECAR_REFUSED);
    } else if (leads(status.role) && status.epoch == epoch) {
        agent_leader_demote(self, status.epoch);
    }
}

static uint32_t count_bits(uint32_t bits)
{
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

/* Most have granted it. */
static bool is_granted(const struct sidecar *sidecar, const struct guard_round *round)
{
    return count_bits(round->grants) > sidecar->plan->controller_count / 2;
}

/* So many have granted newer epochs, which they never take back, that most can not grant this one:
 * of an even number that is a half. */
static bool is_denied(const struct sidecar *sidecar, const struct guard_round *round)
{
    return count_bits(round->denials) * 2 >= sidecar->plan->controller_count;
}

/*
 * Whether the answer is to a question that is still young enough, for what is asked for now. A way
 * to the controllers and back may be longer than the time between questions.
 */
static bool is_asked(struct guard *guard, const struct message *message)
{
    const uint32_t age = guard->round - message->request;
    return message->type == LEASE_KEEP && message->request <= guard->round && age < GUARD_ROUNDS &&
           guarded_epoch(guard) != 0 &&
           round_of(guard, message->request)->epoch == guarded_epoch(guard);
}

static void guard_reply(struct agent *self, const struct message *message)
{
    struct sidecar *sidecar = agent_state(self);
    struct guard *guard = &sidecar->guard;
    const uint32_t voter = plan_controller_of(sidecar->plan, message->from);
    if (voter >= 32 || !is_asked(guard, message)) {
        return;
    }
    struct guard_round *round = round_of(guard, message->request);
    const bool before = is_granted(sidecar, round) || is_denied(sidecar, round);
    uint32_t *bits = message->flag != 0 ? &round->grants : &round->denials;
    *bits |= UINT32_C(1) << voter;
    if (before) {
        return;
    }
    if (is_granted(sidecar, round)) {
        guard_approved(self, message->request);
    } else if (is_denied(sidecar, round)) {
        guard_denied(self);
    }
}

/* Time to ask again, as long as there is something to ask for. */
static void guard_again(struct agent *self)
{
    const struct sidecar *sidecar = agent_state(self);
    const struct leadership_status status = agent_leader_status(self);
    if (sidecar->promotion.epoch > 0 && sidecar->promotion.ready) {
        guard_ask(self, sidecar->promotion.epoch);
    } else if (leads(status.role)) {
        guard_ask(self, status.epoch);
    }
}

/* The approval of `round` is as old as it may be. */
static void guard_expired(struct agent *self, uint64_t round)
{
    const struct sidecar *sidecar = agent_state(self);
    const struct leadership_status status = agent_leader_status(self);
    if (sidecar->guard.approved <= round && leads(status.role)) {
        agent_leader_demote(self, status.epoch);
    }
}

/* Orders. */

static void ready(struct agent *self)
{
    struct sidecar *sidecar = agent_state(self);
    if (sidecar->promotion.epoch == 0) {
        return;
    }
    sidecar->promotion.ready = true;
    if (sidecar->plan->guarded) {
        guard_ask(self, sidecar->promotion.epoch);
    } else {
        lead(self);
    }
}

/* `flag`: it was the leader before and only goes on: no start-up. */
static void on_promote(struct agent *self, const struct message *message)
{
    struct sidecar *sidecar = agent_state(self);
    const uint64_t epoch = (uint64_t)message->version.stamp;
    const struct leadership_status status = agent_leader_status(self);
    if (epoch == status.epoch && status.role == LEADERSHIP_LEADER) {
        answer(self, message, CONTROL_PROMOTED, SIDECAR_DONE);
    } else if ((epoch == status.epoch && leads(status.role)) || epoch == sidecar->promotion.epoch) {
        answer(self, message, CONTROL_PROMOTED, SIDECAR_BEGUN);
    } else if (epoch <= status.epoch || epoch < sidecar->fence_epoch ||
               epoch < sidecar->promotion.epoch) {
        answer(self, message, CONTROL_PROMOTED, SIDECAR_REFUSED);
    } else {
        const bool starting = sidecar->promotion.epoch > 0 && !sidecar->promotion.ready;
        sidecar->promotion =
            (struct promotion){.epoch = epoch, .from = message->from, .request = message->request};
        sidecar->fence_epoch = epoch;
        answer(self, message, CONTROL_PROMOTED, SIDECAR_BEGUN);
        if (!starting) { /* else the start-up under way serves this one as well */
            agent_timer(self,
                        message->flag != 0 ? 0 : agent_sample_ns(self, sidecar->plan->promotion),
                        TOKEN_READY);
        }
    }
}

/* `flag`: a planned hand-over, which must find the replica still frozen. */
static void on_demote(struct agent *self, const struct message *message)
{
    struct sidecar *sidecar = agent_state(self);
    const uint64_t epoch = (uint64_t)message->version.stamp;
    const struct leadership_status status = agent_leader_status(self);
    if (epoch < sidecar->fence_epoch || (leads(status.role) && status.epoch >= epoch) ||
        (message->flag != 0 && leads(status.role) && !sidecar->handing_over)) {
        answer(self, message, CONTROL_DEMOTED, SIDECAR_REFUSED);
        return;
    }
    sidecar->fence_epoch = epoch;
    if (sidecar->promotion.epoch < epoch) {
        sidecar->promotion.epoch = 0;
    }
    sidecar->handing_over = false;
    if (leads(status.role)) {
        agent_leader_demote(self, status.epoch);
    }
    answer(self, message, CONTROL_DEMOTED, SIDECAR_DONE);
}

static void thaw(struct agent *self)
{
    struct sidecar *sidecar = agent_state(self);
    if (sidecar->handing_over) {
        sidecar->handing_over = false;
        agent_leader_freeze(self, false);
    }
}

/* `flag` 1: freeze, for at most `a` ns; 0: thaw. */
static void on_freeze(struct agent *self, const struct message *message)
{
    struct sidecar *sidecar = agent_state(self);
    agent_cancel(self, sidecar->thaw);
    if (message->flag == 0) {
        thaw(self);
        return;
    }
    const uint8_t role = agent_leader_status(self).role;
    const bool may = role == LEADERSHIP_LEADER || role == LEADERSHIP_FROZEN;
    if (may) {
        sidecar->handing_over = true;
        agent_leader_freeze(self, true);
        sidecar->thaw = agent_timer(self, (sim_ns)message->a, TOKEN_THAW);
    }
    answer(self, message, CONTROL_FROZEN, may ? SIDECAR_DONE : SIDECAR_REFUSED);
}

/* Those who decide learn of it, again and again until it leads or follows somebody. */
static void back(struct agent *self)
{
    const struct sidecar *sidecar = agent_state(self);
    const struct failover_plan *plan = sidecar->plan;
    const struct leadership_status status = agent_leader_status(self);
    if (leads(status.role) || sidecar->promotion.epoch > 0 ||
        (status.leader != UINT32_MAX && status.leader != sidecar->member)) {
        return;
    }
    for (uint32_t i = 0; i < plan->controller_count; i++) {
        tell_status(self, plan->controllers[i], 0);
    }
    agent_timer(self, plan->config->retry, TOKEN_BACK);
}

static void start(struct agent *self)
{
    struct sidecar *sidecar = agent_state(self);
    sidecar->plan = agent_config(self);
    sidecar->member = plan_member_of(sidecar->plan, agent_end(self));
    CHECK(sidecar->member < sidecar->plan->count);
    if (sidecar->plan->guarded && leads(agent_leader_status(self).role)) {
        agent_timer(self, sidecar->plan->config->fence_after, TOKEN_EXPIRY); /* as if approved */
        guard_again(self);
    }
}

static void on_message(struct agent *self, const struct message *message)
{
    switch (message->kind) {
    case CONTROL_PROBE: {
        const struct sidecar_status status = status_of(self);
        health_answer(self, message, status.position, status.role);
        break;
    }
    case CONTROL_STATUS:
        tell_status(self, message->from, message->request);
        break;
    case CONTROL_PROMOTE:
        on_promote(self, message);
        break;
    case CONTROL_DEMOTE:
        on_demote(self, message);
        break;
    case CONTROL_FREEZE:
        on_freeze(self, message);
        break;
    case CONTROL_LEASE_REPLY:
        guard_reply(self, message);
        break;
    default:
        break;
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    switch (token) {
    case TOKEN_READY:
        ready(self);
        break;
    case TOKEN_THAW:
        thaw(self);
        break;
    case TOKEN_GUARD:
        guard_again(self);
        break;
    case TOKEN_BACK:
        back(self);
        break;
    default:
        guard_expired(self, token - TOKEN_EXPIRY);
        break;
    }
}

static void on_stop(struct agent *self)
{
    struct sidecar *sidecar = agent_state(self);
    *sidecar = (struct sidecar){
        .plan = sidecar->plan,
        .member = sidecar->member,
        .fence_epoch = sidecar->fence_epoch,
        .guard = {.round = sidecar->guard.round, .approved = sidecar->guard.approved}};
}

static void on_leadership(struct agent *self)
{
    const struct sidecar *sidecar = agent_state(self);
    const struct leadership_status status = agent_leader_status(self);
    if (status.role == LEADERSHIP_LEADER && status.epoch == sidecar->asked_epoch) {
        tell_promoted(self, sidecar->asked_from, sidecar->asked_request, status.epoch,
                      SIDECAR_DONE);
    }
}

const struct agent_ops sidecar_ops = {
    .name = "sidecar",
    .state_bytes = sizeof(struct sidecar),
    .start = start,
    .on_message = on_message,
    .on_timer = on_timer,
    .on_stop = on_stop,
    .on_restart = back,
    .on_leadership = on_leadership,
};
