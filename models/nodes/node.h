/*
 * node.h - a machine: power, workers that serve messages in order, a disk that syncs in groups.
 *
 * Model: messages wait in one first-come queue for `workers` equal workers (G/G/c); each needs a
 *        sampled service time. A sync covers everything written before it began; requests that come
 *        during a sync share the next one (group commit).
 * Pause: a machine that is stopped and goes on (a virtual machine that is moved, a long collection
 *        of garbage) keeps its memory; what comes due meanwhile waits in order and happens when it
 *        runs again. Workers finish what they had by so much later; a disk goes on by itself.
 * Power: losing power loses what is being served, unfinished syncs and timers: each loss begins a
 *        new epoch, and events of an older epoch are void.
 * Order: first come, first served; equal arrival times in the order of the events.
 * Units: ns.
 * Cost:  O(workers) a message; nothing without service time and disk.
 */
#ifndef MODELS_NODES_NODE_H
#define MODELS_NODES_NODE_H

#include "sim/distribution.h"
#include "sim/event_queue.h"
#include "sim/random.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node_sync { /* somebody waits for a sync */
    uint32_t replica;
    uint32_t reserved;
    uint64_t token;
    uint64_t changes; /* of the replica's storage when it asked */
};

struct node_slowness { /* neutral: factor 1, extra 0 */
    double factor;
    sim_ns extra_ns;
};

struct node_slow { /* faults that slow one thing down now, in the order in which they began */
    struct node_slowness *items;
    size_t count, capacity;
    struct node_slowness all; /* factors multiplied, extras added; set by node_update() */
};

struct node {
    uint32_t region, place, zone;
    uint32_t off_holds;   /* faults that keep it off */
    uint32_t pause_holds; /* faults that stop it for a while, with all that it has in memory */
    bool up;
    bool disk_going; /* the power goes now, and what is on the disk with it */
    bool plain;      /* what arrives is handled at once: up, running, without service time */
    uint64_t epoch;
    sim_ns paused_ns; /* since when, while pause_holds > 0 */
    void *deferred;   /* struct node_deferred: what came due meanwhile, in order */
    size_t deferred_count, deferred_capacity;
    struct node_slow service_slow, disk_slow;
    const struct distribution *service; /* NULL: no service time */
    sim_ns *worker_free_ns;             /* per worker: when it has done what it was given */
    uint32_t worker_count;
    uint32_t queue_max, queued; /* client requests waiting; 0: no limit */
    struct random_stream service_stream;
    const struct distribution *disk; /* NULL: a sync takes no time */
    struct random_stream disk_stream;
    bool syncing;
    struct node_sync *syncs; /* ring: first those of the running sync, then those of the next */
    size_t sync_capacity;
    uint64_t sync_first, sync_next, sync_running_end;
};

struct node_deferred {
    struct event event;
    sim_ns due_ns;
};

/* After a change of power, pauses, slowness or service: sets `plain` and the sums. */
void node_update(struct node *node);

/* Whether messages take a worker's time now. */
static inline bool node_takes_time(const struct node *node)
{
    return node->service != NULL || node->service_slow.all.extra_ns > 0;
}

/* Adds or takes back a slowness; the one taken back must have been added. */
void node_slow_add(struct node_slow *slow, struct node_slowness change);
void node_slow_remove(struct node_slow *slow, struct node_slowness change);

/* Keeps an event that came due while the machine was paused. */
void node_defer(struct node *node, const struct event *event, sim_ns now_ns);
/* The machine runs again: workers go on with what they had, so much later. */
void node_resume(struct node *node, sim_ns now_ns);

void node_release(struct node *node);

/* When a message that arrives now has been served; *waits: it does not begin at once. */
sim_ns node_serve(struct node *node, sim_ns now_ns, bool *waits);

/* Adds a waiter; returns true when the caller must schedule the end of a sync that begins now. */
bool node_sync_ask(struct node *node, struct node_sync sync);

/* Begins a sync for all that wait; returns its duration. */
sim_ns node_sync_begin(struct node *node);

/* Takes one waiter of the sync that ended; false when there are no more. */
bool node_sync_take(struct node *node, struct node_sync *sync);

/* Power is gone: a new epoch, empty queues. */
void node_power_lost(struct node *node);

#endif
