/*
 * distance.h - great circles, and light in fibre along them.
 *
 * Model:  a sphere of mean radius 6371.0088 km (IUGG mean radius R1, Moritz 2000); the ellipsoid
 *         differs by at most 0.6 %. Light in fibre at 204190 km/s (group index 1.4682: ITU-T G.652
 *         fibre at 1550 nm, data sheet of Corning SMF-28).
 * Units:  degrees, north and east positive; kilometres.
 */
#ifndef MODELS_GEOGRAPHY_DISTANCE_H
#define MODELS_GEOGRAPHY_DISTANCE_H

#include <stdbool.h>

#define GEOGRAPHY_EARTH_RADIUS_KM 6371.0088
#define GEOGRAPHY_FIBRE_KM_PER_S  204190.0

/* Latitude within +-90 and longitude within +-180; infinities and NaN are not. */
bool geography_coordinates_valid(double latitude_deg, double longitude_deg);

/* Great circle by the haversine formula; from 0 to 20015 km. */
double geography_distance_km(double from_latitude_deg, double from_longitude_deg,
                             double to_latitude_deg, double to_longitude_deg);

/* The least round-trip time over that distance, light in fibre: 2 d / v. */
double geography_light_rtt_ns(double distance_km);

/*
 * Hours to add to UTC for the local solar time, longitude / 15: what the sun says, not what the law
 * says. Good to about an hour for the load of the day; no time zone table, no summer time.
 */
double geography_solar_offset_h(double longitude_deg);

#endif
