/*
 * plots.h - draws every figure of a run: SVG and PNG, each with its script and its data next to it.
 *
 * Model:   for each figure of the registry that has data: NAME.csv, NAME.gp, NAME.svg and NAME.png
 *          in the directory. The script runs by itself (`gnuplot -d NAME.gp > NAME.svg`), so that
 *          anyone can restyle it.
 * gnuplot: runs in a private directory (gnuplot.h). When there is none, scripts and data are
 *          written, and `note` says so: no failure.
 * Errors:  plots_draw() returns false when a file could not be written (`error`); a figure that
 *          gnuplot refused is PLOT_FAILED with the reason, and the others are drawn.
 * Order:   of the registry. The bytes of scripts and data depend on metric set and layout only.
 */
#ifndef PLOTS_PLOTS_H
#define PLOTS_PLOTS_H

#include "analysis/metric.h"
#include "analysis/output_file.h"
#include "plots/figure.h"
#include "sim/record.h"

#include <stdbool.h>
#include <stddef.h>

enum plot_state { PLOT_DRAWN, PLOT_EMPTY, PLOT_SCRIPT_ONLY, PLOT_FAILED };

enum { PLOT_FIGURES_MAX = 24, PLOT_TEXT_MAX = 512 };

struct plot_result {
    const char *name, *title; /* of the figure */
    enum plot_state state;
    char text[PLOT_TEXT_MAX]; /* why it failed, or gnuplot's warnings */
};

struct plot_report {
    struct plot_result results[PLOT_FIGURES_MAX];
    size_t count, drawn, failed;
    char note[PLOT_TEXT_MAX]; /* for people, "" when all is well */
    struct output_error error;
};

struct plot_options {
    bool no_svg, no_png;
    const char *gnuplot; /* path of the program; NULL: from PATH */
    unsigned timeout_s;  /* for one picture; 0: 30 */
    size_t replications; /* for the subtitle; 0 counts as 1 */
    const char *only;    /* name of the one figure to draw; NULL: all */
};

bool plots_draw(const struct record_layout *layout, const struct metric_set *set,
                const char *directory, const struct plot_options *options,
                struct plot_report *report);

/* The same for another list of figures (ends with NULL): what comparison.h is made of. */
bool plots_draw_figures(const struct figure *const *figures, const struct figure_input *input,
                        const char *directory, const struct plot_options *options,
                        struct plot_report *report);

#endif
