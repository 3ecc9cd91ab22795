#include "plots/frame.h"
#include "plots/gp_literal.h"

#include "analysis/number_text.h"

#include <math.h>

/* Two machines, two writes, and what each machine heard of the other one's: a space-time sketch. */
enum { PANEL_HEIGHT = 260, WIDTH = 900, NAME_POINTS = 24, MACHINES = 2 };
enum { UPPER = 1, LOWER = 0 }; /* where a machine's line lies */

static const char *const write_colours[2] = {"#0072B2", "#D55E00"};

struct sketch {
    const struct metric_meeting *meeting;
    struct figure_page *page;
    uint32_t machines[MACHINES]; /* nodes; the first accepted the first write */
    sim_ns begin_ns;
    double span_ms;
};

static double at_ms(const struct sketch *sketch, const struct metric_meeting_event *event)
{
    return (double)(event->at_ns - sketch->begin_ns) / (double)SIM_NS_PER_MS;
}

static int height_of(const struct sketch *sketch, const struct metric_meeting_event *event)
{
    return event->node == sketch->machines[0] ? UPPER : LOWER;
}

static const struct metric_meeting_event *find(const struct metric_meeting *meeting,
                                               enum metric_meeting_kind kind, uint8_t write)
{
    for (uint32_t i = 0; i < meeting->event_count; i++) {
        if (meeting->events[i].kind == kind && meeting->events[i].write == write) {
            return &meeting->events[i];
        }
    }
    return NULL;
}

static void write_data(const struct sketch *sketch)
{
    static const char *const kinds[] = {[METRIC_MEETING_ACCEPTED] = "1",
                                        [METRIC_MEETING_ARRIVED] = "2",
                                        [METRIC_MEETING_GONE] = "3"};
    char text[NUMBER_TEXT_MAX];
    fputs("event,write,machine,time_ms\n", sketch->page->data);
    for (uint32_t i = 0; i < sketch->meeting->event_count; i++) {
        const struct metric_meeting_event *event = &sketch->meeting->events[i];
        fprintf(sketch->page->data, "%s,%u,%d,%s\n", kinds[event->kind], event->write + 1u,
                height_of(sketch, event) == UPPER ? 1 : 2, number_text(at_ms(sketch, event), text));
    }
}

static void write_label(const struct sketch *sketch, const struct metric_meeting_event *event,
                        const char *what)
{
    const bool upper = height_of(sketch, event) == UPPER;
    char text[NUMBER_TEXT_MAX];
    /* What a write does where it arrives is said further out than that it arrives. */
    const double away = event->kind == METRIC_MEETING_ACCEPTED  ? 0.26
                        : event->kind == METRIC_MEETING_ARRIVED ? 0.44
                                                                : 0.62;
    fprintf(sketch->page->script,
            "set label \"write %u %s, %s ms\" at first %.9g, first %.9g center noenhanced front "
            "font \",10\" textcolor rgb \"%s\"\n",
            event->write + 1u, what, number_text_rounded(at_ms(sketch, event), 4, text),
            at_ms(sketch, event), upper ? UPPER + away : LOWER - away, write_colours[event->write]);
}

static void write_travel(const struct sketch *sketch, uint8_t write)
{
    const struct metric_meeting_event *from = find(sketch->meeting, METRIC_MEETING_ACCEPTED, write);
    const struct metric_meeting_event *to = find(sketch->meeting, METRIC_MEETING_ARRIVED, write);
    if (from == NULL || to == NULL) {
        return;
    }
    fprintf(sketch->page->script,
            "set arrow from first %.9g, first %d to first %.9g, first %d head size screen 0.012,20 "
            "filled lw 2 lc rgb \"%s\" front\n",
            at_ms(sketch, from), height_of(sketch, from), at_ms(sketch, to), height_of(sketch, to),
            write_colours[write]);
}

