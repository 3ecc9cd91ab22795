/*
 * collect_held.c - what replicas hold of values that merge: equal or not, split, deleted.
 */
#include "analysis/collect_values.h"

static struct held_value *held_of(const struct valued_dataset *dataset, uint32_t key)
{
    return &dataset->held[(size_t)key * dataset->replica_count];
}

static bool is_up(const struct collect_state *state, const struct valued_dataset *dataset,
                  uint32_t replica)
{
    return !state->node_down[dataset->source->replicas[replica]];
}

/* To forget is no write: `swept` leaves the time as it is after which all had the last one. */
static void key_compare(const struct collect_state *state, struct valued_dataset *dataset,
                        uint32_t index, bool swept)
{
    struct value_key *key = &dataset->keys[index];
    const struct held_value *held = held_of(dataset, index), *first = NULL;
    bool differs = false;

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        if (is_up(state, dataset, i)) {
            first = first == NULL ? &held[i] : first;
            differs = differs || held[i].digest != first->digest;
        }
    }
    if (differs == key->differs) {
        return;
    }
    key->differs = differs;
    dataset->counts->differing += differs ? 1u : 0u;
    dataset->counts->differing -= differs ? 0 : 1u;
    if (!swept) {
        wait_changed(state, &key->wait, differs);
    }
}

void held_accepted(struct collect_state *state, const struct record *record,
                   struct request *request)
{
    struct valued_dataset *dataset = &state->values->datasets[record->dataset];
    struct value_key *key = &dataset->keys[record->key];

    request->accepted_ns = state->now_ns;
    request->node = record->node;
    wait_accepted(state, dataset->counts, &key->wait, key->differs);
    if (record->kind == RECORD_SUPERSEDED && dataset->source->meeting == RECORD_ONE_WINS) {
        state->values->pending.accepted = record->write;
    }
    numbers_accepted(key, request);
}

static void sums_change(struct valued_dataset *dataset, const struct held_value *held, bool add)
{
    const uint64_t sign = add ? 1 : UINT64_MAX; /* modulo 2^64 */
    const uint32_t siblings =
        held->siblings < SIBLINGS_COUNTED ? held->siblings : (uint32_t)SIBLINGS_COUNTED;

    dataset->by_siblings[siblings] += sign;
    if (held->digest != 0) {
        dataset->now.values += sign;
        dataset->now.siblings += sign * held->siblings;
        dataset->now.payload += sign * held->payload;
        dataset->now.metadata += sign * held->metadata;
    }
}

/* An episode of several values side by side begins with the first replica and ends with the last.
 */
static void key_split(const struct collect_state *state, struct valued_dataset *dataset,
                      struct value_key *key, int change)
{
    if (change > 0 && key->split++ == 0) {
        key->split_ns = state->now_ns;
        dataset->split++;
    } else if (change < 0 && --key->split == 0) {
        dataset->split--;
        if (key->split_ns >= state->layout->warmup_ns) {
            histogram_record(&dataset->resolution, state->now_ns - key->split_ns);
        }
    }
}

/* Is what a write took away there again, in an older version than the one that took it? */
static void key_deleted(const struct collect_state *state, struct valued_dataset *dataset,
                        struct value_key *key, const struct record *row, uint64_t bit)
{
    const struct version version = version_of(row);
    const struct request *request = values_request(state, version.write);
    const bool empty = row->peer == 0;

    if (empty && request != NULL && (request->flags & REQUEST_TAKES) != 0 &&
        version_less(key->deleting, version)) {
        key->deleting = version;
    }
    if (key->deleted.write == 0) {
        return;
    }
    if (empty) {
        key->saw |= version_less(version, key->deleted) ? 0 : bit;
        return;
    }
    if ((key->saw & bit) != 0 && version_less(version, key->deleted) &&
        (row->flags & RECORD_FLAG_REVERTED) == 0) {
        dataset->resurrections++;
        dataset->resurrected += key->came_back ? 0 : 1u;
        key->came_back = true;
    }
    key->saw &= ~bit;
}

