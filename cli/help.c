#include "cli/help.h"

#include "cli/version.h"

#include <string.h>

enum { HELP_WIDTH = 92, HELP_INDENT = 26 };

static const struct {
    int code;
    const char *text;
} exit_codes[] = {
    {EXIT_CODE_OK, "success; every expectation met"},
    {EXIT_CODE_INTERNAL, "a bug in geodes"},
    {EXIT_CODE_USAGE, "unknown command or option"},
    {EXIT_CODE_INPUT, "the scenario or one of its files is wrong"},
    {EXIT_CODE_IO, "a file or the disk failed, or memory ran out"},
    {EXIT_CODE_LIMIT, "a declared limit stopped the run"},
    {EXIT_CODE_EXPECTATION, "an expectation of the scenario was not met"},
    {EXIT_CODE_INCONCLUSIVE, "an expectation is undecided: its interval straddles the bound"},
    {EXIT_CODE_INTERRUPTED, "interrupted (143: terminated)"},
};

/* Breaks a text into lines that begin at `indent`; the first continues where the caller stopped. */
static void put_wrapped(FILE *stream, const char *text, size_t indent, size_t column)
{
    while (*text != '\0') {
        const size_t length = strcspn(text, " ");
        if (column + 1 + length > HELP_WIDTH && column > indent) {
            fprintf(stream, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', stream);
            column++;
        }
        fprintf(stream, "%.*s", (int)length, text);
        column += length;
        text += length + strspn(text + length, " ");
    }
    fputc('\n', stream);
}

static void option_name(const struct option_spec *option, char *text, size_t size)
{
    char letter[8] = "    ";
    if (option->letter != 0) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    snprintf(text, size, "%s--%s%s%s", letter, option->name, option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "");
}

static void put_option(FILE *stream, const struct option_spec *option)
{
    char name[96];
    option_name(option, name, sizeof name);
    fprintf(stream, "  %-*s", HELP_INDENT - 2, name);
    size_t column = HELP_INDENT;
    if (strlen(name) + 2 >= HELP_INDENT) {
        fprintf(stream, "\n%*s", HELP_INDENT, "");
    }
    char text[512];
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", option->help, option->words != NULL ? ": " : "",
             option->words != NULL ? option->words : "",
             option->default_text != NULL ? " (default: " : "",
             option->default_text != NULL ? option->default_text : "",
             option->default_text != NULL ? ")" : "",
             option->repeat ? "; may be given several times" : "");
    put_wrapped(stream, text, HELP_INDENT, column);
}

void help_short(FILE *stream)
{
    fputs("geodes simulates geo-replicated systems: latency, staleness, loss, availability.\n\n"
          "  geodes init > my.json       a scenario to begin with\n"
          "  geodes run my.json          simulate it\n"
          "  geodes help                 all commands\n",
          stream);
}

static void put_commands(FILE *stream)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s %s", commands[i]->name, commands[i]->operands);
        fprintf(stream, "  %-*s", HELP_INDENT - 2, name);
        put_wrapped(stream, commands[i]->summary, HELP_INDENT, HELP_INDENT);
    }
}

void help_all(FILE *stream)
{
    fputs("Usage: geodes COMMAND [OPTIONS] [FILE]\n\nExamples:\n"
          "  geodes init > my.json\n"
          "  geodes run my.json\n"
          "  geodes run my.json --replications 10 --out out\n"
          "  geodes describe quorum\n\nCommands:\n",
          stream);
    put_commands(stream);
    fputs("\nExit status:\n", stream);
    for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++) {
        fprintf(stream, "  %-4d%s\n", exit_codes[i].code, exit_codes[i].text);
    }
    fputs("\n\"geodes COMMAND --help\" explains a command; \"geodes --version\" prints the "
          "version.\n",
          stream);
}

