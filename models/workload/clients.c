#include "models/workload/asking.h"
#include "models/workload/clients_state.h"
#include "models/workload/rows.h"

enum { SLOT_MASK = IN_FLIGHT_SLOTS - 1, REQUESTS_MAX = 128 };

static struct event event_of(const struct clients *clients, uint32_t small, uint32_t target,
                             uint64_t a)
{
    return (struct event){
        .kind = clients->host.event_kind, .small = (uint16_t)small, .target = target, .a = a};
}

/* One timer a list: it is set for the first operation and looks again when it comes. */
static void due_arm(struct clients *clients, struct group *group, enum due due)
{
    struct due_list *list = &group->due[due];
    if (list->ends.next != 0) {
        list->armed = true;
        engine_at(clients->host.engine, due_first_ns(list, due, &clients->in_flight),
                  event_of(clients, CLIENT_DUE_FIRST + (uint32_t)due, group->index, 0));
    }
}

static inline void due_join(struct clients *clients, struct group *group, enum due due,
                            uint32_t slot)
{
    due_append(&group->due[due], due, &clients->in_flight, slot);
    if (!group->due[due].armed) {
        due_arm(clients, group, due);
    }
}

static void ask_again(struct clients *clients, const struct group *group, uint32_t slot)
{
    struct operation *operation = in_flight_at(&clients->in_flight, slot);
    CHECK(operation->sent < REQUESTS_MAX);
    const struct asking asking = {
        .operation = operation->number,
        .a = content_of(group, operation->flags, operation->request),
        .key = operation->key,
        .bytes = operation->bytes,
        .session = operation->session,
        .context = operation->context,
        .type = operation->type,
        .tries = operation->sent++,
        .flag = wants_context(group, operation->flags) ? MESSAGE_WANTS_CONTEXT : 0};
    ask(clients, group, slot, asking);
}

/* The lists that few groups use. */
static void wait_for_more(struct clients *clients, struct group *group, uint32_t slot, uint8_t type)
{
    if (group->due[DUE_TRY].after_ns > 0 && group->tries_max > 1) {
        due_join(clients, group, DUE_TRY, slot);
    }
    if (type == RECORD_READ && group->due[DUE_HEDGE].after_ns > 0) {
        due_join(clients, group, DUE_HEDGE, slot);
    }
}

/*
 * Inlined where most operations begin: an open loop's reads. The first request is part of it, and
 * says what is known here rather than what the operation has to be read for.
 */
__attribute__((always_inline)) static inline void
begin_here(struct clients *clients, struct group *group, const struct operation_start *start)
{
    const sim_ns now_ns = engine_now(clients->host.engine);
    const uint64_t number = ++clients->operations;
    const uint32_t slot = in_flight_take(&clients->in_flight, number);
    struct operation *operation = in_flight_item(&clients->in_flight, slot);
    operation->begin_ns = now_ns;
    operation->try_ns = now_ns;
    operation->draw = start->draw;
    operation->key = start->key;
    operation->bytes = start->bytes;
    operation->session = start->session;
    operation->group = (uint16_t)group->index;
    operation->type = start->type;
    operation->flags = start->flags;
    operation->sent = 1;
    operation->tries = 1;
    operation->request = start->request;
    operation->context = start->context;
    due_join(clients, group, DUE_DEADLINE, slot);
    if (__builtin_expect(record_wanted(clients->host.sink, RECORD_INVOKED), 1)) {
        row_invoked(clients, group, slot, operation, start);
    }
    if (group->waits) {
        wait_for_more(clients, group, slot, start->type);
    }
    const struct asking asking = {.operation = number,
                                  .a = content_of(group, start->flags, start->request),
                                  .key = start->key,
                                  .bytes = start->bytes,
                                  .session = start->session,
                                  .context = start->context,
                                  .type = start->type,
                                  .tries = 0,
                                  .flag = wants_context(group, start->flags) ? MESSAGE_WANTS_CONTEXT
                                                                             : 0};
    ask(clients, group, slot, asking);
}

static void begin(struct clients *clients, struct group *group, const struct operation_start *start)
{
    begin_here(clients, group, start);
}

static void think(struct clients *clients, struct group *group, uint32_t session)
{
    engine_after(clients->host.engine, group_think_ns(clients, group, session),
                 event_of(clients, CLIENT_THOUGHT, session, group->index));
}

/* The second half of a read-modify-write, which takes over the context. */
static void write_back(struct clients *clients, struct group *group, const struct operation *read,
                       uint32_t context)
{
    const uint8_t kept = OPERATION_LOOP | OPERATION_RESOLVE;
    const struct operation_start write = {.type = RECORD_WRITE,
                                          .flags = read->flags & kept,
                                          .key = read->key,
                                          .bytes = group_value_bytes(group, read->draw),
                                          .session = read->session,
                                          .context = context,
                                          .draw = read->draw,
                                          .request = group_request(group, VALUE_WRITE, read->draw)};
    begin(clients, group, &write);
}

