#include "plots/failover_parts.h"
#include "plots/failover_rows.h"
#include "plots/frame.h"
#include "plots/gp_literal.h"
#include "plots/success.h"
#include "plots/timeline.h"

#include "analysis/number_text.h"
#include "analysis/report.h"
#include "analysis/utf8.h"

#include <math.h>
#include <string.h>

/* Pixels. A region's panel, from below: success rate, bar of the writes, bar of the reads. */
enum { CURVE_LOW = 4, CURVE_HEIGHT = 40, WRITES = 62, READS = 84, BAR_HALF = 8, BLOCK_HEIGHT = 96 };
enum { BLOCK_NAME = 22 /* above a panel */, STEP_ROW = 15, STEPS_GAP = 8 };
enum { STEP_KINDS = METRIC_STEP_STOPS + 1, SERIES_MAX = 2 * FAILOVER_REGIONS_MAX };
#define BAR_ADVANCE 5.6 /* of its text, which is smaller than that of the axes */

static const char *const operations[2] = {"read", "write"};
static const int bar_middle[2] = {READS, WRITES};

struct picture {
    const struct figure_input *input;
    struct figure_page *page;
    struct frame frame;
    struct failover_rows rows;
    const struct metric_failover_step *steps[FAILOVER_STEPS_MAX];
    size_t step_count;
    unsigned step_rows[STEP_KINDS]; /* from 1, top down; 0: none */
    unsigned step_row_count;
    bool used[FAILOVER_PARTS + 1];
    /* In the data file: rows of the curves, then bars of each region, then the steps. */
    size_t curve_rows, bars[FAILOVER_REGIONS_MAX];
    unsigned column_row; /* then part, begin_s, end_s, step */
};

static double seconds(sim_ns ns)
{
    return (double)ns / (double)SIM_NS_PER_S;
}

static double pixels(const struct picture *picture, double length_s)
{
    const struct frame *frame = &picture->frame;
    return length_s * (frame->right - frame->left) / (frame->to_s - frame->from_s);
}

/* Those that the time axis shows, and one row for each kind of them. */
static void collect_steps(struct picture *picture)
{
    static const uint8_t order[] = {
        RECORD_STEP_DETECTED,  RECORD_STEP_DECIDED, RECORD_STEP_PROMOTED, RECORD_STEP_ACCEPTING,
        RECORD_STEP_ANNOUNCED, RECORD_STEP_DONE,    RECORD_STEP_REFUSED,  RECORD_STEP_FAIL_BACK,
        METRIC_STEP_LEADS,     METRIC_STEP_STOPS};
    const struct metric_events *events = &picture->input->set->failures;
    bool seen[STEP_KINDS] = {false};
    for (size_t i = 0; i < events->step_count && picture->step_count < FAILOVER_STEPS_MAX; i++) {
        const double at = seconds(events->steps[i].at_ns);
        if (at >= picture->rows.from_s && at <= picture->rows.to_s) {
            picture->steps[picture->step_count++] = &events->steps[i];
            seen[events->steps[i].step] = true;
        }
    }
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (seen[order[i]]) {
            picture->step_rows[order[i]] = ++picture->step_row_count;
        }
    }
}

/* Success rates by time; behind them the columns of bars and steps, filled by write_bars(). */
static void write_series(struct picture *picture)
{
    static const char *const further[] = {"row", "part", "begin_s", "end_s", "step"};
    struct timeline_column columns[SERIES_MAX + 5];
    struct arena *arena = picture->page->arena;
    size_t count = 0;
    for (size_t i = 0; i < picture->rows.region_count; i++) {
        const char *region = picture->rows.regions[i].name;
        for (size_t type = 0; type < 2; type++) {
            columns[count++] = (struct timeline_column){
                arena_printf(arena, "%s %s ok percent", region, operations[type]),
                success_of(picture->input, arena, region, operations[type]).percent, TIMELINE_MEAN};
        }
    }
    picture->column_row = (unsigned)count + 2;
    for (size_t i = 0; i < sizeof further / sizeof further[0]; i++) {
        columns[count++] = (struct timeline_column){.name = further[i]};
    }
    const struct timeline_rows buckets =
        timeline_rows_between(picture->input->set, picture->rows.from_s, picture->rows.to_s);
    timeline_write_rows(picture->input, picture->page, columns, count, buckets);
    picture->curve_rows = (buckets.end - buckets.first + buckets.stride - 1) / buckets.stride;
}

static void skip_cells(const struct picture *picture, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        fputc(',', picture->page->data);
    }
}

