#define _POSIX_C_SOURCE 200809L
#include "cli/command.h"
#include "cli/experiment.h"
#include "cli/scenario_file.h"
#include "sim/arena.h"
#include "sim/fingerprint.h"

static const struct option_spec options[] = {
    {.name = "seed", .letter = 's', .value = "N", .help = "seed", .default_text = "the scenario's"},
    {.name = "replications",
     .letter = 'r',
     .value = "N",
     .help = "seeds to try",
     .default_text = "2"},
    {.name = "set", .value = "PATH=VALUE", .repeat = true, .help = "override one value"},
    {.name = "variant", .letter = 'v', .value = "NAME", .help = "verify this variant"},
    {.name = "help", .letter = 'h', .help = "this help"},
    {0}};

static uint64_t fingerprint_of(const struct scenario *scenario, uint64_t seed, size_t replications,
                               size_t jobs, uint64_t *events)
{
    struct experiment experiment = {
        .scenario = scenario, .seed = seed, .replications = replications, .jobs = jobs};
    experiment_run(&experiment);
    const uint64_t fingerprint = experiment.fingerprint;
    *events = experiment.events;
    experiment_release(&experiment);
    return fingerprint;
}

static enum exit_code run(const struct arguments *arguments)
{
    struct arena arena;
    arena_init(&arena);
    struct scenario_file file = {0};
    scenario_file_from(&file, arguments, &arena);
    uint64_t seed = UINT64_MAX, replications = 2;
    enum exit_code code = EXIT_CODE_USAGE;
    if (scenario_file_runs(arguments, &seed, &replications)) {
        code = scenario_file_load(&file, &arena);
    }
    if (code == EXIT_CODE_OK) {
        seed = seed != UINT64_MAX ? seed : (uint64_t)file.scenario->seed;
        uint64_t events[2];
        char text[2][FINGERPRINT_TEXT_MAX];
        uint64_t prints[2];
        for (size_t i = 0; i < 2; i++) {
            /* One after the other, then side by side: threads may change nothing. */
            prints[i] =
                fingerprint_of(file.scenario, seed, replications, i == 0 ? 1 : 4, &events[i]);
            printf("%s: %s, %llu events\n", i == 0 ? "one thread  " : "four threads",
                   fingerprint_text(prints[i], text[i]), (unsigned long long)events[i]);
        }
        const bool equal = prints[0] == prints[1] && events[0] == events[1];
        puts(equal ? "equal: the run is reproducible" : "DIFFERENT: this is a bug in geodes");
        code = experiment_interrupted ? EXIT_CODE_INTERRUPTED
                                      : (equal ? EXIT_CODE_OK : EXIT_CODE_INTERNAL);
    }
    arena_release(&arena);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .operands = "FILE",
    .summary = "run twice and compare the fingerprints",
    .text =
        "Runs the scenario's replications one after the other and again on several threads, and "
        "compares the fingerprints over every event and every reported integer.",
    .examples = "geodes verify scenarios/quorum.json",
    .operands_min = 1,
    .operands_max = 1,
    .operand_words = "FILE",
    .options = options,
    .run = run};
