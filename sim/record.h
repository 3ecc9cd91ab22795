/*
 * record.h - facts: the only thing that passes from the models to the analysis.
 *
 * Model:    a run is a stream of plain integer rows in the order in which things happened (at_ns
 *           never decreases). A row says what the simulated world did; it never judges. The
 *           analysis can be fed from a hand-written stream, and a model runs without any analysis.
 * Units:    at_ns and every *_ns in simulated nanoseconds of true time; sizes in bytes.
 * Identity: an operation has a number `operation` (1, 2, ... over the run, never reused) and, while
 *           it is in flight, a dense `slot` that is reused after its completion, so that a sink can
 *           keep a table. A write's value is identified by the number of the operation that wrote
 *           it; the value that a key holds before any write is 0.
 * Versions: of one key of one dataset are ordered by (stamp, write). The stamp is what the strategy
 *           orders by: a log position, or the timestamp of last-writer-wins.
 * Layout:   the names behind the numbers are in struct record_layout, fixed before the first row.
 * Cost:     one call a row, and none for kinds that no sink wants (record_mask).
 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_kind {
    /*
     * A client begins an operation. `a` = intended start (equals at_ns for an open loop, the
     * end of the think time for a closed one; latency counts from it). For a read, `other_slot` 0.
     * PROBE flag: a read that a probe issued `b` ns after the acknowledgement of write `write`.
     * A write of a dataset whose values merge: `outcome` = what it does (index into
     * record_dataset.actions), `peer` = the element, `b` = by how much it changes the number.
     * A write of plain registers: `b` = keys from `key` on that it writes at once; 0: one.
     */
    RECORD_INVOKED = 1,
    /*
     * The client's operation ended: `outcome`; a read that is ok carries the version that it
     * returned (stamp, write; write 0 = the initial value); a write that is ok its version.
     * `node` = the replica that answered, RECORD_NONE when none did. `a` = tries made (1 = first).
     */
    RECORD_COMPLETED,
    /*
     * The strategy decided that a write is accepted: the moment at which the accepting
     * node answers. `node`, `key`, `operation`, stamp, write. A write may be committed and
     * never completed (the answer is lost, or the client has given up). Values that merge:
     * `outcome`, `peer` and `b` as in INVOKED. Without a leader `a` = how far the node's clock is
     * ahead of true time.
     */
    RECORD_COMMITTED,
    /*
     * A replica now holds this version of the key. Versions that are older than what the
     * replica holds are not applied and not reported, so per (node, key) versions increase, except
     * with flag REVERTED: a crash took the node back to this older version (write 0 = initial
     * value).
     */
    RECORD_APPLIED,
    RECORD_SENT, /* message: node -> peer (RECORD_NONE: a client), from place to place, bytes */
    RECORD_DELIVERED,   /* the same, when the receiver gets it; `a` = at which time it was sent */
    RECORD_DROPPED,     /* the same, lost for good: no retransmission brings it; `a` = as above */
    RECORD_FAULT_BEGIN, /* `slot` = index into the layout; a fault may begin several times */
    RECORD_FAULT_END,
    RECORD_NODE_DOWN, /* `node`; flag DISK_LOST: what it held is gone */
    RECORD_NODE_UP,
    RECORD_MODE, /* a strategy changed its mode at `node`: `a` = index into the dataset's mode names
                  */
    /*
     * `node` begins (`a` = 1) or ends (`a` = 0) to accept writes of the dataset as its leader, in
     * epoch `b`. A machine that loses power ends at once. Two leaders at a time may overlap: the
     * older epoch's is then not fenced. Datasets without a leader have none of these rows.
     */
    RECORD_LEADER,
    /*
     * `node` has thrown away a log entry, because the leader that it follows now never had it: the
     * write `write` with its stamp, of `key`. It may have been acknowledged.
     */
    RECORD_DISCARDED,
    /* A failover reached step `a` (enum record_step) for the dataset; `node` = the machine that is
     * (to be) the leader, RECORD_NONE when none is known; `b` = the epoch, 0 when not yet given;
     * from_place = where the process is that took the step. */
    RECORD_STEP,
    /*
     * The checker at from_place changed its mind about what it probes at to_place: `a` = 1 healthy,
     * 0 not. With node != RECORD_NONE about that machine and not the region's entry. With flag
     * AGREED: the verdict over all checkers, at the process at from_place that goes by it.
     */
    RECORD_HEALTH,
    /*
     * From now on the requests of the session go from from_place (its own) to the region to_place;
     * `peer` = the region where they went before (RECORD_NONE: nowhere yet). Only with routing.
     */
    RECORD_ROUTED,
    /* The session has a connection to the region to_place; `a` = when it began to connect. */
    RECORD_CONNECTED,
    /* The region from_place's cache answered (flag CACHED) or missed a read: `key`, dataset. */
    RECORD_CACHE,
    /*
     * A replica was given a version (a client's write, or one that another replica passes on) that
     * is older than what it holds, and keeps what it has: `node`, `key`, stamp, write.
     */
    RECORD_SUPERSEDED,
    /*
     * Only datasets whose values merge (record_dataset.merges), where APPLIED and SUPERSEDED mean
     * that the replica has been given the write, and has it in its state or in its past.
     */
    /*
     * What the replica holds of the key from now on: stamp and write of the newest version in it,
     * `a` = its number (a counter's value, how many elements), `b` = a digest, equal for equal
     * states, 0 for what was there before any write, `slot` = values side by side, `peer` =
     * elements that are there (0: nothing, or deleted), `bytes` = of what clients wrote, `session`
     * = bytes of metadata. Flag REVERTED: a crash took it back; SWEPT: a grace period is over.
     */
    RECORD_VALUE,
    /*
     * The replica answers the read `operation` (`slot` of it) with the number `a`, `peer` values
     * side by side and `b` elements.
     */
    RECORD_RETURNED,
    /*
     * Two writes met at the replica and one had to give way: `write` with `stamp` is gone, and
     * the write `a` with stamp `b` stays. Whether the winner had seen the loser is for the observer
     * to say.
     */
    RECORD_DISPLACED,
    /* The write `operation` was refused: a condition did not hold; `outcome`, `peer` as INVOKED. */
    RECORD_REJECTED,
    /*
     * Of a strategy with a hub that confirms writes: `node` knows that the hub has judged the write
     * `write` with `stamp` of `key`; until then it is tentative there. At the node that accepted it
     * and at the hub of every write, elsewhere of those that the hub passes on by themselves. May
     * come more than once.
     */
    RECORD_CONFIRMED,
    RECORD_KIND_COUNT
};

