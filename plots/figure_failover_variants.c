#include "plots/failover_parts.h"
#include "plots/frame.h"
#include "plots/gp_literal.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"

#include <math.h>
#include <string.h>

/* Pixels. A variant has a bar for its reads, one for its writes and, in the right panel, one. */
enum { ROWS_MAX = 20, ROW_HEIGHT = 46, READS = 14, WRITES = 32, BAR_HALF = 8, LOSS_HALF = 11 };
enum { HEADING = 22, TICS = 64, NAME_POINTS = GP_TIC_POINTS_MAX, WIDTH = 980 };
enum { LOSS_WIDTH = 210, GAP = 26, LEGEND_COLUMNS = 13 /* "not recovered" */ };
#define NAME_ADVANCE 6.9
#define TEXT_ADVANCE 5.6

static const char *const loss_colours[2] = {"#332288", "#9A92D0"};

struct picture {
    const struct figure_input *input;
    struct figure_page *page;
    struct frame frame;
    struct frame_box recovery, loss;
    const struct figure_variant *variants[ROWS_MAX];
    size_t count, left_out;
    size_t part_rows; /* of the data file: then one row a variant */
    bool used[FAILOVER_PARTS + 1];
    double longest_s, most_lost; /* ends of the axes */
    double unit_s;
};

static bool has_failures(const struct figure_variant *variant)
{
    return variant->failures.operations[0].any || variant->failures.operations[1].any;
}

static double lost_a_run(const struct picture *picture, const struct figure_variant *variant)
{
    const size_t runs = picture->input->replications;
    return (double)(variant->failures.gone + variant->failures.discarded) /
           (double)(runs > 0 ? runs : 1);
}

static void collect(struct picture *picture)
{
    double longest_ms = 0.0;
    for (size_t i = 0; i < picture->input->variant_count; i++) {
        const struct figure_variant *variant = &picture->input->variants[i];
        if (!has_failures(variant)) {
            continue;
        }
        if (picture->count == ROWS_MAX) {
            picture->left_out++;
            continue;
        }
        picture->variants[picture->count++] = variant;
        for (size_t type = 0; type < 2; type++) {
            if (variant->failures.operations[type].not_recovered == 0) {
                longest_ms = fmax(longest_ms, variant->failures.operations[type].rto_ms);
            }
        }
        picture->most_lost = fmax(picture->most_lost, lost_a_run(picture, variant));
    }
    picture->longest_s = longest_ms > 0.0 ? 1.3 * longest_ms / 1e3 : 1.0; /* room for its text */
    picture->most_lost = picture->most_lost > 0.0 ? 2.0 * picture->most_lost : 1.0;
    picture->unit_s = picture->longest_s >= 600.0 ? 60.0 : 1.0;
}

static void write_segment(struct picture *picture, size_t row, int part, const double span_s[2])
{
    char begin[NUMBER_TEXT_MAX], end[NUMBER_TEXT_MAX];
    fprintf(picture->page->data, "%zu,%zu,%d,%s,%s,,,\n", row / 2 + 1, row % 2 + 1, part + 1,
            number_text(span_s[0], begin), number_text(span_s[1], end));
    picture->used[part] = true;
    picture->part_rows++;
}

/* operation 1: reads, 2: writes; part 1: detect, ..., 8: not recovered. */
static void write_data(struct picture *picture)
{
    char gone[NUMBER_TEXT_MAX], discarded[NUMBER_TEXT_MAX], lost[NUMBER_TEXT_MAX];
    const double runs =
        picture->input->replications > 0 ? (double)picture->input->replications : 1.0;
    fputs("variant,operation,part,begin_s,end_s,gone_writes,discarded_writes,lost_s\n",
          picture->page->data);
    for (size_t row = 0; row < 2 * picture->count; row++) {
        const struct failure_recovery *recovery =
            &picture->variants[row / 2]->failures.operations[row % 2];
        double span_s[2] = {0.0, picture->longest_s};
        if (recovery->not_recovered > 0) {
            write_segment(picture, row, FAILOVER_PART_NEVER, span_s);
            continue;
        }
        for (int part = 0; part < FAILOVER_PARTS; part++) {
            span_s[1] = span_s[0] + recovery->parts_ms[part] / 1e3;
            if (recovery->parts_ms[part] > 0.0) {
                write_segment(picture, row, part, span_s);
            }
            span_s[0] = span_s[1];
        }
    }
    for (size_t i = 0; i < picture->count; i++) {
        const struct failure_summary *failures = &picture->variants[i]->failures;
        fprintf(picture->page->data, "%zu,,,,,%s,%s,%s\n", i + 1,
                number_text((double)failures->gone / runs, gone),
                number_text((double)failures->discarded / runs, discarded),
                failures->lost_known ? number_text(failures->lost_ms / 1e3, lost) : "");
    }
}

