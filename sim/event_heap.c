#include "sim/event_heap.h"

#include "sim/arena.h"

#include <string.h>

enum {
    HEAP_OFFSET = 3, /* four siblings 4i + 1 .. 4i + 4 then share a line of 64 bytes */
    HEAP_TAIL = 4    /* ends that the least of four may look at */
};

void event_heap_reserve(struct event_heap *heap, size_t needed)
{
    const size_t places = needed + HEAP_OFFSET + HEAP_TAIL;
    if (places <= heap->capacity) {
        return;
    }
    memory_grow(&heap->memory, &heap->capacity, places, sizeof(event_key));
    heap->keys = (event_key *)heap->memory + HEAP_OFFSET;
    for (size_t i = heap->count; i < heap->capacity - HEAP_OFFSET; i++) {
        heap->keys[i] = EVENT_KEY_END;
    }
}

void event_heap_release(struct event_heap *heap)
{
    memory_release(heap->memory);
    memset(heap, 0, sizeof *heap);
}

void event_heap_clear(struct event_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        heap->keys[i] = EVENT_KEY_END;
    }
    heap->count = 0;
}
