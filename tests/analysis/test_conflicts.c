/*
 * Conflicts, lost updates and divergence: timelines worked out by hand, and random streams against
 * an observer that keeps every write and the whole past of each.
 */
#include "tests/analysis/record_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Dataset "x" without a leader, with replicas at all three nodes. */
static const struct record_dataset datasets[] = {{.name = "x",
                                                  .strategy = "s",
                                                  .key_count = 4,
                                                  .value_bytes = 10,
                                                  .replicas = stream_replicas,
                                                  .replica_count = 3}};
static const struct record_group groups[] = {{"us", VIRGINIA, 0, 0, 64}};

static struct record_layout layout_of(sim_ns duration_ns, sim_ns warmup_ns)
{
    struct record_layout layout = stream_layout();
    layout.datasets = datasets;
    layout.dataset_count = 1;
    layout.groups = groups;
    layout.group_count = 1;
    layout.session_count = 64;
    layout.duration_ns = duration_ns;
    layout.warmup_ns = warmup_ns;
    return layout;
}

static void begin(struct stream *stream, sim_ns at_ns, uint32_t key, uint64_t write)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_INVOKED,
                                       .type = RECORD_WRITE,
                                       .key = key,
                                       .slot = (uint32_t)write % 64,
                                       .operation = write,
                                       .a = at_ns});
}

static void end(struct stream *stream, sim_ns at_ns, uint64_t write, int64_t stamp,
                enum record_outcome outcome)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_COMPLETED,
                                       .outcome = (uint8_t)outcome,
                                       .slot = (uint32_t)write % 64,
                                       .operation = write,
                                       .stamp = stamp,
                                       .write = write,
                                       .a = 1});
}

static void given(struct stream *stream, sim_ns at_ns, enum record_kind kind, uint32_t node,
                  uint32_t key, int64_t stamp, uint64_t write)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = (uint8_t)kind,
                                       .node = node,
                                       .key = key,
                                       .stamp = stamp,
                                       .write = write});
}

static void assert_counts(struct stream *stream, const struct record_layout *layout,
                          uint64_t writes, uint64_t conflicts, uint64_t concurrent, uint64_t clock)
{
    struct metric_set set;
    collector_finish(&stream->collector, layout->duration_ns, &set);
    assert_int_equal(metric_at(&set, "conflict_ratio{dataset=x}")->total, writes);
    assert_int_equal(metric_at(&set, "conflict_ratio")->count, conflicts);
    assert_int_equal(metric_at(&set, "lost_updates{cause=concurrent}")->count, concurrent);
    assert_int_equal(metric_at(&set, "lost_updates{dataset=x,cause=clock}")->count, clock);
    assert_int_equal(metric_at(&set, "lost_updates{dataset=x}")->count, concurrent + clock);
    metric_set_release(&set);
    collector_release(&stream->collector);
}

/* Both at once: the smaller stamp is lost; one after the other: none is. */
static void test_two_at_once(void **state)
{
    (void)state;
    const struct record_layout layout = layout_of(1000 * MS, 0);
    struct stream stream;
    stream_begin(&stream, &layout);
    begin(&stream, 10 * MS, 0, 1);
    given(&stream, 10 * MS, RECORD_APPLIED, VIRGINIA, 0, 100, 1);
    end(&stream, 10 * MS, 1, 100, RECORD_OK);
    begin(&stream, 20 * MS, 0, 2);
    given(&stream, 20 * MS, RECORD_APPLIED, IRELAND, 0, 101, 2);
    given(&stream, 40 * MS, RECORD_APPLIED, VIRGINIA, 0, 101, 2);
    given(&stream, 41 * MS, RECORD_SUPERSEDED, IRELAND, 0, 100, 1);
    end(&stream, 50 * MS, 2, 101, RECORD_OK);
    begin(&stream, 60 * MS, 0, 3); /* it has seen both: Tokyo has not, and no matter */
    given(&stream, 60 * MS, RECORD_APPLIED, VIRGINIA, 0, 102, 3);
    end(&stream, 60 * MS, 3, 102, RECORD_OK);
    assert_counts(&stream, &layout, 3, 2, 1, 0);
}

