/*
 * The quorum strategy in the real world, to the nanosecond. Distances stand in timeline.h; seen
 * from A the round trips are 80 to B and 151 to C.
 */
#include "tests/validation/timelines/timeline.h"

#define QUORUM "'strategy': 'quorum', 'read_from': 'needed', 'read_repair': 'none'"

/*
 * A client in A, whose coordinator is A's own copy. Of three copies the first answers after 0, the
 * second after 80, the third after 151; all have the write when its message arrives, whatever W is.
 */
static void test_order_statistics(void **state)
{
    (void)state;
    static const double answers_ms[] = {0, 0, 80, 151};
    for (int k = 1; k <= 3; k++) {
        for (int all = 0; all < 2; all++) {
            char replication[256];
            snprintf(replication, sizeof replication,
                     "'strategy': 'quorum', 'read_repair': 'none', 'r': %d, 'w': %d,"
                     " 'read_from': '%s'",
                     k, k, all == 1 ? "all" : "needed");
            const struct plan plan = {.replication = replication,
                                      .operations = {"10,write,1,0\n300,read,1,0\n"},
                                      .seconds = 1};
            struct lab lab;
            timeline_run(&lab, &plan);
            timeline_takes(&lab, 1, 10, 10 + answers_ms[k], RECORD_OK);
            timeline_takes(&lab, 2, 300, 300 + answers_ms[k], RECORD_OK);
            timeline_returns(&lab, 2, 1);
            timeline_has(&lab, A, 1, 10);
            timeline_has(&lab, B, 1, 50);
            timeline_has(&lab, C, 1, 85.5);
            lab_close(&lab);
        }
    }
}

/*
 * Two copies in each region, 1.5 ms between any two machines of one, the client included: 3 to the
 * coordinator and back. Its own answer comes after 0, its neighbour's after 3, B's two after 80,
 * C's two after 151.
 */
static void test_levels(void **state)
{
    (void)state;
    static const struct {
        const char *level;
        double takes_ms;
    } rows[] = {
        {"one", 3 + 0},   {"two", 3 + 3},       {"three", 3 + 80},       {"quorum", 3 + 80},
        {"all", 3 + 151}, {"local_one", 3 + 0}, {"local_quorum", 3 + 3}, {"each_quorum", 3 + 151},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char replication[256];
        snprintf(replication, sizeof replication,
                 QUORUM ", 'copies': 2, 'read': '%s', 'write': '%s'", rows[i].level, rows[i].level);
        const struct plan plan = {.replication = replication,
                                  .operations = {"10,write,1,0\n300,read,1,0\n"},
                                  .inside = "1.5ms",
                                  .per_region = 2,
                                  .seconds = 1};
        struct lab lab;
        timeline_run(&lab, &plan);
        timeline_takes(&lab, 1, 10, 10 + rows[i].takes_ms, RECORD_OK);
        timeline_takes(&lab, 2, 300, 300 + rows[i].takes_ms, RECORD_OK);
        lab_close(&lab);
    }
}

/*
 * Writes need 100 ms more on their way: that of 100 would be in B at 240. A read in A at 101 asks A
 * and B; B's answer, the old value, is in A at 181. Blocking repair: B has the new value at 221,
 * says so at 261, and only then the reader is answered. In the background: answered at 181, B has
 * it at 221 all the same. Without: B has it at 240. C is not asked: 275.5.
 */
static void test_read_repair(void **state)
{
    (void)state;
    static const struct {
        const char *repair;
        double answered_ms, b_has_ms;
    } rows[] = {{"blocking", 261, 221}, {"background", 181, 221}, {"none", 181, 240}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char replication[256];
        snprintf(replication, sizeof replication,
                 "'strategy': 'quorum', 'read_from': 'needed', 'r': 2, 'w': 1, 'read_repair': '%s'",
                 rows[i].repair);
        const struct plan plan = {.replication = replication,
                                  .operations = {"100,write,1,0\n101,read,1,0\n"},
                                  .network =
                                      ", 'transport': 'datagram',"
                                      " 'message_delays': {'quorum.write': {'delay': '100ms'}}",
                                  .seconds = 1};
        struct lab lab;
        timeline_run(&lab, &plan);
        timeline_takes(&lab, 1, 100, 100, RECORD_OK);
        timeline_takes(&lab, 2, 101, rows[i].answered_ms, RECORD_OK);
        timeline_returns(&lab, 2, 1);
        timeline_has(&lab, B, 1, rows[i].b_has_ms);
        timeline_has(&lab, C, 1, 275.5);
        lab_close(&lab);
    }
}