/* What the session does once the operation has ended, unless it writes what it has read. */
static void go_on(struct clients *clients, struct group *group, const struct operation *ended,
                  enum record_outcome outcome)
{
    const sim_ns now_ns = engine_now(clients->host.engine);
    if (ended->type == RECORD_WRITE && outcome == RECORD_OK) {
        clients->sessions[ended->session].acknowledged_ns = now_ns;
        probes_follow(clients, group, ended, ended->number);
    }
    if ((ended->flags & OPERATION_LOOP) != 0) {
        think(clients, group, ended->session);
    } else if ((ended->flags & OPERATION_RESOLVE) != 0) {
        feed_ended(clients, group, ended, outcome == RECORD_OK);
    }
}

/* Whether the read is followed by a write; a conflict may have been resolved meanwhile. */
static bool writes_back(const struct operation *operation, const struct message *reply)
{
    return (operation->flags & OPERATION_THEN_WRITE) != 0 && reply != NULL &&
           ((operation->flags & OPERATION_RESOLVE) == 0 || (reply->flag & MESSAGE_SIBLINGS) != 0);
}

/*
 * Ends an operation that something may follow. Nothing of `reply` is read once the session goes on:
 * it may lie where the next message goes.
 */
__attribute__((noinline)) static void end_and_follow(struct clients *clients, struct group *group,
                                                     uint32_t slot, enum record_outcome outcome,
                                                     const struct message *reply)
{
    const struct operation ended = *in_flight_at(&clients->in_flight, slot);
    in_flight_give(&clients->in_flight, slot);
    if (ended.context != 0) {
        clients->host.block_free(clients->host.world, ended.context);
    }
    if (writes_back(&ended, reply)) {
        const uint32_t context =
            wants_context(group, ended.flags) ? copy_of(clients, reply->block) : 0;
        write_back(clients, group, &ended, context);
    } else {
        go_on(clients, group, &ended, outcome);
    }
}

/* Inlined where most operations end: with a good answer. */
__attribute__((always_inline)) static inline void complete_here(struct clients *clients,
                                                                struct group *group, uint32_t slot,
                                                                enum record_outcome outcome,
                                                                const struct message *reply)
{
    const struct operation *operation = in_flight_at(&clients->in_flight, slot);
    due_remove(&group->due[DUE_DEADLINE], DUE_DEADLINE, &clients->in_flight, slot);
    if (operation->listed != 0) {
        due_remove(&group->due[DUE_TRY], DUE_TRY, &clients->in_flight, slot);
        due_remove(&group->due[DUE_HEDGE], DUE_HEDGE, &clients->in_flight, slot);
    }
    if (__builtin_expect(record_wanted(clients->host.sink, RECORD_COMPLETED), 1)) {
        row_completed(clients, group, slot, operation, outcome, reply);
    }
    const uint8_t followed = OPERATION_THEN_WRITE | OPERATION_LOOP;
    if (operation->type == RECORD_READ && (operation->flags & followed) == 0) {
        in_flight_give(&clients->in_flight, slot); /* an open loop's read: nothing follows */
    } else {
        end_and_follow(clients, group, slot, outcome, reply);
    }
}

static void complete(struct clients *clients, struct group *group, uint32_t slot,
                     enum record_outcome outcome, const struct message *reply)
{
    complete_here(clients, group, slot, outcome, reply);
}

/* Certain only when every request was refused; another may still take effect. */
static enum record_outcome outcome_without_answer(const struct operation *operation)
{
    return operation->refused == operation->sent ? RECORD_FAIL : RECORD_INFO;
}

/* The pause before the next try: doubles each time up to a limit; a share of it is random. */
static sim_ns backoff_ns(struct group *group, uint32_t tries)
{
    const struct scenario_retry *retry = &group->client->retry;
    sim_ns pause_ns = retry->backoff;
    for (uint32_t i = 1; i < tries && pause_ns < retry->backoff_max; i++) {
        pause_ns *= 2;
    }
    pause_ns = pause_ns < retry->backoff_max ? pause_ns : retry->backoff_max;
    const double unit = random_unit(&group->retry_stream);
    return sim_ns_from_double((double)pause_ns * (1.0 - retry->jitter * unit));
}

