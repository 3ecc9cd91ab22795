/*
 * fake_agents.h - the other side of agent.h for tests: places, delays without jitter, cuts, power,
 * and replicas that only keep book of who leads. Included by one test file each.
 *
 * Network: a message takes delay_ns[from][to]; one that meets a cut when it is sent or arrives is
 *          lost. Rows are kept in order. Every agent has a machine number; replicas are `leaders`.
 */
#ifndef TESTS_MODELS_HEALTH_FAKE_AGENTS_H
#define TESTS_MODELS_HEALTH_FAKE_AGENTS_H

#include "models/agents/agent.h"
#include "models/agents/control.h"
#include "sim/arena.h"
#include "sim/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { FAKE_PLACES = 8, FAKE_AGENTS = 64, FAKE_MESSAGES = 4096, FAKE_ROWS = 8192 };

struct agent {
    struct world *world;
    struct agent_spec spec;
    void *state;
    struct random_stream chance;
    uint64_t epoch;
    uint32_t index, off_holds;
    bool up;
};

struct fake_leader { /* one machine's replica */
    struct leadership_status status;
    sim_ns replay_ns; /* time that its promotion takes */
    sim_ns behind_at; /* behind_ns counts from then; 0: as in the status */
};

struct world {
    struct arena arena;
    struct engine engine;
    struct agent agents[FAKE_AGENTS];
    uint32_t agent_count;
    struct fake_leader leaders[FAKE_AGENTS]; /* by node */
    sim_ns delay_ns[FAKE_PLACES][FAKE_PLACES];
    int cut[FAKE_PLACES][FAKE_PLACES];
    struct message messages[FAKE_MESSAGES];
    uint32_t message_next;
    uint64_t seed;
    double unit; /* what agent_random() gives; 0: its stream */
    struct record rows[FAKE_ROWS];
    uint32_t row_count;
    uint64_t sent;
};

enum { FAKE_DELIVER, FAKE_TIMER, FAKE_REPLAYED, FAKE_ACT, FAKE_KINDS };

static void fake_record(struct world *world, struct record row)
{
    row.at_ns = engine_now(&world->engine);
    CHECK(world->row_count < FAKE_ROWS);
    world->rows[world->row_count++] = row;
}

static void fake_accepts(struct world *world, uint32_t node, bool accepting)
{
    const uint64_t epoch = world->leaders[node].status.epoch;
    fake_record(
        world,
        (struct record){.kind = RECORD_LEADER, .node = node, .a = accepting, .b = (int64_t)epoch});
    if (accepting && epoch > 1) {
        fake_record(world, (struct record){.kind = RECORD_STEP,
                                           .node = node,
                                           .a = RECORD_STEP_ACCEPTING,
                                           .b = (int64_t)epoch});
    }
}

static void fake_told(struct world *world, uint32_t node)
{
    for (uint32_t i = 0; i < world->agent_count; i++) {
        struct agent *agent = &world->agents[i];
        if (agent->up && agent->spec.node == node && agent->spec.ops->on_leadership != NULL) {
            agent->spec.ops->on_leadership(agent);
        }
    }
}

static void fake_role(struct world *world, uint32_t node, uint8_t role)
{
    struct leadership_status *status = &world->leaders[node].status;
    const bool before = status->role == LEADERSHIP_LEADER, after = role == LEADERSHIP_LEADER;
    status->role = role;
    if (before != after) {
        fake_accepts(world, node, after);
        fake_told(world, node);
    }
}

static void fake_on_deliver(void *context, const struct event *event)
{
    struct world *world = context;
    const struct message message = world->messages[event->a];
    struct agent *from = &world->agents[message.from & ~ENDPOINT_AGENT];
    struct agent *to = &world->agents[message.to & ~ENDPOINT_AGENT];
    if (world->cut[from->spec.place][to->spec.place] == 0 && to->up) {
        to->spec.ops->on_message(to, &message);
    }
}

static void fake_on_timer(void *context, const struct event *event)
{
    struct world *world = context;
    struct agent *agent = &world->agents[event->target];
    if (agent->up && agent->epoch == event->b) {
        agent->spec.ops->on_timer(agent, event->a);
    }
}

