#include "cli/shell_word.h"

#include "sim/arena.h"

#include <string.h>

const char *shell_word(struct arena *arena, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./=:,+@%";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        return word;
    }
    /* Single quotes keep everything but a single quote, which becomes '\'' . */
    char *quoted = arena_alloc(arena, 4 * strlen(word) + 3, 1);
    char *end = quoted;
    *end++ = '\'';
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            memcpy(end, "'\\''", 4);
            end += 4;
        } else {
            *end++ = *word;
        }
    }
    *end++ = '\'';
    return quoted;
}
