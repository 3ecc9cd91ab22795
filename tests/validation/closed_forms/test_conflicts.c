/*
 * Conflicts and lost updates when several sites accept writes of one key.
 *
 * Model:      site i writes as Poisson l_i, applies at once, and its write arrives at j after d_ij;
 *             the clock of j is ahead of that of i by D_ji. Nothing else takes time.
 *             P(a write of i has a concurrent one) = 1 - exp(-sum_j l_j (d_ij + d_ji)): the window
 *             is the round trip. P(it is lost: a later stamp wins that was given without having
 *             seen it, or that it had seen) = 1 - exp(-sum_j l_j max(0, d_ij + D_ji)): one way. Of
 *             these, it had seen the winner: 1 - exp(-sum_j l_j max(0, D_ji - d_ji)). Partition of
 *             length T, K equal keys: K (1 - e^(-l1 T / K)) (1 - e^(-l2 T / K)) are written on both
 *             sides.
 * Statistics: writes of one key share their fate with their neighbours, so the standard error is
 *             that of the means of 40 independent runs (20 of the partition). Four of them, t with
 *             39 degrees of freedom: one correct seed in 3,700 fails a row (19: in 1,300).
 *             Each must be below 5 % of the exact value (it is 1 to 3 %).
 */
#include "sim/random.h"
#include "tests/validation/lab.h"

#include <math.h>

enum { SITES = 3, RUNS = 40, DURATION_S = 500 };

struct sites {
    int count;
    double rate[SITES];       /* writes per second */
    double one_way_ms[SITES]; /* from site i to i + 1 and i + 2, see delay_ms() */
    double back_ms[SITES];    /* and the other way, of the same pairs */
    double ahead_ms[SITES];   /* clocks */
};

/* Pairs: 0: 0-1, 1: 0-2, 2: 1-2. */
static double delay_ms(const struct sites *sites, int from, int to)
{
    const int pair = from + to - 1;
    return from < to ? sites->one_way_ms[pair] : sites->back_ms[pair];
}

enum law { CONFLICT, LOST, LOST_CLOCK, LAWS };

static double window_ms(const struct sites *sites, enum law law, int i, int j)
{
    const double there_ms = delay_ms(sites, i, j), back_ms = delay_ms(sites, j, i);
    const double ahead_ms = sites->ahead_ms[j] - sites->ahead_ms[i];
    switch (law) {
    case CONFLICT:
        return there_ms + back_ms;
    case LOST:
        return fmax(0, there_ms + ahead_ms);
    case LOST_CLOCK:
        return fmax(0, ahead_ms - back_ms);
    case LAWS:
        break;
    }
    return 0;
}

/* The share of all writes. */
static double exact(const struct sites *sites, enum law law)
{
    double share = 0, rates = 0;
    for (int i = 0; i < sites->count; i++) {
        double others = 0;
        for (int j = 0; j < sites->count; j++) {
            others += j != i ? sites->rate[j] * window_ms(sites, law, i, j) / 1000 : 0;
        }
        share += sites->rate[i] * (1 - exp(-others));
        rates += sites->rate[i];
    }
    return share / rates;
}

static const char *const names[SITES] = {"us-east-1", "eu-west-1", "ap-northeast-1"};

static void write_matrix(const struct sites *sites, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "region");
    for (int i = 0; i < sites->count; i++) {
        used += (size_t)snprintf(text + used, size - used, ",%s", names[i]);
    }
    for (int i = 0; i < sites->count; i++) {
        used += (size_t)snprintf(text + used, size - used, "\n%s", names[i]);
        for (int j = 0; j < sites->count; j++) {
            used += (size_t)snprintf(text + used, size - used, ",%g",
                                     i == j ? 0 : delay_ms(sites, i, j));
        }
    }
    snprintf(text + used, size - used, "\n");
}

