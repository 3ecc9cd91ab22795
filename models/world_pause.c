/* world_pause.c - machines that stand still and go on, and machines and disks that are slow. */
#include "models/faults/fault_target.h"
#include "models/world_internal.h"
#include "sim/check.h"

bool world_paused(struct world *world, uint32_t node_index, const struct event *event)
{
    struct node *node = &world->nodes[node_index];
    if (node->pause_holds == 0) {
        return false;
    }
    node_defer(node, event, engine_now(&world->engine));
    return true;
}

/* What was due meanwhile, in the order in which it came: timers of processes, or everything else.
 */
static void make_up(struct world *world, const struct node *node, bool timers)
{
    const sim_ns now_ns = engine_now(&world->engine);
    const struct node_deferred *deferred = node->deferred;
    for (size_t i = 0; i < node->deferred_count; i++) {
        const bool begun = deferred[i].event.kind == WORLD_EVENT_SERVED;
        if ((deferred[i].event.kind == WORLD_EVENT_AGENT) == timers) {
            engine_at(&world->engine,
                      begun ? now_ns + (deferred[i].due_ns - node->paused_ns) : now_ns,
                      deferred[i].event);
        }
    }
}

/*
 * Work that a worker had begun goes on where it stood; everything else has waited long enough. The
 * timers of the processes beside the replicas come first: a watchdog, or a lease that has run out,
 * counts before anything is answered that arrived before it did.
 */
static void resume(struct world *world, struct node *node)
{
    node_resume(node, engine_now(&world->engine));
    make_up(world, node, true);
    make_up(world, node, false);
    node->deferred_count = 0;
}

void world_pause_lost(struct world *world, struct node *node)
{
    const struct node_deferred *deferred = node->deferred;
    for (size_t i = 0; i < node->deferred_count; i++) {
        const uint8_t kind = (uint8_t)deferred[i].event.kind;
        if (kind == WORLD_EVENT_RESUMED || kind == WORLD_EVENT_SERVED) {
            network_drop(&world->network, (uint32_t)deferred[i].event.a);
        }
    }
    node->deferred_count = 0;
}

static struct node *machine(struct world *world, uint32_t region, uint32_t node)
{
    CHECK(node < fault_region_nodes(world, region));
    return &world->nodes[world->region_first_node[region] + node];
}

void fault_pause(struct world *world, uint32_t region, uint32_t node_number, int change)
{
    struct node *node = machine(world, region, node_number);
    CHECK(change == 1 || (change == -1 && node->pause_holds > 0));
    node->pause_holds += (uint32_t)change;
    if (change == 1 && node->pause_holds == 1) {
        node->paused_ns = engine_now(&world->engine);
    } else if (change == -1 && node->pause_holds == 0) {
        resume(world, node);
    }
    node_update(node);
}

static void slow(struct node *node, struct node_slow *slow, const struct fault_slowness *slowness,
                 int change)
{
    const struct node_slowness item = {slowness->factor, slowness->extra_ns};
    if (change == 1) {
        node_slow_add(slow, item);
    } else {
        node_slow_remove(slow, item);
    }
    node_update(node);
}

void fault_slow_node(struct world *world, uint32_t region, uint32_t node_number,
                     const struct fault_slowness *slowness, int change)
{
    struct node *node = machine(world, region, node_number);
    slow(node, &node->service_slow, slowness, change);
}

void fault_slow_disk(struct world *world, uint32_t region, uint32_t node_number,
                     const struct fault_slowness *slowness, int change)
{
    struct node *node = machine(world, region, node_number);
    slow(node, &node->disk_slow, slowness, change);
}
