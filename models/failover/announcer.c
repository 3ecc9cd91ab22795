/* announcer.c - tells others who leads until they have heard it; see announcer.h. */
#include "models/failover/announcer.h"
#include "models/agents/control.h"
#include "sim/check.h"

void announcer_init(struct announcer *announcer, const struct failover_plan *plan)
{
    const size_t count = (size_t)plan->gateway_count + plan->controller_count;
    *announcer = (struct announcer){
        .plan = plan, .heard = arena_alloc(plan->arena, count, sizeof *announcer->heard)};
}

static uint32_t receiver(const struct failover_plan *plan, uint32_t i)
{
    return i < plan->gateway_count ? plan->gateways[i] : plan->controllers[i - plan->gateway_count];
}

static uint32_t receivers(const struct failover_plan *plan)
{
    return plan->gateway_count + plan->controller_count;
}

static void tell(struct agent *self, const struct announcer *announcer)
{
    const struct failover_plan *plan = announcer->plan;
    for (uint32_t i = 0; i < receivers(plan); i++) {
        if (!announcer->heard[i]) {
            agent_send(self, receiver(plan, i),
                       (struct message){.kind = CONTROL_ANNOUNCE,
                                        .dataset = plan->dataset,
                                        .key = plan->members[announcer->member].node,
                                        .bytes = FAILOVER_BYTES,
                                        .version = {.stamp = (int64_t)announcer->epoch}});
        }
    }
    if (announcer->left > 0) {
        agent_timer(self, plan->config->retry, ANNOUNCER_TOKEN | announcer->epoch);
    }
}

void announcer_begin(struct agent *self, struct announcer *announcer, uint32_t member,
                     uint64_t epoch)
{
    const struct failover_plan *plan = announcer->plan;
    CHECK(member < plan->count);
    CHECK(epoch > announcer->epoch);
    plan_step(self, plan, RECORD_STEP_ANNOUNCED, member, epoch);
    announcer->member = member;
    announcer->epoch = epoch;
    announcer->left = 0;
    for (uint32_t i = 0; i < receivers(plan); i++) {
        announcer->heard[i] = receiver(plan, i) == agent_end(self);
        announcer->left += !announcer->heard[i];
    }
    tell(self, announcer);
}

void announcer_resume(struct agent *self, struct announcer *announcer)
{
    if (announcer->left > 0) {
        tell(self, announcer);
    }
}

void announcer_stop(struct announcer *announcer)
{
    announcer->left = 0;
}

bool announcer_message(struct announcer *announcer, const struct message *message)
{
    if (message->kind != CONTROL_ANNOUNCE_HEARD) {
        return false;
    }
    for (uint32_t i = 0; i < receivers(announcer->plan) && announcer->left > 0 &&
                         (uint64_t)message->version.stamp == announcer->epoch;
         i++) {
        if (receiver(announcer->plan, i) == message->from && !announcer->heard[i]) {
            announcer->heard[i] = true;
            announcer->left--;
        }
    }
    return true;
}

bool announcer_timer(struct agent *self, struct announcer *announcer, uint64_t token)
{
    if ((token & ANNOUNCER_TOKEN) == 0) {
        return false;
    }
    if ((token & ~ANNOUNCER_TOKEN) == announcer->epoch && announcer->left > 0) {
        tell(self, announcer);
    }
    return true;
}
