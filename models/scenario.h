/*
 * scenario.h - the description of one simulated world: what a scenario file says, in plain structs.
 *
 * Units:     durations in ns, sizes in bytes, rates per second, bandwidth in bits per second.
 * Ownership: everything lives in the arena given to the loader; const after loading.
 * Errors:    scenario_check() reports what single rows can not: combinations and references.
 * The tables in scenario.c are the parser, the defaults, the help and the schema of every key.
 */
#ifndef MODELS_SCENARIO_H
#define MODELS_SCENARIO_H

#include "models/scenario_failover.h"
#include "models/scenario_routing.h"
#include "sim/distribution.h"
#include "sim/param.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCENARIO_PLACES_MAX = 300, /* regions and clients' own places: each pair of them is a link */
    SCENARIO_NODES_MAX = 4096,
    SCENARIO_KEYS_MAX = 10000000, /* some 400 bytes each with five replicas */
    SCENARIO_CLIENTS_MAX = 10000,
    SCENARIO_TRANSACTION_KEYS_MAX = 64,
    SCENARIO_BYTES_MAX = 1000000000, /* of one value; and of one scan on average */
    SCENARIO_AMOUNT_MAX = 1000000000 /* by which one write changes a number */
};

struct scenario_region {
    const char *name;
    int64_t nodes, zones;
    double latitude, longitude; /* not given: those of the catalogue's region of that name */
    bool latitude_given, longitude_given;
    const char *jurisdiction;
    const struct distribution *service, *disk_sync; /* NULL: those of scenario.nodes */
    int64_t workers;                                /* 0: that of scenario.nodes */
};

enum scenario_latency_from {
    SCENARIO_LATENCY_CATALOGUE,
    SCENARIO_LATENCY_FIBRE,
    SCENARIO_LATENCY_MATRIX,
    SCENARIO_LATENCY_CONSTANT
};

enum scenario_matrix_unit {
    SCENARIO_MATRIX_UNDECLARED,
    SCENARIO_MATRIX_RTT_MS,
    SCENARIO_MATRIX_RTT_US,
    SCENARIO_MATRIX_ONE_WAY_MS,
    SCENARIO_MATRIX_ONE_WAY_US
};

struct scenario_latency {
    uint32_t from;         /* enum scenario_latency_from */
    struct param_csv file; /* matrix: header row and first column are region names */
    uint32_t unit;         /* enum scenario_matrix_unit */
    sim_ns one_way;        /* constant: between any two regions */
};

enum scenario_jitter_model {
    SCENARIO_JITTER_PUBLISHED,
    SCENARIO_JITTER_NONE,
    SCENARIO_JITTER_RELATIVE,
    SCENARIO_JITTER_ADDED
};

struct scenario_jitter {
    uint32_t model;                   /* enum scenario_jitter_model */
    double cv;                        /* relative: standard deviation / one-way delay, gamma tail */
    const struct distribution *extra; /* added: one-way, on top of the link's delay */
};

enum scenario_transport { SCENARIO_TRANSPORT_STREAM, SCENARIO_TRANSPORT_DATAGRAM };

struct scenario_link { /* overrides for one pair, both directions unless one_way_only */
    uint32_t from, to;
    bool one_direction;
    sim_ns one_way;   /* -1: not given */
    double loss;      /* -1: not given */
    double bandwidth; /* -1: not given */
};

struct scenario_message_delay { /* per-message-kind delay, in place of the jitter of the link */
    const char *message;        /* "quorum.write" */
    const struct distribution *delay;
};

struct scenario_network {
    struct scenario_latency latency;
    struct scenario_jitter jitter;
    struct param_list links;       /* struct scenario_link */
    sim_ns same_zone, same_region; /* one way; -1: catalogue */
    double loss, bandwidth;        /* bandwidth 0: unlimited */
    uint32_t transport;            /* enum scenario_transport */
    sim_ns retransmit_min, retransmit_max;
    int64_t send_buffer_bytes;        /* per connection, while it is cut off */
    int64_t overhead_bytes;           /* of each message, on top of what it carries */
    struct param_list message_delays; /* struct scenario_message_delay, by id */
};

struct scenario_nodes {
    const struct distribution *service; /* time of a worker per message; NULL or 0: none */
    int64_t workers;
    int64_t queue_max; /* messages waiting for a worker; more are refused; 0: no limit */
    const struct distribution *disk_sync;
};

enum scenario_popularity {
    SCENARIO_POPULARITY_UNIFORM,
    SCENARIO_POPULARITY_ZIPFIAN,
    SCENARIO_POPULARITY_HOTSPOT,
    SCENARIO_POPULARITY_LATEST,
    SCENARIO_POPULARITY_SEQUENTIAL
};

struct scenario_keys {
    int64_t count;
    uint32_t popularity; /* enum scenario_popularity */
    double theta;
    double hot_keys,
        hot_share; /* hotspot: share of the keys that get this share of the operations */
};

struct scenario_replication {   /* common to every strategy */
    struct param_list replicas; /* regions; empty: all of the scenario */
    int64_t copies;             /* nodes of each of these regions that hold the data */
};

struct scenario_dataset {
    const char *id;
    struct scenario_keys keys;
    const struct distribution *value_bytes;
    struct param_choice value;       /* type */
    struct param_choice replication; /* strategy; common: struct scenario_replication */
};

