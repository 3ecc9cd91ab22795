/*
 * compare_table.h - the variants of a scenario side by side: one row each, the same columns.
 *
 * Model:     every row is taken from one variant's report while it lasts; the numbers are over all
 *            users and datasets: latency of reads and writes, stale reads, fresh probes, own writes
 *            missed, acknowledged writes lost, availability, and whether expectations were met.
 *            Columns without a sample in the first row are left out. When it has faults, what they
 *            cost follows (plots/failure_summary.h): time to recovery, what was lost, split brain,
 *            and the fewest nines during a fault. Variants share seed and random draws, so that
 *            differences come from the variant.
 * Units:     as in the report. With several replications the half width of the 95 % interval
 *            follows a latency's median.
 * Order:     that in which rows were added.
 * Ownership: rows are copied; compare_table_release() frees them.
 */
#ifndef CLI_COMPARE_TABLE_H
#define CLI_COMPARE_TABLE_H

#include "analysis/report.h"
#include "analysis/text_table.h"

enum { COMPARE_ROWS_MAX = 256, COMPARE_COLUMNS_MAX = 13 };

struct compare_table {
    struct text_table table;
    struct compare_row *rows; /* private: what the CSV file says, in the table's arena */
    size_t row_count;
    bool shown[COMPARE_COLUMNS_MAX]; /* private */
    bool faults;                     /* private: in the first row */
};

void compare_table_init(struct compare_table *compare);
void compare_table_release(struct compare_table *compare);

/* `variant` is its name; further rows than COMPARE_ROWS_MAX are left out. */
void compare_table_add(struct compare_table *compare, const char *variant,
                       const struct report *report);

void compare_table_print(const struct compare_table *compare, FILE *stream, bool colour);

/* Long form: variant, name, unit, labels, statistic, value, replications, ci95_low, ci95_high. */
void compare_table_csv(const struct compare_table *compare, FILE *stream);

#endif
