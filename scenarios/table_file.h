/*
 * table_file.h - strict CSV: a header row and rows of the same number of cells.
 *
 * Refused:   ragged rows, quotes in the middle of a cell, open quotes, NUL, invalid UTF-8, control
 *            characters, carriage returns without line feeds, blank lines between rows, and
 *            whatever is beyond the limits below. A byte order mark is skipped: spreadsheets write
 *            one.
 * Ownership: cells live in the arena of the diags.
 * Errors:    into diags, with the line of the CSV file; `path` says who wanted the file.
 * Cells lose spaces around them unless they are quoted (libcsv).
 */
#ifndef SCENARIOS_TABLE_FILE_H
#define SCENARIOS_TABLE_FILE_H

#include "scenarios/diag.h"
#include "sim/param.h"

enum {
    TABLE_FILE_BYTES_MAX = 16 * 1024 * 1024,
    TABLE_FILE_CELL_MAX = 4096,
    TABLE_FILE_COLUMNS_MAX = 1024,
    TABLE_FILE_CELLS_MAX = 4000000
};

/* With `header` the first row names the columns; without, there is none and header is NULL. */
bool table_file_parse(const struct source *source, bool header, const char *path,
                      struct param_csv *out, struct diags *diags);

/* The place of a line, for messages about cells. */
struct place table_file_place(const struct source *source, int line);

#endif
