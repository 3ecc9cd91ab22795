/*
 * metric.h - what a run reports: named measurements with unit and labels, and series over time.
 *
 * Model:     the collector (analysis/collect) turns record rows into one struct metric_set a
 *            replication; the statistics merge the sets of several replications; reports,
 *            expectations and pictures read only metric sets.
 * Names:     end in their unit ("read_latency_ms"); definitions stand in
 *            analysis/metric_catalogue.c, word for word what the code computes, and are printed by
 *            `geodes describe NAME`.
 * Units:     samples are integers in the base unit of the histogram (ns for *_ms, *_s); the report
 *            divides by `scale`.
 * Order:     metrics are in catalogue order, then by label values in layout order: never by hash.
 * Ownership: everything lives in the set's arena.
 */
#ifndef ANALYSIS_METRIC_H
#define ANALYSIS_METRIC_H

#include "analysis/histogram.h"
#include "sim/arena.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_shape {
    METRIC_COUNT,       /* an integer: `count` */
    METRIC_RATIO,       /* `count` of `total`; undefined (no samples) when total is 0 */
    METRIC_VALUE,       /* one number: `value`; defined only if `count` > 0 */
    METRIC_DISTRIBUTION /* `histogram`: count, mean, min, max, quantiles */
};

enum { METRIC_LABELS_MAX = 4 /* of one metric */, METRIC_SPLITS_MAX = 6 /* of a definition */ };

struct metric_label {
    const char
        *key; /* region group operation dataset reader writer replica fault phase from to mode */
    const char *value; /* from the layout */
};

/* One row of the catalogue: the definition that users read. */
struct metric_definition {
    const char *name;       /* "staleness_ms" */
    const char *unit;       /* "ms", "ratio", "count", "versions", "bytes", "s" */
    const char *summary;    /* one line */
    const char *definition; /* full: what is counted, from when to when, over what */
    const char *labels[METRIC_SPLITS_MAX + 1]; /* keys that split it, some of them together */
    enum metric_shape shape;
    double scale; /* base units (ns, bytes, ...) per reported unit: 1e6 for ms */
    bool higher_is_better;
};

struct metric {
    const struct metric_definition *definition;
    struct metric_label labels[METRIC_LABELS_MAX];
    uint32_t label_count;
    uint64_t count, total;
    double value;
    struct histogram *histogram; /* METRIC_DISTRIBUTION only */
};

/*
 * A curve that is not over time: P(fresh) against t, ... One CSV file and one picture. Point i is
 * the share `hits[i] / samples[i]` of the samples with x[i] <= x < x_end[i]; points are in
 * increasing x and do not overlap; neighbouring bins were joined until each had enough samples. A
 * probe's curve is exact: x_end[i] equals x[i].
 */
struct metric_curve {
    const char *name, *x_name, *y_name; /* "t_visibility", "t_ms", "fresh_ratio" */
    struct metric_label labels[METRIC_LABELS_MAX];
    uint32_t label_count;
    const double *x, *x_end, *y;
    const uint64_t *samples, *hits; /* behind each point */
    size_t point_count;
    /* private, for merging: all samples and those that missed; NULL for an exact curve */
    const struct histogram *all, *missed;
};

/* One series over time; value i belongs to [i, i+1) buckets. NAN where there was no sample. */
struct metric_series {
    const char *name, *unit; /* "ok_per_s", "replication_lag_ms", ... */
    struct metric_label labels[METRIC_LABELS_MAX];
    uint32_t label_count;
    const double *values; /* bucket_count of them */
};

/* A time in which a fault really was active. */
struct metric_fault_window {
    uint32_t fault, occurrence; /* index in the layout; 1, 2, ... */
    sim_ns begin_ns, end_ns;    /* SIM_NS_MAX: to the end of the run */
};

/* A step of a failover (enum record_step), or a node that begins or ends to accept writes. */
enum { METRIC_STEP_LEADS = 64, METRIC_STEP_STOPS };

struct metric_failover_step {
    sim_ns at_ns;
    int64_t epoch;        /* 0: not given */
    uint32_t node, place; /* UINT32_MAX: none */
    uint16_t dataset;
    uint8_t step;
};

enum metric_recovery_time { /* never decrease; the parts of the RTO lie between neighbours */
                            METRIC_RECOVERY_FAIL,
                            METRIC_RECOVERY_DETECTED,
                            METRIC_RECOVERY_DECIDED,
                            METRIC_RECOVERY_PROMOTED,
                            METRIC_RECOVERY_ACCEPTING,
                            METRIC_RECOVERY_ROUTED,
                            METRIC_RECOVERY_CONNECTED,
                            METRIC_RECOVERY_DONE,
                            METRIC_RECOVERY_TIMES
};

