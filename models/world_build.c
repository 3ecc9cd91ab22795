/* world_build.c - places, machines, links, replicas and routes from a scenario. */
#include "models/geography/geography.h"
#include "models/geography/latency.h"
#include "models/purpose.h"
#include "models/world_internal.h"
#include "models/world_place.h"
#include "sim/check.h"

#include <string.h>

static const struct scenario_region *region_of(const struct world *world, uint32_t region)
{
    return (const struct scenario_region *)world->scenario->regions.items + region;
}

static const struct scenario_client *client_of(const struct world *world, uint32_t group)
{
    return (const struct scenario_client *)world->scenario->clients.items + group;
}

/* Places: the regions first, then the clients' own places, each once. */
void world_build_places(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    world->region_count = (uint32_t)scenario->regions.count;
    world->group_count = (uint32_t)scenario->clients.count;
    uint32_t *group_places = arena_alloc(&world->arena, world->group_count, sizeof(uint32_t));
    uint32_t count = world->region_count;
    for (uint32_t g = 0; g < world->group_count; g++) {
        group_places[g] = world_place_of_client(scenario, g, group_places, count);
        if (group_places[g] == count) {
            count++;
        }
    }
    CHECK(count == world->region_count + scenario->client_places.count);
    world->network.place_count = count;
    world->network.group_places = group_places;
    world_places_find(&world->places, scenario, group_places, count, &world->arena);
}

void world_build_nodes(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    uint32_t *first = arena_alloc(&world->arena, world->region_count + 1, sizeof(uint32_t));
    for (uint32_t r = 0; r < world->region_count; r++) {
        first[r + 1] = first[r] + (uint32_t)region_of(world, r)->nodes;
    }
    world->region_first_node = first;
    world->node_count = first[world->region_count];
    world->nodes = arena_alloc(&world->arena, world->node_count, sizeof *world->nodes);
    clock_set_init(&world->clocks, &scenario->clocks, world->node_count, world->seed,
                   &world->arena);
    uint32_t *places = arena_alloc(&world->arena, world->node_count, sizeof(uint32_t));
    uint32_t *zones = arena_alloc(&world->arena, world->node_count, sizeof(uint32_t));
    for (uint32_t r = 0; r < world->region_count; r++) {
        const struct scenario_region *region = region_of(world, r);
        for (uint32_t n = first[r]; n < first[r + 1]; n++) {
            struct node *node = &world->nodes[n];
            node->region = node->place = places[n] = r;
            node->zone = zones[n] = (n - first[r]) % (uint32_t)region->zones;
            node->up = true;
            node->service = region->service != NULL ? region->service : scenario->nodes.service;
            node->disk = region->disk_sync != NULL ? region->disk_sync : scenario->nodes.disk_sync;
            node->worker_count =
                (uint32_t)(region->workers > 0 ? region->workers : scenario->nodes.workers);
            node->worker_free_ns =
                arena_alloc(&world->arena, node->worker_count, sizeof *node->worker_free_ns);
            node->queue_max = (uint32_t)scenario->nodes.queue_max;
            random_stream_init(&node->service_stream, world->seed, PURPOSE_NODE_SERVICE, n);
            node_update(node);
            random_stream_init(&node->disk_stream, world->seed, PURPOSE_NODE_DISK, n);
        }
    }
    world->network.node_count = world->node_count;
    world->network.node_places = places;
    world->network.node_zones = zones;
}

/* The delay of a link without faults: base, expectation and random part. */
static void link_delay(const struct world *world, struct network_link *link,
                       const struct world_delay *delay)
{
    const struct scenario_network *config = &world->scenario->network;
    link->p50_ns = delay->p50_ns;
    link->base_ns = delay->p50_ns;
    if (config->jitter.model == SCENARIO_JITTER_PUBLISHED && delay->published) {
        network_link_publish(link, &delay->jitter);
    } else if (config->jitter.model == SCENARIO_JITTER_RELATIVE) {
        link->relative_ns = config->jitter.cv * (double)delay->p50_ns;
    }
}

