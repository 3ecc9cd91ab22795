/*
 * Last writer wins and clocks that differ: where losses begin, on timelines that are all known.
 *
 * Model:     three sites write a few keys at random times, as traces; a write applies at once where
 *            it is made and arrives elsewhere after the pair's constant delay. So the reference
 *            knows each write's past (what had arrived, and what that had in its own past) and its
 *            stamp (true time + the site's error), and counts by definition:
 *            conflicts: writes with another one of their key of which neither is in the other's
 *            past; lost to the clock: a later stamp is in its past; lost to concurrency: else, a
 *            concurrent one has a later stamp; inversions: a write made earlier, anywhere, and
 *            answered at once, has a later stamp.
 * Threshold: b is lost to the clock just when a write a of its past was made less than the two
 *            clocks' difference before it. With all errors multiplied by f, the first loss is at f*
 *            = min over such pairs of (t_b - t_a) / (error_a - error_b): none just below, some just
 *            above. Clocks that respect causality lose none at any f, perfect clocks are f = 0.
 * Ties:      times are whole microseconds and different; delays and errors are odd fractions.
 */
#include "sim/random.h"
#include "tests/validation/lab.h"

enum { SITES = 3, WRITES = 150, KEYS = 4, WORLDS = 50 };

static const char *const names[SITES] = {"us-east-1", "eu-west-1", "ap-northeast-1"};

struct write {
    sim_ns at_ns, stamp_ns;
    int site, key;
    bool past[WRITES]; /* of its key */
};

struct timeline {
    sim_ns delay_ns[SITES][SITES], error_ns[SITES];
    struct write writes[WRITES]; /* in the order of time */
};

struct counts {
    uint64_t conflicts, clock, concurrent, inversions;
};

static sim_ns below(struct random_stream *stream, sim_ns limit)
{
    return (sim_ns)random_below(stream, (uint64_t)limit);
}

static void timeline_make(struct timeline *timeline, int number)
{
    struct random_stream stream;
    random_stream_init(&stream, test_seed(), 1, (uint32_t)number);
    memset(timeline, 0, sizeof *timeline);
    for (int i = 0; i < SITES; i++) {
        for (int j = 0; j < SITES; j++) {
            timeline->delay_ns[i][j] = i == j ? 0 : 5 * SIM_NS_PER_MS + 301;
            timeline->delay_ns[i][j] += i == j ? 0 : below(&stream, 90000) * SIM_NS_PER_US;
        }
        timeline->error_ns[i] = (below(&stream, 200001) - 100000) * SIM_NS_PER_US;
    }
    sim_ns at_ns = 2 * SIM_NS_PER_S;
    for (int w = 0; w < WRITES; w++) {
        at_ns += (1 + below(&stream, 60000)) * SIM_NS_PER_US;
        timeline->writes[w].at_ns = at_ns;
        timeline->writes[w].site = (int)below(&stream, SITES);
        timeline->writes[w].key = (int)below(&stream, KEYS);
    }
    for (int b = 0; b < WRITES; b++) {
        struct write *to = &timeline->writes[b];
        for (int a = 0; a < b; a++) {
            const struct write *from = &timeline->writes[a];
            if (from->key == to->key &&
                from->at_ns + timeline->delay_ns[from->site][to->site] <= to->at_ns) {
                to->past[a] = true;
                for (int earlier = 0; earlier < a; earlier++) {
                    to->past[earlier] = to->past[earlier] || from->past[earlier];
                }
            }
        }
    }
}

/* Stamps with the errors multiplied by f. */
static void timeline_stamp(struct timeline *timeline, double f)
{
    for (int w = 0; w < WRITES; w++) {
        struct write *write = &timeline->writes[w];
        write->stamp_ns =
            write->at_ns + sim_ns_from_double(f * (double)timeline->error_ns[write->site]);
    }
}

