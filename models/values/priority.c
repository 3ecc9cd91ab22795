/*
 * priority.c - a slot that is booked by a rule of business: a room, a flat, a table.
 *
 * Model:  a booking of a slot that its replica knows as taken is refused. Bookings that did not
 *         know of each other meet later: who paid earlier keeps it, of two who paid at one time the
 *         one of the higher tier, then the earlier stamp. The other one was told ok and has to be
 *         booked anew or compensated: it is displaced.
 * Words:  element = the customer's tier, 0 the lowest; amount = when the payment is done, in ms
 *         after the booking, by the clock of the replica that accepts it (1 when none is given).
 * Assumes: nobody cancels; payments are as late as they said, and all succeed.
 * Source: assumption: the order (payment time, then tier) is the textbook example of a merge by
 *         business rule for double bookings. Shapiro et al., INRIA RR-7506 (2011), section 2.2: any
 *         total order gives a join.
 */
#include "models/values/cells.h"

#include <stddef.h>

enum { PAID_NS = CELL_REST, TIER, CONTENT, WIDTH };
enum { PAYMENT_FIRST, TIER_FIRST };
enum { STAMP_BYTES = 8, PAID_BYTES = 8, TIER_BYTES = 1, TIERS_MAX = 64 };

struct params {
    int64_t tiers;
    uint32_t rule;
};

static const char *const rule_names[] = {"payment", "tier", NULL};

static const struct param_spec rows[] = {
    {.key = "rule",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, rule),
     .names = rule_names,
     .default_text = "payment",
     .help = "which of two bookings of one slot stays; payment: the one that is paid earlier, then "
             "the higher tier; tier: the higher tier, then the one that is paid earlier; the "
             "earlier stamp at last"},
    {.key = "tiers",
     .type = PARAM_INT,
     .offset = offsetof(struct params, tiers),
     .min = 1,
     .max = TIERS_MAX,
     .default_text = "3",
     .help = "tiers of customers: the elements of writes, a larger number is the better one"},
    {0}};

/* Larger: the booking that stays. */
static int order(const void *untyped, const uint64_t *a, const uint64_t *b)
{
    const struct params *params = untyped;
    const int64_t left = (int64_t)a[PAID_NS], right = (int64_t)b[PAID_NS];
    const int by_payment = left < right ? 1 : left > right ? -1 : 0;
    const int by_tier = cells_compare(a[TIER], b[TIER]);
    const int first = params->rule == PAYMENT_FIRST ? by_payment : by_tier;
    const int second = params->rule == PAYMENT_FIRST ? by_tier : by_payment;
    if (first != 0 || second != 0) {
        return first != 0 ? first : second;
    }
    return cells_version_order(b, a);
}

static const struct cells_kind cells = {.width = WIDTH, .order = order, .one_wins = true};

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const uint32_t begin = shipped->count;
    if (before.count > 0) {
        return VALUE_REFUSED;
    }
    words_put(shipped, 0);
    words_put(shipped, (uint64_t)write->version.stamp);
    words_put(shipped, write->version.write);
    words_put(shipped, (uint64_t)(write->clock_ns + write->amount * SIM_NS_PER_MS));
    words_put(shipped, write->element);
    words_put(shipped, write->bytes);
    cells_done(&cells, params, before, form, begin, after, shipped);
    return VALUE_DONE;
}

static void join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    cells_join(&cells, params, a, b, out, displaced);
}

static uint32_t elements(const void *untyped)
{
    const struct params *params = untyped;
    return (uint32_t)params->tiers;
}

static void view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    const uint32_t taken = body.count > 0;
    *view = (struct value_view){0, taken, taken};
}

static struct value_size size(const void *params, struct words body, enum value_form form)
{
    (void)params;
    (void)form;
    return body.count == 0 ? (struct value_size){0, 0}
                           : (struct value_size){(uint32_t)body.at[CONTENT],
                                                 STAMP_BYTES + PAID_BYTES + TIER_BYTES};
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params;
    (void)form;
    cells_writes(&cells, body, versions);
}

const struct value_ops value_priority_ops = {
    .kind = {.name = "priority",
             .summary = "a slot that is booked: refused when known as taken; of two that did not "
                        "know of each other a rule of business says which one stays",
             .source = "assumption: payment time, then tier, as in textbooks on double bookings",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .actions = 1u << VALUE_ADD | 1u << VALUE_SET,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA,
    .write_means = VALUE_ADD,
    .meeting = VALUE_ONE_WINS,
    .needs_state = true,
    .elements = elements,
    .perform = perform,
    .join = join,
    .view = view,
    .size = size,
    .writes = writes,
};
