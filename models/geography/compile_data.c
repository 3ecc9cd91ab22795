/*
 * compile_data.c - build tool: reads models/data and writes the tables of tables.h as C.
 *
 * Usage:  geodes_compile_data DATA_FOLDER OUTPUT.c
 * Errors: one line on stderr with file and row, exit 1: a build with doubtful data does not pass.
 * It is no part of the program, so it may use stdio and the library's memory.
 */
#include "models/geography/compile_sheet.h"
#include "models/geography/fibre_fit.h"
#include "models/geography/jitter_fit.h"
#include "models/geography/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGIONS_MAX = 1024, SOURCES_MAX = 64, RTTS_MAX = 1 << 14, LAWS_MAX = 4096 };

/* ---- what is read ---- */

static struct geography_region regions[REGIONS_MAX];
static size_t region_count;
static struct table_source sources[SOURCES_MAX];
static size_t source_count;
static struct table_rtt rtts[RTTS_MAX];
static size_t rtt_count;

/* Percentiles of a pair, summed over the directions published. */
struct percentile_pair {
    size_t low;
    size_t high;
    double sum_ms[JITTER_FIT_PERCENTILES];
    int directions;
};

static struct percentile_pair pairs[LAWS_MAX];
static size_t pair_count;

static int compare_regions(const void *left, const void *right)
{
    const struct geography_region *a = left;
    const struct geography_region *b = right;
    const int by_provider = strcmp(a->provider, b->provider);
    return by_provider != 0 ? by_provider : strcmp(a->name, b->name);
}

static int compare_rtts(const void *left, const void *right)
{
    const struct table_rtt *a = left;
    const struct table_rtt *b = right;
    const long key_a = (long)a->from * 65536 + a->to;
    const long key_b = (long)b->from * 65536 + b->to;
    return (key_a > key_b) - (key_a < key_b);
}

static int compare_pairs(const void *left, const void *right)
{
    const struct percentile_pair *a = left;
    const struct percentile_pair *b = right;
    const size_t key_a = a->low * 65536 + a->high;
    const size_t key_b = b->low * 65536 + b->high;
    return (key_a > key_b) - (key_a < key_b);
}

/* Returns the sheet, which stays in memory: the table points into it. */
static struct sheet *read_regions(const char *folder)
{
    struct sheet *sheet = sheet_read(folder, "regions.csv");
    if (sheet->row_count > REGIONS_MAX) {
        sheet_fail("%s: more than %d regions", sheet->path, REGIONS_MAX);
    }
    for (size_t row = 0; row < sheet->row_count; ++row) {
        regions[row] = (struct geography_region){
            .provider = sheet_text(sheet, row, "provider"),
            .name = sheet_text(sheet, row, "region"),
            .city = sheet_text(sheet, row, "city"),
            .country = sheet_text(sheet, row, "country"),
            .country_code = sheet_text(sheet, row, "country_code"),
            .jurisdiction = sheet_text(sheet, row, "jurisdiction"),
            .provenance = sheet_text(sheet, row, "coord_source"),
            .latitude_deg = sheet_number(sheet, row, "latitude"),
            .longitude_deg = sheet_number(sheet, row, "longitude"),
            .gdpr = strcmp(sheet_text(sheet, row, "gdpr_area"), "1") == 0,
            .in_matrix = strcmp(sheet_text(sheet, row, "in_rtt_matrix"), "1") == 0,
        };
        if (!geography_coordinates_valid(regions[row].latitude_deg, regions[row].longitude_deg)) {
            sheet_fail("%s: row %zu: coordinates out of range", sheet->path, row + 2);
        }
    }
    region_count = sheet->row_count;
    qsort(regions, region_count, sizeof regions[0], compare_regions);
    for (size_t i = 1; i < region_count; ++i) {
        if (compare_regions(&regions[i - 1], &regions[i]) == 0) {
            sheet_fail("%s: %s:%s is there twice", sheet->path, regions[i].provider,
                       regions[i].name);
        }
        regions[i].provider_index = regions[i - 1].provider_index;
        if (strcmp(regions[i - 1].provider, regions[i].provider) != 0 &&
            ++regions[i].provider_index == FIBRE_ACROSS) {
            sheet_fail("%s: more than %d providers", sheet->path, FIBRE_ACROSS);
        }
    }
    return sheet;
}

