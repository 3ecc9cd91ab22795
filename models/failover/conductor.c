/* conductor.c - moves the leadership of a dataset; see conductor.h. */
#include "models/failover/conductor.h"
#include "models/agents/control.h"
#include "models/failover/conductor_internal.h"
#include "sim/check.h"

struct conductor *conductor_create(const struct failover_plan *plan,
                                   const struct conductor_ops *ops)
{
    struct conductor *conductor = arena_alloc(plan->arena, 1, sizeof *conductor);
    *conductor = (struct conductor){
        .plan = plan,
        .ops = ops,
        .leader = plan->home,
        .leader_epoch = 1,
        .granted = 1,
        .answers = arena_alloc(plan->arena, plan->count, sizeof(struct conductor_answer))};
    announcer_init(&conductor->announcer, plan);
    return conductor;
}

void conductor_forget(struct conductor *conductor)
{
    conductor->detected = false;
    conductor->phase = CONDUCTOR_IDLE;
    conductor->generation++;
}

/* What it promoted may lead since its power went, or was away: nobody else says so. */
static bool announce_own(struct agent *self, struct conductor *conductor)
{
    if (conductor->leader_epoch != conductor->ordered ||
        conductor->leader_epoch <= conductor->announcer.epoch) {
        return false;
    }
    announcer_begin(self, &conductor->announcer, conductor->leader, conductor->leader_epoch);
    return true;
}

void conductor_restart(struct agent *self, struct conductor *conductor)
{
    if (!announce_own(self, conductor)) {
        announcer_resume(self, &conductor->announcer);
    }
}

/* Timers and sending. */

void conductor_wait(struct agent *self, struct conductor *conductor, sim_ns delay_ns)
{
    conductor->generation++;
    agent_timer(self, delay_ns, CONDUCTOR_TOKEN | conductor->generation);
    if (conductor->phase > CONDUCTOR_BALLOT) {
        conductor_tell_busy(self, conductor, delay_ns);
    }
}

sim_ns conductor_ask_timeout(const struct conductor *conductor)
{
    return conductor->plan->config->ask_timeout;
}

/* A new question: answers to older ones are void. */
void conductor_new_request(struct conductor *conductor)
{
    conductor->request =
        conductor->request + 1 < CONDUCTOR_REQUEST_MAX ? conductor->request + 1 : 1;
}

void conductor_tell(struct agent *self, const struct conductor *conductor, uint32_t member,
                    struct message message)
{
    CHECK(member < conductor->plan->count);
    message.dataset = conductor->plan->dataset;
    message.bytes = FAILOVER_BYTES;
    message.request = conductor->request;
    message.version.stamp = (int64_t)conductor->epoch;
    agent_send(self, conductor->plan->members[member].end, message);
}

void conductor_enter(struct conductor *conductor, enum conductor_phase phase)
{
    conductor->phase = phase;
    conductor->asks = 0;
    conductor_new_request(conductor);
}

static void step(struct agent *self, const struct conductor *conductor, enum record_step step,
                 uint32_t member)
{
    plan_step(self, conductor->plan, step, member, conductor->epoch);
}

void conductor_end(struct agent *self, struct conductor *conductor, enum conductor_result result)
{
    conductor->generation++;
    conductor_enter(conductor, CONDUCTOR_IDLE);
    if (result == CONDUCTOR_REFUSED) {
        step(self, conductor, RECORD_STEP_REFUSED, UINT32_MAX);
    }
    if (result == CONDUCTOR_MOVED || result == CONDUCTOR_STOOD_DOWN) {
        conductor->detected = false;
    }
    conductor->ops->idle(self, result);
}

/* Promotion and what follows it. */

static void ask_promote(struct agent *self, struct conductor *conductor)
{
    if (conductor->asks++ == CONDUCTOR_ASKS) {
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
        return;
    }
    conductor_tell(self, conductor, conductor->target,
                   (struct message){.kind = CONTROL_PROMOTE, .flag = conductor->resumed});
    conductor_wait(self, conductor, conductor_ask_timeout(conductor));
}

