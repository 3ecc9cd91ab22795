/*
 * endpoint.h - a name that points to the leader, and the cached answers to it.
 *
 * Model:  with endpoint_ttl, drivers know the leader from a name only, as those of Amazon RDS and
 *         Aurora do, and not from machines that refer them. Name servers (one in each region, not
 *         of it) are told by the announcement. Beside each driver a resolver holds an answer for
 *         endpoint_ttl, from a phase of its own, and asks again when that is over: the nearest
 *         name server, and the next one after 5 s without an answer.
 * Source: Amazon Aurora user guide, "Fast failover with Amazon Aurora PostgreSQL": 5 s of TTL for
 *         the cluster endpoint (recalled); resolv.conf(5): 5 s of time-out.
 */
#ifndef MODELS_FAILOVER_ENDPOINT_H
#define MODELS_FAILOVER_ENDPOINT_H

#include "models/failover/policy.h"

struct endpoint_driver { /* who has a driver for the dataset */
    uint32_t end, place;
};

/* Adds name servers and resolvers, and has the servers told as well. The drivers are copied. */
void endpoint_build(struct failover_plan *plan, struct world *world,
                    const struct endpoint_driver *drivers, uint32_t count);

#endif
