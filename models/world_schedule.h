/*
 * world_schedule.h - when the faults of a scenario begin and end.
 *
 * Model:  a fault happens once at `at`; with `repeat` again every so often; with `random.between`
 *         each time so long after `at` (0 when not given) or after its last end; with `follows`
 *         at each begin of another fault, with a probability and `after` so long. It lasts `for`,
 *         or as long as `random.lasting` draws, or to the end of the run. It is one thing that is
 *         on or off: a follower that is on, or already bound to begin, is not begun again.
 * Chance: occurrence n of a fault draws from (seed, PURPOSE_FAULT, fault): whether it follows, when
 *         it begins and how long it lasts at numbers of their own, so nothing else moves.
 * Order:  both ends of an occurrence are scheduled when it becomes certain: the first ones before
 *         the run, the next of a repeated fault and followers when it begins, the next of a random
 *         one when it ends. At one instant, what was scheduled first happens first, the first
 *         occurrences therefore in scenario order.
 */
#ifndef MODELS_WORLD_SCHEDULE_H
#define MODELS_WORLD_SCHEDULE_H

#include "sim/engine.h"
#include "sim/random.h"

#include <stdbool.h>
#include <stdint.h>

struct world;
struct record_fault;

struct world_fault {
    uint64_t begun;   /* how often it has begun; the present occurrence is begun - 1 */
    uint64_t planned; /* how often it was scheduled */
    uint64_t asked;   /* begins of the fault that it follows */
    uint32_t *memory; /* of its kind; NULL: it needs none */
    bool bound;       /* it is on, or scheduled to begin */
};

/* Before the run: the first occurrences. */
void world_schedule(struct world *world);

/* The handler of WORLD_EVENT_FAULT. */
void world_schedule_event(struct world *world, const struct event *event);

/* What is known of a fault beforehand: its begin_ns and end_ns. */
void world_schedule_plan(const struct world *world, uint32_t fault, struct record_fault *plan);

#endif
