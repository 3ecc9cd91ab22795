/*
 * or_set.c - an element that is added and removed at the same time stays: the add wins.
 *
 * Model:   every add has a dot of its own; a removal takes away the dots of the element that it has
 *          seen, so an add that it has not seen survives. Removed dots leave nothing behind but
 *          what the state has seen (no tombstones).
 * Assumes: a removal of a client that brings its context takes what the client had read, any other
 *          what the accepting replica holds.
 */
#include "models/values/set.h"

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    (void)params;
    const uint32_t begin = shipped->count;
    /* An add goes into the place of all older ones here: less to carry, and the same set. */
    const struct set_change change = write->action == VALUE_ADD
                                         ? (struct set_change){.entry = true}
                                         : (struct set_change){.as_read = true};
    set_perform(change, before, write, after, shipped);
    if (form == VALUE_STATE) {
        shipped->count = begin;
    }
    return VALUE_DONE;
}

const struct value_ops value_or_set_ops = {
    .kind = {.name = "or_set",
             .summary = "a set: elements come and go, and of an add and a removal at the same time "
                        "the add wins",
             .source = "Bieniusa, Zawirski, Preguica, Shapiro, Baquero, Balegas, Duarte, \"An "
                       "optimized conflict-free replicated set\", INRIA RR-8083 (2012); Almeida, "
                       "Shoker, Baquero, JPDC 2018, section 7.2",
             .params_bytes = sizeof(struct set_params),
             .params = set_rows},
    .actions = 1u << VALUE_ADD | 1u << VALUE_REMOVE,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_ADD,
    .meeting = VALUE_ALL_COUNT,
    .by_element = true,
    .needs_state = true,
    .elements = set_elements,
    .perform = perform,
    .join = set_join,
    .again = set_again,
    .view = set_view,
    .size = set_size,
    .writes = set_writes,
    .context = set_context,
};
