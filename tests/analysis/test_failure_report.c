/* Routes, caches, budgets, and the files and tables about failures, from one run by hand. */
#define _XOPEN_SOURCE 700 /* open_memstream */

#include "tests/analysis/script.h"

#include "analysis/report.h"
#include "analysis/statistics.h"

static char *text;
static size_t text_size;

static void expect_text(const char *expected)
{
    if (strcmp(text, expected) != 0) {
        fail_msg("found\n%s\nexpected\n%s", text, expected);
    }
    free(text);
}

static void expect_part(const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no\n%s\nin\n%s", part, text);
    }
}

static void flagged_read(struct script *script, sim_ns at_ns, uint16_t group, uint8_t flags,
                         uint64_t write)
{
    script_operation(script, at_ns, group, RECORD_READ, true);
    script->rows[script->count - 1].flags = flags;
    script->rows[script->count - 1].stamp = (int64_t)write;
    script->rows[script->count - 1].write = write;
}

/*
 * Buckets of 10 s, warm-up 20 s, end 100 s. Ireland's two sessions go to Virginia from 0 s on; one
 * moves to Tokyo at 40 s and back at 60 s: of 160 s of sessions after the warm-up 20 s at Tokyo.
 * The second of Virginia has no route before 90 s.
 */
static struct script *routed(void)
{
    struct script *script = script_new(100 * SECOND);

    script->layout.warmup_ns = 20 * SECOND;
    script_session(script, 0, RECORD_ROUTED, 2, VIRGINIA);
    script_session(script, 0, RECORD_ROUTED, 3, VIRGINIA);
    script_session(script, 0, RECORD_ROUTED, 0, VIRGINIA);
    script_session(script, 90 * SECOND, RECORD_ROUTED, 1, VIRGINIA);
    script_session(script, 40 * SECOND, RECORD_ROUTED, 3, TOKYO);
    script_session(script, 60 * SECOND, RECORD_ROUTED, 3, VIRGINIA);
    script_session(script, 10 * SECOND, RECORD_CONNECTED, 2, VIRGINIA);
    script_session(script, 41 * SECOND, RECORD_CONNECTED, 3, TOKYO);
    return script;
}

static const struct metric_series *series_at(const struct metric_set *set, const char *name,
                                             const char *first, const char *second)
{
    for (size_t i = 0; i < set->series_count; i++) {
        const struct metric_series *series = &set->series[i];

        if (strcmp(series->name, name) == 0 && strcmp(series->labels[0].value, first) == 0 &&
            (second == NULL || strcmp(series->labels[1].value, second) == 0)) {
            return series;
        }
    }
    fail_msg("no series %s %s", name, first);
    return NULL;
}

static void test_routes(void **state)
{
    struct script *script = routed();
    struct metric_set set;

    (void)state;
    /* The cache of Ireland is asked five times, once before the warm-up's end; three hits then. */
    for (int i = 0; i < 5; i++) {
        script_row(script, (struct record){.at_ns = (15 + 10 * i) * SECOND,
                                           .kind = RECORD_CACHE,
                                           .from_place = IRELAND,
                                           .flags = i == 2 ? 0 : RECORD_FLAG_CACHED});
    }
    script_row(script, (struct record){.at_ns = 45 * SECOND,
                                       .kind = RECORD_HEALTH,
                                       .from_place = TOKYO,
                                       .to_place = VIRGINIA});
    script_row(script, (struct record){.at_ns = 46 * SECOND,
                                       .kind = RECORD_HEALTH,
                                       .flags = RECORD_FLAG_AGREED,
                                       .from_place = TOKYO,
                                       .to_place = VIRGINIA});
    script_run(script, &set);
    near(value_of(&set, "routed_ratio{from=ireland,to=tokyo}"), 20.0 / 160);
    near(value_of(&set, "routed_ratio{from=ireland,to=virginia}"), 140.0 / 160);
    near(value_of(&set, "routed_ratio{from=virginia,to=virginia}"), 1);
    no_value(&set, "routed_ratio{from=tokyo,to=tokyo}");
    near(value_of(&set, "route_changes{region=ireland}"), 2);
    near(value_of(&set, "route_changes"), 2);
    near(value_of(&set, "connections{region=ireland}"), 1);
    near(value_of(&set, "connect_ms"), 30);
    near(value_of(&set, "cache_hit_ratio{region=ireland}"), 0.75);
    no_value(&set, "cache_hit_ratio{region=tokyo}");
    near(value_of(&set, "health_changes{region=virginia}"), 1);
    near(value_of(&set, "health_agreed_changes"), 1);

    const struct metric_series *tokyo = series_at(&set, "routed_sessions", "ireland", "tokyo");
    const struct metric_series *hits = series_at(&set, "cache_hit_ratio", "ireland", NULL);

    near(tokyo->values[3], 0); /* 30 to 40 s: before the row of 40 s */
    near(tokyo->values[4], 1);
    near(tokyo->values[5], 1);
    near(tokyo->values[6], 0);
    near(series_at(&set, "routed_sessions", "virginia", "virginia")->values[9], 2);
    near(series_at(&set, "connections_per_s", "ireland", NULL)->values[4], 0.1);
    near(hits->values[3], 0);
    near(hits->values[4], 1);
    assert_true(isnan(hits->values[6]));
    metric_set_release(&set);
}

