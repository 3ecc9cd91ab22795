/*
 * collect.c - the collector as a whole: its memory, its rows and its end.
 */
#include "analysis/collect.h"
#include "analysis/collect_conflicts.h"
#include "analysis/collect_example.h"
#include "analysis/collect_failure.h"
#include "analysis/collect_state.h"
#include "analysis/collect_torn.h"
#include "analysis/collect_values.h"

#include <string.h>

/* ---- segments of time between the begins and ends of faults ---- */

void fault_changed(struct collect_state *state, const struct record *record)
{
    const uint32_t fault = record->slot;

    CHECK(fault < state->layout->fault_count);
    failure_fault(state, record);
    if (record->kind == RECORD_FAULT_BEGIN) {
        state->crash_fault = fault;
    } else {
        state->fault_end_ns = record->at_ns;
        lag_watch(state);
    }
    if (fault < state->window_count) {
        const uint64_t bit = UINT64_C(1) << fault % 64;
        uint64_t *active = &state->active.bits[fault / 64];

        state->begun.bits[fault / 64] |= bit;
        *active = record->kind == RECORD_FAULT_BEGIN ? *active | bit : *active & ~bit;
        state->segment_changed = true;
    }
}

void segment_now(struct collect_state *state)
{
    if (!state->segment_changed) {
        return;
    }
    state->segment_changed = false;
    for (uint32_t i = 0; i < state->segment_count; i++) {
        if (memcmp(&state->segments[i].begun, &state->begun, sizeof(state->begun)) == 0 &&
            memcmp(&state->segments[i].active, &state->active, sizeof(state->active)) == 0) {
            state->cells = state->segments[i].cells;
            return;
        }
    }

    const size_t cells = (size_t)state->layout->group_count * 2;
    struct segment segment = {state->begun, state->active, NULL};
    void *segments = state->segments;

    segment.cells = arena_alloc(&state->arena, cells, sizeof(*segment.cells));
    for (size_t i = 0; i < cells; i++) {
        histogram_init(&segment.cells[i].latency, &state->arena);
    }
    memory_grow(&segments, &state->segment_capacity, state->segment_count + 1, sizeof(segment));
    state->segments = segments;
    state->segments[state->segment_count++] = segment;
    state->cells = segment.cells;
}

/* ---- rows ---- */

static void message_row(struct collect_state *state, const struct record *record)
{
    const uint32_t places = state->layout->place_count;

    if (record->at_ns < state->layout->warmup_ns) {
        return;
    }
    CHECK(record->from_place < places);
    CHECK(record->to_place < places);

    struct record_traffic *traffic =
        &state->traffic[(size_t)record->from_place * places + record->to_place];

    if (record->kind == RECORD_DROPPED) {
        traffic->dropped++;
        return;
    }
    traffic->messages++;
    traffic->bytes += record->bytes;
    traffic->retransmitted += (record->flags & RECORD_FLAG_RETRANSMITTED) != 0 ? 1u : 0u;
}

static void node_row(struct collect_state *state, const struct record *record)
{
    const bool down = record->kind == RECORD_NODE_DOWN;

    CHECK(record->node < state->layout->node_count);
    state->node_down[record->node] = down;
    if (down) {
        if ((record->flags & RECORD_FLAG_DISK_LOST) != 0) {
            lag_disk_lost(state, record->node);
        }
        state->crash_pending = true;
        state->crash_ns = record->at_ns;
    } else {
        lost_node_up(state, record->node);
    }
    conflicts_node(state, record->node, (record->flags & RECORD_FLAG_DISK_LOST) != 0);
    lag_watch(state);
}

/* Time spent in a mode counts from the warm-up on. */
static void mode_spend(const struct collect_state *state, struct dataset_state *dataset,
                       uint32_t node, sim_ns now_ns)
{
    const sim_ns since_ns = dataset->mode_since_ns[node];
    const sim_ns from_ns =
        since_ns > state->layout->warmup_ns ? since_ns : state->layout->warmup_ns;

    if (now_ns > from_ns) {
        dataset->mode_ns[dataset->mode_of_node[node]] += (uint64_t)(now_ns - from_ns);
    }
    dataset->mode_since_ns[node] = now_ns;
}

