/* scenario_matrix.c - what is wrong with the user's matrix of delays. */
#include "models/csv_number.h"
#include "models/scenario_check.h"
#include "sim/arena.h"

#include <string.h>

static bool matrix_has(const struct param_csv *file, const char *from, const char *to,
                       const char **cell)
{
    for (size_t row = 0; row < file->rows; row++) {
        for (size_t column = 1; column < file->columns; column++) {
            if (strcmp(file->cells[row * file->columns], from) == 0 &&
                strcmp(file->header[column], to) == 0) {
                *cell = file->cells[row * file->columns + column];
                return true;
            }
        }
    }
    return false;
}

/* The same name twice in the first column: which row would count? */
static void check_matrix_rows(struct checking *checking, const struct param_csv *file)
{
    for (size_t i = 0; i < file->rows; i++) {
        for (size_t j = 0; j < i; j++) {
            const char *name = file->cells[i * file->columns];
            if (strcmp(name, file->cells[j * file->columns]) == 0) {
                complain(checking, "network.latency.file",
                         arena_printf(checking->arena, "%s:%d: has the row \"%s\" twice",
                                      file->file, file->lines[i], name));
            }
        }
    }
}

void scenario_check_matrix(struct checking *checking)
{
    const struct scenario_latency *latency = &checking->scenario->network.latency;
    const struct scenario_region *regions = checking->scenario->regions.items;
    const size_t count = checking->scenario->regions.count;
    if (latency->file.columns == 0) {
        complain(checking, "network.latency", "from \"matrix\" needs \"file\"");
        return;
    }
    if (latency->unit == SCENARIO_MATRIX_UNDECLARED) {
        complain(checking, "network.latency",
                 "a matrix must declare its \"unit\": rtt_ms, rtt_us, one_way_ms or one_way_us");
    }
    check_matrix_rows(checking, &latency->file);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const char *cell = NULL;
            double number = 0.0;
            if (i == j || !matrix_has(&latency->file, regions[i].name, regions[j].name, &cell) ||
                cell[0] == '\0') {
                continue; /* not measured: the fibre model */
            }
            if (!csv_number(cell, &number) || number < 0.0 || number > 3.6e9) {
                complain(checking, "network.latency.file",
                         arena_printf(checking->arena,
                                      "%s: from \"%s\" to \"%s\" must be a number of at least 0 "
                                      "(got \"%s\")",
                                      latency->file.file, regions[i].name, regions[j].name, cell));
            }
        }
    }
}
