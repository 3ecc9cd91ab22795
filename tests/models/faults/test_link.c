#include "tests/models/faults/fake_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *new_link(struct arena *arena, const char *between)
{
    const struct fault_ops *ops = fake_kind("link");
    void *params = fill_new(&ops->kind, arena);
    fake_sets(ops, params, "between", arena, between);
    fill_real(&ops->kind, params, "delay_factor", 1.0);
    fill_real(&ops->kind, params, "bandwidth_factor", 1.0);
    return params;
}

static void set_ratio(void *params, const char *key, double share)
{
    *(double *)fill_field(&fake_kind("link")->kind, params, key, PARAM_RATIO) = share;
}

static void set_loss(void *params, double loss)
{
    set_ratio(params, "loss", loss);
}

static void test_changes_are_taken_back(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("link");
    void *params = new_link(&arena, "a|bd");
    fill_real(&ops->kind, params, "delay_factor", 2.5);
    fill_ns(&ops->kind, params, "extra", 80 * SIM_NS_PER_MS);
    set_loss(params, 0.02);
    fill_real(&ops->kind, params, "bandwidth_factor", 0.1);
    *(double *)fill_field(&ops->kind, params, "bandwidth", PARAM_BANDWIDTH) = 2e6;
    set_ratio(params, "duplicate", 0.03);
    set_ratio(params, "reorder", 0.25);
    fill_constant(&ops->kind, params, "reorder_by", &arena, 5e6);
    assert_null(fake_check(ops, params, &arena));
    struct world world = {0};
    ops->begin(params, &world);
    const int both[FAKE_REGIONS][FAKE_REGIONS] = {{0, 1, 0, 1}, {1}, {0}, {1}};
    assert_memory_equal(world.links, both, sizeof both);
    assert_true(world.last_added.delay_factor == 2.5);
    assert_int_equal(world.last_added.extra_ns, 80000000);
    assert_true(world.last_added.loss == 0.02);
    assert_true(world.last_added.bandwidth_factor == 0.1);
    assert_true(world.last_added.bandwidth == 2e6);
    assert_true(world.last_added.duplicate == 0.03);
    assert_true(world.last_added.reorder == 0.25);
    assert_non_null(world.last_added.reorder_by);
    ops->end(params, &world);
    const int none[FAKE_REGIONS][FAKE_REGIONS] = {{0}};
    assert_memory_equal(world.links, none, sizeof none);
    /* The network finds it by its contents. */
    assert_true(world.last_removed.delay_factor == 2.5);
    assert_int_equal(world.last_removed.extra_ns, 80000000);
    uint32_t places[FAKE_REGIONS];
    assert_int_equal(ops->places(params, &fake_scenario, places), 3);
    assert_string_equal(ops->text(params, &fake_scenario, &arena),
                        "link a - b, d, delay x 2.5, delay + 80ms, loss 2 %, twice 3 %, "
                        "late 25 %, bandwidth <= 2 Mbps, bandwidth x 0.1");
    arena_release(&arena);
}

static void test_one_way(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("link");
    void *params = new_link(&arena, "a|b");
    set_loss(params, 0.5);
    fake_bool(ops, params, "one_way", true);
    assert_null(fake_check(ops, params, &arena));
    struct world world = {0};
    ops->begin(params, &world);
    const int forth[FAKE_REGIONS][FAKE_REGIONS] = {{0, 1}};
    assert_memory_equal(world.links, forth, sizeof forth);
    assert_string_equal(ops->text(params, &fake_scenario, &arena), "link a -> b, loss 50 %");
    arena_release(&arena);
}

/* Checksums drop what is corrupt: 0.5 of the 0.8 that are not lost. */
static void test_corrupt_is_lost(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("link");
    void *params = new_link(&arena, "a|b");
    set_loss(params, 0.2);
    set_ratio(params, "corrupt", 0.5);
    assert_null(fake_check(ops, params, &arena));
    struct world world = {0};
    ops->begin(params, &world);
    assert_true(world.last_added.loss > 0.6 - 1e-12 && world.last_added.loss < 0.6 + 1e-12);
    assert_string_equal(ops->text(params, &fake_scenario, &arena),
                        "link a - b, loss 20 %, corrupt 50 %");
    arena_release(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("link");
    assert_string_equal(
        fake_check(ops, new_link(&arena, "a|b"), &arena),
        ": has no effect: give delay_factor, extra, loss, corrupt, duplicate, reorder, "
        "bandwidth or bandwidth_factor");
    void *narrow = new_link(&arena, "a|b");
    fill_real(&ops->kind, narrow, "bandwidth_factor", 0.1);
    assert_string_equal(fake_check(ops, narrow, &arena),
                        "bandwidth_factor: has no effect: bandwidth is unlimited; give "
                        "\"bandwidth\"");
    void *late = new_link(&arena, "a|b");
    set_ratio(late, "reorder", 0.1);
    assert_string_equal(fake_check(ops, late, &arena),
                        "reorder: belongs together: \"reorder\" (a share) and \"reorder_by\" (a "
                        "time)");
    assert_string_equal(fake_check(ops, new_link(&arena, "a|a"), &arena),
                        "between: must not have \"a\" in two sets");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_are_taken_back),
        cmocka_unit_test(test_one_way),
        cmocka_unit_test(test_corrupt_is_lost),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
