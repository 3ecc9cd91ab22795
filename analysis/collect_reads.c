/*
 * collect_reads.c - the metric set's rows about reads: freshness, staleness, sessions, probes.
 */
#include "analysis/collect_state.h"

enum { ANY = -1 };

struct read_slice {                                /* a choice of reads and what they add up to */
    int64_t reader, writer, dataset, fault, phase; /* ANY: all of them */
    struct label_list labels;
    uint64_t reads, stale;
    uint64_t own_reads, own_violations, seen_reads, seen_violations;
    struct histogram age, versions, t_all, t_missed;
};

struct read_slices {
    void *items; /* struct read_slice, growing */
    size_t count, capacity;
};

static const struct read_slice everything = {
    .reader = ANY, .writer = ANY, .dataset = ANY, .fault = ANY, .phase = ANY};

static bool by_pair(const struct read_slice *slice)
{
    return slice->fault == ANY;
}

/* Sessions know no writer and no fault window. */
static bool by_session(const struct read_slice *slice)
{
    return slice->fault == ANY && slice->writer == ANY;
}

/* Adds what these cells (group * 2 + type) have of the slice. */
static void add_cells(const struct collect_state *state, struct read_slice *slice,
                      const struct cell *cells)
{
    for (uint32_t g = 0; g < state->layout->group_count; g++) {
        const struct record_group *group = &state->layout->groups[g];
        const struct cell *cell = &cells[g * 2 + RECORD_READ];

        if ((slice->reader == ANY || slice->reader == state->client_place[group->place]) &&
            (slice->dataset == ANY || slice->dataset == group->dataset)) {
            slice->reads += cell->reads;
            slice->stale += cell->stale;
            slice->own_reads += cell->own_reads;
            slice->own_violations += cell->own_violations;
            slice->seen_reads += cell->seen_reads;
            slice->seen_violations += cell->seen_violations;
        }
    }
}

static void sum_pairs(const struct collect_state *state, struct read_slice *slice)
{
    const uint32_t places = state->client_place_count;

    slice->reads = 0;
    slice->stale = 0;
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        for (uint32_t writer = 0; writer <= places; writer++) {
            for (uint32_t reader = 0; reader < places; reader++) {
                const struct pair_cell *pair =
                    state->pair_cells[((size_t)d * (places + 1) + writer) * places + reader];

                if (pair != NULL && (slice->dataset == ANY || slice->dataset == d) &&
                    (slice->writer == ANY || slice->writer == writer) &&
                    (slice->reader == ANY || slice->reader == reader)) {
                    slice->reads += pair->reads;
                    slice->stale += pair->stale;
                    histogram_merge(&slice->age, &pair->age);
                    histogram_merge(&slice->versions, &pair->versions);
                    histogram_merge(&slice->t_all, &pair->t_all);
                    histogram_merge(&slice->t_missed, &pair->t_missed);
                }
            }
        }
    }
}

static void slices_add(const struct collect_state *state, struct read_slices *slices,
                       struct read_slice slice)
{
    if (slice.dataset != ANY) {
        label_add(&slice.labels, "dataset", state->layout->datasets[slice.dataset].name);
    }
    if (slice.fault != ANY) {
        label_add(&slice.labels, "fault", state->layout->faults[slice.fault].id);
        label_add(&slice.labels, "phase", collect_phases[slice.phase]);
    }
    if (slice.reader != ANY) {
        label_add(&slice.labels, "reader", client_place_name(state, (uint32_t)slice.reader));
    }
    if (slice.writer != ANY) {
        label_add(&slice.labels, "writer", client_place_name(state, (uint32_t)slice.writer));
    }
    memory_grow(&slices->items, &slices->capacity, slices->count + 1, sizeof(slice));
    ((struct read_slice *)slices->items)[slices->count++] = slice;
}

static struct read_slices slices_make(const struct collect_state *state)
{
    const uint32_t places = state->client_place_count;
    struct read_slices slices = {0};

    for (int64_t reader = ANY; reader < places; reader++) {
        for (int64_t writer = ANY; writer < places; writer++) {
            struct read_slice slice = everything;

            slice.reader = reader;
            slice.writer = writer;
            slices_add(state, &slices, slice);
        }
    }
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        for (int64_t reader = ANY; reader < places; reader++) {
            struct read_slice slice = everything;

            slice.dataset = d;
            slice.reader = reader;
            slices_add(state, &slices, slice);
        }
    }
    for (uint32_t fault = 0; fault < state->window_count; fault++) {
        for (uint32_t phase = 0; phase < 3; phase++) {
            for (int64_t reader = ANY; reader < places; reader++) {
                struct read_slice slice = everything;

                slice.fault = fault;
                slice.phase = phase;
                slice.reader = reader;
                slices_add(state, &slices, slice);
            }
        }
    }
    return slices;
}

/* Slices of one window of a fault follow each other and share its sum over the segments. */
static void slices_sum(struct collect_state *state, struct read_slices *slices, struct arena *arena)
{
    struct read_slice *items = slices->items;
    struct arena scratch;
    const struct cell *window = NULL;

    arena_init(&scratch);
    for (size_t i = 0; i < slices->count; i++) {
        struct read_slice *slice = &items[i];

        histogram_init(&slice->age, arena);
        histogram_init(&slice->versions, arena);
        histogram_init(&slice->t_all, arena);
        histogram_init(&slice->t_missed, arena);
        if (by_pair(slice)) {
            for (size_t s = 0; by_session(slice) && s < state->segment_count; s++) {
                add_cells(state, slice, state->segments[s].cells);
            }
            sum_pairs(state, slice);
            continue;
        }
        if (window == NULL || slice[-1].fault != slice->fault || slice[-1].phase != slice->phase) {
            arena_release(&scratch);
            arena_init(&scratch);
            window = window_cells(state, (uint32_t)slice->fault, (uint32_t)slice->phase, &scratch);
        }
        add_cells(state, slice, window);
    }
    arena_release(&scratch);
}

