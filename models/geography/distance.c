#include "models/geography/distance.h"

#include "sim/portable_math.h"

#define RADIANS_PER_DEGREE 0.017453292519943295

bool geography_coordinates_valid(double latitude_deg, double longitude_deg)
{
    return latitude_deg >= -90.0 && latitude_deg <= 90.0 && longitude_deg >= -180.0 &&
           longitude_deg <= 180.0;
}

double geography_distance_km(double from_latitude_deg, double from_longitude_deg,
                             double to_latitude_deg, double to_longitude_deg)
{
    const double from_latitude = from_latitude_deg * RADIANS_PER_DEGREE;
    const double to_latitude = to_latitude_deg * RADIANS_PER_DEGREE;
    const double half_north = portable_sin((to_latitude - from_latitude) * 0.5);
    const double half_east =
        portable_sin((to_longitude_deg - from_longitude_deg) * RADIANS_PER_DEGREE * 0.5);
    const double haversine = half_north * half_north + portable_cos(from_latitude) *
                                                           portable_cos(to_latitude) * half_east *
                                                           half_east;
    const double clamped = haversine < 1.0 ? haversine : 1.0; /* rounding near the antipode */
    return 2.0 * GEOGRAPHY_EARTH_RADIUS_KM * portable_asin(portable_sqrt(clamped));
}

double geography_light_rtt_ns(double distance_km)
{
    return 2e9 * distance_km / GEOGRAPHY_FIBRE_KM_PER_S;
}

double geography_solar_offset_h(double longitude_deg)
{
    return longitude_deg / 15.0;
}
