/*
 * Every strategy on networks that copy, delay and reset: nothing of what holds for any run may
 * break, whatever arrives twice, late, out of order, or in a heap after a jam.
 *
 * Model:  as test_conformance.c, from 8 to 17 s: on streams a third of the messages late by 40 ms
 *         on average, resets and jams that flap; on datagrams a third of the messages twice and a
 *         third late as well.
 * Checks: the rules of audit.h, the same fingerprint again; with streams the copies converge.
 */
#include "models/replication/strategy.h"
#include "tests/conformance/audit.h"

static const char *const strategies[] = {
    "'strategy': 'primary', 'primary': 'us-east-1'",
    "'strategy': 'primary', 'primary': 'us-east-1', 'acks': 'semi_sync', 'fallback_after': '1s'",
    "'strategy': 'primary', 'primary': 'us-east-1', 'acks': 'all', 'topology': 'cascade'",
    "'strategy': 'quorum', 'anti_entropy': '3s'",
    "'strategy': 'quorum', 'read': 'one', 'write': 'any', 'read_from': 'all', 'sloppy': true,"
    " 'coordinators': 'any', 'suspect_after': '3s', 'anti_entropy': '2s'",
    "'strategy': 'quorum', 'copies': 2, 'read': 'local_quorum', 'write': 'each_quorum',"
    " 'speculate_after': '30ms', 'anti_entropy': '2s'"};

static const struct network {
    const char *name, *transport, *faults;
} networks[] = {
    {"late packets", "stream",
     "{'id': 'a', 'kind': 'link', 'at': '8s', 'for': '8s', 'duplicate': 0.3, 'reorder': 0.3,"
     " 'reorder_by': {'distribution': 'exponential', 'mean': '40ms'},"
     " 'between': [['us-east-1'], ['eu-west-1', 'ap-northeast-1']]}"},
    {"resets", "stream",
     "{'id': 'a', 'kind': 'partition', 'at': '8s', 'for': '1s', 'style': 'reset', 'split': 'one',"
     " 'units': 'machines', 'repeat': {'every': '1500ms', 'times': 6}}"},
    {"jams", "stream",
     "{'id': 'a', 'kind': 'partition', 'at': '8s', 'for': '1s', 'style': 'jammed',"
     " 'split': 'halves', 'units': 'machines', 'repeat': {'every': '1500ms', 'times': 6}}"},
    {"ring of machines", "stream",
     "{'id': 'a', 'kind': 'partition', 'at': '8s', 'for': '8s', 'split': 'majorities_ring',"
     " 'units': 'machines'}"},
    {"copies of datagrams", "datagram",
     "{'id': 'a', 'kind': 'link', 'at': '8s', 'for': '8s', 'duplicate': 0.3, 'reorder': 0.3,"
     " 'reorder_by': {'distribution': 'exponential', 'mean': '40ms'},"
     " 'between': [['us-east-1', 'eu-west-1'], ['ap-northeast-1']]},"
     "{'id': 'b', 'kind': 'link', 'at': '8s', 'for': '8s', 'duplicate': 0.3,"
     " 'between': [['us-east-1/n0'], ['us-east-1/n1', 'eu-west-1']]}"},
};

static uint64_t run_once(const char *name, const char *strategy, const struct network *network)
{
    struct lab lab = {0};
    struct audit audit;
    char text[4096];
    snprintf(text, sizeof text,
             "{'name': 'disorder', 'duration': '42s',"
             " 'regions': [{'name': 'us-east-1', 'nodes': 2}, {'name': 'eu-west-1', 'nodes': 2},"
             "             {'name': 'ap-northeast-1', 'nodes': 2}],"
             " 'network': {'latency': 'catalogue', 'transport': '%s', 'bandwidth': '20Mbps'},"
             " 'clocks': 'ntp',"
             " 'nodes': {'service': {'distribution': 'exponential', 'mean': '200us'}, 'workers': 2,"
             "   'disk_sync': {'distribution': 'lognormal', 'mean': '2ms', 'cv': 0.7}},"
             " 'datasets': {'d': {'keys': {'count': 40}, 'value_bytes': 700,"
             "   'replication': {%s}}},"
             " 'clients': ["
             "   {'at': 'us-east-1', 'sessions': 5, 'rate': '15/s', 'deadline': '3s',"
             "    'mix': {'read': 0.5, 'write': 0.5}, 'retry': {'tries': 3, 'timeout': '900ms'}},"
             "   {'at': 'eu-west-1', 'sessions': 5, 'rate': '15/s', 'deadline': '3s',"
             "    'mix': {'read': 0.5, 'write': 0.5}, 'hedge_after': '150ms'},"
             "   {'at': 'ap-northeast-1', 'sessions': 5, 'rate': '10/s', 'deadline': '1s',"
             "    'mix': {'read': 0.7, 'write': 0.2, 'scan': 0.1}}],"
             " 'faults': [%s]}",
             network->transport, strategy, network->faults);
    lab_write(&lab, text);
    lab.world = world_create(lab.scenario, 11);
    audit_init(&audit, name, &lab, 22 * SIM_NS_PER_S);
    const struct record_sink sink = {.state = &audit, .row = audit_row, .mask = UINT32_MAX};
    world_run(lab.world, &sink, NULL);
    audit_finish(&audit, &lab);
    assert_true(audit.invoked > 1000);
    if (audit.ok * 4 < audit.invoked) {
        fail_msg("%s: only %llu of %llu operations were ok", name, (unsigned long long)audit.ok,
                 (unsigned long long)audit.invoked);
    }
    if (strcmp(network->transport, "stream") == 0 && audit_behind(&audit) > 0) {
        fail_msg("%s: %llu values are still missing", name,
                 (unsigned long long)audit_behind(&audit));
    }
    const uint64_t fingerprint = world_fingerprint(lab.world);
    audit_release(&audit);
    lab_close(&lab);
    return fingerprint;
}

static void strategies_survive_disorder(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof strategies / sizeof strategies[0]; s++) {
        for (size_t n = 0; n < sizeof networks / sizeof networks[0]; n++) {
            char name[512];
            snprintf(name, sizeof name, "%s, %s", networks[n].name, strategies[s]);
            const uint64_t fingerprint = run_once(name, strategies[s], &networks[n]);
            assert_true(run_once(name, strategies[s], &networks[n]) == fingerprint);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strategies_survive_disorder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
