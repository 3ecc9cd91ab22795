/*
 * What can be had once: first writers and bookings, by hand and at random against the best of the
 * writes that a replica has been given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/values/merge_case.h"

static uint64_t write_at(const struct merge_case *merge, uint32_t replica)
{
    struct words_buffer list = {0};
    merge->value.type.ops->writes(merge->value.type.params,
                                  value_body(words_of(&merge->states[replica])), VALUE_STATE,
                                  &list);
    assert_in_range(list.count, 0, 2);
    const uint64_t write = list.count > 0 ? list.at[1] : 0;
    words_release(&list);
    return write;
}

static void test_first_writer(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "first_writer", "");
    const struct merge_write late = {.action = VALUE_SET, .time = 9, .bytes = 70};
    const struct merge_write early = {.action = VALUE_SET, .time = 5, .bytes = 30};
    assert_true(merge_do(&merge, 0, late));
    assert_false(merge_do(&merge, 0, early)); /* known as taken, whatever the stamp */
    assert_true(merge_do(&merge, 1, early));  /* not known there: both were answered ok */
    merge_send(&merge, 0, 2);
    assert_false(merge_do(&merge, 2, early));
    merge_send(&merge, 1, 2);
    assert_true(merge_displaced(&merge, (const struct merge_pair[]){{0, 1}}, 1));
    merge_send(&merge, 0, 1);
    assert_true(merge_displaced(&merge, (const struct merge_pair[]){{0, 1}}, 1));
    assert_true(merge_equal(&merge, 1, 2));
    assert_int_equal(write_at(&merge, 1), 2);
    assert_int_equal(merge_size(&merge, 1).payload, 30);
    assert_int_equal(merge_size(&merge, 1).metadata, 8);
    assert_int_equal(merge_view(&merge, 1).elements, 1);
    assert_int_equal(merge_view(&merge, 3).elements, 0);
    merge_end(&merge);
}

/* Write of the winner when replica 0 books `a` and replica 1 books `b` at the same moment. */
static uint64_t winner(const char *rule, struct merge_write a, struct merge_write b)
{
    struct merge_case merge;
    merge_begin(&merge, "priority", rule);
    a.action = b.action = VALUE_ADD;
    assert_true(merge_do(&merge, 0, a));
    assert_true(merge_do(&merge, 1, b));
    merge_send(&merge, 1, 0);
    const struct merge_pair first = {1, 0}, second = {0, 1};
    const uint64_t write = write_at(&merge, 0);
    assert_true(merge_displaced(&merge, write == 1 ? &first : &second, 1));
    assert_false(merge_do(&merge, 0, b));
    merge_send(&merge, 0, 1);
    assert_int_equal(write_at(&merge, 1), write);
    merge_end(&merge);
    return write;
}

static void test_priority(void **state)
{
    (void)state;
    const struct merge_write soon = {.time = 9, .amount = 200};
    const struct merge_write slow_gold = {.time = 5, .amount = 201, .element = 2};
    const struct merge_write gold = {.time = 11, .amount = 200, .element = 2};
    const struct merge_write earlier = {.time = 8, .amount = 200};
    const struct merge_write delayed = {.time = 8, .amount = 150, .clock_ns = 51 * SIM_NS_PER_MS};
    assert_int_equal(winner("", soon, slow_gold), 1); /* paid 1 ms earlier */
    assert_int_equal(winner("rule=tier", soon, slow_gold), 2);
    assert_int_equal(winner("", soon, gold), 2); /* paid at one time */
    assert_int_equal(winner("rule=tier", gold, slow_gold), 1);
    assert_int_equal(winner("", soon, earlier), 2); /* the stamp at last */
    assert_int_equal(winner("", delayed, soon), 2); /* 51 + 150 ms by its clock */
    struct merge_case merge;
    merge_begin(&merge, "priority", "tiers=5");
    assert_int_equal(merge.value.type.ops->elements(merge.value.type.params), 5);
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_ADD, .bytes = 64});
    assert_int_equal(merge_size(&merge, 0).payload, 64);
    assert_int_equal(merge_size(&merge, 0).metadata, 8 + 8 + 1);
    merge_end(&merge);
}

/* ---- the definition ---- */

static bool better(const struct merge_case *merge, uint32_t a, uint32_t b) /* a than b */
{
    const struct merge_write *x = &merge->writes[a], *y = &merge->writes[b];
    const int64_t paid_x = x->clock_ns + x->amount * 1000000;
    const int64_t paid_y = y->clock_ns + y->amount * 1000000;
    if (strcmp(merge->value.name, "priority") == 0) {
        const bool by_tier = strcmp(merge->value.variant, "rule=tier") == 0;
        if (by_tier && x->element != y->element) {
            return x->element > y->element;
        }
        if (paid_x != paid_y) {
            return paid_x < paid_y;
        }
        if (x->element != y->element) {
            return x->element > y->element;
        }
    }
    return value_version_less(x->version, y->version);
}

static int best(const struct merge_case *merge, uint64_t known)
{
    int found = -1;
    for (int i = 0; i < (int)merge->count; i++) {
        if ((known >> i & 1) != 0 && (found < 0 || better(merge, (uint32_t)i, (uint32_t)found))) {
            found = i;
        }
    }
    return found;
}

static void check(const struct merge_case *merge, uint32_t replica)
{
    const int now = best(merge, merge->known[replica]);
    const int left = best(merge, merge->left), right = best(merge, merge->right);
    merge_expect(merge, "the write that stays", (int64_t)write_at(merge, replica), now + 1);
    if (merge->left != merge->right && left >= 0 && right >= 0 && left != right) {
        const int loser = now == left ? right : left;
        const struct merge_pair pair = {(uint32_t)loser, (uint32_t)now};
        merge_expect(merge, "the displaced write told", merge_displaced(merge, &pair, 1), true);
    } else {
        merge_expect(merge, "words of displaced writes", merge->displaced.count, 0);
    }
}

static void test_histories(void **state)
{
    static const enum value_action actions[] = {VALUE_SET, VALUE_ADD};
    static const struct {
        const char *type, *variant;
    } types[] = {{"first_writer", ""}, {"priority", ""}, {"priority", "rule=tier"}};
    struct merge_case merge;
    (void)state;
    for (size_t type = 0; type < 3; type++) {
        merge_begin(&merge, types[type].type, types[type].variant);
        for (uint64_t seed = 1; seed <= 500; seed++) {
            const struct merge_plan plan = {.seed = seed,
                                            .steps = 24,
                                            .replicas = MERGE_REPLICAS,
                                            .actions = actions,
                                            .action_count = 2,
                                            .elements = 3,
                                            .amounts = 3000,
                                            .steps_per_tick = 3,
                                            .skew = (int64_t)(seed % 5),
                                            .one_delta_is_all = true};
            merge_random(&merge, &plan, check);
        }
        merge_end(&merge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_writer),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
