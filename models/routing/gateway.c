#include "models/routing/gateway.h"

#include "models/agents/control.h"
#include "models/agents/driver.h"
#include "models/health/health.h"
#include "models/routing/connection.h"
#include "models/routing/front.h"
#include "models/routing/gateway_internal.h"
#include "sim/check.h"

/* Connections. */

static bool knows(const struct gateway *gateway, const struct message *message)
{
    const struct connection_stamp stamp = connection_unpack(message->version.stamp);
    return stamp.region == gateway->site.region && stamp.start == gateway->start;
}

static void reset(struct agent *self, const struct message *message, enum connection_reset what)
{
    struct message answer = *message;
    answer.kind = CONTROL_RESET;
    answer.flag = (uint8_t)what;
    answer.bytes = 0;
    answer.block = 0; /* what is asked again is a read, which has none */
    agent_send(self, message->from, answer);
}

static void accept(struct agent *self, const struct message *message)
{
    const struct gateway *gateway = gateway_of(self);
    agent_send(self, message->from,
               (struct message){.kind = CONTROL_ACCEPT,
                                .request = message->request,
                                .version = {.write = message->version.write},
                                .a = (uint64_t)gateway->site.region << 32 | gateway->start,
                                .tries = message->tries});
}

/* Work that takes a service time. */

static void serve(struct agent *self, const struct message *message)
{
    if (message->kind == MESSAGE_REQUEST) {
        gateway_serve_request(self, message);
    } else if (message->kind == CONTROL_PROBE) {
        gateway_serve_probe(self, message);
    } else {
        accept(self, message);
    }
}

static void refuse(struct agent *self, const struct message *message)
{
    if (message->kind == MESSAGE_REQUEST) {
        const struct message answer = {.from = RECORD_NONE, .outcome = RECORD_FAIL};
        gateway_reply(self, message, &answer);
    } else if (message->kind == CONTROL_CONNECT) {
        reset(self, message, CONNECTION_RESET_CONNECT);
    }
}

/* When a worker will have done what comes now. */
static sim_ns worker_done_ns(struct agent *self, double factor)
{
    struct gateway *gateway = gateway_of(self);
    const sim_ns now_ns = agent_clock(self);
    uint32_t first = 0;
    for (uint32_t i = 1; i < gateway->site.workers; i++) {
        if (gateway->worker_free_ns[i] < gateway->worker_free_ns[first]) {
            first = i;
        }
    }
    sim_ns service_ns = agent_sample_ns(self, gateway->site.service);
    if (factor != 1.0) {
        service_ns = sim_ns_from_double((double)service_ns * factor);
    }
    sim_ns *free_ns = &gateway->worker_free_ns[first];
    const sim_ns begin_ns = *free_ns > now_ns ? *free_ns : now_ns;
    *free_ns = service_ns < SIM_NS_MAX - begin_ns ? begin_ns + service_ns : SIM_NS_MAX;
    return *free_ns;
}

static void take_turn(struct agent *self, const struct message *message)
{
    struct gateway *gateway = gateway_of(self);
    const struct scenario_gateways *config = &gateway->plan->config->gateways;
    if (gateway->site.service == NULL) {
        serve(self, message);
        return;
    }
    const uint64_t room = (uint64_t)config->queue_max + gateway->site.workers;
    const uint32_t slot = config->queue_max > 0 && gateway->jobs.count >= room
                              ? (uint32_t)POOL_NONE
                              : pool_take_used(&gateway->jobs);
    if (slot == POOL_NONE) {
        refuse(self, message);
        return;
    }
    struct message *job = pool_at(&gateway->jobs, slot);
    *job = *message;
    job->block = front_block_copy(gateway->plan->front, message->dataset, message->block);
    const double factor = message->kind == CONTROL_CONNECT ? config->handshake_cost : 1.0;
    agent_timer(self, worker_done_ns(self, factor) - agent_clock(self),
                (uint64_t)slot * GATEWAY_TIMERS + GATEWAY_SERVED);
}

static void on_timer(struct agent *self, uint64_t token)
{
    struct gateway *gateway = gateway_of(self);
    if (token % GATEWAY_TIMERS == GATEWAY_DUE) {
        gateway_time_out(self);
        return;
    }
    const uint32_t slot = (uint32_t)(token / GATEWAY_TIMERS);
    const struct message message = *(const struct message *)pool_at(&gateway->jobs, slot);
    pool_give(&gateway->jobs, slot);
    serve(self, &message);
    front_block_free(gateway->plan->front, message.dataset, message.block);
}

static void on_connect(struct agent *self, const struct message *message)
{
    if (message->tries != CONNECTION_PING) {
        take_turn(self, message);
    } else if (knows(gateway_of(self), message)) {
        accept(self, message); /* the transport answers a ping, not the application */
    } else {
        reset(self, message, CONNECTION_RESET_CONNECT);
    }
}

static void on_invalidate(struct gateway *gateway, const struct message *message)
{
    if (gateway->caches != NULL) {
        cache_drop(&gateway->caches[message->dataset], message->key, message->version);
    }
}

