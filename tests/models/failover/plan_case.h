/*
 * plan_case.h - a dataset with replicas at places 0, 1, 2 (node = place), which failover policies
 * take care of; a gateway at place 4 that notes what it is told. Node 0 leads. Included by one test
 * file each.
 */
#ifndef TESTS_MODELS_FAILOVER_PLAN_CASE_H
#define TESTS_MODELS_FAILOVER_PLAN_CASE_H

#include "models/failover/policy.h"
#include "sim/distribution_params.h"
#include "tests/models/health/fake_agents.h"

#define MS SIM_NS_PER_MS
#define S  SIM_NS_PER_S

enum { REPLICAS = 3, GATEWAY_PLACE = 4, REGIONS = 6 };

struct told { /* what the gateway heard */
    sim_ns at_ns;
    uint32_t node;
    uint64_t epoch;
    uint32_t count;
};

static struct told plan_told;

static inline void plan_gateway(struct agent *self, const struct message *message)
{
    assert_int_equal(message->kind, CONTROL_ANNOUNCE);
    plan_told = (struct told){.at_ns = engine_now(&self->world->engine),
                              .node = message->key,
                              .epoch = (uint64_t)message->version.stamp,
                              .count = plan_told.count + 1};
    agent_send(self, message->from, control_heard(message));
}

static const struct agent_ops plan_gateway_ops = {.name = "gateway", .on_message = plan_gateway};

struct plan_case {
    struct world *world;
    struct scenario_failover config;
    struct failover_member members[REPLICAS];
    uint32_t gateway;
    struct failover_plan plan;
};

/* One way: 1 ms within a place, 10 (a + b) ms between two. */
static inline void plan_delays(struct world *world)
{
    for (uint32_t a = 0; a < FAKE_PLACES; a++) {
        for (uint32_t b = 0; b < FAKE_PLACES; b++) {
            world->delay_ns[a][b] = a == b ? 1 * MS : (sim_ns)(10 * (a + b)) * MS;
        }
    }
}

static inline struct plan_case plan_defaults(void)
{
    return (struct plan_case){.config = {.lag_guard = {.entries = -1, .time = -1},
                                         .fence_after = 10 * S,
                                         .ask_timeout = 2 * S,
                                         .retry = 10 * S,
                                         .fail_back = {.after = -1, .timeout = 30 * S},
                                         .endpoint_ttl = -1}};
}

static inline void plan_build(struct plan_case *self, uint64_t seed,
                              const struct failover_ops *policy, const void *params)
{
    struct world *world = self->world = fake_world(seed);
    plan_delays(world);
    plan_told = (struct told){0};
    const struct agent_spec gateway = {
        .ops = &plan_gateway_ops, .place = GATEWAY_PLACE, .node = RECORD_NONE};
    self->gateway = ENDPOINT_AGENT | agent_add(world, &gateway);
    for (uint32_t m = 0; m < REPLICAS; m++) {
        self->members[m] = (struct failover_member){.node = m, .place = m, .rank = m};
        world->leaders[m].status = (struct leadership_status){.epoch = 1, .last_epoch = 1};
    }
    world->leaders[0].status.role = LEADERSHIP_LEADER;
    self->plan = (struct failover_plan){.policy = policy,
                                        .params = params,
                                        .config = &self->config,
                                        .members = self->members,
                                        .count = REPLICAS,
                                        .gateways = &self->gateway,
                                        .gateway_count = 1,
                                        .region_count = REGIONS,
                                        .arena = &world->arena};
    policy->build(&self->plan, world);
}

/* Room for the result of plan_constant(). */
struct plan_law {
    struct distribution_constant params;
    struct distribution law;
};

extern const struct distribution_ops distribution_constant_ops;

static inline const struct distribution *plan_constant(struct plan_law *law, sim_ns ns)
{
    law->params.value = (double)ns;
    law->law = (struct distribution){.ops = &distribution_constant_ops, .params = &law->params};
    return &law->law;
}

/* The n-th row of that step must be at that time and for that node and epoch. */
static inline void plan_expect(const struct world *world, enum record_step step, uint32_t n,
                               sim_ns at_ns, uint32_t node, int64_t epoch)
{
    const struct record *row = fake_step(world, step, n);
    if (row == NULL || row->at_ns != at_ns || row->node != node || row->b != epoch) {
        fail_msg("step %d[%u]: at %lld node %u epoch %lld, expected %lld, %u, %lld", step, n,
                 row == NULL ? -1LL : (long long)row->at_ns, row == NULL ? 0 : row->node,
                 row == NULL ? -1LL : (long long)row->b, (long long)at_ns, node, (long long)epoch);
    }
}

static inline uint32_t plan_count(const struct world *world, enum record_step step)
{
    uint32_t n = 0;
    while (fake_step(world, step, n) != NULL) {
        n++;
    }
    return n;
}

/* The most leaders that accepted writes at the same time, and for how long two or more did. */
static inline uint32_t plan_leaders(const struct world *world, sim_ns *overlap_ns)
{
    int accepting = 1, most = 1; /* node 0 at the start */
    sim_ns since_ns = 0;
    *overlap_ns = 0;
    for (uint32_t i = 0; i < world->row_count; i++) {
        const struct record *row = &world->rows[i];
        if (row->kind != RECORD_LEADER) {
            continue;
        }
        *overlap_ns += accepting > 1 ? row->at_ns - since_ns : 0;
        since_ns = row->at_ns;
        accepting += row->a != 0 ? 1 : -1;
        most = accepting > most ? accepting : most;
    }
    *overlap_ns += accepting > 1 ? engine_now(&world->engine) - since_ns : 0;
    return (uint32_t)most;
}

/* No epoch begins to accept at two nodes. */
static inline void plan_epochs_are_unique(const struct world *world, uint64_t seed)
{
    for (uint32_t i = 0; i < world->row_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const struct record *a = &world->rows[i], *b = &world->rows[j];
            if (a->kind == RECORD_LEADER && b->kind == RECORD_LEADER && a->a != 0 && b->a != 0 &&
                a->b == b->b && a->node != b->node) {
                fail_msg("epoch %lld at nodes %u and %u, seed %llu", (long long)a->b, a->node,
                         b->node, (unsigned long long)seed);
            }
        }
    }
}

#endif
