#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include "tests/models/replication/primary_case.h"

/* The world of primary_case.h with a failover policy: somebody calls promote and demote. */
static struct fake *managed(const struct primary_params *params, sim_ns disk_ns)
{
    struct fake_config config = world_of(params, disk_ns);
    config.managed = true;
    return fake_new(&config);
}

static struct leadership_status status_of(struct fake *fake, uint32_t member)
{
    return strategy_primary.leadership->status(fake_member(fake, member));
}

static const struct primary_state *state_of(struct fake *fake, uint32_t member)
{
    return replica_state(fake_member(fake, member));
}

/* The n-th fact of a kind; fails when there is none. */
static struct fake_fact fact(const struct fake *fake, uint32_t kind, uint32_t n)
{
    uint32_t count = 0;
    const struct fake_fact *facts = fake_facts(fake, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (facts[i].kind == kind && n-- == 0) {
            return facts[i];
        }
    }
    fail_msg("no such fact of kind %u", kind);
    return (struct fake_fact){0};
}

static uint32_t fact_count(const struct fake *fake, uint32_t kind)
{
    uint32_t count = 0, of_kind = 0;
    const struct fake_fact *facts = fake_facts(fake, &count);
    for (uint32_t i = 0; i < count; i++) {
        of_kind += facts[i].kind == kind;
    }
    return of_kind;
}

static void assert_leads(const struct fake *fake, uint32_t n, struct fake_fact expected)
{
    const struct fake_fact found = fact(fake, RECORD_LEADER, n);
    assert_int_equal(found.at_ns, expected.at_ns);
    assert_int_equal(found.member, expected.member);
    assert_int_equal(found.epoch, expected.epoch);
    assert_int_equal(found.flag, expected.flag);
}

static int64_t stamp(uint64_t epoch, uint64_t position)
{
    return (int64_t)((epoch - 1) << PRIMARY_POSITION_BITS | position);
}

/*
 * Async. Entry 71 reaches everybody; 72 (at 100) dies with the primary at 105 on its way (to NEAR
 * 110 it still arrives, sent at 100; FAR is cut off and never has it). NEAR is promoted at 200:
 * accepts at once; its hello is at FAR at 230 and FAR's answer at 263, so entry 72 is at FAR at
 * 293. A write at 200 is entry 3 of epoch 2; it waits for FAR's answer and is there with 72.
 */
static void test_promotes(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = managed(&params, 0);
    assert_leads(fake, 0, (struct fake_fact){.member = PRIMARY, .epoch = 1, .flag = true});
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_cut(fake, 90 * MS, PRIMARY, FAR, true);
    fake_write(fake, 100 * MS, PRIMARY, KEY, 72);
    fake_down(fake, 105 * MS, PRIMARY);
    fake_run(fake, 199 * MS);
    assert_reply(fake, 72, 100 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 72);
    assert_int_equal(fake_stored(fake, FAR, KEY).write, 71);
    assert_int_equal(status_of(fake, NEAR).position, 2);
    assert_int_equal(status_of(fake, NEAR).last_epoch, 1);
    assert_int_equal(status_of(fake, FAR).position, 1);
    fake_write(fake, 199 * MS, NEAR, KEY, 73); /* refused: told of the leader that it knows */
    fake_call(fake, 200 * MS, NEAR, FAKE_PROMOTE, 2);
    fake_write(fake, 200 * MS, NEAR, KEY, 74);
    fake_run(fake, 200 * MS);
    uint32_t leader = 0;
    uint64_t epoch = 0;
    assert_true(fake_referred(fake, 73, &leader, &epoch));
    assert_int_equal(leader, PRIMARY);
    assert_int_equal(epoch, 1);
    assert_reply(fake, 74, 200 * MS);
    assert_int_equal(fake_reply_to(fake, 74).version.stamp, stamp(2, 3));
    assert_leads(fake, 1,
                 (struct fake_fact){.at_ns = 200 * MS, .member = NEAR, .epoch = 2, .flag = true});
    assert_int_equal(status_of(fake, NEAR).role, LEADERSHIP_LEADER);
    fake_run(fake, 229 * MS);
    assert_int_equal(status_of(fake, FAR).epoch, 1);
    fake_run(fake, 230 * MS);
    assert_int_equal(status_of(fake, FAR).epoch, 2);
    assert_int_equal(status_of(fake, FAR).leader, NEAR);
    assert_appears(fake, FAR, 74, 293 * MS);
    assert_int_equal(fake_stored(fake, FAR, KEY).stamp, stamp(2, 3));
    assert_int_equal(state_of(fake, FAR)->end, 3);
    assert_int_equal(status_of(fake, FAR).last_epoch, 2);
    assert_int_equal(fact_count(fake, RECORD_DISCARDED), 0);
    fake_free(fake);
}

