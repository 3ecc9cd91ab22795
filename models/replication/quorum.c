#include "models/replication/quorum_internal.h"
#include "sim/check.h"

/*
 * Model:   no leader. Any coordinator sends a write to all copies and answers when enough have it;
 *          it asks enough copies for a read and answers with the newest version; see README.md.
 * Source:  DeCandia et al., "Dynamo", SOSP 2007; Apache Cassandra 4.1 documentation ("Dynamo",
 *          "Hints", "Read repair") and cassandra.yaml (time-outs); Bailis et al.,
 * "Probabilistically bounded staleness", VLDB 2012, section 5.1 (coordinators that store nothing).
 * Stamps:  the coordinator's clock, made to increase; a further try has a new stamp. The newer
 *          stamp wins, whatever really happened first.
 * Values:  of those that merge (models/values) the copies get states or deltas and join them, and a
 *          read is answered with the join of R contents; see quorum_content.c.
 * Assumes: an answer to a read carries the value (Cassandra sends digests and reads again where
 * they differ); one message for each copy, also to a region with several.
 */

static const char *const message_names[QUORUM_MESSAGE_COUNT + 1] = {
    [QUORUM_WRITE] = "write",         [QUORUM_WRITE_ACK] = "write_ack",
    [QUORUM_READ] = "read",           [QUORUM_READ_ANSWER] = "read_answer",
    [QUORUM_REPAIR] = "repair",       [QUORUM_REPAIR_ACK] = "repair_ack",
    [QUORUM_HINTS] = "hints",         [QUORUM_HINTS_ACK] = "hints_ack",
    [QUORUM_HEARTBEAT] = "heartbeat", [QUORUM_TREE] = "tree",
    [QUORUM_VERSIONS] = "versions",   [QUORUM_WANT] = "want",
    [QUORUM_VALUES] = "values",       [QUORUM_RIGHTS] = "rights",
};

static bool quorum_coordinates(const void *untyped, bool stores)
{
    const struct quorum_params *params = untyped;
    switch ((enum quorum_coordinators)params->coordinators) {
    case QUORUM_BY_REPLICAS:
        return stores;
    case QUORUM_BY_OTHERS:
        return !stores;
    case QUORUM_BY_ANY:
        break;
    }
    return true;
}

static bool quorum_stores_elsewhere(const void *untyped)
{
    const struct quorum_params *params = untyped;
    return params->sloppy;
}

static uint32_t quorum_route(const struct route_view *view, const struct route_request *request)
{
    return route_in_turn(view, request->tries);
}

/* Does this node store, coordinate or stand in? Others never hear of the dataset. */
static bool takes_part(const struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    const bool stores = replica_stores(self, replica_self(self));
    return stores || params->sloppy || quorum_coordinates(params, stores);
}

static void quorum_start(struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_state *state = replica_state(self);
    uint32_t regions[LEVEL_MEMBERS_MAX];
    const uint32_t count = replica_count(self), own = replica_self(self);
    if (!takes_part(self)) {
        return;
    }
    CHECK(count >= 1);
    CHECK(count <= LEVEL_MEMBERS_MAX);
    struct level_members members = {.regions = regions, .count = count};
    members.home_region = replica_region(self, replica_nearest(self)[0]);
    for (uint32_t member = 0; member < count; member++) {
        regions[member] = replica_region(self, member);
        if (regions[member] == replica_region(self, own)) {
            members.home_region = regions[member];
        }
    }
    level_rules_make(&state->write_rules, params->write, params->w, &members);
    level_rules_make(&state->read_rules, params->read, params->r, &members);
    state->merges = replica_merges(self);
    state->all = state->live = level_mask_all(count);
    state->self_bit = own < count ? quorum_bit(own) : 0;
    replica_grow(self, &state->queues, &state->queues_capacity, count,
                 sizeof(struct quorum_hint_queue));
    quorum_detect_start(self);
    quorum_anti_entropy_start(self);
}

static void say(struct replica *self, const struct quorum_due *due)
{
    if (due->kind == QUORUM_MESSAGE_COUNT) {
        return;
    }
    if (due->member != replica_self(self)) {
        replica_send(
            self, due->member, due->kind,
            (struct message){.bytes = QUORUM_ACK_BYTES, .request = due->number, .flag = due->flag});
    } else if (due->kind == QUORUM_WRITE_ACK) {
        quorum_write_acked(self, due->number, quorum_owner(due->flag, due->member));
    } else {
        CHECK(due->kind == QUORUM_REPAIR_ACK);
        quorum_repaired(self, due->number, due->member);
    }
}

static struct quorum_due *due_at(const struct quorum_state *state, uint64_t place)
{
    return (struct quorum_due *)state->due + (place & state->due_mask);
}

static void due_reserve(struct replica *self, struct quorum_state *state)
{
    enum { DUE_LEAST = 64 };
    const uint64_t size = state->due == NULL ? 0 : state->due_mask + 1;
    if (state->due_next - state->due_first < size) {
        return;
    }
    const uint64_t larger = size == 0 ? DUE_LEAST : 2 * size;
    replica_grow(self, &state->due, &state->due_capacity, larger, sizeof(struct quorum_due));
    struct quorum_due *items = state->due;
    for (uint64_t p = state->due_first; p < state->due_next; p++) {
        if ((p & (larger - 1)) != (p & (size - 1))) {
            items[p & (larger - 1)] = items[p & (size - 1)];
        }
    }
    state->due_mask = larger - 1;
}

static void sync(struct replica *self)
{
    struct quorum_state *state = replica_state(self);
    if (!state->syncing && state->due_first < state->due_next) {
        state->syncing = true;
        replica_persist(self, state->due_next);
    }
}

