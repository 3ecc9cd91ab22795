/*
 * fake_internal.h - what the facade (fake_replica.c) and the world behind it (fake_world.c) share.
 */
#ifndef TESTS_MODELS_REPLICATION_FAKE_INTERNAL_H
#define TESTS_MODELS_REPLICATION_FAKE_INTERNAL_H

#include "sim/arena.h"
#include "sim/check.h"
#include "tests/models/replication/fake_replica.h"

#include <stdlib.h>
#include <string.h>

enum fake_event_kind {
    FAKE_DELIVER,
    FAKE_TIMER,
    FAKE_DISK,
    FAKE_DOWN,
    FAKE_UP,
    FAKE_CUT,
    FAKE_CLOCK,
    FAKE_DISK_LOST,
    FAKE_CALL
};

struct fake_event {
    sim_ns at_ns;
    uint64_t sequence;
    enum fake_event_kind kind;
    uint32_t member, epoch, other;
    uint64_t token;
    bool flag;
    struct message message;
};

struct fake_words { /* of its own memory */
    uint64_t *at;
    uint32_t count;
};

struct fake_undo {
    uint32_t key;
    struct version before;
    struct fake_words words_before;
};

struct fake_sync {
    uint64_t token;
    size_t changes;
};

struct replica {
    struct fake *fake;
    uint32_t member, epoch;
    bool up, syncing;
    void *state;
    struct version storage[FAKE_KEYS];
    struct fake_words words[FAKE_KEYS];
    uint32_t lives; /* how often it has lost its memory */
    bool leading;
    uint64_t lead_epoch;
    struct fake_undo *undo;
    size_t undo_count, undo_capacity;
    struct fake_sync *syncs; /* asked for */
    size_t sync_count, sync_capacity, sync_running;
    unsigned char **pending; /* by number */
    size_t pending_capacity;
    uint32_t pending_last, pending_live;
    uint32_t nearest[FAKE_MEMBERS], others[FAKE_MEMBERS];
    sim_ns clock_last_ns;
};

struct fake {
    struct fake_config config;
    void *shared;
    struct message outgoing; /* being sent */
    struct replica members[FAKE_MEMBERS];
    struct fake_event *heap;
    size_t heap_count, heap_capacity;
    uint64_t sequence;
    sim_ns now_ns;
    bool cut[FAKE_MEMBERS][FAKE_MEMBERS];
    uint32_t lose[FAKE_MEMBERS][FAKE_MEMBERS][16];
    uint64_t sent[16], sent_bytes[16];
    struct fake_reply *replies;
    size_t reply_count;
    struct fake_mode modes[FAKE_MODES];
    uint32_t mode_count;
    struct fake_fact *facts;
    uint32_t fact_count;
    uint64_t random;
    uint64_t **blocks;
    uint32_t *block_words;
    size_t block_capacity, block_words_capacity;
    uint32_t block_count;
    void ***grown;
    size_t grown_count, grown_capacity;
    uint64_t *cancelled; /* sequence numbers */
    size_t cancelled_count, cancelled_capacity;
    struct words_buffer after, shipped; /* for values that merge */
    void (*watch)(struct fake *fake);
};

uint64_t fake_schedule(struct fake *fake, struct fake_event event); /* its sequence number */
uint32_t fake_random(struct fake *fake, uint32_t below);
void fake_block_free(struct fake *fake, uint32_t block);
void fake_disk_end(struct replica *self);
/* Stores a version, and words unless NULL (their memory passes over), so that a crash undoes it. */
void fake_store(struct replica *self, uint32_t key, struct version version,
                const struct fake_words *words);

#endif