/*
 * Ten reads of Ireland after the warm-up: three from a cache, one of them stale; two proxied. One
 * of four writes is proxied.
 */
static void test_answers(void **state)
{
    struct script *script = script_new(100 * SECOND);
    struct metric_set set;

    (void)state;
    script->layout.warmup_ns = 20 * SECOND;
    for (uint32_t i = 0; i < 4; i++) {
        script_operation(script, (21 + i) * SECOND, IRELAND, RECORD_WRITE, true);
    }
    script->rows[script->count - 1].flags = RECORD_FLAG_PROXIED;
    for (uint32_t i = 0; i < 10; i++) {
        const uint8_t flags = i < 3 ? RECORD_FLAG_CACHED : i < 5 ? RECORD_FLAG_PROXIED : 0;

        flagged_read(script, (30 + i) * SECOND, IRELAND, flags, i == 1 ? 2 : 4);
    }
    flagged_read(script, 10 * SECOND, IRELAND, RECORD_FLAG_CACHED, 0);
    script->rows[script->count - 2].flags = RECORD_FLAG_WARMUP;
    script_run(script, &set);
    near(value_of(&set, "cached_read_ratio{reader=ireland}"), 0.3);
    near(value_of(&set, "cached_stale_ratio"), 1.0 / 3);
    near(value_of(&set, "stale_ratio{reader=ireland}"), 0.1);
    near(value_of(&set, "proxied_ratio{region=ireland}"), 3.0 / 14);
    near(series_at(&set, "cached_ratio", "ireland", NULL)->values[3], 0.3);
    near(series_at(&set, "proxied_ratio", "ireland", NULL)->values[2], 0.25);
    metric_set_release(&set);
}

/* 1000 reads in 100 s; three fail, in one bucket of 10 s (97 % ok), and six more in another. */
static void test_budget(void **state)
{
    struct script *script = script_new(100 * SECOND);
    struct metric_set set;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        script_operation(script, i * SECOND / 10, IRELAND, RECORD_READ,
                         !((i >= 200 && i < 203) || (i >= 500 && i < 506)));
    }
    script_run(script, &set);
    near(value_of(&set, "error_budget_999_ratio"), 9);
    near(value_of(&set, "error_budget_9995_ratio{region=ireland}"), 18);
    near(value_of(&set, "error_budget_9999_ratio"), 90);
    near(value_of(&set, "error_budget_99999_ratio"), 900);
    near(value_of(&set, "downtime_min{region=ireland}"), 0.009 * 100 / 60);
    near(value_of(&set, "unavailable_min{region=ireland,operation=read}"), 10.0 / 60);
    no_value(&set, "error_budget_999_ratio{region=tokyo}");
    no_value(&set, "downtime_min{operation=write}");
    metric_set_release(&set);
}

/* ---- files and tables ---- */

static struct script *failover(void)
{
    struct script *script = script_new(100 * SECOND);

    script_leader(script, 0, 0, true, 1);
    script_fault(script, FAULT_CRASH, 20 * SECOND, 40 * SECOND);
    script_fault(script, FAULT_CUT, 90 * SECOND, 200 * SECOND);
    script_leader(script, 20 * SECOND, 0, false, 1);
    script_step(script, 24 * SECOND, RECORD_STEP_DETECTED, RECORD_NONE, 0);
    script_step(script, 26 * SECOND, RECORD_STEP_ACCEPTING, 1, 2);
    script_leader(script, 26 * SECOND, 1, true, 2);
    script_traffic(script, IRELAND, RECORD_WRITE, 0, 20 * SECOND, true);
    script_traffic(script, IRELAND, RECORD_WRITE, 20 * SECOND, 30 * SECOND, false);
    script_traffic(script, IRELAND, RECORD_WRITE, 30 * SECOND, 100 * SECOND, true);
    script_session(script, 0, RECORD_ROUTED, 2, VIRGINIA);
    script_session(script, 85 * SECOND, RECORD_ROUTED, 3, VIRGINIA);
    script_session(script, 86 * SECOND, RECORD_ROUTED, 3, TOKYO);
    return script;
}