static void mode_row(struct collect_state *state, const struct record *record)
{
    CHECK(record->dataset < state->layout->dataset_count);

    struct dataset_state *dataset = &state->datasets[record->dataset];

    CHECK(record->node < state->layout->node_count);
    CHECK(record->a >= 0);
    CHECK(record->a < dataset->mode_count);
    if (dataset->mode_of_node[record->node] == RECORD_NONE) {
        dataset->mode_of_node[record->node] = 0;
    }
    mode_spend(state, dataset, record->node, record->at_ns);
    dataset->mode_changes += dataset->mode_of_node[record->node] != record->a ? 1u : 0u;
    dataset->mode_of_node[record->node] = (uint32_t)record->a;
}

static void committed_row(struct collect_state *state, const struct record *record)
{
    lag_committed(state, record);
    conflicts_committed(state, record);
}

static void (*const rows[RECORD_KIND_COUNT])(struct collect_state *, const struct record *) = {
    [RECORD_INVOKED] = operation_invoked,
    [RECORD_COMPLETED] = operation_completed,
    [RECORD_COMMITTED] = committed_row,
    [RECORD_APPLIED] = lag_applied,
    [RECORD_FAULT_BEGIN] = fault_changed,
    [RECORD_FAULT_END] = fault_changed,
    [RECORD_NODE_DOWN] = node_row,
    [RECORD_NODE_UP] = node_row,
    [RECORD_MODE] = mode_row,
    [RECORD_LEADER] = leaders_row,
    [RECORD_DISCARDED] = lag_discarded,
    [RECORD_STEP] = leaders_step,
    [RECORD_HEALTH] = routes_row,
    [RECORD_ROUTED] = routes_row,
    [RECORD_CONNECTED] = routes_row,
    [RECORD_CACHE] = routes_row,
    [RECORD_SUPERSEDED] = conflicts_given,
};

static void crash_judge(struct collect_state *state)
{
    state->crash_pending = false;
    lost_crashed(state, state->crash_ns);
}

/* Apart, so that a row that needs no more ends with a jump to its function. */
static __attribute__((noinline)) void extra_row(struct collect_state *state,
                                                const struct record *record)
{
    if (rows[record->kind] != NULL) {
        rows[record->kind](state, record);
    }
    values_row(state, record);
}

static void collect_row(void *opaque, const struct record *record)
{
    struct collect_state *state = opaque;

    if (record->kind == RECORD_SENT || record->kind == RECORD_DROPPED) {
        message_row(state, record); /* the most frequent rows need no more */
        return;
    }
    CHECK(record->kind < RECORD_KIND_COUNT);
    CHECK(record->at_ns >= state->now_ns);
    if (record->at_ns > state->now_ns && state->crash_pending) {
        crash_judge(state); /* after everything that happened at its instant */
    }
    state->now_ns = record->at_ns;
    if (record->at_ns >= state->timeline.next_ns) {
        timeline_advance(state, record->at_ns);
    }
    if ((state->extra >> record->kind & 1u) != 0) {
        extra_row(state, record);
    } else if (rows[record->kind] != NULL) {
        rows[record->kind](state, record);
    }
}

/* Fetches what rows about this key, and the end of the operation in that slot, will touch. */
static void collect_soon(void *opaque, uint16_t dataset, uint32_t key, uint32_t session,
                         uint32_t slot)
{
    const struct collect_state *state = opaque;

    if (session != RECORD_NONE) {
        operation_prefetch_begin(state, dataset, key, session);
        return;
    }
    if (slot != RECORD_NONE && slot < state->flight_capacity) {
        operation_prefetch(state, slot);
        if (state->flights[slot].type == RECORD_READ) {
            return;
        }
    }
    lag_prefetch(state, dataset, key);
}

struct record_sink collector_sink(struct collector *collector)
{
    struct collect_state *state = collector->state;
    const uint32_t unwanted = 1u << RECORD_DELIVERED;
    const uint32_t all = (1u << RECORD_KIND_COUNT) - 2u; /* kinds begin at 1 */

