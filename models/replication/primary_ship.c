#include "models/replication/primary_internal.h"
#include "sim/check.h"

/*
 * PRIMARY_ENTRY_BYTES: log position, operation, key, length and checksum of an entry beside its
 * value (assumption: 8 + 8 + 8 + 4 + 4). ACK_BYTES: PostgreSQL 16 documentation, "Streaming
 * Replication Protocol", Standby status update.
 */
enum { ACK_BYTES = 34, ENTRY_WORDS = 2, RESEND_DOUBLINGS_MAX = 20 };

/* Longest pause between two attempts: MySQL 8.0 manual, SOURCE_CONNECT_RETRY, default 60 s. */
#define RESEND_PAUSE_MAX_NS SIM_NS_PER_MIN

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void primary_links_start(struct replica *self, bool attached)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    const bool cascade = params->topology == PRIMARY_CASCADE;
    state->head = primary_rank(shared, state->leader);
    state->rank = primary_place(shared, state->head, replica_self(self));
    if (state->rank > 0) {
        state->upstream =
            cascade ? primary_placed(shared, state->head, state->rank - 1) : state->leader;
    }
    if (cascade) {
        state->link_count = state->rank < shared->followers ? 1 : 0;
    } else {
        state->link_count = state->rank == 0 ? shared->followers : 0;
    }
    replica_grow(self, &state->links, &state->links_capacity, state->link_count,
                 sizeof(struct primary_link));
    replica_grow(self, &state->order, &state->order_capacity, state->link_count, sizeof(uint32_t));
    for (uint32_t i = 0; i < state->link_count; i++) {
        *primary_link_at(state, i) = (struct primary_link){
            .member = primary_placed(shared, state->head, state->rank + 1 + i),
            .acked = state->base,
            .sent = state->base,
            .place = i,
            .attached = attached};
        ((uint32_t *)state->order)[i] = i;
    }
}

void primary_links_stop(struct primary_state *state)
{
    state->link_count = 0;
    state->rank = UINT32_MAX; /* nobody's follower, and no leader */
}

struct primary_link *primary_link_to(const struct replica *self, uint32_t member)
{
    /* The facade gives the state for writing only. */
    struct primary_state *state = replica_state((struct replica *)(uintptr_t)self);
    for (uint32_t i = 0; i < state->link_count; i++) {
        if (primary_link_at(state, i)->member == member) {
            return primary_link_at(state, i);
        }
    }
    return NULL;
}

/* Keeps `order` sorted after the acknowledged position of a link has grown ... */
static void link_rise(struct primary_state *state, struct primary_link *link)
{
    uint32_t *order = state->order;
    while (link->place > 0) {
        struct primary_link *before = primary_link_at(state, order[link->place - 1]);
        if (before->acked >= link->acked) {
            return;
        }
        const uint32_t index = order[link->place];
        order[link->place] = order[link->place - 1];
        order[link->place - 1] = index;
        before->place++;
        link->place--;
    }
}

/* ... or has fallen. */
static void link_fall(struct primary_state *state, struct primary_link *link)
{
    uint32_t *order = state->order;
    while (link->place + 1 < state->link_count) {
        struct primary_link *after = primary_link_at(state, order[link->place + 1]);
        if (after->acked <= link->acked) {
            return;
        }
        const uint32_t index = order[link->place];
        order[link->place] = order[link->place + 1];
        order[link->place + 1] = index;
        after->place--;
        link->place++;
    }
}

uint64_t primary_acknowledged(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    const struct primary_state *state = replica_state(self);
    if (shared->need == 0) {
        return state->durable;
    }
    if (params->topology == PRIMARY_CASCADE) {
        return smaller(state->durable, primary_link_at(state, 0)->deep);
    }
    const uint32_t *order = state->order;
    return smaller(state->durable, primary_link_at(state, order[shared->need - 1])->acked);
}

