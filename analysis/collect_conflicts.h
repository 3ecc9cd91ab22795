/*
 * collect_conflicts.h - which writes of a key met each other; only analysis/collect*.c include it.
 *
 * Model:  a write is accepted by the first replica that is given it. Its past is what that replica
 *         had been given until then (held, or superseded on arrival), and the pasts of those. Two
 *         writes of a key of which neither is in the other's past are concurrent. A write is lost
 *         when another one with a later version was accepted without having it in its past
 *         (cause: concurrent), or when it has itself one with a later version in its past, which
 *         the clocks then put first (cause: clock).
 * Bounds: of each key the writes are kept that some replica has not been given yet, or that are
 *         still in flight: at most 64, then the oldest is forgotten (conflicts_approximate).
 *         Operations numbered more than 2^21 before the newest one are taken for known.
 * Only datasets without a leader, of at most 64 replicas, are watched.
 * Cost:   O(writes of the key that are on their way) for each row about it.
 */
#ifndef ANALYSIS_COLLECT_CONFLICTS_H
#define ANALYSIS_COLLECT_CONFLICTS_H

#include "analysis/collect_state.h"

enum conflict_cause {
    CONFLICT_CONCURRENT,
    CONFLICT_CLOCK,
    CONFLICT_CAUSES,
    CONFLICT_NOT_LOST = CONFLICT_CAUSES
};
enum { CONFLICT_CLASSES = 3 }; /* of lists by their size */

/* How long a key's last write took to be everywhere; counted once its next write comes. */
struct key_wait {
    sim_ns written_ns; /* -1: none */
    sim_ns waited_ns;  /* until all live replicas were equal; -1: they are not */
};

struct watched_key {
    struct key_wait wait;
    struct version settled; /* the newest of the writes that are not kept any more */
    uint32_t list;          /* index + 1 of its first entry in the pool of its class; 0: none */
    uint8_t class, used;    /* entries */
    bool differs;           /* live replicas hold different versions of it */
};

struct watched_dataset {
    struct watched_key *keys; /* NULL: it is not watched, or its values merge */
    uint64_t all;             /* replicas */
    uint64_t writes, conflicts, lost[CONFLICT_CAUSES];
    uint64_t differing, differing_sum, samples;
    struct histogram convergence;
    double *series;                         /* of differing keys; NULL: it is not watched */
    double *conflict_series, *lost_series;  /* found in each bucket, a second */
    uint64_t conflicts_before, lost_before; /* the bucket */
    uint64_t clock_exact;                   /* writes accepted by a machine whose clock was right */
    struct histogram clock_error;           /* of the others' clocks */
};

struct conflict_state {
    struct watched_dataset *datasets;
    void *pools[CONFLICT_CLASSES]; /* of entries */
    size_t counts[CONFLICT_CLASSES], capacities[CONFLICT_CLASSES];
    uint32_t free[CONFLICT_CLASSES]; /* index + 1 of a list that is free; the next in its
                                        version.write */
    uint64_t *known;     /* by operation modulo KNOWN_BITS: its write has been accepted */
    uint64_t known_last; /* the largest operation */
    uint64_t approximate;
};

/* A write of the key is accepted; live replicas become equal, or differ; the run ends. */
void wait_accepted(const struct collect_state *state, struct watched_dataset *dataset,
                   struct key_wait *wait, bool differs);
void wait_changed(const struct collect_state *state, struct key_wait *wait, bool differs);
void wait_ended(const struct collect_state *state, struct watched_dataset *dataset,
                struct key_wait *wait);

/* A value for each bucket, none of them known. */
double *collect_series_new(struct collect_state *state);

void conflicts_init(struct collect_state *state);
/* How wrong the accepting machine's clock was; only where no leader orders writes. */
void conflicts_committed(struct collect_state *state, const struct record *record);
void conflicts_finish(struct collect_state *state); /* the run ends */
void conflicts_release(struct collect_state *state);

/* A replica is given a version: RECORD_APPLIED (before the collector notes that it holds it), and
 * RECORD_SUPERSEDED. */
void conflicts_given(struct collect_state *state, const struct record *record);
/* What a replica holds of the key has changed. */
void conflicts_held(const struct collect_state *state, uint32_t dataset, uint32_t key);
/* The client's write ended. */
void conflicts_completed(struct collect_state *state, uint32_t dataset, uint32_t key,
                         uint64_t operation, bool ok);
/* A node went down or came up; with its disk lost, after the collector has emptied it. */
void conflicts_node(struct collect_state *state, uint32_t node, bool disk_lost);
void conflicts_sample(struct collect_state *state, sim_ns now_ns); /* a bucket ends */

void build_conflicts(struct collect_state *state, struct set_builder *builder);
void build_conflict_series(const struct collect_state *state, struct set_builder *builder);

#endif
