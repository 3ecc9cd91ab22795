/*
 * collect_late.h - the keys that a replica is behind on, the longest first.
 *
 * Model: commits come in order of time, so a key that falls behind goes to the end of a row, and
 *        one that is taken out of the row leaves a gap: nothing else moves. A key of which the
 *        replica applies the oldest of several missing versions is late since a time in the past,
 *        and goes into a heap.
 * Keys:  go by the numbers of their blocks (dataset_state.held): a late key is not settled.
 * Cost:  O(1), and O(log n) for the heap. When most of the row is gaps it is closed up, so memory
 *        is in proportion to the most keys that were late at one time.
 */
#ifndef ANALYSIS_COLLECT_LATE_H
#define ANALYSIS_COLLECT_LATE_H

#include "sim/sim_time.h"

#include <stddef.h>
#include <stdint.h>

struct held_state;

struct late_item {
    sim_ns commit_ns; /* of the key's oldest missing version */
    uint32_t key;     /* its block; in the row RECORD_NONE: a gap */
};

struct late_keys {                /* zeroed: none */
    sim_ns oldest_ns;             /* the least commit_ns, when `count` > 0 */
    uint32_t count;               /* keys */
    uint32_t row_number;          /* of the row's first place */
    struct late_item *row, *heap; /* the heap is 4-ary, the least first */
    size_t row_first, row_end, row_capacity;
    size_t heap_count, heap_capacity;
};

/* What the replica holds, block by block, `stride` apart. The places noted there are this file's.
 */
struct late_held {
    struct held_state *held;
    uint32_t stride;
};

/* The key is late since `commit_ns`, and was not late before. */
void late_add(struct late_keys *late, struct late_held held, uint32_t key, sim_ns commit_ns);

/* It is late since another time. */
void late_move(struct late_keys *late, struct late_held held, uint32_t key, sim_ns commit_ns);

/* It is not late any more. */
void late_remove(struct late_keys *late, struct late_held held, uint32_t key);

/* Since when it is; it must be late. */
sim_ns late_since(const struct late_keys *late, struct late_held held, uint32_t key);

void late_release(struct late_keys *late);

#endif
