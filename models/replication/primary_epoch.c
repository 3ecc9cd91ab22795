#include "models/replication/primary_internal.h"
#include "sim/check.h"

/*
 * Leaders that move: promotion, stepping down, and how the others come to follow.
 *
 * Model:  a promoted node begins its epoch at its log's end and says hello to all: epoch, history,
 *         and where its log begins. Whoever hears of a higher epoch leaves its leader at once and
 *         refuses it by name; a leader that is refused, or hears the hello or the beat of a newer
 *         one, steps down. A follower compares the histories: when its log is the leader's up to
 *         its end it goes on from there; else it rewinds, or is copied (primary_fetch.c). Hellos
 *         and joins may be lost: the beat brings both again.
 * Safety: a follower acknowledges only in the epoch that it follows, and a leader takes no other
 *         acknowledgement. What every follower has acknowledged is therefore in the log of whoever
 *         is promoted later.
 * Source: Ongaro and Ousterhout, USENIX ATC 2014, sections 5.1 and 5.3; PostgreSQL 16
 *         documentation, 26.3 and pg_rewind.
 */

/*
 * A beat: PostgreSQL 16 documentation, "Streaming Replication Protocol", Primary keepalive message
 * (18), and epoch and low mark (assumption: 8 + 8).
 */
enum { BEAT_BYTES = 34 };

static void send_head(struct replica *self, uint32_t member, enum primary_message kind, uint64_t a)
{
    const struct primary_state *state = replica_state(self);
    replica_send(
        self, member, kind,
        (struct message){.a = a, .request = (uint32_t)state->epoch, .bytes = PRIMARY_HEAD_BYTES});
}

static void hello(struct replica *self, uint32_t member)
{
    const struct primary_state *state = replica_state(self);
    struct message message = {.a = state->base, .request = (uint32_t)state->epoch};
    message.bytes = PRIMARY_HEAD_BYTES + primary_history_put(self, &message);
    replica_send(self, member, PRIMARY_HELLO, message);
}

static void arm_beat(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    if (shared->managed) {
        replica_timer(self, params->heartbeat,
                      primary_token(replica_state(self), PRIMARY_TIMER_BEAT, 0));
    }
}

static void accept_writes(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    state->role = LEADERSHIP_LEADER;
    state->leads = state->accepting = true;
    primary_guard_start(self);
    replica_leads(self, state->epoch, true);
}

void primary_lead(struct replica *self)
{
    arm_beat(self);
    accept_writes(self);
}

static void hello_all(struct replica *self)
{
    for (uint32_t member = 0; member < replica_count(self); member++) {
        if (member != replica_self(self)) {
            hello(self, member);
        }
    }
}

void primary_try_accept(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    if (state->role == LEADERSHIP_REPLAYING && state->applied == state->end) {
        state->recovered = state->end;
        accept_writes(self);
        if (state->late) {
            hello_all(self); /* now it answers what was asked meanwhile */
        }
    }
}

/* Whatever it was, it is that no more. What its timers stood for is over. */
static void leave(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    const bool accepting = state->accepting;
    if (state->leads) {
        primary_give_up(self);
    }
    primary_links_stop(state);
    primary_fetch_stop(state);
    state->generation++;
    state->fallback_armed = false;
    state->role = LEADERSHIP_FOLLOWER;
    state->leads = state->accepting = false;
    state->leader = UINT32_MAX;
    state->tag = 0;
    if (accepting) {
        replica_leads(self, state->epoch, false);
    }
}

static bool may_lead(const struct replica *self, const struct primary_state *state)
{
    /* A copy or a rewind that is not complete is no copy of anything. */
    return replica_stores(self, replica_self(self)) && !state->copying && !state->torn &&
           state->consistent <= state->durable;
}

static void promote(struct replica *self, uint64_t epoch)
{
    struct primary_state *state = replica_state(self);
    if (epoch <= state->epoch || !may_lead(self, state)) {
        return;
    }
    leave(self);
    state->epoch = state->tag = epoch;
    state->leader = replica_self(self);
    state->role = LEADERSHIP_REPLAYING;
    state->low = UINT64_MAX;
    primary_history_begin(self, epoch);
    primary_log_index(self);
    primary_links_start(self, false);
    hello_all(self);
    arm_beat(self);
    state->late = false;
    primary_sync(self);
    primary_replay(self);
    state->late = state->role == LEADERSHIP_REPLAYING;
}

