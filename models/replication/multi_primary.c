#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

#include <string.h>

/*
 * Model:   every replica accepts writes and answers them by itself (or with the copies of its
 *          region), stamps them and passes them on. Of a register the later stamp wins everywhere
 *          and the other value is silently gone; values that merge are merged. Reads are answered
 *          from what the replica has. See README.md.
 * Source:  Amazon DynamoDB developer guide, "How DynamoDB global tables work" (items one by one,
 *          last writer wins, losers are not recorded); Redis documentation, "Active-Active
 *          geo-distribution" (full mesh, backlog, full sync); Azure Cosmos DB documentation,
 *          "Conflict types and resolution policies" (a hub region, _ts).
 * Assumes: the log is on the same disk as the data and synced with it; what a replica knows of its
 *          neighbours' positions is on disk at once (a few bytes).
 */

static const char *const ack_names[] = {"memory", "disk", "local_quorum", NULL};
static const char *const topology_names[] = {"mesh", "ring", "hub", NULL};
static const char *const order_names[] = {"log", "items", "causal", NULL};
static const char *const exchange_names[] = {"state", "delta", "operation", NULL};
static const char *const overflow_names[] = {"drop", "refuse", NULL};
static const char *const catch_up_names[] = {"compare", "full", NULL};
static const char *const mode_names[] = {"log", "repair", NULL};
static const char *const message_names[MULTI_MESSAGE_COUNT + 1] = {
    [MULTI_BATCH] = "batch", [MULTI_ITEM] = "item",     [MULTI_ACK] = "ack",
    [MULTI_TREE] = "tree",   [MULTI_LEAVES] = "leaves", [MULTI_VERSIONS] = "versions",
    [MULTI_WANT] = "want",   [MULTI_RIGHTS] = "rights",
};

#define ROW(field) offsetof(struct multi_params, field)

