#include "plots/visibility.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"
#include "plots/gp_literal.h"

#include <math.h>
#include <string.h>

#define WIDTH_MAX 1.15

static bool is_exact(const struct metric_curve *curve)
{
    return curve->x_end == NULL || curve->samples == NULL || curve->hits == NULL;
}

/* How many points from `first` on become one. */
static size_t join_count(const struct metric_curve *curve, size_t first)
{
    uint64_t samples = is_exact(curve) ? VISIBILITY_SAMPLES : curve->samples[first];
    size_t count = 1;
    while (samples < VISIBILITY_SAMPLES && first + count < curve->point_count &&
           curve->x_end[first + count] <= WIDTH_MAX * curve->x[first]) {
        samples += curve->samples[first + count];
        count++;
    }
    return count;
}

static struct visibility_point join(const struct metric_curve *curve, size_t first, size_t count)
{
    struct visibility_point point = {.t_ms = curve->x[first], .fresh = curve->y[first]};
    if (curve->x_end != NULL) {
        point.t_ms = (curve->x[first] + curve->x_end[first + count - 1]) / 2.0;
    }
    if (!is_exact(curve)) {
        uint64_t samples = 0, hits = 0;
        for (size_t i = first; i < first + count; i++) {
            samples += curve->samples[i];
            hits += curve->hits[i];
        }
        point.fresh = samples > 0 ? (double)hits / (double)samples : (double)NAN;
    }
    return point;
}

/* Takes a point into account for the axes. */
static void extend(struct visibility *visibility, const struct visibility_point *point,
                   double *last_stale_ms)
{
    const double stale = 1.0 - point->fresh;
    visibility->least_fresh = fmin(visibility->least_fresh, point->fresh);
    if (stale > 0.0) {
        *last_stale_ms = fmax(*last_stale_ms, point->t_ms);
        visibility->least_stale =
            visibility->least_stale > 0.0 ? fmin(visibility->least_stale, stale) : stale;
    }
    if (point->t_ms > 0.0) {
        visibility->least =
            visibility->least > 0.0 ? fmin(visibility->least, point->t_ms) : point->t_ms;
        visibility->most = fmax(visibility->most, point->t_ms);
    }
}

static void add_curve(struct visibility *visibility, struct arena *arena,
                      const struct metric_curve *curve, const char *name)
{
    if (visibility->count == FIGURE_CURVES_MAX) {
        visibility->left_out++;
        return;
    }
    struct visibility_curve *added = &visibility->curves[visibility->count];
    const int width = utf8_width(name) < FIGURE_NAME_POINTS ? utf8_width(name) : FIGURE_NAME_POINTS;
    const size_t stride = (curve->point_count + FIGURE_POINTS_MAX - 1) / FIGURE_POINTS_MAX;
    added->name = name;
    added->points = arena_alloc(arena, curve->point_count, sizeof *added->points);
    for (size_t i = 0; i < curve->point_count;) {
        const size_t joined = join_count(curve, i);
        const struct visibility_point point = join(curve, i, joined);
        if (isfinite(point.t_ms) && isfinite(point.fresh)) {
            added->points[added->count++] = point;
            added->any_stale = added->any_stale || point.fresh < 1.0;
        }
        i += joined > stride ? joined : stride;
    }
    visibility->count += added->count > 0;
    visibility->columns = width > visibility->columns ? width : visibility->columns;
}

static bool any_stale(const struct metric_curve *curve)
{
    for (size_t i = 0; i < curve->point_count; i++) {
        if (curve->y[i] < 1.0) {
            return true;
        }
    }
    return false;
}

static void add_variants(const struct figure_input *input, struct arena *arena,
                         struct visibility *visibility, bool stale)
{
    for (size_t i = 0; i < input->variant_count; i++) {
        const struct metric_curve *curve = input->variants[i].visibility;
        if (curve != NULL && any_stale(curve) == stale) {
            add_curve(visibility, arena, curve, input->variants[i].name);
        }
    }
}

