/*
 * collect_meetings.c - writes of a key that meet, of values that merge.
 *
 * Model: as collect_conflicts.c for plain registers, with three differences. A pair is concurrent
 *        only where it can meet: with by_element, in the same element. What is lost is what a type
 *        gave up (DISPLACED), and why is judged from the pasts of the two writes; or what changed
 *        nothing at the replica that accepted it, because something later was there. And a write
 *        stays in the list until no other one of it can still give way to it or displace it.
 */
#include "analysis/collect_example.h"
#include "analysis/collect_values.h"

#include <string.h>

#define MEETING_LATE_NS (10 * SIM_NS_PER_S)

enum { NO_PLACE = MEETINGS_MAX };

static const uint32_t class_size[MEETING_CLASSES] = {4, 16, MEETINGS_MAX};

static struct meeting *list_of(const struct values_state *values, const struct value_key *key)
{
    return key->list == 0 ? NULL
                          : (struct meeting *)values->pools[key->class].items + key->list - 1;
}

static uint32_t list_size(const struct value_key *key)
{
    return key->list == 0 ? 0 : class_size[key->class];
}

static bool is_used(const struct values_state *values, const struct value_key *key, uint32_t place)
{
    return (list_of(values, key)[place].flags & MEETING_USED) != 0;
}

static bool has_past(const struct meeting *meeting, uint32_t place)
{
    return (meeting->past >> place & 1u) != 0;
}

static bool same_version(struct version a, struct version b)
{
    return a.write == b.write && a.stamp == b.stamp;
}

/* ---- the list ---- */

static uint32_t list_take(struct meeting_pool *pool, uint32_t size)
{
    uint32_t list = pool->free;

    if (list != 0) {
        pool->free = (uint32_t)((struct meeting *)pool->items)[list - 1].version.write;
    } else {
        memory_grow(&pool->items, &pool->capacity, pool->count + size, sizeof(struct meeting));
        list = (uint32_t)pool->count + 1;
        pool->count += size;
    }
    memset((struct meeting *)pool->items + list - 1, 0, size * sizeof(struct meeting));
    return list;
}

static void list_give(struct values_state *values, struct value_key *key)
{
    if (key->list != 0) {
        struct meeting_pool *pool = &values->pools[key->class];

        list_of(values, key)->version.write = pool->free; /* the next one that is free */
        pool->free = key->list;
        key->list = 0;
    }
}

static void list_grow(struct values_state *values, struct value_key *key)
{
    const uint8_t class = key->list == 0 ? 0 : (uint8_t)(key->class + 1);
    const uint32_t list = list_take(&values->pools[class], class_size[class]);

    if (key->list != 0) {
        memcpy((struct meeting *)values->pools[class].items + list - 1, list_of(values, key),
               list_size(key) * sizeof(struct meeting));
        list_give(values, key);
    }
    key->list = list;
    key->class = class;
}

static void list_remove(struct values_state *values, struct value_key *key, uint32_t place)
{
    list_of(values, key)[place].flags = 0;
    for (uint32_t i = 0; i < list_size(key); i++) {
        list_of(values, key)[i].past &= ~(UINT64_C(1) << place);
    }
    if (--key->used == 0) {
        list_give(values, key);
    }
}

/*
 * Every replica has been given it, and its client has its answer. Where a replica was only given
 * one that has it in its past, it may still come by itself, and then it matters what it does there.
 */
static bool is_settled(const struct valued_dataset *dataset, const struct meeting *meeting,
                       sim_ns now_ns)
{
    return (meeting->flags & MEETING_ENDED) != 0 && meeting->seen == dataset->all &&
           (meeting->implied == 0 || now_ns - meeting->implied_ns > MEETING_LATE_NS);
}

/*
 * Forgets writes that are settled, unless another one is still on its way that may meet it
 * somewhere. Never while a replica tells of a delivery: what was displaced comes after what was
 * given.
 */
static void list_prune(struct values_state *values, const struct valued_dataset *dataset,
                       struct value_key *key, sim_ns now_ns)
{
    uint64_t open = 0, known = UINT64_MAX; /* to all that are open */

