#include "models/clocks/clock.h"
#include "models/purpose.h"
#include "tests/models/clocks/fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SEED = 20260502 };

static const struct clock_ops *bounded(void)
{
    return (const struct clock_ops *)(const void *)param_registry_find(&clock_registry, "bounded");
}

/* The defaults of the table, which are those of the paper. */
static void *truetime(struct arena *arena)
{
    void *params = fill_new(&bounded()->kind, arena);
    fill_ns(&bounded()->kind, params, "epsilon", SIM_NS_PER_MS);
    fill_real(&bounded()->kind, params, "drift_ppm", 200.0);
    fill_ns(&bounded()->kind, params, "interval", 30 * SIM_NS_PER_S);
    return params;
}

static struct clock_state started(const void *params, uint32_t node)
{
    struct clock_state clock = {0};
    random_stream_init(&clock.stream, SEED, PURPOSE_CLOCK, node);
    bounded()->start(params, &clock);
    return clock;
}

static void test_bound_by_hand(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const void *params = truetime(&arena);
    struct clock_state clock = started(params, 0);
    clock.phase_ns = 10 * SIM_NS_PER_S;
    /* 1 ms after each synchronisation (at -20 s, 10 s, 40 s), then 0.2 ms more each second. */
    const struct {
        sim_ns at_ns, bound_ns;
    } expected[] = {{0, 5000000},
                    {5 * SIM_NS_PER_S, 6000000},
                    {10 * SIM_NS_PER_S, 1000000},
                    {40 * SIM_NS_PER_S - 5000, 6999999},
                    {40 * SIM_NS_PER_S, 1000000},
                    {55 * SIM_NS_PER_S, 4000000}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(bounded()->read(params, &clock, expected[i].at_ns).bound_ns,
                         expected[i].bound_ns);
    }
    arena_release(&arena);
}

static void test_bound_contains_the_offset(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const void *params = truetime(&arena);
    struct random_stream times;
    random_stream_init(&times, SEED, 1000, 0);
    double largest = 0.0, bounds = 0.0;
    enum { NODES = 200, READINGS = 500 };
    for (uint32_t node = 0; node < NODES; node++) {
        struct clock_state clock = started(params, node);
        for (int i = 0; i < READINGS; i++) {
            const sim_ns at_ns = (sim_ns)random_below(&times, 3600 * (uint64_t)SIM_NS_PER_S);
            const struct clock_reading reading = bounded()->read(params, &clock, at_ns);
            const sim_ns size_ns = reading.offset_ns < 0 ? -reading.offset_ns : reading.offset_ns;
            if (size_ns > reading.bound_ns) {
                fail_msg("node %u at %lld ns: offset %lld, bound %lld, seed %d", node,
                         (long long)at_ns, (long long)reading.offset_ns,
                         (long long)reading.bound_ns, SEED);
            }
            const double share = (double)size_ns / (double)reading.bound_ns;
            largest = share > largest ? share : largest;
            bounds += (double)reading.bound_ns;
        }
    }
    /* The promise is used: some reading comes close to it. */
    assert_true(largest > 0.95);
    /*
     * The mean of a sawtooth from 1 to 7 ms is 4 ms ("4 ms most of the time", section 3). Standard
     * error: 6 / sqrt(12) / sqrt(100000) ms = 5.5 us; 4 of them are 22 us.
     */
    const double mean_ms = bounds / (NODES * READINGS) / 1e6;
    if (mean_ms < 3.978 || mean_ms > 4.022) {
        fail_msg("mean bound %.4f ms, expected 4, seed %d", mean_ms, SEED);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_by_hand),
        cmocka_unit_test(test_bound_contains_the_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
