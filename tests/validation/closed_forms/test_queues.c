/*
 * Queues: a machine that serves messages, and a pipe that drains a backlog.
 *
 * Model:      one machine, the `primary` strategy, no network delay: a read's latency is its
 *             sojourn in an M/G/c queue with Poisson arrivals. Closed forms with service rate mu =
 *             1 per ms: M/M/1: wait rho/(mu-l), sojourn Exp(mu-l); M/D/1: wait rho/(2 mu (1-rho));
 *             M/M/c: wait C(c,a)/(c mu - l) with Erlang's C. (Kleinrock, Queueing Systems 1, 1975,
 *             chapter 3.)
 * Statistics: sojourns follow each other closely, so the standard error is that of 40 batch means
 *             (15,000 to 50,000 reads each, far longer than the relaxation time of 80 ms at rho =
 *             0.8). The mean must be within four of them (t with 39 degrees of freedom: one correct
 *             seed in 4,000 fails a row), and four of them must be small enough to mean something:
 *             each check says how small. Runs are so long that four are 0.4 to 0.65 of that bound,
 *             because 40 batches know their own spread to a ninth only, with a long-tailed service
 *             to a sixth.
 */
#include "tests/validation/lab.h"

#include <math.h>

enum { BATCHES = 40 };

struct sojourns {
    sim_ns begun_ns[1 << 14];
    double sums[BATCHES], counts[BATCHES];
    double beyond[BATCHES]; /* longer than limit_ms */
    double limit_ms;
    sim_ns warmup_ns, batch_ns;
};

static void on_row(void *state, const struct record *row)
{
    struct sojourns *sojourns = state;
    assert_true(row->slot < 1 << 14);
    if (row->kind == RECORD_INVOKED) {
        sojourns->begun_ns[row->slot] = row->at_ns;
        return;
    }
    const sim_ns begun_ns = sojourns->begun_ns[row->slot];
    const sim_ns batch = (begun_ns - sojourns->warmup_ns) / sojourns->batch_ns;
    assert_int_equal(row->outcome, RECORD_OK);
    if (begun_ns >= sojourns->warmup_ns && batch < BATCHES) {
        const double ms = (double)(row->at_ns - begun_ns) / 1e6;
        sojourns->sums[batch] += ms;
        sojourns->counts[batch] += 1.0;
        sojourns->beyond[batch] += ms > sojourns->limit_ms;
    }
}

struct queue {
    const char *name, *service;
    int workers;
    double rate_per_ms, seconds;
};

static void serve(struct sojourns *sojourns, const struct queue *queue, double limit_ms)
{
    struct lab lab = {0};
    char text[1024];
    snprintf(text, sizeof text,
             "{'name': 'queue', 'duration': '%gs', 'regions': ['us-east-1'],"
             " 'network': {'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
             " 'nodes': {'service': %s, 'workers': %d},"
             " 'datasets': {'d': {'keys': 100, 'replication': {'strategy': 'primary',"
             "   'primary': 'us-east-1'}}},"
             " 'clients': [{'at': 'us-east-1', 'rate': '%.17g/s', 'mix': {'read': 1}}]}",
             queue->seconds + 2.0, queue->service, queue->workers, 1000.0 * queue->rate_per_ms);
    memset(sojourns, 0, sizeof *sojourns);
    sojourns->limit_ms = limit_ms;
    sojourns->warmup_ns = SIM_NS_PER_S;
    sojourns->batch_ns = (sim_ns)(queue->seconds * 1e9) / BATCHES;
    lab_write(&lab, text);
    lab_run_into(&lab, test_seed(),
                 (struct record_sink){.state = sojourns,
                                      .row = on_row,
                                      .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED});
    lab_close(&lab);
}

/* `values` are sums over the batches; the mean must be `exact`, known to `share` of it at least. */
static void judge(const char *what, const double *values, const double *counts, double exact,
                  double share)
{
    double mean = 0.0, squares = 0.0;
    for (int b = 0; b < BATCHES; b++) {
        const double value = values[b] / counts[b];
        mean += value / BATCHES;
        squares += value * value / BATCHES;
    }
    const double error = sqrt((squares - mean * mean) / (BATCHES - 1));
    if (4.0 * error > share * exact) {
        fail_msg("%s: four standard errors are %.3g, too large to judge %.6g by (seed %llu)", what,
                 4.0 * error, exact, (unsigned long long)test_seed());
    }
    lab_near(what, mean, exact, 4.0 * error);
}

#define MEMORYLESS "{'distribution': 'exponential', 'mean': '1ms'}"

static void test_mm1(void **state)
{
    (void)state;
    static struct sojourns sojourns;
    const struct queue queue = {"M/M/1", MEMORYLESS, 1, 0.8, 2500};
    /* Sojourn Exp(mu - l): mean 4 + 1 ms, 1 % of them longer than ln(100) / 0.2 = 23.026 ms. */
    serve(&sojourns, &queue, log(100.0) / 0.2);
    judge("M/M/1 sojourn, ms", sojourns.sums, sojourns.counts, 5.0, 0.06);
    judge("M/M/1 share beyond the p99", sojourns.beyond, sojourns.counts, 0.01, 0.4);
    /* At half load the law of the sojourn can be judged sharply: P(> t) = e^(-t/2). */
    const struct queue half = {"M/M/1", MEMORYLESS, 1, 0.5, 1500};
    serve(&sojourns, &half, 4.0);
    judge("M/M/1 sojourn at half load, ms", sojourns.sums, sojourns.counts, 2.0, 0.03);
    judge("M/M/1 P(sojourn > 4 ms)", sojourns.beyond, sojourns.counts, exp(-2.0), 0.05);
}

