/* Table, JSON and CSV of a hand-made result, compared word for word. */
#define _XOPEN_SOURCE 700 /* open_memstream, mkdtemp, nftw */

#include "analysis/report.h"

#include "tests/analysis/report_fixture.h"

#include <ftw.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct fixture fixture;
static char *text;
static size_t text_size;

static FILE *stream_open(void)
{
    FILE *stream = open_memstream(&text, &text_size);
    assert_non_null(stream);
    return stream;
}

static void stream_end(FILE *stream)
{
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(strlen(text), text_size);
}

/* Whether the text holds this line, whole. */
static void expect_line(const char *line)
{
    const size_t length = strlen(line);
    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, line, length) == 0 && (at[length] == '\n' || at[length] == '\0')) {
            return;
        }
        if (*at == '\0') {
            break;
        }
    }
    fail_msg("no line\n%s\nin\n%s", line, text);
}

static void expect_absent(const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("\"%s\" is in\n%s", part, text);
    }
}

/* Three rows: one of each shape that matters, and one without samples. */
static void fill_few(void)
{
    const struct metric_label labels[2] = {{"region", fixture_names[0]}, {"operation", "read"}};
    static const uint64_t share[2] = {3, 4}, empty[2] = {0, 0};
    fixture_samples(fixture_metric(&fixture, "latency_ms", labels, 2), 4, 500000);
    fixture_metric(&fixture, "latency_ms", labels, 1);
    fixture_ratio(&fixture, "availability_ratio", labels, 1, share);
    fixture_ratio(&fixture, "availability_ratio", NULL, 0, empty);
    fixture_metric(&fixture, "acked_lost", NULL, 0)->count = 2;
    struct metric *lag = fixture_metric(&fixture, "replication_lag_mean_ms", NULL, 0);
    lag->count = 1;
    lag->value = 2.385e6; /* in the base unit, ns */
}

static void test_json(void **state)
{
    (void)state;
    fixture_init(&fixture, fixture_names);
    fill_few();
    fixture_fill_curves(&fixture);
    fixture.curves[0].point_count = 2;
    fixture.set.curve_count = 1;
    FILE *stream = stream_open();
    report_json(stream, &fixture.report);
    stream_end(stream);
    assert_memory_equal(text, "{\n  \"tool\": \"geodes\",\n  \"version\": \"0.1.0\",\n", 44);
    expect_line("  \"scenario_sha256\": \"00ff\",");
    expect_line("  \"seed\": 7,");
    expect_line("  \"replications\": 1,");
    expect_line("  \"fingerprint\": \"0123456789abcdef\",");
    expect_line("  \"reproduce\": \"geodes run two-regions.json --seed 7\",");
    expect_line("  \"measured_s\": 540,");
    expect_line("  \"scenario\": {\"name\":\"two-regions\"},");
    expect_line(
        "    {\"id\": \"cable\", \"kind\": \"partition\", \"text\": \"partition us-east-1 | "
        "eu-west-1\", \"begin_s\": 200, \"end_s\": 260, \"windows_s\": [[200, 260]]},");
    expect_line("    {\"id\": \"dublin-out\", \"kind\": \"outage\", \"text\": \"outage of "
                "eu-west-1\", \"begin_s\": 400, \"end_s\": null, \"windows_s\": [[400, null]]}");
    expect_line("    {\"name\": \"latency_ms\", \"unit\": \"ms\", \"labels\": {\"region\": "
                "\"us-east-1\"}, \"shape\": \"distribution\", \"count\": 0, \"mean\": null, "
                "\"min\": null, \"p50\": null, \"p90\": null, \"p99\": null, \"p99.9\": null, "
                "\"max\": null},");
    expect_line("    {\"name\": \"availability_ratio\", \"unit\": \"ratio\", \"labels\": "
                "{\"region\": \"us-east-1\"}, \"shape\": \"ratio\", \"count\": 3, \"total\": 4, "
                "\"value\": 0.75},");
    expect_line("    {\"name\": \"availability_ratio\", \"unit\": \"ratio\", \"labels\": {}, "
                "\"shape\": \"ratio\", \"count\": 0, \"total\": 0, \"value\": null},");
    expect_line("    {\"name\": \"acked_lost\", \"unit\": \"count\", \"labels\": {}, \"shape\": "
                "\"count\", \"count\": 2, \"value\": 2},");
    expect_line("    {\"name\": \"replication_lag_mean_ms\", \"unit\": \"ms\", \"labels\": {}, "
                "\"shape\": \"value\", \"count\": 1, \"value\": 2.385}");
    expect_line("    {\"name\": \"t_visibility\", \"labels\": {\"reader\": \"us-east-1\"}, "
                "\"t_ms\": [0.5, 1], \"fresh_ratio\": [0, 0.11307956328284252]}");
    expect_line("    {\"from\": \"us-east-1\", \"to\": \"tokyo-office\", \"one_way_floor_ms\": 70, "
                "\"one_way_p50_ms\": 72, \"one_way_p99_ms\": 90, \"distance_km\": 10900, "
                "\"measured\": false, \"source\": \"fibre model\"},");
    expect_line("  \"expectations\": []");
    expect_absent("nan");
    expect_absent("inf");
    free(text);
    fixture_release(&fixture);
}

