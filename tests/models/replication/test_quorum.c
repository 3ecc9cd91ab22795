#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/scenario.h"
#include "tests/models/replication/quorum_case.h"

static void assert_write_takes(const struct quorum_params *params, uint32_t member, sim_ns disk_ns,
                               sim_ns takes_ns)
{
    struct fake *fake = start(params, disk_ns);
    fake_write(fake, 7 * MS, member, KEY, 71);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 7 * MS + takes_ns);
    for (uint32_t i = 0; i < 3; i++) { /* all copies have it, whatever W is */
        assert_int_equal(fake_stored(fake, i, KEY).write, 71);
    }
    assert_int_equal(fake_stored(fake, 0, KEY).stamp, 7 * MS);
    assert_int_equal(fake_pending(fake, member), 0);
    assert_int_equal(fake_sent(fake, QUORUM_WRITE), member < 3 ? 2 : 3);
    fake_free(fake);
}

static void test_writes(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    assert_write_takes(&params, 0, 0, 22 * MS);
    assert_write_takes(&params, 0, 3 * MS, 25 * MS);
    assert_write_takes(&params, 3, 0, 11 * MS);
    params.write = LEVEL_ONE;
    assert_write_takes(&params, 0, 0, 0);
    assert_write_takes(&params, 0, 3 * MS, 3 * MS);
    assert_write_takes(&params, 3, 0, 3 * MS);
    params.write = LEVEL_TWO;
    assert_write_takes(&params, 0, 0, 22 * MS);
    params.write = LEVEL_ALL;
    assert_write_takes(&params, 0, 0, 84 * MS);
    assert_write_takes(&params, 3, 3 * MS, 46 * MS);
    params.w = 2;
    assert_write_takes(&params, 1, 0, 22 * MS);
    params.w = 3;
    assert_write_takes(&params, 1, 0, 63 * MS);
}

static void test_copies_have_a_write_when_it_arrives(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    assert_appears(fake, 0, 71, 7 * MS);
    assert_appears(fake, 1, 71, 17 * MS);
    assert_appears(fake, 2, 71, 47 * MS);
    assert_int_equal(fake_pending(fake, 0), 1); /* answered, but one copy still has to say so */
    fake_run(fake, 91 * MS);
    assert_int_equal(fake_pending(fake, 0), 0);
    fake_free(fake);
}

static void assert_read_takes(const struct quorum_params *params, uint32_t member, sim_ns takes_ns,
                              uint64_t asked)
{
    struct fake *fake = start(params, 0);
    fake_write(fake, 0, 0, KEY, 71);
    fake_read(fake, 500 * MS, member, KEY, 1);
    fake_run(fake, 9000 * MS);
    assert_reply(fake, 1, RECORD_OK, 500 * MS + takes_ns);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 71);
    assert_int_equal(fake_sent(fake, QUORUM_READ), asked);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 0);
    assert_int_equal(fake_pending(fake, member), 0);
    fake_free(fake);
}

static void test_reads(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    assert_read_takes(&params, 0, 22 * MS, 1);
    assert_read_takes(&params, 3, 11 * MS, 2);
    params.read_from = QUORUM_FROM_ALL;
    assert_read_takes(&params, 0, 22 * MS, 2);
    assert_read_takes(&params, 3, 11 * MS, 3);
    params.read_repair = QUORUM_REPAIR_BACKGROUND;
    assert_read_takes(&params, 3, 11 * MS, 3);
    params.r = 1;
    assert_read_takes(&params, 0, 0, 2);
    assert_read_takes(&params, 3, 3 * MS, 3);
    params.read_from = QUORUM_FROM_NEEDED;
    assert_read_takes(&params, 0, 0, 0);
    assert_read_takes(&params, 3, 3 * MS, 1);
    params.r = 3;
    assert_read_takes(&params, 0, 84 * MS, 2);
}

/* Regions 20, 20, 22: a majority of the first is both of its copies. */
static void assert_regional(enum level level, uint32_t member, sim_ns takes_ns)
{
    struct quorum_params params = defaults();
    params.write = level;
    struct fake_config config = config_of(&params);
    config.regions[1] = 20;
    struct fake *fake = fake_new(&config);
    fake_write(fake, 0, member, KEY, 71);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, takes_ns);
    fake_free(fake);
}

static void test_levels_by_region(void **state)
{
    (void)state;
    assert_regional(LEVEL_LOCAL_QUORUM, 0, 22 * MS);
    assert_regional(LEVEL_LOCAL_QUORUM, 2, 0);
    assert_regional(LEVEL_LOCAL_QUORUM, 3, 11 * MS); /* no copies there: the nearest region's */
    assert_regional(LEVEL_LOCAL_ONE, 3, 3 * MS);
    assert_regional(LEVEL_EACH_QUORUM, 0, 84 * MS);
    assert_regional(LEVEL_EACH_QUORUM, 2, 84 * MS);
}

