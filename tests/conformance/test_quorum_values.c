/*
 * Every type of value that merges under the quorum strategy, with every kind of fault.
 *
 * Model:  three regions with two machines each, disks, NTP clocks, datagrams that are lost, copied
 *         and late; operations of the type's own actions from a trace that ends at 20 s, or clients
 *         who bring back what they have read, and try again; faults from 6 to 16 s. The run ends
 * at 39.9 s: between two rounds of anti-entropy, so that no message with a block is under way.
 * Checks: the copies of each key are equal (digests); numbers are what acknowledged operations
 *         add up to, give or take those whose outcome is unknown, and never below their minimum;
 * every block of words belongs to a state that is stored: nothing that was held or sent has leaked.
 */
#include "models/replication/strategy.h"
#include "models/scenario.h"
#include "models/world_internal.h"
#include "tests/conformance/dice.h"
#include "tests/validation/lab.h"

enum { SEED = 17, KEYS = 12, NODES = 6, GROUPS = 3, TRACE_BYTES = 64 * 1024, TEXT_BYTES = 6000 };
enum { TRACE_END_MS = 20000, TRACE_STEP_MS = 45, OPERATIONS = 8192 };

static const char *const configurations[] = {
    "'read_repair': 'background'",
    "'read': 'one', 'write': 'any', 'sloppy': true, 'suspect_after': '3s'",
    ("'copies': 2, 'read': 'local_quorum', 'write': 'each_quorum', 'read_from': 'needed',"
     " 'speculate_after': '30ms', 'read_repair': 'blocking'"),
};

static const struct fault {
    const char *name, *json;
    bool keeps_numbers; /* no acknowledged write can be lost */
} faults[] = {
    {"none", "", true},
    {"partition and a clock that is fast",
     "{'id': 'a', 'kind': 'partition', 'at': '6s', 'for': '8s',"
     " 'between': [['us-east-1'], ['eu-west-1', 'ap-northeast-1']]},"
     "{'id': 'b', 'kind': 'clock_step', 'at': '8s', 'region': 'eu-west-1', 'by': '2s'}",
     true},
    {"outages, overlapping",
     "{'id': 'a', 'kind': 'region_outage', 'at': '6s', 'for': '5s', 'region': 'us-east-1'},"
     "{'id': 'b', 'kind': 'region_outage', 'at': '9s', 'for': '5s', 'region': 'eu-west-1'}",
     true},
    {"a lost disk",
     "{'id': 'a', 'kind': 'region_outage', 'at': '8s', 'for': '6s', 'region': 'eu-west-1',"
     " 'disk': 'lost'}",
     false},
    {"copies and late messages",
     "{'id': 'a', 'kind': 'link', 'at': '6s', 'for': '10s', 'duplicate': 0.3, 'reorder': 0.3,"
     " 'loss': 0.1, 'reorder_by': {'distribution': 'exponential', 'mean': '60ms'},"
     " 'between': [['us-east-1'], ['eu-west-1', 'ap-northeast-1']]}",
     true},
};

enum {
    CONFIGURATIONS = sizeof configurations / sizeof configurations[0],
    FAULTS = sizeof faults / sizeof faults[0]
};

struct plan {
    const struct value_ops *ops;
    const struct fault *fault;
    const char *configuration, *exchange, *clients;
};

struct watcher {
    char name[400];
    uint64_t digests[NODES][KEYS];
    int64_t numbers[NODES][KEYS];
    int64_t least[KEYS], most[KEYS]; /* what the number may be */
    int64_t minimum;                 /* that no copy may fall below */
    uint64_t invoked, ok;
    struct {
        uint32_t key;
        int64_t by;
        bool write;
    } operations[OPERATIONS];
};

static void ended(struct watcher *watcher, uint64_t operation, enum record_outcome outcome)
{
    const int64_t by = watcher->operations[operation].by;
    const uint32_t key = watcher->operations[operation].key;
    watcher->ok += outcome == RECORD_OK;
    if (!watcher->operations[operation].write || outcome == RECORD_FAIL) {
        return;
    }
    watcher->least[key] += outcome == RECORD_OK || by < 0 ? by : 0;
    watcher->most[key] += outcome == RECORD_OK || by > 0 ? by : 0;
}

