/*
 * Every registered strategy, in several configurations, under every kind of fault.
 *
 * Model:  three regions with two machines each, clients of an open loop in all of them, disks, NTP
 *         clocks, services, latency with jitter. Faults begin at 8 s and are over at 17 s at the
 *         latest; the run ends at 42 s. What was committed before 22 s must be on every copy by
 * then: the streams' retransmission time-out has doubled to 12.8 s at most by the end of a fault of
 *         8 s, and hints and anti-entropy are quicker.
 * Checks: the rules of audit.h; the same fingerprint when it runs again and another one for another
 *         seed; the same workload whatever the strategy and the fault.
 */
#include "models/replication/strategy.h"
#include "tests/conformance/audit.h"

enum { SEED = 11 };

/* A new strategy adds its rows here; a registered one without any fails the test. */
static const struct configuration {
    const char *strategy, *params;
    bool converges; /* after the last fault and a while, all live copies have what was committed */
} configurations[] = {
    {"primary", "'primary': 'us-east-1'", true},
    {"primary", "'primary': 'us-east-1', 'acks': 'semi_sync', 'fallback_after': '1s'", true},
    {"primary", "'primary': 'us-east-1', 'acks': 'all', 'topology': 'cascade', 'reads': 'primary'",
     true},
    {"primary",
     "'primary': 'eu-west-1', 'acks': 'semi_sync', 'wait_for': 2, 'batch_wait': '20ms',"
     " 'batch_max': 4, 'window': 16, 'resend_after': '1s', 'reads': 'primary_after_write'",
     true},
    {"quorum", "'anti_entropy': '3s'", true},
    {"quorum",
     "'read': 'local_one', 'write': 'local_one', 'read_repair': 'background',"
     " 'anti_entropy': '3s'",
     true},
    {"quorum",
     "'read': 'one', 'write': 'any', 'read_from': 'all', 'sloppy': true, 'coordinators': 'any',"
     " 'suspect_after': '3s', 'anti_entropy': '2s'",
     true},
    {"quorum",
     "'copies': 2, 'read': 'local_quorum', 'write': 'each_quorum', 'speculate_after': '30ms',"
     " 'anti_entropy': '2s'",
     true},
    {"multi_primary", "'ack': 'memory', 'copies': 2", true},
    {"multi_primary",
     "'stamps': 'hybrid', 'ack': 'local_quorum', 'copies': 2, 'order': 'items',"
     " 'resend_after': '1s'",
     true},
    {"multi_primary",
     "'stamps': {'scheme': 'wall', 'granularity': 's', 'increasing': false}, 'topology': 'hub',"
     " 'hub': 'eu-west-1', 'queue': 20, 'resend_after': '500ms'",
     true},
    {"multi_primary",
     "'stamps': 'lamport', 'topology': 'ring', 'batch_wait': '200ms', 'batch_max': 8,"
     " 'window': 32, 'resend_after': '1s'",
     true},
    {"multi_primary", "'after_stored': true, 'queue': 50, 'overflow': 'refuse'", true},
    {"multi_primary",
     "'order': 'causal', 'queue': 60, 'compare_every': '3s', 'resend_after': '500ms'", true},
    {"multi_primary",
     "'topology': 'hub', 'confirm': true, 'ack': 'memory', 'resend_after': '700ms'", true},
    {"quorum", "'r': 1, 'w': 1, 'hints': false, 'read_repair': 'none', 'heartbeat': '0ms'", false},
};

static const struct fault {
    const char *name, *json;
} faults[] = {
    {"none", ""},
    {"partition", "{'id': 'a', 'kind': 'partition', 'at': '8s', 'for': '8s',"
                  " 'between': [['us-east-1'], ['eu-west-1', 'ap-northeast-1']]}"},
    {"one-way partition", "{'id': 'a', 'kind': 'partition', 'at': '8s', 'for': '8s',"
                          " 'between': [['eu-west-1'], ['us-east-1']], 'one_way': true}"},
    {"isolate", "{'id': 'a', 'kind': 'partition', 'at': '8s', 'for': '7s',"
                " 'isolate': ['ap-northeast-1']}"},
    {"region outage", "{'id': 'a', 'kind': 'region_outage', 'at': '8s', 'for': '6s',"
                      " 'region': 'us-east-1'}"},
    {"node outage", "{'id': 'a', 'kind': 'node_outage', 'at': '8s', 'for': '6s',"
                    " 'region': 'eu-west-1', 'node': 0}"},
    {"slow link", "{'id': 'a', 'kind': 'link', 'at': '8s', 'for': '8s', 'delay_factor': 6,"
                  " 'extra': '50ms', 'between': [['us-east-1'], ['eu-west-1']]}"},
    {"lossy link", "{'id': 'a', 'kind': 'link', 'at': '8s', 'for': '8s', 'loss': 0.2,"
                   " 'between': [['us-east-1', 'eu-west-1'], ['ap-northeast-1']]}"},
    {"clock step back", "{'id': 'a', 'kind': 'clock_step', 'at': '8s', 'region': 'us-east-1',"
                        " 'by': '-3s'}"},
    {"clock step on", "{'id': 'a', 'kind': 'clock_step', 'at': '8s', 'region': 'eu-west-1',"
                      " 'node': 0, 'by': '2s'}"},
    {"partition and node outage",
     "{'id': 'a', 'kind': 'partition', 'at': '8s', 'for': '7s',"
     " 'between': [['us-east-1'], ['eu-west-1']]},"
     "{'id': 'b', 'kind': 'node_outage', 'at': '10s', 'for': '3s', 'region': 'us-east-1',"
     " 'node': 0}"},
    {"two outages, overlapping",
     "{'id': 'a', 'kind': 'region_outage', 'at': '8s', 'for': '5s', 'region': 'us-east-1'},"
     "{'id': 'b', 'kind': 'region_outage', 'at': '11s', 'for': '5s', 'region': 'eu-west-1'},"
     "{'id': 'c', 'kind': 'node_outage', 'at': '12s', 'for': '5s', 'region': 'us-east-1',"
     " 'node': 0}"},
};