/* Returns the sheet, as read_regions does. */
static struct sheet *read_sources(const char *folder)
{
    struct sheet *sheet = sheet_read(folder, "rtt-sources.csv");
    if (sheet->row_count > SOURCES_MAX) {
        sheet_fail("%s: more than %d sources", sheet->path, SOURCES_MAX);
    }
    for (size_t row = 0; row < sheet->row_count; ++row) {
        sources[row] = (struct table_source){.id = sheet_text(sheet, row, "source"),
                                             .date = sheet_text(sheet, row, "date"),
                                             .statistic = sheet_text(sheet, row, "statistic"),
                                             .title = sheet_text(sheet, row, "title")};
    }
    source_count = sheet->row_count;
    return sheet;
}

static size_t find_region(const struct sheet *sheet, size_t row, const char *provider,
                          const char *name)
{
    for (size_t i = 0; i < region_count; ++i) {
        if (strcmp(regions[i].provider, provider) == 0 && strcmp(regions[i].name, name) == 0) {
            return i;
        }
    }
    sheet_fail("%s: row %zu: no region %s:%s", sheet->path, row + 2, provider, name);
}

static size_t find_source(const struct sheet *sheet, size_t row, const char *id)
{
    for (size_t i = 0; i < source_count; ++i) {
        if (strcmp(sources[i].id, id) == 0) {
            return i;
        }
    }
    sheet_fail("%s: row %zu: source %s is not in rtt-sources.csv", sheet->path, row + 2, id);
}

static double bound_ms(size_t from, size_t to)
{
    return 2e3 / GEOGRAPHY_FIBRE_KM_PER_S *
           geography_distance_km(regions[from].latitude_deg, regions[from].longitude_deg,
                                 regions[to].latitude_deg, regions[to].longitude_deg);
}

static void add_percentiles(const struct sheet *sheet, size_t row, const struct table_rtt *rtt)
{
    static const char *const columns[JITTER_FIT_PERCENTILES] = {"p10_ms", "p25_ms", "rtt_ms",
                                                                "p75_ms", "p90_ms", "p99_ms"};
    const size_t low = rtt->from < rtt->to ? rtt->from : rtt->to;
    const size_t high = rtt->from < rtt->to ? rtt->to : rtt->from;
    if (sheet_number(sheet, row, "p99_ms") < 0.0) {
        return;
    }
    size_t i = 0;
    while (i < pair_count && (pairs[i].low != low || pairs[i].high != high)) {
        ++i;
    }
    if (i == LAWS_MAX) {
        sheet_fail("%s: more than %d pairs with percentiles", sheet->path, LAWS_MAX);
    }
    if (i == pair_count) {
        pairs[pair_count++] = (struct percentile_pair){.low = low, .high = high};
    }
    pairs[i].directions += 1;
    for (int p = 0; p < JITTER_FIT_PERCENTILES; ++p) {
        pairs[i].sum_ms[p] += sheet_number(sheet, row, columns[p]);
    }
}

