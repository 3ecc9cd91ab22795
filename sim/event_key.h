/*
 * event_key.h - what orders events, and sorting it.
 *
 * Order: {time:64, sequence:40, slot:24}, compared as one integer. The sequence is unique, so no
 *        two keys are equal; the slot is carried along.
 * Cost:  event_bins_sort: O(n) when keys are spread or nearly sorted, O(n log n) for any input.
 */
#ifndef SIM_EVENT_KEY_H
#define SIM_EVENT_KEY_H

#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 event_key;

enum { EVENT_SLOT_BITS = 24 };

/* Greater than any key; its slot is 0, which is never used. */
#define EVENT_KEY_END ((event_key)UINT64_MAX << 64)

static inline uint64_t event_key_time(event_key key)
{
    return (uint64_t)(key >> 64);
}

static inline uint32_t event_key_slot(event_key key)
{
    return (uint32_t)key & ((1U << EVENT_SLOT_BITS) - 1);
}

struct event_array {
    event_key *keys;
    size_t count, capacity;
};

/* Makes room for `needed` keys in all; adds keys behind the others. */
void event_keys_reserve(event_key **keys, size_t *capacity, size_t needed);
void event_array_add(struct event_array *array, const event_key *keys, size_t count);

/* Scratch memory of the sort, kept between calls. */
struct event_bins {
    uint32_t *counts;
    size_t capacity;
};

/* Sorts `count` keys `from` into `to`; `from` is overwritten. */
void event_bins_sort(struct event_bins *bins, event_key *to, event_key *from, size_t count);

/* Sorts in place; `scratch` holds as many keys. */
void event_merge_sort(event_key *keys, event_key *scratch, size_t count);

/*
 * The width of time in which the next `wanted` keys fall, guessed from how soon the first eighth of
 * them is due (of a sample when there are many), or more when those are ties; 0: all are ties.
 */
uint64_t event_keys_width(const event_key *keys, size_t count, size_t wanted);

#endif
