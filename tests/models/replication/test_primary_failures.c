#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/replication/primary_case.h"

#include <stdio.h>

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

/* 71 is lost; 72 to 75 arrive behind it: said once, sent again once, as one message. */
static void test_a_gap_is_said_once(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_lose(fake, PRIMARY, FAR, PRIMARY_APPEND, 1);
    for (uint64_t i = 0; i < 5; i++) {
        fake_write(fake, (sim_ns)i * 10 * MS, PRIMARY, KEY, 71 + i);
    }
    assert_appears(fake, FAR, 75, (10 + 40 + 44 + 40) * MS);
    fake_run(fake, 60000 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_APPEND), 5 + 5 + 1);
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
 * Cut off for 20 s of 250 writes a second, more than the log's first ring. The window of 64 fills
 * at once; the resend of 35 s finds the follower back, and the rest follows in batches of 16, 64
 * under way: 84 ms for 64 entries.
 */
static void test_catches_up_in_a_window(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.batch_max = 16;
    params.window = 64;
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 0, PRIMARY, FAR, true);
    for (uint64_t i = 0; i < 5008; i++) {
        fake_write(fake, (sim_ns)i * 4 * MS, PRIMARY, KEY, 71 + i);
    }
    fake_cut(fake, 20100 * MS, PRIMARY, FAR, false);
    fake_run(fake, 35039 * MS);
    assert_int_equal(fake_stored(fake, FAR, KEY).stamp, 0);
    fake_run(fake, 35040 * MS);
    assert_int_equal(fake_stored(fake, FAR, KEY).stamp, 16);
    /* Then 48 of the window again and 16 new ones every 84 ms: (5008 - 16) / 64 = 78 rounds. */
    fake_run(fake, (35040 + 78 * 84) * MS - 1);
    assert_true(fake_stored(fake, FAR, KEY).stamp < 5008);
    fake_run(fake, (35040 + 78 * 84) * MS);
    assert_int_equal(fake_stored(fake, FAR, KEY).stamp, 5008);
    fake_run(fake, 100000 * MS);
    const struct primary_state *primary = replica_state(fake_member(fake, PRIMARY));
    assert_int_equal(primary->end, 5008);
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

/* Either follower will do: the near one is cut off, so the far one decides. */
static void test_any_follower_counts(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.acks = PRIMARY_SEMI_SYNC;
    struct fake *fake = start(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_cut(fake, 100 * MS, PRIMARY, NEAR, true);
    fake_write(fake, 200 * MS, PRIMARY, KEY, 72);
    fake_write(fake, 210 * MS, PRIMARY, KEY, 73);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, 22 * MS);
    assert_reply(fake, 72, 284 * MS);
    assert_reply(fake, 73, 294 * MS);
    fake_free(fake);
}

/*
 * Both followers must acknowledge; the far one is away from 1 s to 30 s and comes back with the
 * resend of 40.5 s (5.5, 10.5, 20.5 before it), one entry per round trip. The near one answers all
 * the time: that is no sign that the rule can hold again. 39 entries: back to normal after 38
 * trips.
 */
static void test_returns_only_when_all_has_arrived(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.acks = PRIMARY_ALL;
    params.fallback_after = 10000 * MS;
    params.window = 1;
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 1000 * MS, PRIMARY, FAR, true);
    fake_cut(fake, 30000 * MS, PRIMARY, FAR, false);
    for (uint64_t i = 0; i < 39; i++) {
        fake_write(fake, ((sim_ns)i * 1000 + 500) * MS, PRIMARY, KEY, 71 + i);
    }
    fake_run(fake, 60000 * MS);
    uint32_t count;
    const struct fake_mode *modes = fake_modes(fake, &count);
    assert_int_equal(count, 2);
    assert_int_equal(modes[0].at_ns, 11500 * MS);
    assert_int_equal(modes[1].at_ns, (40500 + 38 * 84) * MS);
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
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_a_gap_is_said_once),
        cmocka_unit_test(test_resends_with_doubling_pauses),
        cmocka_unit_test(test_catches_up_in_a_window),
        cmocka_unit_test(test_falls_back_and_returns),
        cmocka_unit_test(test_any_follower_counts),
        cmocka_unit_test(test_returns_only_when_all_has_arrived),
        cmocka_unit_test(test_waits_for_ever),
        cmocka_unit_test(test_primary_restarts),
        cmocka_unit_test(test_waiting_writes_of_a_crash),
        cmocka_unit_test(test_follower_restarts),
        cmocka_unit_test(test_storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
