/*
 * collect_metrics.c - the metric set: its rows in general, and those about operations.
 */
#include "analysis/collect_state.h"

#include <math.h>
#include <string.h>

const char *const collect_phases[3] = {"before", "during", "after"};
const char *const collect_types[RECORD_OPERATION_TYPE_COUNT] = {"read", "write"};

/* ---- rows ---- */

struct metric *builder_metric(struct set_builder *builder, const char *name,
                              const struct label_list *labels)
{
    struct metric_set *set = builder->set;
    const struct metric_definition *definition = metric_definition_find(name);

    CHECK(definition != NULL);
    memory_grow(&builder->metrics, &builder->metric_capacity, set->metric_count + 1,
                sizeof(struct metric));

    struct metric *metric = (struct metric *)builder->metrics + set->metric_count++;

    metric->definition = definition;
    metric->label_count = labels->count;
    memcpy(metric->labels, labels->labels, sizeof(metric->labels));
    if (definition->shape == METRIC_DISTRIBUTION) {
        metric->histogram = histogram_new(&set->arena);
    }
    return metric;
}

struct metric_series *builder_series(struct set_builder *builder, const char *name,
                                     const struct label_list *labels)
{
    struct metric_set *set = builder->set;
    const struct metric_series_definition *definition = metric_series_catalogue;

    while (definition->name != NULL && strcmp(definition->name, name) != 0) {
        definition++;
    }
    CHECK(definition->name != NULL);
    memory_grow(&builder->series, &builder->series_capacity, set->series_count + 1,
                sizeof(struct metric_series));

    struct metric_series *series = (struct metric_series *)builder->series + set->series_count++;

    series->name = definition->name;
    series->unit = definition->unit;
    series->label_count = labels->count;
    memcpy(series->labels, labels->labels, sizeof(series->labels));
    return series;
}

struct metric_curve *builder_curve(struct set_builder *builder, const char *name,
                                   const struct label_list *labels)
{
    struct metric_set *set = builder->set;

    memory_grow(&builder->curves, &builder->curve_capacity, set->curve_count + 1,
                sizeof(struct metric_curve));

    struct metric_curve *curve = (struct metric_curve *)builder->curves + set->curve_count++;

    curve->name = name;
    curve->x_name = "t_ms";
    curve->y_name = "fresh_ratio";
    curve->label_count = labels->count;
    memcpy(curve->labels, labels->labels, sizeof(curve->labels));
    return curve;
}

static void *builder_copy(struct set_builder *builder, void *items, size_t count, size_t bytes)
{
    void *copy = arena_alloc(&builder->set->arena, count == 0 ? 1 : count, bytes);

    if (count > 0) {
        memcpy(copy, items, count * bytes);
    }
    memory_release(items);
    return copy;
}

void builder_finish(struct set_builder *builder)
{
    struct metric_set *set = builder->set;

    set->metrics =
        builder_copy(builder, builder->metrics, set->metric_count, sizeof(struct metric));
    set->curves =
        builder_copy(builder, builder->curves, set->curve_count, sizeof(struct metric_curve));
    set->series =
        builder_copy(builder, builder->series, set->series_count, sizeof(struct metric_series));
    *builder = (struct set_builder){0};
}

const char *client_place_name(const struct collect_state *state, uint32_t client_place)
{
    return state->layout->places[state->client_places[client_place]].name;
}

/* ---- operations ---- */

enum slice_kind {
    SLICE_ALL = 1,
    SLICE_REGION = 2,
    SLICE_GROUP = 4,
    SLICE_DATASET = 8,
    SLICE_FAULT = 16
};

enum { ANY = -1 };

struct slice { /* a choice of cells and what they add up to */
    enum slice_kind kind;
    int64_t region, group, dataset, type, fault, phase; /* ANY: all of them */
    struct label_list labels;
    struct cell total;
};

static bool slice_has_group(const struct collect_state *state, const struct slice *slice,
                            uint32_t index)
{
    const struct record_group *group = &state->layout->groups[index];

    return (slice->region == ANY || slice->region == state->client_place[group->place]) &&
           (slice->group == ANY || slice->group == index) &&
           (slice->dataset == ANY || slice->dataset == group->dataset);
}

