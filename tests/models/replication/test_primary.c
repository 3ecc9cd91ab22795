#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/replication/primary_internal.h"
#include "models/scenario.h"
#include "tests/models/replication/fake_replica.h"

#include <stdio.h>

/*
 * Three copies. The primary is member 1 (region 21); the chain of a cascade is 1, 0, 2.
 * One way in ms: 1 to 0: 10, back 12; 1 to 2: 40, back 44; 0 to 2: 30, back 33.
 */
extern const struct strategy_ops strategy_primary;

enum { PRIMARY = 1, NEAR = 0, FAR = 2, KEY = 5 };

static struct primary_params defaults(void)
{
    return (struct primary_params){.primary = 21,
                                   .acks = PRIMARY_ASYNC,
                                   .wait_for = 1,
                                   .fallback_after = -1,
                                   .topology = PRIMARY_STAR,
                                   .batch_max = 64,
                                   .window = 65536,
                                   .resend_after = 5000 * MS,
                                   .reads = PRIMARY_READ_NEAREST,
                                   .after_write = 1000 * MS};
}

/* Entries that two logs have in common are equal, and no follower is ahead of the primary's disk.
 */
static void watch_logs(struct fake *fake)
{
    const struct primary_state *primary = replica_state(fake_member(fake, PRIMARY));
    for (uint32_t member = 0; member < 3; member++) {
        const struct primary_state *state = replica_state(fake_member(fake, member));
        assert_true(state->end <= (member == PRIMARY ? primary->end : primary->durable));
        uint64_t first = state->base > primary->base ? state->base : primary->base;
        first = state->end > 8 && state->end - 8 > first ? state->end - 8 : first;
        for (uint64_t p = first + 1; p <= state->end; p++) {
            assert_int_equal(primary_entry_at(state, p)->write,
                             primary_entry_at(primary, p)->write);
        }
        for (uint32_t i = 0; i < state->link_count; i++) {
            const struct primary_link *link = primary_link_at(state, i);
            const struct primary_state *follower = replica_state(fake_member(fake, link->member));
            assert_true(link->acked <= follower->durable);
        }
    }
}

static struct fake *start(const struct primary_params *params, sim_ns disk_ns)
{
    struct fake_config config = {.ops = &strategy_primary,
                                 .params = params,
                                 .count = 3,
                                 .total = 4, /* one node holds nothing */
                                 .regions = {20, 21, 22, 23},
                                 .disk_ns = disk_ns};
    config.one_way_ns[1][0] = 10 * MS;
    config.one_way_ns[0][1] = 12 * MS;
    config.one_way_ns[1][2] = 40 * MS;
    config.one_way_ns[2][1] = 44 * MS;
    config.one_way_ns[0][2] = 30 * MS;
    config.one_way_ns[2][0] = 33 * MS;
    struct fake *fake = fake_new(&config);
    fake_watch(fake, watch_logs);
    return fake;
}

/* The version appears at the member exactly then. Runs the world up to it. */
static void assert_appears(struct fake *fake, uint32_t member, uint64_t write, sim_ns at_ns)
{
    fake_run(fake, at_ns - 1);
    assert_int_not_equal(fake_stored(fake, member, KEY).write, write);
    fake_run(fake, at_ns);
    assert_int_equal(fake_stored(fake, member, KEY).write, write);
}

static void assert_reply(const struct fake *fake, uint64_t operation, sim_ns at_ns)
{
    const struct fake_reply reply = fake_reply_to(fake, operation);
    assert_int_equal(reply.at_ns, at_ns);
    assert_int_equal(reply.outcome, RECORD_OK);
    assert_int_equal(reply.version.write, operation);
}

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

/* 71 is lost; 72 arrives at 140 and reveals it; both are sent again at 184. */
static void test_gap(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_lose(fake, PRIMARY, FAR, PRIMARY_APPEND, 1);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_write(fake, 100 * MS, PRIMARY, KEY, 72);
    assert_appears(fake, FAR, 72, 224 * MS);
    fake_run(fake, 60000 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 5);
    fake_free(fake);
}

/* Nothing follows, and two repetitions are lost too: at 5 s, 10 s later, 20 s later. */
static void test_resends_with_doubling_pauses(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_lose(fake, PRIMARY, FAR, PRIMARY_APPEND, 3);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    assert_appears(fake, FAR, 71, 35040 * MS);
    fake_run(fake, 200000 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 5);
    fake_free(fake);
}

/*
 * Cut off for 20 s of 100 writes a second. The window of 64 fills at once; the resend of 35 s finds
 * the follower back, and the rest follows in batches of 16, 64 under way: 84 ms for 64 entries.
 */
