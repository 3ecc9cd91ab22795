/*
 * node.h - a machine: power, workers that serve messages in order, a disk that syncs in groups.
 *
 * Model: messages wait in one first-come queue for `workers` equal workers (G/G/c); each needs a
 *        sampled service time. A sync covers everything written before it began; requests that come
 *        during a sync share the next one (group commit).
 * Power: losing power loses what is being served, unfinished syncs and timers: each loss begins a
 *        new epoch, and events of an older epoch are void.
 * Order: first come, first served; equal arrival times in the order of the events.
 * Units: ns.
 * Cost:  O(workers) a message; nothing without service time and disk.
 */
#ifndef MODELS_NODES_NODE_H
#define MODELS_NODES_NODE_H

#include "sim/distribution.h"
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

struct node {
    uint32_t region, place, zone;
    uint32_t off_holds; /* faults that keep it off */
    bool up;
    uint64_t epoch;
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
