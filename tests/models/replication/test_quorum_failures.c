#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/replication/quorum_case.h"

/* No detector. Writes at 0 and 700 run out at 2000 and 2700 with one timer; reads after 5000. */
static void test_time_outs(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 0, 0, 1, true);
    fake_cut(fake, 0, 0, 2, true);
    fake_write(fake, 0, 0, KEY, 71);
    fake_write(fake, 700 * MS, 0, KEY, 72);
    fake_read(fake, 300 * MS, 0, KEY, 1);
    fake_read(fake, 301 * MS, 0, KEY, 2);
    fake_run(fake, 60000 * MS);
    assert_reply(fake, 71, RECORD_INFO, 2000 * MS);
    assert_reply(fake, 72, RECORD_INFO, 2700 * MS);
    assert_reply(fake, 1, RECORD_FAIL, 5300 * MS);
    assert_reply(fake, 2, RECORD_FAIL, 5301 * MS);
    assert_int_equal(fake_pending(fake, 0), 0);
    fake_free(fake);
}

/* More at once than the first ring of time-outs holds; each is out at its own time. */
static void test_many_time_outs(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 3;
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 100 * MS, 0, 2, true);
    for (uint64_t i = 0; i < 500; i++) {
        fake_write(fake, (sim_ns)i * 7 * MS, 0, KEY, 71 + i);
    }
    fake_run(fake, 60000 * MS);
    for (uint64_t i = 0; i < 500; i++) {
        const sim_ns at_ns = (sim_ns)i * 7 * MS;
        const bool lost = at_ns >= 100 * MS;
        assert_reply(fake, 71 + i, lost ? RECORD_INFO : RECORD_OK, at_ns + (lost ? 2000 : 84) * MS);
    }
    fake_free(fake);
}

/*
 * The clock is set between two writes: the second one's time-out moves, by at most its length. Back
 * by 10 s: the clock stands still, both seem to have begun together. On by 10 s: clamped to 2 s
 * more.
 */
static void assert_second_time_out(sim_ns step_ns, sim_ns at_ns)
{
    struct quorum_params params = defaults();
    params.hints = false;
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 0, 0, 1, true);
    fake_cut(fake, 0, 0, 2, true);
    fake_write(fake, 0, 0, KEY, 71);
    fake_clock_step(fake, 300 * MS, 0, step_ns);
    fake_write(fake, 700 * MS, 0, KEY, 72);
    fake_run(fake, 60000 * MS);
    assert_reply(fake, 71, RECORD_INFO, 2000 * MS);
    assert_reply(fake, 72, RECORD_INFO, at_ns);
    fake_free(fake);
}

static void test_time_outs_and_a_clock_that_is_set(void **state)
{
    (void)state;
    assert_second_time_out(0, 2700 * MS);
    assert_second_time_out(-10000 * MS, 2000 * MS);
    assert_second_time_out(10000 * MS, 4000 * MS);
}

/*
 * The write misses 1 and 2. Hints go out at 2000, 4001 (1 ms of pace + 2 s) and 8002 (1 ms + 4 s):
 * the last one finds the network healed at 5000.
 */
static void test_hints_after_a_time_out(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_cut(fake, 0, 0, 1, true);
    fake_cut(fake, 0, 0, 2, true);
    fake_write(fake, 0, 0, KEY, 71);
    fake_cut(fake, 5000 * MS, 0, 1, false);
    fake_cut(fake, 5000 * MS, 0, 2, false);
    assert_appears(fake, 1, 71, 8012 * MS);
    assert_appears(fake, 2, 71, 8042 * MS);
    fake_run(fake, 100000 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_HINTS), 6);
    assert_int_equal(fake_sent(fake, QUORUM_HINTS_ACK), 2);
    fake_free(fake);
}

/*
 * Heartbeats: member 2 speaks at 400 ms of each second, last at 9400, heard by 0 at 9444, in its
 * 10th second; its 29th heartbeat, at 28 s, is more than 18 later. Back at 60 s it speaks at once.
 */
static void test_failure_detector(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.write = LEVEL_ALL;
    params.heartbeat = 1000 * MS;
    struct fake *fake = start(&params, 0);
    fake_down(fake, 10000 * MS, 2);
    fake_write(fake, 27900 * MS, 0, KEY, 71);
    fake_write(fake, 28100 * MS, 0, 6, 72);
    fake_up(fake, 60000 * MS, 2);
    fake_run(fake, 60000 * MS);
    assert_reply(fake, 71, RECORD_INFO, 29900 * MS);
    assert_reply(fake, 72, RECORD_FAIL, 28100 * MS);
    assert_int_equal(fake_stored(fake, 0, 6).write, 0); /* refused: nothing was written */
    assert_appears(fake, 2, 71, 60084 * MS);            /* heard at 60044, the hint takes 40 */
    fake_write(fake, 61000 * MS, 0, KEY, 73);
    fake_run(fake, 62000 * MS);
    assert_reply(fake, 73, RECORD_OK, 61084 * MS);
    fake_free(fake);
}

