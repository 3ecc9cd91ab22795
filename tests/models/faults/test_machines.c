/* Kinds that are about machines: whom they hit, that ends undo begins, what is refused. */
#include "tests/models/faults/fake_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *new_params(const struct fault_ops *ops, struct arena *arena, uint32_t region)
{
    void *params = fill_new(&ops->kind, arena);
    fake_region(ops, params, region);
    for (const struct param_spec *row = ops->kind.params; row->type != PARAM_END; row++) {
        if (strcmp(row->key, "node") == 0 || strcmp(row->key, "zone") == 0) {
            fill_int(&ops->kind, params, row->key, -1);
        } else if (strcmp(row->key, "factor") == 0) {
            fill_real(&ops->kind, params, "factor", 1.0);
        }
    }
    return params;
}

static void test_whom_they_hit(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("pause");
    void *all = new_params(ops, &arena, 2);
    void *one = new_params(ops, &arena, 2);
    void *zone = new_params(ops, &arena, 2);
    fill_int(&ops->kind, one, "node", 1);
    fill_int(&ops->kind, zone, "zone", 1);
    fake_regions[2].zones = 2; /* nodes 0 and 2 stand in zone 0, node 1 in zone 1 */
    struct world world = {0};
    ops->begin(all, &world);
    ops->begin(one, &world);
    ops->begin(zone, &world);
    const int expected[FAKE_NODES] = {1, 3, 1};
    assert_memory_equal(world.pauses[2], expected, sizeof expected);
    ops->end(all, &world);
    ops->end(zone, &world);
    ops->end(one, &world);
    const struct world before = {0};
    assert_memory_equal(&world, &before, sizeof world);
    assert_string_equal(ops->text(all, &fake_scenario, &arena), "pause of all nodes of c");
    assert_string_equal(ops->text(one, &fake_scenario, &arena), "pause of node 1 of c");
    assert_string_equal(ops->text(zone, &fake_scenario, &arena), "pause of zone 1 of c");
    arena_release(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("pause");
    fake_regions[2].zones = 2;
    assert_string_equal(fake_check(ops, new_params(ops, &arena, 3), &arena),
                        "region: has no effect: region \"d\" has no nodes");
    void *params = new_params(ops, &arena, 2);
    fill_int(&ops->kind, params, "node", 3);
    assert_string_equal(fake_check(ops, params, &arena),
                        "node: must be below the number of nodes of region \"c\", 3 (got 3)");
    fill_int(&ops->kind, params, "zone", 0);
    assert_string_equal(fake_check(ops, params, &arena),
                        "zone: must not be given together with \"node\"");
    params = new_params(ops, &arena, 2);
    fill_int(&ops->kind, params, "zone", 2);
    assert_string_equal(fake_check(ops, params, &arena),
                        "zone: must be below the number of zones of region \"c\" with nodes, 2 "
                        "(got 2)");
    ops = fake_kind("slow_disk");
    assert_string_equal(fake_check(ops, new_params(ops, &arena, 2), &arena),
                        ": must have a \"factor\" above 1 or an \"extra\" time: this has no "
                        "effect");
    ops = fake_kind("clock_drift");
    assert_string_equal(fake_check(ops, new_params(ops, &arena, 2), &arena),
                        "ppm: must not be 0: that has no effect");
    arena_release(&arena);
}

static void test_disks_are_lost_with_the_power(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const char *const kinds[] = {"zone_outage", "region_outage", "node_outage"};
    fake_regions[2].zones = 2;
    for (size_t i = 0; i < 3; i++) {
        const struct fault_ops *ops = fake_kind(kinds[i]);
        void *params = new_params(ops, &arena, 2);
        if (strcmp(kinds[i], "region_outage") != 0) {
            fill_int(&ops->kind, params, i == 0 ? "zone" : "node", 0);
        }
        for (int lost = 0; lost < 2; lost++) {
            *(uint32_t *)fill_field(&ops->kind, params, "disk", PARAM_ENUM) = (uint32_t)lost;
            struct world world = {0};
            if (ops->kind.finish != NULL) {
                const char *key = NULL;
                assert_null(ops->kind.finish(params, &arena, &key));
            }
            ops->begin(params, &world);
            assert_int_equal(world.off[2][0], 1);
            assert_int_equal(world.disks_lost[2][0], lost);
            ops->end(params, &world);
            assert_int_equal(world.off[2][0], 0);
            assert_int_equal(world.disks_lost[2][0], lost);
        }
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whom_they_hit),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_disks_are_lost_with_the_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
