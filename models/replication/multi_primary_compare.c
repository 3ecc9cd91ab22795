#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

/*
 * Comparing with a neighbour: after a restart, when the queue for it had lost entries, and
 * `compare_every` so often.
 *
 * Model:   A sends the hashes of its leaves (equal ranges of keys), B answers which differ. For
 *          each of those A sends the versions of its keys; B puts what is newer at B in its log for
 *          A and answers which are newer at A, which A puts in its log for B. Of values that merge
 *          there is no newer: digests of states are sent, and where they differ both give theirs.
 *          Values travel by the logs only, so none is forgotten; every step can be repeated.
 * Rounds:  what A accepts after it has sent its hashes goes to B by the log again. When that is too
 *          much once more, a new round begins and answers to the old one are ignored.
 * States:  until A's round is over all that B gets from A is states. After it every key either was
 *          equal or has been sent as a state since, so that B's state of the key begins where A's
 *          next delta or operation goes on.
 * Full:    all leaves and keys are taken to differ: a full sync.
 * News:    a state brings what others wrote as well. What this one has lost and learns again in
 *          that way may be lacking elsewhere, and the neighbours are compared with one by one; so
 *          during its rounds and shortly after them it passes on all news (multi_primary_take.c),
 *          and what a neighbour has in its queue when it compares comes as a repair.
 * Source:  DeCandia et al., "Dynamo", SOSP 2007, section 4.7 (Merkle trees); one level of 1,024
 *          leaves in place of a tree (assumption: their hashes are one message anyway).
 */

enum { VERSION_WORDS = 2 };

static void mode_changed(struct replica *self, bool repairing)
{
    struct multi_state *state = replica_state(self);
    const bool before = state->repairing > 0;
    state->repairing = repairing ? state->repairing + 1 : state->repairing - 1;
    if (before != (state->repairing > 0)) {
        replica_mode(self, before ? MULTI_MODE_LOG : MULTI_MODE_REPAIR);
    }
}

static void timer_arm(struct replica *self, uint32_t index)
{
    const struct multi_params *params = replica_params(self);
    struct multi_link *link = multi_link(replica_state(self), index);
    sim_ns delay_ns = params->resend_after;
    for (uint8_t i = 0; i < link->compare_doublings && delay_ns < MULTI_RESEND_MAX_NS; i++) {
        delay_ns *= 2;
    }
    if (!link->compare_armed) {
        link->compare_armed = true;
        replica_timer(self, delay_ns, multi_token(MULTI_TIMER_COMPARE, index));
    }
}

static void send_tree(struct replica *self, uint32_t index)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    const uint32_t leaves = replica_leaf_count(self);
    struct message message = {
        .request = link->round, .a = state->restarts, .bytes = leaves * (uint32_t)sizeof(uint64_t)};
    uint64_t *words = replica_block_new(self, leaves, &message.block);
    if (params->order == MULTI_CAUSAL) {
        multi_skip(state, index, state->next);
        message.version.write = link->acked;
    }
    for (uint32_t leaf = 0; leaf < leaves; leaf++) {
        words[leaf] = replica_leaf_hash(self, leaf);
    }
    link->lost = false;
    replica_send(self, link->member, MULTI_TREE, message);
}

void multi_compare(struct replica *self, uint32_t index)
{
    struct multi_link *link = multi_link(replica_state(self), index);
    if (link->comparing == MULTI_IDLE) {
        mode_changed(self, true);
        link->compare_doublings = 0;
    }
    link->comparing = MULTI_ASKED;
    link->states_until = UINT64_MAX;
    link->round++;
    if (link->compare_armed) {
        link->lost = true; /* the next round begins with the timer */
    } else {
        send_tree(self, index);
        timer_arm(self, index);
    }
}

