/*
 * frame_faults.c - the times in which faults were active, behind the panels over time.
 */
#include "plots/frame.h"

#include "analysis/utf8.h"
#include "plots/gp_literal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { FAULT_ROWS_MAX = 4, FAULT_POINTS_MAX = 40, LABEL_GAP = 10 /* px */ };
#define FAULT_ADVANCE 6.1

static double pixels_per_s(const struct frame *frame)
{
    return (frame->right - frame->left) / (frame->to_s - frame->from_s);
}

/* Of the window what the time axis shows. False: nothing. */
static bool visible(const struct frame *frame, const struct metric_fault_window *window,
                    struct frame_span *span)
{
    span->begin_s = (double)window->begin_ns / (double)SIM_NS_PER_S;
    span->end_s = (double)window->end_ns / (double)SIM_NS_PER_S;
    const bool shown = span->begin_s <= frame->to_s && span->end_s >= frame->from_s;
    span->begin_s = fmax(span->begin_s, frame->from_s);
    span->end_s = fmin(span->end_s, frame->to_s);
    return shown;
}

/* How often each fault is seen. */
static uint32_t *count_windows(const struct frame *frame)
{
    const struct metric_events *events = &frame->input->set->failures;
    uint32_t *counts =
        arena_alloc(frame->page->arena, frame->input->layout->fault_count + 1, sizeof *counts);
    for (size_t i = 0; i < events->window_count; i++) {
        struct frame_span span;
        counts[events->windows[i].fault] += visible(frame, &events->windows[i], &span);
    }
    return counts;
}

/*
 * First fit: each label, in the order of the begins, takes the lowest row in which it touches no
 * earlier one. `used` is the right end of the last label of each row; one that ends at its window's
 * end reaches back to the left, and a row that was used further right is simply not offered.
 */
static bool place_label(const struct frame *frame, const struct frame_span *span,
                        struct frame_label *label, double *used)
{
    const int columns = utf8_width(label->text);
    const double shown = columns > FAULT_POINTS_MAX ? FAULT_POINTS_MAX : columns;
    const double width = shown * FAULT_ADVANCE;
    double left = frame->left + (span->begin_s - frame->from_s) * pixels_per_s(frame);
    label->at_s = span->begin_s;
    label->at_end = left + width > frame->right;
    if (label->at_end) {
        label->at_s = span->end_s;
        left = frame->left + (span->end_s - frame->from_s) * pixels_per_s(frame) - width;
    }
    for (label->row = 0; label->row < FAULT_ROWS_MAX && left >= 0.0; label->row++) {
        if (left >= used[label->row]) {
            used[label->row] = left + width + LABEL_GAP;
            return true;
        }
    }
    return false;
}

/* One label a fault; those that find no room are left out. */
static void place_labels(struct frame *frame)
{
    const struct metric_events *events = &frame->input->set->failures;
    const struct record_layout *layout = frame->input->layout;
    struct arena *arena = frame->page->arena;
    struct frame_label *labels = arena_alloc(arena, layout->fault_count + 1, sizeof *labels);
    uint32_t *counts = count_windows(frame);
    double used[FAULT_ROWS_MAX] = {0.0};
    for (size_t i = 0; i < events->window_count; i++) {
        const uint32_t fault = events->windows[i].fault;
        struct frame_span span;
        if (counts[fault] == 0 || !visible(frame, &events->windows[i], &span)) {
            continue;
        }
        struct frame_label *label = &labels[frame->label_count];
        label->text = counts[fault] == 1 ? layout->faults[fault].id
                                         : arena_printf(arena, "%s (%" PRIu32 " times)",
                                                        layout->faults[fault].id, counts[fault]);
        counts[fault] = 0; /* it has its label, or none */
        if (place_label(frame, &span, label, used)) {
            frame->label_count++;
            frame->fault_rows =
                label->row + 1 > frame->fault_rows ? label->row + 1 : frame->fault_rows;
        }
    }
    frame->labels = labels;
}

void frame_faults_place(struct frame *frame)
{
    const struct metric_events *events = &frame->input->set->failures;
    const double pixel_s = 1.0 / pixels_per_s(frame);
    struct arena *arena = frame->page->arena;
    struct frame_span *shades = arena_alloc(arena, events->window_count + 1, sizeof *shades);
    double *begins = arena_alloc(arena, events->window_count + 1, sizeof *begins);
    place_labels(frame);
    for (size_t i = 0; i < events->window_count; i++) {
        struct frame_span span;
        if (!visible(frame, &events->windows[i], &span)) {
            continue;
        }
        struct frame_span *last = frame->shade_count > 0 ? &shades[frame->shade_count - 1] : NULL;
        if (last != NULL && span.begin_s < last->end_s + pixel_s) {
            last->end_s = fmax(last->end_s, span.end_s);
        } else {
            shades[frame->shade_count++] = span;
        }
        if (frame->begin_count == 0 || span.begin_s >= begins[frame->begin_count - 1] + pixel_s) {
            begins[frame->begin_count++] = span.begin_s;
        }
    }
    frame->shades = shades;
    frame->begins_s = begins;
}

static void write_labels(const struct frame *frame, const struct frame_box *box)
{
    FILE *script = frame->page->script;
    for (size_t i = 0; i < frame->label_count; i++) {
        const struct frame_label *label = &frame->labels[i];
        const double y = box->top - 8.0 - (double)label->row * FRAME_ROW;
        fprintf(script, "set label %zu ", i + 10);
        gp_literal_cut(script, label->text, FAULT_POINTS_MAX);
        fprintf(
            script,
            " at first %.9g, screen %.4f %s noenhanced font \",10\" textcolor rgb \"#7a5c2e\"\n",
            label->at_s / frame->time_unit_s, 1.0 - y / frame->page->height,
            label->at_end ? "right" : "left");
    }
}

static void write_line(const struct frame *frame, double at_s)
{
    const double at = at_s / frame->time_unit_s;
    fprintf(frame->page->script,
            "set arrow from first %.9g, graph 0 to first %.9g, graph 1 nohead %s\n", at, at,
            frame->filled ? "front lc rgb \"#000000\" lw 0.8 dt (4,3)"
                          : "back lc rgb \"#b08d57\" lw 0.6 dt solid");
}

void frame_faults(const struct frame *frame, const struct frame_box *box, bool labels)
{
    FILE *script = frame->page->script;
    for (size_t i = 0; i < frame->shade_count; i++) {
        fprintf(script,
                "set object %zu rectangle from first %.9g, graph 0 to first %.9g, graph 1 "
                "behind fillcolor rgb \"#f3eadf\" fillstyle solid noborder\n",
                i + 10, frame->shades[i].begin_s / frame->time_unit_s,
                frame->shades[i].end_s / frame->time_unit_s);
    }
    for (size_t i = 0; i < frame->begin_count; i++) {
        write_line(frame, frame->begins_s[i]);
    }
    for (size_t i = 0; frame->filled && i < frame->shade_count; i++) {
        write_line(frame, frame->shades[i].end_s);
    }
    if (labels) {
        write_labels(frame, box);
    }
}
