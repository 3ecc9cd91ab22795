/*
 * report_failures.c - the tables for people about failures: recovery, what was lost, who led.
 */
#include "analysis/report_failures.h"

#include "analysis/number_text.h"
#include "analysis/report_cells.h"

#include <string.h>

enum { DIGITS = 3 };

/* The middle ones only where something failed over or was routed elsewhere. */
static const struct {
    const char *title, *metric;
    bool part;
} recovery_cells[] = {
    {"until ok", "rto_ms", false},           {"detect", "rto_detect_ms", true},
    {"decide", "rto_decide_ms", true},       {"promote", "rto_promote_ms", true},
    {"replay", "rto_replay_ms", true},       {"route", "rto_route_ms", true},
    {"reconnect", "rto_reconnect_ms", true}, {"warm", "rto_warm_ms", true},
    {"first ok", "first_success_ms", false}, {"99 % ok", "rto_99_ms", false},
};
enum { RECOVERY_CELLS = sizeof recovery_cells / sizeof recovery_cells[0] };

static const char *const columns_recovery[] = {"recovery, s", "", "worst in", NULL};
static const char *const columns_lost[] = {
    "writes taken",  "acknowledged", "s before", "back late", "gone", "discarded",
    "lost s before", "nines before", "during",   "after",     NULL};
static const char *const columns_leaders[] = {
    "leaders",        "changes",          "refused",        "none, s", "overlap, s",
    "split brain, s", "divergent writes", "failed back, s", NULL};

static void begin(struct text_table *table, const char *const *columns)
{
    text_table_init(table);
    for (size_t i = 0; columns[i] != NULL; i++) {
        text_table_cell(table, columns[i]);
    }
    text_table_row(table);
}

static void end(FILE *stream, struct text_table *table, bool colour)
{
    if (text_table_rows(table) > 1) {
        fputc('\n', stream);
        text_table_print(table, stream, colour);
    }
    text_table_release(table);
}

static const struct metric *find(const struct report *report, const char *name, const char *key,
                                 const char *value)
{
    const struct row_key row = {.metric = name, .keys = {key}, .values = {value}};
    return report_row(report, &row);
}

static const struct metric *find_class(const struct report *report, const char *name,
                                       const char *fault, const char *region, const char *operation)
{
    const struct metric_label labels[3] = {
        {"fault", fault}, {"region", region}, {"operation", operation}};
    return aggregate_find(report->results.merged, name, labels, 3, SIZE_MAX);
}

/* The mean of a distribution or the value, of milliseconds, in seconds. */
static void cell_seconds(struct text_table *table, const struct metric *metric)
{
    char text[NUMBER_TEXT_MAX];
    if (metric == NULL || !metric_defined(metric)) {
        text_table_cell(table, "-");
        return;
    }
    text_table_cell(table, number_text_table(metric_number(metric) / 1e3, DIGITS, text));
}

/* The region that was without service for longest, or did not recover; NULL: no traffic. */
static const char *worst_region(const struct report *report, const char *fault,
                                const char *operation)
{
    const char *worst = NULL;
    double longest = -1.0;
    for (uint32_t i = 0; i < report->layout->place_count; i++) {
        const char *region = report->layout->places[i].name;
        const struct metric *rto = find_class(report, "rto_ms", fault, region, operation);
        const struct metric *never =
            find_class(report, "rto_not_recovered", fault, region, operation);
        if (rto == NULL || never == NULL || (never->count == 0 && !metric_defined(rto))) {
            continue;
        }
        /* Not to have recovered is worse than any time. */
        const double length = (double)never->count * 1e18 + metric_number(rto);
        if (length > longest) {
            longest = length;
            worst = region;
        }
    }
    return worst;
}

/* Whether any time to recovery has a part but the last. */
static bool has_parts(const struct report *report)
{
    const struct metric_set *set = report->results.merged;
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = &set->metrics[i];
        for (size_t k = 0; k < RECOVERY_CELLS; k++) {
            if (recovery_cells[k].part && strcmp(recovery_cells[k].metric, "rto_warm_ms") != 0 &&
                strcmp(metric->definition->name, recovery_cells[k].metric) == 0 &&
                metric_number(metric) > 0.0) {
                return true;
            }
        }
    }
    return false;
}

static void recovery_begin(struct text_table *table, bool parts)
{
    text_table_init(table);
    text_table_left(table, 1);
    text_table_left(table, 2);
    for (size_t i = 0; columns_recovery[i] != NULL; i++) {
        text_table_cell(table, columns_recovery[i]);
    }
    for (size_t i = 0; i < RECOVERY_CELLS; i++) {
        if (parts || !recovery_cells[i].part) {
            text_table_cell(table, recovery_cells[i].title);
        }
    }
    text_table_cell(table, "not recovered");
    text_table_row(table);
}

