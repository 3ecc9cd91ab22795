#include "models/geography/latency.h"

#include "models/geography/fibre.h"
#include "models/geography/tables.h"

/* Published rows of the two directions; either may be NULL. */
struct rows {
    const struct table_rtt *there;
    const struct table_rtt *back;
};

static struct rows find_rows(const struct geography_place *from, const struct geography_place *to)
{
    struct rows rows = {NULL, NULL};
    if (from->region != NULL && to->region != NULL) {
        const size_t from_index = geography_index(from->region);
        const size_t to_index = geography_index(to->region);
        rows.there = table_rtt_find(from_index, to_index);
        rows.back = table_rtt_find(to_index, from_index);
    }
    return rows;
}

static sim_ns published_ns(const struct table_rtt *row)
{
    return row == NULL ? 0 : (sim_ns)row->rtt_us * SIM_NS_PER_US;
}

static sim_ns max_ns(sim_ns a, sim_ns b)
{
    return a > b ? a : b;
}

static double light_ns(const struct geography_place *from, const struct geography_place *to)
{
    return geography_light_rtt_ns(geography_distance_km(from->latitude_deg, from->longitude_deg,
                                                        to->latitude_deg, to->longitude_deg));
}

/* Floor, p90 and p99 from the p50 by the median ratios; the floor respects light. */
static void fill_by_ratio(struct geography_latency *latency, double light)
{
    const double p50 = (double)latency->rtt_p50_ns;
    latency->rtt_floor_ns =
        max_ns(sim_ns_from_double(table_ratio_law.floor * p50), sim_ns_from_double(light));
    latency->rtt_p90_ns = sim_ns_from_double(table_ratio_law.p90 * p50);
    latency->rtt_p99_ns = sim_ns_from_double(table_ratio_law.p99 * p50);
}

static struct geography_latency measured(const struct geography_place *from,
                                         const struct geography_place *to, struct rows rows)
{
    const struct table_rtt *any = rows.there != NULL ? rows.there : rows.back;
    const struct table_source *source = &table_sources[any->source];
    const sim_ns there_ns = published_ns(rows.there != NULL ? rows.there : rows.back);
    const sim_ns back_ns = published_ns(rows.back != NULL ? rows.back : rows.there);
    struct geography_latency latency = {.rtt_p50_ns = (there_ns + back_ns) / 2,
                                        .rtt_published_ns = published_ns(rows.there),
                                        .measured = true,
                                        .source = source->title,
                                        .date = source->date};
    const struct table_law *law = table_law_find(any->from, any->to);
    if (law == NULL) {
        fill_by_ratio(&latency, light_ns(from, to));
    } else {
        latency.rtt_floor_ns = law->rtt_floor_ns;
        latency.rtt_p90_ns = law->rtt_p90_ns;
        latency.rtt_p99_ns = law->rtt_p99_ns;
    }
    return latency;
}

static struct geography_latency estimated(const struct geography_place *from,
                                          const struct geography_place *to)
{
    struct geography_latency latency = {
        .rtt_p50_ns = sim_ns_from_double(fibre_model_rtt_ns(&table_fibre, from, to)),
        .source = "fibre model, calibrated on the published matrices",
        .date = ""};
    fill_by_ratio(&latency, light_ns(from, to));
    return latency;
}

/* The same region, or custom places with the same coordinates: two zones of one place. */
static bool same_place(const struct geography_place *from, const struct geography_place *to)
{
    if (from->region != NULL || to->region != NULL) {
        return from->region == to->region;
    }
    return !(from->latitude_deg < to->latitude_deg || from->latitude_deg > to->latitude_deg ||
             from->longitude_deg < to->longitude_deg || from->longitude_deg > to->longitude_deg);
}

struct geography_latency geography_latency(const struct geography_place *from,
                                           const struct geography_place *to)
{
    if (same_place(from, to)) {
        return geography_zone_latency(from, false);
    }
    const struct rows rows = find_rows(from, to);
    return rows.there != NULL || rows.back != NULL ? measured(from, to, rows) : estimated(from, to);
}

struct geography_latency geography_zone_latency(const struct geography_place *at, bool same_zone)
{
    const struct table_zone *zone = &table_zones[table_zone_count - 1];
    const size_t region = at->region == NULL ? TABLE_ALL_REGIONS : geography_index(at->region);
    for (size_t i = 0; i < table_zone_count; ++i) {
        if (table_zones[i].region == region) {
            zone = &table_zones[i];
        }
    }
    const uint32_t rtt_us = same_zone ? zone->intra_us : zone->inter_us;
    struct geography_latency latency = {
        .rtt_p50_ns = (sim_ns)rtt_us * SIM_NS_PER_US,
        .measured = zone->region != TABLE_ALL_REGIONS,
        .source = zone->region != TABLE_ALL_REGIONS
                      ? "IBM Cloud VPC zone latency, mean over 30 days"
                      : "median of IBM Cloud VPC zone latency over 13 regions",
        .date = "2026-08-16"};
    fill_by_ratio(&latency, 0.0);
    return latency;
}
