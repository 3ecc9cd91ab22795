#include "cli/compare_table.h"

#include "analysis/csv_writer.h"
#include "analysis/number_text.h"
#include "analysis/report_cells.h"
#include "cli/compare_values.h"
#include "plots/failure_summary.h"

#include <assert.h>
#include <string.h>

enum cell_form { CELL_NUMBER, CELL_SHARE };

/* One column of the table, which is one line a variant in the CSV file. */
static const struct column {
    const char *heading;
    const char *metric;
    const char *key, *value; /* its label; NULL: none */
    struct aggregate aggregate;
    const char *statistic; /* name in the CSV file */
    enum cell_form form;
    bool per_dataset; /* there is no row over all datasets: they are added up */
    bool with_last;   /* it means something only where the column before does */
} columns[] = {
    {"read p50",
     "latency_ms",
     "operation",
     "read",
     {AGGREGATE_PERCENTILE, 50.0},
     "p50",
     CELL_NUMBER,
     false,
     false},
    {"p99",
     "latency_ms",
     "operation",
     "read",
     {AGGREGATE_PERCENTILE, 99.0},
     "p99",
     CELL_NUMBER,
     false,
     false},
    {"write p50",
     "latency_ms",
     "operation",
     "write",
     {AGGREGATE_PERCENTILE, 50.0},
     "p50",
     CELL_NUMBER,
     false,
     false},
    {"p99",
     "latency_ms",
     "operation",
     "write",
     {AGGREGATE_PERCENTILE, 99.0},
     "p99",
     CELL_NUMBER,
     false,
     false},
    {"stale reads",
     "stale_ratio",
     NULL,
     NULL,
     {AGGREGATE_RATE, 0.0},
     "value",
     CELL_SHARE,
     false,
     false},
    {"probes fresh",
     "probe_fresh_ratio",
     NULL,
     NULL,
     {AGGREGATE_RATE, 0.0},
     "value",
     CELL_SHARE,
     false,
     false},
    {"own write missed",
     "read_your_writes_violation_ratio",
     NULL,
     NULL,
     {AGGREGATE_RATE, 0.0},
     "value",
     CELL_SHARE,
     false,
     false},
    {"lost", "acked_lost", NULL, NULL, {AGGREGATE_VALUE, 0.0}, "value", CELL_NUMBER, true, false},
    {"reads ok",
     "availability_ratio",
     "operation",
     "read",
     {AGGREGATE_RATE, 0.0},
     "value",
     CELL_SHARE,
     false,
     false},
    {"writes ok",
     "availability_ratio",
     "operation",
     "write",
     {AGGREGATE_RATE, 0.0},
     "value",
     CELL_SHARE,
     false,
     false},
    {"in conflict",
     "conflict_ratio",
     NULL,
     NULL,
     {AGGREGATE_RATE, 0.0},
     "value",
     CELL_SHARE,
     false,
     false},
    {"lost updates",
     "lost_updates",
     NULL,
     NULL,
     {AGGREGATE_VALUE, 0.0},
     "value",
     CELL_NUMBER,
     true,
     true},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };
static_assert((int)COLUMN_COUNT <= (int)COMPARE_COLUMNS_MAX, "more columns than may be shown");

/* What faults cost: columns of the table in seconds, lines of the CSV file in milliseconds. */
enum failure_column {
    BACK_READS,
    BACK_WRITES,
    LOST_WRITES,
    LOST_AGE,
    SPLIT_BRAIN,
    NINES,
    FAILURE_COLUMNS
};

static const struct {
    const char *heading, *metric, *labels, *statistic;
} failure_columns[FAILURE_COLUMNS] = {
    [BACK_READS] = {"reads back, s", "rto_ms", "operation=read", "worst_region_avg"},
    [BACK_WRITES] = {"writes back, s", "rto_ms", "operation=write", "worst_region_avg"},
    [LOST_WRITES] = {"lost for good", "rpo_writes", "", "gone_and_discarded"},
    [LOST_AGE] = {"lost, s before", "rpo_lost_ms", "", "worst_fault"},
    [SPLIT_BRAIN] = {"split brain, s", "split_brain_ms", "", "sum"},
    [NINES] = {"nines in faults", "availability_nines", "phase=during", "worst_fault"},
};

struct failure_cell {
    const char *text; /* shown in place of a number; NULL: the number, or a dash */
    bool defined;
    double value;
};

struct compare_row {
    const char *variant;
    size_t replications;
    struct failure_cell failures[FAILURE_COLUMNS];
    struct compare_values values;
    struct {
        bool defined;
        double value;
        struct aggregate_interval interval;
    } cells[COLUMN_COUNT];
};

