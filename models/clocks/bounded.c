/*
 * bounded.c - a clock that knows how wrong it may be (TrueTime).
 *
 * Model:   the promised bound is a sawtooth: epsilon right after a synchronisation, then growing by
 *          drift_ppm until the next: 1 ms to 7 ms with the defaults. The true error is inside:
 *          uniform within +- epsilon after a synchronisation, plus the node's own drift, uniform
 *          within +- drift_ppm.
 * Assumes: real machines of that kind err far less than they promise; that the whole promise is
 *          used is the careful choice for whoever relies on it.
 * Source:  Corbett et al., "Spanner: Google's Globally-Distributed Database", OSDI 2012, section 3:
 *          poll interval 30 s, applied drift 200 us/s, 1 ms for the way to the time masters.
 */
#include "models/clocks/sawtooth.h"

#include <stddef.h>

struct params {
    sim_ns epsilon;
    double drift_ppm;
    sim_ns interval;
};

static const struct param_spec rows[] = {
    {.key = "epsilon",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, epsilon),
     .min = 0,
     .max = (double)SIM_NS_PER_H,
     .default_text = "1ms",
     .help = "bound right after a synchronisation"},
    {.key = "drift_ppm",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, drift_ppm),
     .min = 0,
     .max = 10000,
     .default_text = "200",
     .help = "how fast the bound grows, in parts per million; no node drifts faster"},
    SAWTOOTH_INTERVAL_ROW(struct params, "30s"),
    {0}};

static void start(const void *params, struct clock_state *clock)
{
    const struct params *self = params;
    sawtooth_start(clock, self->interval, self->drift_ppm);
    clock->bound_rate = self->drift_ppm * 1e-6;
}

static struct clock_reading read_clock(const void *params, struct clock_state *clock, sim_ns now_ns)
{
    const struct params *self = params;
    if (sawtooth_turn(clock, self->interval, now_ns)) {
        struct random_stream stream = sawtooth_error_stream(clock);
        clock->sync_offset_ns =
            sim_ns_from_double((2.0 * random_unit(&stream) - 1.0) * (double)self->epsilon);
    }
    /* Rounding keeps order: |drift| <= drift_ppm, so the offset never leaves the bound. */
    return (struct clock_reading){
        .offset_ns = clock->sync_offset_ns + sawtooth_growth(clock, clock->drift, now_ns),
        .bound_ns = self->epsilon + sawtooth_growth(clock, self->drift_ppm * 1e-6, now_ns)};
}

const struct clock_ops clock_bounded_ops = {
    .kind = {.name = "bounded",
             .summary = "promises a bound on its error, which grows until it is synchronised again",
             .source = "Corbett et al., Spanner, OSDI 2012, section 3",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .bounded = true,
    .start = start,
    .read = read_clock,
};
