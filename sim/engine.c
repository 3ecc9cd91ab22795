#include "sim/engine.h"

#include "sim/arena.h"

#include <string.h>

enum { FORESEE_FAR = 3, FORESEE_NEAR = 1 };

void engine_init(struct engine *engine, void *world, const engine_handler *handlers,
                 uint32_t handler_count)
{
    engine->now_ns = 0;
    engine->stopped = false;
    engine->handler_count = handler_count;
    engine->handlers = handlers;
    engine->world = world;
    engine->foresee = NULL;
    engine->kind_events = memory_alloc(handler_count, sizeof *engine->kind_events);
    fingerprint_init(&engine->fingerprint);
    event_queue_init(&engine->queue);
}

void engine_release(struct engine *engine)
{
    memory_release(engine->kind_events);
    engine->kind_events = NULL;
    event_queue_release(&engine->queue);
}

void engine_foresee(struct engine *engine, engine_foresight foresee)
{
    engine->foresee = foresee;
}

/* The sorted run tells what comes next, unless something nearer is scheduled meanwhile. */
static inline void look_ahead(const struct engine *engine)
{
    const struct event_queue *queue = &engine->queue;
    if (queue->run_end - queue->run <= FORESEE_FAR) {
        return;
    }
    const struct event_slot *records = queue->slots.records;
    engine->foresee(engine->world, &records[event_key_slot(queue->run[FORESEE_FAR])].event,
                    &records[event_key_slot(queue->run[FORESEE_NEAR])].event);
}

static inline void handle(struct engine *engine, sim_ns at_ns, const struct event *event)
{
    CHECK(at_ns >= engine->now_ns);
    CHECK(event->kind < engine->handler_count);
    engine->now_ns = at_ns;
    engine->kind_events[event->kind]++;
    const uint64_t head =
        (uint64_t)event->kind << 48 | (uint64_t)event->small << 32 | event->target;
    fingerprint_add(&engine->fingerprint, (uint64_t)at_ns, head, event->a, event->b);
    const engine_handler handler = engine->handlers[event->kind];
    CHECK(handler != NULL);
    handler(engine->world, event);
}

enum engine_stop engine_run(struct engine *engine, sim_ns until_ns, uint64_t event_budget)
{
    CHECK(until_ns >= engine->now_ns);
    struct event_queue *queue = &engine->queue;
    struct event event;
    sim_ns at_ns = 0;
    engine->stopped = false;
    while (event_budget > 0) {
        const event_key *run = queue->run;
        const enum event_take take = event_queue_take(queue, until_ns, &at_ns, &event);
        if (__builtin_expect(take == EVENT_TAKE_DONE, 1)) {
            if (queue->run != run && engine->foresee != NULL) {
                look_ahead(engine); /* what was said before the run moved on is known */
            }
            handle(engine, at_ns, &event);
            event_budget--;
            if (__builtin_expect(engine->stopped, 0)) {
                return ENGINE_STOPPED;
            }
        } else if (take == EVENT_TAKE_LATER) {
            if (event_queue_live(queue) == 0) {
                return ENGINE_DONE;
            }
            engine->now_ns = until_ns;
            return ENGINE_UNTIL;
        }
    }
    return ENGINE_BUDGET;
}

void engine_stop(struct engine *engine)
{
    engine->stopped = true;
}

uint64_t engine_kind_events(const struct engine *engine, uint32_t kind)
{
    CHECK(kind < engine->handler_count);
    return engine->kind_events[kind];
}

uint64_t engine_fingerprint(const struct engine *engine)
{
    return fingerprint_value(&engine->fingerprint);
}
