/*
 * collect_state.h - the collector's insides; only analysis/collect*.c include it.
 *
 * Model: three kinds of state. (1) Of each key: the newest acknowledged version, and a short list
 *        of recent versions with their commit and acknowledgement (collect_keys). (2) Of each key
 *        that is not settled and each replica: the version held, and how many committed versions it
 *        misses (collect_settled, collect_lag). (3) Of each operation in flight: what was true when
 *        it began (collect_operations). Everything else is counters.
 * Cost:  the begin of a read touches one cache line of its key, its end none; an apply touches that
 *        line, the newest entry and the replica's 24 bytes.
 */
#ifndef ANALYSIS_COLLECT_STATE_H
#define ANALYSIS_COLLECT_STATE_H

#include "analysis/collect.h"
#include "analysis/collect_late.h"
#include "analysis/curve.h"
#include "sim/check.h"
#include "sim/fetch.h"

/*
 * Versions of a key in their order: (stamp, write). The stamp is kept with its sign bit turned, so
 * that it orders as an unsigned number and zeroed memory is the value before any write, the least.
 */
struct version {
    uint64_t stamp;
    uint64_t write;
};

static inline struct version version_initial(void)
{
    return (struct version){0, 0};
}

static inline struct version version_of(const struct record *record)
{
    /* Without a branch: whether a read finds the initial value is hard to foresee. */
    const uint64_t written = record->write == 0 ? 0 : UINT64_MAX;

    return (struct version){((uint64_t)record->stamp ^ UINT64_C(1) << 63) & written, record->write};
}

static inline bool version_equal(struct version left, struct version right)
{
    return left.stamp == right.stamp && left.write == right.write;
}

static inline bool version_less(struct version left, struct version right)
{
    /* Without a branch: which one is newer is hard to foresee. */
    return ((left.stamp < right.stamp) |
            ((left.stamp == right.stamp) & (left.write < right.write))) != 0;
}

/*
 * One version of a key, or several neighbouring ones that were merged to save memory.
 * Acknowledgements come in order of time, so the sums and extremes over the entries before and
 * after this one are kept up by touching only the newest entries, and a stale read is judged
 * without a walk.
 */
struct commit_entry {
    struct version version; /* the newest of them */
    sim_ns commit_ns;       /* the earliest commit, also of lost ones; SIM_NS_MAX: none */
    sim_ns ack_ns;          /* the earliest acknowledgement; SIM_NS_MAX: none */
    sim_ns ack_last_ns;     /* the latest one of this and all older entries; -1: none */
    sim_ns ack_first_ns;    /* the earliest one of this and all newer entries; SIM_NS_MAX: none */
    uint32_t commit_count, ack_count; /* committed and not lost; acknowledged */
    uint32_t ack_before;              /* acknowledgements of older versions, modulo 2^32 */
    uint32_t gone_count; /* committed, and lost until a replica holds the version again */
};

_Static_assert(sizeof(struct commit_entry) == 64, "an entry is one cache line");

enum key_flag {
    KEY_FORGOT = 1,    /* versions older than the first entry were dropped */
    KEY_UNORDERED = 2, /* commit times of the entries do not increase with the version */
    KEY_GONE = 4       /* some entry may have a gone_count */
};

struct key_state {                     /* one cache line, to be fetched at once */
    _Alignas(64) struct version acked; /* the newest acknowledged version */
    sim_ns acked_ns;
    sim_ns epoch_ns;  /* the first epoch_count - 1 entries can go when no read is in */
    uint32_t entries; /* flight that began at or before epoch_ns. Index of the first entry */
    uint32_t held;    /* block + 1 of dataset_state.held; 0: settled */
    uint16_t count, capacity, epoch_count;
    uint16_t acked_place; /* of the client that wrote `acked` */
    uint32_t behind;      /* replicas that miss some version of it */
    uint8_t flags;
};

