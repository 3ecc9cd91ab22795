/* conductor_choose.c - which of those that answered the survey shall lead. */
#include "models/failover/conductor_internal.h"

int conductor_compare(uint64_t epoch_a, uint64_t position_a, uint64_t epoch_b, uint64_t position_b)
{
    if (epoch_a != epoch_b) {
        return epoch_a < epoch_b ? -1 : 1;
    }
    return position_a < position_b ? -1 : position_a > position_b;
}

struct last_known { /* of the old leader */
    bool known;
    uint64_t position;
    sim_ns unheard_ns; /* for how long nobody has heard of it */
};

static struct last_known last_known(struct agent *self, const struct conductor *conductor)
{
    const struct conductor_answer *answer = &conductor->answers[conductor->leader];
    struct last_known last = {0};
    sim_ns at_ns = 0;
    last.known = conductor->ops->known(self, conductor->leader, &last.position, &at_ns);
    last.unheard_ns = last.known ? agent_clock(self) - at_ns : 0;
    if (answer->answered && (!last.known || answer->status.position > last.position)) {
        last = (struct last_known){.known = true, .position = answer->status.position};
    }
    return last;
}

static bool within_guard(const struct conductor *conductor, const struct last_known *last,
                         const struct sidecar_status *status)
{
    const struct scenario_lag_guard *guard = &conductor->plan->config->lag_guard;
    if (!last->known) {
        return true; /* there is nothing to compare with */
    }
    const uint64_t missing =
        last->position > status->position ? last->position - status->position : 0;
    return (guard->entries < 0 || missing <= (uint64_t)guard->entries) &&
           (guard->time < 0 || missing == 0 || status->behind_ns - last->unheard_ns <= guard->time);
}

static bool may_lead(const struct conductor *conductor, const struct last_known *last, uint32_t m)
{
    const struct conductor_answer *answer = &conductor->answers[m];
    if (!answer->answered || conductor->plan->members[m].rank == UINT32_MAX) {
        return false;
    }
    if (conductor->only != UINT32_MAX && conductor->only != m) {
        return false;
    }
    /* The old one, when it leads still, is the one to be replaced. */
    return answer->status.role == LEADERSHIP_FOLLOWER &&
           within_guard(conductor, last, &answer->status);
}

static bool better(const struct conductor *conductor, uint32_t a, uint32_t b)
{
    const struct sidecar_status *x = &conductor->answers[a].status;
    const struct sidecar_status *y = &conductor->answers[b].status;
    const uint32_t rank_a = conductor->plan->members[a].rank;
    const uint32_t rank_b = conductor->plan->members[b].rank;
    if ((x->last_epoch == 0) != (y->last_epoch == 0)) {
        return y->last_epoch == 0; /* an empty one has lost its disk, or not got all of it back */
    }
    if (conductor->plan->config->choose == SCENARIO_CHOOSE_IN_ORDER && rank_a != rank_b) {
        return rank_a < rank_b;
    }
    const int order = conductor_compare(x->last_epoch, x->position, y->last_epoch, y->position);
    return order != 0 ? order > 0 : rank_a < rank_b;
}

uint32_t conductor_choose(struct agent *self, const struct conductor *conductor)
{
    const struct last_known last = last_known(self, conductor);
    uint32_t best = UINT32_MAX;
    for (uint32_t m = 0; m < conductor->plan->count; m++) {
        if (may_lead(conductor, &last, m) && (best == UINT32_MAX || better(conductor, m, best))) {
            best = m;
        }
    }
    return best;
}