static void text_at(const struct picture *picture, double x, double y, const char *colour)
{
    fprintf(picture->page->script,
            " at first %.9g, first %.9g left noenhanced front font \",10\" textcolor rgb \"%s\"\n",
            x, y, colour);
}

/* Stripes behind every other variant. */
static void write_stripes(const struct picture *picture)
{
    for (size_t i = 0; i < picture->count; i += 2) {
        fprintf(picture->page->script,
                "set object rectangle from graph 0, first %zu to graph 1, first %zu behind "
                "fillcolor rgb \"#f4f4f4\" fillstyle solid noborder\n",
                i * ROW_HEIGHT, (i + 1) * ROW_HEIGHT);
    }
}

static void write_names(const struct picture *picture)
{
    FILE *script = picture->page->script;
    for (size_t i = 0; i < picture->count; i++) {
        fputs("set label ", script);
        gp_literal_cut(script, picture->variants[i]->name, NAME_POINTS);
        fprintf(script, " at screen %.4f, first %zu left noenhanced font \",11\"\n",
                18.0 / picture->page->width, i * ROW_HEIGHT + ROW_HEIGHT / 2);
    }
    const char *gap = "set ytics (";
    for (size_t i = 0; i < picture->count; i++) {
        fprintf(script, "%s\"reads\" %zu, \"writes\" %zu", gap, i * ROW_HEIGHT + READS,
                i * ROW_HEIGHT + WRITES);
        gap = ", ";
    }
    fputs(") noenhanced scale 0 font \",10\"\n", script);
}

static void write_lengths(const struct picture *picture)
{
    FILE *script = picture->page->script;
    const double gap = 0.01 * picture->longest_s;
    for (size_t row = 0; row < 2 * picture->count; row++) {
        const struct failure_recovery *recovery =
            &picture->variants[row / 2]->failures.operations[row % 2];
        const double y = (double)(row / 2 * ROW_HEIGHT + (row % 2 == 0 ? READS : WRITES));
        if (!recovery->any) {
            continue;
        }
        if (recovery->not_recovered > 0) {
            fprintf(script, "set label \"%s\"", failover_parts[FAILOVER_PART_NEVER].name);
            text_at(picture, 2.0 * gap / picture->unit_s, y, "#000000");
            continue;
        }
        fprintf(script, "set label \"%s\"",
                recovery->rto_ms > 0.0
                    ? failover_length_text(picture->page->arena, recovery->rto_ms / 1e3)
                    : "not interrupted");
        text_at(picture, (recovery->rto_ms / 1e3 + gap) / picture->unit_s, y, "#303030");
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
            "set label \"%s\" at graph 0, screen %.4f left noenhanced font \",11\" "
            "textcolor rgb \"#303030\"\n",
            end, picture->count * ROW_HEIGHT, heading,
            1.0 - (box->top - 10.0) / picture->page->height);
    write_stripes(picture);
}

static void draw_recovery(const struct picture *picture)
{
    FILE *script = picture->page->script;
    const double unit = picture->unit_s;
    begin_panel(picture, &picture->recovery,
                "time to recovery, of the fault and region with the longest",
                picture->longest_s / unit);
    fprintf(script, "set xlabel \"time since the fault (%s)\" noenhanced\n",
            unit > 1.0 ? "min" : "s");
    write_names(picture);
    write_lengths(picture);
    fprintf(script, "middle(variant, operation) = (variant - 1)*%d + (operation == 1 ? %d : %d)\n",
            ROW_HEIGHT, READS, WRITES);
    if (picture->part_rows == 0) {
        fputs("plot NaN notitle\n", script);
    } else {
        fprintf(
            script,
            "plot \"%s\" skip 1 every ::::%zu using ($4/%.9g):(middle($1, $2)):($4/%.9g):"
            "($5/%.9g):(middle($1, $2)-%d):(middle($1, $2)+%d):(part_colour($3)) with boxxyerror "
            "fillstyle solid border rgb \"#404040\" lw 0.6 fillcolor rgb variable notitle\n",
            picture->page->data_name, picture->part_rows - 1, unit, unit, unit, BAR_HALF, BAR_HALF);
    }
    frame_panel_end(&picture->frame);
}

