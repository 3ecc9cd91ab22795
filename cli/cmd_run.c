#define _POSIX_C_SOURCE 200809L
#include "analysis/report.h"
#include "cli/command.h"
#include "cli/compare_table.h"
#include "cli/experiment.h"
#include "cli/scenario_file.h"
#include "cli/shell_word.h"
#include "cli/version.h"
#include "plots/plots.h"
#include "sim/arena.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLICATIONS_MAX = 1000000, JOBS_MAX = 256 };

static const struct option_spec options[] = {
    {.name = "seed",
     .letter = 's',
     .value = "N",
     .help = "seed of the first replication",
     .default_text = "the scenario's"},
    {.name = "replications",
     .letter = 'r',
     .value = "N",
     .help = "runs with seeds N, N+1, ...; tables then show 95 % intervals",
     .default_text = "1"},
    {.name = "jobs",
     .letter = 'j',
     .value = "N",
     .help = "replications at the same time",
     .default_text = "processors"},
    {.name = "set",
     .value = "PATH=VALUE",
     .repeat = true,
     .help = "override one value, such as datasets.orders.replication.acks=all"},
    {.name = "variant",
     .letter = 'v',
     .value = "NAME",
     .help = "apply one of the scenario's variants; \"all\" runs each in turn and compares them"},
    {.name = "format",
     .letter = 'f',
     .value = "FORMAT",
     .help =
         "what goes to standard output; with --variant all, json is one list of results and csv "
         "the comparison",
     .default_text = "table",
     .words = "table json jsonl csv none"},
    {.name = "out",
     .letter = 'o',
     .value = "DIR",
     .help = "write results.json, metrics.csv, timeline.csv, curves/ and figures/ there; with "
             "--variant all, into a folder each, with comparison.csv beside them",
     .file = true},
    {.name = "no-plots", .help = "no pictures in --out (scripts and data neither)"},
    {.name = "color",
     .value = "WHEN",
     .help = "colours in the table",
     .default_text = "auto",
     .words = "auto always never"},
    {.name = "quiet", .letter = 'q', .help = "nothing on standard error but errors"},
    {.name = "help", .letter = 'h', .help = "this help"},
    {0}};

/* What one call of the program runs: a scenario, or the scenario and each of its variants. */
struct batch {
    const struct arguments *arguments;
    uint64_t seed; /* UINT64_MAX: the scenario's */
    uint64_t replications, jobs;
    const char *directory; /* NULL: none */
    const char *format;
    bool quiet;
    const char *text; /* the scenario, which may come from a pipe and is read once */
    size_t length;
    bool several;                 /* each variant in turn */
    size_t printed;               /* reports on standard output so far */
    struct compare_table compare; /* when there are several */
};

struct run {
    struct batch *batch;
    struct scenario_file file;
    struct experiment experiment;
    const char *directory; /* NULL: none */
};

static const char *variant_label(const char *variant)
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

static enum exit_code io_failed(const struct output_error *error)
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
        printf("%s== variant %s\n", batch->printed > 0 ? "\n" : "",
               variant_label(run->file.variant));
    }
    report_table(stdout, report, &table);
}