/* No current request is open: try again, or end if no earlier one can still be answered. */
static void try_over(struct clients *clients, struct group *group, uint32_t slot)
{
    struct operation *operation = in_flight_at(&clients->in_flight, slot);
    if ((operation->flags & OPERATION_BACKING_OFF) != 0) {
        return;
    }
    due_remove(&group->due[DUE_TRY], DUE_TRY, &clients->in_flight, slot);
    if (operation->tries < group->tries_max) {
        operation->flags |= OPERATION_BACKING_OFF;
        engine_after(clients->host.engine, backoff_ns(group, operation->tries),
                     event_of(clients, CLIENT_RETRY, slot, operation->number));
    } else if (operation->refused + operation->uncertain == operation->sent) {
        complete(clients, group, slot, outcome_without_answer(operation), NULL);
    }
}

uint32_t clients_slot(const struct message *reply)
{
    return reply->request & SLOT_MASK;
}

void clients_foresee(const struct clients *clients, const struct message *reply)
{
    in_flight_fetch(&clients->in_flight, clients_slot(reply));
}

/* The operation may go on, with another try. */
static void refused_or_unknown(struct clients *clients, struct group *group, uint32_t slot,
                               const struct message *reply)
{
    struct operation *operation = in_flight_at(&clients->in_flight, slot);
    const uint32_t request = reply->request >> IN_FLIGHT_SLOT_BITS;
    uint64_t *answered = &operation->answered[request / 64];
    const uint64_t bit = UINT64_C(1) << request % 64;
    if ((*answered & bit) != 0) {
        return; /* The first word of a request counts, unless a later one is ok. */
    }
    *answered |= bit;
    if (reply->outcome == RECORD_FAIL) {
        operation->refused++;
    } else {
        operation->uncertain++;
    }
    if (request >= operation->current_first) {
        operation->current_ended++;
    }
    if ((reply->flag & MESSAGE_REJECTED) != 0 && operation->refused == operation->sent &&
        (operation->flags & OPERATION_BACKING_OFF) == 0) {
        complete(clients, group, slot, RECORD_FAIL, reply); /* to ask again would not help */
    } else if (operation->current_first + operation->current_ended == operation->sent) {
        try_over(clients, group, slot);
    }
}

void clients_on_reply(struct clients *clients, const struct message *reply)
{
    const uint32_t slot = reply->request & SLOT_MASK;
    const struct operation *operation = in_flight_find(&clients->in_flight, slot, reply->operation);
    if (operation == NULL) {
        return; /* It has ended: this answer is late. */
    }
    CHECK(reply->request >> IN_FLIGHT_SLOT_BITS < operation->sent);
    struct group *group = &clients->groups[operation->group];
    if (reply->outcome == RECORD_OK) {
        complete_here(clients, group, slot, RECORD_OK, reply);
    } else {
        refused_or_unknown(clients, group, slot, reply);
    }
}

/* Requests so far are given up for lost, though a late answer still counts. */
static void try_timed_out(struct clients *clients, struct group *group, uint32_t slot)
{
    struct operation *operation = in_flight_at(&clients->in_flight, slot);
    operation->current_first = operation->sent;
    operation->current_ended = 0;
    try_over(clients, group, slot);
}

static void retry(struct clients *clients, uint32_t slot, uint64_t number)
{
    struct operation *operation = in_flight_find(&clients->in_flight, slot, number);
    if (operation == NULL) {
        return; /* A late answer or the deadline has ended it. */
    }
    struct group *group = &clients->groups[operation->group];
    CHECK((operation->flags & OPERATION_BACKING_OFF) != 0);
    operation->flags &= (uint8_t)~OPERATION_BACKING_OFF;
    operation->tries++;
    operation->try_ns = engine_now(clients->host.engine);
    if (group->due[DUE_TRY].after_ns > 0 && operation->tries < group->tries_max) {
        due_join(clients, group, DUE_TRY, slot);
    }
    ask_again(clients, group, slot);
}

static void hedge(struct clients *clients, struct group *group, uint32_t slot)
{
    const struct operation *operation = in_flight_at(&clients->in_flight, slot);
    /* While it backs off nothing is open that a second request could overtake. */
    if ((operation->flags & OPERATION_BACKING_OFF) == 0) {
        ask_again(clients, group, slot);
    }
}

static void fall_due(struct clients *clients, struct group *group, enum due due)
{
    struct due_list *list = &group->due[due];
    const sim_ns now_ns = engine_now(clients->host.engine);
    /* `armed` stays on meanwhile, so that operations which begin now set no timer of their own. */
    CHECK(list->armed);
    while (due_first_ns(list, due, &clients->in_flight) <= now_ns) {
        const uint32_t slot = list->ends.next;
        due_remove(list, due, &clients->in_flight, slot);
        if (due == DUE_DEADLINE) {
            const struct operation *operation = in_flight_at(&clients->in_flight, slot);
            complete(clients, group, slot, outcome_without_answer(operation), NULL);
        } else if (due == DUE_TRY) {
            try_timed_out(clients, group, slot);
        } else {
            hedge(clients, group, slot);
        }
    }
    list->armed = false;
    due_arm(clients, group, due);
}

