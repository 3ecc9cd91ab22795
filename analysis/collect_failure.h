/*
 * collect_failure.h - the collector's insides about failures; only analysis/collect*.c include it.
 *
 * Model: (1) slots: offered and ok of each client place and type in slots of 100 ms, from which the
 *        recovery from each occurrence of a fault is judged at the end (collect_slots,
 *        collect_recovery). (2) leaders: who accepts writes, in which epoch (collect_leaders).
 *        (3) lost: acknowledged writes that a failure took, until it is known what became of
 *        them (collect_lost). (4) routes: where each session's requests go (collect_routes).
 * Cost:  without faults, leaders and routing a row costs a comparison more.
 */
#ifndef ANALYSIS_COLLECT_FAILURE_H
#define ANALYSIS_COLLECT_FAILURE_H

#include "analysis/collect_state.h"

#define RECOVERY_HOLD_NS (30 * SIM_NS_PER_S) /* for which the windows must be good */

enum {
    SLOTS_MAX = 1 << 16,      /* of a class: 109 min of 100 ms, then the slots get longer */
    WINDOWS_MAX = 1 << 12,    /* occurrences of faults that are judged: the first ones */
    EVENTS_MAX = 1 << 16,     /* steps of failovers, overlaps of leaders: the first ones */
    LOST_WRITES_MAX = 1 << 20 /* whose fate is followed at the same time */
};

/* ---- slots ---- */

struct recovery_slot { /* of operations by their intended start */
    uint32_t ended, ok;
};

struct recovery_grid {
    sim_ns slot_ns;
    uint32_t slot_count, window_slots, hold_slots;
    struct recovery_slot *slots; /* (client place * 2 + type) * slot_count + slot; NULL: no fault */
    /* Sessions that changed their region, and of these those that have a connection again: client
     * place * slot_count + slot; NULL until a session is routed. */
    uint32_t *rerouted, *reconnected;
};

/* What of a class's slots decides about recovery. Each array has one item more than slots. */
struct slots_verdict {
    uint32_t *bad, *good; /* the first window at or after this one that is; RECORD_NONE */
    uint32_t *accepted;   /* the first that begins the time that must be good */
    uint32_t used;        /* slots up to the last one in which anything was offered */
    uint32_t horizon;     /* slots in which all that was offered has ended */
};

void slots_init(struct collect_state *state);
/* The class's slot in which an operation that was meant to begin then counts. */
uint32_t slots_of(const struct recovery_grid *grid, sim_ns at_ns);
/* Fills `verdict`, whose arrays the caller has made, for a share of `percent` ok. */
void slots_judge(const struct collect_state *state, uint32_t place_type, uint32_t percent,
                 struct slots_verdict *verdict);
/* Recovered since; -1: not by the end. Meaningful when something was offered from then on. */
sim_ns slots_recovered(const struct recovery_grid *grid, const struct slots_verdict *verdict,
                       sim_ns fail_ns);

/* ---- leaders ---- */

struct overlap { /* of leaders: commit of the first and last dual-acknowledged write; -1: none */
    sim_ns first_ns, last_ns;
};

struct leader_node {
    bool accepting;
    int64_t epoch;
};

struct leadership { /* of one dataset */
    struct leader_node *nodes;
    uint32_t accepting;          /* nodes */
    int64_t newest;              /* epoch of those that accept */
    bool begun;                  /* it has had a leader */
    uint32_t leader, configured; /* nodes: the last to begin in the highest epoch; the first */
    int64_t epoch;               /* of `leader` */
    sim_ns since_ns;             /* the sums reach to here */
    sim_ns blocked_ns, overlap_ns;
    sim_ns away_ns; /* since when another than the configured one leads; -1: it does */
    uint64_t failovers, refused;
    struct histogram fail_back;
    void *overlaps; /* struct overlap, growing */
    size_t overlap_count, overlap_capacity;
};

/* ---- lost writes ---- */

enum lost_flag {
    LOST_OPEN = 1,      /* in the table */
    LOST_DIVERGENT = 2, /* accepted by a leader of an older epoch than another one's */
    LOST_AT_LEADER = 4, /* the leader must have it; otherwise it is enough that any live node has */
    LOST_DISCARDED = 8, /* before it was acknowledged */
    LOST_SETTLED = 16   /* acknowledged and discarded */
};

struct lost_write {
    struct version version;
    sim_ns fail_ns;
    sim_ns ack_ns; /* -1: not yet */
    sim_ns commit_ns;
    uint32_t key, fault;
    uint32_t event;  /* number of the failure */
    uint32_t older;  /* index + 1 of the next older one of the same key and failure; 0: none */
    uint32_t weight; /* writes, when neighbours were merged */
    uint32_t overlap;
    uint16_t dataset;
    uint8_t flags;
};

struct lost_set {
    void *writes; /* struct lost_write, growing */
    size_t count, capacity;
    uint32_t *table; /* by write: index + 1, 0: empty; a power of two, at most half full */
    size_t table_size;
    uint32_t free_list; /* index + 1; linked by `older` */
    uint32_t open;
    uint32_t events;
    uint64_t newest; /* write that was ever in it */
    uint64_t untracked;
};

struct rpo { /* of a fault or a dataset */
    uint64_t writes, discarded, recovered;
    sim_ns age_ns;
    bool judged;
};

struct failure { /* what is being judged */
    uint32_t fault;
    sim_ns fail_ns;
};

