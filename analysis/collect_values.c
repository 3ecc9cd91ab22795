/*
 * collect_values.c - the rows about values that merge: requests, and what replicas hold.
 */
#include "analysis/collect_values.h"
#include "analysis/collect_torn.h"

#include "analysis/collect_example.h"

#include <math.h>
#include <string.h>

static const uint32_t values_rows =
    1u << RECORD_INVOKED | 1u << RECORD_COMPLETED | 1u << RECORD_COMMITTED | 1u << RECORD_APPLIED |
    1u << RECORD_SUPERSEDED | 1u << RECORD_VALUE | 1u << RECORD_RETURNED | 1u << RECORD_DISPLACED |
    1u << RECORD_REJECTED | 1u << RECORD_CONFIRMED | 1u << RECORD_NODE_DOWN | 1u << RECORD_NODE_UP;

/* ---- requests ---- */

struct request *values_request(const struct collect_state *state, uint64_t operation)
{
    struct request *request = &state->values->requests[operation % REQUESTS];

    return operation != 0 && request->operation == operation ? request : NULL;
}

static bool action_is(const struct record_dataset *source, uint32_t action, const char *name)
{
    for (uint32_t i = 0; source->actions != NULL && source->actions[i] != NULL; i++) {
        if (i == action) {
            return strcmp(source->actions[i], name) == 0;
        }
    }
    return false;
}

static void request_invoked(struct collect_state *state, const struct record *record)
{
    const struct valued_dataset *dataset = &state->values->datasets[record->dataset];
    const bool write = record->type == RECORD_WRITE;
    const bool probe = (record->flags & RECORD_FLAG_PROBE) != 0;

    if (dataset->keys == NULL || probe) {
        return;
    }

    const bool whole = write && action_is(dataset->source, record->outcome, "delete");
    const bool takes = whole || (write && action_is(dataset->source, record->outcome, "remove"));
    const bool measured = (record->flags & RECORD_FLAG_WARMUP) == 0;

    state->values->requests[record->operation % REQUESTS] = (struct request){
        .operation = record->operation,
        .amount = write ? record->b : 0,
        .element = record->peer,
        .dataset = record->dataset,
        .flags = (uint8_t)((whole ? REQUEST_WHOLE : 0) | (takes ? REQUEST_TAKES : 0) |
                           (measured ? REQUEST_MEASURED : 0))};
}

static void request_rejected(struct collect_state *state, const struct record *record)
{
    struct request *request = values_request(state, record->operation);

    if (request != NULL && (request->flags & REQUEST_REJECTED) == 0) {
        request->flags |= REQUEST_REJECTED;
        state->values->datasets[record->dataset].rejected +=
            state->now_ns >= state->layout->warmup_ns ? 1u : 0u;
    }
}

static void request_returned(struct collect_state *state, const struct record *record)
{
    struct request *request = values_request(state, record->operation);
    struct valued_dataset *dataset = &state->values->datasets[record->dataset];

    if (request == NULL ||
        (request->flags & (REQUEST_ANSWERED | REQUEST_MEASURED)) != REQUEST_MEASURED) {
        return;
    }
    request->flags |= REQUEST_ANSWERED;
    histogram_record(&dataset->siblings_read, record->peer);
    if (dataset->source->is_number) {
        numbers_returned(dataset, record);
    }
}

/* The hub has judged the write, and the replica that accepted it knows. */
static void request_confirmed(struct collect_state *state, const struct record *record)
{
    struct request *request = values_request(state, record->write);

    if (request == NULL || request->node != record->node ||
        (request->flags & (REQUEST_ACCEPTED | REQUEST_CONFIRMED)) != REQUEST_ACCEPTED) {
        return;
    }
    request->flags |= REQUEST_CONFIRMED;
    if (request->accepted_ns >= state->layout->warmup_ns) {
        histogram_record(&state->values->datasets[record->dataset].confirmation,
                         state->now_ns - request->accepted_ns);
    }
}

/* ---- rows ---- */

