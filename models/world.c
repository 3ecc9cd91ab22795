#include "models/world_internal.h"

#include "models/network/network_straight.h"
#include "models/routing/front.h"
#include "sim/check.h"
#include "sim/fetch.h"

enum { WORLD_SLICE_EVENTS = 1 << 18 };

static void on_fault(void *context, const struct event *event)
{
    world_schedule_event(context, event);
}

static void refuse(struct world *world, const struct message *request, uint32_t node)
{
    const struct message reply = {.kind = MESSAGE_REPLY,
                                  .dataset = request->dataset,
                                  .from = node,
                                  .to = request->from,
                                  .key = request->key,
                                  .request = request->request,
                                  .operation = request->operation,
                                  .type = request->type,
                                  .outcome = RECORD_FAIL,
                                  .tries = request->tries};
    network_send(&world->network, &reply);
}

/*
 * A message reaches a machine that has a service time: it takes its turn. A client request that
 * would wait behind a full queue is refused at once.
 */
static void serve(struct world *world, uint32_t node_index, uint32_t slot)
{
    struct node *node = &world->nodes[node_index];
    struct flight *flight = network_flight(&world->network, slot);
    const bool request = flight->message.kind == MESSAGE_REQUEST;
    if (request && node->queue_max > 0) {
        if (node->queued >= node->queue_max + node->worker_count) {
            const struct message copy = flight->message;
            network_done(&world->network, slot);
            refuse(world, &copy, node_index);
            return;
        }
        node->queued++;
    }
    bool waits = false;
    sim_ns end_ns = node_serve(node, engine_now(&world->engine), &waits);
    struct network_connection *connection =
        network_connection(&world->network, &network_flight(&world->network, slot)->message);
    if (connection != NULL) {
        /* Other workers may be quicker with what came later on the same stream: it waits. */
        end_ns = end_ns > connection->last_served_ns ? end_ns : connection->last_served_ns;
        connection->last_served_ns = end_ns;
    }
    engine_at(&world->engine, end_ns,
              (struct event){.kind = WORLD_EVENT_SERVED,
                             .small = request,
                             .target = node_index,
                             .a = slot,
                             .b = node->epoch});
}

__attribute__((always_inline)) static inline void
handle_here(struct world *world, uint32_t node, uint32_t slot, const struct flight *flight)
{
    /* A copy, since handling it sends messages, which may move the pool of flights. */
    const struct message message = flight->message;
    replica_dispatch(world, node, &message);
    network_done(&world->network, slot);
}

static void handle(struct world *world, uint32_t node, uint32_t slot, const struct flight *flight)
{
    handle_here(world, node, slot, flight);
}

static void deliver_to_agent(struct world *world, uint32_t end, uint32_t slot,
                             const struct flight *flight)
{
    const uint32_t host = world_agent_host(world, end & ~ENDPOINT_AGENT);
    const struct event arrival = {.kind = WORLD_EVENT_RESUMED, .target = end, .a = slot};
    if (host != RECORD_NONE && world_paused(world, host, &arrival)) {
        return;
    }
    const struct message message = flight->message;
    if (world_agent_deliver(world, &message)) {
        network_done(&world->network, slot);
    } else {
        network_drop(&world->network, slot);
    }
}

/* A driver learns who leads from who refers it there, and from who takes its writes. */
static void hear_of_leader(struct world *world, uint32_t end, const struct message *reply)
{
    if ((reply->flag & MESSAGE_REFERRED) != 0) {
        driver_learn(world, end, reply->dataset, (uint32_t)reply->version.write - 1,
                     (uint64_t)reply->version.stamp);
    } else if ((reply->flag & MESSAGE_LED) != 0) {
        driver_learn(world, end, reply->dataset, reply->from, reply->a);
    }
}

/* The flight ends first, so that what the user sends next takes its place; not before its block was
 * read. */
static void deliver_to_user(struct world *world, uint32_t group, uint32_t slot,
                            struct message reply)
{
    const bool carries = reply.block != 0;
    if (!carries) {
        network_done(&world->network, slot);
    }
    if (world->front == NULL || front_hears(world->front, group, &reply)) {
        clients_on_reply(world->clients, &reply);
    }
    if (carries) {
        network_done(&world->network, slot);
    }
}

