/*
 * set.h - what all sets have in common: parameters, and what those made of dots do alike.
 *
 * Model: a set's elements are numbers below `elements`, each `element_bytes` of what clients write.
 *        With dots, a set is a store (dots.h). An entry says that its element is there, or, when
 *        its key carries SET_REMOVED, that it is not; an element is there when it has entries and
 *        none says otherwise. A write puts at most one entry in the place of those that it has
 *        seen. or_set and remove_wins_set differ only in which entries they put.
 */
#ifndef MODELS_VALUES_SET_H
#define MODELS_VALUES_SET_H

#include "models/values/dots.h"

enum { SET_REMOVED = 1 };

struct set_params {
    int64_t elements, element_bytes;
};

extern const struct param_spec set_rows[];

uint32_t set_elements(const void *params);

static inline uint64_t set_key(uint32_t element, bool removed)
{
    return (uint64_t)element << 1 | (removed ? SET_REMOVED : 0);
}

struct set_change {
    bool as_read; /* of a client that says what it had read, only that is replaced */
    bool entry;   /* puts one, of `write`'s element */
    bool removed; /* which says that the element is not there */
};

/* Does `write` on `before` like value_ops.perform: the delta, joined. */
void set_perform(struct set_change change, struct words before, const struct value_write *write,
                 struct words_buffer *after, struct words_buffer *shipped);

/* The rest of value_ops, for sets made of dots. An operation is the delta, without its entry's dot
 * in what it has seen: it has the same effect, in whatever order it comes. */
void set_join(const void *params, struct words a, struct words b, struct words_buffer *out,
              struct words_buffer *displaced);
void set_again(const void *params, struct words before, struct words operation,
               struct words_buffer *after);
void set_view(const void *params, struct words body, struct value_view *view);
struct value_size set_size(const void *params, struct words body, enum value_form form);
void set_writes(const void *params, struct words body, enum value_form form,
                struct words_buffer *versions);
/* Pairs (key, dot) of all entries: a removal must name what it has seen of its element alone. */
void set_context(const void *params, struct words body, struct words_buffer *out);

#endif
