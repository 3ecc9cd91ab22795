/*
 * multi_primary on the toy world: timelines worked out by hand, and storms after which all replicas
 * must be equal.
 */
#include "tests/models/replication/multi_case.h"

enum { KEY = 5 };

static struct fake *start(const struct multi_params *params, sim_ns disk_ns)
{
    struct fake_config config = multi_case_config(params, 3);
    config.disk_ns = disk_ns;
    return fake_new(&config);
}

static void assert_appears(struct fake *fake, uint32_t member, uint32_t key, uint64_t write,
                           sim_ns at_ns)
{
    fake_run(fake, at_ns - 1);
    assert_int_not_equal(fake_stored(fake, member, key).write, write);
    fake_run(fake, at_ns);
    assert_int_equal(fake_stored(fake, member, key).write, write);
}

static void assert_reply(const struct fake *fake, uint64_t operation, enum record_outcome outcome,
                         sim_ns at_ns)
{
    const struct fake_reply reply = fake_reply_to(fake, operation);
    assert_int_equal(reply.at_ns, at_ns);
    assert_int_equal(reply.outcome, outcome);
}

static void assert_all_hold(struct fake *fake, uint32_t members, uint32_t key, uint64_t write)
{
    for (uint32_t member = 0; member < members; member++) {
        assert_int_equal(fake_stored(fake, member, key).write, write);
    }
}

static void test_acknowledgements(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    assert_appears(fake, 1, KEY, 71, 17 * MS); /* passed on at once */
    assert_appears(fake, 2, KEY, 71, 47 * MS);
    assert_reply(fake, 71, RECORD_OK, 7 * MS);
    fake_free(fake);
    params.ack = MULTI_ACK_DISK;
    fake = start(&params, 3 * MS);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    assert_appears(fake, 1, KEY, 71, 20 * MS); /* when it is on disk */
    assert_reply(fake, 71, RECORD_OK, 10 * MS);
    fake_read(fake, 30 * MS, 1, KEY, 1);
    fake_read(fake, 30 * MS, 2, KEY, 2); /* there it is not yet */
    fake_run(fake, 100 * MS);
    assert_int_equal(fake_reply_to(fake, 1).version.write, 71);
    assert_int_equal(fake_reply_to(fake, 2).version.write, 0);
    assert_int_equal(fake_sent(fake, MULTI_BATCH), 2);
    assert_int_equal(fake_sent(fake, MULTI_ACK), 2);
    assert_int_equal(fake_pending(fake, 0), 0);
    fake_free(fake);
}

/* All in one region: itself and the nearest, 3 ms of disk, 10 ms there, 3 ms of disk, 12 ms back.
 */
static void test_local_quorum(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.ack = MULTI_ACK_LOCAL_QUORUM;
    struct fake_config config = multi_case_config(&params, 3);
    config.disk_ns = 3 * MS;
    config.regions[1] = config.regions[2] = config.regions[0];
    struct fake *fake = fake_new(&config);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    fake_down(fake, 200 * MS, 1);
    fake_write(fake, 300 * MS, 0, KEY, 72); /* the other one: 3 + 40 + 3 + 44 */
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 35 * MS);
    assert_reply(fake, 72, RECORD_OK, 390 * MS);
    assert_int_equal(fake_pending(fake, 0), 0);
    fake_free(fake);
}

static void test_topologies(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.topology = MULTI_RING;
    struct fake *fake = start(&params, 0);
    fake_write(fake, 0, 1, KEY, 71); /* 1 > 2 > 0 */
    assert_appears(fake, 2, KEY, 71, 30 * MS);
    assert_appears(fake, 0, KEY, 71, 74 * MS);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_sent(fake, MULTI_BATCH), 3); /* once around, as MySQL's ring does */
    fake_free(fake);
    params.topology = MULTI_HUB;
    params.hub = 21; /* member 1 */
    fake = start(&params, 0);
    fake_write(fake, 0, 2, KEY, 71);
    assert_appears(fake, 1, KEY, 71, 33 * MS);
    assert_appears(fake, 0, KEY, 71, 45 * MS);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_sent(fake, MULTI_BATCH), 2);
    fake_free(fake);
}