/* key: the leader's machine; version.stamp: its epoch. */
static void on_announce(struct agent *self, const struct message *message)
{
    driver_learn(agent_world(self), agent_end(self), message->dataset, message->key,
                 (uint64_t)message->version.stamp);
    gateway_hear_epoch(self, message->dataset, (uint64_t)message->version.stamp);
    agent_send(self, message->from, control_heard(message));
}

static void on_message(struct agent *self, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_REQUEST:
        if ((message->from & ENDPOINT_CLIENT) != 0 && !knows(gateway_of(self), message)) {
            const bool asked = (message->flag & MESSAGE_WANTS_CONTEXT) != 0;
            reset(self, message, asked ? CONNECTION_RESET_ASKED : CONNECTION_RESET_REQUEST);
        } else {
            take_turn(self, message);
        }
        break;
    case MESSAGE_REPLY:
        gateway_hear_reply(self, message);
        break;
    case CONTROL_CONNECT:
        on_connect(self, message);
        break;
    case CONTROL_PROBE:
        take_turn(self, message);
        break;
    case CONTROL_INVALIDATE:
        on_invalidate(gateway_of(self), message);
        break;
    case CONTROL_ANNOUNCE:
        on_announce(self, message);
        break;
    default:
        break; /* others of the control plane tell gateways nothing */
    }
}

/* Power. */

static void pools_init(struct gateway *gateway)
{
    pool_init(&gateway->jobs, sizeof(struct message), UINT32_MAX - 2);
    pool_init(&gateway->pending, sizeof(struct pending), (1u << GATEWAY_SLOT_BITS) - 2);
}

/* What is held of others' blocks. */
static void blocks_free(struct gateway *gateway)
{
    const struct front *front = gateway->plan->front;
    for (uint32_t slot = 0; slot < gateway->jobs.used; slot++) {
        if (pool_taken(&gateway->jobs, slot)) {
            const struct message *job = pool_at(&gateway->jobs, slot);
            front_block_free(front, job->dataset, job->block);
        }
    }
    for (uint32_t slot = 0; slot < gateway->pending.used; slot++) {
        if (pool_taken(&gateway->pending, slot)) {
            const struct pending *pending = pool_at(&gateway->pending, slot);
            front_block_free(front, pending->dataset, pending->request.block);
        }
    }
}

static void on_stop(struct agent *self)
{
    struct gateway *gateway = gateway_of(self);
    blocks_free(gateway);
    gateway_release(gateway);
    pools_init(gateway);
    gateway->first = gateway->last = POOL_NONE;
    gateway->armed = false;
    for (uint32_t i = 0; i < gateway->site.workers; i++) {
        gateway->worker_free_ns[i] = 0;
    }
    for (uint32_t d = 0; gateway->caches != NULL && d < gateway->plan->dataset_count; d++) {
        cache_clear(&gateway->caches[d]);
    }
    gateway->start = (gateway->start + 1) % CONNECTION_STARTS;
}

static void start(struct agent *self)
{
    *(struct gateway **)agent_state(self) = *(struct gateway *const *)agent_config(self);
}

static const struct agent_ops gateway_ops = {.name = "gateway",
                                             .state_bytes = sizeof(struct gateway *),
                                             .start = start,
                                             .on_message = on_message,
                                             .on_timer = on_timer,
                                             .on_stop = on_stop};

struct gateway *gateway_add(struct world *world, struct gateway_plan *plan,
                            const struct gateway_site *site, uint32_t *agent)
{
    struct gateway *gateway = arena_alloc(plan->arena, 1, sizeof *gateway);
    gateway->plan = plan;
    gateway->site = *site;
    gateway->worker_free_ns =
        arena_alloc(plan->arena, site->workers, sizeof *gateway->worker_free_ns);
    gateway->epochs = arena_alloc(plan->arena, plan->dataset_count, sizeof *gateway->epochs);
    const struct scenario_cache *config = &plan->config->cache;
    if (config->mode != SCENARIO_CACHE_NONE) {
        gateway->caches = arena_alloc(plan->arena, plan->dataset_count, sizeof *gateway->caches);
        for (uint32_t d = 0; d < plan->dataset_count; d++) {
            cache_init(&gateway->caches[d], (uint32_t)config->entries,
                       config->ttl > 0 ? config->ttl : SIM_NS_MAX, plan->arena);
        }
    }
    pools_init(gateway);
    struct gateway **held = arena_alloc(plan->arena, 1, sizeof(struct gateway *));
    *held = gateway;
    *agent = agent_add(world, &(struct agent_spec){.ops = &gateway_ops,
                                                   .config = held,
                                                   .place = site->region,
                                                   .node = RECORD_NONE});
    driver_add(world, *agent);
    return gateway;
}

void gateway_release(struct gateway *gateway)
{
    pool_release(&gateway->jobs);
    pool_release(&gateway->pending);
}

uint32_t gateway_waiting(const struct gateway *gateway)
{
    return gateway->jobs.count;
}

uint32_t gateway_pending(const struct gateway *gateway)
{
    return gateway->pending.count;
}

uint32_t gateway_cached(const struct gateway *gateway, uint32_t dataset)
{
    return gateway->caches != NULL ? gateway->caches[dataset].count : 0;
}
