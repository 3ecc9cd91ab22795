/*
 * visibility.h - the two figures of t-visibility: how long after its acknowledgement a write is
 * seen.
 *
 * Source: P. Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums",
 *         VLDB 2012, for the curves; figure_visibility shows P(fresh), figure_stale_tail its
 *         complement on a log axis.
 */
#ifndef PLOTS_VISIBILITY_H
#define PLOTS_VISIBILITY_H

#include "plots/figure.h"

struct visibility_curve {
    const struct metric_curve *curve;
    const char *name;
    size_t row_first, row_last; /* in the data file */
};

struct visibility {
    struct visibility_curve curves[FIGURE_CURVES_MAX];
    size_t count, left_out;
    int columns;        /* of the longest name */
    double least, most; /* positive t shown, in ms */
};

/* Curves per reader (over all writers), with the probes' curve first. False: no points. */
bool visibility_collect(const struct figure_input *input, struct visibility *visibility);

/* Rows curve, t_ms, fresh, stale (both in per cent); thinned. */
void visibility_write(struct figure_page *page, struct visibility *visibility);

/* Sets the t axis: logarithmic when t spans more than two decades. */
void visibility_axis(FILE *script, const struct visibility *visibility);

/* "plot ..." of all curves over column `column` of the data. */
void visibility_plot(const struct figure_page *page, const struct visibility *visibility,
                     unsigned column);

#endif
