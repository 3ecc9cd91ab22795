#include "cli/command.h"

#include "cli/help.h"
#include "cli/version.h"
#include "sim/nearest_word.h"

#include <string.h>

const struct command *const commands[] = {&command_run,        &command_check,  &command_list,
                                          &command_describe,   &command_init,   &command_plot,
                                          &command_verify,     &command_import, &command_schema,
                                          &command_completion, &command_help,   NULL};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

enum exit_code command_unknown(const char *name)
{
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; commands[i] != NULL; i++) {
        names[count++] = commands[i]->name;
    }
    const char *near = nearest_word(name, names, count);
    fprintf(stderr, "geodes: unknown command \"%s\"", name);
    if (near != NULL) {
        fprintf(stderr, " (did you mean \"%s\"?)", near);
    }
    fprintf(stderr, "\nSee \"geodes help\".\n");
    return EXIT_CODE_USAGE;
}

static enum exit_code run_command(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    if (!arguments_parse(&arguments, command->options, command->name, argc, argv)) {
        return EXIT_CODE_USAGE;
    }
    if (arguments_given(&arguments, "help")) {
        help_command(stdout, command);
        return EXIT_CODE_OK;
    }
    if (arguments.operand_count < command->operands_min ||
        arguments.operand_count > command->operands_max) {
        fprintf(stderr, "geodes %s: needs %s (got %zu operands)\nSee \"geodes %s --help\".\n",
                command->name, command->operands[0] != '\0' ? command->operands : "no operands",
                arguments.operand_count, command->name);
        return EXIT_CODE_USAGE;
    }
    return command->run(&arguments);
}

enum exit_code command_main(int argc, char **argv)
{
    if (argc < 2) {
        help_short(stderr);
        return EXIT_CODE_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help_all(stdout);
        return EXIT_CODE_OK;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("geodes %s\n", GEODES_VERSION);
        return EXIT_CODE_OK;
    }
    const struct command *command = command_find(word);
    return command != NULL ? run_command(command, argc - 2, argv + 2) : command_unknown(word);
}