void held_acknowledged(struct collect_state *state, uint32_t dataset_index, uint32_t index,
                       uint64_t write)
{
    struct valued_dataset *dataset = &state->values->datasets[dataset_index];
    struct value_key *key = &dataset->keys[index];
    const struct held_value *held = held_of(dataset, index);

    if (key->deleting.write != write || !version_less(key->deleted, key->deleting)) {
        return;
    }
    key->deleted = key->deleting;
    key->came_back = false;
    key->saw = 0;
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        const bool shows = held[i].elements == 0 && !version_less(held[i].version, key->deleted);

        key->saw |= shows ? UINT64_C(1) << i : 0;
    }
}

/* What was put off until it is known whether the state changed. */
static void pending_judge(struct collect_state *state, const struct record *record, bool changed)
{
    struct value_pending *pending = &state->values->pending;

    if (changed) {
        state->values->datasets[record->dataset].inversions +=
            pending->fresh ? 0 : pending->inversions;
    } else if (pending->accepted != 0) {
        meetings_hidden(state, record->dataset, record->key, pending->accepted);
    }
    pending->inversions = 0;
    pending->accepted = 0;
}

static void held_set(struct collect_state *state, const struct record *row, uint32_t replica)
{
    struct valued_dataset *dataset = &state->values->datasets[row->dataset];
    struct value_key *key = &dataset->keys[row->key];
    struct held_value *held = &held_of(dataset, row->key)[replica];
    const struct held_value before = *held;

    *held = (struct held_value){.version = version_of(row),
                                .digest = (uint64_t)row->b,
                                .number = row->a,
                                .siblings = row->slot,
                                .elements = row->peer,
                                .payload = (uint32_t)row->bytes,
                                .metadata = row->session};
    sums_change(dataset, &before, false);
    sums_change(dataset, held, true);
    key->siblings_max = held->siblings > key->siblings_max ? held->siblings : key->siblings_max;
    key_split(state, dataset, key, (held->siblings > 1) - (before.siblings > 1));
    key_deleted(state, dataset, key, row, UINT64_C(1) << replica);
    if (dataset->source->has_minimum) {
        numbers_held(state, dataset, before.number, held->number);
    }
    if (before.digest != held->digest) {
        key_compare(state, dataset, row->key, (row->flags & RECORD_FLAG_SWEPT) != 0);
    }
}

void held_row(struct collect_state *state, const struct record *record, uint32_t replica)
{
    const struct valued_dataset *dataset = &state->values->datasets[record->dataset];
    const bool reverted = (record->flags & RECORD_FLAG_REVERTED) != 0;

    if (reverted && state->values->emptied[record->node]) {
        return; /* What its memory goes back to is gone with the disk. */
    }
    pending_judge(state, record,
                  held_of(dataset, record->key)[replica].digest != (uint64_t)record->b);
    held_set(state, record, replica);
}

void held_node(struct collect_state *state, uint32_t dataset_index, uint32_t replica, bool emptied)
{
    struct valued_dataset *dataset = &state->values->datasets[dataset_index];

    for (uint32_t k = 0; k < state->datasets[dataset_index].key_count; k++) {
        if (emptied) {
            const struct record nothing = {
                .dataset = (uint16_t)dataset_index, .key = k, .flags = RECORD_FLAG_REVERTED};

            meetings_reverted(state->values, &dataset->keys[k], replica, version_initial());
            held_set(state, &nothing, replica);
            dataset->keys[k].saw &= ~(UINT64_C(1) << replica);
        }
        key_compare(state, dataset, k, false);
    }
}

void values_finish(struct collect_state *state)
{
    for (uint32_t d = 0; state->values != NULL && d < state->layout->dataset_count; d++) {
        struct valued_dataset *dataset = &state->values->datasets[d];

        for (uint32_t k = 0; dataset->keys != NULL && k < state->datasets[d].key_count; k++) {
            wait_ended(state, dataset->counts, &dataset->keys[k].wait);
        }
    }
}
