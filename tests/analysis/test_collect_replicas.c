/*
 * What the collector says about replicas, on hand-written streams: lag, loss, convergence. Times in
 * ms; the layout is that of record_stream.h.
 */
#include "analysis/collect_state.h"
#include "tests/analysis/stream_asserts.h"

/*
 * Key 0: w1 committed at node 0 at 100, applied at node 1 at 150 and at node 2 at 420. Key 1: w2
 * committed at 200, superseded by w3 (250) before node 2 gets anything: it applies w3 at 450.
 * Node 2's lag: from 100 to 420 the oldest missing is w1 (100), then until 450 it is w2 (200):
 *   integral = 320^2 / 2 + (220 + 250) / 2 * 30 = 51200 + 7050; mean over 1000 = 58.25 ms.
 *   versions: 1 in [100,200), 2 in [200,250), 3 in [250,420), 2 in [420,450): 100+100+510+60 = 770.
 * Samples at the ends of buckets 200, 300, 400: lag 100, 200, 300; versions 1 (the sample precedes
 * the rows of its instant), 3, 3; 0 in the seven others. Apply delays of node 2: 320, 250, 200; of
 * node 1: w1 50, and 0, 0 for w2 and w3, which it held at their commit.
 */
static void test_lag(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);
    stream_apply(&stream, 100 * MS, 0, 0, 1, 11);
    stream_commit(&stream, 100 * MS, 0, 0, 1, 11);
    stream_apply(&stream, 150 * MS, 1, 0, 1, 11);
    stream_apply(&stream, 200 * MS, 0, 1, 2, 12);
    stream_apply(&stream, 200 * MS, 1, 1, 2, 12);
    stream_commit(&stream, 200 * MS, 0, 1, 2, 12);
    stream_apply(&stream, 250 * MS, 0, 1, 3, 13);
    stream_apply(&stream, 250 * MS, 1, 1, 3, 13);
    stream_commit(&stream, 250 * MS, 0, 1, 3, 13);
    stream_apply(&stream, 420 * MS, 2, 0, 1, 11);
    stream_apply(&stream, 450 * MS, 2, 1, 3, 13);
    finish(&stream, &set);

    const struct metric *lag =
        metric_at(&set, "replication_lag_ms{dataset=orders,replica=tokyo/n0}");
    const struct metric *versions =
        metric_at(&set, "replication_lag_versions{dataset=orders,replica=tokyo/n0}");

    near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=tokyo/n0}"), 58.25);
    near(value_of(&set, "replication_lag_mean_versions{dataset=orders,replica=tokyo/n0}"), 0.77);
    near(value_of(&set, "replication_lag_mean_bytes{dataset=orders,replica=tokyo/n0}"), 77);
    near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=virginia/n0}"), 0);
    near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=ireland/n0}"), 1.25);
    assert_int_equal(lag->histogram->count, 10);
    near(metric_number(lag), (100 + 200 + 300) / 10.0);
    near(metric_number(versions), (1 + 3 + 3) / 10.0);
    near(value_of(&set, "apply_delay_ms{dataset=orders,replica=tokyo/n0}"),
         (320 + 250 + 200) / 3.0);
    near(value_of(&set, "apply_delay_ms{dataset=orders,replica=ireland/n0}"), 50 / 3.0);
    near(value_of(&set, "divergent_keys"), 0);
    metric_set_release(&set);
}

/*
 * Asynchronous primary at node 0. w1 acknowledged at 10 and at every replica; w2 (200), w3 (240)
 * only at node 0, which crashes at 300: 2 writes, the older 100 ms ago. It restarts at 500 with its
 * disk: nothing is gone. The last fault ends at 500; node 1 has w2 at 520, w3 at 540, node 2 both
 * by 530 (it gets w3 first, which supersedes w2): converged 40 ms after.
 */
