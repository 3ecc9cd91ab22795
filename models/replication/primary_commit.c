#include "models/replication/primary_internal.h"
#include "sim/check.h"

/*
 * The leader's side of a write: from the request to the answer.
 *
 * Guard: Aurora PostgreSQL's rds.global_db_rpo (Amazon Aurora User Guide, "Managing RPOs for Aurora
 *        PostgreSQL-based global databases"): while every follower is further behind than that,
 *        nothing commits. Behind = the age of the oldest entry that it has not acknowledged, known
 *        to a twentieth of the limit: the log's end is noted that often.
 */

void primary_commit(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    uint64_t allowed = state->applied;
    if (state->mode == PRIMARY_MODE_NORMAL) {
        allowed = primary_acknowledged(self);
    } else if (state->mode == PRIMARY_MODE_FALLBACK) {
        allowed = state->durable;
    }
    while (state->applied < allowed) {
        const uint64_t position = state->applied + 1;
        primary_apply_entry(self, state, position);
        const struct message *request = &primary_waiting_at(state, position)->request;
        CHECK(request->operation == primary_entry_at(state, position)->write);
        replica_reply(
            self, request, RECORD_OK,
            (struct version){.stamp = primary_stamp(state, position), .write = request->operation});
        state->applied = position;
    }
}

static void set_mode(struct replica *self, enum primary_mode mode)
{
    struct primary_state *state = replica_state(self);
    state->mode = (uint8_t)mode;
    replica_mode(self, mode);
}

static bool can_fall_back(const struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    return params->fallback_after >= 0 && shared->need > 0;
}

static void watch(struct replica *self, sim_ns since_ns, sim_ns delay_ns)
{
    struct primary_state *state = replica_state(self);
    state->fallback_armed = true;
    state->watched_since_ns = since_ns;
    replica_timer(self, delay_ns, primary_token(state, PRIMARY_TIMER_FALLBACK, 0));
}

static sim_ns clamped(sim_ns value, sim_ns most)
{
    if (value < 0) {
        return 0;
    }
    return value < most ? value : most;
}

static void fall_back(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    state->caught_mark = primary_acknowledged(self);
    state->caught_goal = 0;
    set_mode(self, PRIMARY_MODE_FALLBACK);
    primary_commit(self);
}

/* Writes that have waited through the fall-back wait on under the rule. */
static void watch_again(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_state *state = replica_state(self);
    if (!state->fallback_armed && state->applied < state->end) {
        const sim_ns since_ns = primary_waiting_at(state, state->applied + 1)->since_ns;
        const sim_ns left_ns = since_ns + params->fallback_after - replica_clock(self);
        watch(self, since_ns, clamped(left_ns, params->fallback_after));
    }
}

/*
 * Caught up: the followers that a commit waits for have all that the log held when they were first
 * heard again. (MySQL compares with the last commit when it sends; a stream that has stalled would
 * look caught up to it.)
 */
static void try_normal(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    const uint64_t allowed = primary_acknowledged(self);
    if (state->caught_goal == 0 && allowed > state->caught_mark) {
        state->caught_goal = state->durable;
    }
    if (state->caught_goal > 0 && allowed >= state->caught_goal) {
        set_mode(self, PRIMARY_MODE_NORMAL);
        watch_again(self);
    }
}

/*
 * One timer, for the oldest waiting write; one that commits in time costs none. The next in line
 * has its turn as much later as it began later by the machine's clock, so that a clock that is set
 * moves a time-out by no more than its own length.
 */
void primary_on_fallback(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    struct primary_state *state = replica_state(self);
    state->fallback_armed = false;
    if (state->mode == PRIMARY_MODE_FALLBACK || state->applied == state->end) {
        return;
    }
    const sim_ns since_ns = primary_waiting_at(state, state->applied + 1)->since_ns;
    const sim_ns left_ns = clamped(since_ns - state->watched_since_ns, params->fallback_after);
    if (left_ns == 0) {
        fall_back(self);
    } else {
        watch(self, since_ns, left_ns);
    }
}

static bool guard_holds(const struct primary_state *state)
{
    for (uint32_t i = 0; i < state->link_count; i++) {
        const struct primary_link *link = primary_link_at(state, i);
        if (link->attached && link->acked >= state->guard_goal) {
            return true;
        }
    }
    return false;
}

static void guard_look(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    const bool holds = guard_holds(state);
    if (holds == (state->mode == PRIMARY_MODE_NORMAL)) {
        return;
    }
    set_mode(self, holds ? PRIMARY_MODE_NORMAL : PRIMARY_MODE_GUARDED);
    primary_commit(self);
}

static void guard_arm(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    replica_timer(self, params->rpo_guard / PRIMARY_GUARD_MARKS,
                  primary_token(replica_state(self), PRIMARY_TIMER_GUARD, 0));
}

void primary_guard_start(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    if (params->rpo_guard > 0 && shared->followers > 0) {
        for (uint32_t i = 0; i < PRIMARY_GUARD_MARKS; i++) {
            state->guard_marks[i] = 0; /* what it found when it began to lead is not in question */
        }
        state->guard_ticks = state->guard_goal = 0;
        guard_arm(self);
    }
}

void primary_on_guard(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    uint64_t *mark = &state->guard_marks[state->guard_ticks++ % PRIMARY_GUARD_MARKS];
    state->guard_goal = *mark;
    *mark = state->end;
    guard_look(self);
    guard_arm(self);
}

void primary_news(struct replica *self)
{
    const struct primary_state *state = replica_state(self);
    if (state->mode == PRIMARY_MODE_FALLBACK) {
        try_normal(self);
    } else if (state->mode == PRIMARY_MODE_GUARDED) {
        guard_look(self);
    }
    primary_commit(self);
}

void primary_give_up(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    for (uint64_t p = state->applied + 1; p <= state->end; p++) {
        replica_reply(self, &primary_waiting_at(state, p)->request, RECORD_INFO,
                      (struct version){0});
    }
    if (state->mode != PRIMARY_MODE_NORMAL) {
        set_mode(self, PRIMARY_MODE_NORMAL);
    }
}

void primary_accept(struct replica *self, const struct message *request)
{
    const struct primary_params *params = replica_params(self);
    struct primary_state *state = replica_state(self);
    const uint64_t known = primary_log_find(state, request->operation);
    if (known > state->applied) {
        return; /* a further try of a write that waits: its commit answers both */
    }
    /* What a restart or a promotion found on the disk is visible, but the acknowledgement rule need
     * not hold for it: until it does, a further try is done again. */
    if (known > state->recovered || (known > 0 && known <= primary_acknowledged(self))) {
        replica_reply(
            self, request, RECORD_OK,
            (struct version){.stamp = primary_stamp(state, known), .write = request->operation});
        return;
    }
    if (!state->accepting) {
        replica_refer(self, request, UINT32_MAX, state->epoch);
        return;
    }
    primary_log_append(self, request->operation, request->key, request->bytes);
    struct primary_waiting *waiting = primary_waiting_add(self, state->end);
    waiting->request = *request;
    if (can_fall_back(self)) {
        waiting->since_ns = replica_clock(self);
        if (state->mode == PRIMARY_MODE_NORMAL && !state->fallback_armed) {
            watch(self, waiting->since_ns, params->fallback_after);
        }
    }
    primary_sync(self);
}
