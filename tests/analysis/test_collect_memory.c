/*
 * What the collector keeps does not grow with the number of operations, and what it then has to
 * merge stays within bounds: fresh and stale are exact all the same.
 */
#include "analysis/collect_state.h"
#include "tests/analysis/record_stream.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One operation after the other on 4 keys, 10 us apart; node 2 applies everything 3 ms later. */
static void usual_run(int operations, struct collect_state *kept)
{
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;
    uint64_t random = 11;
    struct {
        uint32_t key;
        int64_t stamp;
        uint64_t write;
    } late[300] = {{0}};

    layout.duration_ns = (operations + 1) * 10 * SIM_NS_PER_US;
    layout.bucket_ns = layout.duration_ns / 50 + 1;
    stream_begin(&stream, &layout);
    for (int i = 0; i < operations; i++) {
        const sim_ns at_ns = i * 10 * SIM_NS_PER_US;
        const uint32_t key = (uint32_t)((random = random * 6364136223846793005u + 1) >> 62);
        const size_t turn = (size_t)i % 300;

        if (late[turn].write != 0) {
            stream_apply(&stream, at_ns, 2, late[turn].key, late[turn].stamp, late[turn].write);
            late[turn].write = 0;
        }
        if (i % 3 != 0) {
            const uint64_t read = stream_invoke(&stream, at_ns, 0, RECORD_READ, key);

            stream_complete(&stream, at_ns, 0, read, RECORD_OK, 0, 0);
            continue;
        }

        const uint64_t write = stream_invoke(&stream, at_ns, 1, RECORD_WRITE, key);

        stream_apply(&stream, at_ns, 0, key, i, write);
        stream_apply(&stream, at_ns, 1, key, i, write);
        stream_commit(&stream, at_ns, 0, key, i, write);
        stream_complete(&stream, at_ns, 1, write, RECORD_OK, i, write);
        late[turn].key = key;
        late[turn].stamp = i;
        late[turn].write = write;
    }
    *kept = *stream.collector.state;
    collector_finish(&stream.collector, layout.duration_ns, &set);
    collector_release(&stream.collector);
    metric_set_release(&set);
}

static void test_constant(void **state)
{
    struct collect_state few, many;

    (void)state;
    usual_run(150000, &few); /* 1.5 s: more than the second for which all is kept */
    usual_run(1500000, &many);
    assert_int_equal(few.pool_count, many.pool_count);
    assert_int_equal(few.flight_capacity, many.flight_capacity);
    /* The arena holds histograms: a wider range of ages may need some more blocks of 1 KiB. */
    if (many.arena.bytes > few.arena.bytes + 40 * 1024) {
        fail_msg("arena grew from %zu to %zu", few.arena.bytes, many.arena.bytes);
    }
}

/*
 * Node 2 gets nothing while 300,000 versions of key 0 are written and read at node 2: far beyond
 * what is kept. Every read is stale, of the initial value; its age counts from the first
 * acknowledgement and is exact, because merging keeps the earliest one. Version counts add up when
 * entries are merged, so they are exact too as long as the answer is older than all of them. Lag in
 * versions is exact. Then node 2 applies the newest version and nothing is missing.
 */
static void test_merging(void **state)
{
    enum { WRITES = 300000 };
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;
    uint64_t last = 0;

    (void)state;
    layout.duration_ns = (WRITES + 10) * 20 * SIM_NS_PER_US;
    layout.bucket_ns = layout.duration_ns / 10;
    stream_begin(&stream, &layout);
    for (int i = 0; i < WRITES; i++) {
        const sim_ns at_ns = (i + 1) * 20 * SIM_NS_PER_US;
        const uint64_t write = stream_invoke(&stream, at_ns, 1, RECORD_WRITE, 0);

        stream_apply(&stream, at_ns, 0, 0, i, write);
        if (i <= 20000) {
            stream_apply(&stream, at_ns, 1, 0, i, write);
        }
        stream_commit(&stream, at_ns, 0, 0, i, write);
        stream_complete(&stream, at_ns, 1, write, RECORD_OK, i, write);
        last = write;
        if (i % 1000 == 999) {
            const uint64_t read = stream_invoke(&stream, at_ns + 1, 0, RECORD_READ, 0);

            stream_complete(&stream, at_ns + 2, 0, read, RECORD_OK, 0, 0);
        }
    }

    const struct collect_state *inside = stream.collector.state;

    assert_int_equal(inside->datasets[0].replicas[2].missing, WRITES);
    assert_int_equal(inside->datasets[0].replicas[1].missing, WRITES - 20001);
    assert_true(inside->datasets[0].keys[0].count <= ENTRIES_MAX);
    assert_true(inside->pool_count <= 3 * ENTRIES_MAX + 65536);
    stream_apply(&stream, (WRITES + 2) * 20 * SIM_NS_PER_US, 2, 0, WRITES - 1, last);
    stream_apply(&stream, (WRITES + 3) * 20 * SIM_NS_PER_US, 1, 0, WRITES - 1, last);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(inside->datasets[0].replicas[i].missing, 0);
        assert_int_equal(inside->datasets[0].replicas[i].delay.count, WRITES);
    }
    collector_finish(&stream.collector, layout.duration_ns, &set);
    collector_release(&stream.collector);

    const struct metric *versions = metric_at(&set, "staleness_versions");
    const struct metric *age = metric_at(&set, "staleness_ms");

    assert_int_equal(metric_at(&set, "stale_ratio")->count, WRITES / 1000);
    assert_int_equal(metric_at(&set, "stale_ratio")->total, WRITES / 1000);
    /* Mean of 1000, 2000, ... 300000 versions, and of (1000 k - 1) * 20 us + 1 ns. */
    assert_true(fabs(metric_number(versions) - 150500) < 1e-6);
    assert_true(fabs(metric_number(age) - (150500 - 1) * 0.02 - 1e-6) < 1e-6);
    metric_set_release(&set);
}

