#include "models/replication/primary_internal.h"
#include "sim/check.h"

/*
 * What a follower has from its leader beside the log: versions of keys, with their values.
 *
 * Rewind: the follower's log parts from its leader's. It asks for every key whose version the
 *         leader's log up to the common entry does not hold, as pg_rewind asks for the blocks that
 *         changed. Only when all have come it throws its own entries away and takes the versions:
 *         until then it can still be promoted with the log that it has.
 * Copy:   the log does not reach back to where the follower stands, or the follower's disk was
 *         lost. All keys are sent while the leader goes on; the log is kept from where the leader
 *         was when the copy began, as a PostgreSQL base backup keeps it with a slot.
 * Both:   versions are the leader's as of when it answers, so the copy shows no state that ever was
 *         until the log has brought it there; till then it answers no reads (PostgreSQL: the
 *         minimum recovery point) and can not lead.
 * Source: PostgreSQL 16 documentation, pg_rewind ("How It Works") and 26.3.1-26.3.3.
 */

/*
 * KEYS_MAX: keys in one message; its bytes are limited as those of log entries are (batch_bytes).
 * WINDOW_MAX: messages under way, 6 MiB at 128 KiB (Linux, tcp(7): tcp_rmem, largest 6 MiB). After
 * a time-out it begins anew with one and doubles (RFC 5681, slow start).
 */
enum { KEYS_MAX = 256, WINDOW_MAX = 48, HEAD_WORDS = 2, KEY_WORDS = 3, KEY_BYTES = 4 };

/* Tokens of syncs: log positions are below. */
static const uint64_t settle_bit = UINT64_C(1) << 63;

static uint32_t wanted_key(const struct primary_fetch *fetch, uint32_t index)
{
    return fetch->copy ? index : ((const uint32_t *)fetch->keys)[index];
}

/* How many keys from `asked` on make one answer, by the sizes that are known here. */
static uint32_t chunk_fit(const struct replica *self, const struct primary_fetch *fetch)
{
    const struct primary_params *params = replica_params(self);
    uint64_t bytes = 0;
    uint32_t count = 0;
    while (fetch->asked + count < fetch->count && count < KEYS_MAX) {
        bytes += replica_value_bytes(self, wanted_key(fetch, fetch->asked + count)) +
                 PRIMARY_ENTRY_BYTES;
        if (count > 0 && bytes > (uint64_t)params->batch_bytes) {
            break;
        }
        count++;
    }
    return count;
}

static void ask_more(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    struct primary_fetch *fetch = &state->fetch;
    while (fetch->asked < fetch->count && fetch->chunks < fetch->window) {
        const uint32_t count = chunk_fit(self, fetch);
        struct message message = {.a = fetch->asked,
                                  .version = {.stamp = (int64_t)fetch->serial, .write = count},
                                  .request = (uint32_t)state->epoch,
                                  .bytes = PRIMARY_HEAD_BYTES,
                                  .flag = fetch->copy ? PRIMARY_COPY : 0};
        if (!fetch->copy) {
            uint64_t *words = replica_block_new(self, count, &message.block);
            for (uint32_t i = 0; i < count; i++) {
                words[i] = wanted_key(fetch, fetch->asked + i);
            }
            message.bytes += count * KEY_BYTES;
        }
        replica_send(self, state->leader, PRIMARY_FETCH, message);
        fetch->asked += count;
        fetch->chunks++;
    }
}

void primary_fetch_again(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    state->fetch.asked = state->fetch.received;
    state->fetch.chunks = 0;
    ask_more(self);
}

static void fetch_watch(struct replica *self)
{
    const struct primary_params *params = replica_params(self);
    struct primary_state *state = replica_state(self);
    state->fetch.mark = state->fetch.received;
    replica_timer(self, params->resend_after,
                  primary_token(state, PRIMARY_TIMER_FETCH, (uint32_t)state->fetch.serial));
}