static enum exit_code flush_output(void)
{
    struct output_error error = {{0}};
    return output_stream_flush(stdout, "standard output", &error) ? EXIT_CODE_OK
                                                                  : io_failed(&error);
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

static void say_written(const struct run *run, const char *figures)
{
    if (!run->batch->quiet) {
        fprintf(stderr, "wrote %s: results.json, metrics.csv, timeline.csv, curves, %s\n",
                run->directory, figures);
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
        return io_failed(error.text[0] != '\0' ? &error : &plots->error);
    }
    if (!run->batch->quiet && plots->note[0] != '\0') {
        fprintf(stderr, "note: %s\n", plots->note);
    }
    say_written(run, arena_printf(arena, "%zu figures", plots->drawn));
    return EXIT_CODE_OK;
}

static enum exit_code write_files(const struct run *run, const struct report *report,
                                  struct arena *arena)
{
    struct output_error error = {{0}};
    if (!output_directory_make(run->directory, &error) ||
        !report_files_write(report, run->directory, &error)) {
        return io_failed(&error);
    }
    if (arguments_given(run->batch->arguments, "no-plots")) {
        say_written(run, "no figures");
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

static enum exit_code report_run(struct run *run, struct arena *arena)
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
                                  .results = experiment->results,
                                  .verdicts = verdicts,
                                  .verdict_count = run->file.expect_count};
    if (run->batch->several) {
        compare_table_add(&run->batch->compare, variant_label(run->file.variant), &report);
    }
    const enum exit_code printed = print_report(run, &report);
    const enum exit_code written =
        run->directory != NULL ? write_files(run, &report, arena) : EXIT_CODE_OK;
    if (printed != EXIT_CODE_OK || written != EXIT_CODE_OK) {
        return EXIT_CODE_IO;
    }
    return code_of(run, &report);
}

static bool one_of(const char *word, const char *option, const char *words)
{
    const size_t length = strlen(word);
    for (const char *at = words; *at != '\0';) {
        const size_t next = strcspn(at, " ");
        if (next == length && memcmp(at, word, length) == 0) {
            return true;
        }
        at += next + strspn(at + next, " ");
    }
    fprintf(stderr, "geodes run: --%s must be one of: %s (got \"%s\")\n", option, words, word);
    return false;
}

/* Legal values stand in the table of options, once. */
static bool words_known(const struct arguments *arguments)
{
    for (const struct option_spec *option = options; option->name != NULL; option++) {
        const char *text = option->words != NULL ? arguments_text(arguments, option->name) : NULL;
        if (text != NULL && !one_of(text, option->name, option->words)) {
            return false;
        }
    }
    return true;
}

static bool read_options(struct batch *batch)
{
    const struct arguments *arguments = batch->arguments;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    batch->replications = 1;
    batch->jobs = processors > 0 ? (uint64_t)processors : 1;
    batch->seed = UINT64_MAX;
    if (!arguments_number(arguments, "seed", 0, UINT64_C(9007199254740991), &batch->seed) ||
        !arguments_number(arguments, "replications", 1, REPLICATIONS_MAX, &batch->replications) ||
        !arguments_number(arguments, "jobs", 1, JOBS_MAX, &batch->jobs)) {
        return false;
    }
    batch->format = arguments_text(arguments, "format");
    batch->format = batch->format != NULL ? batch->format : "table";
    batch->directory = arguments_text(arguments, "out");
    if (batch->directory != NULL && strcmp(batch->directory, "-") == 0) {
        batch->directory = NULL; /* only standard output */
    }
    batch->quiet = arguments_given(arguments, "quiet");
    const char *variant = arguments_text(arguments, "variant");
    batch->several = variant != NULL && strcmp(variant, "all") == 0;
    return words_known(arguments);
}

/* The folder is there and files can be made in it: asked before a long run, not after it. */
static enum exit_code prepare_directory(const char *directory)
{
    struct output_error error = {{0}};
    struct output_file trial;
    if (!output_directory_make(directory, &error) ||
        !output_file_open_in(&trial, directory, "results.json", &error)) {
        return io_failed(&error);
    }
    output_file_abandon(&trial);
    return EXIT_CODE_OK;
}

static enum exit_code run_loaded(struct run *run, struct arena *arena)
{
    const struct batch *batch = run->batch;
    struct experiment *experiment = &run->experiment;
    experiment->scenario = run->file.scenario;
    experiment->seed = batch->seed != UINT64_MAX ? batch->seed : (uint64_t)run->file.scenario->seed;
    experiment->replications = batch->replications;
    experiment->jobs = batch->jobs;
    experiment->progress = !batch->quiet && isatty(STDERR_FILENO) == 1;
    experiment_run(experiment);
    const enum exit_code code = experiment->results.merged != NULL && !experiment_interrupted
                                    ? report_run(run, arena)
                                    : EXIT_CODE_INTERRUPTED;
    experiment_release(experiment);
    return code;
}

static void load_options(struct scenario_file *file, const struct batch *batch, const char *variant,
                         struct arena *arena)
{
    scenario_file_from(file, batch->arguments, arena);
    file->variant = variant;
    file->text = batch->text;
    file->length = batch->length;
}

/* One scenario or variant, from text to report. */
static enum exit_code run_variant(struct batch *batch, const char *variant)
{
    struct arena arena;
    arena_init(&arena);
    struct run *run = arena_alloc(&arena, 1, sizeof *run);
    run->batch = batch;
    run->directory = batch->directory;
    load_options(&run->file, batch, variant, &arena);
    enum exit_code code = scenario_file_load(&run->file, &arena);
    if (run->directory != NULL && batch->several) {
        run->directory = arena_printf(&arena, "%s/%s", run->directory, variant_label(variant));
    }
    if (code == EXIT_CODE_OK && run->directory != NULL) {
        code = prepare_directory(run->directory);
    }
    if (code == EXIT_CODE_OK) {
        code = run_loaded(run, &arena);
    }
    arena_release(&arena);
    return code;
}

/* A verdict of the scenario about itself does not keep the other variants from running. */
static bool goes_on(enum exit_code code)
{
    return !experiment_interrupted &&
           (code == EXIT_CODE_OK || code == EXIT_CODE_LIMIT || code == EXIT_CODE_EXPECTATION ||
            code == EXIT_CODE_INCONCLUSIVE);
}

static enum exit_code write_comparison(struct batch *batch)
{
    struct output_error error = {{0}};
    struct output_file file;
    if (!output_file_open_in(&file, batch->directory, "comparison.csv", &error)) {
        return io_failed(&error);
    }
    compare_table_csv(&batch->compare, file.stream);
    return output_file_commit(&file, &error) ? EXIT_CODE_OK : io_failed(&error);
}

/* After the variants: what holds them together. */
static enum exit_code compare_variants(struct batch *batch)
{
    if (strcmp(batch->format, "json") == 0 && batch->printed > 0) {
        fputs("]\n", stdout);
    } else if (strcmp(batch->format, "csv") == 0) {
        compare_table_csv(&batch->compare, stdout);
    } else if (strcmp(batch->format, "table") == 0) {
        compare_table_print(&batch->compare, stdout, colour_wanted(batch->arguments));
    }
    const enum exit_code code = flush_output();
    return code == EXIT_CODE_OK && batch->directory != NULL ? write_comparison(batch) : code;
}

static enum exit_code run_all_variants(struct batch *batch, struct arena *arena)
{
    struct scenario_file file = {0};
    load_options(&file, batch, NULL, arena);
    enum exit_code worst = scenario_file_load(&file, arena);
    if (worst != EXIT_CODE_OK) {
        return worst;
    }
    compare_table_init(&batch->compare);
    worst = run_variant(batch, NULL);
    for (size_t i = 0; i < file.loaded.variant_count && goes_on(worst); i++) {
        const enum exit_code code = run_variant(batch, file.loaded.variants[i]);
        worst = code != EXIT_CODE_OK && (worst == EXIT_CODE_OK || code < worst) ? code : worst;
    }
    if (goes_on(worst) && compare_variants(batch) != EXIT_CODE_OK) {
        worst = EXIT_CODE_IO;
    }
    compare_table_release(&batch->compare);
    return worst;
}

static enum exit_code run_command(const struct arguments *arguments)
{
    struct batch batch = {.arguments = arguments};
    if (!read_options(&batch)) {
        return EXIT_CODE_USAGE;
    }
    struct arena arena;
    arena_init(&arena);
    batch.text = scenario_file_text(arguments->operands[0], &arena, &batch.length);
    enum exit_code code = EXIT_CODE_IO;
    if (batch.text != NULL) {
        code = batch.several ? run_all_variants(&batch, &arena)
                             : run_variant(&batch, arguments_text(arguments, "variant"));
    }
    arena_release(&arena);
    return code;
}

const struct command command_run = {
    .name = "run",
    .operands = "FILE",
    .summary = "simulate a scenario and report",
    .text = "Simulates the scenario message by message and prints how fast, how stale and how "
            "available each region's users found it. FILE may be - for standard input. The last "
            "line of the table is the command that gives the same numbers again.",
    .examples = "geodes run scenarios/read-replicas.json\n"
                "geodes run scenarios/read-replicas.json --out out --replications 10\n"
                "geodes run scenarios/quorum.json --variant n3-r1-w1 --format json\n"
                "geodes run scenarios/read-replicas.json --set "
                "datasets.orders.replication.acks=all",
    .operands_min = 1,
    .operands_max = 1,
    .operand_words = "FILE",
    .options = options,
    .run = run_command};