static void test_json_distribution(void **state)
{
    (void)state;
    fixture_init(&fixture, fixture_names);
    const struct metric_label label = {"region", "us-east-1"};
    /* 1, 2, 3, 4 ns: buckets of width 1, so that all quantiles are exact by nearest rank. */
    struct metric *metric = fixture_metric(&fixture, "latency_ms", &label, 1);
    fixture_samples(metric, 4, 1);
    FILE *stream = stream_open();
    report_json(stream, &fixture.report);
    stream_end(stream);
    expect_line("    {\"name\": \"latency_ms\", \"unit\": \"ms\", \"labels\": {\"region\": "
                "\"us-east-1\"}, \"shape\": \"distribution\", \"count\": 4, \"mean\": 0.0000025, "
                "\"min\": 0.000001, \"p50\": 0.000002, \"p90\": 0.000004, \"p99\": 0.000004, "
                "\"p99.9\": 0.000004, "
                "\"max\": 0.000004}");
    free(text);
    fixture_release(&fixture);
}

static void test_jsonl(void **state)
{
    (void)state;
    fixture_init(&fixture, fixture_names);
    fill_few();
    fixture.set.seed = UINT64_C(18446744073709551615); /* above 2^53: a string */
    FILE *stream = stream_open();
    report_jsonl(stream, &fixture.report);
    stream_end(stream);
    unsigned lines = 0;
    for (const char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
        assert_true(strncmp(at, "{\"type\": \"", 10) == 0);
        lines++;
    }
    assert_int_equal(lines, 1 + 6 + 0 + 4 + 0 + 1);
    assert_true(strncmp(text, "{\"type\": \"header\", \"tool\": \"geodes\",", 36) == 0);
    assert_non_null(strstr(text, "\"seed\": \"18446744073709551615\", "));
    assert_non_null(strstr(text, "\"scenario\": {\"name\":\"two-regions\"}}\n"));
    expect_line("{\"type\": \"metric\", \"name\": \"acked_lost\", \"unit\": \"count\", \"labels\": "
                "{}, \"shape\": \"count\", \"count\": 2, \"value\": 2}");
    expect_line("{\"type\": \"end\", \"metrics\": 6, \"expectations\": 0}");
    free(text);
    fixture_release(&fixture);
}