static void fake_on_replayed(void *context, const struct event *event)
{
    struct world *world = context;
    const struct leadership_status *status = &world->leaders[event->target].status;
    if (status->role == LEADERSHIP_REPLAYING && status->epoch == event->a) {
        fake_role(world, event->target, LEADERSHIP_LEADER);
    }
}

static void (*fake_act)(struct world *world, uint32_t what); /* the test's own events */

static void fake_on_act(void *context, const struct event *event)
{
    fake_act(context, (uint32_t)event->a);
}

static const engine_handler fake_handlers[FAKE_KINDS] = {fake_on_deliver, fake_on_timer,
                                                         fake_on_replayed, fake_on_act};

static inline struct world *fake_world(uint64_t seed)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    arena_init(&world.arena);
    engine_init(&world.engine, &world, fake_handlers, FAKE_KINDS);
    world.seed = seed;
    return &world;
}

static inline void fake_release(struct world *world)
{
    engine_release(&world->engine);
    arena_release(&world->arena);
}

static inline void fake_start(struct world *world)
{
    for (uint32_t i = 0; i < world->agent_count; i++) {
        if (world->agents[i].spec.ops->start != NULL) {
            world->agents[i].spec.ops->start(&world->agents[i]);
        }
    }
}

static inline void fake_at(struct world *world, sim_ns at_ns, uint32_t what)
{
    engine_at(&world->engine, at_ns, (struct event){.kind = FAKE_ACT, .a = what});
}

static inline void fake_run(struct world *world, sim_ns until_ns)
{
    engine_run(&world->engine, until_ns, UINT64_MAX);
}

static inline void fake_cut(struct world *world, uint32_t a, uint32_t b, int by)
{
    world->cut[a][b] += by;
    world->cut[b][a] += by;
}

static inline void fake_agent_power(struct agent *agent, int change)
{
    agent->off_holds += (uint32_t)change;
    if (change == 1 && agent->off_holds == 1) {
        agent->up = false;
        agent->epoch++;
        if (agent->spec.ops->on_stop != NULL) {
            agent->spec.ops->on_stop(agent);
        }
    } else if (change == -1 && agent->off_holds == 0) {
        agent->up = true;
        if (agent->spec.ops->on_restart != NULL) {
            agent->spec.ops->on_restart(agent);
        }
    }
}

/* A machine with its replica and sidecars. */
static inline void fake_node_power(struct world *world, uint32_t node, int change)
{
    if (change == 1) {
        struct leadership_status *status = &world->leaders[node].status;
        if (status->role == LEADERSHIP_LEADER) {
            fake_accepts(world, node, false);
        }
        status->role = LEADERSHIP_FOLLOWER;
    }
    for (uint32_t i = 0; i < world->agent_count; i++) {
        if (world->agents[i].spec.node == node) {
            fake_agent_power(&world->agents[i], change);
        }
    }
}

/* A place with all that stands there; its machines are those of the agents there. */
static inline void fake_place_power(struct world *world, uint32_t place, int change)
{
    for (uint32_t i = 0; i < world->agent_count; i++) {
        struct agent *agent = &world->agents[i];
        if (agent->spec.place != place) {
            continue;
        }
        if (agent->spec.node == RECORD_NONE) {
            fake_agent_power(agent, change);
        } else {
            fake_node_power(world, agent->spec.node, change);
        }
    }
}

/* The n-th row that fits; node RECORD_NONE - 1: any. */
static inline const struct record *fake_row(const struct world *world, uint8_t kind, int64_t a,
                                            uint32_t n)
{
    for (uint32_t i = 0; i < world->row_count; i++) {
        if (world->rows[i].kind == kind && world->rows[i].a == a && n-- == 0) {
            return &world->rows[i];
        }
    }
    return NULL;
}

static inline const struct record *fake_step(const struct world *world, enum record_step step,
                                             uint32_t n)
{
    return fake_row(world, RECORD_STEP, step, n);
}

/* agent.h */

uint32_t agent_add(struct world *world, const struct agent_spec *spec)
{
    CHECK(world->agent_count < FAKE_AGENTS);
    const uint32_t index = world->agent_count++;
    world->agents[index] =
        (struct agent){.world = world,
                       .spec = *spec,
                       .state = arena_alloc(&world->arena, 1, spec->ops->state_bytes + 1),
                       .index = index,
                       .up = true};
    random_stream_init(&world->agents[index].chance, world->seed, 16, index);
    return index;
}

