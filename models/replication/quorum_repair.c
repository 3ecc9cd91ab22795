#include "models/replication/quorum_internal.h"
#include "sim/check.h"

/*
 * Anti-entropy: every member compares itself with another one, each in turn, every `anti_entropy`.
 *
 * Model:   A sends the hashes of its leaves (equal ranges of keys) to B. For each leaf that differs
 *          B sends the versions of its keys; A answers with the values that are newer here and asks
 *          for those that are newer there. Only what differs travels as values, in chunks. Of
 * values that merge digests are sent, and of what differs both give the other one all they hold.
 * Source:  DeCandia et al., "Dynamo", SOSP 2007, section 4.7; one level of leaves in place of a
 * tree (assumption: 1,024 hashes of 8 bytes are one message anyway).
 */

enum { CHUNK_KEYS = 512, VERSION_WORDS = 2, KEY_BYTES = 8 };

static void set_timer(struct replica *self, sim_ns delay_ns)
{
    replica_timer(self, delay_ns, quorum_token(QUORUM_TIMER_ANTI_ENTROPY, 0));
}

void quorum_anti_entropy_start(struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    const uint32_t member = replica_self(self), count = replica_count(self);
    if (params->anti_entropy > 0 && member < count && count > 1) {
        /* Members take turns within the interval. */
        set_timer(self, params->anti_entropy / count * (member + 1));
    }
}

void quorum_anti_entropy_timer(struct replica *self)
{
    const struct quorum_params *params = replica_params(self);
    struct quorum_state *state = replica_state(self);
    const uint32_t count = replica_count(self);
    const uint32_t peer = (replica_self(self) + 1 + state->round++ % (count - 1)) % count;
    set_timer(self, params->anti_entropy);
    if ((state->live & quorum_bit(peer)) == 0) {
        return;
    }
    const uint32_t leaves = replica_leaf_count(self);
    struct message message = {.bytes = leaves * (uint32_t)sizeof(uint64_t)};
    uint64_t *words = replica_block_new(self, leaves, &message.block);
    for (uint32_t leaf = 0; leaf < leaves; leaf++) {
        words[leaf] = replica_leaf_hash(self, leaf);
    }
    replica_send(self, peer, QUORUM_TREE, message);
}

/* How many words tell the state of a key: a version, or the digest of what merges. */
static uint32_t version_words(struct replica *self)
{
    const struct quorum_state *state = replica_state(self);
    return state->merges ? 1 : VERSION_WORDS;
}

static void put_version(struct replica *self, uint32_t key, uint64_t *words)
{
    const struct quorum_state *state = replica_state(self);
    if (state->merges) {
        words[0] = replica_digest(self, key);
        return;
    }
    const struct version version = replica_read(self, key);
    words[0] = (uint64_t)version.stamp;
    words[1] = version.write;
}

static void send_versions(struct replica *self, uint32_t to, uint32_t first, uint32_t last)
{
    const uint32_t each = version_words(self);
    while (first < last) {
        const uint32_t keys = last - first < CHUNK_KEYS ? last - first : CHUNK_KEYS;
        struct message message = {.a = first,
                                  .bytes = keys * (KEY_BYTES + each * (uint32_t)sizeof(uint64_t))};
        uint64_t *words = replica_block_new(self, keys * each, &message.block);
        for (uint32_t i = 0; i < keys; i++) {
            put_version(self, first + i, words + (size_t)each * i);
        }
        replica_send(self, to, QUORUM_VERSIONS, message);
        first += keys;
    }
}

void quorum_on_tree(struct replica *self, const struct message *message)
{
    uint16_t differing[REPLICA_LEAVES_MAX];
    uint32_t count = 0, leaves = 0;
    const uint64_t *hashes = replica_block(self, message->block, &leaves);
    CHECK(leaves <= REPLICA_LEAVES_MAX);
    for (uint32_t leaf = 0; leaf < leaves; leaf++) {
        if (hashes[leaf] != replica_leaf_hash(self, leaf)) {
            differing[count++] = (uint16_t)leaf;
        }
    }
    const uint32_t sender = replica_sender(self, message);
    for (uint32_t i = 0; i < count; i++) { /* new blocks may move the one that was read above */
        uint32_t first = 0, last = 0;
        replica_leaf_keys(self, differing[i], &first, &last);
        send_versions(self, sender, first, last);
    }
}

