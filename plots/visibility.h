/*
 * visibility.h - the two figures of t-visibility: how long after its acknowledgement a write is
 * seen.
 *
 * Bins: neighbouring bins of a curve are joined until they hold VISIBILITY_SAMPLES reads, but
 * never to more than 15 % of their t, so that noise goes and steps stay; a probe's curve is exact
 * and left alone. The raw points are in the run's curves/. Axis: t ends where nothing happens any
 * more: at three times the last t at which a read was stale.
 * Source: P. Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums",
 *         VLDB 2012, for the curves; figure_visibility shows P(fresh), figure_stale_tail its
 *         complement on a log axis.
 */
#ifndef PLOTS_VISIBILITY_H
#define PLOTS_VISIBILITY_H

#include "plots/figure.h"

enum { VISIBILITY_SAMPLES = 1000 };

struct visibility_point {
    double t_ms, fresh; /* middle of the bin; share of its reads, 0 to 1 */
};

struct visibility_curve {
    const char *name;
    struct visibility_point *points;
    size_t count;
    bool any_stale;
    size_t row_first; /* in the data file, from 0 */
};

struct visibility {
    struct visibility_curve curves[FIGURE_CURVES_MAX];
    size_t count, left_out;
    int columns;        /* of the longest name */
    double least, most; /* the t axis, in ms; both above 0 */
    double least_fresh; /* of all points */
    double least_stale; /* of those above 0; 0 when no read was stale */
};

/* The probes' curve, and one per reader over all writers. False: no points. */
bool visibility_collect(const struct figure_input *input, struct arena *arena,
                        struct visibility *visibility);

/* Rows curve, t_ms, fresh_percent, stale_percent. */
void visibility_write(struct figure_page *page, struct visibility *visibility);

/* Sets the t axis: logarithmic when t spans more than two decades. */
void visibility_axis(FILE *script, const struct visibility *visibility);

/* "plot ..." over column 3 (fresh), or 4 (stale) for curves that have a stale read. */
void visibility_plot(const struct figure_page *page, const struct visibility *visibility,
                     bool stale);

#endif