/*
 * The old primary is only cut off at 90, and goes on alone: 72 (KEY) at 100 and 73 (KEY + 1) at 110
 * are acknowledged there. NEAR leads from 200 and has 74 (KEY) as entry 2 of epoch 2. Healed at
 * 5001. Beats of NEAR leave at 1200, 2200, ... 5200, that one is at the primary at 5212: it steps
 * down and asks to join (at NEAR at 5222), has the hello at 5234 and finds that its log parts at 1.
 * It wants KEY and KEY + 1: asked, answered at 5244, there at 5256: 72 and 73 are thrown away, KEY
 * becomes 74 and KEY + 1 its value before any write.
 */
static void test_split_brain(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.resend_after = 60000 * MS;
    struct fake *fake = managed(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    for (uint32_t other = 0; other < 3; other += 2) {
        fake_cut(fake, 90 * MS, PRIMARY, other, true);
        fake_cut(fake, 90 * MS, other, PRIMARY, true);
        fake_cut(fake, 5001 * MS, PRIMARY, other, false);
        fake_cut(fake, 5001 * MS, other, PRIMARY, false);
    }
    fake_write(fake, 100 * MS, PRIMARY, KEY, 72);
    fake_write(fake, 110 * MS, PRIMARY, KEY + 1, 73);
    fake_call(fake, 200 * MS, NEAR, FAKE_PROMOTE, 2);
    fake_write(fake, 300 * MS, NEAR, KEY, 74);
    fake_run(fake, 5211 * MS);
    assert_reply(fake, 72, 100 * MS);
    assert_reply(fake, 74, 300 * MS);
    assert_int_equal(status_of(fake, PRIMARY).role, LEADERSHIP_LEADER);
    fake_run(fake, 5212 * MS);
    assert_int_equal(status_of(fake, PRIMARY).role, LEADERSHIP_FOLLOWER);
    assert_leads(fake, 2, (struct fake_fact){.at_ns = 5212 * MS, .member = PRIMARY, .epoch = 1});
    fake_read(fake, 5233 * MS, PRIMARY, KEY, 80);     /* has not seen that it parts */
    fake_read(fake, 5240 * MS, PRIMARY, KEY + 2, 81); /* has */
    fake_run(fake, 5255 * MS);
    assert_int_equal(fake_reply_to(fake, 80).version.write, 72);
    assert_int_equal(fake_reply_to(fake, 81).outcome, RECORD_FAIL);
    assert_int_equal(fact_count(fake, RECORD_DISCARDED), 0);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 72);
    assert_int_equal(status_of(fake, PRIMARY).position, 3); /* could still be promoted with it */
    fake_run(fake, 5256 * MS);
    assert_int_equal(fact_count(fake, RECORD_DISCARDED), 2);
    assert_int_equal(fact(fake, RECORD_DISCARDED, 0).version.write, 72);
    assert_int_equal(fact(fake, RECORD_DISCARDED, 0).version.stamp, 2);
    assert_int_equal(fact(fake, RECORD_DISCARDED, 1).version.write, 73);
    assert_int_equal(fact(fake, RECORD_DISCARDED, 1).key, KEY + 1);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 74);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY + 1).write, 0);
    assert_int_equal(state_of(fake, PRIMARY)->end, 1);
    /* 2 keys wanted: 32 + 2 x 4 bytes; answered by 32 + 2 x (100 + 32). */
    assert_int_equal(fake_sent_bytes(fake, PRIMARY_FETCH), 40);
    assert_int_equal(fake_sent_bytes(fake, PRIMARY_DATA), 296);
    /* What it has is as of entry 2: until the log is there (answer 5266, entry 5278) no reads. */
    fake_read(fake, 5277 * MS, PRIMARY, KEY, 82);
    fake_run(fake, 5277 * MS);
    assert_int_equal(fake_reply_to(fake, 82).outcome, RECORD_FAIL);
    assert_int_equal(status_of(fake, PRIMARY).position, 0);
    fake_read(fake, 5279 * MS, PRIMARY, KEY, 83);
    fake_run(fake, 6000 * MS);
    assert_int_equal(fake_reply_to(fake, 83).version.write, 74);
    assert_int_equal(state_of(fake, PRIMARY)->end, 2);
    fake_free(fake);
}