static void demote(struct replica *self, uint64_t epoch)
{
    const struct primary_state *state = replica_state(self);
    if (state->role != LEADERSHIP_FOLLOWER && epoch >= state->epoch) {
        leave(self);
    }
}

static void freeze(struct replica *self, bool frozen)
{
    struct primary_state *state = replica_state(self);
    if (state->leads && state->accepting == frozen) {
        state->accepting = !frozen;
        state->role = frozen ? LEADERSHIP_FROZEN : LEADERSHIP_LEADER;
        replica_leads(self, state->epoch, !frozen);
    }
}

static struct leadership_status status(struct replica *self)
{
    const struct primary_state *state = replica_state(self);
    const bool usable = may_lead(self, state);
    /* Frozen, it says where its log will end: what is under way to its disk is part of it. */
    const bool frozen = state->role == LEADERSHIP_FROZEN;
    const uint64_t position = frozen ? state->end : state->durable;
    struct leadership_status found = {.role = state->role,
                                      .epoch = state->epoch,
                                      .last_epoch =
                                          usable ? primary_epoch_at(&state->history, position) : 0,
                                      .position = usable ? position : 0,
                                      .applied = usable ? state->applied : 0,
                                      .leader = state->leader};
    if (state->leads && state->mode == PRIMARY_MODE_GUARDED) {
        found.role = LEADERSHIP_FROZEN;
    } else if (state->role == LEADERSHIP_FOLLOWER) {
        const bool reached = state->beat_end <= state->durable;
        const sim_ns heard_ns = reached ? state->beat_ns : state->heard_ns;
        const sim_ns behind_ns = replica_clock(self) - heard_ns;
        found.behind_ns = behind_ns > 0 ? behind_ns : 0;
    }
    return found;
}

/* The follower's side. */

void primary_hear(struct replica *self, uint64_t epoch, uint32_t leader)
{
    struct primary_state *state = replica_state(self);
    if (epoch > state->epoch) {
        leave(self);
        state->epoch = epoch;
        state->leader = leader;
    } else if (epoch == state->epoch && state->leader == UINT32_MAX) {
        state->leader = leader;
    }
}

/* Asks somebody who leads for its hello, unless one was heard and the way to follow is under way.
 */
static void join(struct replica *self)
{
    const struct primary_state *state = replica_state(self);
    if (state->tag == 0 && !state->fetch.active && !state->settling &&
        state->leader != UINT32_MAX && state->leader != replica_self(self)) {
        send_head(self, state->leader, PRIMARY_JOIN, 0);
    }
}

void primary_refuse(struct replica *self, const struct message *message)
{
    const struct primary_state *state = replica_state(self);
    const uint32_t sender = replica_sender(self, message);
    const bool known = state->leader != UINT32_MAX && state->leader != sender;
    send_head(self, sender, PRIMARY_REFUSE, known ? (uint64_t)state->leader + 1 : 0);
}

void primary_on_refuse(struct replica *self, const struct message *message)
{
    const struct primary_state *state = replica_state(self);
    const uint32_t leader = (uint32_t)message->a - 1; /* 0 - 1: not known */
    if (message->request > state->epoch) {
        primary_hear(self, message->request, leader);
        join(self);
    }
}

void primary_strange(struct replica *self, const struct message *message)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_state *state = replica_state(self);
    const uint64_t epoch = (uint64_t)message->version.stamp;
    if (epoch < state->epoch) {
        primary_refuse(self, message);
        return;
    }
    /* In a star only the leader sends entries; in a chain its beat will come. */
    const bool star = params->topology == PRIMARY_STAR;
    primary_hear(self, epoch, star ? replica_sender(self, message) : UINT32_MAX);
    join(self);
}

