/* Pictures of failures: what their data say, what is left out, and where faults are shaded. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */

#include "plots/plots.h"

#include "plots/comparison.h"
#include "plots/failover_rows.h"
#include "plots/failure_summary.h"
#include "tests/plots/failure_fixture.h"
#include "tests/plots/plot_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/geodes-test-failures-XXXXXX";
static struct fixture fixture;
static struct plot_report report;

static void draw(const char *only)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot", .only = only};
    if (!plots_draw(&fixture.layout, &fixture.set, folder, &options, &report)) {
        fail_msg("%s", report.error.text);
    }
}

static void expect(const char *file, const char *text, bool there)
{
    size_t size = 0;
    char *content = plot_file_read(folder, file, &size);
    assert_non_null(content);
    if ((strstr(content, text) != NULL) != there) {
        fail_msg("%s \"%s\" in %s: %.1500s", there ? "no" : "unwanted", text, file, content);
    }
    free(content);
}

static unsigned count_of(const char *file, const char *text)
{
    size_t size = 0;
    unsigned count = 0;
    char *content = plot_file_read(folder, file, &size);
    assert_non_null(content);
    for (const char *at = content; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    free(content);
    return count;
}

/*
 * The fixture's "cable" begins at 200 s. The clients of us-east-1 (row 1: reads, not interrupted;
 * row 2: writes, each part 1 s) and of eu-west-1 recover; the writes of tokyo-office (row 6) do not
 * by 600 s.
 */
static void test_failover_data(void **state)
{
    (void)state;
    draw("failover");
    expect("failover.csv",
           "time_s,\"us-east-1 read ok percent\",\"us-east-1 write ok percent\","
           "\"eu-west-1 read ok percent\",\"eu-west-1 write ok percent\","
           "\"tokyo-office read ok percent\",\"tokyo-office write ok percent\","
           "\"row\",\"part\",\"begin_s\",\"end_s\",\"step\"\n",
           true);
    expect("failover.csv", "\n,,,,,,,1,", false);
    expect("failover.csv",
           "\n,,,,,,,2,1,200,201,\n,,,,,,,2,2,201,202,\n,,,,,,,2,3,202,203,\n,,,,,,,2,4,203,204,\n"
           ",,,,,,,2,5,204,205,\n,,,,,,,2,6,205,206,\n,,,,,,,2,7,206,207,\n,,,,,,,3,1,200,201,\n",
           true);
    expect("failover.csv", "\n,,,,,,,4,7,212,214,\n", true);
    expect("failover.csv", "\n,,,,,,,6,8,200,600,\n", true);
    /* Step DONE, the sixth row from above, at 205 s. At tokyo-office 20 % are
     * ok from 200 s to 260 s. */
    expect("failover.csv", "\n,,,,,,,,,205,,6\n", true);
    expect("failover.csv", "\n245,100,100,,,20,20,,,,,\n", true);
    /* 40 % of the margin, a quarter of 400 s, is shown before the first fault. */
    expect("failover.gp", "set xrange [160:600]\n", true);
    expect("failover.gp", "set label \" not interrupted\"", true);
    expect("failover.gp", "set label \" 14 s\"", true); /* eu-west-1's writes */
    expect("failover.gp", "set label \"not recovered\"", true);
}

/* The second recovery begins before the first is over, the third does not. */
static void test_bars_do_not_overlap(void **state)
{
    static const sim_ns fails[] = {200, 203, 230}, ends[] = {210, 210, 240};
    struct metric_recovery recoveries[3];
    struct fixture other;
    struct failover_rows rows;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        recoveries[i] = (struct metric_recovery){.occurrence = (uint32_t)i + 1,
                                                 .region = "us-east-1",
                                                 .operation = "write",
                                                 .recovered = true};
        for (int k = 0; k < METRIC_RECOVERY_TIMES; k++) {
            recoveries[i].times_ns[k] =
                (k < METRIC_RECOVERY_DONE ? fails[i] : ends[i]) * SIM_NS_PER_S;
        }
    }
    fixture_init(&other, fixture_names);
    other.set.failures.recoveries = recoveries;
    other.set.failures.recovery_count = 3;
    const struct figure_input input = {.layout = &other.layout, .set = &other.set};
    assert_true(failover_rows_collect(&input, &other.arena, &rows));
    assert_int_equal(rows.region_count, 1);
    assert_false(rows.regions[0].rows[0].any);
    assert_int_equal(rows.regions[0].rows[1].bar_count, 2);
    assert_ptr_equal(rows.regions[0].rows[1].bars[0], &recoveries[0]);
    assert_ptr_equal(rows.regions[0].rows[1].bars[1], &recoveries[2]);
    /* 40 s of recoveries; the margin is ten buckets of 10 s. */
    assert_true(rows.from_s == 160.0 && rows.to_s == 340.0);
    other.set.failures.recovery_count = 0;
    assert_false(failover_rows_collect(&input, &other.arena, &rows));
    fixture_release(&other);
}

