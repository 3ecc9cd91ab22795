/* Faults, failover and routing that can not be meant: refused, where, and with what was meant. */
#include "tests/validation/lab.h"

#define HEAD(extra)                                                                                \
    "{'name': 'r', 'duration': '60s', 'regions': ['us-east-1', 'eu-west-1',"                       \
    "  {'name': 'us-west-2', 'nodes': 0}],\n"                                                      \
    " 'datasets': {'d': {'replication': {'strategy': 'primary', 'primary': 'us-east-1',"           \
    "  'replicas': ['us-east-1', 'eu-west-1']}}},\n"                                               \
    " 'clients': [{'at': 'us-east-1', 'sessions': 2, 'think': '1s'}],\n" extra "}"

#define FAULT(rest)    HEAD(" 'faults': [{'id': 'a', " rest "}]")
#define FAILOVER(rest) HEAD(" 'failover': {" rest "}")
#define ROUTING(rest)  HEAD(" 'routing': {" rest "}")

#define PARTITION "'kind': 'partition', 'at': '1s', 'for': '1s', "

static const struct refusal {
    const char *text, *message;
} refusals[] = {
    /* Names, with their place in the text. */
    {FAULT("'kind': 'region_outage', 'at': '1s', 'region': 'eu-wst-1'"),
     "scenario:4:72: faults[0].region"},
    {FAULT("'kind': 'region_outage', 'at': '1s', 'region': 'eu-wst-1'"),
     "did you mean \"eu-west-1\"?"},
    {FAULT(PARTITION "'isolate': ['eu-wst-1']"), "did you mean \"eu-west-1\"?"},
    {FAULT("'kind': 'region_outge', 'at': '1s', 'region': 'eu-west-1'"),
     "did you mean \"region_outage\"?"},
    {FAILOVER("'policy': 'switchover', 'at': '7s', 'to': 'eu-wst-1'"), "did you mean"},
    {HEAD(" 'faults': [{'id': 'cut', 'kind': 'partition', 'isolate': ['eu-west-1'], 'at': '1s'},"
          " {'id': 'b', 'kind': 'partition', 'isolate': ['eu-west-1'], 'follows': 'cutt'}]"),
     "is the id of no fault; did you mean \"cut\"?"},
    {HEAD(" 'faults': [{'id': 'a', 'kind': 'partition', 'isolate': ['eu-west-1'], 'at': '1s'},"
          " {'id': 'a', 'kind': 'partition', 'isolate': ['eu-west-1'], 'at': '2s'}]"),
     "faults[1].id: \"a\" is already faults[0]"},
    /* Times. */
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '60s'"),
     "faults[0].at: is not before the end of the run (1min)"},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '10s', 'for': '-1s'"),
     "faults[0].for"},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'for': '1s'"),
     "needs \"at\", \"random.between\" or \"follows\""},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '1s', 'repeat': '5s'"),
     "faults[0].repeat.every: needs \"for\""},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '1s', 'for': '6s',"
           " 'repeat': '5s'"),
     "faults[0].repeat.every: must be at least \"for\" (6s)"},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '1s', 'for': '1s',"
           " 'repeat': {'every': '30s', 'times': 3}"),
     "faults[0].repeat.times: is more than the 2 that begin before the end of the run (1min)"},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '1s', 'after': '1s'"),
     "faults[0].after: goes with \"follows\""},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '1s', 'probability': 0.5"),
     "faults[0].probability: goes with \"follows\""},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'at': '1s', 'for': '1s',"
           " 'random': {'lasting': '1s'}"),
     "both say how long it lasts"},
    {FAULT("'kind': 'region_outage', 'region': 'eu-west-1', 'follows': 'a'"),
     "leads back to this fault"},
    /* Targets. */
    {FAULT("'kind': 'node_outage', 'region': 'eu-west-1', 'node': 5, 'at': '1s'"),
     "faults[0].node"},
    {FAULT("'kind': 'zone_outage', 'region': 'eu-west-1', 'zone': 5, 'at': '1s'"),
     "faults[0].zone"},
    {FAULT("'kind': 'region_outage', 'region': 'us-west-2', 'at': '1s'"), "faults[0].region"},
    {FAULT("'kind': 'pause', 'region': 'us-west-2', 'at': '1s'"), "faults[0].region"},
    {FAULT("'kind': 'link', 'between': [['us-east-1'], ['eu-west-1'], ['us-west-2']],"
           " 'loss': 0.5, 'at': '1s'"),
     "faults[0].between: must be exactly two sets of places (got 3)"},
    {FAULT("'kind': 'link', 'between': [['us-east-1'], ['eu-west-1']], 'at': '1s'"),
     "has no effect"},
    {FAULT(PARTITION "'between': [['us-east-1'], ['us-east-1']]"), "faults[0].between"},
    {FAULT(PARTITION "'between': [['us-east-1', 'eu-west-1']]"),
     "faults[0].between: must be two sets or more (got 1)"},
    {FAULT(PARTITION "'isolate': ['us-east-1', 'eu-west-1', 'us-west-2']"),
     "must leave at least one place"},
    {FAULT(PARTITION "'split': 'minority_third'"), "needs at least 4 ends"},
    {FAULT("'kind': 'clock_unsynchronised', 'region': 'us-east-1', 'at': '1s'"),
     "has no effect: clocks of model \"perfect\" are never corrected"},
    {FAULT("'kind': 'slow_node', 'region': 'us-east-1', 'at': '1s'"), "has no effect"},
    /* Who leads, and how users get there. */
    {FAILOVER("'policy': 'switchover', 'at': '7s', 'to': 'eu-west-1',"
              " 'by': ['us-east-1', 'eu-west-1']"),
     "failover.by: must be one region (got 2)"},
    {FAILOVER("'policy': 'automatic', 'by': 'lease', 'lease': {'ttl': '1s'}"),
     "failover.lease.ttl"},
    {ROUTING("'policy': 'nearest', 'gateways': {'at': ['us-west-2']}"),
     "routing.gateways.at[0]: \"us-west-2\" has no nodes to run a gateway beside"},
    {ROUTING("'policy': 'nearest', 'gateways': {'capacity': '10/s', 'service': '1ms'}"),
     "takes one of \"capacity\", \"provisioned\" and \"service\", not more"},
    {ROUTING("'policy': 'nearest', 'gateways': {'provisioned': 2}"),
     "needs clients with a \"rate\" (\"us-east-1\" has none); give a capacity instead"},
    {ROUTING("'policy': 'weighted', 'weights': [{'region': 'us-east-1', 'weight': 1},"
             " {'region': 'us-east-1', 'weight': 2}]"),
     "\"us-east-1\" is already weights[0]"},
    {ROUTING("'policy': 'home', 'fail_over': true, 'proxy': false"),
     "routing.fail_over: needs \"proxy\": without it only the home region serves a user"},
    {ROUTING("'policy': 'nearest', 'connections': {'backoff': '2s', 'backoff_max': '1s'}"),
     "routing.connections.backoff_max: must be at least backoff"},
    {ROUTING("'policy': 'nearest', 'gateways': {'region': [{'region': 'us-west-2',"
             " 'capacity': '1/s'}]}"),
     "\"us-west-2\" has no gateway"},
};

static void each_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        lab_refuse(refusals[i].text, refusals[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
