/*
 * timeline.h - a small real world without chance, whose every event can be computed by hand.
 *
 * Model:  regions us-east-1 (A), eu-west-1 (B), ap-northeast-1 (C) and, where a test asks for it,
 *         us-west-2 (D). One way, in ms: A-B 40, A-C 75.5, B-C 110.25, A-D 30, B-D 65, C-D 50; no
 *         jitter; 0 inside a region unless said otherwise. Clients stand in A (group 0), B (1) and
 * C (2) and replay a trace each. Operations are numbered in the order of their beginning; the
 *         traces of a test never begin two at the same time.
 */
#ifndef TESTS_VALIDATION_TIMELINES_TIMELINE_H
#define TESTS_VALIDATION_TIMELINES_TIMELINE_H

#include "tests/validation/lab.h"

#define MS(milliseconds) ((sim_ns)((milliseconds)*1000000.0 + 0.5))

enum { A = 0, B = 1, C = 2, D = 3 }; /* nodes, when each region has one */

struct plan {
    const char *replication;   /* the dataset's, with ' for " */
    const char *operations[3]; /* per group: "10,write,1,0\n": time_ms,operation,key,session */
    const char *value;         /* its type with ' for "; operations have two cells more then,
                                  element and amount; NULL: registers */
    const char *faults;        /* NULL: none */
    const char *nodes;         /* NULL: no service time, no disks */
    const char *network;       /* further keys, with a comma in front; NULL: none */
    const char *deadline;      /* NULL: 10s */
    const char *retry;         /* of all clients; NULL: one try */
    const char *inside;        /* one-way delay inside a region; NULL: 0ms */
    int per_region;            /* machines; 0: one */
    bool fourth;               /* with us-west-2 */
    int seconds;
    void (*prepare)(struct world *world); /* before it runs; NULL: nothing */
};

/* Runs it, keeping all rows; close with lab_close(). */
void timeline_run(struct lab *lab, const struct plan *plan);

/* Operation `number` begins at begin_ms and ends at end_ms with that outcome, to the nanosecond. */
void timeline_takes(const struct lab *lab, uint64_t number, double begin_ms, double end_ms,
                    enum record_outcome outcome);

/* A read that is ok returned the value of this write (0: none yet). */
void timeline_returns(const struct lab *lab, uint64_t number, uint64_t write);

/* The copy at `node` has the write from this moment on; below 0: never. */
void timeline_has(const struct lab *lab, uint32_t node, uint64_t write, double at_ms);

/* The n-th change of a mode (from 1) is to `mode`, at this moment; mode -1: there is none. */
void timeline_mode(const struct lab *lab, int n, int mode, double at_ms);

#endif
