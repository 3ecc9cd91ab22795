#include "models/geography/fibre_fit.h"

#include "models/geography/fibre_constants.h"
#include "sim/check.h"
#include "sim/portable_math.h"

/* Columns eliminated together, and columns of the rest that stay in the first cache meanwhile. */
enum { PANEL = 32, STRIP = 256 };

static uint16_t find_point(struct fibre_survey *survey, const struct geography_place *place)
{
    const struct fibre_point point = fibre_point_at(place->latitude_deg, place->longitude_deg);
    size_t i = 0;
    while (i < survey->point_count &&
           (survey->points[i].x < point.x || survey->points[i].x > point.x ||
            survey->points[i].y < point.y || survey->points[i].y > point.y ||
            survey->points[i].z < point.z || survey->points[i].z > point.z)) {
        ++i;
    }
    if (i == survey->point_count) {
        CHECK(i < FIBRE_METROS_MAX);
        survey->points[i] = point;
        ++survey->point_count;
    }
    return (uint16_t)i;
}

void fibre_survey_add(struct fibre_survey *survey, const struct geography_place *from,
                      const struct geography_place *to, double rtt_ns)
{
    const uint16_t from_point = find_point(survey, from);
    const uint16_t to_point = find_point(survey, to);
    const uint16_t low = from_point < to_point ? from_point : to_point;
    const uint16_t high = from_point < to_point ? to_point : from_point;
    const unsigned kind = fibre_kind(from, to);
    size_t i = 0;
    while (i < survey->observation_count &&
           (survey->observations[i].low != low || survey->observations[i].high != high ||
            survey->observations[i].kind != kind)) {
        ++i;
    }
    if (i == survey->observation_count) {
        CHECK(i < survey->observation_capacity);
        survey->observations[i] = (struct fibre_observation){
            .low = low,
            .high = high,
            .kind = (uint16_t)kind,
            .distance_km = geography_distance_km(from->latitude_deg, from->longitude_deg,
                                                 to->latitude_deg, to->longitude_deg)};
        ++survey->observation_count;
    }
    survey->observations[i].rtt_sum_ns += rtt_ns;
    survey->observations[i].rows += 1;
}

/* The matrix, the transposed panel, and the similarity of each two points. */
size_t fibre_fit_scratch(size_t count)
{
    return count * count + (size_t)PANEL * count +
           (size_t)FIBRE_METROS_MAX * (size_t)FIBRE_METROS_MAX;
}

static void fill_covariance(const struct fibre_survey *survey, double *matrix, double *similarity)
{
    const size_t points = survey->point_count;
    for (size_t i = 0; i < points; ++i) {
        for (size_t j = 0; j < points; ++j) {
            similarity[i * points + j] = fibre_similarity(&survey->points[i], &survey->points[j]);
        }
    }
    for (size_t i = 0; i < survey->observation_count; ++i) {
        const struct fibre_observation *a = &survey->observations[i];
        double *row = &matrix[i * survey->observation_count];
        for (size_t j = 0; j <= i; ++j) {
            const struct fibre_observation *b = &survey->observations[j];
            const double variance =
                FIBRE_VARIANCE + (a->kind == b->kind ? FIBRE_KIND_VARIANCE : 0.0);
            row[j] =
                variance *
                (similarity[a->low * points + b->low] * similarity[a->high * points + b->high] +
                 similarity[a->low * points + b->high] * similarity[a->high * points + b->low]);
        }
        const double relative =
            FIBRE_NOISE_NS / (geography_light_rtt_ns(a->distance_km) + FIBRE_NOISE_OFFSET_NS);
        row[i] += FIBRE_NOISE_VARIANCE + relative * relative;
    }
}

/* Factors the square on the diagonal and divides the panel below it: columns first..end. */
static void factor_panel(double *matrix, size_t count, size_t first, size_t end)
{
    for (size_t j = first; j < end; ++j) {
        double *pivot_row = &matrix[j * count];
        double pivot = pivot_row[j];
        for (size_t k = first; k < j; ++k) {
            pivot -= pivot_row[k] * pivot_row[k];
        }
        CHECK(pivot > 0.0);
        pivot_row[j] = portable_sqrt(pivot);
        for (size_t i = j + 1; i < count; ++i) {
            double *row = &matrix[i * count];
            double value = row[j];
            for (size_t k = first; k < j; ++k) {
                value -= row[k] * pivot_row[k];
            }
            row[j] = value / pivot_row[j];
        }
    }
}

