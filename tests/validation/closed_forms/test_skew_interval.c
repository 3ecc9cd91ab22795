/*
 * Interval stamps and commit wait: what they cost and what they promise.
 *
 * Cost:    a write's stamp is its clock's latest end, now + bound, and its answer waits until the
 *          earliest end, now' - bound, has passed it: twice the bound, whatever the clock's error.
 *          The wait overlaps with the disk: an answer takes the longer of the two. With a sawtooth
 *          the mean is twice the mean bound, 8 ms with TrueTime.
 * Promise: a write that begins after another one's answer has a later stamp: no inversions at all,
 *          and nothing lost to what was seen, as long as the clocks are within their promise.
 *          Stamps without the wait, and hybrid stamps, do not promise the former.
 * Source:  Corbett et al., "Spanner", OSDI 2012, sections 3, 4.1.2 and 4.2.1 ("the expected wait is
 *          at least 2 * average epsilon"), and 5.1.
 */
#include "tests/validation/lab.h"

/* ---- what it costs ---- */

struct answers {
    sim_ns invoked_ns, shortest_ns, longest_ns;
    double sum_ns;
    uint64_t count;
};

static void on_row(void *state, const struct record *row)
{
    struct answers *answers = state;
    if (row->kind == RECORD_INVOKED) {
        answers->invoked_ns = row->at_ns; /* writes are further apart than answers take */
        return;
    }
    const sim_ns took_ns = row->at_ns - answers->invoked_ns;
    assert_int_equal(row->outcome, RECORD_OK);
    if (answers->count == 0 || took_ns < answers->shortest_ns) {
        answers->shortest_ns = took_ns;
    }
    answers->longest_ns = took_ns > answers->longest_ns ? took_ns : answers->longest_ns;
    answers->sum_ns += (double)took_ns;
    answers->count++;
}

/* One machine; a write each 50 ms for ten polls of 30 s. */
static struct answers answers_of(const char *clocks, const char *disk_sync, const char *ack)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'name': 'wait', 'duration': '300s', 'regions': ['us-east-1'], 'clocks': %s,"
             " 'network': {'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
             " 'nodes': {'disk_sync': '%s'},"
             " 'datasets': {'d': {'replication': {'strategy': 'multi_primary', 'ack': '%s',"
             "   'stamps': 'interval'}}},"
             " 'clients': [{'at': 'us-east-1', 'rate': '20/s', 'arrivals': 'regular',"
             "   'mix': {'write': 1}}]}",
             clocks, disk_sync, ack);
    struct lab lab = {0};
    struct answers answers = {0};
    lab_write(&lab, text);
    const uint32_t kinds = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED;
    lab_run_into(&lab, test_seed(),
                 (struct record_sink){.state = &answers, .row = on_row, .mask = kinds});
    lab_close(&lab);
    assert_true(answers.count > 5990);
    return answers;
}

static void answers_take(const char *clocks, const char *disk_sync, const char *ack, sim_ns ns)
{
    const struct answers answers = answers_of(clocks, disk_sync, ack);
    assert_int_equal(answers.shortest_ns, ns);
    assert_int_equal(answers.longest_ns, ns);
}

#define STEADY(epsilon) "{'model': 'bounded', 'drift_ppm': 0, 'epsilon': '" epsilon "'}"

static void test_twice_the_bound(void **state)
{
    (void)state;
    /* One nanosecond more: the earliest end must be past the stamp. */
    answers_take("'perfect'", "0ms", "memory", 1);
    answers_take(STEADY("4ms"), "0ms", "memory", 8000001);
    answers_take(STEADY("40us"), "0ms", "disk", 80001);
    /* The longer of the disk and the wait. */
    answers_take(STEADY("4ms"), "5ms", "disk", 8000001);
    answers_take(STEADY("1ms"), "5ms", "disk", 5000000);
    answers_take(STEADY("1ms"), "5ms", "memory", 2000001);
}

static void test_sawtooth(void **state)
{
    (void)state;
    const struct answers truetime = answers_of("'truetime'", "0ms", "memory");
    /*
     * Ten whole polls of 600 writes: the mean is exact but for half a step of 50 ms, 10 us of 8 ms,
     * and the bound's growth during the wait, 2 x 0.2 ms/s x 8 ms = 3 us.
     */
    lab_near("mean wait, ms", truetime.sum_ns / (double)truetime.count / 1e6, 8.003, 0.02);
    assert_in_range(truetime.longest_ns, 13900000, 14010000);
    assert_in_range(truetime.shortest_ns, 1990000, 2100000);
    /* What ClockBound promises is less than a disk takes. */
    answers_take("'clockbound'", "500us", "disk", 500000);
}

