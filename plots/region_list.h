/*
 * region_list.h - the client regions that a figure over time shows: the first ones with data.
 */
#ifndef PLOTS_REGION_LIST_H
#define PLOTS_REGION_LIST_H

#include "plots/figure.h"

struct region_list {
    const char *names[FIGURE_CURVES_MAX];
    size_t count, left_out;
    int columns; /* of the longest name, at most FIGURE_NAME_POINTS */
};

/* Regions for which a series of that name has a finite value. */
struct region_list region_list_of(const struct figure_input *input, struct arena *arena,
                                  const char *series);

/* "2 more regions in timeline.csv", or NULL when none is left out. */
const char *region_list_note(const struct region_list *list, struct arena *arena);

#endif