void compare_table_init(struct compare_table *compare)
{
    text_table_init(&compare->table);
    compare->rows = arena_alloc(&compare->table.arena, COMPARE_ROWS_MAX, sizeof *compare->rows);
    compare->row_count = 0;
    compare->faults = false;
}

void compare_table_release(struct compare_table *compare)
{
    text_table_release(&compare->table);
}

static const struct metric *row_of(const struct column *column, const struct report *report)
{
    const struct row_key key = {
        .metric = column->metric, .keys = {column->key}, .values = {column->value}};
    return report_row(report, &key);
}

static uint64_t sum_over_datasets(const struct column *column, const struct report *report)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < report->layout->dataset_count; i++) {
        const struct row_key key = {.metric = column->metric,
                                    .keys = {"dataset"},
                                    .values = {report->layout->datasets[i].name}};
        const struct metric *metric = report_row(report, &key);
        sum += metric != NULL ? metric->count : 0;
    }
    return sum;
}

static void measure(struct compare_row *row, size_t index, const struct report *report)
{
    const struct column *column = &columns[index];
    if (column->per_dataset) {
        row->cells[index].defined = true;
        row->cells[index].value = (double)sum_over_datasets(column, report);
        return;
    }
    const struct metric *metric = row_of(column, report);
    row->cells[index].defined =
        metric != NULL &&
        aggregate_of(metric, column->aggregate, metric_set_measured_s(report->results.merged),
                     &row->cells[index].value);
    if (row->cells[index].defined) {
        row->cells[index].interval =
            aggregate_across(&report->results, (size_t)(metric - report->results.merged->metrics),
                             column->aggregate);
    }
}

static void measure_failures(struct compare_row *row, const struct report *report)
{
    const struct failure_summary summary = failure_summary_of(report->results.merged);
    for (size_t i = 0; i < 2; i++) {
        const struct failure_recovery *recovery = &summary.operations[i];
        struct failure_cell *cell = &row->failures[BACK_READS + i];
        cell->text = recovery->not_recovered > 0 ? "never" : NULL;
        cell->defined = recovery->any && recovery->not_recovered == 0;
        cell->value = recovery->rto_ms;
    }
    row->failures[LOST_WRITES] =
        (struct failure_cell){NULL, summary.lost_known, (double)(summary.gone + summary.discarded)};
    row->failures[LOST_AGE] = (struct failure_cell){NULL, summary.lost_known, summary.lost_ms};
    row->failures[SPLIT_BRAIN] =
        (struct failure_cell){NULL, summary.split_known, summary.split_brain_ms};
    row->failures[NINES] =
        (struct failure_cell){summary.all_ok ? "all ok" : NULL, summary.nines_known, summary.nines};
}

static void put_failures(struct text_table *table, const struct compare_row *row)
{
    enum { DIGITS = 3, NINES_DECIMALS = 2 };
    char text[NUMBER_TEXT_MAX];
    for (size_t i = 0; i < FAILURE_COLUMNS; i++) {
        const struct failure_cell *cell = &row->failures[i];
        if (cell->text != NULL || !cell->defined) {
            text_table_cell(table, cell->text != NULL ? cell->text : "-");
        } else if (i == LOST_WRITES) {
            text_table_cell(table, number_text_count((uint64_t)cell->value, text));
        } else if (i == NINES) {
            text_table_cell(table, number_text_fixed(cell->value, NINES_DECIMALS, text));
        } else {
            text_table_cell(table, number_text_table(cell->value / 1e3, DIGITS, text));
        }
    }
}

static void put_cell(struct text_table *table, size_t index, const struct report *report)
{
    const struct column *column = &columns[index];
    char text[NUMBER_TEXT_MAX];
    if (column->per_dataset) {
        text_table_cell(table, number_text_count(sum_over_datasets(column, report), text));
        return;
    }
    const struct metric *metric = row_of(column, report);
    if (column->form == CELL_SHARE) {
        cell_share(table, metric);
    } else if (column->aggregate.percent <= 50.0) {
        cell_aggregate(table, report, metric, column->aggregate);
    } else {
        cell_aggregate_plain(table, report, metric, column->aggregate);
    }
}

static void put_headings(struct compare_table *compare)
{
    text_table_cell(&compare->table, "variants, latency in ms");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        compare->shown[i] =
            compare->rows[0].cells[i].defined && (!columns[i].with_last || compare->shown[i - 1]);
        if (compare->shown[i]) {
            text_table_cell(&compare->table, columns[i].heading);
        }
    }
    for (size_t i = 0; compare->faults && i < FAILURE_COLUMNS; i++) {
        text_table_cell(&compare->table, failure_columns[i].heading);
    }
    text_table_cell(&compare->table, "expected");
    text_table_row(&compare->table);
}

