#include "plots/frame.h"
#include "plots/gp_literal.h"
#include "plots/timeline.h"

#include "analysis/utf8.h"

#include <math.h>
#include <string.h>

enum { REGIONS_MAX = 10, PANEL_HEIGHT = 56, PANEL_NAME = 24, TARGETS_MAX = FIGURE_CURVES_MAX };

/* One colour a destination, in the order of the areas: neighbours differ in lightness as well. */
static const char *const colours[TARGETS_MAX + 1] = {"#0072B2", "#E69F00", "#009E73", "#F0E442",
                                                     "#D55E00", "#56B4E9", "#CC79A7", "#332288",
                                                     "#B8B8B8", "#882255", "#404040"};

struct routes {
    const char *sources[REGIONS_MAX];
    const char *targets[TARGETS_MAX];
    size_t source_count, sources_left_out, target_count, targets_left_out;
    double *percent[REGIONS_MAX][TARGETS_MAX + 1]; /* the last one: all further targets */
};

static const struct metric_series *find_route(const struct figure_input *input, const char *from,
                                              const char *to)
{
    const struct metric_label labels[2] = {{"region", from}, {"to", to}};
    const struct metric_series *series = timeline_find(input->set, "routed_sessions", labels, 2);
    return series != NULL && timeline_max(input->set, series->values) > 0.0 ? series : NULL;
}

/*
 * Whether any session of (`from`) or to (`to`) that region was routed, to or from another one when
 * `other_only`; the other name is NULL.
 */
static bool has_route(const struct figure_input *input, const char *from, const char *to,
                      bool other_only)
{
    const char *name = from != NULL ? from : to;
    for (uint32_t i = 0; i < input->layout->place_count; i++) {
        const char *other = input->layout->places[i].name;
        if (other_only && strcmp(other, name) == 0) {
            continue;
        }
        if (find_route(input, from != NULL ? from : other, to != NULL ? to : other) != NULL) {
            return true;
        }
    }
    return false;
}

/* Keeps `max` of the names in their order, those first whose users go to other regions. */
static size_t choose(const char **names, const bool *moves, size_t count, size_t max)
{
    size_t moving = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        moving += moves[i];
    }
    size_t moving_left = moving < max ? moving : max;
    size_t staying_left = max - moving_left;
    for (size_t i = 0; i < count; i++) {
        size_t *left = moves[i] ? &moving_left : &staying_left;
        if (*left > 0) {
            --*left;
            names[kept++] = names[i];
        }
    }
    return kept;
}

static void collect_names(const struct figure_input *input, struct arena *arena,
                          struct routes *routes)
{
    const uint32_t places = input->layout->place_count;
    const char **sources = arena_alloc(arena, places + 1, sizeof *sources);
    const char **targets = arena_alloc(arena, places + 1, sizeof *targets);
    bool *leaves = arena_alloc(arena, places + 1, sizeof *leaves);
    bool *entered = arena_alloc(arena, places + 1, sizeof *entered);
    size_t source_count = 0, target_count = 0;
    for (uint32_t i = 0; i < places; i++) {
        const char *name = input->layout->places[i].name;
        if (has_route(input, name, NULL, false)) {
            leaves[source_count] = has_route(input, name, NULL, true);
            sources[source_count++] = name;
        }
        if (has_route(input, NULL, name, false)) {
            entered[target_count] = has_route(input, NULL, name, true);
            targets[target_count++] = name;
        }
    }
    routes->source_count = choose(sources, leaves, source_count, REGIONS_MAX);
    routes->target_count = choose(targets, entered, target_count, TARGETS_MAX);
    routes->sources_left_out = source_count - routes->source_count;
    routes->targets_left_out = target_count - routes->target_count;
    memcpy(routes->sources, sources, routes->source_count * sizeof *sources);
    memcpy(routes->targets, targets, routes->target_count * sizeof *targets);
}

static size_t target_index(const struct routes *routes, const char *name)
{
    size_t index = 0;
    while (index < routes->target_count && strcmp(routes->targets[index], name) != 0) {
        index++;
    }
    return index < routes->target_count ? index : TARGETS_MAX;
}

/* Shares of the sessions that are routed at all; NAN where none is. */
static void collect_shares(const struct figure_input *input, struct arena *arena,
                           struct routes *routes, size_t source)
{
    const size_t buckets = input->set->bucket_count;
    double *total = arena_alloc(arena, buckets + 1, sizeof *total);
    for (size_t i = 0; i <= TARGETS_MAX; i++) {
        routes->percent[source][i] = arena_alloc(arena, buckets + 1, sizeof *total);
    }
    for (uint32_t i = 0; i < input->layout->place_count; i++) {
        const char *to = input->layout->places[i].name;
        const struct metric_series *series = find_route(input, routes->sources[source], to);
        double *percent = routes->percent[source][target_index(routes, to)];
        for (size_t k = 0; series != NULL && k < buckets; k++) {
            const double sessions = isfinite(series->values[k]) ? series->values[k] : 0.0;
            percent[k] += sessions;
            total[k] += sessions;
        }
    }
    for (size_t i = 0; i <= TARGETS_MAX; i++) {
        for (size_t k = 0; k < buckets; k++) {
            double *percent = &routes->percent[source][i][k];
            *percent = total[k] > 0.0 ? 100.0 * *percent / total[k] : 0.0;
        }
    }
}

/* How many columns a region has: its targets, and the further ones when there are any. */
static size_t column_count(const struct routes *routes)
{
    return routes->target_count + (routes->targets_left_out > 0);
}

