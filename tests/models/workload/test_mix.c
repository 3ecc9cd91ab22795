#include "models/workload/mix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Shares of 0..1 in steps of 1/1000, counted by operation. */
static void assert_shares(const struct scenario_client *client,
                          const int expected[MIX_OPERATION_COUNT])
{
    struct mix mix;
    mix_init(&mix, client);
    int seen[MIX_OPERATION_COUNT] = {0};
    for (int i = 0; i < 1000; i++) {
        seen[mix_pick(&mix, (i + 0.5) / 1000.0)]++;
    }
    for (int i = 0; i < MIX_OPERATION_COUNT; i++) {
        if (seen[i] != expected[i]) {
            fail_msg("operation %d: %d of 1000, expected %d", i, seen[i], expected[i]);
        }
    }
}

static void test_presets(void **state)
{
    (void)state;
    const struct {
        int shares[MIX_OPERATION_COUNT]; /* read, write, insert, scan, read-modify-write */
        uint32_t popularity;
    } workloads[] = {
        [SCENARIO_YCSB_A] = {{500, 500, 0, 0, 0}, SCENARIO_POPULARITY_ZIPFIAN},
        [SCENARIO_YCSB_B] = {{950, 50, 0, 0, 0}, SCENARIO_POPULARITY_ZIPFIAN},
        [SCENARIO_YCSB_C] = {{1000, 0, 0, 0, 0}, SCENARIO_POPULARITY_ZIPFIAN},
        [SCENARIO_YCSB_D] = {{950, 0, 50, 0, 0}, SCENARIO_POPULARITY_LATEST},
        [SCENARIO_YCSB_E] = {{0, 0, 50, 950, 0}, SCENARIO_POPULARITY_ZIPFIAN},
        [SCENARIO_YCSB_F] = {{500, 0, 0, 0, 500}, SCENARIO_POPULARITY_ZIPFIAN},
    };
    const struct scenario_keys keys = {.count = 10, .popularity = SCENARIO_POPULARITY_UNIFORM};
    for (uint32_t ycsb = SCENARIO_YCSB_A; ycsb <= SCENARIO_YCSB_F; ycsb++) {
        struct scenario_client client = {.ycsb = ycsb};
        assert_shares(&client, workloads[ycsb].shares);
        assert_int_equal(mix_popularity(&client, &keys), workloads[ycsb].popularity);
        client.popularity = 1 + SCENARIO_POPULARITY_SEQUENTIAL;
        assert_int_equal(mix_popularity(&client, &keys), SCENARIO_POPULARITY_SEQUENTIAL);
    }
}

static void test_own_mix(void **state)
{
    (void)state;
    const struct scenario_keys keys = {.count = 10, .popularity = SCENARIO_POPULARITY_HOTSPOT};
    struct scenario_client client = {
        .mix = {.read = 0.2, .write = 0.3, .insert = 0.1, .scan = 0.15, .read_modify_write = 0.25}};
    assert_shares(&client, (const int[MIX_OPERATION_COUNT]){200, 300, 100, 150, 250});
    assert_int_equal(mix_popularity(&client, &keys), SCENARIO_POPULARITY_HOTSPOT);
    /* Relative to their sum; nothing at all is only reads. */
    client.mix = (struct scenario_mix){.read = 0.3, .write = 0.1};
    assert_shares(&client, (const int[MIX_OPERATION_COUNT]){750, 250, 0, 0, 0});
    client.mix = (struct scenario_mix){0};
    assert_shares(&client, (const int[MIX_OPERATION_COUNT]){1000, 0, 0, 0, 0});
}

/* Actions come after the five, in the order of enum value_action; the five do what the type says.
 */
static void test_actions(void **state)
{
    (void)state;
    const struct scenario_client client = {.mix = {.write = 0.05,
                                                   .set = 0.1,
                                                   .increment = 0.2,
                                                   .decrement = 0.15,
                                                   .add = 0.25,
                                                   .remove = 0.05,
                                                   .delete = 0.2}};
    assert_shares(&client,
                  (const int[MIX_OPERATION_COUNT]){0, 50, 0, 0, 0, 100, 200, 150, 250, 50, 200});
    assert_true(mix_sum(&client.mix) > 0.999 && mix_sum(&client.mix) < 1.001);
    for (uint32_t operation = MIX_READ; operation < MIX_ACTION_FIRST; operation++) {
        assert_int_equal(mix_action(operation), VALUE_WRITE);
    }
    assert_int_equal(mix_action(MIX_ACTION_FIRST), VALUE_SET);
    assert_int_equal(mix_action(MIX_OPERATION_COUNT - 1), VALUE_DELETE);
}

/*
 * The largest uniform number may not fall through to an operation without a share: these three,
 * divided by their sum, add up to 1 - 2^-53.
 */
static void test_no_crumb(void **state)
{
    (void)state;
    const struct scenario_client client = {.mix = {.read = 0.1, .write = 0.1, .insert = 0.6}};
    struct mix mix;
    mix_init(&mix, &client);
    assert_int_equal(mix_pick(&mix, 1.0 - 0x1p-53), MIX_INSERT);
    assert_int_equal(mix_pick(&mix, 0x1p-53), MIX_READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),
        cmocka_unit_test(test_own_mix),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_no_crumb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