static void send_leaf(struct replica *self, const struct multi_link *link, uint32_t leaf)
{
    uint32_t first = 0, last = 0;
    replica_leaf_keys(self, leaf, &first, &last);
    const uint32_t bytes = replica_merges(self) ? MULTI_DIGEST_BYTES : MULTI_VERSION_BYTES;
    struct message message = {.request = link->round, .a = leaf, .bytes = (last - first) * bytes};
    uint64_t *words = replica_block_new(self, (last - first) * VERSION_WORDS, &message.block);
    for (uint32_t key = first; key < last; key++) {
        if (replica_merges(self)) {
            *words++ = replica_digest(self, key);
            *words++ = 0;
            continue;
        }
        const struct version version = replica_read(self, key);
        *words++ = (uint64_t)version.stamp;
        *words++ = version.write;
    }
    replica_send(self, link->member, MULTI_VERSIONS, message);
}

/* Asks about the next leaves that differ; ends the comparison when there are none. */
static void go_on(struct replica *self, struct multi_link *link)
{
    const struct multi_params *params = replica_params(self);
    const struct multi_state *state = replica_state(self);
    uint32_t open = 0;
    bool any = false;
    for (uint32_t w = 0; w < MULTI_LEAF_WORDS; w++) {
        open += (uint32_t)__builtin_popcountll(link->asked[w]);
    }
    for (uint32_t leaf = 0; leaf < REPLICA_LEAVES_MAX; leaf++) {
        const uint64_t bit = UINT64_C(1) << leaf % 64;
        if ((link->differ[leaf / 64] & bit) == 0) {
            continue;
        }
        any = true;
        if ((link->asked[leaf / 64] & bit) == 0 && open < MULTI_LEAVES_AT_ONCE) {
            link->asked[leaf / 64] |= bit;
            open++;
            send_leaf(self, link, leaf);
        }
    }
    if (!any) {
        link->comparing = MULTI_IDLE;
        link->states_until = state->next;
        link->settled_ns = state->merges ? replica_clock(self) + params->resend_after : 0;
        mode_changed(self, false);
    }
}

void multi_compare_timer(struct replica *self, uint32_t index)
{
    struct multi_link *link = multi_link(replica_state(self), index);
    link->compare_armed = false;
    if (link->comparing == MULTI_IDLE) {
        return;
    }
    if (link->compare_doublings < UINT8_MAX) {
        link->compare_doublings++;
    }
    timer_arm(self, index);
    if (link->comparing == MULTI_ASKED) {
        link->round++;
        send_tree(self, index);
    } else {
        for (uint32_t w = 0; w < MULTI_LEAF_WORDS; w++) {
            link->asked[w] = 0;
        }
        go_on(self, link);
    }
}

void multi_repair_arm(struct replica *self)
{
    const struct multi_params *params = replica_params(self);
    if (params->compare_every > 0) {
        replica_timer(self, params->compare_every, multi_token(MULTI_TIMER_REPAIR, 0));
    }
}

void multi_repair_timer(struct replica *self)
{
    const struct multi_state *state = replica_state(self);
    for (uint32_t index = 0; index < state->link_count; index++) {
        const struct multi_link *link = multi_link(state, index);
        /* One that is silent would only be given again what waits for it already. */
        if (link->comparing == MULTI_IDLE && !link->probing) {
            multi_compare(self, index);
        }
    }
    multi_repair_arm(self);
}

void multi_on_tree(struct replica *self, const struct message *message)
{
    const struct multi_params *params = replica_params(self);
    uint64_t differ[MULTI_LEAF_WORDS] = {0};
    uint32_t leaves = 0;
    const uint32_t own = replica_leaf_count(self), from = multi_link_from(self, message);
    if (!multi_current(self, from, (uint32_t)message->a)) {
        return;
    }
    const uint64_t *hashes = replica_block(self, message->block, &leaves);
    CHECK(leaves == own);
    for (uint32_t leaf = 0; leaf < leaves; leaf++) {
        const bool differs =
            params->catch_up == MULTI_FULL || hashes[leaf] != replica_leaf_hash(self, leaf);
        differ[leaf / 64] |= (uint64_t)(differs ? 1 : 0) << leaf % 64;
    }
    if (params->order == MULTI_CAUSAL) {
        multi_jump(self, from, message->version.write);
        multi_deliver(self);
    }
    struct message answer = {.request = message->request, .bytes = (leaves + 7) / 8};
    uint64_t *words = replica_block_new(self, MULTI_LEAF_WORDS, &answer.block);
    for (uint32_t w = 0; w < MULTI_LEAF_WORDS; w++) {
        words[w] = differ[w];
    }
    replica_send(self, replica_sender(self, message), MULTI_LEAVES, answer);
}

