/*
 * collect_values.h - values that merge: what replicas hold of them, and which writes met; only
 * analysis/collect*.c include it.
 *
 * Model:  (1) Requests: what each client's operation does, by its number. (2) Held: what each
 *         replica holds of each key, from VALUE rows; two replicas are equal when their digests
 *         are. (3) Meetings: of each key the writes that are on their way, and who has been given
 *         which (as collect_conflicts.h says it for plain registers); what is lost is told by
 *         DISPLACED rows. (4) Of each key: since when it is split, equal, deleted, and the true
 *         sum of what was committed.
 * Bounds: requests of the last 2^18 operations; 56 bytes for each key and replica, about 200 for
 *         each key, and 64 for each of its writes on their way (at most 64 of them).
 * Only datasets that merge, without a leader, of at most 64 replicas. Without any nothing of this
 * exists, and a row costs one test of a bit.
 * Cost:   a VALUE row: O(replicas); a write that is given: O(writes of the key on their way).
 */
#ifndef ANALYSIS_COLLECT_VALUES_H
#define ANALYSIS_COLLECT_VALUES_H

#include "analysis/collect_conflicts.h"
#include "analysis/collect_state.h"

enum request_flag {
    REQUEST_ACCEPTED = 1,
    REQUEST_COMMITTED = 2,
    REQUEST_REJECTED = 4,
    REQUEST_ANSWERED = 8, /* a read */
    REQUEST_MEASURED = 16,
    REQUEST_WHOLE = 32, /* it deletes the key with all elements */
    REQUEST_TAKES = 64, /* it deletes the key or removes an element */
    REQUEST_CONFIRMED = 128
};

struct request { /* a client's operation on a dataset that merges */
    uint64_t operation;
    int64_t amount;     /* by how much it changes a number */
    sim_ns accepted_ns; /* a write, the first time: then, and where */
    uint32_t node, element;
    uint16_t dataset;
    uint8_t flags;
};

enum { REQUESTS = 1 << 18, MEETINGS_MAX = 64, MEETING_CLASSES = 3, SIBLINGS_COUNTED = 64 };

struct held_value { /* what a replica holds of a key */
    struct version version;
    uint64_t digest;
    int64_t number;
    uint32_t siblings, elements, payload, metadata;
};

enum meeting_flag {
    MEETING_USED = 1,
    MEETING_ACKED = 2,
    MEETING_ENDED = 4,
    MEETING_CONFLICT = 8,
    MEETING_MEASURED = 16,
    MEETING_REPEATED = 32,
    MEETING_WHOLE = 64
};

struct meeting { /* a write on its way; its place in the key's list never changes */
    struct version version;
    uint64_t seen;            /* replicas that have been given it, or one that has it in its past */
    uint64_t implied;         /* of these, those that were given only the latter */
    uint64_t past;            /* places of the list that are in its past */
    sim_ns at_ns, implied_ns; /* accepted; last change of `implied` */
    uint32_t element;
    uint8_t flags, lost, origin; /* the replica that accepted it */
};

struct value_key {
    uint32_t list;       /* index + 1 of its first meeting in the pool of its class; 0: none */
    uint8_t class, used; /* meetings */
    uint32_t split;      /* replicas that hold several values side by side */
    sim_ns split_ns;     /* since then */
    struct key_wait wait;
    struct version deleting, deleted; /* by a write that may be, or that is, acknowledged */
    uint64_t saw;                     /* replicas that have shown `deleted` */
    int64_t sum, open_up, open_down;  /* committed; accepted and not committed */
    uint32_t siblings_max;
    bool differs, came_back;
};

struct value_sums { /* over keys and replicas that hold something */
    uint64_t values, siblings, payload, metadata;
};

