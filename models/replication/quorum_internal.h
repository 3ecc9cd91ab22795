/*
 * quorum_internal.h - parts of the quorum strategy, for quorum*.c only.
 *
 * Model:  members that store the data are bits of a word. An operation is pending at its
 *         coordinator until it is answered and all that it asked have answered or its time is out.
 * Time:   no timer per operation: time-outs are constant, so operations run out in the order in
 *         which they began, and one timer stands for the oldest (struct quorum_watch).
 * Disk:   one sync at a time; what arrives meanwhile shares the next one. What is to be said when a
 *         sync has finished waits in a ring (struct quorum_due).
 */
#ifndef MODELS_REPLICATION_QUORUM_INTERNAL_H
#define MODELS_REPLICATION_QUORUM_INTERNAL_H

#include "models/replication/levels.h"
#include "models/replication/replica.h"

enum quorum_coordinators { QUORUM_BY_REPLICAS, QUORUM_BY_OTHERS, QUORUM_BY_ANY };
enum quorum_read_from { QUORUM_FROM_ALL, QUORUM_FROM_NEEDED };
enum quorum_read_repair { QUORUM_REPAIR_NONE, QUORUM_REPAIR_BLOCKING, QUORUM_REPAIR_BACKGROUND };

enum quorum_message {
    QUORUM_WRITE,
    QUORUM_WRITE_ACK,
    QUORUM_READ,
    QUORUM_READ_ANSWER,
    QUORUM_REPAIR,
    QUORUM_REPAIR_ACK,
    QUORUM_HINTS,
    QUORUM_HINTS_ACK,
    QUORUM_HEARTBEAT,
    QUORUM_TREE,
    QUORUM_VERSIONS,
    QUORUM_WANT,
    QUORUM_VALUES,
    QUORUM_RIGHTS,       /* key, a = amount, request = actor: please pass rights to take */
    QUORUM_MESSAGE_COUNT /* in a quorum_due: nothing is to be said */
};

enum quorum_timer {
    QUORUM_TIMER_WATCH, /* index: enum quorum_watch_kind */
    QUORUM_TIMER_HEARTBEAT,
    QUORUM_TIMER_HINTS, /* index: member */
    QUORUM_TIMER_ANTI_ENTROPY
};

/* Bytes of a message beside values (assumption: key 8 to 16, timestamp 8, operation 8, lengths). */
enum { QUORUM_WRITE_BYTES = 48, QUORUM_READ_BYTES = 32, QUORUM_ACK_BYTES = 16 };

/* A message of many values ends when it has so many bytes (assumption: as PostgreSQL's stream). */
enum { QUORUM_BULK_BYTES = 128 * 1024, QUORUM_BULK_WORDS = 64 * 1024 };

struct quorum_params {
    uint32_t read, write; /* enum level */
    int64_t r, w;         /* -1: by level */
    uint32_t coordinators, read_from, read_repair;
    sim_ns speculate_after; /* -1: never */
    bool hints, sloppy;
    sim_ns hint_window;
    double hint_rate;
    sim_ns write_timeout, read_timeout;
    sim_ns heartbeat; /* 0: nobody is ever suspected */
    sim_ns suspect_after;
    sim_ns anti_entropy; /* -1: never */
    uint32_t exchange;   /* enum value_form: what of a write the copies get */
};

enum quorum_phase { QUORUM_OPEN, QUORUM_REPAIRING, QUORUM_ANSWERED };

struct quorum_op {
    struct message request;
    struct version version; /* write: its own; read: the newest in the answers so far */
    sim_ns since_ns;
    uint64_t asked;       /* members, or their substitutes */
    uint64_t waiting;     /* of them, those still to answer (repairing: to be repaired) */
    uint64_t fresh;       /* read: answered with `version`; what merges: with the join of all */
    uint64_t substituted; /* a node that stores nothing itself stands in for the member */
    uint32_t value_bytes;
    uint32_t held; /* a content, see quorum_held_by; 0: none */
    uint8_t phase;
};

