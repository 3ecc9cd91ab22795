/*
 * test_fibre.c - how well the fibre model predicts round trips that it was not calibrated on.
 *
 *   test_fibre              five-fold cross-validation over metro pairs and the light bound;
 * asserts test_fibre HELD_OUT.csv judges the compiled-in model on the pairs of a file and prints
 * the errors; a header row names the columns, in any order, others ignored: from,to,rtt_ms names or
 * "provider:name" provider,from,to,rtt_ms                as the matrices of one cloud
 *                             from_provider,from,to_provider,to,rtt_ms
 *                             from_lat,from_lon,to_lat,to_lon,rtt_ms any places
 *
 * A fold leaves out whole metro pairs: every provider's and every inter-cloud row of them, as in
 * models/data itself. The error of a pair is |predicted - published| / published, the published
 * value the mean of both directions; pairs nearer than 100 km are left out, because there the
 * error of the coordinates (10 to 80 km) decides.
 */
#include "models/geography/fibre_fit.h"
#include "models/geography/latency.h"
#include "models/geography/tables.h"
#include "sim/arena.h"
#include "sim/portable_math.h"
#include "sim/random.h"
#include "tests/validation/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FOLDS = 5, PAIRS_MAX = 8192, LINE_MAX_BYTES = 1024, CELLS_MAX = 32 };

#define LEAST_DISTANCE_KM 100.0

/* An unordered pair of regions and the mean of its published directions. */
struct pair {
    struct geography_place from;
    struct geography_place to;
    double rtt_ns;
    unsigned fold;
};

struct survey_memory {
    struct pair pairs[PAIRS_MAX];
    size_t pair_count;
    struct fibre_point points[FIBRE_METROS_MAX];
    struct fibre_observation observations[PAIRS_MAX];
    struct fibre_sample samples[PAIRS_MAX];
    double errors[PAIRS_MAX];
    double blind_errors[PAIRS_MAX];
};

struct summary {
    double median;
    double p90;
};

