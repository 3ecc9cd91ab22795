/*
 * Values that merge under the quorum strategy in the real world, to the nanosecond. Distances stand
 * in timeline.h.
 */
#include "tests/validation/timelines/timeline.h"

#define QUORUM                                                                                     \
    "'strategy': 'quorum', 'exchange': 'delta', 'read_from': 'needed', 'read_repair': 'blocking'"

/* The n-th state (from 1) that the node holds of key 1 comes at this moment; at_ms < 0: never. */
static const struct record *state_of(const struct lab *lab, uint32_t node, int n, double at_ms)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == RECORD_VALUE && row->node == node && row->key == 1 && --n == 0) {
            assert_int_equal(row->at_ns, at_ms < 0 ? -1 : MS(at_ms));
            return row;
        }
    }
    assert_true(at_ms < 0);
    return NULL;
}

static void assert_number(const struct lab *lab, uint32_t node, int n, double at_ms, int64_t number)
{
    const struct record *row = state_of(lab, node, n, at_ms);
    assert_int_equal(row->a, number);
}

static const struct record *returned(const struct lab *lab, uint64_t operation)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        if (lab->rows[i].kind == RECORD_RETURNED && lab->rows[i].operation == operation) {
            return &lab->rows[i];
        }
    }
    fail_msg("operation %llu returned nothing", (unsigned long long)operation);
    return NULL;
}

/*
 * A adds 5 at 10, B adds 3 at 20. C reads at 100, when it has heard of A's only (85.5): A, asked at
 * 175.5, has both since 60; the answer of 251 is 8. B's is in C at 130.25, so that the repair of C
 * at 251 changes nothing any more.
 */
static void test_counter(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM,
        .value = "'type': 'pn_counter'",
        .operations = {"10,increment,1,0,,5\n", "20,increment,1,0,,3\n", "100,read,1,0,,\n"},
        .seconds = 1};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 10, 90, RECORD_OK);
    timeline_takes(&lab, 2, 20, 100, RECORD_OK);
    timeline_takes(&lab, 3, 100, 251, RECORD_OK);
    assert_number(&lab, A, 1, 10, 5);
    assert_number(&lab, A, 2, 60, 8);
    assert_number(&lab, B, 1, 20, 3);
    assert_number(&lab, B, 2, 50, 8);
    assert_number(&lab, C, 1, 85.5, 5);
    assert_number(&lab, C, 2, 130.25, 8);
    assert_null(state_of(&lab, C, 3, -1));
    assert_int_equal(returned(&lab, 3)->a, 8);
    lab_close(&lab);
}

/*
 * A's clock is 5 s fast from the first second on. Its write of 2 s has a stamp of 7 s: what B
 * writes to the same cell at 3 s is acknowledged and changes nothing anywhere; another cell is
 * another matter; and at 7.1 s B writes the first cell again. With one cell a row: only the last
 * one counts.
 */
static void assert_row(const char *value, bool two_cells)
{
    const struct plan plan = {
        .replication = QUORUM,
        .value = value,
        .operations = {"2000,set,1,0,0,\n",
                       two_cells ? "3000,set,1,0,0,\n3500,set,1,0,1,\n7100,set,1,0,0,\n"
                                 : "3000,set,1,0,0,\n3500,set,1,0,0,\n7100,set,1,0,0,\n",
                       "3900,read,1,0,,\n"},
        .faults = "{'id': 'fast', 'kind': 'clock_step', 'region': 'us-east-1', 'at': '1s',"
                  " 'by': '5s'}",
        .seconds = 9};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 2, 3000, 3080, RECORD_OK);
    timeline_takes(&lab, 4, 3900, 4051, RECORD_OK);
    timeline_returns(&lab, 4, 1);
    assert_int_equal(returned(&lab, 4)->b, two_cells ? 2 : 1);
    assert_int_equal(state_of(&lab, A, 1, 2000)->write, 1);
    assert_int_equal(state_of(&lab, A, 1, 2000)->stamp, MS(7000));
    assert_int_equal(state_of(&lab, C, 1, 2075.5)->write, 1);
    if (two_cells) {
        const struct record *second = state_of(&lab, C, 2, 3500 + 110.25);
        assert_int_equal(second->peer, 2);
        assert_int_equal(second->write, 1); /* the newest version in it */
    }
    const struct record *last = state_of(&lab, C, two_cells ? 3 : 2, 7100 + 110.25);
    assert_int_equal(last->write, 5);
    assert_int_equal(last->b, state_of(&lab, A, two_cells ? 3 : 2, 7140)->b);
    lab_close(&lab);
}

static void test_a_fast_clock(void **state)
{
    (void)state;
    assert_row("'type': 'row', 'fields': 4", true);
    assert_row("'type': 'row', 'fields': 1", false);
}

/*
 * Blind writes in A at 10 and B at 20 leave two siblings: in B from 50, in A from 60, in C from
 * 130.25. A read in B at 40 has only B's and what A holds at 80: both.
 */
static void test_siblings(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM,
        .value = "'type': 'mv_register'",
        .operations = {"10,write,1,0,,\n", "20,write,1,0,,\n40,read,1,0,,\n", "86,read,1,0,,\n"},
        .seconds = 1};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 3, 40, 120, RECORD_OK);
    timeline_takes(&lab, 4, 86, 237, RECORD_OK);
    assert_int_equal(state_of(&lab, B, 2, 50)->slot, 2);
    assert_int_equal(state_of(&lab, A, 2, 60)->slot, 2);
    assert_int_equal(state_of(&lab, C, 1, 85.5)->slot, 1);
    assert_int_equal(state_of(&lab, C, 2, 130.25)->slot, 2);
    assert_int_equal(returned(&lab, 3)->peer, 2);
    assert_int_equal(returned(&lab, 4)->peer, 2);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_a_fast_clock),
        cmocka_unit_test(test_siblings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
