/*
 * timeline.h - curves over simulated time, from the series of a metric set.
 *
 * Model:   a timeline has one column a curve and one row a bucket, or a few buckets joined so that
 *          at most FIGURE_POINTS_MAX rows remain: rates and ratios by their mean, lags and
 * latencies by their maximum, since a peak must not disappear. A row stands at the middle of its
 *          buckets. Where there is no sample the cell is empty and the curve has a gap.
 * Ownership: values come from the arena of the page.
 */
#ifndef PLOTS_TIMELINE_H
#define PLOTS_TIMELINE_H

#include "plots/frame.h"

enum timeline_join { TIMELINE_MEAN, TIMELINE_MAX };

struct timeline_column {
    const char *name;     /* for the header and the legend */
    const double *values; /* one a bucket, NAN: none; NULL: an empty column */
    enum timeline_join join;
};

/* The series with exactly these labels (values may be NULL for a key that is not wanted); NULL:
 * none. */
const struct metric_series *timeline_find(const struct metric_set *set, const char *name,
                                          const struct metric_label *labels, uint32_t count);

/* Values of "name" for the region: the series over all operations, or the sum of reads and writes.
 */
const double *timeline_of_region(const struct figure_input *input, struct arena *arena,
                                 const char *name, const char *region);

/* Whether any value is finite. */
bool timeline_has_data(const struct metric_set *set, const double *values);
double timeline_max(const struct metric_set *set, const double *values); /* 0 without data */

/* Writes header and rows: time_s and the columns. */
void timeline_write(const struct figure_input *input, struct figure_page *page,
                    const struct timeline_column *columns, size_t count);

/* The buckets of some time, joined `stride` by `stride`. */
struct timeline_rows {
    size_t first, end, stride;
};

struct timeline_rows timeline_rows_between(const struct metric_set *set, double from_s,
                                           double to_s);
void timeline_write_rows(const struct figure_input *input, struct figure_page *page,
                         const struct timeline_column *columns, size_t count,
                         struct timeline_rows rows);

/* One curve of a plot command: column (2 = first after time), line type, dash ("": its own). */
struct timeline_curve {
    unsigned column, linetype;
    const char *dash;
    const char *title; /* NULL: not in the legend */
    double width;
    double divisor; /* of the values, such as 1000 for s instead of ms; 0 counts as 1 */
    bool points;
};

/* Writes "plot ..." with all curves. */
void timeline_plot(const struct frame *frame, const struct timeline_curve *curves, size_t count);

#endif
