#include "plots/frame.h"

#include "analysis/utf8.h"
#include "plots/gp_literal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Pixels; the mean advance of DejaVu Sans is about 0.6 of its size. */
enum { LEFT = 74, RIGHT = 24, TITLE_BASE = 26, SUBTITLE_BASE = 45, HEAD = 66, KEY_SAMPLE = 48 };
enum { FAULT_ROWS_MAX = 4, FAULT_POINTS_MAX = 40 };
#define KEY_ADVANCE   6.9
#define FAULT_ADVANCE 6.1

/* Where the label of a fault window goes. */
struct fault_label {
    unsigned row; /* FAULT_ROWS_MAX and more: no room */
    bool at_end;  /* ends at the window's end instead of beginning at its begin */
};

static double duration_s(const struct figure_input *input)
{
    return (double)input->set->duration_ns / (double)SIM_NS_PER_S;
}

static double fault_begin_s(const struct record_fault *fault)
{
    return (double)fault->begin_ns / (double)SIM_NS_PER_S;
}

static double fault_end_s(const struct figure_input *input, const struct record_fault *fault)
{
    const double end = (double)fault->end_ns / (double)SIM_NS_PER_S;
    return fmin(end, duration_s(input));
}

static double x_pixel(const struct frame *frame, double time_s)
{
    return frame->left + (frame->right - frame->left) * time_s / duration_s(frame->input);
}

/*
 * First fit: each label, in the order of the faults, takes the lowest row in which it touches no
 * earlier one. `used` is the right end of the last label of each row; faults need not be sorted by
 * time, so a row that was used further right is simply not offered again further left.
 */
static struct fault_label place_label(const struct frame *frame, uint32_t index, double *used)
{
    enum { GAP = 10 };
    const struct record_fault *fault = &frame->input->layout->faults[index];
    const int columns = utf8_width(fault->id);
    const double shown = columns > FAULT_POINTS_MAX ? FAULT_POINTS_MAX : columns;
    const double width = shown * FAULT_ADVANCE;
    double left = x_pixel(frame, fault_begin_s(fault));
    struct fault_label label = {.row = FAULT_ROWS_MAX, .at_end = left + width > frame->right};
    if (label.at_end) {
        left = x_pixel(frame, fault_end_s(frame->input, fault)) - width;
    }
    for (unsigned row = 0; row < FAULT_ROWS_MAX && left >= 0.0; row++) {
        if (left >= used[row]) {
            used[row] = left + width + GAP;
            label.row = row;
            break;
        }
    }
    return label;
}

static unsigned count_fault_rows(const struct frame *frame)
{
    double used[FAULT_ROWS_MAX] = {0.0};
    unsigned rows = 0;
    for (uint32_t i = 0; i < frame->input->layout->fault_count; i++) {
        const struct fault_label label = place_label(frame, i, used);
        if (label.row < FAULT_ROWS_MAX && label.row + 1 > rows) {
            rows = label.row + 1;
        }
    }
    return rows;
}

static void choose_time_unit(struct frame *frame)
{
    static const struct {
        double from_s, unit_s;
        const char *name;
    } units[] = {{36000.0, 3600.0, "h"}, {600.0, 60.0, "min"}, {0.0, 1.0, "s"}};
    size_t i = 0;
    while (duration_s(frame->input) < units[i].from_s) {
        i++;
    }
    frame->time_unit_s = units[i].unit_s;
    frame->time_unit = units[i].name;
}

static void write_styles(FILE *script)
{
    static const struct {
        const char *colour, *dash;
        int point;
    } styles[FIGURE_CURVES_MAX] = {{"#0072B2", "solid", 7},          {"#D55E00", "(9,4)", 5},
                                   {"#009E73", "(3,3)", 9},          {"#CC79A7", "(9,3,2,3)", 11},
                                   {"#E69F00", "(14,4)", 13},        {"#56B4E9", "(2,2)", 4},
                                   {"#000000", "(14,3,3,3,3,3)", 6}, {"#7F7F7F", "(6,2)", 8},
                                   {"#882255", "(4,2,1,2)", 10},     {"#332288", "(12,2)", 12}};
    for (int i = 0; i < FIGURE_CURVES_MAX; i++) {
        fprintf(script, "set linetype %d lc rgb \"%s\" lw 1.8 dt %s pt %d ps 0.6\n", i + 1,
                styles[i].colour, styles[i].dash, styles[i].point);
    }
    fputs("set encoding utf8\n"
          "set datafile separator comma\n"
          "set border 3 lc rgb \"#606060\" lw 0.8\n"
          "set tics nomirror out scale 0.6 textcolor rgb \"#303030\" font \",11\"\n"
          "set grid ytics lc rgb \"#d0d0d0\" lw 0.7 dt solid\n"
          "set xlabel textcolor rgb \"#303030\"\n"
          "set ylabel textcolor rgb \"#303030\"\n",
          script);
}

