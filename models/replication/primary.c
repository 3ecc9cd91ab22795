#include "models/replication/primary_internal.h"
#include "models/scenario.h"
#include "sim/check.h"

/*
 * Model:   one primary orders all writes in a log and ships it to followers; see README.md.
 * Source:  PostgreSQL 16 documentation, chapters 27.2 (streaming, cascading and synchronous
 *          replication) and 20.5; MySQL 8.0 manual, section 19.4.10 (semi-synchronous, AFTER_SYNC).
 * Choices: the primary's log is on its disk before it is shipped, so no follower is ever ahead of a
 *          primary that restarts. A write is visible at the primary at its commit (MySQL,
 *          AFTER_SYNC). A follower acknowledges and shows an entry when its own log is on disk
 *          (PostgreSQL replays what the receiver has flushed), perhaps before the primary commits.
 * Restart: what the primary's disk has is committed (both systems), its clients are told nothing.
 * Leaders: how they move: primary_epoch.c. Without a failover policy nobody is promoted, and the
 *          primary leads again after a restart, unless its disk was lost: then nobody does.
 * Assumes: a middle node of a cascade that is down starves those behind it. What a node knows about
 *          epochs and histories is on its disk at once (a few bytes; etcd's and PostgreSQL's
 * files).
 */

static const char *const acks_names[] = {"async", "semi_sync", "all", NULL};
static const char *const topology_names[] = {"star", "cascade", NULL};
static const char *const reads_names[] = {"nearest", "primary", "primary_after_write", NULL};
static const char *const message_names[] = {"append", "ack",   "hello", "join", "refuse",
                                            "beat",   "fetch", "data",  NULL};
static const char *const mode_names[] = {"normal", "fallback_async", "guarded", NULL};

#define ROW(field) offsetof(struct primary_params, field)

static const struct param_spec primary_table[] = {
    {.key = "primary",
     .type = PARAM_REGION,
     .offset = ROW(primary),
     .required = true,
     .help = "region of the primary, one of `replicas`: all writes go to its first copy there"},
    {.key = "acks",
     .type = PARAM_ENUM,
     .offset = ROW(acks),
     .names = acks_names,
     .default_text = "async",
     .help = "when a write is answered: async: it is on the primary's disk; semi_sync: and on the "
             "disks of wait_for followers; all: of every follower"},
    {.key = "wait_for",
     .type = PARAM_INT,
     .offset = ROW(wait_for),
     .min = 1,
     .max = 4095,
     .default_text = "1",
     .help = "semi_sync: followers that must acknowledge (in a cascade: the first ones of it)"},
    {.key = "fallback_after",
     .type = PARAM_DURATION,
     .offset = ROW(fallback_after),
     .max = (double)SIM_NS_PER_H,
     .default_text = "none",
     .help = "semi_sync, all: a write that has waited so long commits, and the primary goes on as "
             "async until the followers have caught up (MySQL: 10s); none: it waits for ever"},
    {.key = "topology",
     .type = PARAM_ENUM,
     .offset = ROW(topology),
     .names = topology_names,
     .default_text = "star",
     .help = "star: the primary feeds every follower; cascade: a chain in the order of `replicas`"},
    {.key = "batch_max",
     .type = PARAM_INT,
     .offset = ROW(batch_max),
     .min = 1,
     .max = 4096,
     .default_text = "64",
     .help = "log entries in one message at most"},
    {.key = "batch_bytes",
     .type = PARAM_BYTES,
     .offset = ROW(batch_bytes),
     .min = 1,
     .max = 1e9,
     .default_text = "128KiB",
     .help = "bytes in one message at most, but always one entry (PostgreSQL 16, walsender.c: "
             "MAX_SEND_SIZE, 16 blocks of 8 KiB)"},
    {.key = "batch_wait",
     .type = PARAM_DURATION,
     .offset = ROW(batch_wait),
     .max = (double)SIM_NS_PER_MIN,
     .default_text = "0ms",
     .help = "how long an entry may wait for others to fill its message; 0: sent at once"},
    {.key = "window",
     .type = PARAM_INT,
     .offset = ROW(window),
     .min = 1,
     .max = 1e9,
     .default_text = "65536",
     .help = "log entries under way to one follower at most: throughput <= window / round trip"},
    {.key = "resend_after",
     .type = PARAM_DURATION,
     .offset = ROW(resend_after),
     .min = 1e6,
     .max = (double)SIM_NS_PER_H,
     .default_text = "5s",
     .help = "a follower that acknowledges nothing for so long is sent its next entries again; "
             "doubles up to 1min (PostgreSQL wal_retrieve_retry_interval: 5s)"},
    {.key = "heartbeat",
     .type = PARAM_DURATION,
     .offset = ROW(heartbeat),
     .min = 1e6,
     .max = (double)SIM_NS_PER_H,
     .default_text = "1s",
     .help = "with a failover policy: how often the leader tells all others that it leads, its "
             "clock and its log's end (Percona Toolkit, pt-heartbeat --interval: 1s; MongoDB: 2s)"},
    {.key = "replay_rate",
     .type = PARAM_RATE,
     .offset = ROW(replay_rate),
     .min = 1e-3,
     .max = 1e9,
     .default_text = "none",
     .help = "entries that a follower applies per second at most; one that is promoted applies all "
             "it has before it accepts writes; none: applying takes no time"},
    {.key = "log_keep",
     .type = PARAM_INT,
     .offset = ROW(log_keep),
     .min = 1024,
     .max = 1e12,
     .default_text = "none",
     .help = "entries that the log keeps for a follower that is behind; one further behind needs a "
             "full copy (PostgreSQL max_slot_wal_keep_size, default no limit)"},
    {.key = "rpo_guard",
     .type = PARAM_DURATION,
     .offset = ROW(rpo_guard),
     .min = (double)SIM_NS_PER_S,
     .max = 1e18,
     .default_text = "none",
     .help = "async: nothing commits while every follower is further behind than this (Aurora "
             "rds.global_db_rpo, 20s or more, default none)"},
    {.key = "reads",
     .type = PARAM_ENUM,
     .offset = ROW(reads),
     .names = reads_names,
     .default_text = "nearest",
     .help = "which copy answers reads; primary_after_write: the primary for `after_write` after a "
             "session's own write, else the nearest"},
    {.key = "after_write",
     .type = PARAM_DURATION,
     .offset = ROW(after_write),
     .max = (double)SIM_NS_PER_H,
     .default_text = "1s",
     .help = "primary_after_write: how long a session reads at the primary after its own "
             "acknowledged write"},
    {0}};