/* Waiting writes of a leader that is demoted are answered as unknown; the entry may live on. */
static void test_demotes(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.acks = PRIMARY_ALL;
    struct fake *fake = managed(&params, 0);
    fake_write(fake, 100 * MS, PRIMARY, KEY, 71);
    fake_call(fake, 105 * MS, PRIMARY, FAKE_DEMOTE, 1);
    fake_write(fake, 106 * MS, PRIMARY, KEY, 72);
    fake_run(fake, 150 * MS);
    assert_int_equal(fake_reply_to(fake, 71).outcome, RECORD_INFO);
    assert_int_equal(fake_reply_to(fake, 71).at_ns, 105 * MS);
    assert_int_equal(fake_reply_to(fake, 72).outcome, RECORD_FAIL);
    assert_leads(fake, 1, (struct fake_fact){.at_ns = 105 * MS, .member = PRIMARY, .epoch = 1});
    uint32_t leader = 0;
    uint64_t epoch = 0;
    assert_true(fake_referred(fake, 72, &leader, &epoch));
    assert_int_equal(leader, UINT32_MAX);
    /* NEAR has 71 and leads; a further try there is known, but waits for all: hello to FAR and
     * back 263, to PRIMARY and back 222; FAR has the entry already and says so. */
    fake_call(fake, 200 * MS, NEAR, FAKE_PROMOTE, 2);
    fake_write(fake, 300 * MS, NEAR, KEY, 71);
    fake_run(fake, 300 * MS);
    assert_int_equal(fake_replies_to(fake, 71), 2);
    fake_write(fake, 300 * MS, NEAR, KEY, 73);
    fake_run(fake, 2000 * MS);
    assert_reply(fake, 73, 363 * MS);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 73);
    fake_free(fake);
}

/* A hand-over: frozen at 100, NEAR has all; demoted, promoted at 200, and nothing is lost. */
static void test_hands_over(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = managed(&params, 0);
    fake_write(fake, 99 * MS, PRIMARY, KEY, 71);
    fake_call(fake, 100 * MS, PRIMARY, FAKE_FREEZE, 0);
    fake_write(fake, 101 * MS, PRIMARY, KEY, 72);
    fake_write(fake, 102 * MS, PRIMARY, KEY, 71); /* known: it is answered */
    fake_run(fake, 199 * MS);
    assert_int_equal(fake_reply_to(fake, 72).outcome, RECORD_FAIL);
    assert_int_equal(fake_replies_to(fake, 71), 2);
    assert_int_equal(status_of(fake, PRIMARY).role, LEADERSHIP_FROZEN);
    assert_leads(fake, 1, (struct fake_fact){.at_ns = 100 * MS, .member = PRIMARY, .epoch = 1});
    fake_call(fake, 200 * MS, PRIMARY, FAKE_THAW, 0);
    fake_write(fake, 201 * MS, PRIMARY, KEY, 73);
    fake_run(fake, 201 * MS);
    assert_reply(fake, 73, 201 * MS);
    fake_call(fake, 300 * MS, PRIMARY, FAKE_DEMOTE, 1);
    fake_call(fake, 300 * MS, NEAR, FAKE_PROMOTE, 2);
    fake_write(fake, 300 * MS, NEAR, KEY, 74);
    fake_run(fake, 5000 * MS);
    assert_int_equal(fact_count(fake, RECORD_DISCARDED), 0);
    assert_int_equal(fact_count(fake, RECORD_LEADER), 5);
    for (uint32_t member = 0; member < 3; member++) {
        assert_int_equal(fake_stored(fake, member, KEY).write, 74);
    }
    fake_free(fake);
}

/*
 * Replaying at 100 entries a second: ten entries are durable at NEAR at 110 and applied at 120,
 * 130, ... 210. Promoted at 155, with six to go, it accepts at 210; a write before is refused
 * without a name.
 */
