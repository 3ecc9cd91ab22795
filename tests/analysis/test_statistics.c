/*
 * Intervals against textbook numbers, pooling against one run over the same rows, in any order.
 */
#include "analysis/statistics.h"
#include "tests/analysis/record_stream.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void near(double found, double expected, double tolerance)
{
    if (fabs(found - expected) > tolerance) {
        fail_msg("found %.12g, expected %.12g", found, expected);
    }
}

/*
 * Law, "Simulation Modeling and Analysis", example 4.27: ten samples with mean 1.34 and variance
 * 0.17 have the 90 % interval 1.34 +- 0.24.
 */
static void test_interval(void **state)
{
    static const double samples[] = {1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09};
    const struct statistics_summary ninety = statistics_summarize(samples, 10, 0.90);
    const struct statistics_summary usual = statistics_summarize(samples, 10, 0.95);

    (void)state;
    near(ninety.mean, 1.343, 1e-12);
    near(ninety.deviation * ninety.deviation, 0.17, 5e-3);
    near(ninety.half_width, 0.24, 5e-3);
    /* t(0.975, 9) = 2.262157 (any t table). */
    near(usual.half_width, 2.262157 * usual.deviation / sqrt(10), 1e-6);
    near(usual.min, 0.50, 0);
    near(usual.max, 1.89, 0);
}

static void test_few_values(void **state)
{
    static const double one[] = {2.385};
    static const double equal[] = {2.385, 2.385};

    (void)state;
    assert_int_equal(statistics_summarize(NULL, 0, 0.95).count, 0);
    assert_false(statistics_summarize(NULL, 0, 0.95).has_interval);
    near(statistics_summarize(one, 1, 0.95).mean, 2.385, 0);
    assert_false(statistics_summarize(one, 1, 0.95).has_interval);
    assert_true(statistics_summarize(equal, 2, 0.95).has_interval);
    near(statistics_summarize(equal, 2, 0.95).half_width, 0, 0);
}

/* 0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in the last bit unless they are sorted first. */
static void test_order(void **state)
{
    static const double up[] = {0.1, 0.2, 0.3, 1e16, -1e16};
    static const double down[] = {-1e16, 1e16, 0.3, 0.2, 0.1};
    const struct statistics_summary a = statistics_summarize(up, 5, 0.95);
    const struct statistics_summary b = statistics_summarize(down, 5, 0.95);

    (void)state;
    assert_memory_equal(&a.mean, &b.mean, sizeof(a.mean));
    assert_memory_equal(&a.half_width, &b.half_width, sizeof(a.half_width));
}

/*
 * A replication: w1 acknowledged at 10; `count` reads at 20, 22, ... of which the first `stale`
 * return the initial value, each `latency` ms long; one probe 7 ms after the acknowledgement.
 */
static void replication(const struct record_layout *layout, int count, int stale, sim_ns latency,
                        struct metric_set *set)
{
    struct stream stream;

    stream_begin(&stream, layout);

    const uint64_t w1 = stream_invoke(&stream, 5 * MS, 0, RECORD_WRITE, 0);

    stream_commit(&stream, 10 * MS, 0, 0, 1, w1);
    stream_complete(&stream, 10 * MS, 0, w1, RECORD_OK, 1, w1);
    for (int i = 0; i < count; i++) {
        const sim_ns at_ns = (20 + 2 * i) * MS;
        const uint64_t read = stream_invoke(&stream, at_ns, 1, RECORD_READ, 0);

        stream_complete(&stream, at_ns + latency, 1, read, i == 0 ? RECORD_INFO : RECORD_OK, 1,
                        i <= stale ? 0 : w1);
    }
    stream_row(&stream, (struct record){.at_ns = 900 * MS,
                                        .kind = RECORD_INVOKED,
                                        .flags = RECORD_FLAG_PROBE,
                                        .slot = 9,
                                        .operation = 999,
                                        .write = w1,
                                        .b = latency});
    stream_row(&stream, (struct record){.at_ns = 901 * MS,
                                        .kind = RECORD_COMPLETED,
                                        .slot = 9,
                                        .operation = 999,
                                        .stamp = 1,
                                        .write = stale > 2 ? 0 : w1});
    collector_finish(&stream.collector, 1000 * MS, set);
    collector_release(&stream.collector);
    set->events = (uint64_t)count;
    set->fingerprint = (uint64_t)latency;
}

static void test_pool(void **state)
{
    struct record_layout layouts[3];
    struct metric_set sets[3], pooled, again, single;

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        layouts[i] = stream_layout();
        layouts[i].seed = 7 - i;
    }
    replication(&layouts[0], 11, 2, 1 * MS, &sets[0]);
    replication(&layouts[1], 21, 4, 1 * MS + 500000, &sets[1]);
    replication(&layouts[2], 41, 9, 1 * MS, &sets[2]);

    const struct metric_set *const order[] = {&sets[0], &sets[1], &sets[2]};
    const struct metric_set *const other[] = {&sets[2], &sets[0], &sets[1]};

    statistics_pool(order, 3, &pooled);
    statistics_pool(other, 3, &again);
    assert_true(metric_set_digest(&pooled) == metric_set_digest(&again));
    assert_true(pooled.fingerprint == again.fingerprint);
    assert_int_equal(pooled.seed, 5);
    assert_int_equal(pooled.events, 73);
    assert_int_equal(pooled.measured_ns, 3 * sets[0].measured_ns);
    assert_int_equal(pooled.end_ns, sets[0].end_ns);
    /* Read 0 of each is unknown: 10 + 20 + 40 judged reads, 2 + 4 + 9 stale. */
    near(metric_number(metric_at(&pooled, "stale_ratio")), 15.0 / 70, 1e-12);
    near(metric_number(metric_at(&pooled, "latency_ms{operation=read}")), (10 + 20 * 1.5 + 40) / 70,
         1e-12);
    near(metric_number(metric_at(&pooled, "availability_nines{region=ireland,operation=read}")),
         -log10(3.0 / 73), 1e-12);
    near(metric_number(metric_at(&pooled, "tries_per_operation")), 1, 1e-12);

    /* Two of the three probes came 1 ms after, one of them (9 stale) saw nothing. */
    const struct metric_curve *probes = &pooled.curves[pooled.curve_count - 1];

    assert_int_equal(probes->point_count, 2);
    near(probes->y[0], 0.5, 0);
    assert_int_equal(probes->samples[0], 2);
    near(probes->x[1], 1.5, 0);

    const size_t index = (size_t)(metric_at(&sets[0], "stale_ratio") - sets[0].metrics);
    const struct statistics_summary ratio = statistics_metric(order, 3, index, STATISTICS_NUMBER);

    near(ratio.mean, (2.0 / 10 + 4.0 / 20 + 9.0 / 40) / 3, 1e-12);
    assert_int_equal(ratio.count, 3);

    const size_t latency =
        (size_t)(metric_at(&sets[0], "latency_ms{operation=read}") - sets[0].metrics);

    near(statistics_metric(order, 3, latency, 0.5).mean, 3.5 / 3, 3.5 / 3 * 0.004);

    /* One set pooled is that set. */
    statistics_pool(&order[1], 1, &single);
    single.events = sets[1].events;
    assert_true(metric_set_digest(&single) == metric_set_digest(&sets[1]));
    assert_false(metric_set_digest(&sets[0]) == metric_set_digest(&sets[1]));
    metric_set_release(&pooled);
    metric_set_release(&again);
    metric_set_release(&single);
    for (size_t i = 0; i < 3; i++) {
        metric_set_release(&sets[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_few_values),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
