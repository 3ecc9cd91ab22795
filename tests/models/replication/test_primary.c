#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/scenario.h"
#include "tests/models/replication/primary_case.h"

static void test_async(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_write(fake, 5 * MS, PRIMARY, KEY, 71);
    assert_appears(fake, PRIMARY, 71, 5 * MS);
    assert_reply(fake, 71, 5 * MS);
    assert_appears(fake, NEAR, 71, 15 * MS);
    assert_appears(fake, FAR, 71, 45 * MS);
    fake_run(fake, 60000 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 2);
    assert_int_equal(fake_sent(fake, PRIMARY_ACK), 2);
    assert_int_equal(fake_sent_bytes(fake, PRIMARY_APPEND), 2 * (FAKE_VALUE_BYTES + 32));
    fake_free(fake);
}

static void assert_commit(const struct primary_params *params, sim_ns disk_ns, sim_ns at_ns)
{
    struct fake *fake = start(params, disk_ns);
    fake_write(fake, 5 * MS, PRIMARY, KEY, 71);
    assert_appears(fake, PRIMARY, 71, 5 * MS + at_ns);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, 5 * MS + at_ns);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).stamp, 1);
    assert_int_equal(fake_stored(fake, FAR, KEY).write, 71);
    fake_free(fake);
}

/* Star: round trips 22 and 84; with a disk, 3 at the primary and 3 at the follower. */
static void test_waits_in_a_star(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    assert_commit(&params, 3 * MS, 3 * MS);
    params.acks = PRIMARY_SEMI_SYNC;
    assert_commit(&params, 0, 22 * MS);
    assert_commit(&params, 3 * MS, 28 * MS);
    params.wait_for = 2;
    assert_commit(&params, 0, 84 * MS);
    params.acks = PRIMARY_ALL;
    assert_commit(&params, 0, 84 * MS);
    assert_commit(&params, 3 * MS, 90 * MS);
}

/* Cascade 1 -> 0 -> 2: down 10 + 30, up 33 + 12, and a disk at each of the three. */
static void test_waits_in_a_cascade(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.topology = PRIMARY_CASCADE;
    params.acks = PRIMARY_SEMI_SYNC;
    assert_commit(&params, 0, 22 * MS);
    params.acks = PRIMARY_ALL;
    assert_commit(&params, 0, 85 * MS);
    assert_commit(&params, 3 * MS, 94 * MS);
}

static void test_cascade_adds_the_hops(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.topology = PRIMARY_CASCADE;
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    assert_appears(fake, PRIMARY, 71, 3 * MS);
    assert_appears(fake, NEAR, 71, 16 * MS);
    assert_appears(fake, FAR, 71, 49 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 2);
    fake_free(fake);
}

/* Writes at 5, 6, 7; syncs 5-8 and 8-11: the second one holds two, which travel together. */
static void test_group_commit(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 3 * MS);
    for (uint64_t i = 0; i < 3; i++) {
        fake_write(fake, (sim_ns)(5 + i) * MS, PRIMARY, KEY, 71 + i);
    }
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, 8 * MS);
    assert_reply(fake, 72, 11 * MS);
    assert_reply(fake, 73, 11 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 4);
    assert_int_equal(fake_stored(fake, FAR, KEY).write, 73);
    fake_free(fake);
}

/* A message fills at 3 entries, else it waits 20. */
static void test_batches(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.batch_max = 3;
    params.batch_wait = 20 * MS;
    struct fake *fake = start(&params, 0);
    const sim_ns at_ms[] = {0, 5, 100, 101, 102, 103};
    for (uint64_t i = 0; i < 6; i++) {
        fake_write(fake, at_ms[i] * MS, PRIMARY, KEY, 71 + i);
    }
    assert_appears(fake, NEAR, 72, 30 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 2);
    assert_appears(fake, NEAR, 75, 112 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 4);
    assert_appears(fake, NEAR, 76, 133 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 6);
    fake_free(fake);
}

/*
 * Entries of 132 bytes, messages of up to 400: three. A message that has no room for the next entry
 * leaves at once; one that has seen no next entry waits its 20 ms.
 */
static void test_batches_by_bytes(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.batch_bytes = 400;
    params.batch_wait = 20 * MS;
    struct fake *fake = start(&params, 3 * MS);
    for (uint64_t i = 0; i < 6; i++) {
        fake_write(fake, i == 0 ? 0 : 1 * MS, PRIMARY, KEY, 71 + i);
    }
    /* 71 is on disk at 3, the others at 6. */
    assert_appears(fake, NEAR, 73, 6 * MS + 10 * MS + 3 * MS);
    assert_appears(fake, NEAR, 76, 26 * MS + 10 * MS + 3 * MS);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 4);
    assert_int_equal(fake_stored(fake, FAR, KEY).write, 76);
    fake_free(fake);
}

