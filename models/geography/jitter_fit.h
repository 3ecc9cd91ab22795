/*
 * jitter_fit.h - fits the law of one leg so that two legs have given round-trip percentiles.
 *
 * Model:  the leg's quantile function is piecewise linear, knots at 0, sqrt(p) for each percentile
 *         p of the round trip, and 1: for a heavy tail the sum of two legs is below s about when
 *         both are, so that each knot governs one percentile.
 * Method: cyclic bisection: each knot in turn is moved until the distribution function of the sum
 *         meets its percentile; the sum is integrated over the leg by its exact segments.
 * Units:  any unit of time, the same for input and output.
 * Cost:   some milliseconds; the program is built with the results, see compile_data.c.
 */
#ifndef MODELS_GEOGRAPHY_JITTER_FIT_H
#define MODELS_GEOGRAPHY_JITTER_FIT_H

#include "models/geography/jitter.h"

enum { JITTER_FIT_PERCENTILES = 6 };

/* p10, p25, p50, p75, p90, p99 */
extern const double jitter_fit_levels[JITTER_FIT_PERCENTILES];
extern const double jitter_fit_at[GEOGRAPHY_JITTER_KNOTS];

/*
 * The floor of a round trip from its p10 and p25: as far below p10 as p25 is above it, because the
 * density of a sum of two legs with a sharp floor begins at zero; never below `bound`.
 */
double jitter_fit_floor(const double percentiles[JITTER_FIT_PERCENTILES], double bound);

/* Fills the extra one-way time at each knot of jitter_fit_at, above half the floor. */
void jitter_fit(const double percentiles[JITTER_FIT_PERCENTILES], double floor,
                double extra[GEOGRAPHY_JITTER_KNOTS]);

/* P(leg + leg <= sum), both legs independent with the law (jitter_fit_at, extra). */
double jitter_fit_sum_cdf(const double extra[GEOGRAPHY_JITTER_KNOTS], double sum);

#endif
