/*
 * strategy.h - the table of functions that a replication strategy is.
 *
 * Model: one process per dataset on every node ("replica"); it reacts to client requests, to
 *        messages of its peers, to timers and to finished disk syncs. It sees the world only
 * through replica.h: its own state and parameters, its own storage, its own clock, its peers'
 * numbers. Adding one: a file with a `const struct strategy_ops strategy_NAME` and a line in
 * registry.def.
 */
#ifndef MODELS_REPLICATION_STRATEGY_H
#define MODELS_REPLICATION_STRATEGY_H

#include "models/replication/leadership.h"
#include "models/replication/message.h"
#include "sim/param.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replica;  /* opaque: one dataset's process on one node */
struct scenario; /* only for `check` */
struct scenario_dataset;

/* What a client library knows when it picks a node to ask. */
struct route_view {
    const void *params;
    const void *shared;      /* the strategy's knowledge that every driver has (members, primary) */
    const uint32_t *nearest; /* nodes that may be asked, by expected delay from this client */
    uint32_t nearest_count;
    /*
     * The node that this driver takes for the leader, from the last referral that it was given (see
     * replica_refer) or announcement; UINT32_MAX: it has never heard of a change.
     */
    uint32_t leader;
};

/* The nearest machine first, then the others in turn; first tries, which most are, do not divide.
 */
static inline uint32_t route_in_turn(const struct route_view *view, uint32_t turn)
{
    return view->nearest[turn < view->nearest_count ? turn : turn % view->nearest_count];
}

struct route_request {
    uint8_t type;          /* enum record_operation_type */
    uint32_t tries;        /* 0 = first; a hedge counts as one more */
    sim_ns since_write_ns; /* since this session's last acknowledged write; SIM_NS_MAX: none */
};

struct strategy_ops {
    struct param_kind kind;
    size_t state_bytes;   /* per replica, zeroed at start and kept over crashes (see on_crash) */
    size_t shared_bytes;  /* per dataset, written in `setup` only */
    size_t pending_bytes; /* per operation that a replica coordinates; 0: none */
    const char *const *messages; /* names of message kinds, "append"; ends with NULL */
    const char *const *modes;    /* for replica_mode(); may be NULL */
    bool total_order;            /* replicas apply one log in order */
    bool transactions; /* a write of plain registers may be of `a` keys from its own on, at once */
    bool logged;       /* applies only what its log has on disk: a crash takes no version back */
    /* References that rows can not check; NULL or what is wrong with *key. */
    const char *(*check)(const void *params, const struct scenario_dataset *dataset,
                         const struct scenario *scenario, const char **key);
    /* May a node coordinate? NULL: nodes that store the dataset. */
    bool (*coordinates)(const void *params, bool stores);
    /* Do nodes beyond the replicas need storage (sloppy fallbacks)? NULL: no. */
    bool (*stores_elsewhere)(const void *params);
    /* Before any start: fills the shared knowledge. `any` is some replica of the dataset. */
    void (*setup)(struct replica *any, void *shared); /* optional */
    void (*start)(struct replica *self);              /* optional: at time 0 */
    uint32_t (*route)(const struct route_view *view, const struct route_request *request);
    void (*on_request)(struct replica *self, const struct message *request);
    void (*on_message)(struct replica *self, const struct message *message);
    void (*on_timer)(struct replica *self, uint64_t token);     /* optional */
    void (*on_persisted)(struct replica *self, uint64_t token); /* optional: see replica_persist */
    /* The machine lost power: forget what memory held. Storage was already taken back to the
     * disk's. */
    void (*on_crash)(struct replica *self); /* optional */
    /* Its disk is gone too: after on_crash, while the machine is down. Storage was already emptied.
     */
    void (*on_disk_lost)(struct replica *self);    /* optional */
    void (*on_recover)(struct replica *self);      /* optional: it is up again */
    bool (*invariant)(const struct replica *self); /* optional: checked by the tests */
    /* How its leader can be moved; NULL: it has none that could fail. */
    const struct leadership_ops *leadership;
};

extern const struct param_registry strategy_registry;

#endif
