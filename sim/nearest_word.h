/*
 * nearest_word.h - "did you mean": the known word that is closest to a mistyped one.
 *
 * Model: distance of Damerau and Levenshtein in its restricted form (insert, delete, replace, swap
 *        two neighbours; no substring is edited twice), case ignored; accepted up to
 *        max(1, length / 3), and only when something of the candidate is left.
 * Order: of equally near words the first that was tried wins, so that messages never change.
 * Cost:  length squared for each word; words longer than NEAREST_WORD_MAX are not considered.
 */
#ifndef SIM_NEAREST_WORD_H
#define SIM_NEAREST_WORD_H

#include <stddef.h>

enum { NEAREST_WORD_MAX = 64 };

/* A search: nearest_to() begins it, nearest_try() goes on, `best` is its result. */
struct nearest {
    const char *word;
    const char *best; /* NULL: none is near */
    size_t distance;  /* private */
};

struct nearest nearest_to(const char *word);
void nearest_try(struct nearest *nearest, const char *candidate);

/* The same over a list. NULL when nothing is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

/* Both at most NEAREST_WORD_MAX bytes (CHECK). */
size_t nearest_distance(const char *from, const char *to);

#endif
