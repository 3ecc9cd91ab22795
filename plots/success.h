/*
 * success.h - how many operations of a region ended, and how many of them were ok, over time.
 *
 * Model: those that ended are ok + failed + unknown, the operations that availability_ratio is of:
 *        what is still in flight when the run ends had time left, and is no failure. Undecided
 *        buckets, of which more than SUCCESS_IN_FLIGHT_MAX are in flight at the end, are NAN, since
 *        the curves would fall for nothing; so are those where the run never came.
 */
#ifndef PLOTS_SUCCESS_H
#define PLOTS_SUCCESS_H

#include "plots/figure.h"

#define SUCCESS_IN_FLIGHT_MAX 0.01

struct success { /* one value a bucket, in the arena */
    const double *ended, *ok, *percent;
};

/* `operation`: "read", "write", or NULL for both together. */
struct success success_of(const struct figure_input *input, struct arena *arena, const char *region,
                          const char *operation);

/* The series of the region's operations; all NAN when there is none. */
const double *success_series(const struct figure_input *input, struct arena *arena,
                             const char *name, const char *region, const char *operation);

#endif
