/*
 * multi_primary with values that merge, on the toy world: what is sent, in which order it is shown,
 * and that everything counts once.
 */
#include "tests/models/replication/multi_case.h"

enum { KEY = 5, OTHER = 6 };

/* Of the counter of fake_replica.h: 8 bytes and 24 for each actor that is in what is sent. */
enum { ONE_ACTOR = 32 + MULTI_ENTRY_BYTES, TWO_ACTORS = 56 + MULTI_ENTRY_BYTES };

static void add(struct fake *fake, sim_ns at_ns, uint32_t member, uint32_t key, uint64_t operation,
                uint32_t amount)
{
    fake_change(fake, at_ns, member, key, operation,
                value_request_pack(VALUE_INCREMENT, 0, amount));
}

static int64_t number(const struct fake *fake, uint32_t member, uint32_t key)
{
    return fake_view(fake, member, key).number;
}

static void assert_becomes(struct fake *fake, uint32_t member, uint32_t key, int64_t value,
                           sim_ns at_ns)
{
    fake_run(fake, at_ns - 1);
    assert_int_not_equal(number(fake, member, key), value);
    fake_run(fake, at_ns);
    assert_int_equal(number(fake, member, key), value);
}

static void assert_all_are(const struct fake *fake, uint32_t key, int64_t value)
{
    for (uint32_t member = 0; member < 3; member++) {
        assert_int_equal(number(fake, member, key), value);
        assert_true(fake_digest(fake, member, key) == fake_digest(fake, 0, key));
    }
}

/* Three writes of a key and one of another wait for a batch, to two neighbours. */
static void test_what_is_sent(void **state)
{
    (void)state;
    static const uint32_t entries[VALUE_FORM_COUNT] = {
        [VALUE_STATE] = 2, [VALUE_DELTA] = 2, [VALUE_OPERATION] = 4};
    for (uint32_t form = 0; form < VALUE_FORM_COUNT; form++) {
        struct multi_params params = multi_case_params();
        params.batch_wait = 100 * MS;
        params.exchange = form;
        struct fake *fake = multi_case_counter(&params);
        add(fake, 10 * MS, 0, KEY, 1, 3);
        add(fake, 20 * MS, 0, OTHER, 2, 7);
        add(fake, 30 * MS, 0, KEY, 3, 4);
        add(fake, 40 * MS, 0, KEY, 4, 5);
        assert_becomes(fake, 1, KEY, 12, 120 * MS);
        assert_becomes(fake, 2, KEY, 12, 150 * MS);
        fake_run(fake, 1000 * MS);
        assert_all_are(fake, OTHER, 7);
        assert_int_equal(fake_sent(fake, MULTI_BATCH), 2);
        assert_int_equal(fake_sent_bytes(fake, MULTI_BATCH), 2 * entries[form] * ONE_ACTOR);
        assert_int_equal(fake_blocks(fake), 0);
        fake_free(fake);
    }
}

/* The second write is made where the first is known: a state has both, a delta only its own. */
static void test_states_grow(void **state)
{
    (void)state;
    static const uint32_t bytes[VALUE_FORM_COUNT] = {[VALUE_STATE] = ONE_ACTOR + TWO_ACTORS,
                                                     [VALUE_DELTA] = 2 * ONE_ACTOR,
                                                     [VALUE_OPERATION] = 2 * ONE_ACTOR};
    for (uint32_t form = 0; form < VALUE_FORM_COUNT; form++) {
        struct multi_params params = multi_case_params();
        params.exchange = form;
        struct fake *fake = multi_case_counter(&params);
        add(fake, 0, 0, KEY, 1, 3);
        add(fake, 100 * MS, 1, KEY, 2, 4);
        fake_run(fake, 1000 * MS);
        assert_all_are(fake, KEY, 7);
        assert_int_equal(fake_sent_bytes(fake, MULTI_BATCH), 2 * bytes[form]);
        fake_free(fake);
    }
}

