/*
 * ntp.c - a clock that a time server corrects now and then.
 *
 * Model:   offset(t) = error_n + drift * (t - t_n), t_n the last synchronisation. The error is
 *          drawn anew at each; the drift is the node's own, uniform within +- drift_ppm. Nodes
 *          synchronise at random phases, so that they never err alike. No bound is promised.
 * Assumes: corrections are steps; slewing (at most 500 ppm, RFC 5905) is faster than what matters.
 * Source:  interval: the default least poll of NTP, 2^6 s (RFC 5905, section 7.2). drift_ppm: the
 *          frequency tolerance of 15 ppm that NTP allows a disciplined clock (RFC 5905, section
 *          7.1). offset: sd 0.5 ms, so that 95 % are within the 1 ms that AWS stated for its
 *          link-local NTP service ("It's About Time: Microsecond-Accurate Clocks on Amazon EC2",
 *          AWS Compute Blog, November 2023). Over the public internet 5 ms and more are usual.
 */
#include "models/clocks/sawtooth.h"
#include "sim/distribution.h"

struct params {
    const struct distribution *offset;
    double drift_ppm;
    sim_ns interval;
};

static const struct param_spec rows[] = {
    {.key = "offset",
     .type = PARAM_DISTRIBUTION,
     .offset = offsetof(struct params, offset),
     .unit = PARAM_UNIT_DURATION,
     .default_text = "{\"distribution\": \"normal\", \"sd\": \"0.5ms\"}",
     .help = "error right after a synchronisation, of either sign"},
    {.key = "drift_ppm",
     .type = PARAM_REAL,
     .offset = offsetof(struct params, drift_ppm),
     .min = 0,
     .max = 10000,
     .default_text = "15",
     .help = "each node's rate is wrong by a constant between - and + this, in parts per million"},
    SAWTOOTH_INTERVAL_ROW(struct params, "64s"),
    {0}};

static void start(const void *params, struct clock_state *clock)
{
    const struct params *self = params;
    sawtooth_start(clock, self->interval, self->drift_ppm);
}

static struct clock_reading read_clock(const void *params, struct clock_state *clock, sim_ns now_ns)
{
    const struct params *self = params;
    if (sawtooth_turn(clock, self->interval, now_ns)) {
        struct random_stream stream = sawtooth_error_stream(clock);
        /* Not distribution_sample_ns(), which is never negative. */
        clock->sync_offset_ns = sim_ns_from_double(distribution_sample(self->offset, &stream));
    }
    return (struct clock_reading){.offset_ns = clock->sync_offset_ns +
                                               sawtooth_growth(clock, clock->drift, now_ns),
                                  .bound_ns = SIM_NS_MAX};
}

const struct clock_ops clock_ntp_ops = {
    .kind = {.name = "ntp",
             .summary = "corrected now and then, with an error, drifting in between; no bound",
             .source = "RFC 5905 sections 7.1 and 7.2; AWS Compute Blog November 2023 (accuracy)",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .start = start,
    .read = read_clock,
};
