#include "plots/conflict_summary.h"
#include "plots/frame.h"
#include "plots/gp_literal.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"

#include <math.h>

/* Pixels. A variant has a row: what was lost on the left, what met on the right. */
enum { ROWS_MAX = 24, ROW_HEIGHT = 30, BAR_HALF = 8, HEADING = 22, WIDTH = 980 };
enum { NAME_POINTS = GP_TIC_POINTS_MAX, MET_WIDTH = 240, GAP = 26, LEGEND_COLUMNS = 16 };
#define NAME_ADVANCE    6.9
#define CONFLICT_COLOUR "#0072B2"

struct picture {
    const struct figure_input *input;
    struct figure_page *page;
    struct frame frame;
    struct frame_box lost, met;
    const struct figure_variant *variants[ROWS_MAX];
    size_t count, left_out;
    bool used[LOSS_CAUSES];
    double most_lost, most_met; /* ends of the axes, per cent */
};

static double lost_in_all(const struct figure_variant *variant)
{
    double lost = 0.0;
    for (int cause = 0; cause < LOSS_CAUSES; cause++) {
        lost += variant->conflicts.lost[cause];
    }
    return lost;
}

static void collect(struct picture *picture)
{
    for (size_t i = 0; i < picture->input->variant_count; i++) {
        const struct figure_variant *variant = &picture->input->variants[i];
        if (!variant->conflicts.any) {
            continue;
        }
        if (picture->count == ROWS_MAX) {
            picture->left_out++;
            continue;
        }
        picture->variants[picture->count++] = variant;
        picture->most_lost = fmax(picture->most_lost, lost_in_all(variant));
        picture->most_met = fmax(picture->most_met, variant->conflicts.conflicts);
        for (int cause = 0; cause < LOSS_CAUSES; cause++) {
            picture->used[cause] = picture->used[cause] || variant->conflicts.lost[cause] > 0.0;
        }
    }
    /* Room for the number behind the longest bar. */
    picture->most_lost = picture->most_lost > 0.0 ? 1.25 * picture->most_lost : 1.0;
    picture->most_met = picture->most_met > 0.0 ? 1.35 * picture->most_met : 1.0;
}

static void write_data(const struct picture *picture)
{
    FILE *data = picture->page->data;
    char text[NUMBER_TEXT_MAX];
    fputs("variant,conflicts_percent,lost_concurrent_percent,lost_clock_percent,"
          "lost_failover_percent\n",
          data);
    for (size_t i = 0; i < picture->count; i++) {
        const struct conflict_summary *conflicts = &picture->variants[i]->conflicts;
        fprintf(data, "%zu,%s", i + 1, number_text(conflicts->conflicts, text));
        for (int cause = 0; cause < LOSS_CAUSES; cause++) {
            fprintf(data, ",%s", number_text(conflicts->lost[cause], text));
        }
        fputc('\n', data);
    }
}

static void begin_panel(const struct picture *picture, const struct frame_box *box,
                        const char *heading, double end)
{
    FILE *script = picture->page->script;
    frame_panel(&picture->frame, box, false);
    fprintf(script,
            "set xrange [0:%.9g]\nset yrange [%zu:0]\nset ylabel \"\"\nunset grid\n"
            "set grid xtics lc rgb \"#d0d0d0\" lw 0.7 dt solid\nset xtics autofreq\n"
            "set format y \"\"\nset ytics scale 0\n"
            "set label \"%s\" at graph 0, screen %.4f left noenhanced font \",11\" "
            "textcolor rgb \"#303030\"\n",
            end, picture->count * ROW_HEIGHT, heading,
            1.0 - (box->top - 10.0) / picture->page->height);
    for (size_t i = 0; i < picture->count; i += 2) {
        fprintf(script,
                "set object rectangle from graph 0, first %zu to graph 1, first %zu behind "
                "fillcolor rgb \"#f4f4f4\" fillstyle solid noborder\n",
                i * ROW_HEIGHT, (i + 1) * ROW_HEIGHT);
    }
}

/* The number behind a bar. */
static void write_number(const struct picture *picture, size_t row, double value, double end)
{
    char text[NUMBER_TEXT_MAX];
    fprintf(picture->page->script,
            "set label \"%s\" at first %.9g, first %zu left noenhanced front font \",10\" "
            "textcolor rgb \"#303030\"\n",
            value > 0.0 ? number_text_rounded(value, 3, text) : "none", value + 0.01 * end,
            row * ROW_HEIGHT + ROW_HEIGHT / 2);
}