    for (uint32_t i = 0; i < list_size(key); i++) {
        const struct meeting *meeting = &list_of(values, key)[i];

        if (is_used(values, key, i) && !is_settled(dataset, meeting, now_ns)) {
            open |= UINT64_C(1) << i;
            known &= meeting->past;
        }
    }
    for (uint32_t i = 0; i < list_size(key); i++) {
        const bool wanted = (open >> i & 1u) != 0 || (known >> i & 1u) == 0;

        if (is_used(values, key, i) && !wanted) {
            list_remove(values, key, i);
        }
    }
}

/* A place of the full list: of what every replica knows, else of anything, the oldest. */
static uint32_t list_oldest(const struct values_state *values, const struct valued_dataset *dataset,
                            const struct value_key *key)
{
    const struct meeting *list = list_of(values, key);
    uint32_t oldest = 0;

    for (uint32_t i = 1; i < MEETINGS_MAX; i++) {
        const bool known = list[i].seen == dataset->all;
        const bool best_known = list[oldest].seen == dataset->all;

        if (known != best_known ? known : list[i].at_ns < list[oldest].at_ns) {
            oldest = i;
        }
    }
    return oldest;
}

static uint32_t list_place(struct collect_state *state, const struct valued_dataset *dataset,
                           struct value_key *key)
{
    struct values_state *values = state->values;

    list_prune(values, dataset, key, state->now_ns);
    if (key->used == MEETINGS_MAX) {
        const uint32_t oldest = list_oldest(values, dataset, key);

        state->conflicts->approximate +=
            list_of(values, key)[oldest].seen == dataset->all ? 0u : 1u;
        list_remove(values, key, oldest);
        return oldest;
    }
    if (key->used == list_size(key)) {
        list_grow(values, key);
    }

    uint32_t place = 0;

    while (is_used(values, key, place)) {
        place++;
    }
    return place;
}

/* ---- judging ---- */

static void lose(struct watched_dataset *counts, struct meeting *meeting, enum conflict_cause cause)
{
    if (meeting->lost != CONFLICT_NOT_LOST) {
        return;
    }
    meeting->lost = (uint8_t)cause;
    if ((meeting->flags & (MEETING_ACKED | MEETING_MEASURED)) ==
        (MEETING_ACKED | MEETING_MEASURED)) {
        counts->lost[cause]++;
    }
}

static void in_conflict(struct watched_dataset *counts, struct meeting *meeting)
{
    if ((meeting->flags & (MEETING_CONFLICT | MEETING_REPEATED)) == 0) {
        counts->conflicts += (meeting->flags & MEETING_MEASURED) != 0 ? 1u : 0u;
    }
    meeting->flags |= MEETING_CONFLICT;
}

static bool can_meet(const struct valued_dataset *dataset, const struct meeting *a,
                     const struct meeting *b)
{
    return !dataset->source->by_element || a->element == b->element ||
           ((a->flags | b->flags) & MEETING_WHOLE) != 0;
}

static void judge(struct collect_state *state, const struct record *record, uint32_t place)
{
    struct values_state *values = state->values;
    struct valued_dataset *dataset = &values->datasets[record->dataset];
    struct value_key *key = &dataset->keys[record->key];
    struct meeting *meeting = &list_of(values, key)[place];

    for (uint32_t i = 0; i < list_size(key); i++) {
        struct meeting *other = &list_of(values, key)[i];

        if (!is_used(values, key, i) || i == place || has_past(meeting, i) ||
            other->version.write == meeting->version.write || !can_meet(dataset, meeting, other)) {
            continue;
        }
        in_conflict(dataset->counts, other);
        in_conflict(dataset->counts, meeting);
        if (example_wanted(state) && (meeting->flags & other->flags & MEETING_MEASURED) != 0) {
            const struct example_write first = {other->version, other->at_ns, other->origin};
            const struct example_write second = {meeting->version, meeting->at_ns, meeting->origin};

            example_begin(state, record->dataset, record->key, &first, &second);
        }
    }
}

