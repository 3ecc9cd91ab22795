/*
 * mv_register.c - writes that met are kept side by side until somebody resolves them.
 *
 * Model:    siblings are entries with dots (dots.h). A write with a context (what its client had
 *           read) replaces exactly the siblings that the context covers; so does a removal, and the
 *           others survive it. Blind writes replace nothing, or all that the accepting replica
 *           holds (`blind`); blind removals all that it holds, as Riak reads before it deletes.
 * Vectors:  `version_vector` is what Riak and Dynamo had before dots: one vector for all siblings,
 *           and no way to say which of them a client had read. A write whose context does not cover
 *           all of it therefore replaces nothing (or an acknowledged write would be lost). Two
 *           clients that take turns at one server pile up siblings without end, although never more
 *           than two were written side by side. A removal that does not cover all of it removes
 *           nothing.
 * Assumes:  replicas that meet are joined by dots with either context. Real version vectors bring
 *           back siblings there too, depending on the order in which replicas meet (their join is
 *           not associative), so the explosion is understated here, if anything.
 * Cap:      a write that leaves more than `cap` siblings pushes out the oldest versions: no version
 *           below the oldest one kept is held any more wherever this is known, and replicas that
 *           hold one tell that it is displaced when they hear of it. A join of replicas may hold
 *           more until the next write. Or the write is refused, as Riak does.
 * Body:     entries with the key `bytes`; behind them, once something was pushed out, the version
 *           below which nothing is held.
 */
#include "models/values/cells.h"
#include "models/values/dots.h"

#include <stddef.h>

enum { FLOOR_WORDS = 2 };
enum context_kind { CONTEXT_VERSION_VECTOR, CONTEXT_DOTTED };
enum blind_rule { BLIND_SIBLING, BLIND_REPLACE };
enum full_rule { FULL_OLDEST, FULL_REFUSE };

struct params {
    uint32_t context, blind, when_full;
    int64_t cap;
};

static const char *const context_names[] = {"version_vector", "dotted", NULL};
static const char *const blind_names[] = {"sibling", "replace", NULL};
static const char *const full_names[] = {"oldest", "refuse", NULL};

static const struct param_spec rows[] = {
    {.key = "context",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, context),
     .names = context_names,
     .default_text = "dotted",
     .help = "what tells siblings apart: dotted: each one's own write; version_vector: nothing, a "
             "write replaces all siblings or none"},
    {.key = "blind",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, blind),
     .names = blind_names,
     .default_text = "sibling",
     .help = "what a write of a client that has read nothing does: adds a sibling, or replaces all "
             "that the accepting replica holds"},
    {.key = "cap",
     .type = PARAM_INT,
     .offset = offsetof(struct params, cap),
     .min = 0,
     .max = 10000,
     .default_text = "0",
     .help = "most siblings that a write may leave; 0: no limit (Riak KV 2.2: 100)"},
    {.key = "when_full",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, when_full),
     .names = full_names,
     .default_text = "oldest",
     .help = "beyond the cap: oldest: the oldest siblings are lost; refuse: the write is refused"},
    {0}};

/* ---- the version below which nothing is held ---- */

static struct value_version floor_of(struct words rest)
{
    return rest.count < FLOOR_WORDS ? (struct value_version){0, 0}
                                    : (struct value_version){(int64_t)rest.at[0], rest.at[1]};
}

static void put_floor(struct words_buffer *out, struct value_version version)
{
    if (version.stamp != 0 || version.write != 0) {
        words_put(out, (uint64_t)version.stamp);
        words_put(out, version.write);
    }
}

/* Takes the entries below the floor out of the store that ends `out`, and puts the floor behind. */
static void apply_floor(struct words_buffer *out, uint32_t begin, struct value_version version)
{
    const struct dotted store = dotted_of(words_from(out, begin));
    if (dotted_count(&store) == 0) {
        put_floor(out, version);
        return;
    }
    uint64_t *to = out->at + (out->count - store.entries.count);
    uint32_t left = 0;
    for (uint32_t i = 0; i < dotted_count(&store); i++) {
        const uint64_t *entry = dotted_at(&store, i);
        if (!value_version_less(dotted_version(entry), version)) {
            for (uint32_t word = 0; word < DOTTED_WORDS; word++) {
                to[left + word] = entry[word];
            }
            left += DOTTED_WORDS;
        }
    }
    out->count -= store.entries.count - left;
    put_floor(out, version);
}

/* What a store holds of what was pushed out elsewhere. Of an entry that old which the other side
 * has seen nobody knows any more who replaced it; the observer does. */
static void tell_pushed(const struct dotted *store, struct value_version version,
                        struct words_buffer *displaced)
{
    for (uint32_t i = 0; i < dotted_count(store); i++) {
        const struct value_version own = dotted_version(dotted_at(store, i));
        if (value_version_less(own, version)) {
            cells_displace(displaced, own, version);
        }
    }
}

static void join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    (void)params;
    const struct dotted left = dotted_of(a), right = dotted_of(b);
    const struct value_version l = floor_of(left.rest), r = floor_of(right.rest);
    const uint32_t begin = out->count;
    dotted_join(a, b, out);
    apply_floor(out, begin, value_version_less(l, r) ? r : l);
    tell_pushed(&left, r, displaced);
    tell_pushed(&right, l, displaced);
}

