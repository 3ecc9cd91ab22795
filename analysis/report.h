/*
 * report.h - what a run hands to its readers, and the writers of table, JSON and CSV.
 *
 * Model:     results.json (report_json), its line form (report_jsonl), metrics.csv, timeline.csv
 *            and curves/NAME.csv (report_csv) and the table for people (report_table) say the same
 *            numbers: rows of the merged metric set, with a 95 % interval over replications when
 *            there are several.
 * Units:     the metric's own; times of the layout as *_s; fingerprints as 16 hexadecimal digits.
 * Numbers:   shortest text that reads back as the same double, the same under every locale. What
 *            has no samples is null (JSON) or empty (CSV); NaN and Inf never appear.
 * Order:     of the metric set and of the layout.
 * Errors:    stream writers leave errors in the stream; report_files_write() checks everything.
 * Ownership: nothing is copied or kept.
 */
#ifndef ANALYSIS_REPORT_H
#define ANALYSIS_REPORT_H

#include "analysis/aggregate.h"
#include "analysis/expect.h"
#include "analysis/output_file.h"
#include "sim/record.h"

struct report {
    const char *tool, *version;
    const struct record_layout *layout;
    const char *scenario_sha256; /* may be NULL */
    const char *scenario_json;   /* the expanded scenario, valid JSON; may be NULL */
    const char *reproduce;       /* a command line; may be NULL */
    const char *const *notes;    /* about the scenario: what is probably not meant */
    size_t note_count;
    struct metric_results results;
    const struct expect_verdict *verdicts;
    size_t verdict_count;
};

void report_json(FILE *stream, const struct report *report);

/* One object a line, each with a "type": header, metric, curve, pair, expectation, end. */
void report_jsonl(FILE *stream, const struct report *report);

void report_metrics_csv(FILE *stream, const struct report *report);
void report_timeline_csv(FILE *stream, const struct report *report);

/* What happened when, in a run with failures; columns: README.md of this folder. */
void report_faults_csv(FILE *stream, const struct report *report);
void report_failover_csv(FILE *stream, const struct report *report);
void report_recovery_csv(FILE *stream, const struct report *report);
void report_routes_csv(FILE *stream, const struct report *report);
bool report_has_routes(const struct report *report);
bool report_series_is_route(const struct metric_series *series); /* in routes.csv, not timeline */
const char *report_step_name(uint8_t step); /* of struct metric_failover_step */

/* Writes that met, in a run in which they could; columns: README.md of this folder. */
void report_conflicts_csv(FILE *stream, const struct report *report);
bool report_has_conflicts(const struct report *report);
void report_conflict_example_csv(FILE *stream, const struct report *report);
bool report_has_conflict_example(const struct report *report);
bool report_series_is_conflict(const struct metric_series *series); /* not in timeline.csv */
/* "a" (the write accepted first), "b", "both", "neither"; "" when the run ended before. */
const char *report_meeting_stays(const struct metric_meeting *meeting);

/* All curves of that name, one row a point. */
void report_curve_csv(FILE *stream, const struct report *report, const char *name);

struct report_table_options {
    bool colour;       /* ANSI escapes; never in files */
    unsigned rows_max; /* of one section; 0: the usual 24 */
};

void report_table(FILE *stream, const struct report *report,
                  const struct report_table_options *options);

/*
 * Writes results.json, metrics.csv, timeline.csv, curves/ and, when they have rows, faults.csv,
 * failover.csv, recovery.csv, routes.csv, conflicts.csv and conflict_example.csv into the
 * directory, each at once.
 */
bool report_files_write(const struct report *report, const char *directory,
                        struct output_error *error);

#endif
