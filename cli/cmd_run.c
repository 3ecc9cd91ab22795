#define _POSIX_C_SOURCE 200809L
#include "cli/batch.h"
#include "cli/command.h"
#include "sim/arena.h"

#include <string.h>
#include <unistd.h>

enum { JOBS_MAX = 256 };

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
     .help = "override one value, such as network.loss=1%"},
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
             "--variant all, into a folder each, with comparison.csv and its figures beside them",
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
    if (!scenario_file_runs(arguments, &batch->seed, &batch->replications) ||
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
        return batch_io_failed(&error);
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
                                    ? batch_report(run, arena)
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
        run->directory = arena_printf(&arena, "%s/%s", run->directory, batch_label(variant));
    }
    if (code == EXIT_CODE_OK && !batch->quiet && (!batch->several || variant == NULL)) {
        scenario_file_put_notes(&run->file); /* once, not again for each variant */
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

static enum exit_code run_all_variants(struct batch *batch, struct arena *arena)
{
    struct scenario_file file = {0};
    load_options(&file, batch, NULL, arena);
    enum exit_code worst = scenario_file_load(&file, arena);
    if (worst != EXIT_CODE_OK) {
        return worst;
    }
    worst = run_variant(batch, NULL);
    for (size_t i = 0; i < file.loaded.variant_count && goes_on(worst); i++) {
        const enum exit_code code = run_variant(batch, file.loaded.variants[i]);
        worst = code != EXIT_CODE_OK && (worst == EXIT_CODE_OK || code < worst) ? code : worst;
    }
    if (goes_on(worst) && batch_compare(batch, arena) != EXIT_CODE_OK) {
        worst = EXIT_CODE_IO;
    }
    batch_release(batch);
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
                "geodes run scenarios/read-replicas.json --set network.bandwidth=100Mbps",
    .operands_min = 1,
    .operands_max = 1,
    .operand_words = "FILE",
    .options = options,
    .run = run_command};
