/* conductor_ballot.c - which controller may promote somebody, and in which epoch. */
#include "models/agents/control.h"
#include "models/failover/conductor_internal.h"

void conductor_ballot(struct agent *self, struct conductor *conductor)
{
    const struct failover_plan *plan = conductor->plan;
    conductor_enter(conductor, CONDUCTOR_BALLOT);
    conductor->epoch = ++conductor->granted;
    conductor->votes = 1; /* its own */
    conductor->voters = 0;
    if (conductor->votes > plan->controller_count / 2) {
        conductor_balloted(self, conductor);
        return;
    }
    for (uint32_t i = 0; i < plan->controller_count; i++) {
        if (plan->controllers[i] != agent_end(self)) {
            agent_send(
                self, plan->controllers[i],
                (struct message){.kind = CONTROL_LEASE,
                                 .dataset = plan->dataset,
                                 .bytes = FAILOVER_BYTES,
                                 .request = conductor->request,
                                 .version = {.stamp = (int64_t)conductor->epoch},
                                 .flag = conductor->planned ? LEASE_HANDOVER : LEASE_BALLOT});
        }
    }
    conductor_wait(self, conductor, conductor_ask_timeout(conductor));
}

void conductor_tell_busy(struct agent *self, const struct conductor *conductor, sim_ns wait_ns)
{
    const struct failover_plan *plan = conductor->plan;
    for (uint32_t i = 0; i < plan->controller_count; i++) {
        if (plan->controllers[i] != agent_end(self)) {
            agent_send(self, plan->controllers[i],
                       (struct message){.kind = CONTROL_LEASE,
                                        .dataset = plan->dataset,
                                        .bytes = FAILOVER_BYTES,
                                        .version = {.stamp = (int64_t)conductor->epoch},
                                        .a = (uint64_t)wait_ns,
                                        .flag = LEASE_BUSY});
        }
    }
}

static void on_busy(struct agent *self, struct conductor *conductor, const struct message *message)
{
    const sim_ns wait_ns = (sim_ns)message->a;
    if ((uint64_t)message->version.stamp <= conductor->leader_epoch ||
        conductor->phase > CONDUCTOR_BALLOT) {
        return;
    }
    conductor->busy_until_ns = agent_clock(self) + wait_ns + conductor_ask_timeout(conductor);
    if (conductor->phase == CONDUCTOR_BALLOT && !conductor->planned) {
        conductor_end(self, conductor, CONDUCTOR_SPLIT);
    }
    if (conductor->ops->granted != NULL) {
        conductor->ops->granted(self, wait_ns);
    }
}

void conductor_on_lease_reply(struct agent *self, struct conductor *conductor,
                              const struct message *message)
{
    const uint32_t voter = plan_controller_of(conductor->plan, message->from);
    conductor->granted = message->a > conductor->granted ? message->a : conductor->granted;
    if (conductor->phase != CONDUCTOR_BALLOT || message->request != conductor->request ||
        message->flag == 0 || voter >= 32 || (conductor->voters >> voter & 1u) != 0) {
        return;
    }
    conductor->voters |= UINT32_C(1) << voter;
    if (++conductor->votes == conductor->plan->controller_count / 2 + 1) {
        conductor_balloted(self, conductor);
    }
}

/* Another controller wants an epoch, or a leader's sidecar wants to go on with its own. */
void conductor_on_lease(struct agent *self, struct conductor *conductor,
                        const struct message *message)
{
    const uint64_t epoch = (uint64_t)message->version.stamp;
    const bool mine = conductor->phase > CONDUCTOR_BALLOT;
    bool grant = epoch >= conductor->granted;
    if (message->flag == LEASE_BUSY) {
        on_busy(self, conductor, message);
        return;
    }
    if (message->flag != LEASE_KEEP) {
        grant = epoch > conductor->granted && !mine &&
                agent_clock(self) >= conductor->busy_until_ns &&
                (message->flag == LEASE_HANDOVER || conductor->ops->ill(self));
    }
    if (grant) {
        conductor->granted = epoch;
    }
    agent_send(self, message->from,
               (struct message){.kind = CONTROL_LEASE_REPLY,
                                .dataset = message->dataset,
                                .bytes = FAILOVER_BYTES,
                                .request = message->request,
                                .version = {.stamp = message->version.stamp},
                                .a = conductor->granted,
                                .type = message->flag,
                                .flag = grant});
    if (!grant || message->flag == LEASE_KEEP) {
        return;
    }
    if (conductor->phase == CONDUCTOR_BALLOT) {
        conductor_end(self, conductor, CONDUCTOR_SPLIT);
    }
    if (conductor->ops->granted != NULL) {
        conductor->ops->granted(self, 0);
    }
}