static void test_replays(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.replay_rate = 100;
    struct fake *fake = managed(&params, 0);
    for (uint64_t i = 1; i <= 10; i++) {
        fake_write(fake, 100 * MS, PRIMARY, KEY + (uint32_t)i, i);
    }
    fake_down(fake, 150 * MS, PRIMARY);
    fake_run(fake, 129 * MS);
    assert_int_equal(status_of(fake, NEAR).applied, 1);
    assert_int_equal(status_of(fake, NEAR).position, 10);
    fake_call(fake, 155 * MS, NEAR, FAKE_PROMOTE, 2);
    fake_write(fake, 200 * MS, NEAR, KEY, 71);
    fake_run(fake, 155 * MS);
    assert_int_equal(status_of(fake, NEAR).applied, 4);
    assert_int_equal(status_of(fake, NEAR).role, LEADERSHIP_REPLAYING);
    fake_run(fake, 300 * MS);
    uint32_t leader = 0;
    uint64_t epoch = 0;
    assert_true(fake_referred(fake, 71, &leader, &epoch));
    assert_int_equal(leader, UINT32_MAX);
    assert_leads(fake, 1,
                 (struct fake_fact){.at_ns = 210 * MS, .member = NEAR, .epoch = 2, .flag = true});
    fake_free(fake);
}

/*
 * NEAR's disk is lost at 500 with the power; it is back at 1000. Its leader's beat (at 1000, there
 * at 1010) makes it ask for a hello (1022, there 1032); then it asks for all 64 keys in chunks of 7
 * (924 of at most 1000 bytes), 10 at a time: asked at 1032, answered at 1044, there at 1054. It
 * says where it stands (1066) and has the write of 1050 at 1076; the log began at entry 1, as of
 * which the copy is.
 */
static void test_copies(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.batch_bytes = 1000;
    struct fake *fake = managed(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_down(fake, 500 * MS, NEAR);
    fake_disk_lost(fake, 500 * MS, NEAR);
    fake_up(fake, 1000 * MS - 1, NEAR);
    fake_read(fake, 1000 * MS, NEAR, KEY, 80);
    fake_write(fake, 1050 * MS, PRIMARY, KEY + 1, 72);
    fake_run(fake, 1009 * MS);
    assert_int_equal(fake_reply_to(fake, 80).outcome, RECORD_FAIL);
    assert_int_equal(status_of(fake, NEAR).epoch, 0);
    fake_run(fake, 1053 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 0);
    assert_int_equal(fake_sent(fake, PRIMARY_FETCH), 10);
    assert_int_equal(fake_sent_bytes(fake, PRIMARY_FETCH), 10 * 32);
    assert_int_equal(fake_sent_bytes(fake, PRIMARY_DATA), 10 * 32 + 64 * 132);
    fake_run(fake, 1054 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 71);
    assert_int_equal(state_of(fake, NEAR)->end, 1);
    assert_int_equal(status_of(fake, NEAR).last_epoch, 1);
    fake_read(fake, 1055 * MS, NEAR, KEY, 81);
    fake_run(fake, 1075 * MS);
    assert_int_equal(fake_reply_to(fake, 81).version.write, 71);
    assert_int_equal(fake_stored(fake, NEAR, KEY + 1).write, 0);
    fake_run(fake, 1076 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY + 1).write, 72);
    fake_free(fake);
}

/*
 * Chunks that are lost: one in the middle is noticed by the next that comes, and all from it on are
 * asked again, once; a lost last one by the timer.
 */
static void test_copies_what_was_lost(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.batch_bytes = 1000;
    struct fake *fake = managed(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_down(fake, 500 * MS, NEAR);
    fake_disk_lost(fake, 500 * MS, NEAR);
    fake_up(fake, 1000 * MS - 1, NEAR);
    fake_run(fake, 1043 * MS);
    fake_lose(fake, PRIMARY, NEAR, PRIMARY_DATA, 1);
    fake_run(fake, 1044 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_DATA), 10);
    fake_run(fake, 1075 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_FETCH), 20); /* at 1054 */
    assert_int_equal(state_of(fake, NEAR)->fetch.received, 0);
    fake_run(fake, 1076 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 71);
    assert_int_equal(fake_sent(fake, PRIMARY_FETCH), 20);
    fake_free(fake);
}

