/* Figures of several variants: what is copied, which curves come first, and that they are drawn. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */

#include "plots/comparison.h"

#include "plots/gnuplot.h"
#include "tests/plots/plot_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/geodes-test-comparison-XXXXXX";

/* Reads of 1 to 4 times `step_ns` and a curve of three points; released before anything is drawn.
 */
static void add_variant(struct comparison *comparison, const char *name, int64_t step_ns,
                        uint64_t missed)
{
    double x[] = {1.0, 2.0, 4.0}, x_end[] = {2.0, 4.0, 8.0}, y[3];
    uint64_t samples[] = {2000, 2000, 2000}, hits[3];
    struct metric metric = {.definition = metric_definition_find("latency_ms"),
                            .labels = {{"operation", "read"}},
                            .label_count = 1};
    struct metric_set set = {.metrics = &metric,
                             .metric_count = 1,
                             .curve_count = 1,
                             .duration_ns = 60 * SIM_NS_PER_S,
                             .seed = 3};
    for (size_t i = 0; i < 3; i++) {
        hits[i] = samples[i] - missed / (i + 1);
        y[i] = (double)hits[i] / (double)samples[i];
    }
    const struct metric_curve curve = {.name = "t_visibility",
                                       .x_name = "t_ms",
                                       .y_name = "fresh_ratio",
                                       .x = x,
                                       .x_end = x_end,
                                       .y = y,
                                       .samples = samples,
                                       .hits = hits,
                                       .point_count = 3};
    arena_init(&set.arena);
    metric.histogram = histogram_new(&set.arena);
    for (int64_t i = 1; i <= 4; i++) {
        histogram_record(metric.histogram, i * step_ns);
    }
    set.curves = &curve;
    comparison_add(comparison, name, &set, 1);
    arena_release(&set.arena);
}

static void expect_file(const char *directory, const char *name, const char *part)
{
    size_t size = 0;
    char *content = plot_file_read(directory, name, &size);
    assert_non_null(content);
    if (strstr(content, part) == NULL) {
        fail_msg("no \"%s\" in %s: %.600s", part, name, content);
    }
    free(content);
}

static void test_variants(void **state)
{
    const struct plot_options options = {.no_png = true};
    struct comparison comparison;
    static struct plot_report report;
    char program[OUTPUT_PATH_MAX];
    (void)state;
    comparison_init(&comparison, "quorum");
    add_variant(&comparison, "strict", 100, 0);
    add_variant(&comparison, "r1-w1", 40, 600);
    assert_true(comparison_draw(&comparison, folder, &options, &report));
    assert_int_equal(report.count, 6);
    const enum plot_state drawn = gnuplot_find(NULL, program) ? PLOT_DRAWN : PLOT_SCRIPT_ONLY;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(report.results[i].state, drawn);
    }
    for (size_t i = 3; i < report.count; i++) { /* nothing failed, and no writes met */
        assert_int_equal(report.results[i].state, PLOT_EMPTY);
    }
    /* Values of 40 ns to 160 ns are exact; the variants stand in the order in which they came. */
    expect_file(folder, "latency_cdf_variants.csv",
                "curve,latency_ms,share\n1,0.0001,0.25\n1,0.0002,0.5\n");
    expect_file(folder, "latency_cdf_variants.csv", "\n2,0.00004,0.25\n2,0.00008,0.5\n");
    /* The variant with stale reads comes first: 600, 300 and 200 of 2000 missed. */
    expect_file(folder, "t_visibility_variants.csv",
                "curve,t_ms,fresh_percent,stale_percent\n1,1.5,70,30.000000000000004\n1,3,85,15");
    expect_file(folder, "t_visibility_variants.csv", "\n2,1.5,100,0\n");
    expect_file(folder, "t_visibility_variants.gp", "strict");
    size_t size = 0;
    char *script = plot_file_read(folder, "stale_tail_variants.gp", &size);
    assert_non_null(script);
    assert_null(strstr(script, "strict")); /* no point of it is on a log axis */
    assert_non_null(strstr(script, "r1-w1"));
    free(script);
    comparison_release(&comparison);
}

static void test_many_and_none(void **state)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    struct comparison comparison;
    static struct plot_report report;
    char name[16];
    (void)state;
    comparison_init(&comparison, "none");
    assert_true(comparison_draw(&comparison, folder, &options, &report));
    for (size_t i = 0; i < report.count; i++) {
        assert_int_equal(report.results[i].state, PLOT_EMPTY);
    }
    for (unsigned i = 0; i < COMPARISON_VARIANTS_MAX + 3; i++) {
        snprintf(name, sizeof name, "v%u", i);
        add_variant(&comparison, name, 1000, 10 + i);
    }
    assert_int_equal(comparison.count, COMPARISON_VARIANTS_MAX);
    assert_true(comparison_draw(&comparison, folder, &options, &report));
    expect_file(folder, "latency_cdf_variants.gp", "54 more in metrics.csv");
    comparison_release(&comparison);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_variants),
                                       cmocka_unit_test(test_many_and_none)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
