/*
 * fibre_fit.h - calibrates the fibre model: from published rows to observations to weights.
 *
 * Method: an observation is one pair of metros in one kind of link, the mean of its rows. The
 *         weights solve (K + N) w = r - mean(r), K the covariance of fibre.h, N the noise, by a
 *         blocked Cholesky factorisation in a fixed order of operations: the same bits everywhere.
 * Cost:   n^3 / 6 multiply-adds for n observations: about a second for 2000. The build tool pays
 *         it once; the cross-validation of tests/validation/fibre pays it per fold.
 */
#ifndef MODELS_GEOGRAPHY_FIBRE_FIT_H
#define MODELS_GEOGRAPHY_FIBRE_FIT_H

#include "models/geography/fibre.h"

struct fibre_observation {
    uint16_t low; /* indexes of points, low <= high */
    uint16_t high;
    uint16_t kind;
    double distance_km;
    double rtt_sum_ns;
    unsigned rows;
};

struct fibre_survey {
    struct fibre_point *points; /* room for FIBRE_METROS_MAX */
    size_t point_count;
    struct fibre_observation *observations;
    size_t observation_count;
    size_t observation_capacity;
};

/* Adds one published row. CHECKs the capacities. */
void fibre_survey_add(struct fibre_survey *survey, const struct geography_place *from,
                      const struct geography_place *to, double rtt_ns);

/* Doubles of scratch that fibre_fit() needs for `count` observations. */
size_t fibre_fit_scratch(size_t count);

/*
 * Calibrates on the observations; `samples` has room for as many. Returns the mean of r.
 * `scratch` holds fibre_fit_scratch(count) doubles.
 */
double fibre_fit(const struct fibre_survey *survey, struct fibre_sample *samples, double *scratch);

#endif
