/*
 * guide_table.h - finds the interval of a sorted list that a uniform falls into, in constant time.
 *
 * Model:  edges[0] < edges[1] < ... < edges[count - 1] = 1 are the upper ends of intervals that
 *         begin at 0. For each of some cells of equal width the table knows the interval in which
 *         the cell begins; a few steps upwards from there find the rest.
 * Order:  an edge belongs to the interval above it.
 * Cost:   on average under two steps, with at least twice as many cells as intervals.
 * Source: Chen and Asau, "On generating random variates from an empirical distribution", AIIE
 *         Transactions 6(2), 1974.
 */
#ifndef SIM_GUIDE_TABLE_H
#define SIM_GUIDE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct guide_table {
    const double *edges; /* the caller's, must live as long */
    uint32_t *cells;
    double cell_count;
};

void guide_table_init(struct guide_table *table, struct arena *arena, const double *edges,
                      size_t count);

/* The first i with u < edges[i], for 0 <= u < 1. */
static inline size_t guide_table_find(const struct guide_table *table, double u)
{
    size_t i = table->cells[(size_t)(u * table->cell_count)];
    while (u >= table->edges[i]) {
        i++;
    }
    return i;
}

#endif
