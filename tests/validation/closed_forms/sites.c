#include "tests/validation/closed_forms/sites.h"

#include "tests/validation/lab.h"

#include <math.h>

/* Pairs: 0: 0-1, 1: 0-2, 2: 1-2. */
static double delay_ms(const struct sites *sites, int from, int to)
{
    const int pair = from + to - 1;
    return from < to ? sites->one_way_ms[pair] : sites->back_ms[pair];
}

/* Expected writes of others in all windows of a write of i. */
static double expected(const struct sites *sites, enum sites_law law, int i)
{
    double sum = 0;
    for (int j = 0; j < sites->count; j++) {
        if (j == i) {
            continue;
        }
        const double there_ms = delay_ms(sites, i, j), back_ms = delay_ms(sites, j, i);
        const double ahead_ms = sites->ahead_ms[j] - sites->ahead_ms[i];
        const double windows_ms[SITES_LAWS] = {
            [SITES_CONFLICT] = there_ms + back_ms,
            [SITES_LOST] = fmax(0, there_ms + ahead_ms),
            [SITES_LOST_CONCURRENT] = fmax(0, there_ms + fmin(ahead_ms, back_ms)),
            [SITES_LOST_CLOCK] = fmax(0, ahead_ms - back_ms),
        };
        sum += sites->rate[j] * windows_ms[law] / 1000;
    }
    return sum;
}

double sites_exact(const struct sites *sites, enum sites_law law)
{
    double share = 0, rates = 0;
    for (int i = 0; i < sites->count; i++) {
        double met = 1 - exp(-expected(sites, law, i));
        if (law == SITES_LOST_CONCURRENT) {
            met *= exp(-expected(sites, SITES_LOST_CLOCK, i));
        }
        share += sites->rate[i] * met;
        rates += sites->rate[i];
    }
    return share / rates;
}

static const char *const names[SITES_MAX] = {"us-east-1", "eu-west-1", "ap-northeast-1"};

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

static void write_scenario(const struct sites *sites, const char *replication,
                           const struct sites_plan *plan, char *text, size_t size)
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
             "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'%s},"
             " 'datasets': {'d': {'keys': 1, 'replication': {'strategy': 'multi_primary', %s}}},"
             " 'clients': [%s], 'faults': [%s]}",
             plan->duration_s, regions, plan->network != NULL ? plan->network : "", replication,
             clients, faults);
}

static double measured(const struct metric_set *set, enum sites_law law)
{
    const struct metric *conflicts = lab_metric(set, "conflict_ratio", NULL, NULL);
    const char *cause = law == SITES_LOST_CLOCK ? "clock" : "concurrent";
    const struct metric *counted = conflicts;
    if (law != SITES_CONFLICT) {
        counted = law == SITES_LOST ? lab_metric(set, "lost_updates", NULL, NULL)
                                    : lab_metric(set, "lost_updates", "cause", cause);
    }
    return (double)counted->count / (double)conflicts->total;
}

struct sites_means sites_run(const struct sites *sites, const char *replication,
                             const struct sites_plan *plan)
{
    struct sites_means means = {0};
    char text[4096], matrix[1024];
    write_matrix(sites, matrix, sizeof matrix);
    write_scenario(sites, replication, plan, text, sizeof text);
    for (int r = 0; r < plan->runs; r++) {
        struct lab lab = {.traces = {matrix}};
        struct metric_set set;
        lab_write(&lab, text);
        lab_measure(&lab, test_seed() * 1000 + (uint64_t)r, &set);
        assert_int_equal(lab_metric(&set, "conflicts_approximate", NULL, NULL)->count, 0);
        for (int law = 0; law < SITES_LAWS; law++) {
            const double share = measured(&set, (enum sites_law)law);
            means.mean[law] += share / plan->runs;
            means.error[law] += share * share / plan->runs;
        }
        metric_set_release(&set);
        lab_close(&lab);
    }
    for (int law = 0; law < SITES_LAWS; law++) {
        const double variance = means.error[law] - means.mean[law] * means.mean[law];
        means.error[law] = sqrt(fmax(0, variance) / (plan->runs - 1));
    }
    return means;
}

void sites_judge(const char *what, const struct sites *sites, const char *replication,
                 const struct sites_plan *plan)
{
    static const char *const laws[SITES_LAWS] = {"conflicts", "lost", "lost to concurrency",
                                                 "lost to clocks"};
    const struct sites_means means = sites_run(sites, replication, plan);
    for (int law = 0; law < SITES_LAWS; law++) {
        char name[256];
        const double share = sites_exact(sites, (enum sites_law)law);
        const double tolerance = plan->errors * means.error[law];
        snprintf(name, sizeof name, "%s: %s, seed %llu", what, laws[law],
                 (unsigned long long)test_seed());
        if (tolerance > plan->share * share + 1e-12) {
            fail_msg("%s: %g standard errors are %g of %g", name, plan->errors, tolerance, share);
        }
        lab_near(name, means.mean[law], share, tolerance);
    }
}
