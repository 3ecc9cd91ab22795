#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/nodes/node.h"
#include "sim/arena.h"

/* Two workers, 10 ns a message, arrivals at 0 0 0 5 30: ends at 10 10 20 20 40. */
static void test_first_come_first_served(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    sim_ns free_ns[2] = {0, 0};
    struct node node = {.up = true,
                        .service = distribution_constant(&arena, 10.0),
                        .worker_free_ns = free_ns,
                        .worker_count = 2};
    const sim_ns arrivals[] = {0, 0, 0, 5, 30}, ends[] = {10, 10, 20, 20, 40};
    const bool waiting[] = {false, false, true, true, false};
    for (size_t i = 0; i < 5; i++) {
        bool waits;
        assert_int_equal(node_serve(&node, arrivals[i], &waits), ends[i]);
        assert_int_equal(waits, waiting[i]);
    }
    arena_release(&arena);
}

/* Group commit: what is asked during a sync shares the next one. */
static void test_syncs_in_groups(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct node node = {.up = true, .disk = distribution_constant(&arena, 7.0)};
    struct node_sync sync;
    assert_true(node_sync_ask(&node, (struct node_sync){.token = 1}));
    assert_int_equal(node_sync_begin(&node), 7);
    for (uint64_t token = 2; token <= 200; token++) {
        assert_false(node_sync_ask(&node, (struct node_sync){.token = token}));
    }
    assert_true(node_sync_take(&node, &sync));
    assert_int_equal(sync.token, 1);
    assert_false(node_sync_take(&node, &sync));
    node.syncing = false;
    assert_int_equal(node_sync_begin(&node), 7);
    for (uint64_t token = 2; token <= 200; token++) {
        assert_true(node_sync_take(&node, &sync));
        assert_int_equal(sync.token, token);
    }
    assert_false(node_sync_take(&node, &sync));
    node.syncing = false;
    node_sync_ask(&node, (struct node_sync){.token = 9});
    node_power_lost(&node);
    assert_int_equal(node.epoch, 1);
    assert_false(node_sync_take(&node, &sync));
    memory_release(node.syncs);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_syncs_in_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
