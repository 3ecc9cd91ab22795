/*
 * arrivals.h - when an open loop begins its operations.
 *
 * Model:   regular: the k-th at k / rate, k = 1, 2, ...; poisson: independent exponential gaps of
 *          mean 1 / rate. With by_hour the rate at local solar hour h is rate * by_hour[h]: gaps
 *          are measured in expected arrivals and walked through the hours (exact inversion of the
 *          piecewise linear cumulative rate), so that both laws keep their meaning.
 * Local:   solar time = UTC + longitude / 15 degrees an hour; start_hour is the UTC hour at time 0.
 * Order:   one draw of the stream an arrival, made ahead; each gap is then moved on by in turn.
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

/* What chance decides: the gaps before the next RANDOM_BLOCKS arrivals, of mean 1. */
void arrivals_draw(struct arrivals *arrivals, double gaps[RANDOM_BLOCKS]);

/* private: the same when the rate follows the hours */
sim_ns arrivals_move_by_hour(struct arrivals *arrivals, double gap_ns, sim_ns end_ns);

/* private: moves on by `gap_ns`, unless that is beyond `end_ns` */
static inline sim_ns arrivals_advance(struct arrivals *arrivals, double gap_ns, sim_ns end_ns)
{
    const double sum_ns = arrivals->fraction_ns + gap_ns;
    if (sum_ns > (double)(end_ns - arrivals->at_ns)) {
        return SIM_NS_MAX;
    }
    const sim_ns whole_ns = (sim_ns)sum_ns;
    arrivals->at_ns += whole_ns;
    arrivals->fraction_ns = sum_ns - (double)whole_ns;
    return arrivals->at_ns;
}

/* The arrival after that gap; SIM_NS_MAX when there is none before `end_ns`. */
static inline sim_ns arrivals_move(struct arrivals *arrivals, double gap, sim_ns end_ns)
{
    const double gap_ns = arrivals->gap_ns * gap;
    return arrivals->by_hour == NULL ? arrivals_advance(arrivals, gap_ns, end_ns)
                                     : arrivals_move_by_hour(arrivals, gap_ns, end_ns);
}

#endif