static const struct param_spec multi_table[] = {
    {.key = "stamps",
     .type = PARAM_CHOICE,
     .offset = ROW(stamps),
     .registry = &stamp_registry,
     .default_text = "wall",
     .help = "what orders writes that several replicas accept; the later stamp "
             "wins"},
    {.key = "after_stored",
     .type = PARAM_BOOL,
     .offset = ROW(after_stored),
     .default_text = "false",
     .help = "a write's stamp is put above that of the version that its "
             "replica holds, so that a "
             "write never loses to one it was made after (Redis Active-Active: "
             "the clock decides "
             "only where causality does not)"},
    {.key = "ack",
     .type = PARAM_ENUM,
     .offset = ROW(ack),
     .names = ack_names,
     .default_text = "disk",
     .help = "when a write is answered: memory: at once (Redis); disk: it is "
             "on the replica's "
             "disk; local_quorum: and on those of a majority of the copies of "
             "its region (DynamoDB)"},
    {.key = "topology",
     .type = PARAM_ENUM,
     .offset = ROW(topology),
     .names = topology_names,
     .default_text = "mesh",
     .help = "who passes writes on to whom: mesh: each replica to all others; "
             "ring: to the next "
             "one, which passes it on, once around; hub: to the hub, which "
             "passes it on to the others"},
    {.key = "hub",
     .type = PARAM_REGION,
     .offset = ROW(hub),
     .help = "topology hub: its region, the first copy there (Cosmos DB: the "
             "first region of the "
             "account, which is the default)"},
    {.key = "order",
     .type = PARAM_ENUM,
     .offset = ROW(order),
     .names = order_names,
     .default_text = "log",
     .help = "log: a replica's writes arrive in the order in which it sent them; "
             "items: each in a "
             "message of its own, and they may overtake each other (DynamoDB; with "
             "network.transport datagram); causal: as log, and a write is shown "
             "nowhere before "
             "those that its replica had when it was made"},
    {.key = "exchange",
     .type = PARAM_ENUM,
     .offset = ROW(exchange),
     .names = exchange_names,
     .default_text = "state",
     .help = "values that merge: what is passed on: state: all that the key "
             "holds when it is sent, "
             "so versions between are skipped; delta: what the write changed; "
             "operation: what was "
             "done, to be done again exactly once (order log, topology mesh)"},
    {.key = "confirm",
     .type = PARAM_BOOL,
     .offset = ROW(confirm),
     .default_text = "false",
     .help = "topology hub: a write is tentative until the hub has judged it "
             "and said so (Cosmos "
             "DB); recorded, nobody waits for it"},
    {.key = "batch_max",
     .type = PARAM_INT,
     .offset = ROW(batch_max),
     .min = 1,
     .max = 65536,
     .default_text = "1000",
     .help = "order log: writes in one message at most"},
    {.key = "batch_wait",
     .type = PARAM_DURATION,
     .offset = ROW(batch_wait),
     .max = (double)SIM_NS_PER_H,
     .default_text = "0ms",
     .help = "order log: how long a write waits for others to fill the batch, "
             "towards other "
             "regions; 0: it does not"},
    {.key = "queue",
     .type = PARAM_INT,
     .offset = ROW(queue),
     .min = 1,
     .max = 1e9,
     .default_text = "100000",
     .help = "writes that may wait for one neighbour (Redis: a backlog of 1 % "
             "of the data)"},
    {.key = "overflow",
     .type = PARAM_ENUM,
     .offset = ROW(overflow),
     .names = overflow_names,
     .default_text = "drop",
     .help = "a full queue: drop: it is emptied, and what the neighbour lacks "
             "is found by "
             "comparing (a full sync); refuse: clients' writes fail while it "
             "is full"},
    {.key = "window",
     .type = PARAM_INT,
     .offset = ROW(window),
     .min = 1,
     .max = 1e9,
     .default_text = "10000",
     .help = "log entries on their way to one neighbour at most"},
    {.key = "resend_after",
     .type = PARAM_DURATION,
     .offset = ROW(resend_after),
     .min = 1e6,
     .max = (double)SIM_NS_PER_H,
     .default_text = "2s",
     .help = "without any acknowledgement for so long what is on its way is "
             "sent again; doubles "
             "up to 1min while the neighbour is silent"},
    {.key = "catch_up",
     .type = PARAM_ENUM,
     .offset = ROW(catch_up),
     .names = catch_up_names,
     .default_text = "compare",
     .help = "what a neighbour that lacks something gets: compare: what hashes show to differ "
             "(Merkle trees: Dynamo, Riak); full: everything, both ways (Redis: a full sync)"},
    {.key = "compare_every",
     .type = PARAM_DURATION,
     .offset = ROW(compare_every),
     .max = 365.0 * 24 * (double)SIM_NS_PER_H,
     .default_text = "0s",
     .help = "a replica compares itself with its neighbours so often (Riak's full sync between "
             "data centres: 6h); 0: only after a restart and when a queue was dropped"},
    {0}};

static uint32_t multi_route(const struct route_view *view, const struct route_request *request)
{
    return route_in_turn(view, request->tries);
}

/* ---- who is linked to whom ---- */

static void link_add(struct replica *self, uint32_t member, bool forward)
{
    struct multi_state *state = replica_state(self);
    const uint32_t own = replica_self(self);
    if (member == own) {
        return;
    }
    if (state->link_of[member] == MULTI_NO_LINK) {
        replica_grow(self, &state->links, &state->links_capacity, state->link_count + 1,
                     sizeof(struct multi_link));
        state->link_of[member] = (uint8_t)state->link_count;
        *multi_link(state, state->link_count++) = (struct multi_link){
            .member = member,
            .local = replica_region(self, member) == replica_region(self, own),
        };
    }
    const uint32_t link = state->link_of[member];
    multi_link(state, link)->forward |= forward;
    state->forward |= forward ? multi_bit(link) : 0;
}

