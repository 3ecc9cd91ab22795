#include "plots/frame.h"

#include "analysis/utf8.h"
#include "plots/gp_literal.h"

#include <inttypes.h>
#include <string.h>

/* Pixels; the mean advance of DejaVu Sans is about 0.6 of its size. */
enum { LEFT = 74, RIGHT = 24, TITLE_BASE = 26, SUBTITLE_BASE = 45, HEAD = 66, KEY_SAMPLE = 48 };
#define KEY_ADVANCE 6.9

static void choose_time_unit(struct frame *frame)
{
    static const struct {
        double from_s, unit_s;
        const char *name;
    } units[] = {{36000.0, 3600.0, "h"}, {600.0, 60.0, "min"}, {0.0, 1.0, "s"}};
    size_t i = 0;
    while (frame->to_s - frame->from_s < units[i].from_s) {
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
    frame.filled = spec->filled;
    frame.from_s = spec->from_s;
    frame.to_s = spec->to_s > spec->from_s ? spec->to_s
                                           : (double)input->set->duration_ns / (double)SIM_NS_PER_S;
    choose_time_unit(&frame);
    if (spec->faults) {
        frame_faults_place(&frame);
    }
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

void frame_legend_begin(const struct frame *frame, double top)
{
    const struct frame_box box = {frame->left, frame->right, top, frame->page->height - 2.0};
    frame_panel(frame, &box, true);
    fputs("unset border\nunset tics\nset xlabel \"\"\nset ylabel \"\"\n"
          "set xrange [0:1]\nset yrange [0:1]\nplot \\\n",
          frame->page->script);
}

void frame_legend_end(const struct frame *frame)
{
    fputs("  NaN notitle\n", frame->page->script);
}

void frame_panel_name(const struct frame *frame, const struct frame_box *box, const char *name)
{
    enum { ABOVE = 8 };
    FILE *script = frame->page->script;
    fputs("set label ", script);
    gp_literal_cut(script, name, FIGURE_NAME_POINTS);
    fprintf(script,
            " at graph 0, screen %.4f left noenhanced font \",11\" textcolor rgb \"#303030\"\n",
            1.0 - (box->top - ABOVE) / frame->page->height);
}

void frame_time_axis(const struct frame *frame, bool named)
{
    FILE *script = frame->page->script;
    fprintf(script, "set xrange [%.9g:%.9g]\n", frame->from_s / frame->time_unit_s,
            frame->to_s / frame->time_unit_s);
    if (named) {
        fprintf(script, "set xlabel \"simulated time (%s)\" noenhanced\n", frame->time_unit);
    } else {
        fputs("set xlabel \"\"\nset format x \"\"\n", script);
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