void compare_table_add(struct compare_table *compare, const char *variant,
                       const struct report *report)
{
    if (compare->row_count == COMPARE_ROWS_MAX) {
        return;
    }
    struct text_table *table = &compare->table;
    struct compare_row *row = &compare->rows[compare->row_count++];
    memset(row, 0, sizeof *row);
    row->variant = arena_text(&table->arena, variant, strlen(variant));
    row->replications = report->results.replication_count;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        measure(row, i, report);
    }
    measure_failures(row, report);
    compare_values_measure(&row->values, report);
    if (compare->row_count == 1) {
        compare->faults = report->layout->fault_count > 0;
        put_headings(compare);
    }
    text_table_cell(table, variant);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (compare->shown[i]) {
            put_cell(table, i, report);
        }
    }
    if (compare->faults) {
        put_failures(table, row);
    }
    text_table_cell(table,
                    report->verdict_count == 0
                        ? "-"
                        : expect_state_text(expect_worst(report->verdicts, report->verdict_count)));
    text_table_row(table);
}

static const struct compare_values *values_at(const void *rows, size_t index)
{
    return &((const struct compare_row *)rows)[index].values;
}

static const char *name_at(const void *rows, size_t index)
{
    return ((const struct compare_row *)rows)[index].variant;
}

void compare_table_print(const struct compare_table *compare, FILE *stream, bool colour)
{
    fputc('\n', stream);
    text_table_print(&compare->table, stream, colour);
    const struct compare_values_rows rows = {
        .context = compare->rows, .row = values_at, .name = name_at, .count = compare->row_count};
    compare_values_print(&rows, stream, colour);
}

static void number_or_empty(struct sheet *sheet, bool defined, double value)
{
    if (defined) {
        sheet_number(sheet, value);
    } else {
        sheet_empty(sheet);
    }
}

static void write_line(struct sheet *sheet, const struct compare_row *row, size_t index)
{
    const struct column *column = &columns[index];
    const struct aggregate_interval *interval = &row->cells[index].interval;
    char labels[64] = "";
    if (column->key != NULL) {
        snprintf(labels, sizeof labels, "%s=%s", column->key, column->value);
    }
    sheet_text(sheet, row->variant);
    sheet_text(sheet, column->metric);
    sheet_text(sheet, metric_definition_find(column->metric)->unit);
    sheet_text(sheet, labels);
    sheet_text(sheet, column->statistic);
    number_or_empty(sheet, row->cells[index].defined, row->cells[index].value);
    sheet_integer(sheet, row->replications);
    number_or_empty(sheet, interval->count >= 2, interval->low);
    number_or_empty(sheet, interval->count >= 2, interval->high);
    sheet_end(sheet);
}

static void write_failure_line(struct sheet *sheet, const struct compare_row *row, size_t index)
{
    const char *metric = failure_columns[index].metric;
    sheet_text(sheet, row->variant);
    sheet_text(sheet, metric);
    sheet_text(sheet, metric_definition_find(metric)->unit);
    sheet_text(sheet, failure_columns[index].labels);
    sheet_text(sheet, failure_columns[index].statistic);
    number_or_empty(sheet, row->failures[index].defined, row->failures[index].value);
    sheet_integer(sheet, row->replications);
    sheet_empty(sheet); /* no interval: the worst region may be another in each replication */
    sheet_empty(sheet);
    sheet_end(sheet);
}

void compare_table_csv(const struct compare_table *compare, FILE *stream)
{
    static const char *const names[] = {"variant",      "name",      "unit",
                                        "labels",       "statistic", "value",
                                        "replications", "ci95_low",  "ci95_high"};
    struct sheet sheet = sheet_on(stream);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sheet_text(&sheet, names[i]);
    }
    sheet_end(&sheet);
    for (size_t i = 0; i < compare->row_count; i++) {
        for (size_t column = 0; column < COLUMN_COUNT; column++) {
            write_line(&sheet, &compare->rows[i], column);
        }
        for (size_t column = 0; compare->faults && column < FAILURE_COLUMNS; column++) {
            write_failure_line(&sheet, &compare->rows[i], column);
        }
        compare_values_csv(&sheet, compare->rows[i].variant, &compare->rows[i].values,
                           compare->rows[i].replications);
    }
}
