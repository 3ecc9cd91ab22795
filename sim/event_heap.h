/*
 * event_heap.h - a 4-ary heap of keys whose siblings share a cache line.
 *
 * Model:  entries behind the last are EVENT_KEY_END, so the least of four children is found without
 *         counting them.
 * Cost:   O(log n), no allocation but in event_heap_reserve().
 * Source: LaMarca and Ladner, "The influence of caches on the performance of heaps", JEA 1996.
 */
#ifndef SIM_EVENT_HEAP_H
#define SIM_EVENT_HEAP_H

#include "sim/event_key.h"

#include <stddef.h>

struct event_heap {
    event_key *keys; /* keys[0] is the least; keys[count] and on are EVENT_KEY_END */
    size_t count;
    size_t capacity; /* private */
    void *memory;    /* private */
};

/* Makes room for `needed` keys; must come before the first push. */
void event_heap_reserve(struct event_heap *heap, size_t needed);
void event_heap_release(struct event_heap *heap);

/* Drops all keys. */
void event_heap_clear(struct event_heap *heap);

/* Moves the hole at `index` towards the root until `key` fits. */
static inline void event_heap_up(event_key *keys, size_t index, event_key key)
{
    while (index > 0) {
        const size_t parent = (index - 1) / 4;
        if (keys[parent] < key) {
            break;
        }
        keys[index] = keys[parent];
        index = parent;
    }
    keys[index] = key;
}

/* Moves the hole at the root down until `key` fits. */
static inline void event_heap_down(event_key *keys, size_t count, event_key key)
{
    size_t index = 0;
    for (size_t child = 1; child < count; child = 4 * index + 1) {
        const size_t low = child + (keys[child + 1] < keys[child]);
        const size_t high = child + 2 + (keys[child + 3] < keys[child + 2]);
        const size_t least = keys[high] < keys[low] ? high : low;
        if (key < keys[least]) {
            break;
        }
        keys[index] = keys[least];
        index = least;
    }
    keys[index] = key;
}

/* There must be room. */
static inline void event_heap_push(struct event_heap *heap, event_key key)
{
    event_heap_up(heap->keys, heap->count++, key);
}

/* Drops the least key; there must be one. */
static inline void event_heap_pop(struct event_heap *heap)
{
    const event_key last = heap->keys[--heap->count];
    heap->keys[heap->count] = EVENT_KEY_END;
    if (heap->count > 0) {
        event_heap_down(heap->keys, heap->count, last);
    }
}

#endif
