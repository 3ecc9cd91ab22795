/*
 * compile_sheet.h - build tool: one CSV file in memory, a header row and rows of as many cells.
 *
 * Ownership: texts live as long as their sheet.
 * Errors:    every error prints one line on stderr with file and row and ends the process, exit 1.
 */
#ifndef MODELS_GEOGRAPHY_COMPILE_SHEET_H
#define MODELS_GEOGRAPHY_COMPILE_SHEET_H

#include <stddef.h>

enum { SHEET_CELLS_MAX = 1 << 17, SHEET_PATH_MAX = 1024 };

struct sheet {
    char path[SHEET_PATH_MAX];
    char *cells[SHEET_CELLS_MAX]; /* row by row, header first */
    size_t cell_count;
    size_t column_count;
    size_t row_count; /* without the header */
};

_Noreturn void sheet_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed memory or the end of the process. */
void *sheet_memory(size_t count, size_t bytes);

struct sheet *sheet_read(const char *folder, const char *name);
void sheet_release(struct sheet *sheet);

/* Rows count from 0 after the header. A column that is not there is an error. */
const char *sheet_text(const struct sheet *sheet, size_t row, const char *column);

/* An empty cell means "not published" and reads as -1000. */
double sheet_number(const struct sheet *sheet, size_t row, const char *column);

#endif