static double distance_km(const struct pair *pair)
{
    return geography_distance_km(pair->from.latitude_deg, pair->from.longitude_deg,
                                 pair->to.latitude_deg, pair->to.longitude_deg);
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts the errors and prints their quantiles by the nearest rank. */
static struct summary summarise(const char *what, double *errors, size_t count)
{
    if (count == 0) {
        printf("%-34s n    0\n", what);
        return (struct summary){.median = 1.0, .p90 = 1.0};
    }
    qsort(errors, count, sizeof errors[0], compare_doubles);
    double sum = 0.0;
    for (size_t i = 0; i < count; ++i) {
        sum += errors[i];
    }
    const struct summary summary = {.median = errors[(count - 1) / 2],
                                    .p90 = errors[(count * 9 + 9) / 10 - 1]};
    printf("%-34s n %4zu  median APE %5.2f %%  p90 APE %5.2f %%  mean APE %5.2f %%\n", what, count,
           summary.median * 100.0, summary.p90 * 100.0, sum / (double)count * 100.0);
    return summary;
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (; *text != '\0'; ++text) { /* FNV-1a */
        hash = (hash ^ (uint8_t)*text) * UINT32_C(16777619);
    }
    return hash;
}

/* The fold of a metro pair, from the names of its cities in alphabetical order. */
static unsigned fold_of(const char *city, const char *other)
{
    const bool ordered = strcmp(city, other) < 0;
    uint32_t hash = hash_text(UINT32_C(2166136261), ordered ? city : other);
    hash = hash_text(hash_text(hash, "|"), ordered ? other : city);
    hash = (hash ^ (hash >> 15)) * UINT32_C(2246822519);
    return (hash ^ (hash >> 13)) % FOLDS;
}

static void read_pairs(struct survey_memory *memory)
{
    for (size_t i = 0; i < table_rtt_count; ++i) {
        const struct table_rtt *row = &table_rtts[i];
        const struct table_rtt *back = table_rtt_find(row->to, row->from);
        if (back != NULL && row->from > row->to) {
            continue;
        }
        const struct geography_region *from = geography_at(row->from);
        const struct geography_region *to = geography_at(row->to);
        assert_true(memory->pair_count < PAIRS_MAX);
        memory->pairs[memory->pair_count++] = (struct pair){
            .from = geography_place_of(from),
            .to = geography_place_of(to),
            .rtt_ns = (row->rtt_us + (back == NULL ? row->rtt_us : back->rtt_us)) * 500.0,
            .fold = fold_of(from->city, to->city)};
    }
}

/* What a calibration leaves out: a fold, or all pairs of a city, or nothing. */
struct left_out {
    unsigned fold;
    const char *city;
};

static bool is_left_out(const struct pair *pair, const struct left_out *out)
{
    return out->city == NULL ? pair->fold == out->fold
                             : strcmp(pair->from.region->city, out->city) == 0 ||
                                   strcmp(pair->to.region->city, out->city) == 0;
}

static struct fibre_model calibrate(struct survey_memory *memory, const struct left_out *out)
{
    struct fibre_survey survey = {.points = memory->points,
                                  .observations = memory->observations,
                                  .observation_capacity = PAIRS_MAX};
    for (size_t i = 0; i < memory->pair_count; ++i) {
        const struct pair *pair = &memory->pairs[i];
        if (!is_left_out(pair, out)) {
            fibre_survey_add(&survey, &pair->from, &pair->to, pair->rtt_ns);
        }
    }
    double *scratch = memory_alloc(fibre_fit_scratch(survey.observation_count), sizeof *scratch);
    const double mean = fibre_fit(&survey, memory->samples, scratch);
    memory_release(scratch);
    return (struct fibre_model){.points = memory->points,
                                .point_count = survey.point_count,
                                .samples = memory->samples,
                                .sample_count = survey.observation_count,
                                .mean = mean};
}

/* |predicted - published| / published; `blind` predicts from bare coordinates. */
static double error_of(const struct fibre_model *model, struct pair pair, bool blind)
{
    if (blind) {
        pair.from.region = NULL;
        pair.to.region = NULL;
    }
    const double predicted = fibre_model_rtt_ns(model, &pair.from, &pair.to);
    assert_true(predicted >= geography_light_rtt_ns(distance_km(&pair)));
    const double error = predicted - pair.rtt_ns;
    return (error < 0.0 ? -error : error) / pair.rtt_ns;
}

/* Appends the errors of the pairs left out; returns the new count. */
static size_t judge(struct survey_memory *memory, const struct fibre_model *model,
                    const struct left_out *out, bool blind, double *errors, size_t count)
{
    for (size_t i = 0; i < memory->pair_count; ++i) {
        const struct pair *pair = &memory->pairs[i];
        if (is_left_out(pair, out) && distance_km(pair) >= LEAST_DISTANCE_KM) {
            assert_true(count < PAIRS_MAX);
            errors[count++] = error_of(model, *pair, blind);
        }
    }
    return count;
}

/*
 * The bars of the project are 8 % and 25 % for unseen pairs. With the providers known the model
 * must do as well as two real providers between the same metros, which differ by 6.4 % and 17.7 %.
 */
static void test_cross_validation(void **state)
{
    (void)state;
    struct survey_memory *memory = memory_alloc(1, sizeof *memory);
    read_pairs(memory);
    size_t count = 0;
    for (unsigned fold = 0; fold < FOLDS; ++fold) {
        const struct left_out out = {.fold = fold};
        const struct fibre_model model = calibrate(memory, &out);
        judge(memory, &model, &out, true, memory->blind_errors, count);
        count = judge(memory, &model, &out, false, memory->errors, count);
    }
    const struct summary known = summarise("five folds, providers known:", memory->errors, count);
    const struct summary blind =
        summarise("five folds, coordinates alone:", memory->blind_errors, count);
    assert_true(count > 2000);
    assert_true(known.median <= 0.064 && known.p90 <= 0.177);
    assert_true(blind.median <= 0.08 && blind.p90 <= 0.25);
    memory_release(memory);
}

/* Is this the first region of its city? */
static bool is_first_of_city(size_t region)
{
    for (size_t i = 0; i < region; ++i) {
        if (strcmp(geography_at(i)->city, geography_at(region)->city) == 0) {
            return false;
        }
    }
    return true;
}

/* As for custom places: nothing is published about the city. Takes one of every `step` regions. */
static struct summary judge_unknown_cities(size_t step)
{
    struct survey_memory *memory = memory_alloc(1, sizeof *memory);
    read_pairs(memory);
    size_t count = 0;
    for (size_t i = 0; i < geography_count(); i += step) {
        if (is_first_of_city(i)) {
            const struct left_out out = {.city = geography_at(i)->city};
            const struct fibre_model model = calibrate(memory, &out);
            count = judge(memory, &model, &out, true, memory->errors, count);
        }
    }
    const struct summary summary = summarise("cities never seen:", memory->errors, count);
    memory_release(memory);
    return summary;
}

static void test_unknown_cities(void **state)
{
    (void)state;
    const struct summary summary = judge_unknown_cities(21);
    assert_true(summary.median <= 0.10);
    assert_true(summary.p90 <= 0.30);
}

/* Every pair of the catalogue, measured or not, in both directions. */
static void test_catalogue_respects_light(void **state)
{
    (void)state;
    double least_ratio = 1e9;
    for (size_t i = 0; i < geography_count(); ++i) {
        for (size_t j = 0; j < geography_count(); ++j) {
            struct pair pair = {.from = geography_place_of(geography_at(i)),
                                .to = geography_place_of(geography_at(j))};
            const double light_ns = geography_light_rtt_ns(distance_km(&pair));
            const struct geography_latency latency = geography_latency(&pair.from, &pair.to);
            assert_true((double)latency.rtt_floor_ns + 0.5 >= light_ns); /* rounded to ns */
            const double predicted = fibre_model_rtt_ns(&table_fibre, &pair.from, &pair.to);
            assert_true(predicted >= light_ns);
            if (light_ns > 0.0 && predicted / light_ns < least_ratio) {
                least_ratio = predicted / light_ns;
            }
        }
    }
    printf("least predicted / light over the catalogue: %.3f\n", least_ratio);
}

/* Evenly over the sphere: the direction of a point that is even in the ball. */
static struct geography_place random_place(struct random_stream *stream)
{
    double x;
    double y;
    double z;
    double square;
    do {
        x = 2.0 * random_unit(stream) - 1.0;
        y = 2.0 * random_unit(stream) - 1.0;
        z = 2.0 * random_unit(stream) - 1.0;
        square = x * x + y * y + z * z;
    } while (square > 1.0 || square < 1e-6);
    const double degrees_per_radian = 57.29577951308232;
    return (struct geography_place){.latitude_deg = portable_asin(z / portable_sqrt(square)) *
                                                    degrees_per_radian,
                                    .longitude_deg = portable_atan2(y, x) * degrees_per_radian};
}

/* 100000 pairs. */
static void test_random_coordinates(void **state)
{
    (void)state;
    struct random_stream stream;
    random_stream_init(&stream, test_seed(), 1, 0);
    for (int i = 0; i < 100000; ++i) {
        const struct pair pair = {.from = random_place(&stream), .to = random_place(&stream)};
        const double there = fibre_model_rtt_ns(&table_fibre, &pair.from, &pair.to);
        assert_true(there >= geography_light_rtt_ns(distance_km(&pair)));
        assert_true(there < 1e9); /* one second: half the earth at seven times light */
        if (i % 100 == 0) {
            const double back = fibre_model_rtt_ns(&table_fibre, &pair.to, &pair.from);
            assert_memory_equal(&there, &back, sizeof there);
        }
    }
}

/* ---- a file of held-out pairs ---- */

struct columns {
    char *names[CELLS_MAX];
    char *cells[CELLS_MAX];
    size_t count;
};

static size_t split(char *line, char *cells[CELLS_MAX])
{
    size_t count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *cell = line; cell != NULL && count < CELLS_MAX;) {
        char *comma = strchr(cell, ',');
        if (comma != NULL) {
            *comma++ = '\0';
        }
        cells[count++] = cell;
        cell = comma;
    }
    return count;
}

