/*
 * reference_engine.h - the simplest engine that could be right, to judge the real one by.
 *
 * Pending events stand in an unsorted array; the next one is found by looking at all of them and
 * comparing time, then order of scheduling. Nothing is shared with sim/event_queue.h but the type
 * of an event. Tests only.
 */
#ifndef TESTS_SIM_REFERENCE_ENGINE_H
#define TESTS_SIM_REFERENCE_ENGINE_H

#include "sim/event_queue.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct reference_event {
    int64_t at_ns;
    uint64_t order;
    struct event event;
};

struct reference_engine {
    struct reference_event *pending;
    size_t count, capacity;
    uint64_t order_next;
};

static inline uint64_t reference_at(struct reference_engine *engine, int64_t at_ns,
                                    struct event event)
{
    if (engine->count == engine->capacity) {
        engine->capacity = engine->capacity == 0 ? 64 : 2 * engine->capacity;
        engine->pending = realloc(engine->pending, engine->capacity * sizeof *engine->pending);
        if (engine->pending == NULL) {
            abort();
        }
    }
    const struct reference_event added = {at_ns, engine->order_next++, event};
    engine->pending[engine->count++] = added;
    return added.order;
}

static inline bool reference_cancel(struct reference_engine *engine, uint64_t order)
{
    for (size_t i = 0; i < engine->count; i++) {
        if (engine->pending[i].order == order) {
            engine->pending[i] = engine->pending[--engine->count];
            return true;
        }
    }
    return false;
}

static inline bool reference_next(struct reference_engine *engine, struct reference_event *next)
{
    size_t first = 0;
    for (size_t i = 1; i < engine->count; i++) {
        const struct reference_event *one = &engine->pending[i];
        const struct reference_event *best = &engine->pending[first];
        if (one->at_ns < best->at_ns || (one->at_ns == best->at_ns && one->order < best->order)) {
            first = i;
        }
    }
    if (engine->count == 0) {
        return false;
    }
    *next = engine->pending[first];
    engine->pending[first] = engine->pending[--engine->count];
    return true;
}

#endif
