/*
 * rig.h - users who reach the data through gateways, in a world without chance.
 *
 * Model: regions us-east-1 (US, 0) and eu-west-1 (EU, 1), one machine each; 40 ms one way between
 *        them, 1 ms inside (user to gateway, gateway to machine), no jitter, no last mile. A
 * dataset of one primary at US with a copy at EU, which acknowledges by itself; reads are local.
 *        Client groups "us" (0) and "eu" (1), 4 sessions each, replay a trace.
 * So a first request of a user in EU, a read, takes 2 x 2 ms to connect, 1 ms to the gateway, 2 ms
 * to the machine and back, 1 ms to the user: 8 ms; later ones 4 ms.
 */
#ifndef TESTS_VALIDATION_ROUTING_RIG_H
#define TESTS_VALIDATION_ROUTING_RIG_H

#include "tests/validation/lab.h"

#define MS(milliseconds) ((sim_ns)((milliseconds)*1000000.0 + 0.5))

enum { US = 0, EU = 1 };

struct rig {
    const char *routing; /* with ' for " */
    const char *us, *eu; /* traces: "10,write,1,0\n": time_ms,operation,key,session; NULL: none */
    const char *faults;  /* NULL: none */
    const char *client;  /* further keys of both groups, with a comma in front; NULL: none */
    int seconds;
};

/* Runs it, keeping all rows; close with lab_close(). Operations are numbered by their begin. */
void rig_run(struct lab *lab, const struct rig *rig);

/* Operation `number` begins at begin_ms and ends at end_ms with that outcome; returns the end. */
const struct record *rig_takes(const struct lab *lab, uint64_t number, double begin_ms,
                               double end_ms, enum record_outcome outcome);

/* The n-th row (from 1) of a kind for a session; NULL: there is none. */
const struct record *rig_row(const struct lab *lab, enum record_kind kind, uint32_t session,
                             uint32_t n);
/* It is there, at this moment, and to (of ROUTED, CONNECTED) this region; returns it. */
const struct record *rig_has(const struct lab *lab, enum record_kind kind, uint32_t session,
                             uint32_t n, double at_ms, uint32_t region);
uint32_t rig_count(const struct lab *lab, enum record_kind kind);

#endif