static void test_topologies(void **state)
{
    (void)state;
    for (uint32_t form = VALUE_STATE; form <= VALUE_DELTA; form++) {
        struct multi_params params = multi_case_params();
        params.exchange = form;
        params.topology = MULTI_RING;
        struct fake *fake = multi_case_counter(&params);
        add(fake, 0, 1, KEY, 1, 3); /* 1 > 2 > 0 > 1 */
        assert_becomes(fake, 0, KEY, 3, 74 * MS);
        fake_run(fake, 1000 * MS);
        assert_int_equal(fake_sent(fake, MULTI_BATCH), 3);
        fake_free(fake);
        params.topology = MULTI_HUB;
        params.hub = 21; /* member 1 */
        fake = multi_case_counter(&params);
        add(fake, 0, 2, KEY, 1, 3);
        assert_becomes(fake, 0, KEY, 3, 45 * MS);
        fake_run(fake, 1000 * MS);
        assert_int_equal(fake_sent(fake, MULTI_BATCH), 2);
        assert_int_equal(fake_blocks(fake), 0);
        fake_free(fake);
    }
}

/* Items of states: the two that wait for one neighbour are sent once. */
static void test_items(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.order = MULTI_ITEMS;
    params.window = 1;
    struct fake *fake = multi_case_counter(&params);
    add(fake, 0, 0, KEY, 1, 1);
    add(fake, 1 * MS, 0, OTHER, 2, 2); /* the window is full until 22 and 84 ms */
    add(fake, 2 * MS, 0, OTHER, 3, 3);
    fake_run(fake, 1000 * MS);
    assert_all_are(fake, KEY, 1);
    assert_all_are(fake, OTHER, 5);
    assert_int_equal(fake_sent(fake, MULTI_ITEM), 4);
    fake_free(fake);
}

static void test_refused(void **state)
{
    (void)state;
    const struct multi_params params = multi_case_params();
    struct fake *fake = multi_case_counter(&params);
    add(fake, 7 * MS, 0, KEY, 1, FAKE_AMOUNT_MOST + 1);
    fake_read(fake, 8 * MS, 0, KEY, 2);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_reply_to(fake, 1).outcome, RECORD_FAIL);
    assert_int_equal(fake_reply_to(fake, 1).at_ns, 7 * MS);
    assert_int_equal(fake_reply_to(fake, 2).view.number, 0);
    assert_int_equal(fake_sent(fake, MULTI_BATCH), 0);
    fake_free(fake);
}

/*
 * Member 0's operation reaches 1 and not 2. Then 1 restarts, compares itself with 2 and gives it a
 * state that has the operation in it; and when 0 gets through at last, the operation itself comes.
 */
static void test_operation_in_a_state(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.exchange = VALUE_OPERATION;
    struct fake *fake = multi_case_counter(&params);
    multi_case_cut(fake, 0, 5000 * MS, 0, 2);
    add(fake, 1 * MS, 0, KEY, 1, 5);
    add(fake, 2 * MS, 1, KEY, 2, 20);
    fake_down(fake, 1000 * MS, 1);
    fake_up(fake, 1100 * MS, 1);
    fake_run(fake, 900 * MS);
    assert_int_equal(number(fake, 2, KEY), 20);
    fake_run(fake, 4900 * MS);
    assert_int_equal(number(fake, 2, KEY), 25);
    fake_run(fake, 20000 * MS);
    assert_all_are(fake, KEY, 25);
    add(fake, 20001 * MS, 0, KEY, 3, 100); /* and the next one counts */
    fake_run(fake, 30000 * MS);
    assert_all_are(fake, KEY, 125);
    fake_free(fake);
}

/*
 * The same with what 2 knows on a disk: the state came a moment before it lost power, and with it
 * goes what it knew of the operation's position.
 */
static void test_positions_go_back_with_the_disk(void **state)
{
    (void)state;
    for (int down_ms = 1150; down_ms < 1350; down_ms++) {
        struct multi_params params = multi_case_params();
        params.exchange = VALUE_OPERATION;
        struct fake_config config = multi_case_config(&params, 3);
        config.value.ops = &fake_counter_ops;
        config.disk_ns = 20 * MS;
        struct fake *fake = fake_new(&config);
        multi_case_cut(fake, 0, 5000 * MS, 0, 2);
        add(fake, 1 * MS, 0, KEY, 1, 5);
        fake_down(fake, 1000 * MS, 1);
        fake_up(fake, 1100 * MS, 1);
        fake_down(fake, down_ms * MS, 2);
        fake_up(fake, (down_ms + 50) * MS, 2);
        fake_run(fake, 30000 * MS);
        assert_all_are(fake, KEY, 5);
        fake_free(fake);
    }
}

/* What waits for a neighbour is dropped at five entries; then states bring it, and nothing twice.
 */
