/*
 * multi_primary with every type of value that merges, in random worlds with random faults.
 *
 * Model:  two to four regions with one or two copies in each; type, exchange, topology, order,
 *         acknowledgement, queues, stamps, disks and transport are drawn from the world's number,
 *         and so are operations (the type's own actions, until 18 s) and up to four faults between
 *         3 and 16 s: cuts, links that lose, double and delay, outages with and without the disk,
 *         clocks that step. The run ends at 80 s, when nobody has anything left to send.
 * Checks: all copies of each key are equal (digests). Where nothing acknowledged can be lost,
 *         numbers are what acknowledged operations add up to, give or take those whose outcome is
 *         unknown, and a set to which elements were only added has those that were acknowledged.
 *         The bounded counter is never below its minimum, whatever is lost. Every block of words
 *         belongs to a stored state (where no comparison may be under way at the end).
 * Runs:   GEODES_SWARM=N worlds (default 1000), from GEODES_SWARM_FIRST on (default 0).
 */
#include "models/replication/strategy.h"
#include "models/scenario.h"
#include "models/world_internal.h"
#include "tests/conformance/dice.h"
#include "tests/validation/lab.h"

#include <stdlib.h>

enum { KEYS = 9, NODES = 8, REGIONS = 4, TRACE_BYTES = 64 * 1024, TEXT_BYTES = 6000 };
enum { TRACE_END_MS = 18000, OPERATIONS = 8192, ELEMENTS = 64, ALL_FAULTS = 4 };

static const char *const region_names[REGIONS] = {"us-east-1", "eu-west-1", "ap-northeast-1",
                                                  "us-west-2"};

struct world_plan {
    struct dice dice;
    uint64_t number;
    const struct value_ops *ops;
    int regions, copies;
    uint32_t exchange;
    bool disk, memory, loses_disk, adds_only, outage;
    int compare_every_s, stock; /* 0: never; the bounded counter begins with so much */
    char text[TEXT_BYTES], faults[2000], replication[800], value[200];
    char traces[REGIONS][TRACE_BYTES];
};

struct watcher {
    uint64_t digests[NODES][KEYS];
    int64_t numbers[NODES][KEYS];
    uint32_t elements[NODES][KEYS];
    int64_t least[KEYS], most[KEYS]; /* what the number may be */
    uint64_t added[KEYS], maybe_added[KEYS];
    uint64_t invoked, ok;
    int64_t lowest; /* of all numbers at all times */
    struct {
        uint32_t key, element;
        int64_t by;
        bool write;
    } operations[OPERATIONS];
};

/* ---- what the world was told ---- */

static void ended(struct watcher *watcher, uint64_t operation, enum record_outcome outcome)
{
    const int64_t by = watcher->operations[operation].by;
    const uint32_t key = watcher->operations[operation].key;
    const uint64_t bit = UINT64_C(1) << watcher->operations[operation].element % ELEMENTS;
    watcher->ok += outcome == RECORD_OK;
    if (!watcher->operations[operation].write || outcome == RECORD_FAIL) {
        return;
    }
    watcher->least[key] += outcome == RECORD_OK || by < 0 ? by : 0;
    watcher->most[key] += outcome == RECORD_OK || by > 0 ? by : 0;
    watcher->added[key] |= outcome == RECORD_OK ? bit : 0;
    watcher->maybe_added[key] |= bit;
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
        watcher->operations[row->operation].element = row->peer;
    } else if (row->kind == RECORD_COMPLETED) {
        ended(watcher, row->operation, (enum record_outcome)row->outcome);
    } else if (row->kind == RECORD_VALUE) {
        watcher->digests[row->node][row->key] = (uint64_t)row->b;
        watcher->numbers[row->node][row->key] = row->a;
        watcher->elements[row->node][row->key] = row->peer;
        watcher->lowest = row->a < watcher->lowest ? row->a : watcher->lowest;
    } else if (row->kind == RECORD_NODE_DOWN && (row->flags & RECORD_FLAG_DISK_LOST) != 0) {
        memset(watcher->digests[row->node], 0, sizeof watcher->digests[row->node]);
        memset(watcher->numbers[row->node], 0, sizeof watcher->numbers[row->node]);
        memset(watcher->elements[row->node], 0, sizeof watcher->elements[row->node]);
    } else if (row->kind == RECORD_REJECTED) {
        watcher->ok++; /* as the type has it */
    }
}

/* ---- drawing a world ---- */

