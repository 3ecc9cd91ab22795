#include "models/nodes/node.h"

#include "sim/arena.h"
#include "sim/check.h"

sim_ns node_serve(struct node *node, sim_ns now_ns, bool *waits)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < node->worker_count; i++) {
        if (node->worker_free_ns[i] < node->worker_free_ns[first]) {
            first = i;
        }
    }
    *waits = node->worker_free_ns[first] > now_ns;
    const sim_ns begin_ns = *waits ? node->worker_free_ns[first] : now_ns;
    const sim_ns end_ns = begin_ns + distribution_sample_ns(node->service, &node->service_stream);
    node->worker_free_ns[first] = end_ns < SIM_NS_MAX ? end_ns : SIM_NS_MAX;
    return node->worker_free_ns[first];
}

static void ring_grow(struct node *node)
{
    const size_t before = node->sync_capacity;
    struct node_sync *larger = NULL;
    size_t capacity = 0;
    memory_grow((void **)&larger, &capacity, before == 0 ? 64 : 2 * before, sizeof *larger);
    for (uint64_t i = node->sync_first; i < node->sync_next; i++) {
        larger[i & (capacity - 1)] = node->syncs[i & (before - 1)];
    }
    memory_release(node->syncs);
    node->syncs = larger;
    node->sync_capacity = capacity;
}

bool node_sync_ask(struct node *node, struct node_sync sync)
{
    CHECK(node->up);
    if (node->sync_next - node->sync_first == node->sync_capacity) {
        ring_grow(node);
    }
    node->syncs[node->sync_next++ & (node->sync_capacity - 1)] = sync;
    return !node->syncing;
}

sim_ns node_sync_begin(struct node *node)
{
    CHECK(!node->syncing);
    CHECK(node->sync_first < node->sync_next);
    node->syncing = true;
    node->sync_running_end = node->sync_next;
    return distribution_sample_ns(node->disk, &node->disk_stream);
}

bool node_sync_take(struct node *node, struct node_sync *sync)
{
    if (node->sync_first == node->sync_running_end) {
        return false;
    }
    *sync = node->syncs[node->sync_first++ & (node->sync_capacity - 1)];
    return true;
}

void node_power_lost(struct node *node)
{
    node->up = false;
    node->epoch++;
    node->queued = 0;
    for (uint32_t i = 0; i < node->worker_count; i++) {
        node->worker_free_ns[i] = 0;
    }
    node->syncing = false;
    node->sync_first = node->sync_next;
    node->sync_running_end = node->sync_next;
}
