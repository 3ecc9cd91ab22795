/*
 * report_fixture.h - a small hand-made result for the tests of reports, expectations and pictures.
 *
 * Three places (two regions with nodes and a client's place), one dataset on two nodes, two faults,
 * 10 minutes in buckets of 10 s. Distributions hold 1..n times a step, so that quantiles are known.
 */
#ifndef TESTS_ANALYSIS_REPORT_FIXTURE_H
#define TESTS_ANALYSIS_REPORT_FIXTURE_H

#include "analysis/metric.h"
#include "analysis/report.h"
#include "sim/record.h"

#include <math.h>
#include <string.h>

enum { FIXTURE_BUCKETS = 60, FIXTURE_METRICS_MAX = 128, FIXTURE_SERIES_MAX = 64 };

struct fixture {
    struct arena arena;
    struct record_place places[3];
    struct record_node nodes[2];
    struct record_group groups[2];
    struct record_dataset datasets[1];
    struct record_fault faults[2];
    struct record_pair pairs[4];
    struct record_layout layout;
    struct metric metrics[FIXTURE_METRICS_MAX];
    struct metric_series series[FIXTURE_SERIES_MAX];
    struct metric_curve curves[4];
    struct metric_set set;
    const struct metric_set *sets[1];
    struct metric_fault_window windows[2];
    struct report report;
};

static const uint32_t fixture_replicas[] = {0, 1};
static const uint32_t fixture_fault_places[] = {0, 1};

static inline void fixture_layout(struct fixture *fixture, const char *const names[3])
{
    const sim_ns ms = SIM_NS_PER_MS, s = SIM_NS_PER_S;
    const struct record_place places[3] = {
        {names[0], "aws", "Ashburn", "US", "US", 38.9, -77.4, true},
        {names[1], "aws", "Dublin", "IE", "EU", 53.3, -6.3, true},
        {names[2], "", "", "", "", 35.7, 139.7, false}};
    const struct record_node nodes[2] = {{"us-east-1/n0", 0, 0}, {"eu-west-1/n0", 1, 0}};
    const struct record_group groups[2] = {{names[0], 0, 0, 0, 10}, {names[2], 2, 0, 10, 10}};
    const struct record_dataset dataset = {.name = "orders",
                                           .strategy = "primary",
                                           .key_count = 100,
                                           .value_bytes = 512,
                                           .replicas = fixture_replicas,
                                           .replica_count = 2};
    const struct record_fault faults[2] = {{"cable", "partition", "partition us-east-1 | eu-west-1",
                                            200 * s, 260 * s, fixture_fault_places, 2},
                                           {"dublin-out", "outage", "outage of eu-west-1", 400 * s,
                                            SIM_NS_MAX, fixture_fault_places, 1}};
    const struct record_pair pairs[4] = {
        {0, 1, 35 * ms, 37 * ms, 45 * ms, 5450.5, true, "CloudPing.co grid saved 2024-04-19"},
        {1, 0, 35 * ms, 37 * ms, 46 * ms, 5450.5, true, "CloudPing.co grid saved 2024-04-19"},
        {0, 2, 70 * ms, 72 * ms, 90 * ms, 10900.0, false, "fibre model"},
        {2, 0, 70 * ms, 72 * ms, 90 * ms, 10900.0, false, "fibre model"}};
    memcpy(fixture->places, places, sizeof places);
    memcpy(fixture->nodes, nodes, sizeof nodes);
    memcpy(fixture->groups, groups, sizeof groups);
    fixture->datasets[0] = dataset;
    memcpy(fixture->faults, faults, sizeof faults);
    memcpy(fixture->pairs, pairs, sizeof pairs);
    const struct record_layout layout = {.name = "two-regions",
                                         .summary = "a hand-made result",
                                         .duration_ns = 600 * s,
                                         .warmup_ns = 60 * s,
                                         .bucket_ns = 10 * s,
                                         .seed = 7,
                                         .places = fixture->places,
                                         .nodes = fixture->nodes,
                                         .groups = fixture->groups,
                                         .datasets = fixture->datasets,
                                         .faults = fixture->faults,
                                         .pairs = fixture->pairs,
                                         .place_count = 3,
                                         .node_count = 2,
                                         .group_count = 2,
                                         .dataset_count = 1,
                                         .fault_count = 2,
                                         .pair_count = 4,
                                         .session_count = 20,
                                         .operation_max_ns = 10 * s};
    fixture->layout = layout;
}

static inline const struct metric_definition *fixture_definition(const char *name)
{
    for (size_t i = 0; metric_catalogue[i].name != NULL; i++) {
        if (strcmp(metric_catalogue[i].name, name) == 0) {
            return &metric_catalogue[i];
        }
    }
    CHECK(false);
    return NULL;
}

/* Adds a row with up to two labels; keys may be NULL. */
static inline struct metric *fixture_metric(struct fixture *fixture, const char *name,
                                            const struct metric_label *labels, uint32_t count)
{
    CHECK(fixture->set.metric_count < FIXTURE_METRICS_MAX);
    struct metric *metric = &fixture->metrics[fixture->set.metric_count++];
    memset(metric, 0, sizeof *metric);
    metric->definition = fixture_definition(name);
    metric->label_count = count;
    if (count > 0) {
        memcpy(metric->labels, labels, count * sizeof *labels);
    }
    if (metric->definition->shape == METRIC_DISTRIBUTION) {
        metric->histogram = histogram_new(&fixture->arena);
    }
    return metric;
}