static void again(const void *params, struct words before, struct words operation,
                  struct words_buffer *after)
{
    join(params, before, operation, after, NULL);
}

/* ---- perform ---- */

/* What the write replaces, of what the replica has seen and the client had read. */
static struct dots replaced_by(const struct params *own, struct dots seen,
                               const struct value_write *write)
{
    const struct dots none = {{NULL, 0}, {NULL, 0}}, read = dots_of(write->context);
    if (!write->context_given) {
        return write->action == VALUE_DELETE || own->blind == BLIND_REPLACE ? seen : none;
    }
    return own->context == CONTEXT_DOTTED || dots_within(seen, read) ? read : none;
}

/* The version of the entry that the fewest, but at least `above` ones, are older than. */
static struct value_version version_above(const struct dotted *store, uint32_t above)
{
    struct value_version least = {INT64_MIN, 0};
    for (;;) {
        struct value_version next = {INT64_MAX, UINT64_MAX};
        for (uint32_t i = 0; i < dotted_count(store); i++) {
            const struct value_version version = dotted_version(dotted_at(store, i));
            if (value_version_less(least, version) && value_version_less(version, next)) {
                next = version;
            }
        }
        if (above-- == 0) {
            return next;
        }
        least = next;
    }
}

/* Pushes out what is too much; false: the write is refused instead. */
static bool limit(const struct params *own, struct words_buffer *after, uint32_t after_begin,
                  struct words_buffer *shipped, uint32_t shipped_begin)
{
    const struct dotted store = dotted_of(words_from(after, after_begin));
    const uint32_t cap = (uint32_t)own->cap;
    if (cap == 0 || dotted_count(&store) <= cap) {
        return true;
    }
    if (own->when_full == FULL_REFUSE) {
        return false;
    }
    const struct value_version version = version_above(&store, dotted_count(&store) - cap);
    after->count -= store.rest.count;
    apply_floor(after, after_begin, version);
    apply_floor(shipped, shipped_begin, version);
    return true;
}

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const struct params *own = params;
    const struct dotted store = dotted_of(before);
    const struct dots replaced = replaced_by(own, store.seen, write);
    const bool adds = write->action != VALUE_DELETE;
    const uint64_t dot = dots_next(store.seen, write->actor);
    const struct dots seen[] = {replaced, {{NULL, 0}, {&dot, adds ? 1 : 0}}};
    const uint32_t after_begin = after->count, shipped_begin = shipped->count;
    dots_put_union(shipped, seen, 2);
    if (adds) {
        dotted_put(shipped, write->bytes, dot, write->version);
    }
    join(params, before, words_from(shipped, shipped_begin), after, NULL);
    if (adds && !limit(own, after, after_begin, shipped, shipped_begin)) {
        return VALUE_REFUSED;
    }
    if (form == VALUE_STATE) {
        shipped->count = shipped_begin;
    }
    return VALUE_DONE;
}

/* ---- what is shown and counted ---- */

static void view(const void *params, struct words body, struct value_view *seen)
{
    (void)params;
    const struct dotted store = dotted_of(body);
    const uint32_t siblings = dotted_count(&store);
    *seen = (struct value_view){.siblings = siblings, .elements = siblings > 0};
}

static struct value_size size(const void *params, struct words body, enum value_form form)
{
    (void)form;
    const struct params *own = params;
    const struct dotted store = dotted_of(body);
    const uint32_t tags = own->context == CONTEXT_DOTTED ? dotted_count(&store) : 0;
    uint64_t payload = 0;
    for (uint32_t i = 0; i < dotted_count(&store); i++) {
        payload += dotted_at(&store, i)[DOTTED_KEY];
    }
    return (struct value_size){.payload = payload < UINT32_MAX ? (uint32_t)payload : UINT32_MAX,
                               .metadata = (dots_count(store.seen) + tags) * DOTS_BYTES +
                                           store.rest.count * (uint32_t)sizeof(uint64_t)};
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params, (void)form;
    dotted_writes(body, versions);
}

/* The vector of what was read (and its cloud, while deltas are missing). */
static void context(const void *params, struct words body, struct words_buffer *out)
{
    (void)params;
    words_put_all(out, dots_words(body));
}

const struct value_ops value_mv_register_ops = {
    .kind = {.name = "mv_register",
             .summary = "a value as a whole: writes that met are kept side by side as siblings",
             .source = "Preguica, Baquero, Almeida, Fonte, Goncalves, \"Dotted version vectors: "
                       "logical clocks for optimistic replication\", arXiv 1011.5808 (2010); "
                       "DeCandia et al., \"Dynamo\", SOSP 2007, section 4.4; Riak KV 2.2 "
                       "documentation, conflict resolution",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .actions = 1u << VALUE_SET | 1u << VALUE_DELETE,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA | 1u << VALUE_OPERATION,
    .write_means = VALUE_SET,
    .meeting = VALUE_KEPT,
    .needs_state = true,
    .perform = perform,
    .join = join,
    .again = again,
    .view = view,
    .size = size,
    .writes = writes,
    .context = context,
};
