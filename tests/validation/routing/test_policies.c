/* test_policies.c - where each policy sends users, and what it costs them. */
#include "tests/validation/routing/rig.h"

#include <math.h>

/*
 * Users in EU whose home is US enter at EU's gateway: 4 to connect, 1, 40 to the home's gateway,
 * 2 to its machine and back, 40, 1: 88; later ones 84. Without the proxy they connect to US: 160,
 * then 40, 2, 40.
 */
static void test_home_proxies(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'home', 'homes': [{'clients': 'eu',"
                                           " 'region': 'us-east-1'}]",
                                .eu = "10,read,1,0\n200,read,1,0\n400,write,1,0\n",
                                .seconds = 2});
    const struct record *read = rig_takes(&lab, 1, 10, 98, RECORD_OK);
    assert_int_equal(read->flags, RECORD_FLAG_PROXIED);
    assert_int_equal(read->node, US);
    rig_takes(&lab, 2, 200, 284, RECORD_OK);
    rig_takes(&lab, 3, 400, 484, RECORD_OK);
    rig_has(&lab, RECORD_ROUTED, 0, 1, 14, EU);
    lab_close(&lab);
    rig_run(&lab, &(struct rig){.routing = "'policy': 'home', 'proxy': false, 'homes': ["
                                           "{'clients': 'eu', 'region': 'us-east-1'}]",
                                .eu = "10,read,1,0\n400,write,1,0\n",
                                .seconds = 2});
    assert_int_equal(rig_takes(&lab, 1, 10, 252, RECORD_OK)->flags, 0);
    rig_takes(&lab, 2, 400, 482, RECORD_OK);
    rig_has(&lab, RECORD_ROUTED, 0, 1, 170, US);
    lab_close(&lab);
}

/* The home is cut off: its users are not served, though the region that they enter is well. */
static void test_home_is_lost(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'home', 'homes': [{'clients': 'eu',"
                                           " 'region': 'us-east-1'}], 'gateways':"
                                           " {'db_timeout': '500ms', 'db_retries': 0}",
                                .eu = "10,read,1,0\n1500,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                          " 'us-east-1', 'at': '1s'}",
                                .seconds = 5});
    rig_takes(&lab, 1, 10, 98, RECORD_OK);
    rig_takes(&lab, 2, 1500, 2002, RECORD_INFO);
    lab_close(&lab);
    /* The first to find out waits 500 ms, and is served by EU's machine; the next at once. */
    rig_run(&lab, &(struct rig){.routing = "'policy': 'home', 'bypass': true, 'homes': ["
                                           "{'clients': 'eu', 'region': 'us-east-1'}],"
                                           " 'gateways': {'db_timeout': '500ms'}",
                                .eu = "10,read,1,0\n1500,read,1,0\n3000,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                          " 'us-east-1', 'at': '1s'}",
                                .seconds = 5});
    const struct record *read = rig_takes(&lab, 2, 1500, 2004, RECORD_OK);
    assert_int_equal(read->flags, 0);
    assert_int_equal(read->node, EU);
    rig_takes(&lab, 3, 3000, 3004, RECORD_OK);
    lab_close(&lab);
}

/* Of 20,000 sessions a quarter goes to US: 0.25 within 4 standard deviations (0.0031 each). */
static void test_weights(void **state)
{
    (void)state;
    struct lab lab = {0};
    lab_write(&lab, "{'name': 'weights', 'duration': '10s', 'regions': ['us-east-1', 'eu-west-1',"
                    " 'ap-northeast-1'], 'datasets': {'d': {'keys': 8, 'replication': {'strategy':"
                    " 'primary', 'primary': 'us-east-1'}}}, 'routing': {'policy': 'weighted',"
                    " 'weights': [{'region': 'us-east-1', 'weight': 1}, {'region': 'eu-west-1',"
                    " 'weight': 3}]}, 'clients': [{'at': 'eu-west-1', 'sessions': 20000, 'rate':"
                    " '10000/s'}]}");
    lab_run(&lab, test_seed(), 1u << RECORD_ROUTED);
    uint32_t to[3] = {0};
    for (size_t i = 0; i < lab.row_count; i++) {
        to[lab.rows[i].to_place]++;
    }
    assert_int_equal(to[2], 0);
    const double share = (double)to[0] / (double)(to[0] + to[1]);
    if (to[0] + to[1] < 19000 || fabs(share - 0.25) > 0.0125) {
        fail_msg("%u and %u sessions", to[0], to[1]);
    }
    lab_close(&lab);
}

/*
 * Users half way, 40 ms from either region. The link to the first becomes slow at 1 s. The table
 * hears of it at its next publication: probes come every 2 s, so between 10 and 12 s. Connections
 * are short-lived, answers hold for nothing.
 */
static void test_latency_moves_late(void **state)
{
    (void)state;
    struct lab lab = {0};
    lab_write(&lab, "{'name': 'late', 'duration': '35s', 'regions': ['us-east-1', 'eu-west-1'],"
                    " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'}, 'jitter':"
                    " 'none'}, 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary',"
                    " 'primary': 'us-east-1'}}}, 'clients': [{'at': {'name': 'ship', 'lat': 50,"
                    " 'lon': -40}, 'sessions': 1, 'rate': '1/s', 'arrivals': 'regular'}],"
                    " 'routing': {'policy': 'latency', 'ttl': '0ms', 'measure_every': '2s',"
                    " 'publish_every': '10s', 'connections': {'lifetime': '1ms'}}, 'faults':"
                    " [{'id': 'x', 'kind': 'link', 'between': [['ship'], ['us-east-1']], 'extra':"
                    " '100ms', 'at': '1s'}]}");
    lab_run(&lab, 1, 0);
    assert_int_equal(rig_row(&lab, RECORD_ROUTED, 0, 1)->to_place, US);
    const struct record *moved = rig_row(&lab, RECORD_ROUTED, 0, 2);
    assert_non_null(moved);
    assert_int_equal(moved->to_place, EU);
    assert_in_range(moved->at_ns, MS(10000), MS(13200));
    assert_null(rig_row(&lab, RECORD_ROUTED, 0, 3));
    lab_close(&lab);
}

