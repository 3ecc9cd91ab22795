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

static sim_ns gained_ns(const struct clock_node *clock, sim_ns now_ns)
{
    return sim_ns_from_double(clock->rate * (double)(now_ns - clock->rate_since_ns));
}

static sim_ns strobes_ns(const struct clock_node *clock, sim_ns now_ns)
{
    const struct clock_strobe *strobes = clock->strobes;
    sim_ns sum_ns = 0;
    for (size_t i = 0; i < clock->strobe_count; i++) {
        const int64_t period = (now_ns - strobes[i].since_ns) / strobes[i].period_ns;
        sum_ns += period % 2 == 0 ? strobes[i].by_ns : 0;
    }
    return sum_ns;
}

struct clock_reading clock_set_read(struct clock_set *set, uint32_t node, sim_ns now_ns)
{
    CHECK(node < set->count);
    struct clock_node *clock = &set->nodes[node];
    const bool free = clock->free_holds > 0;
    struct clock_reading reading =
        set->ops->read(set->params, &clock->state, free ? clock->free_since_ns : now_ns);
    if (free) {
        const double alone_ns = (double)(now_ns - clock->free_since_ns);
        reading.offset_ns += sim_ns_from_double(clock->state.drift * alone_ns);
        if (reading.bound_ns < SIM_NS_MAX) {
            reading.bound_ns += sim_ns_from_double(clock->state.bound_rate * alone_ns);
        }
    }
    reading.offset_ns += clock->step_ns;
    if (clock->rate != 0.0) {
        reading.offset_ns += gained_ns(clock, now_ns);
    }
    if (clock->strobe_count > 0) {
        reading.offset_ns += strobes_ns(clock, now_ns);
    }
    return reading;
}

void clock_set_interval(struct clock_set *set, uint32_t node, sim_ns now_ns, sim_ns *earliest_ns,
                        sim_ns *latest_ns)
{
    const struct clock_reading reading = clock_set_read(set, node, now_ns);
    const sim_ns local_ns = now_ns + reading.offset_ns;
    const bool promised = reading.bound_ns < SIM_NS_MAX;
    *earliest_ns = promised ? local_ns - reading.bound_ns : -SIM_NS_MAX;
    *latest_ns = promised ? local_ns + reading.bound_ns : SIM_NS_MAX;
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

void clock_set_rate(struct clock_set *set, uint32_t node, sim_ns now_ns, double rate, int change)
{
    CHECK(node < set->count);
    struct clock_node *clock = &set->nodes[node];
    clock->step_ns += gained_ns(clock, now_ns);
    clock->rate_since_ns = now_ns;
    CHECK(change == 1 || (change == -1 && clock->rate_holds > 0));
    clock->rate_holds += (uint32_t)change;
    clock->rate = clock->rate_holds > 0 ? clock->rate + change * rate : 0.0;
}

static bool same_strobe(const struct clock_strobe *a, const struct clock_strobe *b)
{
    return a->by_ns == b->by_ns && a->period_ns == b->period_ns;
}

void clock_set_strobe(struct clock_set *set, uint32_t node, const struct clock_strobe *strobe,
                      int change)
{
    CHECK(node < set->count);
    CHECK(strobe->period_ns > 0);
    struct clock_node *clock = &set->nodes[node];
    struct clock_strobe *strobes = clock->strobes;
    if (change == 1) {
        memory_grow(&clock->strobes, &clock->strobe_capacity, clock->strobe_count + 1,
                    sizeof *strobes);
        strobes = clock->strobes;
        strobes[clock->strobe_count++] = *strobe;
        return;
    }
    size_t at = 0;
    while (at < clock->strobe_count && !same_strobe(&strobes[at], strobe)) {
        at++;
    }
    CHECK(at < clock->strobe_count);
    strobes[at] = strobes[--clock->strobe_count];
}

void clock_set_free(struct clock_set *set, uint32_t node, sim_ns now_ns, int change)
{
    CHECK(node < set->count);
    struct clock_node *clock = &set->nodes[node];
    CHECK(change == 1 || (change == -1 && clock->free_holds > 0));
    if (clock->free_holds == 0) {
        clock->free_since_ns = now_ns;
    }
    clock->free_holds += (uint32_t)change;
}

void clock_set_release(struct clock_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        memory_release(set->nodes[i].strobes);
    }
}
