/*
 * collect_curves.c - the metric set's curves and its series over time.
 */
#include "analysis/collect_state.h"

#include <math.h>

void build_visibility_curve(struct set_builder *builder, const struct label_list *labels,
                            const struct curve_counts *counts)
{
    struct arena *arena = &builder->set->arena;
    struct histogram *all = histogram_new(arena), *missed = histogram_new(arena);
    struct metric_curve *curve = builder_curve(builder, "t_visibility", labels);

    curve_fill(curve, arena, counts, labels->count > 1);
    /* The curve takes over the blocks, which live in the set's arena. */
    *all = *counts->all;
    *missed = *counts->missed;
    curve->all = all;
    curve->missed = missed;
}

void build_probe_curve(struct collect_state *state, struct set_builder *builder)
{
    struct arena *arena = &builder->set->arena;
    const size_t count = state->probe_count;
    const struct label_list none = {0};
    struct metric_curve *curve = builder_curve(builder, "probe_t_visibility", &none);
    double *x = arena_alloc(arena, count + 1, sizeof(*x));
    double *y = arena_alloc(arena, count + 1, sizeof(*y));
    uint64_t *samples = arena_alloc(arena, count + 1, sizeof(*samples));
    uint64_t *hits = arena_alloc(arena, count + 1, sizeof(*hits));

    for (size_t i = 0; i < count; i++) {
        x[i] = (double)state->probes[i].after_ns / 1e6;
        samples[i] = state->probes[i].reads;
        hits[i] = state->probes[i].fresh;
        y[i] = (double)hits[i] / (double)samples[i];
    }
    curve->x = x;
    curve->x_end = x;
    curve->y = y;
    curve->samples = samples;
    curve->hits = hits;
    curve->point_count = count;
}

/* ---- series ---- */

static struct label_list operation_labels(const struct collect_state *state, uint32_t place_type)
{
    struct label_list labels = {0};

    label_add(&labels, "region", client_place_name(state, place_type / 2));
    label_add(&labels, "operation", collect_types[place_type % 2]);
    return labels;
}

/* Seconds of the bucket that lie before the end; 0 when the run never reached it. */
static double bucket_s(const struct collect_state *state, uint32_t bucket)
{
    const sim_ns begin_ns = bucket * state->layout->bucket_ns;
    sim_ns end_ns = begin_ns + state->layout->bucket_ns;

    end_ns = end_ns > state->now_ns ? state->now_ns : end_ns;
    return end_ns > begin_ns ? (double)(end_ns - begin_ns) / 1e9 : 0;
}

/* Offered (rule 0) or what became of it (rule 1 + outcome), for each second. */
static void build_rate_series(const struct collect_state *state, struct set_builder *builder,
                              const char *name, uint32_t rule)
{
    const struct timeline *timeline = &state->timeline;
    const uint32_t columns = state->client_place_count * 2;

    for (uint32_t column = 0; column < columns; column++) {
        const struct label_list labels = operation_labels(state, column);
        double *values = arena_alloc(&builder->set->arena, timeline->bucket_count, sizeof(*values));

        for (uint32_t bucket = 0; bucket < timeline->bucket_count; bucket++) {
            const struct bucket_count *count = &timeline->counts[(size_t)bucket * columns + column];
            const uint32_t number = rule == 0 ? count->offered : count->outcomes[rule - 1];
            const double span = bucket_s(state, bucket);

            values[bucket] = span > 0 ? number / span : (double)NAN;
        }
        builder_series(builder, name, &labels)->values = values;
    }
}

static void build_latency_series(const struct collect_state *state, struct set_builder *builder,
                                 const char *name, const double *values)
{
    for (uint32_t column = 0; column < state->client_place_count * 2; column++) {
        const struct label_list labels = operation_labels(state, column);

        builder_series(builder, name, &labels)->values =
            values + (size_t)column * state->timeline.bucket_count;
    }
}

static void build_stale_series(const struct collect_state *state, struct set_builder *builder)
{
    const struct timeline *timeline = &state->timeline;

    for (uint32_t place = 0; place < state->client_place_count; place++) {
        struct label_list labels = {0};
        double *values = arena_alloc(&builder->set->arena, timeline->bucket_count, sizeof(*values));

        for (uint32_t bucket = 0; bucket < timeline->bucket_count; bucket++) {
            const struct bucket_count *reads =
                &timeline->counts[((size_t)bucket * state->client_place_count + place) * 2 +
                                  RECORD_READ];

            values[bucket] =
                reads->reads > 0 ? (double)reads->stale / (double)reads->reads : (double)NAN;
        }
        label_add(&labels, "reader", client_place_name(state, place));
        builder_series(builder, "stale_ratio", &labels)->values = values;
    }
}

static void build_lag_series(const struct collect_state *state, struct set_builder *builder,
                             const char *name, const double *values)
{
    const struct record_layout *layout = state->layout;
    uint32_t index = 0;

    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        for (uint32_t i = 0; i < state->datasets[d].replica_count; i++) {
            struct label_list labels = {0};

            label_add(&labels, "dataset", layout->datasets[d].name);
            label_add(&labels, "replica", layout->nodes[layout->datasets[d].replicas[i]].name);
            builder_series(builder, name, &labels)->values =
                values + (size_t)index++ * state->timeline.bucket_count;
        }
    }
}

void build_series(struct collect_state *state, struct set_builder *builder)
{
    build_rate_series(state, builder, "offered_per_s", 0);
    build_rate_series(state, builder, "ok_per_s", 1 + RECORD_OK);
    build_rate_series(state, builder, "failed_per_s", 1 + RECORD_FAIL);
    build_rate_series(state, builder, "unknown_per_s", 1 + RECORD_INFO);
    build_latency_series(state, builder, "latency_p50_ms", state->timeline.latency_p50_ms);
    build_latency_series(state, builder, "latency_p99_ms", state->timeline.latency_p99_ms);
    build_stale_series(state, builder);
    build_lag_series(state, builder, "replication_lag_ms", state->timeline.lag_ms);
    build_lag_series(state, builder, "replication_lag_versions", state->timeline.lag_versions);
}
