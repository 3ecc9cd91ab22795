/*
 * primary_internal.h - parts of the primary strategy, for primary*.c only.
 *
 * Model:  every copy keeps a log, numbered from 1. `end` is the last entry it has, `durable` the
 *         last one on its disk, `applied` the last one that readers see. At the leader an entry is
 *         applied when the acknowledgement rule holds (commit); at a follower when it is durable.
 *         `stored` is what the storage's own disk image surely holds: after a crash the storage is
 *         taken back to a disk sync and is brought forward again from the log.
 * Epochs: an entry is named by its position and the epoch of the leader that wrote it. A log's
 *         history says at which position each epoch began, as PostgreSQL's timeline history does,
 *         so that entries carry none: two logs that name one position alike are equal up to it.
 *         `tag` is the epoch whose leader's log this one is known to continue; what arrives with
 *         another one takes the long way.
 * Order:  base <= stored <= applied <= durable <= end; of a link base <= acked <= sent <= durable.
 * Memory: the log is a ring. Entries at or below `base` are gone; it moves up, when the ring is
 *         full, to what every link has acknowledged, and the ring grows only by what they have not.
 */
#ifndef MODELS_REPLICATION_PRIMARY_INTERNAL_H
#define MODELS_REPLICATION_PRIMARY_INTERNAL_H

#include "models/replication/replica.h"

enum primary_acks { PRIMARY_ASYNC, PRIMARY_SEMI_SYNC, PRIMARY_ALL };
enum primary_topology { PRIMARY_STAR, PRIMARY_CASCADE };
enum primary_reads { PRIMARY_READ_NEAREST, PRIMARY_READ_PRIMARY, PRIMARY_READ_AFTER_WRITE };
enum primary_mode { PRIMARY_MODE_NORMAL, PRIMARY_MODE_FALLBACK, PRIMARY_MODE_GUARDED };

/*
 * append, ack: the log, leader to follower and back. The others are for leaders that move: hello:
 * a leader's epoch and history; join: somebody asks for a hello; refuse: names a higher epoch than
 * the message had; beat: the leader lives, its clock and its log's end; fetch, data: keys wanted,
 * and their versions with values. All but append carry the epoch in `request`, append in the stamp.
 */
enum primary_message {
    PRIMARY_APPEND,
    PRIMARY_ACK,
    PRIMARY_HELLO,
    PRIMARY_JOIN,
    PRIMARY_REFUSE,
    PRIMARY_BEAT,
    PRIMARY_FETCH,
    PRIMARY_DATA
};

enum primary_append_flag { PRIMARY_PROBE = 1, PRIMARY_EMPTY = 2, PRIMARY_GONE = 4 };
enum primary_ack_flag { PRIMARY_RESET = 1, PRIMARY_JOINED = 2 };
enum primary_beat_flag { PRIMARY_UNHEARD = 1 };
enum primary_fetch_flag { PRIMARY_COPY = 1 };

enum primary_timer {
    PRIMARY_TIMER_FALLBACK,
    PRIMARY_TIMER_LINGER,
    PRIMARY_TIMER_RESEND,
    PRIMARY_TIMER_BEAT,
    PRIMARY_TIMER_REPLAY,
    PRIMARY_TIMER_FETCH,
    PRIMARY_TIMER_GUARD
};

/* Bytes of an epoch's entry in a history, of a message's head, and of an entry beside its value. */
enum { PRIMARY_ERA_BYTES = 16, PRIMARY_HEAD_BYTES = 32, PRIMARY_ENTRY_BYTES = 32 };
enum { PRIMARY_GUARD_MARKS = 20, PRIMARY_POSITION_BITS = 40 };

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
    sim_ns heartbeat;
    double replay_rate; /* entries per second; not above 0: at once */
    int64_t log_keep;   /* entries; not above 0: as long as anyone needs them */
    sim_ns rpo_guard;   /* not above 0: none */
};

struct primary_shared {
    uint32_t member, node; /* of the configured primary */
    uint32_t followers;
    uint32_t need; /* acknowledgements of followers that a commit waits for */
    bool managed;
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
    bool attached;        /* it has said where it stands in this epoch: entries are sent */
    uint64_t copy_serial; /* of the copy that it is being sent; acked then holds the log for it */
};

struct primary_era { /* entries from begin + 1 on were written in this epoch */
    uint64_t epoch, begin;
};

struct primary_history {
    void *eras; /* struct primary_era, by epoch */
    size_t capacity;
    uint32_t count;
};

struct primary_fetched {
    struct version version;
    uint32_t bytes;
};