/* The cell of this row under `name`, or NULL. */
static const char *cell(const struct columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; ++i) {
        if (strcmp(columns->names[i], name) == 0) {
            return columns->cells[i];
        }
    }
    return NULL;
}

/* The whole text as a finite number. */
static bool read_number(const char *text, double *value)
{
    char *end = NULL;
    if (text == NULL) {
        return false;
    }
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value > -1e9 && *value < 1e9;
}

/* One end of a row: by coordinates, by name, or by provider and name. */
static bool read_end(const struct columns *columns, const char *end, struct geography_place *place)
{
    char latitude[16];
    char longitude[16];
    char owner[24];
    char name[256];
    snprintf(latitude, sizeof latitude, "%s_lat", end);
    snprintf(longitude, sizeof longitude, "%s_lon", end);
    snprintf(owner, sizeof owner, "%s_provider", end);
    const char *provider = cell(columns, owner);
    provider = provider != NULL ? provider : cell(columns, "provider");
    if (cell(columns, latitude) != NULL && cell(columns, longitude) != NULL) {
        place->region = NULL;
        if (!read_number(cell(columns, latitude), &place->latitude_deg) ||
            !read_number(cell(columns, longitude), &place->longitude_deg)) {
            return false;
        }
        return geography_coordinates_valid(place->latitude_deg, place->longitude_deg);
    }
    if (cell(columns, end) == NULL) {
        return false;
    }
    snprintf(name, sizeof name, "%s%s%s", provider == NULL ? "" : provider,
             provider == NULL ? "" : ":", cell(columns, end));
    const struct geography_region *region = geography_find(name);
    if (region != NULL) {
        *place = geography_place_of(region);
    }
    return region != NULL;
}

