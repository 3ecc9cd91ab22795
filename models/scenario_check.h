/*
 * scenario_check.h - what the parts of scenario_check() share; private to models/scenario_*.c.
 *
 * Errors:    each goes to the caller's report with the path of the value at fault.
 * Ownership: messages are in the scenario's arena.
 */
#ifndef MODELS_SCENARIO_CHECK_H
#define MODELS_SCENARIO_CHECK_H

#include "models/scenario.h"

struct checking {
    struct scenario *scenario;
    struct arena *arena;
    scenario_report report;
    void *context;
    size_t errors;
};

void complain(struct checking *checking, const char *path, const char *message);

/* What is no error, but probably not meant. */
void scenario_note(struct checking *checking, const char *message);

/* scenario_matrix.c: network.latency when it is from a matrix. */
void scenario_check_matrix(struct checking *checking);

/* scenario_check_values.c: what one group of clients does to values, and values themselves. */
void scenario_check_client_values(struct checking *checking, const char *path,
                                  const struct scenario_client *client);
void scenario_check_values(struct checking *checking);

/* scenario_faults.c: when faults happen, and what each kind says of its own parameters. */
void scenario_check_faults(struct checking *checking);

/* scenario_routing.c: "routing". */
void scenario_check_routing(struct checking *checking);

/* scenario_failover.c: "failover". */
void scenario_check_failover(struct checking *checking);

#endif
