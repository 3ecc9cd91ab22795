#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/scenario.h"
#include "tests/models/replication/quorum_case.h"

extern const struct strategy_ops strategy_primary;

static struct fake *start_counter(const struct quorum_params *params, sim_ns disk_ns)
{
    struct fake_config config = config_of(params);
    config.disk_ns = disk_ns;
    config.value.ops = &fake_counter_ops;
    return fake_new(&config);
}

static void add(struct fake *fake, sim_ns at_ns, uint32_t member, uint64_t operation,
                uint32_t amount)
{
    fake_change(fake, at_ns, member, KEY, operation,
                value_request_pack(VALUE_INCREMENT, 0, amount));
}

static void assert_number(struct fake *fake, uint32_t member, sim_ns at_ns, int64_t before,
                          int64_t after)
{
    fake_run(fake, at_ns - 1);
    assert_int_equal(fake_view(fake, member, KEY).number, before);
    fake_run(fake, at_ns);
    assert_int_equal(fake_view(fake, member, KEY).number, after);
}

/* As a register's: here at once, 10 and 40 ms later there, answered after 22. */
static void assert_write(uint32_t exchange, uint32_t second_bytes)
{
    struct quorum_params params = defaults();
    params.exchange = exchange;
    struct fake *fake = start_counter(&params, 0);
    add(fake, 7 * MS, 0, 71, 5);
    assert_number(fake, 0, 7 * MS, 0, 5);
    assert_number(fake, 1, 17 * MS, 0, 5);
    assert_number(fake, 2, 47 * MS, 0, 5);
    assert_int_equal(fake_blocks(fake), 1); /* what the pending write may have to give as a hint */
    assert_int_equal(fake_sent_bytes(fake, QUORUM_WRITE), 2 * (QUORUM_WRITE_BYTES + 8 + 24));
    add(fake, 200 * MS, 1, 72, 1);
    add(fake, 300 * MS, 0, 73, 1);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 71, RECORD_OK, 29 * MS);
    /* Then there are two actors, and a state has both. */
    assert_int_equal(fake_sent_bytes(fake, QUORUM_WRITE),
                     6 * QUORUM_WRITE_BYTES + 2 * (8 + 24) + 4 * second_bytes);
    assert_int_equal(fake_view(fake, 2, KEY).number, 7);
    assert_int_equal(fake_pending(fake, 0), 0);
    assert_equal_copies(fake);
    fake_free(fake);
}

static void test_writes_as_states_and_deltas(void **state)
{
    (void)state;
    assert_write(VALUE_STATE, 8 + 2 * 24);
    assert_write(VALUE_DELTA, 8 + 24);
}

/*
 * 0 and 1 write at 100. 2 reads at 101, itself (nothing yet) and 1, which is asked at 134 and has
 * both since 110. The answer is here at 164; 2 itself has been repaired in the same instant.
 */