void primary_on_join(struct replica *self, const struct message *message)
{
    const struct primary_state *state = replica_state(self);
    if (message->request > state->epoch) {
        primary_hear(self, message->request, UINT32_MAX);
    } else if (state->role != LEADERSHIP_FOLLOWER) {
        hello(self, replica_sender(self, message));
    }
}

void primary_on_hello(struct replica *self, const struct message *message)
{
    struct primary_state *state = replica_state(self);
    const uint64_t epoch = message->request;
    if (epoch < state->epoch) {
        primary_refuse(self, message);
        return;
    }
    primary_hear(self, epoch, replica_sender(self, message));
    CHECK(state->leader == replica_sender(self, message)); /* nobody else was given this epoch */
    if (state->tag == epoch) {
        primary_answer(self, PRIMARY_RESET);
        return;
    }
    if (state->fetch.active) {
        primary_fetch_again(self);
        return;
    }
    if (state->settling) {
        return; /* nearly done; if that was of an older epoch, the next beat asks again */
    }
    primary_history_take(self, &state->fetch.history, message);
    const uint64_t common = primary_common(&state->history, state->end, &state->fetch.history);
    if (state->copying || common < message->a) {
        primary_log_cut(self, common);
        primary_copy(self, &state->fetch.history);
    } else if (common < state->end || common < state->consistent || state->torn) {
        primary_rewind(self, common);
    } else {
        primary_history_adopt(self, &state->fetch.history);
        primary_attach(self);
    }
}

void primary_attach(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    state->tag = state->epoch;
    state->announce = true;
    state->gap_reported = 0;
    state->low = shared->managed && params->topology == PRIMARY_STAR ? 0 : UINT64_MAX;
    state->unreadable = state->applied < state->consistent;
    if (state->beat_end > state->durable) { /* of a log that is not this one any more */
        state->beat_ns = state->heard_ns;
        state->beat_end = 0;
    }
    primary_links_start(self, false);
    primary_replay(self);
    primary_answer(self, PRIMARY_RESET);
    primary_links_recover(self);
    primary_sync(self);
}

/* Beats. */

static uint64_t low_mark(const struct primary_state *state)
{
    uint64_t low = state->durable;
    for (uint32_t i = 0; i < state->link_count; i++) {
        const uint64_t acked = primary_link_at(state, i)->acked;
        low = acked < low ? acked : low;
    }
    return low;
}

void primary_on_beat_timer(struct replica *self)
{
    const struct primary_state *state = replica_state(self);
    const sim_ns now_ns = replica_clock(self);
    const uint64_t low = low_mark(state);
    for (uint32_t member = 0; member < replica_count(self); member++) {
        if (member == replica_self(self)) {
            continue;
        }
        const struct primary_link *link = primary_link_to(self, member);
        const bool unheard = link != NULL && !link->attached;
        replica_send(self, member, PRIMARY_BEAT,
                     (struct message){.a = state->durable,
                                      .version = {.stamp = now_ns, .write = low},
                                      .request = (uint32_t)state->epoch,
                                      .bytes = BEAT_BYTES,
                                      .flag = unheard ? PRIMARY_UNHEARD : 0});
    }
    arm_beat(self);
}

void primary_on_beat(struct replica *self, const struct message *message)
{
    const struct primary_params *params = replica_params(self);
    struct primary_state *state = replica_state(self);
    const uint64_t epoch = message->request;
    if (epoch < state->epoch) {
        primary_refuse(self, message);
        return;
    }
    primary_hear(self, epoch, replica_sender(self, message));
    if (state->tag != epoch) {
        join(self);
        return;
    }
    if (state->beat_end <= state->durable) {
        /* One that is ahead of this log waits until the log is there; then the next one counts. */
        state->heard_ns = state->beat_ns;
        state->beat_ns = message->version.stamp;
        state->beat_end = message->a;
    }
    if (params->topology == PRIMARY_STAR && message->version.write > state->low) {
        state->low = message->version.write;
    }
    if ((message->flag & PRIMARY_UNHEARD) != 0) {
        primary_answer(self, PRIMARY_RESET);
    }
    primary_links_probe(self);
}

const struct leadership_ops primary_leadership = {
    .status = status, .promote = promote, .demote = demote, .freeze = freeze};
