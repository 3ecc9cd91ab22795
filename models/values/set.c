#include "models/values/set.h"

#include <stddef.h>

enum { PAIR_WORDS = 2 };

const struct param_spec set_rows[] = {{.key = "elements",
                                       .type = PARAM_INT,
                                       .offset = offsetof(struct set_params, elements),
                                       .min = 1,
                                       .max = 1 << 20,
                                       .default_text = "100",
                                       .help = "how many elements there can be"},
                                      {.key = "element_bytes",
                                       .type = PARAM_BYTES,
                                       .offset = offsetof(struct set_params, element_bytes),
                                       .min = 0,
                                       .max = 1 << 20,
                                       .default_text = "16B",
                                       .help = "size of an element: an id of 128 bits"},
                                      {0}};

uint32_t set_elements(const void *params)
{
    const struct set_params *own = params;
    return (uint32_t)own->elements;
}

/* ---- perform ---- */

/* Adds a dot to the ordered ones from `begin` on. */
static void insert(struct words_buffer *out, uint32_t begin, uint64_t dot)
{
    words_put(out, dot);
    for (uint32_t i = out->count - 1; i > begin && out->at[i - 1] > dot; i--) {
        out->at[i] = out->at[i - 1];
        out->at[i - 1] = dot;
    }
}

/* The dots of the element's entries in `words`, which has `stride` words for each entry. */
static void put_observed(struct words_buffer *out, struct words words, uint32_t stride,
                         uint32_t element)
{
    const uint32_t begin = out->count;
    for (uint32_t i = 0; i + stride <= words.count; i += stride) {
        if (words.at[i + DOTTED_KEY] >> 1 == element) {
            insert(out, begin, words.at[i + DOTTED_DOT]);
        }
    }
}

/* `after` is the scratch memory for the dots that are replaced until the delta is made of them. */
void set_perform(struct set_change change, struct words before, const struct value_write *write,
                 struct words_buffer *after, struct words_buffer *shipped)
{
    const struct dotted store = dotted_of(before);
    const uint32_t after_begin = after->count, shipped_begin = shipped->count;
    if (change.as_read && write->context_given) {
        put_observed(after, write->context, PAIR_WORDS, write->element);
    } else {
        put_observed(after, store.entries, DOTTED_WORDS, write->element);
    }
    const struct words replaced = words_from(after, after_begin);
    const uint64_t dot = dots_next(store.seen, write->actor);
    const struct dots seen[] = {{{NULL, 0}, replaced}, {{NULL, 0}, {&dot, change.entry ? 1 : 0}}};
    dots_put_union(shipped, seen, 2);
    if (change.entry) {
        dotted_put(shipped, set_key(write->element, change.removed), dot, write->version);
    }
    after->count = after_begin;
    dotted_join(before, words_from(shipped, shipped_begin), after);
}

/* ---- what joins, shows and counts ---- */

void set_join(const void *params, struct words a, struct words b, struct words_buffer *out,
              struct words_buffer *displaced)
{
    (void)params, (void)displaced;
    dotted_join(a, b, out);
}

void set_again(const void *params, struct words before, struct words operation,
               struct words_buffer *after)
{
    (void)params;
    dotted_join(before, operation, after);
}

struct tally {
    uint32_t there, away; /* elements */
};

static struct tally count(const struct dotted *store)
{
    struct tally tally = {0, 0};
    for (uint32_t i = 0; i < dotted_count(store); i++) {
        const uint64_t key = dotted_at(store, i)[DOTTED_KEY];
        const bool last =
            i + 1 == dotted_count(store) || dotted_at(store, i + 1)[DOTTED_KEY] >> 1 != key >> 1;
        tally.away += last && (key & SET_REMOVED) != 0; /* these keys are the last of an element */
        tally.there += last && (key & SET_REMOVED) == 0;
    }
    return tally;
}

void set_view(const void *params, struct words body, struct value_view *view)
{
    (void)params;
    const struct dotted store = dotted_of(body);
    const uint32_t there = count(&store).there;
    *view = (struct value_view){.number = there, .siblings = there > 0, .elements = there};
}

/*
 * A removed element that is still remembered is metadata. An operation names its dot once, a delta
 * in its entry and in what it has seen.
 */
struct value_size set_size(const void *params, struct words body, enum value_form form)
{
    const struct set_params *own = params;
    const struct dotted store = dotted_of(body);
    const struct tally tally = count(&store);
    const uint32_t bytes = (uint32_t)own->element_bytes;
    const uint32_t dots =
        dots_count(store.seen) + (form == VALUE_OPERATION ? 0 : dotted_count(&store));
    return (struct value_size){.payload = tally.there * bytes,
                               .metadata = tally.away * bytes + dots * DOTS_BYTES};
}

void set_writes(const void *params, struct words body, enum value_form form,
                struct words_buffer *versions)
{
    (void)params, (void)form;
    dotted_writes(body, versions);
}

void set_context(const void *params, struct words body, struct words_buffer *out)
{
    (void)params;
    const struct dotted store = dotted_of(body);
    for (uint32_t i = 0; i < dotted_count(&store); i++) {
        words_put(out, dotted_at(&store, i)[DOTTED_KEY]);
        words_put(out, dotted_at(&store, i)[DOTTED_DOT]);
    }
}
