/*
 * totals.h - cells that only grow: what counters are made of.
 *
 * Model:  a cell is (id, version, total); of two cells with one id the larger total stays. An id
 *         is an actor's, so that nobody else adds to it: id = actor << 1 | side.
 * Forms:  a delta is the cell with its new total; an operation is a cell with what is to be added.
 * Bytes:  16 for an actor's name (a UUID, as Cassandra's CounterId is), 8 for a total or an amount;
 *         an operation has a sequence number of 8 besides, because it must be done exactly once.
 *         The version is the observer's and costs nothing.
 */
#ifndef MODELS_VALUES_TOTALS_H
#define MODELS_VALUES_TOTALS_H

#include "models/values/cells.h"

enum { TOTAL = CELL_REST, TOTALS_WIDTH };
enum { TOTALS_ID_BYTES = 16, TOTALS_BYTES = 8, TOTALS_SEQUENCE_BYTES = 8 };

extern const struct cells_kind totals_kind;

static inline uint64_t totals_id(uint32_t actor, bool second_side)
{
    return (uint64_t)actor << 1 | (second_side ? 1u : 0u);
}

int64_t totals_at(struct words body, uint64_t id); /* 0 when there is none */
int64_t totals_sum(struct words body);             /* first sides less second sides */

/* A write adds `amount` to the cell `id`: the whole of a `perform`. */
void totals_add(struct words before, uint64_t id, const struct value_write *write,
                enum value_form form, struct words_buffer *after, struct words_buffer *shipped);

/* The methods of counters that have no more than that. */
void totals_join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced);
void totals_again(const void *params, struct words before, struct words operation,
                  struct words_buffer *after);
struct value_size totals_size(const void *params, struct words body, enum value_form form);
void totals_writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions);

#endif
