#include "plots/timeline.h"

#include "analysis/number_text.h"
#include "plots/gp_literal.h"

#include <math.h>
#include <string.h>

static bool has_labels(const struct metric_series *series, const struct metric_label *labels,
                       uint32_t count)
{
    if (series->label_count != count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < count; j++) {
            found = found || (strcmp(series->labels[j].key, labels[i].key) == 0 &&
                              strcmp(series->labels[j].value, labels[i].value) == 0);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

const struct metric_series *timeline_find(const struct metric_set *set, const char *name,
                                          const struct metric_label *labels, uint32_t count)
{
    for (size_t i = 0; i < set->series_count; i++) {
        if (strcmp(set->series[i].name, name) == 0 && has_labels(&set->series[i], labels, count)) {
            return &set->series[i];
        }
    }
    return NULL;
}

const double *timeline_of_region(const struct figure_input *input, struct arena *arena,
                                 const char *name, const char *region)
{
    const struct metric_set *set = input->set;
    struct metric_label labels[2] = {{"region", region}, {"operation", "read"}};
    const struct metric_series *all = timeline_find(set, name, labels, 1);
    if (all != NULL) {
        return all->values;
    }
    double *sum = arena_alloc(arena, set->bucket_count + 1, sizeof *sum);
    for (size_t bucket = 0; bucket < set->bucket_count; bucket++) {
        sum[bucket] = (double)NAN;
    }
    for (size_t part = 0; part < 2; part++) {
        labels[1].value = part == 0 ? "read" : "write";
        const struct metric_series *series = timeline_find(set, name, labels, 2);
        for (size_t bucket = 0; series != NULL && bucket < set->bucket_count; bucket++) {
            const double value = series->values[bucket];
            if (isfinite(value)) {
                sum[bucket] = isfinite(sum[bucket]) ? sum[bucket] + value : value;
            }
        }
    }
    return sum;
}

bool timeline_has_data(const struct metric_set *set, const double *values)
{
    for (size_t bucket = 0; values != NULL && bucket < set->bucket_count; bucket++) {
        if (isfinite(values[bucket])) {
            return true;
        }
    }
    return false;
}

double timeline_max(const struct metric_set *set, const double *values)
{
    double largest = 0.0;
    for (size_t bucket = 0; values != NULL && bucket < set->bucket_count; bucket++) {
        if (isfinite(values[bucket]) && values[bucket] > largest) {
            largest = values[bucket];
        }
    }
    return largest;
}

/* Joins buckets first..last-1; NAN when none has a value. */
static double join_buckets(const struct timeline_column *column, size_t first, size_t last)
{
    double sum = 0.0, largest = 0.0;
    size_t count = 0;
    for (size_t bucket = first; column->values != NULL && bucket < last; bucket++) {
        const double value = column->values[bucket];
        if (isfinite(value)) {
            sum += value;
            largest = count == 0 || value > largest ? value : largest;
            count++;
        }
    }
    if (count == 0) {
        return (double)NAN;
    }
    return column->join == TIMELINE_MAX ? largest : sum / (double)count;
}

struct timeline_rows timeline_rows_between(const struct metric_set *set, double from_s, double to_s)
{
    const double bucket_s = (double)set->bucket_ns / (double)SIM_NS_PER_S;
    const double buckets = (double)set->bucket_count;
    if (set->bucket_count == 0) {
        return (struct timeline_rows){0, 0, 1};
    }
    const size_t first = (size_t)fmin(fmax(floor(from_s / bucket_s), 0.0), buckets);
    const size_t end = (size_t)fmin(fmax(ceil(to_s / bucket_s), (double)first), buckets);
    return (struct timeline_rows){first, end,
                                  (end - first + FIGURE_POINTS_MAX - 1) / FIGURE_POINTS_MAX};
}

void timeline_write_rows(const struct figure_input *input, struct figure_page *page,
                         const struct timeline_column *columns, size_t count,
                         struct timeline_rows rows)
{
    const double bucket_s = (double)input->set->bucket_ns / (double)SIM_NS_PER_S;
    char text[NUMBER_TEXT_MAX];
    fputs("time_s", page->data);
    for (size_t i = 0; i < count; i++) {
        figure_header_cell(page, columns[i].name);
    }
    fputc('\n', page->data);
    for (size_t first = rows.first; first < rows.end; first += rows.stride) {
        const size_t end = first + rows.stride;
        const size_t last = end < rows.end ? end : rows.end;
        const double middle = (double)(first + last) / 2.0 * bucket_s;
        fputs(number_text(middle, text), page->data);
        for (size_t i = 0; i < count; i++) {
            const double value = join_buckets(&columns[i], first, last);
            fprintf(page->data, ",%s", isfinite(value) ? number_text(value, text) : "");
        }
        fputc('\n', page->data);
    }
}

void timeline_write(const struct figure_input *input, struct figure_page *page,
                    const struct timeline_column *columns, size_t count)
{
    const size_t buckets = input->set->bucket_count;
    const struct timeline_rows all = {0, buckets,
                                      (buckets + FIGURE_POINTS_MAX - 1) / FIGURE_POINTS_MAX};
    timeline_write_rows(input, page, columns, count, all);
}

void timeline_plot(const struct frame *frame, const struct timeline_curve *curves, size_t count)
{
    enum { MARKS = 9 }; /* points on a curve that tell it apart without colour */
    FILE *script = frame->page->script;
    fputs("plot \\\n", script);
    for (size_t i = 0; i < count; i++) {
        const struct timeline_curve *curve = &curves[i];
        /* valid() is false for an empty cell; NaN then makes the gap. */
        fprintf(script,
                "  \"%s\" skip 1 using ($1/%.9g):(valid(%u) ? column(%u)/%.9g : NaN) with %s "
                "linetype %u linewidth %.2g",
                frame->page->data_name, frame->time_unit_s, curve->column, curve->column,
                curve->divisor > 0.0 ? curve->divisor : 1.0,
                curve->points ? "linespoints" : "lines", curve->linetype, curve->width);
        if (*curve->dash != '\0') {
            fprintf(script, " dashtype %s", curve->dash);
        }
        if (curve->points) {
            fprintf(script, " pointnumber %d", MARKS);
        }
        if (curve->title == NULL) {
            fputs(" notitle", script);
        } else {
            fputs(" title ", script);
            gp_literal_cut(script, curve->title, FIGURE_NAME_POINTS);
            fputs(" noenhanced", script);
        }
        fputs(i + 1 < count ? ", \\\n" : "\n", script);
    }
}