static void test_batches_and_items(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.batch_wait = 100 * MS;
    struct fake *fake = start(&params, 0);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    fake_write(fake, 50 * MS, 0, 6, 72);
    assert_appears(fake, 1, KEY, 71, 117 * MS);
    assert_int_equal(fake_stored(fake, 1, 6).write, 72);
    assert_int_equal(fake_sent(fake, MULTI_BATCH), 2);
    assert_int_equal(fake_sent_bytes(fake, MULTI_BATCH),
                     2 * 2 * (FAKE_VALUE_BYTES + MULTI_ENTRY_BYTES));
    fake_free(fake);
    params.batch_max = 2;
    fake = start(&params, 0);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    fake_write(fake, 50 * MS, 0, 6, 72);
    assert_appears(fake, 1, KEY, 71, 60 * MS); /* full */
    fake_free(fake);
    params.order = MULTI_ITEMS;
    fake = start(&params, 0);
    fake_lose(fake, 0, 1, MULTI_ITEM, 1);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    fake_write(fake, 50 * MS, 0, 6, 72);
    assert_appears(fake, 1, 6, 72, 60 * MS); /* the second overtakes the first, which was lost */
    assert_int_equal(fake_stored(fake, 1, KEY).write, 0);
    fake_run(fake, 3000 * MS);
    assert_all_hold(fake, 3, KEY, 71);
    fake_free(fake);
}

/* How many of the keys 0 to 3 the member holds in that version. */
static uint32_t parts(const struct fake *fake, uint32_t member, uint64_t write)
{
    uint32_t count = 0;
    for (uint32_t key = 0; key < 4; key++) {
        count += fake_stored(fake, member, key).write == write;
    }
    return count;
}

static void nothing_is_torn(struct fake *fake)
{
    for (uint32_t member = 0; member < 3; member++) {
        const uint32_t held = parts(fake, member, 71);
        assert_true(held == 0 || held == 4);
    }
}

/* Four keys in one transaction, batches of at most three: one message, and nobody sees a part. */
static void test_transactions(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.batch_max = 3;
    params.ack = MULTI_ACK_DISK;
    for (int order = MULTI_LOG; order <= MULTI_CAUSAL; order += MULTI_CAUSAL - MULTI_LOG) {
        params.order = (uint32_t)order;
        struct fake *fake = start(&params, 3 * MS);
        fake_watch(fake, nothing_is_torn);
        fake_write(fake, 5 * MS, 0, 9, 70);
        fake_transaction(fake, 6 * MS, 0, 0, 71, 4); /* waits for the next sync, at 11 ms */
        fake_run(fake, 1000 * MS);
        assert_int_equal(parts(fake, 1, 71), 4);
        assert_int_equal(parts(fake, 2, 71), 4);
        assert_reply(fake, 71, RECORD_OK, 11 * MS);
        assert_int_equal(fake_sent(fake, MULTI_BATCH), 4);
        assert_int_equal(fake_sent_bytes(fake, MULTI_BATCH),
                         2 * 5 * (FAKE_VALUE_BYTES + MULTI_ENTRY_BYTES));
        fake_free(fake);
    }
    params.order = MULTI_ITEMS;
    struct fake *fake = start(&params, 0);
    fake_lose(fake, 0, 1, MULTI_ITEM, 1);
    fake_transaction(fake, 5 * MS, 0, 0, 71, 4);
    fake_run(fake, 100 * MS);
    assert_int_equal(parts(fake, 1, 71), 3); /* torn, until the lost one is sent again */
    assert_int_equal(parts(fake, 2, 71), 4);
    fake_run(fake, 3000 * MS);
    assert_int_equal(parts(fake, 1, 71), 4);
    fake_free(fake);
}