static void write_all(const struct report *report, void (*write)(FILE *, const struct report *),
                      const char *expected)
{
    FILE *stream = open_memstream(&text, &text_size);

    assert_non_null(stream);
    write(stream, report);
    assert_int_equal(fclose(stream), 0);
    expect_text(expected);
}

static const char faults_csv[] = "fault,kind,text,occurrence,begin_s,end_s\n"
                                 "crash,outage,,1,20,40\n"
                                 "cut,partition,,1,90,\n";
static const char failover_csv[] = "time_s,dataset,step,node,place,epoch\n"
                                   "0,orders,leads,virginia/n0,virginia,1\n"
                                   "20,orders,stops,virginia/n0,virginia,1\n"
                                   "24,orders,detected,,tokyo,\n"
                                   "26,orders,accepting,ireland/n0,tokyo,2\n"
                                   "26,orders,leads,ireland/n0,ireland,2\n";
static const char recovery_csv[] =
    "fault,occurrence,region,operation,fail_s,detected_s,decided_s,promoted_s,accepting_s,routed_s,"
    "connected_s,recovered_s,first_success_s,recovered_99_s\n"
    "crash,1,ireland,write,20,24,24,24,26,26,26,29.8,30,30\n"
    "cut,1,ireland,write,90,90,90,90,90,90,90,90,90,90\n";

/* Two replications of which the first is told; the numbers of both are pooled. */
static void test_files(void **state)
{
    struct record_fault faults[2] = {stream_faults[0], stream_faults[1]};
    struct script *scripts[2] = {failover(), failover()};
    struct record_layout layout = scripts[0]->layout;
    struct metric_set sets[2], pooled;
    const struct metric_set *both[2] = {&sets[0], &sets[1]};
    struct report report = {.tool = "geodes", .version = "0", .layout = &layout};
    const struct report_table_options options = {.colour = false};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        faults[i].text = "";
    }
    layout.faults = faults;
    script_step(scripts[1], 50 * SECOND, RECORD_STEP_DONE, 1, 2);
    for (size_t i = 0; i < 2; i++) {
        script_run(scripts[i], &sets[i]);
    }
    statistics_pool(both, 2, &pooled);
    metric_set_release(&sets[1]);
    report.results = (struct metric_results){.merged = &pooled, .replication_count = 2};
    assert_int_equal(metric_at(&pooled, "rto_ms{fault=crash}")->histogram->count, 2);
    write_all(&report, report_faults_csv, faults_csv);
    write_all(&report, report_failover_csv, failover_csv);
    write_all(&report, report_recovery_csv, recovery_csv);
    assert_true(report_has_routes(&report));

    FILE *stream = open_memstream(&text, &text_size);

    assert_non_null(stream);
    report_routes_csv(stream, &report);
    assert_int_equal(fclose(stream), 0);
    expect_part("time_s,region,to,sessions,share\n0,ireland,virginia,1,1\n");
    expect_part("\n80,ireland,virginia,1,0.5\n90,ireland,virginia,1,0.5\n0,ireland,ireland,0,0\n");
    expect_part("\n70,ireland,tokyo,0,0\n80,ireland,tokyo,1,0.5\n");
    free(text);
    stream = open_memstream(&text, &text_size);
    assert_non_null(stream);
    report_timeline_csv(stream, &report);
    assert_int_equal(fclose(stream), 0);
    assert_null(strstr(text, "routed_sessions"));
    expect_part("\n20,unknown_per_s,1/s,region=ireland;operation=write,ireland,write,,,,10\n");
    free(text);
    stream = open_memstream(&text, &text_size);
    assert_non_null(stream);
    report_table(stream, &report, &options);
    assert_int_equal(fclose(stream), 0);
    expect_part(
        "  recovery, s          worst in  until ok  detect  decide  promote  replay  route");
    expect_part(
        "  crash        writes  ireland       9.80    4.00       0        0    2.00      0");
    expect_part("  leaders  changes  refused  none, s  overlap, s");
    expect_part("  orders         2        0     6.00           0");
    free(text);
    metric_set_release(&pooled);
    metric_set_release(&sets[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