static void recovery_row(struct text_table *table, const struct report *report, const char *fault,
                         const char *operation, bool parts)
{
    const char *region = worst_region(report, fault, operation);
    if (region == NULL) {
        return;
    }
    text_table_cell(table, fault);
    text_table_cell(table, strcmp(operation, "read") == 0 ? "reads" : "writes");
    text_table_cell(table, region);
    for (size_t i = 0; i < RECOVERY_CELLS; i++) {
        if (parts || !recovery_cells[i].part) {
            cell_seconds(table,
                         find_class(report, recovery_cells[i].metric, fault, region, operation));
        }
    }
    cell_count(table, find_class(report, "rto_not_recovered", fault, region, operation));
    text_table_row(table);
}

static void lost_row(struct text_table *table, const struct report *report, const char *fault)
{
    static const char *const counts[] = {"rpo_writes_recovered", "rpo_writes_gone",
                                         "rpo_writes_discarded"};
    static const char *const phases[] = {"before", "during", "after"};
    const struct metric *lost = find(report, "rpo_writes", "fault", fault);
    const struct metric *nines[3];
    bool failed = false;
    for (size_t i = 0; i < 3; i++) {
        const struct row_key row = {.metric = "availability_nines",
                                    .keys = {"fault", "phase"},
                                    .values = {fault, phases[i]}};
        nines[i] = report_row(report, &row);
        failed = failed || (nines[i] != NULL && metric_defined(nines[i]));
    }
    if (lost == NULL || (lost->count == 0 && !failed)) {
        return; /* Nothing to tell. */
    }
    text_table_cell(table, fault);
    cell_count(table, lost);
    cell_seconds(table, find(report, "rpo_ms", "fault", fault));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        cell_count(table, find(report, counts[i], "fault", fault));
    }
    cell_seconds(table, find(report, "rpo_lost_ms", "fault", fault));
    for (size_t i = 0; i < 3; i++) {
        cell_aggregate_plain(table, report, nines[i], (struct aggregate){AGGREGATE_VALUE, 0.0});
    }
    text_table_row(table);
}

static double number_of(const struct report *report, const char *name, const char *dataset)
{
    const struct metric *metric = find(report, name, "dataset", dataset);
    return metric == NULL ? 0.0 : metric_number(metric);
}

static void leaders_row(struct text_table *table, const struct report *report, const char *dataset)
{
    static const char *const times[] = {"blocked_ms", "leader_overlap_ms", "split_brain_ms"};
    if (!(number_of(report, "failovers", dataset) + number_of(report, times[0], dataset) +
              number_of(report, times[1], dataset) +
              number_of(report, "failovers_refused", dataset) >
          0.0)) {
        return; /* It has one leader, all the time. */
    }
    text_table_cell(table, dataset);
    cell_count(table, find(report, "failovers", "dataset", dataset));
    cell_count(table, find(report, "failovers_refused", "dataset", dataset));
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        cell_seconds(table, find(report, times[i], "dataset", dataset));
    }
    cell_count(table, find(report, "divergent_writes", "dataset", dataset));
    cell_seconds(table, find(report, "fail_back_ms", "dataset", dataset));
    text_table_row(table);
}

void report_failures(FILE *stream, const struct report *report, bool colour, unsigned rows_max)
{
    const struct record_layout *layout = report->layout;
    const uint32_t faults = layout->fault_count < rows_max ? layout->fault_count : rows_max;
    const bool parts = has_parts(report);
    struct text_table recovery, lost, leaders;
    recovery_begin(&recovery, parts);
    begin(&lost, columns_lost);
    begin(&leaders, columns_leaders);
    for (uint32_t i = 0; i < faults; i++) {
        recovery_row(&recovery, report, layout->faults[i].id, "read", parts);
        recovery_row(&recovery, report, layout->faults[i].id, "write", parts);
        lost_row(&lost, report, layout->faults[i].id);
    }
    for (uint32_t i = 0; i < layout->dataset_count; i++) {
        leaders_row(&leaders, report, layout->datasets[i].name);
    }
    end(stream, &recovery, colour);
    end(stream, &lost, colour);
    end(stream, &leaders, colour);
    if (faults < layout->fault_count) {
        fprintf(stream, "  ... and %u more faults in metrics.csv\n", layout->fault_count - faults);
    }
}
