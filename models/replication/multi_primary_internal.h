/*
 * multi_primary_internal.h - parts of the multi_primary strategy, for multi_primary*.c only.
 *
 * Model:  each replica has one log of what it has to pass on: its own writes, what it relays (ring,
 *         hub) and what comparing has shown that a neighbour lacks. A link is one neighbour; bit l
 *         of an entry says that link l still has to acknowledge it.
 * Log:    positions are never used twice: after a crash a replica goes on behind where it was.
 *         What its disk had stays in the log, as its data does; what memory had is void.
 * Values: an entry of a register is its version. Of a value that merges it says that its key has
 *         changed, and owns the delta or the operation where such are exchanged; a state is taken
 *         from storage when it is sent.
 * States: a neighbour that is compared with is given states whatever is exchanged, so that no
 *         delta or operation ever comes to one that lacks what was before it.
 * Disk:   one sync at a time; what arrives meanwhile shares the next one.
 */
#ifndef MODELS_REPLICATION_MULTI_PRIMARY_INTERNAL_H
#define MODELS_REPLICATION_MULTI_PRIMARY_INTERNAL_H

#include "models/replication/replica.h"
#include "models/stamps/stamp.h"

enum multi_ack { MULTI_ACK_MEMORY, MULTI_ACK_DISK, MULTI_ACK_LOCAL_QUORUM };
enum multi_topology { MULTI_MESH, MULTI_RING, MULTI_HUB };
enum multi_order { MULTI_LOG, MULTI_ITEMS, MULTI_CAUSAL };
/* exchange: enum value_form */
enum multi_overflow { MULTI_DROP, MULTI_REFUSE };
enum multi_catch_up { MULTI_COMPARE, MULTI_FULL };

enum multi_message {
    /* Those that bring values, and MULTI_TREE, say how often their sender has
       restarted. */
    MULTI_BATCH,    /* a = from, version = (nothing is missing below, to), block:
                       entries; key =  how often the receiver has restarted, as far as
                       the sender knows */
    MULTI_ITEM,     /* a = position; one entry, block: its content */
    MULTI_ACK,      /* a = position: all below (batches), that one (items); request = restarts */
    MULTI_TREE,     /* request = round, block: hashes of the leaves; version.write:
                       nothing is   missing below that position of the log */
    MULTI_LEAVES,   /* request = round, block: bits of the leaves that differ */
    MULTI_VERSIONS, /* request = round, a = leaf, block: versions (merging:
                       digests) of its keys */
    MULTI_WANT,     /* request = round, a = leaf, block: keys of which the other has
                       newer ones */
    MULTI_RIGHTS,   /* key, a = amount, request = actor: please pass rights to take
                       on to it */
    MULTI_MESSAGE_COUNT
};

enum multi_timer {
    MULTI_TIMER_BATCH,
    MULTI_TIMER_RESEND,
    MULTI_TIMER_COMPARE,
    MULTI_TIMER_WAIT,  /* of an operation: until its stamp is past */
    MULTI_TIMER_REPAIR /* compare_every */
};

enum multi_mode { MULTI_MODE_LOG, MULTI_MODE_REPAIR };

/* Bytes beside values (assumption: key 8 to 16, stamp 8, write 8, machine 1,
 * lengths). */
enum {
    MULTI_ENTRY_BYTES = 48,
    MULTI_ACK_BYTES = 16,
    MULTI_KEY_BYTES = 8,
    MULTI_VERSION_BYTES = 24,
    MULTI_DIGEST_BYTES = 8,
    MULTI_POSITION_BYTES = 10, /* of a log: whose, and how far */
    MULTI_RIGHTS_BYTES = 24
};
/* A message of many values ends when it has so many bytes (assumption: as the
 * other strategies). */
enum { MULTI_BULK_BYTES = 128 * 1024 };
/* Waiting for an answer doubles with each vain try up to this (assumption: as
 * TCP, RFC 6298). */
#define MULTI_RESEND_MAX_NS (60 * SIM_NS_PER_S)
/* Leaves that are compared at the same time; they fill the neighbour's pipe and
 * not its queue. */
enum { MULTI_LEAVES_AT_ONCE = 16, MULTI_LEAF_WORDS = REPLICA_LEAVES_MAX / 64 };

struct multi_params {
    struct param_choice stamps;
    bool after_stored, confirm;
    uint32_t ack, topology, hub, order, overflow, exchange, catch_up;
    int64_t batch_max, queue, window;
    sim_ns batch_wait, resend_after, compare_every;
};

struct multi_op { /* a write that is not answered yet */
    struct message request;
    struct version version;
    uint32_t copies, needed; /* durable here and on copies of the region */
    bool durable;            /* here */
    bool timed;              /* a timer runs until its stamp is past */
};

struct multi_entry {
    struct version version;
    uint64_t waiting; /* links that have not acknowledged it */
    uint32_t key, bytes;
    uint32_t pending; /* number of the operation that waits for it; 0: none */
    bool repair;      /* comes from comparing: whoever learns from it passes it on */
    bool joined;      /* the next entry is of the same transaction: both in one batch */
};