static void fetch_begin(struct replica *self, bool copy)
{
    struct primary_state *state = replica_state(self);
    struct primary_fetch *fetch = &state->fetch;
    fetch->serial = (fetch->serial + 1) & UINT32_MAX;
    fetch->epoch = state->epoch;
    fetch->active = true;
    fetch->copy = copy;
    fetch->went_back = false;
    fetch->asked = fetch->received = fetch->chunks = 0;
    fetch->from = fetch->seen = 0;
    fetch->window = WINDOW_MAX;
    state->unreadable = true;
    state->tag = 0;
    state->generation++;
    primary_links_stop(state);
    ask_more(self);
    fetch_watch(self);
}

void primary_fetch_stop(struct primary_state *state)
{
    state->fetch.active = false;
}

/* Log and storage are what they will be; when that is on disk, the leader is followed. */
static void settle(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    state->fetch.active = false;
    state->consistent = state->fetch.seen;
    state->torn = state->settling = true;
    primary_history_adopt(self, &state->fetch.history);
    replica_persist(self, settle_bit | state->fetch.serial);
}

void primary_on_settled(struct replica *self, uint64_t token)
{
    struct primary_state *state = replica_state(self);
    CHECK(state->settling);
    CHECK(token == (settle_bit | state->fetch.serial));
    state->settling = state->torn = state->copying = false;
    /* Heard of a newer epoch meanwhile: its leader's beat will bring it there. */
    if (state->fetch.epoch == state->epoch && state->leader != UINT32_MAX) {
        primary_attach(self);
    }
}

static void complete(struct replica *self)
{
    struct primary_state *state = replica_state(self);
    const struct primary_fetch *fetch = &state->fetch;
    if (fetch->copy) {
        primary_log_reset(state, fetch->from);
    } else {
        primary_log_cut(self, fetch->from);
    }
    for (uint32_t i = 0; i < fetch->count && !fetch->copy; i++) {
        const struct primary_fetched *got = (const struct primary_fetched *)fetch->got + i;
        replica_rewind(self, wanted_key(fetch, i), got->version, got->bytes);
    }
    settle(self);
}

static void want(struct replica *self, struct primary_fetch *fetch, uint32_t key)
{
    replica_grow(self, &fetch->keys, &fetch->keys_capacity, fetch->count + 1, sizeof(uint32_t));
    ((uint32_t *)fetch->keys)[fetch->count++] = key;
}

void primary_rewind(struct replica *self, uint64_t common)
{
    struct primary_state *state = replica_state(self);
    struct primary_fetch *fetch = &state->fetch;
    fetch->count = 0;
    for (uint32_t key = 0; key < replica_key_count(self); key++) {
        if (!primary_version_of(&fetch->history, common, replica_read(self, key))) {
            want(self, fetch, key);
        }
    }
    replica_grow(self, &fetch->got, &fetch->got_capacity, fetch->count,
                 sizeof(struct primary_fetched));
    fetch_begin(self, false);
    fetch->from = common;
    if (fetch->count == 0) {
        complete(self);
    }
}

void primary_copy(struct replica *self, const struct primary_history *leader)
{
    struct primary_state *state = replica_state(self);
    primary_log_reset(state, 0);
    state->copying = true;
    state->fetch.count = replica_key_count(self);
    primary_history_copy(self, &state->fetch.history, leader);
    fetch_begin(self, true);
}

/* The leader's side. Holds the log from where a copy begins; false: a copy that is over. */
static bool hold(struct replica *self, const struct message *message, uint64_t *from)
{
    const struct primary_state *state = replica_state(self);
    struct primary_link *link = primary_link_to(self, replica_sender(self, message));
    const uint64_t serial = (uint64_t)message->version.stamp;
    *from = state->applied;
    if (link == NULL) {
        return true; /* a cascade: the node before it holds what it has not said to have */
    }
    if (serial > link->copy_serial) {
        link->copy_serial = serial;
        primary_link_hold(self, link, state->applied);
    }
    *from = link->acked;
    return serial == link->copy_serial && !link->attached;
}

