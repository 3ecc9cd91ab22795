/* test_connections.c - users' connections, computed by hand and met to the nanosecond. */
#include "tests/validation/routing/rig.h"

/* Session 0 of the group eu; group us has none in these tests unless it says so. */
enum { EU_FIRST = 0 };

/*
 * 10: connects (CONNECT and ACCEPT twice, 1 ms each way) until 14, 15 gateway, 16 machine, 17, 18.
 * 30: on the same connection. 50: a write, which its gateway asks of the primary: 51, 91, 131, 132.
 */
static void test_first_request_connects(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest'",
                                .eu = "10,read,1,0\n30,read,1,0\n50,write,1,0\n",
                                .seconds = 1});
    const struct record *read = rig_takes(&lab, 1, 10, 18, RECORD_OK);
    assert_int_equal(read->node, EU);
    assert_int_equal(read->flags, 0);
    rig_takes(&lab, 2, 30, 34, RECORD_OK);
    assert_int_equal(rig_takes(&lab, 3, 50, 132, RECORD_OK)->node, US);
    const struct record *connected = rig_has(&lab, RECORD_CONNECTED, EU_FIRST, 1, 14, EU);
    assert_int_equal(connected->a, MS(10));
    assert_int_equal(connected->from_place, EU);
    const struct record *routed = rig_has(&lab, RECORD_ROUTED, EU_FIRST, 1, 14, EU);
    assert_true(routed->peer == RECORD_NONE);
    assert_int_equal(rig_count(&lab, RECORD_CONNECTED), 1);
    assert_int_equal(rig_count(&lab, RECORD_ROUTED), 1);
    lab_close(&lab);
}

/* Three exchanges; what is asked meanwhile waits and goes out with the rest. Sessions are apart. */
static void test_requests_wait_for_the_connection(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest',"
                                           " 'connections': {'handshake_round_trips': 3}",
                                .eu = "10,read,1,0\n12,read,2,0\n13,read,2,1\n",
                                .seconds = 1});
    rig_takes(&lab, 1, 10, 20, RECORD_OK);
    rig_takes(&lab, 2, 12, 20, RECORD_OK);
    rig_takes(&lab, 3, 13, 23, RECORD_OK);
    assert_int_equal(rig_count(&lab, RECORD_CONNECTED), 2);
    lab_close(&lab);
}

/* Connected at 14, for 100 ms: at 113 it is used, at 115 a new one is made. */
static void test_lifetime(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest',"
                                           " 'connections': {'lifetime': '100ms'}",
                                .eu = "10,read,1,0\n113,read,1,0\n115,read,1,0\n",
                                .seconds = 1});
    rig_takes(&lab, 2, 113, 117, RECORD_OK);
    rig_takes(&lab, 3, 115, 123, RECORD_OK);
    rig_has(&lab, RECORD_CONNECTED, EU_FIRST, 2, 119, EU);
    assert_int_equal(rig_count(&lab, RECORD_ROUTED), 1);
    lab_close(&lab);
}

/* Last used when the answer came, at 18: at 67.9 it is still there, and then until 121.9. */
static void test_idle_timeout(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest',"
                                           " 'connections': {'idle_timeout': '50ms'}",
                                .eu = "10,read,1,0\n67,read,1,0\n121,read,1,0\n",
                                .seconds = 1});
    rig_takes(&lab, 2, 67, 71, RECORD_OK);
    rig_takes(&lab, 3, 121, 129, RECORD_OK);
    lab_close(&lab);
}

/*
 * Weights half and half, a new draw each time (ttl 0): 40 requests of one session stay on its one
 * connection. With connections that live for 1 ms each draws anew, and both regions are seen.
 */
static void test_connections_do_not_move(void **state)
{
    (void)state;
    static char trace[4096];
    size_t used = 0;
    for (int i = 0; i < 40; i++) {
        used += (size_t)snprintf(trace + used, sizeof trace - used, "%d,read,1,0\n", 500 * i + 10);
    }
    struct lab lab;
    rig_run(&lab, &(struct rig){
                      .routing = "'policy': 'weighted', 'ttl': '0ms'", .eu = trace, .seconds = 25});
    assert_int_equal(rig_count(&lab, RECORD_CONNECTED), 1);
    assert_int_equal(rig_count(&lab, RECORD_ROUTED), 1);
    lab_close(&lab);
    rig_run(&lab, &(struct rig){.routing = "'policy': 'weighted', 'ttl': '0ms',"
                                           " 'connections': {'lifetime': '1ms'}",
                                .eu = trace,
                                .seconds = 25});
    assert_int_equal(rig_count(&lab, RECORD_CONNECTED), 40);
    assert_in_range(rig_count(&lab, RECORD_ROUTED), 5, 36); /* 20 expected, 3.1 the deviation */
    lab_close(&lab);
    rig_run(&lab, &(struct rig){.routing = "'policy': 'weighted', 'ttl': '0ms',"
                                           " 'connections': {'lifetime': '1ms', 'sticky': true}",
                                .eu = trace,
                                .seconds = 25});
    assert_int_equal(rig_count(&lab, RECORD_CONNECTED), 40);
    assert_int_equal(rig_count(&lab, RECORD_ROUTED), 1);
    lab_close(&lab);
}

