/*
 * collect_timeline.c - series over time, in buckets of layout->bucket_ns from 0 to the end.
 *
 * Model:  counts go to the bucket in which an operation was invoked; latencies to the bucket in
 * which it ended, through one small histogram that is read and emptied when the bucket ends; lag is
 *         sampled at the end of the bucket, before the rows of that instant.
 */
#include "analysis/collect_conflicts.h"
#include "analysis/collect_failure.h"
#include "analysis/collect_state.h"

#include <math.h>
#include <string.h>

static uint32_t replica_total(const struct collect_state *state)
{
    uint32_t total = 0;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        total += state->datasets[d].replica_count;
    }
    return total;
}

void timeline_init(struct collect_state *state)
{
    const struct record_layout *layout = state->layout;
    struct timeline *timeline = &state->timeline;
    const size_t places = state->client_place_count;

    CHECK(layout->bucket_ns > 0);
    CHECK(layout->duration_ns > 0);

    const sim_ns buckets = (layout->duration_ns - 1) / layout->bucket_ns + 1;

    CHECK(buckets <= COLLECT_BUCKETS_MAX);

    const size_t count = (size_t)buckets;

    timeline->bucket_count = (uint32_t)count;
    timeline->next_ns = layout->bucket_ns;
    timeline->counts = arena_alloc(&state->arena, count * places * 2, sizeof(*timeline->counts));
    timeline->latency = arena_alloc(&state->arena, places * 2, sizeof(*timeline->latency));
    timeline->latency_p50_ms =
        arena_alloc(&state->series_arena, count * places * 2, sizeof(double));
    timeline->latency_p99_ms =
        arena_alloc(&state->series_arena, count * places * 2, sizeof(double));
    timeline->lag_ms =
        arena_alloc(&state->series_arena, count * replica_total(state), sizeof(double));
    timeline->lag_versions =
        arena_alloc(&state->series_arena, count * replica_total(state), sizeof(double));
    for (size_t i = 0; i < places * 2; i++) {
        timeline->latency[i].low = SMALL_BINS;
    }
}

void timeline_latency(struct collect_state *state, uint32_t place_type, sim_ns latency_ns)
{
    struct small_histogram *small = &state->timeline.latency[place_type];
    const uint64_t bits = (uint64_t)latency_ns;
    const unsigned shift = 63u - (unsigned)__builtin_clzll(bits | 1u << SMALL_BITS) - SMALL_BITS;
    const uint32_t bin = (shift << SMALL_BITS) + (uint32_t)(bits >> shift);

    small->bins[bin]++;
    small->count++;
    small->low = bin < small->low ? bin : small->low;
    small->high = bin > small->high ? bin : small->high;
}

/* The middle of the bin in which the value of nearest rank lies; NAN without samples. */
static double small_quantile_ms(const struct small_histogram *small, uint32_t per_hundred)
{
    const uint64_t rank = ((uint64_t)small->count * per_hundred + 99) / 100;
    uint64_t seen = 0;

    if (small->count == 0) {
        return (double)NAN;
    }
    for (uint32_t bin = small->low; bin <= small->high; bin++) {
        seen += small->bins[bin];
        if (seen >= rank) {
            const unsigned shift = bin < 2u << SMALL_BITS ? 0 : (bin >> SMALL_BITS) - 1;
            const uint64_t low = (uint64_t)(bin - (shift << SMALL_BITS)) << shift;

            return ((double)low + (double)((UINT64_C(1) << shift) - 1) / 2) / 1e6;
        }
    }
    CHECK(false);
    return 0;
}

static void bucket_close(struct collect_state *state, sim_ns end_ns)
{
    struct timeline *timeline = &state->timeline;
    size_t series = timeline->bucket;

    routes_sample(state);
    conflicts_sample(state, end_ns);
    for (uint32_t i = 0; i < state->client_place_count * 2; i++) {
        struct small_histogram *small = &timeline->latency[i];
        const size_t at = (size_t)i * timeline->bucket_count + timeline->bucket;

        timeline->latency_p50_ms[at] = small_quantile_ms(small, 50);
        timeline->latency_p99_ms[at] = small_quantile_ms(small, 99);
        if (small->count > 0) {
            memset(&small->bins[small->low], 0,
                   (small->high - small->low + 1) * sizeof(small->bins[0]));
            small->count = 0;
            small->low = SMALL_BINS;
            small->high = 0;
        }
    }
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        for (uint32_t i = 0; i < state->datasets[d].replica_count; i++) {
            struct replica_state *replica = &state->datasets[d].replicas[i];
            const sim_ns lag = lag_ns(replica, end_ns);

            timeline->lag_ms[series] = (double)lag / 1e6;
            timeline->lag_versions[series] = (double)replica->missing;
            series += timeline->bucket_count;
            if (end_ns > state->layout->warmup_ns) {
                histogram_record(&replica->lag, lag);
                histogram_record(&replica->missing_samples, (int64_t)replica->missing);
            }
        }
    }
}

void timeline_advance(struct collect_state *state, sim_ns now_ns)
{
    struct timeline *timeline = &state->timeline;

    while (now_ns >= timeline->next_ns && timeline->bucket + 1 < timeline->bucket_count) {
        bucket_close(state, timeline->next_ns);
        timeline->bucket++;
        timeline->next_ns += state->layout->bucket_ns;
    }
    if (timeline->bucket + 1 == timeline->bucket_count) {
        timeline->next_ns = SIM_NS_MAX; /* The last bucket ends with the run. */
    }
}

void timeline_finish(struct collect_state *state, sim_ns end_ns)
{
    struct timeline *timeline = &state->timeline;
    const size_t replicas = replica_total(state);

    timeline_advance(state, end_ns);
    bucket_close(state, end_ns);
    /* What a run that was stopped early never reached has no value. */
    for (size_t bucket = timeline->bucket + 1u; bucket < timeline->bucket_count; bucket++) {
        for (size_t i = 0; i < (size_t)state->client_place_count * 2; i++) {
            timeline->latency_p50_ms[i * timeline->bucket_count + bucket] = (double)NAN;
            timeline->latency_p99_ms[i * timeline->bucket_count + bucket] = (double)NAN;
        }
        for (size_t i = 0; i < replicas; i++) {
            timeline->lag_ms[i * timeline->bucket_count + bucket] = (double)NAN;
            timeline->lag_versions[i * timeline->bucket_count + bucket] = (double)NAN;
        }
    }
}