static void given_row(struct collect_state *state, const struct record *record, uint32_t replica)
{
    struct value_pending *pending = &state->values->pending;
    struct valued_dataset *dataset = &state->values->datasets[record->dataset];

    if (pending->at_ns != record->at_ns || pending->dataset != record->dataset ||
        pending->key != record->key || pending->node != record->node) {
        if (state->values->datasets[pending->dataset].keys != NULL) {
            meetings_settle(state, pending->dataset, pending->key);
        }
        *pending = (struct value_pending){.at_ns = record->at_ns,
                                          .dataset = record->dataset,
                                          .key = record->key,
                                          .node = record->node};
    }
    if ((record->flags & RECORD_FLAG_REVERTED) != 0) {
        meetings_reverted(state->values, &dataset->keys[record->key], replica, version_of(record));
    } else if (record->write != 0) {
        meetings_given(state, record, replica);
    }
}

static void completed_row(struct collect_state *state, const struct record *record)
{
    /* Its slot is not used again before the next row. */
    const struct flight *flight = &state->flights[record->slot];
    const bool ok = record->outcome == RECORD_OK;

    if (flight->type != RECORD_WRITE || state->values->datasets[flight->dataset].keys == NULL) {
        return;
    }
    meetings_completed(state, flight->dataset, flight->key, record->operation, ok);
    if (ok) {
        held_acknowledged(state, flight->dataset, flight->key, record->operation);
    }
}

static void node_row(struct collect_state *state, const struct record *record)
{
    const bool down = record->kind == RECORD_NODE_DOWN;
    const bool emptied = down && (record->flags & RECORD_FLAG_DISK_LOST) != 0;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        const uint32_t replica = state->datasets[d].replica_of_node[record->node];

        if (state->values->datasets[d].keys != NULL && replica != RECORD_NONE) {
            held_node(state, d, replica, emptied);
        }
    }
    state->values->emptied[record->node] =
        emptied || (down && state->values->emptied[record->node]);
}

static void replica_row(struct collect_state *state, const struct record *record)
{
    const struct valued_dataset *dataset = &state->values->datasets[record->dataset];
    const uint32_t replica = state->datasets[record->dataset].replica_of_node[record->node];

    if (dataset->keys == NULL || replica == RECORD_NONE) {
        return;
    }
    CHECK(record->key < state->datasets[record->dataset].key_count);
    if (record->kind == RECORD_VALUE) {
        held_row(state, record, replica);
    } else if (record->kind == RECORD_DISPLACED) {
        meetings_displaced(state, record);
    } else {
        given_row(state, record, replica);
    }
}

static void operation_row(struct collect_state *state, const struct record *record)
{
    if (record->kind == RECORD_INVOKED) {
        request_invoked(state, record);
    } else if (state->values->datasets[record->dataset].keys == NULL) {
        return;
    } else if (record->kind == RECORD_COMMITTED) {
        numbers_committed(state, record);
    } else if (record->kind == RECORD_RETURNED) {
        request_returned(state, record);
    } else if (record->kind == RECORD_CONFIRMED) {
        request_confirmed(state, record);
    } else {
        request_rejected(state, record);
    }
}

void values_row(struct collect_state *state, const struct record *record)
{
    const uint32_t kind = 1u << record->kind;
    const uint32_t of_replica = 1u << RECORD_APPLIED | 1u << RECORD_SUPERSEDED |
                                1u << RECORD_VALUE | 1u << RECORD_DISPLACED;

    if (state->example->open) {
        example_row(state, record);
    }
    if (state->torn != NULL && (TORN_ROWS & kind) != 0) {
        torn_row(state, record);
    }
    if (state->values == NULL) {
        return;
    }
    if (record->kind == RECORD_NODE_DOWN || record->kind == RECORD_NODE_UP) {
        node_row(state, record);
    } else if (record->kind == RECORD_COMPLETED) {
        completed_row(state, record);
    } else if ((kind & of_replica) != 0) {
        CHECK(record->dataset < state->layout->dataset_count);
        replica_row(state, record);
    } else {
        CHECK(record->dataset < state->layout->dataset_count);
        operation_row(state, record);
    }
}

