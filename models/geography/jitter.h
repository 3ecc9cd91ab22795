/*
 * jitter.h - how one-way delay varies: a sharp floor and a one-sided tail.
 *
 * Model:  one-way delay = floor_ns + extra(u), u uniform in (0, 1), extra piecewise linear between
 *         (at[i], extra_ns[i]), not decreasing, 0 at 0. The law of a leg is fitted so that the sum
 *         of two independent legs has the published percentiles of the round trip.
 * Source: CloudPing.co grid saved 2024-04-19: p10, p25, p50, p75, p90, p99 of each AWS pair; for a
 *         pair without percentiles the medians over the AWS pairs of their ratio to p50.
 * Limits: nothing is published beyond p99: the last knot (u = 1) continues the last slope once
 *         more, an assumption. Legs and messages are independent: no periods of congestion.
 * Units:  nanoseconds, one way.
 */
#ifndef MODELS_GEOGRAPHY_JITTER_H
#define MODELS_GEOGRAPHY_JITTER_H

#include "models/geography/geography.h"
#include "models/geography/latency.h"
#include "sim/sim_time.h"

enum { GEOGRAPHY_JITTER_KNOTS = 8 };

struct geography_jitter {
    sim_ns floor_ns;                         /* one way, the least possible */
    double at[GEOGRAPHY_JITTER_KNOTS];       /* at[0] = 0, at[KNOTS - 1] = 1, increasing */
    double extra_ns[GEOGRAPHY_JITTER_KNOTS]; /* extra_ns[0] = 0, not decreasing */
};

/* The one-way law from one place to another; the same in both directions. */
struct geography_jitter geography_jitter(const struct geography_place *from,
                                         const struct geography_place *to);

/* The same when their latency is known already: an estimate is then not made twice. */
struct geography_jitter geography_jitter_of(const struct geography_place *from,
                                            const struct geography_place *to,
                                            const struct geography_latency *latency);

/* The law between two machines of one region: in different zones, or in the same zone. */
struct geography_jitter geography_zone_jitter(const struct geography_place *at, bool same_zone);

/* The one-way delay in nanoseconds at probability u; 0 gives the floor. */
double geography_jitter_at(const struct geography_jitter *jitter, double u);

#endif
