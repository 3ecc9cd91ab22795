#include "models/replication/replica.h"

#include "models/network/network_straight.h"
#include "models/world_internal.h"
#include "sim/check.h"

#include <string.h>

enum { REPLY_BYTES = 16, REPLICA_PENDING_ALIGN = 16 };

void *replica_state(struct replica *self)
{
    return self->state;
}

const void *replica_params(const struct replica *self)
{
    return self->dataset->params;
}

const void *replica_shared(const struct replica *self)
{
    return self->dataset->shared;
}

uint32_t replica_self(const struct replica *self)
{
    return self->member;
}

uint32_t replica_count(const struct replica *self)
{
    return self->dataset->count;
}

uint32_t replica_total(const struct replica *self)
{
    return self->dataset->total;
}

bool replica_stores(const struct replica *self, uint32_t member)
{
    return member < self->dataset->count;
}

uint32_t replica_node(const struct replica *self, uint32_t member)
{
    CHECK(member < self->dataset->total);
    return self->dataset->member_nodes[member];
}

uint32_t replica_region(const struct replica *self, uint32_t member)
{
    return self->world->nodes[replica_node(self, member)].region;
}

const uint32_t *replica_nearest(const struct replica *self)
{
    return self->nearest;
}

const uint32_t *replica_nearest_others(const struct replica *self)
{
    return self->nearest_others;
}

sim_ns replica_delay(const struct replica *self, uint32_t member)
{
    const uint32_t to = replica_node(self, member);
    struct network *network = &self->world->network;
    if (to == self->node_index) {
        return 0;
    }
    return network_link_at(network, network_link_between(network, self->node_index, to))->p50_ns;
}

sim_ns replica_clock(struct replica *self)
{
    struct world *world = self->world;
    return clock_set_local(&world->clocks, self->node_index, engine_now(&world->engine));
}

void replica_clock_interval(struct replica *self, sim_ns *earliest_ns, sim_ns *latest_ns)
{
    struct world *world = self->world;
    clock_set_interval(&world->clocks, self->node_index, engine_now(&world->engine), earliest_ns,
                       latest_ns);
}

double replica_random(struct replica *self)
{
    return random_unit(&self->chance);
}

uint32_t replica_key_count(const struct replica *self)
{
    return (uint32_t)self->dataset->config->keys.count;
}

struct version replica_read(const struct replica *self, uint32_t key)
{
    CHECK(self->storage != NULL);
    CHECK(key < self->storage->key_count);
    return storage_read(self->storage, key);
}

uint32_t replica_value_bytes(const struct replica *self, uint32_t key)
{
    CHECK(self->storage != NULL);
    return storage_bytes(self->storage, key);
}

void replica_row_given(const struct replica *self, uint32_t key, struct version version,
                       enum record_kind kind, uint8_t flags)
{
    const struct record_sink *sink = &self->world->sink;
    if (self->member >= self->dataset->count || !record_wanted(sink, kind)) {
        return;
    }
    const struct record row = {.at_ns = engine_now(&self->world->engine),
                               .kind = (uint8_t)kind,
                               .flags = flags,
                               .dataset = (uint16_t)self->dataset->index,
                               .node = self->node_index,
                               .key = key,
                               .stamp = version.stamp,
                               .write = version.write,
                               .operation = version.write};
    sink->row(sink->state, &row);
}

bool replica_apply(struct replica *self, uint32_t key, struct version version, uint32_t bytes)
{
    CHECK(self->storage != NULL);
    CHECK(self->dataset->value.ops == NULL); /* values that merge: replica_take */
    if (!storage_apply(self->storage, key, version, bytes)) {
        if (!version_equal(storage_read(self->storage, key), version)) {
            replica_row_given(self, key, version, RECORD_SUPERSEDED, 0);
        }
        return false;
    }
    replica_row_given(self, key, version, RECORD_APPLIED, 0);
    return true;
}

bool replica_has_disk(const struct replica *self)
{
    return self->node->disk != NULL;
}

