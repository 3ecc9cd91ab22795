/*
 * policy.h - the table of functions that a failover policy is, and the plan that its processes go
 * by.
 *
 * Model:   for each dataset whose strategy has a leader that can be moved, the world makes a plan,
 *          and the policy adds agents to it: one sidecar beside each replica that stores the data
 *          (sidecar.h), and processes of its own that decide. They know what messages tell them.
 * Epochs:  every promotion has one of its own, higher than all before: see each policy.
 * Facts:   RECORD_STEP at the moments that sim/record.h names.
 * Adding one: a file with a `const struct failover_ops failover_NAME_ops` and a line in
 * registry.def.
 */
#ifndef MODELS_FAILOVER_POLICY_H
#define MODELS_FAILOVER_POLICY_H

#include "models/agents/agent.h"
#include "models/health/health.h"
#include "models/scenario_failover.h"
#include "sim/arena.h"

struct scenario;

struct failover_member { /* a replica that stores the dataset */
    uint32_t node, place;
    uint32_t rank; /* order of preference; UINT32_MAX: no candidate */
    uint32_t end;  /* its sidecar */
};

struct failover_plan { /* one dataset's; lives as long as the world */
    const struct failover_ops *policy;
    const void *params;
    const struct scenario_failover *config;
    uint16_t dataset;
    struct failover_member *members;
    uint32_t count;
    uint32_t home;            /* the member that leads as configured, in epoch 1 */
    const uint32_t *gateways; /* ends that are told of a new leader */
    uint32_t gateway_count;
    uint32_t region_count;
    struct arena *arena; /* of the world, while it is built */
    /* Set by the policy's `build`. */
    const uint32_t *controllers; /* ends of the processes that decide */
    uint32_t controller_count;
    bool guarded; /* whoever leads needs the approval of most controllers, ever again */
    const struct distribution *promotion; /* start-up of the new leader; NULL: none */
    const struct distribution *verify, *announce, *warm_up; /* phases after it; NULL: none */
    struct health_plan health;                              /* without targets: no checkers */
    struct conductor **conductors;                          /* by controller; else NULL */
    struct health_view **views;                             /* by controller; else NULL */
};

struct failover_ops {
    struct param_kind kind;
    /* Checks references and combinations: NULL or what is wrong with *key. */
    const char *(*check)(const void *params, const struct scenario_failover *common,
                         const struct scenario *scenario, const char **key, struct arena *arena);
    /* Adds the agents of one dataset; NULL: nobody is ever promoted, replicas manage themselves. */
    void (*build)(struct failover_plan *plan, struct world *world);
};

extern const struct param_registry failover_registry;

/* plan.c: what several policies need. */

/* A sidecar beside each member; sets their ends. */
void plan_add_sidecars(struct failover_plan *plan, struct world *world);
/* A controller of `ops` in each of the regions (none: the first that is not the leader's), config =
 * the plan. */
void plan_add_controllers(struct failover_plan *plan, struct world *world,
                          const struct agent_ops *ops, const struct param_list *regions);
struct conductor_ops;
/* A conductor for each controller. */
void plan_add_conductors(struct failover_plan *plan, const struct conductor_ops *ops);
/* Checkers that probe all sidecars and report to all controllers, and their views. */
void plan_add_health(struct failover_plan *plan, struct world *world,
                     const struct scenario_health *health);
/* The number of the member whose sidecar this end is; UINT32_MAX: nobody's. */
uint32_t plan_member_of(const struct failover_plan *plan, uint32_t end);
uint32_t plan_controller_of(const struct failover_plan *plan, uint32_t end);

void plan_step(struct agent *self, const struct failover_plan *plan, enum record_step step,
               uint32_t member, uint64_t epoch);
/* Assumption: control messages are short texts with a few headers. */
enum { FAILOVER_BYTES = 128 };

#endif
