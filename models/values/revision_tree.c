/*
 * revision_tree.c - edits that know their parent; branches are kept, most edits win (CouchDB).
 *
 * Model:   a write makes a revision whose parent is a leaf: the winner at its replica, or the leaf
 *          that the client had read; if that is no leaf any more, it is refused (409), and so is
 *          the deletion of what is not there. Replicas that extend one revision apart make two
 *          branches. The winner is the same everywhere without asking: a leaf that is not a
 *          deletion before one that is, then the longest branch, then the largest revision id (a
 *          hash). Readers see the winner; the other leaves stay until somebody deletes them, and
 *          come to light when the winner is deleted. A deletion is a leaf like any.
 * State:   the leaves, each with its depth, in a store of dots: a revision that a state has seen
 *          and does not hold as a leaf has been extended. That replaces the paths of revision ids
 *          that CouchDB compares. Paths are counted in bytes, 16 (MD5) for each of at most
 *          `revs_limit` revisions of every leaf, as replication sends them.
 * Assumes: contents of two edits are never equal (CouchDB gives equal edits one revision), and a
 *          path cut at `revs_limit` makes no false conflict. A path that two leaves have in common
 *          is counted twice (on disk it is kept once).
 * Context: the winner, and with `conflicts` "resolved" the other branches too: such a client's
 *          write extends the winner and deletes the other leaves that it had read.
 * Source:  Apache CouchDB documentation, "Replication and conflict model" and "CouchDB
 *          replication protocol"; couch_doc.erl (order of leaves); _revs_limit (1000).
 */
#include "models/values/dots.h"

#include <stddef.h>

enum { HIDDEN, RESOLVED };
enum { REVISION_BYTES = 16, LIMIT_MAX = 1000000 };
enum { DELETED_SHIFT = 32, DEPTH_SHIFT = 33 }; /* a leaf's key: depth, deleted, bytes */

struct params {
    int64_t revs_limit;
    uint32_t conflicts;
};

static const char *const conflicts_names[] = {"hidden", "resolved", NULL};

static const struct param_spec rows[] = {
    {.key = "revs_limit",
     .type = PARAM_INT,
     .offset = offsetof(struct params, revs_limit),
     .min = 1,
     .max = LIMIT_MAX,
     .default_text = "1000",
     .help = "revision ids of a branch that are kept and sent; metadata grows up to it"},
    {.key = "conflicts",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, conflicts),
     .names = conflicts_names,
     .default_text = "hidden",
     .help = "what a client that reads before it writes makes of other branches; hidden: it does "
             "not see them; resolved: it asks for them, and its write deletes them"},
    {0}};

static uint64_t depth_of(const uint64_t *leaf)
{
    return leaf[DOTTED_KEY] >> DEPTH_SHIFT;
}

static bool is_deleted(const uint64_t *leaf)
{
    return (leaf[DOTTED_KEY] >> DELETED_SHIFT & 1u) != 0;
}

static uint64_t revision_id(const uint64_t *leaf)
{
    const uint64_t words[] = {leaf[DOTTED_WRITE], leaf[DOTTED_DOT]};
    return value_digest((struct words){words, 2});
}

static bool wins(const uint64_t *leaf, const uint64_t *over)
{
    if (is_deleted(leaf) != is_deleted(over)) {
        return is_deleted(over);
    }
    if (depth_of(leaf) != depth_of(over)) {
        return depth_of(leaf) > depth_of(over);
    }
    const uint64_t id = revision_id(leaf), other = revision_id(over);
    return id != other ? id > other : leaf[DOTTED_DOT] > over[DOTTED_DOT];
}

static const uint64_t *winner_of(const struct dotted *leaves)
{
    const uint64_t *winner = NULL;
    for (uint32_t i = 0; i < dotted_count(leaves); i++) {
        const uint64_t *leaf = dotted_at(leaves, i);
        winner = winner == NULL || wins(leaf, winner) ? leaf : winner;
    }
    return winner;
}

