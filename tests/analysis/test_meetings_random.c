/*
 * Random streams of values that merge, against an observer that keeps every write and the whole
 * past of each: what is forgotten in time must change nothing.
 *
 * The type is a map of which each element keeps its latest version. Messages bring one write each,
 * are late, overtake each other and come twice; one machine's clock is far ahead.
 */
#include "analysis/collect_values.h"
#include "tests/analysis/value_stream.h"

enum { REPLICAS = 3, KEYS = 4, ELEMENTS = 3, WRITES = 600, WORDS = (WRITES + 63) / 64 };

enum fate { KEPT, CONCURRENT, CLOCK };

struct write {
    int64_t stamp;
    uint64_t past[WORDS];
    uint32_t key, element;
    enum fate fate;
    bool acked, measured, accepted, ended;
};

struct observer {
    struct write writes[WRITES + 1]; /* from 1 on */
    uint64_t count;
    uint64_t given[REPLICAS][KEYS][WORDS];
    uint64_t held[REPLICAS][KEYS][ELEMENTS];
    uint64_t newest[REPLICAS][KEYS];
    bool down[REPLICAS];
    struct {
        uint64_t write;
        uint32_t node;
    } messages[3 * WRITES];
    uint32_t message_count;
    uint64_t random;
};

static struct observer observer;
static struct values values;

static uint32_t draw(uint32_t below)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t z = observer.random += UINT64_C(0x9e3779b97f4a7c15);

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

static bool later(uint64_t a, uint64_t b)
{
    const int64_t left = a == 0 ? INT64_MIN : observer.writes[a].stamp;
    const int64_t right = b == 0 ? INT64_MIN : observer.writes[b].stamp;

    return left != right ? left > right : a > b;
}

static void fate(uint64_t number, enum fate is)
{
    struct write *write = &observer.writes[number];

    write->fate = write->fate == KEPT ? is : write->fate;
}

/* By definition, from the whole pasts. */
static void gave_way(uint64_t loser, uint64_t winner)
{
    const struct write *lost = &observer.writes[loser], *stays = &observer.writes[winner];

    if (has(stays->past, loser)) {
        return;
    }
    if (has(lost->past, winner)) {
        fate(loser, CLOCK);
        return;
    }
    fate(loser, CONCURRENT);
    for (uint64_t w = 1; w <= observer.count; w++) {
        if (has(lost->past, w) && !has(stays->past, w) && observer.writes[w].key == lost->key &&
            observer.writes[w].element == lost->element) {
            fate(w, CONCURRENT);
        }
    }
}

static void tell_displaced(sim_ns at_ms, uint32_t node, uint64_t loser, uint64_t winner)
{
    displaced(&values, at_ms, node, observer.writes[loser].key,
              (const int64_t[2]){observer.writes[loser].stamp, (int64_t)loser},
              (const int64_t[2]){observer.writes[winner].stamp, (int64_t)winner});
    gave_way(loser, winner);
}

static void tell_value(sim_ns at_ms, uint32_t node, uint32_t key)
{
    const uint64_t newest = observer.newest[node][key];
    int64_t digest = (int64_t)newest;

    for (uint32_t element = 0; element < ELEMENTS; element++) {
        digest = digest * 1009 + (int64_t)observer.held[node][key][element];
    }
    hold(&values, at_ms, node, key,
         (struct holds){observer.writes[newest].stamp, newest, digest, 0, 1, 1, 10, 0, 0});
}

