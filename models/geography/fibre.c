#include "models/geography/fibre.h"

#include "models/geography/fibre_constants.h"
#include "sim/check.h"
#include "sim/portable_math.h"

#define RADIANS_PER_DEGREE 0.017453292519943295

struct fibre_point fibre_point_at(double latitude_deg, double longitude_deg)
{
    const double latitude = latitude_deg * RADIANS_PER_DEGREE;
    const double longitude = longitude_deg * RADIANS_PER_DEGREE;
    const double from_axis_km = GEOGRAPHY_EARTH_RADIUS_KM * portable_cos(latitude);
    return (struct fibre_point){.x = from_axis_km * portable_cos(longitude),
                                .y = from_axis_km * portable_sin(longitude),
                                .z = GEOGRAPHY_EARTH_RADIUS_KM * portable_sin(latitude)};
}

double fibre_similarity(const struct fibre_point *left, const struct fibre_point *right)
{
    const double x = left->x - right->x;
    const double y = left->y - right->y;
    const double z = left->z - right->z;
    return portable_exp(-portable_sqrt(x * x + y * y + z * z) / FIBRE_RANGE_KM);
}

unsigned fibre_kind(const struct geography_place *from, const struct geography_place *to)
{
    if (from->region == NULL || to->region == NULL) {
        return FIBRE_ANY;
    }
    return from->region->provider_index == to->region->provider_index ? from->region->provider_index
                                                                      : FIBRE_ACROSS;
}

double fibre_prior_ns(double distance_km)
{
    return FIBRE_PRIOR_NS + FIBRE_PRIOR_STRETCH * geography_light_rtt_ns(distance_km);
}

/* The similarity of one end to each point of the model. */
static void compare_end(const struct fibre_model *model, const struct geography_place *end,
                        double similarity[FIBRE_METROS_MAX])
{
    const struct fibre_point point = fibre_point_at(end->latitude_deg, end->longitude_deg);
    for (size_t i = 0; i < model->point_count; ++i) {
        similarity[i] = fibre_similarity(&point, &model->points[i]);
    }
}

double fibre_model_rtt_ns(const struct fibre_model *model, const struct geography_place *from,
                          const struct geography_place *to)
{
    CHECK(model->point_count <= FIBRE_METROS_MAX);
    double near_from[FIBRE_METROS_MAX];
    double near_to[FIBRE_METROS_MAX];
    compare_end(model, from, near_from);
    compare_end(model, to, near_to);
    const unsigned kind = fibre_kind(from, to);
    double shared = 0.0;
    double same_kind = 0.0;
    for (size_t i = 0; i < model->sample_count; ++i) {
        const struct fibre_sample *sample = &model->samples[i];
        const double covariance = near_from[sample->low] * near_to[sample->high] +
                                  near_from[sample->high] * near_to[sample->low];
        shared += sample->weight * covariance;
        if (kind == FIBRE_ANY) {
            same_kind += sample->typical_weight * covariance;
        } else if (kind == sample->kind) {
            same_kind += sample->weight * covariance;
        }
    }
    const double distance_km = geography_distance_km(from->latitude_deg, from->longitude_deg,
                                                     to->latitude_deg, to->longitude_deg);
    const double r = model->mean + FIBRE_VARIANCE * shared + FIBRE_KIND_VARIANCE * same_kind;
    const double rtt_ns = fibre_prior_ns(distance_km) * portable_exp(r);
    const double least_ns = FIBRE_LEAST_LIGHT_RATIO * geography_light_rtt_ns(distance_km);
    return rtt_ns > least_ns ? rtt_ns : least_ns;
}
