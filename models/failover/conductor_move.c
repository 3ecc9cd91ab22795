/* conductor_move.c - planned moves, up to the ballot: freeze the leader, wait for the target. */
#include "models/agents/control.h"
#include "models/failover/conductor_internal.h"
#include "sim/check.h"

/* What the leader took before it froze may reach its disk, and so its log, only afterwards: it is
 * asked again once the target has what it knows of. */
static bool has_all(const struct conductor *conductor)
{
    return conductor_compare(conductor->target_epoch, conductor->target_position,
                             conductor->frozen_epoch, conductor->frozen_position) >= 0;
}

void conductor_ask_freeze(struct agent *self, struct conductor *conductor)
{
    const sim_ns left_ns = conductor->deadline_ns - agent_clock(self);
    if (left_ns <= 0) {
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
        return;
    }
    conductor_tell(self, conductor, conductor->leader,
                   (struct message){.kind = CONTROL_FREEZE, .flag = 1, .a = (uint64_t)left_ns});
    conductor_wait(self, conductor,
                   conductor_ask_timeout(conductor) < left_ns ? conductor_ask_timeout(conductor)
                                                              : left_ns);
}

void conductor_abort_move(struct agent *self, struct conductor *conductor)
{
    conductor_tell(self, conductor, conductor->leader,
                   (struct message){.kind = CONTROL_FREEZE, .flag = 0});
    conductor_end(self, conductor, CONDUCTOR_REFUSED);
}

void conductor_ask_caught_up(struct agent *self, struct conductor *conductor)
{
    if (agent_clock(self) >= conductor->deadline_ns) {
        conductor_abort_move(self, conductor);
        return;
    }
    conductor_new_request(conductor);
    conductor_tell(self, conductor, conductor->target, (struct message){.kind = CONTROL_STATUS});
    conductor_wait(self, conductor, conductor_ask_timeout(conductor));
}

void conductor_caught_up(struct agent *self, struct conductor *conductor,
                         const struct sidecar_status *status)
{
    conductor->asked_target = true;
    conductor->target_epoch = status->last_epoch;
    conductor->target_position = status->position;
    if (has_all(conductor)) {
        conductor_enter(conductor, CONDUCTOR_FREEZE); /* has the leader written more meanwhile? */
        conductor_ask_freeze(self, conductor);
    } else {
        conductor_wait(self, conductor, CONDUCTOR_POLL_NS);
    }
}

void conductor_on_frozen(struct agent *self, struct conductor *conductor,
                         const struct message *message)
{
    if (conductor->phase != CONDUCTOR_FREEZE || message->request != conductor->request) {
        return;
    }
    if (message->flag != SIDECAR_DONE) {
        conductor_end(self, conductor, CONDUCTOR_REFUSED);
        return;
    }
    conductor->frozen_position = message->a;
    conductor->frozen_epoch = message->version.write;
    if (conductor->asked_target && has_all(conductor)) {
        conductor_ballot(self, conductor);
    } else {
        conductor_enter(conductor, CONDUCTOR_CATCH_UP);
        conductor_ask_caught_up(self, conductor);
    }
}

void conductor_demote(struct agent *self, struct conductor *conductor)
{
    conductor_enter(conductor, CONDUCTOR_DEMOTE);
    conductor_tell(self, conductor, conductor->leader,
                   (struct message){.kind = CONTROL_DEMOTE, .flag = 1});
    conductor_wait(self, conductor, conductor_ask_timeout(conductor));
}

/* It was demoted, or not: asks until it is known, unless the leader is dead. */
void conductor_demote_again(struct agent *self, struct conductor *conductor)
{
    if (conductor->ops->ill(self)) {
        conductor->planned = conductor->respect = conductor->handing_over = false;
        conductor_balloted(self, conductor);
    } else {
        conductor_demote(self, conductor);
    }
}

bool conductor_continue(struct agent *self, struct conductor *conductor)
{
    CHECK(conductor->phase == CONDUCTOR_IDLE);
    if (conductor->handing_over) {
        conductor_demote(self, conductor);
    }
    return conductor->handing_over;
}

void conductor_move(struct agent *self, struct conductor *conductor, uint32_t target,
                    sim_ns timeout_ns)
{
    CHECK(conductor->phase == CONDUCTOR_IDLE);
    CHECK(target < conductor->plan->count);
    conductor->respect = false;
    conductor->only = UINT32_MAX;
    conductor->planned = true;
    conductor->decided = false;
    conductor->asked_target = false;
    conductor->target = target;
    conductor->epoch = conductor->leader_epoch;
    conductor->deadline_ns = agent_clock(self) + timeout_ns;
    conductor_enter(conductor, CONDUCTOR_FREEZE);
    conductor_ask_freeze(self, conductor);
}
