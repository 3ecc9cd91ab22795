#include "plots/frame.h"
#include "plots/timeline.h"

#include "analysis/utf8.h"

#include <string.h>

enum { PANEL_HEIGHT = 320 };

static const char series_name[] = "replication_lag_ms";

static const char *label_of(const struct metric_series *series, const char *key)
{
    for (uint32_t i = 0; i < series->label_count; i++) {
        if (strcmp(series->labels[i].key, key) == 0) {
            return series->labels[i].value;
        }
    }
    return "";
}

/* The replicas that were furthest behind, in the order of the set. */
struct lagging {
    const struct metric_series *series[FIGURE_CURVES_MAX];
    double largest[FIGURE_CURVES_MAX];
    size_t count, left_out;
};

/* Keeps the order of the set: the least of the kept ones leaves, the others close up. */
static void consider(struct lagging *lagging, const struct metric_series *series, double largest)
{
    size_t least = 0;
    if (lagging->count == FIGURE_CURVES_MAX) {
        lagging->left_out++;
        for (size_t i = 1; i < lagging->count; i++) {
            least = lagging->largest[i] <= lagging->largest[least] ? i : least;
        }
        if (largest <= lagging->largest[least]) {
            return;
        }
        lagging->count--;
        for (size_t i = least; i < lagging->count; i++) {
            lagging->series[i] = lagging->series[i + 1];
            lagging->largest[i] = lagging->largest[i + 1];
        }
    }
    lagging->series[lagging->count] = series;
    lagging->largest[lagging->count] = largest;
    lagging->count++;
}

static struct lagging collect(const struct metric_set *set)
{
    struct lagging lagging = {.count = 0};
    for (size_t i = 0; i < set->series_count; i++) {
        const struct metric_series *series = &set->series[i];
        if (strcmp(series->name, series_name) == 0 && timeline_has_data(set, series->values)) {
            consider(&lagging, series, timeline_max(set, series->values));
        }
    }
    return lagging;
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    const double long_lag_ms = 10000.0; /* from here on seconds read better than milliseconds */
    const struct lagging lagging = collect(input->set);
    struct timeline_column columns[FIGURE_CURVES_MAX];
    struct timeline_curve curves[FIGURE_CURVES_MAX];
    int legend = 0;
    double largest = 0.0;
    for (size_t i = 0; i < lagging.count; i++) {
        const char *replica = label_of(lagging.series[i], "replica");
        const char *name = input->layout->dataset_count < 2
                               ? replica
                               : arena_printf(page->arena, "%s %s",
                                              label_of(lagging.series[i], "dataset"), replica);
        const int width = utf8_width(name);
        columns[i] = (struct timeline_column){name, lagging.series[i]->values, TIMELINE_MAX};
        curves[i] = (struct timeline_curve){.column = (unsigned)i + 2,
                                            .linetype = (unsigned)i + 1,
                                            .dash = "",
                                            .title = name,
                                            .width = 1.8,
                                            .points = true};
        legend = width > legend ? width : legend;
        largest = lagging.largest[i] > largest ? lagging.largest[i] : largest;
    }
    if (lagging.count == 0) {
        return false;
    }
    const struct frame_spec spec = {
        .title = "Replication lag",
        .note = lagging.left_out > 0 ? arena_printf(page->arena, "the %zu furthest behind of %zu",
                                                    lagging.count, lagging.count + lagging.left_out)
                                     : NULL,
        .legend_columns = legend < FIGURE_NAME_POINTS ? legend : FIGURE_NAME_POINTS,
        .panels_height = PANEL_HEIGHT + FRAME_AXIS,
        .faults = true};
    const struct frame frame = frame_begin(input, page, &spec);
    const struct frame_box box = {frame.left, frame.right, frame.top, frame.top + PANEL_HEIGHT};
    const bool seconds = largest >= long_lag_ms;
    for (size_t i = 0; i < lagging.count; i++) {
        curves[i].divisor = seconds ? 1000.0 : 1.0;
    }
    timeline_write(input, page, columns, lagging.count);
    frame_panel(&frame, &box, true);
    frame_time_axis(&frame, true);
    frame_faults(&frame, &box, true);
    const double top = largest > 0.0 ? 1.06 * largest / (seconds ? 1000.0 : 1.0) : 1.0;
    fprintf(page->script, "set yrange [0:%.9g]\nset ylabel \"lag (%s)\" noenhanced\n", top,
            seconds ? "s" : "ms");
    timeline_plot(&frame, curves, lagging.count);
    frame_panel_end(&frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_replication_lag = {
    .name = "replication_lag", .title = "replication lag per replica over time", .draw = draw};
