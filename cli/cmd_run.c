#define _POSIX_C_SOURCE 200809L
#include "analysis/report.h"
#include "cli/command.h"
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
     .help = "apply one of the scenario's variants; \"all\" runs each in turn"},
    {.name = "format",
     .letter = 'f',
     .value = "FORMAT",
     .help = "what goes to standard output",
     .default_text = "table",
     .words = "table json jsonl csv none"},
    {.name = "out",
     .letter = 'o',
     .value = "DIR",
     .help = "write results.json, metrics.csv, timeline.csv, curves/ and figures/ there; with "
             "several variants, into a folder each",
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

struct run {
    const struct arguments *arguments;
    struct scenario_file file;
    struct experiment experiment;
    const char *directory; /* NULL: none */
    const char *format;
    bool quiet;
};

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

static enum exit_code print_report(const struct run *run, const struct report *report)
{
    if (strcmp(run->format, "json") == 0) {
        report_json(stdout, report);
    } else if (strcmp(run->format, "jsonl") == 0) {
        report_jsonl(stdout, report);
    } else if (strcmp(run->format, "csv") == 0) {
        report_metrics_csv(stdout, report);
    } else if (strcmp(run->format, "table") == 0) {
        const struct report_table_options table = {.colour = colour_wanted(run->arguments)};
        report_table(stdout, report, &table);
    }
    struct output_error error = {{0}};
    return output_stream_flush(stdout, "standard output", &error) ? EXIT_CODE_OK
                                                                  : io_failed(&error);
}

static enum exit_code write_files(const struct run *run, const struct report *report,
                                  struct arena *arena)
{
    struct output_error error = {{0}};
    if (!output_directory_make(run->directory, &error) ||
        !report_files_write(report, run->directory, &error)) {
        return io_failed(&error);
    }
    if (arguments_given(run->arguments, "no-plots")) {
        return EXIT_CODE_OK;
    }
    struct plot_report *plots = arena_alloc(arena, 1, sizeof *plots);
    const struct plot_options plot_options = {.replications = run->experiment.replications};
    const char *figures = arena_printf(arena, "%s/figures", run->directory);
    if (!output_directory_make(figures, &error) ||
        !plots_draw(report->layout, report->results.merged, figures, &plot_options, plots)) {
        return io_failed(error.text[0] != '\0' ? &error : &plots->error);
    }
    if (!run->quiet) {
        if (plots->note[0] != '\0') {
            fprintf(stderr, "note: %s\n", plots->note);
        }
        fprintf(stderr, "wrote %s: results.json, metrics.csv, timeline.csv, curves, %zu figures\n",
                run->directory, plots->drawn);
    }
    return EXIT_CODE_OK;
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
    const enum exit_code printed = print_report(run, &report);
    const enum exit_code written =
        run->directory != NULL ? write_files(run, &report, arena) : EXIT_CODE_OK;
    if (printed != EXIT_CODE_OK || written != EXIT_CODE_OK) {
        return EXIT_CODE_IO;
    }
    return code_of(run, &report);
}

static bool format_known(const char *format)
{
    static const char *const formats[] = {"table", "json", "jsonl", "csv", "none", NULL};
    for (size_t i = 0; formats[i] != NULL; i++) {
        if (strcmp(formats[i], format) == 0) {
            return true;
        }
    }
    fprintf(stderr, "geodes run: --format must be table, json, jsonl, csv or none (got \"%s\")\n",
            format);
    return false;
}

static bool read_options(struct run *run, uint64_t *seed, uint64_t *replications, uint64_t *jobs)
{
    const struct arguments *arguments = run->arguments;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *replications = 1;
    *jobs = processors > 0 ? (uint64_t)processors : 1;
    *seed = UINT64_MAX;
    if (!arguments_number(arguments, "seed", 0, UINT64_C(9007199254740991), seed) ||
        !arguments_number(arguments, "replications", 1, REPLICATIONS_MAX, replications) ||
        !arguments_number(arguments, "jobs", 1, JOBS_MAX, jobs)) {
        return false;
    }
    run->format = arguments_text(arguments, "format");
    run->format = run->format != NULL ? run->format : "table";
    run->directory = arguments_text(arguments, "out");
    if (run->directory != NULL && strcmp(run->directory, "-") == 0) {
        run->directory = NULL; /* only standard output */
    }
    run->quiet = arguments_given(arguments, "quiet");
    return format_known(run->format);
}

/* One scenario or variant, from file to report. */
static enum exit_code run_variant(const struct arguments *arguments, const char *variant,
                                  bool own_folder)
{
    struct arena arena;
    arena_init(&arena);
    struct run *run = arena_alloc(&arena, 1, sizeof *run);
    run->arguments = arguments;
    uint64_t seed, replications, jobs;
    enum exit_code code = EXIT_CODE_USAGE;
    if (read_options(run, &seed, &replications, &jobs)) {
        scenario_file_from(&run->file, arguments, &arena);
        run->file.variant = variant;
        code = scenario_file_load(&run->file, &arena);
    }
    struct output_error error = {{0}};
    if (code == EXIT_CODE_OK && run->directory != NULL && own_folder) {
        run->directory =
            arena_printf(&arena, "%s/%s", run->directory, variant != NULL ? variant : "base");
    }
    if (code == EXIT_CODE_OK && run->directory != NULL &&
        !output_directory_make(run->directory, &error)) {
        code = io_failed(&error); /* before a long run, not after it */
    }
    if (code == EXIT_CODE_OK) {
        run->experiment.scenario = run->file.scenario;
        run->experiment.seed = seed != UINT64_MAX ? seed : (uint64_t)run->file.scenario->seed;
        run->experiment.replications = replications;
        run->experiment.jobs = jobs;
        run->experiment.progress = !run->quiet && isatty(STDERR_FILENO) == 1;
        experiment_run(&run->experiment);
        code = run->experiment.results.merged != NULL && !experiment_interrupted
                   ? report_run(run, &arena)
                   : EXIT_CODE_INTERRUPTED;
        experiment_release(&run->experiment);
    }
    arena_release(&arena);
    return code;
}

/* Names of the variants, in `arena`; the count is 0 after an error, and *code says which. */
static size_t variant_names(const struct arguments *arguments, struct arena *arena,
                            const char *const **names, enum exit_code *code)
{
    struct scenario_file file = {0};
    scenario_file_from(&file, arguments, arena);
    file.variant = NULL;
    *code = scenario_file_load(&file, arena);
    *names = file.loaded.variants;
    return *code == EXIT_CODE_OK ? file.loaded.variant_count : 0;
}

static enum exit_code run_command(const struct arguments *arguments)
{
    const char *variant = arguments_text(arguments, "variant");
    if (variant == NULL || strcmp(variant, "all") != 0) {
        return run_variant(arguments, variant, false);
    }
    struct arena arena;
    arena_init(&arena);
    const char *const *names = NULL;
    enum exit_code worst = EXIT_CODE_OK;
    const size_t count = variant_names(arguments, &arena, &names, &worst);
    if (worst == EXIT_CODE_OK) {
        worst = run_variant(arguments, NULL, true);
    }
    for (size_t i = 0; i < count && (worst == EXIT_CODE_OK || worst >= EXIT_CODE_LIMIT) &&
                       !experiment_interrupted;
         i++) {
        const enum exit_code code = run_variant(arguments, names[i], true);
        worst = code != EXIT_CODE_OK && (worst == EXIT_CODE_OK || code < worst) ? code : worst;
    }
    arena_release(&arena);
    return worst;
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
