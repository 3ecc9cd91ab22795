/*
 * figure.h - a figure: what it needs, what it writes, and the list of all of them.
 *
 * Model:   draw() writes the body of a gnuplot script and its data (CSV: one header row, then
 *          numbers only, finite or empty) into two streams. It returns false, having written
 *          whatever, when the set holds nothing to show. It opens no file and names none but
 *          page->data_name.
 * Text:    everything of a scenario goes through gp_literal() or figure_header_cell().
 * Add one: one file with a `const struct figure figure_X`, and its line in registry.def.
 * Units:   lengths in pixels of the SVG (the PNG has twice as many); data in those of the axes.
 * Limits:  at most FIGURE_CURVES_MAX curves and FIGURE_POINTS_MAX points a curve; more data is
 *          thinned, more curves are left to the CSV of the run, and the figure says so.
 */
#ifndef PLOTS_FIGURE_H
#define PLOTS_FIGURE_H

#include "analysis/metric.h"
#include "plots/conflict_summary.h"
#include "plots/failure_summary.h"
#include "sim/record.h"

#include <stdbool.h>
#include <stdio.h>

enum { FIGURE_CURVES_MAX = 10, FIGURE_POINTS_MAX = 1500, FIGURE_NAME_POINTS = 30 };

/* What a comparison of variants keeps of each; parts without samples are NULL. */
struct figure_variant {
    const char *name;
    const struct histogram *latency[2]; /* reads, writes; over all regions */
    const struct metric_curve *visibility;
    struct failure_summary failures;
    struct conflict_summary conflicts;
};

struct figure_input {
    const struct record_layout *layout;
    const struct metric_set *set;
    size_t replications;
    const struct figure_variant *variants; /* of a comparison; else NULL */
    size_t variant_count;
};

struct figure_page {
    FILE *script, *data;
    const char *data_name; /* fixed by us, such as "latency_cdf.csv" */
    unsigned width, height;
    struct arena *arena; /* for the time of drawing */
};

struct figure {
    const char *name;  /* stem of the files: [a-z_]+ */
    const char *title; /* one line */
    bool (*draw)(const struct figure_input *input, struct figure_page *page);
};

/* All figures in the order in which they are drawn; ends with NULL. */
extern const struct figure *const figure_registry[];

/* Those that show one curve a variant. */
extern const struct figure *const figure_registry_variants[];

#endif