/* To a client or an agent. */
static void deliver_beyond(struct world *world, uint32_t end, uint32_t slot,
                           const struct flight *flight)
{
    const struct message *message = &flight->message;
    if (message->kind == MESSAGE_REPLY && message->flag != 0 && !world->by_endpoint) {
        hear_of_leader(world, end, message);
    }
    if ((end & ENDPOINT_AGENT) != 0) {
        deliver_to_agent(world, end, slot, flight);
    } else if (world->front == NULL && message->block == 0) {
        network_done(&world->network, slot);
        clients_on_reply(world->clients, message);
    } else {
        deliver_to_user(world, end & ~ENDPOINT_CLIENT, slot, *message);
    }
}

/* To a machine that is off, stands still, or needs time. */
static void deliver_later(struct world *world, uint32_t node_index, uint32_t slot)
{
    const struct node *node = &world->nodes[node_index];
    const struct event arrival = {.kind = WORLD_EVENT_RESUMED, .target = node_index, .a = slot};
    if (!node->up) {
        network_drop(&world->network, slot);
    } else if (world_paused(world, node_index, &arrival)) {
        return;
    } else if (node_takes_time(node)) {
        serve(world, node_index, slot);
    } else {
        handle(world, node_index, slot, network_flight(&world->network, slot));
    }
}

static void on_deliver(void *context, const struct event *event)
{
    struct world *world = context;
    const struct flight *flight = network_arrive(&world->network, event);
    if (flight == NULL) {
        return;
    }
    const uint32_t slot = (uint32_t)event->a;
    if ((event->target & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) != 0) {
        deliver_beyond(world, event->target, slot, flight);
    } else if (world->nodes[event->target].plain) {
        handle_here(world, event->target, slot, flight);
    } else {
        deliver_later(world, event->target, slot);
    }
}

/* It arrived while the machine, or that of the sidecar, was paused, which goes on now. */
static void on_resumed(void *context, const struct event *event)
{
    struct world *world = context;
    const uint32_t slot = (uint32_t)event->a;
    if ((event->target & ENDPOINT_AGENT) != 0) {
        deliver_beyond(world, event->target, slot, network_flight(&world->network, slot));
    } else {
        deliver_later(world, event->target, slot);
    }
}

/* The connection of a client or an agent was reset. */
static void on_reset(void *context, const struct event *event)
{
    struct world *world = context;
    const uint32_t slot = (uint32_t)event->a;
    deliver_beyond(world, event->target, slot, network_flight(&world->network, slot));
}

static void on_served(void *context, const struct event *event)
{
    struct world *world = context;
    struct node *node = &world->nodes[event->target];
    if (!node->up || node->epoch != event->b) {
        network_drop(&world->network, (uint32_t)event->a);
        return;
    }
    if (world_paused(world, event->target, event)) {
        return;
    }
    if (event->small != 0 && node->queue_max > 0) {
        node->queued--;
    }
    const uint32_t slot = (uint32_t)event->a;
    handle(world, event->target, slot, network_flight(&world->network, slot));
}

static void on_timer(void *context, const struct event *event)
{
    replica_timer_fired(context, event);
}

void world_disk_begin(struct world *world, uint32_t node_index)
{
    struct node *node = &world->nodes[node_index];
    const sim_ns duration_ns = node_sync_begin(node);
    engine_after(&world->engine, duration_ns,
                 (struct event){.kind = WORLD_EVENT_DISK, .target = node_index, .b = node->epoch});
}

static void on_disk(void *context, const struct event *event)
{
    struct world *world = context;
    struct node *node = &world->nodes[event->target];
    if (!node->up || node->epoch != event->b || world_paused(world, event->target, event)) {
        return;
    }
    replica_synced(world, event->target);
    node->syncing = false;
    if (node->sync_first < node->sync_next) {
        world_disk_begin(world, event->target);
    }
}