static void take(sim_ns at_ms, uint32_t node, uint64_t number, bool own)
{
    const struct write *write = &observer.writes[number];
    uint64_t *held = &observer.held[node][write->key][write->element];
    uint64_t *newest = &observer.newest[node][write->key];
    uint64_t *set = observer.given[node][write->key];
    const bool newer = later(number, *newest);
    const uint64_t before = *held;

    for (int w = 0; w < WORDS; w++) {
        set[w] |= write->past[w];
    }
    add(set, number);
    give(&values, at_ms, newer ? RECORD_APPLIED : RECORD_SUPERSEDED, node, write->key, write->stamp,
         number);
    *newest = newer ? number : *newest;
    *held = later(number, *held) ? number : *held;
    if (!own && before != 0 && before != number) {
        tell_displaced(at_ms, node, *held == number ? before : number, *held);
    }
    if (own && *held != number) {
        fate(number, CLOCK); /* nobody will ever see it */
    }
    if (own || *held != before || newer) {
        tell_value(at_ms, node, write->key);
    }
}

static void accept(sim_ns at_ms)
{
    const uint64_t number = ++observer.count;
    const uint32_t node = draw(REPLICAS);
    struct write *write = &observer.writes[number];

    write->key = draw(KEYS);
    write->element = draw(ELEMENTS);
    write->stamp = at_ms + (int64_t)draw(40) + (node == 1 ? 90 : 0);
    write->measured = at_ms * MS >= values.layout.warmup_ns;
    write->accepted = !observer.down[node];
    memcpy(write->past, observer.given[node][write->key], sizeof write->past);
    invoke_write(&values, at_ms, write->key, number, (struct does){STREAM_SET, write->element, 1});
    if (!write->accepted) {
        return;
    }
    take(at_ms, node, number, true);
    for (uint32_t other = 0; other < REPLICAS; other++) {
        if (other != node) {
            observer.messages[observer.message_count].write = number;
            observer.messages[observer.message_count++].node = other;
        }
    }
}

static void deliver(sim_ns at_ms)
{
    if (observer.message_count == 0) {
        return;
    }

    const uint32_t i = draw(observer.message_count);
    const uint64_t write = observer.messages[i].write;
    const uint32_t node = observer.messages[i].node;

    if (observer.down[node]) {
        return;
    }
    take(at_ms, node, write, false);
    if (draw(10) > 0) { /* a tenth comes once more */
        observer.messages[i] = observer.messages[--observer.message_count];
    }
}

/* The clients of writes long ago have their answers; some are not told that it went well. */
static void answer(sim_ns at_ms, uint64_t number)
{
    struct write *write = &observer.writes[number];

    if (!write->ended) {
        write->ended = true;
        write->acked = write->accepted && draw(5) > 0;
        complete(&values, at_ms, number, write->stamp, write->acked ? RECORD_OK : RECORD_INFO);
    }
}

struct counts {
    uint64_t writes, conflicts, concurrent, clock;
};

static struct counts judge(bool by_element)
{
    struct counts counts = {0};

    for (uint64_t w = 1; w <= observer.count; w++) {
        const struct write *write = &observer.writes[w];
        bool conflict = false;

        for (uint64_t o = 1; write->accepted && o <= observer.count; o++) {
            const struct write *other = &observer.writes[o];
            const bool meet = other->accepted && o != w && other->key == write->key &&
                              (!by_element || other->element == write->element);

            conflict = conflict || (meet && !has(write->past, o) && !has(other->past, w));
        }
        counts.writes += write->accepted && write->measured;
        counts.conflicts += conflict && write->measured;
        counts.clock += write->fate == CLOCK && write->acked && write->measured;
        counts.concurrent += write->fate == CONCURRENT && write->acked && write->measured;
    }
    return counts;
}

static struct counts run(uint64_t seed, uint32_t slowness)
{
    const struct record_dataset map = {.meeting = RECORD_ONE_WINS, .by_element = true};
    struct metric_set set;

    memset(&observer, 0, sizeof observer);
    observer.random = seed;
    values_begin_for(&values, map, 400, 4000);
    for (sim_ns at_ms = 1; at_ms < 4000; at_ms++) {
        if (observer.count < WRITES && draw(8) == 0) {
            if (observer.count + 1 > 40) { /* slots are used again after 64 */
                answer(at_ms, observer.count + 1 - 40 + draw(0x20));
                answer(at_ms, observer.count + 1 - 40);
            }
            accept(at_ms);
        }
        if (draw(slowness) == 0) {
            deliver(at_ms);
        }
        if (draw(150) == 0) {
            const uint32_t node = draw(REPLICAS);

            observer.down[node] = !observer.down[node];
            stream_event(&values.stream, at_ms * MS,
                         observer.down[node] ? RECORD_NODE_DOWN : RECORD_NODE_UP, node, 0);
        }
    }

