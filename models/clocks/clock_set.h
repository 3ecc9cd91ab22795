/*
 * clock_set.h - the clocks of all machines: the kind's offset, what faults stepped, local time.
 *
 * Order:     clock_set_local() never runs backwards on one machine (a step back makes it stand
 * still until it has caught up), so it depends on earlier readings; clock_set_read() does not.
 * Units:     ns. A step is not part of the clock's promise: the bound stays as if nothing happened,
 *            which is what makes a step dangerous.
 * Ownership: in the arena.
 */
#ifndef MODELS_CLOCKS_CLOCK_SET_H
#define MODELS_CLOCKS_CLOCK_SET_H

#include "models/clocks/clock.h"

struct arena;

struct clock_strobe { /* adds by_ns in every other period, the first included */
    sim_ns by_ns, period_ns, since_ns;
};

struct clock_node {
    struct clock_state state;
    sim_ns step_ns; /* sum of the steps by faults, and of what earlier rates gained */
    sim_ns last_ns; /* greatest local time read so far */
    double rate;    /* seconds per second gained since rate_since_ns, by faults */
    sim_ns rate_since_ns;
    uint32_t rate_holds; /* faults that changed the rate */
    uint32_t free_holds; /* faults that keep it from being corrected */
    sim_ns free_since_ns;
    void *strobes; /* struct clock_strobe */
    size_t strobe_count, strobe_capacity;
};

struct clock_set {
    const struct clock_ops *ops;
    const void *params;
    struct clock_node *nodes;
    uint32_t count;
};

/* `choice` is scenario.clocks; node i has the stream (seed, PURPOSE_CLOCK, i). */
void clock_set_init(struct clock_set *set, const struct param_choice *choice, uint32_t count,
                    uint64_t seed, struct arena *arena);

/* Offset with steps, and the promised bound. */
struct clock_reading clock_set_read(struct clock_set *set, uint32_t node, sim_ns now_ns);

/* Where true time is, by the clock's promise: it may run backwards, as its correction moves it.
 * Without a promise: +-SIM_NS_MAX. */
void clock_set_interval(struct clock_set *set, uint32_t node, sim_ns now_ns, sim_ns *earliest_ns,
                        sim_ns *latest_ns);

/* What the machine believes the time to be, never less than it said before. */
sim_ns clock_set_local(struct clock_set *set, uint32_t node, sim_ns now_ns);

void clock_set_step(struct clock_set *set, uint32_t node, sim_ns by_ns);

/* From now on it gains `rate` seconds per second more (+1), or no more (-1); what it has gained
 * stays. */
void clock_set_rate(struct clock_set *set, uint32_t node, sim_ns now_ns, double rate, int change);

/* A strobe begins (+1) or ends (-1); the one that ends must have begun. */
void clock_set_strobe(struct clock_set *set, uint32_t node, const struct clock_strobe *strobe,
                      int change);

/* No corrections from now on (+1): its last error, and its own drift. At the end it is corrected at
 * once, as by its last synchronisation. */
void clock_set_free(struct clock_set *set, uint32_t node, sim_ns now_ns, int change);

void clock_set_release(struct clock_set *set);

#endif