/* Steps of a failover, in the order in which they happen; each may be missing. */
enum record_step {
    RECORD_STEP_DETECTED,  /* whoever decides knows that the leader does not answer */
    RECORD_STEP_DECIDED,   /* the new leader is chosen, and may be told */
    RECORD_STEP_PROMOTED,  /* it has been told, knows its epoch and begins to replay its log */
    RECORD_STEP_ACCEPTING, /* it has replayed and accepts writes */
    RECORD_STEP_ANNOUNCED, /* those who ask have been told (DNS changed, gateways know) */
    RECORD_STEP_DONE,      /* the policy regards the failover as finished */
    RECORD_STEP_FAIL_BACK, /* a planned move back to the configured leader begins */
    RECORD_STEP_REFUSED,   /* a failover was wanted and not done: no candidate is good enough */
    RECORD_STEP_COUNT
};

enum record_operation_type { RECORD_READ = 0, RECORD_WRITE = 1, RECORD_OPERATION_TYPE_COUNT };

/*
 * ok: it happened, with that answer. fail: certainly no effect. info: unknown; a write may take
 * effect now, later or never. Every operation completes exactly once, or is in flight when the run
 * ends.
 */
enum record_outcome { RECORD_OK = 0, RECORD_FAIL = 1, RECORD_INFO = 2, RECORD_OUTCOME_COUNT };

enum record_flag {
    RECORD_FLAG_WARMUP = 1,         /* invoked before the end of the warm-up: not measured */
    RECORD_FLAG_PROBE = 2,          /* RECORD_INVOKED, RECORD_COMPLETED: a probe's read */
    RECORD_FLAG_REVERTED = 4,       /* RECORD_APPLIED */
    RECORD_FLAG_DISK_LOST = 8,      /* RECORD_NODE_DOWN */
    RECORD_FLAG_RETRANSMITTED = 16, /* RECORD_SENT: a further copy of the same message */
    RECORD_FLAG_CACHED = 32,        /* RECORD_COMPLETED, RECORD_CACHE: a region's cache answered */
    RECORD_FLAG_AGREED = 64,        /* RECORD_HEALTH */
    RECORD_FLAG_PROXIED = 128, /* RECORD_COMPLETED: another region than the one asked answered */
    RECORD_FLAG_REJECTED = 64, /* RECORD_COMPLETED: it failed because the value forbids it */
    RECORD_FLAG_SWEPT = 2      /* RECORD_VALUE */
};

#define RECORD_NONE UINT32_MAX /* ISO C has no enumerator of that size */

struct record {
    sim_ns at_ns;
    uint8_t kind;    /* enum record_kind */
    uint8_t type;    /* enum record_operation_type */
    uint8_t outcome; /* enum record_outcome */
    uint8_t flags;   /* enum record_flag */
    uint16_t dataset;
    uint16_t group; /* client group */
    uint32_t node;
    uint32_t peer; /* messages: the receiving node, RECORD_NONE = a client */
    uint32_t key;
    uint32_t session; /* within the run: dense over all groups */
    uint32_t slot;    /* operations in flight: dense, reused. Messages: the message kind. Fault: its
                         index */
    uint16_t from_place,
        to_place; /* messages, and from_place of an operation: the client's place */
    uint64_t operation;
    int64_t stamp;
    uint64_t write;
    int64_t a, b;
    uint64_t bytes;
};

