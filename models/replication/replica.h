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
#include "models/values/value.h"
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
sim_ns replica_clock(struct replica *self);  /* never runs backwards as read here */
double replica_random(struct replica *self); /* (0, 1), this replica's own stream */
/* Where true time is, by the clock's promise: may run backwards; +-SIM_NS_MAX without a promise. */
void replica_clock_interval(struct replica *self, sim_ns *earliest_ns, sim_ns *latest_ns);

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

/*
 * Values that merge (models/values): what a key holds as it travels. Of a plain register version
 * and bytes are all, and `block` is 0; replica_perform and replica_take then do what replica_apply
 * does, so that a strategy need not tell the two apart.
 * Ownership: who holds a content owns its block: it goes with a message (message.block), or is
 * freed. Words of a block are valid until the next block is made.
 */
struct content {
    struct version version; /* the newest that it includes */
    uint32_t bytes;         /* on the wire */
    uint32_t block;         /* 0: none */
    uint8_t form;           /* enum value_form */
};

bool replica_merges(const struct replica *self); /* false: a plain register */
/*
 * A client's write, done on what is stored here. ok: `content` is what the others are to be given,
 * in that form (STATE: version and bytes only, no block: take replica_content() when it is sent).
 * fail: refused by the type, nothing changed (and recorded): answer with replica_reject().
 * `version` is the write's own.
 */
enum record_outcome replica_perform(struct replica *self, const struct message *request,
                                    struct version version, uint8_t form, struct content *content);
/* What the request does to a value that merges. */
enum value_action replica_request_action(const struct replica *self, const struct message *request);
int64_t replica_request_amount(const struct replica *self,
                               const struct message *request); /* signed */
/* Answers a write that replica_perform() refused. */
void replica_reject(struct replica *self, const struct message *request);
/* Joins (or does again) what another one sent; true: something changed here. Keeps the block. */
bool replica_take(struct replica *self, uint32_t key, const struct content *content);
/* The same from words that are not in a block of their own (a batch); words may be in a block. */
bool replica_take_words(struct replica *self, uint32_t key, struct content content,
                        struct words words);
/* All that is stored: a new block for a value that merges and was written. */
struct content replica_content(struct replica *self, uint32_t key);
uint32_t replica_content_bytes(const struct replica *self, uint32_t key); /* on the wire */
/* Equal for equal states; of plain registers a hash of the version. */
uint64_t replica_digest(const struct replica *self, uint32_t key);
uint64_t replica_content_digest(const struct replica *self, const struct content *content);
/* into := the join of both states (the later version of registers); from stays as it is. */
void replica_join(struct replica *self, struct content *into, const struct content *from);
struct words replica_content_words(const struct replica *self, const struct content *content);
struct content replica_content_copy(struct replica *self, const struct content *content);
void replica_content_free(struct replica *self, struct content *content);
/* Answers a read with this content, which need not be what is stored here. Keeps the block. */
void replica_answer(struct replica *self, const struct message *request,
                    const struct content *content);

/*
 * Rights to take from a bounded counter are running low here: whom to ask for how many, and under
 * which name (value.h, `wants`). Whoever is asked does a write VALUE_TRANSFER of version {0, 0}.
 */
struct replica_wish {
    uint32_t member, actor;
    int64_t amount;
};
bool replica_wants(const struct replica *self, uint32_t key, struct replica_wish *wish);
/* This one has learnt that the hub has judged the write: RECORD_CONFIRMED. */
void replica_confirmed(struct replica *self, uint32_t key, struct version version);

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

/* In line, so that the message is made where it goes: see message_copy(). */
__attribute__((always_inline)) static inline void
replica_send(struct replica *self, uint32_t to_member, uint32_t kind, struct message message)
{
    uint32_t slot = 0;
    message_copy(replica_send_begin(self, &slot), &message);
    replica_send_end(self, to_member, kind, slot);
}

#endif
