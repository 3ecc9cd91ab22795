/*
 * Staleness of asynchronous copies: Poisson writes at rate l, lag D of a copy.
 *
 * Model:      one key, one writer, random reads at the remote copy. Constant lag d, or links that
 *             keep order with iid delays D: a read is stale iff some write is under way, and by
 *             M/G/infinity that is P(stale) = 1 - e^(-l E[D]). Links without order, newest version
 *             wins: only the last write counts, P(stale) = 1 - E[e^(-l D)] = l m / (1 + l m) for
 *             D ~ Exp(mean m). Versions behind: l E[D]. A session that reads at the copy t after
 *             its own write was acknowledged misses it with P(D > t).
 * Statistics: reads close in time share their fate, so the standard error is that of 50 batch means
 *             of 320 s (stale and fresh periods last about 0.1 s). Four of them, t with 49 degrees
 *             of freedom: one correct seed in 4,000 fails a row; they must be below 2 % of the
 *             exact value (and are 1.0 to 1.6 % of it).
 */
#include "tests/validation/lab.h"

#include <math.h>

enum { BATCHES = 50, BATCH_S = 320, WRITES_PER_S = 10 };

struct staleness {
    int64_t acked_stamp;
    uint64_t acked_write;
    int64_t expected_stamp[1 << 10]; /* latest acknowledged version when the read began */
    uint64_t expected_write[1 << 10];
    sim_ns begun_ns[1 << 10];
    double stale[BATCHES], reads[BATCHES];
};

static void on_row(void *state, const struct record *row)
{
    struct staleness *staleness = state;
    assert_true(row->slot < 1 << 10);
    if (row->kind == RECORD_INVOKED) {
        staleness->expected_stamp[row->slot] = staleness->acked_stamp;
        staleness->expected_write[row->slot] = staleness->acked_write;
        staleness->begun_ns[row->slot] = row->at_ns;
        return;
    }
    assert_int_equal(row->outcome, RECORD_OK);
    if (row->type == RECORD_WRITE) {
        assert_true(row->stamp > staleness->acked_stamp);
        staleness->acked_stamp = row->stamp;
        staleness->acked_write = row->write;
        return;
    }
    const sim_ns batch = (staleness->begun_ns[row->slot] / SIM_NS_PER_S - 1) / BATCH_S;
    if (staleness->begun_ns[row->slot] >= SIM_NS_PER_S && batch < BATCHES) {
        staleness->reads[batch] += 1.0;
        staleness->stale[batch] += row->stamp < staleness->expected_stamp[row->slot];
    }
}

/* Writes at us-east-1, acknowledged there at once; reads at eu-west-1, of the copy there. */
static const char *scenario(const char *network, const char *replication, char *text, size_t size)
{
    snprintf(text, size,
             "{'name': 'stale', 'duration': '%ds',"
             " 'regions': ['us-east-1', 'eu-west-1'],"
             " 'network': {'latency': {'from': 'constant', 'one_way': '1us'}, 'jitter': 'none',"
             "   'same_zone': '0ms', 'same_region': '0ms', %s},"
             " 'datasets': {'d': {'keys': 1, 'replication': {%s}}},"
             " 'clients': [{'at': 'us-east-1', 'rate': '%d/s', 'mix': {'write': 1}},"
             "             {'at': 'eu-west-1', 'rate': '25/s', 'mix': {'read': 1}}]}",
             BATCHES * BATCH_S + 2, network, replication, WRITES_PER_S);
    return text;
}

static void judge(const char *what, const char *network, const char *replication, double exact)
{
    static struct staleness staleness;
    struct lab lab = {0};
    char text[2048];
    memset(&staleness, 0, sizeof staleness);
    lab_write(&lab, scenario(network, replication, text, sizeof text));
    lab_run_into(&lab, test_seed(),
                 (struct record_sink){.state = &staleness,
                                      .row = on_row,
                                      .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED});
    lab_close(&lab);
    double mean = 0.0, squares = 0.0;
    for (int b = 0; b < BATCHES; b++) {
        const double share = staleness.stale[b] / staleness.reads[b];
        mean += share / BATCHES;
        squares += share * share / BATCHES;
    }
    const double error = sqrt((squares - mean * mean) / (BATCHES - 1));
    if (4.0 * error > 0.02 * exact) {
        fail_msg("%s: four standard errors are %.4g: too large", what, 4.0 * error);
    }
    lab_near(what, mean, exact, 4.0 * error);
}

/* The primary takes writes at us-east-1; the follower in eu-west-1 is the copy that is read. */
#define PRIMARY "'strategy': 'primary', 'primary': 'us-east-1', 'reads': 'nearest'"
/* R = W = 1: each coordinator has a copy, takes writes and answers reads on its own. */
#define QUORUM                                                                                     \
    "'strategy': 'quorum', 'r': 1, 'w': 1, 'read_repair': 'none', 'hints': false, "                \
    "'heartbeat': '0ms'"
#define DELAY(kind, law) "'message_delays': {'" kind "': {'delay': " law "}}"
#define EXPONENTIAL      "{'distribution': 'exponential', 'mean': '60ms'}"

static void test_constant_lag(void **state)
{
    (void)state;
    const double exact = 1.0 - exp(-WRITES_PER_S * 0.060);
    judge("primary, constant lag", DELAY("primary.append", "'60ms'"), PRIMARY, exact);
    judge("quorum, constant lag", DELAY("quorum.write", "'60ms'"), QUORUM, exact);
}