static void test_metrics_csv(void **state)
{
    (void)state;
    static const char *const names[3] = {"=cmd()", "a,b", "tokyo-office"};
    fixture_init(&fixture, names);
    fill_few();
    fixture.metrics[2].labels[0].value = names[0];
    fixture.metrics[0].labels[0].value = names[1];
    FILE *stream = stream_open();
    report_metrics_csv(stream, &fixture.report);
    stream_end(stream);
    expect_line("name,unit,labels,region,group,operation,dataset,reader,writer,replica,from,to,"
                "fault,phase,mode,cause,count,total,value,mean,min,p50,p90,p99,p99.9,max,"
                "replications,ci95_low,ci95_high");
    expect_line(
        "availability_ratio,ratio,region==cmd(),\"'=cmd()\",,,,,,,,,,,,,3,4,0.75,,,,,,,,1,,");
    expect_line("acked_lost,count,,,,,,,,,,,,,,,2,,2,,,,,,,,1,,");
    expect_line("replication_lag_mean_ms,ms,,,,,,,,,,,,,,,1,,2.385,,,,,,,,1,,");
    assert_non_null(strstr(text, "\nlatency_ms,ms,\"region=a,b;operation=read\",\"a,b\",,read,,,,,,"
                                 ",,,,,4,,,1.25,0.5,"));
    free(text);
    fixture_release(&fixture);
}

static void test_timeline_csv(void **state)
{
    (void)state;
    fixture_init(&fixture, fixture_names);
    const struct metric_label label = {"reader", "us-east-1"};
    double *values = fixture_series(&fixture, "stale_ratio", "ratio", &label, 1);
    fixture.set.bucket_count = 3;
    fixture.set.bucket_ns = 1500 * SIM_NS_PER_MS;
    values[0] = 0.25;
    values[1] = (double)NAN;
    values[2] = 0.0;
    FILE *stream = stream_open();
    report_timeline_csv(stream, &fixture.report);
    stream_end(stream);
    assert_string_equal(text, "time_s,series,unit,labels,region,operation,reader,dataset,replica,"
                              "value\n"
                              "0,stale_ratio,ratio,reader=us-east-1,,,us-east-1,,,0.25\n"
                              "3,stale_ratio,ratio,reader=us-east-1,,,us-east-1,,,0\n");
    free(text);
    fixture_release(&fixture);
}

/* Three replications of one count: the interval is in all three forms. */
static void test_intervals(void **state)
{
    (void)state;
    struct metric rows[3];
    struct metric_set sets[3];
    const struct metric_set *pointers[3];
    static const uint64_t counts[3] = {10, 12, 14};
    fixture_init(&fixture, fixture_names);
    fixture_metric(&fixture, "acked_lost", NULL, 0)->count = 36;
    for (size_t i = 0; i < 3; i++) {
        rows[i] = fixture.metrics[0];
        rows[i].count = counts[i];
        sets[i] = (struct metric_set){
            .metrics = &rows[i], .metric_count = 1, .seed = i, .fingerprint = i, .events = i};
        pointers[i] = &sets[i];
    }
    fixture.report.results.replications = pointers;
    fixture.report.results.replication_count = 3;
    FILE *stream = stream_open();
    report_json(stream, &fixture.report);
    stream_end(stream);
    /* 12 -+ 4.968275... (test_expect has the formula) */
    assert_non_null(strstr(text, "\"count\": 36, \"value\": 36, \"ci95\": {\"value\": [7.0317"));
    expect_line("    {\"seed\": 2, \"fingerprint\": \"0000000000000002\", \"events\": 2}");
    free(text);
    stream = stream_open();
    report_metrics_csv(stream, &fixture.report);
    stream_end(stream);
    assert_non_null(strstr(text, "acked_lost,count,,,,,,,,,,,,,,,36,,36,,,,,,,,3,7.0317"));
    free(text);
    fixture_release(&fixture);
}

/* Means of 2.0, 2.2, 2.4 ms: 2.2 -+ 4.302653 * 0.2 / sqrt(3) = 0.4968; equal ones have no interval.
 */