void *agent_state(struct agent *self)
{
    return self->state;
}

const void *agent_config(const struct agent *self)
{
    return self->spec.config;
}

uint32_t agent_end(const struct agent *self)
{
    return ENDPOINT_AGENT | self->index;
}

uint32_t agent_place(const struct agent *self)
{
    return self->spec.place;
}

uint32_t agent_node(const struct agent *self)
{
    return self->spec.node;
}

bool agent_up(const struct agent *self)
{
    return self->up;
}

void agent_send(struct agent *self, uint32_t to_end, struct message message)
{
    struct world *world = self->world;
    CHECK(self->up);
    CHECK((to_end & ENDPOINT_AGENT) != 0);
    message.from = agent_end(self);
    message.to = to_end;
    const uint32_t slot = world->message_next++ % FAKE_MESSAGES;
    world->messages[slot] = message;
    world->sent++;
    const uint32_t to = world->agents[to_end & ~ENDPOINT_AGENT].spec.place;
    if (world->cut[self->spec.place][to] == 0) {
        engine_after(&world->engine, world->delay_ns[self->spec.place][to],
                     (struct event){.kind = FAKE_DELIVER, .a = slot});
    }
}

sim_ns agent_delay(const struct agent *self, uint32_t to_end)
{
    const struct world *world = self->world;
    return world->delay_ns[self->spec.place][world->agents[to_end & ~ENDPOINT_AGENT].spec.place];
}

struct timer agent_timer(struct agent *self, sim_ns delay_ns, uint64_t token)
{
    CHECK(self->up);
    return engine_after(
        &self->world->engine, delay_ns,
        (struct event){.kind = FAKE_TIMER, .target = self->index, .a = token, .b = self->epoch});
}

void agent_cancel(struct agent *self, struct timer timer)
{
    engine_cancel(&self->world->engine, timer);
}

sim_ns agent_clock(struct agent *self)
{
    return engine_now(&self->world->engine);
}

double agent_random(struct agent *self)
{
    return self->world->unit > 0.0 ? self->world->unit : random_unit(&self->chance);
}

sim_ns agent_sample_ns(struct agent *self, const struct distribution *law)
{
    return law != NULL ? distribution_sample_ns(law, &self->chance) : 0;
}

void agent_record(const struct agent *self, struct record row)
{
    row.from_place = (uint16_t)self->spec.place;
    fake_record(self->world, row);
}

struct leadership_status agent_leader_status(struct agent *self)
{
    CHECK(self->spec.node != RECORD_NONE);
    const struct fake_leader *leader = &self->world->leaders[self->spec.node];
    struct leadership_status status = leader->status;
    if (leader->behind_at > 0 && status.role == LEADERSHIP_FOLLOWER) {
        status.behind_ns = engine_now(&self->world->engine) - leader->behind_at;
    }
    return status;
}

void agent_leader_promote(struct agent *self, uint64_t epoch)
{
    struct fake_leader *leader = &self->world->leaders[self->spec.node];
    if (epoch <= leader->status.epoch) {
        return;
    }
    fake_role(self->world, self->spec.node, LEADERSHIP_REPLAYING);
    leader->status.epoch = epoch;
    leader->status.leader = self->spec.node;
    engine_after(&self->world->engine, leader->replay_ns,
                 (struct event){.kind = FAKE_REPLAYED, .target = self->spec.node, .a = epoch});
}

void agent_leader_demote(struct agent *self, uint64_t epoch)
{
    if (epoch >= self->world->leaders[self->spec.node].status.epoch) {
        fake_role(self->world, self->spec.node, LEADERSHIP_FOLLOWER);
    }
}

void agent_leader_freeze(struct agent *self, bool frozen)
{
    const uint8_t role = self->world->leaders[self->spec.node].status.role;
    if (frozen && role == LEADERSHIP_LEADER) {
        fake_role(self->world, self->spec.node, LEADERSHIP_FROZEN);
    } else if (!frozen && role == LEADERSHIP_FROZEN) {
        fake_role(self->world, self->spec.node, LEADERSHIP_LEADER);
    }
}

#endif
