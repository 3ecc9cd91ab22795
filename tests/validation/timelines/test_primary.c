/*
 * The primary strategy in the real world, to the nanosecond. The primary is in A; distances stand
 * in timeline.h. Where a read should see a write from a moment on, it is asked 1 ns before and
 * after.
 */
#include "tests/validation/timelines/timeline.h"

#define PRIMARY "'strategy': 'primary', 'primary': 'us-east-1'"

/*
 * A client in B writes at 10: the request is in A at 50, the answer in B at 90. The entry leaves A
 * at 50 and is in B at 90 and in C at 125.5.
 */
static void test_async(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY,
        .operations = {"49.999999,read,1,0\n50.000001,read,1,0\n",
                       "10,write,1,0\n89.999999,read,1,1\n90.000001,read,1,1\n",
                       "125.499999,read,1,0\n125.500001,read,1,0\n"},
        .seconds = 1};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 10, 90, RECORD_OK);
    timeline_has(&lab, A, 1, 50);
    timeline_has(&lab, B, 1, 90);
    timeline_has(&lab, C, 1, 125.5);
    for (uint64_t read = 2; read <= 7; read++) { /* in A, B and C: just before, just after */
        timeline_returns(&lab, read, read % 2 == 0 ? 0 : 1);
    }
    lab_close(&lab);
}

/*
 * The same write. Followers answer at once: B's acknowledgement is in A at 130, C's at 201. With
 * one of them the write commits at 130, with both (or all) at 201; the answer needs 40 more. The
 * primary shows it at its commit, the followers when they have it.
 */
static void test_acknowledgements(void **state)
{
    (void)state;
    static const struct {
        const char *replication;
        double commit_ms;
    } rows[] = {
        {PRIMARY ", 'acks': 'semi_sync'", 130},
        {PRIMARY ", 'acks': 'semi_sync', 'wait_for': 2", 201},
        {PRIMARY ", 'acks': 'all'", 201},
        /* A chain A, B, C: B has it at 90, C at 200.25; what B has said of itself is in A at 130;
         * that C has it is in B at 310.5 and in A at 350.5. */
        {PRIMARY ", 'acks': 'semi_sync', 'topology': 'cascade'", 130},
        {PRIMARY ", 'acks': 'all', 'topology': 'cascade'", 350.5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reads[128];
        snprintf(reads, sizeof reads, "%.6f,read,1,0\n%.6f,read,1,0\n",
                 rows[i].commit_ms - 0.000001, rows[i].commit_ms + 0.000001);
        const struct plan plan = {.replication = rows[i].replication,
                                  .operations = {reads, "10,write,1,0\n"},
                                  .seconds = 1};
        struct lab lab;
        timeline_run(&lab, &plan);
        timeline_takes(&lab, 1, 10, rows[i].commit_ms + 40, RECORD_OK);
        timeline_has(&lab, A, 1, rows[i].commit_ms);
        timeline_has(&lab, B, 1, 90);
        timeline_has(&lab, C, 1, i >= 3 ? 200.25 : 125.5);
        timeline_returns(&lab, 2, 0);
        timeline_returns(&lab, 3, 1);
        lab_close(&lab);
    }
}

/*
 * Reads of a client in C. At the nearest: 0. At the primary: 151. After its own write (begun at 10,
 * in A at 85.5, acknowledged at 161): at the primary for less than 1 s, then at the nearest;
 * another session's reads stay at the nearest.
 */
static void test_reads(void **state)
{
    (void)state;
    static const struct {
        const char *replication;
        double own_ms, last_ms, other_ms; /* how long the three reads take */
    } rows[] = {
        {PRIMARY ", 'reads': 'nearest'", 0, 0, 0},
        {PRIMARY ", 'reads': 'primary'", 151, 151, 151},
        {PRIMARY ", 'reads': 'primary_after_write'", 151, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct plan plan = {
            .replication = rows[i].replication,
            .operations = {NULL, NULL,
                           "10,write,1,0\n1160.999999,read,1,0\n1161,read,1,0\n1162,read,1,1\n"},
            .seconds = 2};
        struct lab lab;
        timeline_run(&lab, &plan);
        timeline_takes(&lab, 1, 10, 161, RECORD_OK);
        timeline_takes(&lab, 2, 1160.999999, 1160.999999 + rows[i].own_ms, RECORD_OK);
        timeline_takes(&lab, 3, 1161, 1161 + rows[i].last_ms, RECORD_OK);
        timeline_takes(&lab, 4, 1162, 1162 + rows[i].other_ms, RECORD_OK);
        lab_close(&lab);
    }
}

/*
 * A and B are cut off from 5 s to 25 s; C too, so that no follower answers. A write in A at 6 s
 * waits until the fall-back at 16 s; one at 17 s is answered at once. The stream to B first met the
 * cut at 6 s: it tries again after 0.2, 0.6, 1.4, 3, 6.2, 12.6 and 25.4 s, the last at 31.4 s
 * through a link that is whole since 25 s. B has both entries at 31.44 s and says so by 31.48 s:
 * caught up. A write at 32 s waits for B again, 80 ms.
 */
static void test_fall_back(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY ", 'acks': 'semi_sync', 'fallback_after': '10s'",
        .operations = {"6000,write,1,0\n17000,write,2,0\n32000,write,3,0\n"},
        .faults = "{'id': 'cut', 'kind': 'partition', 'isolate': ['us-east-1'], 'at': '5s',"
                  " 'for': '20s'}",
        .deadline = "30s",
        .seconds = 40};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 6000, 16000, RECORD_OK);
    timeline_takes(&lab, 2, 17000, 17000, RECORD_OK);
    timeline_mode(&lab, 1, 1, 16000);
    timeline_mode(&lab, 2, 0, 31480);
    timeline_takes(&lab, 3, 32000, 32080, RECORD_OK);
    timeline_has(&lab, B, 1, 31440);
    timeline_has(&lab, B, 2, 31440);
    timeline_has(&lab, C, 2, 31475.5);
    timeline_mode(&lab, 3, -1, 0);
    lab_close(&lab);
}

