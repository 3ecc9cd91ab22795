/*
 * Writes of values that merge: who met, what was lost and why, from rows written by hand.
 */
#include "tests/analysis/value_stream.h"

/* A write that is accepted at `node` and acknowledged at once. */
static void write_at(struct values *values, sim_ns at_ms, uint32_t node, int64_t stamp,
                     uint64_t write, uint32_t element)
{
    invoke_write(values, at_ms, 0, write, (struct does){STREAM_SET, element, 1});
    give(values, at_ms, RECORD_APPLIED, node, 0, stamp, write);
    complete(values, at_ms, write, stamp, RECORD_OK);
}

static void assert_met(struct values *values, uint64_t writes, uint64_t conflicts,
                       uint64_t concurrent, uint64_t clock)
{
    struct metric_set set;

    values_end(values, &set);
    assert_int_equal(metric_at(&set, "conflict_ratio{dataset=v}")->total, writes);
    assert_int_equal(metric_at(&set, "conflict_ratio")->count, conflicts);
    assert_int_equal(metric_at(&set, "lost_updates{cause=concurrent}")->count, concurrent);
    assert_int_equal(metric_at(&set, "lost_updates{dataset=v,cause=clock}")->count, clock);
    assert_int_equal(metric_at(&set, "lost_updates")->count, concurrent + clock);
    assert_int_equal(metric_at(&set, "conflicts_approximate")->count, 0);
    metric_set_release(&set);
}

/* Two counters' increments at once: they are concurrent, and nothing is lost by it. */
static void test_all_count(void **state)
{
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ALL_COUNT}, 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 0);
    write_at(&values, 20, IRELAND, 101, 2, 0);
    give(&values, 50, RECORD_APPLIED, VIRGINIA, 0, 101, 2);
    give(&values, 60, RECORD_SUPERSEDED, IRELAND, 0, 100, 1);
    write_at(&values, 70, IRELAND, 102, 3, 0); /* has seen both */
    assert_met(&values, 3, 2, 0, 0);
}

/* Fields of a map: only the two writes of field 5 meet, and the delete of the whole with all. */
static void test_by_element(void **state)
{
    const struct record_dataset fields = {.meeting = RECORD_ONE_WINS, .by_element = true};
    struct values values;

    (void)state;
    values_begin(&values, fields, 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 5);
    write_at(&values, 11, VIRGINIA, 101, 2, 6);
    write_at(&values, 20, IRELAND, 103, 3, 5);
    assert_met(&values, 3, 2, 0, 0); /* 1 and 3 */

    values_begin(&values, fields, 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 5);
    write_at(&values, 11, VIRGINIA, 101, 2, 6);
    invoke_write(&values, 20, 0, 3, (struct does){STREAM_DELETE, 0, 0});
    give(&values, 20, RECORD_APPLIED, IRELAND, 0, 103, 3);
    complete(&values, 21, 3, 103, RECORD_OK);
    assert_met(&values, 3, 3, 0, 0);
}

/*
 * 1 (Virginia, stamp 100) and 2 (Ireland, 90) are concurrent; where they meet the type keeps the
 * one with the smaller stamp, whatever its reasons: 1 is lost, once. 3 has seen 2 and displaces it:
 * a normal overwrite.
 */
static void test_displaced(void **state)
{
    const int64_t one[2] = {100, 1}, two[2] = {90, 2}, three[2] = {110, 3};
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS}, 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 0);
    write_at(&values, 20, IRELAND, 90, 2, 0);
    give(&values, 50, RECORD_SUPERSEDED, VIRGINIA, 0, 90, 2);
    displaced(&values, 50, VIRGINIA, 0, one, two);
    give(&values, 60, RECORD_APPLIED, IRELAND, 0, 100, 1);
    displaced(&values, 60, IRELAND, 0, one, two);
    write_at(&values, 70, IRELAND, 110, 3, 0);
    give(&values, 80, RECORD_APPLIED, TOKYO, 0, 100, 1);
    give(&values, 80, RECORD_SUPERSEDED, TOKYO, 0, 90, 2);
    displaced(&values, 80, TOKYO, 0, one, two);
    give(&values, 90, RECORD_APPLIED, TOKYO, 0, 110, 3);
    displaced(&values, 90, TOKYO, 0, two, three);
    assert_met(&values, 3, 2, 1, 0);
}

/*
 * The state that Ireland is given no longer has 1 in it, which 2 had overwritten: both are lost to
 * 3, which had seen neither. 4 is of another element and not lost.
 */
static void test_displaced_with_its_past(void **state)
{
    const int64_t two[2] = {102, 2}, three[2] = {105, 3};
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS, .by_element = true},
                 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 7);
    write_at(&values, 11, VIRGINIA, 101, 4, 8);
    write_at(&values, 12, VIRGINIA, 102, 2, 7);
    write_at(&values, 20, IRELAND, 105, 3, 7);
    give(&values, 50, RECORD_SUPERSEDED, IRELAND, 0, 102, 2);
    displaced(&values, 50, IRELAND, 0, two, three);
    assert_met(&values, 4, 3, 2, 0);
}