/* Tokyo learns of the first by way of the second, which had seen it: all are in order. */
static void test_the_past_of_the_past(void **state)
{
    (void)state;
    const struct record_layout layout = layout_of(1000 * MS, 0);
    struct stream stream;
    stream_begin(&stream, &layout);
    begin(&stream, 10 * MS, 0, 1);
    given(&stream, 10 * MS, RECORD_APPLIED, VIRGINIA, 0, 100, 1);
    given(&stream, 20 * MS, RECORD_APPLIED, IRELAND, 0, 100, 1);
    begin(&stream, 30 * MS, 0, 2);
    given(&stream, 30 * MS, RECORD_APPLIED, IRELAND, 0, 101, 2);
    given(&stream, 40 * MS, RECORD_APPLIED, TOKYO, 0, 101, 2);
    begin(&stream, 50 * MS, 0, 3);
    given(&stream, 50 * MS, RECORD_APPLIED, TOKYO, 0, 102, 3);
    assert_counts(&stream, &layout, 3, 0, 0, 0);
}

/* A write that its own replica can not show: it has a later stamp already. */
static void test_clock(void **state)
{
    (void)state;
    const struct record_layout layout = layout_of(1000 * MS, 0);
    struct stream stream;
    stream_begin(&stream, &layout);
    begin(&stream, 10 * MS, 0, 1);
    for (uint32_t node = 0; node < 3; node++) {
        given(&stream, (10 + node) * MS, RECORD_APPLIED, node, 0, 900, 1);
    }
    end(&stream, 15 * MS, 1, 900, RECORD_OK); /* everybody has it: it is not followed any more */
    for (uint64_t write = 2; write <= 4; write++) {
        begin(&stream, (sim_ns)write * 20 * MS, 0, write);
        given(&stream, (sim_ns)write * 20 * MS, RECORD_SUPERSEDED, IRELAND, 0, 100 + (int64_t)write,
              write);
        end(&stream, (sim_ns)write * 20 * MS, write, 100 + (int64_t)write,
            write == 4 ? RECORD_INFO : RECORD_OK); /* the last is not acknowledged */
    }
    assert_counts(&stream, &layout, 4, 0, 0, 2);
}

/* What a crash took is nobody's conflict; a repeated try is no conflict with itself. */
static void test_crash_and_repeated_try(void **state)
{
    (void)state;
    const struct record_layout layout = layout_of(1000 * MS, 0);
    struct stream stream;
    stream_begin(&stream, &layout);
    begin(&stream, 10 * MS, 0, 1);
    given(&stream, 10 * MS, RECORD_APPLIED, VIRGINIA, 0, 100, 1);
    stream_event(&stream, 20 * MS, RECORD_NODE_DOWN, VIRGINIA, 0);
    stream_row(&stream, (struct record){.at_ns = 20 * MS,
                                        .kind = RECORD_APPLIED,
                                        .flags = RECORD_FLAG_REVERTED,
                                        .node = VIRGINIA});
    begin(&stream, 30 * MS, 0, 2);
    given(&stream, 30 * MS, RECORD_APPLIED, IRELAND, 0, 101, 2);
    begin(&stream, 40 * MS, 1, 3);
    given(&stream, 40 * MS, RECORD_APPLIED, IRELAND, 1, 200, 3);
    given(&stream, 50 * MS, RECORD_APPLIED, TOKYO, 1, 250, 3); /* asked again elsewhere */
    end(&stream, 60 * MS, 3, 250, RECORD_OK);
    assert_counts(&stream, &layout, 3, 0, 0, 0);
}

static void test_bound(void **state)
{
    (void)state;
    const struct record_layout layout = layout_of(1000 * MS, 0);
    struct stream stream;
    struct metric_set set;
    stream_begin(&stream, &layout);
    for (uint64_t write = 1; write <= 70; write++) {
        given(&stream, (sim_ns)write * MS, RECORD_APPLIED, VIRGINIA, 0, (int64_t)write, write);
    }
    given(&stream, 80 * MS, RECORD_APPLIED, IRELAND, 0, 99, 71); /* has seen none of them */
    collector_finish(&stream.collector, layout.duration_ns, &set);
    assert_int_equal(metric_at(&set, "conflicts_approximate")->count, 7);
    assert_int_equal(metric_at(&set, "conflict_ratio")->count, 64); /* 8..70 and the last */
    assert_int_equal(metric_at(&set, "conflict_ratio")->total, 71);
    metric_set_release(&set);
    collector_release(&stream.collector);
}

