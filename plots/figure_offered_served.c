#include "plots/frame.h"
#include "plots/region_list.h"
#include "plots/success.h"
#include "plots/timeline.h"

#include <math.h>

/* The kinds stand on each other in this order. */
enum { KINDS = 4, OFFERED = 0, REGIONS_MAX = 6, PANELS_MAX = REGIONS_MAX + 1 };
enum { PANEL_HEIGHT = 96, PANEL_NAME = 24, LEGEND_COLUMNS = 7 /* "unknown" */ };

static const struct {
    const char *series, *column;
    const char *title, *colour;
} kinds[KINDS] = {{"offered_per_s", "offered per s", "offered", "#000000"},
                  {"ok_per_s", "ok per s", "ok", "#56B4E9"},
                  {"failed_per_s", "failed per s", "failed", "#D55E00"},
                  {"unknown_per_s", "unknown per s", "unknown", "#F0E442"}};

struct panel {
    const char *name;
    double *values[KINDS]; /* one a bucket, never NAN */
};

struct panels {
    struct panel panels[PANELS_MAX];
    size_t count;
};

static struct panel *new_panel(const struct figure_input *input, struct arena *arena,
                               struct panels *panels, const char *name)
{
    struct panel *panel = &panels->panels[panels->count++];
    panel->name = name;
    for (size_t kind = 0; kind < KINDS; kind++) {
        panel->values[kind] =
            arena_alloc(arena, input->set->bucket_count + 1, sizeof *panel->values[kind]);
    }
    return panel;
}

static void add_region(const struct figure_input *input, struct arena *arena, const char *region,
                       struct panel *panel)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        const double *values = success_series(input, arena, kinds[kind].series, region, NULL);
        for (size_t i = 0; i < input->set->bucket_count; i++) {
            panel->values[kind][i] += isfinite(values[i]) ? values[i] : 0.0;
        }
    }
}

/* Whether there is anything to compare: else all that was offered was served, all the time. */
static bool tells_something(const struct figure_input *input, const struct panel *all)
{
    for (size_t i = 0; i < input->set->bucket_count; i++) {
        if (all->values[2][i] + all->values[3][i] > 0.0) {
            return true;
        }
    }
    return input->set->failures.window_count > 0;
}

/* All regions together, and when there are several each of the first ones. */
static void collect(const struct figure_input *input, struct arena *arena, struct panels *panels,
                    size_t *regions)
{
    struct panel *all = new_panel(input, arena, panels, "all client regions");
    const char *only = "";
    *regions = 0;
    for (uint32_t i = 0; i < input->layout->place_count; i++) {
        const char *name = input->layout->places[i].name;
        if (!timeline_has_data(input->set,
                               success_series(input, arena, kinds[OFFERED].series, name, NULL))) {
            continue;
        }
        add_region(input, arena, name, all);
        only = name;
        if (++*regions <= REGIONS_MAX) {
            add_region(input, arena, name, new_panel(input, arena, panels, name));
        }
    }
    if (*regions == 1) {
        panels->count = 1;
        all->name = only;
    }
}

static void write_data(const struct figure_input *input, struct figure_page *page,
                       const struct panels *panels)
{
    struct timeline_column columns[PANELS_MAX * KINDS];
    for (size_t i = 0; i < panels->count; i++) {
        for (size_t kind = 0; kind < KINDS; kind++) {
            columns[i * KINDS + kind] = (struct timeline_column){
                arena_printf(page->arena, "%s %s", panels->panels[i].name, kinds[kind].column),
                panels->panels[i].values[kind], TIMELINE_MEAN};
        }
    }
    timeline_write_rows(
        input, page, columns, panels->count * KINDS,
        timeline_rows_between(input->set, 0.0, (double)input->set->end_ns / (double)SIM_NS_PER_S));
}

