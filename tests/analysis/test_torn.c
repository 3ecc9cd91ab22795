/*
 * Transactions of several keys that replicas hold in part, from rows written by hand.
 */
#include "tests/analysis/value_stream.h"

static void begin(struct values *values, uint64_t operation, uint32_t key, int64_t keys,
                  sim_ns at_ms)
{
    stream_row(&values->stream, (struct record){.at_ns = at_ms * MS,
                                                .kind = RECORD_INVOKED,
                                                .type = RECORD_WRITE,
                                                .key = key,
                                                .slot = (uint32_t)operation,
                                                .operation = operation,
                                                .a = at_ms * MS,
                                                .b = keys});
}

static void near(double found, double expected)
{
    if (found < expected - 1e-9 || found > expected + 1e-9) {
        fail_msg("found %.12g, expected %.12g", found, expected);
    }
}

/*
 * 1 is of keys 0 and 1: Virginia has both at once, Ireland key 0 at 50 and key 1 at 80 (30 ms in
 * part), Tokyo never has key 1: not counted there. 2 is of keys 2 and 3: at Ireland both at 90, at
 * Tokyo 60 ms apart, the second one older than what Tokyo holds. 3 is of one key. 4 began in the
 * warm-up. So of Virginia (1, 2), Ireland (1, 2) and Tokyo (2) two are torn, for 45 ms on average.
 */
static void test_torn(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin_with(&values, (struct record_dataset){.transactions = true}, 5, 1000);
    begin(&values, 4, 0, 2, 1);
    give(&values, 2, RECORD_APPLIED, VIRGINIA, 0, 90, 4);
    give(&values, 2, RECORD_APPLIED, VIRGINIA, 1, 90, 4);
    give(&values, 3, RECORD_APPLIED, IRELAND, 0, 90, 4);
    give(&values, 9, RECORD_APPLIED, IRELAND, 1, 90, 4);
    begin(&values, 1, 0, 2, 10);
    give(&values, 11, RECORD_APPLIED, VIRGINIA, 0, 100, 1);
    give(&values, 11, RECORD_APPLIED, VIRGINIA, 1, 100, 1);
    begin(&values, 3, 2, 0, 20);
    give(&values, 21, RECORD_APPLIED, TOKYO, 2, 102, 3);
    begin(&values, 2, 2, 2, 30);
    give(&values, 31, RECORD_APPLIED, VIRGINIA, 2, 101, 2);
    give(&values, 31, RECORD_APPLIED, VIRGINIA, 3, 101, 2);
    give(&values, 50, RECORD_APPLIED, IRELAND, 0, 100, 1);
    give(&values, 60, RECORD_APPLIED, TOKYO, 0, 100, 1);
    give(&values, 70, RECORD_APPLIED, TOKYO, 3, 101, 2);
    give(&values, 80, RECORD_APPLIED, IRELAND, 1, 100, 1);
    give(&values, 90, RECORD_APPLIED, IRELAND, 2, 101, 2);
    give(&values, 90, RECORD_APPLIED, IRELAND, 3, 101, 2);
    give(&values, 130, RECORD_SUPERSEDED, TOKYO, 2, 101, 2);
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "torn_ratio")->total, 5);
    assert_int_equal(metric_at(&set, "torn_ratio{dataset=v}")->count, 2);
    assert_int_equal(metric_at(&set, "torn_ms")->histogram->count, 2);
    near(metric_number(metric_at(&set, "torn_ms{dataset=v}")), 45.0);
    metric_set_release(&set);
}

/* No group has transactions: there are no such rows. */
static void test_without(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin_plain(&values, 0);
    give(&values, 11, RECORD_APPLIED, VIRGINIA, 0, 100, 1);
    values_end(&values, &set);
    assert_null(metric_find(&set, "torn_ratio", NULL, 0));
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn),
        cmocka_unit_test(test_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
