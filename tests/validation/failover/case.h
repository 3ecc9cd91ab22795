/*
 * case.h - three regions 40 ms apart without jitter, a primary in the first, writers in the others,
 * and a failover policy. Included by one test file each.
 */
#ifndef TESTS_VALIDATION_FAILOVER_CASE_H
#define TESTS_VALIDATION_FAILOVER_CASE_H

#include "models/agents/control.h"
#include "tests/validation/lab.h"

#define S  SIM_NS_PER_S
#define MS SIM_NS_PER_MS

enum { A, B, C };

struct failure_case {
    const char *failover, *faults, *acks;
    const char *routing; /* with its comma, or "" */
    int seconds, tries;
    const char *rate, *keys;
};

static inline void case_open(struct lab *lab, const struct failure_case *plan)
{
    static char text[8192];
    const char *rate = plan->rate != NULL ? plan->rate : "2/s";
    const int tries = plan->tries > 0 ? plan->tries : 4;
    snprintf(text, sizeof text,
             "{'name': 'f', 'duration': '%ds', 'regions': ['us-east-1', 'eu-west-1', 'us-west-2'],"
             " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'}, 'jitter': 'none',"
             "  'same_region': '1ms', 'same_zone': '1ms'},"
             " 'datasets': {'d': {'keys': %s, 'replication': {'strategy': 'primary',"
             "  'primary': 'us-east-1', 'acks': '%s'}}},"
             " 'clients': ["
             "  {'at': 'us-east-1', 'rate': '%s', 'mix': {'write': 1}, 'deadline': '5s',"
             "   'retry': {'tries': %d, 'timeout': '1s'}},"
             "  {'at': 'eu-west-1', 'rate': '%s', 'mix': {'write': 1}, 'deadline': '5s',"
             "   'retry': {'tries': %d, 'timeout': '1s'}}],"
             " %s 'failover': {%s}, 'faults': [%s]}",
             plan->seconds, plan->keys != NULL ? plan->keys : "100",
             plan->acks != NULL ? plan->acks : "async", rate, tries, rate, tries,
             plan->routing != NULL ? plan->routing : "", plan->failover, plan->faults);
    lab_write(lab, text);
}

static inline const struct record *case_step(const struct lab *lab, enum record_step step,
                                             uint32_t n)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        if (lab->rows[i].kind == RECORD_STEP && lab->rows[i].a == (int64_t)step && n-- == 0) {
            return &lab->rows[i];
        }
    }
    return NULL;
}

static inline sim_ns case_at(const struct lab *lab, enum record_step step)
{
    const struct record *row = case_step(lab, step, 0);
    if (row == NULL) {
        fail_msg("step %d is missing", (int)step);
        return 0;
    }
    return row->at_ns;
}

/* Writes that `node` committed in [from, to). */
static inline uint32_t case_committed(const struct lab *lab, uint32_t node, sim_ns from_ns,
                                      sim_ns to_ns)
{
    uint32_t count = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        count += row->kind == RECORD_COMMITTED && row->node == node && row->at_ns >= from_ns &&
                 row->at_ns < to_ns;
    }
    return count;
}

/* For how long two machines accepted writes at the same time. */
static inline sim_ns case_overlap(const struct lab *lab)
{
    int accepting = 0;
    sim_ns since_ns = 0, overlap_ns = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == RECORD_LEADER) {
            overlap_ns += accepting > 1 ? row->at_ns - since_ns : 0;
            accepting += row->a != 0 ? 1 : -1;
            since_ns = row->at_ns;
        }
    }
    return overlap_ns + (accepting > 1 ? lab->scenario->duration - since_ns : 0);
}

/* The machine that accepts writes at the end, when it is one; else RECORD_NONE. */
static inline uint32_t case_leader(const struct lab *lab)
{
    uint32_t leader = RECORD_NONE;
    int accepting = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        if (lab->rows[i].kind == RECORD_LEADER) {
            accepting += lab->rows[i].a != 0 ? 1 : -1;
            leader = lab->rows[i].a != 0 ? lab->rows[i].node : leader;
        }
    }
    return accepting == 1 ? leader : RECORD_NONE;
}

#endif