static void link_watch(struct replica *self, const struct primary_state *state,
                       struct primary_link *link)
{
    const struct primary_params *params = replica_params(self);
    if (link->resend_armed || (link->acked == link->sent && link->attached)) {
        return;
    }
    sim_ns delay_ns = params->resend_after;
    for (uint32_t i = 0; i < link->doublings && delay_ns < RESEND_PAUSE_MAX_NS; i++) {
        delay_ns *= 2;
    }
    if (delay_ns > RESEND_PAUSE_MAX_NS && params->resend_after < RESEND_PAUSE_MAX_NS) {
        delay_ns = RESEND_PAUSE_MAX_NS;
    }
    link->resend_armed = true;
    link->mark = link->acked;
    const uint32_t index = (uint32_t)(link - primary_link_at(state, 0));
    replica_timer(self, delay_ns, primary_token(state, PRIMARY_TIMER_RESEND, index));
}

/* Sends entries first .. first+count-1, all of them in the log. */
static void link_send(struct replica *self, const struct primary_link *link, uint64_t first,
                      uint64_t count, uint8_t flag)
{
    const struct primary_state *state = replica_state(self);
    struct message message = {.a = first, .version = {.stamp = (int64_t)state->tag}, .flag = flag};
    CHECK(first > state->base);
    CHECK(first + count - 1 <= state->durable);
    const struct primary_entry *entry = primary_entry_at(state, first);
    if (count == 1) {
        message.version.write = entry->write;
        message.operation = entry->write;
        message.key = entry->key;
        message.request = entry->bytes;
        message.bytes = entry->bytes + PRIMARY_ENTRY_BYTES;
    } else {
        uint64_t *words = replica_block_new(self, (uint32_t)count * ENTRY_WORDS, &message.block);
        for (uint64_t i = 0; i < count; i++) {
            entry = primary_entry_at(state, first + i);
            words[ENTRY_WORDS * i] = entry->write;
            words[ENTRY_WORDS * i + 1] = (uint64_t)entry->key << 32 | entry->bytes;
            message.bytes += entry->bytes + PRIMARY_ENTRY_BYTES;
        }
    }
    replica_send(self, link->member, PRIMARY_APPEND, message);
}

/* How many of the entries from `first` on make one message. */
static uint64_t link_fit(const struct replica *self, const struct primary_state *state,
                         uint64_t first, uint64_t available)
{
    const struct primary_params *params = replica_params(self);
    const uint64_t most = smaller(available, (uint64_t)params->batch_max);
    uint64_t bytes = primary_entry_at(state, first)->bytes + PRIMARY_ENTRY_BYTES;
    for (uint64_t count = 1; count < most; count++) {
        bytes += primary_entry_at(state, first + count)->bytes + PRIMARY_ENTRY_BYTES;
        if (bytes > (uint64_t)params->batch_bytes) {
            return count;
        }
    }
    return most;
}

static void link_cancel_linger(struct replica *self, struct primary_link *link)
{
    if (link->linger_armed) {
        link->linger_armed = false;
        replica_cancel(self, link->linger);
    }
}

static void link_ship(struct replica *self, struct primary_link *link, bool linger_over)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_state *state = replica_state(self);
    const uint64_t window = (uint64_t)params->window;
    while (link->attached && link->sent < state->durable && link->sent - link->acked < window) {
        const uint64_t unsent = state->durable - link->sent;
        const uint64_t fit = link_fit(self, state, link->sent + 1, unsent);
        const bool full = fit < unsent || fit == (uint64_t)params->batch_max;
        if (!full && params->batch_wait > 0 && !linger_over) {
            if (!link->linger_armed) {
                const uint32_t index = (uint32_t)(link - primary_link_at(state, 0));
                link->linger_armed = true;
                link->linger = replica_timer(self, params->batch_wait,
                                             primary_token(state, PRIMARY_TIMER_LINGER, index));
            }
            break;
        }
        const uint64_t count = smaller(fit, window - (link->sent - link->acked));
        link_cancel_linger(self, link);
        link_send(self, link, link->sent + 1, count, 0);
        link->sent += count;
    }
    link_watch(self, state, link);
}

void primary_ship(struct replica *self)
{
    const struct primary_state *state = replica_state(self);
    for (uint32_t i = 0; i < state->link_count; i++) {
        link_ship(self, primary_link_at(state, i), false);
    }
}