static void write_machines(const struct sketch *sketch, const struct figure_input *input,
                           const struct frame *frame)
{
    FILE *script = sketch->page->script;
    for (int m = 0; m < MACHINES; m++) {
        const int y = m == 0 ? UPPER : LOWER;
        const uint32_t node = sketch->machines[m];
        fprintf(script,
                "set arrow from graph 0, first %d to graph 1, first %d nohead lw 1.5 lc rgb "
                "\"#606060\" back\nset label ",
                y, y);
        gp_literal_cut(script, input->layout->nodes[node].name, NAME_POINTS);
        fprintf(script, " at screen %.4f, first %d left noenhanced font \",11\"\n",
                18.0 / frame->page->width, y);
    }
}

static void draw_panel(const struct sketch *sketch, const struct figure_input *input,
                       const struct frame *frame)
{
    FILE *script = sketch->page->script;
    static const char *const words[] = {[METRIC_MEETING_ACCEPTED] = "accepted",
                                        [METRIC_MEETING_ARRIVED] = "arrives",
                                        [METRIC_MEETING_GONE] = "gives way"};
    const struct frame_box box = {170.0, frame->right, frame->top, frame->top + PANEL_HEIGHT};
    frame_panel(frame, &box, false);
    fprintf(script,
            "set xrange [%.9g:%.9g]\nset yrange [-0.9:1.9]\nunset ytics\nunset grid\n"
            "set xlabel \"ms since the first of the two was accepted\" noenhanced\n"
            "set ylabel \"\"\n",
            -0.15 * sketch->span_ms, 1.15 * sketch->span_ms);
    write_machines(sketch, input, frame);
    write_travel(sketch, 0);
    write_travel(sketch, 1);
    for (uint32_t i = 0; i < sketch->meeting->event_count; i++) {
        write_label(sketch, &sketch->meeting->events[i], words[sketch->meeting->events[i].kind]);
    }
    fprintf(script,
            "colour(write) = write == 1 ? %#x : %#x\n"
            "plot \"%s\" skip 1 using 4:($1 == 3 ? NaN : 2 - $3):(colour($2)) with points "
            "pointtype 7 pointsize 1.4 lc rgb variable notitle, \\\n"
            "  \"\" skip 1 using 4:($1 == 3 ? 2 - $3 + ($3 == 1 ? 0.11 : -0.11) : NaN):"
            "(colour($2)) with points pointtype 2 pointsize 1.6 linewidth 2.5 lc rgb variable "
            "notitle\n",
            0x0072B2u, 0xD55E00u, sketch->page->data_name);
    frame_panel_end(frame);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    const struct metric_meeting *meeting = &input->set->meeting;
    struct sketch sketch = {.meeting = meeting, .page = page};
    const struct metric_meeting_event *first = find(meeting, METRIC_MEETING_ACCEPTED, 0);
    const struct metric_meeting_event *second = find(meeting, METRIC_MEETING_ACCEPTED, 1);
    if (first == NULL || second == NULL) {
        return false;
    }
    sketch.machines[0] = first->node;
    sketch.machines[1] = second->node;
    sketch.begin_ns = first->at_ns;
    for (uint32_t i = 0; i < meeting->event_count; i++) {
        sketch.span_ms = fmax(sketch.span_ms, at_ms(&sketch, &meeting->events[i]));
    }
    sketch.span_ms = sketch.span_ms > 0.0 ? sketch.span_ms : 1.0;
    page->width = WIDTH;
    write_data(&sketch);
    char at[NUMBER_TEXT_MAX];
    const struct frame_spec spec = {
        .title = "Two writes of one key that did not know of each other",
        .note = arena_printf(
            page->arena, "%s, key %u, at %s s", input->layout->datasets[meeting->dataset].name,
            meeting->key, number_text_rounded((double)first->at_ns / (double)SIM_NS_PER_S, 6, at)),
        .panels_height = PANEL_HEIGHT + FRAME_AXIS};
    const struct frame frame = frame_begin(input, page, &spec);
    draw_panel(&sketch, input, &frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_conflict_sketch = {
    .name = "conflict_sketch", .title = "two writes that met, in space and time", .draw = draw};
