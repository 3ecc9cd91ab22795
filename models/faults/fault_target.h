/*
 * fault_target.h - what a fault can do to the world. Each call is undone by its counterpart;
 * overlapping faults compose: holds are counted, factors multiply, extra delays add.
 */
#ifndef MODELS_FAULTS_FAULT_TARGET_H
#define MODELS_FAULTS_FAULT_TARGET_H

#include "sim/distribution.h"
#include "sim/param.h"
#include "sim/random.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stdint.h>

struct world;
struct scenario;

/*
 * What the fault that begins or ends now keeps from its begin to its end: as many words as its
 * kind's `memory` says, zero before the first begin. And its chance, the same at both: a stream of
 * this occurrence.
 */
uint32_t *fault_memory(struct world *world);
struct random_stream fault_chance(const struct world *world);

/*
 * Regions are indexes into scenario.regions; nodes of a region count from 0. Places are regions
 * and, beyond them, the clients' own places (scenario.client_places).
 */
uint32_t fault_region_nodes(const struct world *world, uint32_t region);

/* Cuts (count +1 / -1) the directed pair: nothing from `from` reaches `to`. Clients count to their
 * place. */
void fault_cut(struct world *world, uint32_t from_place, uint32_t to_place, int change);

enum fault_cut_style {
    FAULT_BLACK_HOLE, /* silence */
    FAULT_RESET,      /* connections are reset, at once */
    FAULT_JAM         /* what is sent arrives when the jam ends */
};

/*
 * The same in another style (models/network/network_cut.h). Either end is a place, a machine as
 * sim/param.h writes it (PARAM_MACHINE), or the clients of a place alone: PARAM_MACHINE with that
 * place and the number FAULT_CLIENTS. A machine is cut from its own place, too.
 */
enum { FAULT_CLIENTS = (1 << PARAM_MACHINE_BITS) - 1 };

void fault_cut_ends(struct world *world, uint32_t from, uint32_t to, enum fault_cut_style style,
                    int change);

/* Does the machine, or one of the place, lead a dataset now? Has a scenario any that can? */
bool fault_leads(const struct world *world, uint32_t end);
bool fault_has_primaries(const struct scenario *scenario);

/* Power off (+1) or on (-1) of one machine. Off at the first hold, on at the last release. */
void fault_power(struct world *world, uint32_t region, uint32_t node, int change);

/* What its disk holds is gone: call it just before the machine goes off, or while it is off. */
void fault_disk_lost(struct world *world, uint32_t region, uint32_t node);

/* Stops (+1) one machine, or lets it go on (-1): memory stays, what comes due waits. */
void fault_pause(struct world *world, uint32_t region, uint32_t node, int change);

struct fault_slowness { /* neutral element: factor 1, extra 0 */
    double factor;
    sim_ns extra_ns;
};

/* Makes the handling of a message, or a sync of the disk, slower (+1), or takes it back (-1). */
void fault_slow_node(struct world *world, uint32_t region, uint32_t node,
                     const struct fault_slowness *slowness, int change);
void fault_slow_disk(struct world *world, uint32_t region, uint32_t node,
                     const struct fault_slowness *slowness, int change);

/* What else runs in a region (agents), without its machines. */
void fault_agents_power(struct world *world, uint32_t region, int change);

/* The zone that a machine stands in. */
uint32_t fault_zone(const struct world *world, uint32_t region, uint32_t node);

/*
 * What the region's machines have sent and nobody has received yet is lost, as when the power of
 * its routers goes with theirs.
 */
void fault_in_flight_lost(struct world *world, uint32_t region);

struct fault_link { /* neutral element: both factors 1, all else 0 or NULL */
    double delay_factor;
    sim_ns extra_ns;
    double loss;             /* added: 1 - (1 - a)(1 - b) */
    double bandwidth_factor; /* below 1 squeezes */
    double bandwidth;        /* bits per second; not more than that; 0: no such limit */
    double duplicate;        /* share of the messages that arrive twice */
    double reorder;          /* share of the messages that are later by `reorder_by` */
    const struct distribution *reorder_by;
};

/*
 * Applies to the directed pair (add) or takes it back (remove): the network keeps the list. Ends as
 * in fault_cut_ends(); bandwidth is shared by all of a place, and not for machines.
 */
void fault_link_add(struct world *world, uint32_t from_place, uint32_t to_place,
                    const struct fault_link *change);
void fault_link_remove(struct world *world, uint32_t from_place, uint32_t to_place,
                       const struct fault_link *change);

/*
 * The cable between two places is cut (+1) or mended (-1), both directions. Its traffic goes around
 * over other places, or is cut off (models/world_cables.c); not `goes_around`: the caller says with
 * fault_link_add() what becomes of it.
 */
void fault_cable_cut(struct world *world, uint32_t a_place, uint32_t b_place, bool goes_around,
                     int change);

/*
 * Names: what is wrong now, for the routing to act on. A lookup that reaches the name servers fails
 * with probability fault_dns_share() of each way of failing. A resolver answers with the region of
 * a poisoning when a fixed draw of its own is below the share; of several the first that holds.
 */
enum fault_dns_kind { FAULT_DNS_TIMEOUT, FAULT_DNS_SERVFAIL, FAULT_DNS_POISON };

struct fault_dns_hold {
    enum fault_dns_kind kind;
    double share;
    uint32_t region; /* of a poisoning */
};

struct fault_dns_state {
    struct fault_dns_hold *holds; /* in the order in which they began */
    uint32_t count, capacity;
    uint64_t changes; /* goes up with every begin and end: look again */
};

void fault_dns(struct world *world, enum fault_dns_kind kind, double share, uint32_t region,
               int change);
const struct fault_dns_state *world_dns_faults(const struct world *world);

static inline double fault_dns_share(const struct fault_dns_state *state, enum fault_dns_kind kind)
{
    double spared = 1.0;
    for (uint32_t i = 0; i < state->count; i++) {
        spared *= state->holds[i].kind == kind ? 1.0 - state->holds[i].share : 1.0;
    }
    return 1.0 - spared;
}

/* Adds to the clock of one machine. */
void fault_clock_step(struct world *world, uint32_t region, uint32_t node, sim_ns by_ns);

/* From now on the clock gains `rate` seconds per second (negative: loses) on top of what it does
 * (+1), or no more (-1); what it has gained stays. */
void fault_clock_rate(struct world *world, uint32_t region, uint32_t node, double rate, int change);

/* From now on (+1) the clock jumps forth and back by `by_ns` every `period_ns`, until -1. */
struct fault_strobe {
    sim_ns by_ns, period_ns;
};
void fault_clock_strobe(struct world *world, uint32_t region, uint32_t node,
                        const struct fault_strobe *strobe, int change);

/* The clock is not corrected any more (+1): it runs on with its last error and its drift. */
void fault_clock_free(struct world *world, uint32_t region, uint32_t node, int change);

#endif