struct multi_more {   /* of an entry of a value that merges */
    uint64_t earlier; /* position + 1 of the entry of its key before it; 0: none */
    uint32_t block;   /* delta or operation; freed when no link waits for it */
    uint32_t slot;    /* of the batch that is being made */
    uint8_t form;     /* enum value_form */
};

struct multi_slot { /* of a batch that is being made */
    struct content content;
    uint64_t position, last; /* of the first entry that it stands for; of the last
                                joined to it */
    uint32_t key;
    uint8_t flags;
    bool own; /* the content is a copy of its own */
};

struct multi_held {      /* a batch that waits for its causes */
    struct content copy; /* of its block */
    uint32_t at;         /* next entry */
    uint64_t reached, to;
};

struct multi_ring {
    void *items;
    size_t capacity;
};

struct multi_undo { /* of the table `included` */
    uint64_t before;
    uint32_t cell;
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
    uint32_t careful;       /* writes in one message, since it was silent; 0: it was not */
    uint64_t acked;         /* no entry before it waits */
    uint64_t sent, covered; /* next to send; end of the last batch */
    uint64_t waiting, unsent;
    uint64_t progress, progress_then; /* acknowledgements; when the timer was set */
    uint64_t states_until;            /* entries before it go as states */
    uint32_t restarts;                /* of the neighbour, as far as it is known here */
    /* Receiving batches. */
    uint64_t got, got_durable; /* its log up to there */
    bool gap_said;
    uint64_t caused; /* behind the last of its writes that was taken: what writes
                        here follow */
    void *held;      /* order causal: ring of struct multi_held */
    size_t held_capacity;
    uint64_t held_mask, held_first, held_next, held_to;
    /* Comparing. */
    uint8_t comparing, compare_doublings;
    bool compare_armed;
    uint64_t marked_until; /* entries before it go as repairs: the neighbour has
                              compared */
    sim_ns settled_ns;     /* by the own clock: until then all that is news is passed
                              on */
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
    bool merges, packed; /* packed: batches of entries that are not just versions */
    bool is_hub;
    uint8_t form; /* of what is passed on: enum value_form */
    void *more;   /* ring beside the log: struct multi_more */
    size_t more_capacity;
    void *causes; /* ring beside the log, a position for each member: order causal
                   */
    size_t causes_capacity;
    struct multi_ring held[STAMP_MEMBERS_MAX]; /* by link: struct multi_held; order causal */
    void *latest;                              /* by key: position + 1 of its last entry */
    size_t latest_capacity;
    void *slots; /* struct multi_slot */
    size_t slots_capacity;
    /*
     * Operations are done again once each: by key and member, up to where
     * (position + 1) its operations are in the state here. Goes back with the
     * storage when power is lost.
     */
    void *included, *undo; /* uint64_t; ring of struct multi_undo */
    size_t included_capacity, undo_capacity;
    uint64_t undo_mask, undo_first, undo_next, sync_undo;
    void *asked; /* by key: until when no rights are asked for again */
    size_t asked_capacity;
    void *dues; /* ring of struct multi_due */
    size_t dues_capacity;
    uint64_t due_mask, due_first, due_next;
    bool syncing;
    uint64_t sync_log, sync_due; /* what the sync under way covers */
    uint32_t restarts;           /* how often this one came back */
    uint32_t local_needed;       /* further copies of the region that must have a write */
    uint32_t repairing;          /* links that are compared or about to be */
};

enum { MULTI_NO_LINK = 255, MULTI_PLAIN_WORDS = 4 }; /* plain: an entry that is a version */

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

static inline struct multi_more *multi_more(const struct multi_state *state, uint64_t position)
{
    return (struct multi_more *)state->more + (position & state->log_mask);
}

static inline bool multi_waits(const struct multi_state *state, uint32_t link, uint64_t position)
{
    return (multi_entry(state, position)->waiting & multi_bit(link)) != 0;
}

/*
 * Writes in one message at most. To a neighbour that was silent one, and with each answer twice as
 * many: where packets get lost, a large message hardly ever arrives.
 */
static inline uint32_t multi_batch_most(const struct multi_params *params,
                                        const struct multi_link *link)
{
    const uint32_t most = (uint32_t)params->batch_max;
    return link->careful > 0 && link->careful < most ? link->careful : most;
}

/* The link of the message's sender. */
static inline uint32_t multi_link_from(struct replica *self, const struct message *message)
{
    const struct multi_state *state = replica_state(self);
    return state->link_of[replica_sender(self, message)];
}

/* multi_primary.c */
struct stamp_clock multi_clock(struct replica *self);
/*
 * Whether the message is of the neighbour as it is now. What it sent before a
 * restart went over a connection that the restart has closed; taken after the
 * comparison that follows the restart, it could bring what the neighbour itself
 * has lost and does not get back.
 */
bool multi_current(struct replica *self, uint32_t link, uint32_t restarts);

/* multi_primary_check.c */
const char *multi_check(const void *params, const struct scenario_dataset *dataset,
                        const struct scenario *scenario, const char **key);

