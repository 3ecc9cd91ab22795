/*
 * sawtooth.h - what synchronised clocks have in common: numbered synchronisations of a node.
 *
 * Model: a node synchronises at phase + i * interval for every integer i; the one numbered 1 is the
 *        last before or at time 0 when the phase is above 0. After each, the error is drawn anew
 *        (by the synchronisation's number) and grows with the node's drift until the next. Draws:
 *        of the node's stream: 0 the phase, 1 the drift, 1 + number the error.
 * Units: ns of true time; drift in seconds per second.
 */
#ifndef MODELS_CLOCKS_SAWTOOTH_H
#define MODELS_CLOCKS_SAWTOOTH_H

#include "models/clocks/clock.h"

#include <stdbool.h>
#include <stddef.h>

/* The row of a struct's `interval`, of type sim_ns. */
#define SAWTOOTH_INTERVAL_ROW(structure, default_interval)                                         \
    {                                                                                              \
        .key = "interval", .type = PARAM_DURATION, .offset = offsetof(structure, interval),        \
        .min = 1e6, .max = 24.0 * (double)SIM_NS_PER_H, .default_text = default_interval,          \
        .help = "between two synchronisations"                                                     \
    }

/* Draws phase (uniform over the interval) and drift (uniform within +- drift_ppm). */
void sawtooth_start(struct clock_state *clock, sim_ns interval_ns, double drift_ppm);

/* Uniform within +- ppm, from draw `draw` of the clock's stream, in seconds per second. */
double sawtooth_drift(const struct clock_state *clock, uint64_t draw, double ppm);

/*
 * Sets sync_number and sync_at_ns for `now_ns` >= 0. True when the number changed: the caller then
 * sets sync_offset_ns from the stream that sawtooth_error_stream() gives.
 */
bool sawtooth_turn(struct clock_state *clock, sim_ns interval_ns, sim_ns now_ns);
struct random_stream sawtooth_error_stream(const struct clock_state *clock);

/* What `rate` (seconds per second) has added since the last synchronisation. */
sim_ns sawtooth_growth(const struct clock_state *clock, double rate, sim_ns now_ns);

#endif