struct held_state { /* of one key at one replica */
    struct version version;
    uint32_t missing;    /* committed versions newer than `version` */
    uint32_t late_place; /* collect_late.h; valid while missing > 0 */
};

struct replica_state {
    struct late_keys late;
    uint64_t missing;                      /* versions, over all keys */
    sim_ns since_ns;                       /* the integrals reach to here */
    double lag_integral, missing_integral; /* ns * ns, versions * ns */
    struct histogram lag, missing_samples, delay;
    sim_ns warning_ns, critical_ns; /* with a lag of more than 30 s, 300 s */
    uint32_t node;
    bool behind; /* of what was committed when the last fault ended */
};

struct dataset_state {
    struct key_state *keys; /* key_count */
    /*
     * Blocks of replica_count, of the keys that are not settled: settled are those of which every
     * replica holds the newest of the entries (without entries: the initial value) and misses none.
     */
    struct held_state *held;
    uint32_t held_used, held_free; /* blocks taken so far; block + 1 of the first free, 0: none */
    struct replica_state *replicas;
    uint32_t *replica_of_node; /* RECORD_NONE: the node stores none of it */
    uint64_t *mode_ns;         /* by mode, over the nodes that reported one */
    uint32_t *mode_of_node;    /* RECORD_NONE until it reports */
    sim_ns *mode_since_ns;
    uint64_t mode_changes;
    uint64_t clock_inversions; /* after the warm-up */
    uint32_t mode_count, replica_count, key_count;
    uint64_t key_first;  /* index of its first key over all datasets */
    uint32_t behind;     /* replicas */
    sim_ns converged_ns; /* -1: not */
};

struct flight {                      /* an operation in flight; a write needs the first line only */
    _Alignas(64) uint64_t operation; /* 0: the slot is free */
    sim_ns invoked_ns, intended_ns;
    struct cell *cell;          /* where it is counted; NULL: not measured */
    struct bucket_count *count; /* of the timeline: of its place, type and time of invocation */
    uint32_t key, session;
    uint32_t next, previous; /* reads of the same read_list: slot + 1, 0 ends the list */
    uint16_t group, dataset;
    uint8_t type, flags;
    struct version expected;  /* newest acknowledged version at the invocation; a probe's target */
    struct version own, seen; /* of the session, at the invocation */
    sim_ns expected_ns;       /* acknowledgement of `expected` */
    uint32_t pair;            /* place of the session and key in the table */
    uint32_t pair_cell;       /* where a read is counted by writer and reader */
};
_Static_assert(sizeof(struct flight) == 128, "a flight is two cache lines");

/*
 * Reads in flight of the keys that share this place, in order of invocation: slot + 1, 0: none.
 * They are not with the keys, so that the end of a read need not touch its key.
 */
struct read_list {
    uint32_t head, tail;
};

struct session_pair {    /* what a session did to a key; the end of a read touches no `own` */
    uint64_t tag;        /* 0: empty */
    struct version seen; /* newest version returned */
    struct version own;  /* newest acknowledged write */
};

struct cell { /* counters of one segment of time, client group and operation type */
    uint64_t offered, outcomes[RECORD_OUTCOME_COUNT], tries;
    uint64_t reads, stale;
    uint64_t own_reads, own_violations, seen_reads, seen_violations;
    struct histogram latency;
};

struct pair_cell { /* of one dataset, writer place and reader place */
    uint64_t reads, stale;
    struct histogram age, versions;   /* stale reads only */
    struct histogram t_all, t_missed; /* by time after the acknowledgement */
};

struct fault_set { /* of those with windows */
    uint64_t bits[(COLLECT_FAULT_WINDOWS_MAX + 63) / 64];
};

struct segment { /* the times in which the same faults are before, during, after */
    struct fault_set begun, active;
    struct cell *cells; /* group * 2 + type */
};

struct bucket_count { /* of one timeline bucket, client place and type; by invocation */
    uint32_t offered, outcomes[RECORD_OUTCOME_COUNT];
    uint32_t reads, stale; /* ok ones; of type RECORD_READ */
};

