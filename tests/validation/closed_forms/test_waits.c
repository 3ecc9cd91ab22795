/*
 * How long a quorum waits: order statistics.
 *
 * Model:      a coordinator that stores nothing asks N copies and answers at the k-th answer. With
 *             delays that are iid Exp(m) on one leg the wait has the mean m (H_N - H_{N-k}) and the
 *             variance m^2 sum_{i=N-k+1..N} 1/i^2; with two such legs the mean is the integral of
 *             P(k-th > x), where one copy survives x with probability (1 + x/m) e^(-x/m).
 * Judges:     the formulas, evaluated here (the integral by GSL); fixed numbers of the literature.
 * Statistics: 40,000 operations a row; the mean must be within four standard deviations (about 1 %
 *             of it): one correct seed in 1,000 would fail one of the 16 rows.
 */
#include "tests/validation/lab.h"

#include <gsl/gsl_integration.h>
#include <math.h>

struct moments {
    uint64_t count;
    double sum_ms, squares;
    uint8_t type;
    sim_ns begun_ns[1 << 12];
};

static void on_row(void *state, const struct record *row)
{
    struct moments *moments = state;
    assert_true(row->slot < 1 << 12);
    if (row->kind == RECORD_INVOKED) {
        moments->begun_ns[row->slot] = row->at_ns;
    } else if (row->type == moments->type) {
        assert_int_equal(row->outcome, RECORD_OK);
        const double ms = (double)(row->at_ns - moments->begun_ns[row->slot]) / 1e6;
        moments->count++;
        moments->sum_ms += ms;
        moments->squares += ms * ms;
    }
}

/* N copies in one place, of which `k` must answer; each leg listed takes Exp(10 ms), others 0. */
static void wait_for(struct moments *moments, int copies, int k, bool write, const char *legs)
{
    struct lab lab = {0};
    char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'waits', 'duration': '40s', 'regions': [{'name': 'us-east-1', 'nodes': %d}],"
             " 'network': {'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms',"
             "             'transport': 'datagram', 'message_delays': {%s}},"
             " 'datasets': {'d': {'keys': 1000, 'replication': {'strategy': 'quorum',"
             "   'copies': %d, 'r': %d, 'w': %d, 'coordinators': 'others', 'read_from': 'all',"
             "   'read_repair': 'none', 'hints': false, 'heartbeat': '0ms'}}},"
             " 'clients': [{'at': 'us-east-1', 'rate': '1000/s', 'mix': {'%s': 1}}]}",
             copies + 1, legs, copies, k, k, write ? "write" : "read");
    *moments = (struct moments){.type = write ? RECORD_WRITE : RECORD_READ};
    lab_write(&lab, text);
    lab_run_into(&lab, test_seed(),
                 (struct record_sink){.state = moments,
                                      .row = on_row,
                                      .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED});
    lab_close(&lab);
    assert_true(moments->count > 39000);
}

static void judge(const struct moments *moments, const char *what, int n, int k, double mean)
{
    const double count = (double)moments->count;
    const double observed = moments->sum_ms / count;
    const double variance = moments->squares / count - observed * observed;
    char name[64];
    snprintf(name, sizeof name, "%s, %d of %d, mean wait in ms", what, k, n);
    lab_near(name, observed, mean, 4.0 * sqrt(variance / count));
}

#define EXPONENTIAL "{'delay': {'distribution': 'exponential', 'mean': '10ms'}}"

static void test_one_exponential_leg(void **state)
{
    (void)state;
    static struct moments moments;
    for (int n = 3; n <= 5; n += 2) {
        for (int k = 1; k <= n; k++) {
            double mean = 0.0, variance = 0.0;
            for (int i = n - k + 1; i <= n; i++) {
                mean += 10.0 / i;
                variance += 100.0 / ((double)i * i);
            }
            wait_for(&moments, n, k, true, "'quorum.write': " EXPONENTIAL);
            judge(&moments, "write leg", n, k, mean);
            /* The variance of a sample variance is at most 8 var^2 / n for these laws (the kurtosis
             * of an exponential is 9): 4 standard deviations are 5.7 %. */
            const double count = (double)moments.count;
            const double observed = moments.squares / count - pow(moments.sum_ms / count, 2);
            lab_near("variance / exact", observed / variance, 1.0, 0.057);
        }
    }
    /* The same law on the way of a read's answer. */
    wait_for(&moments, 5, 3, false, "'quorum.read_answer': " EXPONENTIAL);
    judge(&moments, "read answers", 5, 3, 10.0 * 47.0 / 60.0);
}

struct order {
    int n, k;
};