static const char outage_at_1s_for_2s[] =
    "{'id': 'x', 'kind': 'region_outage', 'region': 'eu-west-1', 'at': '1s', 'for': '2s'}";

/*
 * The region restarts between two requests. Of the old connection its gateway knows nothing: at
 * 4000 the read reaches it at 4001, the reset is back at 4002, and the read is sent again on a new
 * connection: 8 ms. A write ends there, with an unknown outcome.
 */
static void test_reset_after_restart(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest'",
                                .eu = "500,read,1,0\n510,read,1,1\n4000,read,1,0\n4005,write,1,1\n"
                                      "4010,write,1,1\n",
                                .faults = outage_at_1s_for_2s,
                                .seconds = 10});
    rig_takes(&lab, 3, 4000, 4010, RECORD_OK);
    rig_takes(&lab, 4, 4005, 4007, RECORD_INFO);
    rig_takes(&lab, 5, 4010, 4096, RECORD_OK); /* 4 to connect, 1 + 40 + 40 + 1 */
    lab_close(&lab);
}

/*
 * A request into the outage at 2000 is lost. What follows within the time-out of 1 s trusts the
 * connection (2900, lost as well); at 3000 it is given up for dead, and a new one is made.
 */
static void test_silence_ends_a_connection(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'connections': {'timeout': '1s'}",
                                .eu = "500,read,1,0\n2000,read,1,0\n2900,read,1,0\n3001,read,1,0\n",
                                .faults = outage_at_1s_for_2s,
                                .client = ", 'deadline': '3s'",
                                .seconds = 10});
    rig_takes(&lab, 2, 2000, 5000, RECORD_INFO);
    rig_takes(&lab, 3, 2900, 5900, RECORD_INFO);
    rig_takes(&lab, 4, 3001, 3009, RECORD_OK);
    lab_close(&lab);
}

/*
 * A ping every 200 ms from 504 on. After the restart at 3000 the one at 3104 is answered with a
 * reset, so that the request at 4000 makes a new connection at once: 8 ms instead of 10.
 */
static void test_keep_alive(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest',"
                                           " 'connections': {'keep_alive': '200ms'}",
                                .eu = "500,read,1,0\n4000,read,1,0\n",
                                .faults = outage_at_1s_for_2s,
                                .seconds = 10});
    rig_takes(&lab, 2, 4000, 4008, RECORD_OK);
    lab_close(&lab);
    /* Pings also find out that nobody answers: 1 s after 1104 the connection is given up. */
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'fail_over': true,"
                                           " 'connections': {'keep_alive': '200ms',"
                                           "                 'timeout': '1s'}",
                                .eu = "500,read,1,0\n2500,read,1,0\n",
                                .faults = outage_at_1s_for_2s,
                                .seconds = 10});
    /* Next nearest: 160 ms to connect, 40 to the gateway, 2 to its machine and back, 40. */
    rig_takes(&lab, 2, 2500, 2742, RECORD_OK);
    lab_close(&lab);
}

/*
 * The region is off until 2500. Attempts at 100, 1100, 2100 fail after 1 s each (a back-off of 1 ms
 * from their begin is over by then); the one at 3100 does not: 4 ms, and 4 for the read. It never
 * waits behind requests that are past their deadline: that of 200 is not sent.
 */
static void test_attempts_to_connect(void **state)
{
    (void)state;
    const char *off = "{'id': 'x', 'kind': 'region_outage', 'region': 'eu-west-1', 'at': '0s',"
                      " 'for': '2.5s'}";
    const char *routing = "'policy': 'nearest', 'connections': {'connect_timeout': '1s',"
                          " 'backoff': '1ms', 'backoff_max': '1ms'}";
    struct lab lab;
    rig_run(&lab, &(struct rig){
                      .routing = routing, .eu = "100,read,1,0\n", .faults = off, .seconds = 10});
    rig_takes(&lab, 1, 100, 3108, RECORD_OK);
    const struct record *connected = rig_has(&lab, RECORD_CONNECTED, EU_FIRST, 1, 3104, EU);
    assert_int_equal(connected->a, MS(3100));
    lab_close(&lab);
    rig_run(&lab, &(struct rig){.routing = routing,
                                .eu = "100,read,1,0\n900,read,1,0\n",
                                .faults = off,
                                .client = ", 'deadline': '2.5s'",
                                .seconds = 10});
    rig_takes(&lab, 1, 100, 2600, RECORD_INFO);
    rig_takes(&lab, 2, 900, 3108, RECORD_OK);
    lab_close(&lab);
}