/* 130 hints at 100 a second: 64 at once, 64 after 640 ms, 2 after 1280 ms. */
static void test_hint_rate(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.heartbeat = 1000 * MS;
    params.hint_rate = 100;
    struct fake *fake = start(&params, 0);
    fake_down(fake, 10000 * MS, 2);
    for (uint64_t i = 0; i < 130; i++) {
        fake_write(fake, (30000 + (sim_ns)i) * MS, 0, KEY, 71 + i);
    }
    fake_up(fake, 60000 * MS, 2);
    assert_appears(fake, 2, 71 + 63, 60084 * MS);
    assert_appears(fake, 2, 71 + 127, 60724 * MS);
    assert_appears(fake, 2, 71 + 129, 61364 * MS);
    fake_run(fake, 70000 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_HINTS), 3);
    fake_free(fake);
}

/* The oldest hint has waited for more than 10 s at 41 s: that write is not kept. */
static void test_hint_window(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.heartbeat = 1000 * MS;
    params.hint_window = 10000 * MS;
    struct fake *fake = start(&params, 0);
    fake_down(fake, 10000 * MS, 2);
    fake_write(fake, 30000 * MS, 0, 1, 71);
    fake_write(fake, 40000 * MS, 0, 2, 72);
    fake_write(fake, 41000 * MS, 0, 3, 73);
    fake_up(fake, 60000 * MS, 2);
    fake_run(fake, 100000 * MS);
    assert_int_equal(fake_stored(fake, 2, 1).write, 71);
    assert_int_equal(fake_stored(fake, 2, 2).write, 72);
    assert_int_equal(fake_stored(fake, 2, 3).write, 0);
    fake_free(fake);
}

/* Everybody is down: `any` keeps a hint at the coordinator and is content. */
static void test_level_any(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.heartbeat = 1000 * MS;
    params.write = LEVEL_ANY;
    struct fake *fake = start(&params, 0);
    for (uint32_t member = 0; member < 3; member++) {
        fake_down(fake, 5000 * MS, member);
        fake_up(fake, 100000 * MS, member);
    }
    fake_write(fake, 5500 * MS, 3, 6, 70); /* not suspected yet: the time-out keeps hints */
    fake_write(fake, 60000 * MS, 3, KEY, 71);
    fake_run(fake, 99999 * MS);
    assert_reply(fake, 70, RECORD_OK, 7500 * MS);
    assert_reply(fake, 71, RECORD_OK, 60000 * MS);
    assert_int_equal(fake_pending(fake, 3), 0);
    fake_run(fake, 110000 * MS);
    for (uint32_t member = 0; member < 3; member++) {
        assert_int_equal(fake_stored(fake, member, 6).write, 70);
        assert_int_equal(fake_stored(fake, member, KEY).write, 71);
    }
    fake_free(fake);
    params.hints = false;
    fake = start(&params, 0);
    for (uint32_t member = 0; member < 3; member++) {
        fake_down(fake, 5000 * MS, member);
    }
    fake_write(fake, 60000 * MS, 3, KEY, 71);
    fake_run(fake, 60000 * MS);
    assert_reply(fake, 71, RECORD_FAIL, 60000 * MS);
    fake_free(fake);
}

/*
 * 1 and 2 are down: 3 and 4 stand in. At 0 the write has 3's acknowledgement after 2 + 1 ms. A read
 * at 4 asks 0 (100 ms) and 3, for 1 (30 ms). When 1 is back, 3 hears it after 6 and sends in 5.
 */
static void test_sloppy_quorum(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.heartbeat = 1000 * MS;
    params.sloppy = true;
    struct fake *fake = start(&params, 0);
    fake_down(fake, 1, 1);
    fake_down(fake, 1, 2);
    fake_write(fake, 30000 * MS, 0, KEY, 71);
    fake_read(fake, 31000 * MS, 4, KEY, 1);
    fake_read(fake, 31000 * MS, 3, KEY, 2);
    fake_run(fake, 50000 * MS);
    assert_reply(fake, 71, RECORD_OK, 30003 * MS);
    assert_int_equal(fake_stored(fake, 3, KEY).write, 71);
    assert_int_equal(fake_stored(fake, 4, KEY).write, 71);
    assert_reply(fake, 1, RECORD_OK, 31100 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 71);
    assert_reply(fake, 2, RECORD_OK, 31003 * MS); /* 3 stands in itself and asks 0 */
    assert_int_equal(fake_reply_to(fake, 2).version.write, 71);
    fake_up(fake, 60000 * MS, 1);
    assert_appears(fake, 1, 71, 60011 * MS);
    fake_up(fake, 70000 * MS, 2);
    assert_appears(fake, 2, 71, 70000 * MS + 140 * MS); /* 4 holds its hint: 70 and 70 */
    fake_free(fake);
}

static void test_coordinator_crashes(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 0, 0, KEY, 71);
    fake_down(fake, 1 * MS, 0);
    fake_up(fake, 20 * MS, 0);
    fake_write(fake, 21 * MS, 0, 6, 72);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_replies_to(fake, 71), 0);
    assert_int_equal(fake_stored(fake, 0, KEY).write, 0); /* was not on its disk */
    assert_int_equal(fake_stored(fake, 1, KEY).write, 71);
    assert_reply(fake, 72, RECORD_OK, 46 * MS);
    assert_int_equal(fake_pending(fake, 0), 0);
    fake_free(fake);
}

