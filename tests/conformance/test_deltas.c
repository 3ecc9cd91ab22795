/*
 * Deltas whose stamps go back, and backlogs over a network that loses packets.
 *
 * Model:  three regions of two copies each write one key of each type that has deltas, with stamps
 *         in whole seconds of clocks of which one is set back, so that a write often has a smaller
 *         stamp than what its delta brings along; and registers over datagrams of which a tenth is
 *         lost.
 * Checks: the observer, who knows every version that a replica was given, does not contradict what
 *         replicas hold (its own checks abort the program); some time after the last write all
 *         copies are equal.
 */
#include "models/values/value.h"
#include "tests/validation/lab.h"

enum { TEXT_BYTES = 3000, MIX_BYTES = 400 };

static uint64_t divergent(const char *text, uint64_t seed)
{
    struct lab lab = {0};
    struct metric_set set;
    lab_write(&lab, text);
    lab_measure(&lab, seed, &set);
    const struct metric *metric = lab_metric(&set, "divergent_keys", NULL, NULL);
    assert_non_null(metric);
    const uint64_t count = metric->count;
    metric_set_release(&set);
    lab_close(&lab);
    return count;
}

/* Reads, and every action that the type has, alike. */
static void put_mix(const struct value_ops *ops, char mix[MIX_BYTES])
{
    const uint32_t actions = ops->actions & ((1u << VALUE_TRANSFER) - 1);
    const double share = 1.0 / (double)(1 + __builtin_popcount(actions));
    int used = snprintf(mix, MIX_BYTES, "'read': %.9f", share);
    for (uint32_t action = VALUE_SET; action < VALUE_TRANSFER; action++) {
        if ((actions >> action & 1u) != 0) {
            used += snprintf(mix + used, (size_t)(MIX_BYTES - used), ", '%s': %.9f",
                             value_action_names[action], share);
        }
    }
}

static void test_stamps_that_go_back(void **state)
{
    (void)state;
    uint32_t types = 0;
    for (size_t i = 0; i < value_registry.count; i++) {
        const struct param_choice choice = {.kind = value_registry.kinds[i]};
        const struct value_ops *ops = value_ops_of(&choice);
        char text[TEXT_BYTES], mix[MIX_BYTES];
        if (ops == NULL || (ops->forms >> VALUE_DELTA & 1u) == 0) {
            continue;
        }
        types++;
        put_mix(ops, mix);
        snprintf(text, sizeof text,
                 "{'name': 'deltas', 'duration': '50s', 'regions': ["
                 "{'name': 'A', 'lat': 0, 'lon': 0, 'nodes': 2},"
                 "{'name': 'B', 'lat': 10, 'lon': 0, 'nodes': 2},"
                 "{'name': 'C', 'lat': 20, 'lon': 0, 'nodes': 2}],"
                 "'network': {'latency': {'from': 'constant', 'one_way': '5ms'}},"
                 "'datasets': {'d': {'keys': {'count': 2, 'popularity': 'uniform'},"
                 "'value': '%s', 'replication': {'strategy': 'multi_primary', 'copies': 2,"
                 "'exchange': 'delta', 'queue': 2, 'batch_wait': '50ms', 'compare_every': '5s',"
                 "'stamps': {'scheme': 'wall', 'granularity': 's', 'increasing': false}}}},"
                 "'clients': [{'at': 'A', 'rate': '30/s', 'mix': {%s}, 'until': '15s'},"
                 "{'at': 'C', 'rate': '30/s', 'mix': {%s}, 'until': '15s'}],"
                 "'faults': [{'id': 'back', 'kind': 'clock_step', 'region': 'C', 'at': '7s',"
                 "'by': '-3s'}]}",
                 ops->kind.name, mix, mix);
        for (uint64_t seed = 1; seed <= 10; seed++) {
            if (divergent(text, seed) != 0) {
                fail_msg("%s, seed %llu: keys differ at the end", ops->kind.name,
                         (unsigned long long)seed);
            }
        }
    }
    assert_true(types >= 10);
}

/* A backlog in one message of many packets hardly ever arrived: replicas differed for minutes. */
static void test_lossy_datagrams(void **state)
{
    (void)state;
    static const char *const topologies[] = {"mesh", "ring", "hub"};
    for (size_t i = 0; i < sizeof topologies / sizeof topologies[0]; i++) {
        char text[TEXT_BYTES];
        snprintf(text, sizeof text,
                 "{'name': 'lossy', 'duration': '200s', 'regions': ["
                 "{'name': 'A', 'lat': 0, 'lon': 0}, {'name': 'B', 'lat': 10, 'lon': 0},"
                 "{'name': 'C', 'lat': 20, 'lon': 0}],"
                 "'network': {'latency': {'from': 'constant', 'one_way': '5ms'}, 'loss': 0.1,"
                 "'transport': 'datagram'},"
                 "'datasets': {'d': {'keys': {'count': 8, 'popularity': 'uniform'},"
                 "'replication': {'strategy': 'multi_primary', 'topology': '%s'}}},"
                 "'clients': [{'at': 'A', 'rate': '5/s', 'mix': {'write': 1}, 'until': '15s'},"
                 "{'at': 'B', 'rate': '5/s', 'mix': {'write': 1}, 'until': '15s'}]}",
                 topologies[i]);
        for (uint64_t seed = 1; seed <= 20; seed++) {
            if (divergent(text, seed) != 0) {
                fail_msg("%s, seed %llu: keys differ 185 s after the last write", topologies[i],
                         (unsigned long long)seed);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamps_that_go_back),
        cmocka_unit_test(test_lossy_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
