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

struct check {
    const struct arguments *arguments;
    bool expand, quiet;
    bool json;          /* errors as one JSON array on standard output, and nothing else there */
    struct text errors; /* its members */
};

/* One scenario, or one of its variants; *loaded is filled when it is right. */
static enum exit_code check_one(struct check *check, const char *path, const char *variant,
                                struct arena *arena, struct loaded *loaded)
{
    struct scenario_file file = {0};
    scenario_file_from(&file, check->arguments, arena);
    file.path = path;
    file.variant = variant;
    file.json_errors = check->json ? &check->errors : NULL;
    const enum exit_code code = scenario_file_load(&file, arena);
    if (code != EXIT_CODE_OK) {
        if (variant != NULL && code == EXIT_CODE_INPUT) {
            fprintf(stderr, "(in variant \"%s\" of %s)\n", variant, path);
        }
        return code;
    }
    *loaded = file.loaded;
    if (!check->quiet &&
        (variant == NULL || variant == arguments_text(check->arguments, "variant"))) {
        scenario_file_put_notes(&file); /* once, not again for each variant */
    }
    if (check->expand) {
        puts(file.expanded);
    } else if (!check->quiet && !check->json) {
        printf("%s%s%s: ok\n", path, variant != NULL ? " variant " : "",
               variant != NULL ? variant : "");
    }
    return EXIT_CODE_OK;
}

/* A file as given, and each of its variants as well when none was chosen. */
static enum exit_code check_file(struct check *check, const char *path)
{
    struct arena arena;
    arena_init(&arena);
    const char *chosen = arguments_text(check->arguments, "variant");
    struct loaded loaded = {0}, again;
    enum exit_code code = check_one(check, path, chosen, &arena, &loaded);
    const bool all = chosen == NULL && strcmp(path, "-") != 0 && !check->expand;
    for (size_t i = 0; all && code == EXIT_CODE_OK && i < loaded.variant_count; i++) {
        code = check_one(check, path, loaded.variants[i], &arena, &again);
    }
    arena_release(&arena);
    return code;
}

static enum exit_code run(const struct arguments *arguments)
{
    const char *format = arguments_text(arguments, "format");
    if (format != NULL && strcmp(format, "json") != 0 && strcmp(format, "text") != 0) {
        fprintf(stderr, "geodes check: --format must be text or json (got \"%s\")\n", format);
        return EXIT_CODE_USAGE;
    }
    struct check check = {.arguments = arguments,
                          .expand = arguments_given(arguments, "expand"),
                          .quiet = arguments_given(arguments, "quiet"),
                          .json = format != NULL && strcmp(format, "json") == 0};
    enum exit_code worst = EXIT_CODE_OK;
    for (size_t i = 0; i < arguments->operand_count; i++) {
        const enum exit_code code = check_file(&check, arguments->operands[i]);
        worst = code > worst ? code : worst;
    }
    if (check.json && (!check.expand || check.errors.length > 0)) {
        printf("[%s%s]\n", check.errors.length > 0 ? text_string(&check.errors) : "",
               check.errors.length > 0 ? "\n" : "");
    }
    text_release(&check.errors);
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
