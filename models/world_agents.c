/* world_agents.c - the world's side of agents: their power, messages, timers and facts. */
#include "models/agents/agent.h"
#include "models/purpose.h"
#include "models/world_internal.h"
#include "sim/check.h"

static struct agent *agent_at(const struct world *world, uint32_t index)
{
    CHECK(index < world->agent_count);
    struct agent *agents = world->agents;
    return &agents[index];
}

uint32_t agent_add(struct world *world, const struct agent_spec *spec)
{
    CHECK(spec->place < (spec->outside ? world->network.place_count : world->region_count));
    CHECK(!world->running);
    memory_grow(&world->agents, &world->agent_capacity, world->agent_count + 1,
                sizeof(struct agent));
    memory_grow(&world->agent_places, &world->agent_place_capacity, world->agent_count + 1,
                sizeof(uint32_t));
    const uint32_t index = (uint32_t)world->agent_count++;
    uint32_t *places = world->agent_places;
    places[index] = spec->place;
    world->network.agent_places = world->agent_places;
    struct agent *agent = agent_at(world, index);
    *agent = (struct agent){.world = world,
                            .spec = *spec,
                            .state = arena_alloc(&world->arena, 1, spec->ops->state_bytes + 1),
                            .index = index,
                            .up = true};
    random_stream_init(&agent->chance, world->seed, PURPOSE_AGENT, index);
    return index;
}

void world_agent_drivers(struct world *world, uint32_t agent, struct world_driver *drivers)
{
    agent_at(world, agent)->drivers = drivers;
}

struct world_driver *world_agent_driver(struct world *world, uint32_t agent, uint32_t dataset)
{
    struct world_driver *drivers = agent_at(world, agent)->drivers;
    CHECK(drivers != NULL);
    CHECK(dataset < world->dataset_count);
    return &drivers[dataset];
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
    CHECK(self->up);
    message.from = agent_end(self);
    message.to = to_end;
    network_send(&self->world->network, &message);
}

sim_ns agent_delay(const struct agent *self, uint32_t to_end)
{
    struct network *network = &self->world->network;
    return network_link_at(network, network_link_between(network, agent_end(self), to_end))->p50_ns;
}

struct timer agent_timer(struct agent *self, sim_ns delay_ns, uint64_t token)
{
    CHECK(self->up);
    CHECK(self->spec.ops->on_timer != NULL);
    return engine_after(
        &self->world->engine, delay_ns,
        (struct event){
            .kind = WORLD_EVENT_AGENT, .target = self->index, .a = token, .b = self->epoch});
}

void agent_cancel(struct agent *self, struct timer timer)
{
    engine_cancel(&self->world->engine, timer);
}

sim_ns agent_clock(struct agent *self)
{
    const sim_ns now_ns = engine_now(&self->world->engine);
    return self->spec.node == RECORD_NONE
               ? now_ns
               : clock_set_local(&self->world->clocks, self->spec.node, now_ns);
}

double agent_random(struct agent *self)
{
    return random_unit(&self->chance);
}

sim_ns agent_sample_ns(struct agent *self, const struct distribution *law)
{
    if (law == NULL) {
        return 0;
    }
    const sim_ns value_ns = distribution_sample_ns(law, &self->chance);
    return value_ns > 0 ? value_ns : 0;
}

void agent_record(const struct agent *self, struct record row)
{
    row.at_ns = engine_now(&self->world->engine);
    row.from_place = (uint16_t)self->spec.place;
    record_emit(&self->world->sink, &row);
}

static struct replica *beside(const struct agent *self)
{
    CHECK(self->spec.node != RECORD_NONE);
    struct world_dataset *dataset = &self->world->datasets[self->spec.dataset];
    CHECK(dataset->ops->leadership != NULL);
    return &dataset->replicas[self->spec.node];
}

struct leadership_status agent_leader_status(struct agent *self)
{
    struct replica *replica = beside(self);
    return replica->dataset->ops->leadership->status(replica);
}

void agent_leader_promote(struct agent *self, uint64_t epoch)
{
    struct replica *replica = beside(self);
    replica->dataset->ops->leadership->promote(replica, epoch);
}

void agent_leader_demote(struct agent *self, uint64_t epoch)
{
    struct replica *replica = beside(self);
    replica->dataset->ops->leadership->demote(replica, epoch);
}

void agent_leader_freeze(struct agent *self, bool frozen)
{
    struct replica *replica = beside(self);
    replica->dataset->ops->leadership->freeze(replica, frozen);
}

struct world *agent_world(const struct agent *self)
{
    return self->world;
}

/* The world's side. */

void world_agents_start(struct world *world)
{
    world->running = true;
    for (uint32_t i = 0; i < world->agent_count; i++) {
        struct agent *agent = agent_at(world, i);
        if (agent->spec.ops->start != NULL) {
            agent->spec.ops->start(agent);
        }
    }
}

uint32_t world_agent_host(const struct world *world, uint32_t agent)
{
    return agent_at(world, agent)->spec.node;
}

bool world_agent_deliver(struct world *world, const struct message *message)
{
    struct agent *agent = agent_at(world, message->to & ~ENDPOINT_AGENT);
    if (!agent->up) {
        return false;
    }
    agent->spec.ops->on_message(agent, message);
    return true;
}

void world_agent_timer(struct world *world, const struct event *event)
{
    struct agent *agent = agent_at(world, event->target);
    if (agent->up && agent->epoch == event->b &&
        (agent->spec.node == RECORD_NONE || !world_paused(world, agent->spec.node, event))) {
        agent->spec.ops->on_timer(agent, event->a);
    }
}

static void agent_power(struct agent *agent, int change)
{
    CHECK(change == 1 || (change == -1 && agent->off_holds > 0));
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

void world_agents_region_power(struct world *world, uint32_t region, int change)
{
    for (uint32_t i = 0; i < world->agent_count; i++) {
        struct agent *agent = agent_at(world, i);
        if (agent->spec.node == RECORD_NONE && agent->spec.place == region &&
            !agent->spec.outside) {
            agent_power(agent, change);
        }
    }
}

void world_agents_node_power(struct world *world, uint32_t node, int change)
{
    for (uint32_t i = 0; i < world->agent_count; i++) {
        struct agent *agent = agent_at(world, i);
        if (agent->spec.node == node) {
            agent_power(agent, change);
        }
    }
}

void world_leadership_changed(struct world *world, uint32_t dataset, uint32_t node)
{
    for (uint32_t i = 0; i < world->agent_count; i++) {
        struct agent *agent = agent_at(world, i);
        if (agent->up && agent->spec.node == node && agent->spec.dataset == dataset &&
            agent->spec.ops->on_leadership != NULL) {
            agent->spec.ops->on_leadership(agent);
        }
    }
}