/* Messages from one place to another. */
struct record_traffic {
    uint64_t messages, retransmitted, dropped, bytes;
};

/* Where rows go. `mask` has bit k for each kind wanted; rows of other kinds are not even built. */
struct record_sink {
    void *state;
    void (*row)(void *state, const struct record *record);
    uint32_t mask;
    /*
     * A hint for speed: rows about this key follow soon; with a session the begin of an operation
     * of its own, with a slot the end of the operation there (RECORD_NONE: of none). It may fetch
     * memory and must change nothing. NULL: not wanted.
     */
    void (*soon)(void *state, uint16_t dataset, uint32_t key, uint32_t session, uint32_t slot);
    /*
     * For a sink that only counts messages, which are the most frequent rows: a table, by from
     * place x places + to place, in which they are counted from `traffic_from_ns` on instead of
     * SENT and DROPPED rows, at the latest when the run ends. NULL: rows, as the mask says.
     */
    struct record_traffic *traffic;
    sim_ns traffic_from_ns;
};

static inline bool record_wanted(const struct record_sink *sink, enum record_kind kind)
{
    return (sink->mask >> kind & 1u) != 0;
}

static inline void record_emit(const struct record_sink *sink, const struct record *record)
{
    if (record_wanted(sink, (enum record_kind)record->kind)) {
        sink->row(sink->state, record);
    }
}

/* The names behind the numbers, and what of the scenario an observer needs to know. */

struct record_place { /* a region, or a client's own coordinates */
    const char *name;
    const char *provider, *city, *country, *jurisdiction; /* "" when unknown */
    double latitude, longitude;
    bool is_region; /* false: a client's place without nodes */
};

struct record_node {
    const char *name; /* "eu-west-1/n0" */
    uint32_t place;
    uint32_t zone;
};

struct record_group { /* clients */
    const char *name; /* unique; "eu-west-1" or as given */
    uint32_t place;
    uint32_t dataset;
    uint32_t session_first, session_count;
};

struct record_dataset {
    const char *name, *strategy;
    uint32_t key_count;
    uint32_t value_bytes;     /* mean, for lag in bytes */
    const uint32_t *replicas; /* nodes that store it */
    uint32_t replica_count;
    const char *const *modes; /* names for RECORD_MODE; ends with NULL; may be NULL */
    bool leader; /* it has a leader: RECORD_LEADER rows come, one for each leader at the start */
    bool total_order;  /* replicas apply in one log order: they hold a prefix of it at any time */
    bool transactions; /* some writes are of several keys at once: INVOKED.b */
    /* Values that merge; all zero for plain registers. */
    bool merges;
    const char *value;          /* name of the type */
    const char *const *actions; /* of INVOKED.outcome */
    uint8_t meeting;            /* enum record_meeting */
    bool by_element;            /* only writes of the same element meet */
    bool is_number;             /* VALUE.a is the sum of what writes add and take */
    bool has_minimum;           /* it must not fall below `minimum` */
    int64_t minimum;
};

/* What becomes of two writes of a key that have not seen each other. */
enum record_meeting {
    RECORD_ONE_WINS,  /* one stays, the other is silently gone */
    RECORD_ALL_COUNT, /* both have their effect */
    RECORD_KEPT       /* both are kept side by side until somebody resolves them */
};

struct record_fault {
    const char *id, *kind;
    const char *text; /* for people: "partition us-east-1 | eu-west-1" */
    /*
     * What is known beforehand: its first begin (SIM_NS_MAX: it follows another fault) and its last
     * end (SIM_NS_MAX: it lasts to the end of the run, or chance decides). When it was really on is
     * in its rows: FAULT_BEGIN and FAULT_END in turn, as often as it happened, the last FAULT_END
     * missing when the run ended before.
     */
    sim_ns begin_ns, end_ns;
    const uint32_t *places; /* that it touches */
    uint32_t place_count;
};

struct record_pair { /* one directed pair of places: what the network assumes */
    uint32_t from, to;
    sim_ns floor_ns, p50_ns, p99_ns; /* one way */
    double distance_km;
    bool measured;
    const char *source;
};

struct record_layout {
    const char *name, *summary;               /* of the scenario */
    sim_ns duration_ns, warmup_ns, bucket_ns; /* measured from warmup_ns to duration_ns */
    uint64_t seed;
    const struct record_place *places;
    const struct record_node *nodes;
    const struct record_group *groups;
    const struct record_dataset *datasets;
    const struct record_fault *faults;
    const struct record_pair *pairs; /* all pairs of places that can talk to each other */
    uint32_t place_count, node_count, group_count, dataset_count, fault_count, pair_count;
    uint32_t session_count;
    sim_ns operation_max_ns; /* no operation is in flight for longer (deadline); SIM_NS_MAX: no
                                bound */
};

#endif
