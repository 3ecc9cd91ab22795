/*
 * text_table.h - aligned columns on a terminal.
 *
 * Model:     cells are collected row by row and printed when all are known, each column as wide as
 *            its widest cell, measured in terminal columns and not in bytes. The first column is
 *            aligned left, the others right unless text_table_left() says otherwise. Control
 *            characters become U+FFFD: a name must not move the cursor. A cell of a left-aligned
 *            column that is wider than TEXT_TABLE_NAME_MAX is cut with an ellipsis in its middle,
 *            because names differ at their ends.
 * Ownership: cells live in the table's arena until text_table_release().
 */
#ifndef ANALYSIS_TEXT_TABLE_H
#define ANALYSIS_TEXT_TABLE_H

#include "sim/arena.h"

#include <stdbool.h>
#include <stdio.h>

enum { TEXT_TABLE_COLUMNS_MAX = 24, TEXT_TABLE_NAME_MAX = 34 };

struct text_table {
    struct arena arena;
    /* private */
    char **cells; /* rows of TEXT_TABLE_COLUMNS_MAX */
    size_t capacity, rows, column;
    unsigned left; /* bit k: column k is left-aligned */
};

void text_table_init(struct text_table *table);
void text_table_release(struct text_table *table);
void text_table_left(struct text_table *table, unsigned column); /* aligns it left */

void text_table_cell(struct text_table *table, const char *text);
void text_table_row(struct text_table *table); /* ends the row */
size_t text_table_rows(const struct text_table *table);

/* The first row is a header: dim when `colour`. */
void text_table_print(const struct text_table *table, FILE *stream, bool colour);

#endif