/* ---- random streams ---- */

enum { REPLICAS = 3, KEYS = 4, WRITES = 600, WORDS = (WRITES + 63) / 64, MESSAGES = 3 * WRITES };

struct write {
    int64_t stamp;
    uint64_t past[WORDS];
    uint32_t key;
    bool acked, measured, accepted, ended;
};

struct observer {
    struct write writes[WRITES + 1]; /* from 1 on */
    uint64_t count;
    uint64_t given[REPLICAS][KEYS][WORDS];
    uint64_t held[REPLICAS][KEYS];
    bool down[REPLICAS];
    uint64_t differing, samples;
    struct {
        uint64_t write;
        uint32_t node;
    } messages[MESSAGES];
    uint32_t message_count;
    uint64_t random;
};

static uint32_t draw(struct observer *observer, uint32_t below)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t z = observer->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

static bool has(const uint64_t *set, uint64_t write)
{
    return (set[write % WRITES / 64] >> write % WRITES % 64 & 1u) != 0;
}

static void add(uint64_t *set, uint64_t write)
{
    set[write % WRITES / 64] |= UINT64_C(1) << write % WRITES % 64;
}

static bool later(const struct observer *observer, uint64_t a, uint64_t b)
{
    const int64_t left = a == 0 ? INT64_MIN : observer->writes[a].stamp;
    const int64_t right = b == 0 ? INT64_MIN : observer->writes[b].stamp;
    return left != right ? left > right : a > b;
}

/* The replica is given the write: both observers hear of it. */
static void give(struct observer *observer, struct stream *stream, sim_ns at_ns, uint32_t node,
                 uint64_t number)
{
    const struct write *write = &observer->writes[number];
    uint64_t *set = observer->given[node][write->key];
    const bool newer = later(observer, number, observer->held[node][write->key]);
    for (int w = 0; w < WORDS; w++) {
        set[w] |= write->past[w];
    }
    add(set, number);
    if (newer) {
        observer->held[node][write->key] = number;
    }
    given(stream, at_ns, newer ? RECORD_APPLIED : RECORD_SUPERSEDED, node, write->key, write->stamp,
          number);
}

static void accept(struct observer *observer, struct stream *stream, sim_ns at_ns, bool measured)
{
    const uint64_t number = ++observer->count;
    const uint32_t node = draw(observer, REPLICAS);
    struct write *write = &observer->writes[number];
    write->key = draw(observer, KEYS);
    /* One machine's clock is far ahead. */
    write->stamp = at_ns / MS + (int64_t)draw(observer, 40) + (node == 1 ? 90 : 0);
    write->measured = measured;
    write->accepted = !observer->down[node];
    memcpy(write->past, observer->given[node][write->key], sizeof write->past);
    begin(stream, at_ns, write->key, number);
    if (!write->accepted) {
        return;
    }
    give(observer, stream, at_ns, node, number);
    for (uint32_t other = 0; other < REPLICAS; other++) {
        if (other != node) {
            observer->messages[observer->message_count].write = number;
            observer->messages[observer->message_count++].node = other;
        }
    }
}

static void deliver(struct observer *observer, struct stream *stream, sim_ns at_ns)
{
    if (observer->message_count == 0) {
        return;
    }
    const uint32_t i = draw(observer, observer->message_count);
    const uint64_t write = observer->messages[i].write;
    const uint32_t node = observer->messages[i].node;
    if (observer->down[node]) {
        return;
    }
    give(observer, stream, at_ns, node, write);
    if (draw(observer, 10) > 0) { /* a tenth comes once more */
        observer->messages[i] = observer->messages[--observer->message_count];
    }
}

/* The clients of writes long ago have their answers; some are not told that it went well. */
static void complete(struct observer *observer, struct stream *stream, sim_ns at_ns,
                     uint64_t number)
{
    struct write *write = &observer->writes[number];
    if (!write->ended) {
        write->ended = true;
        write->acked = write->accepted && draw(observer, 5) > 0;
        end(stream, at_ns, number, write->stamp, write->acked ? RECORD_OK : RECORD_INFO);
    }
}

static void power(struct observer *observer, struct stream *stream, sim_ns at_ns)
{
    const uint32_t node = draw(observer, REPLICAS);
    observer->down[node] = !observer->down[node];
    stream_event(stream, at_ns, observer->down[node] ? RECORD_NODE_DOWN : RECORD_NODE_UP, node, 0);
}