static void draw_trace(struct world_plan *plan, int group, uint32_t elements)
{
    struct dice *dice = &plan->dice;
    char *text = plan->traces[group];
    const int step_ms = between(dice, 40, 200);
    size_t used = (size_t)snprintf(text, TRACE_BYTES, "time_ms,operation,key,element,amount\n");
    for (int at_ms = 500; at_ms < TRACE_END_MS; at_ms += between(dice, 1, 2 * step_ms)) {
        const int key = between(dice, 0, KEYS - 1);
        int action = between(dice, VALUE_WRITE, VALUE_DELETE);
        action = plan->adds_only && one_in(dice, 2) ? VALUE_ADD : action;
        const bool has = action != VALUE_WRITE && (plan->ops->actions >> action & 1) != 0;
        if (!has || (plan->adds_only && action != VALUE_ADD)) {
            const bool reads = one_in(dice, 2) || plan->adds_only;
            used += (size_t)snprintf(text + used, TRACE_BYTES - used, "%d,%s,%d,,\n", at_ms,
                                     reads ? "read" : "write", key);
            continue;
        }
        used += (size_t)snprintf(text + used, TRACE_BYTES - used, "%d,%s,%d,%d,%d\n", at_ms,
                                 value_action_names[action], key,
                                 between(dice, 0, (int)elements - 1), between(dice, 1, 3));
    }
    assert_true(used < TRACE_BYTES);
}

static const char *region_name(int region)
{
    return region_names[region % REGIONS];
}

static void other_regions(const struct world_plan *plan, int but, char *text, size_t size)
{
    text[0] = '\0';
    for (int r = 0; r < plan->regions; r++) {
        if (r != but) {
            snprintf(text + strlen(text), size - strlen(text), "%s'%s'",
                     text[0] != '\0' ? ", " : "", region_name(r));
        }
    }
}

static void draw_fault(struct world_plan *plan, int number)
{
    struct dice *dice = &plan->dice;
    const int picked = between(dice, 0, plan->regions - 1);
    const char *one = region_name(picked);
    char others[200];
    other_regions(plan, picked, others, sizeof others);
    const int at_ms = between(dice, 3000, 12000), for_ms = between(dice, 50, 4000);
    size_t used = strlen(plan->faults);
    used += (size_t)snprintf(plan->faults + used, sizeof plan->faults - used,
                             "%s{'id': 'f%d', 'at': '%dms', 'for': '%dms', ", number > 0 ? "," : "",
                             number, at_ms, for_ms);
    char *text = plan->faults + used;
    const size_t size = sizeof plan->faults - used;
    const int kind = between(dice, 0, 5);
    if (kind <= 1) {
        snprintf(text, size, "'kind': 'partition', 'between': [['%s'], [%s]]}", one, others);
    } else if (kind == 2) {
        snprintf(text, size,
                 "'kind': 'link', 'duplicate': 0.3, 'reorder': 0.3, 'loss': 0.1, 'reorder_by':"
                 " {'distribution': 'exponential', 'mean': '60ms'}, 'between': [['%s'], [%s]]}",
                 one, others);
    } else if (kind <= 4) {
        const bool lost = one_in(dice, 3);
        plan->loses_disk |= lost;
        plan->outage = true;
        snprintf(text, size, "'kind': 'region_outage', 'region': '%s'%s}", one,
                 lost ? ", 'disk': 'lost'" : "");
    } else {
        snprintf(text, size, "'kind': 'clock_step', 'region': '%s', 'by': '%dms'}", one,
                 between(dice, 1, 3000) * (one_in(dice, 2) ? 1 : -1));
    }
}

static const char *topology_of(struct world_plan *plan)
{
    static const char *const topologies[] = {"mesh", "mesh", "ring", "hub"};
    return plan->exchange == VALUE_OPERATION ? "mesh" : PICK(&plan->dice, topologies);
}

static const char *order_of(struct world_plan *plan, bool mesh)
{
    if (mesh && plan->exchange != VALUE_STATE && one_in(&plan->dice, 2)) {
        return "causal";
    }
    return plan->exchange != VALUE_OPERATION && one_in(&plan->dice, 3) ? "items" : "log";
}

static void draw_replication(struct world_plan *plan)
{
    static const char *const exchanges[] = {"state", "delta", "operation"};
    static const char *const schemes[] = {"wall", "lamport", "hybrid", "interval"};
    static const char *const acks[] = {"disk", "disk", "memory", "local_quorum"};
    struct dice *dice = &plan->dice;
    do {
        plan->exchange = (uint32_t)between(dice, 0, 2);
    } while ((plan->ops->forms >> plan->exchange & 1u) == 0);
    const char *topology = topology_of(plan);
    const bool mesh = topology[0] == 'm';
    const char *ack = PICK(dice, acks);
    ack = !mesh && ack[0] == 'l' ? "disk" : ack;
    plan->memory = ack[0] == 'm';
    plan->copies = between(dice, 1, 2);
    snprintf(plan->replication, sizeof plan->replication,
             "'strategy': 'multi_primary', 'exchange': '%s', 'topology': '%s', 'order': '%s',"
             " 'ack': '%s', 'copies': %d, 'stamps': '%s', 'queue': %d, 'overflow': '%s',"
             " 'window': %d, 'batch_max': %d, 'batch_wait': '%dms', 'resend_after': '%dms',"
             " 'confirm': %s, 'after_stored': %s, 'compare_every': '%ds', 'catch_up': '%s'",
             exchanges[plan->exchange], topology, order_of(plan, mesh), ack, plan->copies,
             PICK(dice, schemes), one_in(dice, 2) ? 9 : 100000, one_in(dice, 4) ? "refuse" : "drop",
             one_in(dice, 2) ? 7 : 10000, between(dice, 1, 9), one_in(dice, 2) ? 0 : 40,
             between(dice, 200, 600), topology[0] == 'h' && one_in(dice, 2) ? "true" : "false",
             one_in(dice, 2) ? "true" : "false", plan->compare_every_s,
             one_in(dice, 4) ? "full" : "compare");
}

