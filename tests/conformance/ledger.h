/*
 * ledger.h - an observer of runs in which the leader may move: who led, what was promised, what is
 * left of it.
 *
 * Model:  it is fed the rows of one run with one dataset and notes the first broken rule; it stops
 *         nothing, so that a run can be made smaller and repeated. It keeps every write and, at
 *         every begin of a leadership, a copy of what that leader holds. A write is lost when it
 * was acknowledged and a leader of a higher epoch than that of who committed it began without it:
 *         what is written over it later does not hide that.
 * Rules:  always: operations begin and end once, in order; what ended as failed is in no copy and
 *         in no answer. As claimed: nothing acknowledged is lost; never two leaders at a time.
 * Two leaders: two machines that stand still for neither's sake accept for more than an instant, or
 *         one commits after another of a higher epoch has begun. A machine that is paused accepts
 *         nothing; in the moment in which it goes on it may learn that its time is over.
 */
#ifndef TESTS_CONFORMANCE_LEDGER_H
#define TESTS_CONFORMANCE_LEDGER_H

#include "models/replication/message.h"
#include "tests/validation/lab.h"

enum { LEDGER_BEGINS_MAX = 512, LEDGER_NODES_MAX = 32 };

enum { LEDGER_COMMITS_MAX = 4 };

struct ledger_commit {
    int64_t stamp;
    uint64_t epoch; /* of who committed it; 0: nobody leads this dataset */
    sim_ns at_ns;
};

struct ledger_operation { /* by number */
    struct version version;
    sim_ns begun_ns;
    struct ledger_commit commits[LEDGER_COMMITS_MAX]; /* tries may be done again by later leaders */
    uint32_t key, commit_count;
    uint8_t type, ended, outcome;
    bool effect; /* it was committed, applied or read */
};

struct ledger_begin { /* of a leadership */
    sim_ns at_ns;
    uint64_t epoch;
    uint32_t node;
    struct version *held; /* by key */
};

struct ledger {
    char wrong[400]; /* the first broken rule; empty: none */
    const struct record_layout *layout;
    bool claims_no_loss, claims_one_leader;
    uint32_t key_count;
    struct ledger_operation *operations;
    size_t operation_count, operation_capacity;
    struct version *held; /* node x key */
    struct ledger_begin begins[LEDGER_BEGINS_MAX];
    uint32_t begin_count;
    uint64_t leads[LEDGER_NODES_MAX];      /* epoch in which the node accepts; 0: it does not */
    uint64_t last_epoch[LEDGER_NODES_MAX]; /* in which it did */
    bool down[LEDGER_NODES_MAX];
    uint32_t paused[LEDGER_NODES_MAX];
    uint32_t *pauses; /* by fault of the layout: bits of the nodes that it pauses */
    sim_ns last_ns, overlap_ns;
    sim_ns served_from_ns; /* operations from here on must be ok */
    uint64_t served, refused;
    uint64_t ok, writes_ok, lost, late_commits;
};

/* `pauses`: by fault of the layout. */
void ledger_init(struct ledger *ledger, const struct lab *lab, uint32_t *pauses);
void ledger_row(void *ledger, const struct record *row);
void ledger_finish(struct ledger *ledger, sim_ns end_ns);
void ledger_release(struct ledger *ledger);

/* After the run: nodes that accept writes; keys that copies disagree about; copies that are down.
 */
uint32_t ledger_leaders(const struct ledger *ledger);
uint32_t ledger_divergent(const struct ledger *ledger);
uint32_t ledger_down(const struct ledger *ledger);

/* Notes a broken rule unless there is one already. */
__attribute__((format(printf, 2, 3))) void ledger_wrong(struct ledger *ledger, const char *format,
                                                        ...);

#endif