enum {
    SMALL_BITS = 5, /* of the per-bucket latency histograms: bins of at most 3.2 % */
    SMALL_BINS = (64 - SMALL_BITS) << SMALL_BITS,
    PROBE_TIMES_MAX = 4096,
    SESSION_TABLE = 1 << 18,
    ENTRIES_SHORT = 2,    /* of a key's list at its own place */
    ENTRIES_MAX = 1 << 14 /* of one key; a block */
};

struct small_histogram {
    uint32_t count, low, high; /* bins in use */
    uint32_t bins[SMALL_BINS];
};

struct timeline {
    sim_ns next_ns; /* end of the present bucket */
    uint32_t bucket, bucket_count;
    struct bucket_count *counts;             /* (bucket * client places + place) * 2 + type */
    struct small_histogram *latency;         /* place * 2 + type */
    double *latency_p50_ms, *latency_p99_ms; /* (place * 2 + type) * buckets + bucket */
    double *lag_ms, *lag_versions;           /* replica * buckets + bucket */
};

struct probe_time {
    sim_ns after_ns;
    uint64_t reads, fresh;
};

struct collect_state {
    const struct record_layout *layout;
    struct arena arena;
    struct arena series_arena; /* of the series' values: becomes the metric set's arena */
    sim_ns now_ns;
    struct torn_state *torn; /* collect_torn.h; NULL without transactions */
    uint32_t extra;          /* bit per kind: rows that values_row() wants now */

    struct dataset_state *datasets;
    /*
     * Entries: two of each key in the first blocks; longer lists are chunks of a power of two in
     * the blocks behind them, the pool, so that growing moves nothing and memory has no peaks.
     */
    void *blocks; /* struct commit_entry *, growing: of ENTRIES_MAX each */
    size_t block_capacity;
    struct commit_entry *entries;      /* the first_blocks, in one piece */
    size_t short_blocks, first_blocks; /* the pool begins behind the short_blocks */
    size_t pool_count, pool_budget;    /* entries of the pool */
    uint32_t pool_free[32];            /* by log2 of the chunk; index + 1, 0: none */

    struct flight *flights; /* by slot */
    size_t flight_capacity;
    struct read_list *reads; /* flight_capacity of them, by number of the key modulo that */

    struct session_pair *pairs;
    uint64_t pair_mask; /* 0: the table is dense, session * keys + key */
    uint64_t key_count; /* of all datasets */
    uint64_t pairs_evicted;

    struct segment *segments;
    size_t segment_count, segment_capacity;
    struct cell *cells; /* of the present one */
    uint32_t window_count;
    struct fault_set begun, active;
    bool segment_changed;

    struct pair_cell *
        *pair_cells;         /* (dataset * (client places + 1) + writer) * client places + reader */
    uint32_t *group_place;   /* by client group: the dense index of its place */
    uint32_t *client_place;  /* by place: dense index, RECORD_NONE when no client lives there */
    uint32_t *client_places; /* the places that have clients */
    uint32_t client_place_count;

    struct timeline timeline;
    struct record_traffic *traffic; /* from * places + to */

    bool *node_down;
    bool crash_pending;
    uint32_t crash_fault; /* the fault that began last */
    sim_ns crash_ns;
    sim_ns fault_end_ns; /* of the last one; -1: none */

    struct failure_state *failure;    /* collect_failure.h */
    struct conflict_state *conflicts; /* collect_conflicts.h */
    struct values_state *values;      /* collect_values.h; NULL: no dataset merges */
    struct example_state *example;    /* collect_example.h */

    struct probe_time *probes;
    size_t probe_count;
    uint64_t *probe_reads, *probe_fresh; /* by client place */
    uint64_t probes_unjudged, approximate_reads;
};