    return (struct record_sink){.state = state,
                                .row = collect_row,
                                .mask = all & ~unwanted,
                                .soon = collect_soon,
                                .traffic = state->traffic,
                                .traffic_from_ns = state->layout->warmup_ns};
}

/* ---- beginning and end ---- */

static void dataset_init(struct collect_state *state, uint32_t index)
{
    const struct record_layout *layout = state->layout;
    const struct record_dataset *source = &layout->datasets[index];
    struct dataset_state *dataset = &state->datasets[index];

    CHECK(source->replica_count > 0);
    dataset->key_first = state->key_count;
    dataset->key_count = source->key_count;
    dataset->replica_count = source->replica_count;
    dataset->converged_ns = -1;
    dataset->keys = memory_alloc(source->key_count, sizeof(*dataset->keys));
    dataset->held =
        memory_alloc((size_t)source->key_count * source->replica_count, sizeof(*dataset->held));
    dataset->replicas =
        arena_alloc(&state->arena, source->replica_count, sizeof(*dataset->replicas));
    dataset->replica_of_node =
        arena_alloc(&state->arena, layout->node_count, sizeof(*dataset->replica_of_node));
    dataset->mode_of_node =
        arena_alloc(&state->arena, layout->node_count, sizeof(*dataset->mode_of_node));
    dataset->mode_since_ns =
        arena_alloc(&state->arena, layout->node_count, sizeof(*dataset->mode_since_ns));
    for (uint32_t i = 0; i < layout->node_count; i++) {
        dataset->replica_of_node[i] = RECORD_NONE;
        dataset->mode_of_node[i] = RECORD_NONE;
    }
    for (uint32_t i = 0; i < source->replica_count; i++) {
        struct replica_state *replica = &dataset->replicas[i];

        replica->node = source->replicas[i];
        CHECK(replica->node < layout->node_count);
        dataset->replica_of_node[replica->node] = i;
        histogram_init(&replica->lag, &state->arena);
        histogram_init(&replica->missing_samples, &state->arena);
        histogram_init(&replica->delay, &state->arena);
    }
    while (source->modes != NULL && source->modes[dataset->mode_count] != NULL) {
        dataset->mode_count++;
    }
    dataset->mode_ns =
        arena_alloc(&state->arena, dataset->mode_count + 1u, sizeof(*dataset->mode_ns));
    state->key_count += source->key_count;
}

static void places_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;

    state->client_place =
        arena_alloc(&state->arena, layout->place_count, sizeof(*state->client_place));
    state->client_places =
        arena_alloc(&state->arena, layout->place_count, sizeof(*state->client_places));
    for (uint32_t i = 0; i < layout->place_count; i++) {
        state->client_place[i] = RECORD_NONE;
    }
    for (uint32_t i = 0; i < layout->group_count; i++) {
        CHECK(layout->groups[i].place < layout->place_count);
        state->client_place[layout->groups[i].place] = 0;
    }
    for (uint32_t i = 0; i < layout->place_count; i++) {
        if (state->client_place[i] != RECORD_NONE) {
            state->client_place[i] = state->client_place_count;
            state->client_places[state->client_place_count++] = i;
        }
    }
    state->group_place =
        arena_alloc(&state->arena, layout->group_count, sizeof(*state->group_place));
    for (uint32_t i = 0; i < layout->group_count; i++) {
        state->group_place[i] = state->client_place[layout->groups[i].place];
    }
}

