/*
 * tables.h - the compiled-in tables of geography, written by compile_data.c from models/data.
 *
 * Order: regions by provider, then name; round trips by (from, to); laws by (low, high) index.
 * Units: microseconds for published round trips (they have at most 3 decimals of a millisecond),
 *        nanoseconds for laws.
 * Private to models/geography.
 */
#ifndef MODELS_GEOGRAPHY_TABLES_H
#define MODELS_GEOGRAPHY_TABLES_H

#include "models/geography/fibre.h"
#include "models/geography/geography.h"
#include "models/geography/jitter.h"
#include "sim/sim_time.h"

#include <stdint.h>

/* A data set of round trips. */
struct table_source {
    const char *id;
    const char *date;
    const char *statistic; /* "median" or "mean" */
    const char *title;
};

/* One published row; from and to are indexes of regions. */
struct table_rtt {
    uint16_t from;
    uint16_t to;
    uint16_t source;
    uint32_t rtt_us;
};

/* Percentiles of one pair, low < high, mean of the published directions, and the fitted leg. */
struct table_law {
    uint16_t low;
    uint16_t high;
    int64_t rtt_floor_ns;
    int64_t rtt_p90_ns;
    int64_t rtt_p99_ns;
    int64_t extra_ns[GEOGRAPHY_JITTER_KNOTS];
};

/* The law of a pair without percentiles, as ratios to its p50. */
struct table_ratio_law {
    double floor;
    double p90;
    double p99;
    double extra[GEOGRAPHY_JITTER_KNOTS];
};

/* Round trips between and inside the zones of one region, the median over its pairs of zones. */
struct table_zone {
    uint16_t region; /* TABLE_ALL_REGIONS: the median over all published pairs */
    uint32_t inter_us;
    uint32_t intra_us;
};

enum { TABLE_ALL_REGIONS = UINT16_MAX };

extern const size_t table_region_count;
extern const struct geography_region table_regions[];
extern const size_t table_source_count;
extern const struct table_source table_sources[];
extern const size_t table_rtt_count;
extern const struct table_rtt table_rtts[];
extern const size_t table_law_count;
extern const struct table_law table_laws[];
extern const struct table_ratio_law table_ratio_law;
extern const size_t table_zone_count;
extern const struct table_zone table_zones[];
extern const struct fibre_model table_fibre;

/* The row of a direction, or NULL. */
const struct table_rtt *table_rtt_find(size_t from, size_t to);

/* The law of a pair, or NULL; in any order. */
const struct table_law *table_law_find(size_t from, size_t to);

#endif