/* The type with what makes it interesting: a stock that runs out, tombstones that are forgotten. */
static void draw_value(struct world_plan *plan)
{
    struct dice *dice = &plan->dice;
    const char *name = plan->ops->kind.name;
    size_t used = (size_t)snprintf(plan->value, sizeof plan->value, "'type': '%s'", name);
    if (plan->ops->wants != NULL) {
        plan->stock = between(dice, 5, 60);
        snprintf(plan->value + used, sizeof plan->value - used, ", 'initial': %d, 'low': %d",
                 plan->stock, between(dice, 0, 8));
    } else if (strcmp(name, "row") == 0 && plan->compare_every_s > 0) {
        used += (size_t)snprintf(plan->value + used, sizeof plan->value - used, ", 'fields': 5");
        snprintf(plan->value + used, sizeof plan->value - used, ", 'grace': '%ds'",
                 between(dice, 2, 8));
    }
}

static void write_text(struct world_plan *plan)
{
    struct dice *dice = &plan->dice;
    char regions[600] = "", clients[800] = "";
    for (int r = 0; r < plan->regions; r++) {
        const char *comma = r > 0 ? ", " : "";
        snprintf(regions + strlen(regions), sizeof regions - strlen(regions),
                 "%s{'name': '%s', 'nodes': %d}", comma, region_name(r), plan->copies);
        snprintf(clients + strlen(clients), sizeof clients - strlen(clients),
                 "%s{'at': '%s', 'trace': '%d.csv', 'deadline': '3s'}", comma, region_name(r), r);
    }
    const bool datagrams = one_in(dice, 2);
    plan->disk = one_in(dice, 2);
    snprintf(plan->text, sizeof plan->text,
             "{'name': 'values', 'duration': '80s', 'regions': [%s],"
             " 'network': {'latency': 'catalogue', 'transport': '%s', 'loss': %s},"
             " 'clocks': {'model': 'bounded'}, 'nodes': {'disk_sync': '%dms'},"
             " 'datasets': {'d': {'keys': {'count': %d}, 'value_bytes': 20,"
             "   'value': {%s}, 'replication': {%s}}},"
             " 'clients': [%s], 'faults': [%s]}",
             regions, datagrams ? "datagram" : "stream", one_in(dice, 2) ? "0.005" : "0",
             plan->disk ? between(dice, 1, 20) : 0, KEYS, plan->value, plan->replication, clients,
             plan->faults);
}

/* How many elements the type has by default. */
static uint32_t elements_of(const char *text)
{
    static const char header[] = "time_ms,operation,key\n100,read,0\n";
    struct lab lab = {.traces = {header, header, header, header}};
    lab_write(&lab, text);
    const struct scenario_dataset *dataset = lab.scenario->datasets.items;
    const struct value_ops *ops = value_ops_of(&dataset->value);
    const uint32_t elements = ops->elements != NULL ? ops->elements(dataset->value.params) : 1;
    lab_close(&lab);
    return elements < ELEMENTS ? elements : ELEMENTS;
}

static void draw(struct world_plan *plan, uint64_t number)
{
    *plan = (struct world_plan){.number = number, .dice = {.state = number}};
    do {
        const struct param_choice choice = {
            .kind = value_registry.kinds[between(&plan->dice, 0, (int)value_registry.count - 1)]};
        plan->ops = value_ops_of(&choice);
    } while (plan->ops == NULL);
    plan->regions = between(&plan->dice, 2, REGIONS);
    plan->adds_only = (plan->ops->actions >> VALUE_ADD & 1u) != 0 &&
                      plan->ops->write_means == VALUE_ADD && one_in(&plan->dice, 2);
    plan->compare_every_s = one_in(&plan->dice, 3) ? between(&plan->dice, 4, 12) : 0;
    draw_value(plan);
    draw_replication(plan);
    const int faults = between(&plan->dice, 0, ALL_FAULTS);
    for (int f = 0; f < faults; f++) {
        draw_fault(plan, f);
    }
    write_text(plan);
    const uint32_t elements = elements_of(plan->text);
    for (int group = 0; group < plan->regions; group++) {
        draw_trace(plan, group, elements);
    }
}