/* multi_primary_write.c */
void multi_on_write(struct replica *self, const struct message *request);
void multi_stored(struct replica *self);                     /* something is to be synced */
void multi_synced(struct replica *self);                     /* what was being synced is on disk */
void multi_op_copied(struct replica *self, uint32_t number); /* a copy of the region has it */
void multi_op_given_up(struct replica *self, uint32_t number);
void multi_op_timer(struct replica *self, uint32_t number);
void multi_on_rights(struct replica *self, const struct message *message);
void multi_rights_came(struct replica *self, uint32_t key);

/* multi_primary_log.c */
/* Makes room for one more in a ring of a power of two; true: *mask is to become
 * `larger` - 1. */
void multi_ring_reserve(struct replica *self, void **ring, size_t *capacity, uint64_t *mask,
                        uint64_t first, uint64_t next, size_t bytes);
/* Its position. The content's block passes over; NULL: a version, or a state.
 */
uint64_t multi_append(struct replica *self, const struct multi_entry *entry,
                      const struct content *content);
void multi_clear(struct replica *self, uint32_t link, uint64_t position);
void multi_drop(struct replica *self, uint32_t link); /* all that waits for it */
void multi_rewind(struct multi_link *link);           /* what is not acknowledged is sent again */
void multi_trim(struct multi_state *state);
void multi_log_crashed(struct replica *self);
void multi_log_lost(struct replica *self);
bool multi_full(struct replica *self); /* a neighbour's queue is */
void multi_due_add(struct replica *self, struct multi_due due);
/* The key's last entry before `position` that waits for the link, from `from`
 * on. */
bool multi_earlier(const struct multi_state *state, uint32_t link, uint64_t position, uint64_t from,
                   uint64_t *earlier);

/* multi_primary_included.c */
void multi_included_make(struct replica *self);
uint64_t multi_included(const struct replica *self, uint32_t key, uint32_t member);
void multi_include(struct replica *self, uint32_t key, uint32_t member, uint64_t until);
void multi_included_durable(struct multi_state *state, uint64_t undo);
void multi_included_crashed(struct multi_state *state);
void multi_included_lost(struct replica *self);

/* multi_primary_ship.c */
void multi_pump(struct replica *self, uint32_t link);
void multi_pump_all(struct replica *self);
/* Passes over what the neighbour is not to get. */
void multi_skip(const struct multi_state *state, uint32_t link, uint64_t end);
void multi_batch_timer(struct replica *self, uint32_t link);
void multi_resend_timer(struct replica *self, uint32_t link);
void multi_on_ack(struct replica *self, const struct message *message);

/* multi_primary_pack.c: batches whose entries are not just versions */
void multi_send_packed(struct replica *self, uint32_t link, uint64_t end);
void multi_send_packed_item(struct replica *self, struct multi_link *link, uint64_t end);

struct multi_arrived { /* an entry of such a batch */
    struct multi_entry entry;
    uint64_t position, last;
    uint8_t form, flags;
    uint32_t causes, row;  /* where they are in the block; 0: there are none */
    uint32_t words, count; /* where the content is */
    uint32_t next;         /* where the next entry is; 0: this is none */
};
struct multi_arrived multi_unpack(const struct replica *self, uint32_t block, uint32_t at);

/* multi_primary_take.c */
enum multi_flag {
    MULTI_FLAG_GAP = 1,
    MULTI_FLAG_REPAIR = 1,
    MULTI_FLAG_FORM_SHIFT = 1, /* of an item */
    MULTI_FLAG_JOINED = 128    /* of an entry of a batch */
};
void multi_acknowledge(struct replica *self, struct multi_due due);
void multi_on_batch(struct replica *self, const struct message *message);
void multi_on_item(struct replica *self, const struct message *message);
void multi_say_gap(struct replica *self, struct multi_link *link);
/* `reached`: deltas and operations below it have been taken, or are no longer
 * needed. */
void multi_take_arrived(struct replica *self, uint32_t from, uint32_t block,
                        const struct multi_arrived *arrived, uint64_t reached);
/* Nothing before `base` comes any more: what is missing comes by comparing. */
void multi_jump(struct replica *self, uint32_t link, uint64_t base);

/* multi_primary_causal.c */
void multi_causes_note(struct replica *self, uint64_t position);
const uint64_t *multi_causes(const struct replica *self, uint64_t position);
void multi_hold(struct replica *self, uint32_t from, const struct message *message);
void multi_deliver(struct replica *self);
void multi_held_drop(struct replica *self, uint32_t link);

/* multi_primary_compare.c */
void multi_compare(struct replica *self, uint32_t link); /* begins, or begins again */
void multi_compare_timer(struct replica *self, uint32_t link);
void multi_repair_arm(struct replica *self);
void multi_repair_timer(struct replica *self); /* compares with all neighbours */
void multi_on_tree(struct replica *self, const struct message *message);
void multi_on_leaves(struct replica *self, const struct message *message);
void multi_on_versions(struct replica *self, const struct message *message);
void multi_on_want(struct replica *self, const struct message *message);

#endif