static uint32_t hub_member(const struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    uint32_t member = 0;
    while (replica_region(self, member) != params->hub) {
        member++;
    }
    return member;
}

static void links_make(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    const uint32_t count = replica_count(self), own = replica_self(self);
    const uint32_t *nearest = replica_nearest(self);
    const uint32_t hub = params->topology == MULTI_HUB ? hub_member(self) : own;
    if (params->topology == MULTI_RING) {
        link_add(self, (own + 1) % count, true);
        link_add(self, (own + count - 1) % count, false);
    } else if (hub != own) {
        link_add(self, hub, true);
    } else {
        for (uint32_t i = 0; i < count; i++) { /* the nearest first */
            link_add(self, nearest[i], true);
        }
    }
}

static bool takes_part(const struct replica *self)
{
    return replica_self(self) < replica_count(self);
}

static void multi_start(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    if (!takes_part(self)) {
        return;
    }
    CHECK(replica_count(self) <= STAMP_MEMBERS_MAX);
    for (uint32_t member = 0; member < STAMP_MEMBERS_MAX; member++) {
        state->link_of[member] = MULTI_NO_LINK;
    }
    links_make(self);
    uint32_t copies = 1;
    for (uint32_t link = 0; link < state->link_count; link++) {
        copies += multi_link(state, link)->local ? 1 : 0;
    }
    state->local_needed = copies / 2; /* a majority with its own */
    state->merges = replica_merges(self);
    state->form = state->merges ? (uint8_t)params->exchange : VALUE_STATE;
    state->packed = state->merges || params->order == MULTI_CAUSAL;
    state->is_hub = params->topology == MULTI_HUB && hub_member(self) == replica_self(self);
    if (state->merges) {
        const size_t keys = replica_key_count(self);
        replica_grow(self, &state->latest, &state->latest_capacity, keys, sizeof(uint64_t));
        memset(state->latest, 0, keys * sizeof(uint64_t));
    }
    if (state->form == VALUE_OPERATION) {
        multi_included_make(self);
    }
    multi_repair_arm(self);
}

struct stamp_clock multi_clock(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    struct stamp_clock clock = {.now_ns = replica_clock(self)};
    if (stamp_wants_interval(&params->stamps)) {
        replica_clock_interval(self, &clock.earliest_ns, &clock.latest_ns);
    }
    return clock;
}

bool multi_current(struct replica *self, uint32_t index, uint32_t restarts)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    if (restarts > link->restarts) {
        link->restarts = restarts;
        /* It gets states until it has what others have, and hears where the log is. */
        if (state->form != VALUE_STATE || params->order == MULTI_CAUSAL) {
            multi_compare(self, index);
        }
    }
    return restarts == link->restarts;
}

static void multi_on_request(struct replica *self, const struct message *request)
{
    if (request->type == RECORD_WRITE) {
        multi_on_write(self, request);
    } else {
        replica_reply(self, request, RECORD_OK, replica_read(self, request->key));
    }
}

static void multi_on_persisted(struct replica *self, uint64_t token)
{
    (void)token;
    multi_synced(self);
    multi_pump_all(self);
}

/* ---- messages, timers, power ---- */

typedef void (*message_handler)(struct replica *self, const struct message *message);

static const message_handler handlers[MULTI_MESSAGE_COUNT] = {
    [MULTI_BATCH] = multi_on_batch,   [MULTI_ITEM] = multi_on_item,
    [MULTI_ACK] = multi_on_ack,       [MULTI_TREE] = multi_on_tree,
    [MULTI_LEAVES] = multi_on_leaves, [MULTI_VERSIONS] = multi_on_versions,
    [MULTI_WANT] = multi_on_want,     [MULTI_RIGHTS] = multi_on_rights,
};

static void multi_on_message(struct replica *self, const struct message *message)
{
    const uint32_t kind = (uint32_t)message->kind - MESSAGE_STRATEGY;
    CHECK(kind < MULTI_MESSAGE_COUNT);
    handlers[kind](self, message);
}

