/*
 * cells.h - bodies that are a map: cells with an id, of which the larger one stays.
 *
 * Model:  a cell is words: its id, the version (stamp, write) that made it, then what its type
 *         keeps. A type orders the cells of one id totally; the join of two bodies takes for each
 *         id the larger cell. The pointwise maximum of chains is commutative, associative and
 *         idempotent whatever the order is, so a type has only its order to get right, and that
 *         what it writes is larger than what was there (Shapiro et al., "A comprehensive study of
 *         Convergent and Commutative Replicated Data Types", INRIA RR-7506, 2011, section 2).
 * Deltas: the cells that a write changed are a body too, and joined like any.
 * Order:  by id, each once: equal bodies are equal words.
 * Cost:   O(cells).
 */
#ifndef MODELS_VALUES_CELLS_H
#define MODELS_VALUES_CELLS_H

#include "models/values/value.h"

enum { CELL_ID, CELL_STAMP, CELL_WRITE, CELL_REST };

struct cells_kind {
    uint32_t width; /* words of a cell; 0: the number is its word CELL_REST */
    /* Below 0 when a is smaller than b; 0 only for equal words. Both have the same id. */
    int (*order)(const void *params, const uint64_t *a, const uint64_t *b);
    bool one_wins; /* the write of the smaller cell gives way to that of the larger one */
};

static inline uint32_t cells_width(const struct cells_kind *kind, const uint64_t *cell)
{
    return kind->width != 0 ? kind->width : (uint32_t)cell[CELL_REST];
}

static inline struct value_version cells_version(const uint64_t *cell)
{
    return (struct value_version){(int64_t)cell[CELL_STAMP], cell[CELL_WRITE]};
}

static inline int cells_compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

int cells_version_order(const uint64_t *a, const uint64_t *b); /* by stamp, then write */

/* The cell of that id, or NULL. */
const uint64_t *cells_find(const struct cells_kind *kind, struct words body, uint64_t id);

void cells_join(const struct cells_kind *kind, const void *params, struct words a, struct words b,
                struct words_buffer *out, struct words_buffer *displaced);

/*
 * Ends a `perform` that has put the changed cells, in order, at the end of `shipped`, which had
 * `begin` words before: their join with `before` goes to `after`, and in the form STATE nothing is
 * shipped.
 */
void cells_done(const struct cells_kind *kind, const void *params, struct words before,
                enum value_form form, uint32_t begin, struct words_buffer *after,
                struct words_buffer *shipped);

/* The versions of all cells, but for {0, 0}. */
void cells_writes(const struct cells_kind *kind, struct words body, struct words_buffer *versions);

/* Adds that the write `loser` gives way to `winner`, unless it is said already or NULL. */
void cells_displace(struct words_buffer *displaced, struct value_version loser,
                    struct value_version winner);

#endif
