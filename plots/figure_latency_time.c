#include "plots/frame.h"
#include "plots/timeline.h"

#include "analysis/utf8.h"

enum { PANEL_HEIGHT = 190, PANEL_GAP = 20, PANELS = 2 };

/* A region's median and tail for reads and writes; NULL where there is no sample. */
struct region {
    const char *name;
    const double *median[PANELS], *tail[PANELS];
    unsigned column[PANELS]; /* of the median in the data file; the tail follows */
};

static const char *const operations[PANELS] = {"read", "write"};

static const double *find_values(const struct metric_set *set, const char *name, const char *region,
                                 const char *operation)
{
    const struct metric_label labels[2] = {{"region", region}, {"operation", operation}};
    const struct metric_series *series = timeline_find(set, name, labels, 2);
    return series != NULL && timeline_has_data(set, series->values) ? series->values : NULL;
}

static size_t collect(const struct figure_input *input, struct region *regions, size_t *left_out)
{
    size_t count = 0;
    for (uint32_t i = 0; i < input->layout->place_count; i++) {
        struct region region = {.name = input->layout->places[i].name};
        bool any = false;
        for (size_t panel = 0; panel < PANELS; panel++) {
            region.median[panel] =
                find_values(input->set, "latency_p50_ms", region.name, operations[panel]);
            region.tail[panel] =
                find_values(input->set, "latency_p99_ms", region.name, operations[panel]);
            any = any || (region.median[panel] != NULL && region.tail[panel] != NULL);
        }
        if (any && count < FIGURE_CURVES_MAX) {
            regions[count++] = region;
        } else if (any) {
            ++*left_out;
        }
    }
    return count;
}

static void write_data(const struct figure_input *input, struct figure_page *page,
                       struct region *regions, size_t count)
{
    struct timeline_column columns[2 * PANELS * FIGURE_CURVES_MAX];
    unsigned used = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t panel = 0; panel < PANELS; panel++) {
            if (regions[i].median[panel] == NULL || regions[i].tail[panel] == NULL) {
                continue;
            }
            regions[i].column[panel] = used + 2;
            columns[used++] = (struct timeline_column){
                arena_printf(page->arena, "%s %s p50 ms", regions[i].name, operations[panel]),
                regions[i].median[panel], TIMELINE_MAX};
            columns[used++] = (struct timeline_column){
                arena_printf(page->arena, "%s %s p99 ms", regions[i].name, operations[panel]),
                regions[i].tail[panel], TIMELINE_MAX};
        }
    }
    timeline_write(input, page, columns, used);
}

/* Returns how many curves the panel has; draws none when it is a rehearsal. */
static size_t plot_panel(const struct frame *frame, const struct region *regions, size_t count,
                         size_t panel)
{
    struct timeline_curve curves[2 * FIGURE_CURVES_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned column = regions[i].column[panel];
        if (column == 0) {
            continue;
        }
        curves[used++] = (struct timeline_curve){
            .column = column, .linetype = (unsigned)i + 1, .dash = "(1,3)", .width = 1.4};
        curves[used++] = (struct timeline_curve){.column = column + 1,
                                                 .linetype = (unsigned)i + 1,
                                                 .dash = "solid",
                                                 .title = regions[i].name,
                                                 .width = 1.6,
                                                 .points = true};
    }
    if (frame != NULL && used > 0) {
        timeline_plot(frame, curves, used);
    }
    return used;
}

static void write_panel(const struct frame *frame, const struct region *regions, size_t count,
                        size_t panel)
{
    fprintf(frame->page->script,
            "set logscale y\nset yrange [*:*]\nset ylabel \"%ss (ms)\" noenhanced\n",
            operations[panel]);
    plot_panel(frame, regions, count, panel);
    frame_panel_end(frame);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct region regions[FIGURE_CURVES_MAX];
    size_t left_out = 0, curves[PANELS];
    const size_t count = collect(input, regions, &left_out);
    int legend = 0;
    if (count == 0) {
        return false;
    }
    write_data(input, page, regions, count);
    for (size_t i = 0; i < count; i++) {
        const int width = utf8_width(regions[i].name);
        legend = width > legend ? width : legend;
    }
    for (size_t panel = 0; panel < PANELS; panel++) {
        curves[panel] = plot_panel(NULL, regions, count, panel);
    }
    const size_t shown = (size_t)(curves[0] > 0) + (size_t)(curves[1] > 0);
    const struct frame_spec spec = {
        .title = "Latency over time per client region",
        .note = left_out > 0
                    ? arena_printf(page->arena,
                                   "solid: p99, dotted: median; %zu more regions in timeline.csv",
                                   left_out)
                    : "solid: p99, dotted: median",
        .legend_columns = legend < FIGURE_NAME_POINTS ? legend : FIGURE_NAME_POINTS,
        .panels_height =
            (double)shown * PANEL_HEIGHT + (double)(shown - 1) * PANEL_GAP + FRAME_AXIS,
        .faults = true};
    const struct frame frame = frame_begin(input, page, &spec);
    const size_t legend_panel = curves[1] > curves[0] ? 1 : 0;
    double top = frame.top;
    for (size_t panel = 0; panel < PANELS; panel++) {
        const bool first = top <= frame.top, last = panel == PANELS - 1 || curves[panel + 1] == 0;
        const struct frame_box box = {frame.left, frame.right, top, top + PANEL_HEIGHT};
        if (curves[panel] > 0) {
            frame_panel(&frame, &box, panel == legend_panel);
            frame_time_axis(&frame, last);
            frame_faults(&frame, &box, first);
            write_panel(&frame, regions, count, panel);
            top += PANEL_HEIGHT + PANEL_GAP;
        }
    }
    frame_end(&frame);
    return true;
}

const struct figure figure_latency_time = {
    .name = "latency_time", .title = "median and 99 % latency per region over time", .draw = draw};