static void link_config(struct world *world, struct network_link *link, uint32_t from, uint32_t to)
{
    const struct scenario_network *config = &world->scenario->network;
    link->loss = from != to ? config->loss : 0.0;
    link->bandwidth = from != to ? config->bandwidth : 0.0;
    const struct scenario_link *links = config->links.items;
    for (size_t i = 0; i < config->links.count; i++) {
        const bool forward = links[i].from == from && links[i].to == to;
        const bool backward = !links[i].one_direction && links[i].from == to && links[i].to == from;
        if (forward || backward) {
            link->loss = links[i].loss >= 0.0 ? links[i].loss : link->loss;
            link->bandwidth = links[i].bandwidth >= 0.0 ? links[i].bandwidth : link->bandwidth;
        }
    }
    link->kinds_differ = config->message_delays.count > 0;
    network_link_update(link);
}

static void link_streams(struct world *world, struct network_link *link, uint32_t index)
{
    random_stream_init(&link->delay_stream, world->seed, PURPOSE_LINK_DELAY, index);
    random_stream_init(&link->loss_stream, world->seed, PURPOSE_LINK_LOSS, index);
    random_stream_init(&link->kind_stream, world->seed, PURPOSE_MESSAGE_DELAY, index);
}

void world_build_network(struct world *world)
{
    struct network *network = &world->network;
    const uint32_t places = network->place_count;
    network->config = &world->scenario->network;
    network->engine = &world->engine;
    network->sink = &world->sink;
    network->arena = &world->arena;
    world->delays = arena_alloc(&world->arena, (size_t)places * places, sizeof *world->delays);
    network->links =
        arena_alloc(&world->arena, (size_t)places * (places + 1), sizeof *network->links);
    for (uint32_t from = 0; from < places; from++) {
        for (uint32_t to = 0; to < places; to++) {
            struct network_link *link = &network->links[from * places + to];
            network_link_name(network, from * places + to);
            if (from < world->region_count || to < world->region_count || from == to) {
                struct world_delay *delay = &world->delays[from * places + to];
                world_delay_between(&world->places, (struct world_pair){from, to, false}, delay);
                link_delay(world, link, delay);
                link_config(world, link, from, to);
            }
            link_streams(world, link, from * places + to);
        }
        struct network_link *inside = &network->links[places * places + from];
        struct world_delay delay;
        network_link_name(network, places * places + from);
        world_delay_between(&world->places, (struct world_pair){from, from, true}, &delay);
        link_delay(world, inside, &delay);
        link_config(world, inside, from, from);
        link_streams(world, inside, places * places + from);
    }
    network->connections =
        arena_alloc(&world->arena, world->node_count, sizeof *network->connections);
    network->node_powers =
        arena_alloc(&world->arena, world->node_count, sizeof *network->node_powers);
    const struct distribution **last_miles =
        arena_alloc(&world->arena, world->group_count, sizeof *last_miles);
    network->last_mile_streams =
        arena_alloc(&world->arena, world->group_count, sizeof *network->last_mile_streams);
    for (uint32_t g = 0; g < world->group_count; g++) {
        last_miles[g] = client_of(world, g)->last_mile;
        random_stream_init(&network->last_mile_streams[g], world->seed, PURPOSE_LAST_MILE, g);
        const sim_ns deadline_ns = client_of(world, g)->deadline;
        network->give_up_ns = deadline_ns > network->give_up_ns ? deadline_ns : network->give_up_ns;
    }
    network->last_miles = last_miles;
    pool_init(&network->flights, sizeof(struct flight), UINT32_MAX - 2);
    network->block_free = replica_block_free;
    network->block_copy = replica_block_copy;
    network->block_context = world;
    network->deliver_kind = WORLD_EVENT_DELIVER;
    network->retry_kind = WORLD_EVENT_NETWORK_RETRY;
    network->client_retry_kind = WORLD_EVENT_CLIENT_RETRY;
    network->reset_kind = WORLD_EVENT_RESET;
}

/* Distributions by message kind, for those kinds that the scenario overrides. */
static const struct distribution *const *kind_delays(struct world *world,
                                                     const struct strategy_ops *ops)
{
    const struct param_list *overrides = &world->scenario->network.message_delays;
    if (overrides->count == 0) {
        return NULL;
    }
    uint32_t count = MESSAGE_STRATEGY;
    while (ops->messages != NULL && ops->messages[count - MESSAGE_STRATEGY] != NULL) {
        count++;
    }
    const struct distribution **delays = arena_alloc(&world->arena, count, sizeof *delays);
    for (uint32_t kind = 0; kind < count; kind++) {
        const char *name = world_message_name(&world->arena, ops, kind);
        for (size_t i = 0; i < overrides->count; i++) {
            const struct scenario_message_delay *delay =
                (const struct scenario_message_delay *)overrides->items + i;
            if (strcmp(delay->message, name) == 0) {
                delays[kind] = delay->delay;
            }
        }
    }
    return delays;
}