void help_command(FILE *stream, const struct command *command)
{
    fprintf(stream, "Usage: geodes %s [OPTIONS] %s\n\n", command->name, command->operands);
    put_wrapped(stream, command->text, 0, 0);
    if (command->examples != NULL) {
        fputs("\nExamples:\n", stream);
        for (const char *line = command->examples; *line != '\0';) {
            const size_t length = strcspn(line, "\n");
            fprintf(stream, "  %.*s\n", (int)length, line);
            line += length + (line[length] == '\n' ? 1 : 0);
        }
    }
    fputs("\nOptions:\n", stream);
    for (const struct option_spec *option = command->options; option->name != NULL; option++) {
        put_option(stream, option);
    }
}

/* troff: a backslash, and a dot or quote at the beginning of a line, would be instructions. */
static void put_troff(FILE *stream, const char *text)
{
    bool line_start = true;
    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\'')) {
            fputs("\\&", stream);
        }
        if (*text == '\\') {
            fputs("\\e", stream);
        } else if (*text == '-') {
            fputs("\\-", stream);
        } else {
            fputc(*text, stream);
        }
        line_start = *text == '\n';
    }
}

static void manual_command(FILE *stream, const struct command *command)
{
    fputs(".SS ", stream);
    put_troff(stream, command->name);
    fprintf(stream, " %s\n", command->operands);
    put_troff(stream, command->text);
    fputs("\n", stream);
    for (const struct option_spec *option = command->options; option->name != NULL; option++) {
        char name[96];
        option_name(option, name, sizeof name);
        fputs(".TP\n.B ", stream);
        put_troff(stream, name + strspn(name, " "));
        fputs("\n", stream);
        put_troff(stream, option->help);
        if (option->words != NULL) {
            fprintf(stream, ": %s", option->words);
        }
        if (option->default_text != NULL) {
            fputs(" (default: ", stream);
            put_troff(stream, option->default_text);
            fputs(")", stream);
        }
        fputs("\n", stream);
    }
    if (command->examples != NULL) {
        fputs(".PP\n.nf\n", stream);
        put_troff(stream, command->examples);
        fputs("\n.fi\n", stream);
    }
}

void help_manual(FILE *stream)
{
    fprintf(stream, ".TH GEODES 1 \"\" \"geodes %s\" \"User Commands\"\n", GEODES_VERSION);
    fputs(
        ".SH NAME\ngeodes \\- simulate geo\\-replicated systems\n"
        ".SH SYNOPSIS\n.B geodes\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIFILE\\fR]\n"
        ".SH DESCRIPTION\n"
        "geodes reads a scenario (regions, network, clocks, data, clients, faults, a replication\n"
        "strategy), simulates it message by message and reports latency, staleness, loss,\n"
        "availability and traffic. The same scenario and seed give the same bytes on any machine.\n"
        ".SH COMMANDS\n",
        stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        manual_command(stream, commands[i]);
    }
    fputs(".SH EXIT STATUS\n", stream);
    for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++) {
        fprintf(stream, ".TP\n.B %d\n", exit_codes[i].code);
        put_troff(stream, exit_codes[i].text);
        fputs("\n", stream);
    }
    fputs(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nany value: no colours in the table\n", stream);
}

static void words_of_commands(FILE *stream)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(stream, "%s%s", i > 0 ? " " : "", commands[i]->name);
    }
}

static void complete_bash(FILE *stream)
{
    fputs("# bash completion for geodes\n_geodes() {\n"
          "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
          "    local command=\"${COMP_WORDS[1]}\"\n    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"",
          stream);
    words_of_commands(stream);
    fputs(" --help --version\" -- \"$word\"))\n        return\n    fi\n"
          "    case \"$command $before\" in\n",
          stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        for (const struct option_spec *o = commands[i]->options; o->name != NULL; o++) {
            if (o->words != NULL) {
                fprintf(stream,
                        "    \"%s --%s\") COMPREPLY=($(compgen -W \"%s\" -- \"$word\")); return "
                        ";;\n",
                        commands[i]->name, o->name, o->words);
            } else if (o->file) {
                fprintf(stream,
                        "    \"%s --%s\") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n",
                        commands[i]->name, o->name);
            }
        }
    }
    fputs("    esac\n    case \"$command\" in\n", stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(stream, "    %s)\n        COMPREPLY=($(compgen -W \"", commands[i]->name);
        for (const struct option_spec *o = commands[i]->options; o->name != NULL; o++) {
            fprintf(stream, "%s--%s", o == commands[i]->options ? "" : " ", o->name);
        }
        const char *words = commands[i]->operand_words;
        const bool files = words != NULL && strcmp(words, "FILE") == 0;
        fprintf(stream, "%s%s\"%s -- \"$word\")) ;;\n", words != NULL && !files ? " " : "",
                words != NULL && !files ? words : "", files ? " -f" : "");
    }
    fputs("    esac\n}\ncomplete -o filenames -F _geodes geodes\n", stream);
}