static void test_in_order(void **state)
{
    (void)state;
    /* The delays' mean counts and nothing else of them: uniform from 0 to 120 ms does the same. */
    const double exact = 1.0 - exp(-WRITES_PER_S * 0.060);
    judge("primary, exponential lag", DELAY("primary.append", EXPONENTIAL), PRIMARY, exact);
    judge("quorum, exponential lag", DELAY("quorum.write", EXPONENTIAL), QUORUM, exact);
    judge("primary, uniform lag",
          DELAY("primary.append", "{'distribution': 'uniform', 'min': '0ms', 'max': '120ms'}"),
          PRIMARY, exact);
}

static void test_without_order(void **state)
{
    (void)state;
    const double load = WRITES_PER_S * 0.060;
    judge("quorum, exponential lag, datagrams",
          "'transport': 'datagram', " DELAY("quorum.write", EXPONENTIAL), QUORUM,
          load / (1.0 + load));
    /* E[e^(-l D)] of a uniform law on [0, b]: (1 - e^(-l b)) / (l b). */
    judge("quorum, uniform lag, datagrams",
          "'transport': 'datagram', " DELAY(
              "quorum.write", "{'distribution': 'uniform', 'min': '0ms', 'max': '120ms'}"),
          QUORUM, 1.0 - (1.0 - exp(-2.0 * load)) / (2.0 * load));
}

/* The metrics that users see, over the same model: share, age and versions. */
static void test_metrics(void **state)
{
    (void)state;
    struct lab lab = {0};
    struct metric_set set;
    char text[2048];
    lab_write(&lab, scenario(DELAY("primary.append", "'60ms'"), PRIMARY, text, sizeof text));
    lab_measure(&lab, test_seed(), &set);
    const double load = WRITES_PER_S * 0.060;
    /* 400,000 reads, of which close ones agree. The standard errors, from the spread over a dozen
     * seeds, are 0.1 points, 0.3 % of the age and 0.2 % of the versions: each bound is five or more
     * of them. */
    const double stale = metric_number(lab_metric(&set, "stale_ratio", "reader", "eu-west-1"));
    lab_near("stale_ratio", stale, 1.0 - exp(-load), 0.006);
    /* Time since the value became stale, over all reads: d - (1 - e^(-l d)) / l. */
    const double age_ms = metric_number(lab_metric(&set, "staleness_ms", "reader", "eu-west-1"));
    lab_near("staleness_ms", age_ms, 60.0 - 100.0 * (1.0 - exp(-load)), 0.015 * 14.88);
    /* Versions behind: Poisson(l d). */
    const double versions =
        metric_number(lab_metric(&set, "staleness_versions", "reader", "eu-west-1"));
    lab_near("staleness_versions", versions, load, 0.015 * load);
    const struct metric_label copy[] = {{"dataset", "d"}, {"replica", "eu-west-1/n0"}};
    const struct metric *lag = metric_find(&set, "replication_lag_mean_versions", copy, 2);
    assert_non_null(lag);
    lab_near("replication_lag_mean_versions", metric_number(lag), load, 0.015 * load);
    metric_set_release(&set);
    lab_close(&lab);
}

/*
 * Read your writes. A session at eu-west-1 writes at the primary, 10 ms away, and hears of it 20 ms
 * after it began; the entry leaves the primary at 10 ms and needs 10 ms + D. So the copy in
 * eu-west-1 has it D after the acknowledgement. The session reads there t after the
 * acknowledgement: it misses its own write iff D > t. Sessions take turns, one every second, so no
 * entry waits for another.
 */
static void test_read_your_writes(void **state)
{
    (void)state;
    enum { TURNS = 20000 };
    static char trace[64 * 2 * TURNS];
    for (int t_ms = 15; t_ms <= 60; t_ms *= 2) {
        size_t used = (size_t)snprintf(trace, sizeof trace, "time_ms,operation,key,session\n");
        for (int turn = 0; turn < TURNS; turn++) {
            const int begin_ms = 1000 * turn;
            used += (size_t)snprintf(trace + used, sizeof trace - used,
                                     "%d,write,%d,%d\n%d,read,%d,%d\n", begin_ms, turn % 100,
                                     turn % 100, begin_ms + 20 + t_ms, turn % 100, turn % 100);
        }
        struct lab lab = {.trace = trace};
        struct metric_set set;
        lab_write(&lab,
                  "{'name': 'session', 'duration': '20001s', 'bucket': '1min',"
                  " 'regions': ['us-east-1', 'eu-west-1'],"
                  " 'network': {'latency': {'from': 'constant', 'one_way': '10ms'},"
                  "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms',"
                  "   'message_delays': {'primary.append': {'delay':"
                  "     {'distribution': 'exponential', 'mean': '30ms'}}}},"
                  " 'datasets': {'d': {'keys': 100, 'replication': {" PRIMARY "}}},"
                  " 'clients': [{'at': 'eu-west-1', 'sessions': 100, 'trace': 'session.csv'}]}");
        lab_measure(&lab, test_seed(), &set);
        const struct metric *metric =
            lab_metric(&set, "read_your_writes_violation_ratio", "reader", "eu-west-1");
        const double exact = exp(-t_ms / 30.0);
        assert_int_equal(metric->total, TURNS);
        /* Independent reads: a binomial share, four standard deviations. */
        lab_near("P(own write missed)", metric_number(metric), exact,
                 4.0 * sqrt(exact * (1.0 - exact) / TURNS));
        metric_set_release(&set);
        lab_close(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_lag),     cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_without_order),    cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_read_your_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