static void test_a_try_that_comes_twice(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.acks = PRIMARY_SEMI_SYNC;
    struct fake *fake = start(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_write(fake, 5 * MS, PRIMARY, KEY, 71);
    fake_run(fake, 100 * MS);
    assert_reply(fake, 71, 22 * MS);
    fake_write(fake, 200 * MS, PRIMARY, KEY, 71);
    fake_run(fake, 300 * MS);
    assert_int_equal(fake_replies_to(fake, 71), 2);
    const struct primary_state *primary = replica_state(fake_member(fake, PRIMARY));
    assert_int_equal(primary->end, 1);
    fake_free(fake);
}

static void test_reads_and_strays(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_read(fake, 20 * MS, NEAR, KEY, 1);
    fake_read(fake, 20 * MS, FAR, KEY, 2);
    fake_write(fake, 30 * MS, FAR, KEY, 72);
    fake_run(fake, 100 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 71);
    assert_int_equal(fake_reply_to(fake, 1).at_ns, 20 * MS);
    assert_int_equal(fake_reply_to(fake, 2).version.write, 0);
    assert_int_equal(fake_reply_to(fake, 2).outcome, RECORD_OK);
    assert_int_equal(fake_reply_to(fake, 72).outcome, RECORD_FAIL);
    fake_free(fake);
}

static void test_route(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    struct primary_shared shared = {.member = 1, .node = 101};
    const uint32_t nearest[] = {102, 100, 101};
    struct route_view view = {.params = &params,
                              .shared = &shared,
                              .nearest = nearest,
                              .nearest_count = 3,
                              .leader = UINT32_MAX};
    struct route_request request = {.type = RECORD_WRITE, .since_write_ns = SIM_NS_MAX};
    assert_int_equal(strategy_primary.route(&view, &request), 101);
    request.type = RECORD_READ;
    assert_int_equal(strategy_primary.route(&view, &request), 102);
    request.tries = 1;
    assert_int_equal(strategy_primary.route(&view, &request), 100);
    request.tries = 3;
    assert_int_equal(strategy_primary.route(&view, &request), 102);
    params.reads = PRIMARY_READ_PRIMARY;
    assert_int_equal(strategy_primary.route(&view, &request), 101);
    params.reads = PRIMARY_READ_AFTER_WRITE;
    request.since_write_ns = 999 * MS;
    assert_int_equal(strategy_primary.route(&view, &request), 101);
    request.since_write_ns = 1000 * MS;
    request.tries = 0;
    assert_int_equal(strategy_primary.route(&view, &request), 102);
    /* The leader that the driver was told of; unmanaged, it is asked again and again. */
    request = (struct route_request){.type = RECORD_WRITE, .since_write_ns = SIM_NS_MAX};
    view.leader = 100;
    assert_int_equal(strategy_primary.route(&view, &request), 100);
    request.tries = 1;
    assert_int_equal(strategy_primary.route(&view, &request), 100);
    /* With a failover policy each second try asks the next one in order of distance. */
    shared.managed = true;
    const uint32_t asked[] = {100, 102, 100, 100, 100, 101, 100, 102};
    for (request.tries = 0; request.tries < 8; request.tries++) {
        assert_int_equal(strategy_primary.route(&view, &request), asked[request.tries]);
    }
}

static void test_check(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    uint32_t replicas[] = {20, 21, 22};
    struct scenario_replication common = {.replicas = {replicas, 3}, .copies = 2};
    const struct scenario scenario = {0};
    const struct scenario_dataset dataset = {.replication = {.common = &common}};
    const char *key = NULL;
    params.acks = PRIMARY_SEMI_SYNC;
    params.wait_for = 5;
    assert_null(strategy_primary.check(&params, &dataset, &scenario, &key));
    params.wait_for = 6;
    assert_non_null(strategy_primary.check(&params, &dataset, &scenario, &key));
    assert_string_equal(key, "wait_for");
    params.primary = 23;
    assert_non_null(strategy_primary.check(&params, &dataset, &scenario, &key));
    assert_string_equal(key, "primary");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_async),
        cmocka_unit_test(test_waits_in_a_star),
        cmocka_unit_test(test_waits_in_a_cascade),
        cmocka_unit_test(test_cascade_adds_the_hops),
        cmocka_unit_test(test_group_commit),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_batches_by_bytes),
        cmocka_unit_test(test_a_try_that_comes_twice),
        cmocka_unit_test(test_reads_and_strays),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
