/*
 * cart.c - a shopping cart: items with quantities, merged so that no addition is lost.
 *
 * Model:    `removal` "resurfaces" (Dynamo): the cart is written as a whole by the replica that
 *           accepts the change, on top of all versions that it knows; versions that did not know of
 *           each other are kept side by side, and read as the union of their items with the larger
 *           quantity of each. An item that was removed in one version and is still in the other is
 *           back. Each actor has one version at most, its latest: every write of it has seen the
 *           one before. State: per actor the number of its latest version and, until somebody has
 *           written on top of it, that version; the larger number stays, overwritten before open.
 *           "by_count": every item counts its changes; of two states of an item the one with more
 *           changes stays, of equally many the one with the larger quantity. A removal is a change
 *           to quantity 0 and loses against more changes elsewhere.
 * Assumes:  one content per item, of the bytes that the client sent last; concurrent additions of
 *           one item do not add up (the maximum), as there.
 * Bytes:    an item: its content and 4 for the quantity; an actor's entry in the vector clock 16 +
 *           8 (assumption: UUID and counter); a count 4, and of a removed item 8 for its name.
 * Source:   DeCandia et al., "Dynamo: Amazon's highly available key-value store", SOSP 2007,
 *           sections 4.4 and 6.2 ("add to cart" is never lost, deleted items can resurface).
 *           "by_count": assumption, the simplest rule that lets a removal win.
 */
#include "models/values/cells.h"

#include <stddef.h>

enum { RESURFACES, BY_COUNT };
enum { ITEMS_MAX = 1000, NAME_BYTES = 8, QUANTITY_BYTES = 4, COUNT_BYTES = 4, ENTRY_BYTES = 24 };
/* A version: words, number << 1 | overwritten, then lines. An item's own cell: changes, amount. */
enum { WORDS = CELL_REST, NUMBER, LINES, CHANGES = CELL_REST, AMOUNT, COUNTED_WIDTH };
enum { ITEM, LINE_AMOUNT, LINE_WORDS };
enum { QUANTITY_SHIFT = 32 }; /* an amount: quantity, then bytes of content */

struct params {
    uint32_t removal;
    int64_t items;
};

static const char *const removal_names[] = {"resurfaces", "by_count", NULL};

static const struct param_spec rows[] = {
    {.key = "removal",
     .type = PARAM_ENUM,
     .offset = offsetof(struct params, removal),
     .names = removal_names,
     .default_text = "resurfaces",
     .help = "resurfaces: a removed item is back when a version that did not know of the removal "
             "still has it (Dynamo); by_count: of two states of an item the one with more changes "
             "stays, of equally many the larger quantity"},
    {.key = "items",
     .type = PARAM_INT,
     .offset = offsetof(struct params, items),
     .min = 1,
     .max = ITEMS_MAX,
     .default_text = "20",
     .help = "items that there are: the elements of writes"},
    {0}};

static uint32_t quantity_of(uint64_t amount)
{
    return (uint32_t)(amount >> QUANTITY_SHIFT);
}

/* What the item holds after a write, of which it held `amount` before. */
static uint64_t changed(uint64_t amount, const struct value_write *write)
{
    const int64_t most = INT32_MAX, before = quantity_of(amount);
    int64_t after = write->action == VALUE_ADD ? before : 0;
    if (write->action == VALUE_ADD || write->action == VALUE_SET) {
        after = write->amount < most - after ? after + write->amount : most;
    }
    return after == 0 ? 0 : (uint64_t)after << QUANTITY_SHIFT | write->bytes;
}

/* ---- versions side by side ---- */

static int version_order(const void *params, const uint64_t *a, const uint64_t *b)
{
    (void)params;
    const int by_number = cells_compare(a[NUMBER], b[NUMBER]);
    return by_number != 0 ? by_number : cells_version_order(a, b);
}

static const struct cells_kind versions = {.order = version_order};

static bool overwritten(const uint64_t *cell)
{
    return (cell[NUMBER] & 1u) != 0;
}

