/*
 * corrected.h - clocks that a time server corrects now and then, and that promise nothing.
 *
 * Model:   offset(t) = error_n + drift * (t - t_n), t_n the last synchronisation. The error is
 *          drawn anew at each; the drift is the node's own, uniform within +- drift_ppm. Nodes
 *          synchronise at random phases, so that they never err alike.
 * Assumes: corrections are steps; slewing (at most 500 ppm, RFC 5905) is faster than what matters.
 * Use:     a kind is a table of CORRECTED_ROWS with its own defaults, and CORRECTED_OPS.
 */
#ifndef MODELS_CLOCKS_CORRECTED_H
#define MODELS_CLOCKS_CORRECTED_H

#include "models/clocks/sawtooth.h"

struct distribution;

struct corrected_params {
    const struct distribution *offset;
    double drift_ppm;
    sim_ns interval;
};

#define CORRECTED_ROWS(default_offset, default_drift_ppm, default_interval)                        \
    {.key = "offset",                                                                              \
     .type = PARAM_DISTRIBUTION,                                                                   \
     .offset = offsetof(struct corrected_params, offset),                                          \
     .unit = PARAM_UNIT_DURATION,                                                                  \
     .default_text = default_offset,                                                               \
     .help = "error right after a synchronisation, of either sign"},                               \
        {.key = "drift_ppm",                                                                       \
         .type = PARAM_REAL,                                                                       \
         .offset = offsetof(struct corrected_params, drift_ppm),                                   \
         .min = 0,                                                                                 \
         .max = 10000,                                                                             \
         .default_text = default_drift_ppm,                                                        \
         .help = "each node's rate is wrong by a constant between - and + this, in parts per "     \
                 "million"},                                                                       \
        SAWTOOTH_INTERVAL_ROW(struct corrected_params, default_interval)

void corrected_start(const void *params, struct clock_state *clock);
struct clock_reading corrected_read(const void *params, struct clock_state *clock, sim_ns now_ns);

#define CORRECTED_OPS(kind_name, kind_summary, kind_source, rows)                                  \
    {                                                                                              \
        .kind = {.name = kind_name,                                                                \
                 .summary = kind_summary,                                                          \
                 .source = kind_source,                                                            \
                 .params_bytes = sizeof(struct corrected_params),                                  \
                 .params = rows},                                                                  \
        .start = corrected_start, .read = corrected_read,                                          \
    }

#endif
