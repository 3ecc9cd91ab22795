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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promotes), cmocka_unit_test(test_split_brain),
        cmocka_unit_test(test_demotes),  cmocka_unit_test(test_hands_over),
        cmocka_unit_test(test_replays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