static void write_title(const struct frame *frame, const struct frame_spec *spec)
{
    FILE *script = frame->page->script;
    const struct figure_input *input = frame->input;
    const double height = frame->page->height;
    fputs("set label 1 ", script);
    gp_literal(script, spec->title);
    fprintf(script, " at screen %.4f, %.4f left noenhanced font \",15\"\n",
            18.0 / frame->page->width, 1.0 - TITLE_BASE / height);
    const char *text = arena_printf(
        frame->page->arena, "%s, seed %" PRIu64 "%s%s%s", input->layout->name, input->set->seed,
        input->replications > 1
            ? arena_printf(frame->page->arena, ", %zu replications", input->replications)
            : "",
        spec->note == NULL ? "" : "; ", spec->note == NULL ? "" : spec->note);
    fputs("set label 2 ", script);
    gp_literal_cut(script, text, 120);
    fprintf(script,
            " at screen %.4f, %.4f left noenhanced font \",11\" textcolor rgb \"#606060\"\n",
            18.0 / frame->page->width, 1.0 - SUBTITLE_BASE / height);
}

struct frame frame_begin(const struct figure_input *input, struct figure_page *page,
                         const struct frame_spec *spec)
{
    struct frame frame = {.input = input, .page = page, .left = LEFT};
    const double legend =
        spec->legend_columns > 0 ? spec->legend_columns * KEY_ADVANCE + KEY_SAMPLE : 0.0;
    frame.right = page->width - RIGHT - legend;
    choose_time_unit(&frame);
    frame.fault_rows = spec->faults ? count_fault_rows(&frame) : 0;
    frame.top = HEAD + FRAME_ROW * frame.fault_rows;
    page->height = (unsigned)(frame.top + spec->panels_height);
    write_styles(page->script);
    write_title(&frame, spec);
    fputs("set multiplot\n", page->script);
    return frame;
}

void frame_panel(const struct frame *frame, const struct frame_box *box, bool legend)
{
    FILE *script = frame->page->script;
    const double width = frame->page->width, height = frame->page->height;
    fprintf(script,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
            "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
            box->left / width, box->right / width, 1.0 - box->top / height,
            1.0 - box->bottom / height);
    if (legend) {
        fprintf(script,
                "set key at screen %.4f, %.4f left top Left reverse vertical noenhanced "
                "samplen 2.2 spacing 1.25 font \",11\" maxrows 40\n",
                (frame->right + 12.0) / width, 1.0 - (box->top - 8.0) / height);
    } else {
        fputs("unset key\n", script);
    }
}

void frame_time_axis(const struct frame *frame, bool named)
{
    FILE *script = frame->page->script;
    fprintf(script, "set xrange [0:%.9g]\n", duration_s(frame->input) / frame->time_unit_s);
    if (named) {
        fprintf(script, "set xlabel \"simulated time (%s)\" noenhanced\n", frame->time_unit);
    } else {
        fputs("set xlabel \"\"\nset format x \"\"\n", script);
    }
}

void frame_faults(const struct frame *frame, const struct frame_box *box, bool labels)
{
    FILE *script = frame->page->script;
    double used[FAULT_ROWS_MAX] = {0.0};
    for (uint32_t i = 0; i < frame->input->layout->fault_count; i++) {
        const struct record_fault *fault = &frame->input->layout->faults[i];
        const double begin = fault_begin_s(fault) / frame->time_unit_s;
        const double end = fault_end_s(frame->input, fault) / frame->time_unit_s;
        const struct fault_label label = place_label(frame, i, used);
        if (begin > end) {
            continue;
        }
        fprintf(script,
                "set object %" PRIu32 " rectangle from first %.9g, graph 0 to first %.9g, graph 1 "
                "behind fillcolor rgb \"#f3eadf\" fillstyle solid noborder\n"
                "set arrow %" PRIu32 " from first %.9g, graph 0 to first %.9g, graph 1 nohead back "
                "lc rgb \"#b08d57\" lw 0.6 dt solid\n",
                i + 10, begin, end, i + 10, begin, begin);
        if (!labels || label.row >= FAULT_ROWS_MAX) {
            continue;
        }
        const double y = box->top - 8.0 - (double)label.row * FRAME_ROW;
        fprintf(script, "set label %" PRIu32 " ", i + 10);
        gp_literal_cut(script, fault->id, FAULT_POINTS_MAX);
        fprintf(
            script,
            " at first %.9g, screen %.4f %s noenhanced font \",10\" textcolor rgb \"#7a5c2e\"\n",
            label.at_end ? end : begin, 1.0 - y / frame->page->height,
            label.at_end ? "right" : "left");
    }
}

void frame_panel_end(const struct frame *frame)
{
    fputs("unset label\nunset object\nunset arrow\nunset logscale\nunset format\n"
          "set xtics autofreq\nset ytics autofreq\n",
          frame->page->script);
}

void frame_end(const struct frame *frame)
{
    fputs("unset multiplot\n", frame->page->script);
}

void figure_header_cell(struct figure_page *page, const char *text)
{
    fputs(",\"", page->data);
    for (uint32_t code = utf8_next(&text); code != 0; code = utf8_next(&text)) {
        char bytes[4];
        const bool bad = utf8_is_control(code) || code == '"';
        fwrite(bytes, 1,
               utf8_write(code == '"' ? '\''
                          : bad       ? UTF8_REPLACEMENT
                                      : code,
                          bytes),
               page->data);
    }
    fputc('"', page->data);
}
