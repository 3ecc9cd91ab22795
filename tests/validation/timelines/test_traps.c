/*
 * What a naive simulator gets wrong about replication, one small world each.
 */
#include "tests/validation/timelines/timeline.h"

#define QUORUM "'strategy': 'quorum', 'read_from': 'needed', 'read_repair': 'none'"

/*
 * A time-out is no failure. B is cut off from 5 s to 15 s and W is 3: the write of 6 s is unknown
 * to its client at 8 s, yet C shows it from 6.0755 s on, and B gets it when the stream out of A,
 * which met the cut with a heartbeat at 5 s, tries again at 17.6 s.
 */
static void test_unknown_is_not_failed(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 3, 'r': 1",
        .operations = {"6000,write,1,0\n", NULL, "6100,read,1,0\n"},
        .faults = "{'id': 'cut', 'kind': 'partition', 'isolate': ['eu-west-1'], 'at': '5s',"
                  " 'for': '10s'}",
        .seconds = 20};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 6000, 8000, RECORD_INFO);
    timeline_returns(&lab, 2, 1);
    timeline_has(&lab, B, 1, 17640);
    lab_close(&lab);
}

/*
 * R + W > N is no guarantee: clocks. A's is 3 s ahead. Its write of 1 s is stamped 4 s; B's write
 * of 2 s, begun long after the first was acknowledged and itself acknowledged by two copies, is
 * stamped 2 s and loses everywhere. The last writer in truth is not the last by its stamp.
 */
static void test_clocks_decide_who_was_last(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 2, 'r': 2",
        .operations = {"1000,write,1,0\n", "2000,write,1,0\n3000,read,1,0\n"},
        .faults = "{'id': 'clock', 'kind': 'clock_step', 'region': 'us-east-1', 'at': '0s',"
                  " 'by': '3s'}",
        .seconds = 5};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 1000, 1080, RECORD_OK);
    timeline_takes(&lab, 2, 2000, 2080, RECORD_OK);
    timeline_returns(&lab, 3, 1);
    for (uint32_t node = A; node <= C; node++) {
        timeline_has(&lab, node, 2, -1);
    }
    lab_close(&lab);
}

/*
 * R + W > N is no guarantee: sloppy quorums. Two machines a region, one of them without a copy. A
 * is cut off; once it has given up the others (after 18 s) its spare machine stands in, and a write
 * needs nobody else. B and C are two of three copies and know nothing of it. When the cut is over,
 * the spare machine hands the write over.
 */
static void test_sloppy_quorums_do_not_overlap(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 2, 'r': 2, 'sloppy': true",
        .operations = {"35000,write,1,0\n", "36000,read,1,0\n118000,read,1,0\n"},
        .faults = "{'id': 'cut', 'kind': 'partition', 'isolate': ['us-east-1'], 'at': '10300ms',"
                  " 'for': '30s'}",
        .per_region = 2,
        .seconds = 120};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 35000, 35000, RECORD_OK);
    timeline_returns(&lab, 2, 0);
    timeline_returns(&lab, 3, 1);
    lab_close(&lab);
}

/*
 * Hints end. They are kept for 5 s here: B, down from 10 s to 40 s, misses the writes of 12 s (a
 * hint since its time-out at 14 s) and of 30 s (too late for one). Nothing but a repair brings it
 * the second: without anti-entropy it stays as it is, with it, it is complete.
 */
static void test_hints_end(void **state)
{
    (void)state;
    for (int repair = 0; repair < 2; repair++) {
        const struct plan plan = {
            .replication = repair == 0 ? QUORUM ", 'w': 1, 'r': 1, 'hint_window': '5s'"
                                       : QUORUM ", 'w': 1, 'r': 1, 'hint_window': '5s',"
                                                " 'anti_entropy': '30s'",
            .operations = {"12000,write,1,0\n30000,write,2,0\n",
                           "299000,read,1,0\n299001,read,2,0\n"},
            .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '10s',"
                      " 'for': '30s'}",
            .seconds = 300};
        struct lab lab;
        timeline_run(&lab, &plan);
        timeline_takes(&lab, 2, 30000, 30000, RECORD_OK);
        timeline_returns(&lab, 3, 1);
        timeline_returns(&lab, 4, repair == 0 ? 0 : 2);
        lab_close(&lab);
    }
}