/* How a client region's reads or writes came back after an occurrence of a fault. */
struct metric_recovery {
    uint32_t fault, occurrence;
    const char *region, *operation;
    bool recovered; /* false: of the times only the first means anything */
    sim_ns times_ns[METRIC_RECOVERY_TIMES];
    sim_ns first_success_ns, recovered_99_ns; /* -1: not by the end */
};

/* What happened when: of a merged set, in its first replication. */
struct metric_events {
    const struct metric_fault_window *windows; /* in order of their begin */
    const struct metric_failover_step *steps;  /* in order of time */
    const struct metric_recovery *recoveries;  /* by window, region, operation; with traffic only */
    size_t window_count, step_count, recovery_count;
};

/* What happened to the two writes of one conflict; `write` is 0 for the one accepted first. */
enum metric_meeting_kind {
    METRIC_MEETING_ACCEPTED, /* at `node`, which told its client so, or was about to */
    METRIC_MEETING_ARRIVED,  /* at the replica that had accepted the other one */
    METRIC_MEETING_GONE      /* at that replica the other one stays and this one does not */
};
enum { METRIC_MEETING_EVENTS = 8 };

struct metric_meeting_event {
    sim_ns at_ns;
    uint32_t node;
    uint8_t kind, write;
};

struct metric_meeting { /* the first after the warm-up between two regions */
    struct metric_meeting_event events[METRIC_MEETING_EVENTS]; /* in order of time */
    uint64_t writes[2];                                        /* their operations */
    uint32_t event_count;                                      /* 0: there was none */
    uint32_t dataset, key;
};

struct metric_set {
    struct arena arena;
    const struct metric *metrics;
    const struct metric_curve *curves;
    const struct metric_series *series;
    size_t metric_count, curve_count, series_count;
    size_t bucket_count;
    sim_ns bucket_ns, duration_ns;
    sim_ns end_ns;      /* where the run ended: before duration_ns when a limit stopped it */
    sim_ns measured_ns; /* from the warm-up to the end; of pooled sets their sum */
    uint64_t events, fingerprint, seed; /* of the replication */
    struct metric_events failures;
    struct metric_meeting meeting; /* of a merged set, in its first replication */
};

extern const struct metric_definition metric_catalogue[]; /* ends with a NULL name */

/* A series' or curve's name, unit and meaning, for `list` and `describe`. */
struct metric_series_definition {
    const char *name, *unit, *definition;
    const char *labels[METRIC_LABELS_MAX + 1];
};
extern const struct metric_series_definition metric_series_catalogue[]; /* NULL name ends it */
extern const struct metric_series_definition metric_curve_catalogue[];  /* NULL name ends it */

const struct metric_definition *metric_definition_find(const char *name); /* NULL when absent */

/*
 * The metric with exactly these labels, in any order; NULL when absent. `labels` may be NULL when
 * `label_count` is 0: the metric without any split.
 */
const struct metric *metric_find(const struct metric_set *set, const char *name,
                                 const struct metric_label *labels, size_t label_count);

/* The seconds behind the set's counts, for rates. */
double metric_set_measured_s(const struct metric_set *set);

/* Value of the label with that key, or NULL. */
const char *metric_label_value(const struct metric *metric, const char *key);

/* Whether the metric has samples; without, no number of it means anything. */
bool metric_defined(const struct metric *metric);

/*
 * Its one number in the reported unit: the count, the ratio, the value, or the mean of a
 * distribution. Finite always; 0 when not defined.
 */
double metric_number(const struct metric *metric);

/* Quantile p of a distribution in the reported unit; 0 when it is not defined. */
double metric_quantile(const struct metric *metric, double p);

/*
 * y of the curve's point that x lies in (or, between two points, of the one to the left; the first
 * point when x is before it). False when the curve has no points.
 */
bool metric_curve_at(const struct metric_curve *curve, double x, double *y, uint64_t *samples);

/*
 * A hash over every reported integer: names, labels, counts, totals, histograms, curves. Two runs
 * with the same digest reported the same. Doubles are left out: all of them follow from integers.
 */
uint64_t metric_set_digest(const struct metric_set *set);

void metric_set_release(struct metric_set *set);

#endif