/*
 * B is down from 10 s to 20 s. The write of 12 s is acknowledged by A and C, after 151. After its
 * time-out, at 14 s, A keeps a hint and sends it at once: lost. The next hint could go after 1 ms
 * (1000 a second); then A waits for the answer for 2 s, sends again at 16.001 s, again 1 ms and 4 s
 * later: at 20.002 s, when B is up. B has it at 20.042 s, without any read.
 */
static void test_hints(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 2, 'r': 1",
        .operations = {"12000,write,1,0\n", "20041.999999,read,1,0\n20042.000001,read,1,0\n"},
        .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '10s',"
                  " 'for': '10s'}",
        .seconds = 25};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 12000, 12151, RECORD_OK);
    timeline_has(&lab, C, 1, 12075.5);
    timeline_has(&lab, B, 1, 20042);
    timeline_returns(&lab, 2, 0);
    timeline_returns(&lab, 3, 1);
    lab_close(&lab);
}

/*
 * B goes down at 10.3 s for good; every write needs all three. Members take turns: A counts its
 * heartbeats at 0, 1, 2 s ..., B sends at 1/3, 4/3 s ... The last of B left at 9.333333 s and was
 * in A at 9.373333 s, after A's 10th. A believes B down when more than 18 of its own have passed:
 * at the 29th, at 28 s. Just before, a write waits for its time-out of 2 s and is unknown; from
 * then on it fails at once. Reads that need two go on with C.
 */
static void test_suspicion(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 3, 'r': 2",
        .operations = {"27999.999999,write,1,0\n28000.000001,write,2,0\n28001,read,3,0\n"},
        .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '10300ms'}",
        .seconds = 40};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 27999.999999, 29999.999999, RECORD_INFO);
    timeline_takes(&lab, 2, 28000.000001, 28000.000001, RECORD_FAIL);
    timeline_takes(&lab, 3, 28001, 28152, RECORD_OK);
    timeline_has(&lab, C, 2, -1);
    lab_close(&lab);
}

/*
 * A sloppy quorum: D, which holds no copy, stands in for B, down from 10.3 s to 40 s. Four members
 * take turns: B's last heartbeat left at 10.25 s; A has it before its 12th (11 s) and gives B up at
 * its 30th, at 29 s; D counts at 0.75, 1.75 s ..., has it at 10.315 s after its 10th and gives B up
 * at its 29th, at 28.75 s. A write in A at 30 s that needs all three: D stands in (60 ms), C is the
 * last, 151. B is back at 40 s and says so at once: D hears it at 40.065 s and hands the write
 * over: 40.13 s.
 */
static void test_sloppy_quorum(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 3, 'r': 1, 'sloppy': true",
        .operations = {"28999.999999,write,1,0\n30000,write,2,0\n",
                       "40129.999999,read,2,0\n40130.000001,read,2,0\n"},
        .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '10300ms',"
                  " 'for': '29700ms'}",
        .fourth = true,
        .seconds = 45};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 28999.999999, 30999.999999, RECORD_INFO);
    timeline_takes(&lab, 2, 30000, 30151, RECORD_OK);
    timeline_has(&lab, B, 2, 40130);
    timeline_returns(&lab, 3, 0);
    timeline_returns(&lab, 4, 2);
    lab_close(&lab);
}

/*
 * Anti-entropy every 30 s, no hints: A's turn at 10, 40 s ..., B's would be at 20 s, C's at 30, 60
 * s. B is down from 10 s to 20 s and misses the write of 12 s. Its restart begins its turn anew: it
 * compares itself at 40 s, first with C: hashes there at 40.11025 s, C's versions back at 40.2205
 * s, the keys that B wants at 40.33075 s, and their values in B at 40.441 s. (C's turn at 30 s goes
 * to A, A's at 40 s to C: both have it.)
 */