static inline struct commit_entry *entry_at(const struct collect_state *state, uint32_t index)
{
    return ((struct commit_entry **)state->blocks)[index / ENTRIES_MAX] + index % ENTRIES_MAX;
}

/* The reads in flight of the key, and of others. */
static inline struct read_list *reads_of(const struct collect_state *state, uint32_t dataset,
                                         uint32_t key)
{
    /* The capacity is a power of two. */
    return &state->reads[(state->datasets[dataset].key_first + key) & (state->flight_capacity - 1)];
}

/* The timeline bucket in which an operation was invoked. */
static inline uint32_t flight_bucket(const struct collect_state *state, const struct flight *flight)
{
    const size_t index = (size_t)(flight->count - state->timeline.counts);

    return (uint32_t)(index / (state->client_place_count * 2u));
}

/* collect_keys: the recent versions of a key, in increasing order. */
static inline struct commit_entry *key_entries(const struct collect_state *state,
                                               const struct key_state *key)
{
    return entry_at(state, key->entries);
}

/* The version of entry `at` is acknowledged now. */
void key_acknowledge(struct collect_state *state, struct key_state *key, uint32_t at);
void key_init(struct collect_state *state);
void key_release(struct collect_state *state);
/* Index of the first entry newer than `version`. */
uint32_t key_newer(const struct collect_state *state, const struct key_state *key,
                   struct version version);
/* Index of that version's entry, made when needed; RECORD_NONE when it is older than all memory. */
uint32_t key_insert(struct collect_state *state, struct dataset_state *dataset, uint32_t key,
                    struct version version);

/* What the replica holds of the key. */
static inline struct version held_version(const struct collect_state *state,
                                          const struct dataset_state *dataset, uint32_t index,
                                          uint32_t replica)
{
    const struct key_state *key = &dataset->keys[index];

    if (key->held != 0) {
        return dataset->held[(size_t)(key->held - 1) * dataset->replica_count + replica].version;
    }
    return key->count == 0 ? version_initial() : key_entries(state, key)[key->count - 1].version;
}

/* collect_settled: gives the key a block before what its replicas hold can differ. */
void key_unsettle(const struct collect_state *state, struct dataset_state *dataset,
                  struct key_state *key);
/* Takes the block back if the key is settled. */
void key_settle(const struct collect_state *state, struct dataset_state *dataset,
                struct key_state *key);

/* collect_lag */
void lag_committed(struct collect_state *state, const struct record *record);
void lag_applied(struct collect_state *state, const struct record *record);
void lag_discarded(struct collect_state *state, const struct record *record);
void lag_disk_lost(struct collect_state *state, uint32_t node);
void lag_integrate(const struct collect_state *state, struct replica_state *replica, sim_ns now_ns);
/* Lag in time of the replica at `now_ns`. */
sim_ns lag_ns(const struct replica_state *replica, sim_ns now_ns);

/* Fetches what a commit or an apply of the key will touch. Keys out of range are ignored. */
void lag_prefetch(const struct collect_state *state, uint32_t dataset, uint32_t key);

/* collect_convergence */
/* Restarts the watch: after the end of a fault, or when a node or what is lost changed. */
void lag_watch(struct collect_state *state);
/* A replica that was behind has applied something. */
void lag_caught_up(struct collect_state *state, struct dataset_state *dataset,
                   struct replica_state *replica);

/* collect_operations */
void operation_invoked(struct collect_state *state, const struct record *record);
void operation_completed(struct collect_state *state, const struct record *record);
/* Fetches what the begin of an operation will touch. */
void operation_prefetch_begin(const struct collect_state *state, uint32_t dataset, uint32_t key,
                              uint32_t session);
/* Fetches what the end of the operation in the slot will touch; the slot must be in the table. */
void operation_prefetch(const struct collect_state *state, uint32_t slot);

/* collect_sessions: names a pair of session and key, and the only place where it may be. */
struct session_place {
    uint64_t tag;
    uint32_t index;
};
struct session_place session_place(const struct collect_state *state, uint32_t session,
                                   uint64_t key);
