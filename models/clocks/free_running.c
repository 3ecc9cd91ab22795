/*
 * free_running.c - a clock that nobody corrects.
 *
 * Model:  offset(t) = offset + drift * (alone_for + t): its last correction, with that error, was
 *         alone_for before the run. The drift is the node's own, uniform within +- drift_ppm. No
 *         bound is promised.
 * Source: drift_ppm: the median error of 20,000 hosts' oscillators is 78 ppm (Mills, "Computer
 *         Network Time Synchronization"); half of a uniform law within +- 156 lies beyond +- 78.
 */
#include "models/clocks/sawtooth.h"
#include "sim/distribution.h"

#include <stddef.h>

struct params {
    const struct distribution *offset;
    double drift_ppm;
    sim_ns alone_for;
};

enum { DRAW_OFFSET = 0, DRAW_DRIFT = 1 };

static const struct param_spec rows[] = {
    {.key = "offset",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct params, offset),
     .unit = PARAM_UNIT_DURATION,
     .default_text = "0ms",
     .help = "error of its last correction, of either sign"},
    {.key = "drift_ppm",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, drift_ppm),
     .min = 0,
     .max = 10000,
     .default_text = "156",
     .help = "each node's rate is wrong by a constant between - and + this, in parts per million"},
    {.key = "alone_for",
     .type = PARAM_DURATION,
     .offset = offsetof(struct params, alone_for),
     .min = 0,
     .max = 366.0 * 24 * (double)SIM_NS_PER_H,
     .default_text = "0ms",
     .help = "how long nobody had corrected it when the run begins (24h: wrong by up to 13 s)"},
    {0}};

static void start(const void *params, struct clock_state *clock)
{
    const struct params *self = params;
    clock->drift = sawtooth_drift(clock, DRAW_DRIFT, self->drift_ppm);
    struct random_stream stream = clock->stream;
    stream.count = DRAW_OFFSET;
    clock->sync_at_ns = -self->alone_for;
    clock->sync_offset_ns = sim_ns_from_double(distribution_sample(self->offset, &stream));
}

static struct clock_reading read_clock(const void *params, struct clock_state *clock, sim_ns now_ns)
{
    (void)params;
    return (struct clock_reading){.offset_ns = clock->sync_offset_ns +
                                               sawtooth_growth(clock, clock->drift, now_ns),
                                  .bound_ns = SIM_NS_MAX};
}

const struct clock_ops clock_free_running_ops = {
    .kind = {.name = "free_running",
             .summary = "never corrected: its error grows with its drift",
             .source = "Mills, Computer Network Time Synchronization (78 ppm, the median of 20,000 "
                       "hosts)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .start = start,
    .read = read_clock,
};