static const char *loss_text(const struct picture *picture, const struct figure_variant *variant)
{
    struct arena *arena = picture->page->arena;
    const double lost = lost_a_run(picture, variant);
    char number[NUMBER_TEXT_MAX];
    if (!variant->failures.lost_known) {
        return "none taken";
    }
    return lost > 0.0 ? arena_printf(arena, "%s, %s", number_text_rounded(lost, 3, number),
                                     failover_length_text(arena, variant->failures.lost_ms / 1e3))
                      : "none";
}

static void draw_loss(const struct picture *picture)
{
    FILE *script = picture->page->script;
    begin_panel(picture, &picture->loss, "lost for good, and the oldest's age", picture->most_lost);
    fprintf(
        script,
        "set xlabel \"acknowledged writes%s\" noenhanced\nset format y \"\"\nset ytics scale 0\n"
        "set xtics 0, %.9g\n",
        picture->input->replications > 1 ? " a run" : "", picture->most_lost / 2.0);
    for (size_t i = 0; i < picture->count; i++) {
        fputs("set label ", script);
        gp_literal(script, loss_text(picture, picture->variants[i]));
        text_at(picture, lost_a_run(picture, picture->variants[i]) + 0.03 * picture->most_lost,
                (double)(i * ROW_HEIGHT + ROW_HEIGHT / 2), "#303030");
    }
    fprintf(script, "centre(variant) = variant*%d - %d\n", ROW_HEIGHT, ROW_HEIGHT / 2);
    for (int kind = 0; kind < 2; kind++) {
        fprintf(script,
                "%s \"%s\" skip 1 every ::%zu using %s:(centre($1)):%s:%s:(centre($1)-%d):"
                "(centre($1)+%d) with boxxyerror fillstyle solid noborder lc rgb \"%s\" notitle%s",
                kind == 0 ? "plot" : "", picture->page->data_name, picture->part_rows,
                kind == 0 ? "6" : "($6+$7)", kind == 0 ? "(0)" : "6", kind == 0 ? "6" : "($6+$7)",
                LOSS_HALF, LOSS_HALF, loss_colours[kind], kind == 0 ? ", \\\n" : "\n");
    }
    frame_panel_end(&picture->frame);
}

static void draw_legend(const struct picture *picture)
{
    static const char *const names[2] = {"lost: gone", "discarded"};
    FILE *script = picture->page->script;
    frame_legend_begin(&picture->frame, picture->recovery.top);
    failover_part_legend(script, picture->used);
    for (int kind = 0; kind < 2; kind++) {
        fprintf(script,
                "  keyentry with boxes fillstyle solid noborder lc rgb \"%s\" title \"%s\", \\\n",
                loss_colours[kind], names[kind]);
    }
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
    picture->loss =
        (struct frame_box){picture->frame.right - LOSS_WIDTH, picture->frame.right, top, bottom};
    picture->recovery = (struct frame_box){18.0 + columns * NAME_ADVANCE + TICS,
                                           picture->loss.left - GAP, top, bottom};
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
        .title = "What each variant's faults cost",
        .note = picture->left_out > 0
                    ? arena_printf(page->arena, "%zu more in comparison.csv", picture->left_out)
                    : NULL,
        .legend_columns = LEGEND_COLUMNS,
        .panels_height = (double)(HEADING + picture->count * ROW_HEIGHT) + FRAME_AXIS};
    picture->frame = frame_begin(input, page, &spec);
    place_panels(picture);
    failover_part_colours(page->script);
    draw_recovery(picture);
    draw_loss(picture);
    draw_legend(picture);
    frame_end(&picture->frame);
    return true;
}

const struct figure figure_failover_variants = {
    .name = "failover_variants", .title = "time to recovery and lost writes", .draw = draw};