static void find_curves(const struct figure_input *input, struct arena *arena,
                        struct visibility *visibility)
{
    const struct metric_curve *all = NULL;
    add_variants(input, arena, visibility, true);
    add_variants(input, arena, visibility, false);
    for (size_t i = 0; i < input->set->curve_count; i++) {
        const struct metric_curve *curve = &input->set->curves[i];
        if (curve->point_count > 1 && strcmp(curve->name, "probe_t_visibility") == 0) {
            add_curve(visibility, arena, curve, "probes");
        }
    }
    const size_t probes = visibility->count;
    for (size_t i = 0; i < input->set->curve_count; i++) {
        const struct metric_curve *curve = &input->set->curves[i];
        if (curve->point_count < 2 || strcmp(curve->name, "t_visibility") != 0) {
            continue;
        }
        all = curve->label_count == 0 ? curve : all;
        if (curve->label_count == 1 && strcmp(curve->labels[0].key, "reader") == 0) {
            add_curve(visibility, arena, curve, curve->labels[0].value);
        }
    }
    /* The mixture of all readers says something only where the readers are not told apart. */
    if (visibility->count == probes && all != NULL) {
        add_curve(visibility, arena, all, "all reads");
    }
}

bool visibility_collect(const struct figure_input *input, struct arena *arena,
                        struct visibility *visibility)
{
    const double room = 3.0;
    double last_stale_ms = 0.0;
    memset(visibility, 0, sizeof *visibility);
    visibility->least_fresh = 1.0;
    find_curves(input, arena, visibility);
    for (size_t i = 0; i < visibility->count; i++) {
        const struct visibility_curve *curve = &visibility->curves[i];
        for (size_t point = 0; point < curve->count; point++) {
            extend(visibility, &curve->points[point], &last_stale_ms);
        }
    }
    if (last_stale_ms > 0.0) {
        visibility->most = fmin(visibility->most, room * last_stale_ms);
    }
    return visibility->count > 0 && visibility->most > visibility->least;
}

void visibility_write(struct figure_page *page, struct visibility *visibility)
{
    size_t row = 0;
    fputs("curve,t_ms,fresh_percent,stale_percent\n", page->data);
    for (size_t i = 0; i < visibility->count; i++) {
        struct visibility_curve *curve = &visibility->curves[i];
        curve->row_first = row;
        for (size_t point = 0; point < curve->count; point++) {
            char t[NUMBER_TEXT_MAX], fresh[NUMBER_TEXT_MAX], stale[NUMBER_TEXT_MAX];
            const double share = curve->points[point].fresh;
            fprintf(page->data, "%zu,%s,%s,%s\n", i + 1, number_text(curve->points[point].t_ms, t),
                    number_text(100.0 * share, fresh), number_text(100.0 * (1.0 - share), stale));
            row++;
        }
    }
}

void visibility_axis(FILE *script, const struct visibility *visibility)
{
    const double decades = 100.0;
    fputs("set xlabel \"time since the write was acknowledged, t (ms)\" noenhanced\n", script);
    if (visibility->most > decades * visibility->least) {
        fprintf(script, "set logscale x\nset xrange [%.9g:%.9g]\n", visibility->least,
                visibility->most);
    } else {
        fprintf(script, "set xrange [0:%.9g]\n", visibility->most);
    }
}

void visibility_plot(const struct figure_page *page, const struct visibility *visibility,
                     bool stale)
{
    const char *separator = "";
    fputs("plot \\\n", page->script);
    for (size_t i = 0; i < visibility->count; i++) {
        const struct visibility_curve *curve = &visibility->curves[i];
        if (stale && !curve->any_stale) {
            continue;
        }
        fprintf(page->script,
                "%s  \"%s\" skip 1 every ::%zu::%zu using 2:%u with linespoints linetype %zu "
                "pointnumber 9 title ",
                separator, page->data_name, curve->row_first, curve->row_first + curve->count - 1,
                stale ? 4u : 3u, i + 1);
        gp_literal_cut(page->script, curve->name, FIGURE_NAME_POINTS);
        fputs(" noenhanced", page->script);
        separator = ", \\\n";
    }
    fputc('\n', page->script);
}
