/*
 * Faults of machines, disks and clocks, one small world each, computed by hand.
 */
#include "tests/validation/timelines/timeline.h"

#define PRIMARY "'strategy': 'primary', 'primary': 'us-east-1'"
#define QUORUM  "'strategy': 'quorum', 'read_from': 'needed', 'read_repair': 'none'"
#define PAUSE   "{'id': 'pause', 'kind': 'pause', 'region': 'us-east-1', 'at': '1s', 'for': '2s'}"

/*
 * The primary stands still from 1 s to 3 s. The write of 1.5 s waits and is answered at 3 s, when B
 * is 40 ms away from having it; what B is asked meanwhile it answers.
 */
static void test_a_pause_delays_and_loses_nothing(void **state)
{
    (void)state;
    const struct plan plan = {.replication = PRIMARY,
                              .operations = {"1500,write,1,0\n", "1600,read,1,0\n3100,read,1,0\n"},
                              .faults = PAUSE,
                              .seconds = 5};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 1500, 3000, RECORD_OK);
    timeline_takes(&lab, 2, 1600, 1600, RECORD_OK);
    timeline_returns(&lab, 2, 0);
    timeline_has(&lab, B, 1, 3040);
    timeline_returns(&lab, 3, 1);
    lab_close(&lab);
}

/* A message needs 10 ms. That of 0.995 s has had 5 when the pause begins, and has 5 to go after. */
static void test_begun_work_goes_on(void **state)
{
    (void)state;
    const struct plan plan = {.replication = PRIMARY,
                              .operations = {"995,write,1,0\n1200,write,2,0\n"},
                              .nodes = "'service': '10ms', 'workers': 1",
                              .faults = PAUSE,
                              .seconds = 5};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 995, 3005, RECORD_OK);
    timeline_takes(&lab, 2, 1200, 3015, RECORD_OK);
    lab_close(&lab);
}

/* It loses power while it stands still: what waited is gone, and its client never hears. */
static void test_power_lost_in_a_pause(void **state)
{
    (void)state;
    const struct plan plan = {.replication = PRIMARY,
                              .operations = {"1500,write,1,0\n3500,write,2,0\n"},
                              .faults = PAUSE
                              ", {'id': 'power', 'kind': 'node_outage', 'region': 'us-east-1',"
                              " 'at': '2s', 'for': '100ms'}",
                              .deadline = "2s",
                              .seconds = 5};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 1500, 3500, RECORD_INFO);
    timeline_has(&lab, B, 1, -1);
    timeline_takes(&lab, 2, 3500, 3500, RECORD_OK);
    lab_close(&lab);
}

/* Two overlapping faults: 5 ms and 7 ms more a message while both last, nothing afterwards. */
static void test_slow_machines(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY,
        .operations = {"500,write,1,0\n1500,write,2,0\n2500,write,3,0\n3500,write,4,0\n"},
        .faults = "{'id': 's1', 'kind': 'slow_node', 'region': 'us-east-1', 'extra': '5ms',"
                  " 'at': '1s', 'for': '2s'},"
                  "{'id': 's2', 'kind': 'slow_node', 'region': 'us-east-1', 'node': 0,"
                  " 'extra': '7ms', 'at': '2s', 'for': '1s'}",
        .seconds = 5};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 500, 500, RECORD_OK);
    timeline_takes(&lab, 2, 1500, 1505, RECORD_OK);
    timeline_takes(&lab, 3, 2500, 2512, RECORD_OK);
    timeline_takes(&lab, 4, 3500, 3500, RECORD_OK);
    lab_close(&lab);
}

/* A sync of 2 ms takes three times as long and 1 ms longer: 7 ms. */
static void test_slow_disks(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = PRIMARY,
        .operations = {"500,write,1,0\n1500,write,2,0\n"},
        .nodes = "'disk_sync': '2ms'",
        .faults = "{'id': 's', 'kind': 'slow_disk', 'region': 'us-east-1', 'factor': 3,"
                  " 'extra': '1ms', 'at': '1s', 'for': '2s'}",
        .seconds = 5};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 500, 502, RECORD_OK);
    timeline_takes(&lab, 2, 1500, 1507, RECORD_OK);
    lab_close(&lab);
}

