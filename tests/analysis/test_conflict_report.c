/* conflicts.csv, conflict_example.csv and the tables about writes that meet, from runs by hand. */
#define _XOPEN_SOURCE 700 /* open_memstream */

#include "tests/analysis/value_stream.h"

#include "analysis/report.h"
#include "analysis/statistics.h"

#include <stdlib.h>

static char *written(const struct report *report, void (*write)(FILE *, const struct report *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    write(stream, report);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void write_table(FILE *stream, const struct report *report)
{
    const struct report_table_options options = {.colour = false};

    report_table(stream, report, &options);
}

static void expect_text(char *found, const char *expected)
{
    if (strcmp(found, expected) != 0) {
        fail_msg("found\n%s\nexpected\n%s", found, expected);
    }
    free(found);
}

static void expect_part(const char *found, const char *part)
{
    if (strstr(found, part) == NULL) {
        fail_msg("no\n%s\nin\n%s", part, found);
    }
}

static void write_at(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key,
                     int64_t stamp, uint64_t write)
{
    invoke_write(values, at_ms, key, write, (struct does){STREAM_SET, 0, 1});
    give(values, at_ms, RECORD_APPLIED, node, key, stamp, write);
    complete(values, at_ms, write, stamp, RECORD_OK);
}

/* Replication after replication must tell of the first one. */
static struct report report_of(struct values *values, struct metric_set *set,
                               struct metric_set *pooled)
{
    struct report report = {.tool = "geodes", .version = "0", .layout = &values->layout};
    const struct metric_set *both[2] = {set, set};

    values_end(values, set);
    statistics_pool(both, 2, pooled);
    report.results = (struct metric_results){.merged = pooled, .replication_count = 2};
    return report;
}

/*
 * Plain registers. 1 and 2 meet in the warm-up. 3 (Virginia) and 4 (Ireland, with a smaller stamp)
 * meet at 230 ms; Tokyo does not matter. 5 and 6 meet later.
 */
static void test_plain(void **state)
{
    struct values values;
    struct metric_set set, pooled;

    (void)state;
    values_begin_plain(&values, 100);
    write_at(&values, 50, VIRGINIA, 0, 100, 1);
    write_at(&values, 60, IRELAND, 0, 101, 2);
    give(&values, 90, RECORD_APPLIED, VIRGINIA, 0, 101, 2);
    write_at(&values, 210, VIRGINIA, 1, 300, 3);
    write_at(&values, 230, IRELAND, 1, 299, 4);
    give(&values, 250, RECORD_APPLIED, TOKYO, 1, 300, 3);
    give(&values, 280, RECORD_SUPERSEDED, VIRGINIA, 1, 299, 4);
    give(&values, 290, RECORD_APPLIED, IRELAND, 1, 300, 3);
    give(&values, 295, RECORD_SUPERSEDED, IRELAND, 1, 300, 3); /* again */
    write_at(&values, 400, VIRGINIA, 2, 400, 5);
    write_at(&values, 410, TOKYO, 2, 401, 6);

    const struct report report = report_of(&values, &set, &pooled);

    assert_true(report_has_conflicts(&report));
    assert_true(report_has_conflict_example(&report));
    expect_text(written(&report, report_conflict_example_csv),
                "time_s,event,write,operation,node,place,key,dataset,stays\n"
                "0.21,accepted,a,3,virginia/n0,virginia,1,v,a\n"
                "0.23,accepted,b,4,ireland/n0,ireland,1,v,a\n"
                "0.28,arrived,b,4,virginia/n0,virginia,1,v,a\n"
                "0.28,gone,b,4,virginia/n0,virginia,1,v,a\n"
                "0.29,arrived,a,3,ireland/n0,ireland,1,v,a\n"
                "0.29,gone,b,4,ireland/n0,ireland,1,v,a\n");

    char *text = written(&report, report_conflicts_csv);

    /* Key 0 differs from 50 ms on (Tokyo has nothing), key 2 from 400 ms on. */
    expect_part(text, "time_s,dataset,divergence_ratio,conflicts_per_s,lost_updates_per_s,"
                      "siblings_mean,siblings_max,conflicts_open\n"
                      "0,v,0.25,0,0,,,\n"
                      "0.1,v,0.25,0,0,,,\n"
                      "0.2,v,0.25,20,10,,,\n"
                      "0.3,v,0.25,0,0,,,\n"
                      "0.4,v,0.5,20,10,,,\n");
    free(text);
    text = written(&report, write_table);
    expect_part(text, "  conflicts  writes  in conflict  lost, concurrent  lost, clock");
    expect_part(text, "\n  v               8        100 %                 4");
    assert_null(strstr(text, "  values "));
    free(text);
    text = written(&report, report_timeline_csv);
    expect_part(text, "divergence_ratio");
    assert_null(strstr(text, "conflicts_per_s"));
    free(text);
    metric_set_release(&pooled);
    metric_set_release(&set);
}

/* A type that displaces says so where the two meet: only then one is gone. */
static void test_displaced(void **state)
{
    const int64_t one[2] = {100, 1}, two[2] = {101, 2};
    struct values values;
    struct metric_set set, pooled;

    (void)state;
    values_begin(&values, (struct record_dataset){.meeting = RECORD_ONE_WINS}, 0);
    write_at(&values, 10, VIRGINIA, 0, 100, 1);
    write_at(&values, 20, IRELAND, 0, 101, 2);
    give(&values, 40, RECORD_SUPERSEDED, IRELAND, 0, 100, 1);
    displaced(&values, 40, IRELAND, 0, one, two);
    give(&values, 70, RECORD_APPLIED, VIRGINIA, 0, 101, 2);
    displaced(&values, 70, VIRGINIA, 0, one, two);
    displaced(&values, 80, VIRGINIA, 0, one, two); /* it is told again */

    const struct report report = report_of(&values, &set, &pooled);

    expect_text(written(&report, report_conflict_example_csv),
                "time_s,event,write,operation,node,place,key,dataset,stays\n"
                "0.01,accepted,a,1,virginia/n0,virginia,0,v,b\n"
                "0.02,accepted,b,2,ireland/n0,ireland,0,v,b\n"
                "0.04,arrived,a,1,ireland/n0,ireland,0,v,b\n"
                "0.04,gone,a,1,ireland/n0,ireland,0,v,b\n"
                "0.07,arrived,b,2,virginia/n0,virginia,0,v,b\n"
                "0.07,gone,a,1,virginia/n0,virginia,0,v,b\n");
    metric_set_release(&pooled);
    metric_set_release(&set);
}

/* Both stay: the tables have siblings and numbers; and what has not arrived is not decided. */
static void test_kept(void **state)
{
    const struct record_dataset type = {
        .meeting = RECORD_KEPT, .is_number = true, .has_minimum = true};
    struct values values;
    struct metric_set set, pooled;

    (void)state;
    values_begin(&values, type, 0);
    write_at(&values, 10, VIRGINIA, 0, 100, 1);
    hold(&values, 10, VIRGINIA, 0, (struct holds){100, 1, 0xa, 3, 1, 1, 30, 10, 0});
    write_at(&values, 20, IRELAND, 0, 101, 2);
    give(&values, 40, RECORD_SUPERSEDED, IRELAND, 0, 100, 1);
    hold(&values, 40, IRELAND, 0, (struct holds){101, 2, 0xb, 0, 2, 1, 60, 20, 0});
    read_value(&values, 50, IRELAND, 0, 9, 0, 2);

    const struct report report = report_of(&values, &set, &pooled);

    assert_string_equal(report_meeting_stays(&pooled.meeting), "");

    char *text = written(&report, report_conflicts_csv);

    expect_part(text, "\n0.9,v,0.25,0,0,1.5,2,1\n");
    free(text);
    text = written(&report, write_table);
    expect_part(text, "  values  type  rejected  side by side  at most  resolved, ms  open");
    expect_part(text, "  v       any          0          2.00     2.00             -     2");
    expect_part(text, "  numbers  wrong by at most");
    expect_part(text, "\n  v                    1.00");
    free(text);
    metric_set_release(&pooled);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_displaced),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