static inline void schedule_arrival(struct clients *clients, const struct group *group,
                                    sim_ns at_ns)
{
    engine_at(clients->host.engine, at_ns, event_of(clients, CLIENT_ARRIVAL, group->index, 0));
}

static void schedule_row(struct clients *clients, const struct group *group)
{
    if (group->begun < group->trace.count &&
        group->trace.rows[group->begun].at_ns <= group->end_ns) {
        schedule_arrival(clients, group, group->trace.rows[group->begun].at_ns);
    }
}

/* What an operation after this one will touch is told to the observer, who may fetch it. */
static inline void foretell(const struct clients *clients, const struct group *group)
{
    const struct record_sink *sink = clients->host.sink;
    const struct operation_draw *next = &group->ahead[group->begun % OPERATIONS_AHEAD];
    fetch(&clients->sessions[next->session]);
    if (sink->soon != NULL) {
        const uint32_t key = key_chooser_key(&group->keys, next->rank, group->begun,
                                             clients->newest[group->dataset]);
        sink->soon(sink->state, group->dataset, key, next->session, RECORD_NONE);
    }
}

/* Of an open loop. */
static void arrive(struct clients *clients, struct group *group)
{
    const uint64_t draw = group->begun++;
    const struct operation_draw drawn = group->ahead[draw % OPERATIONS_AHEAD];
    const uint32_t key =
        key_chooser_key(&group->keys, drawn.rank, draw, clients->newest[group->dataset]);
    if (group->begun + RANDOM_BLOCKS == group->drawn) {
        group_draw_on(group);
    }
    if (__builtin_expect(group->next_ns != SIM_NS_MAX, 1)) {
        schedule_arrival(clients, group, group->next_ns);
    }
    /* Early: the sum of the gaps takes a while, and nobody waits for it now. */
    group->next_ns = group_begins_ns(group, group->begun + 1);
    const struct operation_start read = {
        .type = RECORD_READ, .key = key, .session = drawn.session, .draw = draw};
    if (drawn.operation == MIX_READ) {
        begin_here(clients, group, &read);
    } else {
        struct operation_start other = read;
        group_decide(clients, group, drawn.operation, &other);
        begin(clients, group, &other);
    }
    foretell(clients, group);
}

/* Of a trace. */
static void replay(struct clients *clients, struct group *group)
{
    struct operation_start start;
    group_next(clients, group, 0, &start);
    schedule_row(clients, group);
    begin(clients, group, &start);
}

/* Whatever is not an open loop's arrival. */
static void on_other_event(struct clients *clients, const struct event *event)
{
    struct group *group = NULL;
    struct operation_start start;
    switch ((enum client_event)event->small) {
    case CLIENT_ARRIVAL:
        replay(clients, &clients->groups[event->target]);
        break;
    case CLIENT_THOUGHT:
        group = &clients->groups[event->a];
        if (engine_now(clients->host.engine) > group->end_ns) {
            break;
        }
        group_next(clients, group, event->target, &start);
        begin(clients, group, &start);
        break;
    case CLIENT_RETRY:
        retry(clients, event->target, event->a);
        break;
    case CLIENT_PROBE:
        group = probes_take(clients, event->target, &start);
        begin(clients, group, &start);
        break;
    case CLIENT_RESOLVE:
        group = &clients->groups[event->a];
        feed_next(clients, group, event, &start);
        begin(clients, group, &start);
        break;
    case CLIENT_DUE_FIRST:
    default:
        CHECK(event->small < CLIENT_DUE_FIRST + DUE_COUNT);
        fall_due(clients, &clients->groups[event->target],
                 (enum due)(event->small - CLIENT_DUE_FIRST));
        break;
    }
}

void clients_on_event(struct clients *clients, const struct event *event)
{
    if (event->small == CLIENT_ARRIVAL && clients->groups[event->target].load == LOAD_OPEN) {
        arrive(clients, &clients->groups[event->target]);
    } else {
        on_other_event(clients, event);
    }
}

static void start_arrivals(struct clients *clients, struct group *group)
{
    const sim_ns first_ns = group_begins_ns(group, 0);
    if (first_ns != SIM_NS_MAX) {
        schedule_arrival(clients, group, first_ns);
    }
    group->next_ns = group_begins_ns(group, 1);
}

void clients_start(struct clients *clients)
{
    for (uint32_t i = 0; i < clients->group_count; i++) {
        struct group *group = &clients->groups[i];
        if (group->load == LOAD_OPEN) {
            start_arrivals(clients, group);
        } else if (group->load == LOAD_TRACE) {
            schedule_row(clients, group);
        }
        for (uint32_t s = 0; group->load == LOAD_CLOSED && s < group->session_count; s++) {
            think(clients, group, group->session_first + s);
        }
    }
}