/* ---- routes ---- */

struct routes {
    uint16_t *place_of; /* by session: dense client place; NULL until anything is routed */
    uint16_t *route_of; /* by session: dense region, UINT16_MAX: none */
    bool *waiting;      /* by session: routed elsewhere and not connected yet */
    uint32_t *region_of, *regions; /* by place: dense region, RECORD_NONE; and back */
    uint32_t region_count;
    uint32_t *sessions;  /* client place * region_count + region: now */
    double *spent;       /* the same: sessions * ns since the warm-up */
    sim_ns since_ns;     /* `spent` reaches to here */
    uint32_t *samples;   /* (client place * region_count + region) * buckets + bucket */
    uint32_t sampled;    /* buckets that have samples */
    uint32_t *connected; /* client place * buckets + bucket; NULL until a row comes, as below */
    uint32_t *cache_hits, *cache_misses; /* place * buckets + bucket */
    uint32_t *cached, *proxied;          /* client place * buckets + bucket */
    /* after the warm-up: */
    uint64_t *changes, *connections, *cached_reads, *cached_stale,
        *proxied_count;                        /* client place */
    uint64_t *hits, *misses, *health, *agreed; /* place */
    struct histogram *connect;                 /* client place */
};

struct failure_state {
    struct recovery_grid grid;
    void *windows, *steps; /* struct metric_fault_window, metric_failover_step; growing */
    size_t window_count, window_capacity, step_count, step_capacity;
    uint32_t *window_open;      /* by fault: index + 1 of its window that goes on, 0: none */
    uint32_t *window_depth;     /* by fault: begins without an end */
    uint32_t *occurrences;      /* by fault */
    sim_ns fault_begin_ns;      /* of the one that began last */
    struct leadership *leaders; /* by dataset */
    uint32_t overlapping;       /* datasets that have several leaders now */
    struct lost_set lost;
    struct rpo *rpo_of_fault; /* by fault, and one more: without a fault */
    struct rpo *rpo_of_dataset;
    uint64_t *acked_discarded, *divergent; /* by dataset */
    struct routes routes;
};

/* collect_recovery */
void failure_init(struct collect_state *state);
void failure_release(struct collect_state *state);
void failure_fault(struct collect_state *state, const struct record *record);
void failure_step(struct collect_state *state, const struct record *record, uint8_t step);
void build_recovery(struct collect_state *state, struct set_builder *builder);
/* collect_recovery_rows */
void build_recovery_rows(const struct collect_state *state, struct set_builder *builder);

static inline void recovery_count(const struct collect_state *state, uint32_t place_type,
                                  sim_ns intended_ns, bool ok)
{
    const struct recovery_grid *grid = &state->failure->grid;

    if (grid->slots != NULL) {
        struct recovery_slot *slot =
            &grid->slots[(size_t)place_type * grid->slot_count + slots_of(grid, intended_ns)];

        slot->ended++;
        slot->ok += ok ? 1u : 0u;
    }
}

/* collect_leaders */
void leaders_init(struct collect_state *state);
void leaders_row(struct collect_state *state, const struct record *record);
void leaders_step(struct collect_state *state, const struct record *record);
void leaders_committed(struct collect_state *state, const struct record *record);
/* A divergent write was acknowledged. */
void leaders_divergent(struct collect_state *state, const struct lost_write *write);
void leaders_finish(struct collect_state *state, sim_ns end_ns);
void build_leaders(struct collect_state *state, struct set_builder *builder);

/* collect_lost_table */
static inline struct lost_write *lost_writes(const struct lost_set *set)
{
    return set->writes;
}

struct lost_write *lost_find(const struct lost_set *set, uint64_t write); /* NULL: not there */
/* A copy of `write`, which is not there yet; its index + 1, or 0 when there is no room. */
uint32_t lost_add(struct lost_set *set, const struct lost_write *write);
void lost_close(struct lost_set *set, struct lost_write *write); /* takes it out */

/* collect_lost */
void lost_init(struct collect_state *state);
/* Nodes went down: what do the live ones miss? */
void lost_crashed(struct collect_state *state, sim_ns crash_ns);
/* `node` begins to lead: what does it miss (unless `first`), what does it bring back? */
void lost_leader(struct collect_state *state, uint32_t dataset, uint32_t node, bool first);
void lost_divergent(struct collect_state *state, const struct record *record, uint32_t overlap);
void lost_node_up(struct collect_state *state, uint32_t node);
void lost_discarded(struct collect_state *state, const struct record *record);
void lost_applied(struct collect_state *state, const struct record *record);
/* Whether the write is one that the newest leader does not have, and nobody has brought back. */
bool lost_to_leader(const struct collect_state *state, uint64_t write);
void lost_completed(struct collect_state *state, uint64_t operation, bool ok);
void build_rpo(struct collect_state *state, struct set_builder *builder);

/* collect_routes */
void routes_init(struct collect_state *state);
void routes_row(struct collect_state *state, const struct record *record);
void routes_answered(struct collect_state *state, const struct flight *flight,
                     const struct record *record);
void routes_sample(struct collect_state *state);
void routes_finish(struct collect_state *state, sim_ns end_ns);
void build_routes(struct collect_state *state, struct set_builder *builder);
void build_route_series(struct collect_state *state, struct set_builder *builder);

/* collect_budget */
void build_budget(struct collect_state *state, struct set_builder *builder);

#endif
