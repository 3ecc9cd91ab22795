#include "tests/models/faults/fake_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *new_outage(const struct fault_ops *ops, struct arena *arena, uint32_t region,
                        int64_t node)
{
    void *params = fill_new(&ops->kind, arena);
    fake_region(ops, params, region);
    if (node >= 0) {
        fill_int(&ops->kind, params, "node", node);
    }
    return params;
}

static void assert_off(const struct world *world, const int expected[FAKE_REGIONS][FAKE_NODES])
{
    for (uint32_t region = 0; region < FAKE_REGIONS; region++) {
        for (uint32_t node = 0; node < FAKE_NODES; node++) {
            assert_int_equal(world->off[region][node], expected[region][node]);
        }
    }
}

static void test_holds_are_counted(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *region_ops = fake_kind("region_outage");
    const struct fault_ops *node_ops = fake_kind("node_outage");
    const void *region = new_outage(region_ops, &arena, 2, -1);
    const void *node = new_outage(node_ops, &arena, 2, 1);
    assert_null(fake_check(region_ops, region, &arena));
    assert_null(fake_check(node_ops, node, &arena));
    struct world world = {0};
    region_ops->begin(region, &world);
    assert_off(&world, (const int[FAKE_REGIONS][FAKE_NODES]){{0}, {0}, {1, 1, 1}, {0}});
    node_ops->begin(node, &world);
    assert_off(&world, (const int[FAKE_REGIONS][FAKE_NODES]){{0}, {0}, {1, 2, 1}, {0}});
    /* The region's routers go with its machines; one machine's power takes nothing on its way. */
    assert_int_equal(world.in_flight_lost[2], 1);
    region_ops->end(region, &world);
    assert_off(&world, (const int[FAKE_REGIONS][FAKE_NODES]){{0}, {0}, {0, 1, 0}, {0}});
    node_ops->end(node, &world);
    assert_off(&world, (const int[FAKE_REGIONS][FAKE_NODES]){{0}, {0}, {0}, {0}});
    uint32_t places[FAKE_REGIONS];
    assert_int_equal(region_ops->places(region, &fake_scenario, places), 1);
    assert_int_equal(places[0], 2);
    assert_int_equal(node_ops->places(node, &fake_scenario, places), 1);
    assert_int_equal(places[0], 2);
    assert_string_equal(region_ops->text(region, &fake_scenario, &arena), "outage of region c");
    assert_string_equal(node_ops->text(node, &fake_scenario, &arena), "outage of node 1 of c");
    arena_release(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *region_ops = fake_kind("region_outage");
    const struct fault_ops *node_ops = fake_kind("node_outage");
    assert_string_equal(fake_check(region_ops, new_outage(region_ops, &arena, 3, -1), &arena),
                        "region: has no effect: region \"d\" has no nodes");
    assert_string_equal(fake_check(node_ops, new_outage(node_ops, &arena, 1, 1), &arena),
                        "node: must be below the number of nodes of region \"b\", 1 (got 1)");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_are_counted),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
