#include "plots/frame.h"
#include "plots/region_list.h"
#include "plots/success.h"
#include "plots/timeline.h"

enum { PANEL_HEIGHT = 190, PANEL_GAP = 28 };

/* Column 2 + 3 i: success ratio of region i; then its ended and its ok operations per second. */
enum { COLUMNS_PER_REGION = 3 };

static void make_columns(const struct figure_input *input, struct figure_page *page,
                         const struct region_list *regions, struct timeline_column *columns)
{
    for (size_t i = 0; i < regions->count; i++) {
        struct timeline_column *its = &columns[i * COLUMNS_PER_REGION];
        const char *name = regions->names[i];
        const struct success success = success_of(input, page->arena, name, NULL);
        its[0] = (struct timeline_column){arena_printf(page->arena, "%s ok percent", name),
                                          success.percent, TIMELINE_MEAN};
        its[1] = (struct timeline_column){arena_printf(page->arena, "%s ended per s", name),
                                          success.ended, TIMELINE_MEAN};
        its[2] = (struct timeline_column){arena_printf(page->arena, "%s ok per s", name),
                                          success.ok, TIMELINE_MEAN};
    }
}

static void plot_ratio(const struct frame *frame, const struct region_list *regions)
{
    struct timeline_curve curves[FIGURE_CURVES_MAX];
    for (size_t i = 0; i < regions->count; i++) {
        curves[i] = (struct timeline_curve){.column = (unsigned)(2 + i * COLUMNS_PER_REGION),
                                            .linetype = (unsigned)i + 1,
                                            .dash = "",
                                            .title = regions->names[i],
                                            .width = 1.8,
                                            .points = true};
    }
    timeline_plot(frame, curves, regions->count);
}

static void plot_rates(const struct frame *frame, const struct region_list *regions)
{
    struct timeline_curve curves[2 * FIGURE_CURVES_MAX];
    for (size_t i = 0; i < regions->count; i++) {
        const unsigned column = (unsigned)(2 + i * COLUMNS_PER_REGION);
        const unsigned linetype = (unsigned)i + 1;
        curves[2 * i] = (struct timeline_curve){
            .column = column + 1, .linetype = linetype, .dash = "(1,3)", .width = 1.4};
        curves[2 * i + 1] = (struct timeline_curve){.column = column + 2,
                                                    .linetype = linetype,
                                                    .dash = "solid",
                                                    .width = 1.6,
                                                    .points = true};
    }
    timeline_plot(frame, curves, 2 * regions->count);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    const struct region_list regions = region_list_of(input, page->arena, "offered_per_s");
    struct timeline_column columns[COLUMNS_PER_REGION * FIGURE_CURVES_MAX];
    if (regions.count == 0) {
        return false;
    }
    const struct frame_spec spec = {.title = "Availability per client region",
                                    .note = region_list_note(&regions, page->arena),
                                    .legend_columns = regions.columns,
                                    .panels_height = 2 * PANEL_HEIGHT + PANEL_GAP + FRAME_AXIS,
                                    .faults = true};
    const struct frame frame = frame_begin(input, page, &spec);
    make_columns(input, page, &regions, columns);
    timeline_write(input, page, columns, COLUMNS_PER_REGION * regions.count);
    const struct frame_box ratio = {frame.left, frame.right, frame.top, frame.top + PANEL_HEIGHT};
    const struct frame_box rates = {frame.left, frame.right, ratio.bottom + PANEL_GAP,
                                    ratio.bottom + PANEL_GAP + PANEL_HEIGHT};
    frame_panel(&frame, &ratio, true);
    frame_time_axis(&frame, false);
    frame_faults(&frame, &ratio, true);
    fputs(
        "set yrange [0:102]\nset ytics 25\nset ylabel \"ok (% of those that ended)\" noenhanced\n",
        page->script);
    plot_ratio(&frame, &regions);
    frame_panel_end(&frame);
    frame_panel(&frame, &rates, false);
    frame_time_axis(&frame, true);
    frame_faults(&frame, &rates, false);
    fputs("set yrange [0:*]\nset ylabel \"operations per s\" noenhanced\n"
          "set label \"dotted: all that ended, solid: ok; none where over 1 % were in flight "
          "when the run ended\" at graph 0.01, graph 1.05 left noenhanced "
          "font \",10\" textcolor rgb \"#606060\"\n",
          page->script);
    plot_rates(&frame, &regions);
    frame_panel_end(&frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_availability = {
    .name = "availability", .title = "success ratio and rates per region over time", .draw = draw};