static void accept(struct collect_state *state, const struct record *record, uint32_t replica,
                   const struct request *request, uint8_t flags)
{
    struct values_state *values = state->values;
    struct valued_dataset *dataset = &values->datasets[record->dataset];
    struct value_key *key = &dataset->keys[record->key];
    const uint32_t place = list_place(state, dataset, key);
    const bool measured = state->now_ns >= state->layout->warmup_ns;
    const bool whole = request != NULL && (request->flags & REQUEST_WHOLE) != 0;
    uint64_t past = 0;

    for (uint32_t i = 0; i < list_size(key); i++) {
        const bool seen =
            is_used(values, key, i) && (list_of(values, key)[i].seen >> replica & 1u) != 0;

        past |= seen ? UINT64_C(1) << i : 0;
    }
    list_of(values, key)[place] = (struct meeting){
        .version = version_of(record),
        .seen = UINT64_C(1) << replica,
        .past = past,
        .at_ns = state->now_ns,
        .element = request != NULL ? request->element : 0,
        .flags = (uint8_t)(flags | MEETING_USED | (measured ? MEETING_MEASURED : 0) |
                           (whole ? MEETING_WHOLE : 0)),
        .lost = CONFLICT_NOT_LOST,
        .origin = (uint8_t)replica};
    key->used++;
    dataset->counts->writes += measured && (flags & MEETING_REPEATED) == 0 ? 1u : 0u;
    judge(state, record, place);
}

/* ---- rows ---- */

/* A replica is given a write of the list, for the first time or again. */
static void give(struct collect_state *state, const struct record *record, struct meeting *found,
                 uint32_t replica)
{
    struct values_state *values = state->values;
    const struct valued_dataset *dataset = &values->datasets[record->dataset];
    const struct value_key *key = &dataset->keys[record->key];
    const bool one_wins = dataset->source->meeting == RECORD_ONE_WINS;
    const uint64_t bit = UINT64_C(1) << replica;

    if ((found->implied & bit) != 0) {
        found->implied &= ~bit;
        if (state->now_ns > found->implied_ns && (found->flags & MEETING_MEASURED) != 0) {
            values->pending.inversions++;
        }
    }
    values->pending.fresh = values->pending.fresh || (found->seen & bit) == 0;
    found->seen |= bit;
    for (uint32_t i = 0; i < list_size(key); i++) {
        struct meeting *past = &list_of(values, key)[i];

        if (!has_past(found, i)) {
            continue;
        }
        if (one_wins && can_meet(dataset, past, found)) {
            past->implied &= ~bit; /* Nothing of it is left that could come. */
        } else if ((past->seen & bit) == 0) {
            past->implied |= bit;
            past->implied_ns = state->now_ns;
        }
        past->seen |= bit;
    }
}

void meetings_settle(struct collect_state *state, uint32_t dataset, uint32_t key)
{
    struct valued_dataset *of = &state->values->datasets[dataset];

    list_prune(state->values, of, &of->keys[key], state->now_ns);
}

void meetings_given(struct collect_state *state, const struct record *record, uint32_t replica)
{
    struct values_state *values = state->values;
    struct valued_dataset *dataset = &values->datasets[record->dataset];
    struct value_key *key = &dataset->keys[record->key];
    const struct version version = version_of(record);
    struct meeting *found = NULL;
    uint8_t flags = 0;

    for (uint32_t i = 0; i < list_size(key); i++) {
        struct meeting *meeting = &list_of(values, key)[i];

        if (!is_used(values, key, i) || meeting->version.write != version.write) {
            continue;
        }
        flags |= (uint8_t)(MEETING_REPEATED | (meeting->flags & (MEETING_ACKED | MEETING_ENDED)));
        found = same_version(meeting->version, version) ? meeting : found;
    }
    if (found != NULL) {
        give(state, record, found, replica);
        return;
    }

    struct request *request = values_request(state, version.write);

    if (flags != 0) {
        accept(state, record, replica, request, flags);
    } else if (request != NULL && (request->flags & REQUEST_ACCEPTED) == 0) {
        request->flags |= REQUEST_ACCEPTED;
        accept(state, record, replica, request, 0);
        held_accepted(state, record, request);
    }
}

static uint32_t place_of(const struct values_state *values, const struct value_key *key,
                         struct version version)
{
    for (uint32_t i = 0; i < list_size(key); i++) {
        if (is_used(values, key, i) && same_version(list_of(values, key)[i].version, version)) {
            return i;
        }
    }
    return NO_PLACE;
}