static void promote(struct agent *self, struct conductor *conductor, uint32_t target)
{
    conductor->target = target;
    conductor->decided = true;
    conductor->ordered = conductor->epoch;
    conductor->resumed = target == conductor->leader;
    conductor_enter(conductor, CONDUCTOR_PROMOTE);
    step(self, conductor, RECORD_STEP_DECIDED, target);
    ask_promote(self, conductor);
}

/* Time of a phase after the promotion; a leader that only goes on needs none of them. */
static void phase(struct agent *self, struct conductor *conductor, enum conductor_phase next,
                  const struct distribution *law)
{
    conductor_enter(conductor, next);
    conductor_wait(self, conductor, conductor->resumed ? 0 : agent_sample_ns(self, law));
}

static void announce_after(struct agent *self, struct conductor *conductor)
{
    phase(self, conductor, CONDUCTOR_ANNOUNCE, conductor->plan->announce);
}

static void accepted(struct agent *self, struct conductor *conductor)
{
    conductor->handing_over = false;
    if (conductor->plan->verify == NULL || conductor->resumed) {
        announce_after(self, conductor);
    } else {
        phase(self, conductor, CONDUCTOR_VERIFY_WAIT, conductor->plan->verify);
    }
}

/* Looks at the new leader again and again while it starts up and replays, or once to verify. */
static void ask_target(struct agent *self, struct conductor *conductor)
{
    if (conductor->asks++ == CONDUCTOR_ASKS) {
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
        return;
    }
    conductor_tell(self, conductor, conductor->target, (struct message){.kind = CONTROL_STATUS});
    conductor_wait(self, conductor, conductor_ask_timeout(conductor));
}

static void on_promoted(struct agent *self, struct conductor *conductor,
                        const struct message *message)
{
    const bool waits =
        conductor->phase == CONDUCTOR_PROMOTE || conductor->phase == CONDUCTOR_REPLAY;
    if (!waits || (uint64_t)message->version.stamp != conductor->epoch ||
        plan_member_of(conductor->plan, message->from) != conductor->target) {
        return;
    }
    if (message->flag == SIDECAR_REFUSED) {
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
        return;
    }
    conductor_takes(self, conductor, conductor->target, conductor->epoch);
    if (message->flag == SIDECAR_DONE) {
        accepted(self, conductor);
    } else if (conductor->phase == CONDUCTOR_PROMOTE) {
        conductor_enter(conductor, CONDUCTOR_REPLAY);
        conductor_wait(self, conductor, conductor_ask_timeout(conductor));
    }
}

static void target_is(struct agent *self, struct conductor *conductor,
                      const struct sidecar_status *status)
{
    if (status->role == LEADERSHIP_LEADER && status->epoch == conductor->epoch) {
        if (conductor->phase == CONDUCTOR_VERIFY) {
            announce_after(self, conductor);
        } else {
            accepted(self, conductor);
        }
    } else if (status->role == LEADERSHIP_FOLLOWER || status->epoch != conductor->epoch) {
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
    } else {
        conductor->asks = 0; /* it lives: the timer asks again */
        conductor_new_request(conductor);
    }
}

/* Survey. */

static void survey(struct agent *self, struct conductor *conductor)
{
    const struct failover_plan *plan = conductor->plan;
    conductor_enter(conductor, CONDUCTOR_SURVEY);
    for (uint32_t m = 0; m < plan->count; m++) {
        conductor->answers[m].answered = false;
    }
    if (plan->config->fencing == SCENARIO_FENCING_BEST_EFFORT && !conductor->respect) {
        conductor_tell(self, conductor, conductor->leader,
                       (struct message){.kind = CONTROL_DEMOTE});
    }
    for (uint32_t m = 0; m < plan->count; m++) {
        conductor_tell(self, conductor, m, (struct message){.kind = CONTROL_STATUS});
    }
    conductor_wait(self, conductor, conductor_ask_timeout(conductor));
}

static void fence(struct agent *self, struct conductor *conductor)
{
    const struct failover_plan *plan = conductor->plan;
    conductor_enter(conductor, CONDUCTOR_FENCE);
    conductor->respect = false;
    for (uint32_t m = 0; m < plan->count; m++) {
        conductor->answers[m].fenced = false;
        conductor_tell(self, conductor, m, (struct message){.kind = CONTROL_DEMOTE});
    }
    conductor_wait(self, conductor, plan->config->fence_after);
}

