#include "models/clocks/clock.h"
#include "models/purpose.h"
#include "tests/models/clocks/fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SEED = 20260503 };

static const struct clock_ops *free_running(void)
{
    return (const struct clock_ops *)(const void *)param_registry_find(&clock_registry,
                                                                       "free_running");
}

static void test_grows_with_drift_for_ever(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    void *params = fill_new(&free_running()->kind, &arena);
    fill_constant(&free_running()->kind, params, "offset", &arena, -2.5e6);
    fill_real(&free_running()->kind, params, "drift_ppm", 156.0);
    struct clock_state clock = {0};
    random_stream_init(&clock.stream, SEED, PURPOSE_CLOCK, 0);
    free_running()->start(params, &clock);
    assert_true(clock.drift > -156e-6);
    assert_true(clock.drift < 156e-6);
    clock.drift = 78e-6; /* 78 us a second: 6.7392 s a day */
    assert_int_equal(free_running()->read(params, &clock, 0).offset_ns, -2500000);
    assert_int_equal(free_running()->read(params, &clock, 100 * SIM_NS_PER_S).offset_ns, 5300000);
    assert_int_equal(free_running()->read(params, &clock, 86400 * SIM_NS_PER_S).offset_ns,
                     6736700000);
    assert_int_equal(free_running()->read(params, &clock, SIM_NS_PER_S).bound_ns, SIM_NS_MAX);
    arena_release(&arena);
}

/* Nobody has corrected it for a day: 20 ppm are 20e-6 x 86400 s = 1.728 s, and growing. */
static void test_alone_for_a_day(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    void *params = fill_new(&free_running()->kind, &arena);
    fill_constant(&free_running()->kind, params, "offset", &arena, 3e6);
    fill_real(&free_running()->kind, params, "drift_ppm", 20.0);
    fill_ns(&free_running()->kind, params, "alone_for", 24 * SIM_NS_PER_H);
    struct clock_state clock = {0};
    random_stream_init(&clock.stream, SEED, PURPOSE_CLOCK, 0);
    free_running()->start(params, &clock);
    const double drift = clock.drift;
    assert_int_equal(free_running()->read(params, &clock, 0).offset_ns,
                     3000000 + sim_ns_from_double(drift * 86400e9));
    clock.drift = 20e-6;
    assert_int_equal(free_running()->read(params, &clock, 0).offset_ns, 1731000000);
    assert_int_equal(free_running()->read(params, &clock, 3600 * SIM_NS_PER_S).offset_ns,
                     1731000000 + 72000000);
    clock.drift = -20e-6;
    assert_int_equal(free_running()->read(params, &clock, 0).offset_ns, 3000000 - 1728000000);
    arena_release(&arena);
}

/* The default is chosen so that the median of the drift's size is 78 ppm. */
static void test_median_drift(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    void *params = fill_new(&free_running()->kind, &arena);
    fill_constant(&free_running()->kind, params, "offset", &arena, 0.0);
    fill_real(&free_running()->kind, params, "drift_ppm", 156.0);
    enum { NODES = 10000 };
    int beyond = 0, fast = 0;
    for (uint32_t node = 0; node < NODES; node++) {
        struct clock_state clock = {0};
        random_stream_init(&clock.stream, SEED, PURPOSE_CLOCK, node);
        free_running()->start(params, &clock);
        assert_int_equal(clock.sync_offset_ns, 0);
        beyond += clock.drift > 78e-6 || clock.drift < -78e-6;
        fast += clock.drift > 0.0;
    }
    /* Binomial(10000, 1/2): sd 50, so 200 is 4 sd (99.99 %). */
    if (beyond < 4800 || beyond > 5200 || fast < 4800 || fast > 5200) {
        fail_msg("beyond 78 ppm %d, fast %d of %d, seed %d", beyond, fast, NODES, SEED);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_with_drift_for_ever),
        cmocka_unit_test(test_alone_for_a_day),
        cmocka_unit_test(test_median_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