/* 1, 2, ... count times the step. */
static inline void fixture_samples(struct metric *metric, unsigned count, int64_t step)
{
    for (unsigned i = 1; i <= count; i++) {
        histogram_record(metric->histogram, i * step);
    }
}

static inline void fixture_ratio(struct fixture *fixture, const char *name,
                                 const struct metric_label *labels, uint32_t label_count,
                                 const uint64_t counts[2])
{
    struct metric *metric = fixture_metric(fixture, name, labels, label_count);
    metric->count = counts[0];
    metric->total = counts[1];
}

static inline double *fixture_series(struct fixture *fixture, const char *name, const char *unit,
                                     const struct metric_label *labels, uint32_t label_count)
{
    CHECK(fixture->set.series_count < FIXTURE_SERIES_MAX);
    struct metric_series *series = &fixture->series[fixture->set.series_count++];
    double *values = arena_alloc(&fixture->arena, FIXTURE_BUCKETS, sizeof *values);
    series->name = name;
    series->unit = unit;
    memcpy(series->labels, labels, label_count * sizeof *labels);
    series->label_count = label_count;
    series->values = values;
    return values;
}

/* An empty set and report over the layout; the caller adds rows. */
static inline void fixture_init(struct fixture *fixture, const char *const names[3])
{
    memset(fixture, 0, sizeof *fixture);
    arena_init(&fixture->arena);
    fixture_layout(fixture, names);
    struct metric_set *set = &fixture->set;
    set->metrics = fixture->metrics;
    set->series = fixture->series;
    set->curves = fixture->curves;
    set->bucket_count = FIXTURE_BUCKETS;
    set->bucket_ns = fixture->layout.bucket_ns;
    set->duration_ns = fixture->layout.duration_ns;
    set->end_ns = set->duration_ns;
    set->measured_ns = 540 * SIM_NS_PER_S;
    set->events = 123456;
    set->fingerprint = UINT64_C(0x0123456789abcdef);
    set->seed = 7;
    for (uint32_t i = 0; i < 2; i++) {
        fixture->windows[i] = (struct metric_fault_window){i, 1, fixture->faults[i].begin_ns,
                                                           fixture->faults[i].end_ns};
    }
    set->failures.windows = fixture->windows;
    set->failures.window_count = 2;
    fixture->sets[0] = set;
    const struct report report = {
        .tool = "geodes",
        .version = "0.1.0",
        .layout = &fixture->layout,
        .scenario_sha256 = "00ff",
        .scenario_json = "{\"name\":\n  \"two-regions\"}",
        .reproduce = "geodes run two-regions.json --seed 7",
        .results = {.merged = set, .replications = fixture->sets, .replication_count = 1}};
    fixture->report = report;
}

static inline void fixture_release(struct fixture *fixture)
{
    arena_release(&fixture->arena);
}

static const char *const fixture_names[3] = {"us-east-1", "eu-west-1", "tokyo-office"};

/* Latency, availability and freshness of the client at places 0 and 2. */
static inline void fixture_fill_operations(struct fixture *fixture)
{
    static const char *const operations[2] = {"read", "write"};
    static const uint64_t shares[2] = {99987, 100000};
    for (uint32_t place = 0; place < 3; place += 2) {
        for (uint32_t type = 0; type < 2; type++) {
            const struct metric_label labels[2] = {{"region", fixture->places[place].name},
                                                   {"operation", operations[type]}};
            struct metric *metric = fixture_metric(fixture, "latency_ms", labels, 2);
            fixture_samples(metric, 1000, (int64_t)(place + type + 1) * 100000);
            fixture_ratio(fixture, "availability_ratio", labels, 2, shares);
            metric = fixture_metric(fixture, "availability_nines", labels, 2);
            metric->count = 1;
            metric->value = 3.886;
            fixture_metric(fixture, "operations_offered", labels, 2)->count = 100000;
        }
    }
    for (uint32_t place = 0; place < 3; place += 2) {
        static const uint64_t stale[2] = {25, 1000}, missed[2] = {3, 500}, none[2] = {0, 0};
        const struct metric_label reader = {"reader", fixture->places[place].name};
        fixture_ratio(fixture, "stale_ratio", &reader, 1, stale);
        fixture_samples(fixture_metric(fixture, "staleness_ms", &reader, 1), 100, SIM_NS_PER_MS);
        fixture_ratio(fixture, "read_your_writes_violation_ratio", &reader, 1, missed);
        fixture_ratio(fixture, "monotonic_reads_violation_ratio", &reader, 1, none);
        for (uint32_t from = 0; from < 3; from += 2) {
            const struct metric_label pair[2] = {reader, {"writer", fixture->places[from].name}};
            fixture_samples(fixture_metric(fixture, "staleness_ms", pair, 2), 100,
                            (int64_t)(place * 3 + from + 1) * 300000);
        }
    }
}