static bool surveyed(const struct conductor *conductor)
{
    for (uint32_t m = 0; m < conductor->plan->count; m++) {
        if (!conductor->answers[m].answered) {
            return false;
        }
    }
    return true;
}

static bool fenced(const struct conductor *conductor)
{
    for (uint32_t m = 0; m < conductor->plan->count; m++) {
        if (!conductor->answers[m].fenced) {
            return false;
        }
    }
    return true;
}

/* Somebody leads whom this attempt must not replace: becomes the leader that it knows. */
static bool stands_down(struct agent *self, struct conductor *conductor)
{
    const uint64_t least = conductor->leader_epoch + (conductor->respect ? 0 : 1);
    bool found = false;
    for (uint32_t m = 0; m < conductor->plan->count; m++) {
        const struct conductor_answer *answer = &conductor->answers[m];
        if (answer->answered && answer->status.role != LEADERSHIP_FOLLOWER &&
            answer->status.epoch >= least && answer->status.epoch >= conductor->leader_epoch) {
            conductor_takes(self, conductor, m, answer->status.epoch);
            found = true;
        }
    }
    return found;
}

static void survey_over(struct agent *self, struct conductor *conductor)
{
    uint64_t highest = 0;
    for (uint32_t m = 0; m < conductor->plan->count; m++) {
        const struct conductor_answer *answer = &conductor->answers[m];
        if (answer->answered && answer->status.epoch > highest) {
            highest = answer->status.epoch;
        }
    }
    conductor->granted = highest > conductor->granted ? highest : conductor->granted;
    if (stands_down(self, conductor)) {
        announce_own(self, conductor);
        conductor_end(self, conductor, CONDUCTOR_STOOD_DOWN);
        return;
    }
    if (highest >= conductor->epoch) {
        conductor_end(self, conductor, CONDUCTOR_SPLIT);
        return;
    }
    conductor_detected(self, conductor);
    if (conductor->respect && conductor->plan->config->fencing == SCENARIO_FENCING_REQUIRED) {
        fence(self, conductor); /* and then look again */
        return;
    }
    const uint32_t target = conductor_choose(self, conductor);
    if (target == UINT32_MAX) {
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
    } else {
        promote(self, conductor, target);
    }
}

void conductor_balloted(struct agent *self, struct conductor *conductor)
{
    if (conductor->planned) {
        conductor->handing_over = true;
        conductor_demote(self, conductor);
        return;
    }
    if (!conductor->respect) {
        conductor_detected(self, conductor); /* else the survey shows whether somebody leads */
    }
    if (conductor->plan->config->fencing == SCENARIO_FENCING_REQUIRED && !conductor->respect) {
        fence(self, conductor);
    } else {
        survey(self, conductor);
    }
}

static void on_demoted(struct agent *self, struct conductor *conductor,
                       const struct message *message)
{
    const uint32_t member = plan_member_of(conductor->plan, message->from);
    if (member == UINT32_MAX || (uint64_t)message->version.stamp != conductor->epoch) {
        return;
    }
    if (conductor->phase == CONDUCTOR_FENCE && message->flag == SIDECAR_DONE) {
        conductor->answers[member].fenced = true;
        if (fenced(conductor)) {
            survey(self, conductor);
        }
    } else if (conductor->phase == CONDUCTOR_DEMOTE && message->flag != SIDECAR_DONE) {
        conductor->handing_over = false; /* it thawed meanwhile, and leads */
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
    } else if (conductor->phase == CONDUCTOR_DEMOTE &&
               conductor_compare(message->version.write, message->a, conductor->frozen_epoch,
                                 conductor->frozen_position) > 0) {
        survey(self, conductor); /* it has more than the target: whoever has most */
    } else if (conductor->phase == CONDUCTOR_DEMOTE) {
        promote(self, conductor, conductor->target);
    }
}

/* What comes from outside. */

void conductor_begin(struct agent *self, struct conductor *conductor,
                     const struct conductor_wish *wish)
{
    CHECK(conductor->phase == CONDUCTOR_IDLE);
    conductor->respect = wish->respect;
    conductor->only = wish->only;
    conductor->planned = false;
    conductor->decided = false;
    conductor_ballot(self, conductor);
}

