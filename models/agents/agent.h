/*
 * agent.h - processes that are neither replicas nor clients: gateways, health checkers, name
 * servers, coordinators, people on call. The facade: all that such a process can see and do.
 *
 * Model:   an agent stands at a place (a region), on its own small machine there, or beside the
 *          replica of a dataset on one of the dataset's machines (a sidecar). It knows what
 *          messages, timers and, for a sidecar, its local replica tell it, and nothing else.
 *          Messages travel through the simulated network like a client's: each on a short
 *          connection of its own, sent again when lost, cut by partitions.
 * Power:   a region outage stops the agents of the region, a node outage the sidecars of the
 *          machine: their timers die, what they were sent meanwhile is lost, on_stop() forgets.
 *          Those `outside` are others' (a user's resolver): they stand there and go on.
 * Clock:   agent_clock() of a sidecar is its machine's clock; others have the true time. Delays of
 *          timers pass in true time.
 * Order:   agents are started in the order in which they were added, after the replicas and before
 *          the clients.
 * Cost:    O(1) each; nothing allocates in a steady state.
 */
#ifndef MODELS_AGENTS_AGENT_H
#define MODELS_AGENTS_AGENT_H

#include "models/replication/leadership.h"
#include "models/replication/message.h"
#include "sim/distribution.h"
#include "sim/engine.h"
#include "sim/random.h"
#include "sim/record.h"

struct agent;
struct replica;
struct world;

struct agent_ops {
    const char *name;                  /* "gateway" */
    size_t state_bytes;                /* zeroed at the start, and kept over stops: see on_stop */
    void (*start)(struct agent *self); /* optional: at time 0 */
    void (*on_message)(struct agent *self, const struct message *message);
    void (*on_timer)(struct agent *self, uint64_t token); /* optional */
    void (*on_stop)(struct agent *self);                  /* optional: power is gone */
    void (*on_restart)(struct agent *self);               /* optional: it is back */
    /* Sidecars, optional: the local replica began or ended to lead. */
    void (*on_leadership)(struct agent *self);
};

struct agent_spec {
    const struct agent_ops *ops;
    const void *config; /* the adder's, const, outlives the world's run */
    uint32_t place;     /* a region; with `outside` any place */
    uint32_t node;      /* sidecar: its machine; RECORD_NONE: none */
    uint32_t dataset;   /* sidecar: whose replica; else ignored */
    bool outside;       /* not in the region's buildings: no outage of it stops the agent */
};

/* Only while the world is built; returns the agent's number: its end is ENDPOINT_AGENT | number. */
uint32_t agent_add(struct world *world, const struct agent_spec *spec);

void *agent_state(struct agent *self);
const void *agent_config(const struct agent *self);
uint32_t agent_end(const struct agent *self);
uint32_t agent_place(const struct agent *self);
uint32_t agent_node(const struct agent *self); /* RECORD_NONE: no sidecar */
bool agent_up(const struct agent *self);

/*
 * Sends a message whose kind, dataset, bytes, ... are set; `from` and `to` are set here. Kinds from
 * MESSAGE_CONTROL on are the modules' own (models/agents/control.h); a gateway also sends
 * MESSAGE_REQUEST to machines and MESSAGE_REPLY to clients.
 */
void agent_send(struct agent *self, uint32_t to_end, struct message message);
/* Expected one-way delay to an end, as a process that has measured it knows it. */
sim_ns agent_delay(const struct agent *self, uint32_t to_end);

struct timer agent_timer(struct agent *self, sim_ns delay_ns, uint64_t token);
void agent_cancel(struct agent *self, struct timer timer);
sim_ns agent_clock(struct agent *self);
double agent_random(struct agent *self); /* (0, 1), its own stream */
/* A draw of its own, not below 0; NULL: 0. */
sim_ns agent_sample_ns(struct agent *self, const struct distribution *law);

/* Emits a fact: at_ns and from_place are set here. */
void agent_record(const struct agent *self, struct record row);

/* Sidecars: the replica beside it. Calls are local and take no time. */
struct leadership_status agent_leader_status(struct agent *self);
void agent_leader_promote(struct agent *self, uint64_t epoch);
void agent_leader_demote(struct agent *self, uint64_t epoch);
void agent_leader_freeze(struct agent *self, bool frozen);

#endif