void primary_on_linger(struct replica *self, uint32_t index)
{
    struct primary_link *link = primary_link_at(replica_state(self), index);
    link->linger_armed = false;
    link_ship(self, link, true);
}

/* Without entries: where does the follower stand, in its log that ends at `end`? */
static void link_ask(struct replica *self, const struct primary_link *link, uint64_t first,
                     uint8_t flag)
{
    const struct primary_state *state = replica_state(self);
    replica_send(self, link->member, PRIMARY_APPEND,
                 (struct message){.a = first,
                                  .version = {.stamp = (int64_t)state->tag},
                                  .bytes = PRIMARY_HEAD_BYTES,
                                  .flag = (uint8_t)(flag | PRIMARY_EMPTY)});
}

static void link_double(struct primary_link *link)
{
    if (link->doublings < RESEND_DOUBLINGS_MAX) {
        link->doublings++;
    }
}

/*
 * The link made no progress for a whole pause: sends its first unacknowledged entries again, as a
 * probe that the follower answers with its position, and waits twice as long next time.
 */
void primary_on_resend(struct replica *self, uint32_t index)
{
    struct primary_state *state = replica_state(self);
    struct primary_link *link = primary_link_at(state, index);
    link->resend_armed = false;
    if (!link->attached) {
        link_ask(self, link, state->end + 1, PRIMARY_PROBE);
        link_double(link);
    } else if (link->acked > link->mark || link->acked == link->sent) {
        link->doublings = 0;
    } else {
        const uint64_t first = link->acked + 1;
        const uint64_t count = link_fit(self, state, first, link->sent - link->acked);
        link_send(self, link, first, count, PRIMARY_PROBE);
        link_double(link);
    }
    link_watch(self, state, link);
}

/*
 * A follower says where it stands in this epoch, for the first time or perhaps behind what it once
 * said. When the log has no longer what comes next, it is told so, and asks for a copy.
 */
static bool link_join(struct replica *self, struct primary_link *link, uint64_t acked,
                      uint64_t received)
{
    struct primary_state *state = replica_state(self);
    const bool gone = received < state->base;
    link->attached = !gone;
    link->acked = acked > state->base ? acked : state->base;
    link->sent = received > link->acked ? received : link->acked;
    link->deep = 0;
    link->doublings = 0;
    link_rise(state, link);
    link_fall(state, link);
    if (gone) {
        link_ask(self, link, state->base, PRIMARY_GONE);
        link_watch(self, state, link);
    }
    return !gone;
}

void primary_link_hold(struct replica *self, struct primary_link *link, uint64_t position)
{
    struct primary_state *state = replica_state(self);
    CHECK(position >= state->base);
    link->attached = false;
    link->acked = link->sent = position;
    link_rise(state, link);
    link_fall(state, link);
    link_watch(self, state, link);
}

bool primary_on_ack(struct replica *self, const struct message *message)
{
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    if (message->request != (uint32_t)state->tag) {
        return false; /* of another epoch */
    }
    const uint32_t place = primary_place(shared, state->head, replica_sender(self, message));
    CHECK(place > state->rank);
    CHECK(place - state->rank - 1 < state->link_count);
    struct primary_link *link = primary_link_at(state, place - state->rank - 1);
    /* In a cascade it may be ahead of this node, which has another one before it now. */
    const uint64_t acked = smaller(message->a, state->durable);
    const uint64_t received = smaller((uint64_t)message->version.stamp, state->durable);
    const bool reset = (message->flag & PRIMARY_RESET) != 0;
    if (!link->attached || (message->flag & PRIMARY_JOINED) != 0) {
        if (!reset || !link_join(self, link, acked, received)) {
            return false;
        }
    }
    bool news = false;
    if (acked > link->acked) {
        link->acked = acked;
        link->doublings = 0;
        link_rise(state, link);
        news = true;
    }
    if (message->version.write > link->deep) {
        link->deep = message->version.write;
        news = true;
    }
    if (reset && received < link->sent) {
        link->sent = received;
    }
    if (link->sent < link->acked) {
        link->sent = link->acked;
    }
    link_ship(self, link, false);
    return news;
}