static void test_catches_up_in_a_window(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.batch_max = 16;
    params.window = 64;
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 0, PRIMARY, FAR, true);
    for (uint64_t i = 0; i < 2000; i++) {
        fake_write(fake, (sim_ns)i * 10 * MS, PRIMARY, KEY, 71 + i);
    }
    fake_cut(fake, 20000 * MS, PRIMARY, FAR, false);
    fake_run(fake, 35039 * MS);
    assert_int_equal(fake_stored(fake, FAR, KEY).stamp, 0);
    fake_run(fake, 35040 * MS);
    assert_int_equal(fake_stored(fake, FAR, KEY).stamp, 16);
    /* Then 48 of the window again and 16 new ones every 84 ms: (2000 - 16) / 64 = 31 rounds. */
    fake_run(fake, (35040 + 31 * 84) * MS - 1);
    assert_true(fake_stored(fake, FAR, KEY).stamp < 2000);
    fake_run(fake, (35040 + 31 * 84) * MS);
    assert_int_equal(fake_stored(fake, FAR, KEY).stamp, 2000);
    fake_run(fake, 100000 * MS);
    const struct primary_state *primary = replica_state(fake_member(fake, PRIMARY));
    assert_int_equal(primary->end, 2000);
    fake_free(fake);
}

/* MySQL's rule: the oldest waits 10 s, then all commit; semi-sync again when a replica has all. */
static void test_falls_back_and_returns(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.acks = PRIMARY_SEMI_SYNC;
    params.fallback_after = 10000 * MS;
    struct fake *fake = start(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 70);
    fake_cut(fake, 500 * MS, PRIMARY, NEAR, true);
    fake_cut(fake, 500 * MS, PRIMARY, FAR, true);
    fake_write(fake, 1000 * MS, PRIMARY, KEY, 71);
    fake_write(fake, 4000 * MS, PRIMARY, KEY, 72);
    fake_write(fake, 12000 * MS, PRIMARY, KEY, 73);
    fake_cut(fake, 13000 * MS, PRIMARY, NEAR, false);
    fake_write(fake, 14000 * MS, PRIMARY, KEY, 74);
    fake_write(fake, 15000 * MS, PRIMARY, KEY, 75);
    fake_run(fake, 16000 * MS);
    assert_reply(fake, 70, 22 * MS);
    assert_reply(fake, 71, 11000 * MS);
    assert_reply(fake, 72, 11000 * MS);
    assert_reply(fake, 73, 12000 * MS);
    assert_reply(fake, 74, 14000 * MS);
    assert_reply(fake, 75, 15022 * MS);
    uint32_t count;
    const struct fake_mode *modes = fake_modes(fake, &count);
    assert_int_equal(count, 2);
    assert_int_equal(modes[0].at_ns, 11000 * MS);
    assert_int_equal(modes[0].mode, PRIMARY_MODE_FALLBACK);
    /* 74 arrives at 14010 and reveals the gap; 14022 sent again; 14032 there; 14044 known. */
    assert_int_equal(modes[1].at_ns, 14044 * MS);
    assert_int_equal(modes[1].mode, PRIMARY_MODE_NORMAL);
    fake_free(fake);
}

/* Without a fall-back the write waits for ever (PostgreSQL). */
static void test_waits_for_ever(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.acks = PRIMARY_SEMI_SYNC;
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 0, PRIMARY, NEAR, true);
    fake_cut(fake, 0, PRIMARY, FAR, true);
    fake_write(fake, 1 * MS, PRIMARY, KEY, 71);
    fake_run(fake, 3600000 * MS);
    assert_int_equal(fake_replies_to(fake, 71), 0);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 0);
    fake_free(fake);
}

/*
 * Syncs of 3 ms; power lost at 5: 71 is on disk since 3, 72 is not (4-7) and is gone. Tries again:
 * 71 is known, 72 is a new entry.
 */
static void test_primary_restarts(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_write(fake, 4 * MS, PRIMARY, KEY, 72);
    fake_down(fake, 5 * MS, PRIMARY);
    fake_run(fake, 999 * MS);
    assert_reply(fake, 71, 3 * MS);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 0); /* applied, not yet in the image */
    fake_up(fake, 1000 * MS, PRIMARY);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 71);
    fake_write(fake, 1001 * MS, PRIMARY, KEY, 71);
    fake_write(fake, 1002 * MS, PRIMARY, KEY, 72);
    fake_run(fake, 2000 * MS);
    assert_int_equal(fake_replies_to(fake, 71), 2);
    assert_reply(fake, 72, 1005 * MS);
    const struct primary_state *primary = replica_state(fake_member(fake, PRIMARY));
    assert_int_equal(primary->end, 2);
    assert_int_equal(fake_stored(fake, FAR, KEY).write, 72);
    fake_run(fake, 100000 * MS);
    assert_int_equal(primary_link_at(primary, 0)->acked, 2);
    assert_int_equal(primary_link_at(primary, 1)->acked, 2);
    fake_free(fake);
}

