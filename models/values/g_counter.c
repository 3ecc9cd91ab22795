/*
 * g_counter.c - a number that only grows: views, likes, plays.
 *
 * Model:  each actor counts its own increments; the value is the sum over actors, the join takes
 *         the larger total of each. Increments on two sides of a partition all count.
 * Forms:  all three. An operation adds: delivered twice it counts twice, lost it is missing for
 *         ever; states and deltas may come in any order and number.
 * Source: Shapiro et al., INRIA RR-7506 (2011), specification 6.
 */
#include "models/values/totals.h"

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    (void)params;
    totals_add(before, totals_id(write->actor, false), write, form, after, shipped);
    return VALUE_DONE;
}

static void view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    const uint32_t is_there = body.count > 0;
    *view = (struct value_view){totals_sum(body), is_there, is_there};
}

const struct value_ops value_g_counter_ops = {
    .kind = {.name = "g_counter",
             .summary = "a number that only grows: each machine counts its own, the sum is read",
             .source = "Shapiro et al., INRIA RR-7506 (2011), specification 6 (G-Counter)"},
    .actions = 1u << VALUE_INCREMENT,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_INCREMENT,
    .meeting = VALUE_ALL_COUNT,
    .needs_state = true,
    .is_number = true,
    .perform = perform,
    .join = totals_join,
    .again = totals_again,
    .view = view,
    .size = totals_size,
    .writes = totals_writes,
};
