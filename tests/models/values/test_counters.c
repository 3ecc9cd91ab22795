/*
 * Counters: sums by hand (page views EU +50, US +30; likes +100, -3), the three forms against each
 * other, what a duplicate operation does, what a local minimum does not, and random histories
 * against the sum over the writes that a replica has been given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/values/merge_case.h"

struct pn_params { /* as its table lays them out */
    int64_t minimum, initial;
    bool has_minimum;
};

static void test_page_views(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "g_counter", "");
    assert_int_equal(merge_view(&merge, 0).siblings, 0);
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_INCREMENT, .amount = 50, .time = 1});
    merge_do(&merge, 1, (struct merge_write){.action = VALUE_INCREMENT, .amount = 30, .time = 1});
    merge_send(&merge, 0, 1);
    merge_send(&merge, 1, 0);
    merge_send(&merge, 1, 0);
    assert_int_equal(merge_view(&merge, 0).number, 80);
    assert_int_equal(merge_view(&merge, 1).number, 80);
    assert_int_equal(merge_view(&merge, 0).siblings, 1);
    assert_true(merge_equal(&merge, 0, 1));
    assert_int_equal(merge.displaced.count, 0);
    assert_int_equal(merge_size(&merge, 0).payload, 8); /* two cells of 16 + 8, one number seen */
    assert_int_equal(merge_size(&merge, 0).metadata, 2 * 24 - 8);
    assert_int_equal(merge_delta_size(&merge, 0).metadata, 16);
    merge_end(&merge);
}

static void test_likes(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "pn_counter", "");
    merge_do(&merge, 2, (struct merge_write){.action = VALUE_INCREMENT, .amount = 100, .time = 1});
    merge_do(&merge, 2, (struct merge_write){.action = VALUE_DECREMENT, .amount = 1, .time = 2});
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_DECREMENT, .amount = 2, .time = 1});
    assert_int_equal(merge_view(&merge, 0).number, -2);
    merge_send(&merge, 2, 0);
    assert_int_equal(merge_view(&merge, 0).number, 97);
    /* Three totals of 8, two actors of 16. */
    assert_int_equal(merge_size(&merge, 0).metadata, 3 * 8 + 2 * 16 - 8);
    merge_end(&merge);
}

/* The account: 100 are there, both branches pay 70 out, both were allowed to. */
static void test_minimum_is_not_safe(void **state)
{
    struct merge_case merge;
    bool has = false;
    (void)state;
    merge_begin(&merge, "pn_counter", "");
    const struct value_ops *ops = merge.value.type.ops;
    assert_int_equal(ops->minimum(merge.value.type.params, &has), 0);
    assert_false(has);
    struct pn_params params = {.minimum = 20, .initial = 120, .has_minimum = true};
    assert_int_equal(ops->kind.params_bytes, sizeof params);
    merge.value.type.params = &params;
    assert_int_equal(ops->minimum(&params, &has), -100);
    assert_true(has);
    const struct merge_write pay = {.action = VALUE_DECREMENT, .amount = 70, .time = 1};
    assert_true(merge_do(&merge, 0, pay));
    assert_true(merge_do(&merge, 1, pay));
    assert_false(merge_do(&merge, 0, pay)); /* it sees 50 left above the minimum, less than 70 */
    assert_true(merge_do(&merge, 0, (struct merge_write){.action = VALUE_DECREMENT, .amount = 30}));
    assert_false(merge_do(&merge, 0, (struct merge_write){.action = VALUE_DECREMENT}));
    merge_send(&merge, 0, 1);
    merge_send(&merge, 1, 0);
    assert_int_equal(merge_view(&merge, 0).number, -170);
    assert_true(merge_equal(&merge, 0, 1));
    assert_false(merge_do(&merge, 1, (struct merge_write){.action = VALUE_DECREMENT}));
    assert_true(merge_do(&merge, 1, (struct merge_write){.action = VALUE_INCREMENT, .amount = 90}));
    merge_end(&merge);
}

