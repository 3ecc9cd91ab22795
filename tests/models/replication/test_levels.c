#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/replication/levels.h"

#include <string.h>

/* Members 0..6 in regions 4 4 4 9 9 2 2: majorities 2 of 3, 2 of 2, 2 of 2; 4 of all 7. */
static const uint32_t regions[] = {4, 4, 4, 9, 9, 2, 2};

static struct level_rules rules_of(enum level level, int64_t number, uint32_t home)
{
    struct level_rules rules;
    const struct level_members members = {.regions = regions, .count = 7, .home_region = home};
    level_rules_make(&rules, level, number, &members);
    return rules;
}

static void assert_one_rule(enum level level, uint64_t mask, uint32_t need)
{
    const struct level_rules rules = rules_of(level, -1, 4);
    assert_int_equal(rules.count, 1);
    assert_int_equal(rules.rules[0].mask, mask);
    assert_int_equal(rules.rules[0].need, need);
}

static void test_rules(void **state)
{
    (void)state;
    assert_one_rule(LEVEL_ONE, 0x7f, 1);
    assert_one_rule(LEVEL_TWO, 0x7f, 2);
    assert_one_rule(LEVEL_THREE, 0x7f, 3);
    assert_one_rule(LEVEL_QUORUM, 0x7f, 4);
    assert_one_rule(LEVEL_LOCAL_ONE, 0x07, 1);
    assert_one_rule(LEVEL_LOCAL_QUORUM, 0x07, 2);
    assert_one_rule(LEVEL_ALL, 0x7f, 7);
    assert_one_rule(LEVEL_ANY, 0x7f, 1);
    const struct level_rules number = rules_of(LEVEL_ALL, 5, 4);
    assert_int_equal(number.count, 1);
    assert_int_equal(number.rules[0].need, 5);
}

static void test_local_follows_the_coordinator(void **state)
{
    (void)state;
    const struct level_rules rules = rules_of(LEVEL_LOCAL_QUORUM, -1, 2);
    assert_int_equal(rules.rules[0].mask, 0x60);
    assert_int_equal(rules.rules[0].need, 2);
    assert_false(level_holds(&rules, 0x3f));
    assert_true(level_holds(&rules, 0x60));
}

/* Against a count region by region, for every set of members. */
static void test_each_quorum(void **state)
{
    (void)state;
    const struct level_rules rules = rules_of(LEVEL_EACH_QUORUM, -1, 9);
    assert_int_equal(rules.count, 3);
    for (uint64_t set = 0; set < 128; set++) {
        uint32_t in4 = 0, in9 = 0, in2 = 0;
        for (uint32_t i = 0; i < 7; i++) {
            const uint32_t bit = set >> i & 1;
            in4 += regions[i] == 4 ? bit : 0;
            in9 += regions[i] == 9 ? bit : 0;
            in2 += regions[i] == 2 ? bit : 0;
        }
        assert_int_equal(level_holds(&rules, set), in4 >= 2 && in9 >= 2 && in2 >= 2);
    }
}

static void test_bits(void **state)
{
    (void)state;
    uint64_t word = 0x123456789abcdef1;
    for (int round = 0; round < 1000; round++) {
        uint32_t count = 0;
        for (int i = 0; i < 64; i++) {
            count += (uint32_t)(word >> i & 1);
        }
        assert_int_equal(level_bits(word), count);
        word = word * 6364136223846793005u + 1442695040888963407u;
    }
    assert_int_equal(level_bits(UINT64_MAX), 64);
    assert_true(level_mask_all(64) == UINT64_MAX);
    assert_true(level_mask_all(63) == UINT64_MAX >> 1);
    assert_true(level_mask_all(1) == 1);
}

static void test_sixty_four_members(void **state)
{
    (void)state;
    uint32_t many[64];
    for (uint32_t i = 0; i < 64; i++) {
        many[i] = i;
    }
    struct level_rules rules;
    const struct level_members members = {.regions = many, .count = 64, .home_region = 63};
    level_rules_make(&rules, LEVEL_EACH_QUORUM, -1, &members);
    assert_int_equal(rules.count, 64);
    assert_false(level_holds(&rules, UINT64_MAX >> 1));
    assert_true(level_holds(&rules, UINT64_MAX));
    level_rules_make(&rules, LEVEL_QUORUM, -1, &members);
    assert_int_equal(rules.rules[0].need, 33);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(level_names[LEVEL_ONE], "one");
    assert_string_equal(level_names[LEVEL_LOCAL_QUORUM], "local_quorum");
    assert_string_equal(level_names[LEVEL_EACH_QUORUM], "each_quorum");
    assert_string_equal(level_names[LEVEL_ANY], "any");
    assert_null(level_names[LEVEL_ANY + 1]);
    assert_int_equal(level_least_copies(LEVEL_THREE), 3);
    assert_int_equal(level_least_copies(LEVEL_ALL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_local_follows_the_coordinator),
        cmocka_unit_test(test_each_quorum),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_sixty_four_members),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