static void test_crash_and_convergence(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);

    const uint64_t w1 = write_at(&stream, 5 * MS, 10 * MS, 0, 0, 1);

    stream_apply(&stream, 60 * MS, 1, 0, 1, w1);
    stream_apply(&stream, 70 * MS, 2, 0, 1, w1);

    const uint64_t w2 = write_at(&stream, 195 * MS, 200 * MS, 0, 0, 2);
    const uint64_t w3 = write_at(&stream, 235 * MS, 240 * MS, 0, 0, 3);

    stream_event(&stream, 300 * MS, RECORD_FAULT_BEGIN, 0, 0);
    stream_event(&stream, 300 * MS, RECORD_NODE_DOWN, 0, 0);
    stream_event(&stream, 500 * MS, RECORD_FAULT_END, 0, 0);
    stream_event(&stream, 500 * MS, RECORD_NODE_UP, 0, 0);
    stream_apply(&stream, 520 * MS, 1, 0, 2, w2);
    stream_apply(&stream, 530 * MS, 2, 0, 3, w3);
    stream_apply(&stream, 540 * MS, 1, 0, 3, w3);
    finish(&stream, &set);
    near(value_of(&set, "rpo_writes{fault=crash}"), 2);
    near(value_of(&set, "rpo_ms{fault=crash}"), 100);
    no_value(&set, "rpo_ms{fault=cut}");
    near(value_of(&set, "acked_lost"), 0);
    near(value_of(&set, "convergence_ms"), 40);
    near(value_of(&set, "convergence_ms{dataset=orders}"), 40);
    near(value_of(&set, "convergence_ms{dataset=carts}"), 0);
    metric_set_release(&set);
}

/*
 * As above, but the run ends while node 0 is down: both writes are lost to the live nodes, held
 * only by the one that is down. With its disk lost they are gone for good, and no longer count as
 * lag.
 */
static void test_loss(void **state)
{
    (void)state;
    for (int disk_lost = 0; disk_lost < 2; disk_lost++) {
        const struct record_layout layout = stream_layout();
        struct stream stream;
        struct metric_set set;

        stream_begin(&stream, &layout);

        const uint64_t w1 = write_at(&stream, 5 * MS, 10 * MS, 0, 0, 1);

        stream_apply(&stream, 10 * MS, 1, 0, 1, w1);
        stream_apply(&stream, 10 * MS, 2, 0, 1, w1);
        write_at(&stream, 195 * MS, 200 * MS, 0, 0, 2);
        write_at(&stream, 235 * MS, 240 * MS, 0, 0, 3);
        stream_row(&stream, (struct record){.at_ns = 300 * MS,
                                            .kind = RECORD_NODE_DOWN,
                                            .flags = disk_lost ? RECORD_FLAG_DISK_LOST : 0});
        finish(&stream, &set);
        near(value_of(&set, "acked_lost"), 2);
        near(value_of(&set, "acked_lost_gone{dataset=orders}"), disk_lost ? 2 : 0);
        near(value_of(&set, "acked_lost_down"), disk_lost ? 0 : 2);
        /* Lag of node 1: from 200 on 1 version, from 240 on 2; until 300 or for good. */
        near(value_of(&set, "replication_lag_mean_versions{dataset=orders,replica=ireland/n0}"),
             disk_lost ? (40 + 60 * 2) / 1000.0 : (40 + 760 * 2) / 1000.0);
        no_value(&set, "convergence_ms");
        metric_set_release(&set);
    }
}

/*
 * Stamps in the order 20, 10, 30, 25: the second write begins after the first was acknowledged and
 * loses to it; the fourth loses to the third, but began before that was acknowledged: a conflict,
 * which has no earlier and later.
 */
static void test_clock_inversions(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);

    const uint64_t first = stream_invoke(&stream, 5 * MS, VIRGINIA, RECORD_WRITE, 1);

    stream_complete(&stream, 10 * MS, VIRGINIA, first, RECORD_OK, 20, first);

    const uint64_t second = stream_invoke(&stream, 15 * MS, IRELAND, RECORD_WRITE, 1);

    stream_complete(&stream, 30 * MS, IRELAND, second, RECORD_OK, 10, second);

    const uint64_t third = stream_invoke(&stream, 40 * MS, VIRGINIA, RECORD_WRITE, 1);
    const uint64_t fourth = stream_invoke(&stream, 45 * MS, IRELAND, RECORD_WRITE, 1);

    stream_complete(&stream, 50 * MS, VIRGINIA, third, RECORD_OK, 30, third);
    stream_complete(&stream, 60 * MS, IRELAND, fourth, RECORD_OK, 25, fourth);
    finish(&stream, &set);
    near(value_of(&set, "clock_inversions{dataset=orders}"), 1);
    near(value_of(&set, "clock_inversions{dataset=carts}"), 0);
    metric_set_release(&set);
}

/*
 * A replica misses up to 500 keys at a time and gets them in random order; after every row its lag
 * must be that of the oldest missing commit, found by looking at all keys.
 */
