/*
 * compare_values.h - variants side by side: what became of values that merge, and of transactions.
 *
 * Model: one line a variant, with those columns that are not 0 for every variant; nothing at all
 *        when there are none. The CSV file has every column that is defined.
 */
#ifndef CLI_COMPARE_VALUES_H
#define CLI_COMPARE_VALUES_H

#include "analysis/csv_writer.h"
#include "analysis/report.h"

#include <stdbool.h>
#include <stdio.h>

enum { COMPARE_VALUES_COLUMNS = 15 };

struct compare_values {
    bool defined[COMPARE_VALUES_COLUMNS];
    double values[COMPARE_VALUES_COLUMNS];
};

void compare_values_measure(struct compare_values *row, const struct report *report);

/* `row` and `name` give those of a variant by number. */
struct compare_values_rows {
    const void *context;
    const struct compare_values *(*row)(const void *context, size_t index);
    const char *(*name)(const void *context, size_t index);
    size_t count;
};

void compare_values_print(const struct compare_values_rows *rows, FILE *stream, bool colour);

/* The lines of one variant, in the form of compare_table_csv(). */
void compare_values_csv(struct sheet *sheet, const char *variant, const struct compare_values *row,
                        size_t replications);

#endif
