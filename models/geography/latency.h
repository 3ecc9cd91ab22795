/*
 * latency.h - round-trip time between two places: measured when published, else the fibre model.
 *
 * Model:  a pair of catalogue regions with a row in its provider's matrix, or in the inter-cloud
 *         matrix, takes that row; every other pair takes the fibre model (fibre.h). A round trip is
 *         the same from both ends and published directions differ only by sampling (median 0.6 ms
 *         for AWS), so that the rows of both directions are averaged; where one is published, it
 *         stands for both. Percentiles that a source does not publish follow from the median ratios
 *         of those that are published (jitter.h).
 *         Two ends in one region, or at the same coordinates, take the time between zones; two
 *         ends in one zone take geography_zone_latency(). Zones are published for IBM regions only;
 *         all others take the median over those, and count as estimated.
 * Order:  the times are the same for (a, b) and (b, a), except rtt_published_ns.
 * Units:  nanoseconds of round trip; one way is half of it.
 * Bound:  never below 2 d / 204190 km/s, light in fibre of group index 1.4682 (a row that would be
 *         is refused when the program is built).
 * Cost:   a binary search when measured, about 6 microseconds when not: ask once per pair at the
 *         start of a run.
 */
#ifndef MODELS_GEOGRAPHY_LATENCY_H
#define MODELS_GEOGRAPHY_LATENCY_H

#include "models/geography/geography.h"
#include "sim/sim_time.h"

struct geography_latency {
    sim_ns rtt_floor_ns; /* the least possible: no sample is below */
    sim_ns rtt_p50_ns;   /* the published median, or mean where only that is published */
    sim_ns rtt_p90_ns;
    sim_ns rtt_p99_ns;
    sim_ns rtt_published_ns; /* the row of this direction as printed by its source; 0 when none */
    bool measured;           /* false: estimated */
    const char *source;      /* title of the data set, or what estimated it */
    const char *date;        /* "2024-04-19", "undated", or "" for an estimate */
};

struct geography_latency geography_latency(const struct geography_place *from,
                                           const struct geography_place *to);

/* Two machines of one region: in different zones, or in the same zone. */
struct geography_latency geography_zone_latency(const struct geography_place *at, bool same_zone);

#endif