static void watch(void *state, const struct record *row)
{
    struct watcher *watcher = state;
    if (row->kind == RECORD_INVOKED) {
        assert_true(row->operation < OPERATIONS);
        watcher->invoked++;
        watcher->operations[row->operation].key = row->key;
        watcher->operations[row->operation].write = row->type == RECORD_WRITE;
        watcher->operations[row->operation].by = row->type == RECORD_WRITE ? row->b : 0;
    } else if (row->kind == RECORD_COMPLETED) {
        ended(watcher, row->operation, (enum record_outcome)row->outcome);
    } else if (row->kind == RECORD_VALUE) {
        watcher->digests[row->node][row->key] = (uint64_t)row->b;
        watcher->numbers[row->node][row->key] = row->a;
        if (row->a < watcher->minimum) {
            fail_msg("%s: key %u is %lld at node %u", watcher->name, row->key, (long long)row->a,
                     row->node);
        }
    } else if (row->kind == RECORD_REJECTED) {
        watcher->ok++; /* as the type has it */
    }
}

/* Rows of a trace: any action that the type knows, on any key and element. */
static void draw_trace(struct dice *dice, const struct value_ops *ops, uint32_t elements,
                       char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "time_ms,operation,key,element,amount\n");
    for (int at_ms = 500; at_ms < TRACE_END_MS; at_ms += between(dice, 1, 2 * TRACE_STEP_MS)) {
        const int key = between(dice, 0, KEYS - 1);
        const int action = between(dice, VALUE_WRITE, VALUE_DELETE);
        if (!one_in(dice, 3) || (ops->actions >> action & 1) == 0) {
            used += (size_t)snprintf(text + used, size - used, "%d,%s,%d,,\n", at_ms,
                                     one_in(dice, 2) ? "read" : "write", key);
            continue;
        }
        used += (size_t)snprintf(text + used, size - used, "%d,%s,%d,%d,%d\n", at_ms,
                                 value_action_names[action], key,
                                 between(dice, 0, (int)elements - 1), between(dice, 1, 3));
    }
    assert_true(used < size);
}

static const char traced[] = "{'at': 'us-east-1', 'trace': '0.csv', 'deadline': '3s'},"
                             "{'at': 'eu-west-1', 'trace': '1.csv', 'deadline': '3s'},"
                             "{'at': 'ap-northeast-1', 'trace': '2.csv', 'deadline': '3s'}";

/* Clients who bring back what they have read. */
#define RESOLVES                                                                                   \
    "'rate': '15/s', 'until': '20s', 'deadline': '3s', 'retry': {'tries': 3, 'timeout': '900ms'}," \
    "'mix': {'read': 0.4, 'read_modify_write': 0.6}}"
static const char resolving[] = "{'at': 'us-east-1', " RESOLVES ", {'at': 'eu-west-1', " RESOLVES
                                ", {'at': 'ap-northeast-1', " RESOLVES;

static void write_text(char *text, const struct plan *plan)
{
    snprintf(text, TEXT_BYTES,
             "{'name': 'values', 'duration': '39900ms',"
             " 'regions': [{'name': 'us-east-1', 'nodes': 2}, {'name': 'eu-west-1', 'nodes': 2},"
             "             {'name': 'ap-northeast-1', 'nodes': 2}],"
             " 'network': {'latency': 'catalogue', 'transport': 'datagram', 'loss': 0.0002},"
             " 'clocks': 'ntp', 'nodes': {'disk_sync': '2ms'},"
             " 'datasets': {'d': {'keys': {'count': %d}, 'value_bytes': 20,"
             "   'value': {'type': '%s'},"
             "   'replication': {'strategy': 'quorum', 'anti_entropy': '3s', 'hint_rate': '200/s',"
             "                   %s, 'exchange': '%s'}}},"
             " 'clients': [%s], 'faults': [%s]}",
             KEYS, plan->ops->kind.name, plan->configuration, plan->exchange, plan->clients,
             plan->fault->json);
}

/* How many elements the type has by default. */
static uint32_t elements_of(const char *text)
{
    static const char header[] = "time_ms,operation,key\n100,read,0\n";
    struct lab lab = {.traces = {header, header, header}};
    lab_write(&lab, text);
    const struct scenario_dataset *dataset = lab.scenario->datasets.items;
    const struct value_ops *ops = value_ops_of(&dataset->value);
    const uint32_t elements = ops->elements != NULL ? ops->elements(dataset->value.params) : 1;
    lab_close(&lab);
    return elements;
}

static uint64_t blocks_taken(const struct world *world)
{
    uint64_t count = 0;
    for (uint32_t class = 0; class < WORDS_CLASSES; class ++) {
        count += world->words.classes[class].count;
    }
    return count;
}