/*
 * What the loser had overwritten knowingly goes with it, unless the winner had seen that too. Where
 * states are exchanged these writes never meet the winner themselves.
 */
static void lose_past(const struct values_state *values, const struct valued_dataset *dataset,
                      const struct value_key *key, const uint32_t pair[2])
{
    const struct meeting *lost = &list_of(values, key)[pair[0]];
    const struct meeting *stays = &list_of(values, key)[pair[1]];

    for (uint32_t i = 0; i < list_size(key); i++) {
        struct meeting *before = &list_of(values, key)[i];

        if (is_used(values, key, i) && i != pair[1] && has_past(lost, i) && !has_past(stays, i) &&
            can_meet(dataset, before, lost)) {
            lose(dataset->counts, before, CONFLICT_CONCURRENT);
        }
    }
}

void meetings_displaced(struct collect_state *state, const struct record *record)
{
    struct values_state *values = state->values;
    struct valued_dataset *dataset = &values->datasets[record->dataset];
    const struct value_key *key = &dataset->keys[record->key];
    const struct record other = {.stamp = record->b, .write = (uint64_t)record->a};
    const uint32_t loser = place_of(values, key, version_of(record));
    const uint32_t winner = place_of(values, key, version_of(&other));

    /* A loser that is in no list any more was judged before, or its winner had seen it. */
    if (loser == NO_PLACE || record->write == other.write ||
        (winner != NO_PLACE && has_past(&list_of(values, key)[winner], loser))) {
        return;
    }

    const bool known = winner == NO_PLACE || has_past(&list_of(values, key)[loser], winner);

    lose(dataset->counts, &list_of(values, key)[loser],
         known ? CONFLICT_CLOCK : CONFLICT_CONCURRENT);
    if (!known) {
        /* They met, even if the element that both name first is not the same. */
        in_conflict(dataset->counts, &list_of(values, key)[loser]);
        in_conflict(dataset->counts, &list_of(values, key)[winner]);
        lose_past(values, dataset, key, (const uint32_t[2]){loser, winner});
    }
}

void meetings_hidden(struct collect_state *state, uint32_t dataset_index, uint32_t index,
                     uint64_t write)
{
    struct values_state *values = state->values;
    struct valued_dataset *dataset = &values->datasets[dataset_index];
    const struct value_key *key = &dataset->keys[index];

    for (uint32_t i = 0; i < list_size(key); i++) {
        if (is_used(values, key, i) && list_of(values, key)[i].version.write == write) {
            lose(dataset->counts, &list_of(values, key)[i], CONFLICT_CLOCK);
        }
    }
}

void meetings_completed(struct collect_state *state, uint32_t dataset_index, uint32_t index,
                        uint64_t operation, bool ok)
{
    struct values_state *values = state->values;
    struct valued_dataset *dataset = &values->datasets[dataset_index];
    struct value_key *key = &dataset->keys[index];

    for (uint32_t i = 0; i < list_size(key); i++) {
        struct meeting *meeting = &list_of(values, key)[i];

        if (!is_used(values, key, i) || meeting->version.write != operation ||
            (meeting->flags & MEETING_ENDED) != 0) {
            continue;
        }
        meeting->flags |= (uint8_t)(MEETING_ENDED | (ok ? MEETING_ACKED : 0));
        /* Of an operation that was tried again, the first version counts. */
        if (ok && (meeting->flags & (MEETING_MEASURED | MEETING_REPEATED)) == MEETING_MEASURED &&
            meeting->lost != CONFLICT_NOT_LOST) {
            dataset->counts->lost[meeting->lost]++;
        }
    }
    list_prune(values, dataset, key, state->now_ns);
}

void meetings_reverted(struct values_state *values, struct value_key *key, uint32_t replica,
                       struct version version)
{
    const uint64_t bit = UINT64_C(1) << replica;

    for (uint32_t i = 0; i < list_size(key); i++) {
        struct meeting *meeting = &list_of(values, key)[i];

        if (!is_used(values, key, i) || !version_less(version, meeting->version)) {
            continue;
        }
        meeting->seen &= ~bit;
        meeting->implied &= ~bit;
        if (meeting->seen == 0) {
            list_remove(values, key, i); /* Nobody has it: nothing can meet it. */
        }
    }
}
