/*
 * world.h - one run: the scenario's nodes, links, clocks, replicas, clients and faults on an
 * engine.
 *
 * Model:     built from a const struct scenario and a seed; facts go to the sink in order of time.
 * Order:     events by (time, sequence); initial events are scheduled faults first, then replicas,
 *            then clients.
 * Ownership: world_create() owns all its memory; the layout it offers lives as long as the world.
 * Errors:    none for a scenario that scenario_check() accepted.
 * Cost:      memory proportional to nodes x keys and to what is in flight.
 */
#ifndef MODELS_WORLD_H
#define MODELS_WORLD_H

#include "models/scenario.h"
#include "sim/engine.h"
#include "sim/record.h"

struct world;

struct world *world_create(const struct scenario *scenario, uint64_t seed);
void world_release(struct world *world);

/*
 * After the run and its fingerprint: frees what replicas hold, which is most of a world's memory.
 * Only the layout may be asked for afterwards.
 */
void world_drop_tables(struct world *world);

/* Names and numbers behind the rows; fixed at creation. */
const struct record_layout *world_layout(const struct world *world);

/*
 * Runs to the scenario's duration. ENGINE_UNTIL or ENGINE_DONE: finished; ENGINE_BUDGET: the event
 * limit stopped it; ENGINE_STOPPED: `stop` became true (read between slices of simulated time).
 */
enum engine_stop world_run(struct world *world, const struct record_sink *sink,
                           const volatile bool *stop);

uint64_t world_events(const struct world *world);
uint64_t world_fingerprint(const struct world *world); /* over every event */
sim_ns world_now(const struct world *world);

#endif