struct primary_fetch {              /* keys that this node has from its leader, not from the log */
    struct primary_history history; /* of the leader */
    void *keys, *got;               /* uint32_t, struct primary_fetched: of a rewind */
    size_t keys_capacity, got_capacity;
    uint64_t serial, epoch;
    uint64_t from, seen; /* the log goes on from `from`; the leader was seen at `seen` */
    uint32_t count, asked, received, mark;
    uint32_t chunks, window; /* under way, and how many may be */
    bool active, copy, went_back;
};

struct primary_state {
    uint64_t end, durable, applied;
    uint64_t era_begin; /* of the log's last epoch: where it began, and its share of stamps */
    uint64_t era_stamp;
    uint64_t tag;
    void *entries; /* ring of struct primary_entry */
    uint64_t mask; /* its entries - 1 */
    uint64_t base, stored, stored_next;
    uint64_t sync_cap; /* the running sync covers no more than this of the log as it is now */
    void *recent;      /* primary: uint64_t, newest entry by retry hash */
    void *waiting;     /* primary: ring of struct primary_waiting over (applied, end] */
    uint64_t waiting_mask;
    void *links; /* struct primary_link */
    uint32_t link_count;
    uint32_t rank;     /* 0 = leader, then followers; UINT32_MAX: follows nobody yet */
    uint32_t upstream; /* member that feeds this one */
    bool syncing;
    bool fallback_armed;
    bool leads, accepting; /* answers writes, and takes new ones */
    bool unreadable;       /* what it shows is not the leader's at any time: reads are refused */
    uint8_t mode;
    uint8_t role; /* enum leadership_role */
    bool replay_armed;
    bool announce;       /* its position may be lower than it once said */
    bool copying;        /* log and storage are nothing until a copy is complete */
    bool torn;           /* storage was rewound or copied, and that may not all be on disk */
    bool late;           /* it accepts writes later than it said hello */
    bool settling;       /* the sync that makes it so runs */
    uint32_t head;       /* configured rank of the leader that it follows or is */
    uint32_t leader;     /* member; UINT32_MAX: none known */
    uint32_t generation; /* of its role: timers of an older one are void */
    uint64_t epoch;      /* the highest heard of */
    uint64_t low;        /* what the leader may still have to send to somebody lies above */
    uint64_t consistent; /* what was fetched is as of here: the log must reach it */
    struct primary_history history;
    struct primary_fetch fetch;
    sim_ns heard_ns, beat_ns; /* leader's clock: as of what is durable; in a beat ahead of that */
    uint64_t beat_end;
    uint64_t guard_marks[PRIMARY_GUARD_MARKS]; /* the log's end at the last ticks */
    uint64_t guard_ticks, guard_goal;
    uint64_t recovered; /* what the last restart found on the disk */
    uint64_t gap_reported;
    void *order; /* uint32_t: links by acked, largest first */
    uint64_t caught_goal, caught_mark;
    sim_ns watched_since_ns; /* begin of the wait that the fall-back timer stands for */
    size_t entries_capacity, links_capacity, recent_capacity, waiting_capacity, order_capacity;
};

/* Configured rank, and back: the primary is 0, the others keep the order of members. */
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

/* Place behind the leader of the configured rank `head`: those after it, then from the first. */
static inline uint32_t primary_place(const struct primary_shared *shared, uint32_t head,
                                     uint32_t member)
{
    const uint32_t rank = primary_rank(shared, member);
    return rank >= head ? rank - head : rank + shared->followers + 1 - head;
}

