/*
 * help.h - texts made from the command and option tables: help, manual page, completions.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

#include <stdio.h>

void help_short(FILE *stream);
void help_all(FILE *stream);
void help_command(FILE *stream, const struct command *command);
void help_manual(FILE *stream);                        /* man page, troff */
bool help_completion(FILE *stream, const char *shell); /* false: unknown shell */

#endif