static void write_part(struct picture *picture, size_t row, int part, const double span_s[2])
{
    char begin[NUMBER_TEXT_MAX], end[NUMBER_TEXT_MAX];
    skip_cells(picture, picture->column_row - 1);
    fprintf(picture->page->data, "%zu,%d,%s,%s,\n", row + 1, part + 1,
            number_text(span_s[0], begin), number_text(span_s[1], end));
    picture->used[part] = true;
    picture->bars[row / 2]++;
}

static void write_bar(struct picture *picture, size_t row, const struct metric_recovery *bar)
{
    if (!bar->recovered) {
        const double span_s[2] = {seconds(bar->times_ns[METRIC_RECOVERY_FAIL]),
                                  failover_bar_end_s(picture->input, bar)};
        write_part(picture, row, FAILOVER_PART_NEVER, span_s);
        return;
    }
    for (int part = 0; part < FAILOVER_PARTS; part++) {
        const double span_s[2] = {seconds(bar->times_ns[part]), seconds(bar->times_ns[part + 1])};
        if (span_s[1] > span_s[0]) {
            write_part(picture, row, part, span_s);
        }
    }
}

/* Row 1 are the reads of the first region, row 2 its writes, row 3 the reads of the second. */
static void write_bars(struct picture *picture)
{
    char at[NUMBER_TEXT_MAX];
    for (size_t row = 0; row < 2 * picture->rows.region_count; row++) {
        const struct failover_row *its = &picture->rows.regions[row / 2].rows[row % 2];
        for (size_t i = 0; i < its->bar_count; i++) {
            write_bar(picture, row, its->bars[i]);
        }
    }
    for (size_t i = 0; i < picture->step_count; i++) {
        const struct metric_failover_step *step = picture->steps[i];
        skip_cells(picture, picture->column_row + 1);
        fprintf(picture->page->data, "%s,,%u\n", number_text(seconds(step->at_ns), at),
                picture->step_rows[step->step]);
    }
}

/* The labels of the faults stand above the uppermost panel and the name of its region. */
static void time_panel(const struct picture *picture, bool first)
{
    const struct frame_box labels = {.top = picture->frame.top};
    frame_faults(&picture->frame, &labels, first);
    fputs("set ylabel \"\"\nunset grid\n", picture->page->script);
}

/* Names of the nodes that begin or end to lead, where the next marker leaves room. */
static void name_leaders(const struct picture *picture)
{
    enum { SHOWN = GP_TIC_POINTS_MAX, GAP = 9 };
    double until_s[STEP_KINDS];
    for (size_t i = 0; i < STEP_KINDS; i++) {
        until_s[i] = picture->frame.to_s;
    }
    for (size_t i = picture->step_count; i-- > 0;) {
        const struct metric_failover_step *step = picture->steps[i];
        const double at = seconds(step->at_ns);
        const double room = pixels(picture, until_s[step->step] - at);
        until_s[step->step] = at;
        if (step->step < METRIC_STEP_LEADS || step->node >= picture->input->layout->node_count) {
            continue;
        }
        const char *name = picture->input->layout->nodes[step->node].name;
        const int width = utf8_width(name);
        if ((width < SHOWN ? width : SHOWN) * BAR_ADVANCE + 2.0 * GAP <= room) {
            fputs("set label ", picture->page->script);
            gp_literal_cut(picture->page->script, name, SHOWN);
            fprintf(picture->page->script,
                    " at first %.9g, first %u left offset screen %.4f, 0 noenhanced font \",9\" "
                    "textcolor rgb \"#303030\"\n",
                    at / picture->frame.time_unit_s, picture->step_rows[step->step],
                    GAP / (double)picture->page->width);
        }
    }
}

static void draw_steps(const struct picture *picture, const struct frame_box *box)
{
    FILE *script = picture->page->script;
    const unsigned column = picture->column_row;
    size_t first = picture->curve_rows;
    for (size_t i = 0; i < picture->rows.region_count; i++) {
        first += picture->bars[i];
    }
    frame_panel(&picture->frame, box, false);
    frame_time_axis(&picture->frame, false);
    time_panel(picture, true);
    fprintf(script, "set yrange [%u.6:0.4]\nset ytics (", picture->step_row_count);
    const char *gap = "";
    for (size_t kind = 0; kind < STEP_KINDS; kind++) {
        if (picture->step_rows[kind] > 0) {
            fprintf(script, "%s\"%s\" %u", gap,
                    kind == RECORD_STEP_FAIL_BACK ? "fail back" : report_step_name((uint8_t)kind),
                    picture->step_rows[kind]);
            gap = ", ";
        }
    }
    fputs(") noenhanced scale 0 font \",10\"\n", script);
    name_leaders(picture);
    fprintf(script,
            "plot \"%s\" skip 1 every ::%zu using ($%u/%.9g):%u with points pt 7 ps 0.7 lc rgb "
            "\"#303030\" notitle\n",
            picture->page->data_name, first, column + 2, picture->frame.time_unit_s, column + 4);
    frame_panel_end(&picture->frame);
}