static void write_scenario(const struct sites *sites, const char *replication, char *text,
                           size_t size)
{
    char regions[256] = "", clients[1024] = "", faults[1024] = "";
    for (int i = 0; i < sites->count; i++) {
        const char *comma = i > 0 ? "," : "";
        snprintf(regions + strlen(regions), sizeof regions - strlen(regions), "%s'%s'", comma,
                 names[i]);
        snprintf(clients + strlen(clients), sizeof clients - strlen(clients),
                 "%s{'at': '%s', 'rate': '%g/s', 'mix': {'write': 1}}", comma, names[i],
                 sites->rate[i]);
        snprintf(faults + strlen(faults), sizeof faults - strlen(faults),
                 "%s{'id': 'c%d', 'kind': 'clock_step', 'at': '0s', 'region': '%s', 'by': '%gms'}",
                 comma, i, names[i], 1000 + sites->ahead_ms[i]);
    }
    snprintf(text, size,
             "{'name': 'conflicts', 'duration': '%ds', 'warmup': '2s', 'regions': [%s],"
             " 'network': {'latency': {'from': 'matrix', 'file': '0.csv', 'unit': 'one_way_ms'},"
             "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
             " 'datasets': {'d': {'keys': 1, 'replication': {'strategy': 'multi_primary', %s}}},"
             " 'clients': [%s], 'faults': [%s]}",
             DURATION_S, regions, replication, clients, faults);
}

static double measured(const struct metric_set *set, enum law law)
{
    const struct metric *conflicts = lab_metric(set, "conflict_ratio", NULL, NULL);
    switch (law) {
    case CONFLICT:
        return (double)conflicts->count / (double)conflicts->total;
    case LOST:
        return (double)lab_metric(set, "lost_updates", NULL, NULL)->count /
               (double)conflicts->total;
    case LOST_CLOCK:
        return (double)lab_metric(set, "lost_updates", "cause", "clock")->count /
               (double)conflicts->total;
    case LAWS:
        break;
    }
    return 0;
}

struct means {
    double mean[LAWS], error[LAWS];
};

static struct means run(const struct sites *sites, const char *replication, int runs)
{
    struct means means = {0};
    char text[4096], matrix[1024];
    write_matrix(sites, matrix, sizeof matrix);
    write_scenario(sites, replication, text, sizeof text);
    for (int r = 0; r < runs; r++) {
        struct lab lab = {.traces = {matrix}};
        struct metric_set set;
        lab_write(&lab, text);
        lab_measure(&lab, test_seed() * 1000 + (uint64_t)r, &set);
        assert_int_equal(lab_metric(&set, "conflicts_approximate", NULL, NULL)->count, 0);
        for (int law = 0; law < LAWS; law++) {
            const double share = measured(&set, (enum law)law);
            means.mean[law] += share / runs;
            means.error[law] += share * share / runs;
        }
        metric_set_release(&set);
        lab_close(&lab);
    }
    for (int law = 0; law < LAWS; law++) {
        const double variance = means.error[law] - means.mean[law] * means.mean[law];
        means.error[law] = sqrt(fmax(0, variance) / (runs - 1));
    }
    return means;
}

static void judge(const char *what, const struct sites *sites, const char *replication)
{
    static const char *const laws[LAWS] = {"conflicts", "lost", "lost by clocks"};
    const struct means means = run(sites, replication, RUNS);
    for (int law = 0; law < LAWS; law++) {
        char name[256];
        const double share = exact(sites, (enum law)law);
        snprintf(name, sizeof name, "%s: %s, seed %llu", what, laws[law],
                 (unsigned long long)test_seed());
        if (4 * means.error[law] > 0.05 * share + 1e-12) {
            fail_msg("%s: four standard errors are %g of %g", name, 4 * means.error[law], share);
        }
        lab_near(name, means.mean[law], share, 4 * means.error[law]);
    }
}

#define EXACT "'ack': 'memory', 'stamps': {'scheme': 'wall', 'granularity': 'ns'}"

static void test_round_trip_and_one_way(void **state)
{
    (void)state;
    const struct sites slow = {2, {2, 3, 0}, {40}, {40}, {0}};
    const struct sites fast = {2, {12, 8, 0}, {10}, {70}, {0}};
    const struct sites three = {3, {4, 2, 3}, {35, 75, 60}, {40, 80, 55}, {0}};
    judge("two sites", &slow, EXACT);
    judge("two sites, one way slow", &fast, EXACT);
    judge("two sites, items", &slow, EXACT ", 'order': 'items'");
    judge("three sites", &three, EXACT);
}

static void test_with_skew(void **state)
{
    (void)state;
    /* Less than the delay, more than it, and both ways among three. */
    const struct sites little = {2, {5, 5, 0}, {60}, {60}, {25, 0, 0}};
    const struct sites much = {2, {5, 8, 0}, {30}, {30}, {0, 90, 0}};
    const struct sites three = {3, {4, 2, 3}, {35, 75, 60}, {40, 80, 55}, {0, 120, 55}};
    judge("skew within the delay", &little, EXACT);
    judge("skew beyond the delay", &much, EXACT);
    judge("three clocks", &three, EXACT);
}