static const uint64_t *leaf_of(const struct dotted *leaves, uint64_t dot)
{
    for (uint32_t i = 0; i < dotted_count(leaves); i++) {
        if (dotted_at(leaves, i)[DOTTED_DOT] == dot) {
            return dotted_at(leaves, i);
        }
    }
    return NULL;
}

/* ---- a write ---- */

/* Whether the write may be done; *parent: the leaf that it extends, NULL: it is the first. */
static bool may_write(const struct dotted *leaves, const struct value_write *write,
                      const uint64_t **parent)
{
    const uint64_t *winner = winner_of(leaves);
    const bool there = winner != NULL && !is_deleted(winner);
    *parent = winner;
    if (write->action == VALUE_DELETE && !there) {
        return false;
    }
    if (write->context_given && write->context.count > 0) {
        *parent = leaf_of(leaves, write->context.at[0]);
        return *parent != NULL;
    }
    return !write->context_given || !there;
}

/* Puts a word among those from `begin` on, which are in order. */
static void insert(struct words_buffer *list, uint32_t begin, uint64_t word)
{
    words_put(list, word);
    for (uint32_t i = list->count - 1; i > begin && list->at[i - 1] > word; i--) {
        list->at[i] = list->at[i - 1];
        list->at[i - 1] = word;
    }
}

/*
 * The leaves that the write extends, in the order of their dots, to the end of `parents`. Other
 * branches that the client had read are deleted; those that have been extended meanwhile stay.
 */
static void list_parents(const struct dotted *leaves, const struct value_write *write,
                         const uint64_t *parent, struct words_buffer *parents)
{
    const uint32_t begin = parents->count;
    if (parent != NULL) {
        words_put(parents, parent[DOTTED_DOT]);
    }
    for (uint32_t i = 1; i < write->context.count && write->context_given; i++) {
        const uint64_t *other = leaf_of(leaves, write->context.at[i]);
        if (other != NULL && other != parent && !is_deleted(other)) {
            insert(parents, begin, other[DOTTED_DOT]);
        }
    }
}

static void put_leaf(struct words_buffer *out, uint32_t begin, const uint64_t *leaf)
{
    words_put_all(out, (struct words){leaf, DOTTED_WORDS});
    for (uint32_t at = out->count - DOTTED_WORDS; at > begin; at -= DOTTED_WORDS) {
        const uint64_t *before = out->at + at - DOTTED_WORDS;
        if (before[DOTTED_KEY] < leaf[DOTTED_KEY] ||
            (before[DOTTED_KEY] == leaf[DOTTED_KEY] && before[DOTTED_DOT] < leaf[DOTTED_DOT])) {
            return;
        }
        for (uint32_t i = 0; i < DOTTED_WORDS; i++) {
            out->at[at + i] = before[i];
            out->at[at - DOTTED_WORDS + i] = leaf[i];
        }
    }
}

struct edit { /* a write on its way to become leaves */
    struct dotted leaves;
    const struct value_write *write;
    const uint64_t *parent; /* of the client's revision; NULL: it is the first */
    struct words parents;   /* dots of all leaves that are extended */
    struct words made;      /* dots of the new leaves, in the same order */
};

static void put_delta(const struct edit *edit, struct words_buffer *out)
{
    const struct dots seen[] = {{{NULL, 0}, edit->parents}, {{NULL, 0}, edit->made}};
    dots_put_union(out, seen, 2);
    const uint32_t begin = out->count;
    for (uint32_t i = 0; i < edit->made.count; i++) {
        const uint64_t *from =
            edit->parents.count == 0 ? NULL : leaf_of(&edit->leaves, edit->parents.at[i]);
        const bool deletes = from != edit->parent || edit->write->action == VALUE_DELETE;
        const uint64_t depth = from == NULL ? 1 : depth_of(from) + 1;
        const uint64_t leaf[DOTTED_WORDS] = {[DOTTED_KEY] = depth << DEPTH_SHIFT |
                                                            (uint64_t)deletes << DELETED_SHIFT |
                                                            (deletes ? 0 : edit->write->bytes),
                                             [DOTTED_DOT] = edit->made.at[i],
                                             [DOTTED_STAMP] = (uint64_t)edit->write->version.stamp,
                                             [DOTTED_WRITE] = edit->write->version.write};
        put_leaf(out, begin, leaf);
    }
}

