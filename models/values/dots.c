#include "models/values/dots.h"

#include "sim/check.h"

enum { SIZES_WORDS = 1, CLOUD_SHIFT = 32 };

/* ---- sets ---- */

static uint32_t vector_size(struct words words)
{
    return words.count == 0 ? 0 : (uint32_t)words.at[0];
}

static uint32_t cloud_size(struct words words)
{
    return words.count == 0 ? 0 : (uint32_t)(words.at[0] >> CLOUD_SHIFT);
}

struct words dots_words(struct words words)
{
    if (words.count == 0) {
        return words;
    }
    const uint64_t count = (uint64_t)SIZES_WORDS + vector_size(words) + cloud_size(words);
    CHECK(count <= words.count);
    return (struct words){words.at, (uint32_t)count};
}

struct dots dots_of(struct words words)
{
    const struct words own = dots_words(words);
    if (own.count == 0) {
        return (struct dots){{NULL, 0}, {NULL, 0}};
    }
    const uint64_t *vector = own.at + SIZES_WORDS;
    return (struct dots){{vector, vector_size(own)}, {vector + vector_size(own), cloud_size(own)}};
}

/* How many of the words are below `word`: they are in order. */
static uint32_t count_below(struct words words, uint64_t word)
{
    uint32_t first = 0, beyond = words.count;
    while (first < beyond) {
        const uint32_t middle = first + (beyond - first) / 2;
        if (words.at[middle] < word) {
            first = middle + 1;
        } else {
            beyond = middle;
        }
    }
    return first;
}

/* The counter of an actor in a vector, or 0. */
static uint64_t counter_of(struct words vector, uint32_t actor)
{
    const uint32_t at = count_below(vector, dot_of(actor, 0));
    return at < vector.count && dot_actor(vector.at[at]) == actor ? dot_counter(vector.at[at]) : 0;
}

bool dots_have(struct dots dots, uint64_t dot)
{
    if (dot_counter(dot) <= counter_of(dots.vector, dot_actor(dot))) {
        return true;
    }
    const uint32_t at = count_below(dots.cloud, dot);
    return at < dots.cloud.count && dots.cloud.at[at] == dot;
}

uint64_t dots_next(struct dots dots, uint32_t actor)
{
    uint64_t last = counter_of(dots.vector, actor);
    const uint32_t beyond = count_below(dots.cloud, dot_of(actor + 1, 0));
    if (beyond > 0 && dot_actor(dots.cloud.at[beyond - 1]) == actor) {
        const uint64_t loose = dot_counter(dots.cloud.at[beyond - 1]);
        last = loose > last ? loose : last;
    }
    return dot_of(actor, last + 1);
}

/* All dots of 1..counter of an actor: one by one beyond what the vector has. */
static bool has_all(struct dots dots, uint64_t last)
{
    const uint32_t actor = dot_actor(last);
    for (uint64_t n = counter_of(dots.vector, actor) + 1; n <= dot_counter(last); n++) {
        if (!dots_have(dots, dot_of(actor, n))) {
            return false;
        }
    }
    return true;
}