/* The log waits for what is missing. */
static void test_log_keeps_order(void **state)
{
    (void)state;
    const struct multi_params params = multi_case_params();
    struct fake *fake = start(&params, 0);
    fake_lose(fake, 0, 1, MULTI_BATCH, 1);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    fake_write(fake, 50 * MS, 0, 6, 72);
    fake_run(fake, 71 * MS);
    assert_int_equal(fake_stored(fake, 1, 6).write, 0); /* it came at 60 and could not be taken */
    assert_appears(fake, 1, 6, 72, 82 * MS);            /* it said so at once: 60 + 12 + 10 */
    assert_int_equal(fake_stored(fake, 1, KEY).write, 71);
    fake_free(fake);
}

/* Member 0's clock is a second ahead: what is written after it is lost for a second. */
static void test_fast_clock(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    for (int turn = 0; turn < 3; turn++) {
        params.after_stored = turn == 1;
        if (turn == 2) {
            params.stamps = multi_case_hybrid();
        }
        struct fake_config config = multi_case_config(&params, 3);
        config.clock_offset_ns[0] = 1000 * MS;
        struct fake *fake = fake_new(&config);
        fake_write(fake, 0, 0, KEY, 71);
        fake_write(fake, 500 * MS, 1, KEY, 72);
        fake_run(fake, 600 * MS);
        assert_int_equal(fake_reply_to(fake, 72).outcome, RECORD_OK);
        assert_all_hold(fake, 3, KEY, turn == 0 ? 71 : 72);
        fake_write(fake, 1001 * MS, 1, KEY, 73);
        fake_run(fake, 2000 * MS);
        assert_all_hold(fake, 3, KEY, 73);
        fake_free(fake);
    }
}

/* Member 0 is cut off for 5 s; both sides write 40 keys. */
static void cut_off(struct fake *fake, uint32_t writes)
{
    multi_case_cut(fake, 10 * MS, 5000 * MS, 0, 1);
    multi_case_cut(fake, 10 * MS, 5000 * MS, 0, 2);
    for (uint32_t i = 0; i < writes; i++) {
        fake_write(fake, (100 + 20 * (sim_ns)i) * MS, 0, i, 1000 + i);
        fake_write(fake, (105 + 20 * (sim_ns)i) * MS, 1, i + 10, 2000 + i);
    }
}

static void assert_cut_off_converged(struct fake *fake, uint32_t writes)
{
    for (uint32_t key = 0; key < writes + 10; key++) {
        const uint64_t east = key < writes ? 1000 + key : 0;
        const uint64_t west = key >= 10 ? 1990 + key : 0;
        /* Of both, the one of member 0 came later: 200 ms. */
        assert_all_hold(fake, 3, key, east != 0 ? east : west);
    }
}

static void test_partition(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct multi_params params = multi_case_params();
    struct fake *fake = start(&params, 0);
    cut_off(fake, COUNT);
    fake_run(fake, 20000 * MS);
    assert_cut_off_converged(fake, COUNT);
    assert_int_equal(fake_sent(fake, MULTI_TREE), 0); /* by the queue alone */
    fake_free(fake);
    params.queue = 5;
    fake = start(&params, 0);
    cut_off(fake, COUNT);
    fake_run(fake, 40000 * MS);
    assert_cut_off_converged(fake, COUNT);
    assert_true(fake_sent(fake, MULTI_WANT) > 0); /* by comparing */
    uint32_t modes = 0;
    const struct fake_mode *mode = fake_modes(fake, &modes);
    assert_true(modes >= 2);
    assert_int_equal(mode[0].mode, MULTI_MODE_REPAIR);
    assert_int_equal(mode[modes - 1].mode, MULTI_MODE_LOG);
    fake_free(fake);
}