/* NULL when it is not there now. */
const struct session_pair *session_find(const struct collect_state *state,
                                        struct session_place place);
/* The session was returned the version, or it was acknowledged as its own: not the initial one. */
void session_saw(struct collect_state *state, struct session_place place, struct version version);
void session_wrote(struct collect_state *state, struct session_place place, struct version version);
void session_init(struct collect_state *state);
/* Fetches what the begin of a read, and its end, will touch. */
void session_prefetch(const struct collect_state *state, uint32_t index);
void session_prefetch_end(const struct collect_state *state, uint32_t index);

/* collect_timeline */
void timeline_init(struct collect_state *state);
void timeline_advance(struct collect_state *state, sim_ns now_ns);
void timeline_finish(struct collect_state *state, sim_ns end_ns);
void timeline_latency(struct collect_state *state, uint32_t place_type, sim_ns latency_ns);

/* collect_loss */
struct loss {
    uint64_t writes;
    sim_ns earliest_ns; /* acknowledgement; SIM_NS_MAX when there is none */
};
/* Acknowledged writes that no replica holds: of those that are up, or of all. */
struct loss loss_count(const struct collect_state *state, uint32_t dataset, bool only_up);
uint64_t loss_divergent_keys(const struct collect_state *state, uint32_t dataset);

/* collect.c */
void fault_changed(struct collect_state *state, const struct record *record);
/* Makes state->cells those of the present segment. */
void segment_now(struct collect_state *state);

/* The metric set: collect_metrics, _reads, _replicas, _traffic, _curves. */
struct set_builder {
    struct metric_set *set;
    void *metrics, *curves, *series; /* growing */
    size_t metric_capacity, curve_capacity, series_capacity;
};

struct label_list { /* labels of one row, and how to add to them */
    struct metric_label labels[METRIC_LABELS_MAX];
    uint32_t count;
};

static inline void label_add(struct label_list *list, const char *key, const char *value)
{
    CHECK(list->count < METRIC_LABELS_MAX);
    list->labels[list->count++] = (struct metric_label){key, value};
}

/* Each returns a new zeroed row with these labels; it is valid until the next one is added. */
struct metric *builder_metric(struct set_builder *builder, const char *name,
                              const struct label_list *labels);
struct metric_series *builder_series(struct set_builder *builder, const char *name,
                                     const struct label_list *labels);
struct metric_curve *builder_curve(struct set_builder *builder, const char *name,
                                   const struct label_list *labels);
void builder_finish(struct set_builder *builder);

/* A count for all datasets together, and for each. */
void build_counts(const struct collect_state *state, struct set_builder *builder, const char *name,
                  const uint64_t *counts);

/* In the order of the catalogue. */
void build_operations(struct collect_state *state, struct set_builder *builder);
void build_reads(struct collect_state *state, struct set_builder *builder);
void build_replicas(struct collect_state *state, struct set_builder *builder, sim_ns end_ns);
void build_traffic(struct collect_state *state, struct set_builder *builder);
void build_series(struct collect_state *state, struct set_builder *builder);
void build_probe_curve(struct collect_state *state, struct set_builder *builder);
/* The curve of P(fresh) over t, from all reads and those that missed. */
void build_visibility_curve(struct set_builder *builder, const struct label_list *labels,
                            const struct curve_counts *counts);
const char *client_place_name(const struct collect_state *state, uint32_t client_place);
extern const char *const collect_phases[3]; /* "before", "during", "after" */
extern const char *const collect_types[RECORD_OPERATION_TYPE_COUNT];
void cell_add(struct cell *total, const struct cell *cell);

/*
 * The cells (group * 2 + type) of the time before (0), during (1) or after (2) the fault, new in
 * the arena.
 */
struct cell *window_cells(const struct collect_state *state, uint32_t fault, uint32_t phase,
                          struct arena *arena);

#endif
