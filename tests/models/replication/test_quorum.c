#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/replication/quorum_internal.h"
#include "models/scenario.h"
#include "tests/models/replication/fake_replica.h"

#include <stdio.h>

/*
 * Members 0, 1, 2 hold the data, 3 and 4 do not. One way in ms, row to column:
 *        0   1   2   3   4      round trips from 0: 22, 84; from 3: 3, 11, 43; from 1: 22, 63
 *   0    .  10  40   2  50
 *   1   12   .  30   6  60
 *   2   44  33   .  23  70
 *   3    1   5  20   .  15
 *   4   50  60  70  15   .
 */
static const int one_way_ms[5][5] = {{0, 10, 40, 2, 50},
                                     {12, 0, 30, 6, 60},
                                     {44, 33, 0, 23, 70},
                                     {1, 5, 20, 0, 15},
                                     {50, 60, 70, 15, 0}};

extern const struct strategy_ops strategy_quorum;

enum { KEY = 5 };

static struct quorum_params defaults(void)
{
    return (struct quorum_params){.read = LEVEL_QUORUM,
                                  .write = LEVEL_QUORUM,
                                  .r = -1,
                                  .w = -1,
                                  .coordinators = QUORUM_BY_ANY,
                                  .read_from = QUORUM_FROM_NEEDED,
                                  .speculate_after = -1,
                                  .read_repair = QUORUM_REPAIR_BLOCKING,
                                  .hints = true,
                                  .hint_window = 3 * SIM_NS_PER_H,
                                  .hint_rate = 1000,
                                  .write_timeout = 2000 * MS,
                                  .read_timeout = 5000 * MS,
                                  .heartbeat = 0,
                                  .suspect_after = 18000 * MS,
                                  .anti_entropy = -1};
}

static struct fake_config config_of(const struct quorum_params *params)
{
    struct fake_config config = {.ops = &strategy_quorum,
                                 .params = params,
                                 .count = 3,
                                 .total = 5,
                                 .regions = {20, 21, 22, 23, 24}};
    for (int from = 0; from < 5; from++) {
        for (int to = 0; to < 5; to++) {
            config.one_way_ns[from][to] = one_way_ms[from][to] * MS;
        }
    }
    return config;
}

static struct fake *start(const struct quorum_params *params, sim_ns disk_ns)
{
    struct fake_config config = config_of(params);
    config.disk_ns = disk_ns;
    return fake_new(&config);
}

static void assert_appears(struct fake *fake, uint32_t member, uint64_t write, sim_ns at_ns)
{
    fake_run(fake, at_ns - 1);
    assert_int_not_equal(fake_stored(fake, member, KEY).write, write);
    fake_run(fake, at_ns);
    assert_int_equal(fake_stored(fake, member, KEY).write, write);
}

static void assert_reply(const struct fake *fake, uint64_t operation, enum record_outcome outcome,
                         sim_ns at_ns)
{
    const struct fake_reply reply = fake_reply_to(fake, operation);
    assert_int_equal(reply.at_ns, at_ns);
    assert_int_equal(reply.outcome, outcome);
}

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
    params.read = LEVEL_ANY;
    assert_non_null(strategy_quorum.kind.finish(&params, NULL, &key));
    assert_string_equal(key, "read");
}

