/*
 * automatic.c - machines alone decide: a lease in a coordination service, or health checks.
 *
 * Model:   by health: orchestrator.c. By lease: lease_member.c and lease_keeper.c.
 * Presets: PostgreSQL with Patroni: by lease with the defaults. MongoDB (heartbeat 2 s, election
 *          time-out 10 s): by health with interval 2s, timeout 2s, threshold 5, agree 0.5 and
 *          orchestrators in the regions of the voting members; a primary in a minority steps down
 *          with fencing "required" and fence_after 10s. Kubernetes node death: interval 10s,
 *          threshold 4.
 * Source:  Patroni documentation, "Dynamic configuration settings" (a4a6dc0): ttl 30 s, loop_wait
 *          10 s, retry_timeout 10 s, loop_wait + 2 * retry_timeout <= ttl; MongoDB manual, "Replica
 *          set elections"; GitHub, October 21 post-incident analysis, 2018-10-30.
 */
#include "models/failover/automatic.h"
#include "models/failover/conductor.h"
#include "models/scenario.h"

#include <stddef.h>

#define ROW(field) offsetof(struct automatic, field)

static const char *const by_names[] = {"health", "lease", NULL};

static const struct param_spec lease_rows[] = {
    {.key = "members",
     .type = PARAM_REGIONS,
     .offset = offsetof(struct automatic_lease, members),
     .help = "regions, a member of the coordination service in each; default: every region"},
    {.key = "ttl",
     .type = PARAM_DURATION,
     .offset = offsetof(struct automatic_lease, ttl),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "30s",
     .help = "life of a lease that is not renewed (Patroni ttl)"},
    {.key = "loop_wait",
     .type = PARAM_DURATION,
     .offset = offsetof(struct automatic_lease, loop_wait),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "10s",
     .help = "between two renewals, and between two looks of a follower (Patroni loop_wait)"},
    {.key = "retry_timeout",
     .type = PARAM_DURATION,
     .offset = offsetof(struct automatic_lease, retry_timeout),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "10s",
     .help = "a leader that can not renew for this long stops to lead (Patroni retry_timeout)"},
    {.key = "back_off",
     .type = PARAM_DURATION,
     .offset = offsetof(struct automatic_lease, back_off),
     .min = 1000000,
     .max = (double)SIM_NS_PER_H,
     .default_text = "1s",
     .help = "longest random wait after a split vote (assumption: a few round trips)"},
    {0}};

static const struct param_spec rows[] = {
    {.key = "by",
     .type = PARAM_ENUM,
     .offset = ROW(by),
     .names = by_names,
     .default_text = "health",
     .help = "health: orchestrators go by health checkers; lease: the leader renews a lease in a "
             "coordination service, others race for it when it has expired"},
    {.key = "orchestrators",
     .type = PARAM_REGIONS,
     .offset = ROW(orchestrators),
     .help =
         "by health: regions, an orchestrator in each; most of them must agree; default: one in "
         "the first region that is not the leader's"},
    {.key = "health",
     .type = PARAM_OBJECT,
     .offset = ROW(health),
     .table = scenario_health_table,
     .help = "by health: who probes the machines, and how"},
    {.key = "lease",
     .type = PARAM_OBJECT,
     .offset = ROW(lease),
     .table = lease_rows,
     .help = "by lease: members and times"},
    {.key = "promotion",
     .type = PARAM_DISTRIBUTION,
     .offset = ROW(promotion),
     .unit = PARAM_UNIT_DURATION,
     .help = "start-up of the new leader before it replays its log; default: none"},
    {.key = "announce",
     .type = PARAM_DISTRIBUTION,
     .offset = ROW(announce),
     .unit = PARAM_UNIT_DURATION,
     .help = "from acceptance to the announcement to gateways; default: none"},
    {0}};

enum { CONTROLLERS_MAX = 31 }; /* votes are bits */

static const char *check(const void *params, const struct scenario_failover *common,
                         const struct scenario *scenario, const char **key, struct arena *arena)
{
    const struct automatic *self = params;
    const struct automatic_lease *lease = &self->lease;
    (void)scenario;
    if (self->orchestrators.count > CONTROLLERS_MAX) {
        *key = "orchestrators";
        return arena_printf(arena, "must be at most %d", CONTROLLERS_MAX);
    }
    if (lease->members.count > CONTROLLERS_MAX) {
        *key = "lease.members";
        return arena_printf(arena, "must be at most %d", CONTROLLERS_MAX);
    }
    if (self->by == AUTOMATIC_BY_LEASE &&
        lease->loop_wait + 2 * lease->retry_timeout > lease->ttl) {
        *key = "lease.ttl";
        return "must be at least loop_wait + 2 * retry_timeout";
    }
    if (self->by == AUTOMATIC_BY_LEASE && common->fencing != SCENARIO_FENCING_NONE) {
        *key = "fencing";
        return "has no place by lease: the lease itself fences";
    }
    if (self->by == AUTOMATIC_BY_LEASE && common->fail_back.after >= 0) {
        *key = "fail_back";
        return "has no place by lease: Patroni does not fail back on its own";
    }
    const char *row = NULL;
    const char *wrong = scenario_health_wrong(&self->health, &row);
    if (wrong != NULL) {
        *key = arena_printf(arena, "health.%s", row);
    }
    return wrong;
}

static void build(struct failover_plan *plan, struct world *world)
{
    const struct automatic *self = plan->params;
    plan->promotion = self->promotion;
    plan->announce = self->announce;
    plan_add_sidecars(plan, world);
    if (self->by == AUTOMATIC_BY_LEASE) {
        lease_build(plan, world);
        return;
    }
    plan->guarded = plan->config->fencing == SCENARIO_FENCING_REQUIRED;
    plan_add_controllers(plan, world, &orchestrator_ops, &self->orchestrators);
    plan_add_conductors(plan, &orchestrator_conductor_ops);
    plan_add_health(plan, world, &self->health);
}

const struct failover_ops failover_automatic_ops = {
    .kind = {.name = "automatic",
             .summary = "machines decide alone: by health checks, or by a lease",
             .source = "Patroni documentation, dynamic configuration settings (a4a6dc0); GitHub, "
                       "October 21 post-incident analysis, 2018-10-30",
             .params_bytes = sizeof(struct automatic),
             .params = rows},
    .check = check,
    .build = build,
};