/* Writes of several fields from the one they name on: 1 and 2 meet in field 6, as is told. */
static void test_displaced_elsewhere(void **state)
{
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS, .by_element = true},
                 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 5);
    write_at(&values, 11, TOKYO, 99, 3, 9);
    write_at(&values, 20, IRELAND, 101, 2, 6);
    give(&values, 40, RECORD_SUPERSEDED, IRELAND, 0, 100, 1);
    displaced(&values, 40, IRELAND, 0, (const int64_t[2]){100, 1}, (const int64_t[2]){101, 2});
    assert_met(&values, 3, 2, 1, 0);
}

/* The last replica is given both at once, and only then says which one gave way. */
static void test_displaced_last(void **state)
{
    const int64_t one[2] = {100, 1}, two[2] = {101, 2};
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS}, 15);
    write_at(&values, 10, VIRGINIA, 100, 1, 0); /* in the warm-up: not counted as lost */
    write_at(&values, 20, IRELAND, 101, 2, 0);
    write_at(&values, 21, TOKYO, 99, 3, 0);
    give(&values, 40, RECORD_APPLIED, VIRGINIA, 0, 101, 2);
    give(&values, 41, RECORD_SUPERSEDED, IRELAND, 0, 100, 1);
    displaced(&values, 41, IRELAND, 0, one, two);
    give(&values, 50, RECORD_APPLIED, TOKYO, 0, 100, 1);
    give(&values, 50, RECORD_APPLIED, TOKYO, 0, 101, 2);
    give(&values, 60, RECORD_SUPERSEDED, VIRGINIA, 0, 99, 3);
    give(&values, 61, RECORD_SUPERSEDED, IRELAND, 0, 99, 3);
    displaced(&values, 61, IRELAND, 0, (const int64_t[2]){99, 3}, two);
    assert_met(&values, 2, 2, 1, 0);
}

/*
 * The winner is in the loser's past: 2 was accepted by a replica that had 1, with a smaller stamp
 * (a slow clock), and another replica says so. 3 changes nothing where it is accepted.
 */
static void test_clock(void **state)
{
    const int64_t one[2] = {900, 1}, two[2] = {100, 2};
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS}, 0);
    write_at(&values, 10, VIRGINIA, 900, 1, 0);
    hold(&values, 10, VIRGINIA, 0, (struct holds){900, 1, 0xa, 0, 1, 1, 10, 0, 0});
    give(&values, 15, RECORD_APPLIED, IRELAND, 0, 900, 1);
    hold(&values, 15, IRELAND, 0, (struct holds){900, 1, 0xa, 0, 1, 1, 10, 0, 0});
    invoke_write(&values, 20, 0, 2, (struct does){STREAM_SET, 0, 1});
    give(&values, 20, RECORD_SUPERSEDED, IRELAND, 0, 100, 2);
    hold(&values, 20, IRELAND, 0, (struct holds){900, 1, 0xb, 0, 1, 1, 10, 0, 0});
    give(&values, 40, RECORD_SUPERSEDED, VIRGINIA, 0, 100, 2);
    displaced(&values, 40, VIRGINIA, 0, two, one);
    complete(&values, 50, 2, 100, RECORD_OK); /* it was lost before it was acknowledged */
    invoke_write(&values, 60, 0, 3, (struct does){STREAM_SET, 0, 1});
    give(&values, 60, RECORD_SUPERSEDED, IRELAND, 0, 101, 3);
    hold(&values, 60, IRELAND, 0, (struct holds){900, 1, 0xb, 0, 1, 1, 10, 0, 0});
    complete(&values, 60, 3, 101, RECORD_OK);
    invoke_write(&values, 70, 0, 4, (struct does){STREAM_SET, 0, 1}); /* nobody was told */
    give(&values, 70, RECORD_SUPERSEDED, IRELAND, 0, 102, 4);
    hold(&values, 70, IRELAND, 0, (struct holds){900, 1, 0xb, 0, 1, 1, 10, 0, 0});
    complete(&values, 70, 4, 102, RECORD_INFO);
    assert_met(&values, 4, 0, 0, 2);
}