/*
 * Lag is not the age of the last write. After the only write, at 1 s, B is 40 ms behind for 40 ms,
 * its lag growing from 0 to 40 ms: 800 ms^2 of 20,000 ms, a mean of 0.04 ms, and 0 for the idle
 * rest.
 */
static void test_an_idle_replica_does_not_lag(void **state)
{
    (void)state;
    struct lab lab = {.trace = "time_ms,operation,key,session\n1000,write,1,0\n"};
    struct metric_set set;
    lab_write(&lab,
              "{'name': 'idle', 'duration': '20s', 'regions': ['us-east-1', 'eu-west-1'],"
              " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'}, 'jitter': 'none',"
              "   'same_zone': '0ms', 'same_region': '0ms'},"
              " 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary',"
              "   'primary': 'us-east-1'}}},"
              " 'clients': [{'at': 'us-east-1', 'sessions': 1, 'trace': 'one.csv'}]}");
    lab_measure(&lab, 1, &set);
    const struct metric_label copy[] = {{"dataset", "d"}, {"replica", "eu-west-1/n0"}};
    const struct metric *mean = metric_find(&set, "replication_lag_mean_ms", copy, 2);
    const struct metric *lag = metric_find(&set, "replication_lag_ms", copy, 2);
    assert_non_null(mean);
    assert_non_null(lag);
    lab_near("mean lag, ms", metric_number(mean), 0.04, 1e-9);
    lab_near("greatest lag at a bucket's end, ms", metric_quantile(lag, 1.0), 0.0, 1e-9);
    metric_set_release(&set);
    lab_close(&lab);
}

/*
 * Clients that wait hide an outage. The only machine is down from 10 s to 20 s, requests time out
 * after 1 s. Ten sessions that think for 100 ms ask about 10 times a second each, but once in 1.1 s
 * while nobody answers: 10 x 9 of their requests fail. Those who come at 100/s whatever happens see
 * 1,000.
 */
static void test_closed_loops_hide_outages(void **state)
{
    (void)state;
    static const char *const loads[] = {"'think': '100ms'",
                                        "'rate': '100/s', 'arrivals': 'regular'"};
    static const uint64_t failed[] = {91, 1000};
    for (int i = 0; i < 2; i++) {
        struct lab lab = {0};
        struct metric_set set;
        char text[1024];
        snprintf(text, sizeof text,
                 "{'name': 'loop', 'duration': '30s', 'regions': ['us-east-1'],"
                 " 'network': {'jitter': 'none', 'same_zone': '0ms', 'same_region': '1ms'},"
                 " 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary',"
                 "   'primary': 'us-east-1'}}},"
                 " 'clients': [{'at': 'us-east-1', 'sessions': 10, 'deadline': '1s', %s,"
                 "   'mix': {'read': 1}}],"
                 " 'faults': [{'id': 'power', 'kind': 'node_outage', 'region': 'us-east-1',"
                 "   'at': '10s', 'for': '10s'}]}",
                 loads[i]);
        lab_write(&lab, text);
        lab_measure(&lab, 1, &set);
        const uint64_t unknown = lab_metric(&set, "operations_unknown", NULL, NULL)->count;
        /* One more or less a session where the outage cuts a pause. */
        lab_near("requests without an answer", (double)unknown, (double)failed[i], 10.0);
        metric_set_release(&set);
        lab_close(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_is_not_failed),
        cmocka_unit_test(test_clocks_decide_who_was_last),
        cmocka_unit_test(test_sloppy_quorums_do_not_overlap),
        cmocka_unit_test(test_hints_end),
        cmocka_unit_test(test_an_idle_replica_does_not_lag),
        cmocka_unit_test(test_closed_loops_hide_outages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
