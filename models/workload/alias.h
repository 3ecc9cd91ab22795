/*
 * alias.h - one of many things by given weights, with one look at a table.
 *
 * Model:   a column is chosen evenly; it holds its own index with probability threshold / 2^32, and
 *          another one's with the rest. An index's probability is wrong by less than 2^-32 of a
 *          column's, that is 2^-32 / count.
 * Cost:    8 bytes a thing, one cache miss a pick; building is linear.
 * Source:  Walker, "An efficient method for generating discrete random variables with general
 *          distributions", ACM TOMS 3(3), 1977; linear building: Vose, IEEE TSE 17(9), 1991.
 */
#ifndef MODELS_WORKLOAD_ALIAS_H
#define MODELS_WORKLOAD_ALIAS_H

#include "sim/fetch.h"
#include "sim/random.h"

struct arena;

struct alias_column {
    uint32_t threshold, other;
};

struct alias_table {
    struct alias_column *columns;
    uint32_t count;
};

/* Weights are not negative and not all 0. */
void alias_init(struct alias_table *table, const double *weights, uint32_t count,
                struct arena *arena);

/* The evenly chosen column; what it stands for waits for memory, which can be fetched now. */
static inline uint32_t alias_column(const struct alias_table *table, struct random_block block)
{
    const uint32_t column = (uint32_t)(random_unit_from(block.word[0]) * (double)table->count);
    fetch(&table->columns[column]);
    return column;
}

/* What the column stands for, by 32 random bits. */
static inline uint32_t alias_at(const struct alias_table *table, uint32_t column, uint32_t bits)
{
    const struct alias_column *entry = &table->columns[column];
    /* No branch: the processor would have to guess it before the entry is there. */
    const uint32_t own = 0 - (uint32_t)(bits < entry->threshold);
    return (column & own) | (entry->other & ~own);
}

static inline uint32_t alias_pick(const struct alias_table *table, struct random_block block)
{
    return alias_at(table, alias_column(table, block), (uint32_t)(block.word[1] >> 32));
}

#endif
