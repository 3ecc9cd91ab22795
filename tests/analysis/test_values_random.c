/*
 * Random histories of what replicas hold, against an observer that keeps a picture of every
 * millisecond and judges the whole afterwards: divergence, convergence, values side by side.
 *
 * One thing happens in a millisecond: a write, a replica copies another one's state, power goes or
 * comes, a disk is lost, a fault ends.
 */
#include "tests/analysis/value_stream.h"

enum { REPLICAS = 3, KEYS = 4, TIMES = 2000, WARMUP = 300, BUCKET = 100 };

struct replica {
    int64_t digest, stamp;
    uint32_t siblings;
};

struct picture { /* after what happened at that time */
    struct replica held[REPLICAS][KEYS];
    bool down[REPLICAS];
    bool written[KEYS], healed;
};

struct judged {
    uint64_t differing, divergent, open;
    uint64_t waits, wait_sum, wait_max, episodes, episode_sum, most_sum;
};

static struct picture pictures[TIMES];
static struct values values;
static bool plain; /* registers, of which a replica never takes an older version */
static uint64_t random_state, operation;

static uint32_t draw(uint32_t below)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

static void tell(sim_ns at_ms, uint32_t node, uint32_t key)
{
    const struct replica *held = &pictures[at_ms].held[node][key];

    if (plain) {
        return; /* APPLIED has said it */
    }
    hold(&values, at_ms, node, key,
         (struct holds){held->stamp, (uint64_t)held->stamp, held->digest, 0, held->siblings, 1, 10,
                        0, 0});
}

static void write_now(sim_ns at_ms, uint32_t node, uint32_t key)
{
    struct picture *now = &pictures[at_ms];

    if (now->down[node]) {
        return;
    }
    operation++;
    now->written[key] = true;
    now->held[node][key] = (struct replica){(int64_t)operation, (int64_t)operation,
                                            1 + (draw(4) == 0 ? 1 + draw(2) : 0)};
    invoke_write(&values, at_ms, key, operation, (struct does){STREAM_SET, 0, 1});
    give(&values, at_ms, RECORD_APPLIED, node, key, (int64_t)operation, operation);
    tell(at_ms, node, key);
    complete(&values, at_ms, operation, (int64_t)operation, RECORD_OK);
}

static void copy_now(sim_ns at_ms, uint32_t from, uint32_t to, uint32_t key)
{
    struct picture *now = &pictures[at_ms];

    if (plain && now->held[from][key].stamp <= now->held[to][key].stamp) {
        return;
    }
    /* Sometimes an older state comes: replicas may go apart without a write. */
    if (now->down[to] || from == to ||
        (now->held[from][key].stamp < now->held[to][key].stamp && draw(8) > 0)) {
        return;
    }
    now->held[to][key] = now->held[from][key];
    if (plain) {
        give(&values, at_ms, RECORD_APPLIED, to, key, now->held[to][key].stamp,
             (uint64_t)now->held[to][key].stamp);
    }
    tell(at_ms, to, key);
}

static void power_now(sim_ns at_ms, uint32_t node)
{
    struct picture *now = &pictures[at_ms];
    const bool disk_lost = !now->down[node] && draw(3) == 0;

    now->down[node] = !now->down[node];
    stream_row(&values.stream,
               (struct record){.at_ns = at_ms * MS,
                               .kind = now->down[node] ? RECORD_NODE_DOWN : RECORD_NODE_UP,
                               .flags = disk_lost ? RECORD_FLAG_DISK_LOST : 0,
                               .node = node});
    if (disk_lost) {
        memset(now->held[node], 0, sizeof now->held[node]);
    }
}

static void happen(sim_ns at_ms)
{
    const uint32_t key = draw(KEYS), what = draw(200);

    if (what < 10) {
        write_now(at_ms, draw(REPLICAS), key);
    } else if (what < 120) {
        copy_now(at_ms, draw(REPLICAS), draw(REPLICAS), key);
    } else if (what < 122) {
        power_now(at_ms, draw(REPLICAS));
    } else if (what == 122) {
        pictures[at_ms].healed = true;
        stream_event(&values.stream, at_ms * MS, RECORD_FAULT_BEGIN, 0, 1);
        stream_event(&values.stream, at_ms * MS, RECORD_FAULT_END, 0, 1);
    }
}

static bool differs(sim_ns at_ms, uint32_t key)
{
    const struct picture *now = &pictures[at_ms];
    int64_t first = -1;

    for (uint32_t node = 0; node < REPLICAS; node++) {
        if (!now->down[node] && first < 0) {
            first = now->held[node][key].digest;
        }
        if (!now->down[node] && now->held[node][key].digest != first) {
            return true;
        }
    }
    return false;
}

static bool split(sim_ns at_ms, uint32_t key)
{
    bool any = false;

    for (uint32_t node = 0; node < REPLICAS; node++) {
        any = any || pictures[at_ms].held[node][key].siblings > 1;
    }
    return any;
}