static void put_text(const struct picture *picture, double at_s, int y, const char *place,
                     const char *colour)
{
    fprintf(picture->page->script,
            " at first %.9g, first %d %s noenhanced front font \",9\" textcolor rgb \"%s\"\n",
            at_s / picture->frame.time_unit_s, y, place, colour);
}

/* Names of the parts that are wide enough, and behind the bar how long it all took. */
static void write_bar_texts(const struct picture *picture, const struct failover_row *row,
                            size_t index, int y)
{
    enum { GAP = 6 };
    FILE *script = picture->page->script;
    const struct metric_recovery *bar = row->bars[index];
    const double fail_s = seconds(bar->times_ns[METRIC_RECOVERY_FAIL]);
    const double end_s = failover_bar_end_s(picture->input, bar);
    for (int part = 0; bar->recovered && part < FAILOVER_PARTS; part++) {
        const double begin = seconds(bar->times_ns[part]), end = seconds(bar->times_ns[part + 1]);
        const char *name = failover_parts[part].name;
        if ((double)strlen(name) * BAR_ADVANCE + GAP <= pixels(picture, end - begin)) {
            fprintf(script, "set label \"%s\"", name);
            put_text(picture, (begin + end) / 2.0, y, "center", failover_parts[part].text_colour);
        }
    }
    if (!bar->recovered) {
        const char *name = failover_parts[FAILOVER_PART_NEVER].name;
        if ((double)strlen(name) * BAR_ADVANCE + GAP <= pixels(picture, end_s - fail_s)) {
            fprintf(script, "set label \"%s\"", name);
            put_text(picture, (fail_s + end_s) / 2.0, y, "center", "#000000");
        }
        return;
    }
    const char *text = failover_length_text(picture->page->arena, end_s - fail_s);
    const double next_s = index + 1 < row->bar_count
                              ? seconds(row->bars[index + 1]->times_ns[METRIC_RECOVERY_FAIL])
                              : picture->frame.to_s;
    if ((double)strlen(text) * BAR_ADVANCE + 2.0 * GAP <= pixels(picture, next_s - end_s)) {
        fprintf(script, "set label \" %s\"", text);
        put_text(picture, end_s, y, "left", "#303030");
    }
}

static void write_row_texts(const struct picture *picture, const struct failover_row *row, int y)
{
    for (size_t i = 0; i < row->bar_count; i++) {
        write_bar_texts(picture, row, i, y);
    }
    if (row->any && row->bar_count == 0) {
        fputs("set label \" not interrupted\"", picture->page->script);
        put_text(picture, picture->rows.first_fault_s, y, "left", "#606060");
    }
}

static void plot_bars(const struct picture *picture, size_t index)
{
    const double unit = picture->frame.time_unit_s;
    const unsigned row = picture->column_row;
    size_t first = picture->curve_rows;
    for (size_t i = 0; i < index; i++) {
        first += picture->bars[i];
    }
    if (picture->bars[index] > 0) {
        fprintf(
            picture->page->script,
            "  \"%s\" skip 1 every ::%zu::%zu using ($%u/%.9g):(middle($%u)):($%u/%.9g):"
            "($%u/%.9g):(middle($%u)-%d):(middle($%u)+%d):(part_colour($%u)) with boxxyerror "
            "fillstyle solid border rgb \"#404040\" lw 0.6 fillcolor rgb variable notitle, \\\n",
            picture->page->data_name, first, first + picture->bars[index] - 1, row + 2, unit, row,
            row + 2, unit, row + 3, unit, row, BAR_HALF, row, BAR_HALF, row + 1);
    }
}

static void plot_region(const struct picture *picture, size_t index)
{
    FILE *script = picture->page->script;
    fputs("plot \\\n", script);
    plot_bars(picture, index);
    for (unsigned type = 0; type < 2; type++) {
        const unsigned column = 2 + 2 * (unsigned)index + type;
        fprintf(script,
                "  \"%s\" skip 1 every ::::%zu using ($1/%.9g):(valid(%u) ? %d + %d*column(%u)/100 "
                ": NaN) with lines lw 1.8 lc rgb \"%s\" dt %s notitle%s",
                picture->page->data_name, picture->curve_rows - 1, picture->frame.time_unit_s,
                column, CURVE_LOW, CURVE_HEIGHT, column, type == 0 ? "#000000" : "#7F7F7F",
                type == 0 ? "solid" : "(6,3)", type == 0 ? ", \\\n" : "\n");
    }
}