/*
 * Four versions two seconds apart, each at every replica at once: the first ones are forgotten. A
 * replica that then answers with the initial value is stale, but how old that answer is, is a
 * bound.
 */
static void test_forgotten(void **state)
{
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    layout.duration_ns = 20 * SIM_NS_PER_S;
    layout.bucket_ns = SIM_NS_PER_S;
    stream_begin(&stream, &layout);
    for (int i = 1; i <= 4; i++) {
        const sim_ns at_ns = 2 * i * SIM_NS_PER_S;
        const uint64_t write = stream_invoke(&stream, at_ns, 0, RECORD_WRITE, 0);

        for (uint32_t node = 0; node < 3; node++) {
            stream_apply(&stream, at_ns, node, 0, i, write);
        }
        stream_commit(&stream, at_ns, 0, 0, i, write);
        stream_complete(&stream, at_ns, 0, write, RECORD_OK, i, write);
    }

    const uint64_t read = stream_invoke(&stream, 10 * SIM_NS_PER_S, 1, RECORD_READ, 0);

    stream_complete(&stream, 10 * SIM_NS_PER_S, 1, read, RECORD_OK, 0, 0);
    collector_finish(&stream.collector, layout.duration_ns, &set);
    collector_release(&stream.collector);
    assert_int_equal(metric_at(&set, "stale_ratio")->count, 1);
    assert_int_equal(metric_at(&set, "staleness_approximate_reads")->count, 1);
    assert_true(metric_at(&set, "staleness_versions")->histogram->max <= 4);
    metric_set_release(&set);
}

/*
 * Node 0 alone takes 50,000 writes of key 0, more than a list holds, so that neighbours are merged.
 * Then it throws away the newer half: the others miss the older 25,000 still, from the first one
 * on. The other two nodes say the same of the same writes, which changes nothing but that what is
 * merged with the border between the halves (less than 16) may lose its commits with it.
 */
static void test_merged_and_discarded(void **state)
{
    enum { WRITES = 50000, HALF = WRITES / 2 };
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    layout.duration_ns = (WRITES + 10) * 20 * SIM_NS_PER_US;
    stream_begin(&stream, &layout);
    for (int i = 1; i <= WRITES; i++) {
        stream_apply(&stream, i * 20 * SIM_NS_PER_US, 0, 0, i, (uint64_t)i);
        stream_commit(&stream, i * 20 * SIM_NS_PER_US, 0, 0, i, (uint64_t)i);
    }

    const struct collect_state *inside = stream.collector.state;
    const sim_ns end_ns = (WRITES + 2) * 20 * SIM_NS_PER_US;

    for (uint32_t node = 0; node < 3; node++) {
        for (int i = HALF + 1; i <= WRITES; i++) {
            stream_row(&stream, (struct record){.at_ns = end_ns,
                                                .kind = RECORD_DISCARDED,
                                                .node = node,
                                                .stamp = i,
                                                .write = (uint64_t)i});
        }
        for (size_t i = 1; i < 3; i++) {
            const struct replica_state *replica = &inside->datasets[0].replicas[i];

            assert_in_range(replica->missing, node == 0 ? HALF : HALF - 16, HALF);
            assert_int_equal(lag_ns(replica, end_ns), end_ns - 20 * SIM_NS_PER_US);
        }
    }
    stream_apply(&stream, end_ns, 2, 0, HALF, HALF);
    assert_in_range(inside->datasets[0].replicas[2].missing, 0, 16);
    collector_finish(&stream.collector, layout.duration_ns, &set);
    collector_release(&stream.collector);
    metric_set_release(&set);
}

/* Sessions times keys beyond the dense table: pairs displace each other and are counted. */
static void test_evicted_sessions(void **state)
{
    enum { SESSIONS = 200000 };
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    layout.session_count = SESSIONS; /* times 7 keys: 1.4 million pairs */
    stream_begin(&stream, &layout);

    const uint64_t write = stream_invoke(&stream, 1, 0, RECORD_WRITE, 0);

    stream_complete(&stream, 2, 0, write, RECORD_OK, 5, write);
    for (int round = 0; round < 2; round++) {
        for (uint32_t session = 0; session < SESSIONS; session++) {
            for (uint32_t key = 0; key < 2; key++) {
                const uint64_t operation = ++stream.operation;

                stream_row(&stream, (struct record){.at_ns = 3,
                                                    .kind = RECORD_INVOKED,
                                                    .key = key,
                                                    .session = session,
                                                    .operation = operation,
                                                    .a = 3});
                stream_row(&stream, (struct record){.at_ns = 3,
                                                    .kind = RECORD_COMPLETED,
                                                    .operation = operation,
                                                    .stamp = 5,
                                                    .write = write});
            }
        }
    }
    collector_finish(&stream.collector, layout.duration_ns, &set);
    collector_release(&stream.collector);

    const struct metric *seen = metric_at(&set, "monotonic_reads_violation_ratio");
    const uint64_t evicted = metric_at(&set, "session_pairs_evicted")->count;

    /* 400,000 pairs in 2^18 places: some survive until the second round, most do not. */
    assert_true(evicted > 400000 && evicted < 800000);
    assert_true(seen->total > 20000 && seen->total < 300000);
    assert_int_equal(seen->count, 0);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_merged_and_discarded),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_evicted_sessions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