/*
 * row[j] -= sum over k of factors[k] * panel[k][j] for four k at a time. The loop over j has no
 * sum of its own, so that a compiler may vectorise it and still give the same bits.
 */
static void subtract_four(double *restrict row, const double *restrict factors,
                          const double *restrict panel, size_t stride, size_t length)
{
    const double *restrict p0 = panel;
    const double *restrict p1 = panel + stride;
    const double *restrict p2 = panel + 2 * stride;
    const double *restrict p3 = panel + 3 * stride;
    const double f0 = factors[0];
    const double f1 = factors[1];
    const double f2 = factors[2];
    const double f3 = factors[3];
    for (size_t j = 0; j < length; ++j) {
        row[j] -= (f0 * p0[j] + f1 * p1[j]) + (f2 * p2[j] + f3 * p3[j]);
    }
}

/* Takes the panel's part off the rest of the matrix, rows and columns from end on. */
static void update_rest(double *matrix, size_t count, size_t first, size_t end, double *panel)
{
    for (size_t k = first; k < end; ++k) {
        for (size_t j = end; j < count; ++j) {
            panel[(k - first) * count + j] = matrix[j * count + k];
        }
    }
    for (size_t strip = end; strip < count; strip += STRIP) {
        for (size_t i = strip; i < count; ++i) {
            double *row = &matrix[i * count];
            const size_t stop = i + 1 < strip + STRIP ? i + 1 : strip + STRIP;
            for (size_t k = first; k < end; k += 4) {
                subtract_four(&row[strip], &row[k], &panel[(k - first) * count + strip], count,
                              stop - strip);
            }
        }
    }
}

/* Turns the lower triangle into its Cholesky factor. */
static void factor(double *matrix, size_t count, double *panel)
{
    for (size_t first = 0; first < count; first += PANEL) {
        const size_t end = first + PANEL < count ? first + PANEL : count;
        factor_panel(matrix, count, first, end);
        if (end < count) {
            update_rest(matrix, count, first, end, panel);
        }
    }
}

static void solve(const double *matrix, size_t count, struct fibre_sample *samples)
{
    for (size_t i = 0; i < count; ++i) {
        double value = samples[i].weight;
        for (size_t k = 0; k < i; ++k) {
            value -= matrix[i * count + k] * samples[k].weight;
        }
        samples[i].weight = value / matrix[i * count + i];
    }
    for (size_t i = count; i-- > 0;) {
        samples[i].weight /= matrix[i * count + i];
        for (size_t k = 0; k < i; ++k) {
            samples[k].weight -= matrix[i * count + k] * samples[i].weight;
        }
    }
}

/* What a link of unknown kind takes of each sample. */
static void share_out(struct fibre_sample *samples, size_t count)
{
    size_t of_kind[FIBRE_ANY] = {0};
    for (size_t i = 0; i < count; ++i) {
        CHECK(samples[i].kind < FIBRE_ANY);
        ++of_kind[samples[i].kind];
    }
    for (size_t i = 0; i < count; ++i) {
        const double share = (double)of_kind[samples[i].kind] / (double)count;
        samples[i].typical_weight = samples[i].weight * share;
    }
}

double fibre_fit(const struct fibre_survey *survey, struct fibre_sample *samples, double *scratch)
{
    const size_t count = survey->observation_count;
    double mean = 0.0;
    for (size_t i = 0; i < count; ++i) {
        const struct fibre_observation *observation = &survey->observations[i];
        const double rtt_ns = observation->rtt_sum_ns / observation->rows;
        samples[i] = (struct fibre_sample){
            .low = observation->low,
            .high = observation->high,
            .kind = observation->kind,
            .weight = portable_log(rtt_ns / fibre_prior_ns(observation->distance_km))};
        mean += samples[i].weight / (double)count;
    }
    for (size_t i = 0; i < count; ++i) {
        samples[i].weight -= mean;
    }
    double *panel = scratch + count * count;
    double *similarity = panel + (size_t)PANEL * count;
    fill_covariance(survey, scratch, similarity);
    factor(scratch, count, panel);
    solve(scratch, count, samples);
    share_out(samples, count);
    return mean;
}
