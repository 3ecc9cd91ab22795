/*
 * Contexts and conflicts on their whole way: users, gateways, machines and back, and the people
 * who resolve what meets.
 *
 * Model:  three regions on one meridian; for three minutes users read, write and write back what
 *         they have read, with hedges and retries, directly or through gateways with a service
 *         time, short queues, short-lived connections and a cache; outages, resets, copies and
 *         partitions from 30 to 150 s. Then a minute of quiet. Three people in one region work
 *         through the conflicts.
 * Checks: people find conflicts; at the end no key has values side by side, the copies are equal,
 *         nothing waits, and every block of words belongs to a stored state or to a message under
 *         way: nothing that was parked, queued, asked, dropped or given up has leaked.
 */
#include "models/world_internal.h"
#include "tests/validation/lab.h"

enum { SEED = 5, KEYS = 8, NODES = 6, TEXT_BYTES = 6000 };

static const char *const strategies[] = {
    "'strategy': 'multi_primary'",
    "'strategy': 'quorum', 'anti_entropy': '2s'",
};

static const struct surroundings {
    const char *name, *routing, *transport, *faults;
} surroundings[] = {
    {"machines", "", "stream", ""},
    {"machines, partitions", "", "stream",
     "{'id': 'a', 'kind': 'partition', 'at': '30s', 'for': '20s', 'between': [['r0'], ['r1']]},"
     "{'id': 'b', 'kind': 'partition', 'at': '70s', 'for': '1s', 'style': 'reset', 'split': 'one',"
     " 'units': 'machines', 'repeat': {'every': '1500ms', 'times': 20}}"},
    {"machines, copies", "", "datagram",
     "{'id': 'a', 'kind': 'link', 'at': '30s', 'for': '90s', 'duplicate': 0.2, 'reorder': 0.2,"
     " 'loss': 0.02, 'reorder_by': {'distribution': 'exponential', 'mean': '60ms'},"
     " 'between': [['r0'], ['r1', 'r2']]}"},
    {"gateways",
     "'routing': {'policy': 'nearest', 'fail_over': true, 'cache': {'mode': 'write_through',"
     " 'ttl': '1s'}, 'connections': {'lifetime': '9s', 'idle_timeout': '5s', 'timeout': '4s'},"
     " 'gateways': {'service': {'distribution': 'exponential', 'mean': '20ms'}, 'workers': 1,"
     " 'queue_max': 6, 'db_timeout': '150ms', 'db_retries': 2}},",
     "stream",
     "{'id': 'a', 'kind': 'region_outage', 'at': '30s', 'for': '100ms', 'region': 'r0',"
     " 'repeat': {'every': '1100ms', 'times': 40}},"
     "{'id': 'b', 'kind': 'partition', 'at': '80s', 'for': '5s', 'between': [['r1'], ['r0', "
     "'r2']]},"
     "{'id': 'c', 'kind': 'partition', 'at': '100s', 'for': '3s', 'style': 'reset',"
     " 'between': [['r2'], ['r0', 'r1']], 'repeat': {'every': '5s', 'times': 5}}"},
    {"gateways out for seconds",
     "'routing': {'policy': 'nearest', 'connections': {'lifetime': '2s', 'idle_timeout': '1s',"
     " 'timeout': '300ms', 'connect_timeout': '500ms'}},",
     "stream",
     "{'id': 'a', 'kind': 'region_outage', 'at': '30s', 'for': '6s', 'region': 'r0',"
     " 'repeat': {'every': '10s', 'times': 8}}"},
    {"gateways of homes",
     "'routing': {'policy': 'home', 'gateways': {'db_timeout': '100ms', 'db_retries': 1}},",
     "stream",
     "{'id': 'b', 'kind': 'partition', 'at': '30s', 'for': '9s', 'between': [['r1'], ['r0', 'r2']],"
     " 'repeat': {'every': '20s', 'times': 5}},"
     "{'id': 'a', 'kind': 'region_outage', 'at': '100s', 'for': '15s', 'region': 'r2'}"},
};

static void write_text(char *text, const char *strategy, const struct surroundings *around)
{
    static const char group[] =
        "{'at': 'r%d', 'sessions': 6, 'rate': '12/s', 'start_hour': 0.95, 'deadline': '4s',"
        " 'by_hour': [1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"
        " 'mix': {'read': 0.3, 'read_modify_write': 0.5, 'write': 0.1, 'set': 0.05,"
        "         'delete': 0.05}, 'hedge_after': '30ms',"
        " 'retry': {'tries': 3, 'timeout': '400ms', 'backoff': '50ms'}}";
    char groups[3][600];
    for (int g = 0; g < 3; g++) {
        snprintf(groups[g], sizeof groups[g], group, g);
    }
    snprintf(text, TEXT_BYTES,
             "{'name': 'contexts', 'duration': '239s',"
             " 'regions': [{'name': 'r0', 'nodes': 2, 'lat': 0, 'lon': 0},"
             "             {'name': 'r1', 'nodes': 2, 'lat': 30, 'lon': 0},"
             "             {'name': 'r2', 'nodes': 2, 'lat': 60, 'lon': 0}],"
             " 'network': {'latency': 'fibre', 'transport': '%s'},"
             " 'datasets': {'d': {'keys': {'count': %d}, 'value_bytes': 20,"
             "   'value': {'type': 'mv_register'}, 'replication': {%s}}},"
             " %s 'clients': [%s, %s, %s,"
             "   {'name': 'people', 'at': 'r1', 'sessions': 3, 'deadline': '4s',"
             "    'feed': {'latency': {'distribution': 'exponential', 'mean': '300ms'}}}],"
             " 'faults': [%s]}",
             around->transport, KEYS, strategy, around->routing, groups[0], groups[1], groups[2],
             around->faults);
}

