#include "plots/conflict_summary.h"
#include "plots/frame.h"
#include "plots/gp_literal.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"

#include <math.h>

/* Three panels: conflicts against delay, against write rate; lost updates against clock error. */
enum { PANELS = 3, PANEL_HEIGHT = 230, PANEL_GAP = 34, WIDTH = 860 };

struct panel {
    const char *name, *x_label, *y_label;
    unsigned x_column, y_column; /* of the data: 1 = variant */
    double x_most, x_least, y_most;
};

struct picture {
    const struct figure_variant *variants[FIGURE_CURVES_MAX];
    size_t count, left_out;
    int legend;
    struct panel panels[PANELS];
};

static double lost_unseen(const struct conflict_summary *conflicts)
{
    return conflicts->lost[LOSS_CONCURRENT] + conflicts->lost[LOSS_CLOCK];
}

static void panel_take(struct panel *panel, double x, double y)
{
    panel->x_least = fmin(panel->x_least, x);
    panel->x_most = fmax(panel->x_most, x);
    panel->y_most = fmax(panel->y_most, y);
}

static void collect(const struct figure_input *input, struct picture *picture)
{
    for (size_t i = 0; i < input->variant_count; i++) {
        const struct figure_variant *variant = &input->variants[i];
        const struct conflict_summary *conflicts = &variant->conflicts;
        const int width = utf8_width(variant->name);
        if (!conflicts->any) {
            continue;
        }
        if (picture->count == FIGURE_CURVES_MAX) {
            picture->left_out++;
            continue;
        }
        picture->variants[picture->count++] = variant;
        picture->legend = width > picture->legend ? width : picture->legend;
        panel_take(&picture->panels[0], conflicts->delay_ms, conflicts->conflicts);
        panel_take(&picture->panels[1], conflicts->writes_per_s, conflicts->conflicts);
        if (conflicts->clock_known) {
            panel_take(&picture->panels[2], conflicts->clock_error_ms, lost_unseen(conflicts));
        }
    }
}

/* Of one variant, or of variants alike, an axis tells nothing. */
static bool panel_tells(const struct panel *panel)
{
    return panel->x_most > panel->x_least + 0.01 * fabs(panel->x_most);
}

static void write_data(const struct picture *picture, FILE *data)
{
    char text[NUMBER_TEXT_MAX];
    fputs("variant,delay_ms,writes_per_s,clock_error_ms,conflicts_percent,lost_percent\n", data);
    for (size_t i = 0; i < picture->count; i++) {
        const struct conflict_summary *conflicts = &picture->variants[i]->conflicts;
        fprintf(data, "%zu,%s", i + 1, number_text(conflicts->delay_ms, text));
        fprintf(data, ",%s", number_text(conflicts->writes_per_s, text));
        fprintf(data, ",%s",
                conflicts->clock_known ? number_text(conflicts->clock_error_ms, text) : "");
        fprintf(data, ",%s", number_text(conflicts->conflicts, text));
        fprintf(data, ",%s\n", number_text(lost_unseen(conflicts), text));
    }
}

static void draw_panel(const struct picture *picture, const struct frame *frame,
                       const struct panel *panel, double top, bool legend)
{
    FILE *script = frame->page->script;
    const struct frame_box box = {frame->left, frame->right, top, top + PANEL_HEIGHT};
    frame_panel(frame, &box, legend);
    frame_panel_name(frame, &box, panel->name);
    fprintf(script,
            "set xrange [0:%.9g]\nset yrange [0:%.9g]\nset xtics autofreq\n"
            "set xlabel \"%s\" noenhanced\nset ylabel \"%s\" noenhanced\nplot \\\n",
            1.06 * panel->x_most, panel->y_most > 0.0 ? 1.12 * panel->y_most : 1.0, panel->x_label,
            panel->y_label);
    for (size_t i = 0; i < picture->count; i++) {
        fprintf(script,
                "  \"%s\" skip 1 every ::%zu::%zu using %u:%u with points linetype %zu pointsize "
                "1.6 linewidth 2 title ",
                frame->page->data_name, i, i, panel->x_column, panel->y_column, i + 1);
        gp_literal_cut(script, picture->variants[i]->name, FIGURE_NAME_POINTS);
        fprintf(script, " noenhanced%s", i + 1 < picture->count ? ", \\\n" : "\n");
    }
    frame_panel_end(frame);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct picture picture = {
        .panels = {{"conflicts and delay", "mean time until another replica has a write (ms)",
                    "writes in conflict (%)", 2, 5, 0.0, (double)INFINITY, 0.0},
                   {"conflicts and write rate", "acknowledged writes a second",
                    "writes in conflict (%)", 3, 5, 0.0, (double)INFINITY, 0.0},
                   {"lost updates and clocks", "mean error of the accepting machine's clock (ms)",
                    "writes lost (%)", 4, 6, 0.0, (double)INFINITY, 0.0}}};
    collect(input, &picture);
    unsigned shown = 0;
    for (int p = 0; p < PANELS; p++) {
        shown += panel_tells(&picture.panels[p]) ? 1 : 0;
    }
    if (picture.count < 2 || shown == 0) {
        return false;
    }
    page->width = WIDTH;
    write_data(&picture, page->data);
    const double height = PANEL_HEIGHT + PANEL_GAP + FRAME_AXIS;
    const struct frame_spec spec = {
        .title = "Conflicts by delay, write rate and clocks",
        .note = picture.left_out > 0
                    ? arena_printf(page->arena, "%zu more in comparison.csv", picture.left_out)
                    : NULL,
        .legend_columns = picture.legend < FIGURE_NAME_POINTS ? picture.legend : FIGURE_NAME_POINTS,
        .panels_height = shown * height};
    const struct frame frame = frame_begin(input, page, &spec);
    double top = frame.top + PANEL_GAP;
    bool legend = true;
    for (int p = 0; p < PANELS; p++) {
        if (panel_tells(&picture.panels[p])) {
            draw_panel(&picture, &frame, &picture.panels[p], top, legend);
            legend = false;
            top += height;
        }
    }
    frame_end(&frame);
    return true;
}

const struct figure figure_conflict_curves = {
    .name = "conflict_curves",
    .title = "conflicts against delay and write rate, lost updates against clock error",
    .draw = draw};
