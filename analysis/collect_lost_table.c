/*
 * collect_lost_table.c - the writes whose fate is followed, by the number of the write.
 *
 * Model: an array of them and a hash table of indices with linear probing, which is deterministic:
 *        its order never reaches a result.
 */
#include "analysis/collect_failure.h"

static size_t table_home(const struct lost_set *set, uint64_t write)
{
    /* Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4). */
    return (size_t)(write * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (set->table_size - 1);
}

/* Where the write is, or the empty place where it would be. */
static size_t table_find(const struct lost_set *set, uint64_t write)
{
    size_t at = table_home(set, write);

    while (set->table[at] != 0 && lost_writes(set)[set->table[at] - 1].version.write != write) {
        at = (at + 1) & (set->table_size - 1);
    }
    return at;
}

struct lost_write *lost_find(const struct lost_set *set, uint64_t write)
{
    if (set->open == 0 || write > set->newest) {
        return NULL;
    }

    const uint32_t found = set->table[table_find(set, write)];

    return found == 0 ? NULL : &lost_writes(set)[found - 1];
}

static void table_grow(struct lost_set *set)
{
    uint32_t *old = set->table;
    const size_t old_size = set->table_size;

    set->table_size = old_size == 0 ? 1024 : old_size * 2;
    set->table = memory_alloc(set->table_size, sizeof(*set->table));
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != 0) {
            set->table[table_find(set, lost_writes(set)[old[i] - 1].version.write)] = old[i];
        }
    }
    memory_release(old);
}

uint32_t lost_add(struct lost_set *set, const struct lost_write *write)
{
    uint32_t index = set->free_list;

    if (set->open == LOST_WRITES_MAX) {
        return 0;
    }
    if (index != 0) {
        set->free_list = lost_writes(set)[index - 1].older;
    } else {
        memory_grow(&set->writes, &set->capacity, set->count + 1, sizeof(*write));
        index = (uint32_t)++set->count;
    }
    lost_writes(set)[index - 1] = *write;
    lost_writes(set)[index - 1].flags |= LOST_OPEN;
    set->newest = write->version.write > set->newest ? write->version.write : set->newest;
    if (++set->open * 2u > set->table_size) {
        table_grow(set);
    }
    set->table[table_find(set, write->version.write)] = index;
    return index;
}

void lost_close(struct lost_set *set, struct lost_write *write)
{
    size_t hole = table_find(set, write->version.write);
    const uint32_t index = set->table[hole];

    CHECK(index != 0);
    /* Those behind it in the same run of the table move up. */
    for (size_t at = (hole + 1) & (set->table_size - 1); set->table[at] != 0;
         at = (at + 1) & (set->table_size - 1)) {
        const size_t home = table_home(set, lost_writes(set)[set->table[at] - 1].version.write);

        if (((at - home) & (set->table_size - 1)) >= ((at - hole) & (set->table_size - 1))) {
            set->table[hole] = set->table[at];
            hole = at;
        }
    }
    set->table[hole] = 0;
    set->open--;
    write->flags = 0;
    write->older = set->free_list;
    set->free_list = index;
}
