/*
 * Carts: removed items that come back and those that do not, by hand; random histories against
 * the definition: the union of the versions that no known version has seen, or for each item the
 * one with most changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/values/merge_case.h"

enum { ITEMS = 5 };

static void add(struct merge_case *merge, uint32_t replica, uint32_t item, int64_t quantity)
{
    assert_true(
        merge_do(merge, replica,
                 (struct merge_write){.action = VALUE_ADD, .element = item, .amount = quantity}));
}

static void remove_item(struct merge_case *merge, uint32_t replica, uint32_t item)
{
    assert_true(
        merge_do(merge, replica, (struct merge_write){.action = VALUE_REMOVE, .element = item}));
}

static void meet(struct merge_case *merge)
{
    merge_send(merge, 0, 1);
    merge_send(merge, 1, 0);
    assert_true(merge_equal(merge, 0, 1));
}

/* A book is in the cart. One side removes it, the other adds a pen at the same time. */
static void begin_with_book(struct merge_case *merge, const char *variant)
{
    merge_begin(merge, "cart", variant);
    add(merge, 0, 3, 2);
    meet(merge);
    remove_item(merge, 0, 3);
    assert_int_equal(merge_view(merge, 0).elements, 0);
}

static void test_removed_item_is_back(void **state)
{
    struct merge_case merge;
    (void)state;
    begin_with_book(&merge, "");
    add(&merge, 1, 1, 1);
    meet(&merge);
    assert_int_equal(merge_view(&merge, 0).siblings, 2);
    assert_int_equal(merge_view(&merge, 0).elements, 2);
    assert_int_equal(merge_view(&merge, 0).number, 3);
    add(&merge, 1, 1, 1); /* a write on top of both makes them one */
    assert_int_equal(merge_view(&merge, 1).siblings, 1);
    assert_int_equal(merge_view(&merge, 1).number, 4);
    merge_end(&merge);
    /* Without the other change the removal is simply later. */
    begin_with_book(&merge, "");
    meet(&merge);
    assert_int_equal(merge_view(&merge, 1).elements, 0);
    assert_int_equal(merge_view(&merge, 1).siblings, 1);
    merge_end(&merge);
}

static void test_removed_by_count(void **state)
{
    struct merge_case merge;
    (void)state;
    begin_with_book(&merge, "removal=by_count");
    add(&merge, 1, 1, 1);
    meet(&merge);
    assert_int_equal(merge_view(&merge, 0).elements, 1); /* the pen only */
    /* One change each: the larger quantity stays, the other write gives way. */
    remove_item(&merge, 0, 1);
    add(&merge, 1, 1, 4);
    merge_send(&merge, 0, 1);
    assert_true(merge_displaced(&merge, (const struct merge_pair[]){{3, 4}}, 1));
    meet(&merge);
    assert_int_equal(merge_view(&merge, 0).number, 5);
    /* Two changes against one. */
    add(&merge, 0, 1, 1);
    remove_item(&merge, 0, 1);
    add(&merge, 1, 1, 100);
    meet(&merge);
    assert_int_equal(merge_view(&merge, 1).number, 0);
    assert_int_equal(merge_view(&merge, 1).siblings, 1);
    merge_end(&merge);
}

static void test_quantities(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "cart", "");
    add(&merge, 0, 2, 1);
    meet(&merge);
    add(&merge, 0, 2, 3);
    add(&merge, 1, 2, 5);
    meet(&merge);
    assert_int_equal(merge_view(&merge, 0).number, 6); /* the maximum of 4 and 6, not 9 */
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_SET, .element = 2, .amount = 2});
    assert_int_equal(merge_view(&merge, 0).number, 2);
    merge_do(&merge, 0,
             (struct merge_write){.action = VALUE_SET, .element = 4, .amount = INT32_MAX});
    add(&merge, 0, 4, UINT32_MAX);
    assert_int_equal(merge_view(&merge, 0).number, 2 + (int64_t)INT32_MAX); /* no more fits */
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_DELETE});
    assert_int_equal(merge_view(&merge, 0).number, 0);
    meet(&merge);
    assert_int_equal(merge_view(&merge, 1).elements, 0);
    merge_end(&merge);
}

static void test_bytes(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "cart", "items=5");
    assert_int_equal(merge.value.type.ops->elements(merge.value.type.params), 5);
    add(&merge, 0, 1, 1); /* 10 bytes and a quantity each */
    add(&merge, 0, 0, 1);
    add(&merge, 1, 2, 1);
    assert_int_equal(merge_size(&merge, 0).payload, 2 * 14);
    assert_int_equal(merge_size(&merge, 0).metadata, 24);
    meet(&merge);
    assert_int_equal(merge_size(&merge, 0).payload, 3 * 14);
    assert_int_equal(merge_size(&merge, 0).metadata, 2 * 24);
    remove_item(&merge, 0, 1); /* replica 1's version is overwritten, its entry stays */
    assert_int_equal(merge_size(&merge, 0).payload, 2 * 14);
    assert_int_equal(merge_size(&merge, 0).metadata, 2 * 24);
    assert_int_equal(merge_delta_size(&merge, 3).payload, 2 * 14);
    merge_end(&merge);
    merge_begin(&merge, "cart", "removal=by_count");
    add(&merge, 0, 1, 1);
    add(&merge, 0, 2, 1);
    remove_item(&merge, 0, 1);
    assert_int_equal(merge_size(&merge, 0).payload, 14);
    assert_int_equal(merge_size(&merge, 0).metadata, 4 + 4 + 8);
    assert_int_equal(merge_delta_size(&merge, 1).payload, 14);
    merge_end(&merge);
}

