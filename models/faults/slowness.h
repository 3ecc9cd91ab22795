/*
 * slowness.h - what slow machines and slow disks have in common: machines, a factor, an extra time.
 *
 * Units: ns; the factor has none. Several faults multiply and add (fault_target.h).
 * Errors: a slowness that changes nothing is refused.
 */
#ifndef MODELS_FAULTS_SLOWNESS_H
#define MODELS_FAULTS_SLOWNESS_H

#include "models/faults/machine_set.h"

struct slowness_params {
    struct machine_set machines;
    struct fault_slowness slowness;
};

#define SLOWNESS_ROWS(what)                                                                        \
    MACHINE_SET_ROWS,                                                                              \
        {.key = "factor",                                                                          \
         .type = PARAM_REAL,                                                                       \
         .offset = offsetof(struct slowness_params, slowness.factor),                              \
         .min = 1,                                                                                 \
         .max = 1e6,                                                                               \
         .default_text = "1",                                                                      \
         .help = what " takes this many times as long"},                                           \
    {                                                                                              \
        .key = "extra", .type = PARAM_DURATION,                                                    \
        .offset = offsetof(struct slowness_params, slowness.extra_ns),                             \
        .max = (double)SIM_NS_PER_H, .default_text = "0ms", .help = "and so much longer"           \
    }

/* NULL, or what is wrong with *key: no effect, or no such machine. */
const char *slowness_check(const void *params, const struct scenario *scenario, const char **key,
                           struct arena *arena);

#endif
