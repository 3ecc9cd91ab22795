#include "models/clocks/clock_set.h"

#include "models/purpose.h"
#include "sim/arena.h"
#include "sim/check.h"

void clock_set_init(struct clock_set *set, const struct param_choice *choice, uint32_t count,
                    uint64_t seed, struct arena *arena)
{
    CHECK(choice->kind != NULL);
    /* The kind is the first member of its ops. */
    set->ops = (const struct clock_ops *)(const void *)choice->kind;
    set->params = choice->params;
    set->nodes = arena_alloc(arena, count, sizeof *set->nodes);
    set->count = count;
    for (uint32_t i = 0; i < count; i++) {
        set->nodes[i].last_ns = -SIM_NS_MAX;
        random_stream_init(&set->nodes[i].state.stream, seed, PURPOSE_CLOCK, i);
        set->ops->start(set->params, &set->nodes[i].state);
    }
}

struct clock_reading clock_set_read(struct clock_set *set, uint32_t node, sim_ns now_ns)
{
    CHECK(node < set->count);
    struct clock_node *clock = &set->nodes[node];
    struct clock_reading reading = set->ops->read(set->params, &clock->state, now_ns);
    reading.offset_ns += clock->step_ns;
    return reading;
}

sim_ns clock_set_local(struct clock_set *set, uint32_t node, sim_ns now_ns)
{
    const struct clock_reading reading = clock_set_read(set, node, now_ns);
    struct clock_node *clock = &set->nodes[node];
    const sim_ns local_ns = now_ns + reading.offset_ns;
    if (local_ns > clock->last_ns) {
        clock->last_ns = local_ns;
    }
    return clock->last_ns;
}

void clock_set_step(struct clock_set *set, uint32_t node, sim_ns by_ns)
{
    CHECK(node < set->count);
    set->nodes[node].step_ns += by_ns;
}
