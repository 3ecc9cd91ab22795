#include "plots/frame.h"
#include "plots/visibility.h"

#include <math.h>

enum { PANEL_HEIGHT = 330 };

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct visibility visibility;
    if (!visibility_collect(input, page->arena, &visibility) || !(visibility.least_stale > 0.0)) {
        return false; /* no logarithm of nothing */
    }
    const double least = 100.0 * visibility.least_stale;
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
    visibility_plot(page, &visibility, true);
    frame_panel_end(&frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_stale_tail_variants = {
    .name = "stale_tail_variants", .title = "share of stale reads by variant", .draw = draw};

const struct figure figure_stale_tail = {
    .name = "stale_tail", .title = "share of stale reads by time since the write", .draw = draw};
