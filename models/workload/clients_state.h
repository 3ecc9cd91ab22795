/*
 * clients_state.h - private to the clients: what their files share.
 *
 * Draws: every operation that a group's own load begins has a draw number: its count in the group
 *        (open loop, trace), or session * 2^32 + its count in the session (closed loop). All its
 *        random choices are addressed by it, so that they are the same whatever the strategy does.
 */
#ifndef MODELS_WORKLOAD_CLIENTS_STATE_H
#define MODELS_WORKLOAD_CLIENTS_STATE_H

#include "models/workload/arrivals.h"
#include "models/workload/clients.h"
#include "models/workload/in_flight.h"
#include "models/workload/keys.h"
#include "models/workload/mix.h"
#include "models/workload/trace.h"
#include "sim/pool.h"

/* `small` of an event; target is the group unless said otherwise. */
enum client_event {
    CLIENT_ARRIVAL,
    CLIENT_THOUGHT,                              /* target: session within the run; a: group */
    CLIENT_DUE_FIRST,                            /* + enum due */
    CLIENT_RETRY = CLIENT_DUE_FIRST + DUE_COUNT, /* target: slot; a: operation */
    CLIENT_PROBE,                                /* target: of the pool of probes */
    CLIENT_RESOLVE /* target: session within the run; a: group; b: key */
};

enum load { LOAD_NONE, LOAD_OPEN, LOAD_CLOSED, LOAD_TRACE, LOAD_FEED };

struct probe_region { /* where probes may read from: groups that use the dataset */
    const uint32_t *groups;
    uint32_t count;
};

struct operation_draw { /* what chance decides about an operation */
    double gap;         /* of an open loop: between the one before and this one; of mean 1 */
    uint32_t rank;      /* see key_chooser_rank() */
    uint32_t session;   /* of an open loop */
    uint8_t operation;  /* as mix_pick() says it */
};

struct feed {       /* conflicts that wait for people */
    uint32_t *next; /* by key, see feed.c */
    uint32_t first, last, waiting;
    uint32_t *idle; /* sessions; the last goes to work first */
    uint32_t idle_count;
};

enum { OPERATIONS_AHEAD = 2 * RANDOM_BLOCKS };

struct group { /* what an open loop's operations read comes first */
    const struct scenario_client *client;
    uint32_t index;
    uint16_t dataset, place;
    enum load load;
    bool waits; /* its operations may be in other lists than that of deadlines */
    bool brings_contexts;
    uint64_t begun; /* operations of its own load */
    uint64_t drawn; /* see `ahead` */
    struct due_list due[DUE_COUNT];
    const struct value_ops *value; /* NULL: plain registers, and no elements, amounts, feed */
    uint32_t scan_keys, transaction_keys;
    sim_ns end_ns;  /* of its load: no operation of it begins later */
    sim_ns next_ns; /* open loop: when the one after the next begins; SIM_NS_MAX: never */
    struct arrivals arrivals;
    struct key_chooser keys;
    /*
     * Open loop: the next operations, by draw number. Those before `drawn` are there; the last
     * RANDOM_BLOCKS of them still lack their ranks, which `key_draws` have to be looked up for.
     */
    struct operation_draw ahead[OPERATIONS_AHEAD];
    struct key_draw key_draws[RANDOM_BLOCKS];
    uint32_t session_first, session_count;
    double sessions; /* session_count, to be multiplied */
    uint32_t tries_max;
    struct random_stream operation_stream, key_stream;
    struct mix mix;
    struct trace trace;
    const struct distribution *value_bytes;
    struct random_stream bytes_stream;
    struct random_stream think_stream, retry_stream, probe_stream;
    const struct probe_region *probe_regions; /* none: no probes */
    uint32_t probe_region_count;
    struct key_chooser elements;
    struct random_stream element_stream, amount_stream;
    struct feed feed;
};

struct client_session {
    sim_ns acknowledged_ns; /* its last write; -1: none */
    uint32_t begun;         /* operations, in a closed loop */
};

struct probe { /* on its way to be asked */
    uint32_t group, session, key, reserved;
    uint64_t write;
    sim_ns after_ns;
};

struct clients {
    struct clients_host host;
    struct group *groups;
    uint32_t group_count;
    struct client_session *sessions;
    uint32_t *newest;                       /* per dataset: the key inserted last */
    struct key_zipf *zipfs, *element_zipfs; /* per dataset */
    uint32_t feed_count;
    uint64_t operations;
    struct in_flight in_flight;
    struct pool probes;
    sim_ns warmup_ns;
    struct record invoked, completed; /* see rows.h */
};

/* An operation about to begin. */
struct operation_start {
    uint8_t type, flags;
    uint32_t key, bytes, session;
    uint32_t context; /* block, the operation's own from now on */
    uint64_t draw;
    uint64_t request;      /* of a write, as struct operation has it */
    uint64_t probed_write; /* probes only */
    sim_ns probed_after_ns;
};

/* groups.c */
void group_init(struct clients *clients, uint32_t index, struct arena *arena);
/* Fills what a closed loop's session or a trace does next; `session` is used by the former. */
void group_next(struct clients *clients, struct group *group, uint32_t session,
                struct operation_start *start);
/* What an operation does that is no plain read; fills what is not there yet. */
void group_decide(struct clients *clients, struct group *group, uint32_t operation,
                  struct operation_start *start);
/* Open loop: the operations that are known have all begun. */
void group_draw_on(struct group *group);
/* Open loop: when the operation of that draw number begins; they are asked for in turn. */
static inline sim_ns group_begins_ns(struct group *group, uint64_t draw)
{
    return arrivals_move(&group->arrivals, group->ahead[draw % OPERATIONS_AHEAD].gap,
                         group->end_ns);
}
uint32_t group_value_bytes(struct group *group, uint64_t draw);
/* What a write does, as a request says it; 0 for a plain register. */
uint64_t group_request(const struct group *group, enum value_action action, uint64_t draw);
sim_ns group_think_ns(struct clients *clients, struct group *group, uint32_t session);
/* The same of a person and a conflict. */
sim_ns group_latency_ns(struct clients *clients, struct group *group, uint32_t session);
/* The number of the session's next operation among all draws; it counts as begun. */
uint64_t group_next_draw(struct clients *clients, struct group *group, uint32_t session);

/* feed.c */
void feed_init(struct group *group, const struct scenario_keys *keys, struct arena *arena);
/* The person has thought about the conflict: fills the read that follows. */
void feed_next(struct clients *clients, struct group *group, const struct event *event,
               struct operation_start *start);
/* The session is free again; the key waits again if it is not `settled`. */
void feed_ended(struct clients *clients, struct group *group, const struct operation *ended,
                bool settled);

/* probes.c */
void probes_init(struct clients *clients, struct group *group, struct arena *arena);
/* Perhaps schedules a read after the acknowledged write `number`. */
void probes_follow(struct clients *clients, struct group *group, const struct operation *write,
                   uint64_t number);
/* Fills the read that the probe asks for; returns the group that does. */
struct group *probes_take(struct clients *clients, uint32_t probe, struct operation_start *start);

#endif
