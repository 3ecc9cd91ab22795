/*
 * gateway.h - the stateless application tier of one region: takes the users' requests, asks the
 * database, answers.
 *
 * Model:   one queue for `workers` equal workers (G/G/c). A request, a health probe, and a round of
 *          a handshake (times `handshake_cost`) each take a service time; what finds the queue full
 *          is refused. A served request is answered from the cache, or goes to the gateway of the
 *          session's home region if the policy has one elsewhere, or to a machine that the
 *          gateway's driver picks. A refusal is passed on, unless the driver has meanwhile been
 *          told of another machine; no answer within db_timeout: asked again up to db_retries
 *          times, then answered as of unknown outcome, or as failed when all was refused.
 * Caches:  filled by reads. Modes: models/scenario_routing.h. A newer leader's epoch empties the
 *          dataset's cache with flush_on_failover.
 * Power:   with the region: what waits is lost, connections are not known any more, caches cold.
 * Assumes: answers of the database take no worker again; a cache hit costs what a request costs.
 * Facts:   RECORD_CACHE for each read of a region with a cache.
 * Cost:    one event a request with a service time; one timer a gateway for all time-outs.
 */
#ifndef MODELS_ROUTING_GATEWAY_H
#define MODELS_ROUTING_GATEWAY_H

#include "models/agents/agent.h"
#include "models/scenario_routing.h"
#include "sim/arena.h"

struct front;
struct gateway;

struct gateway_plan { /* of all gateways; lives as long as the world */
    const struct scenario_routing *config;
    struct arena *arena;
    const uint32_t *ends; /* by region; RECORD_NONE: none */
    const uint32_t *regions;
    uint32_t count, dataset_count;
    struct front *front; /* set before the start */
};

struct gateway_site {
    uint32_t region;
    uint32_t workers;
    const struct distribution *service; /* NULL: takes no time */
};

/* While the world is built; the plan's ends may be filled later. */
struct gateway *gateway_add(struct world *world, struct gateway_plan *plan,
                            const struct gateway_site *site, uint32_t *agent);
void gateway_release(struct gateway *gateway);

/* For tests: requests that wait for a worker, and for the database; cached keys. */
uint32_t gateway_waiting(const struct gateway *gateway);
uint32_t gateway_pending(const struct gateway *gateway);
uint32_t gateway_cached(const struct gateway *gateway, uint32_t dataset);

#endif
