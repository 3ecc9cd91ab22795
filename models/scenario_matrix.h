/*
 * scenario_matrix.h - where a place stands in the user's matrix of delays.
 *
 * Cost: one comparison for each row and column; whoever needs pairs of places asks once for each.
 */
#ifndef MODELS_SCENARIO_MATRIX_H
#define MODELS_SCENARIO_MATRIX_H

#include "sim/param.h"

struct scenario_matrix_at {
    size_t row, column; /* file->rows and file->columns: not there */
};

struct scenario_matrix_at scenario_matrix_find(const struct param_csv *file, const char *name);

#endif
