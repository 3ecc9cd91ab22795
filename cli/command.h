/*
 * command.h - the commands of the program: a table that help, the manual page and completions
 * share.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/exit_code.h"
#include "cli/option.h"

struct command {
    const char *name;
    const char *operands; /* "FILE", "[NAME]"; "" for none */
    const char *summary;  /* one line */
    const char *text;     /* a paragraph for help and the manual */
    const char *examples; /* lines; may be NULL */
    size_t operands_min, operands_max;
    const char *operand_words; /* completion: words, or "FILE" for scenario files */
    const struct option_spec *options;
    enum exit_code (*run)(const struct arguments *arguments);
};

extern const struct command *const commands[]; /* ends with NULL */
const struct command *command_find(const char *name);

/* Says on stderr that there is no such command, and the nearest one. */
enum exit_code command_unknown(const char *name);

/* Runs the program: main() without its process-wide setting up. */
enum exit_code command_main(int argc, char **argv);

extern const struct command command_run, command_check, command_list, command_describe,
    command_init, command_plot, command_verify, command_import, command_schema, command_completion,
    command_help;

#endif