static const char *primary_check(const void *untyped, const struct scenario_dataset *dataset,
                                 const struct scenario *scenario, const char **key)
{
    const struct primary_params *params = untyped;
    const struct scenario_replication *common = dataset->replication.common;
    const uint32_t *replicas = common->replicas.items;
    const size_t regions =
        common->replicas.count > 0 ? common->replicas.count : scenario->regions.count;
    if (value_ops_of(&dataset->value) != NULL) {
        *key = "strategy";
        return "primary: one replica accepts all writes, so no two of them ever meet: use the "
               "value type \"register\"";
    }
    bool found = common->replicas.count == 0;
    for (size_t i = 0; i < common->replicas.count; i++) {
        found = found || replicas[i] == params->primary;
    }
    if (!found) {
        *key = "primary";
        return "must be one of the regions in `replicas`";
    }
    const int64_t followers = (int64_t)regions * common->copies - 1;
    if (params->acks == PRIMARY_SEMI_SYNC && params->wait_for > followers) {
        *key = "wait_for";
        return "must be at most the number of followers (replicas x copies - 1)";
    }
    if (params->rpo_guard > 0 && params->acks != PRIMARY_ASYNC) {
        *key = "rpo_guard";
        return "needs acks async: the other rules wait for followers anyway";
    }
    return NULL;
}

static void primary_setup(struct replica *any, void *untyped)
{
    const struct primary_params *params = replica_params(any);
    struct primary_shared *shared = untyped;
    const uint32_t count = replica_count(any);
    shared->member = 0;
    while (shared->member < count && replica_region(any, shared->member) != params->primary) {
        shared->member++;
    }
    CHECK(shared->member < count);
    shared->node = replica_node(any, shared->member);
    shared->followers = count - 1;
    shared->need = 0;
    if (params->acks == PRIMARY_SEMI_SYNC) {
        shared->need = (uint32_t)params->wait_for;
    } else if (params->acks == PRIMARY_ALL) {
        shared->need = shared->followers;
    }
    CHECK(shared->need <= shared->followers);
    shared->managed = replica_managed(any);
}

static void primary_start(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    if (!replica_stores(self, replica_self(self))) {
        return;
    }
    primary_history_begin(self, 1);
    state->epoch = state->tag = 1;
    state->leader = shared->member;
    state->low = shared->managed && params->topology == PRIMARY_STAR ? 0 : UINT64_MAX;
    primary_links_start(self, true);
    if (state->rank == 0) {
        primary_lead(self);
    }
}

