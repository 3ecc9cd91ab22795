/*
 * report_conflicts_csv.c - conflicts.csv and conflict_example.csv (analysis/README.md).
 */
#include "analysis/csv_writer.h"
#include "analysis/report.h"

#include <math.h>
#include <string.h>

/* Columns of conflicts.csv, in their order. */
static const char *const series_names[] = {"divergence_ratio",   "conflicts_per_s",
                                           "lost_updates_per_s", "siblings_mean",
                                           "siblings_max",       "conflicts_open"};
enum { SERIES_COUNT = sizeof series_names / sizeof series_names[0] };

bool report_series_is_conflict(const struct metric_series *series)
{
    for (size_t i = 1; i < SERIES_COUNT; i++) { /* the first is in timeline.csv, too */
        if (strcmp(series->name, series_names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const double *find_series(const struct metric_set *set, const char *name,
                                 const char *dataset)
{
    for (size_t i = 0; i < set->series_count; i++) {
        const struct metric_series *series = &set->series[i];
        if (strcmp(series->name, name) == 0 && series->label_count == 1 &&
            strcmp(series->labels[0].value, dataset) == 0) {
            return series->values;
        }
    }
    return NULL;
}

/* Writes of it met, or its values could. */
static bool has_rows(const struct report *report, const struct record_dataset *dataset)
{
    const struct metric_label label = {"dataset", dataset->name};
    const struct metric_set *set = report->results.merged;
    const struct metric *conflicts = metric_find(set, "conflict_ratio", &label, 1);
    return find_series(set, series_names[0], dataset->name) != NULL &&
           (dataset->merges || (conflicts != NULL && conflicts->count > 0));
}

bool report_has_conflicts(const struct report *report)
{
    for (uint32_t d = 0; d < report->layout->dataset_count; d++) {
        if (has_rows(report, &report->layout->datasets[d])) {
            return true;
        }
    }
    return false;
}

static void write_dataset(struct sheet *sheet, const struct metric_set *set, const char *dataset)
{
    const double *values[SERIES_COUNT];
    for (size_t i = 0; i < SERIES_COUNT; i++) {
        values[i] = find_series(set, series_names[i], dataset);
    }
    for (size_t bucket = 0; bucket < set->bucket_count; bucket++) {
        if (!isfinite(values[0][bucket])) {
            continue; /* a run that was stopped never got there */
        }
        sheet_number(sheet, (double)((sim_ns)bucket * set->bucket_ns) / (double)SIM_NS_PER_S);
        sheet_text(sheet, dataset);
        for (size_t i = 0; i < SERIES_COUNT; i++) {
            sheet_number(sheet, values[i] == NULL ? (double)NAN : values[i][bucket]);
        }
        sheet_end(sheet);
    }
}

void report_conflicts_csv(FILE *stream, const struct report *report)
{
    struct sheet sheet = sheet_on(stream);
    sheet_text(&sheet, "time_s");
    sheet_text(&sheet, "dataset");
    for (size_t i = 0; i < SERIES_COUNT; i++) {
        sheet_text(&sheet, series_names[i]);
    }
    sheet_end(&sheet);
    for (uint32_t d = 0; d < report->layout->dataset_count; d++) {
        const struct record_dataset *dataset = &report->layout->datasets[d];
        if (has_rows(report, dataset)) {
            write_dataset(&sheet, report->results.merged, dataset->name);
        }
    }
}

/* ---- one conflict ---- */

const char *report_meeting_stays(const struct metric_meeting *meeting)
{
    static const char *const names[] = {"both", "b", "a", "neither"}; /* by what is gone */
    unsigned arrived = 0, gone = 0;
    for (uint32_t i = 0; i < meeting->event_count; i++) {
        const struct metric_meeting_event *event = &meeting->events[i];
        arrived |= event->kind == METRIC_MEETING_ARRIVED ? 1u << event->write : 0;
        gone |= event->kind == METRIC_MEETING_GONE ? 1u << event->write : 0;
    }
    return gone == 0 && arrived != 3 ? "" : names[gone];
}

bool report_has_conflict_example(const struct report *report)
{
    return report->results.merged->meeting.event_count > 0;
}

void report_conflict_example_csv(FILE *stream, const struct report *report)
{
    static const char *const columns[] = {"time_s", "event", "write",   "operation", "node",
                                          "place",  "key",   "dataset", "stays"};
    static const char *const kinds[] = {[METRIC_MEETING_ACCEPTED] = "accepted",
                                        [METRIC_MEETING_ARRIVED] = "arrived",
                                        [METRIC_MEETING_GONE] = "gone"};
    const struct metric_meeting *meeting = &report->results.merged->meeting;
    const struct record_layout *layout = report->layout;
    struct sheet sheet = sheet_on(stream);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        sheet_text(&sheet, columns[i]);
    }
    sheet_end(&sheet);
    for (uint32_t i = 0; i < meeting->event_count; i++) {
        const struct metric_meeting_event *event = &meeting->events[i];
        const struct record_node *node = &layout->nodes[event->node];
        sheet_number(&sheet, (double)event->at_ns / (double)SIM_NS_PER_S);
        sheet_text(&sheet, kinds[event->kind]);
        sheet_text(&sheet, event->write == 0 ? "a" : "b");
        sheet_integer(&sheet, meeting->writes[event->write]);
        sheet_text(&sheet, node->name);
        sheet_text(&sheet, layout->places[node->place].name);
        sheet_integer(&sheet, meeting->key);
        sheet_text(&sheet, layout->datasets[meeting->dataset].name);
        sheet_text(&sheet, report_meeting_stays(meeting));
        sheet_end(&sheet);
    }
}