/* Room behind what is in `after` serves for lists of dots meanwhile. */
static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    struct edit edit = {.leaves = dotted_of(before), .write = write};
    const uint32_t begin = shipped->count, room = after->count;
    (void)params;
    if (!may_write(&edit.leaves, write, &edit.parent)) {
        return VALUE_REFUSED;
    }
    list_parents(&edit.leaves, write, edit.parent, after);
    const uint32_t parents = after->count - room, made = parents > 0 ? parents : 1;
    const uint64_t next = dots_next(edit.leaves.seen, write->actor);
    for (uint32_t i = 0; i < made; i++) {
        words_put(after, next + i);
    }
    edit.parents = (struct words){after->at + room, parents};
    edit.made = (struct words){after->at + room + parents, made};
    put_delta(&edit, shipped);
    after->count = room;
    dotted_join(before, words_from(shipped, begin), after);
    if (form == VALUE_STATE) {
        shipped->count = begin;
    }
    return VALUE_DONE;
}

/* ---- the type ---- */

static void join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    (void)params;
    (void)displaced; /* nothing gives way unseen: branches are kept */
    dotted_join(a, b, out);
}

static void view(const void *params, struct words body, struct value_view *view)
{
    const struct dotted leaves = dotted_of(body);
    (void)params;
    *view = (struct value_view){0};
    for (uint32_t i = 0; i < dotted_count(&leaves); i++) {
        view->siblings += is_deleted(dotted_at(&leaves, i)) ? 0 : 1;
    }
    view->elements = view->siblings > 0 ? 1 : 0;
}

static struct value_size size(const void *untyped, struct words body, enum value_form form)
{
    const struct params *params = untyped;
    const struct dotted leaves = dotted_of(body);
    const uint64_t limit = (uint64_t)params->revs_limit;
    struct value_size size = {0};
    (void)form;
    for (uint32_t i = 0; i < dotted_count(&leaves); i++) {
        const uint64_t *leaf = dotted_at(&leaves, i);
        const uint64_t path = depth_of(leaf) < limit ? depth_of(leaf) : limit;
        size.payload += (uint32_t)leaf[DOTTED_KEY];
        size.metadata += (uint32_t)path * REVISION_BYTES;
    }
    return size;
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *versions)
{
    (void)params;
    (void)form;
    dotted_writes(body, versions);
}

static void context(const void *untyped, struct words body, struct words_buffer *out)
{
    const struct params *params = untyped;
    const struct dotted leaves = dotted_of(body);
    const uint64_t *winner = winner_of(&leaves);
    if (winner == NULL || is_deleted(winner)) {
        return;
    }
    words_put(out, winner[DOTTED_DOT]);
    for (uint32_t i = 0; i < dotted_count(&leaves) && params->conflicts == RESOLVED; i++) {
        const uint64_t *leaf = dotted_at(&leaves, i);
        if (leaf != winner && !is_deleted(leaf)) {
            words_put(out, leaf[DOTTED_DOT]);
        }
    }
}

static bool resolves(const void *untyped)
{
    const struct params *params = untyped;
    return params->conflicts == RESOLVED;
}

const struct value_ops value_revision_tree_ops = {
    .kind = {.name = "revision_tree",
             .summary = "edits with parents: branches are kept, the one with most edits is read",
             .source = "Apache CouchDB documentation, \"Replication and conflict model\"",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .actions = 1u << VALUE_SET | 1u << VALUE_DELETE,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA,
    .write_means = VALUE_SET,
    .meeting = VALUE_KEPT,
    .needs_state = true,
    .perform = perform,
    .join = join,
    .view = view,
    .size = size,
    .writes = writes,
    .context = context,
    .resolves = resolves,
};
