/* Figures about writes that meet: their data, and what a comparison keeps of each variant. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */

#include "plots/plots.h"

#include "plots/comparison.h"
#include "plots/conflict_summary.h"
#include "tests/plots/conflict_fixture.h"
#include "tests/plots/plot_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/geodes-test-conflicts-XXXXXX";
static const char *const names[3] = {"us-east-1", "eu-west-1", "tokyo-office"};

static void expect_data(const char *name, const char *expected)
{
    size_t size = 0;
    char *content = plot_file_read(folder, name, &size);
    assert_non_null(content);
    if (strncmp(content, expected, strlen(expected)) != 0) {
        fail_msg("%s begins otherwise: %.400s", name, content);
    }
    free(content);
}

static void test_data(void **state)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    static struct plot_report report;
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture, names);
    conflict_fixture_fill(&fixture);
    assert_true(plots_draw(&fixture.layout, &fixture.set, folder, &options, &report));
    expect_data("conflict_sketch.csv", "event,write,machine,time_ms\n1,1,1,0\n1,2,2,40\n2,1,2,60\n"
                                       "3,1,2,60\n2,2,1,100\n3,1,1,100\n");
    expect_data("divergence.csv", "time_s,\"orders\"\n5,0.25\n15,0\n");
    fixture_release(&fixture);
}

static void add_count(struct fixture *fixture, const char *name, const char *key, const char *value,
                      uint64_t count)
{
    const struct metric_label label = {key, value};
    fixture_metric(fixture, name, &label, 1)->count = count;
}

/*
 * 200 acknowledged writes in 600 s, 30 of 210 in conflict, 10 lost to concurrent ones and 4 to a
 * clock. Two replicas with 210 samples each, of which 210 in all are those of the accepting ones,
 * without delay: the mean of all, 25 ms, is half of that of the others.
 */
static void make_set(struct fixture *fixture)
{
    fixture_init(fixture, names);
    fixture->set.measured_ns = 600 * SIM_NS_PER_S;
    fixture_ratio(fixture, "conflict_ratio", NULL, 0, (const uint64_t[2]){30, 210});
    add_count(fixture, "operations_ok", "operation", "write", 200);
    add_count(fixture, "lost_updates", "cause", "concurrent", 10);
    add_count(fixture, "lost_updates", "cause", "clock", 4);
    for (int replica = 0; replica < 2; replica++) {
        const struct metric_label labels[] = {{"dataset", "orders"},
                                              {"replica", replica == 0 ? "a" : "b"}};
        struct metric *metric = fixture_metric(fixture, "apply_delay_ms", labels, 2);
        histogram_record_times(metric->histogram, 0, 105);
        histogram_record_times(metric->histogram, 50 * SIM_NS_PER_MS, 105);
    }
    struct metric *error = fixture_metric(fixture, "clock_error_ms", NULL, 0);
    histogram_record_times(error->histogram, 2 * SIM_NS_PER_MS, 210);
}

static void near(double found, double expected)
{
    if (fabs(found - expected) > 1e-9) {
        fail_msg("found %.12g, expected %.12g", found, expected);
    }
}

static void test_summary(void **state)
{
    static struct fixture fixture;
    (void)state;
    make_set(&fixture);
    const struct conflict_summary summary = conflict_summary_of(&fixture.set);
    assert_true(summary.any);
    near(summary.conflicts, 100.0 * 30 / 210);
    near(summary.lost[LOSS_CONCURRENT], 5.0);
    near(summary.lost[LOSS_CLOCK], 2.0);
    near(summary.lost[LOSS_FAILOVER], 0.0);
    near(summary.delay_ms, 50.0);
    near(summary.writes_per_s, 200.0 / 600);
    assert_true(summary.clock_known);
    near(summary.clock_error_ms, 2.0);
    fixture_release(&fixture);
    fixture_init(&fixture, names);
    assert_false(conflict_summary_of(&fixture.set).any);
    fixture_release(&fixture);
}

/* Two variants alike: bars for both, and no axis on which they differ. A third with more writes. */
static void test_comparison(void **state)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    static struct plot_report report;
    static struct fixture fixture;
    struct comparison comparison;
    (void)state;
    comparison_init(&comparison, "conflicts");
    make_set(&fixture);
    comparison_add(&comparison, "one", &fixture.set, 1);
    comparison_add(&comparison, "two", &fixture.set, 1);
    assert_true(comparison_draw(&comparison, folder, &options, &report));
    expect_data("conflicts_variants.csv",
                "variant,conflicts_percent,lost_concurrent_percent,lost_clock_percent,"
                "lost_failover_percent\n1,14.285714285714285,5,2,0\n2,");
    assert_int_equal(report.results[report.count - 1].state, PLOT_EMPTY);
    fixture.set.measured_ns = 300 * SIM_NS_PER_S;
    comparison_add(&comparison, "three", &fixture.set, 1);
    assert_true(comparison_draw(&comparison, folder, &options, &report));
    expect_data("conflict_curves.csv",
                "variant,delay_ms,writes_per_s,clock_error_ms,conflicts_percent,lost_percent\n"
                "1,50,0.3333333333333333,2,14.285714285714285,7\n");
    assert_int_equal(report.results[report.count - 1].state, PLOT_SCRIPT_ONLY);
    comparison_release(&comparison);
    fixture_release(&fixture);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    plot_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_comparison),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