void replica_persist(struct replica *self, uint64_t token)
{
    struct node *node = self->node;
    if (node->disk == NULL) {
        self->dataset->ops->on_persisted(self, token);
        return;
    }
    const struct node_sync sync = {.replica = self->index,
                                   .token = token,
                                   .changes =
                                       self->storage != NULL ? storage_changes(self->storage) : 0};
    if (node_sync_ask(node, sync)) {
        world_disk_begin(self->world, self->node_index);
    }
}

uint32_t replica_leaf_count(const struct replica *self)
{
    CHECK(self->storage != NULL);
    storage_hash_leaves(self->storage, &self->world->arena);
    return self->storage->leaf_count;
}

uint64_t replica_leaf_hash(const struct replica *self, uint32_t leaf)
{
    CHECK(leaf < self->storage->leaf_count);
    storage_hash_leaves(self->storage, &self->world->arena);
    return self->storage->leaf_hashes[leaf];
}

void replica_leaf_keys(const struct replica *self, uint32_t leaf, uint32_t *first, uint32_t *last)
{
    CHECK(leaf < self->storage->leaf_count);
    const uint32_t end = (leaf + 1) * self->storage->leaf_keys;
    *first = leaf * self->storage->leaf_keys;
    *last = end < self->storage->key_count ? end : self->storage->key_count;
}

struct message *replica_send_begin(struct replica *self, uint32_t *slot)
{
    return &network_take(&self->world->network, slot)->message;
}

void replica_send_end(struct replica *self, uint32_t to_member, uint32_t kind, uint32_t slot)
{
    CHECK(self->node->up);
    CHECK(to_member != self->member);
    struct network *network = &self->world->network;
    struct flight *flight = pool_item(&network->flights, slot); /* taken just now */
    flight->message.kind = (uint16_t)(MESSAGE_STRATEGY + kind);
    flight->message.dataset = (uint16_t)self->dataset->index;
    flight->message.from = self->node_index;
    flight->message.to = replica_node(self, to_member);
    network_post_between(network, slot, flight);
}

uint32_t replica_sender(const struct replica *self, const struct message *message)
{
    CHECK((message->from & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) == 0);
    return self->dataset->node_members[message->from];
}

uint64_t *replica_block_new(struct replica *self, uint32_t words, uint32_t *block)
{
    return words_new(&self->world->words, words, block);
}

const uint64_t *replica_block(const struct replica *self, uint32_t block, uint32_t *words)
{
    const struct words found = words_at(&self->world->words, block);
    *words = found.count;
    return found.at;
}

void replica_block_free(void *context, uint16_t dataset, uint32_t block)
{
    struct world *world = context;
    (void)dataset;
    words_free(&world->words, block);
}

/* For a message that arrives twice. */
uint32_t replica_block_copy(void *context, uint16_t dataset, uint32_t block)
{
    struct world *world = context;
    (void)dataset;
    return words_copy(&world->words, block);
}

void replica_committed(struct replica *self, const struct message *request, struct version version)
{
    const struct record_sink *sink = &self->world->sink;
    if (!record_wanted(sink, RECORD_COMMITTED)) {
        return;
    }
    struct record row = {.at_ns = engine_now(&self->world->engine),
                         .kind = RECORD_COMMITTED,
                         .type = RECORD_WRITE,
                         .dataset = (uint16_t)self->dataset->index,
                         .group = (uint16_t)(request->from & ~ENDPOINT_CLIENT),
                         .node = self->node_index,
                         .key = request->key,
                         .slot = request->request,
                         .operation = request->operation,
                         .stamp = version.stamp,
                         .write = version.write};
    if (self->dataset->value.ops != NULL) {
        row.outcome = (uint8_t)replica_request_action(self, request);
        row.peer = value_request_element(request->a);
        row.b = replica_request_amount(self, request);
    }
    if (self->dataset->ops->leadership == NULL) {
        row.a = clock_set_read(&self->world->clocks, self->node_index, row.at_ns).offset_ns;
    }
    sink->row(sink->state, &row);
}