/* The log keeps 1,024 entries; NEAR misses more and is sent a copy as soon as that shows. */
static void test_the_log_is_too_short(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.log_keep = 1024;
    struct fake *fake = managed(&params, 0);
    fake_run(fake, 1 * MS);
    fake_cut(fake, 1 * MS, PRIMARY, NEAR, true);
    for (uint64_t i = 1; i <= 6000; i++) {
        fake_write(fake, (sim_ns)i * 2 * MS, PRIMARY, (uint32_t)(i % FAKE_KEYS), i);
    }
    fake_run(fake, 13000 * MS);
    assert_int_equal(state_of(fake, NEAR)->end, 0);
    assert_true(state_of(fake, PRIMARY)->base > 3000);
    assert_true(state_of(fake, PRIMARY)->entries_capacity <= 4096);
    fake_cut(fake, 13000 * MS, PRIMARY, NEAR, false);
    fake_run(fake, 30000 * MS);
    assert_int_equal(fake_sent(fake, PRIMARY_DATA), 1); /* 64 x 132 bytes fit into one */
    assert_int_equal(state_of(fake, NEAR)->end, 6000);
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        assert_true(version_equal(fake_stored(fake, NEAR, key), fake_stored(fake, PRIMARY, key)));
    }
    fake_free(fake);
}

/*
 * FAR has nothing of the last 1,500 entries and NEAR all of them when it is promoted: it still has
 * what FAR misses, since the heartbeats said so, and no copy is needed.
 */
static void test_keeps_what_others_miss(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake *fake = managed(&params, 0);
    for (uint64_t i = 1; i <= 3000; i++) {
        fake_write(fake, (sim_ns)i * 2 * MS, PRIMARY, (uint32_t)(i % FAKE_KEYS), i);
    }
    fake_cut(fake, 3000 * MS, PRIMARY, FAR, true);
    fake_down(fake, 6500 * MS, PRIMARY);
    fake_call(fake, 7000 * MS, NEAR, FAKE_PROMOTE, 2);
    fake_run(fake, 7000 * MS);
    assert_int_equal(state_of(fake, FAR)->end, 1500);
    assert_in_range(state_of(fake, NEAR)->base, 1, 1500); /* and not for ever */
    fake_run(fake, 8000 * MS);
    assert_int_equal(state_of(fake, FAR)->end, 3000);
    assert_int_equal(fake_sent(fake, PRIMARY_FETCH), 0);
    fake_free(fake);
}

/*
 * Without a failover policy. A follower whose disk is lost copies from the primary: asked at its
 * return (1000), there at 1012, back at 1022. A primary whose disk is lost never accepts again, and
 * nothing that its followers have is touched.
 */
static void test_lost_disks_unmanaged(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake_config config = world_of(&params, 0);
    struct fake *fake = fake_new(&config);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_down(fake, 500 * MS, NEAR);
    fake_disk_lost(fake, 500 * MS, NEAR);
    fake_up(fake, 1000 * MS, NEAR);
    fake_run(fake, 1021 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 0);
    fake_run(fake, 1022 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 71);
    fake_write(fake, 2000 * MS, PRIMARY, KEY, 72);
    fake_run(fake, 2010 * MS);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 72);
    fake_down(fake, 3000 * MS, PRIMARY);
    fake_disk_lost(fake, 3000 * MS, PRIMARY);
    fake_up(fake, 4000 * MS, PRIMARY);
    fake_write(fake, 5000 * MS, PRIMARY, KEY, 73);
    fake_read(fake, 5000 * MS, PRIMARY, KEY, 74);
    fake_run(fake, 100000 * MS);
    assert_int_equal(fake_reply_to(fake, 73).outcome, RECORD_FAIL);
    assert_int_equal(fake_reply_to(fake, 74).outcome, RECORD_FAIL);
    assert_int_equal(fake_stored(fake, NEAR, KEY).write, 72);
    assert_int_equal(fake_stored(fake, FAR, KEY).write, 72);
    fake_free(fake);
}

/*
 * The guard is 20 s: the log's end is noted every second. Both followers are cut off at 500; the
 * write of 1500 is the first that none has. Noted at 2000, it is older than 20 s at the tick of
 * 22000: from then on nothing commits. NEAR is back at 30000; sent again at the next attempt, it
 * has acknowledged all when the guard opens.
 */