/* The first item from `item` on in any version, with its largest amount; false: there is none. */
static bool next_line(struct words body, uint64_t item, uint64_t line[LINE_WORDS])
{
    bool found = false;
    for (uint32_t at = 0; at < body.count; at += cells_width(&versions, body.at + at)) {
        const uint64_t *cell = body.at + at;
        for (uint32_t i = LINES; i < cell[WORDS]; i += LINE_WORDS) {
            const uint64_t name = cell[i + ITEM], amount = cell[i + LINE_AMOUNT];
            if (name < item || (found && name > line[ITEM])) {
                continue;
            }
            const bool larger = !found || name < line[ITEM] || amount > line[LINE_AMOUNT];
            line[ITEM] = name;
            line[LINE_AMOUNT] = larger ? amount : line[LINE_AMOUNT];
            found = true;
        }
    }
    return found;
}

static void put_line(struct words_buffer *out, uint64_t item, uint64_t amount)
{
    if (amount != 0) {
        words_put(out, item);
        words_put(out, amount);
    }
}

/* The new version: the union of what was there, with the change. */
static void put_version(struct words before, const struct value_write *write,
                        struct words_buffer *out)
{
    const uint32_t begin = out->count;
    const uint64_t *own = cells_find(&versions, before, write->actor);
    uint64_t line[LINE_WORDS] = {0};
    bool done = write->action == VALUE_DELETE;
    words_put(out, write->actor);
    words_put(out, (uint64_t)write->version.stamp);
    words_put(out, write->version.write);
    words_put(out, LINES);
    words_put(out, ((own == NULL ? 0 : own[NUMBER] >> 1) + 1) << 1);
    for (uint64_t item = 0; write->action != VALUE_DELETE && next_line(before, item, line);
         item = line[ITEM] + 1) {
        if (!done && line[ITEM] >= write->element) {
            const bool same = line[ITEM] == write->element;
            put_line(out, write->element, changed(same ? line[LINE_AMOUNT] : 0, write));
            done = true;
        }
        if (line[ITEM] != write->element) {
            put_line(out, line[ITEM], line[LINE_AMOUNT]);
        }
    }
    if (!done) {
        put_line(out, write->element, changed(0, write));
    }
    out->at[begin + WORDS] = out->count - begin;
}

static void put_versions(struct words before, const struct value_write *write,
                         struct words_buffer *out)
{
    bool done = false;
    for (uint32_t at = 0; at < before.count; at += cells_width(&versions, before.at + at)) {
        const uint64_t *cell = before.at + at;
        if (!done && cell[CELL_ID] >= write->actor) {
            put_version(before, write, out);
            done = true;
        }
        if (cell[CELL_ID] != write->actor && !overwritten(cell)) {
            const uint32_t begin = out->count;
            words_put_all(out, (struct words){cell, LINES});
            out->at[begin + WORDS] = LINES;
            out->at[begin + NUMBER] |= 1u;
        }
    }
    if (!done) {
        put_version(before, write, out);
    }
}

static void view_versions(struct words body, struct value_view *view)
{
    uint64_t line[LINE_WORDS] = {0};
    for (uint32_t at = 0; at < body.count; at += cells_width(&versions, body.at + at)) {
        view->siblings += overwritten(body.at + at) ? 0 : 1;
    }
    for (uint64_t item = 0; next_line(body, item, line); item = line[ITEM] + 1) {
        view->elements++;
        view->number += quantity_of(line[LINE_AMOUNT]);
    }
}

static void size_versions(struct words body, struct value_size *size)
{
    for (uint32_t at = 0; at < body.count; at += cells_width(&versions, body.at + at)) {
        const uint64_t *cell = body.at + at;
        size->metadata += ENTRY_BYTES;
        for (uint32_t i = LINES; i < cell[WORDS]; i += LINE_WORDS) {
            size->payload += (uint32_t)cell[i + LINE_AMOUNT] + QUANTITY_BYTES;
        }
    }
}

/* ---- items that count their changes ---- */

static int count_order(const void *params, const uint64_t *a, const uint64_t *b)
{
    (void)params;
    const int by_count = cells_compare(a[CHANGES], b[CHANGES]);
    const int by_amount = cells_compare(a[AMOUNT], b[AMOUNT]);
    return by_count != 0 ? by_count : by_amount != 0 ? by_amount : cells_version_order(a, b);
}

