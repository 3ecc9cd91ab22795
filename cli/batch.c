#define _POSIX_C_SOURCE 200809L
#include "cli/batch.h"

#include "analysis/report.h"
#include "cli/shell_word.h"
#include "cli/version.h"
#include "plots/plots.h"
#include "sim/arena.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *batch_label(const char *variant)
{
    return variant != NULL ? variant : "base";
}

static bool colour_wanted(const struct arguments *arguments)
{
    const char *when = arguments_text(arguments, "color");
    if (when != NULL && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

/* The command that gives these numbers again. */
static const char *reproduce_line(const struct run *run, struct arena *arena)
{
    const char *line =
        arena_printf(arena, "geodes run %s --seed %llu", shell_word(arena, run->file.path),
                     (unsigned long long)run->experiment.seed);
    if (run->experiment.replications > 1) {
        line = arena_printf(arena, "%s --replications %zu", line, run->experiment.replications);
    }
    if (run->file.variant != NULL) {
        line = arena_printf(arena, "%s --variant %s", line, shell_word(arena, run->file.variant));
    }
    for (size_t i = 0; i < run->file.override_count; i++) {
        line = arena_printf(arena, "%s --set %s", line, shell_word(arena, run->file.overrides[i]));
    }
    return line;
}

enum exit_code batch_io_failed(const struct output_error *error)
{
    fprintf(stderr, "geodes: %s\n", error->text);
    return EXIT_CODE_IO;
}

static void print_json(struct batch *batch, const struct report *report)
{
    if (batch->several) {
        fputs(batch->printed == 0 ? "[\n" : ",\n", stdout);
    }
    report_json(stdout, report);
}

static void print_table(const struct run *run, const struct report *report)
{
    const struct batch *batch = run->batch;
    const struct report_table_options table = {.colour = colour_wanted(batch->arguments)};
    if (batch->several) {
        printf("%s== variant %s\n", batch->printed > 0 ? "\n" : "", batch_label(run->file.variant));
    }
    report_table(stdout, report, &table);
}

static enum exit_code flush_output(void)
{
    struct output_error error = {{0}};
    return output_stream_flush(stdout, "standard output", &error) ? EXIT_CODE_OK
                                                                  : batch_io_failed(&error);
}

static enum exit_code print_report(const struct run *run, const struct report *report)
{
    struct batch *batch = run->batch;
    if (strcmp(batch->format, "json") == 0) {
        print_json(batch, report);
    } else if (strcmp(batch->format, "jsonl") == 0) {
        report_jsonl(stdout, report);
    } else if (strcmp(batch->format, "csv") == 0 && !batch->several) {
        report_metrics_csv(stdout, report);
    } else if (strcmp(batch->format, "table") == 0) {
        print_table(run, report);
    }
    batch->printed++;
    return flush_output();
}

/* The files about failures are there only when they have rows (report_files_write). */
static void say_written(const struct run *run, const struct report *report, const char *figures)
{
    const struct metric_events *events = &report->results.merged->failures;
    if (!run->batch->quiet) {
        fprintf(stderr,
                "wrote %s: results.json, metrics.csv, timeline.csv%s%s%s%s%s%s, curves, %s\n",
                run->directory, events->window_count > 0 ? ", faults.csv" : "",
                events->step_count > 0 ? ", failover.csv" : "",
                events->recovery_count > 0 ? ", recovery.csv" : "",
                report_has_routes(report) ? ", routes.csv" : "",
                report_has_conflicts(report) ? ", conflicts.csv" : "",
                report_has_conflict_example(report) ? ", conflict_example.csv" : "", figures);
    }
}

static enum exit_code draw_figures(const struct run *run, const struct report *report,
                                   struct arena *arena)
{
    struct output_error error = {{0}};
    struct plot_report *plots = arena_alloc(arena, 1, sizeof *plots);
    const struct plot_options plot_options = {.replications = run->experiment.replications};
    const char *figures = arena_printf(arena, "%s/figures", run->directory);
    if (!output_directory_make(figures, &error) ||
        !plots_draw(report->layout, report->results.merged, figures, &plot_options, plots)) {
        return batch_io_failed(error.text[0] != '\0' ? &error : &plots->error);
    }
    if (!run->batch->quiet && plots->note[0] != '\0') {
        fprintf(stderr, "note: %s\n", plots->note);
    }
    say_written(run, report, arena_printf(arena, "%zu figures", plots->drawn));
    return EXIT_CODE_OK;
}

static enum exit_code write_files(const struct run *run, const struct report *report,
                                  struct arena *arena)
{
    struct output_error error = {{0}};
    if (!output_directory_make(run->directory, &error) ||
        !report_files_write(report, run->directory, &error)) {
        return batch_io_failed(&error);
    }
    if (arguments_given(run->batch->arguments, "no-plots")) {
        say_written(run, report, "no figures");
        return EXIT_CODE_OK;
    }
    return draw_figures(run, report, arena);
}

static enum exit_code code_of(const struct run *run, const struct report *report)
{
    if (run->experiment.stop == ENGINE_BUDGET) {
        fprintf(stderr,
                "geodes: stopped at event_limit (%lld events); the results cover what ran\n",
                (long long)run->file.scenario->event_limit);
        return EXIT_CODE_LIMIT;
    }
    if (report->verdict_count == 0) {
        return EXIT_CODE_OK;
    }
    switch (expect_worst(report->verdicts, report->verdict_count)) {
    case EXPECT_FAIL:
    case EXPECT_NO_SAMPLES:
        return EXIT_CODE_EXPECTATION;
    case EXPECT_INCONCLUSIVE:
        return EXIT_CODE_INCONCLUSIVE;
    case EXPECT_PASS:
    case EXPECT_STATE_COUNT:
    default:
        return EXIT_CODE_OK;
    }
}

static void add_to_comparison(struct run *run, const struct report *report)
{
    struct batch *batch = run->batch;
    const char *label = batch_label(run->file.variant);
    if (batch->compare.row_count == 0) {
        compare_table_init(&batch->compare);
        comparison_init(&batch->comparison, report->layout->name);
    }
    compare_table_add(&batch->compare, label, report);
    comparison_add(&batch->comparison, label, report->results.merged, batch->replications);
}

enum exit_code batch_report(struct run *run, struct arena *arena)
{
    struct experiment *experiment = &run->experiment;
    struct expect_verdict *verdicts =
        arena_alloc(arena, run->file.expect_count + 1, sizeof *verdicts);
    for (size_t i = 0; i < run->file.expect_count; i++) {
        verdicts[i] = expect_evaluate(&run->file.expects[i], &experiment->results);
    }
    const struct report report = {.tool = "geodes",
                                  .version = GEODES_VERSION,
                                  .layout = world_layout(experiment->world),
                                  .scenario_sha256 = run->file.digest,
                                  .scenario_json = run->file.expanded,
                                  .reproduce = reproduce_line(run, arena),
                                  .notes = run->file.notes,
                                  .note_count = run->file.note_count,
                                  .results = experiment->results,
                                  .verdicts = verdicts,
                                  .verdict_count = run->file.expect_count};
    if (run->batch->several) {
        add_to_comparison(run, &report);
    }
    const enum exit_code printed = print_report(run, &report);
    const enum exit_code written =
        run->directory != NULL ? write_files(run, &report, arena) : EXIT_CODE_OK;
    if (printed != EXIT_CODE_OK || written != EXIT_CODE_OK) {
        return EXIT_CODE_IO;
    }
    return code_of(run, &report);
}
static enum exit_code draw_comparison(const struct batch *batch, struct arena *arena)
{
    struct output_error error = {{0}};
    struct plot_report *plots = arena_alloc(arena, 1, sizeof *plots);
    const struct plot_options plot_options = {.replications = batch->replications};
    const char *figures = arena_printf(arena, "%s/figures", batch->directory);
    if (!output_directory_make(figures, &error) ||
        !comparison_draw(&batch->comparison, figures, &plot_options, plots)) {
        return batch_io_failed(error.text[0] != '\0' ? &error : &plots->error);
    }
    if (!batch->quiet) {
        fprintf(stderr, "wrote %s: comparison.csv, %zu figures\n", batch->directory, plots->drawn);
    }
    return EXIT_CODE_OK;
}

static enum exit_code write_comparison(const struct batch *batch, struct arena *arena)
{
    struct output_error error = {{0}};
    struct output_file file;
    if (!output_file_open_in(&file, batch->directory, "comparison.csv", &error)) {
        return batch_io_failed(&error);
    }
    compare_table_csv(&batch->compare, file.stream);
    if (!output_file_commit(&file, &error)) {
        return batch_io_failed(&error);
    }
    return arguments_given(batch->arguments, "no-plots") ? EXIT_CODE_OK
                                                         : draw_comparison(batch, arena);
}

enum exit_code batch_compare(const struct batch *batch, struct arena *arena)
{
    if (strcmp(batch->format, "json") == 0 && batch->printed > 0) {
        fputs("]\n", stdout);
    } else if (strcmp(batch->format, "csv") == 0) {
        compare_table_csv(&batch->compare, stdout);
    } else if (strcmp(batch->format, "table") == 0) {
        compare_table_print(&batch->compare, stdout, colour_wanted(batch->arguments));
    }
    const enum exit_code code = flush_output();
    return code == EXIT_CODE_OK && batch->directory != NULL ? write_comparison(batch, arena) : code;
}

void batch_release(struct batch *batch)
{
    if (batch->compare.row_count > 0) {
        comparison_release(&batch->comparison);
        compare_table_release(&batch->compare);
    }
}