/* `provider` NULL: the file names both providers and comes from source `source`. */
static void read_rtts(const char *folder, const char *name, const char *provider,
                      const char *source)
{
    struct sheet *sheet = sheet_read(folder, name);
    const bool percentiles = provider != NULL && strcmp(provider, "aws") == 0;
    for (size_t row = 0; row < sheet->row_count; ++row) {
        const char *from_provider =
            provider != NULL ? provider : sheet_text(sheet, row, "from_provider");
        const char *to_provider =
            provider != NULL ? provider : sheet_text(sheet, row, "to_provider");
        const double rtt_ms = sheet_number(sheet, row, "rtt_ms");
        const size_t from = find_region(sheet, row, from_provider, sheet_text(sheet, row, "from"));
        const size_t to = find_region(sheet, row, to_provider, sheet_text(sheet, row, "to"));
        const char *id = source != NULL ? source : sheet_text(sheet, row, "source");
        if (from == to || rtt_ms <= 0.0 || rtt_ms < bound_ms(from, to)) {
            sheet_fail("%s: row %zu: below light in fibre, or not a pair", sheet->path, row + 2);
        }
        if (rtt_count == RTTS_MAX) {
            sheet_fail("%s: more than %d round trips", sheet->path, RTTS_MAX);
        }
        rtts[rtt_count] = (struct table_rtt){.from = (uint16_t)from,
                                             .to = (uint16_t)to,
                                             .source = (uint16_t)find_source(sheet, row, id),
                                             .rtt_us = (uint32_t)(rtt_ms * 1e3 + 0.5)};
        if (percentiles) {
            add_percentiles(sheet, row, &rtts[rtt_count]);
        }
        ++rtt_count;
    }
    sheet_release(sheet);
}

static void sort_rtts(void)
{
    qsort(rtts, rtt_count, sizeof rtts[0], compare_rtts);
    qsort(pairs, pair_count, sizeof pairs[0], compare_pairs);
    for (size_t i = 1; i < rtt_count; ++i) {
        if (compare_rtts(&rtts[i - 1], &rtts[i]) == 0) {
            sheet_fail("%s:%s to %s:%s is published twice", regions[rtts[i].from].provider,
                       regions[rtts[i].from].name, regions[rtts[i].to].provider,
                       regions[rtts[i].to].name);
        }
    }
}

/* ---- zones inside a region ---- */

static struct table_zone zones[REGIONS_MAX];
static size_t zone_count;

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof values[0], compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) * 0.5;
}

/* "au-syd-syd01-a" is a zone of "au-syd". */
static bool zone_in(const char *zone, const char *region)
{
    const size_t length = strlen(region);
    return strncmp(zone, region, length) == 0 && zone[length] == '-';
}

/* The median over the published pairs of zones in `region` (NULL: in all), in microseconds. */
static uint32_t zone_median_us(const struct sheet *sheet, const char *region, bool same)
{
    static double values[SHEET_CELLS_MAX];
    size_t count = 0;
    for (size_t row = 0; row < sheet->row_count; ++row) {
        const char *from = sheet_text(sheet, row, "zone_from");
        const char *to = sheet_text(sheet, row, "zone_to");
        if ((strcmp(from, to) == 0) == same && (region == NULL || zone_in(from, region))) {
            values[count++] = sheet_number(sheet, row, "rtt_ms");
        }
    }
    return count == 0 ? 0 : (uint32_t)(median(values, count) * 1e3 + 0.5);
}

static void read_zones(const char *folder)
{
    struct sheet *sheet = sheet_read(folder, "ibm-inter-az-rtt-ms.csv");
    for (size_t i = 0; i < region_count; ++i) {
        const uint32_t inter_us = zone_median_us(sheet, regions[i].name, false);
        if (strcmp(regions[i].provider, "ibm") == 0 && inter_us > 0) {
            zones[zone_count++] =
                (struct table_zone){.region = (uint16_t)i,
                                    .inter_us = inter_us,
                                    .intra_us = zone_median_us(sheet, regions[i].name, true)};
        }
    }
    zones[zone_count++] = (struct table_zone){.region = TABLE_ALL_REGIONS,
                                              .inter_us = zone_median_us(sheet, NULL, false),
                                              .intra_us = zone_median_us(sheet, NULL, true)};
    sheet_release(sheet);
}

/* ---- laws of jitter ---- */