static void test_md1(void **state)
{
    (void)state;
    static struct sojourns sojourns;
    const struct queue queue = {"M/D/1", "'1ms'", 1, 0.8, 800};
    serve(&sojourns, &queue, 1.0);
    judge("M/D/1 sojourn, ms", sojourns.sums, sojourns.counts, 2.0 + 1.0, 0.06);
    /* Who arrives at an idle machine is served in exactly 1 ms: P(wait > 0) = rho. */
    judge("M/D/1 share that waits", sojourns.beyond, sojourns.counts, 0.8, 0.02);
}

/* Only the first two moments of the service count: lognormal, cv 1.5, so E[S^2] = 1 + 2.25. */
static void test_mg1(void **state)
{
    (void)state;
    static struct sojourns sojourns;
    const struct queue queue = {"M/G/1", "{'distribution': 'lognormal', 'mean': '1ms', 'cv': 1.5}",
                                1, 0.6, 2000};
    serve(&sojourns, &queue, 1e9);
    judge("M/G/1 sojourn, ms", sojourns.sums, sojourns.counts, 0.6 * 3.25 / (2.0 * 0.4) + 1.0,
          0.08);
}

static void test_mmc(void **state)
{
    (void)state;
    static struct sojourns sojourns;
    /* C(2, 1.5) = 9/14: wait (9/14) / 0.5 = 9/7 ms; C(3, 2) = 4/9: wait 4/9 ms. */
    const struct queue two = {"M/M/2", MEMORYLESS, 2, 1.5, 400};
    serve(&sojourns, &two, 1e9);
    judge("M/M/2 sojourn, ms", sojourns.sums, sojourns.counts, 9.0 / 7.0 + 1.0, 0.06);
    const struct queue three = {"M/M/3", MEMORYLESS, 3, 2.0, 300};
    serve(&sojourns, &three, 1e9);
    judge("M/M/3 sojourn, ms", sojourns.sums, sojourns.counts, 4.0 / 9.0 + 1.0, 0.03);
}

/*
 * A backlog after a partition. Writes come every 10 ms and take the pipe 1/150 s each (512 + 32 +
 * 100 bytes = 5,152 bits at 772,800 bit/s): load 100/s, capacity 150/s. The partition begins at 5
 * s, just before the write of that instant meets it: the stream tries again 0.2, 0.6, 1.4, 3, 6.2
 * and 12.6 s later. The link heals at 15 s, so it is the try at 17.6 s that gets through. The
 * message of 4.95 s would have arrived 50 ms + 6.67 ms later, at 5.00667 s: it and all later ones
 * wait by then. Load and capacity make the backlog drain in backlog / (150 - 100)/s. The replica is
 * up to date when its lag is again what it was: the delay of 50 ms and one message's time in the
 * pipe.
 */
static void test_backlog_drains(void **state)
{
    (void)state;
    struct lab lab = {0};
    lab_write(&lab,
              "{'name': 'drain', 'duration': '60s', 'regions': ['us-east-1', 'eu-west-1'],"
              " 'network': {'latency': {'from': 'constant', 'one_way': '50ms'}, 'jitter': 'none',"
              "   'same_zone': '0ms', 'same_region': '0ms', 'bandwidth': '772800bps'},"
              " 'datasets': {'d': {'keys': {'count': 100000, 'popularity': 'sequential'},"
              "   'value_bytes': 512, 'replication': {'strategy': 'primary',"
              "   'primary': 'us-east-1', 'resend_after': '1h'}}},"
              " 'clients': [{'at': 'us-east-1', 'rate': '100/s', 'arrivals': 'regular',"
              "   'mix': {'write': 1}}],"
              " 'faults': [{'id': 'cut', 'kind': 'partition', 'at': '5s', 'for': '10s',"
              "   'between': [['us-east-1'], ['eu-west-1']]}]}");
    lab_run(&lab, test_seed(), 1u << RECORD_COMMITTED | 1u << RECORD_APPLIED);
    const sim_ns usual_ns = 50 * SIM_NS_PER_MS + 6666667;
    const sim_ns resumed_ns = 17600 * SIM_NS_PER_MS;
    static sim_ns committed_ns[10000];
    sim_ns first_ns = 0, caught_up_ns = 0;
    for (size_t i = 0; i < lab.row_count; i++) {
        const struct record *row = &lab.rows[i];
        assert_true(row->write < 10000);
        if (row->kind == RECORD_COMMITTED) {
            committed_ns[row->write] = row->at_ns;
        } else if (row->node == 1 && row->at_ns > 6 * SIM_NS_PER_S) {
            first_ns = first_ns == 0 ? row->at_ns : first_ns;
            if (caught_up_ns == 0 && row->at_ns - committed_ns[row->write] <= usual_ns + 1) {
                caught_up_ns = row->at_ns;
            }
        }
    }
    /* The first message goes through the pipe again and then travels. */
    assert_int_equal(first_ns, resumed_ns + usual_ns);
    /* Backlog at that moment: the writes from 4.95 s to 17.60 s, every 10 ms. */
    const double backlog = (17.60 - 4.95) / 0.01 + 1.0;
    const double drained_s = (double)(caught_up_ns - resumed_ns - usual_ns) / 1e9;
    /* Fluid against messages: a write more or less, and the pipe's time of one. */
    lab_near("time to drain, s", drained_s, backlog / 50.0, 0.04);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mm1),
        cmocka_unit_test(test_md1),
        cmocka_unit_test(test_mg1),
        cmocka_unit_test(test_mmc),
        cmocka_unit_test(test_backlog_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