void primary_links_forget(struct primary_state *state)
{
    for (uint32_t i = 0; i < state->link_count; i++) {
        struct primary_link *link = primary_link_at(state, i);
        link->resend_armed = link->linger_armed = false;
        link->doublings = 0;
    }
}

/*
 * After a restart the node knows of its followers only what the beginning of its log implies. It
 * asks each for its position and sends on when the answer is there, or when the timer asks again.
 */
void primary_links_recover(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    for (uint32_t i = 0; i < state->link_count; i++) {
        struct primary_link *link = primary_link_at(state, i);
        link->acked = state->base;
        link->deep = 0;
        link->sent = state->durable;
        link->place = i;
        ((uint32_t *)state->order)[i] = i;
        link_ask(self, link, state->end + 1, PRIMARY_PROBE);
        link_watch(self, state, link);
    }
}

void primary_links_probe(struct replica *self)
{
    const struct primary_state *state = replica_state(self);
    for (uint32_t i = 0; i < state->link_count; i++) {
        const struct primary_link *link = primary_link_at(state, i);
        if (!link->attached) {
            link_ask(self, link, state->end + 1, PRIMARY_PROBE);
        }
    }
}

void primary_links_left(struct primary_state *state)
{
    for (uint32_t i = 0; i < state->link_count; i++) {
        struct primary_link *link = primary_link_at(state, i);
        if (link->acked < state->base) {
            link->attached = false;
            link->acked = link->sent = state->base;
        }
    }
}

/* Tells the feeding node: durable here, received here, durable at the follower that counts. */
void primary_answer(struct replica *self, uint8_t flag)
{
    const struct primary_shared *shared = replica_shared(self);
    const struct primary_state *state = replica_state(self);
    uint64_t deep = state->durable;
    CHECK(state->tag != 0);
    if ((flag & PRIMARY_RESET) != 0 && state->announce) {
        flag |= PRIMARY_JOINED;
    }
    if (state->rank < shared->need && state->link_count > 0) {
        deep = smaller(deep, primary_link_at(state, 0)->deep);
    }
    replica_send(self, state->upstream, PRIMARY_ACK,
                 (struct message){.a = state->durable,
                                  .version = {.stamp = (int64_t)state->end, .write = deep},
                                  .bytes = ACK_BYTES,
                                  .request = (uint32_t)state->tag,
                                  .flag = flag});
}

static void take_entries(struct replica *self, const struct message *message, uint32_t skip,
                         uint32_t count)
{
    if (message->block == 0) {
        primary_log_append(self, message->version.write, message->key, message->request);
        return;
    }
    uint32_t words = 0;
    const uint64_t *block = replica_block(self, message->block, &words);
    for (uint32_t i = skip; i < count; i++) {
        const uint64_t *word = block + (size_t)ENTRY_WORDS * i;
        primary_log_append(self, word[0], (uint32_t)(word[1] >> 32), (uint32_t)word[1]);
    }
}

void primary_on_append(struct replica *self, const struct message *message)
{
    struct primary_state *state = replica_state(self);
    const uint64_t first = message->a;
    const bool probe = (message->flag & PRIMARY_PROBE) != 0;
    uint32_t count = 1;
    if ((uint64_t)message->version.stamp != state->tag) {
        primary_strange(self, message);
        return;
    }
    if ((message->flag & PRIMARY_EMPTY) != 0) {
        if ((message->flag & PRIMARY_GONE) != 0 && state->end < first) {
            primary_copy(self, &state->history);
            return;
        }
        count = 0;
    }
    if (message->block != 0) {
        replica_block(self, message->block, &count);
        count /= ENTRY_WORDS;
    }
    if (first > state->end + 1) {
        /* Something before this was lost. Said once for each gap, or every message behind it would
         * make the feeding node send the whole window again. */
        if (probe || state->gap_reported != state->end + 1) {
            state->gap_reported = state->end + 1;
            primary_answer(self, PRIMARY_RESET);
        }
        return;
    }
    const uint64_t known = state->end + 1 - first;
    if (known < count) {
        state->announce = false;
        take_entries(self, message, (uint32_t)known, count);
        primary_sync(self);
    }
    if (known >= count || probe) {
        primary_answer(self, probe ? PRIMARY_RESET : 0);
    }
}