/* Back-off doubles from the begin of attempts: 1, 2, 4 s, each a fifth more or less. */
static void test_backoff(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'connections': {"
                                           " 'connect_timeout': '10ms', 'backoff': '1s'}",
                                .eu = "100,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                          " 'eu-west-1', 'at': '0s', 'for': '2s'}",
                                .client = ", 'deadline': '60s'",
                                .seconds = 30});
    /* The third attempt, 3 s (2.4 to 3.6) after the first, is the first that can succeed. */
    const struct record *connected = rig_row(&lab, RECORD_CONNECTED, EU_FIRST, 1);
    assert_non_null(connected);
    assert_in_range(connected->a, MS(2500), MS(3700));
    assert_true(connected->a != MS(3100));
    lab_close(&lab);
}

/* After 1 s without an answer the next nearest region is tried: 160 + 82 ms; and kept. */
static void test_nearest_fails_over(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'fail_over': true,"
                                           " 'retry_after': '5s', 'connections': {"
                                           " 'connect_timeout': '1s', 'backoff': '1ms',"
                                           " 'backoff_max': '1ms', 'lifetime': '4s'}",
                                .eu = "1500,read,1,0\n4000,read,1,0\n9000,read,1,0\n",
                                .faults = outage_at_1s_for_2s,
                                .seconds = 20});
    rig_takes(&lab, 1, 1500, 2742, RECORD_OK);
    rig_takes(&lab, 2, 4000, 4082, RECORD_OK);
    rig_has(&lab, RECORD_ROUTED, EU_FIRST, 1, 2660, US);
    /* Its connection ended at 6660; the failure of 2500 is forgotten since 7500. */
    rig_takes(&lab, 3, 9000, 9008, RECORD_OK);
    const struct record *back = rig_has(&lab, RECORD_ROUTED, EU_FIRST, 2, 9004, EU);
    assert_int_equal(back->peer, US);
    lab_close(&lab);
}

/* What the network refuses with a reset ends at once: the connection, and attempts to make one. */
static void test_network_resets(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'weighted', 'weights': ["
                                           "{'region': 'us-east-1'}], 'connections': {"
                                           " 'backoff': '100ms', 'backoff_max': '100ms'}",
                                .eu = "100,read,1,0\n1500,read,1,0\n3000,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'partition', 'between':"
                                          " [['us-east-1'], ['eu-west-1']], 'style': 'reset',"
                                          " 'at': '1s', 'for': '1s'}",
                                .seconds = 10});
    rig_takes(&lab, 1, 100, 342, RECORD_OK); /* 160 to connect, 82 */
    /* The first router answers: one round trip within the place. */
    rig_takes(&lab, 2, 1500, 1502, RECORD_FAIL);
    rig_takes(&lab, 3, 3000, 3242, RECORD_OK);
    lab_close(&lab);
}

static void test_same_twice(void **state)
{
    (void)state;
    uint64_t found[2];
    for (int i = 0; i < 2; i++) {
        struct lab lab = {0};
        lab_write(&lab, "{'name': 'twice', 'duration': '20s', 'regions': ['us-east-1', 'eu-west-1',"
                        " 'ap-northeast-1'], 'datasets': {'d': {'keys': 1000, 'replication':"
                        " {'strategy': 'quorum'}}}, 'clients': [{'at': 'us-east-1', 'rate':"
                        " '200/s', 'mix': {'read': 0.8, 'write': 0.2}}], 'routing': {'policy':"
                        " 'client', 'cache': 'invalidate', 'gateways': {'capacity': '300/s'},"
                        " 'connections': {'lifetime': '2s', 'timeout': '1s'}}, 'faults': [{'id':"
                        " 'x', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '5s', 'for':"
                        " '5s'}]}");
        lab_run(&lab, 7, 0);
        found[i] = world_fingerprint(lab.world);
        lab_close(&lab);
    }
    assert_true(found[0] == found[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_request_connects),
        cmocka_unit_test(test_requests_wait_for_the_connection),
        cmocka_unit_test(test_lifetime),
        cmocka_unit_test(test_idle_timeout),
        cmocka_unit_test(test_connections_do_not_move),
        cmocka_unit_test(test_reset_after_restart),
        cmocka_unit_test(test_silence_ends_a_connection),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_attempts_to_connect),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_nearest_fails_over),
        cmocka_unit_test(test_network_resets),
        cmocka_unit_test(test_same_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
