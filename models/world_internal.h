/*
 * world_internal.h - the parts of a world, for the files that build and run it (world*.c,
 * replica.c).
 *
 * Nothing here is for strategies, faults or clients: they have their facades.
 */
#ifndef MODELS_WORLD_INTERNAL_H
#define MODELS_WORLD_INTERNAL_H

#include "models/agents/agent.h"
#include "models/agents/driver.h"
#include "models/clocks/clock_set.h"
#include "models/faults/fault.h"
#include "models/network/network.h"
#include "models/nodes/node.h"
#include "models/replication/replica.h"
#include "models/storage/storage.h"
#include "models/values/value.h"
#include "models/workload/clients.h"
#include "models/world.h"
#include "models/world_place.h"
#include "models/world_schedule.h"

enum world_event {
    WORLD_EVENT_FAULT, /* a = fault, small = 0 begin, 1 end */
    WORLD_EVENT_DELIVER,
    WORLD_EVENT_SERVED, /* target = node, a = flight, b = epoch */
    WORLD_EVENT_TIMER,  /* target = dataset * nodes + node, a = token, b = epoch */
    WORLD_EVENT_DISK,   /* target = node, b = epoch */
    WORLD_EVENT_NETWORK_RETRY,
    WORLD_EVENT_CLIENT_RETRY,
    WORLD_EVENT_CLIENTS,
    WORLD_EVENT_AGENT,   /* target = agent, a = token, b = epoch */
    WORLD_EVENT_FRONT,   /* users' connections: small, target, a are the front's */
    WORLD_EVENT_RESET,   /* target = client or agent, a = flight of the answer */
    WORLD_EVENT_RESUMED, /* target = end, a = flight: it arrived while the machine was paused */
    WORLD_EVENT_SWEEP,   /* target = dataset * nodes + node: grace periods are looked at */
    WORLD_EVENT_COUNT
};

enum { WORLD_ROTATIONS_MAX = 16, WORLD_FEW_NODES = 8 };

/*
 * Pending operations of one replica: a ring indexed by number, so that a number is not used again
 * while any message can still carry it (numbers are given in turn, 2^32 of them).
 */
struct pending_ring {
    unsigned char *items; /* capacity x item_bytes; an item begins with its number, 0 = free */
    size_t capacity, item_bytes;
    uint32_t next_number;
};

struct world_dataset;

struct replica {
    struct world *world;
    struct world_dataset *dataset;
    struct node *node;
    struct storage *storage; /* NULL: this machine holds nothing of the dataset */
    void *state;
    struct pending_ring pending;
    struct random_stream chance;
    const uint32_t *nearest, *nearest_others;
    uint32_t index; /* dataset * nodes + node */
    uint32_t member, node_index;
    uint32_t lives;      /* how often it has lost its memory */
    uint64_t lead_epoch; /* the highest in which it has led */
    bool leading;        /* accepts writes as the leader of `lead_epoch` */
};

struct world_driver { /* what one end knows of one dataset */
    uint32_t rotation_count, next;
    uint64_t epoch; /* of the leader in the views; 0: as configured */
    uint32_t (*route)(const struct route_view *view, const struct route_request *request);
    uint32_t few[WORLD_FEW_NODES]; /* what the first view has as its nearest, if they are few */
    struct route_view views[WORLD_ROTATIONS_MAX];
};

/* The node to ask, by the next of its views. */
static inline uint32_t world_driver_route(struct world_driver *driver,
                                          const struct route_request *request)
{
    const uint32_t rotation = driver->next;
    driver->next = rotation + 1 == driver->rotation_count ? 0 : rotation + 1;
    return driver->route(&driver->views[rotation], request);
}

struct agent {
    struct world *world;
    struct agent_spec spec;
    void *state;
    struct world_driver *drivers; /* by dataset; NULL: it has none */
    struct random_stream chance;
    uint64_t epoch; /* begins anew with each stop: events of an older one are void */
    uint32_t index, off_holds;
    bool up;
};

struct world_dataset {
    const struct scenario_dataset *config;
    const struct strategy_ops *ops;
    const void *params;
    void *shared;
    struct value_type value; /* ops NULL: plain registers */
    uint32_t index, count, total;
    bool managed;             /* a failover policy says who leads; set before `setup` */
    uint32_t *member_nodes;   /* member -> node */
    uint32_t *node_members;   /* node -> member */
    struct replica *replicas; /* by node */
    const struct distribution *const *kind_delays; /* by message kind; NULL: none */
};

struct front;
struct world_routing;

struct world_scratch { /* for joining states; each holds what it says until the next join */
    struct words_buffer after, shipped, displaced, given, held, context;
};

struct world_grown { /* memory of strategies, freed with the world */
    void **items;
};