/* 5 s of writes are enough to drop the queues; keys 0 to 49 are known to all before. */
static uint64_t caught_up_bytes(uint32_t catch_up)
{
    enum { KNOWN = 50, COUNT = 20 };
    struct multi_params params = multi_case_params();
    params.catch_up = catch_up;
    params.queue = 5;
    struct fake *fake = start(&params, 0);
    for (uint32_t key = 0; key < KNOWN; key++) {
        fake_write(fake, (sim_ns)key * 100 * MS, 0, key, 5000 + key);
    }
    fake_run(fake, 6000 * MS);
    const uint64_t before = fake_sent_bytes(fake, MULTI_BATCH);
    multi_case_cut(fake, 6000 * MS, 9000 * MS, 0, 1);
    for (uint32_t i = 0; i < COUNT; i++) {
        fake_write(fake, (6100 + 20 * (sim_ns)i) * MS, 0, i, 1000 + i);
    }
    fake_run(fake, 40000 * MS);
    for (uint32_t key = 0; key < KNOWN; key++) {
        assert_all_hold(fake, 3, key, key < COUNT ? 1000 + key : 5000 + key);
    }
    const uint64_t sent = fake_sent_bytes(fake, MULTI_BATCH) - before;
    fake_free(fake);
    return sent / (FAKE_VALUE_BYTES + MULTI_ENTRY_BYTES);
}

static void test_catch_up(void **state)
{
    (void)state;
    const uint64_t compared = caught_up_bytes(MULTI_COMPARE), full = caught_up_bytes(MULTI_FULL);
    assert_true(compared < 120); /* 20 to member 2, and 20 once or twice to member 1 */
    assert_true(full >= compared + 2 * 50 - 20); /* all keys, both ways, at least once */
}

static void test_refuse(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.queue = 5;
    params.overflow = MULTI_REFUSE;
    struct fake *fake = start(&params, 0);
    multi_case_cut(fake, 10 * MS, 5000 * MS, 0, 1);
    for (uint32_t i = 0; i < 10; i++) {
        fake_write(fake, (100 + 20 * (sim_ns)i) * MS, 0, i, 1000 + i);
    }
    fake_write(fake, 15000 * MS, 0, 20, 71);
    fake_run(fake, 20000 * MS);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(fake_reply_to(fake, 1000 + i).outcome, i < 5 ? RECORD_OK : RECORD_FAIL);
        assert_all_hold(fake, 3, i, i < 5 ? 1000 + i : 0);
    }
    assert_int_equal(fake_reply_to(fake, 71).outcome, RECORD_OK);
    assert_int_equal(fake_sent(fake, MULTI_TREE), 0);
    fake_free(fake);
}

/* A crash takes what was acknowledged from memory; the others have it and give it back. */
static void test_crash(void **state)
{
    (void)state;
    const struct multi_params params = multi_case_params();
    struct fake *fake = start(&params, 3 * MS);
    fake_write(fake, 1 * MS, 0, 4, 70);
    fake_write(fake, 10 * MS, 0, KEY, 71);
    fake_down(fake, 12 * MS, 0);
    fake_run(fake, 13 * MS);
    assert_int_equal(fake_stored(fake, 0, 4).write, 70); /* its disk had that one */
    assert_int_equal(fake_stored(fake, 0, KEY).write, 0);
    fake_write(fake, 50 * MS, 1, 6, 72);
    fake_up(fake, 1000 * MS, 0);
    fake_run(fake, 5000 * MS);
    assert_all_hold(fake, 3, KEY, 71);
    assert_all_hold(fake, 3, 6, 72);
    fake_free(fake);
}