static void test_guard(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.rpo_guard = 20000 * MS;
    params.resend_after = 1000 * MS;
    struct fake *fake = managed(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_cut(fake, 500 * MS, PRIMARY, NEAR, true);
    fake_cut(fake, 500 * MS, PRIMARY, FAR, true);
    fake_write(fake, 1500 * MS, PRIMARY, KEY, 72);
    fake_write(fake, 21999 * MS, PRIMARY, KEY, 73);
    fake_write(fake, 22001 * MS, PRIMARY, KEY, 74);
    fake_run(fake, 29999 * MS);
    assert_reply(fake, 72, 1500 * MS);
    assert_reply(fake, 73, 21999 * MS);
    assert_int_equal(fake_replies_to(fake, 74), 0);
    assert_int_equal(status_of(fake, PRIMARY).role, LEADERSHIP_FROZEN);
    uint32_t count = 0;
    const struct fake_mode *modes = fake_modes(fake, &count);
    assert_int_equal(count, 1);
    assert_int_equal(modes[0].mode, PRIMARY_MODE_GUARDED);
    assert_int_equal(modes[0].at_ns, 22000 * MS);
    fake_cut(fake, 30000 * MS, PRIMARY, NEAR, false);
    /* Attempts at 2500, 4500, 8500, 16500, 32500: there at 32510, heard of at 32522. */
    fake_run(fake, 32521 * MS);
    assert_int_equal(fake_replies_to(fake, 74), 0);
    fake_run(fake, 32522 * MS);
    assert_reply(fake, 74, 32522 * MS);
    modes = fake_modes(fake, &count);
    assert_int_equal(count, 2);
    assert_int_equal(modes[1].mode, PRIMARY_MODE_NORMAL);
    fake_free(fake);
}

/*
 * Lag by heartbeats: the beat of 5000 says where the log ended; it is at FAR at 5040, as are the
 * entries. At 5500 FAR is 500 behind; cut off from 5100, 3500 behind at 8500. Its clock is 7 ahead
 * and shows in it.
 */
static void test_lag(void **state)
{
    (void)state;
    const struct primary_params params = defaults();
    struct fake_config config = world_of(&params, 0);
    config.managed = true;
    config.clock_offset_ns[FAR] = 7 * MS;
    struct fake *fake = fake_new(&config);
    for (int i = 0; i < 100; i++) {
        fake_write(fake, i * 100 * MS, PRIMARY, KEY, (uint64_t)i + 1);
    }
    fake_cut(fake, 5100 * MS, PRIMARY, FAR, true);
    fake_run(fake, 5500 * MS);
    assert_int_equal(status_of(fake, FAR).behind_ns, 507 * MS);
    assert_int_equal(status_of(fake, PRIMARY).behind_ns, 0);
    fake_run(fake, 8500 * MS);
    assert_int_equal(status_of(fake, FAR).behind_ns, 3507 * MS);
    assert_int_equal(status_of(fake, NEAR).behind_ns, 500 * MS);
    fake_free(fake);
}

/*
 * A chain 1, 0, 2. Its head dies, NEAR (0) leads: the chain is now 0, 2, 1. The old head is back at
 * 2000 with 72, which nobody has: the beat of 2200 finds it.
 */
static void test_cascade(void **state)
{
    (void)state;
    struct primary_params params = defaults();
    params.topology = PRIMARY_CASCADE;
    params.acks = PRIMARY_SEMI_SYNC;
    struct fake *fake = managed(&params, 0);
    fake_write(fake, 0, PRIMARY, KEY, 71);
    fake_cut(fake, 90 * MS, PRIMARY, NEAR, true);
    fake_write(fake, 100 * MS, PRIMARY, KEY, 72);
    fake_down(fake, 150 * MS, PRIMARY);
    fake_cut(fake, 160 * MS, PRIMARY, NEAR, false);
    fake_call(fake, 200 * MS, NEAR, FAKE_PROMOTE, 2);
    fake_write(fake, 300 * MS, NEAR, KEY, 73);
    /* FAR has the hello at 230 and is heard at 263; entry 2 is there at 330, heard of at 363. */
    fake_run(fake, 400 * MS);
    assert_reply(fake, 73, 363 * MS);
    fake_up(fake, 2000 * MS, PRIMARY);
    fake_run(fake, 2000 * MS);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 72);
    fake_run(fake, 4000 * MS);
    assert_int_equal(fact_count(fake, RECORD_DISCARDED), 1);
    assert_int_equal(fake_stored(fake, PRIMARY, KEY).write, 73);
    assert_int_equal(state_of(fake, PRIMARY)->upstream, FAR);
    fake_write(fake, 4000 * MS, NEAR, KEY, 74);
    assert_appears(fake, PRIMARY, 74, 4074 * MS); /* 30 to FAR, 44 on */
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promotes),
        cmocka_unit_test(test_split_brain),
        cmocka_unit_test(test_demotes),
        cmocka_unit_test(test_hands_over),
        cmocka_unit_test(test_replays),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_copies_what_was_lost),
        cmocka_unit_test(test_the_log_is_too_short),
        cmocka_unit_test(test_keeps_what_others_miss),
        cmocka_unit_test(test_lost_disks_unmanaged),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_cascade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