/* A write that everybody had before the loser was accepted is in the loser's past. */
static void test_forgotten_winner(void **state)
{
    const int64_t one[2] = {900, 1}, two[2] = {100, 2};
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS}, 0);
    invoke_write(&values, 10, 0, 1, (struct does){STREAM_SET, 0, 1});
    for (uint32_t node = 0; node < 3; node++) {
        give(&values, 10 + node, RECORD_APPLIED, node, 0, 900, 1);
    }
    complete(&values, 15, 1, 900, RECORD_OK);
    invoke_write(&values, 20, 0, 2, (struct does){STREAM_SET, 0, 1});
    give(&values, 20, RECORD_SUPERSEDED, IRELAND, 0, 100, 2);
    hold(&values, 20, IRELAND, 0, (struct holds){900, 1, 0xb, 0, 1, 1, 10, 0, 0});
    complete(&values, 20, 2, 100, RECORD_OK);
    give(&values, 30, RECORD_SUPERSEDED, TOKYO, 0, 100, 2);
    displaced(&values, 30, TOKYO, 0, two, one);
    assert_met(&values, 2, 0, 0, 1);
}

/*
 * 2 has seen 1 and overtakes it on the way to Tokyo: when 1 comes it still changes what Tokyo
 * holds. In Virginia's next delivery to Tokyo 3 brings 4 with it, at the same instant; and when a
 * late one changes nothing (it was in the state that came before) that is no inversion.
 */
static void test_causal_inversions(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ALL_COUNT}, 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 0);
    write_at(&values, 20, VIRGINIA, 101, 2, 0);
    give(&values, 30, RECORD_APPLIED, IRELAND, 0, 100, 1);
    give(&values, 31, RECORD_APPLIED, IRELAND, 0, 101, 2);
    give(&values, 50, RECORD_APPLIED, TOKYO, 0, 101, 2);
    hold(&values, 50, TOKYO, 0, (struct holds){101, 2, 0xb, 0, 1, 1, 10, 0, 0});
    give(&values, 60, RECORD_SUPERSEDED, TOKYO, 0, 100, 1);
    hold(&values, 60, TOKYO, 0, (struct holds){101, 2, 0xc, 0, 1, 2, 10, 0, 0});
    give(&values, 61, RECORD_SUPERSEDED, TOKYO, 0, 100, 1); /* again */
    write_at(&values, 70, VIRGINIA, 102, 3, 0);
    write_at(&values, 71, VIRGINIA, 103, 4, 0);
    give(&values, 90, RECORD_APPLIED, TOKYO, 0, 103, 4);
    give(&values, 90, RECORD_SUPERSEDED, TOKYO, 0, 102, 3);
    hold(&values, 90, TOKYO, 0, (struct holds){103, 4, 0xd, 0, 1, 4, 10, 0, 0});
    write_at(&values, 100, VIRGINIA, 104, 5, 0);
    write_at(&values, 101, VIRGINIA, 105, 6, 0);
    give(&values, 120, RECORD_APPLIED, TOKYO, 0, 105, 6);
    hold(&values, 120, TOKYO, 0, (struct holds){105, 6, 0xe, 0, 1, 6, 10, 0, 0});
    give(&values, 130, RECORD_SUPERSEDED, TOKYO, 0, 104, 5);
    write_at(&values, 200, VIRGINIA, 0x200, 7, 0); /* 7 comes late with 9, which is new */
    write_at(&values, 201, VIRGINIA, 0x201, 8, 0);
    write_at(&values, 202, IRELAND, 0x202, 9, 0);
    give(&values, 220, RECORD_APPLIED, TOKYO, 0, 0x201, 8);
    hold(&values, 220, TOKYO, 0, (struct holds){0x201, 8, 0x1e, 0, 1, 6, 10, 0, 0});
    give(&values, 230, RECORD_SUPERSEDED, TOKYO, 0, 0x200, 7);
    give(&values, 230, RECORD_APPLIED, TOKYO, 0, 0x202, 9);
    hold(&values, 230, TOKYO, 0, (struct holds){0x202, 9, 0x1f, 0, 1, 6, 10, 0, 0});
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "causal_inversions{dataset=v}")->count, 1);
    metric_set_release(&set);
}

/* What a crash took meets nobody; a repeated try is no conflict with itself. */
static void test_crash_and_repeated_try(void **state)
{
    struct values values;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ALL_COUNT}, 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 0);
    stream_event(&values.stream, 20 * MS, RECORD_NODE_DOWN, VIRGINIA, 0);
    stream_row(&values.stream, (struct record){.at_ns = 20 * MS,
                                               .kind = RECORD_APPLIED,
                                               .flags = RECORD_FLAG_REVERTED,
                                               .node = VIRGINIA});
    write_at(&values, 30, IRELAND, 101, 2, 0);
    invoke_write(&values, 40, 1, 3, (struct does){STREAM_SET, 0, 1});
    give(&values, 40, RECORD_APPLIED, IRELAND, 1, 200, 3);
    give(&values, 50, RECORD_APPLIED, TOKYO, 1, 250, 3); /* asked again elsewhere */
    complete(&values, 60, 3, 250, RECORD_OK);
    assert_met(&values, 3, 0, 0, 0);
}

