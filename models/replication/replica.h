/*
 * replica.h - the facade: all that a strategy can see and do.
 *
 * Members: the nodes that store the dataset have member numbers 0 .. count-1 in the order of the
 *          scenario; further nodes that only coordinate follow, up to total-1.
 * Time:    replica_clock() is this machine's own clock, with its error. Delays of timers pass in
 *          true time (a machine's drift over a time-out is below 0.1 %).
 * Crashes: timers, pending operations, unsynced storage and messages being served die with the
 *          machine.
 * Order:   messages to one member arrive in the order sent when network.transport is "stream".
 * Cost:    O(1) each; nothing allocates in a steady state.
 */
#ifndef MODELS_REPLICATION_REPLICA_H
#define MODELS_REPLICATION_REPLICA_H

#include "models/replication/message.h"
#include "models/replication/strategy.h"
#include "sim/engine.h"
#include "sim/record.h"

void *replica_state(struct replica *self);
const void *replica_params(const struct replica *self);
const void *replica_shared(const struct replica *self);

/* Members. */
uint32_t replica_self(const struct replica *self);  /* own member number */
uint32_t replica_count(const struct replica *self); /* members that store the data */
uint32_t replica_total(const struct replica *self); /* all nodes */
bool replica_stores(const struct replica *self, uint32_t member);
uint32_t replica_node(const struct replica *self, uint32_t member); /* node number, for `route` */
uint32_t replica_region(const struct replica *self,
                        uint32_t member); /* index in scenario.regions */
/* Members by expected delay from this one (itself first), storing ones only: count entries. */
const uint32_t *replica_nearest(const struct replica *self);
/* The same for members that do not store: total - count entries. */
const uint32_t *replica_nearest_others(const struct replica *self);
sim_ns replica_delay(const struct replica *self, uint32_t member); /* expected, one way */

/* Clock and chance. */
sim_ns replica_clock(struct replica *self);       /* never runs backwards as read here */
sim_ns replica_clock_bound(struct replica *self); /* promised error; SIM_NS_MAX: none */
double replica_random(struct replica *self);      /* (0, 1), this replica's own stream */

/* Storage of this machine. Reading needs no time; sizes come from the dataset. */
uint32_t replica_key_count(const struct replica *self);
struct version replica_read(const struct replica *self, uint32_t key);
uint32_t replica_value_bytes(const struct replica *self, uint32_t key); /* of what is stored */
/* Stores when newer than what is there; true when it was. Volatile until the next finished sync. */
bool replica_apply(struct replica *self, uint32_t key, struct version version, uint32_t bytes);
/* Calls on_persisted(token) once everything applied so far is on disk: at once without disk_sync.
 */
void replica_persist(struct replica *self, uint64_t token);
bool replica_has_disk(const struct replica *self); /* false: persist calls back at once */
/* Hash of the versions of keys [first, last): equal sets have equal hashes. O(1) for aligned
 * leaves. */
enum { REPLICA_LEAVES_MAX = 1024 };
uint32_t replica_leaf_count(const struct replica *self);
uint64_t replica_leaf_hash(const struct replica *self, uint32_t leaf);
void replica_leaf_keys(const struct replica *self, uint32_t leaf, uint32_t *first, uint32_t *last);

/* Messages. `kind` is the index in ops->messages. from, dataset and kind are set here. */
static inline void replica_send(struct replica *self, uint32_t to_member, uint32_t kind,
                                struct message message);
uint32_t replica_sender(const struct replica *self, const struct message *message); /* member */
/* Extra words that travel with a message; freed when it was handled or lost. */
uint64_t *replica_block_new(struct replica *self, uint32_t words, uint32_t *block);
const uint64_t *replica_block(const struct replica *self, uint32_t block, uint32_t *words);

/*
 * Answers a client. `request` is the message that on_request got (or a copy of it). A write that is
 * answered ok is committed: the record goes out here. Answering twice is allowed (hedges, retries).
 */
void replica_reply(struct replica *self, const struct message *request, enum record_outcome outcome,
                   struct version version);
/*
 * A write is accepted now although nobody is told yet, or its answer goes out elsewhere.
 * replica_reply does it by itself for writes; only for strategies where the accepting and answering
 * nodes differ.
 */
void replica_committed(struct replica *self, const struct message *request, struct version version);

/*
 * Refuses a client that should ask another machine: an answer of outcome fail that names the leader
 * (a member; UINT32_MAX: not known) and its epoch. Its driver asks there from now on, if the epoch
 * is not older than what it knows.
 */
void replica_refer(struct replica *self, const struct message *request, uint32_t leader_member,
                   uint64_t epoch);

/* Leadership; see leadership.h. */
bool replica_managed(const struct replica *self); /* a failover policy says who leads */
void replica_leads(struct replica *self, uint64_t epoch, bool accepting); /* RECORD_LEADER, and
    RECORD_STEP ACCEPTING for an epoch above 1 */
/* Throws away a log entry that the leader never had: RECORD_DISCARDED. */
void replica_discarded(struct replica *self, uint32_t key, struct version version);
/* Sets what storage holds back to `version` whatever is there, as a rewind or a copy of the
 * leader's data does: RECORD_APPLIED, REVERTED when it is older. On disk with the next finished
 * sync. */
void replica_rewind(struct replica *self, uint32_t key, struct version version, uint32_t bytes);

/* Timers. Cancelled by themselves when the machine crashes. */
struct timer replica_timer(struct replica *self, sim_ns delay_ns, uint64_t token);
void replica_cancel(struct replica *self, struct timer timer);

/* Operations that this replica coordinates: `pending_bytes` each, zeroed. */
void *replica_pending_new(struct replica *self, uint32_t *number); /* number > 0 */
void *replica_pending(struct replica *self,
                      uint32_t number); /* NULL when it was released or lost */
void replica_pending_release(struct replica *self, uint32_t number);

/* Growing memory of this replica (logs, hint queues): see memory_grow; freed with the world. */
void replica_grow(struct replica *self, void **items, size_t *capacity, size_t needed,
                  size_t bytes);

/* This replica changed its mode (index into ops->modes): recorded. */
void replica_mode(struct replica *self, uint32_t mode);

/* private: where a message goes, to be filled before anything else is done; then it is sent. */
struct message *replica_send_begin(struct replica *self, uint32_t *slot);
void replica_send_end(struct replica *self, uint32_t to_member, uint32_t kind, uint32_t slot);

/* Inline, so that the message is made where it goes. */
static inline void replica_send(struct replica *self, uint32_t to_member, uint32_t kind,
                                struct message message)
{
    uint32_t slot = 0;
    message_copy(replica_send_begin(self, &slot), &message);
    replica_send_end(self, to_member, kind, slot);
}

#endif
