/*
 * report_conflicts.c - the tables for people about writes that meet, and values that merge.
 */
#include "analysis/report_conflicts.h"

#include "analysis/number_text.h"
#include "analysis/report_cells.h"

static const char *const columns_conflicts[] = {
    "conflicts",   "writes",      "in conflict", "lost, concurrent",
    "lost, clock", "keys differ", "at the end",  "equal, ms p50",
    "p99",         NULL};
static const char *const columns_values[] = {
    "values", "type",     "rejected",  "side by side", "at most", "resolved, ms",
    "open",   "metadata", "came back", "inversions",   NULL};
static const char *const columns_numbers[] = {
    "numbers", "wrong by at most", "mean error", "read too low", "below minimum", "oversold", NULL};

struct page {
    FILE *stream;
    const struct report *report;
    struct text_table table;
    bool colour;
};

static void begin(struct page *page, const char *const *columns)
{
    text_table_init(&page->table);
    for (size_t i = 0; columns[i] != NULL; i++) {
        text_table_cell(&page->table, columns[i]);
    }
    text_table_row(&page->table);
}

static void end(struct page *page)
{
    if (text_table_rows(&page->table) > 1) {
        fputc('\n', page->stream);
        text_table_print(&page->table, page->stream, page->colour);
    }
    text_table_release(&page->table);
}

static const struct metric *find(const struct page *page, const char *name, const char *dataset)
{
    const struct row_key row = {.metric = name, .keys = {"dataset"}, .values = {dataset}};
    return report_row(page->report, &row);
}

static void cell(struct page *page, const char *name, const char *dataset,
                 struct aggregate aggregate)
{
    cell_aggregate(&page->table, page->report, find(page, name, dataset), aggregate);
}

static void cell_lost(struct page *page, const char *dataset, const char *cause)
{
    const struct row_key row = {
        .metric = "lost_updates", .keys = {"dataset", "cause"}, .values = {dataset, cause}};
    cell_count(&page->table, report_row(page->report, &row));
}

static void cell_total(struct page *page, const struct metric *metric)
{
    char text[NUMBER_TEXT_MAX];
    text_table_cell(&page->table, number_text_count(metric->total, text));
}

static void conflict_row(struct page *page, const struct record_dataset *dataset)
{
    const struct metric *conflicts = find(page, "conflict_ratio", dataset->name);
    if (conflicts == NULL || conflicts->total == 0 || (conflicts->count == 0 && !dataset->merges)) {
        return;
    }
    text_table_cell(&page->table, dataset->name);
    cell_total(page, conflicts);
    cell_share(&page->table, conflicts);
    cell_lost(page, dataset->name, "concurrent");
    cell_lost(page, dataset->name, "clock");
    cell_share(&page->table, find(page, "divergence_ratio", dataset->name));
    cell_count(&page->table, find(page, "divergent_keys", dataset->name));
    cell(page, "key_convergence_ms", dataset->name, (struct aggregate){AGGREGATE_MED, 0.0});
    cell(page, "key_convergence_ms", dataset->name, (struct aggregate){AGGREGATE_PERCENTILE, 99.0});
    text_table_row(&page->table);
}

static void value_row(struct page *page, const struct record_dataset *dataset)
{
    const struct aggregate mean = {AGGREGATE_AVG, 0.0}, most = {AGGREGATE_MAX, 0.0};
    if (find(page, "metadata_ratio", dataset->name) == NULL) {
        return;
    }
    text_table_cell(&page->table, dataset->name);
    text_table_cell(&page->table, dataset->value);
    cell_count(&page->table, find(page, "rejected_writes", dataset->name));
    cell(page, "siblings_per_read", dataset->name, mean);
    cell(page, "siblings_max", dataset->name, most);
    cell(page, "resolution_ms", dataset->name, mean);
    cell_count(&page->table, find(page, "conflicts_open", dataset->name));
    cell_share(&page->table, find(page, "metadata_ratio", dataset->name));
    cell_count(&page->table, find(page, "resurrected_deletes", dataset->name));
    cell_count(&page->table, find(page, "causal_inversions", dataset->name));
    text_table_row(&page->table);
}

static void number_row(struct page *page, const struct record_dataset *dataset)
{
    if (find(page, "counter_error", dataset->name) == NULL) {
        return;
    }
    text_table_cell(&page->table, dataset->name);
    cell(page, "counter_error", dataset->name, (struct aggregate){AGGREGATE_MAX, 0.0});
    cell(page, "counter_error_mean", dataset->name, (struct aggregate){AGGREGATE_VALUE, 0.0});
    cell(page, "read_undercount", dataset->name, (struct aggregate){AGGREGATE_AVG, 0.0});
    cell_count(&page->table, find(page, "invariant_violations", dataset->name));
    cell_count(&page->table, find(page, "oversold", dataset->name));
    text_table_row(&page->table);
}

void report_conflicts(FILE *stream, const struct report *report, bool colour, unsigned rows_max)
{
    static const struct {
        const char *const *columns;
        void (*row)(struct page *page, const struct record_dataset *dataset);
        bool text; /* its second column */
    } tables[] = {{columns_conflicts, conflict_row, false},
                  {columns_values, value_row, true},
                  {columns_numbers, number_row, false}};
    const struct record_layout *layout = report->layout;
    struct page page = {.stream = stream, .report = report, .colour = colour};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        begin(&page, tables[i].columns);
        if (tables[i].text) {
            text_table_left(&page.table, 1);
        }
        for (uint32_t d = 0; d < layout->dataset_count && d < rows_max; d++) {
            tables[i].row(&page, &layout->datasets[d]);
        }
        end(&page);
    }
}
