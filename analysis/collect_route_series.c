/*
 * collect_route_series.c - series over time of routes, connections, caches and proxied answers.
 */
#include "analysis/collect_failure.h"

#include <math.h>

/* Seconds of the bucket before the end of the run; 0: it was never reached. */
static double seconds_of(const struct collect_state *state, uint32_t bucket)
{
    const sim_ns begin_ns = bucket * state->layout->bucket_ns;
    const sim_ns left_ns = state->now_ns - begin_ns;
    const sim_ns span_ns = left_ns < state->layout->bucket_ns ? left_ns : state->layout->bucket_ns;

    return span_ns > 0 ? (double)span_ns / 1e9 : 0;
}

static double *values_new(const struct collect_state *state, struct set_builder *builder)
{
    double *values =
        arena_alloc(&builder->set->arena, state->timeline.bucket_count, sizeof(*values));

    for (uint32_t i = 0; i < state->timeline.bucket_count; i++) {
        values[i] = (double)NAN;
    }
    return values;
}

static struct label_list region_label(const struct collect_state *state, uint32_t client_place)
{
    struct label_list labels = {0};

    label_add(&labels, "region", client_place_name(state, client_place));
    return labels;
}

/* One array without values stands for all pairs of places that are not routed. */
static void build_routed(const struct collect_state *state, struct set_builder *builder)
{
    const struct routes *routes = &state->failure->routes;
    const uint32_t buckets = state->timeline.bucket_count;
    double *none = routes->samples == NULL ? values_new(state, builder) : NULL;

    for (uint32_t place = 0; place < state->client_place_count; place++) {
        for (uint32_t i = 0; i < routes->region_count; i++) {
            struct label_list labels = region_label(state, place);
            double *values = none == NULL ? values_new(state, builder) : none;

            for (uint32_t b = 0; none == NULL && b < routes->sampled; b++) {
                const size_t pair = (size_t)place * routes->region_count + i;

                values[b] = routes->samples[pair * buckets + b];
            }
            label_add(&labels, "to", state->layout->places[routes->regions[i]].name);
            builder_series(builder, "routed_sessions", &labels)->values = values;
        }
    }
}

static void build_connections(const struct collect_state *state, struct set_builder *builder)
{
    const struct routes *routes = &state->failure->routes;
    const uint32_t buckets = state->timeline.bucket_count;

    for (uint32_t place = 0; place < state->client_place_count; place++) {
        const struct label_list labels = region_label(state, place);
        double *values = values_new(state, builder);

        for (uint32_t b = 0; routes->connected != NULL && b < buckets; b++) {
            const double span = seconds_of(state, b);
            const uint32_t count = routes->connected[(size_t)place * buckets + b];

            values[b] = span > 0 ? count / span : (double)NAN;
        }
        builder_series(builder, "connections_per_s", &labels)->values = values;
    }
}

static void build_hits(const struct collect_state *state, struct set_builder *builder)
{
    const struct routes *routes = &state->failure->routes;
    const uint32_t buckets = state->timeline.bucket_count;

    for (uint32_t i = 0; i < routes->region_count; i++) {
        const uint32_t place = routes->regions[i];
        struct label_list labels = {0};
        double *values = values_new(state, builder);

        for (uint32_t b = 0; routes->cache_hits != NULL && b < buckets; b++) {
            const uint32_t hits = routes->cache_hits[(size_t)place * buckets + b];
            const uint32_t all = hits + routes->cache_misses[(size_t)place * buckets + b];

            values[b] = all > 0 ? (double)hits / all : (double)NAN;
        }
        label_add(&labels, "region", state->layout->places[place].name);
        builder_series(builder, "cache_hit_ratio", &labels)->values = values;
    }
}

/* Of what was invoked in the bucket and ended ok: `counts` of reads, or of all operations. */
static void build_answers(const struct collect_state *state, struct set_builder *builder,
                          const char *name, const uint32_t *counts, bool reads)
{
    const uint32_t buckets = state->timeline.bucket_count;

    for (uint32_t place = 0; place < state->client_place_count; place++) {
        const struct label_list labels = region_label(state, place);
        double *values = values_new(state, builder);

        for (uint32_t b = 0; counts != NULL && b < buckets; b++) {
            const struct bucket_count *bucket =
                &state->timeline.counts[((size_t)b * state->client_place_count + place) * 2];
            const uint32_t all = bucket[RECORD_READ].outcomes[RECORD_OK] +
                                 (reads ? 0 : bucket[RECORD_WRITE].outcomes[RECORD_OK]);

            values[b] = all > 0 ? (double)counts[(size_t)place * buckets + b] / all : (double)NAN;
        }
        builder_series(builder, name, &labels)->values = values;
    }
}

void build_route_series(struct collect_state *state, struct set_builder *builder)
{
    const struct routes *routes = &state->failure->routes;

    build_routed(state, builder);
    build_connections(state, builder);
    build_hits(state, builder);
    build_answers(state, builder, "cached_ratio", routes->cached, true);
    build_answers(state, builder, "proxied_ratio", routes->proxied, false);
}