void replica_reply(struct replica *self, const struct message *request, enum record_outcome outcome,
                   struct version version)
{
    CHECK(self->node->up);
    CHECK((request->from & (ENDPOINT_CLIENT | ENDPOINT_AGENT)) != 0);
    uint32_t bytes = REPLY_BYTES;
    if (outcome == RECORD_OK && request->type == RECORD_READ && self->dataset->value.ops != NULL) {
        struct content content = replica_content(self, request->key);
        replica_answer(self, request, &content);
        replica_content_free(self, &content);
        return;
    }
    if (outcome == RECORD_OK && request->type == RECORD_WRITE) {
        replica_committed(self, request, version);
    } else if (outcome == RECORD_OK) {
        const uint32_t value_bytes =
            self->storage != NULL
                ? storage_bytes(self->storage, request->key)
                : self->dataset->replicas[self->dataset->member_nodes[0]].storage->value_bytes;
        const uint64_t all_bytes = (uint64_t)value_bytes * (request->a > 1 ? request->a : 1);
        bytes += all_bytes < INT32_MAX ? (uint32_t)all_bytes : INT32_MAX;
    }
    const bool led = self->leading && self->dataset->managed && outcome == RECORD_OK &&
                     request->type == RECORD_WRITE;
    const struct message reply = {.kind = MESSAGE_REPLY,
                                  .dataset = (uint16_t)self->dataset->index,
                                  .from = self->node_index,
                                  .to = request->from,
                                  .key = request->key,
                                  .bytes = bytes,
                                  .request = request->request,
                                  .version = version,
                                  .operation = request->operation,
                                  .a = led ? self->lead_epoch : request->a,
                                  .type = request->type,
                                  .outcome = (uint8_t)outcome,
                                  .tries = request->tries,
                                  .flag = led ? MESSAGE_LED : 0};
    network_send_reply(&self->world->network, &reply);
}

struct timer replica_timer(struct replica *self, sim_ns delay_ns, uint64_t token)
{
    CHECK(self->node->up);
    return engine_after(
        &self->world->engine, delay_ns,
        (struct event){
            .kind = WORLD_EVENT_TIMER, .target = self->index, .a = token, .b = self->node->epoch});
}

void replica_cancel(struct replica *self, struct timer timer)
{
    engine_cancel(&self->world->engine, timer);
}

static unsigned char *pending_item(const struct pending_ring *ring, uint32_t number)
{
    return ring->items + (number & (ring->capacity - 1)) * ring->item_bytes;
}

static uint32_t pending_number(const unsigned char *item)
{
    uint32_t number;
    memcpy(&number, item, sizeof number);
    return number;
}

static void pending_grow(struct pending_ring *ring)
{
    struct pending_ring larger = *ring;
    void *items = NULL;
    larger.capacity = 0;
    memory_grow(&items, &larger.capacity, ring->capacity == 0 ? 64 : 2 * ring->capacity,
                ring->item_bytes);
    larger.items = items;
    for (size_t i = 0; i < ring->capacity; i++) {
        const unsigned char *item = ring->items + i * ring->item_bytes;
        const uint32_t number = pending_number(item);
        if (number != 0) {
            memcpy(pending_item(&larger, number), item, ring->item_bytes);
        }
    }
    memory_release(ring->items);
    *ring = larger;
}

void *replica_pending_new(struct replica *self, uint32_t *number)
{
    struct pending_ring *ring = &self->pending;
    CHECK(ring->item_bytes > 0);
    ring->next_number = ring->next_number == UINT32_MAX ? 1 : ring->next_number + 1;
    while (ring->capacity == 0 || pending_number(pending_item(ring, ring->next_number)) != 0) {
        pending_grow(ring);
    }
    unsigned char *item = pending_item(ring, ring->next_number);
    memset(item, 0, ring->item_bytes);
    memcpy(item, &ring->next_number, sizeof ring->next_number);
    *number = ring->next_number;
    return item + REPLICA_PENDING_ALIGN;
}

void *replica_pending(struct replica *self, uint32_t number)
{
    const struct pending_ring *ring = &self->pending;
    if (number == 0 || ring->capacity == 0) {
        return NULL;
    }
    unsigned char *item = pending_item(ring, number);
    return pending_number(item) == number ? item + REPLICA_PENDING_ALIGN : NULL;
}

