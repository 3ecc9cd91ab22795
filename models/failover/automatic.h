/*
 * automatic.h - the two ways in which machines alone decide: by a lease, or by health checks.
 */
#ifndef MODELS_FAILOVER_AUTOMATIC_H
#define MODELS_FAILOVER_AUTOMATIC_H

#include "models/failover/policy.h"

enum automatic_by { AUTOMATIC_BY_HEALTH, AUTOMATIC_BY_LEASE };

struct automatic_lease {
    struct param_list members; /* regions, a member of the coordination service in each */
    sim_ns ttl, loop_wait, retry_timeout;
    sim_ns back_off; /* longest random wait after a split vote */
};

struct automatic {
    uint32_t by;                     /* enum automatic_by */
    struct param_list orchestrators; /* by health: regions */
    struct scenario_health health;
    struct automatic_lease lease;
    const struct distribution *promotion, *announce;
};

struct conductor_ops;

/* orchestrator.c: by health. */
extern const struct agent_ops orchestrator_ops;
extern const struct conductor_ops orchestrator_conductor_ops;

/* lease_keeper.c: members of the coordination service, and a keeper beside each replica. */
void lease_build(struct failover_plan *plan, struct world *world);

#endif