static void test_intervals_in_table(void **state)
{
    (void)state;
    struct metric rows[3][2];
    struct metric_set sets[3];
    const struct metric_set *pointers[3];
    const struct report_table_options options = {0};
    const struct metric_label labels[2] = {{"dataset", "orders"}, {"replica", fixture_names[1]}};
    fixture_init(&fixture, fixture_names);
    fixture.nodes[1].name = fixture_names[1];
    fixture_samples(fixture_metric(&fixture, "replication_lag_ms", labels, 2), 4, 1000000);
    struct metric *mean = fixture_metric(&fixture, "replication_lag_mean_ms", labels, 2);
    mean->count = 3;
    mean->value = 2.2e6;
    for (size_t i = 0; i < 3; i++) {
        rows[i][0] = fixture.metrics[0];
        rows[i][1] = fixture.metrics[1];
        rows[i][1].value = 2.0e6 + 0.2e6 * (double)i;
        sets[i] = (struct metric_set){.metrics = rows[i], .metric_count = 2};
        pointers[i] = &sets[i];
    }
    fixture.report.results.replications = pointers;
    fixture.report.results.replication_count = 3;
    FILE *stream = stream_open();
    report_table(stream, &fixture.report, &options);
    stream_end(stream);
    expect_line("10min simulated, the first 1min not measured; 123 456 events; seed 7; 3 "
                "replications, \302\261 is the 95 % interval");
    expect_line(
        "  eu-west-1            2.2 \302\2610.5  2.00  4.00  4.00             -          -     "
        "     -");
    free(text);
    fixture_release(&fixture);
}

static const char expected_table[] =
    "two-regions: a hand-made result\n"
    "10min simulated, the first 1min not measured; 123 456 events; seed 7\n"
    "\n"
    "  latency, ms           offered   p50   p99  p99.9  max        ok  nines\n"
    "  us-east-1     reads   100 000  50.0  99.0   99.9  100  99.987 %   3.89\n"
    "                writes  100 000   100   198    200  200  99.987 %   3.89\n"
    "  tokyo-office  reads   100 000   150   297    300  300  99.987 %   3.89\n"
    "                writes  100 000   200   396    400  400  99.987 %   3.89\n"
    "\n"
    "  staleness, ms  stale reads   p99  p99.9  max  99 % seen after  own write missed  went back\n"
    "  us-east-1            2.5 %  98.8    100  100                -            0.60 %          -\n"
    "  tokyo-office         2.5 %  98.8    100  100                -            0.60 %          -\n"
    "\n"
    "  replication lag, ms  mean   p50   p99  max  versions p99  apply p50  apply p99\n"
    "  us-east-1/n0            -     0     0    0             -          0          0\n"
    "  eu-west-1/n0            -  49.9  98.8  100             -       49.9       98.8\n"
    "\n"
    "  acknowledged writes  lost  gone  on a down node  keys that differ  caught up, ms\n"
    "  orders                  2     -               -                 0              -\n"
    "\n"
    "  wide-area traffic         messages  repeated  dropped    bytes  share\n"
    "  tokyo-office > us-east-1      4000         -        -  2.40 MB   40 %\n"
    "  us-east-1 > tokyo-office      3000         -        -  1.80 MB   30 %\n"
    "  eu-west-1 > us-east-1         2000         -        -  1.20 MB   20 %\n"
    "  us-east-1 > eu-west-1         1000         -        -   600 kB   10 %\n"
    "  6.00 MB over 4 directed pairs of places\n"
    "\n"
    "  faults                                       from       to  ok before  ok during  ok after"
    "  writes lost\n"
    "  cable       partition us-east-1 | eu-west-1  200s     260s      100 %       87 %     100 %"
    "            -\n"
    "  dublin-out  outage of eu-west-1              400s  the end      100 %       87 %         -"
    "            -\n"
    "\n"
    "2 of 4 network paths are estimated, not measured: us-east-1 > tokyo-office, tokyo-office > "
    "us-east-1\n"
    "\n"
    "expectations\n"
    "  pass          staleness_ms{reader:us-east-1}  p(99)<500  (98.83 ms)\n"
    "  fail          acked_lost  count==0  (2)\n"
    "  no samples    t_visibility_p99_ms  value<3\n"
    "\n"
    "reproduce: geodes run two-regions.json --seed 7   # fingerprint 0123456789abcdef\n";

