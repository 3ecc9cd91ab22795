/*
 * driver.h - what a client library knows: which machine of a dataset to ask, and who leads.
 *
 * Model:  every client group has a driver for its dataset, and every region's gateway one for each
 *         dataset. It picks by the strategy's route() with its own view: machines by expected delay
 *         from where it stands, and the leader as last told by a referral or an announcement. The
 *         sessions of one group share what their driver knows.
 * Ends:   ENDPOINT_CLIENT | group, or ENDPOINT_AGENT | agent for an agent with driver_add().
 */
#ifndef MODELS_AGENTS_DRIVER_H
#define MODELS_AGENTS_DRIVER_H

#include "models/replication/strategy.h"

struct world;
struct agent;

/* While the world is built: gives an agent a driver for every dataset. */
void driver_add(struct world *world, uint32_t agent);

/* The machine to ask for this request. */
uint32_t driver_route(struct world *world, uint32_t end, uint32_t dataset,
                      const struct route_request *request);

/* Told that `node` (RECORD_NONE: not known) leads in `epoch`; an older epoch changes nothing. True
 * when it is news. */
bool driver_learn(struct world *world, uint32_t end, uint32_t dataset, uint32_t node,
                  uint64_t epoch);

struct world *agent_world(const struct agent *self); /* for driver_route and driver_learn only */

#endif
