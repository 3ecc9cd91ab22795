#include "plots/frame.h"
#include "plots/visibility.h"

#include <math.h>

enum { PANEL_HEIGHT = 330 };

static const char *note_of(const struct visibility *visibility, struct arena *arena)
{
    const bool all_fresh = !(visibility->least_fresh < 1.0);
    const char *note = all_fresh ? "every read saw it: there is nothing below 100 %" : NULL;
    if (visibility->left_out == 0) {
        return note;
    }
    return arena_printf(arena, "%s%s%zu more in curves/", all_fresh ? note : "",
                        all_fresh ? "; " : "", visibility->left_out);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct visibility visibility;
    if (!visibility_collect(input, page->arena, &visibility)) {
        return false;
    }
    const struct frame_spec spec = {.title = "Reads that see the latest acknowledged write",
                                    .note = note_of(&visibility, page->arena),
                                    .legend_columns = visibility.columns,
                                    .panels_height = PANEL_HEIGHT + FRAME_AXIS};
    const struct frame frame = frame_begin(input, page, &spec);
    const struct frame_box box = {frame.left, frame.right, frame.top, frame.top + PANEL_HEIGHT};
    const double least = 100.0 * visibility.least_fresh;
    visibility_write(page, &visibility);
    frame_panel(&frame, &box, true);
    visibility_axis(page->script, &visibility);
    if (!(least < 100.0)) {
        /* A range around nothing would be all axis; the line has room above it to be seen. */
        fputs("set yrange [0:102]\nset ytics 20\n", page->script);
    } else if (least < 50.0) {
        fputs("set yrange [0:100]\nset ytics 20\n", page->script);
    } else {
        /* A little below the lowest point: half of the range above it at most is wasted. */
        const double range = fmax(1.2 * (100.0 - least), 0.001);
        fprintf(page->script, "set yrange [%.9g:100]\n", 100.0 - range);
    }
    fputs("set ylabel \"P(fresh), % of reads\" noenhanced\n", page->script);
    visibility_plot(page, &visibility, false);
    frame_panel_end(&frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_visibility_variants = {
    .name = "t_visibility_variants", .title = "share of fresh reads by variant", .draw = draw};

const struct figure figure_visibility = {
    .name = "t_visibility", .title = "share of fresh reads by time since the write", .draw = draw};