static void write_law(FILE *file, const struct percentile_pair *pair)
{
    double percentiles[JITTER_FIT_PERCENTILES];
    double extra[GEOGRAPHY_JITTER_KNOTS];
    for (int i = 0; i < JITTER_FIT_PERCENTILES; ++i) {
        percentiles[i] = pair->sum_ms[i] / pair->directions * 1e6;
    }
    const double floor = jitter_fit_floor(percentiles, bound_ms(pair->low, pair->high) * 1e6);
    jitter_fit(percentiles, floor, extra);
    fprintf(file, "    {%zu, %zu, %.0f, %.0f, %.0f, {", pair->low, pair->high, floor,
            percentiles[4], percentiles[5]);
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; ++i) {
        fprintf(file, "%s%.0f", i == 0 ? "" : ", ", extra[i]);
    }
    fputs("}},\n", file);
}

/* Medians over the pairs of the ratios to p50, fitted like a pair whose p50 is 1. */
static void write_ratio_law(FILE *file)
{
    static double ratios[LAWS_MAX];
    double percentiles[JITTER_FIT_PERCENTILES];
    double extra[GEOGRAPHY_JITTER_KNOTS];
    for (int i = 0; i < JITTER_FIT_PERCENTILES; ++i) {
        for (size_t pair = 0; pair < pair_count; ++pair) {
            ratios[pair] = pairs[pair].sum_ms[i] / pairs[pair].sum_ms[2];
        }
        percentiles[i] = median(ratios, pair_count);
    }
    const double floor = jitter_fit_floor(percentiles, 0.0);
    jitter_fit(percentiles, floor, extra);
    fprintf(file, "const struct table_ratio_law table_ratio_law = {%.17g, %.17g, %.17g, {", floor,
            percentiles[4], percentiles[5]);
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; ++i) {
        fprintf(file, "%s%.17g", i == 0 ? "" : ", ", extra[i]);
    }
    fputs("}};\n\n", file);
}

/* ---- the tables as C ---- */

static void write_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; ++text) {
        if (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20) {
            sheet_fail("a text holds a quote, a backslash or a control character");
        }
        fputc(*text, file);
    }
    fputs("\", ", file);
}

static void write_regions(FILE *file)
{
    fprintf(file, "const size_t table_region_count = %zu;\n", region_count);
    fputs("const struct geography_region table_regions[] = {\n", file);
    for (size_t i = 0; i < region_count; ++i) {
        const struct geography_region *region = &regions[i];
        const char *const texts[] = {region->provider,  region->name,         region->city,
                                     region->country,   region->country_code, region->jurisdiction,
                                     region->provenance};
        fputs("    {", file);
        for (size_t text = 0; text < sizeof texts / sizeof texts[0]; ++text) {
            write_text(file, texts[text]);
        }
        fprintf(file, "%.17g, %.17g, %u, %s, %s},\n", region->latitude_deg, region->longitude_deg,
                region->provider_index, region->gdpr ? "true" : "false",
                region->in_matrix ? "true" : "false");
    }
    fputs("};\n\n", file);
}

static void write_sources(FILE *file)
{
    fprintf(file, "const size_t table_source_count = %zu;\n", source_count);
    fputs("const struct table_source table_sources[] = {\n", file);
    for (size_t i = 0; i < source_count; ++i) {
        fputs("    {", file);
        write_text(file, sources[i].id);
        write_text(file, sources[i].date);
        write_text(file, sources[i].statistic);
        write_text(file, sources[i].title);
        fputs("},\n", file);
    }
    fputs("};\n\n", file);
}

static void write_rtts(FILE *file)
{
    fprintf(file, "const size_t table_rtt_count = %zu;\n", rtt_count);
    fputs("const struct table_rtt table_rtts[] = {\n", file);
    for (size_t i = 0; i < rtt_count; ++i) {
        fprintf(file, "    {%u, %u, %u, %u},\n", (unsigned)rtts[i].from, (unsigned)rtts[i].to,
                (unsigned)rtts[i].source, (unsigned)rtts[i].rtt_us);
    }
    fputs("};\n\n", file);
}

static void write_laws(FILE *file)
{
    write_ratio_law(file);
    fprintf(file, "const size_t table_law_count = %zu;\n", pair_count);
    fputs("const struct table_law table_laws[] = {\n", file);
    for (size_t i = 0; i < pair_count; ++i) {
        write_law(file, &pairs[i]);
    }
    fputs("};\n\n", file);
}

