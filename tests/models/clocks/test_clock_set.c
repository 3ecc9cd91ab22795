#include "models/clocks/clock_set.h"
#include "sim/distribution_params.h"
#include "tests/models/clocks/fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct param_choice choice_of(const char *kind, void *params)
{
    return (struct param_choice){.kind = param_registry_find(&clock_registry, kind),
                                 .params = params};
}

static void test_steps_and_local_time(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct clock_set set;
    const struct param_choice choice = choice_of("perfect", NULL);
    clock_set_init(&set, &choice, 2, 1, &arena);
    assert_int_equal(clock_set_local(&set, 0, 1000), 1000);
    clock_set_step(&set, 0, 500);
    assert_int_equal(clock_set_local(&set, 0, 1000), 1500);
    assert_int_equal(clock_set_local(&set, 1, 1000), 1000);
    assert_int_equal(clock_set_read(&set, 0, 1000).offset_ns, 500);
    assert_int_equal(clock_set_read(&set, 0, 1000).bound_ns, 0);
    /* Back by 800: the clock stands still until its time has come again. */
    clock_set_step(&set, 0, -800);
    assert_int_equal(clock_set_read(&set, 0, 1100).offset_ns, -300);
    assert_int_equal(clock_set_local(&set, 0, 1100), 1500);
    assert_int_equal(clock_set_local(&set, 0, 1799), 1500);
    assert_int_equal(clock_set_local(&set, 0, 1801), 1501);
    arena_release(&arena);
}

static void interval_at(struct clock_set *set, sim_ns now_ns, sim_ns earliest_ns, sim_ns latest_ns)
{
    sim_ns earliest = 0, latest = 0;
    clock_set_interval(set, 0, now_ns, &earliest, &latest);
    assert_int_equal(earliest, earliest_ns);
    assert_int_equal(latest, latest_ns);
}

/* The interval is that of the clock as it is corrected, local time that of one that never goes
 * back. A step is no part of the promise: true time is outside. */
static void test_intervals(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct clock_set set;
    const struct param_kind *kind = param_registry_find(&clock_registry, "truetime");
    void *params = fill_new(kind, &arena);
    fill_ns(kind, params, "epsilon", 0);
    fill_real(kind, params, "drift_ppm", 200.0);
    fill_ns(kind, params, "interval", 30 * SIM_NS_PER_S);
    const struct param_choice choice = choice_of("truetime", params);
    clock_set_init(&set, &choice, 1, 1, &arena);
    set.nodes[0].state.phase_ns = 10 * SIM_NS_PER_S;
    set.nodes[0].state.drift = 1e-4;
    /* 20 s after a synchronisation: 2 ms ahead, within 4 ms; then corrected to 0, within 0. */
    const sim_ns end_ns = 40 * SIM_NS_PER_S;
    interval_at(&set, 30 * SIM_NS_PER_S, 29998000000, 30006000000);
    assert_int_equal(clock_set_local(&set, 0, end_ns - 10000), end_ns - 10000 + 2999999);
    assert_int_equal(clock_set_local(&set, 0, end_ns), end_ns - 10000 + 2999999);
    interval_at(&set, end_ns, end_ns, end_ns);
    clock_set_step(&set, 0, SIM_NS_PER_S);
    interval_at(&set, end_ns, end_ns + SIM_NS_PER_S, end_ns + SIM_NS_PER_S);
    const struct param_choice unbounded = choice_of("free_running", NULL);
    set.ops = (const struct clock_ops *)(const void *)unbounded.kind;
    interval_at(&set, end_ns, -SIM_NS_MAX, SIM_NS_MAX);
    arena_release(&arena);
}

/* Clocks that all err alike would hide every error of whoever compares their times. */
static void test_nodes_do_not_err_alike(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct param_kind *kind = param_registry_find(&clock_registry, "ntp");
    void *params = fill_new(kind, &arena);
    fill_real(kind, params, "drift_ppm", 15.0);
    fill_ns(kind, params, "interval", 64 * SIM_NS_PER_S);
    const struct distribution_normal law = {.sd = 0.5e6};
    *(const struct distribution **)fill_field(kind, params, "offset", PARAM_DISTRIBUTION) =
        distribution_make(&arena, "normal", &law);
    const struct param_choice choice = choice_of("ntp", params);
    enum { NODES = 50 };
    struct clock_set set, other;
    clock_set_init(&set, &choice, NODES, 1, &arena);
    clock_set_init(&other, &choice, NODES, 2, &arena);
    for (uint32_t i = 0; i < NODES; i++) {
        const sim_ns offset_ns = clock_set_read(&set, i, SIM_NS_PER_S).offset_ns;
        assert_int_not_equal(offset_ns, clock_set_read(&other, i, SIM_NS_PER_S).offset_ns);
        for (uint32_t j = 0; j < i; j++) {
            assert_int_not_equal(offset_ns, clock_set_read(&set, j, SIM_NS_PER_S).offset_ns);
        }
    }
    arena_release(&arena);
}