/* Stamps that respect causality lose nothing to clocks, and conflicts are what they were. */
static void test_causal_stamps(void **state)
{
    (void)state;
    static const char *const schemes[] = {"'ack': 'memory', 'stamps': 'hybrid'",
                                          "'ack': 'memory', 'stamps': 'lamport'",
                                          EXACT ", 'after_stored': true"};
    const struct sites sites = {2, {5, 8, 0}, {30}, {30}, {0, 90, 0}};
    for (size_t s = 0; s < sizeof schemes / sizeof schemes[0]; s++) {
        const struct means means = run(&sites, schemes[s], 10);
        assert_true(means.mean[LOST_CLOCK] == 0);
        assert_true(means.mean[LOST] > 0);
        /* Ten runs: t with 9 degrees of freedom, one in 1,000 beyond 4.8 standard errors. */
        lab_near(schemes[s], means.mean[CONFLICT], exact(&sites, CONFLICT),
                 4.8 * means.error[CONFLICT]);
    }
}

/*
 * One user writes in Virginia, and GAP_MS later, when everybody has it, the other in Ireland. The
 * second write is lost just when Virginia's clock is ahead of Ireland's by more than the gap.
 */
enum { GAP_MS = 100, TURNS = 50 };

static uint64_t lost_to_clock(int skew_ms, const char *stamps)
{
    static char west[64 * TURNS], east[64 * TURNS];
    size_t used[2] = {(size_t)snprintf(west, sizeof west, "time_ms,operation,key,session\n"),
                      (size_t)snprintf(east, sizeof east, "time_ms,operation,key,session\n")};
    for (int turn = 0; turn < TURNS; turn++) {
        const int at_ms = 2000 + 1000 * turn;
        used[0] += (size_t)snprintf(west + used[0], sizeof west - used[0], "%d,write,%d,0\n", at_ms,
                                    turn % 7);
        used[1] += (size_t)snprintf(east + used[1], sizeof east - used[1], "%d,write,%d,0\n",
                                    at_ms + GAP_MS, turn % 7);
    }
    struct lab lab = {.traces = {west, east}};
    struct metric_set set;
    char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'gap', 'duration': '60s', 'regions': ['us-east-1', 'eu-west-1'],"
             " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'}, 'jitter': 'none',"
             "   'same_zone': '0ms', 'same_region': '0ms'},"
             " 'datasets': {'d': {'keys': 7, 'replication': {'strategy': 'multi_primary',"
             "   'stamps': %s}}},"
             " 'clients': [{'at': 'us-east-1', 'trace': '0.csv'},"
             "             {'at': 'eu-west-1', 'trace': '1.csv'}],"
             " 'faults': [{'id': 'a', 'kind': 'clock_step', 'at': '1s', 'region': 'us-east-1',"
             "             'by': '%dms'}]}",
             stamps, skew_ms);
    lab_write(&lab, text);
    lab_measure(&lab, test_seed(), &set);
    const uint64_t lost = lab_metric(&set, "lost_updates", "cause", "clock")->count;
    assert_int_equal(lab_metric(&set, "lost_updates", NULL, NULL)->count, lost);
    assert_int_equal(lab_metric(&set, "conflict_ratio", NULL, NULL)->count, 0);
    assert_int_equal(lab_metric(&set, "clock_inversions", NULL, NULL)->count, lost);
    assert_int_equal(lab_metric(&set, "divergent_keys", NULL, NULL)->count, 0);
    metric_set_release(&set);
    lab_close(&lab);
    return lost;
}

static void test_losses_begin_where_skew_exceeds_the_gap(void **state)
{
    (void)state;
    static const char *const wall = "{'scheme': 'wall', 'granularity': 'us'}";
    for (int skew_ms = 1; skew_ms < 2 * GAP_MS; skew_ms += 33) {
        assert_int_equal(lost_to_clock(skew_ms, wall), skew_ms > GAP_MS ? TURNS : 0);
    }
    assert_int_equal(lost_to_clock(GAP_MS - 1, wall), 0);
    assert_int_equal(lost_to_clock(GAP_MS + 1, wall), TURNS);
    assert_int_equal(lost_to_clock(700, "'hybrid'"), 0);
    assert_int_equal(lost_to_clock(700, "'lamport'"), 0);
    /* A cap below the skew: the fast clock's stamps are not taken over, and win again. */
    assert_int_equal(lost_to_clock(700, "{'scheme': 'hybrid', 'max_offset': '500ms'}"), TURNS);
    assert_int_equal(lost_to_clock(700, "{'scheme': 'hybrid', 'max_offset': '800ms'}"), 0);
}

