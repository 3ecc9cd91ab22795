/* shell_word.h - one word for a POSIX shell: quoted when it needs to be. */
#ifndef CLI_SHELL_WORD_H
#define CLI_SHELL_WORD_H

struct arena;

const char *shell_word(struct arena *arena, const char *word);

#endif