/*
 * A cut between A and B from 5 s to 25 s. The entry of 4.97 s is in B at 5.01 s, when it meets the
 * cut: the stream tries again 0.2, 0.6, 1.4, 3, 6.2, 12.6 and 25.4 s later, the last at 30.41 s.
 * The entry of 10 s waits behind it; so B has both at 30.45 s. C is not concerned. A client in B
 * who writes at 20 s has no path: its request tries again at 20.2, 20.6, 21.4, 23 and 26.2 s, is in
 * A at 26.24 s, and the answer back in B at 26.28 s.
 */
static void test_partition_and_heal(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY,
        .operations = {"4970,write,1,0\n10000,write,2,0\n",
                       "20000,write,3,0\n30449.999999,read,1,1\n30450.000001,read,2,1\n"},
        .faults = "{'id': 'cut', 'kind': 'partition', 'between': [['us-east-1'], ['eu-west-1']],"
                  " 'at': '5s', 'for': '20s'}",
        .seconds = 40};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 4970, 4970, RECORD_OK);
    timeline_takes(&lab, 2, 10000, 10000, RECORD_OK);
    timeline_has(&lab, B, 1, 30450);
    timeline_has(&lab, B, 2, 30450);
    timeline_has(&lab, C, 1, 5045.5);
    timeline_has(&lab, C, 2, 10075.5);
    timeline_takes(&lab, 3, 20000, 26280, RECORD_OK);
    timeline_has(&lab, A, 3, 26240);
    timeline_returns(&lab, 4, 0);
    timeline_returns(&lab, 5, 2);
    lab_close(&lab);
}

/*
 * Disks that need 5 ms. The write of 100 is synced and answered at 105; those of 101 and 103 share
 * the next sync, 105 to 110; that of 112 is being synced when A loses power at 114. B has the first
 * at 145 and shows it once it has synced it, at 150. A is back at 1114 with the three writes that
 * its disk has; the fourth is gone: its client hears nothing until its deadline of 2 s. The write
 * of 1200 is the fourth of the log.
 */
