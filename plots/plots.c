#define _POSIX_C_SOURCE 200809L /* open_memstream */

#include "plots/plots.h"

#include "plots/gnuplot.h"
#include "sim/check.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_USUAL_S = 30, WIDTH = 900, HEIGHT = 480 };

/* What one call of plots_draw() carries along. */
struct drawing {
    struct figure_input input;
    const char *directory;
    const struct plot_options *options;
    char program[OUTPUT_PATH_MAX];
    char private_directory[OUTPUT_PATH_MAX];
    bool can_draw;
    struct plot_report *report;
};

/* A figure as text: body of the script, and data. */
struct sketch {
    char *script, *data;
    size_t script_size, data_size;
    unsigned width, height;
};

static const char *const endings[] = {[GNUPLOT_SVG] = "svg", [GNUPLOT_PNG] = "png"};

static void write_terminal(FILE *stream, const struct figure *figure, const struct sketch *sketch,
                           enum gnuplot_format format)
{
    if (format == GNUPLOT_SVG) {
        fprintf(stream,
                "set terminal svg noenhanced size %u,%u font \"DejaVu Sans,12\" "
                "background rgb \"white\" name \"%s\"\n",
                sketch->width, sketch->height, figure->name);
    } else {
        fprintf(stream,
                "set terminal pngcairo noenhanced size %u,%u font \"DejaVu Sans,12\" "
                "fontscale 1.5 linewidth 2 pointscale 2 background rgb \"white\"\n",
                2 * sketch->width, 2 * sketch->height);
    }
}

static void write_script(FILE *stream, const struct figure *figure, const struct sketch *sketch,
                         enum gnuplot_format format)
{
    fprintf(stream,
            "# %s: %s\n# Draw it: gnuplot -d %s.gp > %s.%s (with %s.csv in the same folder).\n"
            "# It has no `set output` on purpose: the picture goes to stdout.\n",
            figure->name, figure->title, figure->name, figure->name, endings[format], figure->name);
    write_terminal(stream, figure, sketch, format);
    fwrite(sketch->script, 1, sketch->script_size, stream);
}

/* Draws into memory. False: the figure has no data. */
static bool sketch_draw(struct drawing *drawing, const struct figure *figure, struct sketch *sketch)
{
    struct arena arena;
    arena_init(&arena);
    memset(sketch, 0, sizeof *sketch);
    struct figure_page page = {.width = WIDTH, .height = HEIGHT, .arena = &arena};
    page.data_name = arena_printf(&arena, "%s.csv", figure->name);
    page.script = open_memstream(&sketch->script, &sketch->script_size);
    page.data = open_memstream(&sketch->data, &sketch->data_size);
    CHECK(page.script != NULL);
    CHECK(page.data != NULL);
    const bool filled = figure->draw(&drawing->input, &page);
    sketch->width = page.width;
    sketch->height = page.height;
    const bool written = fclose(page.script) == 0;
    CHECK(fclose(page.data) == 0 && written); /* memory only: fails without memory */
    arena_release(&arena);
    return filled;
}

static void sketch_release(struct sketch *sketch)
{
    free(sketch->script); /* made by open_memstream */
    free(sketch->data);
}

static bool write_data(const char *directory, const struct figure *figure,
                       const struct sketch *sketch, struct output_error *error)
{
    struct output_file file;
    char name[64];
    snprintf(name, sizeof name, "%s.csv", figure->name);
    if (!output_file_open_in(&file, directory, name, error)) {
        return false;
    }
    fwrite(sketch->data, 1, sketch->data_size, file.stream);
    return output_file_commit(&file, error);
}

static bool write_script_file(const char *directory, const char *name, const struct figure *figure,
                              const struct sketch *sketch, enum gnuplot_format format,
                              struct output_error *error)
{
    struct output_file file;
    if (!output_file_open_in(&file, directory, name, error)) {
        return false;
    }
    write_script(file.stream, figure, sketch, format);
    return output_file_commit(&file, error);
}

