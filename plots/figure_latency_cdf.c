#include "plots/frame.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"
#include "plots/gp_literal.h"

#include <string.h>

enum { PANEL_HEIGHT = 330, PANEL_GAP = 40, PANELS = 2 };

/* One curve: the reads or the writes of a region, or of a variant. */
struct cdf {
    const char *name;
    const struct histogram *histogram;
    unsigned linetype;          /* of the region, the same in both panels */
    size_t row_first, row_last; /* in the data file, from 0 */
};

struct panel {
    const char *title;
    struct cdf cdfs[FIGURE_CURVES_MAX];
    size_t count;
};

/* The latency distribution of one region and operation, or NULL when it has no samples. */
static const struct histogram *find_histogram(const struct metric_set *set, const char *region,
                                              const char *operation)
{
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *metric = &set->metrics[i];
        if (metric->label_count != 2 || strcmp(metric->definition->name, "latency_ms") != 0) {
            continue;
        }
        const char *its_region = metric_label_value(metric, "region");
        const char *its_operation = metric_label_value(metric, "operation");
        if (its_region != NULL && its_operation != NULL && strcmp(its_region, region) == 0 &&
            strcmp(its_operation, operation) == 0 && metric->histogram != NULL &&
            metric->histogram->count > 0) {
            return metric->histogram;
        }
    }
    return NULL;
}

/* What the figure is made of so far. */
struct collection {
    struct panel panels[PANELS];
    size_t left_out;
    unsigned linetype; /* of the last name */
};

static void add_curves(struct collection *collection, const char *name,
                       const struct histogram *const found[PANELS])
{
    if (found[0] == NULL && found[1] == NULL) {
        return;
    }
    if (collection->linetype == FIGURE_CURVES_MAX) {
        collection->left_out++;
        return;
    }
    collection->linetype++;
    for (size_t i = 0; i < PANELS; i++) {
        struct panel *panel = &collection->panels[i];
        if (found[i] != NULL) {
            struct cdf *cdf = &panel->cdfs[panel->count++];
            cdf->name = name;
            cdf->histogram = found[i];
            cdf->linetype = collection->linetype;
        }
    }
}

static void collect(const struct figure_input *input, struct collection *collection)
{
    static const char *const operations[PANELS] = {"read", "write"};
    for (size_t i = 0; i < input->variant_count; i++) {
        add_curves(collection, input->variants[i].name, input->variants[i].latency);
    }
    for (uint32_t i = 0; i < input->layout->place_count; i++) {
        const char *region = input->layout->places[i].name;
        const struct histogram *found[PANELS];
        for (size_t panel = 0; panel < PANELS; panel++) {
            found[panel] = find_histogram(input->set, region, operations[panel]);
        }
        add_curves(collection, region, found);
    }
}

/*
 * Rows latency, share, curve. A bucket gives a point when the share or the latency has moved enough
 * since the last one to be seen; the first and the last bucket always do.
 */
static size_t write_cdf(FILE *data, const struct cdf *cdf, size_t number)
{
    const double share_step = 1.0 / 400.0, latency_step = 1.01;
    const struct histogram *histogram = cdf->histogram;
    struct histogram_bucket bucket = {0};
    double last_share = -1.0, last_high = 0.0;
    size_t rows = 0;
    while (histogram_next(histogram, &bucket)) {
        const double share = (double)bucket.cumulative / (double)histogram->count;
        /* The last bucket may reach beyond the largest sample. */
        const int64_t end = bucket.high < histogram->max ? bucket.high : histogram->max;
        const double high = (double)(end > 0 ? end : 1);
        const bool last = bucket.cumulative == histogram->count;
        const bool first = rows == 0;
        if (first || last || share - last_share >= share_step ||
            (high >= last_high * latency_step && rows < FIGURE_POINTS_MAX)) {
            char text[NUMBER_TEXT_MAX], share_text[NUMBER_TEXT_MAX];
            fprintf(data, "%zu,%s,%s\n", number, number_text(high / (double)SIM_NS_PER_MS, text),
                    number_text(share, share_text));
            last_share = share;
            last_high = high;
            rows++;
        }
    }
    return rows;
}

