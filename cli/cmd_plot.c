#include "cli/command.h"
#include "cli/experiment.h"
#include "cli/scenario_file.h"
#include "plots/plots.h"
#include "sim/arena.h"
#include "sim/nearest_word.h"

#include <string.h>

static const struct option_spec options[] = {
    {.name = "out",
     .letter = 'o',
     .value = "DIR",
     .help = "where the pictures go",
     .default_text = "figures",
     .file = true},
    {.name = "only", .value = "NAME", .help = "one figure; its name is the file's"},
    {.name = "seed",
     .letter = 's',
     .value = "N",
     .help = "seed of the first replication",
     .default_text = "the scenario's"},
    {.name = "replications",
     .letter = 'r',
     .value = "N",
     .help = "runs that are merged",
     .default_text = "1"},
    {.name = "set", .value = "PATH=VALUE", .repeat = true, .help = "override one value"},
    {.name = "variant", .letter = 'v', .value = "NAME", .help = "draw this variant"},
    {.name = "no-png", .help = "only SVG"},
    {.name = "no-svg", .help = "only PNG"},
    {.name = "help", .letter = 'h', .help = "this help"},
    {0}};

static enum exit_code draw(const struct arguments *arguments, struct experiment *experiment,
                           struct arena *arena)
{
    const char *directory = arguments_text(arguments, "out");
    directory = directory != NULL ? directory : "figures";
    struct plot_report *report = arena_alloc(arena, 1, sizeof *report);
    const struct plot_options plot_options = {.no_svg = arguments_given(arguments, "no-svg"),
                                              .no_png = arguments_given(arguments, "no-png"),
                                              .only = arguments_text(arguments, "only"),
                                              .replications = experiment->replications};
    struct output_error error = {{0}};
    if (!output_directory_make(directory, &error) ||
        !plots_draw(world_layout(experiment->world), experiment->results.merged, directory,
                    &plot_options, report)) {
        fprintf(stderr, "geodes: %s\n", error.text[0] != '\0' ? error.text : report->error.text);
        return EXIT_CODE_IO;
    }
    for (size_t i = 0; i < report->count; i++) {
        const struct plot_result *result = &report->results[i];
        static const char *const states[] = {[PLOT_DRAWN] = "drawn",
                                             [PLOT_EMPTY] = "no data: not drawn",
                                             [PLOT_SCRIPT_ONLY] = "script and data only",
                                             [PLOT_FAILED] = "failed"};
        printf("%s/%s: %s%s%s\n", directory, result->name, states[result->state],
               result->text[0] != '\0' ? ": " : "", result->text);
    }
    if (report->note[0] != '\0') {
        fprintf(stderr, "note: %s\n", report->note);
    }
    return report->failed > 0 || report->note[0] != '\0' ? EXIT_CODE_IO : EXIT_CODE_OK;
}

/* False after a usage error. */
static bool figure_known(const char *name)
{
    const char *names[PLOT_FIGURES_MAX];
    size_t count = 0;
    for (; figure_registry[count] != NULL && count < PLOT_FIGURES_MAX; count++) {
        names[count] = figure_registry[count]->name;
        if (strcmp(names[count], name) == 0) {
            return true;
        }
    }
    const char *near = nearest_word(name, names, count);
    fprintf(stderr, "geodes plot: no figure is called \"%s\"", name);
    if (near != NULL) {
        fprintf(stderr, " (did you mean \"%s\"?)", near);
    }
    fputs("\nThere are:", stderr);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, " %s", names[i]);
    }
    fputc('\n', stderr);
    return false;
}

static enum exit_code run(const struct arguments *arguments)
{
    const char *only = arguments_text(arguments, "only");
    if (only != NULL && !figure_known(only)) {
        return EXIT_CODE_USAGE;
    }
    struct arena arena;
    arena_init(&arena);
    struct scenario_file file = {0};
    scenario_file_from(&file, arguments, &arena);
    uint64_t seed = UINT64_MAX, replications = 1;
    enum exit_code code = EXIT_CODE_USAGE;
    if (scenario_file_runs(arguments, &seed, &replications)) {
        code = scenario_file_load(&file, &arena);
    }
    if (code == EXIT_CODE_OK) {
        struct experiment experiment = {.scenario = file.scenario,
                                        .seed = seed != UINT64_MAX ? seed
                                                                   : (uint64_t)file.scenario->seed,
                                        .replications = replications,
                                        .jobs = 2};
        experiment_run(&experiment);
        code = experiment.results.merged != NULL && !experiment_interrupted
                   ? draw(arguments, &experiment, &arena)
                   : EXIT_CODE_INTERRUPTED;
        experiment_release(&experiment);
    }
    arena_release(&arena);
    return code;
}

const struct command command_plot = {
    .name = "plot",
    .operands = "FILE",
    .summary = "simulate a scenario and draw its pictures",
    .text = "Draws every figure that has data as SVG and PNG, with its gnuplot script and its data "
            "next to it. Without gnuplot, scripts and data are written and the exit status is 4.",
    .examples = "geodes plot scenarios/partition.json --out figures\n"
                "geodes plot scenarios/pbs/lnkd-disk.json --only t_visibility",
    .operands_min = 1,
    .operands_max = 1,
    .operand_words = "FILE",
    .options = options,
    .run = run};
