#include "models/geography/jitter.h"

#include "models/geography/jitter_fit.h"
#include "models/geography/tables.h"

static struct geography_jitter leg(sim_ns rtt_floor_ns)
{
    struct geography_jitter jitter = {.floor_ns = (rtt_floor_ns + 1) / 2};
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; ++i) {
        jitter.at[i] = jitter_fit_at[i];
    }
    return jitter;
}

static struct geography_jitter by_ratio(const struct geography_latency *latency)
{
    struct geography_jitter jitter = leg(latency->rtt_floor_ns);
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; ++i) {
        jitter.extra_ns[i] = table_ratio_law.extra[i] * (double)latency->rtt_p50_ns;
    }
    return jitter;
}

struct geography_jitter geography_jitter_of(const struct geography_place *from,
                                            const struct geography_place *to,
                                            const struct geography_latency *latency)
{
    const struct table_law *law = NULL;
    if (from->region != NULL && to->region != NULL) {
        law = table_law_find(geography_index(from->region), geography_index(to->region));
    }
    if (law == NULL) {
        return by_ratio(latency);
    }
    struct geography_jitter jitter = leg(latency->rtt_floor_ns);
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; ++i) {
        jitter.extra_ns[i] = (double)law->extra_ns[i];
    }
    return jitter;
}

struct geography_jitter geography_jitter(const struct geography_place *from,
                                         const struct geography_place *to)
{
    const struct geography_latency latency = geography_latency(from, to);
    return geography_jitter_of(from, to, &latency);
}

struct geography_jitter geography_zone_jitter(const struct geography_place *at, bool same_zone)
{
    const struct geography_latency latency = geography_zone_latency(at, same_zone);
    return by_ratio(&latency);
}

double geography_jitter_at(const struct geography_jitter *jitter, double u)
{
    int knot = 1;
    while (knot < GEOGRAPHY_JITTER_KNOTS - 1 && u > jitter->at[knot]) {
        ++knot;
    }
    const double share = (u - jitter->at[knot - 1]) / (jitter->at[knot] - jitter->at[knot - 1]);
    return (double)jitter->floor_ns + jitter->extra_ns[knot - 1] +
           share * (jitter->extra_ns[knot] - jitter->extra_ns[knot - 1]);
}
