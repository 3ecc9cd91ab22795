/*
 * report_failures_csv.c - faults.csv, failover.csv, recovery.csv, routes.csv (analysis/README.md).
 */
#include "analysis/csv_writer.h"
#include "analysis/report.h"

#include "sim/arena.h"
#include "sim/check.h"

#include <math.h>
#include <string.h>

static void write_header(struct sheet *sheet, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        sheet_text(sheet, names[i]);
    }
    sheet_end(sheet);
}

/* Empty when the time was not reached. */
static void write_time(struct sheet *sheet, sim_ns ns)
{
    if (ns < 0 || ns >= SIM_NS_MAX) {
        sheet_empty(sheet);
    } else {
        sheet_number(sheet, (double)ns / (double)SIM_NS_PER_S);
    }
}

void report_faults_csv(FILE *stream, const struct report *report)
{
    static const char *const names[] = {"fault",   "kind",  "text", "occurrence",
                                        "begin_s", "end_s", NULL};
    const struct metric_events *events = &report->results.merged->failures;
    struct sheet sheet = sheet_on(stream);
    write_header(&sheet, names);
    for (size_t i = 0; i < events->window_count; i++) {
        const struct metric_fault_window *window = &events->windows[i];
        const struct record_fault *fault = &report->layout->faults[window->fault];
        sheet_text(&sheet, fault->id);
        sheet_text(&sheet, fault->kind);
        sheet_text(&sheet, fault->text);
        sheet_integer(&sheet, window->occurrence);
        write_time(&sheet, window->begin_ns);
        write_time(&sheet, window->end_ns);
        sheet_end(&sheet);
    }
}

const char *report_step_name(uint8_t step)
{
    static const char *const names[RECORD_STEP_COUNT] = {
        [RECORD_STEP_DETECTED] = "detected",   [RECORD_STEP_DECIDED] = "decided",
        [RECORD_STEP_PROMOTED] = "promoted",   [RECORD_STEP_ACCEPTING] = "accepting",
        [RECORD_STEP_ANNOUNCED] = "announced", [RECORD_STEP_DONE] = "done",
        [RECORD_STEP_FAIL_BACK] = "fail_back", [RECORD_STEP_REFUSED] = "refused"};
    if (step == METRIC_STEP_LEADS || step == METRIC_STEP_STOPS) {
        return step == METRIC_STEP_LEADS ? "leads" : "stops";
    }
    CHECK(step < RECORD_STEP_COUNT);
    return names[step];
}

void report_failover_csv(FILE *stream, const struct report *report)
{
    static const char *const names[] = {"time_s", "dataset", "step", "node",
                                        "place",  "epoch",   NULL};
    const struct record_layout *layout = report->layout;
    const struct metric_events *events = &report->results.merged->failures;
    struct sheet sheet = sheet_on(stream);
    write_header(&sheet, names);
    for (size_t i = 0; i < events->step_count; i++) {
        const struct metric_failover_step *step = &events->steps[i];
        write_time(&sheet, step->at_ns);
        sheet_text(&sheet, layout->datasets[step->dataset].name);
        sheet_text(&sheet, report_step_name(step->step));
        sheet_text(&sheet, step->node < layout->node_count ? layout->nodes[step->node].name : "");
        sheet_text(&sheet,
                   step->place < layout->place_count ? layout->places[step->place].name : "");
        if (step->epoch > 0) {
            sheet_integer(&sheet, (uint64_t)step->epoch);
        } else {
            sheet_empty(&sheet);
        }
        sheet_end(&sheet);
    }
}

void report_recovery_csv(FILE *stream, const struct report *report)
{
    static const char *const names[] = {
        "fault",       "occurrence",  "region",          "operation",      "fail_s",
        "detected_s",  "decided_s",   "promoted_s",      "accepting_s",    "routed_s",
        "connected_s", "recovered_s", "first_success_s", "recovered_99_s", NULL};
    const struct metric_events *events = &report->results.merged->failures;
    struct sheet sheet = sheet_on(stream);
    write_header(&sheet, names);
    for (size_t i = 0; i < events->recovery_count; i++) {
        const struct metric_recovery *recovery = &events->recoveries[i];
        sheet_text(&sheet, report->layout->faults[recovery->fault].id);
        sheet_integer(&sheet, recovery->occurrence);
        sheet_text(&sheet, recovery->region);
        sheet_text(&sheet, recovery->operation);
        for (int k = 0; k < METRIC_RECOVERY_TIMES; k++) {
            const bool known = recovery->recovered || k == METRIC_RECOVERY_FAIL;
            write_time(&sheet, known ? recovery->times_ns[k] : -1);
        }
        write_time(&sheet, recovery->first_success_ns);
        write_time(&sheet, recovery->recovered_99_ns);
        sheet_end(&sheet);
    }
}

bool report_series_is_route(const struct metric_series *series)
{
    return strcmp(series->name, "routed_sessions") == 0;
}

/* All that the sessions of the region are routed to, by bucket. */
static void add_totals(const struct metric_set *set, const char *region, double *totals)
{
    for (size_t bucket = 0; bucket < set->bucket_count; bucket++) {
        totals[bucket] = 0.0;
    }
    for (size_t i = 0; i < set->series_count; i++) {
        const struct metric_series *series = &set->series[i];
        const bool wanted =
            report_series_is_route(series) && strcmp(series->labels[0].value, region) == 0;
        for (size_t bucket = 0; wanted && bucket < set->bucket_count; bucket++) {
            totals[bucket] += series->values[bucket];
        }
    }
}

static void write_route(struct sheet *sheet, const struct metric_set *set,
                        const struct metric_series *series, const double *totals)
{
    const double bucket_s = (double)set->bucket_ns / (double)SIM_NS_PER_S;
    for (size_t bucket = 0; bucket < set->bucket_count; bucket++) {
        const double sessions = series->values[bucket];
        if (isfinite(sessions) && totals[bucket] > 0.0) {
            sheet_number(sheet, (double)bucket * bucket_s);
            sheet_text(sheet, series->labels[0].value);
            sheet_text(sheet, series->labels[1].value);
            sheet_number(sheet, sessions);
            sheet_number(sheet, sessions / totals[bucket]);
            sheet_end(sheet);
        }
    }
}

void report_routes_csv(FILE *stream, const struct report *report)
{
    static const char *const names[] = {"time_s", "region", "to", "sessions", "share", NULL};
    const struct metric_set *set = report->results.merged;
    const char *region = NULL;
    double *totals = memory_alloc(set->bucket_count + 1, sizeof *totals);
    struct sheet sheet = sheet_on(stream);
    write_header(&sheet, names);
    for (size_t i = 0; i < set->series_count; i++) {
        const struct metric_series *series = &set->series[i];
        if (!report_series_is_route(series)) {
            continue;
        }
        if (region == NULL || strcmp(region, series->labels[0].value) != 0) {
            region = series->labels[0].value;
            add_totals(set, region, totals);
        }
        write_route(&sheet, set, series, totals);
    }
    memory_release(totals);
}

bool report_has_routes(const struct report *report)
{
    const struct metric_set *set = report->results.merged;
    for (size_t i = 0; i < set->series_count; i++) {
        for (size_t bucket = 0; bucket < set->bucket_count; bucket++) {
            if (report_series_is_route(&set->series[i]) &&
                isfinite(set->series[i].values[bucket])) {
                return true;
            }
        }
    }
    return false;
}
