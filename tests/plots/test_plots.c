#define _XOPEN_SOURCE 700 /* mkdtemp, nftw, setenv */

#include "plots/plots.h"

#include "plots/figure.h"
#include "plots/gnuplot.h"
#include "plots/gp_literal.h"
#include "tests/analysis/report_fixture.h"
#include "tests/plots/conflict_fixture.h"
#include "tests/plots/failure_fixture.h"
#include "tests/plots/plot_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/geodes-test-plots-XXXXXX";
static char temporary[128]; /* TMPDIR: private directories of the driver */
static struct fixture fixture;
static struct plot_report report;

static bool has_gnuplot(void)
{
    char program[OUTPUT_PATH_MAX];
    return gnuplot_find(NULL, program);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void draw(const char *name, const struct plot_options *options)
{
    if (!plots_draw(&fixture.layout, &fixture.set, path_of(name), options, &report)) {
        fail_msg("%s", report.error.text);
    }
    assert_int_equal(plot_entry_count(temporary), 0); /* nothing is left behind */
}

static size_t registry_count(void)
{
    size_t count = 0;
    while (figure_registry[count] != NULL) {
        count++;
    }
    return count;
}

static void expect_picture(const char *name, const char *figure, const char *ending)
{
    char file[128];
    size_t size = 0;
    snprintf(file, sizeof file, "%s.%s", figure, ending);
    char *content = plot_file_read(path_of(name), file, &size);
    assert_non_null(content);
    if (strcmp(ending, "svg") == 0) {
        const char *problem = xml_problem(content);
        if (problem != NULL) {
            fail_msg("%s is not well-formed at: %.80s", file, problem);
        }
        assert_null(strstr(content, "<script"));
    } else {
        assert_memory_equal(content, "\211PNG\r\n\032\n", 8);
        assert_memory_equal(content + size - 8, "IEND\256B`\202", 8);
    }
    free(content);
}

static void test_all_figures(void **state)
{
    const struct plot_options options = {0};
    (void)state;
    if (!has_gnuplot()) {
        skip();
    }
    draw("all", &options);
    assert_int_equal(report.count, registry_count());
    assert_string_equal(report.note, "");
    for (size_t i = 0; i < report.count; i++) {
        if (report.results[i].state != PLOT_DRAWN || report.results[i].text[0] != '\0') {
            fail_msg("%s: state %d: %s", report.results[i].name, (int)report.results[i].state,
                     report.results[i].text);
        }
        expect_picture("all", report.results[i].name, "svg");
        expect_picture("all", report.results[i].name, "png");
    }
    /* Four files a figure and nothing else. */
    assert_int_equal(plot_entry_count(path_of("all")), 4 * registry_count());
}

/* The script next to the picture makes the same picture. */
static void test_same_bytes(void **state)
{
    const struct plot_options options = {.no_png = true, .only = "availability"};
    size_t one_size = 0, two_size = 0;
    (void)state;
    if (!has_gnuplot()) {
        skip();
    }
    draw("one", &options);
    draw("two", &options);
    char *one = plot_file_read(path_of("one"), "availability.svg", &one_size);
    char *two = plot_file_read(path_of("two"), "availability.svg", &two_size);
    assert_int_equal(one_size, two_size);
    assert_memory_equal(one, two, one_size);
    /* The names that must be seen are seen. */
    assert_non_null(strstr(one, "tokyo-office"));
    assert_non_null(strstr(one, "dublin-out"));
    assert_non_null(strstr(one, "simulated time (min)"));
    free(one);
    free(two);
}

static void test_without_gnuplot(void **state)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    char expected[512];
    (void)state;
    draw("none", &options);
    snprintf(expected, sizeof expected,
             "no gnuplot found: the figures' scripts and data are in %s; install gnuplot and draw "
             "them with `gnuplot -d NAME.gp > NAME.svg`",
             path_of("none"));
    assert_string_equal(report.note, expected);
    assert_int_equal(report.failed, 0);
    for (size_t i = 0; i < report.count; i++) {
        assert_int_equal(report.results[i].state, PLOT_SCRIPT_ONLY);
    }
    assert_int_equal(plot_entry_count(path_of("none")), 2 * registry_count());
}

