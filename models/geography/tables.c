#include "models/geography/tables.h"

const struct table_rtt *table_rtt_find(size_t from, size_t to)
{
    const size_t key = from * 65536 + to;
    size_t low = 0;
    size_t high = table_rtt_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const size_t at = (size_t)table_rtts[middle].from * 65536 + table_rtts[middle].to;
        if (at == key) {
            return &table_rtts[middle];
        }
        if (at < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct table_law *table_law_find(size_t from, size_t to)
{
    const size_t key = from < to ? from * 65536 + to : to * 65536 + from;
    size_t low = 0;
    size_t high = table_law_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const size_t at = (size_t)table_laws[middle].low * 65536 + table_laws[middle].high;
        if (at == key) {
            return &table_laws[middle];
        }
        if (at < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
