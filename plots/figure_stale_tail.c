#include "plots/frame.h"
#include "plots/visibility.h"

#include <math.h>

enum { PANEL_HEIGHT = 330 };

/* The smallest positive share of stale reads in per cent; 0 when no read was stale. */
static double least_stale_percent(const struct visibility *visibility)
{
    double least = 0.0;
    for (size_t i = 0; i < visibility->count; i++) {
        const struct metric_curve *curve = visibility->curves[i].curve;
        for (size_t point = 0; point < curve->point_count; point++) {
            const double stale = 100.0 * (1.0 - curve->y[point]);
            if (isfinite(stale) && stale > 0.0) {
                least = least > 0.0 ? fmin(least, stale) : stale;
            }
        }
    }
    return least;
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct visibility visibility;
    if (!visibility_collect(input, &visibility)) {
        return false;
    }
    const double least = least_stale_percent(&visibility);
    if (!(least > 0.0)) {
        return false; /* a logarithm of nothing */
    }
    const struct frame_spec spec = {.title = "Reads that miss the latest acknowledged write",
                                    .note = "log axis: points without a stale read are not shown",
                                    .legend_columns = visibility.columns,
                                    .panels_height = PANEL_HEIGHT + FRAME_AXIS};
    const struct frame frame = frame_begin(input, page, &spec);
    const struct frame_box box = {frame.left, frame.right, frame.top, frame.top + PANEL_HEIGHT};
    visibility_write(page, &visibility);
    frame_panel(&frame, &box, true);
    visibility_axis(page->script, &visibility);
    fprintf(page->script,
            "set logscale y\nset yrange [%.9g:100]\nset format y \"%%g\"\n"
            "set ylabel \"P(stale), %% of reads\" noenhanced\n",
            fmin(pow(10.0, floor(log10(least))), 10.0));
    visibility_plot(page, &visibility, 4);
    frame_panel_end(&frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_stale_tail = {
    .name = "stale_tail", .title = "share of stale reads by time since the write", .draw = draw};