/*
 * Probes of EU's users at 0: EU answers after 2 ms, US after 80. A session at 1 ms waits for the
 * first answer, at 2, and connects there: 6, and 4 for the read. The outage of EU leaves the probe
 * of a round unanswered: at the next round its connection is given up, though it never was used.
 */
static void test_client_measures(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'client', 'interval': '1s'",
                                .eu = "1,read,1,0\n6000,read,1,0\n12000,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                          " 'eu-west-1', 'at': '3s', 'for': '5s'}",
                                .seconds = 20});
    rig_takes(&lab, 1, 1, 10, RECORD_OK);
    rig_takes(&lab, 2, 6000, 6242, RECORD_OK);
    rig_takes(&lab, 3, 12000, 12082, RECORD_OK); /* EU is back, but connections stay */
    lab_close(&lab);
    rig_run(&lab, &(struct rig){.routing = "'policy': 'client', 'interval': '1s', 'move_when': 2",
                                .eu = "1,read,1,0\n6000,read,1,0\n12000,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                          " 'eu-west-1', 'at': '3s', 'for': '5s'}",
                                .seconds = 20});
    rig_takes(&lab, 3, 12000, 12008, RECORD_OK); /* EU is 40 times faster */
    lab_close(&lab);
}

/* With deep probes a gateway whose database does not answer does not answer either. */
static void test_deep_probes(void **state)
{
    (void)state;
    const char *machine = "{'id': 'x', 'kind': 'node_outage', 'region': 'eu-west-1', 'node': 0,"
                          " 'at': '3s'}";
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'client', 'interval': '1s', 'gateways':"
                                           " {'deep': true, 'db_retries': 0, 'db_timeout':"
                                           " '500ms'}",
                                .eu = "100,read,1,0\n6000,read,1,0\n",
                                .faults = machine,
                                .seconds = 10});
    rig_takes(&lab, 1, 100, 108, RECORD_OK);
    rig_takes(&lab, 2, 6000, 6242, RECORD_OK); /* by US */
    lab_close(&lab);
    rig_run(&lab, &(struct rig){.routing = "'policy': 'client', 'interval': '1s', 'gateways':"
                                           " {'db_retries': 0, 'db_timeout': '500ms'}",
                                .eu = "100,read,1,0\n6000,read,1,0\n",
                                .faults = machine,
                                .seconds = 10});
    rig_takes(&lab, 2, 6000, 6502, RECORD_INFO); /* EU's gateway is well */
    lab_close(&lab);
}

static void refused(const char *routing, const char *message)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'wrong', 'duration': '1s', 'regions': ['us-east-1', 'eu-west-1', {'name':"
             " 'ap-northeast-1', 'nodes': 0}], 'datasets': {'d': {'replication': {'strategy':"
             " 'quorum'}}}, 'clients': [{'at': 'us-east-1', 'think': '1s'}], 'routing': %s}",
             routing);
    lab_refuse(text, message);
}

static void test_wrong_scenarios(void **state)
{
    (void)state;
    refused("'teleport'", "teleport");
    refused("{'policy': 'nearest', 'gateways': {'at': ['ap-northeast-1']}}",
            "routing.gateways.at[0]: \"ap-northeast-1\" has no nodes");
    refused("{'policy': 'nearest', 'gateways': {'at': ['us-east-1', 'us-east-1']}}",
            "routing.gateways.at[1]: \"us-east-1\" is already in the list");
    refused("{'policy': 'nearest', 'gateways': {'provisioned': 1.5}}",
            "routing.gateways.provisioned: needs clients with a \"rate\"");
    refused("{'policy': 'nearest', 'gateways': {'capacity': '10/s', 'service': '1ms'}}",
            "routing.gateways: takes one of");
    refused("{'policy': 'nearest', 'gateways': {'region': [{'region': 'ap-northeast-1'}]}}",
            "routing.gateways.region[0].region: \"ap-northeast-1\" has no gateway");
    refused("{'policy': 'nearest', 'connections': {'backoff': '20s'}}",
            "routing.connections.backoff_max: must be at least backoff");
    refused("{'policy': 'home', 'homes': [{'clients': 'nobody', 'region': 'us-east-1'}]}",
            "routing.homes: no client group is called \"nobody\"");
    refused("{'policy': 'home', 'proxy': false, 'fail_over': true}", "routing.fail_over: needs");
    refused("{'policy': 'weighted', 'weights': [{'region': 'us-east-1', 'weight': 0}]}",
            "routing.weights: must not all be 0");
    refused("{'policy': 'weighted', 'weights': [{'region': 'ap-northeast-1'}]}",
            "routing.weights[0].region: \"ap-northeast-1\" has no gateway");
    refused("{'policy': 'nearest', 'cache': {'mode': 'ttl_only', 'entries': 50000000}}",
            "routing.cache.entries: of all datasets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_home_proxies),    cmocka_unit_test(test_home_is_lost),
        cmocka_unit_test(test_weights),         cmocka_unit_test(test_latency_moves_late),
        cmocka_unit_test(test_client_measures), cmocka_unit_test(test_deep_probes),
        cmocka_unit_test(test_wrong_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