static void draw_lost(const struct picture *picture)
{
    FILE *script = picture->page->script;
    begin_panel(picture, &picture->lost, "lost: acknowledged and overwritten unseen",
                picture->most_lost);
    fputs("set xlabel \"acknowledged writes (%)\" noenhanced\n", script);
    for (size_t i = 0; i < picture->count; i++) {
        fputs("set label ", script);
        gp_literal_cut(script, picture->variants[i]->name, NAME_POINTS);
        fprintf(script, " at screen %.4f, first %zu left noenhanced font \",11\"\n",
                18.0 / picture->page->width, i * ROW_HEIGHT + ROW_HEIGHT / 2);
        write_number(picture, i, lost_in_all(picture->variants[i]), picture->most_lost);
    }
    fprintf(script, "centre(variant) = variant*%d - %d\n", ROW_HEIGHT, ROW_HEIGHT / 2);
    static const char *const from[LOSS_CAUSES] = {"(0)", "3", "($3+$4)"};
    static const char *const to[LOSS_CAUSES] = {"3", "($3+$4)", "($3+$4+$5)"};
    for (int cause = 0; cause < LOSS_CAUSES; cause++) {
        fprintf(script,
                "%s \"%s\" skip 1 using %s:(centre($1)):%s:%s:(centre($1)-%d):(centre($1)+%d) with "
                "boxxyerror fillstyle solid noborder lc rgb \"%s\" notitle%s",
                cause == 0 ? "plot" : "", picture->page->data_name, to[cause], from[cause],
                to[cause], BAR_HALF, BAR_HALF, conflict_loss_colours[cause],
                cause + 1 < LOSS_CAUSES ? ", \\\n" : "\n");
    }
    frame_panel_end(&picture->frame);
}

static void draw_met(const struct picture *picture)
{
    FILE *script = picture->page->script;
    begin_panel(picture, &picture->met, "conflicts", picture->most_met);
    fputs("set xlabel \"writes (%)\" noenhanced\n", script);
    for (size_t i = 0; i < picture->count; i++) {
        write_number(picture, i, picture->variants[i]->conflicts.conflicts, picture->most_met);
    }
    fprintf(script,
            "plot \"%s\" skip 1 using 2:(centre($1)):(0):2:(centre($1)-%d):(centre($1)+%d) with "
            "boxxyerror fillstyle solid noborder lc rgb \"" CONFLICT_COLOUR "\" notitle\n",
            picture->page->data_name, BAR_HALF, BAR_HALF);
    frame_panel_end(&picture->frame);
}

static void draw_legend(const struct picture *picture)
{
    FILE *script = picture->page->script;
    frame_legend_begin(&picture->frame, picture->lost.top);
    for (int cause = 0; cause < LOSS_CAUSES; cause++) {
        if (!picture->used[cause]) {
            continue;
        }
        fprintf(script,
                "  keyentry with boxes fillstyle solid noborder lc rgb \"%s\" title \"lost: "
                "%s\", \\\n",
                conflict_loss_colours[cause], conflict_loss_names[cause]);
    }
    fputs("  keyentry with boxes fillstyle solid noborder lc rgb \"" CONFLICT_COLOUR
          "\" title \"in conflict\", \\\n",
          script);
    frame_legend_end(&picture->frame);
}

static void place_panels(struct picture *picture)
{
    int columns = 0;
    for (size_t i = 0; i < picture->count; i++) {
        const int width = utf8_width(picture->variants[i]->name);
        columns = width > columns ? width : columns;
    }
    columns = columns < NAME_POINTS ? columns : NAME_POINTS;
    const double top = picture->frame.top + HEADING;
    const double bottom = top + (double)(picture->count * ROW_HEIGHT);
    picture->met =
        (struct frame_box){picture->frame.right - MET_WIDTH, picture->frame.right, top, bottom};
    picture->lost =
        (struct frame_box){30.0 + columns * NAME_ADVANCE, picture->met.left - GAP, top, bottom};
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct picture *picture = arena_alloc(page->arena, 1, sizeof *picture);
    picture->input = input;
    picture->page = page;
    collect(picture);
    if (picture->count == 0) {
        return false;
    }
    page->width = WIDTH;
    write_data(picture);
    const struct frame_spec spec = {
        .title = "How writes met in each variant",
        .note = picture->left_out > 0
                    ? arena_printf(page->arena, "%zu more in comparison.csv", picture->left_out)
                    : NULL,
        .legend_columns = LEGEND_COLUMNS,
        .panels_height = (double)(HEADING + picture->count * ROW_HEIGHT) + FRAME_AXIS};
    picture->frame = frame_begin(input, page, &spec);
    place_panels(picture);
    draw_lost(picture);
    draw_met(picture);
    draw_legend(picture);
    frame_end(&picture->frame);
    return true;
}

const struct figure figure_conflicts_variants = {
    .name = "conflicts_variants", .title = "lost updates and conflicts", .draw = draw};
