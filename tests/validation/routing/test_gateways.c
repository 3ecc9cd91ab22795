/* test_gateways.c - a region's capacity, its queue, and what its gateway asks of the database. */
#include "models/routing/front_internal.h"
#include "models/world_internal.h"
#include "tests/validation/routing/rig.h"

#include <math.h>

/*
 * 100 ms a request, one worker, one place to wait. Requests reach the gateway at 1001, 1002, 1003:
 * the first is served until 1101, the second until 1201, the third is refused.
 */
static void test_queue(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'gateways': {'service': '100ms',"
                                           " 'queue_max': 1, 'handshake_cost': 0}",
                                .eu = "100,read,1,0\n300,read,1,1\n500,read,1,2\n"
                                      "1000,read,1,0\n1001,read,1,1\n1002,read,1,2\n",
                                .seconds = 5});
    rig_takes(&lab, 1, 100, 208, RECORD_OK);
    rig_takes(&lab, 4, 1000, 1104, RECORD_OK);
    rig_takes(&lab, 5, 1001, 1204, RECORD_OK);
    rig_takes(&lab, 6, 1002, 1004, RECORD_FAIL);
    lab_close(&lab);
}

/* Each round of a handshake takes 2 x 100 ms of the worker: 2 x (2 + 200) + 4 + 100. */
static void test_handshakes_cost(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'gateways': {'capacity': '10/s',"
                                           " 'handshake_cost': 2}",
                                .eu = "10,read,1,0\n",
                                .seconds = 5});
    rig_takes(&lab, 1, 10, 518, RECORD_OK);
    lab_close(&lab);
}

/* Two workers for 10 requests a second take 200 ms each. EU has one worker, and 50 ms. */
static void test_regions_differ(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'gateways': {'capacity': '10/s',"
                                           " 'workers': 2, 'handshake_cost': 0, 'region': ["
                                           " {'region': 'eu-west-1', 'service': '50ms',"
                                           "  'workers': 1}]}",
                                .us = "11,read,1,0\n12,read,1,1\n",
                                .eu = "500,read,1,0\n501,read,1,1\n",
                                .seconds = 5});
    rig_takes(&lab, 1, 11, 219, RECORD_OK);
    rig_takes(&lab, 2, 12, 220, RECORD_OK);
    rig_takes(&lab, 3, 500, 558, RECORD_OK);
    rig_takes(&lab, 4, 501, 608, RECORD_OK); /* served from 555 to 605 */
    lab_close(&lab);
}

/*
 * The machine of EU is off. A read asks it at 1505 (4 to connect), in vain for 300 ms; the second
 * ask goes to the next machine, in US: 1805, 1845, 1885, 1886. Without retries it ends at 1806.
 */
static void test_database_time_out(void **state)
{
    (void)state;
    const char *off = "{'id': 'x', 'kind': 'node_outage', 'region': 'eu-west-1', 'node': 0,"
                      " 'at': '1s', 'for': '5s'}";
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest',"
                                           " 'gateways': {'db_timeout': '300ms'}",
                                .eu = "1500,read,1,0\n",
                                .faults = off,
                                .seconds = 10});
    assert_int_equal(rig_takes(&lab, 1, 1500, 1886, RECORD_OK)->node, US);
    lab_close(&lab);
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'gateways':"
                                           " {'db_timeout': '300ms', 'db_retries': 0}",
                                .eu = "1500,read,1,0\n",
                                .faults = off,
                                .seconds = 10});
    rig_takes(&lab, 1, 1500, 1806, RECORD_INFO);
    lab_close(&lab);
}

/* Seven writes that nobody can accept are 7 x (1 + 3) requests to the dead primary. */
static void test_retries_multiply(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'gateways':"
                                           " {'db_timeout': '300ms', 'db_retries': 3}",
                                .us = "1500,write,1,0\n1510,write,1,0\n1520,write,1,0\n"
                                      "1530,write,1,0\n1540,write,1,0\n1550,write,1,0\n"
                                      "1560,write,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'node_outage', 'region':"
                                          " 'us-east-1', 'node': 0, 'at': '1s', 'for': '8s'}",
                                .seconds = 10});
    uint32_t asked = 0;
    for (size_t i = 0; i < lab.row_count; i++) {
        const struct record *row = &lab.rows[i];
        asked += row->kind == RECORD_SENT && row->slot == MESSAGE_REQUEST && row->peer == US;
    }
    assert_int_equal(asked, 28);
    rig_takes(&lab, 1, 1500, 1500 + 4 + 1 + 4 * 300 + 1, RECORD_INFO);
    lab_close(&lab);
}

struct latencies {
    double sum_ms;
    uint64_t count;
    sim_ns least_ns;
};