struct watcher {
    uint64_t digests[NODES][KEYS];
    uint32_t siblings[NODES][KEYS];
    uint64_t invoked, ok, resolved, conflicts;
};

static void watch(void *state, const struct record *row)
{
    struct watcher *watcher = state;
    if (row->kind == RECORD_INVOKED) {
        watcher->invoked++;
    } else if (row->kind == RECORD_COMPLETED && row->outcome == RECORD_OK) {
        watcher->ok++;
        watcher->resolved += row->group == 3 && row->type == RECORD_WRITE;
    } else if (row->kind == RECORD_VALUE) {
        watcher->digests[row->node][row->key] = (uint64_t)row->b;
        watcher->conflicts += row->slot > 1 && watcher->siblings[row->node][row->key] <= 1;
        watcher->siblings[row->node][row->key] = row->slot;
    }
}

static void check_blocks(const char *name, const struct world *world)
{
    uint64_t taken = 0, stored = 0, under_way = 0; /* anti-entropy goes on */
    for (uint32_t class = 0; class < WORDS_CLASSES; class ++) {
        taken += world->words.classes[class].count;
    }
    for (uint32_t node = 0; node < world->node_count; node++) {
        const struct storage *storage = world->datasets[0].replicas[node].storage;
        for (uint32_t key = 0; storage != NULL && key < storage->key_count; key++) {
            stored += storage->blocks[key] != 0;
        }
    }
    const struct pool *flights = &world->network.flights;
    for (uint32_t slot = 1; slot < flights->used; slot++) {
        under_way +=
            pool_taken(flights, slot) && network_flight(&world->network, slot)->message.block != 0;
    }
    if (taken != stored + under_way) {
        fail_msg("%s, seed %d: %llu blocks are taken, %llu states are stored, %llu are under way",
                 name, SEED, (unsigned long long)taken, (unsigned long long)stored,
                 (unsigned long long)under_way);
    }
}

static void check_copies(const char *name, const struct watcher *watcher, const struct world *world)
{
    const struct world_dataset *dataset = &world->datasets[0];
    const uint32_t first = dataset->member_nodes[0];
    for (uint32_t key = 0; key < KEYS; key++) {
        for (uint32_t member = 0; member < dataset->count; member++) {
            const uint32_t node = dataset->member_nodes[member];
            if (watcher->siblings[node][key] > 1 ||
                watcher->digests[node][key] != watcher->digests[first][key]) {
                fail_msg("%s, seed %d: key %u at node %u: %u values, digest %llx, at node %u %llx",
                         name, SEED, key, node, watcher->siblings[node][key],
                         (unsigned long long)watcher->digests[node][key], first,
                         (unsigned long long)watcher->digests[first][key]);
            }
        }
    }
}

static void run_once(const char *strategy, const struct surroundings *around)
{
    static char text[TEXT_BYTES];
    struct watcher watcher = {0};
    struct lab lab = {0};
    char name[200];
    snprintf(name, sizeof name, "%s, %s", around->name, strategy);
    write_text(text, strategy, around);
    lab_write(&lab, text);
    lab_run_into(&lab, SEED,
                 (struct record_sink){.state = &watcher, .row = watch, .mask = UINT32_MAX});
    print_message("%s: %llu operations, %llu ok, %llu conflicts, %llu resolutions, %u wait\n", name,
                  (unsigned long long)watcher.invoked, (unsigned long long)watcher.ok,
                  (unsigned long long)watcher.conflicts, (unsigned long long)watcher.resolved,
                  clients_conflicts_waiting(lab.world->clients, 3));
    assert_true(watcher.ok > 3000);
    assert_true(watcher.resolved > 100);
    assert_int_equal(clients_conflicts_waiting(lab.world->clients, 3), 0);
    check_copies(name, &watcher, lab.world);
    check_blocks(name, lab.world);
    lab_close(&lab);
}

static void test_contexts_and_conflicts(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof strategies / sizeof strategies[0]; s++) {
        for (size_t i = 0; i < sizeof surroundings / sizeof surroundings[0]; i++) {
            run_once(strategies[s], &surroundings[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts_and_conflicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