static const struct cells_kind counted = {
    .width = COUNTED_WIDTH, .order = count_order, .one_wins = true};

static void put_counted(uint64_t item, const uint64_t *cell, const struct value_write *write,
                        struct words_buffer *out)
{
    words_put(out, item);
    words_put(out, (uint64_t)write->version.stamp);
    words_put(out, write->version.write);
    words_put(out, (cell == NULL ? 0 : cell[CHANGES]) + 1);
    words_put(out, changed(cell == NULL ? 0 : cell[AMOUNT], write));
}

static void put_changes(struct words before, const struct value_write *write,
                        struct words_buffer *out)
{
    if (write->action != VALUE_DELETE) {
        put_counted(write->element, cells_find(&counted, before, write->element), write, out);
        return;
    }
    for (uint32_t at = 0; at < before.count; at += COUNTED_WIDTH) {
        put_counted(before.at[at], before.at + at, write, out);
    }
}

static void view_counted(struct words body, struct value_view *view)
{
    for (uint32_t at = 0; at < body.count; at += COUNTED_WIDTH) {
        const uint32_t quantity = quantity_of(body.at[at + AMOUNT]);
        view->elements += quantity > 0;
        view->number += quantity;
    }
    view->siblings = body.count > 0;
}

static void size_counted(struct words body, struct value_size *size)
{
    for (uint32_t at = 0; at < body.count; at += COUNTED_WIDTH) {
        const uint64_t amount = body.at[at + AMOUNT];
        size->payload += amount > 0 ? (uint32_t)amount + QUANTITY_BYTES : 0;
        size->metadata += COUNT_BYTES + (amount > 0 ? 0u : NAME_BYTES);
    }
}

/* ---- the type ---- */

static bool counts(const void *untyped)
{
    const struct params *params = untyped;
    return params->removal == BY_COUNT;
}

static const struct cells_kind *kind_of(const void *params)
{
    return counts(params) ? &counted : &versions;
}

static enum value_result perform(const void *params, struct words before,
                                 const struct value_write *write, enum value_form form,
                                 struct words_buffer *after, struct words_buffer *shipped)
{
    const uint32_t begin = shipped->count;
    (counts(params) ? put_changes : put_versions)(before, write, shipped);
    cells_done(kind_of(params), params, before, form, begin, after, shipped);
    return VALUE_DONE;
}

static void join(const void *params, struct words a, struct words b, struct words_buffer *out,
                 struct words_buffer *displaced)
{
    cells_join(kind_of(params), params, a, b, out, displaced);
}

static uint32_t elements(const void *untyped)
{
    const struct params *params = untyped;
    return (uint32_t)params->items;
}

static void view(const void *params, struct words body, struct value_view *view)
{
    *view = (struct value_view){0};
    (counts(params) ? view_counted : view_versions)(body, view);
}

static struct value_size size(const void *params, struct words body, enum value_form form)
{
    struct value_size size = {0};
    (void)form;
    (counts(params) ? size_counted : size_versions)(body, &size);
    return size;
}

static void writes(const void *params, struct words body, enum value_form form,
                   struct words_buffer *list)
{
    (void)form;
    cells_writes(kind_of(params), body, list);
}

const struct value_ops value_cart_ops = {
    .kind = {.name = "cart",
             .summary = "a shopping cart: the union of items with the larger quantity of each",
             .source = "DeCandia et al., \"Dynamo\", SOSP 2007, sections 4.4 and 6.2",
             .params_bytes = sizeof(struct params),
             .params = rows},
    .actions = 1u << VALUE_ADD | 1u << VALUE_SET | 1u << VALUE_REMOVE | 1u << VALUE_DELETE,
    .forms = 1u << VALUE_STATE | 1u << VALUE_DELTA,
    .write_means = VALUE_ADD,
    .meeting = VALUE_ALL_COUNT,
    .by_element = true,
    .needs_state = true,
    .elements = elements,
    .perform = perform,
    .join = join,
    .view = view,
    .size = size,
    .writes = writes,
};