static inline uint32_t primary_placed(const struct primary_shared *shared, uint32_t head,
                                      uint32_t place)
{
    return primary_ranked(shared, (head + place) % (shared->followers + 1));
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

static inline struct primary_era *primary_era_at(const struct primary_history *history,
                                                 uint32_t index)
{
    struct primary_era *eras = history->eras;
    return &eras[index];
}

static inline uint64_t primary_token(const struct primary_state *state, enum primary_timer kind,
                                     uint32_t link)
{
    return (uint64_t)state->generation << 40 | (uint64_t)kind << 32 | link;
}

/* primary_history.c: which epoch wrote an entry; 0: none did. */
uint64_t primary_epoch_at(const struct primary_history *history, uint64_t position);
uint64_t primary_stamp_found(const struct primary_state *state, uint64_t position);
/* The last position up to which a log with the one history and this end is the other's. */
uint64_t primary_common(const struct primary_history *mine, uint64_t end,
                        const struct primary_history *other);
/* Is this version one of the log with that history, at or below `end`? */
bool primary_version_of(const struct primary_history *history, uint64_t end,
                        struct version version);
void primary_history_begin(struct replica *self, uint64_t epoch); /* after the log's end */
void primary_history_copy(struct replica *self, struct primary_history *to,
                          const struct primary_history *from);
void primary_history_adopt(struct replica *self, const struct primary_history *other);
void primary_history_clear(struct primary_state *state);
void primary_history_take(struct replica *self, struct primary_history *to,
                          const struct message *hello);
uint32_t primary_history_put(struct replica *self, struct message *hello); /* bytes */

/* Orders by (epoch, position); in epoch 1 it is the position. */
static inline int64_t primary_stamp(const struct primary_state *state, uint64_t position)
{
    return (int64_t)(position > state->era_begin ? state->era_stamp | position
                                                 : primary_stamp_found(state, position));
}

static inline void primary_apply_entry(struct replica *self, const struct primary_state *state,
                                       uint64_t position)
{
    const struct primary_entry *entry = primary_entry_at(state, position);
    const struct version version = {.stamp = primary_stamp(state, position), .write = entry->write};
    replica_apply(self, entry->key, version, entry->bytes);
}

/* primary_commit.c */
__attribute__((noinline)) void primary_accept(struct replica *self, const struct message *request);
void primary_commit(struct replica *self);
void primary_on_fallback(struct replica *self);
void primary_news(struct replica *self); /* the leader heard more of a follower */
void primary_guard_start(struct replica *self);
void primary_on_guard(struct replica *self);
/* What waits is answered as unknown, and the mode is normal again. */
void primary_give_up(struct replica *self);

/* primary_replay.c */
void primary_replay(struct replica *self); /* what is durable and not applied yet */
void primary_on_replay(struct replica *self);

/* primary_log.c */
void primary_log_append(struct replica *self, uint64_t write, uint32_t key, uint32_t bytes);
uint64_t primary_log_find(const struct primary_state *state, uint64_t write); /* 0: not there */
void primary_log_forget(struct primary_state *state); /* power loss: back to what is durable */
void primary_log_index(struct replica *self);         /* for primary_log_find, of a new leader */
/* The leader never had what is beyond `position`: it is thrown away. */
void primary_log_cut(struct replica *self, uint64_t position);
void primary_log_reset(struct primary_state *state, uint64_t position); /* empty, goes on there */
struct primary_waiting *primary_waiting_add(struct replica *self, uint64_t position);
static inline struct primary_waiting *primary_waiting_at(const struct primary_state *state,
                                                         uint64_t position)
{
    struct primary_waiting *waiting = state->waiting;
    return &waiting[position & state->waiting_mask];
}

/* primary_ship.c: the feeding side ... */
void primary_links_start(struct replica *self, bool attached);
void primary_links_stop(struct primary_state *state);
void primary_links_probe(struct replica *self); /* those of whom nothing was heard */
/* What those that are behind the log's base miss is gone. */
void primary_links_left(struct primary_state *state);
struct primary_link *primary_link_to(const struct replica *self, uint32_t member); /* or NULL */
/* A copy is sent to it: the log stays from there on until it says where it stands. */
void primary_link_hold(struct replica *self, struct primary_link *link, uint64_t position);
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

/* primary_epoch.c */
extern const struct leadership_ops primary_leadership;
void primary_lead(struct replica *self); /* the configured primary, at the start and restart */
void primary_try_accept(struct replica *self);
/* Somebody is in a higher epoch; `leader` is whom they follow, UINT32_MAX: not known. */
void primary_hear(struct replica *self, uint64_t epoch, uint32_t leader);
void primary_refuse(struct replica *self, const struct message *message);
void primary_on_refuse(struct replica *self, const struct message *message);
void primary_strange(struct replica *self, const struct message *message); /* append, other epoch */
void primary_on_beat_timer(struct replica *self);
void primary_on_beat(struct replica *self, const struct message *message);
void primary_on_hello(struct replica *self, const struct message *message);
void primary_on_join(struct replica *self, const struct message *message);
void primary_attach(struct replica *self); /* continues its leader's log from now on */

/* primary_fetch.c: rewind and copy, both ends. */
void primary_rewind(struct replica *self, uint64_t common);
void primary_copy(struct replica *self, const struct primary_history *leader);
void primary_fetch_again(struct replica *self); /* from where the answers ended */
void primary_fetch_stop(struct primary_state *state);
void primary_on_fetch(struct replica *self, const struct message *message);
void primary_on_data(struct replica *self, const struct message *message);
void primary_on_fetch_timer(struct replica *self, uint32_t serial);
void primary_on_settled(struct replica *self, uint64_t token);
static inline bool primary_settles(uint64_t token)
{
    return token >> 63 != 0;
}

#endif