static void sample(struct observer *observer)
{
    for (uint32_t key = 0; key < KEYS; key++) {
        uint64_t first = UINT64_MAX;
        bool differs = false;
        for (uint32_t node = 0; node < REPLICAS; node++) {
            if (!observer->down[node]) {
                first = first == UINT64_MAX ? observer->held[node][key] : first;
                differs = differs || observer->held[node][key] != first;
            }
        }
        observer->differing += differs ? 1 : 0;
        observer->samples++;
    }
}

struct counts {
    uint64_t writes, conflicts, concurrent, clock;
};

/* By definition, over all pairs. */
static struct counts judge(const struct observer *observer)
{
    struct counts counts = {0};
    for (uint64_t w = 1; w <= observer->count; w++) {
        const struct write *write = &observer->writes[w];
        bool conflict = false, concurrent = false, clock = false;
        for (uint64_t o = 1; write->accepted && o <= observer->count; o++) {
            const struct write *other = &observer->writes[o];
            if (o == w || !other->accepted || other->key != write->key) {
                continue;
            }
            const bool before = has(write->past, o), after = has(other->past, w);
            conflict = conflict || (!before && !after);
            concurrent = concurrent || (!before && !after && later(observer, o, w));
            clock = clock || (before && later(observer, o, w));
        }
        counts.writes += write->accepted && write->measured;
        counts.conflicts += conflict && write->measured;
        counts.clock += clock && write->acked && write->measured;
        counts.concurrent += !clock && concurrent && write->acked && write->measured;
    }
    return counts;
}

static void run_random(uint64_t seed, uint32_t speed)
{
    static struct observer observer;
    const struct record_layout layout = layout_of(4000 * MS, 400 * MS);
    struct stream stream;
    memset(&observer, 0, sizeof observer);
    observer.random = seed;
    stream_begin(&stream, &layout);
    for (sim_ns at_ms = 1; at_ms < 4000; at_ms++) {
        const sim_ns at_ns = at_ms * MS;
        if (at_ms % 100 == 0 && at_ms > 400) {
            sample(&observer); /* what a bucket ends with, before what comes at that instant */
        }
        if (observer.count < WRITES && draw(&observer, 8) == 0) {
            const uint64_t number = observer.count + 1;
            if (number > 40) { /* slots are used again after 64 */
                complete(&observer, &stream, at_ns, number - 40 + draw(&observer, 0x20));
                complete(&observer, &stream, at_ns, number - 40);
            }
            accept(&observer, &stream, at_ns, at_ns >= layout.warmup_ns);
        }
        for (uint32_t i = 0; i < speed; i++) {
            deliver(&observer, &stream, at_ns);
        }
        if (draw(&observer, 150) == 0) {
            power(&observer, &stream, at_ns);
        }
    }
    sample(&observer);
    const struct counts counts = judge(&observer);
    struct metric_set set;
    collector_finish(&stream.collector, layout.duration_ns, &set);
    const struct metric *divergence = metric_at(&set, "divergence_ratio{dataset=x}");
    const uint64_t values[][2] = {
        {metric_at(&set, "conflict_ratio")->total, counts.writes},
        {metric_at(&set, "conflict_ratio")->count, counts.conflicts},
        {metric_at(&set, "lost_updates{cause=concurrent}")->count, counts.concurrent},
        {metric_at(&set, "lost_updates{cause=clock}")->count, counts.clock},
        {metric_at(&set, "conflicts_approximate")->count, 0},
        {divergence->count, observer.differing},
        {divergence->total, observer.samples},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (values[i][0] != values[i][1]) {
            fail_msg("seed %llu, speed %u, value %zu: collector %llu, all pairs %llu",
                     (unsigned long long)seed, speed, i, (unsigned long long)values[i][0],
                     (unsigned long long)values[i][1]);
        }
    }
    assert_true(counts.conflicts > 0);
    assert_true(counts.clock > 0);
    metric_set_release(&set);
    collector_release(&stream.collector);
}

static void test_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        run_random(seed, 1 + (uint32_t)seed % 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_at_once), cmocka_unit_test(test_the_past_of_the_past),
        cmocka_unit_test(test_clock),       cmocka_unit_test(test_crash_and_repeated_try),
        cmocka_unit_test(test_bound),       cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
