/*
 * fibre.h - round-trip time between any two points that nobody has measured.
 *
 * Model:  rtt = prior(d) * exp(r). The prior is 3 ms + 2 * light in fibre over the great circle d;
 *         r is a Gaussian process (kriging) over pairs of points: the logarithm of how much longer
 *         than its prior a route is varies smoothly with both of its ends. The covariance of two
 *         pairs (a, b) and (c, d) is
 *
 *             s (k(a, c) k(b, d) + k(a, d) k(b, c)),   k(x, y) = exp(-|x - y| / 5000 km),
 *
 *         |x - y| the chord, s = 0.08, and as much again when both links are of one kind: inside
 *         one provider's network, or across two. The mean of r given the published pairs is a sum
 *         over them with weights solved for when the program is built (fibre_fit.h). A pair near
 *         measured ones follows them, a pair far from all follows the prior. A link of no known
 *         kind, to a custom place, takes the average over the kinds, each by its share of the
 *         published pairs.
 * Units:  nanoseconds of round trip, kilometres inside.
 * Bound:  never below 1.1 times light in fibre, 2 d / 204190 km/s; the least published ratio is
 *         1.139.
 * Order:  the same from both ends, bit by bit.
 * Cost:   about 6 microseconds a pair: ask once per pair at the start of a run.
 * Source: kriging: Matheron, Economic Geology 58, 1963; Rasmussen and Williams, Gaussian Processes
 *         for Machine Learning, 2006, section 2.2. The constants were chosen by five-fold
 *         cross-validation over the metro pairs of models/data (README.md has the accuracy).
 */
#ifndef MODELS_GEOGRAPHY_FIBRE_H
#define MODELS_GEOGRAPHY_FIBRE_H

#include "models/geography/geography.h"

#include <stdint.h>

enum { FIBRE_METROS_MAX = 512 };

/* The kind of a link: the index of the provider that owns both ends, or one of these. */
enum { FIBRE_ACROSS = 254, FIBRE_ANY = 255 };

/* A point on the sphere in kilometres from the centre of the earth. */
struct fibre_point {
    double x;
    double y;
    double z;
};

/* A published pair and its weight in the mean of r; low and high are indexes of points. */
struct fibre_sample {
    uint16_t low;
    uint16_t high;
    uint16_t kind;
    double weight;
    double typical_weight; /* times the share of its kind among the samples */
};

struct fibre_model {
    const struct fibre_point *points;
    size_t point_count;
    const struct fibre_sample *samples;
    size_t sample_count;
    double mean; /* of r, far from every sample */
};

struct fibre_point fibre_point_at(double latitude_deg, double longitude_deg);

/* k(x, y) of the model above. */
double fibre_similarity(const struct fibre_point *left, const struct fibre_point *right);

/* FIBRE_ANY when an end is a custom place. */
unsigned fibre_kind(const struct geography_place *from, const struct geography_place *to);

/* The prior: what is known before anything is measured. */
double fibre_prior_ns(double distance_km);

double fibre_model_rtt_ns(const struct fibre_model *model, const struct geography_place *from,
                          const struct geography_place *to);

#endif
