/* lease_keeper.c - beside each replica: renews its lease, or races for one; see lease.h. */
#include "models/agents/control.h"
#include "models/failover/conductor_internal.h"
#include "models/failover/lease.h"
#include "sim/check.h"

enum stage {
    FOLLOWS,
    ASKS,     /* how far the others are */
    ACQUIRES, /* an epoch, at the members */
    BACKS_OFF,
    STARTS, /* holds the lease; its machine starts up */
    LEADS   /* holds the lease and has told its replica */
};

struct keeper {
    const struct lease_plan *plan;
    uint32_t member; /* replica */
    enum stage stage;
    uint64_t epoch;           /* of its lease, or of the one it asks for */
    uint64_t granted;         /* the greatest that it has heard of */
    uint32_t request, tries;  /* of the round under way */
    uint32_t kept;            /* the last round that most members granted */
    uint32_t grants, denials; /* of it: bits of the members */
    uint32_t free, own;       /* as last heard: bits of members whose record is free, or its own */
    uint32_t answers;         /* of other replicas */
    bool renewed;             /* in this loop */
    bool behind, resumes, detected;
    uint64_t leader_position;
    sim_ns unheard_ns; /* age of the old leader's last renewal */
    struct timer step, loop, again;
};

/* TOKEN_EXPIRY + request: what that round was granted, if it was, ends. */
enum token { TOKEN_LOOP, TOKEN_RENEW, TOKEN_STEP, TOKEN_EXPIRY };

