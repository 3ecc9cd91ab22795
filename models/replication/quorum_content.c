#include "models/replication/quorum_internal.h"
#include "sim/check.h"

/*
 * Contents of values that merge, beside what the operations, hints and batches of registers are.
 *
 * Model:     an operation of such a value holds one content at its coordinator: a write what the
 *            copies are to get, a read the join of the answers so far. Plain registers hold none.
 * Ownership: what is held is freed with its operation. A crash clears the pending operations, so
 *            the contents stand in a list of their own, which `forget` frees.
 * Bulk:      (stamp, write, key and bytes) for each item; of values that merge also its words, with
 *            their number before them.
 */

static struct quorum_held *held_at(const struct quorum_state *state, uint32_t name)
{
    CHECK(name > 0);
    CHECK(name <= state->held_used);
    return (struct quorum_held *)state->held + (name - 1);
}

void quorum_hold(struct replica *self, struct quorum_op *op, struct content content)
{
    struct quorum_state *state = replica_state(self);
    CHECK(op->held == 0);
    if (state->held_free != 0) {
        op->held = state->held_free;
        state->held_free = held_at(state, op->held)->next;
    } else {
        op->held = ++state->held_used;
        replica_grow(self, &state->held, &state->held_capacity, state->held_used,
                     sizeof(struct quorum_held));
    }
    *held_at(state, op->held) = (struct quorum_held){.content = content};
}

struct content *quorum_held_by(struct replica *self, const struct quorum_op *op)
{
    return &held_at(replica_state(self), op->held)->content;
}

void quorum_op_end(struct replica *self, uint32_t number)
{
    struct quorum_state *state = replica_state(self);
    const struct quorum_op *op = replica_pending(self, number);
    if (op->held != 0) {
        struct quorum_held *held = held_at(state, op->held);
        replica_content_free(self, &held->content);
        *held = (struct quorum_held){.next = state->held_free};
        state->held_free = op->held;
    }
    replica_pending_release(self, number);
}

/* Those on the free list have no block: all that is left is freed in one walk. */
void quorum_held_forget(struct replica *self)
{
    struct quorum_state *state = replica_state(self);
    for (uint32_t name = 1; name <= state->held_used; name++) {
        replica_content_free(self, &held_at(state, name)->content);
    }
    state->held_used = state->held_free = 0;
}

bool quorum_bulk_add(struct replica *self, struct quorum_bulk *bulk, const struct quorum_item *item)
{
    const struct quorum_state *state = replica_state(self);
    CHECK(bulk->count == 0 || bulk->form == item->content.form);
    bulk->form = item->content.form;
    bulk->count++;
    bulk->bytes += item->content.bytes + QUORUM_WRITE_BYTES;
    bulk->words += QUORUM_ITEM_WORDS;
    if (state->merges) {
        bulk->words += 1 + replica_content_words(self, &item->content).count;
    }
    return bulk->bytes < QUORUM_BULK_BYTES && bulk->words < QUORUM_BULK_WORDS;
}

struct message quorum_bulk_message(struct replica *self, const struct quorum_bulk *bulk,
                                   const struct quorum_item *items)
{
    const struct quorum_state *state = replica_state(self);
    struct message message = {.bytes = bulk->bytes, .flag = bulk->form};
    uint64_t *to = replica_block_new(self, bulk->words, &message.block);
    for (uint32_t i = 0; i < bulk->count; i++) {
        const struct content *content = &items[i].content;
        *to++ = (uint64_t)content->version.stamp;
        *to++ = content->version.write;
        *to++ = (uint64_t)items[i].key << 32 | content->bytes;
        if (state->merges) {
            const struct words from = replica_content_words(self, content);
            *to++ = from.count;
            for (uint32_t word = 0; word < from.count; word++) {
                *to++ = from.at[word];
            }
        }
    }
    return message;
}

/* Taking what merges makes blocks, which may move this one: it is looked up for each item. */
void quorum_bulk_take(struct replica *self, const struct message *message)
{
    const struct quorum_state *state = replica_state(self);
    uint32_t words = 0;
    const uint64_t *block = replica_block(self, message->block, &words);
    for (uint32_t i = 0; i + QUORUM_ITEM_WORDS <= words; i += QUORUM_ITEM_WORDS) {
        const struct content content = {
            .version = {.stamp = (int64_t)block[i], .write = block[i + 1]},
            .bytes = (uint32_t)block[i + 2],
            .form = message->flag};
        const uint32_t key = (uint32_t)(block[i + 2] >> 32);
        if (!state->merges) {
            replica_apply(self, key, content.version, content.bytes);
            continue;
        }
        const uint32_t count = (uint32_t)block[i + QUORUM_ITEM_WORDS];
        CHECK(count <= words - i - QUORUM_ITEM_WORDS - 1);
        replica_take_words(self, key, content,
                           (struct words){block + i + QUORUM_ITEM_WORDS + 1, count});
        block = replica_block(self, message->block, &words);
        i += 1 + count;
    }
}
