#include "sim/event_key.h"

#include "sim/arena.h"

#include <stdbool.h>
#include <string.h>

enum {
    INSERTION_MAX = 24, /* keys in one bin that insertion still sorts well */
    SORTED_BLOCK = 16,
    SAMPLES = 256,
    BINS_BITS_MAX = 16 /* 256 KiB of counts */
};

void event_keys_reserve(event_key **keys, size_t *capacity, size_t needed)
{
    void *memory = *keys;
    memory_grow(&memory, capacity, needed, sizeof(event_key));
    *keys = memory;
}

void event_array_add(struct event_array *array, const event_key *keys, size_t count)
{
    event_keys_reserve(&array->keys, &array->capacity, array->count + count);
    if (count > 0) {
        memcpy(array->keys + array->count, keys, count * sizeof *keys);
    }
    array->count += count;
}

static void insertion_sort(event_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const event_key key = keys[i];
        size_t hole = i;
        while (hole > 0 && keys[hole - 1] > key) {
            keys[hole] = keys[hole - 1];
            hole--;
        }
        keys[hole] = key;
    }
}

static void merge(event_key *to, const event_key *from, size_t middle, size_t end)
{
    size_t left = 0;
    size_t right = middle;
    for (size_t i = 0; i < end; i++) {
        const bool take_left = right == end || (left < middle && from[left] < from[right]);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

void event_merge_sort(event_key *keys, event_key *scratch, size_t count)
{
    for (size_t i = 0; i < count; i += SORTED_BLOCK) {
        insertion_sort(keys + i, count - i < SORTED_BLOCK ? count - i : SORTED_BLOCK);
    }
    for (size_t width = SORTED_BLOCK; width < count; width *= 2) {
        for (size_t i = 0; i + width < count; i += 2 * width) {
            const size_t end = count - i < 2 * width ? count - i : 2 * width;
            if (keys[i + width - 1] > keys[i + width]) {
                merge(scratch, keys + i, width, end);
                memcpy(keys + i, scratch, end * sizeof *keys);
            }
        }
    }
}

static bool is_sorted(const event_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (keys[i - 1] > keys[i]) {
            return false;
        }
    }
    return true;
}

static uint32_t bits_of(uint64_t value)
{
    return value == 0 ? 0 : 64U - (uint32_t)__builtin_clzll(value);
}

/*
 * Counts keys in about as many equal bins of time as there are keys; insertion finishes, or a merge
 * sort when some bin is crowded, so that no input is quadratic.
 */
void event_bins_sort(struct event_bins *bins, event_key *to, event_key *from, size_t count)
{
    if (is_sorted(from, count)) {
        memcpy(to, from, count * sizeof *from);
        return;
    }
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t time = event_key_time(from[i]);
        least = time < least ? time : least;
        most = time > most ? time : most;
    }
    const uint32_t wanted = bits_of(count);
    const uint32_t bits = wanted < BINS_BITS_MAX ? wanted : BINS_BITS_MAX;
    const uint32_t span = bits_of(most - least);
    const uint32_t shift = span > bits ? span - bits : 0;
    const size_t bin_count = (size_t)((most - least) >> shift) + 1;
    void *items = bins->counts;
    memory_grow(&items, &bins->capacity, bin_count, sizeof(uint32_t));
    uint32_t *counts = bins->counts = items;
    memset(counts, 0, bin_count * sizeof *counts);
    for (size_t i = 0; i < count; i++) {
        counts[(event_key_time(from[i]) - least) >> shift]++;
    }
    uint32_t sum = 0;
    uint32_t crowd = 0;
    for (size_t i = 0; i < bin_count; i++) {
        const uint32_t here = counts[i];
        crowd = here > crowd ? here : crowd;
        counts[i] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        to[counts[(event_key_time(from[i]) - least) >> shift]++] = from[i];
    }
    if (crowd <= INSERTION_MAX) {
        insertion_sort(to, count);
    } else {
        event_merge_sort(to, from, count);
    }
}

uint64_t event_keys_width(const event_key *keys, size_t count, size_t wanted)
{
    event_key sample[SAMPLES];
    event_key scratch[SAMPLES];
    const size_t step = count > SAMPLES ? count / SAMPLES : 1;
    const size_t taken = count > SAMPLES ? SAMPLES : count;
    for (size_t i = 0; i < taken; i++) {
        sample[i] = keys[i * step];
    }
    event_merge_sort(sample, scratch, taken);
    for (size_t part = 8; part >= 1 && taken > part; part /= 2) {
        const size_t last = (taken - 1) / part;
        const uint64_t span = event_key_time(sample[last]) - event_key_time(sample[0]);
        if (span > 0) {
            const uint64_t width = span / (last * step) * wanted;
            return width > 0 ? width : 1;
        }
    }
    return 0;
}