static void test_offered_and_served(void **state)
{
    (void)state;
    draw("offered_served");
    expect("offered_served.csv",
           "time_s,\"all client regions offered per s\",\"all client regions ok per s\","
           "\"all client regions failed per s\",\"all client regions unknown per s\","
           "\"us-east-1 offered per s\"",
           true);
    /* At 0 s: 100 + 40 at the first place; 100 + 5 sin 2 + 40 + 5 sin 2 at the last one. */
    expect("offered_served.csv", "\n5,289.0929742682568", true);
    /* Nothing at tokyo-office after 510 s: zeros, since areas have no gaps. */
    expect("offered_served.csv", ",0,0,0,0\n595,", true);
}

static void test_routes(void **state)
{
    (void)state;
    draw("routes");
    expect("routes.csv",
           "time_s,\"us-east-1 to us-east-1 percent\",\"us-east-1 to eu-west-1 percent\","
           "\"us-east-1 to tokyo-office percent\",\"eu-west-1 to us-east-1 percent\"",
           true);
    expect("routes.csv", "\n195,100,0,0,0,100,0,0,0,100\n205,75,25,0,0,75,25,25,0,75\n", true);
}

/* Three times in which a fault really was on, and none of what was planned. */
static void test_shades_what_happened(void **state)
{
    static const struct metric_fault_window windows[] = {
        {0, 1, 30 * SIM_NS_PER_S, 36 * SIM_NS_PER_S},
        {0, 2, 90 * SIM_NS_PER_S, 96 * SIM_NS_PER_S},
        {0, 3, 540 * SIM_NS_PER_S, SIM_NS_MAX}};
    const struct metric_events events = fixture.set.failures;
    (void)state;
    fixture.set.failures = (struct metric_events){.windows = windows, .window_count = 3};
    draw("replication_lag");
    expect("replication_lag.gp", "rectangle from first 0.5, graph 0 to first 0.6, graph 1", true);
    expect("replication_lag.gp", "rectangle from first 1.5, graph 0 to first 1.6, graph 1", true);
    expect("replication_lag.gp", "rectangle from first 9, graph 0 to first 10, graph 1", true);
    assert_int_equal(count_of("replication_lag.gp", "\nset object"), 3);
    expect("replication_lag.gp", "\"cable \\050\\063 times\\051\" at first 0.5,", true);
    expect("replication_lag.gp", "dublin", false); /* it was planned for 400 s */
    draw("failover");
    assert_int_equal(report.results[0].state, PLOT_EMPTY);
    fixture.set.failures.window_count = 0;
    draw("replication_lag");
    assert_int_equal(count_of("replication_lag.gp", "\nset object"), 0);
    fixture.set.failures = events;
}

/* Ten thousand occurrences are no ten thousand objects: at most every other pixel. */
static void test_many_windows(void **state)
{
    enum { WINDOWS = 10000 };
    static struct metric_fault_window windows[WINDOWS];
    const struct metric_events events = fixture.set.failures;
    (void)state;
    for (uint32_t i = 0; i < WINDOWS; i++) {
        windows[i].occurrence = i + 1;
        windows[i].begin_ns = (sim_ns)i * 60 * SIM_NS_PER_MS;
        windows[i].end_ns = windows[i].begin_ns + 20 * SIM_NS_PER_MS;
    }
    fixture.set.failures = (struct metric_events){.windows = windows, .window_count = WINDOWS};
    draw("replication_lag");
    assert_int_equal(count_of("replication_lag.gp", "\nset object"), 1);
    assert_in_range(count_of("replication_lag.gp", "\nset arrow"), 100, 900);
    expect("replication_lag.gp", "\\050\\061\\060\\060\\060\\060 times\\051", true);
    fixture.set.failures = events;
}

static void add_distribution(struct fixture *its, const char *name, const char *region,
                             sim_ns value)
{
    const struct metric_label labels[3] = {
        {"fault", "cable"}, {"region", region}, {"operation", "write"}};
    struct metric *metric = fixture_metric(its, name, labels, 3);
    if (metric->definition->shape == METRIC_COUNT) {
        metric->count = (uint64_t)value;
    } else if (value >= 0) {
        histogram_record(metric->histogram, value);
    }
}