enum {
    CONFIGURATIONS = sizeof configurations / sizeof configurations[0],
    FAULTS = sizeof faults / sizeof faults[0]
};

static void write_scenario(struct lab *lab, const struct configuration *configuration,
                           const struct fault *fault)
{
    char text[4096];
    snprintf(text, sizeof text,
             "{'name': 'conformance', 'duration': '42s',"
             " 'regions': [{'name': 'us-east-1', 'nodes': 2}, {'name': 'eu-west-1', 'nodes': 2},"
             "             {'name': 'ap-northeast-1', 'nodes': 2}],"
             " 'network': {'latency': 'catalogue', 'loss': 0.001, 'bandwidth': '20Mbps'},"
             " 'clocks': 'ntp',"
             " 'nodes': {'service': {'distribution': 'exponential', 'mean': '200us'}, 'workers': 2,"
             "   'disk_sync': {'distribution': 'lognormal', 'mean': '2ms', 'cv': 0.7}},"
             " 'datasets': {'d': {'keys': {'count': 40}, 'value_bytes': 700,"
             "   'replication': {'strategy': '%s', %s}}},"
             " 'clients': ["
             "   {'at': 'us-east-1', 'sessions': 5, 'rate': '15/s', 'deadline': '3s',"
             "    'mix': {'read': 0.5, 'write': 0.5}, 'retry': {'tries': 3, 'timeout': '900ms'}},"
             "   {'at': 'eu-west-1', 'sessions': 5, 'rate': '15/s', 'deadline': '3s',"
             "    'mix': {'read': 0.5, 'write': 0.5}, 'hedge_after': '150ms'},"
             "   {'at': 'ap-northeast-1', 'sessions': 5, 'rate': '10/s', 'deadline': '1s',"
             "    'mix': {'read': 0.7, 'write': 0.2, 'scan': 0.1}}],"
             " 'faults': [%s]}",
             configuration->strategy, configuration->params, fault->json);
    lab_write(lab, text);
}

static uint64_t run_once(const char *name, const struct configuration *configuration,
                         const struct fault *fault, uint64_t seed, uint64_t *workload)
{
    struct lab lab = {0};
    struct audit audit;
    write_scenario(&lab, configuration, fault);
    lab.world = world_create(lab.scenario, seed);
    audit_init(&audit, name, &lab, 22 * SIM_NS_PER_S);
    const struct record_sink sink = {.state = &audit, .row = audit_row, .mask = UINT32_MAX};
    world_run(lab.world, &sink, NULL);
    audit_finish(&audit, &lab);
    assert_true(audit.invoked > 1000);
    if (audit.ok * 4 < audit.invoked) {
        fail_msg("%s: only %llu of %llu operations were ok", name, (unsigned long long)audit.ok,
                 (unsigned long long)audit.invoked);
    }
    if (configuration->converges && audit_behind(&audit) > 0) {
        fail_msg("%s: %llu values are still missing 20 s after the last fault", name,
                 (unsigned long long)audit_behind(&audit));
    }
    const uint64_t fingerprint = world_fingerprint(lab.world);
    *workload = audit.workload;
    audit_release(&audit);
    lab_close(&lab);
    return fingerprint;
}

static void test_strategies_under_faults(void **state)
{
    (void)state;
    uint64_t workload = 0;
    for (int c = 0; c < CONFIGURATIONS; c++) {
        for (int f = 0; f < FAULTS; f++) {
            const struct configuration *configuration = &configurations[c];
            char name[512];
            uint64_t again = 0, other = 0, first = 0;
            snprintf(name, sizeof name, "%s {%s}, %s, seed %d", configuration->strategy,
                     configuration->params, faults[f].name, SEED);
            const uint64_t fingerprint = run_once(name, configuration, &faults[f], SEED, &first);
            workload = workload == 0 ? first : workload;
            if (first != workload) {
                fail_msg("%s: its clients' operations differ from those of the first run", name);
            }
            if (run_once(name, configuration, &faults[f], SEED, &again) != fingerprint) {
                fail_msg("%s: another fingerprint the second time", name);
            }
            if (f % 4 == c % 4 &&
                run_once(name, configuration, &faults[f], SEED + 1, &other) == fingerprint) {
                fail_msg("%s: the same fingerprint with another seed", name);
            }
        }
    }
}

static void test_every_strategy_is_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < strategy_registry.count; i++) {
        bool found = false;
        for (int c = 0; c < CONFIGURATIONS; c++) {
            found =
                found || strcmp(configurations[c].strategy, strategy_registry.kinds[i]->name) == 0;
        }
        if (!found) {
            fail_msg("strategy %s has no configuration in this test",
                     strategy_registry.kinds[i]->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_strategy_is_here),
        cmocka_unit_test(test_strategies_under_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
