#include "sim/guide_table.h"

#include "sim/arena.h"
#include "sim/check.h"

enum { GUIDE_CELLS_MIN = 64 };

void guide_table_init(struct guide_table *table, struct arena *arena, const double *edges,
                      size_t count)
{
    CHECK(count > 0);
    CHECK(count <= UINT32_MAX / 4);
    CHECK(edges[count - 1] == 1.0);
    /* A power of two, so that u times it is exact and a cell's lower end is what is stored. */
    size_t cells = GUIDE_CELLS_MIN;
    while (cells < 2 * count) {
        cells *= 2;
    }
    table->edges = edges;
    table->cell_count = (double)cells;
    table->cells = arena_alloc(arena, cells, sizeof table->cells[0]);
    size_t i = 0;
    for (size_t cell = 0; cell < cells; cell++) {
        const double start = (double)cell / (double)cells;
        while (start >= edges[i]) {
            i++;
        }
        table->cells[cell] = (uint32_t)i;
    }
}