static void on_network_retry(void *context, const struct event *event)
{
    struct world *world = context;
    network_retry(&world->network, event);
}

static void on_client_retry(void *context, const struct event *event)
{
    struct world *world = context;
    network_client_retry(&world->network, event);
}

static void on_agent(void *context, const struct event *event)
{
    world_agent_timer(context, event);
}

static void on_clients(void *context, const struct event *event)
{
    struct world *world = context;
    clients_on_event(world->clients, event);
}

static void on_front(void *context, const struct event *event)
{
    struct world *world = context;
    front_on_event(world->front, event);
}

static void storage_fetch(const struct world *world, uint32_t dataset, uint32_t node, uint32_t key)
{
    const struct storage *storage = world->datasets[dataset].replicas[node].storage;
    if (storage != NULL) {
        fetch_write(&storage->versions[key]);
    }
}

static bool carries_flight(const struct event *event)
{
    return event->kind == WORLD_EVENT_DELIVER || event->kind == WORLD_EVENT_SERVED;
}

/* Fetches the key that a message is about, at the replica and in the observer's tables. */
static void message_fetch(const struct world *world, const struct event *event)
{
    const struct message *message = network_peek(&world->network, (uint32_t)event->a);
    uint32_t operation = RECORD_NONE;
    if ((event->target & ENDPOINT_AGENT) != 0) {
        return;
    }
    if ((event->target & ENDPOINT_CLIENT) != 0) {
        if (message->kind != MESSAGE_REPLY) {
            return;
        }
        clients_foresee(world->clients, message);
        operation = clients_slot(message);
    } else {
        storage_fetch(world, message->dataset, event->target, message->key);
        if (message->type == RECORD_READ) {
            return; /* a read changes nothing that is observed before its end */
        }
    }
    if (world->sink.soon != NULL) {
        world->sink.soon(world->sink.state, message->dataset, message->key, RECORD_NONE, operation);
    }
}

static void on_sweep(void *context, const struct event *event)
{
    world_sweep(context, event);
}

/* First the flight itself; then, when that is in the cache, what its message will touch. */
static void foresee(void *context, const struct event *far, const struct event *near)
{
    const struct world *world = context;
    if (carries_flight(far)) {
        network_fetch(&world->network, (uint32_t)far->a);
    }
    if (carries_flight(near)) {
        message_fetch(world, near);
    }
}

static const engine_handler handlers[WORLD_EVENT_COUNT] = {
    [WORLD_EVENT_FAULT] = on_fault,
    [WORLD_EVENT_DELIVER] = on_deliver,
    [WORLD_EVENT_SERVED] = on_served,
    [WORLD_EVENT_TIMER] = on_timer,
    [WORLD_EVENT_DISK] = on_disk,
    [WORLD_EVENT_NETWORK_RETRY] = on_network_retry,
    [WORLD_EVENT_CLIENT_RETRY] = on_client_retry,
    [WORLD_EVENT_CLIENTS] = on_clients,
    [WORLD_EVENT_AGENT] = on_agent,
    [WORLD_EVENT_FRONT] = on_front,
    [WORLD_EVENT_RESET] = on_reset,
    [WORLD_EVENT_RESUMED] = on_resumed,
    [WORLD_EVENT_SWEEP] = on_sweep,
};

/* What the clients see of the world. */

static uint32_t client_route(struct world *world, uint32_t group,
                             const struct route_request *request)
{
    /* With a front, which machine, the gateway finds out. */
    return world->front != NULL ? 0 : world_driver_route(&world->drivers[group], request);
}

static void client_ask(struct world *world, const struct message *request)
{
    if (world->front != NULL) {
        front_ask(world->front, request->from & ~ENDPOINT_CLIENT, request);
        return;
    }
    /* A machine near by is asked before the engine could look ahead to it. */
    storage_fetch(world, request->dataset, request->to, request->key);
    network_send_request(&world->network, request);
}

static uint32_t world_block_copy(void *world, uint32_t block)
{
    return replica_block_copy(world, 0, block);
}

