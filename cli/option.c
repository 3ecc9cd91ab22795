#include "cli/option.h"

#include "sim/nearest_word.h"

#include <string.h>

static const struct option_spec *find_long(const struct option_spec *table, const char *name,
                                           size_t length)
{
    for (const struct option_spec *spec = table; spec->name != NULL; spec++) {
        if (strlen(spec->name) == length && memcmp(spec->name, name, length) == 0) {
            return spec;
        }
    }
    return NULL;
}

static const struct option_spec *find_letter(const struct option_spec *table, char letter)
{
    for (const struct option_spec *spec = table; spec->name != NULL; spec++) {
        if (spec->letter != 0 && spec->letter == letter) {
            return spec;
        }
    }
    return NULL;
}

static bool unknown_option(const struct option_spec *table, const char *command, const char *given)
{
    const char *names[OPTIONS_MAX];
    size_t count = 0;
    for (const struct option_spec *spec = table; spec->name != NULL; spec++) {
        names[count++] = spec->name;
    }
    const char *word = given + strspn(given, "-");
    char bare[64];
    const size_t length = strcspn(word, "=");
    snprintf(bare, sizeof bare, "%.*s", (int)(length < 60 ? length : 60), word);
    const char *near = nearest_word(bare, names, count);
    fprintf(stderr, "geodes %s: unknown option \"%s\"", command, given);
    if (near != NULL) {
        fprintf(stderr, " (did you mean \"--%s\"?)", near);
    }
    fprintf(stderr, "\nSee \"geodes %s --help\".\n", command);
    return false;
}

static bool keep(struct arguments *arguments, const struct option_spec *spec, const char *text,
                 const char *command)
{
    if (!spec->repeat && arguments_given(arguments, spec->name)) {
        fprintf(stderr, "geodes %s: option --%s is given twice\n", command, spec->name);
        return false;
    }
    if (arguments->option_count == OPTIONS_MAX) {
        fprintf(stderr, "geodes %s: more than %d options\n", command, OPTIONS_MAX);
        return false;
    }
    arguments->options[arguments->option_count++] =
        (struct option_value){.spec = spec, .text = text};
    return true;
}

/* One word that begins with a dash; *used is set when it took the next word as its value. */
static bool parse_option(struct arguments *arguments, const struct option_spec *table,
                         const char *command, const char *const words[2], bool *used)
{
    const char *word = words[0];
    const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    const size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct option_spec *spec = NULL;
    if (word[1] == '-') {
        spec = find_long(table, word + 2, length - 2);
    } else if (word[2] == '\0') {
        spec = find_letter(table, word[1]);
    }
    if (spec == NULL) {
        return unknown_option(table, command, word);
    }
    if (spec->value == NULL && equals != NULL) {
        fprintf(stderr, "geodes %s: option --%s takes no value\n", command, spec->name);
        return false;
    }
    const char *text = equals != NULL ? equals + 1 : NULL;
    if (spec->value != NULL && text == NULL) {
        if (words[1] == NULL) {
            fprintf(stderr, "geodes %s: option --%s needs a value (%s)\n", command, spec->name,
                    spec->value);
            return false;
        }
        text = words[1];
        *used = true;
    }
    return keep(arguments, spec, text, command);
}

bool arguments_parse(struct arguments *arguments, const struct option_spec *table,
                     const char *command, int argc, char **argv)
{
    memset(arguments, 0, sizeof *arguments);
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && word[0] == '-' && word[1] != '\0') {
            const char *const words[2] = {word, i + 1 < argc ? argv[i + 1] : NULL};
            bool used = false;
            if (!parse_option(arguments, table, command, words, &used)) {
                return false;
            }
            i += used ? 1 : 0;
        } else if (arguments->operand_count == OPERANDS_MAX) {
            fprintf(stderr, "geodes %s: more than %d operands\n", command, OPERANDS_MAX);
            return false;
        } else {
            arguments->operands[arguments->operand_count++] = word;
        }
    }
    return true;
}

const char *arguments_text(const struct arguments *arguments, const char *name)
{
    const char *text = NULL;
    for (size_t i = 0; i < arguments->option_count; i++) {
        if (strcmp(arguments->options[i].spec->name, name) == 0) {
            text = arguments->options[i].text;
        }
    }
    return text;
}

bool arguments_given(const struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->option_count; i++) {
        if (strcmp(arguments->options[i].spec->name, name) == 0) {
            return true;
        }
    }
    return false;
}

size_t arguments_all(const struct arguments *arguments, const char *name, const char **texts,
                     size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < arguments->option_count && count < capacity; i++) {
        if (strcmp(arguments->options[i].spec->name, name) == 0) {
            texts[count++] = arguments->options[i].text;
        }
    }
    return count;
}

bool arguments_number(const struct arguments *arguments, const char *name, uint64_t least,
                      uint64_t most, uint64_t *number)
{
    const char *text = arguments_text(arguments, name);
    if (text == NULL) {
        return true;
    }
    uint64_t value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9' && value <= UINT64_MAX / 10 - 1; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
    }
    if (digit == text || *digit != '\0' || value < least || value > most) {
        fprintf(stderr, "geodes: --%s must be a whole number from %llu to %llu (got \"%s\")\n",
                name, (unsigned long long)least, (unsigned long long)most, text);
        return false;
    }
    *number = value;
    return true;
}
