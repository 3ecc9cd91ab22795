#include "cli/command.h"
#include "cli/scenario_file.h"
#include "scenarios/import.h"
#include "scenarios/units.h"
#include "sim/arena.h"

#include <string.h>

enum { LIST_MAX = OPTIONS_MAX };

static const struct option_spec options[] = {
    {.name = "scenario",
     .letter = 's',
     .value = "FILE",
     .help = "the scenario that the faults are for (required)",
     .file = true},
    {.name = "map",
     .value = "NAME=PLACE",
     .repeat = true,
     .help = "what the experiment aims at by that name is this region, machine (region/n0) or zone "
             "(region/z1)"},
    {.name = "at", .value = "DURATION", .help = "when the experiment begins", .default_text = "0s"},
    {.name = "restart-after",
     .value = "DURATION",
     .help = "how long what is killed or rebooted is away (experiments do not say)"},
    {.name = "skip",
     .value = "NAME",
     .repeat = true,
     .help = "leave out this action or experiment, which has no counterpart"},
    {.name = "help", .letter = 'h', .help = "this help"},
    {0}};

/* A duration with its unit; `absent` when the option was not given. False after a usage error. */
static bool duration_option(const struct arguments *arguments, const char *name, sim_ns absent,
                            sim_ns *duration_ns)
{
    const char *text = arguments_text(arguments, name);
    struct decimal number;
    const struct unit *unit = NULL;
    const char *rest = NULL;
    *duration_ns = absent;
    if (text == NULL ||
        (units_split(DIMENSION_DURATION, text, &number, &unit, &rest) == UNITS_OK &&
         units_to_integer(number, unit, true, duration_ns) == UNITS_OK && *duration_ns >= 0)) {
        return true;
    }
    fprintf(stderr, "geodes import: --%s must be a duration with its unit, as 60s (got \"%s\")\n",
            name, text);
    return false;
}

static bool maps_are_pairs(const char *const *maps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strchr(maps[i], '=') == NULL) {
            fprintf(stderr, "geodes import: --map must be NAME=PLACE (got \"%s\")\n", maps[i]);
            return false;
        }
    }
    return true;
}

static enum exit_code print_faults(const struct import_options *given, const char *path,
                                   struct arena *arena)
{
    struct source *source = arena_alloc(arena, 1, sizeof *source);
    struct diags *diags = arena_alloc(arena, 1, sizeof *diags);
    struct text faults = {0};
    diags_init(diags, arena);
    source->name = path;
    source->text = scenario_file_text(path, arena, &source->length);
    if (source->text == NULL) {
        return EXIT_CODE_IO;
    }
    const struct json_value *root = json_parse(source, arena, diags);
    const bool right = root != NULL && import_faults(root, given, arena, diags, &faults);
    if (right) {
        fputs(text_string(&faults), stdout);
    } else {
        struct text errors = {0};
        diags_put_text(diags, &errors);
        fputs(text_string(&errors), stderr);
        text_release(&errors);
    }
    text_release(&faults);
    return right ? EXIT_CODE_OK : EXIT_CODE_INPUT;
}

static enum exit_code run_in(const struct arguments *arguments, struct arena *arena)
{
    const char *maps[LIST_MAX], *skips[LIST_MAX];
    struct import_options given = {.maps = maps, .skips = skips};
    struct scenario_file file = {.path = arguments_text(arguments, "scenario")};
    given.map_count = arguments_all(arguments, "map", maps, LIST_MAX);
    given.skip_count = arguments_all(arguments, "skip", skips, LIST_MAX);
    if (!duration_option(arguments, "at", 0, &given.at_ns) ||
        !duration_option(arguments, "restart-after", -1, &given.restart_after_ns) ||
        !maps_are_pairs(maps, given.map_count)) {
        return EXIT_CODE_USAGE;
    }
    if (file.path == NULL) {
        fprintf(stderr, "geodes import: give --scenario FILE: its regions and machines are what "
                        "faults are about\n");
        return EXIT_CODE_USAGE;
    }
    const enum exit_code code = scenario_file_load(&file, arena);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    given.scenario = file.scenario;
    return print_faults(&given, arguments->operands[0], arena);
}

static enum exit_code run(const struct arguments *arguments)
{
    struct arena arena;
    arena_init(&arena);
    const enum exit_code code = run_in(arguments, &arena);
    arena_release(&arena);
    return code;
}

const struct command command_import = {
    .name = "import",
    .operands = "FILE",
    .summary = "turn another tool's fault experiment into faults",
    .text = "Reads an AWS FIS experiment template or a LitmusChaos ChaosEngine (as JSON: kubectl "
            "get chaosengine NAME -o json) and prints a list for the key \"faults\". What has no "
            "counterpart is an error that names it; --skip leaves it out.",
    .examples = "geodes import fis.json --scenario my.json --at 60s\n"
                "geodes import engine.json -s my.json --map app=web=eu-west-1/n0\n"
                "geodes run my.json --set faults=\"$(geodes import fis.json -s my.json)\"",
    .operands_min = 1,
    .operands_max = 1,
    .operand_words = "FILE",
    .options = options,
    .run = run};