static void test_writes_that_meet(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.exchange = VALUE_DELTA;
    struct fake *fake = start_counter(&params, 0);
    add(fake, 100 * MS, 0, 71, 5);
    add(fake, 100 * MS, 1, 72, 30);
    fake_read(fake, 101 * MS, 2, KEY, 1);
    assert_number(fake, 1, 110 * MS, 30, 35);
    assert_number(fake, 0, 112 * MS, 5, 35);
    assert_number(fake, 2, 130 * MS, 0, 30);
    assert_number(fake, 2, 140 * MS, 30, 35);
    fake_run(fake, 1000 * MS);
    assert_reply(fake, 1, RECORD_OK, 164 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    assert_equal_copies(fake);
    fake_free(fake);
}

/* 71 is at 0 only, 72 at 1 only, 2 has nothing. */
static struct fake *start_apart(const struct quorum_params *params)
{
    struct fake *fake = start_counter(params, 0);
    fake_lose(fake, 0, 1, QUORUM_WRITE, 1);
    fake_lose(fake, 0, 2, QUORUM_WRITE, 1);
    fake_lose(fake, 1, 0, QUORUM_WRITE, 1);
    fake_lose(fake, 1, 2, QUORUM_WRITE, 1);
    add(fake, 0, 0, 71, 5);
    add(fake, 0, 1, 72, 30);
    return fake;
}

/*
 * 2 asks all at 3000; 1's answer is there at 3063, 0's at 3084. Nobody has answered with the join:
 * all are repaired, 1 at 3117 and 0 at 3128; their acknowledgements are back at 3147 and 3168.
 */
static void test_answers_are_joined(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.r = 3;
    struct fake *fake = start_apart(&params);
    fake_read(fake, 3000 * MS, 2, KEY, 1);
    assert_number(fake, 2, 3084 * MS, 0, 35);
    assert_number(fake, 1, 3117 * MS, 30, 35);
    assert_number(fake, 0, 3128 * MS, 5, 35);
    fake_run(fake, 4000 * MS);
    assert_reply(fake, 1, RECORD_OK, 3168 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 2);
    assert_equal_copies(fake);
    fake_free(fake);
}

/*
 * R = 2 at coordinator 0, all are asked: answered at 3022 with what 0 and 1 have. 2's answer of
 * 3084 has nothing more; then all three are repaired, 1 at 3094 and 2 at 3124.
 */
static void test_repair_in_the_background(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.read_from = QUORUM_FROM_ALL;
    params.read_repair = QUORUM_REPAIR_BACKGROUND;
    struct fake *fake = start_apart(&params);
    fake_read(fake, 3000 * MS, 0, KEY, 1);
    assert_number(fake, 0, 3084 * MS, 5, 35);
    assert_number(fake, 1, 3094 * MS, 30, 35);
    assert_number(fake, 2, 3124 * MS, 0, 35);
    fake_read(fake, 4000 * MS, 0, KEY, 2);
    fake_run(fake, 5000 * MS);
    assert_reply(fake, 1, RECORD_OK, 3022 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 2); /* none after the second read */
    assert_equal_copies(fake);
    fake_free(fake);
}

/* A copy that alone has it all is fresh: 0 does not get what it has said itself. */
static void test_one_answer_with_everything(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.r = 3;
    struct fake *fake = start_counter(&params, 0);
    fake_lose(fake, 0, 1, QUORUM_WRITE, 1);
    fake_lose(fake, 0, 2, QUORUM_WRITE, 1);
    add(fake, 0, 0, 71, 5);
    fake_read(fake, 3000 * MS, 2, KEY, 1);
    fake_run(fake, 4000 * MS);
    /* 1 is asked at 3033, 0 at 3044; 0's answer is here at 3084, 1 is repaired at 3117, 3147. */
    assert_reply(fake, 1, RECORD_OK, 3147 * MS);
    assert_int_equal(fake_sent(fake, QUORUM_REPAIR), 1);
    assert_equal_copies(fake);
    fake_free(fake);
}

/*
 * Every 9 s, members in turn at 3, 6 and 9. 0 sends its hashes to 1 at 3000, which answers at 3010
 * with digests; at 3022 0 sends what it holds and asks for the other's: 1 is complete at 3032 and
 * 0 at 3044. At 6000 1 does the same with 2: digests at 6030, back at 6063, values at 6093.
 */
static void test_anti_entropy(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.hints = false;
    params.w = 1;
    params.anti_entropy = 9000 * MS;
    struct fake *fake = start_apart(&params);
    assert_number(fake, 1, 3032 * MS, 30, 35);
    assert_number(fake, 0, 3044 * MS, 5, 35);
    assert_number(fake, 2, 6093 * MS, 0, 35);
    assert_int_equal(fake_sent(fake, QUORUM_WANT), 1); /* not of 2, which had nothing */
    fake_run(fake, 6500 * MS);
    assert_equal_copies(fake);
    fake_free(fake);
}

/*
 * 2 is down from 1 to 3000: the write of 10 has a hint at 2010, which is sent at once, and again
 * 1 ms (rate) and 2 s (no answer) later.
 */
static void test_hints(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    params.exchange = VALUE_DELTA;
    struct fake *fake = start_counter(&params, 0);
    fake_down(fake, 1 * MS, 2);
    add(fake, 10 * MS, 0, 71, 5);
    fake_up(fake, 3000 * MS, 2);
    fake_run(fake, 3500 * MS);
    assert_int_equal(fake_blocks(fake), 1);
    assert_number(fake, 2, 4051 * MS, 0, 5);
    fake_run(fake, 5000 * MS);
    assert_equal_copies(fake);
    fake_free(fake);
}

/* What a coordinator keeps dies with its memory (a pending write) and its disk (a hint). */
static void test_what_a_crash_frees(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start_counter(&params, 0);
    fake_down(fake, 1 * MS, 2);
    add(fake, 10 * MS, 0, 71, 5);
    fake_run(fake, 2500 * MS);
    assert_int_equal(fake_blocks(fake), 1);
    add(fake, 2501 * MS, 0, 72, 5);
    fake_read(fake, 2501 * MS, 0, KEY, 1);
    fake_run(fake, 2600 * MS); /* 1 has answered both; the write waits for 2 */
    assert_int_equal(fake_blocks(fake), 2);
    fake_down(fake, 2700 * MS, 0);
    fake_run(fake, 2701 * MS);
    assert_int_equal(fake_blocks(fake), 1);
    fake_disk_lost(fake, 2702 * MS, 0);
    fake_run(fake, 2703 * MS);
    assert_int_equal(fake_blocks(fake), 0);
    fake_free(fake);
}

/* Memory of 0 is lost before its disk has 71, which 1 has: 0 goes on under another name. */
static void test_a_counter_after_a_crash(void **state)
{
    (void)state;
    const struct quorum_params params = defaults();
    struct fake *fake = start_counter(&params, 20 * MS);
    add(fake, 0, 0, 71, 5);
    fake_down(fake, 15 * MS, 0);
    fake_up(fake, 1000 * MS, 0);
    add(fake, 2000 * MS, 0, 72, 30);
    fake_read(fake, 3000 * MS, 0, KEY, 1);
    fake_run(fake, 4000 * MS);
    assert_int_equal(fake_reply_to(fake, 71).at_ns, -1);
    assert_reply(fake, 72, RECORD_OK, 2042 * MS);
    assert_int_equal(fake_reply_to(fake, 1).view.number, 35);
    fake_free(fake);
}

/* ---- what is refused before the run ---- */

static const char *wrong_key(const struct quorum_params *params, const struct value_ops *value)
{
    static struct scenario_region regions[] = {{.nodes = 2}, {.nodes = 1}, {.nodes = 1}};
    static struct scenario_replication common;
    common.copies = 1;
    const struct scenario scenario = {.regions = {regions, 3}};
    const struct scenario_dataset dataset = {
        .replication = {.common = &common}, .value = {.kind = value != NULL ? &value->kind : NULL}};
    const char *key = NULL;
    return strategy_quorum.check(params, &dataset, &scenario, &key) != NULL ? key : NULL;
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    struct quorum_params params = defaults();
    struct value_ops value = fake_counter_ops;
    value.needs_state = true;
    params.coordinators = QUORUM_BY_REPLICAS;
    assert_null(wrong_key(&params, &value));
    params.exchange = VALUE_DELTA;
    assert_null(wrong_key(&params, &value));
    params.coordinators = QUORUM_BY_OTHERS;
    assert_string_equal(wrong_key(&params, &value), "coordinators");
    value.needs_state = false;
    assert_null(wrong_key(&params, &value));
    params.exchange = VALUE_STATE;
    assert_string_equal(wrong_key(&params, &value), "exchange");
    params.coordinators = QUORUM_BY_REPLICAS;
    params.exchange = VALUE_DELTA;
    value.forms = 1u << VALUE_STATE;
    assert_string_equal(wrong_key(&params, &value), "exchange");
    assert_string_equal(wrong_key(&params, NULL), "exchange");
    params.exchange = VALUE_STATE;
    assert_null(wrong_key(&params, NULL));
    params.exchange = VALUE_OPERATION;
    const char *key = NULL;
    assert_non_null(strategy_quorum.kind.finish(&params, NULL, &key));
    assert_string_equal(key, "exchange");
    struct scenario_replication common = {.copies = 1};
    const struct scenario scenario = {.name = "merging"};
    const struct scenario_dataset merging = {.value = {.kind = &value.kind},
                                             .replication = {.common = &common}};
    assert_non_null(strategy_primary.check(NULL, &merging, &scenario, &key));
    assert_string_equal(key, "strategy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_as_states_and_deltas),
        cmocka_unit_test(test_writes_that_meet),
        cmocka_unit_test(test_answers_are_joined),
        cmocka_unit_test(test_repair_in_the_background),
        cmocka_unit_test(test_one_answer_with_everything),
        cmocka_unit_test(test_anti_entropy),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_what_a_crash_frees),
        cmocka_unit_test(test_a_counter_after_a_crash),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
