#include "models/replication/primary_internal.h"
#include "sim/check.h"

/*
 * Model:  one process applies the log in order. Without `replay_rate` it takes no time; with it, an
 *         entry is applied 1 / rate after the one before it, or after it became durable.
 * Source: MySQL 8.0 manual, section 19.2.4 (one applier thread works through the relay log).
 */

static sim_ns pause_ns(const struct primary_params *params)
{
    const double ns = (double)SIM_NS_PER_S / params->replay_rate;
    return ns < (double)SIM_NS_PER_H ? (sim_ns)(ns + 0.5) : SIM_NS_PER_H;
}

static void applied_more(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    if (state->unreadable && state->applied >= state->consistent) {
        state->unreadable = false;
    }
    if (state->role == LEADERSHIP_REPLAYING) {
        primary_try_accept(self);
    }
}

void primary_replay(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    struct primary_state *state = replica_state(self);
    if (params->replay_rate > 0.0) {
        if (!state->replay_armed && state->applied < state->durable) {
            state->replay_armed = true;
            replica_timer(self, pause_ns(params), primary_token(state, PRIMARY_TIMER_REPLAY, 0));
        }
    } else {
        while (state->applied < state->durable) {
            primary_apply_entry(self, state, ++state->applied);
        }
    }
    if (state->unreadable || state->role == LEADERSHIP_REPLAYING) {
        applied_more(self);
    }
}

void primary_on_replay(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    state->replay_armed = false;
    if (state->tag == 0 || state->leads) {
        return; /* what it would apply may have to go; it goes on when a leader is followed */
    }
    if (state->applied < state->durable) {
        primary_apply_entry(self, state, ++state->applied);
    }
    primary_replay(self);
}