/* Members: the first `copies` machines of each replica region, region by region; then all others.
 */
static void build_members(struct world *world, struct world_dataset *dataset)
{
    const struct scenario_replication *placement = dataset->config->replication.common;
    const uint32_t *regions = placement->replicas.items;
    dataset->total = world->node_count;
    dataset->member_nodes = arena_alloc(&world->arena, dataset->total, sizeof(uint32_t));
    dataset->node_members = arena_alloc(&world->arena, dataset->total, sizeof(uint32_t));
    bool *stores = arena_alloc(&world->arena, dataset->total, sizeof(bool));
    for (size_t i = 0; i < placement->replicas.count; i++) {
        for (uint32_t copy = 0; copy < (uint32_t)placement->copies; copy++) {
            const uint32_t node = world->region_first_node[regions[i]] + copy;
            CHECK(node < world->region_first_node[regions[i] + 1]);
            dataset->member_nodes[dataset->count++] = node;
            stores[node] = true;
        }
    }
    uint32_t member = dataset->count;
    for (uint32_t node = 0; node < dataset->total; node++) {
        if (!stores[node]) {
            dataset->member_nodes[member++] = node;
        }
    }
    for (member = 0; member < dataset->total; member++) {
        dataset->node_members[dataset->member_nodes[member]] = member;
    }
}

/* How far a member is; it is itself first, even where another is no farther. */
struct distant {
    sim_ns delay_ns;
    uint32_t member;
};

static void merge_runs(const struct distant *from, struct distant *to, uint32_t count, uint32_t run)
{
    for (uint32_t first = 0; first < count; first += 2 * run) {
        const uint32_t middle = first + run < count ? first + run : count;
        const uint32_t end = middle + run < count ? middle + run : count;
        uint32_t left = first, right = middle;
        for (uint32_t at = first; at < end; at++) {
            const bool take_left =
                left < middle && (right == end || from[left].delay_ns <= from[right].delay_ns);
            to[at] = take_left ? from[left++] : from[right++];
        }
    }
}

/*
 * By delay, then by number: members come in by number, and merging keeps the order of equals. Every
 * node sorts all others, and there may be thousands. `scratch` has room for twice `count`.
 */
static void sort_by_delay(const struct replica *self, uint32_t *members, uint32_t count,
                          struct distant *scratch)
{
    struct distant *from = scratch, *to = scratch + count;
    for (uint32_t i = 0; i < count; i++) {
        from[i] = (struct distant){
            members[i] == self->member ? -1 : replica_delay(self, members[i]), members[i]};
    }
    for (uint32_t run = 1; run < count; run *= 2) {
        merge_runs(from, to, count, run);
        struct distant *const sorted = to;
        to = from;
        from = sorted;
    }
    for (uint32_t i = 0; i < count; i++) {
        members[i] = from[i].member;
    }
}

/* Whether values of a dataset have sizes of their own: by their law, or by a trace. */
static bool sizes_vary(const struct world *world, const struct world_dataset *dataset)
{
    bool vary = strcmp(dataset->config->value_bytes->ops->kind.name, "constant") != 0;
    for (uint32_t group = 0; group < world->group_count; group++) {
        const struct scenario_client *client = client_of(world, group);
        vary = vary || (client->dataset == dataset->index && client->trace.columns > 0);
    }
    return vary;
}

static bool stores(const struct world_dataset *dataset, uint32_t member)
{
    const struct strategy_ops *ops = dataset->ops;
    return member < dataset->count ||
           (ops->stores_elsewhere != NULL && ops->stores_elsewhere(dataset->params));
}

/* Every message to a replica reads a key of it, of which no two are near each other: what all
 * replicas store lies in one piece, so that it may be in huge pages. */
