/*
 * primary_internal.h - parts of the primary strategy, for primary*.c only.
 *
 * Model:  every copy keeps a log, numbered from 1. `end` is the last entry it has, `durable` the
 *         last one on its disk, `applied` the last one that readers see. At the primary an entry is
 *         applied when the acknowledgement rule holds (commit); at a follower when it is durable.
 *         `stored` is what the storage's own disk image surely holds: after a crash the storage is
 *         taken back to a disk sync and is brought forward again from the log.
 * Order:  base <= stored <= applied <= durable <= end; of a link acked <= sent <= durable.
 * Memory: the log is a ring. Entries at or below `base` are gone; it moves up, when the ring is
 * full, to what every link has acknowledged, and the ring grows only by what they have not.
 */
#ifndef MODELS_REPLICATION_PRIMARY_INTERNAL_H
#define MODELS_REPLICATION_PRIMARY_INTERNAL_H

#include "models/replication/replica.h"

enum primary_acks { PRIMARY_ASYNC, PRIMARY_SEMI_SYNC, PRIMARY_ALL };
enum primary_topology { PRIMARY_STAR, PRIMARY_CASCADE };
enum primary_reads { PRIMARY_READ_NEAREST, PRIMARY_READ_PRIMARY, PRIMARY_READ_AFTER_WRITE };
enum primary_mode { PRIMARY_MODE_NORMAL, PRIMARY_MODE_FALLBACK };
enum primary_message { PRIMARY_APPEND, PRIMARY_ACK };
enum primary_append_flag { PRIMARY_PROBE = 1, PRIMARY_EMPTY = 2 };
enum primary_ack_flag { PRIMARY_RESET = 1 };
enum primary_timer { PRIMARY_TIMER_FALLBACK, PRIMARY_TIMER_LINGER, PRIMARY_TIMER_RESEND };

struct primary_params {
    uint32_t primary; /* region */
    uint32_t acks, topology, reads;
    int64_t wait_for;
    sim_ns fallback_after; /* -1: never */
    int64_t batch_max, batch_bytes;
    sim_ns batch_wait;
    int64_t window;
    sim_ns resend_after;
    sim_ns after_write;
};

struct primary_shared {
    uint32_t member, node; /* of the primary */
    uint32_t followers;
    uint32_t need; /* acknowledgements of followers that a commit waits for */
};

struct primary_entry {
    uint64_t write;
    uint32_t key, bytes;
    uint32_t older; /* entries back to the one before with an equal retry hash; 0: none */
};

struct primary_waiting { /* a client that waits for its write */
    struct message request;
    sim_ns since_ns;
};

struct primary_link { /* to a follower that this node feeds */
    uint64_t acked;   /* durable there, as far as it has said */
    uint64_t sent;    /* last entry sent; what lies between is in flight */
    uint64_t deep;    /* cascade: durable at the last follower that a commit waits for */
    uint64_t mark;    /* acked when the resend timer was set */
    struct timer linger;
    uint32_t member;
    uint32_t place; /* in `order` */
    uint8_t doublings;
    bool resend_armed, linger_armed;
};

struct primary_state {
    uint64_t end, durable, applied;
    void *entries; /* ring of struct primary_entry */
    uint64_t mask; /* its entries - 1 */
    void *links;   /* struct primary_link */
    uint32_t link_count;
    uint32_t rank;     /* 0 = primary, then followers in the order of members */
    uint32_t upstream; /* member that feeds this one */
    bool syncing;
    bool fallback_armed;
    uint8_t mode;
    uint64_t base, stored, stored_next;
    uint64_t recovered; /* what the last restart found on the disk */
    uint64_t gap_reported;
    void *recent;  /* primary: uint64_t, newest entry by retry hash */
    void *waiting; /* primary: ring of struct primary_waiting over (applied, end] */
    uint64_t waiting_mask;
    void *order; /* uint32_t: links by acked, largest first */
    uint64_t caught_goal, caught_mark;
    sim_ns watched_since_ns; /* begin of the wait that the fall-back timer stands for */
    size_t entries_capacity, links_capacity, recent_capacity, waiting_capacity, order_capacity;
};

/* Rank in the chain or star, and back: the primary is 0, the others keep the order of members. */
static inline uint32_t primary_rank(const struct primary_shared *shared, uint32_t member)
{
    if (member == shared->member) {
        return 0;
    }
    return member < shared->member ? member + 1 : member;
}

static inline uint32_t primary_ranked(const struct primary_shared *shared, uint32_t rank)
{
    if (rank == 0) {
        return shared->member;
    }
    return rank <= shared->member ? rank - 1 : rank;
}

static inline struct primary_entry *primary_entry_at(const struct primary_state *state,
                                                     uint64_t position)
{
    struct primary_entry *entries = state->entries;
    return &entries[position & state->mask];
}

static inline struct primary_link *primary_link_at(const struct primary_state *state,
                                                   uint32_t index)
{
    struct primary_link *links = state->links;
    return &links[index];
}

static inline uint64_t primary_token(enum primary_timer kind, uint32_t link)
{
    return (uint64_t)kind << 32 | link;
}

/* primary_log.c */
void primary_log_append(struct replica *self, struct primary_entry entry);
uint64_t primary_log_find(const struct primary_state *state, uint64_t write); /* 0: not there */
void primary_log_forget(struct primary_state *state); /* power loss: back to what is durable */
struct primary_waiting *primary_waiting_add(struct replica *self, uint64_t position);
static inline struct primary_waiting *primary_waiting_at(const struct primary_state *state,
                                                         uint64_t position)
{
    struct primary_waiting *waiting = state->waiting;
    return &waiting[position & state->waiting_mask];
}

/* primary_ship.c: the feeding side ... */
void primary_links_start(struct replica *self);
void primary_ship(struct replica *self); /* what became durable goes to every link */
bool primary_on_ack(struct replica *self, const struct message *message); /* a commit may follow */
void primary_on_linger(struct replica *self, uint32_t link);
void primary_on_resend(struct replica *self, uint32_t link);
void primary_links_forget(struct primary_state *state);
void primary_links_recover(struct replica *self);
uint64_t primary_acknowledged(struct replica *self); /* the position the rule allows */
/* ... and the fed one. */
void primary_on_append(struct replica *self, const struct message *message);
void primary_answer(struct replica *self, uint8_t flag);
void primary_sync(struct replica *self); /* primary.c: asks the disk when it is free */

#endif
