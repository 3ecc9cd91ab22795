/*
 * matrix.h - a table of numbers with names on both sides: darker is more.
 *
 * Model:  cells are coloured by log(1 + value), because delays and ages span decades, and carry
 *         their number, so that the picture needs no colour scale. A cell can be marked (a tilde
 *         before the number) or empty. The data file has column, row, value, level (0 to 1),
 *         marked.
 * Limits: MATRIX_SIDE_MAX names a side; the caller chooses which.
 */
#ifndef PLOTS_MATRIX_H
#define PLOTS_MATRIX_H

#include "plots/figure.h"

enum { MATRIX_SIDE_MAX = 20 };

struct matrix {
    const char *title, *note, *row_title, *column_title;
    const char *rows[MATRIX_SIDE_MAX], *columns[MATRIX_SIDE_MAX];
    size_t row_count, column_count, left_out;
    double values[MATRIX_SIDE_MAX][MATRIX_SIDE_MAX]; /* [row][column]; NAN: empty */
    bool marked[MATRIX_SIDE_MAX][MATRIX_SIDE_MAX];
};

struct matrix *matrix_new(struct arena *arena);

/* The index of a name, added when there is room; MATRIX_SIDE_MAX when there is none. */
size_t matrix_row(struct matrix *matrix, const char *name);
size_t matrix_column(struct matrix *matrix, const char *name);

void matrix_draw(const struct figure_input *input, struct figure_page *page,
                 const struct matrix *matrix);

#endif