/* ---- what it promises ---- */

struct outcome {
    uint64_t inversions, clock, concurrent;
    double latency_ms;
};

static struct outcome outcome_of(const char *clocks, const char *stamps, const char *faults,
                                 uint64_t seed)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'order', 'duration': '60s', 'warmup': '5s', 'clocks': %s,"
             " 'regions': ['eu-west-2', 'eu-west-3', 'eu-central-1'],"
             " 'datasets': {'d': {'keys': 5, 'replication': {'strategy': 'multi_primary',"
             "   'stamps': %s}}},"
             " 'clients': [{'at': 'eu-west-2', 'rate': '60/s', 'mix': {'write': 1}},"
             "             {'at': 'eu-west-3', 'rate': '90/s', 'mix': {'write': 1}},"
             "             {'at': 'eu-central-1', 'rate': '30/s', 'mix': {'write': 1}}],"
             " 'faults': [%s]}",
             clocks, stamps, faults);
    struct lab lab = {0};
    struct metric_set set;
    lab_write(&lab, text);
    lab_measure(&lab, test_seed() * 100 + seed, &set);
    const struct metric_label write = {"operation", "write"};
    const struct metric *latency = metric_find(&set, "latency_ms", &write, 1);
    assert_non_null(latency);
    const struct outcome outcome = {lab_metric(&set, "clock_inversions", NULL, NULL)->count,
                                    lab_metric(&set, "lost_updates", "cause", "clock")->count,
                                    lab_metric(&set, "lost_updates", "cause", "concurrent")->count,
                                    metric_number(latency)};
    metric_set_release(&set);
    lab_close(&lab);
    return outcome;
}

/* Clocks that promise ten times what TrueTime does, and use it. */
static const char *const wild = "{'model': 'bounded', 'epsilon': '30ms', 'drift_ppm': 1000}";

static void test_real_time_order(void **state)
{
    (void)state;
    static const char *const clocks[] = {"'truetime'", "'clockbound'", "'clockbound_ntp'"};
    for (uint64_t seed = 1; seed <= 10; seed++) {
        for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
            const struct outcome outcome = outcome_of(clocks[i], "'interval'", "", seed);
            assert_int_equal(outcome.inversions, 0);
            assert_int_equal(outcome.clock, 0);
        }
        const struct outcome waits = outcome_of(wild, "'interval'", "", seed);
        assert_int_equal(waits.inversions, 0);
        assert_int_equal(waits.clock, 0);
        /* The same clocks: the hybrid clock keeps causality, and nothing else. */
        const struct outcome hybrid = outcome_of(wild, "'hybrid'", "", seed);
        assert_true(hybrid.inversions > 10);
        assert_int_equal(hybrid.clock, 0);
        const struct outcome wall = outcome_of(wild, "'wall'", "", seed);
        assert_true(wall.inversions > 100);
        assert_true(wall.clock > 100);
        assert_true(waits.latency_ms > 60 && wall.latency_ms < 2);
    }
}

#define JUMP(by)                                                                                   \
    "{'id': 'jump', 'kind': 'clock_step', 'at': '10s', 'region': 'eu-west-2', 'by': '" by "'}"

/* A clock outside its promise: behind, its writes are put too early, silently; ahead, the others
 * take its stamps over and wait for them. */
static void test_broken_promises(void **state)
{
    (void)state;
    const struct outcome kept = outcome_of("'truetime'", "'interval'", "", 1);
    const struct outcome behind = outcome_of("'truetime'", "'interval'", JUMP("-200ms"), 1);
    const struct outcome ahead = outcome_of("'truetime'", "'interval'", JUMP("200ms"), 1);
    assert_int_equal(kept.inversions, 0);
    assert_true(behind.inversions > 0);
    assert_true(behind.clock == 0 && ahead.clock == 0); /* what was seen is taken over */
    assert_true(kept.latency_ms < 12);
    assert_true(ahead.latency_ms > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twice_the_bound),
        cmocka_unit_test(test_sawtooth),
        cmocka_unit_test(test_real_time_order),
        cmocka_unit_test(test_broken_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
