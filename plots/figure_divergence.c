#include "plots/frame.h"
#include "plots/timeline.h"

#include "analysis/utf8.h"

#include <string.h>

enum { PANEL_HEIGHT = 300 };

struct diverging { /* one curve a dataset that several replicas accept writes for */
    struct timeline_column columns[FIGURE_CURVES_MAX];
    struct timeline_curve curves[FIGURE_CURVES_MAX];
    size_t count, left_out;
    int legend;
    double largest;
};

static const char *dataset_of(const struct metric_series *series)
{
    for (uint32_t i = 0; i < series->label_count; i++) {
        if (strcmp(series->labels[i].key, "dataset") == 0) {
            return series->labels[i].value;
        }
    }
    return "all";
}

static void add(struct diverging *diverging, const struct metric_series *series, double largest)
{
    const char *name = dataset_of(series);
    const int width = utf8_width(name);
    const size_t i = diverging->count;
    if (i == FIGURE_CURVES_MAX) {
        diverging->left_out++;
        return;
    }
    diverging->columns[i] = (struct timeline_column){name, series->values, TIMELINE_MAX};
    diverging->curves[i] = (struct timeline_curve){.column = (unsigned)i + 2,
                                                   .linetype = (unsigned)i + 1,
                                                   .dash = "",
                                                   .title = name,
                                                   .width = 1.8,
                                                   .divisor = 0.01, /* per cent */
                                                   .points = true};
    diverging->legend = width > diverging->legend ? width : diverging->legend;
    diverging->largest = largest > diverging->largest ? largest : diverging->largest;
    diverging->count++;
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct diverging diverging = {.count = 0};
    for (size_t i = 0; i < input->set->series_count; i++) {
        const struct metric_series *series = &input->set->series[i];
        if (strcmp(series->name, "divergence_ratio") == 0 &&
            timeline_has_data(input->set, series->values)) {
            add(&diverging, series, timeline_max(input->set, series->values));
        }
    }
    if (diverging.count == 0) {
        return false;
    }
    const struct frame_spec spec = {
        .title = "Keys that live replicas disagree about",
        .note =
            diverging.left_out > 0
                ? arena_printf(page->arena, "%zu more datasets in timeline.csv", diverging.left_out)
                : NULL,
        .legend_columns =
            diverging.legend < FIGURE_NAME_POINTS ? diverging.legend : FIGURE_NAME_POINTS,
        .panels_height = PANEL_HEIGHT + FRAME_AXIS,
        .faults = true};
    const struct frame frame = frame_begin(input, page, &spec);
    const struct frame_box box = {frame.left, frame.right, frame.top, frame.top + PANEL_HEIGHT};
    timeline_write(input, page, diverging.columns, diverging.count);
    frame_panel(&frame, &box, true);
    frame_time_axis(&frame, true);
    frame_faults(&frame, &box, true);
    fprintf(page->script, "set yrange [0:%.9g]\nset ylabel \"keys (%%)\" noenhanced\n",
            diverging.largest > 0.0 ? 106.0 * diverging.largest : 1.0);
    timeline_plot(&frame, diverging.curves, diverging.count);
    frame_panel_end(&frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_divergence = {
    .name = "divergence", .title = "keys that replicas disagree about over time", .draw = draw};