struct quorum_held { /* a content of an operation, or on the free list */
    struct content content;
    uint32_t next;
};

struct quorum_item { /* one of many in a message */
    struct content content;
    uint32_t key;
};

struct quorum_bulk { /* how large such a message is */
    uint32_t count, bytes, words;
    uint8_t form; /* of all */
};

enum { QUORUM_ITEM_WORDS = 3 };

enum quorum_watch_kind { QUORUM_WATCH_WRITE, QUORUM_WATCH_READ, QUORUM_WATCH_SPECULATE };
enum { QUORUM_WATCH_COUNT = 3 };

struct quorum_watch {
    void *numbers; /* ring of uint32_t: operations in the order of their begin */
    size_t capacity;
    uint64_t mask, first, next;
    sim_ns watched_since_ns; /* begin of the operation that the timer stands for */
    bool armed;
};

struct quorum_due {
    uint32_t member, number;
    uint8_t kind; /* enum quorum_message */
    uint8_t flag;
};

struct quorum_hint {
    struct quorum_item item; /* its block is the hint's own */
    uint32_t next; /* index + 1 of the next of the same queue or of the free list; 0: none */
};

struct quorum_hint_queue { /* for one member */
    uint32_t first, last;  /* index + 1 */
    uint32_t count, in_flight;
    uint32_t attempt; /* number of the batch in flight */
    uint8_t doublings;
    bool pacing, retrying; /* what the timer is for */
    struct timer timer;
    sim_ns since_ns; /* when the queue was last empty */
};

struct quorum_peer {
    uint32_t heard_tick;
    bool alive;
};

struct quorum_state {
    uint64_t live; /* members believed up, itself among them */
    uint64_t all;
    uint64_t self_bit; /* 0: this node stores nothing */
    int64_t last_stamp;
    bool syncing;
    bool merges; /* what a key holds: see models/values */
    struct level_rules write_rules, read_rules;
    struct quorum_watch watches[QUORUM_WATCH_COUNT];
    void *due; /* ring of struct quorum_due */
    size_t due_capacity;
    uint64_t due_mask, due_first, due_next;
    void *hints; /* struct quorum_hint */
    size_t hints_capacity;
    uint32_t hints_used, hints_free;
    void *held; /* struct quorum_held */
    size_t held_capacity;
    uint32_t held_used, held_free;
    void *asked; /* sim_ns, by key: until when no rights are asked for again; NULL: never were */
    size_t asked_capacity;
    void *queues; /* struct quorum_hint_queue, by member */
    size_t queues_capacity;
    void *peers; /* struct quorum_peer, by member, all nodes */
    size_t peers_capacity;
    uint32_t tick;  /* heartbeats sent */
    uint32_t round; /* anti-entropy: exchanges begun */
};

static inline uint64_t quorum_bit(uint32_t member)
{
    return UINT64_C(1) << member;
}

/* A substitute acts for a member whose number travels in the flag. */
static inline uint8_t quorum_flag_for(uint32_t owner)
{
    return (uint8_t)(owner + 1);
}

static inline uint32_t quorum_owner(uint8_t flag, uint32_t sender)
{
    return flag == 0 ? sender : (uint32_t)flag - 1;
}

static inline uint64_t quorum_token(enum quorum_timer kind, uint32_t index)
{
    return (uint64_t)kind << 32 | index;
}

static inline struct quorum_hint_queue *quorum_queue(const struct quorum_state *state,
                                                     uint32_t member)
{
    return (struct quorum_hint_queue *)state->queues + member;
}

/* quorum_params.c */
extern const struct param_spec quorum_table[];
const char *quorum_finish(void *untyped, struct arena *arena, const char **key);
const char *quorum_check(const void *untyped, const struct scenario_dataset *dataset,
                         const struct scenario *scenario, const char **key);

