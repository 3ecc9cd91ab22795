/*
 * fibre_constants.h - constants of the fibre model, chosen by cross-validation; see fibre.h.
 *
 * The error is flat around them: halving or doubling one of the variances or noises, or the range
 * by a factor 1.6, moves the median error by less than 0.3 points and p90 by less than 1 point.
 */
#ifndef MODELS_GEOGRAPHY_FIBRE_CONSTANTS_H
#define MODELS_GEOGRAPHY_FIBRE_CONSTANTS_H

#define FIBRE_PRIOR_NS          3e6    /* equipment and metro detours */
#define FIBRE_PRIOR_STRETCH     2.0    /* of light in fibre over the great circle */
#define FIBRE_RANGE_KM          5000.0 /* how far apart ends are before they tell little */
#define FIBRE_VARIANCE          0.08   /* of r, what every kind of link shares */
#define FIBRE_KIND_VARIANCE     0.08   /* of r, what links of one kind share on top */
#define FIBRE_NOISE_VARIANCE    0.002  /* of r, between samples of one pair: 4.5 % */
#define FIBRE_NOISE_NS          0.6e6  /* rounding to 1 ms and local tails, on short links */
#define FIBRE_NOISE_OFFSET_NS   2e6    /* the round trip that FIBRE_NOISE_NS is relative to */
#define FIBRE_LEAST_LIGHT_RATIO 1.1    /* no route is straighter (least published: 1.139) */

#endif