/* Virginia hears of its write after 80 ms, Ireland, which is the hub, at once; the rest is others.
 */
static void test_confirmed(void **state)
{
    static const struct {
        sim_ns at_ms;
        uint32_t node;
        uint64_t write;
    } rows[] = {{50, IRELAND, 1},  {60, IRELAND, 2},  {85, TOKYO, 1},
                {90, VIRGINIA, 1}, {95, VIRGINIA, 1}, {99, VIRGINIA, 2}};
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ALL_COUNT}, 0);
    write_at(&values, 10, VIRGINIA, 100, 1, 0);
    give(&values, 50, RECORD_APPLIED, IRELAND, 0, 100, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].at_ms == 60) {
            write_at(&values, 60, IRELAND, 101, 2, 0);
        }
        give(&values, rows[i].at_ms, RECORD_CONFIRMED, rows[i].node, 0, 99, rows[i].write);
    }
    values_end(&values, &set);

    const struct metric *confirmation = metric_at(&set, "confirmation_ms{dataset=v}");

    assert_int_equal(confirmation->histogram->count, 2);
    assert_int_equal(confirmation->histogram->min, 0);
    assert_int_equal(confirmation->histogram->max, 80 * MS);
    metric_set_release(&set);
}

/* Two writes are done, one fails, and one is told that the value forbids it: three were offered. */
static void test_rejected_is_no_failure(void **state)
{
    const uint8_t flags[] = {0, 0, 0, RECORD_FLAG_REJECTED};
    const uint8_t outcomes[] = {RECORD_OK, RECORD_OK, RECORD_FAIL, RECORD_FAIL};
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS}, 0);
    for (uint64_t write = 1; write <= 4; write++) {
        invoke_write(&values, 10, 0, write, (struct does){STREAM_SET, 0, 1});
    }
    for (uint64_t write = 1; write <= 4; write++) {
        stream_row(&values.stream, (struct record){.at_ns = 20 * MS,
                                                   .kind = RECORD_COMPLETED,
                                                   .type = RECORD_WRITE,
                                                   .outcome = outcomes[write - 1],
                                                   .flags = flags[write - 1],
                                                   .node = IRELAND,
                                                   .slot = (uint32_t)write,
                                                   .operation = write,
                                                   .stamp = (int64_t)write,
                                                   .write = write,
                                                   .a = 1});
    }
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "operations_offered")->count, 3);
    assert_int_equal(metric_at(&set, "operations_failed")->count, 1);
    assert_int_equal(metric_at(&set, "operations_in_flight")->count, 0);
    assert_int_equal(metric_at(&set, "availability_ratio")->count, 2);
    assert_int_equal(metric_at(&set, "availability_ratio")->total, 3);
    metric_set_release(&set);
}

/* Of each operation two tries were refused; the fourth one's third was accepted. */
static void test_rejected(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS}, 30);
    for (uint64_t write = 1; write <= 4; write++) {
        const sim_ns at_ms = (sim_ns)write * 20;

        invoke_write(&values, at_ms, 0, write, (struct does){STREAM_SET, 0, 1});
        for (int tries = 0; tries < 2; tries++) {
            stream_row(&values.stream, (struct record){.at_ns = at_ms * MS,
                                                       .kind = RECORD_REJECTED,
                                                       .node = IRELAND,
                                                       .operation = write});
        }
    }
    give(&values, 90, RECORD_APPLIED, IRELAND, 0, 104, 4);
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "rejected_writes{dataset=v}")->count, 3);
    assert_int_equal(metric_at(&set, "rejected_ratio")->count, 3);
    assert_int_equal(metric_at(&set, "rejected_ratio{dataset=v}")->total, 4);
    metric_set_release(&set);
}

/* More than 64 on their way: the oldest are taken for known, and counted. */
static void test_bound(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ALL_COUNT}, 0);
    for (uint64_t write = 1; write <= 70; write++) {
        write_at(&values, (sim_ns)write, VIRGINIA, (int64_t)write, write, 0);
    }
    write_at(&values, 80, IRELAND, 99, 71, 0);
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "conflicts_approximate")->count, 7);
    assert_int_equal(metric_at(&set, "conflict_ratio")->count, 64);
    assert_int_equal(metric_at(&set, "conflict_ratio")->total, 71);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_count),
        cmocka_unit_test(test_by_element),
        cmocka_unit_test(test_displaced),
        cmocka_unit_test(test_displaced_with_its_past),
        cmocka_unit_test(test_displaced_elsewhere),
        cmocka_unit_test(test_displaced_last),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_forgotten_winner),
        cmocka_unit_test(test_causal_inversions),
        cmocka_unit_test(test_crash_and_repeated_try),
        cmocka_unit_test(test_confirmed),
        cmocka_unit_test(test_rejected),
        cmocka_unit_test(test_rejected_is_no_failure),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