/* Quotes for zsh and fish: single quotes inside the help end and begin again. */
static void put_quoted(FILE *stream, const char *text, const char *replacement)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs(replacement, stream);
        } else if (*text == '[' || *text == ']' || *text == ':') {
            fprintf(stream, replacement[0] == '\'' ? "\\%c" : "%c", *text);
        } else {
            fputc(*text, stream);
        }
    }
}

static void complete_zsh(FILE *stream)
{
    fputs("#compdef geodes\n_geodes() {\n    local -a commands\n    commands=(\n", stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(stream, "        '%s:", commands[i]->name);
        put_quoted(stream, commands[i]->summary, "'\\''");
        fputs("'\n", stream);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n"
          "        return\n    fi\n    local command=$words[2]\n    shift words\n"
          "    (( CURRENT-- ))\n    case $command in\n",
          stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(stream, "    %s)\n        _arguments", commands[i]->name);
        for (const struct option_spec *o = commands[i]->options; o->name != NULL; o++) {
            fprintf(stream, " \\\n            '%s--%s[", o->repeat ? "*" : "", o->name);
            put_quoted(stream, o->help, "'\\''");
            fputc(']', stream);
            if (o->value != NULL) {
                fprintf(stream, ":%s:%s%s%s", o->value, o->words != NULL ? "(" : "",
                        o->words != NULL ? o->words : (o->file ? "_files" : ""),
                        o->words != NULL ? ")" : "");
            }
            fputc('\'', stream);
        }
        const char *words = commands[i]->operand_words;
        if (words != NULL && strcmp(words, "FILE") == 0) {
            fputs(" \\\n            '*:file:_files'", stream);
        } else if (words != NULL) {
            fprintf(stream, " \\\n            '*:name:(%s)'", words);
        }
        fputs("\n        ;;\n", stream);
    }
    fputs("    esac\n}\n_geodes \"$@\"\n", stream);
}

static void complete_fish(FILE *stream)
{
    fputs("# fish completion for geodes\n", stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        fprintf(stream, "complete -c geodes -n __fish_use_subcommand -f -a %s -d '", command->name);
        put_quoted(stream, command->summary, "\\'");
        fputs("'\n", stream);
        for (const struct option_spec *o = command->options; o->name != NULL; o++) {
            fprintf(stream, "complete -c geodes -n '__fish_seen_subcommand_from %s' -l %s",
                    command->name, o->name);
            if (o->letter != 0) {
                fprintf(stream, " -s %c", o->letter);
            }
            if (o->value != NULL) {
                fprintf(stream, " -r%s", o->file ? "" : " -f");
            }
            if (o->words != NULL) {
                fprintf(stream, " -a '%s'", o->words);
            }
            fputs(" -d '", stream);
            put_quoted(stream, o->help, "\\'");
            fputs("'\n", stream);
        }
        const char *words = command->operand_words;
        if (words != NULL && strcmp(words, "FILE") != 0) {
            fprintf(stream, "complete -c geodes -n '__fish_seen_subcommand_from %s' -f -a '%s'\n",
                    command->name, words);
        }
    }
}

bool help_completion(FILE *stream, const char *shell)
{
    if (strcmp(shell, "bash") == 0) {
        complete_bash(stream);
    } else if (strcmp(shell, "zsh") == 0) {
        complete_zsh(stream);
    } else if (strcmp(shell, "fish") == 0) {
        complete_fish(stream);
    } else {
        return false;
    }
    return true;
}
