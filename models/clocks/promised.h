/*
 * promised.h - clocks that know how wrong they may be.
 *
 * Model:   the promised bound is a sawtooth: epsilon right after a synchronisation, then growing by
 *          drift_ppm until the next. The true error is inside: uniform within +- epsilon after a
 *          synchronisation, plus the node's own drift, uniform within +- drift_ppm.
 * Assumes: real machines of that kind err far less than they promise; that the whole promise is
 *          used is the careful choice for whoever relies on it.
 * Use:     a kind is a table of PROMISED_ROWS with its own defaults, and PROMISED_OPS.
 */
#ifndef MODELS_CLOCKS_PROMISED_H
#define MODELS_CLOCKS_PROMISED_H

#include "models/clocks/sawtooth.h"

struct promised_params {
    sim_ns epsilon;
    double drift_ppm;
    sim_ns interval;
};

#define PROMISED_ROWS(default_epsilon, default_drift_ppm, default_interval)                        \
    {.key = "epsilon",                                                                             \
     .type = PARAM_DURATION,                                                                       \
     .offset = offsetof(struct promised_params, epsilon),                                          \
     .min = 0,                                                                                     \
     .max = (double)SIM_NS_PER_H,                                                                  \
     .default_text = default_epsilon,                                                              \
     .help = "bound right after a synchronisation"},                                               \
        {.key = "drift_ppm",                                                                       \
         .type = PARAM_REAL,                                                                       \
         .offset = offsetof(struct promised_params, drift_ppm),                                    \
         .min = 0,                                                                                 \
         .max = 10000,                                                                             \
         .default_text = default_drift_ppm,                                                        \
         .help = "how fast the bound grows, in parts per million; no node drifts faster"},         \
        SAWTOOTH_INTERVAL_ROW(struct promised_params, default_interval)

void promised_start(const void *params, struct clock_state *clock);
struct clock_reading promised_read(const void *params, struct clock_state *clock, sim_ns now_ns);

#define PROMISED_OPS(kind_name, kind_summary, kind_source, rows)                                   \
    {                                                                                              \
        .kind = {.name = kind_name,                                                                \
                 .summary = kind_summary,                                                          \
                 .source = kind_source,                                                            \
                 .params_bytes = sizeof(struct promised_params),                                   \
                 .params = rows},                                                                  \
        .bounded = true, .start = promised_start, .read = promised_read,                           \
    }

#endif