static uint32_t world_block_bytes(void *world, uint32_t block)
{
    const struct world *self = world;
    return words_at(&self->words, block).count * (uint32_t)sizeof(uint64_t);
}

static void world_block_free(void *world, uint32_t block)
{
    replica_block_free(world, 0, block);
}

struct world *world_create(const struct scenario *scenario, uint64_t seed)
{
    struct arena arena;
    arena_init(&arena);
    struct world *world = arena_alloc(&arena, 1, sizeof *world);
    world->arena = arena;
    arena_init(&world->tables);
    world->scenario = scenario;
    world->seed = seed;
    engine_init(&world->engine, world, handlers, WORLD_EVENT_COUNT);
    engine_foresee(&world->engine, foresee);
    world->check = (struct check_context){.now_ns = &world->engine.now_ns,
                                          .event_count = &world->engine.queue.handled,
                                          .seed = seed,
                                          .scenario = scenario->name};
    words_pool_init(&world->words);
    world_build_places(world);
    world_build_nodes(world);
    world_build_network(world);
    world_build_datasets(world);
    world_build_drivers(world);
    world_build_layout(world);
    world_build_routing(world);
    world_build_failover(world);
    const struct clients_host host = {.world = world,
                                      .engine = &world->engine,
                                      .scenario = scenario,
                                      .layout = &world->layout,
                                      .sink = &world->sink,
                                      .seed = seed,
                                      .event_kind = WORLD_EVENT_CLIENTS,
                                      .route = client_route,
                                      .ask = client_ask,
                                      .block_copy = world_block_copy,
                                      .block_free = world_block_free,
                                      .block_bytes = world_block_bytes};
    world->clients = clients_create(&host, &world->arena);
    world_schedule(world);
    return world;
}

void world_drop_tables(struct world *world)
{
    arena_release(&world->tables);
}

void world_release(struct world *world)
{
    clients_release(world->clients);
    world_release_routing(world);
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        for (uint32_t n = 0; n < world->node_count; n++) {
            replica_release(&world->datasets[d].replicas[n]);
        }
    }
    for (size_t i = 0; i < world->grown_count; i++) {
        memory_release(*world->grown[i]);
    }
    memory_release(world->grown);
    for (uint32_t n = 0; n < world->node_count; n++) {
        node_release(&world->nodes[n]);
    }
    words_pool_release(&world->words);
    world_scratch_release(world);
    clock_set_release(&world->clocks);
    memory_release(world->agents);
    memory_release(world->agent_places);
    pool_release(&world->network.flights);
    engine_release(&world->engine);
    arena_release(&world->tables);
    struct arena arena = world->arena;
    arena_release(&arena);
}

const struct record_layout *world_layout(const struct world *world)
{
    return &world->layout;
}

enum engine_stop world_run(struct world *world, const struct record_sink *sink,
                           const volatile bool *stop)
{
    const struct check_context *before = check_context_set(&world->check);
    world->sink = *sink;
    if (engine_events(&world->engine) == 0) {
        replica_start_all(world);
        world_build_sweeps(world);
        world_agents_start(world);
        if (world->front != NULL) {
            front_start(world->front);
        }
        clients_start(world->clients);
    }
    const uint64_t limit = (uint64_t)world->scenario->event_limit;
    enum engine_stop why = ENGINE_BUDGET;
    while (why == ENGINE_BUDGET) {
        const uint64_t events = engine_events(&world->engine);
        if (events >= limit) {
            break;
        }
        if (stop != NULL && *stop) {
            why = ENGINE_STOPPED;
            break;
        }
        const uint64_t left = limit - events;
        why = engine_run(&world->engine, world->scenario->duration,
                         left < WORLD_SLICE_EVENTS ? left : WORLD_SLICE_EVENTS);
    }
    network_tell(&world->network);
    check_context_set(before);
    return why;
}

uint64_t world_events(const struct world *world)
{
    return engine_events(&world->engine);
}

uint64_t world_fingerprint(const struct world *world)
{
    return engine_fingerprint(&world->engine);
}

sim_ns world_now(const struct world *world)
{
    return engine_now(&world->engine);
}