void replica_pending_release(struct replica *self, uint32_t number)
{
    unsigned char *item = replica_pending(self, number);
    CHECK(item != NULL);
    memset(item - REPLICA_PENDING_ALIGN, 0, sizeof number);
}

void replica_grow(struct replica *self, void **items, size_t *capacity, size_t needed, size_t bytes)
{
    struct world *world = self->world;
    if (*capacity == 0 && needed > 0) {
        memory_grow((void **)&world->grown, &world->grown_capacity, world->grown_count + 1,
                    sizeof *world->grown);
        world->grown[world->grown_count++] = items;
    }
    memory_grow(items, capacity, needed, bytes);
}

void replica_mode(struct replica *self, uint32_t mode)
{
    const struct record_sink *sink = &self->world->sink;
    const struct record row = {.at_ns = engine_now(&self->world->engine),
                               .kind = RECORD_MODE,
                               .dataset = (uint16_t)self->dataset->index,
                               .node = self->node_index,
                               .a = mode};
    record_emit(sink, &row);
}

/* The world's side. */

void replica_start_all(struct world *world)
{
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        struct world_dataset *dataset = &world->datasets[d];
        for (uint32_t member = 0; member < dataset->total; member++) {
            struct replica *replica = &dataset->replicas[dataset->member_nodes[member]];
            if (dataset->ops->start != NULL) {
                dataset->ops->start(replica);
            }
        }
    }
}

void replica_dispatch(struct world *world, uint32_t node, const struct message *message)
{
    const struct world_dataset *dataset = &world->datasets[message->dataset];
    struct replica *replica = &dataset->replicas[node];
    if (message->kind == MESSAGE_REQUEST) {
        dataset->ops->on_request(replica, message);
    } else {
        dataset->ops->on_message(replica, message);
    }
}

static struct replica *replica_at(struct world *world, uint32_t index)
{
    return &world->datasets[index / world->node_count].replicas[index % world->node_count];
}

void replica_timer_fired(struct world *world, const struct event *event)
{
    struct replica *replica = replica_at(world, event->target);
    if (replica->node->up && replica->node->epoch == event->b &&
        !world_paused(world, replica->node_index, event)) {
        replica->dataset->ops->on_timer(replica, event->a);
    }
}

void replica_synced(struct world *world, uint32_t node_index)
{
    struct node *node = &world->nodes[node_index];
    struct node_sync sync;
    while (node_sync_take(node, &sync)) {
        struct replica *replica = replica_at(world, sync.replica);
        if (replica->storage != NULL) {
            storage_durable(replica->storage, sync.changes);
        }
        replica->dataset->ops->on_persisted(replica, sync.token);
    }
}

void replica_power_lost(struct world *world, uint32_t node)
{
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        struct replica *replica = &world->datasets[d].replicas[node];
        replica_lead_lost(replica);
        uint32_t key = 0;
        while (replica->storage != NULL && storage_undo_one(replica->storage, &key)) {
            replica_row_given(replica, key, storage_read(replica->storage, key), RECORD_APPLIED,
                              RECORD_FLAG_REVERTED);
            replica_state_changed(replica, key, RECORD_FLAG_REVERTED);
        }
        replica->lives++;
        if (replica->pending.capacity > 0) {
            memset(replica->pending.items, 0,
                   replica->pending.capacity * replica->pending.item_bytes);
        }
        if (replica->dataset->ops->on_crash != NULL) {
            replica->dataset->ops->on_crash(replica);
        }
    }
}

void replica_power_back(struct world *world, uint32_t node)
{
    for (uint32_t d = 0; d < world->dataset_count; d++) {
        struct replica *replica = &world->datasets[d].replicas[node];
        if (replica->dataset->ops->on_recover != NULL) {
            replica->dataset->ops->on_recover(replica);
        }
    }
}

void replica_release(struct replica *replica)
{
    memory_release(replica->pending.items);
    if (replica->storage != NULL) {
        storage_release(replica->storage);
    }
}