static void write_data(struct figure_page *page, struct panel panels[PANELS])
{
    size_t row = 0, number = 1;
    fputs("curve,latency_ms,share\n", page->data);
    for (size_t panel = 0; panel < PANELS; panel++) {
        for (size_t i = 0; i < panels[panel].count; i++) {
            struct cdf *cdf = &panels[panel].cdfs[i];
            cdf->row_first = row;
            row += write_cdf(page->data, cdf, number++);
            cdf->row_last = row - 1;
        }
    }
}

static void write_panel(const struct frame *frame, const struct panel *panel,
                        const struct frame_box *box, bool legend)
{
    FILE *script = frame->page->script;
    frame_panel(frame, box, legend);
    fputs("set logscale x\nset yrange [0:1]\nset format y \"%g\"\n"
          "set ytics (\"0 %%\" 0, \"25 %%\" 0.25, \"50 %%\" 0.5, \"75 %%\" 0.75, \"100 %%\" 1)\n"
          "set grid xtics ytics lc rgb \"#d0d0d0\" lw 0.6 dt solid\n",
          script);
    fprintf(script, "set xlabel \"latency of %s (ms)\" noenhanced\n", panel->title);
    if (box->left <= frame->left) {
        fputs("set ylabel \"share of operations\" noenhanced\n", script);
    } else {
        fputs("set ylabel \"\"\nset format y \"\"\nset ytics 0.25\n", script);
    }
    fputs("plot \\\n", script);
    for (size_t i = 0; i < panel->count; i++) {
        const struct cdf *cdf = &panel->cdfs[i];
        fprintf(script,
                "  \"%s\" skip 1 every ::%zu::%zu using 2:3 with linespoints linetype %u "
                "pointnumber 7 title ",
                frame->page->data_name, cdf->row_first, cdf->row_last, cdf->linetype);
        gp_literal_cut(script, cdf->name, FIGURE_NAME_POINTS);
        fputs(i + 1 < panel->count ? " noenhanced, \\\n" : " noenhanced\n", script);
    }
    frame_panel_end(frame);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct collection collection = {.panels = {{.title = "reads"}, {.title = "writes"}}};
    struct panel *panels = collection.panels;
    collect(input, &collection);
    const size_t shown = (panels[0].count > 0) + (size_t)(panels[1].count > 0);
    if (shown == 0) {
        return false;
    }
    /* The legend belongs to the panel with more curves. */
    const size_t legend = panels[1].count > panels[0].count ? 1 : 0;
    int columns = 0;
    for (size_t i = 0; i < panels[legend].count; i++) {
        const int width = utf8_width(panels[legend].cdfs[i].name);
        columns = width > columns ? width : columns;
    }
    const bool variants = input->variant_count > 0;
    const struct frame_spec spec = {
        .title = variants ? "Latency per variant, all regions" : "Latency per client region",
        .note = collection.left_out > 0
                    ? arena_printf(page->arena, "%zu more in metrics.csv", collection.left_out)
                    : NULL,
        .legend_columns = columns > FIGURE_NAME_POINTS ? FIGURE_NAME_POINTS : columns,
        .panels_height = PANEL_HEIGHT + FRAME_AXIS};
    const struct frame frame = frame_begin(input, page, &spec);
    write_data(page, panels);
    const double width =
        (frame.right - frame.left - PANEL_GAP * (double)(shown - 1)) / (double)shown;
    double left = frame.left;
    for (size_t panel = 0; panel < PANELS; panel++) {
        if (panels[panel].count > 0) {
            const struct frame_box box = {.left = left,
                                          .right = left + width,
                                          .top = frame.top,
                                          .bottom = frame.top + PANEL_HEIGHT};
            write_panel(&frame, &panels[panel], &box, panel == legend);
            left += width + PANEL_GAP;
        }
    }
    frame_end(&frame);
    return true;
}

const struct figure figure_latency_cdf_variants = {
    .name = "latency_cdf_variants", .title = "latency distribution per variant", .draw = draw};

const struct figure figure_latency_cdf = {
    .name = "latency_cdf", .title = "latency distribution per client region", .draw = draw};
