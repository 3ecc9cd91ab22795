/*
 * audit.h - what every run must keep to, whatever the strategy: an auditor that reads the rows.
 *
 * Model:  it is fed every row of one run with one dataset, and afterwards asked what it found.
 * Rules that any run must obey fail the test at once (time order, one end for each operation,
 *         versions that increase, nothing read that was never written, traffic that adds up); what
 *         only some runs promise (convergence, freshness, prefixes) is counted for the caller.
 * Errors: the message names the run (`audit.name`), the rule and the row.
 */
#ifndef TESTS_CONFORMANCE_AUDIT_H
#define TESTS_CONFORMANCE_AUDIT_H

#include "models/replication/message.h"
#include "tests/validation/lab.h"

struct audit_operation { /* by number */
    sim_ns begun_ns;
    struct version expected; /* a read: newest acknowledged version of the key when it began */
    struct version own,
        seen; /* the same of what its session had written, and had read, of the key */
    struct version answer;
    uint32_t key, session;
    uint8_t type, ended, outcome;
    bool committed, probe;
};

struct audit_reads { /* that are no probes */
    uint64_t ok, stale;
    uint64_t with_own, missed_own; /* read your writes: eligible, violated */
    uint64_t with_seen, went_back; /* monotonic reads */
};

struct audit_traffic { /* of a directed pair of places */
    uint64_t sent, delivered, dropped;
};

struct audit {
    const char *name;
    const char *scenario; /* printed with a failure; may be NULL */
    const struct record_layout *layout;
    uint32_t key_count;
    bool total_order;
    struct audit_operation *operations;
    size_t operation_count, operation_capacity;
    struct version *held;    /* node x key */
    struct version *acked;   /* key: newest acknowledged */
    struct version *settled; /* key: newest committed before settle_ns */
    sim_ns settle_ns;
    uint64_t *log; /* total order: write at each position; 0: not seen */
    size_t log_capacity;
    uint64_t log_end;
    bool *down;
    struct audit_traffic *traffic; /* place x place */
    sim_ns last_ns, next_check_ns;
    struct version *own, *seen; /* session x key: newest acknowledged write, newest read */
    struct audit_reads reads;
    uint64_t crashes;
    uint64_t invoked, ended, ok, stale_reads; /* with probes */
    uint64_t workload;                        /* hash of all INVOKED rows */
};

/* `settle_ns`: what is committed before it must be everywhere at the end (audit_behind). */
void audit_init(struct audit *audit, const char *name, const struct lab *lab, sim_ns settle_ns);
void audit_row(void *audit, const struct record *row);

/* After the run: nothing is unaccounted for, and the strategy's own invariant holds everywhere. */
void audit_finish(struct audit *audit, const struct lab *lab);

/* Keys x live copies that lack a write committed before settle_ns. */
uint64_t audit_behind(const struct audit *audit);

/* Keys x live copies that lack an acknowledged write (or a newer one of the key). */
uint64_t audit_missing(const struct audit *audit);

/* Acknowledged writes newer than all that live copies hold; keys that live copies disagree about.
 */
uint64_t audit_acked_lost(const struct audit *audit);
uint64_t audit_divergent(const struct audit *audit);

void audit_release(struct audit *audit);

#endif