/* Nodes that neither store nor coordinate are no part of it: no heartbeats, and they may restart.
 */
static void test_bystanders(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.coordinators = QUORUM_BY_REPLICAS;
    params.heartbeat = 1000 * MS;
    struct fake *fake = start(&params, 3 * MS);
    fake_down(fake, 1000 * MS, 4);
    fake_up(fake, 2000 * MS, 4);
    fake_run(fake, 9999 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_HEARTBEAT), 10 * 3 * 2);
    fake_free(fake);
    params.coordinators = QUORUM_BY_OTHERS; /* three tell two */
    fake = start(&params, 3 * MS);
    fake_run(fake, 9999 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_HEARTBEAT), 10 * 3 * 2);
    fake_free(fake);
}

/*
 * Only 0 has key 5, only 1 has key 60. Member 0 begins at a third of 10 s: hashes 10, versions 12,
 * values and question 10, values 12.
 */
static void test_anti_entropy(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.anti_entropy = 10000 * MS;
    struct fake *fake = start(&params, 0);
    for (uint32_t from = 0; from < 3; from++) {
        for (uint32_t to = 0; to < 3; to++) {
            fake_cut(fake, 0, from, to, true);
            fake_cut(fake, 1000 * MS, from, to, false);
        }
    }
    fake_write(fake, 1 * MS, 0, KEY, 71);
    fake_write(fake, 1 * MS, 1, 60, 72);
    const sim_ns begin_ns = 10000 * MS / 3;
    assert_appears(fake, 1, 71, begin_ns + 32 * MS);
    fake_run(fake, begin_ns + 44 * MS - 1);
    assert_int_equal(fake_stored(fake, 0, 60).write, 0);
    fake_run(fake, begin_ns + 44 * MS);
    assert_int_equal(fake_stored(fake, 0, 60).write, 72);
    assert_int_equal(fake_sent(fake, QUORUM_VERSIONS), 2); /* two of eight leaves differ */
    assert_int_equal(fake_sent_bytes(fake, QUORUM_TREE), 8 * FAKE_LEAVES);
    fake_run(fake, 11000 * MS);
    assert_int_equal(fake_stored(fake, 2, KEY).write, 71);
    assert_int_equal(fake_stored(fake, 2, 60).write, 72);
    const uint64_t values = fake_sent(fake, QUORUM_VALUES);
    fake_run(fake, 60000 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_VALUES), values); /* equal copies send no values */
    fake_free(fake);
}

/*
 * All have 71; member 2 misses 72, and member 0 keeps a hint for it. Both lose their disks: what
 * they held is gone, the hint too. A read at member 1 of two copies (1 and 0, which is nearer)
 * repairs member 0; one of member 2 finds 72 at member 1.
 */
static void test_lost_disks(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start(&params, 0);
    fake_write(fake, 0, 0, KEY, 71);
    fake_cut(fake, 500 * MS, 0, 2, true);
    fake_write(fake, 1000 * MS, 0, KEY, 72);
    fake_run(fake, 9000 * MS);
    assert_int_equal(fake_stored(fake, 2, KEY).write, 71);
    for (uint32_t member = 0; member <= 2; member += 2) {
        fake_down(fake, 10000 * MS, member);
        fake_disk_lost(fake, 10000 * MS, member);
        fake_up(fake, 11000 * MS, member);
    }
    fake_cut(fake, 12000 * MS, 0, 2, false);
    fake_run(fake, 100000 * MS);
    assert_int_equal(fake_stored(fake, 0, KEY).write, 0);
    assert_int_equal(fake_stored(fake, 1, KEY).write, 72);
    assert_int_equal(fake_stored(fake, 2, KEY).write, 0);
    fake_read(fake, 100000 * MS, 1, KEY, 1);
    fake_run(fake, 110000 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 72);
    assert_int_equal(fake_stored(fake, 0, KEY).write, 72);
    fake_read(fake, 110000 * MS, 2, KEY, 2);
    fake_run(fake, 120000 * MS);
    assert_int_equal(fake_reply_to(fake, 2).version.write, 72);
    assert_int_equal(fake_stored(fake, 2, KEY).write, 72);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_disks),
        cmocka_unit_test(test_time_outs),
        cmocka_unit_test(test_many_time_outs),
        cmocka_unit_test(test_time_outs_and_a_clock_that_is_set),
        cmocka_unit_test(test_hints_after_a_time_out),
        cmocka_unit_test(test_failure_detector),
        cmocka_unit_test(test_hint_rate),
        cmocka_unit_test(test_hint_window),
        cmocka_unit_test(test_level_any),
        cmocka_unit_test(test_sloppy_quorum),
        cmocka_unit_test(test_coordinator_crashes),
        cmocka_unit_test(test_bystanders),
        cmocka_unit_test(test_anti_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