static void test_registry(void **state)
{
    (void)state;
    assert_int_equal(clock_registry.count, 10);
    for (size_t i = 0; i < clock_registry.count; i++) {
        const struct param_kind *kind = clock_registry.kinds[i];
        assert_true(kind->summary[0] != '\0');
        assert_true(kind->source[0] != '\0');
        const struct clock_ops *ops = (const struct clock_ops *)(const void *)kind;
        /* Whoever promises says so: what needs a bound is refused by that. */
        const bool promises = strstr(kind->summary, "promises") != NULL;
        assert_true(ops->bounded == (promises || strcmp(kind->name, "perfect") == 0));
    }
    assert_null(param_registry_find(&clock_registry, "sundial"));
}

/* 100 ppm from 1 s to 11 s gain 1 ms, which stays; two rates add. */
static void test_rates(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct clock_set set;
    const struct param_choice choice = choice_of("perfect", NULL);
    clock_set_init(&set, &choice, 1, 1, &arena);
    clock_set_rate(&set, 0, SIM_NS_PER_S, 100e-6, +1);
    assert_int_equal(clock_set_read(&set, 0, 2 * SIM_NS_PER_S).offset_ns, 100000);
    clock_set_rate(&set, 0, 6 * SIM_NS_PER_S, -300e-6, +1);
    assert_int_equal(clock_set_read(&set, 0, 7 * SIM_NS_PER_S).offset_ns, 500000 - 200000);
    clock_set_rate(&set, 0, 8 * SIM_NS_PER_S, -300e-6, -1);
    clock_set_rate(&set, 0, 11 * SIM_NS_PER_S, 100e-6, -1);
    assert_int_equal(clock_set_read(&set, 0, 50 * SIM_NS_PER_S).offset_ns,
                     500000 - 400000 + 300000);
    arena_release(&arena);
}

/* Ahead by 5 in the first, third, ... period of 10 from 100 on. */
static void test_strobes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct clock_set set;
    const struct param_choice choice = choice_of("perfect", NULL);
    clock_set_init(&set, &choice, 1, 1, &arena);
    const struct clock_strobe strobe = {.by_ns = 5, .period_ns = 10, .since_ns = 100};
    clock_set_strobe(&set, 0, &strobe, +1);
    for (sim_ns now_ns = 100; now_ns < 160; now_ns++) {
        assert_int_equal(clock_set_read(&set, 0, now_ns).offset_ns,
                         (now_ns - 100) / 10 % 2 == 0 ? 5 : 0);
    }
    clock_set_strobe(&set, 0, &strobe, -1);
    assert_int_equal(clock_set_read(&set, 0, 160).offset_ns, 0);
    clock_set_release(&set);
    arena_release(&arena);
}

/*
 * Without corrections the error goes on from where it stood with the clock's own drift, and the
 * bound grows as fast as the clock allows for; the offset stays within it. Afterwards the clock
 * says what one says that was corrected all the time.
 */
static void test_free_clocks(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct clock_set set, corrected;
    const struct param_kind *kind = param_registry_find(&clock_registry, "bounded");
    void *params = fill_new(kind, &arena);
    fill_ns(kind, params, "epsilon", SIM_NS_PER_MS);
    fill_real(kind, params, "drift_ppm", 200.0);
    fill_ns(kind, params, "interval", 30 * SIM_NS_PER_S);
    const struct param_choice choice = choice_of("bounded", params);
    clock_set_init(&set, &choice, 1, 7, &arena);
    clock_set_init(&corrected, &choice, 1, 7, &arena);
    const sim_ns since_ns = 100 * SIM_NS_PER_S;
    const struct clock_reading first = clock_set_read(&set, 0, since_ns);
    clock_set_free(&set, 0, since_ns, +1);
    const double drift = set.nodes[0].state.drift;
    assert_true(drift != 0.0);
    for (int64_t s = 0; s <= 1000; s += 125) {
        const struct clock_reading now = clock_set_read(&set, 0, since_ns + s * SIM_NS_PER_S);
        assert_int_equal(now.offset_ns,
                         first.offset_ns + sim_ns_from_double(drift * (double)s * 1e9));
        assert_int_equal(now.bound_ns, first.bound_ns + s * 200000);
        assert_true(now.offset_ns <= now.bound_ns && -now.offset_ns <= now.bound_ns);
    }
    clock_set_free(&set, 0, since_ns + 1000 * SIM_NS_PER_S, -1);
    const sim_ns after_ns = since_ns + 1001 * SIM_NS_PER_S;
    assert_int_equal(clock_set_read(&set, 0, after_ns).offset_ns,
                     clock_set_read(&corrected, 0, after_ns).offset_ns);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_and_local_time),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_strobes),
        cmocka_unit_test(test_free_clocks),
        cmocka_unit_test(test_nodes_do_not_err_alike),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
