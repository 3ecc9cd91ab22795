/*
 * collect_value_rows.c - the metric set's rows and series about values that merge.
 *
 * Rows are there only for datasets that merge and whose type can have what is counted.
 */
#include "analysis/collect_values.h"

enum value_class { EVERY, KEPT, NUMBER, MINIMUM };
enum { ANY_DATASET = -1 };

struct value_rule {
    const char *name;
    enum value_class class;
    /* Adds what the dataset has; of a METRIC_VALUE the sum to `value` and its weight to `count`. */
    void (*add)(const struct collect_state *state, uint32_t dataset, struct metric *metric);
};

static const struct valued_dataset *of(const struct collect_state *state, uint32_t dataset)
{
    return &state->values->datasets[dataset];
}

static void add_rejected(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->rejected;
    metric->total += of(state, d)->rejected + of(state, d)->counts->writes;
}

static void add_siblings_read(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    histogram_merge(metric->histogram, &of(state, d)->siblings_read);
}

static void add_siblings_max(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    for (uint32_t k = 0; k < state->datasets[d].key_count; k++) {
        const uint32_t most = of(state, d)->keys[k].siblings_max;

        if (most > 0) {
            histogram_record(metric->histogram, most);
        }
    }
}

static void add_resolution(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    histogram_merge(metric->histogram, &of(state, d)->resolution);
}

static void add_open(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->split;
}

static void add_resurrected(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->resurrected;
}

static void add_resurrections(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->resurrections;
}

static void add_confirmation(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    histogram_merge(metric->histogram, &of(state, d)->confirmation);
}

static void add_inversions(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->inversions;
}

static void add_error(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    for (uint32_t k = 0; k < state->datasets[d].key_count; k++) {
        const struct number_error error = numbers_error(state, d, k);

        if (error.count > 0) {
            histogram_record(metric->histogram, error.most);
        }
    }
}

static void add_error_mean(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    for (uint32_t k = 0; k < state->datasets[d].key_count; k++) {
        const struct number_error error = numbers_error(state, d, k);

        metric->value += (double)error.sum;
        metric->count += error.count;
    }
}

static void add_undercount(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    histogram_merge(metric->histogram, &of(state, d)->undercount);
}

static void add_overcount(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    histogram_merge(metric->histogram, &of(state, d)->overcount);
}

static void add_violations(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->violations;
}

static void add_oversold(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->oversold;
}

static void add_seen(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->count += of(state, d)->violations_seen;
}

static void add_metadata(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    metric->value += (double)of(state, d)->sampled.metadata;
    metric->count += of(state, d)->sampled.values;
}

static void add_metadata_ratio(const struct collect_state *state, uint32_t d, struct metric *metric)
{
    const struct value_sums *sums = &of(state, d)->sampled;

    metric->count += sums->metadata;
    metric->total += sums->metadata + sums->payload;
}

static const struct value_rule rules[] = {
    {"rejected_writes", EVERY, add_rejected},
    {"rejected_ratio", EVERY, add_rejected},
    {"confirmation_ms", EVERY, add_confirmation},
    {"causal_inversions", EVERY, add_inversions},
    {"resurrected_deletes", EVERY, add_resurrected},
    {"resurrections", EVERY, add_resurrections},
    {"siblings_per_read", KEPT, add_siblings_read},
    {"siblings_max", KEPT, add_siblings_max},
    {"resolution_ms", KEPT, add_resolution},
    {"conflicts_open", KEPT, add_open},
    {"counter_error", NUMBER, add_error},
    {"counter_error_mean", NUMBER, add_error_mean},
    {"read_undercount", NUMBER, add_undercount},
    {"read_overcount", NUMBER, add_overcount},
    {"invariant_violations", MINIMUM, add_violations},
    {"oversold", MINIMUM, add_oversold},
    {"invariant_violations_seen", MINIMUM, add_seen},
    {"metadata_bytes_per_value", EVERY, add_metadata},
    {"metadata_ratio", EVERY, add_metadata_ratio},
};

static bool has_class(const struct collect_state *state, uint32_t dataset, enum value_class class)
{
    const struct record_dataset *source = of(state, dataset)->source;

    if (of(state, dataset)->keys == NULL) {
        return false;
    }
    switch (class) {
    case EVERY:
        return true;
    case KEPT:
        return source->meeting == RECORD_KEPT;
    case NUMBER:
        return source->is_number;
    case MINIMUM:
        return source->has_minimum;
    }
    return false;
}

/* The row of one dataset, or of all of the class; no row when there is none. */
static void build_row(const struct collect_state *state, struct set_builder *builder,
                      const struct value_rule *rule, int64_t index)
{
    struct metric *metric = NULL;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        struct label_list labels = {0};

        if ((index != ANY_DATASET && index != d) || !has_class(state, d, rule->class)) {
            continue;
        }
        if (index != ANY_DATASET) {
            label_add(&labels, "dataset", state->layout->datasets[d].name);
        }
        metric = metric == NULL ? builder_metric(builder, rule->name, &labels) : metric;
        rule->add(state, d, metric);
    }
    if (metric != NULL && metric->definition->shape == METRIC_VALUE && metric->count > 0) {
        metric->value /= (double)metric->count;
    }
}

/* Bytes between places for each acknowledged write. */
static void build_wire(const struct collect_state *state, struct set_builder *builder)
{
    const uint32_t places = state->layout->place_count;
    const struct label_list none = {0};
    struct metric *metric = builder_metric(builder, "wide_area_bytes_per_write", &none);
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < places * places; i++) {
        bytes += i / places != i % places ? state->traffic[i].bytes : 0;
    }
    for (size_t i = 0; i < state->segment_count; i++) {
        for (uint32_t g = 0; g < state->layout->group_count; g++) {
            metric->count += state->segments[i].cells[g * 2 + RECORD_WRITE].outcomes[RECORD_OK];
        }
    }
    metric->value = metric->count > 0 ? (double)bytes / (double)metric->count : 0;
}

void build_values(struct collect_state *state, struct set_builder *builder)
{
    bool any = false;

    for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
        any = any || !state->layout->datasets[d].leader;
    }
    for (size_t rule = 0; state->values != NULL && rule < sizeof(rules) / sizeof(rules[0]);
         rule++) {
        for (int64_t d = ANY_DATASET; d < (int64_t)state->layout->dataset_count; d++) {
            build_row(state, builder, &rules[rule], d);
        }
    }
    if (any) {
        build_wire(state, builder);
    }
}

void build_value_series(const struct collect_state *state, struct set_builder *builder)
{
    static const char *const names[3] = {"siblings_mean", "siblings_max", "conflicts_open"};

    for (int series = 0; state->values != NULL && series < 3; series++) {
        for (uint32_t d = 0; d < state->layout->dataset_count; d++) {
            const struct valued_dataset *dataset = of(state, d);
            const double *const values[3] = {dataset->siblings_mean, dataset->siblings_max,
                                             dataset->split_series};
            struct label_list labels = {0};

            if (has_class(state, d, KEPT)) {
                label_add(&labels, "dataset", state->layout->datasets[d].name);
                builder_series(builder, names[series], &labels)->values = values[series];
            }
        }
    }
}
