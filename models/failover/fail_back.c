/* fail_back.c - a planned move back to the configured leader; see fail_back.h. */
#include "models/failover/fail_back.h"
#include "models/agents/control.h"

static void ask(struct agent *self, struct fail_back *fail_back, const struct conductor *conductor)
{
    const struct failover_plan *plan = conductor->plan;
    const uint32_t asked[] = {plan->home, conductor->leader};
    fail_back->request = CONDUCTOR_REQUEST_MAX | (fail_back->request + 1);
    fail_back->home_known = fail_back->leader_known = false;
    for (uint32_t i = 0; i < 2; i++) {
        agent_send(self, plan->members[asked[i]].end,
                   (struct message){.kind = CONTROL_STATUS,
                                    .dataset = plan->dataset,
                                    .bytes = FAILOVER_BYTES,
                                    .request = fail_back->request});
    }
    agent_timer(self, plan->config->ask_timeout, FAIL_BACK_TOKEN);
}

static bool wanted(const struct agent *self, const struct conductor *conductor)
{
    const struct failover_plan *plan = conductor->plan;
    return plan->config->fail_back.after >= 0 && conductor->leader != plan->home &&
           plan_controller_of(plan, agent_end(self)) == 0;
}

void fail_back_watch(struct agent *self, struct fail_back *fail_back, struct conductor *conductor)
{
    if (!fail_back->watching && wanted(self, conductor)) {
        fail_back->watching = true;
        fail_back->since_ns = -1;
        ask(self, fail_back, conductor);
    }
}

bool fail_back_message(struct fail_back *fail_back, const struct conductor *conductor,
                       const struct message *message)
{
    if (message->kind != CONTROL_STATUS_REPLY || message->request < CONDUCTOR_REQUEST_MAX) {
        return false;
    }
    const uint32_t member = plan_member_of(conductor->plan, message->from);
    if (message->request == fail_back->request && member == conductor->plan->home) {
        fail_back->home = sidecar_status_of(message);
        fail_back->home_known = true;
    } else if (message->request == fail_back->request && member == conductor->leader) {
        fail_back->leader = sidecar_status_of(message);
        fail_back->leader_known = true;
    }
    return true;
}

static bool well(const struct fail_back *fail_back, const struct conductor *conductor)
{
    return fail_back->home_known && fail_back->leader_known &&
           fail_back->leader.role == LEADERSHIP_LEADER &&
           fail_back->home.role == LEADERSHIP_FOLLOWER &&
           fail_back->home.last_epoch == fail_back->leader.last_epoch &&
           fail_back->home.behind_ns <= conductor->plan->config->ask_timeout;
}

bool fail_back_timer(struct agent *self, struct fail_back *fail_back, struct conductor *conductor,
                     uint64_t token)
{
    const struct failover_plan *plan = conductor->plan;
    if (token != FAIL_BACK_TOKEN) {
        return false;
    }
    if (!wanted(self, conductor)) {
        fail_back->watching = false;
        return true;
    }
    const sim_ns now_ns = agent_clock(self);
    if (!conductor_idle(conductor) || !well(fail_back, conductor)) {
        fail_back->since_ns = -1;
    } else if (fail_back->since_ns < 0) {
        fail_back->since_ns = now_ns;
    }
    if (fail_back->since_ns >= 0 && now_ns - fail_back->since_ns >= plan->config->fail_back.after) {
        fail_back->watching = false;
        plan_step(self, plan, RECORD_STEP_FAIL_BACK, plan->home, 0);
        conductor_move(self, conductor, plan->home, plan->config->fail_back.timeout);
    } else {
        ask(self, fail_back, conductor);
    }
    return true;
}
