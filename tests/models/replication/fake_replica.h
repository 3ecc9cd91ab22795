/*
 * fake_replica.h - the facade of strategies on a toy world: constant delays, perfect clocks with a
 * fixed offset, disks with a constant sync time, so that every timeline can be worked out by hand.
 *
 * Order:  events by time, then in the order in which they were scheduled.
 * Checks: after every event the strategy's own invariant holds at every member, and `fake->watch`
 *         (when set) looks at the whole.
 */
#ifndef TESTS_MODELS_REPLICATION_FAKE_REPLICA_H
#define TESTS_MODELS_REPLICATION_FAKE_REPLICA_H

#include "models/replication/replica.h"

enum { FAKE_MEMBERS = 16, FAKE_KEYS = 64, FAKE_LEAVES = 8, FAKE_VALUE_BYTES = 100 };
enum { FAKE_AMOUNT_MOST = 1000 }; /* the counter refuses to add or take more at once */
enum { FAKE_REPLIES = 1 << 16, FAKE_MODES = 64, FAKE_FACTS = 1 << 16 };

#define MS SIM_NS_PER_MS

struct fake;

struct fake_config {
    const struct strategy_ops *ops;
    const void *params;
    uint32_t count, total;
    uint32_t regions[FAKE_MEMBERS];
    sim_ns one_way_ns[FAKE_MEMBERS][FAKE_MEMBERS];
    sim_ns disk_ns; /* 0: no disk */
    sim_ns clock_offset_ns[FAKE_MEMBERS];
    sim_ns clock_bound_ns;   /* what the clocks promise */
    struct value_type value; /* zeroed: a plain register */
    bool managed;
    /* Each message takes up to so much longer, by chance, and comes twice with this chance. */
    sim_ns jitter_ns;
    uint32_t twice_percent;
    uint64_t seed;
};

struct fake_reply {
    sim_ns at_ns;
    uint32_t member;
    uint64_t operation;
    enum record_outcome outcome;
    struct version version;
    bool referred;
    struct value_view view; /* of a read of a value that merges */
};

/* RECORD_LEADER (`flag`: accepting), RECORD_DISCARDED and RECORD_CONFIRMED. */
struct fake_fact {
    sim_ns at_ns;
    uint32_t kind, member, key;
    uint64_t epoch;
    struct version version;
    bool flag;
};

struct fake_mode {
    sim_ns at_ns;
    uint32_t member, mode;
};

enum fake_call { FAKE_PROMOTE, FAKE_DEMOTE, FAKE_FREEZE, FAKE_THAW };

struct fake *fake_new(const struct fake_config *config);
void fake_free(struct fake *fake);

/* What happens at a time to come. Operation numbers are the test's own. */
void fake_write(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation);
void fake_read(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation);
/* A write of `keys` registers from `key` on, at once. */
void fake_transaction(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key,
                      uint64_t operation, uint32_t keys);
/* An operation on a value that merges; blind. */
void fake_change(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation,
                 uint64_t packed);
void fake_down(struct fake *fake, sim_ns at_ns, uint32_t member);
void fake_up(struct fake *fake, sim_ns at_ns, uint32_t member);
/* While it is down: its disk is gone. */
void fake_disk_lost(struct fake *fake, sim_ns at_ns, uint32_t member);
/* What a failover policy beside the member calls; nothing while that is down. */
void fake_call(struct fake *fake, sim_ns at_ns, uint32_t member, enum fake_call call,
               uint64_t epoch);
/* Messages that are sent meanwhile are lost. */
void fake_cut(struct fake *fake, sim_ns at_ns, uint32_t from, uint32_t to, bool cut);
/* Sets the member's clock by so much. */
void fake_clock_step(struct fake *fake, sim_ns at_ns, uint32_t member, sim_ns by_ns);
/* The next `count` messages of that kind from -> to, from now on, are lost. */
void fake_lose(struct fake *fake, uint32_t from, uint32_t to, uint32_t kind, uint32_t count);

void fake_run(struct fake *fake, sim_ns until_ns);
void fake_watch(struct fake *fake, void (*watch)(struct fake *fake));

sim_ns fake_now(const struct fake *fake);
struct replica *fake_member(struct fake *fake, uint32_t member);
bool fake_is_up(const struct fake *fake, uint32_t member);
struct version fake_stored(const struct fake *fake, uint32_t member, uint32_t key);
struct value_view fake_view(const struct fake *fake, uint32_t member, uint32_t key);
uint64_t fake_digest(const struct fake *fake, uint32_t member, uint32_t key);
/* Does what a sweep timer does: forgets what the grace period no longer protects. */
void fake_sweep(struct fake *fake, uint32_t member);
uint32_t fake_blocks(const struct fake *fake);                    /* that somebody holds */
uint64_t fake_sent(const struct fake *fake, uint32_t kind);       /* messages */
uint64_t fake_sent_bytes(const struct fake *fake, uint32_t kind); /* bytes */
uint32_t fake_pending(const struct fake *fake, uint32_t member);  /* operations */
/* The only reply to that operation; at_ns -1: there is none; CHECKs that there are not two. */
struct fake_reply fake_reply_to(const struct fake *fake, uint64_t operation);
uint32_t fake_replies_to(const struct fake *fake, uint64_t operation);
const struct fake_fact *fake_facts(const struct fake *fake, uint32_t *count);
/* The last answer to the operation was a referral: to that member (UINT32_MAX: to nobody). */
bool fake_referred(const struct fake *fake, uint64_t operation, uint32_t *member, uint64_t *epoch);
/* A counter by actor, with all three forms: states and deltas are the totals of actors, an
 * operation is what is to be added. */
extern const struct value_ops fake_counter_ops;

const struct fake_mode *fake_modes(const struct fake *fake, uint32_t *count);

#endif