/* quorum.c: the disk. `due` is said at once without one. */
void quorum_stored(struct replica *self, struct quorum_due due);

/* quorum_watch.c */
void quorum_watch_add(struct replica *self, enum quorum_watch_kind kind, uint32_t number,
                      sim_ns since_ns);
void quorum_watch_fired(struct replica *self, enum quorum_watch_kind kind);
void quorum_watch_forget(struct quorum_state *state);

/* quorum_write.c */
void quorum_write_begin(struct replica *self, const struct message *request);
void quorum_write_expired(struct replica *self, uint32_t number);
void quorum_write_acked(struct replica *self, uint32_t number, uint32_t owner);
void quorum_on_write(struct replica *self, const struct message *message);

/* quorum_read.c */
void quorum_read_begin(struct replica *self, const struct message *request);
void quorum_read_expired(struct replica *self, uint32_t number);
void quorum_read_speculate(struct replica *self, uint32_t number);
void quorum_on_read(struct replica *self, const struct message *message);
void quorum_on_read_answer(struct replica *self, const struct message *message);
void quorum_on_repair(struct replica *self, const struct message *message);
void quorum_repaired(struct replica *self, uint32_t number, uint32_t member);

/* quorum_content.c: values that merge, and many values in one message */
void quorum_hold(struct replica *self, struct quorum_op *op, struct content content);
struct content *quorum_held_by(struct replica *self, const struct quorum_op *op);
void quorum_op_end(struct replica *self, uint32_t number); /* frees what it holds */
void quorum_held_forget(struct replica *self);             /* a crash: of all operations */
/* Counts one item more; false: there is no room for another. Then their message, and its receiver.
 */
bool quorum_bulk_add(struct replica *self, struct quorum_bulk *bulk,
                     const struct quorum_item *item);
struct message quorum_bulk_message(struct replica *self, const struct quorum_bulk *bulk,
                                   const struct quorum_item *items);
void quorum_bulk_take(struct replica *self, const struct message *message);

/* quorum_rights.c: after a write here; after a repair of the key; at a crash */
void quorum_rights_ask(struct replica *self, uint32_t key);
void quorum_rights_came(struct replica *self, uint32_t key);
void quorum_rights_forget(struct replica *self);
void quorum_on_rights(struct replica *self, const struct message *message);

/* quorum_hints.c: keeps a copy of the content */
bool quorum_hint_add(struct replica *self, uint32_t member, uint32_t key,
                     const struct content *content);
void quorum_hints_pump(struct replica *self, uint32_t member);
void quorum_hints_wake(struct replica *self, uint32_t member); /* it is back */
void quorum_hints_timer(struct replica *self, uint32_t member);
void quorum_on_hints(struct replica *self, const struct message *message);
void quorum_on_hints_ack(struct replica *self, const struct message *message);
void quorum_hints_forget(struct replica *self);
void quorum_hints_lost(struct replica *self); /* with the disk that they were on; after forget */
void quorum_hints_recover(struct replica *self);

/* quorum_detect.c */
void quorum_detect_start(struct replica *self);
void quorum_heartbeat_timer(struct replica *self);
void quorum_on_heartbeat(struct replica *self, const struct message *message);
uint64_t quorum_substituted(struct replica *self); /* members that have a substitute now */
uint32_t quorum_target(struct replica *self, uint32_t member); /* its substitute */
void quorum_detect_recover(struct replica *self);

/* quorum_repair.c: anti-entropy */
void quorum_anti_entropy_start(struct replica *self);
void quorum_anti_entropy_timer(struct replica *self);
void quorum_on_tree(struct replica *self, const struct message *message);
void quorum_on_versions(struct replica *self, const struct message *message);
void quorum_on_want(struct replica *self, const struct message *message);
void quorum_on_values(struct replica *self, const struct message *message);

#endif