static void test_empty_set(void **state)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    struct metric_set set = {.duration_ns = 600 * SIM_NS_PER_S};
    struct record_layout layout = fixture.layout;
    (void)state;
    layout.pair_count = 0;
    assert_true(plots_draw(&layout, &set, path_of("empty"), &options, &report));
    for (size_t i = 0; i < report.count; i++) {
        assert_int_equal(report.results[i].state, PLOT_EMPTY);
    }
    assert_int_equal(plot_entry_count(path_of("empty")), 0);
}

/* A stand-in for gnuplot that does what the text says. */
static const char *fake_gnuplot(const char *body)
{
    static char path[256];
    snprintf(path, sizeof path, "%s", path_of("fake"));
    unlink(path);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fprintf(stream, "#!/bin/sh\n%s\n", body);
    fclose(stream);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static void expect_failure(const char *body, const char *text)
{
    const struct plot_options options = {
        .gnuplot = fake_gnuplot(body), .no_png = true, .timeout_s = 1, .only = "network_delay"};
    char expected[PLOT_TEXT_MAX];
    draw("failing", &options);
    snprintf(expected, sizeof expected, "%s/network_delay.svg: %s", path_of("failing"), text);
    assert_int_equal(report.results[0].state, PLOT_FAILED);
    assert_string_equal(report.results[0].text, expected);
    assert_string_equal(report.note, "1 of 1 figures could not be drawn");
    assert_int_equal(plot_entry_count(path_of("failing")),
                     2); /* script and data, no half picture */
}

static void test_failing_gnuplot(void **state)
{
    (void)state;
    expect_failure("echo 'plot \"x\"' >&2; echo '\"plot.gp\" line 3: broken' >&2; exit 1",
                   "gnuplot failed (exit code 1): line 3: broken");
    expect_failure("echo '<svg>'; exit 0", "gnuplot's output is not complete (is the disk full?)");
    expect_failure("exit 0", "gnuplot's output is not complete (is the disk full?)");
    expect_failure("exec sleep 20", "gnuplot took longer than 1 s");
    expect_failure("exec sleep 20 2>&-", "gnuplot was ended by signal 9: ");
    expect_failure("kill -11 $$", "gnuplot was ended by signal 11: ");
}

/* Warnings do not spoil a picture, but are passed on. */
static void test_warning(void **state)
{
    const struct plot_options options = {
        .gnuplot = fake_gnuplot("echo 'warning: odd' >&2; echo '<svg></svg>'"),
        .no_png = true,
        .only = "network_delay"};
    (void)state;
    draw("warning", &options);
    assert_int_equal(report.results[0].state, PLOT_DRAWN);
    assert_string_equal(report.results[0].text, "warning: odd\n");
}

static void test_environment_of_child(void **state)
{
    static const char *const expected[] = {"HOME=", "LC_ALL=C.UTF-8", "PATH=/usr/local/bin:"};
    const struct plot_options options = {
        .gnuplot = fake_gnuplot("echo \"$# $1 $2\"; export -p; pwd; echo '</svg>'"),
        .no_png = true,
        .only = "network_delay"};
    size_t size = 0;
    (void)state;
    setenv("SECRET_OF_THE_PARENT", "1", 1);
    draw("environment", &options);
    char *content = plot_file_read(path_of("environment"), "network_delay.svg", &size);
    assert_non_null(content);
    assert_non_null(strstr(content, "2 -d plot.gp\n"));
    assert_null(strstr(content, "SECRET_OF_THE_PARENT"));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        char name[16];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(expected[i], "="), expected[i]);
        assert_non_null(strstr(content, name));
    }
    free(content);
}

static void test_unwritable_directory(void **state)
{
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    (void)state;
    assert_false(plots_draw(&fixture.layout, &fixture.set, path_of("fake/x"), &options, &report));
    assert_non_null(strstr(report.error.text, "can not create the directory: Not a directory"));
}

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
/* The last wall: even a script that wants to can not run a command. */
static void test_sandbox(void **state)
{
    (void)state;
    if (!has_gnuplot()) {
        skip();
    }
    char program[OUTPUT_PATH_MAX], directory[OUTPUT_PATH_MAX], talk[GNUPLOT_TALK_MAX];
    char path[OUTPUT_PATH_MAX + 16], canary[256], output[256];
    struct output_error error;
    assert_true(gnuplot_find(NULL, program));
    assert_true(gnuplot_directory_make(directory, &error));
    snprintf(path, sizeof path, "%s/plot.gp", directory);
    snprintf(canary, sizeof canary, "%s", path_of("canary"));
    snprintf(output, sizeof output, "%s", path_of("sandbox.svg"));
    FILE *script = fopen(path, "w");
    assert_non_null(script);
    fprintf(script,
            "set terminal svg\nx = system(\"touch %s\")\n!touch %s\nplot \"< touch %s; echo 1\"\n",
            canary, canary, canary);
    fclose(script);
    const struct gnuplot_job job = {.program = program,
                                    .directory = directory,
                                    .output = output,
                                    .format = GNUPLOT_SVG,
                                    .timeout_s = 10};
    gnuplot_run(&job, talk, &error);
    assert_int_not_equal(access(canary, F_OK), 0);
    gnuplot_directory_remove(directory);
    assert_int_not_equal(access(directory, F_OK), 0);
}
#endif