void collector_init(struct collector *collector, const struct record_layout *layout)
{
    struct collect_state *state = memory_alloc(1, sizeof(*state));

    collector->state = state;
    state->layout = layout;
    state->fault_end_ns = -1;
    state->crash_fault = layout->fault_count;
    state->window_count = collect_window_count(layout);
    state->segment_changed = true;
    arena_init(&state->arena);
    arena_init(&state->series_arena);
    places_init(state);

    const size_t places = state->client_place_count;

    state->datasets = arena_alloc(&state->arena, layout->dataset_count, sizeof(*state->datasets));
    for (uint32_t i = 0; i < layout->dataset_count; i++) {
        dataset_init(state, i);
    }
    key_init(state);
    CHECK(layout->dataset_count * (places + 1) * places < UINT32_MAX);
    state->pair_cells = arena_alloc(&state->arena, layout->dataset_count * (places + 1) * places,
                                    sizeof(struct pair_cell *));
    state->traffic = arena_alloc(&state->arena, (size_t)layout->place_count * layout->place_count,
                                 sizeof(*state->traffic));
    state->node_down = arena_alloc(&state->arena, layout->node_count, sizeof(*state->node_down));
    state->probes = arena_alloc(&state->arena, PROBE_TIMES_MAX, sizeof(*state->probes));
    state->probe_reads = arena_alloc(&state->arena, places, sizeof(*state->probe_reads));
    state->probe_fresh = arena_alloc(&state->arena, places, sizeof(*state->probe_fresh));
    session_init(state);
    timeline_init(state);
    failure_init(state);
    conflicts_init(state);
    values_init(state);
    torn_init(state);
}

void collector_release(struct collector *collector)
{
    struct collect_state *state = collector->state;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct dataset_state *dataset = &state->datasets[d];

        for (uint32_t i = 0; i < dataset->replica_count; i++) {
            late_release(&dataset->replicas[i].late);
        }
        memory_release(dataset->keys);
        memory_release(dataset->held);
    }
    key_release(state);
    failure_release(state);
    conflicts_release(state);
    values_release(state);
    torn_release(state);
    memory_release(state->flights);
    memory_release(state->reads);
    memory_release(state->pairs);
    memory_release(state->segments);
    arena_release(&state->arena);
    arena_release(&state->series_arena);
    memory_release(state);
    collector->state = NULL;
}

/* Ends everything that was still going on at `end_ns`. */
static void collect_end(struct collect_state *state, sim_ns end_ns)
{
    CHECK(end_ns >= state->now_ns);
    if (state->crash_pending) {
        crash_judge(state);
    }
    state->now_ns = end_ns;
    timeline_finish(state, end_ns);
    leaders_finish(state, end_ns);
    routes_finish(state, end_ns);
    conflicts_finish(state);
    values_finish(state);
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct dataset_state *dataset = &state->datasets[d];

        for (uint32_t i = 0; i < dataset->replica_count; i++) {
            lag_integrate(state, &dataset->replicas[i], end_ns);
        }
        for (uint32_t node = 0; node < state->layout->node_count; node++) {
            if (dataset->mode_of_node[node] != RECORD_NONE) {
                mode_spend(state, dataset, node, end_ns);
            }
        }
    }
}

static void build_failures(struct collect_state *state, struct set_builder *builder)
{
    build_recovery(state, builder);
    build_rpo(state, builder);
    build_leaders(state, builder);
    build_budget(state, builder);
    build_routes(state, builder);
}

void collector_finish(struct collector *collector, sim_ns end_ns, struct metric_set *set)
{
    struct collect_state *state = collector->state;
    struct set_builder builder = {.set = set};

    *set = (struct metric_set){.bucket_count = state->timeline.bucket_count,
                               .bucket_ns = state->layout->bucket_ns,
                               .duration_ns = state->layout->duration_ns,
                               .end_ns = end_ns,
                               .seed = state->layout->seed};
    if (end_ns > state->layout->warmup_ns) {
        set->measured_ns = end_ns - state->layout->warmup_ns;
    }
    collect_end(state, end_ns);
    /* Not needed any more, and larger than all that is built now: the peak is that of the run. */
    memory_release(state->pairs);
    state->pairs = NULL;
    set->arena = state->series_arena;
    arena_init(&state->series_arena);
    segment_now(state); /* so that there is one even if nothing was measured */
    build_operations(state, &builder);
    build_reads(state, &builder);
    build_replicas(state, &builder, end_ns);
    build_conflicts(state, &builder);
    build_values(state, &builder);
    build_torn(state, &builder);
    build_traffic(state, &builder);
    build_failures(state, &builder);
    build_series(state, &builder);
    build_conflict_series(state, &builder);
    build_value_series(state, &builder);
    build_route_series(state, &builder);
    build_probe_curve(state, &builder);
    builder_finish(&builder);
    set->meeting = state->example->meeting;
}