static void test_lost_disk(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    for (int topology = MULTI_MESH; topology <= MULTI_HUB; topology++) {
        params.topology = (uint32_t)topology;
        params.hub = 22;
        struct fake *fake = start(&params, 3 * MS);
        for (uint32_t key = 0; key < FAKE_KEYS; key++) {
            fake_write(fake, (sim_ns)key * MS, key % 3, key, 1000 + key);
        }
        fake_down(fake, 1000 * MS, 0);
        fake_disk_lost(fake, 1001 * MS, 0);
        fake_write(fake, 1500 * MS, 1, 0, 71);
        fake_up(fake, 2000 * MS, 0);
        fake_write(fake, 2001 * MS, 0, 1, 72); /* it accepts writes at once */
        fake_run(fake, 20000 * MS);
        for (uint32_t key = 2; key < FAKE_KEYS; key++) {
            assert_all_hold(fake, 3, key, 1000 + key);
        }
        assert_all_hold(fake, 3, 0, 71);
        assert_all_hold(fake, 3, 1, 72);
        fake_free(fake);
    }
}

/* ---- storms ---- */

static void run_storm(uint64_t seed)
{
    uint64_t random = seed;
    struct multi_params params = multi_case_params();
    const uint32_t count = 2 + multi_case_draw(&random, 3);
    params.topology = multi_case_draw(&random, 3);
    params.hub = 20 + multi_case_draw(&random, count);
    params.order = multi_case_draw(&random, 2);
    if (params.topology == MULTI_MESH && seed % 3 == 0) {
        params.order = MULTI_CAUSAL;
    }
    params.ack = multi_case_draw(&random, 2);
    params.queue = multi_case_draw(&random, 2) == 0 ? 8 : 100000;
    params.overflow = multi_case_draw(&random, 4) == 0 ? MULTI_REFUSE : MULTI_DROP;
    params.window = multi_case_draw(&random, 2) == 0 ? 6 : 10000;
    params.batch_max = 1 + multi_case_draw(&random, 9);
    params.batch_wait = multi_case_draw(&random, 2) * 30 * MS;
    if (multi_case_draw(&random, 2) == 0) {
        params.stamps = multi_case_hybrid();
    }
    struct fake_config config = multi_case_config(&params, count);
    config.disk_ns = multi_case_draw(&random, 2) * 3 * MS;
    config.jitter_ns = multi_case_draw(&random, 2) * 25 * MS;
    config.twice_percent = multi_case_draw(&random, 2) * 10;
    config.seed = seed;
    config.clock_offset_ns[0] = multi_case_draw(&random, 300) * MS;
    struct fake *fake = fake_new(&config);
    for (uint64_t write = 1; write <= 400; write++) {
        fake_write(fake, (100 + (sim_ns)multi_case_draw(&random, 9000)) * MS,
                   multi_case_draw(&random, count), multi_case_draw(&random, FAKE_KEYS), write);
    }
    multi_case_storm(fake, &random, count, true);
    fake_run(fake, 600 * SIM_NS_PER_S);
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        const struct version first = fake_stored(fake, 0, key);
        for (uint32_t member = 1; member < count; member++) {
            if (!version_equal(first, fake_stored(fake, member, key))) {
                fail_msg("seed %llu: members 0 and %u differ about key %u",
                         (unsigned long long)seed, member, key);
            }
        }
    }
    if (fake_blocks(fake) > 0) { /* batches that wait for what they follow */
        fail_msg("seed %llu: %u blocks are still held", (unsigned long long)seed,
                 fake_blocks(fake));
    }
    fake_free(fake);
}

static void test_storms(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        run_storm(seed);
    }
    /* Two disks lost in a ring: a write lives on beyond the one that accepted it. */
    run_storm(1427);
    run_storm(10724);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledgements),
        cmocka_unit_test(test_local_quorum),
        cmocka_unit_test(test_topologies),
        cmocka_unit_test(test_batches_and_items),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_log_keeps_order),
        cmocka_unit_test(test_fast_clock),
        cmocka_unit_test(test_partition),
        cmocka_unit_test(test_catch_up),
        cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_lost_disk),
        cmocka_unit_test(test_storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