static uint32_t next_random(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

enum { STORM_OPERATIONS = 3000 };

struct storm_operation {
    sim_ns at_ns;
    uint32_t key;
    bool read;
};

/*
 * R + W > N, no stand-ins, perfect clocks: whatever fails, a read that begins after a write was
 * acknowledged returns that one or a newer one; exact, no tolerance.
 */
static void assert_reads_are_fresh(const struct fake *fake,
                                   const struct storm_operation *operations, uint32_t count,
                                   uint64_t seed)
{
    for (uint32_t r = 1; r <= count; r++) {
        const struct fake_reply read = fake_reply_to(fake, r);
        if (!operations[r].read || read.at_ns < 0 || read.outcome != RECORD_OK) {
            continue;
        }
        for (uint32_t w = r > 250 ? r - 250 : 1; w < r; w++) {
            if (operations[w].read || operations[w].key != operations[r].key) {
                continue;
            }
            const struct fake_reply write = fake_reply_to(fake, w);
            if (write.at_ns < 0 || write.outcome != RECORD_OK ||
                write.at_ns > operations[r].at_ns) {
                continue;
            }
            if (version_newer(write.version, read.version)) {
                print_error("seed %d read %u write %u\n", (int)seed, r, w);
            }
            assert_false(version_newer(write.version, read.version));
        }
    }
}

static void storm_faults(struct fake *fake, uint64_t *random)
{
    for (uint32_t member = 0; member < 5; member++) {
        const sim_ns at_ns = (sim_ns)next_random(random, 40000) * MS + 1;
        fake_down(fake, at_ns, member);
        fake_up(fake, at_ns + (sim_ns)(1 + next_random(random, 30000)) * MS, member);
        for (uint32_t to = 0; to < 5; to++) {
            const sim_ns cut_ns = (sim_ns)next_random(random, 60000) * MS;
            fake_cut(fake, cut_ns, member, to, true);
            fake_cut(fake, cut_ns + (sim_ns)next_random(random, 15000) * MS, member, to, false);
        }
    }
}

static void assert_converged(const struct fake *fake, const struct storm_operation *operations,
                             uint32_t count, uint64_t seed)
{
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        for (uint32_t member = 1; member < 3; member++) {
            if (!version_equal(fake_stored(fake, 0, key), fake_stored(fake, member, key))) {
                print_error("seed %d member %u key %u\n", (int)seed, member, key);
            }
            assert_true(version_equal(fake_stored(fake, 0, key), fake_stored(fake, member, key)));
        }
    }
    for (uint32_t w = 1; w <= count; w++) { /* nothing acknowledged is lost */
        const struct fake_reply reply = fake_reply_to(fake, w);
        if (!operations[w].read && reply.at_ns >= 0 && reply.outcome == RECORD_OK) {
            assert_false(version_newer(reply.version, fake_stored(fake, 0, operations[w].key)));
        }
    }
}

static void one_storm(uint64_t seed)
{
    static struct storm_operation operations[STORM_OPERATIONS + 1];
    uint64_t random = seed * 977 + 5;
    struct quorum_params params = defaults();
    params.r = 1 + next_random(&random, 3);
    params.w = 4 - params.r;
    params.heartbeat = next_random(&random, 3) == 0 ? 0 : 1000 * MS;
    params.sloppy = params.heartbeat > 0 && next_random(&random, 3) == 0;
    params.read_from = next_random(&random, 2);
    params.read_repair = next_random(&random, 3);
    params.speculate_after = next_random(&random, 2) == 0 ? -1 : 60 * MS;
    params.anti_entropy = next_random(&random, 2) == 0 ? 7000 * MS : -1;
    params.hint_rate = 1 + next_random(&random, 100);
    struct fake *fake = start(&params, next_random(&random, 2) * 3 * MS);
    sim_ns at_ns = 0;
    uint32_t count = 0;
    while (at_ns < 70000 * MS && count < STORM_OPERATIONS) {
        at_ns += next_random(&random, 60) * MS;
        const struct storm_operation operation = {
            .at_ns = at_ns, .key = next_random(&random, 8), .read = next_random(&random, 2) == 0};
        operations[++count] = operation;
        const uint32_t member = next_random(&random, 5);
        (operation.read ? fake_read : fake_write)(fake, at_ns, member, operation.key, count);
    }
    storm_faults(fake, &random);
    for (sim_ns to_ns = 0; to_ns < 70000 * MS; to_ns += 500 * MS) {
        fake_run(fake, to_ns);
        fake_lose(fake, next_random(&random, 3), next_random(&random, 3),
                  next_random(&random, QUORUM_VALUES), next_random(&random, 3));
    }
    fake_run(fake, 1000000 * MS);
    for (uint32_t member = 0; member < 5; member++) {
        assert_int_equal(fake_pending(fake, member), 0);
    }
    if (!params.sloppy) {
        assert_reads_are_fresh(fake, operations, count, seed);
    }
    if (params.anti_entropy > 0) {
        assert_converged(fake, operations, count, seed);
    }
    fake_free(fake);
}

static void test_storms(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        one_storm(seed);
    }
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
        cmocka_unit_test(test_time_outs),
        cmocka_unit_test(test_hints_after_a_time_out),
        cmocka_unit_test(test_failure_detector),
        cmocka_unit_test(test_hint_rate),
        cmocka_unit_test(test_hint_window),
        cmocka_unit_test(test_level_any),
        cmocka_unit_test(test_sloppy_quorum),
        cmocka_unit_test(test_speculation),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_coordinator_crashes),
        cmocka_unit_test(test_anti_entropy),
        cmocka_unit_test(test_coordinators),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
