/*
 * Counters that merge: how much of the true number a replica lacks on average.
 *
 * Model:  site i adds 1 at rate l_i (Poisson) and tells all others after d_ij, with batch_wait P:
 *         the first write of a batch waits P, those that come meanwhile share its message.
 * Exact:  by Little's law (Little, Operations Research 9(3), 1961) what replica r lacks is the
 *         number of additions that are on their way to it: sum over i of l_i E[D_ir], with
 *         D_ir = d_ir + wait. A cycle of a sender lasts P + 1 / l and has 1 + l P additions on
 *         average, which wait P + l P^2 / 2 together, so E[wait] = P (1 + l P / 2) / (1 + l P):
 *         P / 2 when many share a message, and P when they are alone.
 * Sure:   a replica never has more than was added, and has all of it after the last addition's D.
 * Runs:   RUNS independent ones for each row; the means are within four standard errors (one in
 *         2,000 with Student's t of 11 degrees of freedom), which must be below 5 %.
 */
#include "tests/validation/lab.h"

#include <math.h>

enum { SITES = 3, RUNS = 12, DURATION_S = 250, WARM_S = 2 };

static const char *const names[SITES] = {"us-east-1", "eu-west-1", "ap-northeast-1"};

struct sites {
    double rate[SITES];
    double one_way_ms[SITES][SITES];
    double wait_ms; /* P */
};

struct watcher {
    double lacks[SITES]; /* number x seconds */
    sim_ns last_ns;
    int64_t added, numbers[SITES];
    bool too_much;
};

static void watch(void *state, const struct record *row)
{
    struct watcher *watcher = state;
    if (row->at_ns > watcher->last_ns) {
        const sim_ns from_ns =
            watcher->last_ns > WARM_S * SIM_NS_PER_S ? watcher->last_ns : WARM_S * SIM_NS_PER_S;
        for (int r = 0; r < SITES; r++) {
            const int64_t lacks = watcher->added - watcher->numbers[r];
            watcher->too_much |= lacks < 0;
            if (row->at_ns > from_ns) {
                watcher->lacks[r] += (double)lacks * (double)(row->at_ns - from_ns) / 1e9;
            }
        }
        watcher->last_ns = row->at_ns;
    }
    if (row->kind == RECORD_COMMITTED) {
        watcher->added += row->b;
    } else if (row->kind == RECORD_VALUE) {
        watcher->numbers[row->node] = row->a;
    }
}

static void write_scenario(const struct sites *sites, const char *type, const char *exchange,
                           char *text, size_t size, char *matrix, size_t matrix_size)
{
    char clients[600] = "";
    size_t used =
        (size_t)snprintf(matrix, matrix_size, "region,%s,%s,%s", names[0], names[1], names[2]);
    for (int i = 0; i < SITES; i++) {
        used += (size_t)snprintf(matrix + used, matrix_size - used, "\n%s,%g,%g,%g", names[i],
                                 sites->one_way_ms[i][0], sites->one_way_ms[i][1],
                                 sites->one_way_ms[i][2]);
        snprintf(clients + strlen(clients), sizeof clients - strlen(clients),
                 "%s{'at': '%s', 'rate': '%g/s', 'mix': {'increment': 1}, 'amount': 1}",
                 i > 0 ? "," : "", names[i], sites->rate[i]);
    }
    snprintf(matrix + used, matrix_size - used, "\n");
    snprintf(text, size,
             "{'name': 'counters', 'duration': '%ds', 'regions': ['%s', '%s', '%s'],"
             " 'network': {'latency': {'from': 'matrix', 'file': '0.csv', 'unit': 'one_way_ms'},"
             "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
             " 'datasets': {'d': {'keys': 1, 'value': '%s', 'replication':"
             "   {'strategy': 'multi_primary', 'ack': 'memory', 'batch_max': 60000,"
             "    'batch_wait': '%gms', 'exchange': '%s'}}},"
             " 'clients': [%s]}",
             DURATION_S, names[0], names[1], names[2], type, sites->wait_ms, exchange, clients);
}

static double exact(const struct sites *sites, int replica)
{
    double lacks = 0;
    for (int i = 0; i < SITES; i++) {
        const double shared = sites->rate[i] * sites->wait_ms / 1000;
        const double wait_ms = sites->wait_ms * (1 + shared / 2) / (1 + shared);
        lacks +=
            i == replica ? 0 : sites->rate[i] * (sites->one_way_ms[i][replica] + wait_ms) / 1000;
    }
    return lacks;
}

