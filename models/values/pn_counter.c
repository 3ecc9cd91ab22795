/*
 * pn_counter.c - a number that grows and shrinks: likes taken back, the balance of an account.
 *
 * Model:   two totals for each actor, of increments and of decrements, each of which only grows;
 *          the value is their difference (PN-Counter).
 * Minimum: with `minimum` a replica refuses a decrement that its own view forbids. That is no
 *          guarantee: replicas that have not heard of each other's decrements allow them both, and
 *          the sum is below the minimum once they meet. What does guarantee it: bounded_counter.
 * Number:  what the observer sees is counted from the start: `initial` moves the minimum instead,
 *          which is then `minimum` - `initial`.
 * Forms:   all three; an operation adds, as in g_counter.
 * Source:  Shapiro et al., INRIA RR-7506 (2011), specification 7. Bailis et al., "Coordination
 *          avoidance in database systems", VLDB 2014, table 2: decrements with a lower bound are
 *          not safe without coordination.
 */
#include "models/values/totals.h"

#include <stddef.h>

struct params {
    int64_t minimum, initial;
    bool has_minimum;
};

static const struct param_spec rows[] = {
    {.key = "minimum",
     .type = PARAM_INT,
     .offset = offsetof(struct params, minimum),
     .given_offset = offsetof(struct params, has_minimum),
     .min = -1e15,
     .max = 1e15,
     .help = "a decrement below this is refused by a replica that sees it; decrements that have "
             "not seen each other go below; absent: there is none"},
    {.key = "initial",
     .type = PARAM_INT,
     .offset = offsetof(struct params, initial),
     .min = -1e15,
     .max = 1e15,
     .default_text = "0",
     .help = "the number before any write; only the distance to the minimum matters, because the "
             "number that is recorded is counted from the start"},
    {0}};

static int64_t minimum(const void *untyped, bool *has)
{
    const struct params *params = untyped;
    *has = params->has_minimum;
    return params->has_minimum ? params->minimum - params->initial : 0;
}

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const bool decrement = write->action == VALUE_DECREMENT;
    bool has_minimum = false;
    const int64_t least = minimum(params, &has_minimum);
    if (decrement && has_minimum && totals_sum(before) - write->amount < least) {
        return VALUE_REFUSED;
    }
    totals_add(before, totals_id(write->actor, decrement), write, form, after, shipped);
    return VALUE_DONE;
}

static void view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    const uint32_t is_there = body.count > 0;
    *view = (struct value_view){totals_sum(body), is_there, is_there};
}

const struct value_ops value_pn_counter_ops = {
    .kind = {.name = "pn_counter",
             .summary = "a number that grows and shrinks; a minimum is not safe with it",
             .source = "Shapiro et al., INRIA RR-7506 (2011), specification 7 (PN-Counter); Bailis "
                       "et al., VLDB 2014, table 2 (the minimum)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .actions = 1u << VALUE_INCREMENT | 1u << VALUE_DECREMENT,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_INCREMENT,
    .meeting = VALUE_ALL_COUNT,
    .needs_state = true,
    .is_number = true,
    .minimum = minimum,
    .perform = perform,
    .join = totals_join,
    .again = totals_again,
    .view = view,
    .size = totals_size,
    .writes = totals_writes,
};