/* The leader as far as this driver knows; every other try asks around, since it may be another. */
static uint32_t leading_node(const struct route_view *view, const struct route_request *request)
{
    const struct primary_shared *shared = view->shared;
    if (shared->managed && request->tries % 2 != 0) {
        return route_in_turn(view, request->tries / 2);
    }
    return view->leader != UINT32_MAX ? view->leader : shared->node;
}

static uint32_t primary_route(const struct route_view *view, const struct route_request *request)
{
    const struct primary_params *params = view->params;
    if (request->type == RECORD_WRITE || params->reads == PRIMARY_READ_PRIMARY) {
        return leading_node(view, request);
    }
    if (params->reads == PRIMARY_READ_AFTER_WRITE &&
        request->since_write_ns < params->after_write) {
        return leading_node(view, request);
    }
    return route_in_turn(view, request->tries);
}

/* One sync at a time: what is appended while it runs shares the next one (group commit). */
void primary_sync(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    if (!state->syncing && state->end > state->durable) {
        state->syncing = true;
        state->sync_cap = UINT64_MAX;
        state->stored_next = state->applied;
        replica_persist(self, state->end);
    }
}

static void refer(struct replica *self, const struct message *request)
{
    const struct primary_state *state = replica_state(self);
    const bool self_leads = state->leader == replica_self(self); /* not ready yet */
    replica_refer(self, request, self_leads ? UINT32_MAX : state->leader, state->epoch);
}

static void primary_on_request(struct replica *self, const struct message *request)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    const struct primary_state *state = replica_state(self);
    if (request->type == RECORD_READ) {
        const bool elsewhere =
            shared->managed && params->reads == PRIMARY_READ_PRIMARY && !state->leads;
        if (state->unreadable || elsewhere) {
            refer(self, request);
        } else {
            replica_reply(self, request, RECORD_OK, replica_read(self, request->key));
        }
    } else if (state->leads) {
        primary_accept(self, request);
    } else {
        refer(self, request);
    }
}

static void on_ack(struct replica *self, const struct message *message)
{
    const struct primary_shared *shared = replica_shared(self);
    const struct primary_state *state = replica_state(self);
    if (!primary_on_ack(self, message)) {
        return;
    }
    if (state->leads) {
        primary_news(self);
    } else if (state->rank > 0 && state->rank < shared->need) {
        primary_answer(self, 0); /* up the chain: the commit waits for a node behind this one */
    }
}

/* Of leaders that move. */
__attribute__((noinline)) static void
on_rare_message(struct replica *self, const struct message *message, enum primary_message kind)
{
    switch (kind) {
    case PRIMARY_APPEND:
    case PRIMARY_ACK:
        break;
    case PRIMARY_HELLO:
        primary_on_hello(self, message);
        break;
    case PRIMARY_JOIN:
        primary_on_join(self, message);
        break;
    case PRIMARY_REFUSE:
        primary_on_refuse(self, message);
        break;
    case PRIMARY_BEAT:
        primary_on_beat(self, message);
        break;
    case PRIMARY_FETCH:
        primary_on_fetch(self, message);
        break;
    case PRIMARY_DATA:
        primary_on_data(self, message);
        break;
    }
}

static void primary_on_message(struct replica *self, const struct message *message)
{
    const enum primary_message kind = (enum primary_message)(message->kind - MESSAGE_STRATEGY);
    if (__builtin_expect(kind > PRIMARY_ACK, 0)) {
        on_rare_message(self, message, kind);
    } else if (kind == PRIMARY_APPEND) {
        primary_on_append(self, message);
    } else {
        on_ack(self, message);
    }
}

static void primary_on_persisted(struct replica *self, uint64_t token)
{
    struct primary_state *state = replica_state(self);
    if (primary_settles(token)) {
        primary_on_settled(self, token);
        return;
    }
    CHECK(state->syncing);
    state->syncing = false;
    token = token < state->sync_cap ? token : state->sync_cap;
    if (token > state->durable) {
        CHECK(token <= state->end);
        state->stored = state->stored_next;
        state->durable = token;
    }
    primary_ship(self);
    if (state->leads) {
        primary_commit(self);
    } else if (state->tag != 0) {
        primary_replay(self);
        if (state->rank > 0) {
            primary_answer(self, 0);
        }
    }
    primary_sync(self);
}