static inline void fixture_fill_rest(struct fixture *fixture)
{
    for (uint32_t node = 0; node < 2; node++) {
        const struct metric_label labels[2] = {{"dataset", "orders"},
                                               {"replica", fixture->nodes[node].name}};
        fixture_samples(fixture_metric(fixture, "replication_lag_ms", labels, 2), 100,
                        (int64_t)node * SIM_NS_PER_MS);
        fixture_samples(fixture_metric(fixture, "apply_delay_ms", labels, 2), 100,
                        (int64_t)node * SIM_NS_PER_MS);
    }
    const struct metric_label dataset = {"dataset", "orders"};
    fixture_metric(fixture, "acked_lost", NULL, 0)->count = 2;
    fixture_metric(fixture, "acked_lost", &dataset, 1)->count = 2;
    fixture_metric(fixture, "divergent_keys", &dataset, 1)->count = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const struct metric_label pair[2] = {{"from", fixture->places[fixture->pairs[i].from].name},
                                             {"to", fixture->places[fixture->pairs[i].to].name}};
        fixture_metric(fixture, "messages", pair, 2)->count = 1000 * (i + 1);
        fixture_metric(fixture, "message_bytes", pair, 2)->count = 600000 * (uint64_t)(i + 1);
    }
    static const char *const phases[3] = {"before", "during", "after"};
    for (uint32_t i = 0; i < 6; i++) {
        const struct metric_label labels[2] = {{"fault", fixture->faults[i / 3].id},
                                               {"phase", phases[i % 3]}};
        const uint64_t shares[2] = {1000 - (i % 3 == 1 ? 130 : 0), i == 5 ? 0 : 1000};
        fixture_ratio(fixture, "availability_ratio", labels, 2, shares);
    }
}

static inline void fixture_fill_series(struct fixture *fixture)
{
    static const char *const operations[2] = {"read", "write"};
    for (uint32_t place = 0; place < 3; place += 2) {
        for (uint32_t type = 0; type < 2; type++) {
            const struct metric_label labels[2] = {{"region", fixture->places[place].name},
                                                   {"operation", operations[type]}};
            double *offered = fixture_series(fixture, "offered_per_s", "1/s", labels, 2);
            double *ok = fixture_series(fixture, "ok_per_s", "1/s", labels, 2);
            double *unknown = fixture_series(fixture, "unknown_per_s", "1/s", labels, 2);
            double *median = fixture_series(fixture, "latency_p50_ms", "ms", labels, 2);
            double *tail = fixture_series(fixture, "latency_p99_ms", "ms", labels, 2);
            for (unsigned i = 0; i < FIXTURE_BUCKETS; i++) {
                const bool cut = i >= 20 && i < 26;
                offered[i] = 100.0 + 5.0 * sin(i + place) - 60.0 * type;
                ok[i] = offered[i] * (cut && place == 2 ? 0.2 : 1.0);
                unknown[i] = offered[i] - ok[i];
                median[i] = (1.0 + 20.0 * place + 30.0 * type) * (1.0 + 0.05 * sin(i));
                tail[i] = median[i] * (cut ? 12.0 : 2.0);
                if (i > 50 && place == 2) {
                    median[i] = tail[i] = ok[i] = offered[i] = unknown[i] = (double)NAN;
                }
            }
        }
    }
    for (uint32_t node = 0; node < 2; node++) {
        const struct metric_label labels[2] = {{"dataset", "orders"},
                                               {"replica", fixture->nodes[node].name}};
        double *lag = fixture_series(fixture, "replication_lag_ms", "ms", labels, 2);
        for (unsigned i = 0; i < FIXTURE_BUCKETS; i++) {
            lag[i] = node == 0           ? 0.0
                     : i >= 20 && i < 26 ? (double)(i - 19) * 10000.0
                                         : 40.0 + (double)(i % 3);
        }
    }
}

static inline void fixture_fill_curves(struct fixture *fixture)
{
    enum { POINTS = 60 };
    for (uint32_t place = 0; place < 3; place += 2) {
        struct metric_curve *curve = &fixture->curves[fixture->set.curve_count++];
        double *x = arena_alloc(&fixture->arena, POINTS, sizeof *x);
        double *y = arena_alloc(&fixture->arena, POINTS, sizeof *y);
        for (int i = 0; i < POINTS; i++) {
            x[i] = 0.5 * (i + 1) * (place + 1);
            y[i] = 1.0 - exp(-0.12 * i - 0.4 * place);
        }
        curve->name = "t_visibility";
        curve->x_name = "t_ms";
        curve->y_name = "fresh_ratio";
        curve->labels[0].key = "reader";
        curve->labels[0].value = fixture->places[place].name;
        curve->label_count = 1;
        curve->x = x;
        curve->y = y;
        curve->point_count = POINTS;
    }
}

static inline void fixture_fill(struct fixture *fixture)
{
    fixture_fill_operations(fixture);
    fixture_fill_rest(fixture);
    fixture_fill_series(fixture);
    fixture_fill_curves(fixture);
}

#endif
