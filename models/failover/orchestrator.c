/*
 * orchestrator.c - a process that goes by health checkers and moves the leadership on its own.
 *
 * Model:   listens to checkers that probe every sidecar. The leader's verdict is unhealthy: a
 *          failover. The leader answers but does not lead (its machine has restarted): a failover
 *          that stands down when somebody leads after all. With several orchestrators most must see
 *          the same before one of them acts; a split vote is tried again after a random time of at
 *          most two ask_timeouts; a refused failover after `retry`.
 * Source:  GitHub, October 21 post-incident analysis, 2018-10-30: Orchestrator with a Raft majority
 *          of observers in two regions promoted across the continent during a 43 s partition.
 */
#include "models/agents/control.h"
#include "models/failover/automatic.h"
#include "models/failover/conductor.h"
#include "models/failover/fail_back.h"
#include "sim/check.h"

struct orchestrator {
    const struct failover_plan *plan;
    struct conductor *conductor;
    struct health_view *view;
    struct fail_back fail_back;
    bool holding; /* waits before it acts again */
    struct timer hold;
};

enum { TOKEN_HOLD = 1 };

static void start(struct agent *self)
{
    struct orchestrator *orchestrator = agent_state(self);
    const struct failover_plan *plan = agent_config(self);
    const uint32_t index = plan_controller_of(plan, agent_end(self));
    CHECK(index < plan->controller_count);
    orchestrator->plan = plan;
    orchestrator->conductor = plan->conductors[index];
    orchestrator->view = plan->views[index];
}

/* A failure that it has begun to act upon is over with an answer: only the first attempt goes by
 * the verdict, which waits for several. */
static bool ill(struct agent *self)
{
    struct orchestrator *orchestrator = agent_state(self);
    const struct conductor *conductor = orchestrator->conductor;
    return conductor->detected ? health_view_fails_still(orchestrator->view, self,
                                                         conductor->leader, conductor->since_ns)
                               : conductor_ill(self, conductor, orchestrator->view);
}

static bool idles(const struct orchestrator *orchestrator)
{
    return conductor_said(orchestrator->conductor, orchestrator->view, false);
}

static bool ill_or_idle(struct agent *self)
{
    return ill(self) || idles(agent_state(self));
}

static void look(struct agent *self)
{
    struct orchestrator *orchestrator = agent_state(self);
    if (orchestrator->holding || !conductor_idle(orchestrator->conductor)) {
        return;
    }
    const bool is_ill = ill(self);
    if (is_ill || idles(orchestrator)) {
        conductor_begin(self, orchestrator->conductor,
                        &(struct conductor_wish){.respect = !is_ill, .only = UINT32_MAX});
    } else if (orchestrator->conductor->detected &&
               conductor_said(orchestrator->conductor, orchestrator->view, true)) {
        conductor_calm(self, orchestrator->conductor); /* it could not be replaced, and leads */
    }
}

static void hold(struct agent *self, sim_ns delay_ns)
{
    struct orchestrator *orchestrator = agent_state(self);
    orchestrator->holding = true;
    agent_cancel(self, orchestrator->hold);
    orchestrator->hold = agent_timer(self, delay_ns, TOKEN_HOLD);
}

static void idle(struct agent *self, enum conductor_result result)
{
    struct orchestrator *orchestrator = agent_state(self);
    const struct scenario_failover *config = orchestrator->plan->config;
    if (result == CONDUCTOR_SPLIT) {
        hold(self, sim_ns_from_double(agent_random(self) * 2.0 * (double)config->ask_timeout));
    } else if (result == CONDUCTOR_REFUSED) {
        hold(self, config->retry);
    }
    fail_back_watch(self, &orchestrator->fail_back, orchestrator->conductor);
}

static void granted(struct agent *self, sim_ns wait_ns)
{
    const struct orchestrator *orchestrator = agent_state(self);
    hold(self, wait_ns + orchestrator->plan->config->retry);
}

static bool known(struct agent *self, uint32_t member, uint64_t *position, sim_ns *at_ns)
{
    const struct orchestrator *orchestrator = agent_state(self);
    *position = health_view_said(orchestrator->view, member);
    *at_ns = health_view_answered_ns(orchestrator->view, member);
    return *at_ns >= 0;
}

/* A machine came back from a power failure. */
static void back(struct agent *self, const struct message *message)
{
    struct orchestrator *orchestrator = agent_state(self);
    const struct sidecar_status status = sidecar_status_of(message);
    if (plan_member_of(orchestrator->plan, message->from) == orchestrator->conductor->leader &&
        status.role == LEADERSHIP_FOLLOWER && conductor_idle(orchestrator->conductor) &&
        !orchestrator->holding) {
        conductor_begin(self, orchestrator->conductor,
                        &(struct conductor_wish){.respect = true, .only = UINT32_MAX});
    }
}

static void on_message(struct agent *self, const struct message *message)
{
    struct orchestrator *orchestrator = agent_state(self);
    if (message->kind == CONTROL_HEALTH_REPORT) {
        health_view_report(orchestrator->view, self, message);
        look(self);
        return;
    }
    const uint64_t before = orchestrator->conductor->leader_epoch;
    if (fail_back_message(&orchestrator->fail_back, orchestrator->conductor, message) ||
        conductor_message(self, orchestrator->conductor, message)) {
        if (message->kind == CONTROL_ANNOUNCE && orchestrator->conductor->leader_epoch > before) {
            fail_back_watch(self, &orchestrator->fail_back, orchestrator->conductor);
        }
    } else if (message->kind == CONTROL_STATUS_REPLY && message->request == 0) {
        back(self, message);
    }
}

static void on_timer(struct agent *self, uint64_t token)
{
    struct orchestrator *orchestrator = agent_state(self);
    if (token == TOKEN_HOLD) {
        orchestrator->holding = false;
        look(self);
    } else if (!fail_back_timer(self, &orchestrator->fail_back, orchestrator->conductor, token)) {
        conductor_timer(self, orchestrator->conductor, token);
    }
}

static void on_stop(struct agent *self)
{
    struct orchestrator *orchestrator = agent_state(self);
    conductor_forget(orchestrator->conductor);
    health_view_forget(orchestrator->view);
    orchestrator->fail_back = (struct fail_back){.request = orchestrator->fail_back.request};
    orchestrator->holding = false;
}

static void on_restart(struct agent *self)
{
    struct orchestrator *orchestrator = agent_state(self);
    conductor_restart(self, orchestrator->conductor);
    fail_back_watch(self, &orchestrator->fail_back, orchestrator->conductor);
}

const struct agent_ops orchestrator_ops = {
    .name = "orchestrator",
    .state_bytes = sizeof(struct orchestrator),
    .start = start,
    .on_message = on_message,
    .on_timer = on_timer,
    .on_stop = on_stop,
    .on_restart = on_restart,
};

const struct conductor_ops orchestrator_conductor_ops = {
    .idle = idle,
    .ill = ill_or_idle,
    .known = known,
    .granted = granted,
};