void primary_on_fetch(struct replica *self, const struct message *message)
{
    const struct primary_state *state = replica_state(self);
    const bool copy = (message->flag & PRIMARY_COPY) != 0;
    const uint32_t count = (uint32_t)message->version.write;
    uint64_t from = state->applied;
    if (message->request < state->epoch) {
        primary_refuse(self, message);
        return;
    }
    /* One that still replays has not applied all that the asking node may have in common with it:
     * its second hello asks for the question again. */
    if (message->request != state->tag || !state->leads || (copy && !hold(self, message, &from))) {
        return;
    }
    uint32_t words = 0;
    const uint64_t *keys = copy ? NULL : replica_block(self, message->block, &words);
    struct message data = {.a = message->a,
                           .version = message->version,
                           .request = message->request,
                           .bytes = PRIMARY_HEAD_BYTES,
                           .flag = message->flag};
    uint64_t *out = replica_block_new(self, HEAD_WORDS + count * KEY_WORDS, &data.block);
    out[0] = from;
    out[1] = state->applied;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t key = copy ? (uint32_t)message->a + i : (uint32_t)keys[i];
        const struct version version = replica_read(self, key);
        const uint32_t bytes = replica_value_bytes(self, key);
        uint64_t *word = out + HEAD_WORDS + (size_t)KEY_WORDS * i;
        word[0] = (uint64_t)version.stamp;
        word[1] = version.write;
        word[2] = (uint64_t)key << 32 | bytes;
        data.bytes += bytes + PRIMARY_ENTRY_BYTES;
    }
    replica_send(self, replica_sender(self, message), PRIMARY_DATA, data);
}

static void take(struct replica *self, const uint64_t *block, uint32_t count)
{
    struct primary_state *state = replica_state(self);
    struct primary_fetch *fetch = &state->fetch;
    if (fetch->received == 0 && fetch->copy) {
        fetch->from = block[0];
    }
    fetch->seen = block[1] > fetch->seen ? block[1] : fetch->seen;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *word = block + HEAD_WORDS + (size_t)KEY_WORDS * i;
        const struct version version = {.stamp = (int64_t)word[0], .write = word[1]};
        const uint32_t index = fetch->received + i;
        CHECK(index < fetch->count);
        CHECK(wanted_key(fetch, index) == word[2] >> 32);
        if (fetch->copy) {
            replica_rewind(self, index, version, (uint32_t)word[2]);
        } else {
            ((struct primary_fetched *)fetch->got)[index] =
                (struct primary_fetched){.version = version, .bytes = (uint32_t)word[2]};
        }
    }
    fetch->received += count;
}

void primary_on_data(struct replica *self, const struct message *message)
{
    struct primary_state *state = replica_state(self);
    struct primary_fetch *fetch = &state->fetch;
    if (!fetch->active || message->request != fetch->epoch ||
        (uint64_t)message->version.stamp != fetch->serial || message->a < fetch->received) {
        return;
    }
    if (message->a > fetch->received) {
        if (!fetch->went_back) { /* once for each gap */
            fetch->went_back = true;
            primary_fetch_again(self);
        }
        return;
    }
    uint32_t words = 0;
    const uint64_t *block = replica_block(self, message->block, &words);
    take(self, block, (words - HEAD_WORDS) / KEY_WORDS);
    fetch->went_back = false;
    fetch->chunks -= fetch->chunks > 0;
    fetch->window = 2 * fetch->window < WINDOW_MAX ? 2 * fetch->window : WINDOW_MAX;
    if (fetch->received == fetch->count) {
        complete(self);
    } else {
        if (fetch->asked < fetch->received) {
            fetch->asked = fetch->received; /* an answer to what was asked before going back */
        }
        ask_more(self);
    }
}

void primary_on_fetch_timer(struct replica *self, uint32_t serial)
{
    struct primary_state *state = replica_state(self);
    struct primary_fetch *fetch = &state->fetch;
    if (!fetch->active || serial != (uint32_t)fetch->serial) {
        return;
    }
    if (fetch->received == fetch->mark) {
        fetch->window = 1;
        primary_fetch_again(self);
    }
    fetch_watch(self);
}
