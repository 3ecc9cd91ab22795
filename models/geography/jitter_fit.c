#include "models/geography/jitter_fit.h"

#include "sim/check.h"

enum { SWEEPS = 24, BISECTIONS = 30 };

const double jitter_fit_levels[JITTER_FIT_PERCENTILES] = {0.10, 0.25, 0.50, 0.75, 0.90, 0.99};

/* 0, square roots of the levels, 1. */
const double jitter_fit_at[GEOGRAPHY_JITTER_KNOTS] = {0.0,
                                                      0.31622776601683794,
                                                      0.5,
                                                      0.70710678118654752,
                                                      0.86602540378443865,
                                                      0.94868329805051380,
                                                      0.99498743710661997,
                                                      1.0};

/* P(leg <= x). A flat piece of the quantile function is an atom; all of it counts. */
static double leg_cdf(const double extra[GEOGRAPHY_JITTER_KNOTS], double x)
{
    if (x < extra[0]) {
        return 0.0;
    }
    int knot = GEOGRAPHY_JITTER_KNOTS - 1;
    while (extra[knot] > x) {
        --knot;
    }
    if (knot == GEOGRAPHY_JITTER_KNOTS - 1) {
        return 1.0;
    }
    const double slope =
        (jitter_fit_at[knot + 1] - jitter_fit_at[knot]) / (extra[knot + 1] - extra[knot]);
    return jitter_fit_at[knot] + slope * (x - extra[knot]);
}

/* Mean of leg_cdf over [low, high] of x, by the trapezoids between its kinks: exact. */
static double leg_cdf_mean(const double extra[GEOGRAPHY_JITTER_KNOTS], double low, double high)
{
    if (high <= low) {
        return leg_cdf(extra, low);
    }
    double area = 0.0;
    double left = low;
    for (int knot = 0; knot <= GEOGRAPHY_JITTER_KNOTS; ++knot) {
        double right = knot < GEOGRAPHY_JITTER_KNOTS ? extra[knot] : high;
        right = right < high ? right : high;
        if (right > left) {
            /* The value just inside the ends: jumps sit exactly on knots. */
            const double middle = leg_cdf(extra, left + (right - left) * 0.5);
            area += (right - left) * middle;
            left = right;
        }
    }
    return area / (high - low);
}

double jitter_fit_sum_cdf(const double extra[GEOGRAPHY_JITTER_KNOTS], double sum)
{
    double total = 0.0;
    for (int knot = 0; knot + 1 < GEOGRAPHY_JITTER_KNOTS; ++knot) {
        const double weight = jitter_fit_at[knot + 1] - jitter_fit_at[knot];
        total += weight * leg_cdf_mean(extra, sum - extra[knot + 1], sum - extra[knot]);
    }
    return total;
}

double jitter_fit_floor(const double percentiles[JITTER_FIT_PERCENTILES], double bound)
{
    const double floor = percentiles[0] - (percentiles[1] - percentiles[0]);
    return floor > bound ? floor : bound;
}

/* The last knot goes on as steeply as the last published piece: see jitter.h, limits. */
static void extend_tail(double extra[GEOGRAPHY_JITTER_KNOTS])
{
    enum { LAST = GEOGRAPHY_JITTER_KNOTS - 1 };
    extra[LAST] = extra[LAST - 1] + (extra[LAST - 1] - extra[LAST - 2]);
}

/* Moves knot `knot` between its neighbours until P(sum <= target) = level. */
static void fit_knot(double extra[GEOGRAPHY_JITTER_KNOTS], int knot, double target, double level)
{
    double low = extra[knot - 1];
    double high = knot + 1 == GEOGRAPHY_JITTER_KNOTS - 1 ? target : extra[knot + 1];
    for (int i = 0; i < BISECTIONS; ++i) {
        extra[knot] = low + (high - low) * 0.5;
        if (knot + 1 == GEOGRAPHY_JITTER_KNOTS - 1) {
            extend_tail(extra);
        }
        if (jitter_fit_sum_cdf(extra, target) > level) {
            low = extra[knot];
        } else {
            high = extra[knot];
        }
    }
}

void jitter_fit(const double percentiles[JITTER_FIT_PERCENTILES], double floor,
                double extra[GEOGRAPHY_JITTER_KNOTS])
{
    CHECK(floor > 0.0 && floor <= percentiles[0]);
    extra[0] = 0.0;
    for (int i = 0; i < JITTER_FIT_PERCENTILES; ++i) {
        CHECK(i == 0 || percentiles[i] >= percentiles[i - 1]);
        extra[i + 1] = (percentiles[i] - floor) * 0.5;
    }
    extend_tail(extra);
    for (int sweep = 0; sweep < SWEEPS; ++sweep) {
        for (int i = JITTER_FIT_PERCENTILES - 1; i >= 0; --i) {
            fit_knot(extra, i + 1, percentiles[i] - floor, jitter_fit_levels[i]);
        }
    }
}