static void test_operations_after_a_dropped_queue(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct multi_params params = multi_case_params();
    params.exchange = VALUE_OPERATION;
    params.queue = 5;
    struct fake *fake = multi_case_counter(&params);
    multi_case_cut(fake, 10 * MS, 5000 * MS, 0, 1);
    multi_case_cut(fake, 10 * MS, 5000 * MS, 0, 2);
    for (uint64_t i = 1; i <= COUNT; i++) {
        add(fake, (sim_ns)i * 200 * MS, 0, KEY, i, 1); /* to 8 s: during, while and after */
        add(fake, (sim_ns)i * 200 * MS, 1, KEY, 100 + i, 1000);
    }
    fake_run(fake, 40000 * MS);
    assert_true(fake_sent(fake, MULTI_WANT) > 0);
    assert_all_are(fake, KEY, COUNT * 1001);
    fake_free(fake);
}

/* 0 asks, 1 sees it and answers; 2 is far from 0 and near to 1. */
static struct fake *far_from_the_first(struct multi_params *params)
{
    struct fake_config config = multi_case_config(params, 3);
    config.value.ops = &fake_counter_ops;
    config.one_way_ns[0][2] = 200 * MS;
    struct fake *fake = fake_new(&config);
    add(fake, 0, 0, KEY, 1, 1);
    add(fake, 20 * MS, 1, OTHER, 2, 1);
    return fake;
}

static void test_causal_order(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    for (uint32_t form = VALUE_DELTA; form <= VALUE_OPERATION; form++) {
        params.exchange = form;
        params.order = MULTI_LOG;
        struct fake *fake = far_from_the_first(&params);
        assert_becomes(fake, 2, OTHER, 1, 50 * MS); /* the answer */
        assert_becomes(fake, 2, KEY, 1, 200 * MS);  /* what it is about */
        fake_free(fake);
        params.order = MULTI_CAUSAL;
        fake = far_from_the_first(&params);
        assert_becomes(fake, 2, OTHER, 1, 200 * MS);
        assert_int_equal(number(fake, 2, KEY), 1);
        fake_run(fake, 1000 * MS);
        /* Of the answer's positions one is not 0: where 0's log is. */
        assert_int_equal(fake_sent_bytes(fake, MULTI_BATCH),
                         4 * ONE_ACTOR + 2 * MULTI_POSITION_BYTES);
        assert_int_equal(fake_blocks(fake), 0);
        fake_free(fake);
    }
}

/* Registers too: each has its own version in the message. */
static void test_causal_registers(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.order = MULTI_CAUSAL;
    struct fake_config config = multi_case_config(&params, 3);
    config.one_way_ns[0][2] = 200 * MS;
    struct fake *fake = fake_new(&config);
    fake_write(fake, 0, 0, KEY, 71);
    fake_write(fake, 20 * MS, 1, OTHER, 72);
    fake_write(fake, 21 * MS, 0, OTHER + 1, 73); /* follows nothing of others */
    fake_run(fake, 200 * MS - 1);
    assert_int_equal(fake_stored(fake, 2, OTHER).write, 0);
    fake_run(fake, 200 * MS);
    assert_int_equal(fake_stored(fake, 2, KEY).write, 71);
    assert_int_equal(fake_stored(fake, 2, OTHER).write, 72);
    fake_run(fake, 221 * MS);
    assert_int_equal(fake_stored(fake, 2, OTHER + 1).write, 73);
    fake_free(fake);
}

/* What a crash has made void is not waited for: 0 lost its first write, which 1 had answered. */
static void test_causes_that_are_gone(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.order = MULTI_CAUSAL;
    params.exchange = VALUE_DELTA;
    struct fake_config config = multi_case_config(&params, 3);
    config.value.ops = &fake_counter_ops;
    config.disk_ns = 30 * MS;
    struct fake *fake = fake_new(&config);
    fake_cut(fake, 0, 0, 2, true);
    add(fake, 1 * MS, 0, KEY, 1, 1);
    add(fake, 20 * MS, 1, OTHER, 2, 1);
    fake_down(fake, 21 * MS, 0);
    fake_run(fake, 900 * MS);
    assert_int_equal(number(fake, 2, OTHER), 0);
    fake_cut(fake, 950 * MS, 0, 2, false);
    fake_up(fake, 1000 * MS, 0);
    fake_run(fake, 20000 * MS);
    assert_all_are(fake, KEY, 1); /* 1 gave it back */
    assert_all_are(fake, OTHER, 1);
    fake_free(fake);
}

