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
 * Assumes: nobody is promoted; a middle node of a cascade that is down starves those behind it.
 */

static const char *const acks_names[] = {"async", "semi_sync", "all", NULL};
static const char *const topology_names[] = {"star", "cascade", NULL};
static const char *const reads_names[] = {"nearest", "primary", "primary_after_write", NULL};
static const char *const message_names[] = {"append", "ack", NULL};
static const char *const mode_names[] = {"normal", "fallback_async", NULL};

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
}

static void primary_start(struct replica *self)
{
    if (replica_stores(self, replica_self(self))) {
        primary_links_start(self);
    }
}

static uint32_t primary_route(const struct route_view *view, const struct route_request *request)
{
    const struct primary_params *params = view->params;
    const struct primary_shared *shared = view->shared;
    if (request->type == RECORD_WRITE || params->reads == PRIMARY_READ_PRIMARY) {
        return shared->node;
    }
    if (params->reads == PRIMARY_READ_AFTER_WRITE &&
        request->since_write_ns < params->after_write) {
        return shared->node;
    }
    return view->nearest[request->tries % view->nearest_count];
}

/* One sync at a time: what is appended while it runs shares the next one (group commit). */
void primary_sync(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    if (!state->syncing && state->end > state->durable) {
        state->syncing = true;
        state->stored_next = state->applied;
        replica_persist(self, state->end);
    }
}

static void apply_entry(struct replica *self, const struct primary_state *state, uint64_t position)
{
    const struct primary_entry *entry = primary_entry_at(state, position);
    const struct version version = {.stamp = (int64_t)position, .write = entry->write};
    replica_apply(self, entry->key, version, entry->bytes);
}

/* The primary: makes visible and answers what the acknowledgement rule allows. */
static void commit(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    const uint64_t allowed =
        state->mode == PRIMARY_MODE_FALLBACK ? state->durable : primary_acknowledged(self);
    while (state->applied < allowed) {
        const uint64_t position = state->applied + 1;
        apply_entry(self, state, position);
        const struct message *request = &primary_waiting_at(state, position)->request;
        CHECK(request->operation == primary_entry_at(state, position)->write);
        replica_reply(self, request, RECORD_OK,
                      (struct version){.stamp = (int64_t)position, .write = request->operation});
        state->applied = position;
    }
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
    replica_timer(self, delay_ns, primary_token(PRIMARY_TIMER_FALLBACK, 0));
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
    state->mode = PRIMARY_MODE_FALLBACK;
    state->caught_mark = primary_acknowledged(self);
    state->caught_goal = 0;
    replica_mode(self, PRIMARY_MODE_FALLBACK);
    commit(self);
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
        state->mode = PRIMARY_MODE_NORMAL;
        replica_mode(self, PRIMARY_MODE_NORMAL);
        watch_again(self);
    }
}

/*
 * One timer, for the oldest waiting write; one that commits in time costs none. The next in line
 * has its turn as much later as it began later by the machine's clock, so that a clock that is set
 * moves a time-out by no more than its own length.
 */
static void on_fallback_timer(struct replica *self)
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

static void accept_write(struct replica *self, const struct message *request)
{
    const struct primary_params *params = replica_params(self);
    struct primary_state *state = replica_state(self);
    const uint64_t known = primary_log_find(state, request->operation);
    if (known > state->applied) {
        return; /* a further try of a write that waits: its commit answers both */
    }
    /* What a restart found on the disk is visible, but the acknowledgement rule need not hold for
     * it: until it does, a further try is done again. */
    if (known > state->recovered || (known > 0 && known <= primary_acknowledged(self))) {
        replica_reply(self, request, RECORD_OK,
                      (struct version){.stamp = (int64_t)known, .write = request->operation});
        return;
    }
    primary_log_append(self, (struct primary_entry){.write = request->operation,
                                                    .key = request->key,
                                                    .bytes = request->bytes});
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

static void primary_on_request(struct replica *self, const struct message *request)
{
    const struct primary_state *state = replica_state(self);
    if (request->type == RECORD_READ) {
        replica_reply(self, request, RECORD_OK, replica_read(self, request->key));
    } else if (state->rank == 0) {
        accept_write(self, request);
    } else {
        replica_reply(self, request, RECORD_FAIL, (struct version){0});
    }
}

static void primary_on_message(struct replica *self, const struct message *message)
{
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    if (message->kind == MESSAGE_STRATEGY + PRIMARY_APPEND) {
        primary_on_append(self, message);
        return;
    }
    if (!primary_on_ack(self, message)) {
        return;
    }
    if (state->rank == 0) {
        if (state->mode == PRIMARY_MODE_FALLBACK) {
            try_normal(self);
        }
        commit(self);
    } else if (state->rank < shared->need) {
        primary_answer(self, 0); /* up the chain: the commit waits for a node behind this one */
    }
}

static void primary_on_persisted(struct replica *self, uint64_t token)
{
    struct primary_state *state = replica_state(self);
    CHECK(state->syncing);
    CHECK(token > state->durable);
    CHECK(token <= state->end);
    state->syncing = false;
    state->stored = state->stored_next;
    state->durable = token;
    primary_ship(self);
    if (state->rank == 0) {
        commit(self);
    } else {
        while (state->applied < state->durable) {
            apply_entry(self, state, ++state->applied);
        }
        primary_answer(self, 0);
    }
    primary_sync(self);
}

static void primary_on_timer(struct replica *self, uint64_t token)
{
    const uint32_t link = (uint32_t)token;
    switch ((enum primary_timer)(token >> 32)) {
    case PRIMARY_TIMER_FALLBACK:
        on_fallback_timer(self);
        break;
    case PRIMARY_TIMER_LINGER:
        primary_on_linger(self, link);
        break;
    case PRIMARY_TIMER_RESEND:
        primary_on_resend(self, link);
        break;
    }
}

static void primary_on_crash(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    state->syncing = state->fallback_armed = false;
    state->gap_reported = 0;
    primary_log_forget(state);
    primary_links_forget(state);
}

static void primary_on_recover(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    if (!replica_stores(self, replica_self(self))) {
        return;
    }
    for (uint64_t p = state->stored + 1; p <= state->durable; p++) {
        apply_entry(self, state, p);
    }
    state->applied = state->recovered = state->durable;
    if (state->mode != PRIMARY_MODE_NORMAL) {
        state->mode = PRIMARY_MODE_NORMAL;
        replica_mode(self, PRIMARY_MODE_NORMAL);
    }
    if (state->rank > 0) {
        primary_answer(self, PRIMARY_RESET);
    }
    primary_links_recover(self);
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
             .summary = "one primary orders writes in a log and ships it to followers",
             .source = "PostgreSQL 16 documentation, chapter 27.2; MySQL 8.0 manual, section "
                       "19.4.10",
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
    .on_recover = primary_on_recover,
    .invariant = primary_invariant,
};