/* ---- samples ---- */

static uint32_t most_siblings(const struct valued_dataset *dataset)
{
    uint32_t most = SIBLINGS_COUNTED;

    while (most > 0 && dataset->by_siblings[most] == 0) {
        most--;
    }
    return most;
}

void values_sample(struct collect_state *state, sim_ns now_ns)
{
    for (uint32_t d = 0; state->values != NULL && d < state->layout->dataset_count; d++) {
        struct valued_dataset *dataset = &state->values->datasets[d];
        const uint32_t bucket = state->timeline.bucket;
        const struct value_sums *now = &dataset->now;

        if (dataset->keys == NULL) {
            continue;
        }
        dataset->siblings_mean[bucket] =
            now->values > 0 ? (double)now->siblings / (double)now->values : (double)NAN;
        dataset->siblings_max[bucket] = most_siblings(dataset);
        dataset->split_series[bucket] = (double)dataset->split;
        if (now_ns > state->layout->warmup_ns) {
            dataset->sampled.values += now->values;
            dataset->sampled.payload += now->payload;
            dataset->sampled.metadata += now->metadata;
        }
    }
}

/* ---- beginning and end ---- */

double *collect_series_new(struct collect_state *state)
{
    double *series =
        arena_alloc(&state->series_arena, state->timeline.bucket_count, sizeof(*series));

    for (uint32_t i = 0; i < state->timeline.bucket_count; i++) {
        series[i] = (double)NAN; /* a run may be stopped early */
    }
    return series;
}

static void dataset_init(struct collect_state *state, uint32_t index)
{
    const struct record_dataset *source = &state->layout->datasets[index];
    struct valued_dataset *dataset = &state->values->datasets[index];
    struct histogram *const histograms[] = {&dataset->siblings_read, &dataset->resolution,
                                            &dataset->undercount, &dataset->overcount,
                                            &dataset->confirmation};

    if (!source->merges || state->conflicts->datasets[index].series == NULL) {
        return;
    }
    dataset->source = source;
    dataset->replica_count = source->replica_count;
    dataset->all = UINT64_MAX >> (64 - source->replica_count);
    dataset->counts = &state->conflicts->datasets[index];
    dataset->keys = memory_alloc(source->key_count, sizeof(*dataset->keys));
    dataset->held =
        memory_alloc((size_t)source->key_count * source->replica_count, sizeof(*dataset->held));
    for (uint32_t k = 0; k < source->key_count; k++) {
        dataset->keys[k].wait.written_ns = -1;
    }
    dataset->by_siblings[0] = (uint64_t)source->key_count * source->replica_count;
    for (size_t i = 0; i < sizeof(histograms) / sizeof(histograms[0]); i++) {
        histogram_init(histograms[i], &state->arena);
    }
    dataset->siblings_mean = collect_series_new(state);
    dataset->siblings_max = collect_series_new(state);
    dataset->split_series = collect_series_new(state);
}

void values_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    bool any = false;

    state->example = arena_alloc(&state->arena, 1, sizeof(*state->example));
    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        any = any || layout->datasets[d].merges;
    }
    if (!any) {
        return;
    }
    state->extra = values_rows;
    state->values = arena_alloc(&state->arena, 1, sizeof(*state->values));
    state->values->requests = memory_alloc(REQUESTS, sizeof(struct request));
    state->values->datasets =
        arena_alloc(&state->arena, layout->dataset_count, sizeof(struct valued_dataset));
    state->values->emptied = arena_alloc(&state->arena, layout->node_count, sizeof(bool));
    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        dataset_init(state, d);
    }
}

void values_release(struct collect_state *state)
{
    if (state->values == NULL) {
        return;
    }
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct valued_dataset *dataset = &state->values->datasets[d];

        memory_release(dataset->keys);
        memory_release(dataset->held);
    }
    for (uint32_t class = 0; class < MEETING_CLASSES; class ++) {
        memory_release(state->values->pools[class].items);
    }
    memory_release(state->values->requests);
}