struct scenario_mix {
    double read, write, insert, scan, read_modify_write;
    double set, increment, decrement, add, remove, delete; /* of values that merge */
    int64_t scan_keys, transaction_keys;
};

/* Which field, item or element of a value a write is about. */
enum scenario_elements { SCENARIO_ELEMENTS_UNIFORM, SCENARIO_ELEMENTS_ZIPFIAN };

enum scenario_ycsb {
    SCENARIO_YCSB_NONE,
    SCENARIO_YCSB_A,
    SCENARIO_YCSB_B,
    SCENARIO_YCSB_C,
    SCENARIO_YCSB_D,
    SCENARIO_YCSB_E,
    SCENARIO_YCSB_F
};

struct scenario_retry {
    int64_t tries;  /* in all, the first included */
    sim_ns timeout; /* of one try; 0: the deadline */
    sim_ns backoff, backoff_max;
    double jitter; /* share of the back-off that is random */
};

struct scenario_probe { /* reads that follow an acknowledged write of this group by a known time */
    double share;       /* of acknowledged writes that are probed */
    const struct distribution *after;
    struct param_list
        readers; /* regions whose clients read, one at random; empty: any client group */
};

struct scenario_feed { /* people who resolve the conflicts that are seen in their region */
    const struct distribution *latency; /* of one person and one conflict; NULL: no feed */
};

struct scenario_place {
    const char *name;
    double latitude, longitude; /* not given: those of the region of that name */
    bool latitude_given, longitude_given;
};

struct scenario_client {
    const char *name; /* default: its place's name */
    struct scenario_place at;
    const struct distribution *last_mile; /* one way; NULL: none */
    uint32_t dataset;
    int64_t sessions;
    double rate;                      /* open loop, over all sessions; 0: none */
    uint32_t arrivals;                /* 0 poisson, 1 regular */
    struct param_list by_hour;        /* 24 factors of the rate by local solar hour; empty: flat */
    double start_hour;                /* UTC hour of day at which the run begins */
    const struct distribution *think; /* closed loop; NULL: none */
    sim_ns until;                     /* no load begins later; 0: to the end of the run */
    struct param_csv trace;    /* time_ms, operation, key [, session, bytes, element, amount] */
    struct scenario_feed feed; /* in place of a load */
    struct scenario_mix mix;
    uint32_t ycsb;                     /* enum scenario_ycsb: sets mix and popularity */
    uint32_t popularity;               /* 0: the dataset's; else 1 + enum scenario_popularity */
    uint32_t elements;                 /* enum scenario_elements */
    const struct distribution *amount; /* NULL: 1 */
    sim_ns deadline;
    struct scenario_retry retry;
    sim_ns hedge_after; /* reads: a second request to the next replica; 0: never */
    struct scenario_probe probe;
};

struct scenario_repeat { /* flapping */
    sim_ns every;        /* from begin to begin; 0: it does not repeat */
    int64_t times;       /* in all; 0: as often as the run has room for */
};

struct scenario_random {
    const struct distribution
        *between; /* from its end, or `at`, to its next begin; NULL: planned */
    const struct distribution *lasting; /* NULL: `lasts` */
};

struct scenario_fault { /* common to every fault; models/world_schedule.h says what happens when */
    const char *id, *summary;
    sim_ns at;    /* -1: not given */
    sim_ns lasts; /* 0: to the end of the run */
    struct scenario_repeat repeat;
    struct scenario_random random;
    const char *follows;              /* id of the fault whose begins begin this one; NULL: none */
    const struct distribution *after; /* NULL: at once */
    double probability;               /* of following a begin */
    uint32_t leader; /* filled by scenario_check(): index of `follows`, UINT32_MAX: none */
};

struct scenario {
    const char *name, *summary, *description, *expected;
    int64_t seed;
    sim_ns duration, warmup, bucket;
    int64_t event_limit;
    struct param_list regions; /* struct scenario_region */
    struct scenario_network network;
    struct param_choice clocks;
    struct scenario_nodes nodes;
    struct param_list datasets; /* struct scenario_dataset */
    struct param_list clients;  /* struct scenario_client */
    struct param_choice
        failover; /* no kind: replicas manage themselves; common: struct scenario_failover */
    struct param_choice
        routing;              /* no kind: clients ask machines; common: struct scenario_routing */
    struct param_list faults; /* struct param_choice; common: struct scenario_fault */
    struct param_list expect; /* struct param_expectation */
    /* Filled by scenario_check(): places of clients that are no regions, each once by name. */
    struct param_list client_places; /* struct scenario_place */
    struct param_list notes;         /* const char *: what is no error, but probably not meant */
};

extern const struct param_spec scenario_table[]; /* fills a struct scenario */

/* Whether the machines' clocks promise how wrong they may be. */
bool scenario_clocks_bounded(const struct scenario *scenario);

/* All registries: for `list`, `describe` and the schema. Ends with NULL. */
extern const struct param_registry *const scenario_registries[];

/*
 * What single rows can not check, and values that depend on others (a client's name, an empty
 * replicas list, the clients' own places). `report` is called once per error with the
 * path of the value at fault ("clients[0].rate") and the message. Returns true without errors.
 */
typedef void (*scenario_report)(void *context, const char *path, const char *message);
bool scenario_check(struct scenario *scenario, struct arena *arena, scenario_report report,
                    void *context);

#endif
