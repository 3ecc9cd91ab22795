/*
 * distribution.h - laws of chance, sampled without libm and addressed by a stream.
 *
 * Units:   a distribution is unit-free; where it stands for a duration, quantities are nanoseconds.
 * Order:   one sample consumes exactly one draw number of its stream, whatever the law needs inside
 *          (further words come from the same counter block), so streams stay aligned.
 * Method:  the inverse of the distribution function where it is fast, else a table look-up or a
 *          bounded rejection. Either way a law with other parameters takes the same draws, so runs
 *          that differ in one parameter stay comparable draw by draw.
 * Errors:  `finish` of a kind says what is wrong with its parameters; sampling has none.
 * Cost:    at most 40 ns a sample (tests/bench/random.c prints each).
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
    /*
     * The value that a share u (0 < u < 1) of all samples stays below. NULL when the kind has no
     * inverse; NAN when these parameters have none (shifted by 5 of a gamma, say).
     */
    double (*quantile)(const void *params, double u);
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

/* NAN when it has none. */
double distribution_mean(const struct distribution *distribution);

/* NAN when this distribution has no inverse; 0 < u < 1. */
double distribution_quantile(const struct distribution *distribution, double u);

/* Whether distribution_quantile() answers. */
bool distribution_inverts(const struct distribution *distribution);

/* A constant, in `arena`: what a plain "5ms" in a scenario becomes. */
const struct distribution *distribution_constant(struct arena *arena, double value);

/*
 * A distribution built in code: copies `params` (the kind's struct of distribution_params.h) into
 * `arena` and finishes the copy. Lists in it are read now and not kept; inner distributions are.
 * An unknown kind or wrong parameters are a bug of the caller.
 */
const struct distribution *distribution_make(struct arena *arena, const char *kind,
                                             const void *params);

#endif
