/*
 * bounded_counter.c - a stock that never goes below zero: rights to take from it are divided.
 *
 * Model:   the initial stock is divided among the members as rights, the remainder to the first of
 *          them; a decrement is done with the replica's own rights or refused, an increment adds to
 *          its own rights. Rights can be passed on. State: for each pair of actors the total of
 *          rights passed from one to the other (to itself: its increments), for each actor the
 *          total that it has taken; all only grow, the join takes the larger. Rights of i = its
 *          share + what came to it - what it passed on - what it took.
 * Passing: a replica whose rights are below `low` asks the one that has most, as far as it knows,
 *          for half of the difference, if that is one at least: so requests end when all have
 *          about as much. Who is asked gives at most half of what it has, rounded up.
 * Deltas:  the taker's total and all rights that are known to it. What a replica has taken is never
 *          seen without the rights that paid for it, so no view is below the minimum either,
 *          whatever order deltas come in.
 * Actors:  a machine that lost its memory begins as a new actor without rights: what it had is
 *          stranded, because nobody knows how much of it was left. Others ask for rights of the
 *          latest life of a machine that they know of.
 * Number:  counted from the start: what is left of the stock is `initial` + number, so that the
 *          minimum is -`initial`.
 * Refused: there may be stock left elsewhere: the price of not asking.
 * Source:  Balegas et al., "Extending eventually consistent cloud databases for enforcing numeric
 *          invariants", SRDS 2015 (the bounded counter and its transfers); O'Neil, "The escrow
 *          transactional method", ACM TODS 11(4), 1986.
 */
#include "models/values/totals.h"

#include "sim/check.h"

#include <stddef.h>

/* Bits of an id: giver, receiver, or the taker twice; then which total it is. */
enum { GIVER_SHIFT = VALUE_ACTOR_BITS + 1, TAKEN = 1 };

struct params {
    int64_t initial, low;
};

static const struct param_spec rows[] = {
    {.key = "initial",
     .type = PARAM_INT,
     .offset = offsetof(struct params, initial),
     .max = 1e15,
     .default_text = "100",
     .help = "the stock before any write; it never goes below 0"},
    {.key = "low",
     .type = PARAM_INT,
     .offset = offsetof(struct params, low),
     .max = 1e15,
     .default_text = "10",
     .help = "a replica with fewer rights than this asks the one with most rights for half of the "
             "difference; 0: rights stay where they are"},
    {0}};

static uint64_t passed_id(uint32_t from, uint32_t to)
{
    return (uint64_t)from << GIVER_SHIFT | (uint64_t)to << 1;
}

static uint64_t taken_id(uint32_t actor)
{
    return passed_id(actor, actor) | TAKEN;
}

static uint32_t giver(const uint64_t *cell)
{
    return (uint32_t)(cell[CELL_ID] >> GIVER_SHIFT);
}

static uint32_t receiver(const uint64_t *cell)
{
    return (uint32_t)(cell[CELL_ID] >> 1) & ((UINT32_C(1) << VALUE_ACTOR_BITS) - 1);
}

static bool is_taken(const uint64_t *cell)
{
    return (cell[CELL_ID] & TAKEN) != 0;
}

static int64_t share(const struct params *params, uint32_t actor, uint32_t members)
{
    CHECK(members > 0);
    if (actor >= members) { /* a later life, or a machine that stores nothing */
        return 0;
    }
    return params->initial / members + (actor < params->initial % members ? 1 : 0);
}

static int64_t rights(const struct params *params, struct words body, uint32_t actor,
                      uint32_t members)
{
    int64_t sum = share(params, actor, members);
    for (uint32_t at = 0; at < body.count; at += TOTALS_WIDTH) {
        const uint64_t *cell = body.at + at;
        const int64_t total = (int64_t)cell[TOTAL];
        if (is_taken(cell)) {
            sum -= giver(cell) == actor ? total : 0;
        } else {
            sum += receiver(cell) == actor ? total : 0;
            sum -= giver(cell) == actor && receiver(cell) != actor ? total : 0;
        }
    }
    return sum;
}

/* The actor that a member is, as far as its rights tell. */
static uint32_t latest_life(struct words body, uint32_t member)
{
    const uint32_t mask = (UINT32_C(1) << VALUE_MEMBER_BITS) - 1;
    uint32_t latest = member;
    for (uint32_t at = 0; at < body.count; at += TOTALS_WIDTH) {
        const uint32_t from = giver(body.at + at), to = receiver(body.at + at);
        latest = (from & mask) == member && from > latest ? from : latest;
        latest = (to & mask) == member && to > latest ? to : latest;
    }
    return latest;
}