static void make_verdicts(struct expect *expects, struct expect_verdict *verdicts)
{
    static const struct expect_source sources[3] = {
        {"staleness_ms{reader:us-east-1}", "p(99)<500", false},
        {"acked_lost", "count==0", false},
        {"t_visibility_p99_ms", "value<3", false}};
    const struct expect_scope scope = {metric_catalogue, &fixture.layout};
    struct expect_error error;
    for (size_t i = 0; i < 3; i++) {
        assert_true(expect_parse(&expects[i], &sources[i], &scope, &fixture.arena, &error));
        verdicts[i] = expect_evaluate(&expects[i], &fixture.report.results);
    }
    fixture.report.verdicts = verdicts;
    fixture.report.verdict_count = 3;
}

static void test_table(void **state)
{
    (void)state;
    struct expect expects[3];
    struct expect_verdict verdicts[3];
    struct report_table_options options = {.colour = false};
    fixture_init(&fixture, fixture_names);
    fixture_fill(&fixture);
    make_verdicts(expects, verdicts);
    FILE *stream = stream_open();
    report_table(stream, &fixture.report, &options);
    stream_end(stream);
    assert_string_equal(text, expected_table);
    free(text);
    /* Colour adds escapes and changes nothing else. */
    options.colour = true;
    stream = stream_open();
    report_table(stream, &fixture.report, &options);
    stream_end(stream);
    assert_non_null(strstr(text, "\033[1;31mfail"));
    size_t kept = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\033') {
            at = strchr(at, 'm');
        } else {
            text[kept++] = *at;
        }
    }
    text[kept] = '\0';
    assert_string_equal(text, expected_table);
    free(text);
    fixture_release(&fixture);
}

static void test_table_hostile_and_long(void **state)
{
    (void)state;
    static const char *const names[3] = {"us\033[2Jeast", "eu\nwest\377",
                                         "a-place-with-a-name-that-is-longer-than-any-column"};
    const struct report_table_options options = {.rows_max = 3};
    fixture_init(&fixture, names);
    fixture.layout.name = "evil\033]0;title\007";
    fixture_fill(&fixture);
    FILE *stream = stream_open();
    report_table(stream, &fixture.report, &options);
    stream_end(stream);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\007'));
    assert_null(strchr(text, '\377'));
    expect_line("  ... and 1 more in metrics.csv");
    free(text);
    fixture_release(&fixture);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void test_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/geodes-test-report-XXXXXX", path[128];
    static const char *const names[] = {"results.json", "metrics.csv", "timeline.csv",
                                        "curves/t_visibility.csv"};
    struct output_error error;
    fixture_init(&fixture, fixture_names);
    fixture_fill(&fixture);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/new/out", folder);
    assert_true(report_files_write(&fixture.report, path, &error));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct stat status;
        snprintf(path, sizeof path, "%s/new/out/%s", folder, names[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_true(status.st_size > 100);
    }
    snprintf(path, sizeof path, "%s/new/out/metrics.csv/x", folder);
    assert_false(report_files_write(&fixture.report, path, &error));
    assert_non_null(strstr(error.text, "metrics.csv: can not create the directory: Not a dir"));
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    fixture_release(&fixture);
}

/* The same bytes where a comma separates decimals, when the system has such a locale. */
static void test_other_locale(void **state)
{
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        print_message("no locale with a decimal comma is installed: skipped\n");
        skip();
    }
    test_table(state);
    test_json(state);
    test_metrics_csv(state);
    test_timeline_csv(state);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_json_distribution),
                                       cmocka_unit_test(test_jsonl),
                                       cmocka_unit_test(test_metrics_csv),
                                       cmocka_unit_test(test_timeline_csv),
                                       cmocka_unit_test(test_intervals),
                                       cmocka_unit_test(test_intervals_in_table),
                                       cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_table_hostile_and_long),
                                       cmocka_unit_test(test_files),
                                       cmocka_unit_test(test_other_locale)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