struct valued_dataset {
    struct value_key *keys;  /* NULL: it is not watched */
    struct held_value *held; /* key * replica_count + replica */
    uint64_t all;            /* replicas */
    uint32_t replica_count;
    const struct record_dataset *source;
    struct watched_dataset *counts; /* conflicts, lost updates, divergence */
    struct value_sums now, sampled;
    uint64_t by_siblings[SIBLINGS_COUNTED + 1]; /* keys and replicas; the last: that many or more */
    uint64_t rejected, inversions, resurrected, resurrections, split;
    uint64_t violations, violations_seen, oversold;
    struct histogram siblings_read, resolution, undercount, overcount, confirmation;
    double *siblings_mean, *siblings_max, *split_series;
};

struct meeting_pool { /* of lists of one size */
    void *items;      /* struct meeting, growing */
    size_t count, capacity;
    uint32_t free; /* index + 1 of a list that is free; the next in its version.write */
};

/* What the next VALUE row of this key, replica and instant decides. */
struct value_pending {
    sim_ns at_ns;
    uint32_t dataset, key, node;
    uint32_t inversions; /* late writes, if they still change what is held */
    bool fresh;          /* another one that is new there came with them */
    uint64_t accepted;   /* a write that was not the newest when it was accepted; 0: none */
};

struct values_state {
    struct request *requests; /* by operation modulo REQUESTS */
    struct valued_dataset *datasets;
    struct meeting_pool pools[MEETING_CLASSES];
    bool *emptied; /* by node: it is down and its disk is lost */
    struct value_pending pending;
};

/* The layout has datasets that merge: makes state->values and the mask of its rows. */
void values_init(struct collect_state *state);
void values_release(struct collect_state *state);
/* After the row's usual handling. */
void values_row(struct collect_state *state, const struct record *record);
void values_sample(struct collect_state *state, sim_ns now_ns); /* a bucket ends */
struct request *values_request(const struct collect_state *state, uint64_t operation); /* or NULL */

/* collect_held */
/* A write is accepted at the row's replica, for the first time. */
void held_accepted(struct collect_state *state, const struct record *record,
                   struct request *request);
void held_acknowledged(struct collect_state *state, uint32_t dataset, uint32_t key, uint64_t write);
void held_row(struct collect_state *state, const struct record *record, uint32_t replica);
/* The replica's machine went down, with its disk when `emptied`, or came up. */
void held_node(struct collect_state *state, uint32_t dataset, uint32_t replica, bool emptied);
void values_finish(struct collect_state *state); /* the run ends */

/* collect_meetings */
void meetings_given(struct collect_state *state, const struct record *record, uint32_t replica);
void meetings_displaced(struct collect_state *state, const struct record *record);
void meetings_completed(struct collect_state *state, uint32_t dataset, uint32_t key,
                        uint64_t operation, bool ok);
void meetings_reverted(struct values_state *values, struct value_key *key, uint32_t replica,
                       struct version version);
/* The replica that was last given something of the key has told all of it. */
void meetings_settle(struct collect_state *state, uint32_t dataset, uint32_t key);
/* The write is lost to the clock: its own replica could never show it. */
void meetings_hidden(struct collect_state *state, uint32_t dataset, uint32_t key, uint64_t write);

/* collect_numbers */
void numbers_accepted(struct value_key *key, const struct request *request);
void numbers_committed(struct collect_state *state, const struct record *record);
/* A replica's number becomes another one. */
void numbers_held(const struct collect_state *state, struct valued_dataset *dataset, int64_t before,
                  int64_t after);
void numbers_returned(struct valued_dataset *dataset, const struct record *record);
struct number_error { /* over replicas that are up */
    int64_t most;     /* the largest, without its sign */
    int64_t sum;
    uint32_t count;
};
struct number_error numbers_error(const struct collect_state *state, uint32_t dataset,
                                  uint32_t key);

/* collect_value_rows */
void build_values(struct collect_state *state, struct set_builder *builder);
void build_value_series(const struct collect_state *state, struct set_builder *builder);

#endif
