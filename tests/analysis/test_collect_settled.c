/*
 * What the collector keeps only while it is needed: blocks of held versions of keys that are not
 * settled, and lists of reads in flight. Against plain tables, through long random streams.
 */
#include "analysis/collect_state.h"
#include "sim/random.h"
#include "tests/analysis/record_stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NODES = 3, KEYS = 4, STEPS = 20000, WRITES = 64, SLOTS = 200, SEED = 5 };

struct plain { /* what each node holds; a write's number is its stamp + 1 */
    int64_t stamp[NODES][KEYS];
    uint64_t write[NODES][KEYS];
};

static void assert_held(const struct collect_state *state, const struct plain *plain)
{
    const struct dataset_state *dataset = &state->datasets[0];
    uint32_t taken = 0, free = 0;

    for (uint32_t k = 0; k < KEYS; k++) {
        const struct key_state *key = &dataset->keys[k];
        uint32_t behind = 0;

        taken += key->held != 0 ? 1u : 0u;
        for (uint32_t i = 0; i < NODES; i++) {
            assert_int_equal(held_version(state, dataset, k, i).write, plain->write[i][k]);
            behind +=
                key->held != 0 && dataset->held[(key->held - 1) * NODES + i].missing > 0 ? 1u : 0u;
        }
        assert_int_equal(key->behind, behind);
    }
    for (uint32_t at = dataset->held_free; at != 0;
         at = dataset->held[(at - 1) * NODES].late_place) {
        free++;
        assert_in_range(free, 1, dataset->held_used);
    }
    assert_int_equal(taken + free, dataset->held_used);
}

/* The node is given the version, unless it holds a newer one. */
static void apply(struct stream *stream, struct plain *plain, sim_ns at_ns, uint32_t node,
                  uint32_t key, int64_t stamp)
{
    if (plain->write[node][key] != 0 && plain->stamp[node][key] >= stamp) {
        return;
    }
    plain->stamp[node][key] = stamp;
    plain->write[node][key] = (uint64_t)stamp + 1;
    stream_apply(stream, at_ns, node, key, stamp, (uint64_t)stamp + 1);
}

/* A crash takes the key back to the initial value, or the node with all its keys. */
static void crash(struct stream *stream, struct plain *plain, sim_ns at_ns, uint32_t node,
                  uint32_t key)
{
    const bool disk = key == 0;

    for (uint32_t k = disk ? 0 : key; k <= (disk ? KEYS - 1 : key); k++) {
        plain->write[node][k] = 0;
    }
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = disk ? RECORD_NODE_DOWN : RECORD_APPLIED,
                                       .flags = disk ? RECORD_FLAG_DISK_LOST : RECORD_FLAG_REVERTED,
                                       .node = node,
                                       .key = key});
    if (disk) {
        stream_event(stream, at_ns, RECORD_NODE_UP, node, 0);
    }
}

static void test_held(void **unused)
{
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct plain plain = {0};
    struct random_stream random;
    struct {
        uint32_t key;
        int64_t stamp;
    } recent[WRITES] = {{0}};
    struct metric_set set;
    sim_ns at_ns = 0;

    (void)unused;
    layout.duration_ns = STEPS * 10 * MS + 1;
    random_stream_init(&random, SEED, 1, 0);
    stream_begin(&stream, &layout);
    for (int64_t step = 1; step <= STEPS; step++) {
        const uint32_t node = (uint32_t)random_below(&random, NODES);
        const size_t turn = random_below(&random, WRITES);
        const uint64_t chance = random_below(&random, 200);

        at_ns += (sim_ns)random_below(&random, 10) * MS;
        if (chance == 0) {
            crash(&stream, &plain, at_ns, node, (uint32_t)random_below(&random, KEYS));
        } else if (chance < 40) {
            recent[turn].key = (uint32_t)random_below(&random, KEYS);
            recent[turn].stamp = step;
            stream_commit(&stream, at_ns, 0, recent[turn].key, step, (uint64_t)step + 1);
        } else if (recent[turn].stamp > 0) {
            apply(&stream, &plain, at_ns, node, recent[turn].key, recent[turn].stamp);
        }
        assert_held(stream.collector.state, &plain);
    }
    for (uint32_t i = 0; i < NODES * KEYS; i++) {
        apply(&stream, &plain, at_ns, i / KEYS, i % KEYS, STEPS + 1);
    }
    for (uint32_t k = 0; k < KEYS; k++) {
        stream_commit(&stream, at_ns, 0, k, STEPS + 1, STEPS + 2);
        assert_held(stream.collector.state, &plain);
        assert_int_equal(stream.collector.state->datasets[0].keys[k].held, 0); /* at rest */
    }
    collector_finish(&stream.collector, layout.duration_ns, &set);
    metric_set_release(&set);
    collector_release(&stream.collector);
}

/* Every read in flight is in the list of its key, and lists are in order of invocation. */
static void assert_reads(const struct collect_state *state, uint32_t in_flight)
{
    uint32_t found = 0;

    for (size_t i = 0; i < state->flight_capacity; i++) {
        sim_ns last_ns = -1;
        uint32_t previous = 0;

        for (uint32_t at = state->reads[i].head; at != 0;) {
            const struct flight *flight = &state->flights[at - 1];

            assert_int_not_equal(flight->operation, 0);
            assert_ptr_equal(reads_of(state, flight->dataset, flight->key), &state->reads[i]);
            assert_int_equal(flight->previous, previous);
            assert_true(flight->invoked_ns > last_ns);
            last_ns = flight->invoked_ns;
            previous = at;
            at = flight->next;
            found++;
        }
        assert_int_equal(state->reads[i].tail, previous);
    }
    assert_int_equal(found, in_flight);
}

static void test_reads(void **unused)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct random_stream random;
    struct metric_set set;
    uint64_t operations[SLOTS] = {0};
    uint32_t in_flight = 0;

    (void)unused;
    random_stream_init(&random, SEED, 1, 0);
    stream_begin(&stream, &layout);
    for (int step = 1; step <= STEPS; step++) {
        /* More and more slots, so that the table grows with reads in its lists. */
        const uint32_t slot = (uint32_t)random_below(&random, (uint64_t)step * SLOTS / STEPS + 1);
        struct record row = {.at_ns = step * SIM_NS_PER_US, .slot = slot % SLOTS};

        if (operations[row.slot] == 0) {
            row.kind = RECORD_INVOKED;
            row.dataset = (uint16_t)random_below(&random, 2);
            row.key = (uint32_t)random_below(&random, 3);
            row.operation = operations[row.slot] = ++stream.operation;
            row.a = row.at_ns;
            in_flight++;
        } else {
            row.kind = RECORD_COMPLETED;
            row.operation = operations[row.slot];
            operations[row.slot] = 0;
            in_flight--;
        }
        stream_row(&stream, row);
        assert_reads(stream.collector.state, in_flight);
    }
    assert_true(stream.collector.state->flight_capacity > 64); /* it has grown */
    collector_finish(&stream.collector, layout.duration_ns, &set);
    metric_set_release(&set);
    collector_release(&stream.collector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_held), cmocka_unit_test(test_reads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
