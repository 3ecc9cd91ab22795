/*
 * distribution.h - laws of chance, sampled without libm and addressed by a stream.
 *
 * Units:   a distribution is unit-free; where it stands for a duration, quantities are nanoseconds.
 * Order:   one sample consumes exactly one draw number of its stream, whatever the law needs inside
 *          (further words come from the same counter block), so streams stay aligned.
 * Source:  each kind's file names its own.
 */
#ifndef SIM_DISTRIBUTION_H
#define SIM_DISTRIBUTION_H

#include "sim/param.h"
#include "sim/random.h"
#include "sim/sim_time.h"

struct distribution_ops {
    struct param_kind kind;
    double (*sample)(const void *params, struct random_stream *stream);
    double (*mean)(const void *params); /* NAN when it has none; for reports only */
};

struct distribution {
    const struct distribution_ops *ops;
    const void *params; /* finished by ops->kind.finish */
};

extern const struct param_registry distribution_registry;

static inline double distribution_sample(const struct distribution *distribution,
                                         struct random_stream *stream)
{
    return distribution->ops->sample(distribution->params, stream);
}

/* One sample of a duration, rounded to nanoseconds and never negative. */
static inline sim_ns distribution_sample_ns(const struct distribution *distribution,
                                            struct random_stream *stream)
{
    const double ns = distribution->ops->sample(distribution->params, stream);
    return ns <= 0.0 ? 0 : sim_ns_from_double(ns);
}

/* A constant, in `arena`: what a plain "5ms" in a scenario becomes. */
const struct distribution *distribution_constant(struct arena *arena, double value);

#endif