/* What A had on its disk is there after an outage, and not after one that took the disk. */
static void test_a_lost_disk_comes_back_empty(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        const struct plan plan = {
            .replication = QUORUM ", 'w': 1, 'r': 1",
            .operations = {"1000,write,1,0\n4000,read,1,0\n"},
            .faults = lost == 0 ? "{'id': 'power', 'kind': 'zone_outage', 'region': 'us-east-1',"
                                  " 'at': '2s', 'for': '1s'}"
                                : "{'id': 'power', 'kind': 'zone_outage', 'region': 'us-east-1',"
                                  " 'disk': 'lost', 'at': '2s', 'for': '1s'}",
            .seconds = 5};
        struct lab lab;
        timeline_run(&lab, &plan);
        timeline_takes(&lab, 1, 1000, 1000, RECORD_OK);
        timeline_returns(&lab, 2, lost == 0 ? 1 : 0);
        lab_close(&lab);
    }
}

/*
 * A's clock gains 10 % for 10 s, a second in all, which stays: its write of 12 s is stamped 13 s
 * and beats B's of 12.5 s. Without the drift B's would win.
 */
static void test_a_drift_stays(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 2, 'r': 2",
        .operations = {"12000,write,1,0\n", "12500,write,1,0\n13500,read,1,0\n"},
        .faults = "{'id': 'drift', 'kind': 'clock_drift', 'region': 'us-east-1', 'ppm': 100000,"
                  " 'at': '1s', 'for': '10s'}",
        .seconds = 15};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_returns(&lab, 3, 1);
    lab_close(&lab);
}

/* A leap second is inserted at A and not at B: A's write, half a second later, looks older. */
static void test_a_leap_second_at_one_side(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 2, 'r': 2",
        .operations = {"5500,write,1,0\n", "5000,write,1,0\n6500,read,1,0\n"},
        .faults = "{'id': 'leap', 'kind': 'leap_second', 'region': 'us-east-1', 'at': '2s'}",
        .seconds = 10};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_returns(&lab, 3, 1); /* operation 1 is B's write of 5 s */
    lab_close(&lab);
}

/*
 * The same second, smeared over 10 s from 2 s on: A's clock is half a second behind at 7 s, and its
 * write of 7.4 s looks older than B's of 7 s; at 20 s the second is still gone, so that A's write
 * of 20.9 s looks older than B's of 20 s, and that of 31.1 s newer than B's of 30 s.
 */
static void test_a_smeared_leap_second(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 2, 'r': 2",
        .operations = {"7400,write,1,0\n20900,write,2,0\n31100,write,3,0\n",
                       "7000,write,1,0\n8500,read,1,0\n20000,write,2,0\n22000,read,2,0\n"
                       "30000,write,3,0\n32000,read,3,0\n"},
        .faults = "{'id': 'leap', 'kind': 'leap_second', 'region': 'us-east-1',"
                  " 'handling': 'smear', 'at': '2s', 'for': '10s'}",
        .seconds = 35};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_returns(&lab, 3,
                     1); /* operations in order: B 7.0, A 7.4, read, B 20.0, A 20.9, read */
    timeline_returns(&lab, 6, 4);
    timeline_returns(&lab, 9, 8);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pause_delays_and_loses_nothing),
        cmocka_unit_test(test_begun_work_goes_on),
        cmocka_unit_test(test_power_lost_in_a_pause),
        cmocka_unit_test(test_slow_machines),
        cmocka_unit_test(test_slow_disks),
        cmocka_unit_test(test_a_lost_disk_comes_back_empty),
        cmocka_unit_test(test_a_drift_stays),
        cmocka_unit_test(test_a_leap_second_at_one_side),
        cmocka_unit_test(test_a_smeared_leap_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