static void plot_panel(const struct frame *frame, size_t index)
{
    FILE *script = frame->page->script;
    const char *data = frame->page->data_name;
    const unsigned offered = 2 + (unsigned)index * KINDS, ok = offered + 1;
    fprintf(
        script,
        "plot \\\n"
        "  \"%s\" skip 1 using ($1/%.9g):(0):($%u) with filledcurves lc rgb \"%s\" notitle, \\\n"
        "  \"%s\" skip 1 using ($1/%.9g):($%u):($%u+$%u) with filledcurves lc rgb \"%s\" "
        "notitle, \\\n",
        data, frame->time_unit_s, ok, kinds[1].colour, data, frame->time_unit_s, ok, ok, ok + 1,
        kinds[2].colour);
    fprintf(script,
            "  \"%s\" skip 1 using ($1/%.9g):($%u+$%u):($%u+$%u+$%u) with filledcurves lc rgb "
            "\"%s\" notitle, \\\n"
            "  \"%s\" skip 1 using ($1/%.9g):%u with lines lw 1.2 lc rgb \"%s\" dt solid notitle\n",
            data, frame->time_unit_s, ok, ok + 1, ok, ok + 1, ok + 2, kinds[3].colour, data,
            frame->time_unit_s, offered, kinds[OFFERED].colour);
}

/* At most four tics, at 1, 2 or 5 times a power of ten; room above the line for the faults. */
static void write_scale(const struct frame *frame, const struct panel *panel)
{
    enum { TICS = 4 };
    const double largest = fmax(timeline_max(frame->input->set, panel->values[OFFERED]), 1e-9);
    double step = pow(10.0, floor(log10(largest / TICS)));
    if (largest > 5.0 * TICS * step) {
        step *= 10.0;
    } else if (largest > 2.0 * TICS * step) {
        step *= 5.0;
    } else if (largest > TICS * step) {
        step *= 2.0;
    }
    fprintf(frame->page->script,
            "set yrange [0:%.9g]\nset ylabel \"requests/s\" noenhanced\n"
            "set ytics 0, %.9g font \",10\"\n",
            1.12 * largest, step);
}

static void draw_panel(const struct frame *frame, const struct panels *panels, size_t index)
{
    const double top = frame->top + PANEL_NAME + (double)index * (PANEL_HEIGHT + PANEL_NAME);
    const struct frame_box box = {frame->left, frame->right, top, top + PANEL_HEIGHT};
    const struct frame_box labels = {.top = frame->top};
    frame_panel(frame, &box, false);
    frame_time_axis(frame, index + 1 == panels->count);
    frame_faults(frame, &labels, index == 0);
    frame_panel_name(frame, &box, panels->panels[index].name);
    write_scale(frame, &panels->panels[index]);
    plot_panel(frame, index);
    frame_panel_end(frame);
}

static void draw_legend(const struct frame *frame)
{
    FILE *script = frame->page->script;
    frame_legend_begin(frame, frame->top + PANEL_NAME);
    fprintf(script, "  keyentry with lines lw 1.2 lc rgb \"%s\" dt solid title \"%s\", \\\n",
            kinds[OFFERED].colour, kinds[OFFERED].title);
    for (size_t kind = KINDS - 1; kind > OFFERED; kind--) {
        fprintf(script,
                "  keyentry with boxes fillstyle solid noborder lc rgb \"%s\" title \"%s\", \\\n",
                kinds[kind].colour, kinds[kind].title);
    }
    frame_legend_end(frame);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct panels *panels = arena_alloc(page->arena, 1, sizeof *panels);
    size_t regions = 0;
    collect(input, page->arena, panels, &regions);
    if (regions == 0 || !tells_something(input, &panels->panels[0])) {
        return false;
    }
    const char *left_out =
        regions > REGIONS_MAX
            ? arena_printf(page->arena, "; %zu more regions in timeline.csv", regions - REGIONS_MAX)
            : "";
    const struct frame_spec spec = {
        .title = "Offered and served requests",
        .note = arena_printf(page->arena, "not filled: in flight when the run ended%s", left_out),
        .legend_columns = LEGEND_COLUMNS,
        .panels_height = (double)panels->count * (PANEL_HEIGHT + PANEL_NAME) + FRAME_AXIS,
        .faults = true,
        .filled = true};
    const struct frame frame = frame_begin(input, page, &spec);
    write_data(input, page, panels);
    for (size_t i = 0; i < panels->count; i++) {
        draw_panel(&frame, panels, i);
    }
    draw_legend(&frame);
    frame_end(&frame);
    return true;
}

const struct figure figure_offered_served = {.name = "offered_served",
                                             .title =
                                                 "requests that were offered and served over time",
                                             .draw = draw};