void multi_on_leaves(struct replica *self, const struct message *message)
{
    struct multi_link *link = multi_link(replica_state(self), multi_link_from(self, message));
    uint32_t words = 0;
    const uint64_t *differ = replica_block(self, message->block, &words);
    if (link->comparing != MULTI_ASKED || link->round != message->request || link->lost) {
        return;
    }
    for (uint32_t w = 0; w < MULTI_LEAF_WORDS; w++) {
        link->differ[w] = differ[w];
        link->asked[w] = 0;
    }
    link->comparing = MULTI_COMPARING;
    link->compare_doublings = 0;
    go_on(self, link);
}

/* The neighbour is to get what is here. */
static void give(struct replica *self, uint32_t index, uint32_t key)
{
    const struct multi_state *state = replica_state(self);
    if (multi_link(state, index)->lost) {
        return; /* the round that follows finds it */
    }
    const struct multi_entry entry = {.version = replica_read(self, key),
                                      .waiting = multi_bit(index),
                                      .key = key,
                                      .bytes = replica_value_bytes(self, key),
                                      .repair = true};
    multi_append(self, &entry, NULL);
}

/* Which of the two is to give its value to the other. */
struct giving {
    bool here, there;
};

static struct giving judge(const struct replica *self, uint32_t key, const uint64_t *theirs)
{
    const struct multi_params *params = replica_params(self);
    const bool full = params->catch_up == MULTI_FULL;
    if (replica_merges(self)) { /* both, unless one of them holds nothing */
        const uint64_t own = replica_digest(self, key);
        const bool differ = full || own != theirs[0];
        return (struct giving){differ && own != 0, differ && theirs[0] != 0};
    }
    const struct version own = replica_read(self, key);
    const struct version other = {.stamp = (int64_t)theirs[0], .write = theirs[1]};
    return (struct giving){version_newer(own, other) || (full && own.write != 0),
                           version_newer(other, own) || (full && other.write != 0)};
}

void multi_on_versions(struct replica *self, const struct message *message)
{
    const struct multi_state *state = replica_state(self);
    const uint32_t index = multi_link_from(self, message);
    uint32_t first = 0, last = 0, words = 0, count = 0;
    replica_leaf_keys(self, (uint32_t)message->a, &first, &last);
    struct message want = {.request = message->request, .a = message->a};
    uint64_t *keys = replica_block_new(self, last - first, &want.block);
    const uint64_t *theirs = replica_block(self, message->block, &words);
    CHECK(words == (last - first) * VERSION_WORDS);
    for (uint32_t key = first; key < last; key++) {
        const struct giving giving = judge(self, key, theirs);
        theirs += VERSION_WORDS;
        if (giving.there) {
            keys[count++] = (uint64_t)key + 1;
        }
        if (giving.here) {
            give(self, index, key);
        }
    }
    multi_link(state, index)->marked_until = state->next;
    want.bytes = count * MULTI_KEY_BYTES;
    while (count < last - first) {
        keys[count++] = 0; /* a block has the size that it was made with */
    }
    replica_send(self, multi_link(state, index)->member, MULTI_WANT, want);
    multi_stored(self);
    multi_pump_all(self);
}

void multi_on_want(struct replica *self, const struct message *message)
{
    const uint32_t index = multi_link_from(self, message);
    struct multi_link *link = multi_link(replica_state(self), index);
    const uint32_t leaf = (uint32_t)message->a;
    const uint64_t bit = UINT64_C(1) << leaf % 64;
    uint32_t words = 0;
    const uint64_t *keys = replica_block(self, message->block, &words);
    if (link->comparing != MULTI_COMPARING || link->round != message->request ||
        (link->differ[leaf / 64] & bit) == 0) {
        return;
    }
    for (uint32_t i = 0; i < words && keys[i] != 0; i++) {
        give(self, index, (uint32_t)keys[i] - 1);
    }
    link->differ[leaf / 64] &= ~bit;
    link->asked[leaf / 64] &= ~bit;
    go_on(self, link);
    multi_stored(self);
    multi_pump_all(self);
}
