#include "models/nodes/node.h"

#include "sim/arena.h"
#include "sim/check.h"

void node_update(struct node *node)
{
    struct node_slow *slows[] = {&node->service_slow, &node->disk_slow};
    for (size_t i = 0; i < sizeof slows / sizeof slows[0]; i++) {
        struct node_slowness all = {.factor = 1.0};
        for (size_t k = 0; k < slows[i]->count; k++) {
            all.factor *= slows[i]->items[k].factor;
            all.extra_ns += slows[i]->items[k].extra_ns;
        }
        slows[i]->all = all;
    }
    node->plain = node->up && node->pause_holds == 0 && !node_takes_time(node);
}

void node_slow_add(struct node_slow *slow, struct node_slowness change)
{
    memory_grow((void **)&slow->items, &slow->capacity, slow->count + 1, sizeof *slow->items);
    slow->items[slow->count++] = change;
}

void node_slow_remove(struct node_slow *slow, struct node_slowness change)
{
    size_t at = 0;
    while (at < slow->count && (slow->items[at].factor != change.factor ||
                                slow->items[at].extra_ns != change.extra_ns)) {
        at++;
    }
    CHECK(at < slow->count);
    slow->count--;
    for (; at < slow->count; at++) {
        slow->items[at] = slow->items[at + 1];
    }
}

/* A sample of `law` (NULL: no time) as slow as the machine is now. */
static sim_ns slowed(const struct node_slow *slow, const struct distribution *law,
                     struct random_stream *stream)
{
    const sim_ns sample_ns = law != NULL ? distribution_sample_ns(law, stream) : 0;
    if (slow->count == 0) {
        return sample_ns;
    }
    return sim_ns_from_double((double)sample_ns * slow->all.factor) + slow->all.extra_ns;
}

void node_defer(struct node *node, const struct event *event, sim_ns now_ns)
{
    memory_grow(&node->deferred, &node->deferred_capacity, node->deferred_count + 1,
                sizeof(struct node_deferred));
    struct node_deferred *deferred = node->deferred;
    deferred[node->deferred_count++] = (struct node_deferred){.event = *event, .due_ns = now_ns};
}

void node_resume(struct node *node, sim_ns now_ns)
{
    for (uint32_t i = 0; i < node->worker_count; i++) {
        if (node->worker_free_ns[i] > node->paused_ns && node->worker_free_ns[i] < SIM_NS_MAX) {
            node->worker_free_ns[i] += now_ns - node->paused_ns;
        }
    }
}

void node_release(struct node *node)
{
    memory_release(node->syncs);
    memory_release(node->deferred);
    memory_release(node->service_slow.items);
    memory_release(node->disk_slow.items);
}

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
    const sim_ns end_ns =
        begin_ns + slowed(&node->service_slow, node->service, &node->service_stream);
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
    return slowed(&node->disk_slow, node->disk, &node->disk_stream);
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
    node->up = node->plain = false;
    node->epoch++;
    node->queued = 0;
    for (uint32_t i = 0; i < node->worker_count; i++) {
        node->worker_free_ns[i] = 0;
    }
    node->syncing = false;
    node->sync_first = node->sync_next;
    node->sync_running_end = node->sync_next;
}
