#include "plots/matrix.h"

#include "analysis/number_text.h"
#include "analysis/utf8.h"
#include "plots/frame.h"
#include "plots/gp_literal.h"

#include <math.h>
#include <string.h>

/* Pixels. */
enum {
    CELL_WIDTH = 74,
    CELL_HEIGHT = 34,
    NAME_ROOM = 34,
    TILT_ROOM = 44,
    ROW_TITLE = 18,
    PAGE_WIDTH_MIN = 560
};
#define NAME_ADVANCE 6.8

struct matrix *matrix_new(struct arena *arena)
{
    struct matrix *matrix = arena_alloc(arena, 1, sizeof *matrix);
    for (size_t row = 0; row < MATRIX_SIDE_MAX; row++) {
        for (size_t column = 0; column < MATRIX_SIDE_MAX; column++) {
            matrix->values[row][column] = (double)NAN;
        }
    }
    return matrix;
}

static size_t find_or_add(const char **names, size_t *count, size_t *left_out, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    if (*count == MATRIX_SIDE_MAX) {
        ++*left_out;
        return MATRIX_SIDE_MAX;
    }
    names[*count] = name;
    return (*count)++;
}

size_t matrix_row(struct matrix *matrix, const char *name)
{
    return find_or_add(matrix->rows, &matrix->row_count, &matrix->left_out, name);
}

size_t matrix_column(struct matrix *matrix, const char *name)
{
    return find_or_add(matrix->columns, &matrix->column_count, &matrix->left_out, name);
}

static double largest_value(const struct matrix *matrix)
{
    double largest = 0.0;
    for (size_t row = 0; row < matrix->row_count; row++) {
        for (size_t column = 0; column < matrix->column_count; column++) {
            const double value = matrix->values[row][column];
            largest = isfinite(value) ? fmax(largest, value) : largest;
        }
    }
    return largest;
}

/* Three significant digits, so that the number fits its cell; %g then shows all of them. */
static double rounded(double value)
{
    if (!(value > 0.0)) {
        return 0.0;
    }
    const double unit = pow(10.0, fmin(floor(log10(value)) - 2.0, 0.0));
    return round(value / unit) * unit;
}

static void write_data(FILE *data, const struct matrix *matrix)
{
    const double largest = largest_value(matrix);
    fputs("column,row,value,level,marked\n", data);
    for (size_t row = 0; row < matrix->row_count; row++) {
        for (size_t column = 0; column < matrix->column_count; column++) {
            const double value = matrix->values[row][column];
            char text[NUMBER_TEXT_MAX], level[NUMBER_TEXT_MAX];
            if (!isfinite(value)) {
                continue;
            }
            const double share = largest > 0.0 ? log1p(value) / log1p(largest) : 0.0;
            fprintf(data, "%zu,%zu,%s,%s,%d\n", column + 1, row + 1,
                    number_text(rounded(value), text), number_text_fixed(share, 4, level),
                    matrix->marked[row][column]);
        }
    }
}

static int widest(const char *const *names, size_t count)
{
    int columns = 0;
    for (size_t i = 0; i < count; i++) {
        const int width = utf8_width(names[i]);
        columns = width > columns ? width : columns;
    }
    return columns < GP_TIC_POINTS_MAX ? columns : GP_TIC_POINTS_MAX;
}

static void write_tics(FILE *script, char axis, const char *const *names, size_t count)
{
    fprintf(script, "set %ctics (", axis);
    for (size_t i = 0; i < count; i++) {
        gp_tic_literal(script, names[i]);
        fprintf(script, " %zu%s", i + 1, i + 1 < count ? ", " : "");
    }
    fprintf(script, ") noenhanced scale 0 %s\n", axis == 'x' ? "rotate by 30 right" : "");
}

static void write_plot(FILE *script, const char *data_name, size_t rows, size_t columns)
{
    fprintf(
        script,
        "set xrange [0.5:%zu.5]\nset yrange [%zu.5:0.5]\nunset grid\nunset colorbox\n"
        "set border 0\nset cbrange [0:1]\n"
        "set palette defined (0 \"#f4f8fc\", 0.35 \"#bcd7ec\", 0.7 \"#4a90c4\", 1 \"#08406f\")\n"
        "set style fill solid border rgb \"#ffffff\"\n",
        columns, rows);
    /* Labels are empty where they do not apply: without one valid point gnuplot 5.4.4 crashes. */
    fprintf(script,
            "plot \\\n"
            "  \"%s\" skip 1 using 1:2:(0.5):(0.5):4 with boxxyerror lc palette notitle, \\\n"
            "  \"%s\" skip 1 using 1:2:($4 < 0.55 ? sprintf($5 > 0 ? \"~%%g\" : \"%%g\", $3) : "
            "\"\") with labels font \",11\" tc rgb \"#102030\" notitle, \\\n"
            "  \"%s\" skip 1 using 1:2:($4 >= 0.55 ? sprintf($5 > 0 ? \"~%%g\" : \"%%g\", $3) : "
            "\"\") with labels font \",11\" tc rgb \"#ffffff\" notitle\n",
            data_name, data_name, data_name);
}

void matrix_draw(const struct figure_input *input, struct figure_page *page,
                 const struct matrix *matrix)
{
    const double row_names = widest(matrix->rows, matrix->row_count) * NAME_ADVANCE;
    const double column_names = widest(matrix->columns, matrix->column_count) * NAME_ADVANCE;
    const double width = (double)matrix->column_count * CELL_WIDTH;
    const double height = (double)matrix->row_count * CELL_HEIGHT;
    const double tilt = column_names * 0.5; /* sine of 30 degrees */
    const double left = fmax(row_names + NAME_ROOM + 24.0, column_names * 0.87 - CELL_WIDTH / 2.0);
    page->width = (unsigned)fmax(left + width + 30.0, PAGE_WIDTH_MIN);
    const struct frame_spec spec = {.title = matrix->title,
                                    .note = matrix->note,
                                    .panels_height = ROW_TITLE + height + tilt + TILT_ROOM};
    struct frame frame = frame_begin(input, page, &spec);
    const double top = frame.top + ROW_TITLE;
    const struct frame_box box = {left, left + width, top, top + height};
    write_data(page->data, matrix);
    frame_panel(&frame, &box, false);
    fputs("set xlabel \"\"\nset ylabel \"\"\n", page->script);
    write_tics(page->script, 'x', matrix->columns, matrix->column_count);
    write_tics(page->script, 'y', matrix->rows, matrix->row_count);
    /* Titles of the axes stand where no name can reach them. */
    fprintf(page->script,
            "set label 3 \"%s\" at screen %.4f, %.4f right noenhanced font \",11\"\n"
            "set label 4 \"%s\" at screen %.4f, %.4f center noenhanced font \",11\"\n",
            matrix->row_title, (left - 12.0) / page->width,
            1.0 - (top - 9.0) / (double)page->height, matrix->column_title,
            (left + width / 2.0) / page->width, 14.0 / (double)page->height);
    write_plot(page->script, page->data_name, matrix->row_count, matrix->column_count);
    frame_panel_end(&frame);
    frame_end(&frame);
}