/* Each operation once and in its sender's order gives the words of the state form; twice: more. */
static void test_operations(void **state)
{
    static const char *const types[] = {"g_counter", "pn_counter"};
    (void)state;
    for (size_t type = 0; type < 2; type++) {
        for (uint64_t seed = 1; seed <= 200; seed++) {
            struct merge_case merge;
            uint64_t chance = seed;
            uint32_t next[MERGE_REPLICAS] = {0}, given = 0;
            merge_begin(&merge, types[type], "");
            merge.form = VALUE_OPERATION;
            merge.seed = seed;
            for (uint32_t i = 0; i < 30; i++) {
                const bool less = type == 1 && merge_draw(&chance, 3) == 0;
                merge_do(&merge, (uint32_t)merge_draw(&chance, MERGE_REPLICAS),
                         (struct merge_write){.action = less ? VALUE_DECREMENT : VALUE_INCREMENT,
                                              .amount = 1 + (int64_t)merge_draw(&chance, 9),
                                              .time = (int64_t)merge_draw(&chance, 40)});
            }
            while (given < merge.count) {
                const uint32_t sender = (uint32_t)merge_draw(&chance, MERGE_REPLICAS);
                uint32_t *at = &next[sender];
                while (*at < merge.count && merge.writes[*at].replica != sender) {
                    ++*at;
                }
                if (*at < merge.count) {
                    merge_deliver(&merge, (*at)++, MERGE_REPLICAS);
                    given++;
                }
            }
            for (uint32_t i = 1; i < MERGE_REPLICAS; i++) {
                merge_send(&merge, i, 0);
            }
            merge_expect(&merge, "the state by operations equal to that by states",
                         merge_equal(&merge, 0, MERGE_REPLICAS), true);
            const int64_t sum = merge_view(&merge, MERGE_REPLICAS).number;
            const struct merge_write *last = &merge.writes[merge.count - 1];
            merge_deliver(&merge, merge.count - 1, MERGE_REPLICAS);
            merge_expect(&merge, "the sum after an operation came twice",
                         merge_view(&merge, MERGE_REPLICAS).number,
                         sum + value_signed(last->action, last->amount));
            merge_end(&merge);
        }
    }
}

static void test_operation_bytes(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "g_counter", "");
    merge.form = VALUE_OPERATION;
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_INCREMENT, .amount = 7});
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_INCREMENT, .amount = 9});
    assert_int_equal(merge_delta_size(&merge, 1).payload, 8);
    assert_int_equal(merge_delta_size(&merge, 1).metadata, 16 + 8);
    merge_deliver(&merge, 1, 1); /* the first one is lost: so much is missing for ever */
    assert_int_equal(merge_view(&merge, 1).number, 9);
    merge_end(&merge);
}

/* A machine that lost its memory counts from 0 under a new name; what others know of it stays. */
static void test_lives(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "g_counter", "");
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_INCREMENT, .amount = 5});
    merge_send(&merge, 0, 1);
    words_clear(&merge.states[0]);
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_INCREMENT, .amount = 3, .lives = 1});
    merge_send(&merge, 1, 0);
    assert_int_equal(merge_view(&merge, 0).number, 8);
    merge_end(&merge);
}

/* ---- the definition ---- */

static void check(const struct merge_case *merge, uint32_t replica)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < merge->count; i++) {
        if ((merge->known[replica] >> i & 1) != 0) {
            sum += value_signed(merge->writes[i].action, merge->writes[i].amount);
        }
    }
    merge_expect(merge, "the number", merge_view(merge, replica).number, sum);
    merge_expect(merge, "displaced", merge->displaced.count, 0);
}

static void test_histories(void **state)
{
    static const enum value_action actions[] = {VALUE_INCREMENT, VALUE_DECREMENT};
    struct merge_case merge;
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        const bool both = seed % 2 == 0;
        const struct merge_plan plan = {.seed = seed,
                                        .steps = 100,
                                        .replicas = 2 + (uint32_t)(seed % 3),
                                        .actions = actions,
                                        .action_count = both ? 2 : 1,
                                        .elements = 1,
                                        .amounts = 100,
                                        .steps_per_tick = 3,
                                        .skew = (int64_t)(seed % 5),
                                        .one_delta_is_all = true};
        merge_begin(&merge, both ? "pn_counter" : "g_counter", "");
        merge_random(&merge, &plan, check);
        merge_end(&merge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_views),          cmocka_unit_test(test_likes),
        cmocka_unit_test(test_minimum_is_not_safe), cmocka_unit_test(test_operations),
        cmocka_unit_test(test_operation_bytes),     cmocka_unit_test(test_lives),
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
