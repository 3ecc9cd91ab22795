#include "models/workload/alias.h"

#include "sim/arena.h"
#include "sim/check.h"

/*
 * Columns that hold less than their share are filled up, one after the other, from those that hold
 * more; `small` and `large` are stacks in the two ends of one array.
 */
static void fill(struct alias_table *table, double *share, uint32_t *stack)
{
    uint32_t small = 0, large = table->count; /* next free, last taken */
    for (uint32_t i = 0; i < table->count; i++) {
        table->columns[i] = (struct alias_column){.threshold = UINT32_MAX, .other = i};
        if (share[i] < 1.0) {
            stack[small++] = i;
        } else {
            stack[--large] = i;
        }
    }
    while (small > 0 && large < table->count) {
        const uint32_t poor = stack[--small], rich = stack[large++];
        table->columns[poor] =
            (struct alias_column){.threshold = (uint32_t)(share[poor] * 0x1p32), .other = rich};
        share[rich] -= 1.0 - share[poor];
        if (share[rich] < 1.0) {
            stack[small++] = rich;
        } else {
            stack[--large] = rich;
        }
    }
    /* What is left differs from 1 by rounding only, and its other is itself. */
}

void alias_init(struct alias_table *table, const double *weights, uint32_t count,
                struct arena *arena)
{
    CHECK(count > 0);
    double *share = memory_alloc(count, sizeof *share);
    uint32_t *stack = memory_alloc(count, sizeof *stack);
    double sum = 0.0;
    for (uint32_t i = count; i-- > 0;) {
        CHECK(weights[i] >= 0.0);
        sum += weights[i];
    }
    CHECK(sum > 0.0);
    for (uint32_t i = 0; i < count; i++) {
        share[i] = weights[i] / sum * (double)count;
    }
    *table = (struct alias_table){.columns = arena_alloc(arena, count, sizeof *table->columns),
                                  .count = count};
    fill(table, share, stack);
    memory_release(share);
    memory_release(stack);
}