static const struct fake_fact *confirmed(const struct fake *fake, uint32_t member, uint64_t write)
{
    uint32_t count = 0;
    const struct fake_fact *facts = fake_facts(fake, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (facts[i].kind == RECORD_CONFIRMED && facts[i].member == member &&
            facts[i].version.write == write) {
            return &facts[i];
        }
    }
    fail_msg("write %llu is not confirmed at %u", (unsigned long long)write, member);
    return NULL;
}

/* Member 1 is the hub; disks take 3 ms. */
static void test_confirmation(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.topology = MULTI_HUB;
    params.hub = 21;
    params.confirm = true;
    for (int merges = 0; merges < 2; merges++) {
        struct fake_config config = multi_case_config(&params, 3);
        config.disk_ns = 3 * MS;
        config.value.ops = merges ? &fake_counter_ops : NULL;
        struct fake *fake = fake_new(&config);
        fake_write(fake, 0, 2, KEY, 71);
        fake_write(fake, 500 * MS, 1, KEY, 72);
        fake_run(fake, 2000 * MS);
        assert_int_equal(confirmed(fake, 1, 71)->at_ns, 33 * MS);
        assert_int_equal(confirmed(fake, 0, 71)->at_ns, 45 * MS);
        assert_int_equal(confirmed(fake, 2, 71)->at_ns, (33 + 3 + 30) * MS); /* it is on its disk */
        assert_int_equal(confirmed(fake, 1, 72)->at_ns, 500 * MS);
        assert_int_equal(confirmed(fake, 0, 72)->at_ns, 512 * MS);
        assert_int_equal(confirmed(fake, 2, 72)->at_ns, 530 * MS);
        fake_free(fake);
    }
}

/*
 * Clocks are within 4 ms: a write at 7 ms is stamped 11 ms, and that is surely past when the
 * earliest end of the clock's interval is above it, 15 ms and a bit. It is shown meanwhile.
 */
static void test_commit_wait(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.stamps = (struct param_choice){.kind = &stamp_interval_ops.kind};
    for (sim_ns disk_ms = 0; disk_ms <= 20; disk_ms += 5) {
        params.ack = disk_ms % 2 == 0 ? MULTI_ACK_DISK : MULTI_ACK_MEMORY;
        struct fake_config config = multi_case_config(&params, 3);
        config.clock_bound_ns = 4 * MS;
        config.disk_ns = disk_ms * MS;
        struct fake *fake = fake_new(&config);
        fake_write(fake, 7 * MS, 0, KEY, 71);
        fake_run(fake, 100 * MS);
        const bool waits_for_disk = params.ack == MULTI_ACK_DISK && disk_ms > 8;
        const sim_ns at_ns = waits_for_disk ? (7 + disk_ms) * MS : 15 * MS + 1;
        assert_int_equal(fake_reply_to(fake, 71).at_ns, at_ns);
        assert_int_equal(stamp_time(fake_reply_to(fake, 71).version.stamp), 11 * MS);
        assert_int_equal(fake_pending(fake, 0), 0);
        fake_free(fake);
    }
}

/* Power goes while the answer waits: there is none, and the write is with the others. */
static void test_commit_wait_and_power(void **state)
{
    (void)state;
    struct multi_params params = multi_case_params();
    params.stamps = (struct param_choice){.kind = &stamp_interval_ops.kind};
    struct fake_config config = multi_case_config(&params, 3);
    config.clock_bound_ns = 40 * MS;
    struct fake *fake = fake_new(&config);
    fake_write(fake, 7 * MS, 0, KEY, 71);
    fake_down(fake, 50 * MS, 0);
    fake_up(fake, 60 * MS, 0);
    fake_run(fake, 1000 * MS);
    assert_int_equal(fake_reply_to(fake, 71).at_ns, -1);
    assert_int_equal(fake_stored(fake, 1, KEY).write, 71);
    assert_int_equal(fake_pending(fake, 0), 0);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_states_grow),
        cmocka_unit_test(test_topologies),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_operation_in_a_state),
        cmocka_unit_test(test_positions_go_back_with_the_disk),
        cmocka_unit_test(test_operations_after_a_dropped_queue),
        cmocka_unit_test(test_causal_order),
        cmocka_unit_test(test_causal_registers),
        cmocka_unit_test(test_causes_that_are_gone),
        cmocka_unit_test(test_confirmation),
        cmocka_unit_test(test_commit_wait),
        cmocka_unit_test(test_commit_wait_and_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
