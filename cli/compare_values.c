#include "cli/compare_values.h"

#include "analysis/aggregate.h"
#include "analysis/number_text.h"
#include "analysis/report_cells.h"
#include "analysis/text_table.h"

#include <assert.h>

enum form { FORM_COUNT, FORM_NUMBER, FORM_SHARE };

static const struct {
    const char *heading, *metric;
    struct aggregate aggregate;
    const char *statistic; /* name in the CSV file */
    enum form form;
} columns[] = {
    {"rejected", "rejected_writes", {AGGREGATE_VALUE, 0.0}, "value", FORM_COUNT},
    {"values read", "siblings_per_read", {AGGREGATE_AVG, 0.0}, "avg", FORM_NUMBER},
    {"at most", "siblings_max", {AGGREGATE_MAX, 0.0}, "max", FORM_COUNT},
    {"resolved, ms", "resolution_ms", {AGGREGATE_PERCENTILE, 50.0}, "p50", FORM_NUMBER},
    {"open", "conflicts_open", {AGGREGATE_VALUE, 0.0}, "value", FORM_COUNT},
    {"confirmed, ms", "confirmation_ms", {AGGREGATE_PERCENTILE, 50.0}, "p50", FORM_NUMBER},
    {"counter wrong by", "counter_error", {AGGREGATE_MAX, 0.0}, "max", FORM_COUNT},
    {"read too low by", "read_undercount", {AGGREGATE_AVG, 0.0}, "avg", FORM_NUMBER},
    {"below minimum", "invariant_violations", {AGGREGATE_VALUE, 0.0}, "value", FORM_COUNT},
    {"oversold", "oversold", {AGGREGATE_VALUE, 0.0}, "value", FORM_COUNT},
    {"came back", "resurrected_deletes", {AGGREGATE_VALUE, 0.0}, "value", FORM_COUNT},
    {"before their cause", "causal_inversions", {AGGREGATE_VALUE, 0.0}, "value", FORM_COUNT},
    {"torn", "torn_ratio", {AGGREGATE_RATE, 0.0}, "value", FORM_SHARE},
    {"metadata", "metadata_ratio", {AGGREGATE_RATE, 0.0}, "value", FORM_SHARE},
    {"bytes a write", "wide_area_bytes_per_write", {AGGREGATE_VALUE, 0.0}, "value", FORM_NUMBER},
};

static_assert(sizeof columns / sizeof columns[0] == COMPARE_VALUES_COLUMNS,
              "the header says how many columns there are");

/* What values cost is worth a table only beside what became of them. */
enum { COLUMNS_OF_THEIR_OWN = COMPARE_VALUES_COLUMNS - 2 };

void compare_values_measure(struct compare_values *row, const struct report *report)
{
    const struct metric_set *merged = report->results.merged;
    for (size_t i = 0; i < COMPARE_VALUES_COLUMNS; i++) {
        const struct metric *metric = metric_find(merged, columns[i].metric, NULL, 0);
        row->values[i] = 0.0;
        row->defined[i] =
            metric != NULL && aggregate_of(metric, columns[i].aggregate,
                                           metric_set_measured_s(merged), &row->values[i]);
    }
}

static bool is_shown(const struct compare_values_rows *rows, size_t column)
{
    bool shown = false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct compare_values *row = rows->row(rows->context, i);
        shown = shown || (row->defined[column] && row->values[column] != 0.0);
    }
    return shown;
}

static void put_cell(struct text_table *table, const struct compare_values *row, size_t column)
{
    enum { DIGITS = 3 };
    char share[CELL_TEXT_MAX], text[NUMBER_TEXT_MAX];
    if (!row->defined[column]) {
        text_table_cell(table, "-");
        return;
    }
    switch (columns[column].form) {
    case FORM_COUNT:
        text_table_cell(table, number_text_count((uint64_t)row->values[column], text));
        break;
    case FORM_SHARE:
        text_table_cell(table, cell_share_text(row->values[column], share));
        break;
    case FORM_NUMBER:
    default:
        text_table_cell(table, number_text_table(row->values[column], DIGITS, text));
        break;
    }
}

void compare_values_print(const struct compare_values_rows *rows, FILE *stream, bool colour)
{
    bool shown[COMPARE_VALUES_COLUMNS], any = false;
    struct text_table table;
    for (size_t c = 0; c < COMPARE_VALUES_COLUMNS; c++) {
        shown[c] = is_shown(rows, c);
        any = any || (shown[c] && c < COLUMNS_OF_THEIR_OWN);
    }
    if (!any) {
        return;
    }
    text_table_init(&table);
    text_table_cell(&table, "variants, values");
    for (size_t c = 0; c < COMPARE_VALUES_COLUMNS; c++) {
        if (shown[c]) {
            text_table_cell(&table, columns[c].heading);
        }
    }
    text_table_row(&table);
    for (size_t i = 0; i < rows->count; i++) {
        text_table_cell(&table, rows->name(rows->context, i));
        for (size_t c = 0; c < COMPARE_VALUES_COLUMNS; c++) {
            if (shown[c]) {
                put_cell(&table, rows->row(rows->context, i), c);
            }
        }
        text_table_row(&table);
    }
    fputc('\n', stream);
    text_table_print(&table, stream, colour);
    text_table_release(&table);
}

void compare_values_csv(struct sheet *sheet, const char *variant, const struct compare_values *row,
                        size_t replications)
{
    for (size_t c = 0; c < COMPARE_VALUES_COLUMNS; c++) {
        if (!row->defined[c]) {
            continue;
        }
        sheet_text(sheet, variant);
        sheet_text(sheet, columns[c].metric);
        sheet_text(sheet, metric_definition_find(columns[c].metric)->unit);
        sheet_text(sheet, "");
        sheet_text(sheet, columns[c].statistic);
        sheet_number(sheet, row->values[c]);
        sheet_integer(sheet, replications);
        sheet_empty(sheet);
        sheet_empty(sheet);
        sheet_end(sheet);
    }
}