/* Member 2 has missed write 71. */
static struct fake *one_stale(const struct quorum_params *params)
{
    struct fake *fake = start(params, 0);
    fake_lose(fake, 0, 2, QUORUM_WRITE, 1);
    fake_write(fake, 0, 0, KEY, 71);
    fake_run(fake, 99 * MS);
    assert_reply(fake, 71, RECORD_OK, 22 * MS);
    assert_int_equal(fake_stored(fake, 2, KEY).write, 0);
    return fake;
}

/* Coordinator 1 asks all at 100; 2's answer is there at 163; the repair 193, its ack 226. */
static void test_blocking_read_repair(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.read = LEVEL_ALL;
    struct fake *fake = one_stale(&params);
    fake_read(fake, 100 * MS, 1, KEY, 1);
    assert_appears(fake, 2, 71, 193 * MS);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 1, RECORD_OK, 226 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 71);
    assert_int_equal(fake_pending(fake, 1), 0);
    fake_free(fake);
}

/* Coordinator 2 is itself stale: it learns at 163 from 1, and repairs itself at once. */
static void test_blocking_repair_of_the_coordinator(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    struct fake *fake = one_stale(&params);
    fake_read(fake, 100 * MS, 2, KEY, 1);
    assert_appears(fake, 2, 71, 163 * MS);
    assert_reply(fake, 1, RECORD_OK, 163 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 71);
    assert_int_equal(fake_pending(fake, 2), 0);
    fake_free(fake);
}

/* R = 1 at coordinator 0, all are asked: answered at once, 2's late answer of 184 is repaired. */
static void test_background_read_repair(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.r = 1;
    params.read_from = QUORUM_FROM_ALL;
    params.read_repair = QUORUM_REPAIR_BACKGROUND;
    struct fake *fake = one_stale(&params);
    fake_read(fake, 100 * MS, 0, KEY, 1);
    assert_appears(fake, 2, 71, 224 * MS);
    assert_reply(fake, 1, RECORD_OK, 100 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 1);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR_ACK), 0);
    fake_free(fake);
}

static void test_no_read_repair(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.r = 3;
    params.read_repair = QUORUM_REPAIR_NONE;
    struct fake *fake = one_stale(&params);
    fake_read(fake, 100 * MS, 1, KEY, 1);
    fake_read(fake, 100 * MS, 2, KEY, 2);
    fake_run(fake, 60000 * MS);
    assert_reply(fake, 1, RECORD_OK, 163 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 71);
    assert_int_equal(fake_reply_to(fake, 2).version.write, 71);
    assert_int_equal(fake_stored(fake, 2, KEY).write, 0);
    fake_free(fake);
}

/* A stale copy alone answers with what it has: R + W <= N. */
static void test_stale_read(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.r = 1;
    struct fake *fake = one_stale(&params);
    fake_read(fake, 100 * MS, 2, KEY, 1);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 1, RECORD_OK, 100 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 0);
    fake_free(fake);
}

/* 1 does not answer; at 50 ms 2 is asked: 50 + 84. */
static void test_speculation(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.speculate_after = 50 * MS;
    struct fake *fake = start(&params, 0);
    fake_read(fake, 100 * MS, 0, KEY, 1);
    fake_cut(fake, 400 * MS, 0, 1, true);
    fake_read(fake, 500 * MS, 0, KEY, 2);
    fake_read(fake, 520 * MS, 0, KEY, 3);
    fake_run(fake, 20000 * MS);
    assert_reply(fake, 1, RECORD_OK, 122 * MS);
    assert_reply(fake, 2, RECORD_OK, 634 * MS);
    assert_reply(fake, 3, RECORD_OK, 654 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_READ), 5);
    assert_int_equal(fake_pending(fake, 0), 0);
    fake_free(fake);
}

/* A coordinator one second ahead wins over a write that came after it was acknowledged. */
static void test_stamps(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake_config config = config_of(&params);
    config.clock_offset_ns[0] = 1000 * MS;
    struct fake *fake = fake_new(&config);
    fake_write(fake, 0, 0, KEY, 71);
    fake_write(fake, 0, 0, 6, 72); /* the same instant: a stamp of its own */
    fake_write(fake, 500 * MS, 1, KEY, 73);
    fake_run(fake, 2000 * MS);
    assert_reply(fake, 71, RECORD_OK, 22 * MS);
    assert_reply(fake, 73, RECORD_OK, 522 * MS);
    for (uint32_t member = 0; member < 3; member++) {
        assert_int_equal(fake_stored(fake, member, KEY).write, 71);
        assert_int_equal(fake_stored(fake, member, KEY).stamp, 1000 * MS);
        assert_int_equal(fake_stored(fake, member, 6).stamp, 1000 * MS + 1);
    }
    fake_free(fake);
}