/* What its disk has is committed at the restart; the client that waited hears nothing. */
static void test_waiting_writes_of_a_crash(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.acks = PRIMARY_SEMI_SYNC;
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_down(fake, 10 * MS, PRIMARY);
    fake_up(fake, 100 * MS, PRIMARY);
    fake_run(fake, 100 * MS);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 71);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_replies_to(fake, 71), 0);
    fake_write(fake, 1000 * MS, PRIMARY, KEY, 71);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, 1000 * MS);
    fake_write(fake, 1100 * MS, PRIMARY, KEY, 72);
    fake_run(fake, 2000 * MS);
    assert_reply(fake, 72, 1128 * MS);
    fake_free(fake);
}

/* Received at 13, on disk at 16, power lost at 14; it announces itself at 50, heard at 62. */
static void test_follower_restarts(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_down(fake, 14 * MS, NEAR);
    fake_up(fake, 50 * MS, NEAR);
    assert_appears(fake, NEAR, 71, 75 * MS);
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
    const struct primary_shared shared = {.member = 1, .node = 101};
    const uint32_t nearest[] = {102, 100, 101};
    const struct route_view view = {
        .params = &params, .shared = &shared, .nearest = nearest, .nearest_count = 3};
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
    assert_int_equal(strategy_primary.route(&view, &request), 102);
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

static uint32_t next_random(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

/* Power cuts, partitions, losses and repeated tries at random; then a quiet time. */
static void one_storm(uint64_t seed)
{
    uint64_t random = seed * 977 + 3;
    struct primary_params params = defaults();
    params.acks = next_random(&random, 3);
    params.topology = next_random(&random, 2);
    params.batch_max = 1 + next_random(&random, 9);
    params.batch_wait = next_random(&random, 2) * 7 * MS;
    params.window = 1 + next_random(&random, 40);
    params.fallback_after = next_random(&random, 2) == 0 ? -1 : 2000 * MS;
    struct fake *fake = start(&params, next_random(&random, 2) * 3 * MS);
    uint64_t operations = 0;
    for (sim_ns at_ns = 0; at_ns < 20000 * MS; at_ns += next_random(&random, 40) * MS) {
        fake_write(fake, at_ns, PRIMARY, next_random(&random, FAKE_KEYS), ++operations);
    }
    for (uint32_t member = 0; member < 3; member++) {
        const sim_ns at_ns = (sim_ns)next_random(&random, 15000) * MS + 1;
        fake_down(fake, at_ns, member);
        fake_up(fake, at_ns + (sim_ns)(1 + next_random(&random, 4000)) * MS, member);
        const uint32_t to = (member + 1) % 3;
        const sim_ns cut_ns = (sim_ns)next_random(&random, 15000) * MS;
        fake_cut(fake, cut_ns, member, to, true);
        fake_cut(fake, cut_ns + (sim_ns)next_random(&random, 5000) * MS, member, to, false);
    }
    for (sim_ns at_ns = 0; at_ns < 20000 * MS; at_ns += 500 * MS) {
        fake_run(fake, at_ns);
        fake_lose(fake, next_random(&random, 3), next_random(&random, 3), next_random(&random, 2),
                  next_random(&random, 3));
    }
    fake_run(fake, 25000 * MS);
    /* The last write finds every gap. */
    fake_write(fake, 25000 * MS, PRIMARY, 0, ++operations);
    fake_run(fake, 400000 * MS);
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        const struct version version = fake_stored(fake, PRIMARY, key);
        for (uint32_t member = 0; member < 3; member++) {
            if (!version_equal(version, fake_stored(fake, member, key))) {
                print_error("seed %d member %u key %u\n", (int)seed, member, key);
            }
            assert_true(version_equal(version, fake_stored(fake, member, key)));
        }
    }
    const struct primary_state *primary = replica_state(fake_member(fake, PRIMARY));
    for (uint64_t operation = 1; operation <= operations; operation++) {
        const struct fake_reply reply = fake_reply_to(fake, operation);
        assert_true(reply.at_ns < 0 || (uint64_t)reply.version.stamp <= primary->durable);
        if (reply.at_ns >= 0 && (uint64_t)reply.version.stamp > primary->base) {
            const uint64_t write = primary_entry_at(primary, (uint64_t)reply.version.stamp)->write;
            assert_int_equal(write, operation);
        }
    }
    fake_free(fake);
}

static void test_storms(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        one_storm(seed);
    }
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
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_resends_with_doubling_pauses),
        cmocka_unit_test(test_catches_up_in_a_window),
        cmocka_unit_test(test_falls_back_and_returns),
        cmocka_unit_test(test_waits_for_ever),
        cmocka_unit_test(test_primary_restarts),
        cmocka_unit_test(test_waiting_writes_of_a_crash),
        cmocka_unit_test(test_follower_restarts),
        cmocka_unit_test(test_a_try_that_comes_twice),
        cmocka_unit_test(test_reads_and_strays),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
