/*
 * collect_replicas.c - the metric set's rows about replicas: lag, loss, convergence.
 */
#include "analysis/collect_state.h"

static struct label_list replica_labels(const struct collect_state *state, uint32_t dataset,
                                        uint32_t replica)
{
    const struct record_layout *layout = state->layout;
    struct label_list labels = {0};

    label_add(&labels, "dataset", layout->datasets[dataset].name);
    label_add(&labels, "replica",
              layout->nodes[state->datasets[dataset].replicas[replica].node].name);
    return labels;
}

enum replica_rule { LAG, LAG_VERSIONS, LAG_MEAN, VERSIONS_MEAN, BYTES_MEAN, DELAY };

static const char *const replica_names[] = {
    [LAG] = "replication_lag_ms",
    [LAG_VERSIONS] = "replication_lag_versions",
    [LAG_MEAN] = "replication_lag_mean_ms",
    [VERSIONS_MEAN] = "replication_lag_mean_versions",
    [BYTES_MEAN] = "replication_lag_mean_bytes",
    [DELAY] = "apply_delay_ms",
};

static void replica_fill(struct metric *metric, enum replica_rule rule,
                         const struct replica_state *replica, uint32_t value_bytes, double span)
{
    switch (rule) {
    case LAG:
        histogram_merge(metric->histogram, &replica->lag);
        return;
    case LAG_VERSIONS:
        histogram_merge(metric->histogram, &replica->missing_samples);
        return;
    case DELAY:
        histogram_merge(metric->histogram, &replica->delay);
        return;
    case LAG_MEAN:
        metric->value = replica->lag_integral;
        break;
    case VERSIONS_MEAN:
        metric->value = replica->missing_integral;
        break;
    case BYTES_MEAN:
        metric->value = replica->missing_integral * value_bytes;
        break;
    }
    metric->count = span > 0 ? 1 : 0;
    metric->value = span > 0 ? metric->value / span : 0;
}

static void build_lag(const struct collect_state *state, struct set_builder *builder, sim_ns end_ns)
{
    const double span = (double)(end_ns - state->layout->warmup_ns);

    for (int rule = LAG; rule <= DELAY; rule++) {
        for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
            for (uint32_t i = 0; i < state->datasets[d].replica_count; i++) {
                const struct label_list labels = replica_labels(state, d, i);

                replica_fill(builder_metric(builder, replica_names[rule], &labels),
                             (enum replica_rule)rule, &state->datasets[d].replicas[i],
                             state->layout->datasets[d].value_bytes, span);
            }
        }
    }
}

void build_counts(const struct collect_state *state, struct set_builder *builder, const char *name,
                  const uint64_t *counts)
{
    struct label_list none = {0};
    uint64_t total = 0;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        total += counts[d];
    }
    builder_metric(builder, name, &none)->count = total;
    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct label_list labels = {0};

        label_add(&labels, "dataset", state->layout->datasets[d].name);
        builder_metric(builder, name, &labels)->count = counts[d];
    }
}

static void build_loss(struct collect_state *state, struct set_builder *builder)
{
    const uint32_t datasets = state->layout->dataset_count;
    uint64_t *lost = arena_alloc(&state->arena, datasets, sizeof(*lost));
    uint64_t *gone = arena_alloc(&state->arena, datasets, sizeof(*gone));
    uint64_t *down = arena_alloc(&state->arena, datasets, sizeof(*down));

    for (uint32_t d = 0; d < datasets; d++) {
        lost[d] = loss_count(state, d, true).writes;
        gone[d] = loss_count(state, d, false).writes;
        CHECK(gone[d] <= lost[d]);
        down[d] = lost[d] - gone[d];
    }
    build_counts(state, builder, "acked_lost", lost);
    build_counts(state, builder, "acked_lost_gone", gone);
    build_counts(state, builder, "acked_lost_down", down);
    for (uint32_t d = 0; d < datasets; d++) {
        lost[d] = state->datasets[d].clock_inversions;
    }
    build_counts(state, builder, "clock_inversions", lost);
}

static void build_convergence(struct collect_state *state, struct set_builder *builder)
{
    const uint32_t datasets = state->layout->dataset_count;
    uint64_t *divergent = arena_alloc(&state->arena, datasets, sizeof(*divergent));
    const bool faulted = state->fault_end_ns >= 0;
    const struct label_list none = {0};
    sim_ns longest_ns = 0;
    bool all = faulted && datasets > 0;

    for (uint32_t d = 0; d < datasets; d++) {
        const struct dataset_state *dataset = &state->datasets[d];

        all = all && dataset->converged_ns >= 0;
        if (all && dataset->converged_ns - state->fault_end_ns > longest_ns) {
            longest_ns = dataset->converged_ns - state->fault_end_ns;
        }
        divergent[d] = loss_divergent_keys(state, d);
    }

    struct metric *metric = builder_metric(builder, "convergence_ms", &none);

    metric->count = all ? 1 : 0;
    metric->value = all ? (double)longest_ns : 0;
    for (uint32_t d = 0; d < datasets; d++) {
        const struct dataset_state *dataset = &state->datasets[d];
        struct label_list labels = {0};

        label_add(&labels, "dataset", state->layout->datasets[d].name);
        metric = builder_metric(builder, "convergence_ms", &labels);
        if (faulted && dataset->converged_ns >= 0) {
            metric->count = 1;
            metric->value = (double)(dataset->converged_ns - state->fault_end_ns);
        }
    }
    build_counts(state, builder, "divergent_keys", divergent);
}

void build_replicas(struct collect_state *state, struct set_builder *builder, sim_ns end_ns)
{
    build_lag(state, builder, end_ns);
    build_loss(state, builder);
    build_convergence(state, builder);
}
