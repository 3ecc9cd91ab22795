#include "models/replication/multi_primary_internal.h"

#include <string.h>

/*
 * Which operations a key's state has in it: exchange operation.
 *
 * Model:   doing an operation again is not idempotent, and it can come by two ways: by itself from
 *          the member that accepted it, and inside a state that another one gives after a
 *          comparison. So each key has, for each member, the position of that member's log up to
 *          which its operations are in the state; a state travels with its row of positions, and
 *          taking it raises them. An operation below its position is not done again.
 * Safe:    of each member's operations on a key a state has a beginning, all up to a position: they
 *          come in the order of its log without a gap (batches that do not continue what is there
 *          are refused), and where there is a gap (a dropped queue, a lost disk) states come until
 *          the comparison is over (multi_primary_compare.c). Of two beginnings the join of states
 *          is the longer one, and so is the larger position.
 *          A member that loses its memory forgets operations that others may have: it goes on
 *          under another actor and above all positions that it had used.
 * Disk:    positions are stored with the values that they belong to: a crash takes both back to the
 *          same sync.
 */

static uint64_t *cell(const struct replica *self, const struct multi_state *state, uint32_t key,
                      uint32_t member)
{
    return (uint64_t *)state->included + (size_t)key * replica_count(self) + member;
}

void multi_included_make(struct replica *self)
{
    struct multi_state *state = replica_state(self);
    const size_t cells = (size_t)replica_key_count(self) * replica_count(self);
    replica_grow(self, &state->included, &state->included_capacity, cells, sizeof(uint64_t));
    memset(state->included, 0, cells * sizeof(uint64_t));
}

uint64_t multi_included(const struct replica *self, uint32_t key, uint32_t member)
{
    /* The facade gives the state for writing only; nothing is written here. */
    const struct multi_state *state = replica_state((struct replica *)(uintptr_t)self);
    return *cell(self, state, key, member);
}

void multi_include(struct replica *self, uint32_t key, uint32_t member, uint64_t until)
{
    struct multi_state *state = replica_state(self);
    uint64_t *there = cell(self, state, key, member);
    if (until <= *there) {
        return;
    }
    if (replica_has_disk(self)) {
        multi_ring_reserve(self, &state->undo, &state->undo_capacity, &state->undo_mask,
                           state->undo_first, state->undo_next, sizeof(struct multi_undo));
        struct multi_undo *undo = state->undo;
        undo[state->undo_next++ & state->undo_mask] = (struct multi_undo){
            .before = *there, .cell = (uint32_t)(there - (uint64_t *)state->included)};
    }
    *there = until;
}

void multi_included_durable(struct multi_state *state, uint64_t undo)
{
    state->undo_first = undo;
}

void multi_included_crashed(struct multi_state *state)
{
    const struct multi_undo *undo = state->undo;
    uint64_t *included = state->included;
    while (state->undo_next > state->undo_first) {
        const struct multi_undo *last = &undo[--state->undo_next & state->undo_mask];
        included[last->cell] = last->before;
    }
}

void multi_included_lost(struct replica *self)
{
    const struct multi_state *state = replica_state(self);
    if (state->included != NULL) {
        memset(state->included, 0,
               (size_t)replica_key_count(self) * replica_count(self) * sizeof(uint64_t));
    }
}