bool dots_within(struct dots a, struct dots b)
{
    for (uint32_t i = 0; i < a.vector.count; i++) {
        if (!has_all(b, a.vector.at[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < a.cloud.count; i++) {
        if (!dots_have(b, a.cloud.at[i])) {
            return false;
        }
    }
    return true;
}

enum dots_order dots_compare(struct dots a, struct dots b)
{
    const bool below = dots_within(a, b), above = dots_within(b, a);
    if (below) {
        return above ? DOTS_EQUAL : DOTS_BEFORE;
    }
    return above ? DOTS_AFTER : DOTS_CONCURRENT;
}

/* ---- union ---- */

struct cursors { /* of one walk through all sets, by actor */
    struct words vectors[DOTS_SETS_MAX], clouds[DOTS_SETS_MAX];
    uint32_t count;
};

static struct cursors cursors_of(const struct dots *sets, uint32_t count)
{
    struct cursors cursors = {.count = count};
    CHECK(count <= DOTS_SETS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        cursors.vectors[i] = sets[i].vector;
        cursors.clouds[i] = sets[i].cloud;
    }
    return cursors;
}

static void skip(struct words *words)
{
    words->at++;
    words->count--;
}

/* The smallest word that any of the lists begins with; UINT64_MAX: all are at their ends. */
static uint64_t first_of(const struct words *lists, uint32_t count)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (lists[i].count > 0 && lists[i].at[0] < first) {
            first = lists[i].at[0];
        }
    }
    return first;
}

/* Takes the next actor's dots off all lists: its entry of the vector, loose dots to `cloud`. */
static uint64_t next_actor(struct cursors *cursors, struct words_buffer *cloud)
{
    const uint64_t in_vectors = first_of(cursors->vectors, cursors->count);
    const uint64_t in_clouds = first_of(cursors->clouds, cursors->count);
    const uint32_t actor = dot_actor(in_vectors < in_clouds ? in_vectors : in_clouds);
    uint64_t top = 0;
    for (uint32_t i = 0; i < cursors->count; i++) {
        struct words *vector = &cursors->vectors[i];
        if (vector->count > 0 && dot_actor(vector->at[0]) == actor) {
            const uint64_t counter = dot_counter(vector->at[0]);
            top = counter > top ? counter : top;
            skip(vector);
        }
    }
    for (;;) {
        const uint64_t dot = first_of(cursors->clouds, cursors->count);
        if (dot == UINT64_MAX || dot_actor(dot) != actor) {
            return dot_of(actor, top);
        }
        for (uint32_t i = 0; i < cursors->count; i++) {
            while (cursors->clouds[i].count > 0 && cursors->clouds[i].at[0] == dot) {
                skip(&cursors->clouds[i]);
            }
        }
        if (dot_counter(dot) == top + 1) {
            top++;
        } else if (dot_counter(dot) > top && cloud != NULL) {
            words_put(cloud, dot);
        }
    }
}

static bool at_end(const struct cursors *cursors)
{
    return first_of(cursors->vectors, cursors->count) == UINT64_MAX &&
           first_of(cursors->clouds, cursors->count) == UINT64_MAX;
}

/* Twice the same walk, first for the vector and then for the cloud behind it. */
void dots_put_union(struct words_buffer *out, const struct dots *sets, uint32_t count)
{
    struct cursors cursors = cursors_of(sets, count);
    if (at_end(&cursors)) {
        return;
    }
    const uint32_t begin = out->count;
    words_put(out, 0);
    while (!at_end(&cursors)) {
        const uint64_t last = next_actor(&cursors, NULL);
        if (dot_counter(last) > 0) {
            words_put(out, last);
        }
    }
    const uint64_t vector = out->count - begin - SIZES_WORDS;
    cursors = cursors_of(sets, count);
    while (!at_end(&cursors)) {
        next_actor(&cursors, out);
    }
    const uint64_t cloud = out->count - begin - SIZES_WORDS - vector;
    out->at[begin] = vector | cloud << CLOUD_SHIFT;
}

/* ---- stores ---- */

struct dotted dotted_of(struct words body)
{
    const uint32_t own = dots_words(body).count;
    const uint32_t entries = (body.count - own) / DOTTED_WORDS * DOTTED_WORDS;
    if (body.count == 0) {
        return (struct dotted){.seen = dots_of(body)};
    }
    return (struct dotted){dots_of(body),
                           {body.at + own, entries},
                           {body.at + own + entries, body.count - own - entries}};
}

void dotted_put(struct words_buffer *out, uint64_t key, uint64_t dot, struct value_version version)
{
    words_put(out, key);
    words_put(out, dot);
    words_put(out, (uint64_t)version.stamp);
    words_put(out, version.write);
}

static bool entry_less(const uint64_t *a, const uint64_t *b)
{
    return a[DOTTED_KEY] != b[DOTTED_KEY] ? a[DOTTED_KEY] < b[DOTTED_KEY]
                                          : a[DOTTED_DOT] < b[DOTTED_DOT];
}

void dotted_join(struct words a, struct words b, struct words_buffer *out)
{
    const struct dotted left = dotted_of(a), right = dotted_of(b);
    dots_put_union(out, (const struct dots[]){left.seen, right.seen}, 2);
    uint32_t i = 0, j = 0;
    while (i < dotted_count(&left) || j < dotted_count(&right)) {
        const uint64_t *l = i < dotted_count(&left) ? dotted_at(&left, i) : NULL;
        const uint64_t *r = j < dotted_count(&right) ? dotted_at(&right, j) : NULL;
        const bool only_left = r == NULL || (l != NULL && entry_less(l, r));
        const bool only_right = l == NULL || (r != NULL && entry_less(r, l));
        const uint64_t *entry = only_right ? r : l;
        const struct dots none = {{NULL, 0}, {NULL, 0}};
        const struct dots other = only_left ? right.seen : only_right ? left.seen : none;
        if (!dots_have(other, entry[DOTTED_DOT])) {
            words_put_all(out, (struct words){entry, DOTTED_WORDS});
        }
        i += !only_right;
        j += !only_left;
    }
}

void dotted_writes(struct words body, struct words_buffer *versions)
{
    const struct dotted store = dotted_of(body);
    for (uint32_t i = 0; i < dotted_count(&store); i++) {
        words_put(versions, dotted_at(&store, i)[DOTTED_STAMP]);
        words_put(versions, dotted_at(&store, i)[DOTTED_WRITE]);
    }
}