static void test_many_keys_behind(void **state)
{
    enum { KEYS = 500, STEPS = 20000 };
    struct record_dataset datasets[] = {stream_datasets[0], stream_datasets[1]};
    struct record_layout layout = stream_layout();
    sim_ns missing_since[KEYS] = {0};
    struct stream stream;
    struct metric_set set;
    uint64_t random = 17, most = 0;

    (void)state;
    datasets[0].key_count = KEYS;
    layout.datasets = datasets;
    stream_begin(&stream, &layout);

    const struct replica_state *replica = &stream.collector.state->datasets[0].replicas[2];

    for (int step = 1; step <= STEPS; step++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);

        const uint32_t key = (uint32_t)(random >> 33) % KEYS;
        const uint64_t write = (uint64_t)step;
        sim_ns oldest_ns = SIM_NS_MAX;
        uint64_t count = 0;

        if (missing_since[key] == 0) {
            stream_apply(&stream, step, 0, key, step, write);
            stream_commit(&stream, step, 0, key, step, write);
            missing_since[key] = step;
        } else {
            stream_apply(&stream, step, 2, key, step, write); /* newer, never committed */
            missing_since[key] = 0;
        }
        for (uint32_t i = 0; i < KEYS; i++) {
            if (missing_since[i] != 0) {
                count++;
                oldest_ns = missing_since[i] < oldest_ns ? missing_since[i] : oldest_ns;
            }
        }
        most = count > most ? count : most;
        if (replica->missing != count ||
            lag_ns(replica, step) != (count == 0 ? 0 : step - oldest_ns)) {
            fail_msg("step %d: missing %llu, expected %llu; lag %lld, oldest %lld", step,
                     (unsigned long long)replica->missing, (unsigned long long)count,
                     (long long)lag_ns(replica, step), (long long)oldest_ns);
        }
    }
    assert_true(most > 200);
    finish(&stream, &set);
    metric_set_release(&set);
}

static void discard(struct stream *stream, sim_ns at_ns, uint32_t node, uint32_t key, int64_t stamp,
                    uint64_t write)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_DISCARDED,
                                       .node = node,
                                       .key = key,
                                       .operation = write,
                                       .stamp = stamp,
                                       .write = write});
}

/* The node goes back to the value before any write. */
static void rewind_at(struct stream *stream, sim_ns at_ns, uint32_t node, uint32_t key)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_APPLIED,
                                       .flags = RECORD_FLAG_REVERTED,
                                       .node = node,
                                       .key = key});
}

/*
 * Node 0 commits write 12 alone at 100 and goes back at 300: it has discarded it (way 0), a crash
 * took it (way 1), or it has discarded it and node 2, which has it since 150, keeps it (way 2). The
 * new leader, node 1, writes the key at 400, which nodes 0 and 2 have at 430 and 450.
 * Lag: of node 1 200 ms at 300, then none: 200^2 / 2 / 1000 = 20 ms. Node 2 has the same (way 2:
 * from 100 to 150, 1.25) and 50^2 / 2 / 1000 = 1.25 more for the new write; node 0 30^2 / 2 / 1000.
 * Versions of node 2: (200 + 50) / 1000, way 2: (50 + 50) / 1000.
 * Apply delays: none of the lost write after 300: node 0 has 0 and 30, node 1 has 0, node 2 has 50,
 * way 2 twice. A fault ends at 250: at 300 nobody misses anything from before: 50 ms.
 */
static void test_lost_is_not_late(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        const struct record_layout layout = stream_layout();
        struct stream stream;
        struct metric_set set;

        stream_begin(&stream, &layout);
        stream_apply(&stream, 100 * MS, 0, 0, 2, 12);
        stream_commit(&stream, 100 * MS, 0, 0, 2, 12);
        if (way == 2) {
            stream_apply(&stream, 150 * MS, 2, 0, 2, 12);
        }
        stream_event(&stream, 200 * MS, RECORD_FAULT_BEGIN, 0, 1);
        stream_event(&stream, 250 * MS, RECORD_FAULT_END, 0, 1);
        if (way != 1) {
            discard(&stream, 300 * MS, 0, 0, 2, 12);
        }
        rewind_at(&stream, 300 * MS, 0, 0);
        stream_apply(&stream, 400 * MS, 1, 0, 1000, 13);
        stream_commit(&stream, 400 * MS, 1, 0, 1000, 13);
        stream_apply(&stream, 430 * MS, 0, 0, 1000, 13);
        stream_apply(&stream, 450 * MS, 2, 0, 1000, 13);
        finish(&stream, &set);
        near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=virginia/n0}"), 0.45);
        near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=ireland/n0}"), 20);
        near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=tokyo/n0}"),
             way == 2 ? 2.5 : 21.25);
        near(value_of(&set, "replication_lag_mean_versions{dataset=orders,replica=tokyo/n0}"),
             way == 2 ? 0.1 : 0.25);
        near(value_of(&set, "apply_delay_ms{dataset=orders,replica=virginia/n0}"), 15);
        near(value_of(&set, "apply_delay_ms{dataset=orders,replica=ireland/n0}"), 0);
        near(value_of(&set, "apply_delay_ms{dataset=orders,replica=tokyo/n0}"), 50);
        near(value_of(&set, "convergence_ms{dataset=orders}"), 50);
        metric_set_release(&set);
    }
}

