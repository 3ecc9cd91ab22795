/*
 * multi_primary_internal.h - parts of the multi_primary strategy, for multi_primary*.c only.
 *
 * Model:  each replica has one log of what it has to pass on: its own writes, what it relays (ring,
 *         hub) and what comparing has shown that a neighbour lacks. A link is one neighbour; bit l
 *         of an entry says that link l still has to acknowledge it.
 * Log:    positions are never used twice: after a crash a replica goes on behind where it was.
 *         What its disk had stays in the log, as its data does; what memory had is void.
 * Disk:   one sync at a time; what arrives meanwhile shares the next one.
 */
#ifndef MODELS_REPLICATION_MULTI_PRIMARY_INTERNAL_H
#define MODELS_REPLICATION_MULTI_PRIMARY_INTERNAL_H

#include "models/replication/replica.h"
#include "models/stamps/stamp.h"

enum multi_ack { MULTI_ACK_MEMORY, MULTI_ACK_DISK, MULTI_ACK_LOCAL_QUORUM };
enum multi_topology { MULTI_MESH, MULTI_RING, MULTI_HUB };
enum multi_order { MULTI_LOG, MULTI_ITEMS };
enum multi_overflow { MULTI_DROP, MULTI_REFUSE };

enum multi_message {
    /* Those that bring values, and MULTI_TREE, say how often their sender has restarted. */
    MULTI_BATCH,    /* a = from, version = (nothing is missing below, to), block: entries */
    MULTI_ITEM,     /* a = position; one entry */
    MULTI_ACK,      /* a = position: all below (batches), that one (items) */
    MULTI_TREE,     /* request = round, block: hashes of the leaves */
    MULTI_LEAVES,   /* request = round, block: bits of the leaves that differ */
    MULTI_VERSIONS, /* request = round, a = leaf, block: versions of its keys */
    MULTI_WANT,     /* request = round, a = leaf, block: keys of which the other has newer ones */
    MULTI_MESSAGE_COUNT
};

enum multi_timer { MULTI_TIMER_BATCH, MULTI_TIMER_RESEND, MULTI_TIMER_COMPARE };

enum multi_mode { MULTI_MODE_LOG, MULTI_MODE_REPAIR };

/* Bytes beside values (assumption: key 8 to 16, stamp 8, write 8, machine 1, lengths). */
enum {
    MULTI_ENTRY_BYTES = 48,
    MULTI_ACK_BYTES = 16,
    MULTI_KEY_BYTES = 8,
    MULTI_VERSION_BYTES = 24
};
/* A message of many values ends when it has so many bytes (assumption: as the other strategies). */
enum { MULTI_BULK_BYTES = 128 * 1024 };
/* Waiting for an answer doubles with each vain try up to this (assumption: as TCP, RFC 6298). */
#define MULTI_RESEND_MAX_NS (60 * SIM_NS_PER_S)
/* Leaves that are compared at the same time; they fill the neighbour's pipe and not its queue. */
enum { MULTI_LEAVES_AT_ONCE = 16, MULTI_LEAF_WORDS = REPLICA_LEAVES_MAX / 64 };

struct multi_params {
    struct param_choice stamps;
    bool after_stored;
    uint32_t ack, topology, hub, order, overflow;
    int64_t batch_max, queue, window;
    sim_ns batch_wait, resend_after;
};

struct multi_op { /* a write that is not answered yet */
    struct message request;
    struct version version;
    uint32_t copies, needed; /* durable here and on copies of the region */
    bool durable;            /* here */
};

struct multi_entry {
    struct version version;
    uint64_t waiting; /* links that have not acknowledged it */
    uint32_t key, bytes;
    uint32_t pending; /* number of the operation that waits for it; 0: none */
    bool repair;      /* comes from comparing: whoever learns from it passes it on */
};

enum multi_comparing { MULTI_IDLE, MULTI_ASKED, MULTI_COMPARING };

struct multi_link { /* one neighbour */
    uint32_t member;
    bool forward; /* writes go this way; false: only repairs do */
    bool local;   /* the same region: nothing waits for a batch */
    /* Sending. */
    bool lost;    /* entries were dropped: none is kept until comparing begins */
    bool probing; /* it is silent: one message at a time */
    bool batch_armed, resend_armed;
    uint8_t doublings;
    uint64_t acked;         /* no entry before it waits */
    uint64_t sent, covered; /* next to send; end of the last batch */
    uint64_t waiting, unsent;
    uint64_t progress, progress_then; /* acknowledgements; when the timer was set */
    uint32_t restarts;                /* of the neighbour, as far as it is known here */
    /* Receiving batches. */
    uint64_t got, got_durable; /* its log up to there */
    bool gap_said;
    /* Comparing. */
    uint8_t comparing, compare_doublings;
    bool compare_armed;
    uint32_t round;
    uint64_t differ[MULTI_LEAF_WORDS], asked[MULTI_LEAF_WORDS];
};