static void test_anti_entropy(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'w': 1, 'r': 1, 'hints': false, 'anti_entropy': '30s'",
        .operations = {"12000,write,1,0\n"},
        .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '10s',"
                  " 'for': '10s'}",
        .seconds = 45};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 12000, 12000, RECORD_OK);
    timeline_has(&lab, C, 1, 12075.5);
    timeline_has(&lab, B, 1, 40441);
    lab_close(&lab);
}

/*
 * B is down and not yet suspected. A read in A that needs two asks A and B; after 50 ms without an
 * answer it asks C as well, which needs 151 more. Without speculation it fails after its time-out.
 */
static void test_speculation(void **state)
{
    (void)state;
    static const struct {
        const char *replication;
        double takes_ms;
        enum record_outcome outcome;
    } rows[] = {{QUORUM ", 'r': 2, 'w': 1, 'speculate_after': '50ms'", 201, RECORD_OK},
                {QUORUM ", 'r': 2, 'w': 1", 5000, RECORD_FAIL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct plan plan = {
            .replication = rows[i].replication,
            .operations = {"1000,write,1,0\n12000,read,1,0\n"},
            .faults = "{'id': 'power', 'kind': 'node_outage', 'region': 'eu-west-1', 'at': '10s'}",
            .seconds = 20};
        struct lab lab;
        timeline_run(&lab, &plan);
        timeline_takes(&lab, 2, 12000, 12000 + rows[i].takes_ms, rows[i].outcome);
        if (rows[i].outcome == RECORD_OK) {
            timeline_returns(&lab, 2, 1);
        }
        lab_close(&lab);
    }
}

/*
 * A is cut off from 5 s to 15 s; majorities. In A a write is unknown after 2 s and a read fails
 * after 5 s; in B a write is acknowledged by C, 220.5 ms. The streams out of A met the cut at 6 s
 * and try again at 6.2, 6.6, 7.4, 9, 12.2 and 18.6 s: then the writes that A has kept go out. B has
 * that of 6 s at 18.64 s. It has the older stamp, so B's own of 7 s stands; A gets that from B,
 * whose stream met the cut at 5.333333 s with a heartbeat (0.2, 0.6, 1.4, 3, 6.2, 12.6 s):
 * at 17.933333 s it goes out and is in A at 17.973333 s.
 */
static void test_partition(void **state)
{
    (void)state;
    const struct plan plan = {
        .replication = QUORUM ", 'heartbeat': '1s'",
        .operations = {"6000,write,1,0\n6500,read,1,0\n20000,read,1,0\n",
                       "7000,write,1,0\n20001,read,1,0\n"},
        .faults = "{'id': 'cut', 'kind': 'partition', 'isolate': ['us-east-1'], 'at': '5s',"
                  " 'for': '10s'}",
        .seconds = 25};
    struct lab lab;
    timeline_run(&lab, &plan);
    timeline_takes(&lab, 1, 6000, 8000, RECORD_INFO);
    timeline_takes(&lab, 2, 6500, 11500, RECORD_FAIL);
    timeline_takes(&lab, 3, 7000, 7220.5, RECORD_OK);
    timeline_has(&lab, C, 3, 7110.25);
    timeline_has(&lab, A, 3, 17973.333333);
    timeline_has(&lab, B, 1, -1);
    timeline_takes(&lab, 4, 20000, 20080, RECORD_OK);
    timeline_returns(&lab, 4, 3);
    timeline_returns(&lab, 5, 3);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_statistics), cmocka_unit_test(test_levels),
        cmocka_unit_test(test_read_repair),      cmocka_unit_test(test_hints),
        cmocka_unit_test(test_suspicion),        cmocka_unit_test(test_sloppy_quorum),
        cmocka_unit_test(test_anti_entropy),     cmocka_unit_test(test_speculation),
        cmocka_unit_test(test_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
