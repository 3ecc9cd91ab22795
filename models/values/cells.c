#include "models/values/cells.h"

#include "sim/check.h"

enum { PAIR_WORDS = 4 };

int cells_version_order(const uint64_t *a, const uint64_t *b)
{
    const struct value_version left = cells_version(a), right = cells_version(b);
    return value_version_less(left, right) ? -1 : value_version_less(right, left);
}

const uint64_t *cells_find(const struct cells_kind *kind, struct words body, uint64_t id)
{
    for (uint32_t at = 0; at < body.count; at += cells_width(kind, body.at + at)) {
        if (body.at[at] >= id) {
            return body.at[at] == id ? body.at + at : NULL;
        }
    }
    return NULL;
}

void cells_displace(struct words_buffer *displaced, struct value_version loser,
                    struct value_version winner)
{
    if (displaced == NULL) {
        return;
    }
    const uint64_t pair[PAIR_WORDS] = {(uint64_t)loser.stamp, loser.write, (uint64_t)winner.stamp,
                                       winner.write};
    for (uint32_t i = 0; i + PAIR_WORDS <= displaced->count; i += PAIR_WORDS) {
        if (words_equal((struct words){displaced->at + i, PAIR_WORDS},
                        (struct words){pair, PAIR_WORDS})) {
            return;
        }
    }
    words_put_all(displaced, (struct words){pair, PAIR_WORDS});
}

/* The larger of two cells with one id. */
static const uint64_t *larger(const struct cells_kind *kind, const void *params, const uint64_t *a,
                              const uint64_t *b, struct words_buffer *displaced)
{
    const int order = kind->order(params, a, b);
    const uint64_t *loser = order < 0 ? a : b, *winner = order < 0 ? b : a;
    if (kind->one_wins && cells_version_order(a, b) != 0) {
        cells_displace(displaced, cells_version(loser), cells_version(winner));
    }
    return winner;
}

void cells_join(const struct cells_kind *kind, const void *params, struct words a, struct words b,
                struct words_buffer *out, struct words_buffer *displaced)
{
    uint32_t left = 0, right = 0;
    while (left < a.count || right < b.count) {
        const uint64_t *next = left < a.count ? a.at + left : NULL;
        const uint64_t *other = right < b.count ? b.at + right : NULL;
        const bool both = next != NULL && other != NULL && next[CELL_ID] == other[CELL_ID];
        const bool first = other == NULL || (next != NULL && next[CELL_ID] <= other[CELL_ID]);
        left += first ? cells_width(kind, next) : 0;
        right += both || !first ? cells_width(kind, other) : 0;
        const uint64_t *cell = first ? next : other;
        if (both) {
            cell = larger(kind, params, next, other, displaced);
        }
        CHECK(left <= a.count);
        CHECK(right <= b.count);
        words_put_all(out, (struct words){cell, cells_width(kind, cell)});
    }
}

void cells_done(const struct cells_kind *kind, const void *params, struct words before,
                enum value_form form, uint32_t begin, struct words_buffer *after,
                struct words_buffer *shipped)
{
    cells_join(kind, params, before, words_from(shipped, begin), after, NULL);
    if (form == VALUE_STATE) {
        shipped->count = begin;
    }
}

void cells_writes(const struct cells_kind *kind, struct words body, struct words_buffer *versions)
{
    for (uint32_t at = 0; at < body.count; at += cells_width(kind, body.at + at)) {
        const struct value_version version = cells_version(body.at + at);
        if (version.stamp != 0 || version.write != 0) {
            words_put(versions, (uint64_t)version.stamp);
            words_put(versions, version.write);
        }
    }
}
