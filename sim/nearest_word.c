#include "sim/nearest_word.h"

#include "sim/check.h"

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

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *from, const char *to)
{
    size_t rows[3][NEAREST_WORD_MAX + 1]; /* row i, i - 1 and i - 2 of the table, by i modulo 3 */
    const size_t from_length = strlen(from), to_length = strlen(to);
    CHECK(from_length <= NEAREST_WORD_MAX);
    CHECK(to_length <= NEAREST_WORD_MAX);
    for (size_t j = 0; j <= to_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= from_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above_two = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= to_length; j++) {
            const size_t replaced = above[j - 1] + (same(from[i - 1], to[j - 1]) ? 0 : 1);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(from[i - 1], to[j - 2]) && same(from[i - 2], to[j - 1])) {
                row[j] = smaller(row[j], above_two[j - 2] + 1);
            }
        }
    }
    return rows[from_length % 3][to_length];
}

struct nearest nearest_to(const char *word)
{
    const size_t length = strlen(word);
    return (struct nearest){.word = word, .distance = (length / 3 > 1 ? length / 3 : 1) + 1};
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    const size_t a = strlen(nearest->word), b = strlen(candidate);
    if (a > NEAREST_WORD_MAX || b > NEAREST_WORD_MAX ||
        (a > b ? a - b : b - a) >= nearest->distance) {
        return;
    }
    const size_t distance = nearest_distance(nearest->word, candidate);
    if (distance < nearest->distance && distance < b) {
        nearest->distance = distance;
        nearest->best = candidate;
    }
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < count; i++) {
        nearest_try(&nearest, words[i]);
    }
    return nearest.best;
}