static void expect_data_line(const char *name, const char *file, const char *line)
{
    size_t size = 0;
    char *content = plot_file_read(path_of(name), file, &size);
    assert_non_null(content);
    const char *found = strstr(content, line);
    if (found == NULL) {
        fail_msg("no \"%s\" in %s: %.300s", line, file, content);
    }
    free(content);
}

/* What the CSV next to a picture says is what the set says. */
static void test_data(void **state)
{
    (void)state;
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot"};
    draw("data", &options);
    /* Bucket 20 (200 s to 210 s) of the lag of the second node is 10 s. */
    expect_data_line("data", "replication_lag.csv",
                     "time_s,\"us-east-1/n0\",\"eu-west-1/n0\"\n5,0,40\n15,0,41\n");
    expect_data_line("data", "replication_lag.csv", "\n205,0,10000\n");
    /* Nothing is offered at the second region at the end: empty cells, not zeros. */
    size_t size = 0;
    char *content = plot_file_read(path_of("data"), "availability.csv", &size);
    assert_non_null(content);
    assert_string_equal(content + size - 4, ",,,\n");
    free(content);
    /* 1000 samples of 0.1 ms, 0.2 ms, ...: the first curve ends at 100 ms with all of them. */
    expect_data_line("data", "latency_cdf.csv", "\n1,100,1\n2,");
    expect_data_line("data", "network_delay.csv", "\n3,1,72,1.0000,1\n");
    expect_data_line("data", "network_delay.csv",
                     "column,row,value,level,marked\n2,1,37,0.8478,0\n"); /* ln 38 / ln 73 */
    expect_data_line("data", "t_visibility.csv", "curve,t_ms,fresh_percent,stale_percent\n1,0.5,");
}

/* 4000 buckets become at most FIGURE_POINTS_MAX rows, and the one peak is still there. */
static void test_thinning(void **state)
{
    enum { BUCKETS = 4000 };
    static double values[BUCKETS];
    (void)state;
    for (size_t i = 0; i < BUCKETS; i++) {
        values[i] = 1.0;
    }
    values[2345] = 777.0;
    struct metric_series series = {.name = "replication_lag_ms",
                                   .unit = "ms",
                                   .labels = {{"dataset", "orders"}, {"replica", "r"}},
                                   .label_count = 2,
                                   .values = values};
    const struct metric_set set = {.series = &series,
                                   .series_count = 1,
                                   .bucket_count = BUCKETS,
                                   .bucket_ns = SIM_NS_PER_S,
                                   .duration_ns = BUCKETS * SIM_NS_PER_S};
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot",
                                         .only = "replication_lag"};
    assert_true(plots_draw(&fixture.layout, &set, path_of("thin"), &options, &report));
    size_t size = 0, lines = 0;
    char *content = plot_file_read(path_of("thin"), "replication_lag.csv", &size);
    assert_non_null(content);
    for (size_t i = 0; i < size; i++) {
        lines += content[i] == '\n';
    }
    assert_int_equal(lines, 1 + (BUCKETS + 2) / 3);
    assert_non_null(strstr(content, "\n2344.5,777\n")); /* the middle of 2343 to 2346 */
    free(content);
}

/*
 * 4 s at one region, 100 operations each: all ok; 10 failed; one in flight at the end, which is
 * nobody's failure; 30 in flight, where nothing can be said.
 */
