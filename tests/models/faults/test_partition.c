#include "tests/models/faults/fake_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *new_partition(struct arena *arena, const char *between, const char *isolate,
                           bool one_way)
{
    const struct fault_ops *ops = fake_kind("partition");
    void *params = fill_new(&ops->kind, arena);
    if (between != NULL) {
        fake_sets(ops, params, "between", arena, between);
    }
    if (isolate != NULL) {
        fake_set(fill_field(&ops->kind, params, "isolate", PARAM_PLACES), arena, isolate);
    }
    fake_bool(ops, params, "one_way", one_way);
    assert_null(fill_finish(&ops->kind, params, arena));
    return params;
}

/* Row by row, from a, b, c, d: '1' where the way to a, b, c, d is cut. */
static void assert_cuts(const struct world *world, const char *expected)
{
    for (size_t i = 0; i < FAKE_REGIONS * FAKE_REGIONS; i++) {
        const int cut = world->cuts[i / FAKE_REGIONS][i % FAKE_REGIONS];
        if (cut != expected[i / FAKE_REGIONS * 5 + i % FAKE_REGIONS] - '0') {
            fail_msg("from %zu to %zu: %d, expected pattern %s", i / FAKE_REGIONS, i % FAKE_REGIONS,
                     cut, expected);
        }
    }
}

static void test_between(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("partition");
    const void *params = new_partition(&arena, "a|cb", NULL, false);
    assert_null(fake_check(ops, params, &arena));
    struct world world = {0};
    ops->begin(params, &world);
    assert_cuts(&world, "0110 1000 1000 0000");
    /* A second one on top, one way: cuts are counted. */
    const void *other = new_partition(&arena, "a|b", NULL, true);
    assert_null(fake_check(ops, other, &arena));
    ops->begin(other, &world);
    assert_cuts(&world, "0210 1000 1000 0000");
    ops->end(params, &world);
    assert_cuts(&world, "0100 0000 0000 0000");
    ops->end(other, &world);
    assert_cuts(&world, "0000 0000 0000 0000");
    uint32_t places[FAKE_REGIONS];
    assert_int_equal(ops->places(params, &fake_scenario, places), 3);
    assert_int_equal(places[0], 0);
    assert_int_equal(places[1], 2);
    assert_int_equal(places[2], 1);
    assert_string_equal(ops->text(params, &fake_scenario, &arena), "partition a | c, b");
    assert_string_equal(ops->text(other, &fake_scenario, &arena), "partition a -/-> b");
    arena_release(&arena);
}

static void test_isolate(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("partition");
    const void *params = new_partition(&arena, NULL, "bc", false);
    assert_null(fake_check(ops, params, &arena));
    struct world world = {0};
    ops->begin(params, &world);
    assert_cuts(&world, "0110 1001 1001 0110");
    ops->end(params, &world);
    assert_cuts(&world, "0000 0000 0000 0000");
    uint32_t places[FAKE_REGIONS];
    assert_int_equal(ops->places(params, &fake_scenario, places), 2);
    assert_string_equal(ops->text(params, &fake_scenario, &arena), "partition b, c | all others");
    const void *out = new_partition(&arena, NULL, "b", true);
    assert_null(fake_check(ops, out, &arena));
    ops->begin(out, &world);
    assert_cuts(&world, "0000 1011 0000 0000");
    assert_string_equal(ops->text(out, &fake_scenario, &arena), "partition b -/-> all others");
    arena_release(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct fault_ops *ops = fake_kind("partition");
    const struct {
        const char *between, *isolate, *message;
    } cases[] = {
        {NULL, NULL,
         ": must have one of \"between\" (sets), \"isolate\" (one set) and \"split\" (a shape)"},
        {"a|b", "c",
         ": must have one of \"between\" (sets), \"isolate\" (one set) and \"split\" (a shape)"},
        {"a", NULL, "between: must be two sets or more (got 1)"},
        {"a|", NULL, "between: must name at least one place in each set"},
        {"ab|cb", NULL, "between: must not have \"b\" in two sets"},
        {"aa|b", NULL, "between: must not name \"a\" twice"},
        {NULL, "cc", "isolate: must not name \"c\" twice"},
        {NULL, "abcd",
         "isolate: must leave at least one place that the isolated ones are cut off from"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const void *params = new_partition(&arena, cases[i].between, cases[i].isolate, false);
        const char *wrong = fake_check(ops, params, &arena);
        assert_non_null(wrong);
        assert_string_equal(wrong, cases[i].message);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between),
        cmocka_unit_test(test_isolate),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