/* ---- what it has become ---- */

__attribute__((format(printf, 2, 3))) static void wrong(const struct world_plan *plan,
                                                        const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail_msg("world %llu: %s, {%s}, {%s}: %s\n%s\nagain: GEODES_SWARM_FIRST=%llu GEODES_SWARM=1",
             (unsigned long long)plan->number, plan->ops->kind.name, plan->replication,
             plan->faults, text, plan->text, (unsigned long long)plan->number);
}

static void check_number(const struct world_plan *plan, const struct watcher *watcher,
                         uint32_t node, uint32_t key)
{
    const int64_t number = watcher->numbers[node][key];
    if (plan->ops->is_number && (number < watcher->least[key] || number > watcher->most[key])) {
        wrong(plan, "key %u is %lld, must be %lld to %lld", key, (long long)number,
              (long long)watcher->least[key], (long long)watcher->most[key]);
    }
    const int held = (int)watcher->elements[node][key];
    if (plan->adds_only && !plan->ops->is_number && strstr(plan->ops->kind.name, "set") != NULL &&
        (held < __builtin_popcountll(watcher->added[key]) ||
         held > __builtin_popcountll(watcher->maybe_added[key]))) {
        wrong(plan, "key %u has %d elements, must have %d to %d", key, held,
              __builtin_popcountll(watcher->added[key]),
              __builtin_popcountll(watcher->maybe_added[key]));
    }
}

static void check_copies(const struct world_plan *plan, const struct watcher *watcher,
                         const struct lab *lab)
{
    const struct world_dataset *dataset = &lab->world->datasets[0];
    const uint32_t first = dataset->member_nodes[0];
    const bool nothing_lost = !plan->loses_disk && !(plan->memory && plan->disk && plan->outage);
    for (uint32_t key = 0; key < KEYS; key++) {
        for (uint32_t member = 1; member < dataset->count; member++) {
            const uint32_t node = dataset->member_nodes[member];
            if (watcher->digests[node][key] != watcher->digests[first][key]) {
                wrong(plan, "key %u has the digest %llx at node %u, %llx at node %u (%lld, %lld)",
                      key, (unsigned long long)watcher->digests[node][key], node,
                      (unsigned long long)watcher->digests[first][key], first,
                      (long long)watcher->numbers[node][key],
                      (long long)watcher->numbers[first][key]);
            }
        }
        if (nothing_lost) {
            check_number(plan, watcher, first, key);
        }
    }
}

static void check_blocks(const struct world_plan *plan, const struct world *world)
{
    uint64_t taken = 0, stored = 0;
    for (uint32_t class = 0; class < WORDS_CLASSES; class ++) {
        taken += world->words.classes[class].count;
    }
    for (uint32_t node = 0; node < world->node_count; node++) {
        const struct storage *storage = world->datasets[0].replicas[node].storage;
        for (uint32_t key = 0; storage != NULL && key < storage->key_count; key++) {
            stored += storage->blocks[key] != 0;
        }
    }
    if (taken != stored) {
        wrong(plan, "%llu blocks are taken, %llu states are stored", (unsigned long long)taken,
              (unsigned long long)stored);
    }
}

static uint64_t run_world(uint64_t number)
{
    static struct world_plan plan;
    static struct watcher watcher;
    draw(&plan, number);
    struct lab lab = {.traces = {plan.traces[0], plan.traces[1], plan.traces[2], plan.traces[3]}};
    memset(&watcher, 0, sizeof watcher);
    lab_write(&lab, plan.text);
    lab_run_into(&lab, number,
                 (struct record_sink){.state = &watcher, .row = watch, .mask = UINT32_MAX});
    check_copies(&plan, &watcher, &lab);
    if (plan.compare_every_s == 0) {
        check_blocks(&plan, lab.world);
    }
    if (plan.ops->wants != NULL && watcher.lowest < -plan.stock) {
        wrong(&plan, "a number is %lld with a stock of %d", (long long)watcher.lowest, plan.stock);
    }
    lab_close(&lab);
    return watcher.ok;
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *value = getenv(variable);
    return value != NULL ? strtoull(value, NULL, 10) : otherwise;
}

static void test_worlds(void **state)
{
    (void)state;
    const uint64_t first = number_from("GEODES_SWARM_FIRST", 0);
    const uint64_t worlds = number_from("GEODES_SWARM", 1000);
    uint64_t ok = 0;
    for (uint64_t number = first; number < first + worlds; number++) {
        ok += run_world(number);
    }
    assert_true(worlds < 100 || ok > 100 * worlds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worlds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
