/*
 * failover_rows.h - what the picture of a failover shows: recoveries by client region, steps, and
 * the time axis that they need.
 *
 * Model:   a row is the reads or the writes of a client region, with one bar for each recovery. A
 *          recovery that begins before the one before is over ends with it, since to be served
 *          means to stay so for 30 s (rto_ms): it is a part of that bar. A recovery of no length
 *          has no bar. Regions that were interrupted come before the others when not all fit, and
 *          stand in the order of the layout.
 * Time:    from a little before the first fault to a little after the last recovery, or the end of
 *          the run when somebody did not recover.
 * Limits:  FAILOVER_REGIONS_MAX regions, FAILOVER_BARS_MAX bars a row.
 */
#ifndef PLOTS_FAILOVER_ROWS_H
#define PLOTS_FAILOVER_ROWS_H

#include "plots/figure.h"

enum { FAILOVER_REGIONS_MAX = 8, FAILOVER_BARS_MAX = 200, FAILOVER_STEPS_MAX = 500 };

struct failover_row {
    const struct metric_recovery *bars[FAILOVER_BARS_MAX];
    size_t bar_count;
    bool any; /* the region has operations of this kind */
};

struct failover_region {
    const char *name;
    struct failover_row rows[2]; /* reads, writes */
};

struct failover_rows {
    struct failover_region *regions;
    size_t region_count, left_out;
    double from_s, to_s, first_fault_s;
};

/* False: there was no recovery of anything. */
bool failover_rows_collect(const struct figure_input *input, struct arena *arena,
                           struct failover_rows *rows);

/* Where a bar ends: the recovery, or the end of the run. */
double failover_bar_end_s(const struct figure_input *input, const struct metric_recovery *bar);

#endif