/*
 * As above, but the crash took the write while a message with it was on its way to node 2, which
 * has it at 340: it is back, and late at the others from its commit on. Node 1: 200^2 / 2 until
 * 300, then from 340 to 400 it misses what was committed at 100: (240 + 300) / 2 * 60; together
 * 36200 / 1000 = 36.2 ms. Its apply delays: 300, and at 450 its own next write, 0.
 */
static void test_gone_and_back(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);
    stream_apply(&stream, 100 * MS, 0, 0, 2, 12);
    stream_commit(&stream, 100 * MS, 0, 0, 2, 12);
    rewind_at(&stream, 300 * MS, 0, 0);
    stream_apply(&stream, 340 * MS, 2, 0, 2, 12);
    stream_apply(&stream, 400 * MS, 1, 0, 2, 12);
    stream_apply(&stream, 450 * MS, 1, 0, 3, 13);
    stream_commit(&stream, 450 * MS, 1, 0, 3, 13);
    finish(&stream, &set);
    near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=ireland/n0}"), 36.2);
    near(value_of(&set, "apply_delay_ms{dataset=orders,replica=ireland/n0}"), 150);
    near(value_of(&set, "apply_delay_ms{dataset=orders,replica=tokyo/n0}"), 240);
    metric_set_release(&set);
}

/*
 * Node 0 commits write 12 at 100; node 1 leads a newer epoch from 200 on without it, and node 0,
 * which nobody stopped, commits 22 of key 1 at 220. Node 1 writes both keys at 400 and 410; node 2
 * has these at 430, node 0 at 500, when it has discarded its own. Until then node 2 is late by
 * them: 330^2 / 2 / 1000 = 54.45 ms, the new ones being younger. But apply delays are those of the
 * writes that stay, and of 12 at node 0, from before anybody else led: node 0 has 0, 100 and 90,
 * node 1 has 0 and 0, node 2 has 30 and 20.
 */
static void test_delays_without_the_lost(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);
    stream_row(&stream, (struct record){.kind = RECORD_LEADER, .node = 0, .a = 1, .b = 1});
    stream_apply(&stream, 100 * MS, 0, 0, 2, 12);
    stream_commit(&stream, 100 * MS, 0, 0, 2, 12);
    stream_row(&stream, (struct record){
                            .at_ns = 200 * MS, .kind = RECORD_LEADER, .node = 1, .a = 1, .b = 2});
    stream_apply(&stream, 220 * MS, 0, 1, 3, 22);
    stream_commit(&stream, 220 * MS, 0, 1, 3, 22);
    stream_apply(&stream, 400 * MS, 1, 0, 1000, 31);
    stream_commit(&stream, 400 * MS, 1, 0, 1000, 31);
    stream_apply(&stream, 410 * MS, 1, 1, 1001, 32);
    stream_commit(&stream, 410 * MS, 1, 1, 1001, 32);
    stream_apply(&stream, 430 * MS, 2, 0, 1000, 31);
    stream_apply(&stream, 430 * MS, 2, 1, 1001, 32);
    discard(&stream, 500 * MS, 0, 0, 2, 12);
    discard(&stream, 500 * MS, 0, 1, 3, 22);
    stream_apply(&stream, 500 * MS, 0, 0, 1000, 31);
    stream_apply(&stream, 500 * MS, 0, 1, 1001, 32);
    finish(&stream, &set);
    near(value_of(&set, "replication_lag_mean_ms{dataset=orders,replica=tokyo/n0}"), 54.45);
    near(value_of(&set, "apply_delay_ms{dataset=orders,replica=virginia/n0}"), 190 / 3.0);
    near(value_of(&set, "apply_delay_ms{dataset=orders,replica=ireland/n0}"), 0);
    assert_int_equal(
        metric_at(&set, "apply_delay_ms{dataset=orders,replica=ireland/n0}")->histogram->count, 2);
    near(value_of(&set, "apply_delay_ms{dataset=orders,replica=tokyo/n0}"), 25);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_crash_and_convergence),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_lost_is_not_late),
        cmocka_unit_test(test_gone_and_back),
        cmocka_unit_test(test_delays_without_the_lost),
        cmocka_unit_test(test_clock_inversions),
        cmocka_unit_test(test_many_keys_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
