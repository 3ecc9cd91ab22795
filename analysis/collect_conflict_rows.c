/*
 * collect_conflict_rows.c - how far replicas differ, and the metric set's rows about conflicts.
 */
#include "analysis/collect_conflicts.h"
#include "analysis/collect_values.h"

static const char *const cause_names[CONFLICT_CAUSES] = {
    [CONFLICT_CONCURRENT] = "concurrent",
    [CONFLICT_CLOCK] = "clock",
};

void conflicts_held(const struct collect_state *state, uint32_t dataset_index, uint32_t index)
{
    const struct dataset_state *source = &state->datasets[dataset_index];
    struct watched_dataset *dataset = &state->conflicts->datasets[dataset_index];

    if (dataset->keys == NULL) {
        return;
    }

    struct watched_key *key = &dataset->keys[index];
    const struct held_state *held = &source->held[(size_t)index * source->replica_count];
    const struct version *first = NULL;
    bool differs = false;

    for (uint32_t i = 0; i < source->replica_count; i++) {
        if (state->node_down[source->replicas[i].node]) {
            continue;
        }
        first = first == NULL ? &held[i].version : first;
        differs = differs || held[i].version.stamp != first->stamp ||
                  held[i].version.write != first->write;
    }
    dataset->differing += differs && !key->differs ? 1u : 0u;
    dataset->differing -= !differs && key->differs ? 1u : 0u;
    key->differs = differs;
}

/* How many writes of the bucket that ends now were found to be in conflict, and lost. */
static void sample_rates(const struct collect_state *state, struct watched_dataset *dataset,
                         sim_ns now_ns)
{
    const uint32_t bucket = state->timeline.bucket;
    const sim_ns begin_ns = bucket * state->layout->bucket_ns;
    const double span_s = (double)(now_ns - begin_ns) / 1e9;
    uint64_t lost = 0;

    for (uint32_t cause = 0; cause < CONFLICT_CAUSES; cause++) {
        lost += dataset->lost[cause];
    }
    if (now_ns > begin_ns) {
        dataset->conflict_series[bucket] =
            (double)(dataset->conflicts - dataset->conflicts_before) / span_s;
        dataset->lost_series[bucket] = (double)(lost - dataset->lost_before) / span_s;
    }
    dataset->conflicts_before = dataset->conflicts;
    dataset->lost_before = lost;
}

void conflicts_sample(struct collect_state *state, sim_ns now_ns)
{
    values_sample(state, now_ns);
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct watched_dataset *dataset = &state->conflicts->datasets[d];

        if (dataset->series == NULL) {
            continue;
        }
        dataset->series[state->timeline.bucket] =
            (double)dataset->differing / (double)state->datasets[d].key_count;
        if (now_ns > state->layout->warmup_ns) {
            dataset->differing_sum += dataset->differing;
            dataset->samples++;
        }
        sample_rates(state, dataset, now_ns);
    }
}

/* ---- rows ---- */

enum { ANY_DATASET = -1 };

static struct label_list labels_of(const struct collect_state *state, int64_t dataset)
{
    struct label_list labels = {0};

    if (dataset != ANY_DATASET) {
        label_add(&labels, "dataset", state->layout->datasets[dataset].name);
    }
    return labels;
}

static void build_shares(const struct collect_state *state, struct set_builder *builder,
                         int64_t index, bool divergence)
{
    const struct label_list labels = labels_of(state, index);
    struct metric *metric =
        builder_metric(builder, divergence ? "divergence_ratio" : "conflict_ratio", &labels);

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        const struct watched_dataset *dataset = &state->conflicts->datasets[d];

        if (index == ANY_DATASET || index == d) {
            metric->count += divergence ? dataset->differing_sum : dataset->conflicts;
            metric->total +=
                divergence ? dataset->samples * state->datasets[d].key_count : dataset->writes;
        }
    }
}

static void build_lost(const struct collect_state *state, struct set_builder *builder,
                       int64_t index, uint32_t cause)
{
    struct label_list labels = labels_of(state, index);

    if (cause != CONFLICT_CAUSES) {
        label_add(&labels, "cause", cause_names[cause]);
    }

    struct metric *metric = builder_metric(builder, "lost_updates", &labels);

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        for (uint32_t c = 0; c < CONFLICT_CAUSES; c++) {
            if ((index == ANY_DATASET || index == d) && (cause == CONFLICT_CAUSES || cause == c)) {
                metric->count += state->conflicts->datasets[d].lost[c];
            }
        }
    }
}

void build_conflicts(struct collect_state *state, struct set_builder *builder)
{
    const int64_t datasets = state->layout->dataset_count;
    const struct label_list none = {0};

    for (int divergence = 0; divergence < 2; divergence++) {
        for (int64_t d = ANY_DATASET; d < datasets; d++) {
            build_shares(state, builder, d, divergence != 0);
        }
    }
    for (uint32_t cause = 0; cause <= CONFLICT_CAUSES; cause++) {
        for (int64_t d = ANY_DATASET; d < datasets; d++) {
            build_lost(state, builder, d, cause);
        }
    }
    builder_metric(builder, "conflicts_approximate", &none)->count = state->conflicts->approximate;
}

void build_conflict_series(const struct collect_state *state, struct set_builder *builder)
{
    for (int series = 0; series < 3; series++) {
        static const char *const names[3] = {"divergence_ratio", "conflicts_per_s",
                                             "lost_updates_per_s"};

        for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
            const struct watched_dataset *dataset = &state->conflicts->datasets[d];
            const double *const values[3] = {dataset->series, dataset->conflict_series,
                                             dataset->lost_series};
            const struct label_list labels = labels_of(state, d);

            if (dataset->series != NULL) {
                builder_series(builder, names[series], &labels)->values = values[series];
            }
        }
    }
}
