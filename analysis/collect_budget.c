/*
 * collect_budget.c - what failures used of an error budget, and how long replicas lagged far
 * behind.
 *
 * Model: budgets and minutes follow from the rows of availability_ratio and availability_time_ratio
 *        that are in the set already.
 */
#include "analysis/collect_failure.h"

#include <string.h>

static const struct {
    const char *name;
    double allowed; /* share of operations that may fail */
} budgets[] = {
    {"error_budget_999_ratio", 1e-3},
    {"error_budget_9995_ratio", 5e-4},
    {"error_budget_9999_ratio", 1e-4},
    {"error_budget_99999_ratio", 1e-5},
};

/* Whether the row has that name, and no labels but these (the second may be NULL). */
static bool row_fits(const struct metric *row, const char *name, const char *first,
                     const char *second)
{
    bool fits = strcmp(row->definition->name, name) == 0;

    for (uint32_t i = 0; i < row->label_count; i++) {
        fits = fits && (strcmp(row->labels[i].key, first) == 0 ||
                        (second != NULL && strcmp(row->labels[i].key, second) == 0));
    }
    return fits;
}

/* A row for each that `source` has by region and, where `operation` is not NULL, by operation. */
static void build_from(struct set_builder *builder, const char *name, const char *source,
                       const char *operation, double per_unit_lost)
{
    const size_t count = builder->set->metric_count;
    const bool by_time = strcmp(source, "availability_time_ratio") == 0;

    for (size_t i = 0; i < count; i++) {
        /* A copy, because a new row may move them all. */
        const struct metric row = ((const struct metric *)builder->metrics)[i];
        struct label_list labels = {.count = row.label_count};

        if (!row_fits(&row, source, "region", operation)) {
            continue;
        }
        memcpy(labels.labels, row.labels, sizeof(labels.labels));

        struct metric *metric = builder_metric(builder, name, &labels);
        const double lost = (double)(row.total - row.count);

        if (by_time) {
            metric->count = row.total > 0 ? 1 : 0;
            metric->value = lost * per_unit_lost;
        } else if (row.total > 0) {
            metric->count = row.total;
            metric->value = lost / (double)row.total * per_unit_lost;
        }
    }
}

static void build_alerts(const struct collect_state *state, struct set_builder *builder,
                         const char *name, bool critical)
{
    const struct record_layout *layout = state->layout;

    for (uint32_t d = 0; d < layout->dataset_count; d++) {
        for (uint32_t i = 0; i < state->datasets[d].replica_count; i++) {
            const struct replica_state *replica = &state->datasets[d].replicas[i];
            struct label_list labels = {0};

            label_add(&labels, "dataset", layout->datasets[d].name);
            label_add(&labels, "replica", layout->nodes[replica->node].name);

            struct metric *metric = builder_metric(builder, name, &labels);

            metric->count = 1;
            metric->value = (double)(critical ? replica->critical_ns : replica->warning_ns);
        }
    }
}

void build_budget(struct collect_state *state, struct set_builder *builder)
{
    const sim_ns measured_ns =
        state->now_ns > state->layout->warmup_ns ? state->now_ns - state->layout->warmup_ns : 0;

    for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
        build_from(builder, budgets[i].name, "availability_ratio", NULL, 1 / budgets[i].allowed);
    }
    build_from(builder, "downtime_min", "availability_ratio", "operation", (double)measured_ns);
    build_from(builder, "unavailable_min", "availability_time_ratio", "operation",
               (double)state->layout->bucket_ns);
    build_alerts(state, builder, "lag_warning_ms", false);
    build_alerts(state, builder, "lag_critical_ms", true);
}
