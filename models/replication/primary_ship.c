#include "models/replication/primary_internal.h"
#include "sim/check.h"

/*
 * ENTRY_BYTES: log position, operation, key, length and checksum of an entry beside its value
 * (assumption: 8 + 8 + 8 + 4 + 4). ACK_BYTES: PostgreSQL 16 documentation, "Streaming Replication
 * Protocol", Standby status update.
 */
enum { ENTRY_BYTES = 32, ACK_BYTES = 34, ENTRY_WORDS = 2, RESEND_DOUBLINGS_MAX = 20 };

/* Longest pause between two attempts: MySQL 8.0 manual, SOURCE_CONNECT_RETRY, default 60 s. */
#define RESEND_PAUSE_MAX_NS SIM_NS_PER_MIN

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void primary_links_start(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    const bool cascade = params->topology == PRIMARY_CASCADE;
    state->rank = primary_rank(shared, replica_self(self));
    if (state->rank > 0) {
        state->upstream = cascade ? primary_ranked(shared, state->rank - 1) : shared->member;
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
        struct primary_link *link = primary_link_at(state, i);
        link->member = primary_ranked(shared, state->rank + 1 + i);
        link->place = i;
        ((uint32_t *)state->order)[i] = i;
    }
}

/* Keeps `order` sorted after the acknowledged position of a link has grown. */
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
    if (link->resend_armed || link->acked == link->sent) {
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
    replica_timer(self, delay_ns, primary_token(PRIMARY_TIMER_RESEND, index));
}

/* Sends entries first .. first+count-1, all of them in the log. */
static void link_send(struct replica *self, const struct primary_link *link, uint64_t first,
                      uint64_t count, uint8_t flag)
{
    const struct primary_state *state = replica_state(self);
    struct message message = {.a = first, .flag = flag};
    CHECK(first > state->base);
    CHECK(first + count - 1 <= state->durable);
    const struct primary_entry *entry = primary_entry_at(state, first);
    if (count == 1) {
        message.version = (struct version){.stamp = (int64_t)first, .write = entry->write};
        message.operation = entry->write;
        message.key = entry->key;
        message.request = entry->bytes;
        message.bytes = entry->bytes + ENTRY_BYTES;
    } else {
        uint64_t *words = replica_block_new(self, (uint32_t)count * ENTRY_WORDS, &message.block);
        for (uint64_t i = 0; i < count; i++) {
            entry = primary_entry_at(state, first + i);
            words[ENTRY_WORDS * i] = entry->write;
            words[ENTRY_WORDS * i + 1] = (uint64_t)entry->key << 32 | entry->bytes;
            message.bytes += entry->bytes + ENTRY_BYTES;
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
    uint64_t bytes = primary_entry_at(state, first)->bytes + ENTRY_BYTES;
    for (uint64_t count = 1; count < most; count++) {
        bytes += primary_entry_at(state, first + count)->bytes + ENTRY_BYTES;
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
    while (link->sent < state->durable && link->sent - link->acked < window) {
        const uint64_t unsent = state->durable - link->sent;
        const uint64_t fit = link_fit(self, state, link->sent + 1, unsent);
        const bool full = fit < unsent || fit == (uint64_t)params->batch_max;
        if (!full && params->batch_wait > 0 && !linger_over) {
            if (!link->linger_armed) {
                const uint32_t index = (uint32_t)(link - primary_link_at(state, 0));
                link->linger_armed = true;
                link->linger = replica_timer(self, params->batch_wait,
                                             primary_token(PRIMARY_TIMER_LINGER, index));
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

/*
 * The link made no progress for a whole pause: sends its first unacknowledged entries again, as a
 * probe that the follower answers with its position, and waits twice as long next time.
 */
void primary_on_resend(struct replica *self, uint32_t index)
{
    struct primary_state *state = replica_state(self);
    struct primary_link *link = primary_link_at(state, index);
    link->resend_armed = false;
    if (link->acked > link->mark || link->acked == link->sent) {
        link->doublings = 0;
    } else {
        const uint64_t first = link->acked + 1;
        const uint64_t count = link_fit(self, state, first, link->sent - link->acked);
        link_send(self, link, first, count, PRIMARY_PROBE);
        if (link->doublings < RESEND_DOUBLINGS_MAX) {
            link->doublings++;
        }
    }
    link_watch(self, state, link);
}

bool primary_on_ack(struct replica *self, const struct message *message)
{
    const struct primary_shared *shared = replica_shared(self);
    struct primary_state *state = replica_state(self);
    const uint32_t rank = primary_rank(shared, replica_sender(self, message));
    CHECK(rank > state->rank);
    CHECK(rank - state->rank - 1 < state->link_count);
    struct primary_link *link = primary_link_at(state, rank - state->rank - 1);
    const uint64_t received = (uint64_t)message->version.stamp;
    CHECK(message->a <= state->end);
    CHECK(received <= state->end);
    bool news = false;
    if (message->a > link->acked) {
        link->acked = message->a;
        link->doublings = 0;
        link_rise(state, link);
        news = true;
    }
    if (message->version.write > link->deep) {
        link->deep = message->version.write;
        news = true;
    }
    if ((message->flag & PRIMARY_RESET) != 0 && received < link->sent) {
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
        link->sent = state->end;
        link->place = i;
        ((uint32_t *)state->order)[i] = i;
        replica_send(self, link->member, PRIMARY_APPEND,
                     (struct message){.a = state->end + 1,
                                      .bytes = ENTRY_BYTES,
                                      .flag = PRIMARY_PROBE | PRIMARY_EMPTY});
        link_watch(self, state, link);
    }
}

/* Tells the feeding node: durable here, received here, durable at the follower that counts. */
void primary_answer(struct replica *self, uint8_t flag)
{
    const struct primary_shared *shared = replica_shared(self);
    const struct primary_state *state = replica_state(self);
    uint64_t deep = state->durable;
    if (state->rank < shared->need && state->link_count > 0) {
        deep = smaller(deep, primary_link_at(state, 0)->deep);
    }
    replica_send(self, state->upstream, PRIMARY_ACK,
                 (struct message){.a = state->durable,
                                  .version = {.stamp = (int64_t)state->end, .write = deep},
                                  .bytes = ACK_BYTES,
                                  .flag = flag});
}

static void take_entries(struct replica *self, const struct message *message, uint32_t skip,
                         uint32_t count)
{
    if (message->block == 0) {
        const struct primary_entry entry = {
            .write = message->version.write, .key = message->key, .bytes = message->request};
        primary_log_append(self, entry);
        return;
    }
    uint32_t words = 0;
    const uint64_t *block = replica_block(self, message->block, &words);
    for (uint32_t i = skip; i < count; i++) {
        const uint64_t *word = block + (size_t)ENTRY_WORDS * i;
        primary_log_append(self, (struct primary_entry){.write = word[0],
                                                        .key = (uint32_t)(word[1] >> 32),
                                                        .bytes = (uint32_t)word[1]});
    }
}

void primary_on_append(struct replica *self, const struct message *message)
{
    struct primary_state *state = replica_state(self);
    uint32_t count = (message->flag & PRIMARY_EMPTY) != 0 ? 0 : 1;
    const uint64_t first = message->a;
    const bool probe = (message->flag & PRIMARY_PROBE) != 0;
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
        take_entries(self, message, (uint32_t)known, count);
        primary_sync(self);
    }
    if (known >= count || probe) {
        primary_answer(self, probe ? PRIMARY_RESET : 0);
    }
}