/* ---- a partition ---- */

enum { KEYS = 1000, CUT_FROM_S = 10, CUT_S = 40, PARTITIONS = 20 };

struct sides {
    bool held[2][8 * KEYS]; /* by node and write: it was there, so that it comes a second time */
    bool both[KEYS];
};

static void on_given(void *state, const struct record *row)
{
    struct sides *sides = state;
    assert_true(row->write < 8 * KEYS);
    if (row->kind == RECORD_APPLIED) {
        sides->held[row->node][row->write] = true;
    } else if (!sides->held[row->node][row->write]) {
        sides->both[row->key] = true;
    }
}

/* Poisson writes of equal keys while the cut lasts, as a trace: afterwards nobody writes. */
static void write_trace(struct random_stream *stream, double per_s, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "time_ms,operation,key,session\n");
    double at_s = -log(random_unit(stream)) / per_s;
    while (at_s < CUT_S) {
        used += (size_t)snprintf(text + used, size - used, "%.3f,write,%u,0\n",
                                 1000 * (CUT_FROM_S + at_s), (unsigned)random_below(stream, KEYS));
        at_s -= log(random_unit(stream)) / per_s;
    }
    assert_true(used + 64 < size);
}

/* Of a key that both sides wrote, one side's last write meets a later stamp when the cut is over.
 */
static void test_keys_written_on_both_sides(void **state)
{
    (void)state;
    static char traces[2][1 << 17];
    double mean = 0, squares = 0;
    for (int r = 0; r < PARTITIONS; r++) {
        static struct sides sides;
        memset(&sides, 0, sizeof sides);
        struct lab lab = {.traces = {traces[0], traces[1]}};
        struct random_stream stream;
        random_stream_init(&stream, test_seed() * 1000 + (uint64_t)r, 1, 0);
        write_trace(&stream, 20, traces[0], sizeof traces[0]);
        write_trace(&stream, 30, traces[1], sizeof traces[1]);
        lab_write(&lab, "{'name': 'cut', 'duration': '200s', 'regions': ['us-east-1', 'eu-west-1'],"
                        " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'},"
                        "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
                        " 'datasets': {'d': {'keys': 1000,"
                        "   'replication': {'strategy': 'multi_primary'}}},"
                        " 'clients': [{'at': 'us-east-1', 'trace': '0.csv'},"
                        "             {'at': 'eu-west-1', 'trace': '1.csv'}],"
                        " 'faults': [{'id': 'cut', 'kind': 'partition', 'at': '10s', 'for': '40s',"
                        "   'between': [['us-east-1'], ['eu-west-1']]}]}");
        const uint32_t kinds = 1u << RECORD_APPLIED | 1u << RECORD_SUPERSEDED;
        lab_run_into(&lab, test_seed(),
                     (struct record_sink){.state = &sides, .row = on_given, .mask = kinds});
        lab_close(&lab);
        double count = 0;
        for (int key = 0; key < KEYS; key++) {
            count += sides.both[key] ? 1 : 0;
        }
        mean += count / PARTITIONS;
        squares += count * count / PARTITIONS;
    }
    const double error = sqrt((squares - mean * mean) / (PARTITIONS - 1));
    const double law =
        KEYS * (1 - exp(-20.0 * CUT_S / KEYS)) * (1 - exp(-30.0 * CUT_S / KEYS)); /* 384.81 */
    if (4 * error > 0.05 * law) {
        fail_msg("four standard errors are %g of %g keys", 4 * error, law);
    }
    lab_near("keys written on both sides", mean, law, 4 * error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_and_one_way),
        cmocka_unit_test(test_with_skew),
        cmocka_unit_test(test_causal_stamps),
        cmocka_unit_test(test_losses_begin_where_skew_exceeds_the_gap),
        cmocka_unit_test(test_keys_written_on_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