/* P(the k-th of n sums of two Exp(1) > x) */
static double later_than(double x, void *context)
{
    const struct order *order = context;
    const double survives = (1.0 + x) * exp(-x);
    double total = 0.0, ways = 1.0; /* fewer than k have answered */
    for (int j = 0; j < order->k; j++) {
        total += ways * pow(1.0 - survives, j) * pow(survives, order->n - j);
        ways = ways * (order->n - j) / (j + 1);
    }
    return total;
}

static double two_legs_mean(int n, int k)
{
    struct order order = {n, k};
    gsl_function f = {later_than, &order};
    gsl_integration_workspace *space = gsl_integration_workspace_alloc(1000);
    double mean = 0.0, error = 0.0;
    gsl_integration_qagiu(&f, 0.0, 1e-10, 1e-10, 1000, space, &mean, &error);
    gsl_integration_workspace_free(space);
    return mean;
}

static void test_two_exponential_legs(void **state)
{
    (void)state;
    static struct moments moments;
    lab_near("1st of 3 sums", two_legs_mean(3, 1), 26.0 / 27.0, 1e-6);
    lab_near("2nd of 3 sums", two_legs_mean(3, 2), 1.82407, 1e-5);
    lab_near("3rd of 3 sums", two_legs_mean(3, 3), 3.21296, 1e-5);
    lab_near("3rd of 5 sums", two_legs_mean(5, 3), 1.77180, 1e-5);
    for (int k = 1; k <= 3; k++) {
        wait_for(&moments, 3, k, true,
                 "'quorum.write': " EXPONENTIAL ", 'quorum.write_ack': " EXPONENTIAL);
        judge(&moments, "write and ack", 3, k, 10.0 * two_legs_mean(3, k));
        wait_for(&moments, 3, k, false,
                 "'quorum.read': " EXPONENTIAL ", 'quorum.read_answer': " EXPONENTIAL);
        judge(&moments, "read and answer", 3, k, 10.0 * two_legs_mean(3, k));
    }
    wait_for(&moments, 5, 3, true,
             "'quorum.write': " EXPONENTIAL ", 'quorum.write_ack': " EXPONENTIAL);
    judge(&moments, "write and ack", 5, 3, 10.0 * two_legs_mean(5, 3));
}

/*
 * Five regions, constant delays: the wait is the k-th smallest round trip, to the nanosecond. The
 * coordinator in us-east-1 is itself the first to answer, after 0.
 */
static void test_constant_delays(void **state)
{
    (void)state;
    static const double one_way_ms[5] = {0, 11.125, 30.5, 47.0625, 101.7};
    static struct moments moments;
    for (int k = 1; k <= 5; k++) {
        struct lab lab = {0};
        char text[2048];
        snprintf(
            text, sizeof text,
            "{'name': 'geo', 'duration': '10s',"
            " 'regions': ['us-east-1', 'us-west-2', 'eu-west-1', 'sa-east-1', 'ap-northeast-1'],"
            " 'network': {'latency': {'from': 'constant', 'one_way': '200ms'}, 'jitter': 'none',"
            "   'same_zone': '0ms', 'same_region': '0ms', 'links': ["
            "   {'from': 'us-east-1', 'to': 'ap-northeast-1', 'one_way': '11.125ms'},"
            "   {'from': 'us-east-1', 'to': 'sa-east-1', 'one_way': '30.5ms'},"
            "   {'from': 'us-east-1', 'to': 'us-west-2', 'one_way': '47.0625ms'},"
            "   {'from': 'us-east-1', 'to': 'eu-west-1', 'one_way': '101.7ms'}]},"
            " 'datasets': {'d': {'keys': 1000, 'replication': {'strategy': 'quorum', 'r': %d,"
            "   'w': %d, 'read_repair': 'none', 'heartbeat': '0ms'}}},"
            " 'clients': [{'at': 'us-east-1', 'rate': '100/s', 'mix': {'%s': 1}}]}",
            k, k, k % 2 == 0 ? "read" : "write");
        moments = (struct moments){.type = k % 2 == 0 ? RECORD_READ : RECORD_WRITE};
        lab_write(&lab, text);
        lab_run_into(&lab, test_seed(),
                     (struct record_sink){.state = &moments,
                                          .row = on_row,
                                          .mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED});
        lab_close(&lab);
        /* All equal: each contributes exactly this sum and this square. */
        const double exact_ms = 2.0 * one_way_ms[k - 1], count = (double)moments.count;
        assert_true(moments.count > 900);
        lab_near("round trip", moments.sum_ms / count, exact_ms, 1e-9);
        lab_near("its square", moments.squares / count, exact_ms * exact_ms, 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_exponential_leg),
        cmocka_unit_test(test_two_exponential_legs),
        cmocka_unit_test(test_constant_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
