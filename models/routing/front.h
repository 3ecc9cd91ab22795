/*
 * front.h - the users' side of routing: each session's connection to a region's gateway.
 *
 * Model:   a session's request goes over its connection. Without one the request waits while the
 *          session asks the routing policy for a region (router.h) and connects: `round_trips`
 *          exchanges of CONTROL_CONNECT and CONTROL_ACCEPT through the network. A connection stays
 *          where it is, whatever the policy would say now, until
 *          - requests were sent on it and nothing was heard for `timeout`: seen when the next
 *            request is to be sent, or by the keep-alive. Its requests are lost; the clients' own
 *            time-outs and retries see to them,
 *          - the gateway answers that it does not know it: a read is then sent again on a new
 *            connection; of a write the client learns that its outcome is unknown,
 *          - the network answers with a reset (its requests end as the network says),
 *          - it was idle for `idle_timeout`, or its lifetime is over (the next request connects),
 *          - the policy releases it.
 *          An attempt to connect that fails or takes longer than `connect_timeout` is followed by
 *          the next one after a back-off that doubles, as long as requests wait.
 * Waiting: requests wait at most for their deadline; those of a session are dropped when the
 *          session is next looked at. They count as sent: to the client they are lost in the
 *          network.
 * Facts:   RECORD_CONNECTED for each connection, RECORD_ROUTED when a session's requests go to
 *          another region than before.
 * Units:   ns.
 * Cost:    O(1) a request; memory for each session and for each request that waits.
 * Source:  RFC 9293 (TCP), RFC 8446 section 2 (a full handshake of TLS 1.3: one round trip),
 *          RFC 9110 section 9.2.2 (only idempotent requests are repeated by themselves).
 */
#ifndef MODELS_ROUTING_FRONT_H
#define MODELS_ROUTING_FRONT_H

#include "models/network/network.h"
#include "models/routing/router.h"

struct front;

struct front_host {
    struct world *world;
    struct engine *engine;
    struct network *network;
    const struct scenario *scenario;
    const struct record_layout *layout; /* may be filled later, but before the start */
    const struct record_sink *sink;
    struct arena *arena;
    uint64_t seed;
    uint16_t event_kind;             /* of all events of the front; small, target, a are its own */
    uint32_t region_count;           /* of the world */
    const uint32_t *gateway_regions; /* in order of the regions */
    uint32_t gateway_count;
    const uint32_t *gateway_ends; /* by region; RECORD_NONE: none */
};

struct front *front_create(const struct front_host *host);
void front_release(struct front *front);
struct router *front_router(struct front *front);
void front_start(struct front *front);
void front_on_event(struct front *front, const struct event *event);

/* A client's request: fields as clients.h says, `dataset` set. Takes over its block. */
void front_ask(struct front *front, uint32_t group, const struct message *request);

/*
 * Any message to a client group. True: it is, or has been made into, a reply that the clients are
 * to judge.
 */
bool front_hears(struct front *front, uint32_t group, struct message *message);

/* Blocks that travel with messages, in the network's keeping; 0 is none, and its copy too. */
uint32_t front_block_copy(const struct front *front, uint16_t dataset, uint32_t block);
void front_block_free(const struct front *front, uint16_t dataset, uint32_t block);

/* Which region's gateway serves a request of the session that reached `entry`. */
uint32_t front_home(struct front *front, uint32_t session, uint32_t entry);
/* The gateway at `entry` has had no answer from that of `home`. */
void front_home_failed(struct front *front, uint32_t entry, uint32_t home);

#endif