static void reserve_storage(struct world *world, const struct world_dataset *dataset)
{
    const size_t key_count = (size_t)dataset->config->keys.count;
    uint32_t count = 0;
    for (uint32_t member = 0; member < dataset->total; member++) {
        count += stores(dataset, member);
    }
    const size_t bytes =
        storage_arena_bytes(key_count, sizes_vary(world, dataset), dataset->value.ops != NULL);
    arena_reserve(&world->tables, count * bytes);
}

static void build_replica(struct world *world, struct world_dataset *dataset, uint32_t member)
{
    const uint32_t node = dataset->member_nodes[member];
    struct replica *replica = &dataset->replicas[node];
    const struct strategy_ops *ops = dataset->ops;
    replica->world = world;
    replica->dataset = dataset;
    replica->node = &world->nodes[node];
    replica->member = member;
    replica->node_index = node;
    replica->index = dataset->index * world->node_count + node;
    replica->state = arena_alloc(&world->arena, 1, ops->state_bytes);
    replica->pending.item_bytes = ops->pending_bytes > 0 ? (ops->pending_bytes + 31) / 16 * 16 : 0;
    random_stream_init(&replica->chance, world->seed, PURPOSE_REPLICA, replica->index);
    if (stores(dataset, member)) {
        const struct distribution *bytes = dataset->config->value_bytes;
        const double mean = bytes->ops->mean(bytes->params);
        replica->storage = arena_alloc(&world->arena, 1, sizeof *replica->storage);
        storage_init(replica->storage, &world->tables, (uint32_t)dataset->config->keys.count,
                     mean > 0.0 && mean < 4e9 ? (uint32_t)(mean + 0.5) : 0,
                     sizes_vary(world, dataset), dataset->value.ops != NULL ? &world->words : NULL);
        replica->storage->volatile_memory = replica->node->disk != NULL && !ops->logged;
    }
}

static void build_nearest(struct world *world, struct replica *replica, struct distant *scratch)
{
    const struct world_dataset *dataset = replica->dataset;
    uint32_t *nearest = arena_alloc(&world->arena, dataset->count + 1, sizeof(uint32_t));
    for (uint32_t i = 0; i < dataset->count; i++) {
        nearest[i] = i;
    }
    sort_by_delay(replica, nearest, dataset->count, scratch);
    const uint32_t others = dataset->total - dataset->count;
    uint32_t *further = arena_alloc(&world->arena, others + 1, sizeof(uint32_t));
    for (uint32_t i = 0; i < others; i++) {
        further[i] = dataset->count + i;
    }
    sort_by_delay(replica, further, others, scratch);
    replica->nearest = nearest;
    replica->nearest_others = further;
}

void world_build_datasets(struct world *world)
{
    const struct scenario_dataset *configs = world->scenario->datasets.items;
    world->dataset_count = (uint32_t)world->scenario->datasets.count;
    world->datasets = arena_alloc(&world->arena, world->dataset_count, sizeof *world->datasets);
    const struct distribution *const **delays =
        arena_alloc(&world->arena, world->dataset_count, sizeof *delays);
    struct distant *scratch =
        arena_alloc(&world->arena, 2 * (size_t)world->node_count + 1, sizeof *scratch);
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        struct world_dataset *dataset = &world->datasets[d];
        dataset->config = &configs[d];
        dataset->ops = (const struct strategy_ops *)configs[d].replication.kind;
        dataset->value =
            (struct value_type){value_ops_of(&configs[d].value), configs[d].value.params};
        dataset->params = configs[d].replication.params;
        dataset->managed = world_failover_manages(world, dataset->ops);
        dataset->index = d;
        dataset->shared = arena_alloc(&world->arena, 1, dataset->ops->shared_bytes + 1);
        build_members(world, dataset);
        dataset->replicas =
            arena_alloc(&world->arena, world->node_count, sizeof *dataset->replicas);
        reserve_storage(world, dataset);
        for (uint32_t member = 0; member < dataset->total; member++) {
            build_replica(world, dataset, member);
        }
        for (uint32_t node = 0; node < world->node_count; node++) {
            build_nearest(world, &dataset->replicas[node], scratch);
        }
        if (dataset->ops->setup != NULL) {
            dataset->ops->setup(&dataset->replicas[dataset->member_nodes[0]], dataset->shared);
        }
        delays[d] = kind_delays(world, dataset->ops);
    }
    world->network.kind_delays = delays;
}
