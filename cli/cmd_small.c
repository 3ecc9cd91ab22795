/* cmd_small.c - the commands that only print: init, schema, completion, help. */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/templates.h"
#include "models/scenario.h"
#include "scenarios/schema.h"

#include <string.h>

static const struct option_spec no_options[] = {
    {.name = "help", .letter = 'h', .help = "this help"}, {0}};

static enum exit_code run_schema(const struct arguments *arguments)
{
    (void)arguments;
    struct text text = {0};
    schema_put(scenario_table, "geodes scenario", &text);
    fputs(text_string(&text), stdout);
    text_release(&text);
    return EXIT_CODE_OK;
}

static enum exit_code run_completion(const struct arguments *arguments)
{
    if (!help_completion(stdout, arguments->operands[0])) {
        fprintf(stderr, "geodes completion: the shell must be bash, zsh or fish (got \"%s\")\n",
                arguments->operands[0]);
        return EXIT_CODE_USAGE;
    }
    return EXIT_CODE_OK;
}

static const struct option_spec help_options[] = {
    {.name = "man", .help = "print the manual page (troff)"},
    {.name = "help", .letter = 'h', .help = "this help"},
    {0}};

static enum exit_code run_help(const struct arguments *arguments)
{
    if (arguments_given(arguments, "man")) {
        help_manual(stdout);
    } else if (arguments->operand_count == 0) {
        help_all(stdout);
    } else {
        const struct command *command = command_find(arguments->operands[0]);
        if (command == NULL) {
            return command_unknown(arguments->operands[0]);
        }
        help_command(stdout, command);
    }
    return EXIT_CODE_OK;
}

static enum exit_code run_init(const struct arguments *arguments)
{
    const char *name = arguments->operand_count > 0 ? arguments->operands[0] : "primary";
    for (size_t i = 0; templates[i].name != NULL; i++) {
        if (strcmp(templates[i].name, name) == 0) {
            fputs(templates[i].text, stdout);
            return EXIT_CODE_OK;
        }
    }
    fprintf(stderr, "geodes init: there is no template \"%s\"; there are:\n", name);
    for (size_t i = 0; templates[i].name != NULL; i++) {
        fprintf(stderr, "  %-10s %s\n", templates[i].name, templates[i].summary);
    }
    return EXIT_CODE_USAGE;
}

const struct command command_schema = {
    .name = "schema",
    .operands = "",
    .summary = "print the JSON Schema of scenarios",
    .text =
        "JSON Schema 2020-12, made from the tables that the reader uses. An editor that knows it "
        "completes keys and underlines mistakes: put \"$schema\" first in the scenario.",
    .examples = "geodes schema > scenario.schema.json",
    .options = no_options,
    .run = run_schema};

const struct command command_completion = {
    .name = "completion",
    .operands = "SHELL",
    .summary = "print completions for bash, zsh or fish",
    .text = "Prints a script for the shell to load.",
    .examples = "geodes completion bash > /etc/bash_completion.d/geodes",
    .operands_min = 1,
    .operands_max = 1,
    .operand_words = "bash zsh fish",
    .options = no_options,
    .run = run_completion};

const struct command command_help = {.name = "help",
                                     .operands = "[COMMAND]",
                                     .summary = "this help, or that of a command",
                                     .text = "Prints help; with --man the manual page.",
                                     .examples = "geodes help run\ngeodes help --man > geodes.1",
                                     .operands_max = 1,
                                     .options = help_options,
                                     .run = run_help};

const struct command command_init = {
    .name = "init",
    .operands = "[TEMPLATE]",
    .summary = "print a scenario to begin with",
    .text = "Templates: primary (one primary with read replicas in other regions) and quorum "
            "(leaderless, N = 3, R = W = 2).",
    .examples = "geodes init > my.json\ngeodes init quorum > quorum.json",
    .operands_max = 1,
    .operand_words = "primary quorum",
    .options = no_options,
    .run = run_init};