static uint32_t count_bits(uint32_t bits)
{
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

static bool most(const struct keeper *keeper, uint32_t bits)
{
    return count_bits(bits) > keeper->plan->member_count / 2;
}

static bool holds(const struct keeper *keeper)
{
    return keeper->stage == STARTS || keeper->stage == LEADS;
}

static struct announcer *announcer_of(const struct keeper *keeper)
{
    return &keeper->plan->announcers[keeper->member];
}

static void step_after(struct agent *self, sim_ns delay_ns)
{
    struct keeper *keeper = agent_state(self);
    agent_cancel(self, keeper->step);
    keeper->step = agent_timer(self, delay_ns, TOKEN_STEP);
}

static void tell_members(struct agent *self, enum lease_request what)
{
    struct keeper *keeper = agent_state(self);
    const struct lease_plan *plan = keeper->plan;
    for (uint32_t i = 0; i < plan->member_count; i++) {
        agent_send(self, plan->members[i],
                   (struct message){.kind = CONTROL_LEASE,
                                    .dataset = plan->failover->dataset,
                                    .bytes = FAILOVER_BYTES,
                                    .request = keeper->request,
                                    .version = {.stamp = (int64_t)keeper->epoch},
                                    .a = agent_leader_status(self).position,
                                    .flag = (uint8_t)what});
    }
}

static void new_round(struct keeper *keeper)
{
    keeper->request++;
    keeper->grants = keeper->denials = keeper->answers = 0;
}

/* A round that asks for the lease, which counts from now on. */
static void new_lease(struct agent *self, enum lease_request what)
{
    struct keeper *keeper = agent_state(self);
    new_round(keeper);
    tell_members(self, what);
    agent_timer(self, keeper->plan->times->ttl, (uint64_t)TOKEN_EXPIRY + keeper->request);
}

static void follow(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    agent_cancel(self, keeper->step);
    agent_cancel(self, keeper->again);
    keeper->stage = FOLLOWS;
    announcer_stop(announcer_of(keeper));
}

/* The lease is lost, or can not be renewed. */
static void lose(struct agent *self)
{
    const struct leadership_status status = agent_leader_status(self);
    follow(self);
    if (status.role != LEADERSHIP_FOLLOWER) {
        agent_leader_demote(self, status.epoch);
    }
}

/* The race. */

static bool within_guard(const struct keeper *keeper, const struct leadership_status *status)
{
    const struct scenario_lag_guard *guard = &keeper->plan->failover->config->lag_guard;
    const uint64_t missing =
        keeper->leader_position > status->position ? keeper->leader_position - status->position : 0;
    return (guard->entries < 0 || missing <= (uint64_t)guard->entries) &&
           (guard->time < 0 || missing == 0 ||
            status->behind_ns - keeper->unheard_ns <= guard->time);
}

static void race(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    const struct failover_plan *plan = keeper->plan->failover;
    const struct leadership_status status = agent_leader_status(self);
    if (!keeper->detected) {
        keeper->detected = true;
        plan_step(self, plan, RECORD_STEP_DETECTED, UINT32_MAX, 0);
    }
    if (plan->members[keeper->member].rank == UINT32_MAX) {
        return;
    }
    if (!within_guard(keeper, &status)) {
        plan_step(self, plan, RECORD_STEP_REFUSED, keeper->member, 0);
        keeper->stage = BACKS_OFF;
        step_after(self, plan->config->retry);
        return;
    }
    keeper->stage = ASKS;
    keeper->behind = keeper->resumes = false;
    new_round(keeper);
    for (uint32_t m = 0; m < plan->count; m++) {
        if (m != keeper->member) {
            agent_send(self, plan->members[m].end,
                       (struct message){.kind = CONTROL_STATUS,
                                        .dataset = plan->dataset,
                                        .bytes = FAILOVER_BYTES,
                                        .request = keeper->request});
        }
    }
    step_after(self, plan->count > 1 ? plan->config->ask_timeout : 0);
}

static void acquire(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    const uint64_t known = agent_leader_status(self).epoch;
    keeper->granted = known > keeper->granted ? known : keeper->granted;
    keeper->epoch = ++keeper->granted;
    keeper->stage = ACQUIRES;
    new_lease(self, LEASE_ACQUIRE);
    step_after(self, keeper->plan->failover->config->ask_timeout);
}

/* Lets go what it got, and waits. */
static void back_off(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    tell_members(self, LEASE_RELEASE);
    keeper->stage = BACKS_OFF;
    step_after(self,
               sim_ns_from_double(agent_random(self) * (double)keeper->plan->times->back_off));
}

static void lead(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    keeper->stage = LEADS;
    plan_step(self, keeper->plan->failover, RECORD_STEP_PROMOTED, keeper->member, keeper->epoch);
    agent_leader_promote(self, keeper->epoch);
}

static void won(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    const struct failover_plan *plan = keeper->plan->failover;
    keeper->stage = STARTS;
    keeper->renewed = true;
    plan_step(self, plan, RECORD_STEP_DECIDED, keeper->member, keeper->epoch);
    agent_cancel(self, keeper->loop);
    keeper->loop = agent_timer(self, keeper->plan->times->loop_wait, TOKEN_LOOP);
    step_after(self, keeper->resumes ? 0 : agent_sample_ns(self, plan->promotion));
}

static bool ahead(const struct keeper *keeper, uint32_t other, const struct sidecar_status *theirs,
                  const struct leadership_status *mine)
{
    const struct failover_plan *plan = keeper->plan->failover;
    const uint32_t my_rank = plan->members[keeper->member].rank;
    const uint32_t their_rank = plan->members[other].rank;
    if (theirs->role != LEADERSHIP_FOLLOWER) {
        return theirs->epoch > mine->epoch; /* somebody leads already */
    }
    if (their_rank == UINT32_MAX) {
        return false;
    }
    if ((theirs->last_epoch == 0) != (mine->last_epoch == 0)) {
        return mine->last_epoch == 0; /* an empty one has lost its disk */
    }
    if (plan->config->choose == SCENARIO_CHOOSE_IN_ORDER && their_rank != my_rank) {
        return their_rank < my_rank;
    }
    const int order =
        conductor_compare(theirs->last_epoch, theirs->position, mine->last_epoch, mine->position);
    return order != 0 ? order > 0 : their_rank < my_rank;
}

static void on_status(struct agent *self, const struct message *message)
{
    struct keeper *keeper = agent_state(self);
    const struct failover_plan *plan = keeper->plan->failover;
    const uint32_t other = plan_member_of(plan, message->from);
    if (keeper->stage != ASKS || message->request != keeper->request || other == UINT32_MAX) {
        return;
    }
    const struct sidecar_status theirs = sidecar_status_of(message);
    const struct leadership_status mine = agent_leader_status(self);
    keeper->granted = theirs.epoch > keeper->granted ? theirs.epoch : keeper->granted;
    keeper->behind = keeper->behind || ahead(keeper, other, &theirs, &mine);
    if (++keeper->answers == plan->count - 1) {
        if (keeper->behind) {
            follow(self);
        } else {
            acquire(self);
        }
    }
}

/* Renewal. */

/* Again and again within retry_timeout; the last wait takes what the division left. */
static void renew(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    const sim_ns wait_ns = keeper->plan->times->retry_timeout / CONDUCTOR_ASKS;
    if (keeper->tries++ == CONDUCTOR_ASKS) {
        lose(self);
        return;
    }
    const sim_ns rest_ns = keeper->plan->times->retry_timeout - (CONDUCTOR_ASKS - 1) * wait_ns;
    new_lease(self, LEASE_RENEW);
    keeper->again =
        agent_timer(self, keeper->tries == CONDUCTOR_ASKS ? rest_ns : wait_ns, TOKEN_RENEW);
}

static void look(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    keeper->free = keeper->own = 0;
    new_round(keeper);
    tell_members(self, LEASE_LOOK);
}

static void loop(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    keeper->loop = agent_timer(self, keeper->plan->times->loop_wait, TOKEN_LOOP);
    if (keeper->stage == FOLLOWS) {
        look(self);
    } else if (keeper->stage == LEADS && agent_leader_status(self).role == LEADERSHIP_FOLLOWER) {
        tell_members(self, LEASE_RELEASE); /* its replica follows a higher epoch */
        follow(self);
    } else if (holds(keeper) && keeper->renewed) { /* else it is at it still */
        keeper->renewed = false;
        keeper->tries = 0;
        renew(self);
    }
}

/* Comes to a leader only when its machine stood still: others stop before. */
static void expired(struct agent *self, uint64_t request)
{
    const struct keeper *keeper = agent_state(self);
    if (holds(keeper) && keeper->kept <= request) {
        lose(self);
    }
}

/* What a member says of its record. */
static void heard(struct agent *self, uint32_t voter, const struct message *message)
{
    struct keeper *keeper = agent_state(self);
    const uint32_t bit = UINT32_C(1) << voter;
    keeper->free = message->key == UINT32_MAX ? keeper->free | bit : keeper->free & ~bit;
    keeper->own = message->key == keeper->member ? keeper->own | bit : keeper->own & ~bit;
    if (message->version.write >= keeper->leader_position) {
        keeper->leader_position = message->version.write;
        keeper->unheard_ns = (sim_ns)message->a;
    }
    if (message->key != UINT32_MAX && message->key != keeper->member) {
        keeper->detected = keeper->detected && most(keeper, keeper->free);
    }
    if (keeper->stage != FOLLOWS) {
        return;
    }
    if (most(keeper, keeper->free)) {
        race(self);
    } else if (most(keeper, keeper->own)) {
        acquire(self); /* its lease still, from before a restart */
        keeper->resumes = true;
    }
}

static void granted(struct agent *self, uint32_t voter, const struct message *message)
{
    struct keeper *keeper = agent_state(self);
    const uint32_t before = keeper->grants;
    if (message->flag != 0) {
        keeper->grants |= UINT32_C(1) << voter;
    } else {
        keeper->denials |= UINT32_C(1) << voter;
    }
    const bool all = count_bits(keeper->grants | keeper->denials) == keeper->plan->member_count;
    if (message->type == LEASE_RENEW && holds(keeper)) {
        if (most(keeper, keeper->grants) && !keeper->renewed) {
            keeper->renewed = true;
            keeper->kept = keeper->request;
            agent_cancel(self, keeper->again);
        } else if (most(keeper, keeper->denials)) {
            lose(self);
        }
    } else if (message->type == LEASE_ACQUIRE && keeper->stage == ACQUIRES) {
        if (most(keeper, keeper->grants) && !most(keeper, before)) {
            keeper->kept = keeper->request;
            won(self);
        } else if (most(keeper, keeper->denials) || all) {
            back_off(self);
        }
    }
}

static void on_lease_reply(struct agent *self, const struct message *message)
{
    struct keeper *keeper = agent_state(self);
    uint32_t voter = 0;
    while (voter < keeper->plan->member_count && keeper->plan->members[voter] != message->from) {
        voter++;
    }
    if (voter == keeper->plan->member_count) {
        return;
    }
    const uint64_t epoch = (uint64_t)message->version.stamp;
    keeper->granted = epoch > keeper->granted ? epoch : keeper->granted;
    if (message->type == LEASE_ACQUIRE || message->type == LEASE_RENEW) {
        if (message->request == keeper->request) {
            granted(self, voter, message);
        }
    } else {
        heard(self, voter, message);
    }
}

/* Events. */

static void on_step(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    switch (keeper->stage) {
    case ASKS:
        if (keeper->behind) {
            follow(self);
        } else {
            acquire(self);
        }
        break;
    case ACQUIRES:
        back_off(self);
        break;
    case BACKS_OFF:
        follow(self);
        look(self);
        break;
    case STARTS:
        lead(self);
        break;
    case LEADS:
        announcer_begin(self, announcer_of(keeper), keeper->member, keeper->epoch);
        plan_step(self, keeper->plan->failover, RECORD_STEP_DONE, keeper->member, keeper->epoch);
        break;
    case FOLLOWS:
    default:
        break;
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    const struct keeper *keeper = agent_state(self);
    if (announcer_timer(self, announcer_of(keeper), token)) {
        return;
    }
    if (token == TOKEN_LOOP) {
        loop(self);
    } else if (token == TOKEN_STEP) {
        on_step(self);
    } else if (token >= TOKEN_EXPIRY) {
        expired(self, token - TOKEN_EXPIRY);
    } else if (holds(keeper)) {
        renew(self);
    }
}

static void on_message(struct agent *self, const struct message *message)
{
    const struct keeper *keeper = agent_state(self);
    if (announcer_message(announcer_of(keeper), message)) {
        return;
    }
    if (message->kind == CONTROL_LEASE_REPLY) {
        on_lease_reply(self, message);
    } else if (message->kind == CONTROL_STATUS_REPLY) {
        on_status(self, message);
    }
}

static void on_leadership(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    const struct leadership_status status = agent_leader_status(self);
    if (keeper->stage == LEADS && status.role == LEADERSHIP_LEADER &&
        status.epoch == keeper->epoch && status.epoch > 1) {
        keeper->detected = false;
        step_after(self,
                   keeper->resumes ? 0 : agent_sample_ns(self, keeper->plan->failover->announce));
    } else if (keeper->stage == LEADS && status.role == LEADERSHIP_FOLLOWER) {
        follow(self); /* it follows a higher epoch */
    }
}

/* Loops have phases of their own. */
static void begin(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    const sim_ns phase_ns =
        sim_ns_from_double(agent_random(self) * (double)keeper->plan->times->loop_wait);
    keeper->loop = agent_timer(self, phase_ns, TOKEN_LOOP);
}

static void start(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    keeper->plan = agent_config(self);
    while (keeper->plan->keepers[keeper->member] != agent_end(self)) {
        keeper->member++;
    }
    if (keeper->member == keeper->plan->failover->home) {
        keeper->stage = LEADS;
        keeper->epoch = 1;
        keeper->renewed = true;
        agent_timer(self, keeper->plan->times->ttl, TOKEN_EXPIRY); /* as if it had just won */
    }
    begin(self);
}

static void on_stop(struct agent *self)
{
    struct keeper *keeper = agent_state(self);
    announcer_stop(announcer_of(keeper));
    *keeper =
        (struct keeper){.plan = keeper->plan, .member = keeper->member, .request = keeper->request};
}

/* Looks at once: the lease may still be its own. */
static void on_restart(struct agent *self)
{
    begin(self);
    look(self);
}

const struct agent_ops lease_keeper_ops = {
    .name = "lease keeper",
    .state_bytes = sizeof(struct keeper),
    .start = start,
    .on_message = on_message,
    .on_timer = on_timer,
    .on_stop = on_stop,
    .on_restart = on_restart,
    .on_leadership = on_leadership,
};