/* Adds what these cells (group * 2 + type) have of the slice. */
static void slice_add_cells(const struct collect_state *state, struct slice *slice,
                            const struct cell *cells)
{
    for (uint32_t g = 0; g < state->layout->group_count; g++) {
        if (!slice_has_group(state, slice, g)) {
            continue;
        }
        for (uint32_t type = 0; type < RECORD_OPERATION_TYPE_COUNT; type++) {
            if (slice->type == ANY || slice->type == type) {
                cell_add(&slice->total, &cells[g * 2 + type]);
            }
        }
    }
}

struct slices {
    void *items; /* struct slice, growing */
    size_t count, capacity;
};

/* Adds the slice for all types together and for each alone. */
static void slices_add(struct slices *slices, struct slice slice)
{
    for (int64_t type = ANY; type < RECORD_OPERATION_TYPE_COUNT; type++) {
        memory_grow(&slices->items, &slices->capacity, slices->count + 1, sizeof(slice));

        struct slice *added = (struct slice *)slices->items + slices->count++;

        *added = slice;
        added->type = type;
        if (type != ANY) {
            label_add(&added->labels, "operation", collect_types[type]);
        }
    }
}

static void slices_of_faults(const struct collect_state *state, struct slices *slices)
{
    for (uint32_t fault = 0; fault < state->window_count; fault++) {
        for (int64_t phase = 0; phase < 3; phase++) {
            for (int64_t region = ANY; region < state->client_place_count; region++) {
                struct slice slice = {.kind = SLICE_FAULT,
                                      .region = region,
                                      .group = ANY,
                                      .dataset = ANY,
                                      .fault = fault,
                                      .phase = phase};

                label_add(&slice.labels, "fault", state->layout->faults[fault].id);
                label_add(&slice.labels, "phase", collect_phases[phase]);
                if (region != ANY) {
                    label_add(&slice.labels, "region", client_place_name(state, (uint32_t)region));
                }
                slices_add(slices, slice);
            }
        }
    }
}

static struct slices slices_make(const struct collect_state *state)
{
    const struct slice all = {
        .kind = SLICE_ALL, .region = ANY, .group = ANY, .dataset = ANY, .fault = ANY, .phase = ANY};
    const struct record_layout *layout = state->layout;
    struct slices slices = {0};

    slices_add(&slices, all);
    for (uint32_t i = 0; i < state->client_place_count; i++) {
        struct slice slice = all;

        slice.kind = SLICE_REGION;
        slice.region = i;
        label_add(&slice.labels, "region", client_place_name(state, i));
        slices_add(&slices, slice);
    }
    for (uint32_t i = 0; i < layout->group_count; i++) {
        struct slice slice = all;

        slice.kind = SLICE_GROUP;
        slice.group = i;
        label_add(&slice.labels, "group", layout->groups[i].name);
        slices_add(&slices, slice);
    }
    for (uint32_t i = 0; i < layout->dataset_count; i++) {
        struct slice slice = all;

        slice.kind = SLICE_DATASET;
        slice.dataset = i;
        label_add(&slice.labels, "dataset", layout->datasets[i].name);
        slices_add(&slices, slice);
    }
    slices_of_faults(state, &slices);
    return slices;
}

/* Slices of one window of a fault follow each other and share its sum over the segments. */
static void slices_sum(const struct collect_state *state, struct slices *slices,
                       struct arena *arena)
{
    struct slice *items = slices->items;
    struct arena scratch;
    const struct cell *window = NULL;

    arena_init(&scratch);
    for (size_t i = 0; i < slices->count; i++) {
        struct slice *slice = &items[i];

        histogram_init(&slice->total.latency, arena);
        if (slice->fault == ANY) {
            for (size_t s = 0; s < state->segment_count; s++) {
                slice_add_cells(state, slice, state->segments[s].cells);
            }
            continue;
        }
        if (window == NULL || slice[-1].fault != slice->fault || slice[-1].phase != slice->phase) {
            arena_release(&scratch);
            arena_init(&scratch);
            window = window_cells(state, (uint32_t)slice->fault, (uint32_t)slice->phase, &scratch);
        }
        slice_add_cells(state, slice, window);
    }
    arena_release(&scratch);
}

static uint64_t ended(const struct cell *cell)
{
    return cell->outcomes[RECORD_OK] + cell->outcomes[RECORD_FAIL] + cell->outcomes[RECORD_INFO];
}

/* Fills the buckets in which at least 95 % of what was invoked and ended was ok, of all. */
static void time_available(const struct collect_state *state, const struct slice *slice,
                           struct metric *metric)
{
    const struct timeline *timeline = &state->timeline;
    const sim_ns bucket_ns = state->layout->bucket_ns;

