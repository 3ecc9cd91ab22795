/*
 * option.h - command line options: one table a command is its parser, help, man page and
 * completions.
 *
 * Conventions: long options only in full (no abbreviations), "--name VALUE" or "--name=VALUE",
 * short ones with their value behind a space; options and operands in any order; "--" ends
 * options; "-" is an operand.
 * Errors: unknown options and missing values are usage errors with the nearest option.
 */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { OPTIONS_MAX = 64, OPERANDS_MAX = 256 };

struct option_spec {
    const char *name;  /* "replications", without dashes; NULL ends a table */
    char letter;       /* 'r' for -r; 0: none */
    const char *value; /* "N" in the help; NULL: a switch */
    bool repeat;       /* may be given several times */
    const char *help;
    const char *default_text; /* shown in the help; NULL: none */
    const char *words;        /* legal values, separated by blanks, for completion; NULL: any */
    bool file;                /* the value is a path, for completion */
};

struct option_value {
    const struct option_spec *spec;
    const char *text; /* NULL for a switch */
};

struct arguments {
    struct option_value options[OPTIONS_MAX];
    size_t option_count;
    const char *operands[OPERANDS_MAX];
    size_t operand_count;
};

/* False after a usage error, which is on stderr. `command` is for the message. */
bool arguments_parse(struct arguments *arguments, const struct option_spec *table,
                     const char *command, int argc, char **argv);

/* The last value of the option, or NULL; whether a switch was given. */
const char *arguments_text(const struct arguments *arguments, const char *name);
bool arguments_given(const struct arguments *arguments, const char *name);

/* All values of a repeatable option; returns how many. */
size_t arguments_all(const struct arguments *arguments, const char *name, const char **texts,
                     size_t capacity);

/* A decimal number in [least, most]; `number` is unchanged when absent. False after a usage error.
 */
bool arguments_number(const struct arguments *arguments, const char *name, uint64_t least,
                      uint64_t most, uint64_t *number);

#endif