void quorum_stored(struct replica *self, struct quorum_due due)
{
    if (!replica_has_disk(self)) {
        say(self, &due);
        return;
    }
    struct quorum_state *state = replica_state(self);
    due_reserve(self, state);
    *due_at(state, state->due_next++) = due;
    sync(self);
}

static void quorum_on_persisted(struct replica *self, uint64_t token)
{
    struct quorum_state *state = replica_state(self);
    CHECK(state->syncing);
    CHECK(token <= state->due_next);
    while (state->due_first < token) {
        const struct quorum_due due = *due_at(state, state->due_first++);
        say(self, &due);
    }
    state->syncing = false;
    sync(self);
}

static void quorum_on_request(struct replica *self, const struct message *request)
{
    if (request->type == RECORD_WRITE) {
        quorum_write_begin(self, request);
    } else {
        quorum_read_begin(self, request);
    }
}

static void on_write_ack(struct replica *self, const struct message *message)
{
    const uint32_t owner = quorum_owner(message->flag, replica_sender(self, message));
    quorum_write_acked(self, message->request, owner);
}

static void on_repair_ack(struct replica *self, const struct message *message)
{
    quorum_repaired(self, message->request, replica_sender(self, message));
}

typedef void (*message_handler)(struct replica *self, const struct message *message);

static const message_handler handlers[QUORUM_MESSAGE_COUNT] = {
    [QUORUM_WRITE] = quorum_on_write,         [QUORUM_WRITE_ACK] = on_write_ack,
    [QUORUM_READ] = quorum_on_read,           [QUORUM_READ_ANSWER] = quorum_on_read_answer,
    [QUORUM_REPAIR] = quorum_on_repair,       [QUORUM_REPAIR_ACK] = on_repair_ack,
    [QUORUM_HINTS] = quorum_on_hints,         [QUORUM_HINTS_ACK] = quorum_on_hints_ack,
    [QUORUM_HEARTBEAT] = quorum_on_heartbeat, [QUORUM_TREE] = quorum_on_tree,
    [QUORUM_VERSIONS] = quorum_on_versions,   [QUORUM_WANT] = quorum_on_want,
    [QUORUM_VALUES] = quorum_on_values,       [QUORUM_RIGHTS] = quorum_on_rights,
};

static void quorum_on_message(struct replica *self, const struct message *message)
{
    const uint32_t kind = (uint32_t)message->kind - MESSAGE_STRATEGY;
    CHECK(kind < QUORUM_MESSAGE_COUNT);
    handlers[kind](self, message);
}

static void quorum_on_timer(struct replica *self, uint64_t token)
{
    const uint32_t index = (uint32_t)token;
    switch ((enum quorum_timer)(token >> 32)) {
    case QUORUM_TIMER_WATCH:
        quorum_watch_fired(self, (enum quorum_watch_kind)index);
        break;
    case QUORUM_TIMER_HEARTBEAT:
        quorum_heartbeat_timer(self);
        break;
    case QUORUM_TIMER_HINTS:
        quorum_hints_timer(self, index);
        break;
    case QUORUM_TIMER_ANTI_ENTROPY:
        quorum_anti_entropy_timer(self);
        break;
    }
}

static void quorum_on_crash(struct replica *self)
{
    struct quorum_state *state = replica_state(self);
    if (!takes_part(self)) {
        return;
    }
    state->syncing = false;
    state->due_first = state->due_next = 0;
    quorum_watch_forget(state);
    quorum_held_forget(self);
    quorum_rights_forget(self);
    quorum_hints_forget(self);
}

/* Empty, it answers what it holds: repair fills it again, at reads and between copies. */
static void quorum_on_disk_lost(struct replica *self)
{
    if (takes_part(self)) {
        quorum_hints_lost(self);
    }
}

static void quorum_on_recover(struct replica *self)
{
    if (!takes_part(self)) {
        return;
    }
    quorum_detect_recover(self);
    quorum_hints_recover(self);
    quorum_anti_entropy_start(self);
}

static bool quorum_invariant(const struct replica *self)
{
    /* The facade gives the state for writing only; nothing is written here. */
    const struct quorum_state *state = replica_state((struct replica *)(uintptr_t)self);
    bool holds = (state->live & ~state->all) == 0 &&
                 (state->live & state->self_bit) == state->self_bit &&
                 state->due_first <= state->due_next;
    for (uint32_t member = 0; takes_part(self) && member < replica_count(self); member++) {
        const struct quorum_hint_queue *queue = quorum_queue(state, member);
        holds = holds && queue->in_flight <= queue->count;
    }
    return holds;
}

const struct strategy_ops strategy_quorum = {
    .kind = {.name = "quorum",
             .summary = "leaderless: writes go to all copies, W acknowledge, R are asked",
             .source = "DeCandia et al., Dynamo, SOSP 2007; Apache Cassandra 4.1 documentation",
             .params_bytes = sizeof(struct quorum_params),
             .params = quorum_table,
             .finish = quorum_finish},
    .state_bytes = sizeof(struct quorum_state),
    .pending_bytes = sizeof(struct quorum_op),
    .messages = message_names,
    .check = quorum_check,
    .coordinates = quorum_coordinates,
    .stores_elsewhere = quorum_stores_elsewhere,
    .start = quorum_start,
    .route = quorum_route,
    .on_request = quorum_on_request,
    .on_message = quorum_on_message,
    .on_timer = quorum_on_timer,
    .on_persisted = quorum_on_persisted,
    .on_crash = quorum_on_crash,
    .on_disk_lost = quorum_on_disk_lost,
    .on_recover = quorum_on_recover,
    .invariant = quorum_invariant,
};
