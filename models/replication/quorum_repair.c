#include "models/replication/quorum_internal.h"
#include "sim/check.h"

/*
 * Anti-entropy: every member compares itself with another one, each in turn, every `anti_entropy`.
 *
 * Model:   A sends the hashes of its leaves (equal ranges of keys) to B. For each leaf that differs
 *          B sends the versions of its keys; A answers with the values that are newer here and asks
 *          for those that are newer there. Only what differs travels as values, in chunks.
 * Source:  DeCandia et al., "Dynamo", SOSP 2007, section 4.7; one level of leaves in place of a
 * tree (assumption: 1,024 hashes of 8 bytes are one message anyway).
 */

enum { CHUNK_KEYS = 512, VERSION_WORDS = 2, VALUE_WORDS = 3, KEY_BYTES = 8 };

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

static void send_versions(struct replica *self, uint32_t to, uint32_t first, uint32_t last)
{
    while (first < last) {
        const uint32_t keys = last - first < CHUNK_KEYS ? last - first : CHUNK_KEYS;
        struct message message = {.a = first, .bytes = keys * (KEY_BYTES + 16)};
        uint64_t *words = replica_block_new(self, keys * VERSION_WORDS, &message.block);
        for (uint32_t i = 0; i < keys; i++) {
            const struct version version = replica_read(self, first + i);
            words[VERSION_WORDS * i] = (uint64_t)version.stamp;
            words[VERSION_WORDS * i + 1] = version.write;
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
    uint32_t fit = 0, bytes = 0;
    while (fit < count && bytes < QUORUM_BULK_BYTES) {
        bytes += replica_value_bytes(self, keys[fit++]) + QUORUM_WRITE_BYTES;
    }
    struct message message = {.bytes = bytes};
    uint64_t *words = replica_block_new(self, fit * VALUE_WORDS, &message.block);
    for (uint32_t i = 0; i < fit; i++) {
        const struct version version = replica_read(self, keys[i]);
        words[VALUE_WORDS * i] = (uint64_t)version.stamp;
        words[VALUE_WORDS * i + 1] = version.write;
        words[VALUE_WORDS * i + 2] = (uint64_t)keys[i] << 32 | replica_value_bytes(self, keys[i]);
    }
    replica_send(self, to, QUORUM_VALUES, message);
    return fit;
}

static void send_values(struct replica *self, uint32_t to, const uint32_t *keys, uint32_t count)
{
    for (uint32_t sent = 0; sent < count;) {
        sent += send_some_values(self, to, keys + sent, count - sent);
    }
}

void quorum_on_versions(struct replica *self, const struct message *message)
{
    uint32_t newer_here[CHUNK_KEYS], newer_there[CHUNK_KEYS];
    uint32_t here = 0, there = 0, words = 0;
    const uint64_t *block = replica_block(self, message->block, &words);
    CHECK(words <= CHUNK_KEYS * VERSION_WORDS);
    for (uint32_t i = 0; i < words / VERSION_WORDS; i++) {
        const uint32_t key = (uint32_t)message->a + i;
        const struct version own = replica_read(self, key);
        const struct version other = {.stamp = (int64_t)block[VERSION_WORDS * i],
                                      .write = block[VERSION_WORDS * i + 1]};
        if (version_newer(own, other)) {
            newer_here[here++] = key;
        } else if (version_newer(other, own)) {
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
    uint32_t words = 0;
    const uint64_t *block = replica_block(self, message->block, &words);
    for (uint32_t i = 0; i + VALUE_WORDS <= words; i += VALUE_WORDS) {
        const struct version version = {.stamp = (int64_t)block[i], .write = block[i + 1]};
        replica_apply(self, (uint32_t)(block[i + 2] >> 32), version, (uint32_t)block[i + 2]);
    }
    quorum_stored(self, (struct quorum_due){.member = replica_sender(self, message),
                                            .kind = QUORUM_MESSAGE_COUNT});
}
