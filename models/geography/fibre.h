/*
 * fibre.h - round-trip time between any two points that nobody has measured.
 *
 * Units:  nanoseconds of round trip.
 * Bound:  never below light in fibre over the great circle, 2 d / 204190 km/s.
 */
#ifndef MODELS_GEOGRAPHY_FIBRE_H
#define MODELS_GEOGRAPHY_FIBRE_H

#include "models/geography/geography.h"

double fibre_rtt_ns(const struct geography_place *from, const struct geography_place *to);

#endif
