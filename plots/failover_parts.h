/*
 * failover_parts.h - names and colours of the parts that a time to recovery is made of.
 *
 * Colour: Okabe and Ito's (frame.h), here with its yellow: these are bars with a border, not lines.
 */
#ifndef PLOTS_FAILOVER_PARTS_H
#define PLOTS_FAILOVER_PARTS_H

#include "analysis/metric.h"

#include <stdio.h>

enum { FAILOVER_PARTS = METRIC_RECOVERY_TIMES - 1, FAILOVER_PART_NEVER = FAILOVER_PARTS };

struct failover_part {
    const char *name, *metric, *colour, *text_colour; /* metric: that sums it up; NULL: none */
};

/* In order of time; the last one is a recovery that the run did not see. */
extern const struct failover_part failover_parts[FAILOVER_PARTS + 1];

/* Defines the gnuplot function part_colour(k), k = 1, 2, .... */
void failover_part_colours(FILE *script);

/* Writes "keyentry ...," for each part with used[k], and continues the plot command. */
void failover_part_legend(FILE *script, const bool used[FAILOVER_PARTS + 1]);

/* "850 ms", "24.3 s", "12 min 5 s". */
const char *failover_length_text(struct arena *arena, double seconds);

#endif
