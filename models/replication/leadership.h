/*
 * leadership.h - what a process on the same machine may ask of a strategy that has a leader.
 *
 * Model:   one replica leads a dataset: it orders and accepts the writes. Epochs (terms) number the
 *          leaders, from 1; whoever hears of a higher epoch follows it. A strategy knows how to
 *          lead, to follow and to hand over, never when: that is the failover policy's, whose
 *          processes run beside the replicas (models/failover) and call these functions locally.
 *          Nothing here travels: what two machines tell each other are messages of the strategy
 *          (the log and its epochs) or of the policy.
 * Order:   promote() of an epoch not higher than the known one does nothing. All calls may come at
 *          any time while the machine is up; after a restart a replica does not lead until it is
 *          promoted (with a higher epoch), unless the dataset has no failover policy.
 * Facts:   the strategy emits RECORD_LEADER at every begin and end of accepting, RECORD_STEP
 *          ACCEPTING after a promotion, and RECORD_DISCARDED for entries it throws away.
 * Source:  Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm, USENIX ATC
 *          2014, section 5 (terms); PostgreSQL 16 documentation, 27.2-27.3 (promotion, timelines)
 *          and pg_rewind; MySQL 8.0 manual 19.4.10 (what a crashed source held is discarded).
 */
#ifndef MODELS_REPLICATION_LEADERSHIP_H
#define MODELS_REPLICATION_LEADERSHIP_H

#include "sim/sim_time.h"

#include <stdbool.h>
#include <stdint.h>

struct replica;

enum leadership_role {
    LEADERSHIP_FOLLOWER,
    LEADERSHIP_LEADER,    /* accepts writes */
    LEADERSHIP_REPLAYING, /* promoted, not accepting yet */
    LEADERSHIP_FROZEN     /* leads, but accepts no writes now (hand-over, or its guard) */
};

struct leadership_status {
    uint8_t role;        /* enum leadership_role */
    uint64_t epoch;      /* the highest that it knows */
    uint64_t last_epoch; /* of the last entry of its durable log; 0: an empty log */
    uint64_t
        position;     /* last entry of its durable log: candidates compare (last_epoch, position) */
    uint64_t applied; /* of these, what is replayed */
    sim_ns behind_ns; /* a follower: age, by its own clock, of the last word of its leader
                         (entry or heartbeat) as far as it knows; 0 for a leader */
    uint32_t leader;  /* member that it follows or is; UINT32_MAX: none known */
};

struct leadership_ops {
    struct leadership_status (*status)(struct replica *self);
    /*
     * Leads in `epoch`: replays what its log holds and it has not applied, then accepts writes. The
     * others hear of it from it. Called again with the same epoch: nothing.
     */
    void (*promote)(struct replica *self, uint64_t epoch);
    /* Leads no more (fenced, lease lost). What waits for acknowledgements is answered as unknown
     * (info). `epoch` is the one that is ended; an older one does nothing. */
    void (*demote)(struct replica *self, uint64_t epoch);
    /* A leader refuses new writes (true) or takes them again: the begin of a planned hand-over. */
    void (*freeze)(struct replica *self, bool frozen);
};

#endif