    const struct counts counts = judge(true);

    values_end(&values, &set);

    const uint64_t found[][2] = {
        {metric_at(&set, "conflict_ratio")->total, counts.writes},
        {metric_at(&set, "conflict_ratio")->count, counts.conflicts},
        {metric_at(&set, "lost_updates{cause=concurrent}")->count, counts.concurrent},
        {metric_at(&set, "lost_updates{cause=clock}")->count, counts.clock},
        {metric_at(&set, "conflicts_approximate")->count, 0},
    };

    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        if (found[i][0] != found[i][1]) {
            fail_msg("seed %llu, slowness %u, value %zu: collector %llu, all pairs %llu",
                     (unsigned long long)seed, slowness, i, (unsigned long long)found[i][0],
                     (unsigned long long)found[i][1]);
        }
    }
    metric_set_release(&set);
    return counts;
}

static void test_random(void **state)
{
    (void)state;
    struct counts all = {0};

    for (uint64_t seed = 1; seed <= 60; seed++) {
        const struct counts counts = run(seed, 1 + (uint32_t)seed % 3);

        all.conflicts += counts.conflicts;
        all.concurrent += counts.concurrent;
        all.clock += counts.clock;
    }
    assert_true(all.conflicts > 1000);
    assert_true(all.concurrent > 500);
    assert_true(all.clock > 500);
}

/*
 * More writes than requests are remembered, of which at most three a key are on their way at any
 * time: the lists never grow beyond the first size, and a key's is given back when all have all.
 */
static void test_memory(void **state)
{
    enum { COUNT = 300000, DELAY = 8 };
    const struct record_dataset counter = {.meeting = RECORD_ALL_COUNT};
    struct metric_set set;

    (void)state;
    values_begin_for(&values, counter, 0, COUNT / 100 + 10);
    for (uint64_t write = 1; write <= COUNT + DELAY; write++) {
        const sim_ns at_ns = (sim_ns)write * 10 * SIM_NS_PER_US;

        for (uint32_t node = 0; node < 3 && write > DELAY; node++) {
            const uint64_t other = write - DELAY;

            if (other % 3 != node) {
                stream_row(&values.stream, (struct record){.at_ns = at_ns,
                                                           .kind = RECORD_SUPERSEDED,
                                                           .node = node,
                                                           .key = (uint32_t)other % KEYS,
                                                           .stamp = (int64_t)other,
                                                           .write = other});
            }
        }
        if (write <= COUNT) {
            const struct record row = {.at_ns = at_ns,
                                       .kind = RECORD_INVOKED,
                                       .type = RECORD_WRITE,
                                       .key = (uint32_t)write % KEYS,
                                       .node = (uint32_t)write % 3,
                                       .slot = 1,
                                       .operation = write,
                                       .stamp = (int64_t)write,
                                       .write = write,
                                       .a = at_ns};
            struct record given = row, end = row;

            given.kind = RECORD_SUPERSEDED;
            end.kind = RECORD_COMPLETED;
            stream_row(&values.stream, row);
            stream_row(&values.stream, given);
            stream_row(&values.stream, end);
        }
    }

    const struct values_state *inside = values.stream.collector.state->values;

    assert_true(inside->pools[0].count <= (size_t)KEYS * 4);
    assert_int_equal(inside->pools[1].count, 0);
    assert_int_equal(inside->pools[2].count, 0);
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "conflict_ratio")->total, COUNT);
    assert_int_equal(metric_at(&set, "conflict_ratio")->count, COUNT);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
