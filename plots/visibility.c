#include "plots/visibility.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"
#include "plots/gp_literal.h"

#include <math.h>
#include <string.h>

/* A point stands for a bin of t; a probe's bin has no width. */
static double middle(const struct metric_curve *curve, size_t point)
{
    return curve->x_end == NULL ? curve->x[point] : (curve->x[point] + curve->x_end[point]) / 2.0;
}

static void add_curve(struct visibility *visibility, const struct metric_curve *curve,
                      const char *name)
{
    if (visibility->count == FIGURE_CURVES_MAX) {
        visibility->left_out++;
        return;
    }
    struct visibility_curve *added = &visibility->curves[visibility->count++];
    const int width = utf8_width(name);
    added->curve = curve;
    added->name = name;
    visibility->columns = width > visibility->columns ? width : visibility->columns;
    for (size_t i = 0; i < curve->point_count; i++) {
        const double t = middle(curve, i);
        if (t > 0.0) {
            visibility->least = visibility->least > 0.0 ? fmin(visibility->least, t) : t;
            visibility->most = fmax(visibility->most, t);
        }
    }
}

bool visibility_collect(const struct figure_input *input, struct visibility *visibility)
{
    const struct metric_set *set = input->set;
    memset(visibility, 0, sizeof *visibility);
    for (size_t i = 0; i < set->curve_count; i++) {
        const struct metric_curve *curve = &set->curves[i];
        if (curve->point_count > 1 && strcmp(curve->name, "probe_t_visibility") == 0) {
            add_curve(visibility, curve, "probes");
        }
    }
    /* The curve over all readers says nothing new when there is only one reader. */
    size_t readers = 0;
    const struct metric_curve *all = NULL;
    for (size_t i = 0; i < set->curve_count; i++) {
        const struct metric_curve *curve = &set->curves[i];
        if (curve->point_count > 1 && strcmp(curve->name, "t_visibility") == 0) {
            all = curve->label_count == 0 ? curve : all;
            if (curve->label_count == 1 && strcmp(curve->labels[0].key, "reader") == 0) {
                add_curve(visibility, curve, curve->labels[0].value);
                readers++;
            }
        }
    }
    if (all != NULL && readers != 1 && visibility->count < FIGURE_CURVES_MAX) {
        add_curve(visibility, all, "all readers");
    }
    if (visibility->columns > FIGURE_NAME_POINTS) {
        visibility->columns = FIGURE_NAME_POINTS;
    }
    return visibility->count > 0 && visibility->most > 0.0;
}

void visibility_write(struct figure_page *page, struct visibility *visibility)
{
    size_t row = 0;
    fputs("curve,t_ms,fresh_percent,stale_percent\n", page->data);
    for (size_t i = 0; i < visibility->count; i++) {
        const struct metric_curve *curve = visibility->curves[i].curve;
        const size_t stride = (curve->point_count + FIGURE_POINTS_MAX - 1) / FIGURE_POINTS_MAX;
        visibility->curves[i].row_first = row;
        for (size_t point = 0; point < curve->point_count; point += stride) {
            char t[NUMBER_TEXT_MAX], fresh[NUMBER_TEXT_MAX], stale[NUMBER_TEXT_MAX];
            const double middle_ms = middle(curve, point);
            if (!isfinite(middle_ms) || !isfinite(curve->y[point])) {
                continue;
            }
            fprintf(page->data, "%zu,%s,%s,%s\n", i + 1, number_text(middle_ms, t),
                    number_text(100.0 * curve->y[point], fresh),
                    number_text(100.0 * (1.0 - curve->y[point]), stale));
            row++;
        }
        visibility->curves[i].row_last = row > 0 ? row - 1 : 0;
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
                     unsigned column)
{
    fputs("plot \\\n", page->script);
    for (size_t i = 0; i < visibility->count; i++) {
        const struct visibility_curve *curve = &visibility->curves[i];
        fprintf(page->script,
                "  \"%s\" skip 1 every ::%zu::%zu using 2:%u with linespoints linetype %zu "
                "pointnumber 9 title ",
                page->data_name, curve->row_first, curve->row_last, column, i + 1);
        gp_literal_cut(page->script, curve->name, FIGURE_NAME_POINTS);
        fputs(i + 1 < visibility->count ? " noenhanced, \\\n" : " noenhanced\n", page->script);
    }
}