static void primary_on_timer(struct replica *self, uint64_t token)
{
    const struct primary_state *state = replica_state(self);
    const uint32_t link = (uint32_t)token;
    const enum primary_timer kind = (enum primary_timer)(token >> 32 & 0xff);
    if (token >> 40 != state->generation && kind != PRIMARY_TIMER_REPLAY) {
        return; /* of a role that it has no more */
    }
    switch (kind) {
    case PRIMARY_TIMER_FALLBACK:
        primary_on_fallback(self);
        break;
    case PRIMARY_TIMER_LINGER:
        primary_on_linger(self, link);
        break;
    case PRIMARY_TIMER_RESEND:
        primary_on_resend(self, link);
        break;
    case PRIMARY_TIMER_BEAT:
        primary_on_beat_timer(self);
        break;
    case PRIMARY_TIMER_REPLAY:
        primary_on_replay(self);
        break;
    case PRIMARY_TIMER_FETCH:
        primary_on_fetch_timer(self, link);
        break;
    case PRIMARY_TIMER_GUARD:
        primary_on_guard(self);
        break;
    }
}

static void primary_on_crash(struct replica *self)
{
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    state->syncing = state->fallback_armed = state->replay_armed = false;
    state->gap_reported = 0;
    primary_log_forget(state);
    primary_links_forget(state);
    primary_fetch_stop(state);
    state->settling = false;
    if (shared->managed && state->role != LEADERSHIP_FOLLOWER) {
        primary_links_stop(state);
        state->tag = 0;
        state->leader = UINT32_MAX;
    }
    state->role = LEADERSHIP_FOLLOWER;
    state->leads = state->accepting = false;
}

static void primary_on_disk_lost(struct replica *self)
{
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    if (!replica_stores(self, replica_self(self))) {
        return;
    }
    const bool follows = !shared->managed && replica_self(self) != shared->member;
    primary_log_reset(state, 0);
    if (!follows) {
        primary_history_clear(state);
    }
    primary_links_stop(state);
    state->tag = 0;
    state->epoch = follows ? 1 : 0;
    state->leader = follows ? shared->member : UINT32_MAX;
    state->copying = state->unreadable = true;
    state->torn = false;
    state->consistent = 0;
}

/* Back in the place that it had; one that led under a failover policy waits to be told. */
static void recover_place(struct replica *self)
{
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    if (state->tag == 0) {
        return;
    }
    if (state->rank > 0) {
        primary_answer(self, PRIMARY_RESET);
    } else if (!shared->managed) {
        primary_lead(self);
    }
    primary_links_recover(self);
}

static void primary_on_recover(struct replica *self)
{
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    if (!replica_stores(self, replica_self(self))) {
        return;
    }
    for (uint64_t p = state->stored + 1; p <= state->durable; p++) {
        primary_apply_entry(self, state, p);
    }
    state->applied = state->recovered = state->durable;
    if (state->mode != PRIMARY_MODE_NORMAL) {
        state->mode = PRIMARY_MODE_NORMAL;
        replica_mode(self, PRIMARY_MODE_NORMAL);
    }
    if (state->copying && !shared->managed && state->leader != UINT32_MAX) {
        primary_copy(self, &state->history);
    }
    recover_place(self);
}

static bool primary_invariant(const struct replica *self)
{
    /* The facade gives the state for writing only; nothing is written here. */
    const struct primary_state *state = replica_state((struct replica *)(uintptr_t)self);
    bool holds = state->base <= state->stored && state->stored <= state->applied &&
                 state->applied <= state->durable && state->durable <= state->end;
    for (uint32_t i = 0; i < state->link_count; i++) {
        const struct primary_link *link = primary_link_at(state, i);
        holds = holds && state->base <= link->acked && link->acked <= link->sent &&
                link->sent <= state->durable;
    }
    return holds;
}

const struct strategy_ops strategy_primary = {
    .kind = {.name = "primary",
             .summary = "one primary orders writes in a log and ships it to followers; a failover "
                        "policy may move it",
             .source = "PostgreSQL 16 documentation, chapters 26.3, 27.2 and pg_rewind; MySQL 8.0 "
                       "manual, section 19.4.10; Ongaro and Ousterhout, USENIX ATC 2014, section 5",
             .params_bytes = sizeof(struct primary_params),
             .params = primary_table},
    .state_bytes = sizeof(struct primary_state),
    .shared_bytes = sizeof(struct primary_shared),
    .messages = message_names,
    .modes = mode_names,
    .total_order = true,
    .logged = true,
    .check = primary_check,
    .setup = primary_setup,
    .start = primary_start,
    .route = primary_route,
    .on_request = primary_on_request,
    .on_message = primary_on_message,
    .on_timer = primary_on_timer,
    .on_persisted = primary_on_persisted,
    .on_crash = primary_on_crash,
    .on_disk_lost = primary_on_disk_lost,
    .on_recover = primary_on_recover,
    .invariant = primary_invariant,
    .leadership = &primary_leadership,
};