static bool same_place(const struct geography_place *a, const struct geography_place *b)
{
    return a->region == b->region && !(a->latitude_deg < b->latitude_deg) &&
           !(a->latitude_deg > b->latitude_deg) && !(a->longitude_deg < b->longitude_deg) &&
           !(a->longitude_deg > b->longitude_deg);
}

/* Adds a row; the opposite direction of an earlier row is averaged into it. */
static void add_row(struct survey_memory *memory, const struct pair *row)
{
    for (size_t i = 0; i < memory->pair_count; ++i) {
        struct pair *pair = &memory->pairs[i];
        if (same_place(&pair->from, &row->to) && same_place(&pair->to, &row->from)) {
            pair->rtt_ns = (pair->rtt_ns + row->rtt_ns) * 0.5;
            return;
        }
    }
    if (memory->pair_count < PAIRS_MAX) {
        memory->pairs[memory->pair_count++] = *row;
    }
}

static bool read_file(const char *path, struct survey_memory *memory)
{
    char header[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(header, sizeof header, file) == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return false;
    }
    struct columns columns = {.count = 0};
    const size_t names = split(header, columns.names);
    for (int number = 2; fgets(line, sizeof line, file) != NULL; ++number) {
        columns.count = names;
        struct pair row = {.rtt_ns = 0.0};
        double rtt_ms = 0.0;
        if (split(line, columns.cells) < names || !read_number(cell(&columns, "rtt_ms"), &rtt_ms) ||
            !(rtt_ms > 0.0) || !read_end(&columns, "from", &row.from) ||
            !read_end(&columns, "to", &row.to)) {
            fprintf(stderr, "%s:%d: not a round trip between known places, skipped\n", path,
                    number);
            continue;
        }
        row.rtt_ns = rtt_ms * 1e6;
        add_row(memory, &row);
    }
    fclose(file);
    return true;
}

static void print_errors(struct survey_memory *memory, const char *what, bool blind, bool far)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->pair_count; ++i) {
        if (!far || distance_km(&memory->pairs[i]) >= LEAST_DISTANCE_KM) {
            memory->errors[count++] = error_of(&table_fibre, memory->pairs[i], blind);
        }
    }
    summarise(what, memory->errors, count);
}

/* Judges the model compiled in, never the measured rows, even where the program has them. */
static int judge_file(const char *path)
{
    struct survey_memory *memory = memory_alloc(1, sizeof *memory);
    if (!read_file(path, memory)) {
        memory_release(memory);
        return 4;
    }
    size_t known = 0;
    for (size_t i = 0; i < memory->pair_count; ++i) {
        known += geography_latency(&memory->pairs[i].from, &memory->pairs[i].to).measured;
    }
    printf("%zu pairs, %zu of them in the matrices compiled in\n", memory->pair_count, known);
    print_errors(memory, "pairs over 100 km:", false, true);
    print_errors(memory, "the same, coordinates alone:", true, true);
    print_errors(memory, "all pairs:", false, false);
    memory_release(memory);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--cities") == 0) {
        judge_unknown_cities(1);
        return 0;
    }
    if (argc == 2) {
        return judge_file(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_validation),
        cmocka_unit_test(test_unknown_cities),
        cmocka_unit_test(test_catalogue_respects_light),
        cmocka_unit_test(test_random_coordinates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
