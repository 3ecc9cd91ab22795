/*
 * geography.h - where things are: the catalogue of cloud regions, places and distances.
 *
 * Model:     a region is a point, the centre of its metro area, 10 to 80 km from the buildings;
 *            distances are great circles (distance.h).
 * Order:     the catalogue is sorted by provider, then by name; an index holds for one version.
 * Units:     degrees (north and east positive), kilometres, hours.
 * Ownership: everything returned is static and constant.
 * Errors:    a find that finds nothing returns NULL.
 * Source:    models/data/regions.csv, compiled in; models/data/README.md tells where it is from.
 */
#ifndef MODELS_GEOGRAPHY_GEOGRAPHY_H
#define MODELS_GEOGRAPHY_GEOGRAPHY_H

#include "models/geography/distance.h"

#include <stdbool.h>
#include <stddef.h>

struct geography_region {
    const char *provider;     /* "aws", "azure", "gcp", "ibm" */
    const char *name;         /* "us-east-1" */
    const char *city;         /* metro, "Ashburn" */
    const char *country;      /* "United States" */
    const char *country_code; /* ISO 3166-1 alpha-2 */
    const char *jurisdiction; /* "EU" for its members, otherwise the country code */
    const char *provenance;   /* where the coordinates come from */
    double latitude_deg;
    double longitude_deg;
    unsigned provider_index; /* providers in alphabetical order, from 0 */
    bool gdpr;               /* inside the EU or the EEA */
    bool in_matrix;          /* its provider publishes round-trip times for it */
};

/* A point on the earth; `region` is NULL for a custom place. */
struct geography_place {
    double latitude_deg;
    double longitude_deg;
    const struct geography_region *region;
};

size_t geography_count(void);

/* CHECKs index < geography_count(). */
const struct geography_region *geography_at(size_t index);

/* The index of a region of the catalogue. */
size_t geography_index(const struct geography_region *region);

/*
 * Finds "aws:us-east-1" or, when only one provider has that name, "us-east-1". NULL when there is
 * none, and also when a name without its provider is ambiguous: see geography_matches().
 */
const struct geography_region *geography_find(const char *name);

/*
 * How many regions answer to `name` (with or without provider); the first `capacity` of them go to
 * `found`, in catalogue order, for the message about an ambiguous name.
 */
size_t geography_matches(const char *name, const struct geography_region **found, size_t capacity);

static inline struct geography_place geography_place_of(const struct geography_region *region)
{
    return (struct geography_place){.latitude_deg = region->latitude_deg,
                                    .longitude_deg = region->longitude_deg,
                                    .region = region};
}

#endif