struct multi_due { /* to be acknowledged when it is on disk */
    uint32_t link;
    uint64_t position;
};

struct multi_state {
    struct stamp_state stamps;
    void *links; /* struct multi_link */
    size_t links_capacity;
    uint32_t link_count;
    uint64_t forward;                   /* links that writes go to */
    uint8_t link_of[STAMP_MEMBERS_MAX]; /* by member; MULTI_NO_LINK */
    void *log;                          /* ring of struct multi_entry */
    size_t log_capacity;
    uint64_t log_mask, first, durable, next;
    void *dues; /* ring of struct multi_due */
    size_t dues_capacity;
    uint64_t due_mask, due_first, due_next;
    bool syncing;
    uint64_t sync_log, sync_due; /* what the sync under way covers */
    uint32_t restarts;           /* how often this one came back */
    uint32_t local_needed;       /* further copies of the region that must have a write */
    uint32_t repairing;          /* links that are compared or about to be */
};

enum { MULTI_NO_LINK = 255 };

static inline struct multi_link *multi_link(const struct multi_state *state, uint32_t index)
{
    return (struct multi_link *)state->links + index;
}

static inline struct multi_entry *multi_entry(const struct multi_state *state, uint64_t position)
{
    return (struct multi_entry *)state->log + (position & state->log_mask);
}

static inline uint64_t multi_bit(uint32_t link)
{
    return UINT64_C(1) << link;
}

static inline uint64_t multi_token(enum multi_timer kind, uint32_t link)
{
    return (uint64_t)kind << 32 | link;
}

/*
 * Whether the message is of the neighbour as it is now. What it sent before a restart went over a
 * connection that the restart has closed; taken after the comparison that follows the restart, it
 * could bring what the neighbour itself has lost and does not get back.
 */
static inline bool multi_current(struct multi_link *link, uint32_t restarts)
{
    link->restarts = restarts > link->restarts ? restarts : link->restarts;
    return restarts == link->restarts;
}

/* The link of the message's sender. */
static inline uint32_t multi_link_from(struct replica *self, const struct message *message)
{
    const struct multi_state *state = replica_state(self);
    return state->link_of[replica_sender(self, message)];
}

/* multi_primary.c */
struct stamp_clock multi_clock(struct replica *self);
void multi_stored(struct replica *self);                     /* something is to be synced */
void multi_op_copied(struct replica *self, uint32_t number); /* a copy of the region has it */
void multi_op_given_up(struct replica *self, uint32_t number);

/* multi_primary_log.c */
uint64_t multi_append(struct replica *self, const struct multi_entry *entry); /* its position */
void multi_clear(struct replica *self, uint32_t link, uint64_t position);
void multi_drop(struct replica *self, uint32_t link); /* all that waits for it */
void multi_rewind(struct multi_link *link);           /* what is not acknowledged is sent again */
void multi_trim(struct multi_state *state);
void multi_log_crashed(struct multi_state *state);
void multi_log_lost(struct replica *self);
bool multi_full(struct replica *self); /* a neighbour's queue is */
void multi_due_add(struct replica *self, struct multi_due due);

/* multi_primary_ship.c */
void multi_pump(struct replica *self, uint32_t link);
void multi_pump_all(struct replica *self);
void multi_acknowledge(struct replica *self, struct multi_due due);
void multi_batch_timer(struct replica *self, uint32_t link);
void multi_resend_timer(struct replica *self, uint32_t link);
void multi_on_batch(struct replica *self, const struct message *message);
void multi_on_item(struct replica *self, const struct message *message);
void multi_on_ack(struct replica *self, const struct message *message);

/* multi_primary_compare.c */
void multi_compare(struct replica *self, uint32_t link); /* begins, or begins again */
void multi_compare_timer(struct replica *self, uint32_t link);
void multi_on_tree(struct replica *self, const struct message *message);
void multi_on_leaves(struct replica *self, const struct message *message);
void multi_on_versions(struct replica *self, const struct message *message);
void multi_on_want(struct replica *self, const struct message *message);

#endif