    for (uint32_t bucket = 0; bucket <= timeline->bucket; bucket++) {
        uint64_t ok = 0, all = 0;

        if (bucket * bucket_ns < state->layout->warmup_ns ||
            (bucket + 1) * bucket_ns > state->now_ns) {
            continue;
        }
        for (uint32_t i = 0; i < state->client_place_count * 2; i++) {
            const struct bucket_count *count =
                &timeline->counts[(size_t)bucket * state->client_place_count * 2 + i];

            if ((slice->region == ANY || slice->region == i / 2) &&
                (slice->type == ANY || slice->type == i % 2)) {
                ok += count->outcomes[RECORD_OK];
                all += (uint64_t)count->outcomes[RECORD_OK] + count->outcomes[RECORD_FAIL] +
                       count->outcomes[RECORD_INFO];
            }
        }
        metric->total += all > 0 ? 1u : 0u;
        metric->count += all > 0 && ok * 100 >= all * 95 ? 1u : 0u;
    }
}

struct count_rule { /* a plain count of cells */
    const char *name;
    uint64_t (*count)(const struct cell *cell);
};

static uint64_t count_offered(const struct cell *cell)
{
    return cell->offered;
}

static uint64_t count_ok(const struct cell *cell)
{
    return cell->outcomes[RECORD_OK];
}

static uint64_t count_failed(const struct cell *cell)
{
    return cell->outcomes[RECORD_FAIL];
}

static uint64_t count_unknown(const struct cell *cell)
{
    return cell->outcomes[RECORD_INFO];
}

static uint64_t count_in_flight(const struct cell *cell)
{
    return cell->offered - ended(cell);
}

static const struct count_rule count_rules[] = {
    {"operations_offered", count_offered},     {"operations_ok", count_ok},
    {"operations_failed", count_failed},       {"operations_unknown", count_unknown},
    {"operations_in_flight", count_in_flight},
};

static void build_availability(const struct collect_state *state, struct set_builder *builder,
                               const struct slices *slices)
{
    const struct slice *items = slices->items;

    for (size_t i = 0; i < slices->count; i++) {
        struct metric *metric = builder_metric(builder, "availability_ratio", &items[i].labels);

        metric->count = items[i].total.outcomes[RECORD_OK];
        metric->total = ended(&items[i].total);
    }
    for (size_t i = 0; i < slices->count; i++) {
        if (items[i].kind == SLICE_ALL || items[i].kind == SLICE_REGION) {
            time_available(state, &items[i],
                           builder_metric(builder, "availability_time_ratio", &items[i].labels));
        }
    }
    for (size_t i = 0; i < slices->count; i++) {
        if (items[i].kind != SLICE_ALL && items[i].kind != SLICE_REGION &&
            items[i].kind != SLICE_FAULT) {
            continue;
        }

        struct metric *metric = builder_metric(builder, "availability_nines", &items[i].labels);
        const uint64_t all = ended(&items[i].total);
        const uint64_t bad = all - items[i].total.outcomes[RECORD_OK];

        if (bad > 0) {
            metric->count = all;
            /* The sum keeps -0 out of the report when nothing was ok. */
            metric->value = 0.0 - log10((double)bad / (double)all) + 0.0;
        }
    }
}

void build_operations(struct collect_state *state, struct set_builder *builder)
{
    struct slices slices = slices_make(state);
    struct slice *items = slices.items;

    slices_sum(state, &slices, &builder->set->arena);
    for (size_t i = 0; i < slices.count; i++) {
        /* The metric takes the histogram that was just summed up. */
        *builder_metric(builder, "latency_ms", &items[i].labels)->histogram =
            items[i].total.latency;
    }
    build_availability(state, builder, &slices);
    for (size_t rule = 0; rule < sizeof(count_rules) / sizeof(count_rules[0]); rule++) {
        for (size_t i = 0; i < slices.count; i++) {
            if (items[i].kind != SLICE_FAULT) {
                builder_metric(builder, count_rules[rule].name, &items[i].labels)->count =
                    count_rules[rule].count(&items[i].total);
            }
        }
    }
    for (size_t i = 0; i < slices.count; i++) {
        if (items[i].kind == SLICE_ALL || items[i].kind == SLICE_REGION) {
            struct metric *metric =
                builder_metric(builder, "tries_per_operation", &items[i].labels);

            metric->count = ended(&items[i].total);
            metric->value =
                metric->count == 0 ? 0 : (double)items[i].total.tries / (double)metric->count;
        }
    }
    memory_release(slices.items);
}