static void test_coordinators(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.coordinators = QUORUM_BY_REPLICAS;
    assert_true(strategy_quorum.coordinates(&params, true));
    assert_false(strategy_quorum.coordinates(&params, false));
    params.coordinators = QUORUM_BY_OTHERS;
    assert_false(strategy_quorum.coordinates(&params, true));
    assert_true(strategy_quorum.coordinates(&params, false));
    params.coordinators = QUORUM_BY_ANY;
    assert_true(strategy_quorum.coordinates(&params, true));
    assert_true(strategy_quorum.coordinates(&params, false));
    const uint32_t nearest[] = {7, 9};
    const struct route_view view = {.params = &params, .nearest = nearest, .nearest_count = 2};
    struct route_request request = {.type = RECORD_WRITE};
    assert_int_equal(strategy_quorum.route(&view, &request), 7);
    request.tries = 3;
    assert_int_equal(strategy_quorum.route(&view, &request), 9);
}

static const char *refused_key(const struct quorum_params *params, int64_t copies)
{
    static struct scenario_region regions[] = {{.nodes = 1}, {.nodes = 1}, {.nodes = 1}};
    static struct scenario_replication common;
    common.copies = copies;
    const struct scenario scenario = {.regions = {regions, 3}};
    const struct scenario_dataset dataset = {.replication = {.common = &common}};
    const char *key = "";
    return strategy_quorum.check(params, &dataset, &scenario, &key) != NULL ? key : NULL;
}

static void test_what_is_refused(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    const char *key = NULL;
    assert_null(strategy_quorum.kind.finish(&params, NULL, &key));
    assert_null(refused_key(&params, 1));
    params.r = 3;
    params.w = 3;
    assert_null(refused_key(&params, 1));
    params.w = 4;
    assert_string_equal(refused_key(&params, 1), "w");
    assert_null(refused_key(&params, 2));
    params.r = 4;
    assert_string_equal(refused_key(&params, 1), "r");
    assert_string_equal(refused_key(&params, 22), "copies");
    params = defaults();
    params.coordinators = QUORUM_BY_OTHERS;
    assert_string_equal(refused_key(&params, 1), "coordinators");
    params = defaults();
    params.sloppy = true;
    assert_string_equal(refused_key(&params, 1), "sloppy");
    assert_non_null(strategy_quorum.kind.finish(&params, NULL, &key));
    assert_string_equal(key, "sloppy");
    params.heartbeat = 1000 * MS;
    params.hints = false;
    assert_non_null(strategy_quorum.kind.finish(&params, NULL, &key));
    params = defaults();
    params.heartbeat = MS - 1;
    assert_non_null(strategy_quorum.kind.finish(&params, NULL, &key));
    assert_string_equal(key, "heartbeat");
    params = defaults();
    params.read = LEVEL_ANY;
    assert_non_null(strategy_quorum.kind.finish(&params, NULL, &key));
    assert_string_equal(key, "read");
}

/* 1 and 2 have both missed 71: the read at 0 ends when the farther one has acknowledged, 84 + 84.
 */
static void test_blocking_repair_waits_for_all(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.r = 3;
    struct fake *fake = start(&params, 0);
    fake_lose(fake, 0, 1, QUORUM_WRITE, 1);
    fake_lose(fake, 0, 2, QUORUM_WRITE, 1);
    fake_write(fake, 0, 0, KEY, 71);
    fake_read(fake, 3000 * MS, 0, KEY, 1);
    fake_run(fake, 4000 * MS);
    assert_reply(fake, 1, RECORD_OK, 3168 * MS);
    fake_free(fake);
}

/* A write that comes during a sync is acknowledged by the next one: 0-3, 3-6. */
static void test_group_commit(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.w = 1;
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 0, 0, KEY, 71);
    fake_write(fake, 1 * MS, 0, KEY, 72);
    fake_write(fake, 2 * MS, 0, KEY, 73);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 3 * MS);
    assert_reply(fake, 72, RECORD_OK, 6 * MS);
    assert_reply(fake, 73, RECORD_OK, 6 * MS);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_copies_have_a_write_when_it_arrives),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_levels_by_region),
        cmocka_unit_test(test_blocking_read_repair),
        cmocka_unit_test(test_blocking_repair_of_the_coordinator),
        cmocka_unit_test(test_background_read_repair),
        cmocka_unit_test(test_no_read_repair),
        cmocka_unit_test(test_stale_read),
        cmocka_unit_test(test_speculation),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_coordinators),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_blocking_repair_waits_for_all),
        cmocka_unit_test(test_group_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