/* Runs gnuplot for one format; problems of gnuplot go to `result`. */
static void draw_format(struct drawing *drawing, const struct figure *figure,
                        const struct sketch *sketch, enum gnuplot_format format,
                        struct plot_result *result)
{
    char output[OUTPUT_PATH_MAX], talk[GNUPLOT_TALK_MAX];
    struct output_error error;
    const struct gnuplot_job job = {.program = drawing->program,
                                    .directory = drawing->private_directory,
                                    .output = output,
                                    .format = format,
                                    .timeout_s = drawing->options->timeout_s == 0
                                                     ? TIMEOUT_USUAL_S
                                                     : drawing->options->timeout_s};
    const int length = snprintf(output, sizeof output, "%s/%s.%s", drawing->directory, figure->name,
                                endings[format]);
    error.text[0] = talk[0] = '\0';
    const bool good =
        length < OUTPUT_PATH_MAX &&
        write_script_file(drawing->private_directory, "plot.gp", figure, sketch, format, &error) &&
        gnuplot_run(&job, talk, &error);
    if (!good) {
        result->state = PLOT_FAILED;
    }
    const char *text = good ? talk : error.text;
    if (*text != '\0') {
        snprintf(result->text, sizeof result->text, "%.*s", PLOT_TEXT_MAX - 1, text);
    }
}

static bool draw_figure(struct drawing *drawing, const struct figure *figure,
                        struct plot_result *result)
{
    struct output_error *error = &drawing->report->error;
    struct sketch sketch;
    char script_name[64];
    snprintf(script_name, sizeof script_name, "%s.gp", figure->name);
    result->name = figure->name;
    result->title = figure->title;
    result->state = PLOT_EMPTY;
    bool good = true;
    if (sketch_draw(drawing, figure, &sketch)) {
        result->state = drawing->can_draw ? PLOT_DRAWN : PLOT_SCRIPT_ONLY;
        good =
            write_data(drawing->directory, figure, &sketch, error) &&
            write_script_file(drawing->directory, script_name, figure, &sketch, GNUPLOT_SVG,
                              error) &&
            (!drawing->can_draw || write_data(drawing->private_directory, figure, &sketch, error));
        if (good && drawing->can_draw && !drawing->options->no_svg) {
            draw_format(drawing, figure, &sketch, GNUPLOT_SVG, result);
        }
        if (good && drawing->can_draw && !drawing->options->no_png && result->state == PLOT_DRAWN) {
            draw_format(drawing, figure, &sketch, GNUPLOT_PNG, result);
        }
    }
    sketch_release(&sketch);
    return good;
}

static bool draw_all(struct drawing *drawing, const struct figure *const *figures)
{
    struct plot_report *report = drawing->report;
    const char *only = drawing->options->only;
    for (size_t i = 0; figures[i] != NULL; i++) {
        if (only != NULL && strcmp(only, figures[i]->name) != 0) {
            continue;
        }
        CHECK(report->count < PLOT_FIGURES_MAX);
        struct plot_result *result = &report->results[report->count++];
        if (!draw_figure(drawing, figures[i], result)) {
            return false;
        }
        report->drawn += result->state == PLOT_DRAWN;
        report->failed += result->state == PLOT_FAILED;
    }
    return true;
}

static void write_note(struct drawing *drawing)
{
    struct plot_report *report = drawing->report;
    if (!drawing->can_draw) {
        snprintf(report->note, sizeof report->note,
                 "no gnuplot found: the figures' scripts and data are in %.200s; install gnuplot "
                 "and draw them with `gnuplot -d NAME.gp > NAME.svg`",
                 drawing->directory);
    } else if (report->failed > 0) {
        snprintf(report->note, sizeof report->note, "%zu of %zu figures could not be drawn",
                 report->failed, report->failed + report->drawn);
    }
}

bool plots_draw_figures(const struct figure *const *figures, const struct figure_input *input,
                        const char *directory, const struct plot_options *options,
                        struct plot_report *report)
{
    struct drawing drawing = {
        .input = *input, .directory = directory, .options = options, .report = report};
    memset(report, 0, sizeof *report);
    if (!output_directory_make(directory, &report->error)) {
        return false;
    }
    drawing.can_draw = gnuplot_find(options->gnuplot, drawing.program);
    if (drawing.can_draw && !gnuplot_directory_make(drawing.private_directory, &report->error)) {
        return false;
    }
    const bool good = draw_all(&drawing, figures);
    if (drawing.can_draw) {
        gnuplot_directory_remove(drawing.private_directory);
    }
    write_note(&drawing);
    return good;
}

bool plots_draw(const struct record_layout *layout, const struct metric_set *set,
                const char *directory, const struct plot_options *options,
                struct plot_report *report)
{
    const struct figure_input input = {
        .layout = layout, .set = set, .replications = options->replications};
    return plots_draw_figures(figure_registry, &input, directory, options, report);
}