static void build_freshness(struct set_builder *builder, const struct read_slices *slices)
{
    const struct read_slice *items = slices->items;

    for (size_t i = 0; i < slices->count; i++) {
        struct metric *metric = builder_metric(builder, "fresh_ratio", &items[i].labels);

        metric->count = items[i].reads - items[i].stale;
        metric->total = items[i].reads;
    }
    for (size_t i = 0; i < slices->count; i++) {
        struct metric *metric = builder_metric(builder, "stale_ratio", &items[i].labels);

        metric->count = items[i].stale;
        metric->total = items[i].reads;
    }
}

/*
 * Ages with and without the fresh reads, which count as 0, and versions. The metrics take the
 * histograms that were summed up; only the ages are needed twice.
 */
static void build_staleness(struct set_builder *builder, const struct read_slices *slices)
{
    const struct read_slice *items = slices->items;

    for (size_t i = 0; i < slices->count; i++) {
        if (by_pair(&items[i])) {
            struct metric *metric = builder_metric(builder, "staleness_ms", &items[i].labels);

            histogram_merge(metric->histogram, &items[i].age);
            histogram_record_times(metric->histogram, 0, items[i].reads - items[i].stale);
        }
    }
    for (size_t i = 0; i < slices->count; i++) {
        if (by_pair(&items[i])) {
            *builder_metric(builder, "staleness_of_stale_ms", &items[i].labels)->histogram =
                items[i].age;
        }
    }
    for (size_t i = 0; i < slices->count; i++) {
        if (by_pair(&items[i])) {
            struct metric *metric = builder_metric(builder, "staleness_versions", &items[i].labels);

            *metric->histogram = items[i].versions;
            histogram_record_times(metric->histogram, 0, items[i].reads - items[i].stale);
        }
    }
}

/* Curves are filled and looked at while their counts are at hand; metrics go by rule. */
static void build_visibility(struct set_builder *builder, const struct read_slices *slices)
{
    const struct read_slice *items = slices->items;
    struct curve_visibility *found = memory_alloc(slices->count, sizeof(*found));
    struct curve_counts counts = {0};

    for (size_t i = 0; i < slices->count; i++) {
        if (by_pair(&items[i]) && items[i].dataset == ANY) {
            curve_counts_set(&counts, &items[i].t_all, &items[i].t_missed);
            found[i] = curve_visibility_of(&counts);
            build_visibility_curve(builder, &items[i].labels, &counts);
        }
    }
    for (size_t rule = 0; rule < CURVE_RULES; rule++) {
        for (size_t i = 0; i < slices->count; i++) {
            if (by_pair(&items[i]) && items[i].dataset == ANY) {
                struct metric *metric =
                    builder_metric(builder, curve_rules[rule].name, &items[i].labels);

                metric->count = found[i].samples[rule];
                metric->value = (double)found[i].t_ns[rule];
            }
        }
    }
    curve_counts_release(&counts);
    memory_release(found);
}

static void build_probes(struct collect_state *state, struct set_builder *builder)
{
    const struct label_list none = {0};
    uint64_t reads = 0, fresh = 0;

    for (uint32_t i = 0; i < state->client_place_count; i++) {
        reads += state->probe_reads[i];
        fresh += state->probe_fresh[i];
    }

    struct metric *metric = builder_metric(builder, "probe_fresh_ratio", &none);

    metric->count = fresh;
    metric->total = reads;
    for (uint32_t i = 0; i < state->client_place_count; i++) {
        struct label_list labels = {0};

        label_add(&labels, "reader", client_place_name(state, i));
        metric = builder_metric(builder, "probe_fresh_ratio", &labels);
        metric->count = state->probe_fresh[i];
        metric->total = state->probe_reads[i];
    }
    builder_metric(builder, "probes_unjudged", &none)->count = state->probes_unjudged;
}

static void build_sessions(const struct collect_state *state, struct set_builder *builder,
                           const struct read_slices *slices)
{
    const struct read_slice *items = slices->items;
    const struct label_list none = {0};

    for (size_t i = 0; i < slices->count; i++) {
        if (by_session(&items[i])) {
            struct metric *metric =
                builder_metric(builder, "read_your_writes_violation_ratio", &items[i].labels);

            metric->count = items[i].own_violations;
            metric->total = items[i].own_reads;
        }
    }
    for (size_t i = 0; i < slices->count; i++) {
        if (by_session(&items[i])) {
            struct metric *metric =
                builder_metric(builder, "monotonic_reads_violation_ratio", &items[i].labels);

            metric->count = items[i].seen_violations;
            metric->total = items[i].seen_reads;
        }
    }
    builder_metric(builder, "session_pairs_evicted", &none)->count = state->pairs_evicted;
}

void build_reads(struct collect_state *state, struct set_builder *builder)
{
    struct read_slices slices = slices_make(state);
    const struct label_list none = {0};

    slices_sum(state, &slices, &builder->set->arena);
    build_freshness(builder, &slices);
    build_staleness(builder, &slices);
    builder_metric(builder, "staleness_approximate_reads", &none)->count = state->approximate_reads;
    build_visibility(builder, &slices);
    build_probes(state, builder);
    build_sessions(state, builder, &slices);
    memory_release(slices.items);
}
