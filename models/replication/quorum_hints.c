#include "models/replication/quorum_internal.h"
#include "sim/check.h"

/*
 * Hints: writes that a member has missed, kept by the node that saw it, until they are delivered.
 *
 * Model:   a queue for each member, delivered in batches, one at a time, at most hint_rate a
 * second; a batch that is not acknowledged is sent again after write_timeout, doubling. Window:  no
 * hint is added while the queue has been non-empty for longer than hint_window (Cassandra 4.1,
 * hint_window_persistent_enabled: the age of the oldest hint counts). Assumes: hints are on disk at
 * once and survive a crash (Cassandra flushes them within 10 s). Source:  Apache Cassandra 4.1
 * documentation, "Hints"; DeCandia et al., "Dynamo", SOSP 2007, 4.6.
 */

enum { HINT_BATCH = 64, HINT_DOUBLINGS_MAX = 6 };

static struct quorum_hint *hint_at(const struct quorum_state *state, uint32_t name)
{
    CHECK(name > 0);
    CHECK(name <= state->hints_used);
    return (struct quorum_hint *)state->hints + (name - 1);
}

static uint32_t hint_new(struct replica *self)
{
    struct quorum_state *state = replica_state(self);
    const uint32_t name = state->hints_free;
    if (name != 0) {
        state->hints_free = hint_at(state, name)->next;
        return name;
    }
    state->hints_used++;
    replica_grow(self, &state->hints, &state->hints_capacity, state->hints_used,
                 sizeof(struct quorum_hint));
    return state->hints_used;
}

static void hint_free(struct replica *self, uint32_t name)
{
    struct quorum_state *state = replica_state(self);
    struct quorum_hint *hint = hint_at(state, name);
    if (hint->item.content.block != 0) {
        replica_content_free(self, &hint->item.content);
    }
    hint->next = state->hints_free;
    state->hints_free = name;
}

bool quorum_hint_add(struct replica *self, uint32_t member, uint32_t key,
                     const struct content *content)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_state *state = replica_state(self);
    struct quorum_hint_queue *queue = quorum_queue(state, member);
    CHECK(member < replica_count(self));
    CHECK(member != replica_self(self));
    if (!params->hints) {
        return false;
    }
    const sim_ns now_ns = replica_clock(self);
    if (queue->count == 0) {
        queue->since_ns = now_ns;
    } else if (now_ns - queue->since_ns > params->hint_window) {
        return false;
    }
    const uint32_t name = hint_new(self);
    *hint_at(state, name) = (struct quorum_hint){
        .item = {.key = key,
                 .content = state->merges ? replica_content_copy(self, content) : *content}};
    if (queue->count == 0) {
        queue->first = name;
    } else {
        hint_at(state, queue->last)->next = name;
    }
    queue->last = name;
    queue->count++;
    quorum_hints_pump(self, member);
    return true;
}

static void queue_timer(struct replica *self, struct quorum_hint_queue *queue, uint32_t member,
                        sim_ns delay_ns)
{
    queue->timer = replica_timer(self, delay_ns, quorum_token(QUORUM_TIMER_HINTS, member));
}

static void queue_cancel(struct replica *self, struct quorum_hint_queue *queue)
{
    if (queue->pacing || queue->retrying) {
        replica_cancel(self, queue->timer);
        queue->pacing = queue->retrying = false;
    }
}

/* A message of the oldest hints; their number goes to *batch. */
static struct message queue_message(struct replica *self, const struct quorum_hint_queue *queue,
                                    uint32_t *batch)
{
    const struct quorum_state *state = replica_state(self);
    struct quorum_item items[HINT_BATCH];
    struct quorum_bulk bulk = {0};
    uint32_t count = 0, name = queue->first;
    for (bool room = true; count < queue->count && count < HINT_BATCH && room; count++) {
        const struct quorum_hint *hint = hint_at(state, name);
        items[count] = hint->item;
        room = quorum_bulk_add(self, &bulk, &hint->item);
        name = hint->next;
    }
    *batch = count;
    return quorum_bulk_message(self, &bulk, items);
}

void quorum_hints_pump(struct replica *self, uint32_t member)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_state *state = replica_state(self);
    struct quorum_hint_queue *queue = quorum_queue(state, member);
    if (queue->count == 0 || queue->in_flight > 0 || queue->pacing ||
        (state->live & quorum_bit(member)) == 0) {
        return;
    }
    queue_cancel(self, queue);
    uint32_t batch = 0;
    struct message message = queue_message(self, queue, &batch);
    message.request = ++queue->attempt;
    queue->in_flight = batch;
    queue->pacing = true;
    queue_timer(self, queue, member, sim_ns_from_double(batch * 1e9 / params->hint_rate));
    replica_send(self, member, QUORUM_HINTS, message);
}

void quorum_hints_timer(struct replica *self, uint32_t member)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_hint_queue *queue = quorum_queue(replica_state(self), member);
    if (queue->pacing) {
        queue->pacing = false;
        if (queue->in_flight > 0) { /* not acknowledged yet */
            queue->retrying = true;
            queue_timer(self, queue, member, params->write_timeout << queue->doublings);
            return;
        }
    } else {
        queue->retrying = false;
        queue->in_flight = 0;
        if (queue->doublings < HINT_DOUBLINGS_MAX) {
            queue->doublings++;
        }
    }
    quorum_hints_pump(self, member);
}

void quorum_on_hints_ack(struct replica *self, const struct message *message)
{
    struct quorum_state *state = replica_state(self);
    const uint32_t member = replica_sender(self, message);
    struct quorum_hint_queue *queue = quorum_queue(state, member);
    if (queue->in_flight == 0 || queue->attempt != message->request) {
        return;
    }
    for (; queue->in_flight > 0; queue->in_flight--, queue->count--) {
        const uint32_t name = queue->first;
        queue->first = hint_at(state, name)->next;
        hint_free(self, name);
    }
    queue->doublings = 0;
    if (queue->retrying) {
        queue_cancel(self, queue);
    }
    quorum_hints_pump(self, member);
}

void quorum_hints_wake(struct replica *self, uint32_t member)
{
    struct quorum_hint_queue *queue = quorum_queue(replica_state(self), member);
    queue_cancel(self, queue);
    queue->in_flight = 0;
    queue->doublings = 0;
    quorum_hints_pump(self, member);
}

void quorum_hints_forget(struct replica *self)
{
    for (uint32_t member = 0; member < replica_count(self); member++) {
        struct quorum_hint_queue *queue = quorum_queue(replica_state(self), member);
        queue->in_flight = 0;
        queue->pacing = queue->retrying = false;
        queue->doublings = 0;
    }
}

void quorum_hints_lost(struct replica *self)
{
    struct quorum_state *state = replica_state(self);
    for (uint32_t member = 0; member < replica_count(self); member++) {
        struct quorum_hint_queue *queue = quorum_queue(state, member);
        CHECK(queue->in_flight == 0);
        for (; queue->count > 0; queue->count--) {
            const uint32_t name = queue->first;
            queue->first = hint_at(state, name)->next;
            hint_free(self, name);
        }
        queue->first = queue->last = 0;
    }
    state->hints_used = state->hints_free = 0;
}

void quorum_hints_recover(struct replica *self)
{
    for (uint32_t member = 0; member < replica_count(self); member++) {
        quorum_hints_pump(self, member);
    }
}

void quorum_on_hints(struct replica *self, const struct message *message)
{
    quorum_bulk_take(self, message);
    quorum_stored(self, (struct quorum_due){.member = replica_sender(self, message),
                                            .number = message->request,
                                            .kind = QUORUM_HINTS_ACK});
}