static void keep_latency(void *opaque, const struct record *row)
{
    struct latencies *latencies = opaque;
    static sim_ns begin_ns[1 << 16];
    if (row->kind == RECORD_INVOKED) {
        begin_ns[row->slot & 0xffff] = row->at_ns;
    } else if (row->kind == RECORD_COMPLETED && (row->flags & RECORD_FLAG_WARMUP) == 0) {
        assert_int_equal(row->outcome, RECORD_OK);
        const sim_ns ns = row->at_ns - begin_ns[row->slot & 0xffff];
        latencies->sum_ms += (double)ns / 1e6;
        latencies->count++;
        latencies->least_ns =
            latencies->least_ns == 0 || ns < latencies->least_ns ? ns : latencies->least_ns;
    }
}

/* 70 requests per second of 20 sessions in EU, which stay connected, for 4000 s. */
static struct latencies run_queue(const char *gateways)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'queue', 'duration': '4000s', 'warmup': '10s', 'regions': ['us-east-1',"
             " 'eu-west-1'], 'network': {'latency': {'from': 'constant', 'one_way': '40ms'},"
             " 'jitter': 'none', 'same_zone': '1ms', 'same_region': '1ms'}, 'datasets': {'d':"
             " {'keys': 8, 'replication': {'strategy': 'primary', 'primary': 'us-east-1'}}},"
             " 'routing': {'policy': 'nearest', 'gateways': {%s}}, 'clients': [{'at': 'eu-west-1',"
             " 'sessions': 20, 'rate': '70/s'}]}",
             gateways);
    struct lab lab = {0};
    struct latencies latencies = {0};
    lab_write(&lab, text);
    lab_run_into(&lab, test_seed(),
                 (struct record_sink){.state = &latencies,
                                      .row = keep_latency,
                                      .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED});
    lab_close(&lab);
    return latencies;
}

/*
 * Waiting times of queues fed by Poisson arrivals, against Pollaczek-Khinchine (M/D/1) and Erlang C
 * (M/M/2). 280,000 requests; waits of neighbours are correlated over some 1/(1 - load)^2 of them:
 * the standard error of the mean is below 1 % of it at a load of 0.7, so 4 % is beyond 4 of them.
 */
static void test_closed_forms(void **state)
{
    (void)state;
    struct latencies found = run_queue("'capacity': '100/s'");
    double must_ms = 4.0 + 10.0 + 0.7 * 10.0 / (2.0 * 0.3);
    if (fabs(found.sum_ms / (double)found.count - must_ms) > 0.04 * 11.7) {
        fail_msg("M/D/1: %.3f ms, must be %.3f", found.sum_ms / (double)found.count, must_ms);
    }
    assert_int_equal(found.least_ns, MS(14));
    found = run_queue("'service': {'distribution': 'exponential', 'mean': '20ms'}, 'workers': 2");
    /* a = 1.4: P(wait) = 0.98 / (1 + 1.4 + ...) = (a^2/2)/(1-0.7) / (1 + a + that), wait 20/(2-a)
     */
    const double queued = 0.98 / 0.3, wait = queued / (1.0 + 1.4 + queued);
    must_ms = 4.0 + 20.0 + wait * 20.0 / 0.6;
    if (fabs(found.sum_ms / (double)found.count - must_ms) > 0.04 * 19.2) {
        fail_msg("M/M/2: %.3f ms, must be %.3f", found.sum_ms / (double)found.count, must_ms);
    }
    /* Provisioned at twice the load of those nearest, 70 per second: 1/140 s without a queue. */
    found = run_queue("'provisioned': 2");
    assert_int_equal(found.least_ns, 4000000 + (1000000000 + 70) / 140);
}

/* While nothing answers memory holds what is in flight: 100 per second for 2 s, and the probes. */
static void test_memory(void **state)
{
    (void)state;
    struct lab lab = {0};
    lab_write(&lab, "{'name': 'memory', 'duration': '100s', 'regions': ['us-east-1', 'eu-west-1'],"
                    " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'}}, 'datasets':"
                    " {'d': {'keys': 8, 'replication': {'strategy': 'primary', 'primary':"
                    " 'us-east-1'}}}, 'routing': {'policy': 'nearest', 'gateways': {'db_timeout':"
                    " '1s'}}, 'clients': [{'at': 'us-east-1', 'sessions': 10, 'rate': '100/s',"
                    " 'deadline': '2s'}, {'at': 'eu-west-1', 'sessions': 10, 'rate': '100/s',"
                    " 'deadline': '2s', 'mix': {'write': 1}}], 'faults': [{'id': 'x', 'kind':"
                    " 'region_outage', 'region': 'us-east-1', 'at': '1s'}]}");
    lab_run(&lab, 1, 1u << RECORD_COMPLETED);
    /* Half of 200 per second wait for a connection; a session drops what is overdue when it asks.
     */
    assert_in_range(lab.world->front->parked.peak, 150, 300);
    assert_in_range(lab.world->network.flights.peak, 10, 1000);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_handshakes_cost),
        cmocka_unit_test(test_regions_differ),
        cmocka_unit_test(test_database_time_out),
        cmocka_unit_test(test_retries_multiply),
        cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
