#include "analysis/nearest_word.h"

#include <stdbool.h>
#include <string.h>

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool same(char a, char b)
{
    return lower(a) == lower(b);
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *from, const char *to)
{
    unsigned rows[3][NEAREST_WORD_MAX + 1]; /* row i, i - 1 and i - 2 of the table, by i modulo 3 */
    const size_t from_length = strlen(from), to_length = strlen(to);
    for (size_t j = 0; j <= to_length; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= from_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3], *above_two = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= to_length; j++) {
            const unsigned replaced = above[j - 1] + (same(from[i - 1], to[j - 1]) ? 0 : 1);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(from[i - 1], to[j - 2]) && same(from[i - 2], to[j - 1])) {
                row[j] = smaller(row[j], above_two[j - 2] + 1);
            }
        }
    }
    return rows[from_length % 3][to_length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const size_t length = strlen(word);
    const char *best = NULL;
    unsigned best_distance = length / 3 > 1 ? (unsigned)(length / 3) + 1 : 2;
    if (length > NEAREST_WORD_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) <= NEAREST_WORD_MAX) {
            const unsigned found = distance(word, words[i]);
            if (found < best_distance) {
                best = words[i];
                best_distance = found;
            }
        }
    }
    return best;
}
