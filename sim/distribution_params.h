/*
 * distribution_params.h - the parameters of each kind, for code that builds distributions itself.
 *
 * Units:  quantities are in the unit of what is sampled (ns for a duration); shapes have none.
 * Fields: set what a user would write; what follows `private` is filled by the kind's `finish`.
 *         Zero means absent, and alternatives are named with their kind.
 */
#ifndef SIM_DISTRIBUTION_PARAMS_H
#define SIM_DISTRIBUTION_PARAMS_H

#include "sim/distribution.h"
#include "sim/guide_table.h"

/* The largest quantity, either sign: 31 years in nanoseconds. */
#define DISTRIBUTION_QUANTITY_MAX 1e18

struct distribution_constant {
    double value;
};

struct distribution_uniform {
    double min, max;
};

struct distribution_exponential {
    double mean;
};

struct distribution_normal {
    double mean, sd;
};

/* Either mean and cv, or median and sigma. */
struct distribution_lognormal {
    double mean, cv, median, sigma;
    double scale, width; /* private: the sample is scale * exp(width * z) */
};

struct distribution_gamma {
    double mean, shape;
    double scale, d, c, boost; /* private: see distribution/gamma.c */
};

/* Either scale or mean. */
struct distribution_weibull {
    double scale, mean, shape;
    double factor, exponent; /* private: the sample is factor * (-log u)^exponent */
};

struct distribution_pareto {
    double minimum, shape;
};

struct distribution_zipf {
    int64_t count;
    double theta;
    double exponent, inverse, first, last, sure; /* private: see distribution/zipf.c */
};

struct distribution_part {
    double weight;
    const struct distribution *of;
    bool inverts; /* private */
};

struct distribution_mixture {
    struct param_list parts;         /* of struct distribution_part */
    struct guide_table guide;        /* private */
    double *edges;                   /* private: the cumulative shares */
    struct distribution_part *items; /* private */
};

struct distribution_shifted {
    const struct distribution *of;
    double by;
};

struct distribution_truncated {
    const struct distribution *of;
    double min, max;
    double low, width; /* private: the shares kept are low..low + width; width 0: by rejection */
};

struct distribution_empirical {
    struct param_list values; /* of double */
    bool interpolate;
    double *sorted; /* private */
    size_t count;   /* private */
};

struct distribution_quantiles {
    struct param_list at, values;    /* of double, as many of each */
    struct guide_table guide;        /* private */
    double *edges, *starts, *slopes; /* private */
};

#endif
