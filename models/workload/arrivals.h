/*
 * arrivals.h - when an open loop begins its operations.
 *
 * Model:   regular: the k-th at k / rate, k = 1, 2, ...; poisson: independent exponential gaps of
 *          mean 1 / rate. With by_hour the rate at local solar hour h is rate * by_hour[h]: gaps
 *          are measured in expected arrivals and walked through the hours (exact inversion of the
 *          piecewise linear cumulative rate), so that both laws keep their meaning.
 * Local:   solar time = UTC + longitude / 15 degrees an hour; start_hour is the UTC hour at time 0.
 * Order:   one draw of the stream an arrival.
 * Units:   ns; what rounding leaves is carried on, so that the mean rate is exact.
 * Source:  inversion: Lewis and Shedler, Naval Research Logistics Quarterly 26(3), 1979, section 1.
 */
#ifndef MODELS_WORKLOAD_ARRIVALS_H
#define MODELS_WORKLOAD_ARRIVALS_H

#include "models/scenario.h"
#include "sim/random_blocks.h"

struct arrivals {
    double gap_ns; /* mean, at factor 1 */
    bool regular;
    const double *by_hour; /* 24 factors; NULL: 1 */
    sim_ns midnight_ns;    /* local time at time 0, since local midnight */
    sim_ns at_ns;          /* of the last arrival */
    double fraction_ns;    /* of it, 0 <= fraction < 1 */
    struct random_stream stream;
};

/* Rate above 0, and 24 factors or none; not all factors may be 0. */
void arrivals_init(struct arrivals *arrivals, const struct scenario_client *client,
                   double longitude, struct random_stream stream);

/* The next arrival; SIM_NS_MAX when there is none before `end_ns`. */
sim_ns arrivals_next(struct arrivals *arrivals, sim_ns end_ns);

/* What arrivals_next() would return the next RANDOM_BLOCKS times. */
void arrivals_fill(struct arrivals *arrivals, sim_ns end_ns, sim_ns at_ns[RANDOM_BLOCKS]);

#endif
