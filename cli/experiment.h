/*
 * experiment.h - replications of one scenario, on several threads, merged in order.
 *
 * Model: replication i has the seed `seed + i`; each is a world of its own on one thread. Results
 *        are kept by number, so that threads and their order change nothing.
 * Stops: an interrupt (SIGINT, SIGTERM) ends the running replications between two slices of events.
 * Cost:  one world and one collector per running thread, one metric set per replication.
 */
#ifndef CLI_EXPERIMENT_H
#define CLI_EXPERIMENT_H

#include "analysis/aggregate.h"
#include "analysis/metric.h"
#include "models/world.h"

struct experiment {
    /* Set by the caller. */
    const struct scenario *scenario;
    uint64_t seed;
    size_t replications;
    size_t jobs;
    bool progress;                     /* a line on stderr while it lasts */
    const struct record_sink *further; /* rows of replication 0 go here as well; NULL: nowhere */
    bool without_metrics; /* only fingerprint and events: for `verify` and benchmarks */
    /* Results. */
    struct metric_set *sets;  /* by replication */
    struct metric_set merged; /* of several; one replication is its own merged set */
    const struct metric_set **set_pointers;
    struct world *world; /* of replication 0: its layout is the report's */
    struct metric_results results;
    uint64_t fingerprint; /* over events and reported integers of all replications, in order */
    uint64_t events;
    enum engine_stop stop; /* the worst of all replications */
};

void experiment_run(struct experiment *experiment);
void experiment_release(struct experiment *experiment);

/* Set by the signal handler: the number of the signal, 0 for none. */
extern volatile bool experiment_interrupted;

#endif