static void judge(const char *what, const struct sites *sites, const char *type,
                  const char *exchange)
{
    double mean[SITES] = {0}, squares[SITES] = {0};
    char text[4000], matrix[600];
    write_scenario(sites, type, exchange, text, sizeof text, matrix, sizeof matrix);
    for (int r = 0; r < RUNS; r++) {
        struct lab lab = {.traces = {matrix}};
        struct watcher watcher = {0};
        lab_write(&lab, text);
        const uint32_t kinds = 1u << RECORD_COMMITTED | 1u << RECORD_VALUE;
        lab_run_into(&lab, test_seed() * 1000 + (uint64_t)r,
                     (struct record_sink){.state = &watcher, .row = watch, .mask = kinds});
        lab_close(&lab);
        assert_false(watcher.too_much);
        for (int site = 0; site < SITES; site++) {
            const double lacks = watcher.lacks[site] / (DURATION_S - WARM_S);
            mean[site] += lacks / RUNS;
            squares[site] += lacks * lacks / RUNS;
        }
    }
    for (int site = 0; site < SITES; site++) {
        char name[200];
        const double error = sqrt(fmax(0, squares[site] - mean[site] * mean[site]) / (RUNS - 1));
        const double law = exact(sites, site);
        snprintf(name, sizeof name, "%s, %s by %s at %s, seed %llu", what, type, exchange,
                 names[site], (unsigned long long)test_seed());
        if (4 * error > 0.05 * law) {
            fail_msg("%s: four standard errors are %g of %g", name, 4 * error, law);
        }
        lab_near(name, mean[site], law, 4 * error);
    }
}

static void test_at_once(void **state)
{
    (void)state;
    const struct sites sites = {.rate = {40, 15, 5},
                                .one_way_ms = {{0, 35, 75}, {40, 0, 110}, {80, 105, 0}}};
    judge("at once", &sites, "g_counter", "operation");
    judge("at once", &sites, "pn_counter", "delta");
}

static void test_in_batches(void **state)
{
    (void)state;
    const struct sites often = {.rate = {40, 60, 30},
                                .one_way_ms = {{0, 35, 75}, {40, 0, 110}, {80, 105, 0}},
                                .wait_ms = 500};
    const struct sites seldom = {
        .rate = {5, 3, 4}, .one_way_ms = {{0, 10, 20}, {10, 0, 30}, {20, 30, 0}}, .wait_ms = 300};
    judge("many share a batch", &often, "g_counter", "state");
    judge("many share a batch", &often, "pn_counter", "delta");
    judge("few share a batch", &seldom, "g_counter", "operation");
}

/* Additions at 1 s, 1.1 s and, the last one, at 1.2 s: all have it 50 + 75 ms later. */
struct last {
    int64_t numbers[SITES];
    sim_ns all_ns; /* since when all have all */
};

static void on_value(void *state, const struct record *row)
{
    struct last *last = state;
    const bool before = last->numbers[0] == 9 && last->numbers[1] == 9 && last->numbers[2] == 9;
    last->numbers[row->node] = row->a;
    const bool after = last->numbers[0] == 9 && last->numbers[1] == 9 && last->numbers[2] == 9;
    last->all_ns = after && !before ? row->at_ns : last->all_ns;
    assert_true(row->a <= 9);
}

static void test_converged_when_the_last_has_arrived(void **state)
{
    (void)state;
    static const char *const exchanges[] = {"state", "delta", "operation"};
    const struct sites sites = {
        .rate = {1, 1, 1}, .one_way_ms = {{0, 35, 75}, {40, 0, 110}, {80, 105, 0}}, .wait_ms = 50};
    char text[4000], matrix[600];
    for (size_t e = 0; e < sizeof exchanges / sizeof exchanges[0]; e++) {
        write_scenario(&sites, "pn_counter", exchanges[e], text, sizeof text, matrix,
                       sizeof matrix);
        strcpy(strstr(text, "'clients'"), "'clients': [{'at': 'us-east-1', 'trace': '1.csv'},"
                                          " {'at': 'eu-west-1', 'trace': '2.csv'},"
                                          " {'at': 'ap-northeast-1', 'trace': '3.csv'}]}");
        struct lab lab = {.traces = {matrix, "time_ms,operation,key,amount\n1200,increment,0,5\n",
                                     "time_ms,operation,key,amount\n1100,decrement,0,3\n",
                                     "time_ms,operation,key,amount\n1000,increment,0,7\n"}};
        struct last last = {.all_ns = -1};
        lab_write(&lab, text);
        lab_run_into(
            &lab, test_seed(),
            (struct record_sink){.state = &last, .row = on_value, .mask = 1u << RECORD_VALUE});
        lab_close(&lab);
        assert_int_equal(last.all_ns, (1200 + 50 + 75) * SIM_NS_PER_MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_in_batches),
        cmocka_unit_test(test_converged_when_the_last_has_arrived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