static void multi_on_timer(struct replica *self, uint64_t token)
{
    const uint32_t link = (uint32_t)token;
    switch ((enum multi_timer)(token >> 32)) {
    case MULTI_TIMER_BATCH:
        multi_batch_timer(self, link);
        break;
    case MULTI_TIMER_RESEND:
        multi_resend_timer(self, link);
        break;
    case MULTI_TIMER_COMPARE:
        multi_compare_timer(self, link);
        break;
    case MULTI_TIMER_WAIT:
        multi_op_timer(self, link); /* the number of an operation */
        break;
    case MULTI_TIMER_REPAIR:
        multi_repair_timer(self);
        break;
    }
}

static void multi_on_crash(struct replica *self)
{
    struct multi_state *state = replica_state(self);
    state->syncing = false;
    state->due_first = state->due_next = 0;
    multi_log_crashed(self);
    multi_included_crashed(state);
}

static void multi_on_disk_lost(struct replica *self)
{
    multi_log_lost(self);
    multi_included_lost(self);
}

/*
 * Writes that it had accepted and passed on before its disk had them are back with the others: it
 * compares itself with its neighbours. A counter goes on above all that its disk has.
 */
static void multi_on_recover(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    struct multi_state *state = replica_state(self);
    if (!takes_part(self)) {
        return;
    }
    const struct stamp_clock clock = multi_clock(self);
    state->stamps = (struct stamp_state){0};
    for (uint32_t key = 0; key < replica_key_count(self); key++) {
        const struct version version = replica_read(self, key);
        if (version.write != 0) {
            stamp_seen(&params->stamps, &state->stamps, version.stamp, &clock);
        }
    }
    for (uint32_t link = 0; link < state->link_count; link++) {
        multi_compare(self, link);
    }
    multi_repair_arm(self);
    multi_pump_all(self);
}

static bool multi_invariant(const struct replica *self)
{
    /* The facade gives the state for writing only; nothing is written here. */
    const struct multi_state *state = replica_state((struct replica *)(uintptr_t)self);
    bool holds = state->first <= state->durable && state->durable <= state->next &&
                 state->due_first <= state->due_next;
    for (uint32_t l = 0; l < state->link_count; l++) {
        const struct multi_link *link = multi_link(state, l);
        uint64_t waiting = 0, unsent = 0;
        for (uint64_t p = state->first; p < state->next; p++) {
            const bool waits = (multi_entry(state, p)->waiting & multi_bit(l)) != 0;
            waiting += waits ? 1 : 0;
            unsent += waits && p >= link->sent ? 1 : 0;
            holds = holds && (!waits || p >= link->acked);
        }
        holds = holds && link->waiting == waiting && link->unsent == unsent &&
                link->acked <= link->sent && link->sent <= state->next &&
                link->got_durable <= link->got;
    }
    return holds;
}

const struct strategy_ops strategy_multi_primary = {
    .kind = {.name = "multi_primary",
             .summary =
                 "every replica accepts writes and passes them on; what becomes of writes that "
                 "meet, the type of the values says",
             .source = "Amazon DynamoDB developer guide (global tables); Redis "
                       "Active-Active and "
                       "Azure Cosmos DB documentation",
             .params_bytes = sizeof(struct multi_params),
             .params = multi_table},
    .state_bytes = sizeof(struct multi_state),
    .pending_bytes = sizeof(struct multi_op),
    .messages = message_names,
    .modes = mode_names,
    .transactions = true,
    .check = multi_check,
    .start = multi_start,
    .route = multi_route,
    .on_request = multi_on_request,
    .on_message = multi_on_message,
    .on_timer = multi_on_timer,
    .on_persisted = multi_on_persisted,
    .on_crash = multi_on_crash,
    .on_disk_lost = multi_on_disk_lost,
    .on_recover = multi_on_recover,
    .invariant = multi_invariant,
};