/* The write of the key at `from_ms`, before the next one at `to_ms`. */
static void judge_write(struct judged *judged, uint32_t key, sim_ns from_ms, sim_ns to_ms)
{
    sim_ns equal_ms = from_ms, begin_ms = from_ms;

    for (sim_ns t = from_ms; t < to_ms; t++) {
        equal_ms = differs(t, key) ? t + 1 : equal_ms;
    }
    if (equal_ms == to_ms || from_ms < WARMUP) {
        return;
    }
    for (sim_ns t = from_ms + 1; t <= equal_ms; t++) {
        begin_ms = pictures[t].healed ? t : begin_ms;
    }
    judged->waits++;
    judged->wait_sum += (uint64_t)(equal_ms - begin_ms);
    judged->wait_max = (uint64_t)(equal_ms - begin_ms) > judged->wait_max
                           ? (uint64_t)(equal_ms - begin_ms)
                           : judged->wait_max;
}

static void judge_key(struct judged *judged, uint32_t key)
{
    sim_ns written_ms = -1, split_ms = -1;
    uint32_t most = 0;

    for (sim_ns t = 1; t < TIMES; t++) {
        if (pictures[t].written[key]) {
            if (written_ms >= 0) {
                judge_write(judged, key, written_ms, t);
            }
            written_ms = t;
        }
        if (split(t, key) && split_ms < 0) {
            split_ms = t;
        } else if (!split(t, key) && split_ms >= 0) {
            judged->episodes += split_ms >= WARMUP ? 1 : 0;
            judged->episode_sum += split_ms >= WARMUP ? (uint64_t)(t - split_ms) : 0;
            split_ms = -1;
        }
        for (uint32_t node = 0; node < REPLICAS; node++) {
            const uint32_t siblings = pictures[t].held[node][key].siblings;

            most = siblings > most ? siblings : most;
        }
        /* The end of a bucket comes before what happens at its time. */
        judged->differing += (t + 1) % BUCKET == 0 && t + 1 > WARMUP && differs(t, key) ? 1 : 0;
    }
    if (written_ms >= 0) {
        judge_write(judged, key, written_ms, TIMES);
    }
    judged->divergent += differs(TIMES - 1, key) ? 1 : 0;
    judged->open += split_ms >= 0 ? 1 : 0;
    judged->most_sum += most;
}

static void same(uint64_t seed, const char *what, uint64_t found, uint64_t expected)
{
    if (found != expected) {
        fail_msg("seed %llu, %s: collector %llu, pictures %llu", (unsigned long long)seed, what,
                 (unsigned long long)found, (unsigned long long)expected);
    }
}

static void run(uint64_t seed, struct judged *judged)
{
    struct metric_set set;

    random_state = seed;
    operation = 0;
    *judged = (struct judged){0};
    memset(pictures, 0, sizeof pictures);
    if (plain) {
        values_begin_plain_for(&values, WARMUP, TIMES);
    } else {
        values_begin_for(&values, (struct record_dataset){.meeting = RECORD_KEPT}, WARMUP, TIMES);
    }
    for (sim_ns t = 1; t < TIMES; t++) {
        pictures[t] = pictures[t - 1];
        memset(pictures[t].written, 0, sizeof pictures[t].written);
        pictures[t].healed = false;
        happen(t);
    }
    for (uint32_t key = 0; key < KEYS; key++) {
        judge_key(judged, key);
    }
    values_end(&values, &set);

    const struct metric *wait = metric_at(&set, "key_convergence_ms");

    same(seed, "differing", metric_at(&set, "divergence_ratio")->count, judged->differing);
    same(seed, "divergent", metric_at(&set, "divergent_keys")->count, judged->divergent);
    same(seed, "waits", wait->histogram->count, judged->waits);
    same(seed, "their sum", wait->histogram->sum_low, judged->wait_sum * (uint64_t)MS);
    same(seed, "longest", judged->waits > 0 ? (uint64_t)wait->histogram->max : 0,
         judged->wait_max * (uint64_t)MS);
    if (!plain) {
        const struct metric *episode = metric_at(&set, "resolution_ms");

        same(seed, "open", metric_at(&set, "conflicts_open")->count, judged->open);
        same(seed, "episodes", episode->histogram->count, judged->episodes);
        same(seed, "their sum", episode->histogram->sum_low, judged->episode_sum * (uint64_t)MS);
        same(seed, "most", metric_at(&set, "siblings_max")->histogram->sum_low, judged->most_sum);
    }
    metric_set_release(&set);
}

static void run_all(bool of_registers, uint64_t episodes_least)
{
    uint64_t waits = 0, differing = 0, episodes = 0;

    plain = of_registers;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct judged judged;

        run(seed, &judged);
        waits += judged.waits;
        differing += judged.differing;
        episodes += judged.episodes;
    }
    assert_true(waits > 1000);
    assert_true(differing > 1000);
    assert_true(episodes >= episodes_least);
}

static void test_merging(void **state)
{
    (void)state;
    run_all(false, 300);
}

static void test_registers(void **state)
{
    (void)state;
    run_all(true, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merging),
                                       cmocka_unit_test(test_registers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