static void test_in_flight_at_the_end(void **state)
{
    static const double offered[] = {100, 100, 100, 100}, ok[] = {100, 90, 99, 70};
    static const double failed[] = {0, 10, 0, 0};
    static const double unknown[] = {0, 0, 0, 0};
    static const double *const values[] = {offered, ok, failed, unknown};
    static const char *const names[] = {"offered_per_s", "ok_per_s", "failed_per_s",
                                        "unknown_per_s"};
    struct metric_series series[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        series[i] = (struct metric_series){.name = names[i],
                                           .unit = "1/s",
                                           .labels = {{"region", "us-east-1"}},
                                           .label_count = 1,
                                           .values = values[i]};
    }
    const struct metric_set set = {.series = series,
                                   .series_count = 4,
                                   .bucket_count = 4,
                                   .bucket_ns = SIM_NS_PER_S,
                                   .duration_ns = 4 * SIM_NS_PER_S};
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot", .only = "availability"};
    assert_true(plots_draw(&fixture.layout, &set, path_of("flight"), &options, &report));
    expect_data_line("flight", "availability.csv",
                     "time_s,\"us-east-1 ok percent\",\"us-east-1 ended per s\",\"us-east-1 ok "
                     "per s\"\n0.5,100,100,100\n1.5,90,100,90\n2.5,100,99,99\n3.5,,,\n");
}

/* Two readers, no stale read: a whole axis, and words instead of a picture of nothing. */
static void test_all_reads_fresh(void **state)
{
    static const double x[] = {1, 2, 50}, y[] = {1, 1, 1};
    struct metric_curve curves[2];
    const struct plot_options options = {.gnuplot = "/nonexistent/gnuplot", .only = "t_visibility"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        curves[i] = (struct metric_curve){.name = "t_visibility",
                                          .x_name = "t_ms",
                                          .y_name = "fresh_ratio",
                                          .labels = {{"reader", fixture_names[i]}},
                                          .label_count = 1,
                                          .x = x,
                                          .x_end = x,
                                          .y = y,
                                          .point_count = 3};
    }
    const struct metric_set set = {
        .curves = curves, .curve_count = 2, .duration_ns = 60 * SIM_NS_PER_S};
    assert_true(plots_draw(&fixture.layout, &set, path_of("fresh"), &options, &report));
    expect_data_line("fresh", "t_visibility.gp", "set yrange [0:102]\n");
    expect_data_line("fresh", "t_visibility.gp", "set xrange [0:50]\n");
    expect_data_line("fresh", "t_visibility.gp", "every read saw it");
    expect_data_line("fresh", "t_visibility.csv", "\n1,50,100,0\n2,1,100,0\n");
}

static void expect_literal(void (*write)(FILE *, const char *), const char *source,
                           const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    write(stream, source);
    fclose(stream);
    assert_string_equal(text, expected);
    free(text);
}

static void test_literal(void **state)
{
    (void)state;
    expect_literal(gp_literal, "eu-west-1 p99.9", "\"eu-west-1 p99.9\"");
    expect_literal(gp_literal, "a\"b\\`c'", "\"a\\042b\\134\\140c\\047\"");
    expect_literal(gp_literal, "x\ny\177", "\"x\\357\\277\\275y\\357\\277\\275\"");
    expect_literal(gp_literal, "\303\274\377", "\"\\303\\274\\357\\277\\275\"");
    expect_literal(gp_literal, "\357\277\276", "\"\\357\\277\\275\""); /* U+FFFE */
    /* A digit behind an escape would be read as a fourth octal digit. */
    expect_literal(gp_literal, "=1+1 2", "\"\\075\\061\\053\\061 2\"");
    expect_literal(gp_literal, "100%", "\"100\\045\"");
    expect_literal(gp_tic_literal, "100%s", "\"100\\045\\045s\"");
    expect_literal(gp_tic_literal, "a-name-of-more-than-24-points",
                   "\"a-name-of-more-than-24-\\342\\200\\246\"");
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(temporary, sizeof temporary, "%s/tmp", folder);
    fixture_init(&fixture, fixture_names);
    fixture_fill(&fixture);
    failure_fixture_fill(&fixture);
    conflict_fixture_fill(&fixture);
    return mkdir(temporary, 0700) != 0 || setenv("TMPDIR", temporary, 1) != 0;
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
        cmocka_unit_test(test_literal),
        cmocka_unit_test(test_all_figures),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_without_gnuplot),
        cmocka_unit_test(test_empty_set),
        cmocka_unit_test(test_failing_gnuplot),
        cmocka_unit_test(test_warning),
        cmocka_unit_test(test_environment_of_child),
        cmocka_unit_test(test_unwritable_directory),
#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
        cmocka_unit_test(test_sandbox),
#endif
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_thinning),
        cmocka_unit_test(test_in_flight_at_the_end),
        cmocka_unit_test(test_all_reads_fresh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
