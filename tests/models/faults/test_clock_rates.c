/* Faults of clocks that are no single step: whom they hit, that ends undo begins, what is refused.
 */
#include "models/clocks/clock.h"
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
    fill_int(&ops->kind, params, "zone", -1);
    fill_int(&ops->kind, params, "node", -1);
    return params;
}

static void test_drift(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("clock_drift");
    void *fast = new_params(ops, &arena, 0), *slow = new_params(ops, &arena, 2);
    fill_real(&ops->kind, fast, "ppm", 20.0);
    fill_real(&ops->kind, slow, "ppm", -78.0);
    fill_int(&ops->kind, slow, "node", 2);
    assert_null(fake_check(ops, fast, &arena));
    assert_null(fake_check(ops, slow, &arena));
    struct world world = {0};
    ops->begin(fast, &world);
    ops->begin(slow, &world);
    const double rates[FAKE_REGIONS][FAKE_NODES] = {
        {20.0 * 1e-6, 20.0 * 1e-6, 0}, {0}, {0, 0, -78.0 * 1e-6}, {0}};
    assert_memory_equal(world.rates, rates, sizeof rates);
    assert_string_equal(ops->text(slow, &fake_scenario, &arena), "clock of node 2 of c drifts");
    ops->end(fast, &world);
    ops->end(slow, &world);
    const struct world before = {0};
    assert_memory_equal(&world, &before, sizeof world);
    arena_release(&arena);
}

static void test_strobe(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("clock_strobe");
    void *params = new_params(ops, &arena, 1);
    fill_ns(&ops->kind, params, "period", SIM_NS_PER_S);
    assert_string_equal(fake_check(ops, params, &arena), "by: must not be 0: that has no effect");
    fill_ns(&ops->kind, params, "by", -200 * SIM_NS_PER_MS);
    assert_null(fake_check(ops, params, &arena));
    struct world world = {0};
    ops->begin(params, &world);
    assert_int_equal(world.strobes[1][0], 1);
    assert_int_equal(world.strobes[0][0], 0);
    ops->end(params, &world);
    assert_int_equal(world.strobes[1][0], 0);
    arena_release(&arena);
}

static struct scenario with_clocks(const char *model)
{
    struct scenario scenario = fake_scenario;
    scenario.clocks.kind = param_registry_find(&clock_registry, model);
    assert_non_null(scenario.clocks.kind);
    return scenario;
}

/* It hits clocks that somebody corrects; with the others it would do nothing. */
static void test_unsynchronised(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("clock_unsynchronised");
    const void *params = new_params(ops, &arena, 2);
    for (size_t i = 0; i < clock_registry.count; i++) {
        const char *model = clock_registry.kinds[i]->name, *key = NULL;
        const struct scenario scenario = with_clocks(model);
        const char *wrong = ops->check(params, &scenario, &key, &arena);
        const bool corrected = strcmp(model, "perfect") != 0 && strcmp(model, "free_running") != 0;
        assert_true((wrong == NULL) == corrected);
        if (wrong != NULL) {
            assert_null(key);
            assert_string_equal(wrong, arena_printf(&arena,
                                                    "has no effect: clocks of model \"%s\" are "
                                                    "never corrected",
                                                    model));
        }
    }
    struct world world = {0};
    ops->begin(params, &world);
    const int expected[FAKE_NODES] = {1, 1, 1};
    assert_memory_equal(world.free_clocks[2], expected, sizeof expected);
    assert_string_equal(ops->text(params, &fake_scenario, &arena),
                        "clock of all nodes of c loses synchronisation");
    ops->end(params, &world);
    const struct world before = {0};
    assert_memory_equal(&world, &before, sizeof world);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_strobe),
        cmocka_unit_test(test_unsynchronised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
