/*
 * clients.h - users: sessions that ask for operations and judge by what they are answered.
 *
 * Model:  a client group is `sessions` users at one place. Open loop: operations begin at the
 *         arrival times, whatever happened to earlier ones; closed loop: each session thinks, asks,
 *         waits. A trace is replayed as recorded. Each operation has tries (retries with back-off,
 *         hedges) and one deadline. Outcome: ok with the first good answer. fail when every try was
 *         refused with certainty and none is left; info when the deadline passes with a try of
 *         unknown fate. A read without an answer is info. Records: INVOKED at the (actual) begin,
 *         COMPLETED exactly once.
 * Values: that merge (models/values): a write says what it does, to which element and by how much.
 *         A read-modify-write brings back the context that its read was answered with, if the type
 *         has one and the host has the hooks for blocks.
 * Feed:   the sessions of such a group are people. A key whose replica in their region comes to
 *         hold values side by side waits, once, for a free person, the one that has waited longest
 *         first; the person needs a while, then reads the key and, unless there is one value only
 *         by then, writes what is right. A read or write that does not end ok: the key waits again.
 *         From the read on a further conflict of the key waits as a new one.
 * Source: YCSB core workloads: Cooper et al., "Benchmarking cloud serving systems with YCSB", SoCC
 *         2010.
 */
#ifndef MODELS_WORKLOAD_CLIENTS_H
#define MODELS_WORKLOAD_CLIENTS_H

#include "models/replication/message.h"
#include "models/replication/strategy.h"
#include "models/scenario.h"
#include "sim/engine.h"
#include "sim/record.h"

struct clients;

/* What the world gives to its clients. */
struct clients_host {
    struct world *world;
    struct engine *engine;
    const struct scenario *scenario;
    const struct record_layout *layout; /* groups and their places */
    const struct record_sink *sink;     /* set before the run starts */
    uint64_t seed;
    uint16_t
        event_kind; /* all events of the clients have this kind; small, target, a, b are theirs */
    /* The node to ask: the strategy's route() with the view of this group. */
    uint32_t (*route)(struct world *world, uint32_t group, const struct route_request *request);
    /* Sends a request, of which everything is set, and takes over its block. */
    void (*ask)(struct world *world, const struct message *request);
    /* Blocks of words; 0 is none, and its copy too. Both NULL: no contexts are used. */
    uint32_t (*block_copy)(void *world, uint32_t block);
    void (*block_free)(void *world, uint32_t block);
    uint32_t (*block_bytes)(void *world, uint32_t block); /* on the wire; NULL with the others */
};

struct clients *clients_create(const struct clients_host *host, struct arena *arena);
void clients_release(struct clients *clients);
void clients_start(struct clients *clients); /* schedules the first arrivals */
void clients_on_event(struct clients *clients, const struct event *event);
/* Its block is the caller's, as it was before. */
void clients_on_reply(struct clients *clients, const struct message *reply);

/*
 * A replica in the region holds more than one value side by side for the key, now that its state
 * has changed. Asks nobody at once.
 */
void clients_conflict(struct clients *clients, uint32_t dataset, uint32_t region, uint32_t key);
/* For tests: keys that wait at the group's feed for a person. */
uint32_t clients_conflicts_waiting(const struct clients *clients, uint32_t group);

/* The slot, as in records, of the operation that a reply belongs to. */
uint32_t clients_slot(const struct message *reply);
/* A hint for speed: this reply arrives soon. */
void clients_foresee(const struct clients *clients, const struct message *reply);

/*
 * Request fields that clients set: the ends, kind, dataset, key, bytes (of the value for a write, 0
 * for a read), request (slot of the operation in the low 24 bits, number of the try above),
 * operation (its number = the value written), type, tries. A reply echoes request, operation, key,
 * type and carries outcome and version; `a` of a scan's request is the number of keys, of a write
 * of a value that merges what it does, and 0 of any other. `flag` and `block`: see message.h.
 */

#endif
