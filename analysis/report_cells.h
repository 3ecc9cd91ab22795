/*
 * report_cells.h - cells of the tables for people: one aggregate of one row, rounded to be read.
 *
 * Model:  about three significant digits; shares as per cent with as many decimals as the rarer
 *         side needs, so that 99.987 % does not read 100 %. A dash where there are no samples. With
 *         several replications that differ, the half width of the 95 % interval follows: 83.4 ±0.2.
 */
#ifndef ANALYSIS_REPORT_CELLS_H
#define ANALYSIS_REPORT_CELLS_H

#include "analysis/report.h"
#include "analysis/text_table.h"

struct row_key { /* one row of a metric: up to two labels */
    const char *metric;
    const char *keys[2];
    const char *values[2];
};

/* NULL when the merged set has no such row. */
const struct metric *report_row(const struct report *report, const struct row_key *key);

/* Each writes one cell; `metric` may be NULL. */
void cell_aggregate(struct text_table *table, const struct report *report,
                    const struct metric *metric, struct aggregate aggregate);
void cell_aggregate_plain(struct text_table *table, const struct report *report,
                          const struct metric *metric, struct aggregate aggregate);
void cell_share(struct text_table *table, const struct metric *metric);
void cell_count(struct text_table *table, const struct metric *metric);
void cell_bytes(struct text_table *table, double bytes);

enum { CELL_TEXT_MAX = 64 };
char *cell_share_text(double ratio, char text[CELL_TEXT_MAX]);
char *cell_bytes_text(double bytes, char text[CELL_TEXT_MAX]);

#endif
