#include "cli/command.h"
#include "cli/scenario_file.h"
#include "sim/arena.h"

#include <string.h>

static const struct option_spec options[] = {
    {.name = "set", .value = "PATH=VALUE", .repeat = true, .help = "override one value first"},
    {.name = "variant", .letter = 'v', .value = "NAME", .help = "check this variant"},
    {.name = "expand", .help = "print the scenario with every default filled in"},
    {.name = "format",
     .letter = 'f',
     .value = "FORMAT",
     .help = "of the errors: on stderr as text, or on stdout as JSON",
     .default_text = "text",
     .words = "text json"},
    {.name = "quiet", .letter = 'q', .help = "say nothing when all is well"},
    {.name = "help", .letter = 'h', .help = "this help"},
    {0}};

/* One scenario as given, or each of its variants as well when none was chosen. */
static enum exit_code check_one(const struct arguments *arguments, const char *path,
                                const char *variant, size_t *variants, struct arena *arena,
                                const char *const **names)
{
    struct scenario_file file = {0};
    scenario_file_from(&file, arguments, arena);
    file.path = path;
    file.variant = variant;
    const char *format = arguments_text(arguments, "format");
    file.json_errors = format != NULL && strcmp(format, "json") == 0;
    const enum exit_code code = scenario_file_load(&file, arena);
    if (code != EXIT_CODE_OK) {
        if (variant != NULL && code == EXIT_CODE_INPUT) {
            fprintf(stderr, "(in variant \"%s\" of %s)\n", variant, path);
        }
        return code;
    }
    *variants = file.loaded.variant_count;
    *names = file.loaded.variants;
    if (arguments_given(arguments, "expand")) {
        puts(file.expanded);
    } else if (!arguments_given(arguments, "quiet")) {
        printf("%s%s%s: ok\n", path, variant != NULL ? " variant " : "",
               variant != NULL ? variant : "");
    }
    return EXIT_CODE_OK;
}

static enum exit_code run(const struct arguments *arguments)
{
    const char *format = arguments_text(arguments, "format");
    if (format != NULL && strcmp(format, "json") != 0 && strcmp(format, "text") != 0) {
        fprintf(stderr, "geodes check: --format must be text or json (got \"%s\")\n", format);
        return EXIT_CODE_USAGE;
    }
    enum exit_code worst = EXIT_CODE_OK;
    for (size_t i = 0; i < arguments->operand_count; i++) {
        struct arena arena;
        arena_init(&arena);
        const char *path = arguments->operands[i];
        const char *chosen = arguments_text(arguments, "variant");
        const char *const *names = NULL, *const *ignored = NULL;
        size_t count = 0, none = 0;
        enum exit_code code = check_one(arguments, path, chosen, &count, &arena, &names);
        const bool all =
            chosen == NULL && strcmp(path, "-") != 0 && !arguments_given(arguments, "expand");
        for (size_t v = 0; all && code == EXIT_CODE_OK && v < count; v++) {
            code = check_one(arguments, path, names[v], &none, &arena, &ignored);
        }
        worst = code > worst ? code : worst;
        arena_release(&arena);
    }
    return worst;
}

const struct command command_check = {
    .name = "check",
    .operands = "FILE...",
    .summary = "find every error of scenarios without running them",
    .text =
        "Reads each scenario, each of its variants and its expectations, and prints every error "
        "with file, line, column and path. Exit status 3 when there is any.",
    .examples = "geodes check scenarios/read-replicas.json\n"
                "geodes check my.json --format json\n"
                "geodes check my.json --expand",
    .operands_min = 1,
    .operands_max = OPERANDS_MAX,
    .operand_words = "FILE",
    .options = options,
    .run = run};
