#include "tests/models/faults/fake_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *new_step(struct arena *arena, uint32_t region, int64_t node, sim_ns by_ns)
{
    const struct fault_ops *ops = fake_kind("clock_step");
    void *params = fill_new(&ops->kind, arena);
    fake_region(ops, params, region);
    fill_int(&ops->kind, params, "zone", -1);
    fill_int(&ops->kind, params, "node", node);
    fill_ns(&ops->kind, params, "by", by_ns);
    return params;
}

static void test_region_and_node(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("clock_step");
    const void *all = new_step(&arena, 0, -1, 250 * SIM_NS_PER_MS);
    const void *one = new_step(&arena, 2, 1, -SIM_NS_PER_S);
    assert_null(fake_check(ops, all, &arena));
    assert_null(fake_check(ops, one, &arena));
    struct world world = {0};
    ops->begin(all, &world);
    ops->begin(one, &world);
    const sim_ns stepped[FAKE_REGIONS][FAKE_NODES] = {
        {250000000, 250000000, 0}, {0}, {0, -1000000000, 0}, {0}};
    assert_memory_equal(world.steps, stepped, sizeof stepped);
    ops->end(all, &world);
    ops->end(one, &world);
    const sim_ns none[FAKE_REGIONS][FAKE_NODES] = {{0}};
    assert_memory_equal(world.steps, none, sizeof none);
    assert_string_equal(ops->text(all, &fake_scenario, &arena),
                        "clock of all nodes of a steps +250ms");
    assert_string_equal(ops->text(one, &fake_scenario, &arena), "clock of node 1 of c steps -1s");
    uint32_t places[FAKE_REGIONS];
    assert_int_equal(ops->places(one, &fake_scenario, places), 1);
    assert_int_equal(places[0], 2);
    arena_release(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("clock_step");
    assert_string_equal(fake_check(ops, new_step(&arena, 0, 0, 0), &arena),
                        "by: must not be 0: that has no effect");
    assert_string_equal(fake_check(ops, new_step(&arena, 0, 2, 5), &arena),
                        "node: must be below the number of nodes of region \"a\", 2 (got 2)");
    assert_string_equal(fake_check(ops, new_step(&arena, 3, -1, 5), &arena),
                        "region: has no effect: region \"d\" has no nodes");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region_and_node),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