static uint64_t states_stored(const struct world *world)
{
    uint64_t count = 0;
    for (uint32_t node = 0; node < world->node_count; node++) {
        const struct storage *storage = world->datasets[0].replicas[node].storage;
        for (uint32_t key = 0; storage != NULL && key < storage->key_count; key++) {
            count += storage->blocks[key] != 0;
        }
    }
    return count;
}

static void check_copies(const struct watcher *watcher, const struct lab *lab, bool numbers)
{
    const struct world_dataset *dataset = &lab->world->datasets[0];
    const uint32_t first = dataset->member_nodes[0];
    for (uint32_t key = 0; key < KEYS; key++) {
        for (uint32_t member = 1; member < dataset->count; member++) {
            const uint32_t node = dataset->member_nodes[member];
            if (watcher->digests[node][key] != watcher->digests[first][key]) {
                fail_msg("%s: key %u at node %u has the digest %llx, at node %u %llx",
                         watcher->name, key, node, (unsigned long long)watcher->digests[node][key],
                         first, (unsigned long long)watcher->digests[first][key]);
            }
        }
        const int64_t number = watcher->numbers[first][key];
        if (numbers && (number < watcher->least[key] || number > watcher->most[key])) {
            fail_msg("%s: key %u is %lld, must be %lld to %lld", watcher->name, key,
                     (long long)number, (long long)watcher->least[key],
                     (long long)watcher->most[key]);
        }
    }
}

static void run_once(const struct plan *plan)
{
    static struct watcher watcher;
    static char traces[GROUPS][TRACE_BYTES], text[TEXT_BYTES];
    const struct value_ops *ops = plan->ops;
    struct lab lab = {.traces = {traces[0], traces[1], traces[2]}};
    struct dice dice = {.state = SEED};
    memset(&watcher, 0, sizeof watcher);
    snprintf(watcher.name, sizeof watcher.name, "%s, {%s}, %s, %s, %s, seed %d", ops->kind.name,
             plan->configuration, plan->fault->name, plan->exchange,
             plan->clients == traced ? "traced" : "resolving", SEED);
    write_text(text, plan);
    const uint32_t elements = elements_of(text);
    for (int group = 0; group < GROUPS; group++) {
        draw_trace(&dice, ops, elements, traces[group], TRACE_BYTES);
    }
    lab_write(&lab, text);
    const struct scenario_dataset *dataset = lab.scenario->datasets.items;
    bool bounded = false;
    watcher.minimum = ops->minimum != NULL ? ops->minimum(dataset->value.params, &bounded) : 0;
    watcher.minimum = bounded ? watcher.minimum : INT64_MIN;
    lab_run_into(&lab, SEED,
                 (struct record_sink){.state = &watcher, .row = watch, .mask = UINT32_MAX});
    if (watcher.invoked < 800 || watcher.ok * 2 < watcher.invoked) {
        fail_msg("%s: only %llu of %llu operations were ok", watcher.name,
                 (unsigned long long)watcher.ok, (unsigned long long)watcher.invoked);
    }
    check_copies(&watcher, &lab,
                 ops->is_number && ops->minimum == NULL && plan->fault->keeps_numbers);
    const uint64_t taken = blocks_taken(lab.world), stored = states_stored(lab.world);
    if (taken != stored) {
        fail_msg("%s: %llu blocks are taken, %llu states are stored", watcher.name,
                 (unsigned long long)taken, (unsigned long long)stored);
    }
    lab_close(&lab);
}

static void run_type(const struct value_ops *ops, int f, int c)
{
    const bool deltas = (ops->forms >> VALUE_DELTA & 1) != 0;
    struct plan plan = {.ops = ops,
                        .fault = &faults[f],
                        .configuration = configurations[c % CONFIGURATIONS],
                        .exchange = "state",
                        .clients = traced};
    run_once(&plan);
    if (ops->context != NULL) {
        plan.clients = resolving;
        run_once(&plan);
        plan.clients = traced;
    }
    plan.configuration = configurations[(c + 1) % CONFIGURATIONS];
    plan.exchange = deltas ? "delta" : "state";
    run_once(&plan);
    if (deltas && !ops->needs_state) {
        plan.configuration = "'copies': 1, 'coordinators': 'others'";
        run_once(&plan);
    }
}

static void test_types_under_faults(void **state)
{
    (void)state;
    for (size_t t = 0; t < value_registry.count; t++) {
        const struct param_choice choice = {.kind = value_registry.kinds[t]};
        const struct value_ops *ops = value_ops_of(&choice);
        for (int f = 0; ops != NULL && f < FAULTS; f++) {
            run_type(ops, f, f + (int)t);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_under_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