static size_t column_target(const struct routes *routes, size_t column)
{
    return column < routes->target_count ? column : TARGETS_MAX;
}

static const char *target_name(const struct routes *routes, size_t column)
{
    return column < routes->target_count ? routes->targets[column] : "further regions";
}

static void write_data(const struct figure_input *input, struct figure_page *page,
                       const struct routes *routes)
{
    struct timeline_column columns[REGIONS_MAX * (TARGETS_MAX + 1)];
    size_t count = 0;
    for (size_t source = 0; source < routes->source_count; source++) {
        for (size_t i = 0; i < column_count(routes); i++) {
            columns[count++] = (struct timeline_column){
                arena_printf(page->arena, "%s to %s percent", routes->sources[source],
                             target_name(routes, i)),
                routes->percent[source][column_target(routes, i)], TIMELINE_MEAN};
        }
    }
    timeline_write_rows(
        input, page, columns, count,
        timeline_rows_between(input->set, 0.0, (double)input->set->end_ns / (double)SIM_NS_PER_S));
}

/* Whether the region has any session there: an area of no height would leave a line. */
static bool goes_there(const struct figure_input *input, const struct routes *routes, size_t source,
                       size_t column)
{
    return timeline_max(input->set, routes->percent[source][column_target(routes, column)]) > 0.0;
}

static void write_sum(FILE *script, unsigned first, size_t count)
{
    fputs("(0", script);
    for (size_t i = 0; i < count; i++) {
        fprintf(script, "+$%zu", first + i);
    }
    fputs(")", script);
}

static void plot_region(const struct frame *frame, const struct routes *routes, size_t source)
{
    FILE *script = frame->page->script;
    const unsigned first = 2 + (unsigned)(source * column_count(routes));
    const char *gap = "";
    fputs("plot \\\n", script);
    for (size_t i = 0; i < column_count(routes); i++) {
        if (!goes_there(frame->input, routes, source, i)) {
            continue;
        }
        fprintf(script, "%s  \"%s\" skip 1 using ($1/%.9g):", gap, frame->page->data_name,
                frame->time_unit_s);
        write_sum(script, first, i);
        fputs(":", script);
        write_sum(script, first, i + 1);
        fprintf(script, " with filledcurves lc rgb \"%s\" notitle",
                colours[column_target(routes, i)]);
        gap = ", \\\n";
    }
    fputs("\n", script);
}

static void draw_region(const struct frame *frame, const struct routes *routes, size_t source)
{
    const double top = frame->top + PANEL_NAME + (double)source * (PANEL_HEIGHT + PANEL_NAME);
    const struct frame_box box = {frame->left, frame->right, top, top + PANEL_HEIGHT};
    const struct frame_box labels = {.top = frame->top};
    frame_panel(frame, &box, false);
    frame_time_axis(frame, source + 1 == routes->source_count);
    frame_faults(frame, &labels, source == 0);
    frame_panel_name(frame, &box, routes->sources[source]);
    fputs("set yrange [0:112]\nset ylabel \"\"\nunset grid\n"
          "set ytics (\"0 %%\" 0, \"50 %%\" 50, \"100 %%\" 100) noenhanced font \",10\"\n",
          frame->page->script);
    plot_region(frame, routes, source);
    frame_panel_end(frame);
}

/* From above as the areas lie on each other. */
static void draw_legend(const struct frame *frame, const struct routes *routes)
{
    FILE *script = frame->page->script;
    frame_legend_begin(frame, frame->top + PANEL_NAME);
    for (size_t i = column_count(routes); i-- > 0;) {
        fprintf(script, "  keyentry with boxes fillstyle solid noborder lc rgb \"%s\" title ",
                colours[column_target(routes, i)]);
        gp_literal_cut(script, target_name(routes, i), FIGURE_NAME_POINTS);
        fputs(" noenhanced, \\\n", script);
    }
    frame_legend_end(frame);
}

static bool draw(const struct figure_input *input, struct figure_page *page)
{
    struct routes *routes = arena_alloc(page->arena, 1, sizeof *routes);
    int columns = 0;
    collect_names(input, page->arena, routes);
    if (routes->source_count == 0) {
        return false;
    }
    for (size_t i = 0; i < routes->source_count; i++) {
        collect_shares(input, page->arena, routes, i);
    }
    for (size_t i = 0; i < column_count(routes); i++) {
        const int width = utf8_width(target_name(routes, i));
        columns = width > columns ? width : columns;
    }
    const struct frame_spec spec = {
        .title = "Where the users of each client region are routed",
        .note =
            routes->sources_left_out > 0
                ? arena_printf(page->arena, "share of its sessions; %zu more regions in routes.csv",
                               routes->sources_left_out)
                : "share of its sessions, by the region that they are routed to",
        .legend_columns = columns < FIGURE_NAME_POINTS ? columns : FIGURE_NAME_POINTS,
        .panels_height = (double)routes->source_count * (PANEL_HEIGHT + PANEL_NAME) + FRAME_AXIS,
        .faults = true,
        .filled = true};
    const struct frame frame = frame_begin(input, page, &spec);
    write_data(input, page, routes);
    for (size_t i = 0; i < routes->source_count; i++) {
        draw_region(&frame, routes, i);
    }
    draw_legend(&frame, routes);
    frame_end(&frame);
    return true;
}

const struct figure figure_routes = {
    .name = "routes", .title = "where the users of each region are routed over time", .draw = draw};