static void draw_region(const struct picture *picture, size_t index, double top)
{
    FILE *script = picture->page->script;
    const struct frame *frame = &picture->frame;
    const struct frame_box box = {frame->left, frame->right, top, top + BLOCK_HEIGHT};
    const struct failover_region *region = &picture->rows.regions[index];
    const bool last = index + 1 == picture->rows.region_count;
    frame_panel(frame, &box, false);
    frame_time_axis(frame, last);
    time_panel(picture, index == 0 && picture->step_row_count == 0);
    fprintf(script,
            "set yrange [0:%d]\n"
            "set ytics (\"0 %%%%\" %d, \"100 %%%%\" %d, \"writes\" %d, \"reads\" %d) noenhanced "
            "font \",10\"\n",
            BLOCK_HEIGHT, CURVE_LOW, CURVE_LOW + CURVE_HEIGHT, WRITES, READS);
    for (int line = 0; line < 2; line++) {
        const int y = CURVE_LOW + line * CURVE_HEIGHT;
        fprintf(script,
                "set arrow from graph 0, first %d to graph 1, first %d nohead back lc rgb "
                "\"#d0d0d0\" lw 0.7 dt solid\n",
                y, y);
    }
    frame_panel_name(frame, &box, region->name);
    for (size_t type = 0; type < 2; type++) {
        write_row_texts(picture, &region->rows[type], bar_middle[type]);
    }
    plot_region(picture, index);
    frame_panel_end(frame);
}

static void draw_legend(const struct picture *picture, double top)
{
    FILE *script = picture->page->script;
    frame_legend_begin(&picture->frame, top);
    failover_part_legend(script, picture->used);
    fputs("  keyentry with lines lw 1.8 lc rgb \"#000000\" dt solid title \"reads ok\", \\\n"
          "  keyentry with lines lw 1.8 lc rgb \"#7F7F7F\" dt (6,3) title \"writes ok\", \\\n",
          script);
    frame_legend_end(&picture->frame);
}

static const char *note_of(const struct picture *picture)
{
    struct arena *arena = picture->page->arena;
    const char *first = picture->input->replications > 1 ? "; the first replication" : "";
    return picture->rows.left_out == 0
               ? arena_printf(arena, "reads and writes of each client region%s", first)
               : arena_printf(arena, "%zu of %zu client regions, all in recovery.csv%s",
                              picture->rows.region_count,
                              picture->rows.region_count + picture->rows.left_out, first);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    enum { LEGEND_COLUMNS = 13 }; /* "not recovered" */
    struct picture *picture = arena_alloc(page->arena, 1, sizeof *picture);
    picture->input = input;
    picture->page = page;
    if (!failover_rows_collect(input, page->arena, &picture->rows) ||
        input->set->bucket_count == 0) {
        return false;
    }
    collect_steps(picture);
    write_series(picture);
    write_bars(picture);
    const double steps =
        picture->step_row_count > 0 ? picture->step_row_count * STEP_ROW + STEPS_GAP : 0.0;
    const double blocks = (double)picture->rows.region_count * (BLOCK_NAME + BLOCK_HEIGHT);
    const struct frame_spec spec = {.title = "Recovery: parts of the time until served again",
                                    .note = note_of(picture),
                                    .legend_columns = LEGEND_COLUMNS,
                                    .panels_height = steps + blocks + FRAME_AXIS,
                                    .faults = true,
                                    .from_s = picture->rows.from_s,
                                    .to_s = picture->rows.to_s};
    picture->frame = frame_begin(input, page, &spec);
    failover_part_colours(page->script);
    fprintf(page->script, "middle(row) = int(row) %% 2 == 1 ? %d : %d\n", READS, WRITES);
    double top = picture->frame.top;
    if (picture->step_row_count > 0) {
        const struct frame_box box = {picture->frame.left, picture->frame.right, top,
                                      top + picture->step_row_count * STEP_ROW};
        draw_steps(picture, &box);
        top += steps;
    }
    const double legend_top = top + BLOCK_NAME;
    for (size_t i = 0; i < picture->rows.region_count; i++) {
        draw_region(picture, i, top + BLOCK_NAME);
        top += BLOCK_NAME + BLOCK_HEIGHT;
    }
    draw_legend(picture, legend_top);
    frame_end(&picture->frame);
    return true;
}

const struct figure figure_failover = {
    .name = "failover", .title = "parts of the recovery and success rate per region", .draw = draw};