static struct counts timeline_count(const struct timeline *timeline)
{
    struct counts counts = {0};
    for (int b = 0; b < WRITES; b++) {
        const struct write *write = &timeline->writes[b];
        bool conflict = false, clock = false, concurrent = false, inverted = false;
        for (int a = 0; a < WRITES; a++) {
            const struct write *other = &timeline->writes[a];
            if (a == b || other->key != write->key) {
                continue;
            }
            const bool beats = other->stamp_ns > write->stamp_ns;
            const bool apart = !write->past[a] && !other->past[b];
            conflict = conflict || apart;
            concurrent = concurrent || (apart && beats);
            clock = clock || (write->past[a] && beats);
            inverted = inverted || (a < b && beats);
        }
        counts.conflicts += conflict ? 1 : 0;
        counts.clock += clock ? 1 : 0;
        counts.concurrent += concurrent && !clock ? 1 : 0;
        counts.inversions += inverted ? 1 : 0;
    }
    return counts;
}

/* The f at which the first write is lost to the clock; -1: at none. */
static double threshold(const struct timeline *timeline)
{
    double least = -1;
    for (int b = 0; b < WRITES; b++) {
        const struct write *to = &timeline->writes[b];
        for (int a = 0; a < b; a++) {
            const struct write *from = &timeline->writes[a];
            const double ahead =
                (double)(timeline->error_ns[from->site] - timeline->error_ns[to->site]);
            const double f = (double)(to->at_ns - from->at_ns) / ahead;
            if (to->past[a] && ahead > 0 && (least < 0 || f < least)) {
                least = f;
            }
        }
    }
    return least;
}

/* ---- the same in the simulator ---- */

static void write_traces(const struct timeline *timeline, char traces[SITES][1 << 14])
{
    size_t used[SITES];
    for (int i = 0; i < SITES; i++) {
        used[i] = (size_t)snprintf(traces[i], 1 << 14, "time_ms,operation,key,session\n");
    }
    for (int w = 0; w < WRITES; w++) {
        const struct write *write = &timeline->writes[w];
        const int i = write->site;
        used[i] += (size_t)snprintf(traces[i] + used[i], (1 << 14) - used[i], "%.3f,write,%d,0\n",
                                    (double)write->at_ns / 1e6, write->key);
        assert_true(used[i] < (1 << 14) - 64);
    }
}

static void write_matrix(const struct timeline *timeline, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "region,%s,%s,%s", names[0], names[1], names[2]);
    for (int i = 0; i < SITES; i++) {
        used += (size_t)snprintf(text + used, size - used, "\n%s", names[i]);
        for (int j = 0; j < SITES; j++) {
            used += (size_t)snprintf(text + used, size - used, ",%.6f",
                                     (double)timeline->delay_ns[i][j] / 1e6);
        }
    }
    snprintf(text + used, size - used, "\n");
}

/* Clocks are 100 s ahead and the error, so that none is stepped back. */
static struct counts simulate(const struct timeline *timeline, double f, const char *stamps)
{
    static char traces[SITES][1 << 14], matrix[1024], text[4096];
    char faults[1024] = "";
    write_traces(timeline, traces);
    write_matrix(timeline, matrix, sizeof matrix);
    for (int i = 0; i < SITES; i++) {
        const sim_ns by_ns =
            100 * SIM_NS_PER_S + sim_ns_from_double(f * (double)timeline->error_ns[i]);
        snprintf(
            faults + strlen(faults), sizeof faults - strlen(faults),
            "%s{'id': 'c%d', 'kind': 'clock_step', 'at': '0s', 'region': '%s', 'by': '%lldns'}",
            i > 0 ? "," : "", i, names[i], (long long)by_ns);
    }
    snprintf(text, sizeof text,
             "{'name': 'timeline', 'duration': '20s', 'regions': ['%s', '%s', '%s'],"
             " 'network': {'latency': {'from': 'matrix', 'file': '3.csv', 'unit': 'one_way_ms'},"
             "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
             " 'datasets': {'d': {'keys': %d, 'replication': {'strategy': 'multi_primary',"
             "   'ack': 'memory', 'order': 'items', 'stamps': %s}}},"
             " 'clients': [{'at': '%s', 'trace': '0.csv'}, {'at': '%s', 'trace': '1.csv'},"
             "             {'at': '%s', 'trace': '2.csv'}], 'faults': [%s]}",
             names[0], names[1], names[2], KEYS, stamps, names[0], names[1], names[2], faults);
    struct lab lab = {.traces = {traces[0], traces[1], traces[2], matrix}};
    struct metric_set set;
    lab_write(&lab, text);
    lab_measure(&lab, test_seed(), &set);
    assert_int_equal(lab_metric(&set, "conflict_ratio", NULL, NULL)->total, WRITES);
    assert_int_equal(lab_metric(&set, "divergent_keys", NULL, NULL)->count, 0);
    const struct counts counts = {
        lab_metric(&set, "conflict_ratio", NULL, NULL)->count,
        lab_metric(&set, "lost_updates", "cause", "clock")->count,
        lab_metric(&set, "lost_updates", "cause", "concurrent")->count,
        lab_metric(&set, "clock_inversions", NULL, NULL)->count,
    };
    metric_set_release(&set);
    lab_close(&lab);
    return counts;
}

