/*
 * Counters: how far replicas and readers are from the sum of what was committed, and below zero.
 */
#include "tests/analysis/value_stream.h"

#include <math.h>

static void near(double found, double expected)
{
    if (found < expected - 1e-9 || found > expected + 1e-9) {
        fail_msg("found %.12g, expected %.12g", found, expected);
    }
}

static void number(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key, int64_t is)
{
    static int64_t digest;

    digest++;
    hold(values, at_ms, node, key,
         (struct holds){at_ms, (uint64_t)at_ms, digest, is, 1, 1, 8, 0, 0});
}

/* Accepted and committed at once. */
static void change(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key, uint64_t write,
                   int64_t amount)
{
    const struct does does = {amount < 0 ? STREAM_DECREMENT : STREAM_INCREMENT, 0, amount};

    invoke_write(values, at_ms, key, write, does);
    give(values, at_ms, RECORD_APPLIED, node, key, (int64_t)write, write);
    commit(values, at_ms, node, key, write, does);
    commit(values, at_ms, node, key, write, does); /* it was tried again, and answered twice */
    complete(values, at_ms, write, (int64_t)write, RECORD_OK);
}

/*
 * Key 0: 50 + 30 committed; Virginia has 80, Ireland 30 (lost 50), Tokyo 110 (30 twice). Key 1: 7
 * committed, 5 and -2 accepted and never committed: 5..12 are right, and Tokyo's 13 is one too
 * many. Keys 2 and 3 are right.
 */
static void test_error(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ALL_COUNT, .is_number = true},
                 100);
    change(&values, 50, VIRGINIA, 0, 1, 50); /* in the warm-up: it is in the sum all the same */
    change(&values, 110, IRELAND, 0, 2, 30);
    number(&values, 120, VIRGINIA, 0, 80);
    number(&values, 120, IRELAND, 0, 30);
    number(&values, 120, TOKYO, 0, 110);
    change(&values, 200, VIRGINIA, 1, 3, 7);
    invoke_write(&values, 210, 1, 4, (struct does){STREAM_INCREMENT, 0, 5});
    give(&values, 210, RECORD_APPLIED, VIRGINIA, 1, 4, 4);
    invoke_write(&values, 211, 1, 5, (struct does){STREAM_DECREMENT, 0, -2});
    give(&values, 211, RECORD_APPLIED, IRELAND, 1, 5, 5);
    number(&values, 220, VIRGINIA, 1, 12);
    number(&values, 220, IRELAND, 1, 5);
    number(&values, 220, TOKYO, 1, 13);
    read_value(&values, 300, IRELAND, 0, 20, 30, 1); /* 50 too few */
    read_value(&values, 300, TOKYO, 0, 21, 110, 1);  /* 30 too many */
    read_value(&values, 300, TOKYO, 2, 22, 0, 0);
    values_end(&values, &set);

    const struct metric *error = metric_at(&set, "counter_error{dataset=v}");

    assert_int_equal(error->histogram->count, 4);
    assert_int_equal(error->histogram->max, 50);
    near(metric_number(error), (50 + 1 + 0 + 0) / 4.0);
    assert_int_equal(metric_at(&set, "counter_error_mean")->count, 12);
    near(metric_number(metric_at(&set, "counter_error_mean{dataset=v}")), (50 - 30 - 1) / 12.0);
    assert_int_equal(metric_at(&set, "read_undercount")->histogram->count, 3);
    near(metric_number(metric_at(&set, "read_undercount{dataset=v}")), 50 / 3.0);
    near(metric_number(metric_at(&set, "read_overcount")), 30 / 3.0);
    metric_set_release(&set);
}

/* A replica that is down at the end is not asked. */
static void test_error_down(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ALL_COUNT, .is_number = true},
                 0);
    change(&values, 10, VIRGINIA, 0, 1, 5);
    number(&values, 10, VIRGINIA, 0, 5);
    number(&values, 20, IRELAND, 0, 5);
    stream_event(&values.stream, 30 * MS, RECORD_NODE_DOWN, TOKYO, 0);
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "counter_error")->histogram->max, 0);
    assert_int_equal(metric_at(&set, "counter_error_mean")->count, 8);
    metric_set_release(&set);
}

/*
 * A stock of 10 that must not fall below 2. Committed: -5 (leaves 5), -4 (leaves 1: one below),
 * -3 (-2: three more), +20 (18), -3. The replica that sells from its own number sees 1 and goes on
 * to -2, which is one crossing; after the delivery of 20 another one does.
 */
static void test_minimum(void **state)
{
    const struct record_dataset stock = {
        .meeting = RECORD_ALL_COUNT, .is_number = true, .has_minimum = true, .minimum = 2};
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, stock, 0);
    change(&values, 10, VIRGINIA, 0, 1, 10);
    number(&values, 10, VIRGINIA, 0, 10);
    change(&values, 20, VIRGINIA, 0, 2, -5);
    number(&values, 20, VIRGINIA, 0, 5);
    change(&values, 30, IRELAND, 0, 3, -4);
    number(&values, 40, VIRGINIA, 0, 1);
    change(&values, 50, VIRGINIA, 0, 4, -3);
    number(&values, 50, VIRGINIA, 0, -2);
    change(&values, 60, TOKYO, 0, 5, 20);
    number(&values, 70, VIRGINIA, 0, 18);
    change(&values, 80, TOKYO, 0, 6, -3);
    number(&values, 90, VIRGINIA, 0, 1);
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "invariant_violations{dataset=v}")->count, 2);
    assert_int_equal(metric_at(&set, "oversold{dataset=v}")->count, 1 + 3);
    assert_int_equal(metric_at(&set, "invariant_violations_seen")->count, 2);
    metric_set_release(&set);
}

/* Clocks that are 3 ms ahead, 5 ms behind and right, at writes after the warm-up: 8/3 ms. */
static void test_clock_error(void **state)
{
    const sim_ns at_ms[] = {5, 20, 30, 40}, error_ms[] = {900, 3, -5, 0};
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin_plain(&values, 10);
    for (uint64_t write = 1; write <= 4; write++) {
        stream_row(&values.stream, (struct record){.at_ns = at_ms[write - 1] * MS,
                                                   .kind = RECORD_COMMITTED,
                                                   .type = RECORD_WRITE,
                                                   .node = IRELAND,
                                                   .operation = write,
                                                   .stamp = (int64_t)write,
                                                   .write = write,
                                                   .a = error_ms[write - 1] * MS});
    }
    values_end(&values, &set);

    const struct metric *metric = metric_at(&set, "clock_error_ms{dataset=v}");

    assert_int_equal(metric->histogram->count, 3);
    assert_true(fabs(metric_number(metric) - 8.0 / 3.0) < 1e-9);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_error_down),
        cmocka_unit_test(test_minimum),
        cmocka_unit_test(test_clock_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
