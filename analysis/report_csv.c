#include "analysis/csv_writer.h"
#include "analysis/report.h"

#include "sim/check.h"

#include <math.h>
#include <string.h>

/* Labels that have a column of their own in every row, so that a spreadsheet can filter by them. */
static const char *const metric_columns[] = {"region", "group",   "operation", "dataset", "reader",
                                             "writer", "replica", "from",      "to",      "fault",
                                             "phase",  "mode",    "cause"};
static const char *const series_columns[] = {"region", "operation", "reader", "dataset", "replica"};
static const char *const curve_columns[] = {"reader", "writer"};

enum {
    METRIC_COLUMN_COUNT = sizeof metric_columns / sizeof metric_columns[0],
    SERIES_COLUMN_COUNT = sizeof series_columns / sizeof series_columns[0],
    CURVE_COLUMN_COUNT = sizeof curve_columns / sizeof curve_columns[0]
};

struct label_list {
    const struct metric_label *labels;
    uint32_t count;
};

/* "region=eu-west-1;operation=read" */
static const char *label_text(struct arena *arena, struct label_list list)
{
    const char *text = "";
    for (uint32_t i = 0; i < list.count; i++) {
        text = arena_printf(arena, "%s%s%s=%s", text, i == 0 ? "" : ";", list.labels[i].key,
                            list.labels[i].value);
    }
    return text;
}

static void write_label_columns(struct sheet *sheet, struct label_list list,
                                const char *const *columns, size_t column_count)
{
    for (size_t i = 0; i < column_count; i++) {
        const char *value = "";
        for (uint32_t j = 0; j < list.count; j++) {
            if (strcmp(list.labels[j].key, columns[i]) == 0) {
                value = list.labels[j].value;
            }
        }
        sheet_text(sheet, value);
    }
}

static void write_names(struct sheet *sheet, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sheet_text(sheet, names[i]);
    }
}

static void write_aggregate(struct sheet *sheet, const struct metric *metric,
                            struct aggregate aggregate)
{
    double value = 0.0;
    if (aggregate_fits(aggregate.kind, metric->definition->shape) &&
        aggregate_of(metric, aggregate, 0.0, &value)) {
        sheet_number(sheet, value);
    } else {
        sheet_empty(sheet);
    }
}

static void write_statistics(struct sheet *sheet, const struct report *report, size_t index)
{
    static const struct aggregate aggregates[] = {
        {AGGREGATE_VALUE, 0.0},       {AGGREGATE_AVG, 0.0},         {AGGREGATE_MIN, 0.0},
        {AGGREGATE_PERCENTILE, 50.0}, {AGGREGATE_PERCENTILE, 90.0}, {AGGREGATE_PERCENTILE, 99.0},
        {AGGREGATE_PERCENTILE, 99.9}, {AGGREGATE_MAX, 0.0}};
    const struct metric *metric = &report->results.merged->metrics[index];
    const bool distribution = metric->definition->shape == METRIC_DISTRIBUTION;
    const struct aggregate count = {AGGREGATE_COUNT, 0.0}, value = {AGGREGATE_VALUE, 0.0},
                           mean = {AGGREGATE_AVG, 0.0};
    if (metric->definition->shape == METRIC_VALUE) {
        sheet_integer(sheet, metric->count);
    } else {
        write_aggregate(sheet, metric, count);
    }
    if (metric->definition->shape == METRIC_RATIO) {
        sheet_integer(sheet, metric->total);
    } else {
        sheet_empty(sheet);
    }
    for (size_t i = 0; i < sizeof aggregates / sizeof aggregates[0]; i++) {
        write_aggregate(sheet, metric, aggregates[i]);
    }
    const struct aggregate_interval interval =
        aggregate_across(&report->results, index, distribution ? mean : value);
    sheet_integer(sheet, report->results.replication_count);
    sheet_number(sheet, interval.count >= 2 ? interval.low : (double)NAN);
    sheet_number(sheet, interval.count >= 2 ? interval.high : (double)NAN);
}

