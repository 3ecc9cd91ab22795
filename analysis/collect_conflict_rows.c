/*
 * collect_conflict_rows.c - how far replicas differ, and the metric set's rows about conflicts.
 */
#include "analysis/collect_conflicts.h"
#include "analysis/collect_failure.h"
#include "analysis/collect_values.h"

enum { CAUSE_FAILOVER = CONFLICT_CAUSES, CAUSE_ANY };

static const char *const cause_names[CAUSE_ANY] = {
    [CONFLICT_CONCURRENT] = "concurrent",
    [CONFLICT_CLOCK] = "clock",
    [CAUSE_FAILOVER] = "failover",
};

void conflicts_held(const struct collect_state *state, uint32_t dataset_index, uint32_t index)
{
    const struct dataset_state *source = &state->datasets[dataset_index];
    struct watched_dataset *dataset = &state->conflicts->datasets[dataset_index];

    if (dataset->keys == NULL) {
        return;
    }

    struct watched_key *key = &dataset->keys[index];
    const uint32_t block = source->keys[index].held; /* settled: all hold the same */
    const struct version *first = NULL;
    bool differs = false;

    for (uint32_t i = 0; block != 0 && i < source->replica_count; i++) {
        const struct version *version =
            &source->held[(size_t)(block - 1) * source->replica_count + i].version;

        if (state->node_down[source->replicas[i].node]) {
            continue;
        }
        first = first == NULL ? version : first;
        differs = differs || version->stamp != first->stamp || version->write != first->write;
    }
    if (differs != key->differs) {
        dataset->differing += differs ? 1u : 0u;
        dataset->differing -= differs ? 0 : 1u;
        key->differs = differs;
        wait_changed(state, &key->wait, differs);
    }
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

/* Of a dataset with a leader: what a failure took and did not give back. */
static uint64_t lost_by_failover(const struct collect_state *state, uint32_t dataset)
{
    const struct rpo *rpo = &state->failure->rpo_of_dataset[dataset];

    return state->layout->datasets[dataset].leader ? rpo->writes - rpo->discarded - rpo->recovered +
                                                         state->failure->acked_discarded[dataset]
                                                   : 0;
}

static uint64_t lost_by(const struct collect_state *state, uint32_t dataset, uint32_t cause)
{
    return cause == CAUSE_FAILOVER ? lost_by_failover(state, dataset)
                                   : state->conflicts->datasets[dataset].lost[cause];
}

static void build_lost(const struct collect_state *state, struct set_builder *builder,
                       int64_t index, uint32_t cause)
{
    struct label_list labels = labels_of(state, index);

    if (cause != CAUSE_ANY) {
        label_add(&labels, "cause", cause_names[cause]);
    }

    struct metric *metric = builder_metric(builder, "lost_updates", &labels);

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        for (uint32_t c = 0; c < CAUSE_ANY; c++) {
            if ((index == ANY_DATASET || index == d) && (cause == CAUSE_ANY || cause == c)) {
                metric->count += lost_by(state, d, c);
            }
        }
    }
}

/* There is a leader, and something that can make it fail. */
static bool can_fail_over(const struct collect_state *state)
{
    bool led = false;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        led = led || state->layout->datasets[d].leader;
    }
    return led && state->layout->fault_count > 0;
}

static void build_clock_error(const struct collect_state *state, struct set_builder *builder,
                              int64_t index)
{
    const struct label_list labels = labels_of(state, index);
    struct metric *metric = builder_metric(builder, "clock_error_ms", &labels);

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        const struct watched_dataset *dataset = &state->conflicts->datasets[d];

        if (dataset->series != NULL && (index == ANY_DATASET || index == d)) {
            histogram_merge(metric->histogram, &dataset->clock_error);
            histogram_record_times(metric->histogram, 0, dataset->clock_exact);
        }
    }
}

/* Of datasets with several writers; no rows when there is none. */
static void build_convergence(const struct collect_state *state, struct set_builder *builder,
                              int64_t index)
{
    const struct label_list labels = labels_of(state, index);
    struct metric *metric = NULL;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        const struct watched_dataset *dataset = &state->conflicts->datasets[d];

        if (dataset->series == NULL || (index != ANY_DATASET && index != d)) {
            continue;
        }
        metric = metric != NULL ? metric : builder_metric(builder, "key_convergence_ms", &labels);
        histogram_merge(metric->histogram, &dataset->convergence);
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
    for (uint32_t cause = 0; cause <= CAUSE_ANY; cause++) {
        for (int64_t d = ANY_DATASET;
             d < datasets && (cause != CAUSE_FAILOVER || can_fail_over(state)); d++) {
            build_lost(state, builder, d, cause);
        }
    }
    for (int64_t d = ANY_DATASET; d < datasets; d++) {
        build_clock_error(state, builder, d);
    }
    for (int64_t d = ANY_DATASET; d < datasets; d++) {
        build_convergence(state, builder, d);
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