static void on_status(struct agent *self, struct conductor *conductor,
                      const struct message *message)
{
    const uint32_t member = plan_member_of(conductor->plan, message->from);
    const struct sidecar_status status = sidecar_status_of(message);
    CHECK(member < conductor->plan->count);
    if (message->request != conductor->request) {
        return;
    }
    if (conductor->phase == CONDUCTOR_SURVEY) {
        conductor->answers[member] = (struct conductor_answer){.status = status, .answered = true};
        if (surveyed(conductor)) {
            survey_over(self, conductor);
        }
    } else if (member != conductor->target) {
        return;
    } else if (conductor->phase == CONDUCTOR_CATCH_UP) {
        conductor_caught_up(self, conductor, &status);
    } else if (conductor->phase == CONDUCTOR_REPLAY || conductor->phase == CONDUCTOR_VERIFY) {
        target_is(self, conductor, &status);
    }
}

bool conductor_message(struct agent *self, struct conductor *conductor,
                       const struct message *message)
{
    switch (message->kind) {
    case CONTROL_STATUS_REPLY:
        if (message->request == 0 || message->request >= CONDUCTOR_REQUEST_MAX) {
            return false; /* not asked for, or by the owner */
        }
        on_status(self, conductor, message);
        return true;
    case CONTROL_PROMOTED:
        on_promoted(self, conductor, message);
        return true;
    case CONTROL_DEMOTED:
        on_demoted(self, conductor, message);
        return true;
    case CONTROL_FROZEN:
        conductor_on_frozen(self, conductor, message);
        return true;
    case CONTROL_LEASE:
        conductor_on_lease(self, conductor, message);
        return true;
    case CONTROL_LEASE_REPLY:
        conductor_on_lease_reply(self, conductor, message);
        return true;
    case CONTROL_ANNOUNCE:
        conductor_on_announce(self, conductor, message);
        return true;
    default:
        return announcer_message(&conductor->announcer, message);
    }
}

static void time_is_over(struct agent *self, struct conductor *conductor)
{
    switch (conductor->phase) {
    case CONDUCTOR_IDLE:
        break;
    case CONDUCTOR_FREEZE:
        conductor_ask_freeze(self, conductor);
        break;
    case CONDUCTOR_CATCH_UP:
        conductor_ask_caught_up(self, conductor);
        break;
    case CONDUCTOR_BALLOT:
        if (conductor->planned) {
            conductor_abort_move(self, conductor);
        } else {
            conductor_end(self, conductor, CONDUCTOR_SPLIT);
        }
        break;
    case CONDUCTOR_DEMOTE:
        conductor_demote_again(self, conductor);
        break;
    case CONDUCTOR_FENCE: /* every leader of an older epoch has stopped by itself */
        survey(self, conductor);
        break;
    case CONDUCTOR_SURVEY:
        survey_over(self, conductor);
        break;
    case CONDUCTOR_PROMOTE:
        ask_promote(self, conductor);
        break;
    case CONDUCTOR_REPLAY:
    case CONDUCTOR_VERIFY:
        ask_target(self, conductor);
        break;
    case CONDUCTOR_VERIFY_WAIT:
        conductor_enter(conductor, CONDUCTOR_VERIFY);
        ask_target(self, conductor);
        break;
    case CONDUCTOR_ANNOUNCE:
        announcer_begin(self, &conductor->announcer, conductor->target, conductor->epoch);
        phase(self, conductor, CONDUCTOR_WARM, conductor->plan->warm_up);
        break;
    case CONDUCTOR_WARM:
        step(self, conductor, RECORD_STEP_DONE, conductor->target);
        conductor_end(self, conductor, CONDUCTOR_MOVED);
        break;
    default:
        CHECK(false);
    }
}

bool conductor_timer(struct agent *self, struct conductor *conductor, uint64_t token)
{
    if (token < CONDUCTOR_TOKEN || announcer_timer(self, &conductor->announcer, token)) {
        return token >= CONDUCTOR_TOKEN;
    }
    if ((uint32_t)token == conductor->generation) {
        time_is_over(self, conductor);
    }
    return true;
}