struct world {
    const struct scenario *scenario;
    uint64_t seed;
    struct arena arena;
    struct arena tables; /* of the storages: not needed for what is said of the run afterwards */
    struct engine engine;
    struct record_sink sink; /* of the running world_run; mask 0 otherwise */
    struct world_places places;
    struct world_delay *delays; /* place x place: what the network assumes */
    struct network network;
    struct node *nodes;
    uint32_t node_count, region_count, dataset_count, group_count;
    const uint32_t *region_first_node; /* region_count + 1 entries */
    struct world_dataset *datasets;
    struct world_driver *drivers; /* group */
    void *agents;                 /* struct agent; addresses are fixed once the world runs */
    void *agent_places;           /* uint32_t */
    size_t agent_count, agent_capacity, agent_place_capacity;
    bool running;
    bool by_endpoint;        /* drivers know leaders from a name only: see failover.endpoint_ttl */
    struct clock_set clocks; /* by node */
    struct clients *clients;
    struct front *front;           /* NULL: clients ask machines themselves */
    struct world_routing *routing; /* NULL: the same */
    struct words_pool words;       /* blocks of messages, states of values that merge */
    struct world_scratch scratch;
    struct record_layout layout;
    struct world_fault *faults; /* by fault */
    struct fault_dns_state dns;
    sim_ns *cable_lengths; /* by place, for looking for ways around; NULL before the first */
    bool *cable_done;
    uint32_t fault_now; /* of which the begin or end is running, or ran last */
    struct check_context check;
    void ***grown; /* addresses of strategies' growing arrays */
    size_t grown_count, grown_capacity;
};

/* world_build.c */
void world_build_places(struct world *world);
void world_build_nodes(struct world *world);
void world_build_network(struct world *world);
void world_build_datasets(struct world *world);
/* world_driver.c */
void world_build_drivers(struct world *world);
/* world_agents.c */
void world_agent_drivers(struct world *world, uint32_t agent, struct world_driver *drivers);
struct world_driver *world_agent_driver(struct world *world, uint32_t agent, uint32_t dataset);
void world_agents_start(struct world *world);
/* The machine of a sidecar; RECORD_NONE: it is none. */
uint32_t world_agent_host(const struct world *world, uint32_t agent);
/* False: it is not up, the message is lost. */
bool world_agent_deliver(struct world *world, const struct message *message);
void world_agent_timer(struct world *world, const struct event *event);
/* Power of the agents that stand in a region by themselves, and of the sidecars of a machine. */
void world_agents_region_power(struct world *world, uint32_t region, int change);
void world_agents_node_power(struct world *world, uint32_t node, int change);
/* The replica began or ended to lead: its sidecars hear of it. */
void world_leadership_changed(struct world *world, uint32_t dataset, uint32_t node);
/* world_routing.c: nothing without "routing" */
void world_build_routing(struct world *world);
void world_release_routing(struct world *world);
/* Ends of the gateways by region, RECORD_NONE where there is none; returns their count, 0 without.
 */
uint32_t world_gateways(const struct world *world, const uint32_t **ends);
/* world_pause.c */
/* True: the machine is paused, and the event happens when it goes on. */
bool world_paused(struct world *world, uint32_t node, const struct event *event);
/* A paused machine lost power: what waited is gone. */
void world_pause_lost(struct world *world, struct node *node);
/* world_failover.c: nothing without "failover" */
bool world_failover_manages(const struct world *world, const struct strategy_ops *strategy);
void world_build_failover(struct world *world); /* after the gateways */
/* world_layout.c */
void world_build_layout(struct world *world);
/* replica.c */
void replica_start_all(struct world *world);
void replica_dispatch(struct world *world, uint32_t node, const struct message *message);
void replica_timer_fired(struct world *world, const struct event *event);
void replica_synced(struct world *world, uint32_t node);
void replica_power_lost(struct world *world, uint32_t node);
void replica_power_back(struct world *world, uint32_t node);
void replica_release(struct replica *replica);
void replica_block_free(void *context, uint16_t dataset, uint32_t block);
uint32_t replica_block_copy(void *context, uint16_t dataset, uint32_t block);
/* world_given.c: a delta may bring back writes of others with later stamps; its head says so. */
void replica_head_of_delta(struct replica *self, struct words_buffer *delta);
/* world_given.c: tells of the writes of `from` that are not in `state`, oldest first. */
void replica_tell_given(struct replica *self, uint32_t key, struct words state, struct words from,
                        uint8_t form);
/* world_value.c: nothing for plain registers */
void world_build_sweeps(struct world *world);
void world_sweep(struct world *world, const struct event *event);
void world_scratch_release(struct world *world);
/* The replica's state of the key is another one now. */
void replica_state_changed(struct replica *replica, uint32_t key, uint8_t flags);
void replica_row_given(const struct replica *replica, uint32_t key, struct version version,
                       enum record_kind kind, uint8_t flags); /* replica.c */
/* world_replica.c */
void replica_lead_lost(struct replica *replica); /* power is gone: it accepts nothing any more */
/* After replica_power_lost: the machine comes back with an empty disk. The NODE_DOWN row says so.
 */
void replica_disk_lost(struct world *world, uint32_t node);
/* world.c */
void world_disk_begin(struct world *world, uint32_t node);

#endif
