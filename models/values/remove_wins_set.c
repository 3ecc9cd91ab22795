/*
 * remove_wins_set.c - an element that is added and removed at the same time is gone: the removal
 * wins.
 *
 * Model:   adds and removals both leave a dot, in the place of those that they have seen. An
 *          element is there when adds are all that is left of it: every removal has been seen by a
 *          later add. So a right that is taken away is away, whatever happened elsewhere.
 * Assumes: a client that brings its context has seen what it had read, any other what the accepting
 *          replica holds. Removals are remembered until somebody adds the element again.
 */
#include "models/values/set.h"

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    (void)params;
    const uint32_t begin = shipped->count;
    const struct set_change change = {
        .as_read = true, .entry = true, .removed = write->action == VALUE_REMOVE};
    set_perform(change, before, write, after, shipped);
    if (form == VALUE_STATE) {
        shipped->count = begin;
    }
    return VALUE_DONE;
}

const struct value_ops value_remove_wins_set_ops = {
    .kind = {.name = "remove_wins_set",
             .summary = "a set: elements come and go, and of an add and a removal at the same time "
                        "the removal wins",
             .source = "Shapiro, Preguica, Baquero, Zawirski, INRIA RR-7506 (2011), section 3.3 "
                       "(the choice); made of dots as in Almeida, Shoker, Baquero, JPDC 2018, "
                       "section 7",
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