/* One message of the first of these keys; returns how many. */
static uint32_t send_some_values(struct replica *self, uint32_t to, const uint32_t *keys,
                                 uint32_t count)
{
    struct quorum_item items[CHUNK_KEYS];
    struct quorum_bulk bulk = {0};
    uint32_t fit = 0;
    CHECK(count <= CHUNK_KEYS);
    for (bool room = true; fit < count && room; fit++) {
        items[fit] =
            (struct quorum_item){.key = keys[fit], .content = replica_content(self, keys[fit])};
        room = quorum_bulk_add(self, &bulk, &items[fit]);
    }
    replica_send(self, to, QUORUM_VALUES, quorum_bulk_message(self, &bulk, items));
    for (uint32_t i = 0; i < fit; i++) {
        replica_content_free(self, &items[i].content);
    }
    return fit;
}

static void send_values(struct replica *self, uint32_t to, const uint32_t *keys, uint32_t count)
{
    for (uint32_t sent = 0; sent < count;) {
        sent += send_some_values(self, to, keys + sent, count - sent);
    }
}

/* What this node holds of a key, beside what the sender of these words does. */
struct difference {
    bool send, want;
};

static struct difference compare(struct replica *self, uint32_t key, const uint64_t *words)
{
    const struct quorum_state *state = replica_state(self);
    if (state->merges) { /* each may have what the other has not */
        const uint64_t own = replica_digest(self, key);
        return (struct difference){.send = own != words[0] && own != 0,
                                   .want = own != words[0] && words[0] != 0};
    }
    const struct version own = replica_read(self, key);
    const struct version other = {.stamp = (int64_t)words[0], .write = words[1]};
    return (struct difference){.send = version_newer(own, other),
                               .want = version_newer(other, own)};
}

void quorum_on_versions(struct replica *self, const struct message *message)
{
    uint32_t newer_here[CHUNK_KEYS], newer_there[CHUNK_KEYS];
    uint32_t here = 0, there = 0, words = 0;
    const uint64_t *block = replica_block(self, message->block, &words);
    const uint32_t each = version_words(self);
    CHECK(words <= CHUNK_KEYS * each);
    for (uint32_t i = 0; i < words / each; i++) {
        const uint32_t key = (uint32_t)message->a + i;
        const struct difference difference = compare(self, key, block + (size_t)each * i);
        if (difference.send) {
            newer_here[here++] = key;
        }
        if (difference.want) {
            newer_there[there++] = key;
        }
    }
    const uint32_t sender = replica_sender(self, message);
    send_values(self, sender, newer_here, here);
    if (there > 0) {
        struct message want = {.bytes = there * KEY_BYTES};
        uint64_t *keys = replica_block_new(self, there, &want.block);
        for (uint32_t i = 0; i < there; i++) {
            keys[i] = newer_there[i];
        }
        replica_send(self, sender, QUORUM_WANT, want);
    }
}

void quorum_on_want(struct replica *self, const struct message *message)
{
    uint32_t keys[CHUNK_KEYS];
    uint32_t count = 0;
    const uint64_t *block = replica_block(self, message->block, &count);
    CHECK(count <= CHUNK_KEYS);
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = (uint32_t)block[i];
    }
    send_values(self, replica_sender(self, message), keys, count);
}

void quorum_on_values(struct replica *self, const struct message *message)
{
    quorum_bulk_take(self, message);
    quorum_stored(self, (struct quorum_due){.member = replica_sender(self, message),
                                            .kind = QUORUM_MESSAGE_COUNT});
}