static void test_crash_and_restart(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY,
        .operations = {"100,write,1,0\n101,write,2,0\n103,write,3,0\n112,write,4,0\n"
                       "1113.999999,read,1,0\n1114.000001,read,3,1\n1115,read,4,1\n"
                       "1200,write,4,2\n"},
        .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'us-east-1', 'at': '114ms',"
                  " 'for': '1s'}",
        .nodes = "'disk_sync': '5ms'",
        .deadline = "2s",
        .seconds = 4};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 100, 105, RECORD_OK);
    timeline_takes(&lab, 2, 101, 110, RECORD_OK);
    timeline_takes(&lab, 3, 103, 110, RECORD_OK);
    timeline_takes(&lab, 4, 112, 2112, RECORD_INFO);
    timeline_takes(&lab, 5, 1113.999999, 3113.999999, RECORD_INFO); /* A is still down */
    timeline_takes(&lab, 6, 1114.000001, 1114.000001, RECORD_OK);
    timeline_returns(&lab, 6, 3);
    timeline_returns(&lab, 7, 0);
    timeline_takes(&lab, 8, 1200, 1205, RECORD_OK);
    timeline_has(&lab, B, 1, 150);
    timeline_has(&lab, B, 3, 155); /* both entries in one message, there at 150; one sync */
    timeline_has(&lab, B, 4, -1);
    timeline_has(&lab, B, 8, 1250);
    timeline_has(&lab, C, 8, 1285.5);
    lab_close(&lab);
}

/*
 * B, a follower, is down from 1 s to 2 s; the write of 1.5 s goes past it. When it is back it tells
 * A where it stands: there at 2.04 s; A sends what is missing: in B at 2.08 s. Writes do not wait.
 */
static void test_follower_restarts(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY,
        .operations = {"500,write,1,0\n1500,write,2,0\n3000,write,3,0\n"},
        .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '1s',"
                  " 'for': '1s'}",
        .seconds = 4};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 2, 1500, 1500, RECORD_OK);
    timeline_has(&lab, B, 1, 540);
    timeline_has(&lab, B, 2, 2080);
    timeline_has(&lab, B, 3, 3040);
    timeline_has(&lab, C, 2, 1575.5);
    lab_close(&lab);
}

/*
 * Both followers are down from 1 s to 10 s. A write of 2 s waits; A itself loses power at 3 s and
 * is back at 4 s with the write on its disk, visible but on no follower. The client's second try,
 * at 5 s, must wait as well: it is done again, and the third at 8 s joins it. B is back at 10 s,
 * tells A so by 10.04 s, has both entries at 10.08 s, and A knows at 10.12 s.
 */
static void test_try_again_after_restart(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY ", 'acks': 'semi_sync'",
        .operations = {"2000,write,1,0\n4500,read,1,1\n",
                       "10079.999999,read,1,0\n10081,read,1,0\n"},
        .faults =
            "{'id': 'b', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '1s', 'for': '9s'},"
            "{'id': 'c', 'kind': 'node_outage', 'region': 'ap-northeast-1', 'at': '1s',"
            " 'for': '9s'},"
            "{'id': 'a', 'kind': 'node_outage', 'region': 'us-east-1', 'at': '3s', 'for': '1s'}",
        .deadline = "30s",
        .retry = "'tries': 3, 'timeout': '3s', 'backoff': '0ms'",
        .seconds = 20};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 2000, 10120, RECORD_OK);
    timeline_returns(&lab, 2, 1);
    timeline_returns(&lab, 3, 0);
    timeline_returns(&lab, 4, 1);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_async),
        cmocka_unit_test(test_acknowledgements),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_fall_back),
        cmocka_unit_test(test_partition_and_heal),
        cmocka_unit_test(test_crash_and_restart),
        cmocka_unit_test(test_follower_restarts),
        cmocka_unit_test(test_try_again_after_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