void report_metrics_csv(FILE *stream, const struct report *report)
{
    static const char *const first[] = {"name", "unit", "labels"};
    static const char *const last[] = {"count",        "total",    "value",    "mean",  "min",
                                       "p50",          "p90",      "p99",      "p99.9", "max",
                                       "replications", "ci95_low", "ci95_high"};
    struct sheet sheet = sheet_on(stream);
    struct arena arena;
    arena_init(&arena);
    write_names(&sheet, first, sizeof first / sizeof first[0]);
    write_names(&sheet, metric_columns, METRIC_COLUMN_COUNT);
    write_names(&sheet, last, sizeof last / sizeof last[0]);
    sheet_end(&sheet);
    for (size_t i = 0; i < report->results.merged->metric_count; i++) {
        const struct metric *metric = &report->results.merged->metrics[i];
        const struct label_list list = {metric->labels, metric->label_count};
        sheet_text(&sheet, metric->definition->name);
        sheet_text(&sheet, metric->definition->unit);
        sheet_text(&sheet, label_text(&arena, list));
        write_label_columns(&sheet, list, metric_columns, METRIC_COLUMN_COUNT);
        write_statistics(&sheet, report, i);
        sheet_end(&sheet);
    }
    arena_release(&arena);
}

void report_timeline_csv(FILE *stream, const struct report *report)
{
    static const char *const first[] = {"time_s", "series", "unit", "labels"};
    const struct metric_set *set = report->results.merged;
    const double bucket_s = (double)set->bucket_ns / (double)SIM_NS_PER_S;
    struct sheet sheet = sheet_on(stream);
    struct arena arena;
    arena_init(&arena);
    write_names(&sheet, first, sizeof first / sizeof first[0]);
    write_names(&sheet, series_columns, SERIES_COLUMN_COUNT);
    sheet_text(&sheet, "value");
    sheet_end(&sheet);
    for (size_t i = 0; i < set->series_count; i++) {
        const struct metric_series *series = &set->series[i];
        const struct label_list list = {series->labels, series->label_count};
        const char *labels = label_text(&arena, list);
        for (size_t bucket = 0; bucket < set->bucket_count; bucket++) {
            if (!isfinite(series->values[bucket]) || report_series_is_route(series) ||
                report_series_is_conflict(series)) {
                continue; /* no sample, no row; or in another file */
            }
            sheet_number(&sheet, (double)bucket * bucket_s);
            sheet_text(&sheet, series->name);
            sheet_text(&sheet, series->unit);
            sheet_text(&sheet, labels);
            write_label_columns(&sheet, list, series_columns, SERIES_COLUMN_COUNT);
            sheet_number(&sheet, series->values[bucket]);
            sheet_end(&sheet);
        }
    }
    arena_release(&arena);
}

void report_curve_csv(FILE *stream, const struct report *report, const char *name)
{
    const struct metric_set *set = report->results.merged;
    struct sheet sheet = sheet_on(stream);
    struct arena arena;
    arena_init(&arena);
    bool header = false;
    for (size_t i = 0; i < set->curve_count; i++) {
        const struct metric_curve *curve = &set->curves[i];
        const struct label_list list = {curve->labels, curve->label_count};
        const char *labels = label_text(&arena, list);
        if (strcmp(curve->name, name) != 0) {
            continue;
        }
        if (!header) {
            sheet_text(&sheet, "labels");
            write_names(&sheet, curve_columns, CURVE_COLUMN_COUNT);
            char end_name[64];
            snprintf(end_name, sizeof end_name, "end_%s", curve->x_name);
            sheet_text(&sheet, curve->x_name);
            sheet_text(&sheet, end_name);
            sheet_text(&sheet, curve->y_name);
            sheet_text(&sheet, "samples");
            sheet_end(&sheet);
            header = true;
        }
        for (size_t point = 0; point < curve->point_count; point++) {
            sheet_text(&sheet, labels);
            write_label_columns(&sheet, list, curve_columns, CURVE_COLUMN_COUNT);
            sheet_number(&sheet, curve->x[point]);
            sheet_number(&sheet, curve->x_end == NULL ? curve->x[point] : curve->x_end[point]);
            sheet_number(&sheet, curve->y[point]);
            if (curve->samples == NULL) {
                sheet_empty(&sheet);
            } else {
                sheet_integer(&sheet, curve->samples[point]);
            }
            sheet_end(&sheet);
        }
    }
    arena_release(&arena);
}