static const char *const wall = "{'scheme': 'wall', 'granularity': 'ns'}";

static struct counts judge(struct timeline *timeline, int world, double f)
{
    timeline_stamp(timeline, f);
    const struct counts counted = timeline_count(timeline), ran = simulate(timeline, f, wall);
    if (memcmp(&counted, &ran, sizeof ran) != 0) {
        fail_msg("world %d, errors x %.6f: conflicts %llu, must be %llu; clock %llu, %llu;"
                 " concurrent %llu, %llu; inversions %llu, %llu; seed %llu",
                 world, f, (unsigned long long)ran.conflicts, (unsigned long long)counted.conflicts,
                 (unsigned long long)ran.clock, (unsigned long long)counted.clock,
                 (unsigned long long)ran.concurrent, (unsigned long long)counted.concurrent,
                 (unsigned long long)ran.inversions, (unsigned long long)counted.inversions,
                 (unsigned long long)test_seed());
    }
    return ran;
}

static void test_losses_are_the_predicted_ones(void **state)
{
    (void)state;
    static struct timeline timeline;
    uint64_t lost = 0;
    for (int world = 0; world < WORLDS; world++) {
        timeline_make(&timeline, world);
        const struct counts perfect = judge(&timeline, world, 0);
        assert_int_equal(perfect.clock, 0);
        assert_int_equal(perfect.inversions, 0);
        assert_true(perfect.conflicts > 0);
        lost += judge(&timeline, world, 1).clock;
        lost += judge(&timeline, world, 10).clock;
        assert_int_equal(judge(&timeline, world, 10).conflicts, perfect.conflicts);
    }
    assert_true(lost > 10 * WORLDS);
}

static void test_losses_begin_at_the_threshold(void **state)
{
    (void)state;
    static struct timeline timeline;
    for (int world = 0; world < WORLDS; world++) {
        timeline_make(&timeline, world);
        const double f = threshold(&timeline);
        assert_true(f > 0);
        assert_int_equal(judge(&timeline, world, 0.9999 * f).clock, 0);
        assert_true(judge(&timeline, world, 1.0001 * f).clock > 0);
    }
}

/* Conflicts do not depend on what orders the writes; losses to the clock are gone. */
static void test_causal_stamps_lose_none(void **state)
{
    (void)state;
    static struct timeline timeline;
    static const char *const schemes[] = {"'hybrid'", "'lamport'"};
    for (int world = 0; world < WORLDS; world++) {
        timeline_make(&timeline, world);
        for (size_t s = 0; s < sizeof schemes / sizeof schemes[0]; s++) {
            const struct counts counts = simulate(&timeline, 100, schemes[s]);
            assert_int_equal(counts.clock, 0);
            assert_int_equal(counts.conflicts, timeline_count(&timeline).conflicts);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses_are_the_predicted_ones),
        cmocka_unit_test(test_losses_begin_at_the_threshold),
        cmocka_unit_test(test_causal_stamps_lose_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
