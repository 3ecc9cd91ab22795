/*
 * engine.h - the run loop: takes the first pending event, moves the clock, calls its handler.
 *
 * Order:     (time, order of scheduling). What is scheduled at the present time runs after all that
 *            was already scheduled for it. Time never runs backwards.
 * Units:     sim_ns; a run begins at 0.
 * Ownership: `handlers` and `world` are the caller's and outlive the engine. An event is copied in
 *            and out; the pointer that a handler gets is valid during the call only.
 * Errors:    CHECKs on scheduling in the past and on a kind without a handler.
 * Replay:    the fingerprint covers time and contents of every event handled, in order; cancelled
 *            ones are not handled. Equal runs have equal fingerprints.
 * Cost:      see event_queue.h; no allocation but at a new peak of pending events.
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "sim/check.h"
#include "sim/event_queue.h"
#include "sim/fingerprint.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stdint.h>

typedef void (*engine_handler)(void *world, const struct event *event);

/*
 * Looks ahead: `near` will probably be handled in 2 events or a few more and `far` in twice as
 * many. It may fetch memory into the cache and must change nothing. Most events that were not
 * scheduled just now are announced twice, first as `far`; some are not, and one that is may be
 * cancelled before.
 */
typedef void (*engine_foresight)(void *world, const struct event *far, const struct event *near);

enum engine_stop {
    ENGINE_DONE,   /* nothing is pending */
    ENGINE_UNTIL,  /* the next event is later than `until_ns`, which is the time now */
    ENGINE_BUDGET, /* as many events as allowed were handled */
    ENGINE_STOPPED /* a handler called engine_stop() */
};

struct engine { /* private */
    sim_ns now_ns;
    bool stopped;
    uint32_t handler_count;
    const engine_handler *handlers;
    engine_foresight foresee; /* NULL: none */
    void *world;
    uint64_t *kind_events;
    struct fingerprint fingerprint;
    struct event_queue queue;
};

/* `handlers` has `handler_count` entries, indexed by kind; NULL: there are no such events. */
void engine_init(struct engine *engine, void *world, const engine_handler *handlers,
                 uint32_t handler_count);
void engine_release(struct engine *engine);

/* A hint for speed only: results are the same with and without. */
void engine_foresee(struct engine *engine, engine_foresight foresee);

/*
 * Handles events in order until one of the reasons above. Events at exactly `until_ns` are handled.
 * `event_budget` counts from this call; UINT64_MAX is no limit. May be called again to go on.
 */
enum engine_stop engine_run(struct engine *engine, sim_ns until_ns, uint64_t event_budget);

/* Makes engine_run() return after the handler that is running. */
void engine_stop(struct engine *engine);

static inline sim_ns engine_now(const struct engine *engine)
{
    return engine->now_ns;
}

/* Events handled so far; of one kind. */
static inline uint64_t engine_events(const struct engine *engine)
{
    return engine->queue.handled;
}
uint64_t engine_kind_events(const struct engine *engine, uint32_t kind);

/* Events scheduled, neither handled nor cancelled yet. */
static inline uint64_t engine_pending(const struct engine *engine)
{
    return event_queue_live(&engine->queue);
}

static inline struct timer engine_at(struct engine *engine, sim_ns at_ns, struct event event)
{
    CHECK(at_ns >= engine->now_ns);
    return event_queue_push(&engine->queue, at_ns, &event);
}

/* `delay_ns` from now; the sum may not exceed the range of sim_ns. */
static inline struct timer engine_after(struct engine *engine, sim_ns delay_ns, struct event event)
{
    CHECK(delay_ns >= 0);
    CHECK(delay_ns <= INT64_MAX - engine->now_ns);
    return event_queue_push(&engine->queue, engine->now_ns + delay_ns, &event);
}

/* False when the event was handled or cancelled before, or when the handle is zeroed. */
static inline bool engine_cancel(struct engine *engine, struct timer timer)
{
    return event_queue_cancel(&engine->queue, timer);
}

/* Adds an integer of the caller's to the fingerprint. */
static inline void engine_mix(struct engine *engine, uint64_t value)
{
    fingerprint_mix(&engine->fingerprint, value);
}

uint64_t engine_fingerprint(const struct engine *engine);

#endif
