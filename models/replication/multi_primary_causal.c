#include "models/replication/multi_primary_internal.h"
#include "sim/check.h"

#include <string.h>

/*
 * Order causal: nothing is shown before what its author had seen.
 *
 * Model:   with every entry of its log a replica notes the last write of each other one that it had
 *          taken. Whoever receives the entry keeps it until it has taken their logs as far. Each
 *          log is taken in its order besides. What comes by comparing is for one neighbour only,
 *          and no cause: others would wait for it in vain.
 * Ends:    an entry waits only for entries that existed before it did. The positions are those of
 *          the moment in which it was written, not of the moment in which it is sent: with those an
 *          entry that is sent again could wait for one that waits for it.
 * Gaps:    what is not sent any more (a dropped queue; what a crash made void) is announced with
 *          the hashes of the comparison that follows, so that nobody waits for it. Comparing itself
 *          gives states, and does not keep the order.
 * Source:  Birman, Schiper, Stephenson, "Lightweight causal and atomic group multicast", ACM TOCS
 *          9(3), 1991, section 5.1 (vector times; here of logs, so that a batch is one message).
 */

static uint64_t *row(const struct replica *self, const struct multi_state *state, uint64_t position)
{
    return (uint64_t *)state->causes + (position & state->log_mask) * replica_count(self);
}

void multi_causes_note(struct replica *self, uint64_t position)
{
    const struct multi_state *state = replica_state(self);
    uint64_t *causes = row(self, state, position);
    for (uint32_t member = 0; member < replica_count(self); member++) {
        const uint8_t link = state->link_of[member];
        causes[member] = link == MULTI_NO_LINK ? 0 : multi_link(state, link)->caused;
    }
}

const uint64_t *multi_causes(const struct replica *self, uint64_t position)
{
    /* The facade gives the state for writing only; nothing is written here. */
    return row(self, replica_state((struct replica *)(uintptr_t)self), position);
}

static struct multi_held *held_at(const struct multi_state *state, uint32_t index, uint64_t number)
{
    return (struct multi_held *)state->held[index].items +
           (number & multi_link(state, index)->held_mask);
}

static void held_pop(struct replica *self, uint32_t index)
{
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    replica_content_free(self, &held_at(state, index, link->held_first++)->copy);
}

void multi_held_drop(struct replica *self, uint32_t index)
{
    struct multi_link *link = multi_link(replica_state(self), index);
    while (link->held_first < link->held_next) {
        held_pop(self, index);
    }
    link->held_to = 0;
}

static bool causes_are_here(const struct replica *self, const struct multi_state *state,
                            uint32_t from, const uint64_t *causes)
{
    for (uint32_t member = 0; member < replica_count(self); member++) {
        const uint8_t link = state->link_of[member]; /* its own writes are here */
        if (link != MULTI_NO_LINK && link != from &&
            multi_link(state, link)->got < causes[member]) {
            return false;
        }
    }
    return true;
}

/* The first of the batches that are held of this link; true: something of it was taken. */
static bool deliver_first(struct replica *self, uint32_t index)
{
    const struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, index);
    bool any = false;
    for (;;) {
        struct multi_held *held = held_at(state, index, link->held_first);
        const struct multi_arrived arrived = held->copy.block == 0
                                                 ? (struct multi_arrived){0}
                                                 : multi_unpack(self, held->copy.block, held->at);
        if (arrived.next == 0) {
            link->got = held->to > link->got ? held->to : link->got;
            held_pop(self, index);
            return true;
        }
        uint32_t words = 0;
        const uint64_t *block = replica_block(self, held->copy.block, &words);
        /* All before it has been taken, by itself or with an entry of the same key. */
        link->got = arrived.position > link->got ? arrived.position : link->got;
        if (!causes_are_here(self, state, index, block + arrived.causes)) {
            return any;
        }
        held->at = arrived.next;
        multi_take_arrived(self, index, held->copy.block, &arrived, held->reached);
        any = true;
    }
}

void multi_deliver(struct replica *self)
{
    const struct multi_state *state = replica_state(self);
    bool any = true;
    while (any) {
        any = false;
        for (uint32_t index = 0; index < state->link_count; index++) {
            struct multi_link *link = multi_link(state, index);
            const uint64_t before = link->got;
            while (link->held_first < link->held_next && deliver_first(self, index)) {
                any = true;
            }
            if (link->got > before) {
                multi_due_add(self, (struct multi_due){.link = index, .position = link->got});
            }
        }
    }
}

void multi_hold(struct replica *self, uint32_t from, const struct message *message)
{
    struct multi_state *state = replica_state(self);
    struct multi_link *link = multi_link(state, from);
    const uint64_t to = message->version.write;
    const uint64_t reach = link->held_to > link->got ? link->held_to : link->got;
    if (message->a > reach) {
        multi_say_gap(self, link);
        return;
    }
    if (to <= reach) { /* it came before; the sender may not know that it did */
        multi_due_add(self, (struct multi_due){.link = from, .position = link->got});
        return;
    }
    const struct content content = {.block = message->block};
    link->gap_said = false;
    multi_ring_reserve(self, &state->held[from].items, &state->held[from].capacity,
                       &link->held_mask, link->held_first, link->held_next,
                       sizeof(struct multi_held));
    *held_at(state, from, link->held_next++) = (struct multi_held){
        .copy = replica_content_copy(self, &content), .reached = reach, .to = to};
    link->held_to = to;
    multi_deliver(self);
}