static void write_zones(FILE *file)
{
    fprintf(file, "const size_t table_zone_count = %zu;\n", zone_count);
    fputs("const struct table_zone table_zones[] = {\n", file);
    for (size_t i = 0; i < zone_count; ++i) {
        fprintf(file, "    {%u, %u, %u},\n", (unsigned)zones[i].region, (unsigned)zones[i].inter_us,
                (unsigned)zones[i].intra_us);
    }
    fputs("};\n", file);
}

/* Calibrates the fibre model on every published row and writes it. */
static void write_fibre(FILE *file)
{
    struct fibre_survey survey = {.points = sheet_memory(FIBRE_METROS_MAX, sizeof *survey.points),
                                  .observations =
                                      sheet_memory(RTTS_MAX, sizeof *survey.observations),
                                  .observation_capacity = RTTS_MAX};
    for (size_t i = 0; i < rtt_count; ++i) {
        const struct geography_place from = geography_place_of(&regions[rtts[i].from]);
        const struct geography_place to = geography_place_of(&regions[rtts[i].to]);
        fibre_survey_add(&survey, &from, &to, rtts[i].rtt_us * 1e3);
    }
    struct fibre_sample *samples = sheet_memory(survey.observation_count, sizeof *samples);
    double *scratch = sheet_memory(fibre_fit_scratch(survey.observation_count), sizeof *scratch);
    const double mean = fibre_fit(&survey, samples, scratch);
    fputs("\nstatic const struct fibre_point points[] = {\n", file);
    for (size_t i = 0; i < survey.point_count; ++i) {
        fprintf(file, "    {%.17g, %.17g, %.17g},\n", survey.points[i].x, survey.points[i].y,
                survey.points[i].z);
    }
    fputs("};\n\nstatic const struct fibre_sample samples[] = {\n", file);
    for (size_t i = 0; i < survey.observation_count; ++i) {
        fprintf(file, "    {%u, %u, %u, %.17g, %.17g},\n", (unsigned)samples[i].low,
                (unsigned)samples[i].high, (unsigned)samples[i].kind, samples[i].weight,
                samples[i].typical_weight);
    }
    fprintf(file,
            "};\n\nconst struct fibre_model table_fibre = {points, %zu, samples, %zu, %.17g};\n",
            survey.point_count, survey.observation_count, mean);
    free(scratch);
    free(samples);
    free(survey.observations);
    free(survey.points);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        sheet_fail("usage: geodes_compile_data DATA_FOLDER OUTPUT.c");
    }
    struct sheet *region_sheet = read_regions(argv[1]);
    struct sheet *source_sheet = read_sources(argv[1]);
    read_rtts(argv[1], "aws-rtt-ms.csv", "aws", NULL);
    read_rtts(argv[1], "gcp-rtt-ms.csv", "gcp", NULL);
    read_rtts(argv[1], "azure-rtt-ms.csv", "azure", NULL);
    read_rtts(argv[1], "ibm-rtt-ms.csv", "ibm", NULL);
    read_rtts(argv[1], "inter-cloud-rtt-ms.csv", NULL, "skyplane-2022-04");
    sort_rtts();
    read_zones(argv[1]);
    FILE *file = fopen(argv[2], "wb");
    if (file == NULL) {
        sheet_fail("%s: cannot be written", argv[2]);
    }
    fputs("/* Written by models/geography/compile_data.c from models/data; do not edit. */\n"
          "#include \"models/geography/tables.h\"\n\n",
          file);
    write_regions(file);
    write_sources(file);
    write_rtts(file);
    write_laws(file);
    write_zones(file);
    write_fibre(file);
    if (ferror(file) || fclose(file) != 0) {
        sheet_fail("%s: cannot be written", argv[2]);
    }
    sheet_release(source_sheet);
    sheet_release(region_sheet);
    return 0;
}
