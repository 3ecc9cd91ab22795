/*
 * frame.h - what all figures share: margins, title, legend, fault windows, line styles.
 *
 * Layout: we place everything ourselves, in pixels from the top left, so that no legend or label
 *         can cover another: title and subtitle, rows of fault labels, panels, legend on the right.
 * Colour: Okabe and Ito's palette without its yellow (M. Okabe, K. Ito, "Color Universal Design",
 *         2008), then grey and two of Tol's muted scheme (P. Tol, SRON/EPS/TN/09-002, 2021). Each
 *         colour has its own dash and point type, so that a print without colour still tells the
 *         curves apart.
 * Faults: frame_faults.c.
 * Widths: of text are estimated from the mean advance of DejaVu Sans; gnuplot can not be asked.
 */
#ifndef PLOTS_FRAME_H
#define PLOTS_FRAME_H

#include "plots/figure.h"

struct frame_spec {
    const char *title;
    const char *note;     /* further words of the subtitle; NULL: none */
    int legend_columns;   /* of the longest legend entry; 0: no legend */
    double panels_height; /* of all panels with the gaps between them and their axis titles */
    bool faults;          /* rows for the labels of the fault windows */
    bool filled;          /* areas hide the fault windows: lines before them mark begin and end */
    double from_s, to_s;  /* what the time axis shows; to_s 0: the whole run */
};

struct frame_box { /* of a panel's axes, in pixels from the top left */
    double left, right, top, bottom;
};

struct frame_label { /* of a fault, over the first time in which it was active */
    const char *text;
    double at_s;
    unsigned row;
    bool at_end; /* ends at at_s instead of beginning there */
};

struct frame_span {
    double begin_s, end_s;
};

struct frame {
    const struct figure_input *input;
    struct figure_page *page;
    double top, left, right; /* where panels may begin and end; the legend is right of `right` */
    double time_unit_s;
    const char *time_unit; /* "s", "min", "h" */
    double from_s, to_s;   /* of the time axis */
    unsigned fault_rows;
    bool filled;
    const struct frame_label *labels; /* of the faults */
    const struct frame_span *shades;  /* in which any fault was active; apart, in order */
    const double *begins_s;           /* at which one began */
    size_t label_count, shade_count, begin_count;
};

enum {
    FRAME_ROW = 15,
    FRAME_AXIS = 54
}; /* px: a row of fault labels; tics and title under a panel */

/* Begins the script: height of the page, styles, title, multiplot. */
struct frame frame_begin(const struct figure_input *input, struct figure_page *page,
                         const struct frame_spec *spec);

/* Margins of the next panel, and its legend when it is the one that has it. */
void frame_panel(const struct frame *frame, const struct frame_box *box, bool legend);

/*
 * A legend that belongs to several panels, right of them from `top` on, with room for any number of
 * entries: between the two calls write "keyentry ..., " for each. The last that is drawn, since it
 * has no axes.
 */
void frame_legend_begin(const struct frame *frame, double top);
void frame_legend_end(const struct frame *frame);

/* The name of one of several panels, above it. */
void frame_panel_name(const struct frame *frame, const struct frame_box *box, const char *name);

/* The time axis: range and tics; its title when `named`. */
void frame_time_axis(const struct frame *frame, bool named);

/*
 * Finds out what frame_faults() will draw, from the times in which faults really were active (of
 * the first replication); frame_begin() calls it. A fault that came several times is named over
 * the first with their number. Times less than a pixel apart are drawn as one.
 */
void frame_faults_place(struct frame *frame);

/* Shades the fault windows in a panel over time; `labels` above the panel. */
void frame_faults(const struct frame *frame, const struct frame_box *box, bool labels);

/* Forgets what belongs to one panel only. Call it after its plot command. */
void frame_panel_end(const struct frame *frame);
void frame_end(const struct frame *frame);

/* A name as a column header: no control characters, quoted where CSV needs it. */
void figure_header_cell(struct figure_page *page, const char *text);

#endif
