#define _POSIX_C_SOURCE 200809L

#include "sim/pool.h"

#include "tests/sim/expect_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    uint64_t a, b;
    uint32_t c;
};

static void test_takes_and_gives(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, sizeof(struct item), 1000);
    assert_int_equal(pool_take(&pool), 1); /* 0 is none */
    assert_int_equal(pool_take(&pool), 2);
    assert_int_equal(pool_take(&pool), 3);
    pool_give(&pool, 2);
    pool_give(&pool, 1);
    assert_int_equal(pool.count, 1);
    assert_int_equal(pool.peak, 3);
    assert_int_equal(pool_take(&pool), 1); /* the last given back comes first */
    assert_int_equal(pool_take(&pool), 2);
    assert_int_equal(pool_take(&pool), 4);
    assert_int_equal(pool.count, 4);
    assert_int_equal(pool.peak, 4);
    pool_release(&pool);
}

static void test_items_keep_their_contents_while_the_pool_grows(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, sizeof(struct item), 5000);
    for (uint32_t i = 1; i <= 5000; i++) {
        const uint32_t index = pool_take(&pool);
        struct item *item = pool_at(&pool, index);
        assert_int_equal(index, i);
        assert_int_equal(item->a, 0);
        *item = (struct item){i, ~(uint64_t)i, 3 * i};
    }
    for (uint32_t i = 1; i <= 5000; i++) {
        const struct item *item = pool_at(&pool, i);
        assert_true(item->a == i && item->b == ~(uint64_t)i && item->c == 3 * i);
    }
    pool_release(&pool);
}

static void test_a_taken_item_is_zeroed(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, sizeof(struct item), 10);
    const uint32_t index = pool_take(&pool);
    *(struct item *)pool_at(&pool, index) = (struct item){1, 2, 3};
    pool_give(&pool, index);
    assert_int_equal(pool_take(&pool), index);
    const struct item *item = pool_at(&pool, index);
    assert_true(item->a == 0 && item->b == 0 && item->c == 0);
    pool_release(&pool);
}

static void test_limit(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, 1, 3);
    pool_take(&pool);
    const uint32_t second = pool_take(&pool);
    pool_take(&pool);
    assert_int_equal(pool_take(&pool), POOL_NONE);
    assert_int_equal(pool_take(&pool), POOL_NONE);
    assert_int_equal(pool.count, 3);
    pool_give(&pool, second);
    assert_int_equal(pool_take(&pool), second);
    pool_release(&pool);
}

static void give_twice(void)
{
    struct pool pool;
    pool_init(&pool, 8, 3);
    const uint32_t index = pool_take(&pool);
    pool_give(&pool, index);
    pool_give(&pool, index);
}

static void give_none(void)
{
    struct pool pool;
    pool_init(&pool, 8, 3);
    pool_take(&pool);
    pool_give(&pool, POOL_NONE);
}

static void look_at_given(void)
{
    struct pool pool;
    pool_init(&pool, 8, 3);
    const uint32_t index = pool_take(&pool);
    pool_give(&pool, index);
    *(char *)pool_at(&pool, index) = 1;
}

static void look_at_none(void)
{
    struct pool pool;
    pool_init(&pool, 8, 3);
    pool_take(&pool);
    *(char *)pool_at(&pool, POOL_NONE) = 1;
}

static void test_misuse_is_caught(void **state)
{
    (void)state;
    assert_true(fails_check(give_twice, "POOL_TAKEN"));
    assert_true(fails_check(give_none, "index != POOL_NONE"));
    assert_true(fails_check(look_at_given, "POOL_TAKEN"));
    assert_true(fails_check(look_at_none, "POOL_TAKEN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_and_gives),
        cmocka_unit_test(test_items_keep_their_contents_while_the_pool_grows),
        cmocka_unit_test(test_a_taken_item_is_zeroed),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_misuse_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