/* us-east-1 takes 7 s, of which 3 s to detect and 4 s to warm; eu-west-1 5 s. */
static void fill_summary(struct fixture *its, bool recovered)
{
    const struct metric_label cable = {"fault", "cable"}, orders = {"dataset", "orders"};
    const struct metric_label during[2] = {{"fault", "cable"}, {"phase", "during"}};
    add_distribution(its, "rto_ms", "us-east-1", 7 * SIM_NS_PER_S);
    add_distribution(its, "rto_not_recovered", "us-east-1", 0);
    add_distribution(its, "rto_detect_ms", "us-east-1", 3 * SIM_NS_PER_S);
    add_distribution(its, "rto_warm_ms", "us-east-1", 4 * SIM_NS_PER_S);
    add_distribution(its, "rto_ms", "eu-west-1", recovered ? 5 * SIM_NS_PER_S : -1);
    add_distribution(its, "rto_not_recovered", "eu-west-1", recovered ? 0 : 1);
    fixture_metric(its, "rpo_writes_gone", &cable, 1)->count = 12;
    fixture_metric(its, "acked_discarded", NULL, 0)->count = 3;
    struct metric *lost = fixture_metric(its, "rpo_lost_ms", &cable, 1);
    lost->count = 1;
    lost->value = 250e6;
    struct metric *split = fixture_metric(its, "split_brain_ms", &orders, 1);
    split->count = 1;
    split->value = 40e6;
    static const uint64_t share[2] = {90, 100};
    fixture_ratio(its, "availability_ratio", during, 2, share);
    struct metric *nines = fixture_metric(its, "availability_nines", during, 2);
    nines->count = 1;
    nines->value = 1.0;
}

static void test_summary(void **state)
{
    struct fixture its;
    (void)state;
    fixture_init(&its, fixture_names);
    struct failure_summary summary = failure_summary_of(&its.set);
    assert_false(summary.operations[0].any || summary.operations[1].any || summary.lost_known ||
                 summary.all_ok);
    fill_summary(&its, true);
    summary = failure_summary_of(&its.set);
    assert_false(summary.operations[0].any);
    assert_true(summary.operations[1].any);
    assert_int_equal(summary.operations[1].not_recovered, 0);
    /* Histograms keep three digits and more. */
    assert_float_equal(summary.operations[1].rto_ms, 7000.0, 1.0);
    assert_float_equal(summary.operations[1].parts_ms[0], 3000.0, 1.0);
    assert_float_equal(summary.operations[1].parts_ms[6], 4000.0, 1.0);
    assert_int_equal(summary.gone, 12);
    assert_int_equal(summary.discarded, 3);
    assert_true(summary.lost_ms == 250.0 && summary.split_brain_ms == 40.0);
    assert_true(summary.nines_known && summary.nines == 1.0 && !summary.all_ok);
    fixture_release(&its);
}

/* Not to have recovered is longer than 7 s; a variant without faults has no row. */
static void test_variants(void **state)
{
    static const char *const names[3] = {"calm", "recovers", "does $(touch x) not"};
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    struct comparison comparison;
    (void)state;
    comparison_init(&comparison, "two-regions");
    for (size_t i = 0; i < 3; i++) {
        struct fixture its;
        fixture_init(&its, fixture_names);
        if (i > 0) {
            fill_summary(&its, i == 1);
        }
        comparison_add(&comparison, names[i], &its.set, 1);
        fixture_release(&its);
    }
    assert_true(comparison_draw(&comparison, folder, &options, &report));
    expect("failover_variants.csv",
           "variant,operation,part,begin_s,end_s,gone_writes,discarded_writes,lost_s\n"
           "1,2,1,0,3,,,\n1,2,7,3,7,,,\n2,2,8,0,9.1,,,\n1,,,,,12,3,0.25\n2,,,,,12,3,0.25\n",
           true);
    expect("failover_variants.gp", "\"does \\044\\050touch x\\051 not\"", true);
    expect("failover_variants.gp", "calm", false);
    expect("failover_variants.gp", "set label \"7 s\"", true);
    expect("failover_variants.gp", "\"15\\054 250 ms\"", true);
    comparison_release(&comparison);
}

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, fixture_names);
    fixture_fill(&fixture);
    failure_fixture_fill(&fixture);
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    plot_folder_remove(folder);
    fixture_release(&fixture);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failover_data),
        cmocka_unit_test(test_bars_do_not_overlap),
        cmocka_unit_test(test_offered_and_served),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_shades_what_happened),
        cmocka_unit_test(test_many_windows),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_variants),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
