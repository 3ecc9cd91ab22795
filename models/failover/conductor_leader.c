/* conductor_leader.c - whom a controller takes for the leader, and what it makes of its health. */
#include "models/agents/control.h"
#include "models/failover/conductor_internal.h"

void conductor_takes(struct agent *self, struct conductor *conductor, uint32_t leader,
                     uint64_t epoch)
{
    if (epoch > conductor->leader_epoch) {
        announcer_stop(&conductor->announcer);
    }
    conductor->leader = leader;
    conductor->leader_epoch = epoch;
    conductor->since_ns = agent_clock(self);
}

void conductor_on_announce(struct agent *self, struct conductor *conductor,
                           const struct message *message)
{
    const uint64_t epoch = (uint64_t)message->version.stamp;
    conductor->granted = epoch > conductor->granted ? epoch : conductor->granted;
    for (uint32_t m = 0; m < conductor->plan->count; m++) {
        if (conductor->plan->members[m].node == message->key && epoch > conductor->leader_epoch) {
            conductor_takes(self, conductor, m, epoch);
        }
    }
    agent_send(self, message->from, control_heard(message));
}

bool conductor_ill(struct agent *self, const struct conductor *conductor, struct health_view *view)
{
    return health_view_failed(view, self, conductor->leader, conductor->since_ns);
}

bool conductor_said(const struct conductor *conductor, const struct health_view *view, bool leads)
{
    const sim_ns since_ns = conductor->since_ns + conductor->plan->health.config->timeout;
    return health_view_answered_ns(view, conductor->leader) > since_ns &&
           (health_view_said_flag(view, conductor->leader) != LEADERSHIP_FOLLOWER) == leads;
}

void conductor_detected(struct agent *self, struct conductor *conductor)
{
    if (!conductor->detected) {
        conductor->detected = true;
        plan_step(self, conductor->plan, RECORD_STEP_DETECTED, UINT32_MAX, 0);
    }
}

void conductor_calm(struct agent *self, struct conductor *conductor)
{
    conductor->detected = false;
    conductor->since_ns = agent_clock(self);
}