/* A delta: the one cell that changed, among all rights that are known and what the actor took. */
static void put_delta(struct words before, const uint64_t *changed, uint32_t actor,
                      struct words_buffer *shipped)
{
    bool done = false;
    for (uint32_t at = 0; at < before.count; at += TOTALS_WIDTH) {
        const uint64_t *cell = before.at + at;
        if (!done && cell[CELL_ID] >= changed[CELL_ID]) {
            words_put_all(shipped, (struct words){changed, TOTALS_WIDTH});
            done = true;
        }
        const bool replaced = cell[CELL_ID] == changed[CELL_ID];
        if (!replaced && (!is_taken(cell) || giver(cell) == actor)) {
            words_put_all(shipped, (struct words){cell, TOTALS_WIDTH});
        }
    }
    if (!done) {
        words_put_all(shipped, (struct words){changed, TOTALS_WIDTH});
    }
}

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const uint32_t begin = shipped->count, actor = write->actor;
    const bool passes = write->action == VALUE_TRANSFER;
    const int64_t own = rights(params, before, actor, write->members);
    int64_t amount = write->amount;
    uint64_t id = passed_id(actor, actor);
    CHECK(amount > 0);
    if (passes) {
        CHECK(write->element != actor);
        CHECK(write->element >> VALUE_ACTOR_BITS == 0);
        id = passed_id(actor, write->element);
        amount = amount < own - own / 2 ? amount : own - own / 2;
    } else if (write->action == VALUE_DECREMENT) {
        id = taken_id(actor);
    }
    if (amount <= 0 || (write->action == VALUE_DECREMENT && own < amount)) {
        return VALUE_REFUSED;
    }
    /* Transfers are nobody's write. */
    const uint64_t changed[TOTALS_WIDTH] = {id, passes ? 0 : (uint64_t)write->version.stamp,
                                            passes ? 0 : write->version.write,
                                            (uint64_t)(totals_at(before, id) + amount)};
    put_delta(before, changed, actor, shipped);
    cells_done(&totals_kind, params, before, form, begin, after, shipped);
    return VALUE_DONE;
}

static bool wants(const void *untyped, struct words body, uint32_t actor, uint32_t members,
                  uint32_t *from, int64_t *amount)
{
    const struct params *params = untyped;
    const int64_t own = rights(params, body, actor, members);
    const uint32_t self = actor & ((UINT32_C(1) << VALUE_MEMBER_BITS) - 1);
    int64_t most = own;
    for (uint32_t member = 0; member < members && own < params->low; member++) {
        const int64_t other = rights(params, body, latest_life(body, member), members);
        if (other > most && member != self) { /* not what a former life of its own had */
            most = other;
            *from = member;
        }
    }
    *amount = (most - own) / 2;
    return *amount > 0;
}

static int64_t minimum(const void *untyped, bool *has)
{
    const struct params *params = untyped;
    *has = true;
    return -params->initial;
}

static void view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    view->number = 0;
    for (uint32_t at = 0; at < body.count; at += TOTALS_WIDTH) {
        const uint64_t *cell = body.at + at;
        const int64_t total = (int64_t)cell[TOTAL];
        if (is_taken(cell)) {
            view->number -= total;
        } else if (giver(cell) == receiver(cell)) {
            view->number += total;
        }
    }
    view->siblings = body.count > 0;
    view->elements = body.count > 0;
}

/* A total and the names of its actors: one, or two when rights were passed. */
static struct value_size size(const void *params, struct words body, enum value_form form)
{
    (void)params;
    (void)form;
    const uint32_t one = TOTALS_BYTES, name = TOTALS_ID_BYTES;
    struct value_size size = {0};
    for (uint32_t at = 0; at < body.count; at += TOTALS_WIDTH) {
        const uint64_t *cell = body.at + at;
        size.metadata += one + (giver(cell) == receiver(cell) ? name : 2 * name);
    }
    if (body.count > 0) { /* one number is what clients see */
        size.payload = one;
        size.metadata -= one;
    }
    return size;
}

const struct value_ops value_bounded_counter_ops = {
    .kind = {.name = "bounded_counter",
             .summary = "a stock that never goes below zero: each machine takes from its own share",
             .source = "Balegas et al., SRDS 2015; O'Neil, ACM TODS 11(4), 1986",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .actions = 1u << VALUE_INCREMENT | 1u << VALUE_DECREMENT,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA,
    .write_means = VALUE_DECREMENT,
    .meeting = VALUE_ALL_COUNT,
    .needs_state = true,
    .is_number = true,
    .minimum = minimum,
    .perform = perform,
    .join = totals_join,
    .view = view,
    .size = size,
    .writes = totals_writes,
    .wants = wants,
};