/* ---- the definition ---- */

struct line {
    int64_t quantity;
    uint32_t bytes, changes; /* changes: by_count only */
};

static struct line contents[MERGE_WRITES][ITEMS]; /* what each write made */

static bool counts(const struct merge_case *merge)
{
    return merge->value.variant[0] != '\0';
}

static bool larger(const struct line *a, const struct line *b)
{
    if (a->changes != b->changes) {
        return a->changes > b->changes;
    }
    return a->quantity != b->quantity ? a->quantity > b->quantity : a->bytes > b->bytes;
}

static bool is_open(const struct merge_case *merge, uint64_t known, uint32_t write)
{
    bool seen = false;
    for (uint32_t i = 0; i < merge->count; i++) {
        seen = seen || ((known >> i & 1) != 0 && (merge->writes[i].past >> write & 1) != 0);
    }
    return (known >> write & 1) != 0 && !seen;
}

/* What a replica with these writes has of the item; its changes are all known, or of the open. */
static struct line item_of(const struct merge_case *merge, uint64_t known, uint32_t item)
{
    struct line line = {0};
    for (uint32_t i = 0; i < merge->count; i++) {
        const bool counted = counts(merge) && (known >> i & 1) != 0;
        if ((counted || (!counts(merge) && is_open(merge, known, i))) &&
            larger(&contents[i][item], &line)) {
            line = contents[i][item];
        }
    }
    return line;
}

static void find_contents(const struct merge_case *merge)
{
    for (uint32_t i = 0; i < merge->count; i++) {
        const struct merge_write *write = &merge->writes[i];
        for (uint32_t item = 0; item < ITEMS; item++) {
            struct line line = item_of(merge, write->past, item);
            const bool deleted =
                write->action == VALUE_DELETE && (line.changes > 0 || !counts(merge));
            const bool touched = write->action != VALUE_DELETE && write->element == item;
            if (touched || deleted) {
                const bool adds = write->action == VALUE_ADD;
                const bool gone = deleted || write->action == VALUE_REMOVE;
                line.quantity = gone ? 0 : write->amount + (adds ? line.quantity : 0);
                line.bytes = gone ? 0 : write->bytes;
                line.changes += counts(merge) ? 1 : 0;
                contents[i][item] = line;
            } else {
                contents[i][item] = counts(merge) ? (struct line){0} : line;
            }
        }
    }
}

static void check(const struct merge_case *merge, uint32_t replica)
{
    int64_t number = 0, bytes = 0;
    uint32_t elements = 0, open = 0;
    find_contents(merge);
    for (uint32_t item = 0; item < ITEMS; item++) {
        const struct line line = item_of(merge, merge->known[replica], item);
        number += line.quantity;
        elements += line.quantity > 0;
        bytes += line.quantity > 0 ? line.bytes + 4 : 0;
    }
    for (uint32_t i = 0; i < merge->count; i++) {
        open += is_open(merge, merge->known[replica], i);
    }
    const struct value_view view = merge_view(merge, replica);
    merge_expect(merge, "how much is in the cart", view.number, number);
    merge_expect(merge, "how many items", view.elements, elements);
    if (!counts(merge)) {
        merge_expect(merge, "versions", view.siblings, open);
    }
    if (counts(merge) || open == 1) {
        merge_expect(merge, "bytes", merge_size(merge, replica).payload, bytes);
    }
}

static void test_histories(void **state)
{
    static const enum value_action actions[] = {VALUE_ADD,    VALUE_ADD,    VALUE_ADD,   VALUE_SET,
                                                VALUE_REMOVE, VALUE_REMOVE, VALUE_DELETE};
    static const char *const variants[] = {"", "removal=by_count"};
    struct merge_case merge;
    (void)state;
    for (size_t variant = 0; variant < 2; variant++) {
        merge_begin(&merge, "cart", variants[variant]);
        for (uint64_t seed = 1; seed <= 80; seed++) {
            const struct merge_plan plan = {.seed = seed,
                                            .steps = 60,
                                            .replicas = 2 + (uint32_t)(seed % 3),
                                            .actions = actions,
                                            .action_count = sizeof actions / sizeof actions[0],
                                            .elements = ITEMS,
                                            .amounts = 4,
                                            .steps_per_tick = 2,
                                            .skew = 3,
                                            .one_delta_is_all = true};
            merge_random(&merge, &plan, check);
        }
        merge_end(&merge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_removed_item_is_back),
        cmocka_unit_test(test_removed_by_count),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
