/*
 * nearest_word.h - "did you mean": the known word that is closest to a mistyped one.
 *
 * Model: distance of Damerau and Levenshtein in its restricted form (insert, delete, replace, swap
 *        two neighbours; no substring is edited twice), case ignored; accepted up to
 *        max(1, length / 3).
 * Order: of equally near words the first in the list wins, so that messages never change.
 * Cost:  length squared for each word; words longer than NEAREST_WORD_MAX are not considered.
 */
#ifndef ANALYSIS_NEAREST_WORD_H
#define ANALYSIS_NEAREST_WORD_H

#include <stddef.h>

enum { NEAREST_WORD_MAX = 64 };

/* NULL when nothing is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
