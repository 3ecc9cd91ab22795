#include "analysis/expect.h"

#include "sim/nearest_word.h"
#include "tests/analysis/report_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct fixture fixture;

static bool parse(const char *selector, const char *threshold, struct expect *expect,
                  struct expect_error *error)
{
    const struct expect_source source = {.selector = selector, .threshold = threshold};
    const struct expect_scope scope = {.catalogue = metric_catalogue, .layout = &fixture.layout};
    return expect_parse(expect, &source, &scope, &fixture.arena, error);
}

static void expect_refused(const char *selector, const char *threshold, const char *message,
                           bool in_threshold, size_t offset)
{
    struct expect expect;
    struct expect_error error;
    if (parse(selector, threshold, &expect, &error)) {
        fail_msg("%s %s was accepted", selector, threshold);
    }
    assert_string_equal(error.text, message);
    assert_int_equal(error.in_threshold, in_threshold);
    assert_int_equal(error.offset, offset);
}

static void test_parse_good(void **state)
{
    struct expect expect;
    struct expect_error error;
    (void)state;
    assert_true(parse("staleness_ms{reader:us-east-1}", "p(99)<500", &expect, &error));
    assert_string_equal(expect.definition->name, "staleness_ms");
    assert_int_equal(expect.label_count, 1);
    assert_string_equal(expect.labels[0].key, "reader");
    assert_string_equal(expect.labels[0].value, "us-east-1");
    assert_int_equal(expect.aggregate.kind, AGGREGATE_PERCENTILE);
    assert_true(expect.aggregate.percent == 99.0);
    assert_int_equal(expect.comparison, EXPECT_LESS);
    assert_true(expect.bound == 500.0);

    assert_true(parse(" staleness_ms { writer : us-east-1 , reader: tokyo-office } ",
                      "  p( 99.9 )  >= 1.5e1 ", &expect, &error));
    assert_int_equal(expect.label_count, 2);
    assert_string_equal(expect.labels[1].value, "tokyo-office");
    assert_true(expect.aggregate.percent == 99.9);
    assert_int_equal(expect.comparison, EXPECT_GREATER_EQUAL);
    assert_true(expect.bound == 15.0);

    static const struct {
        const char *threshold;
        enum aggregate_kind kind;
        enum expect_operator comparison;
    } cases[] = {
        {"avg<1", AGGREGATE_AVG, EXPECT_LESS},       {"min<=1", AGGREGATE_MIN, EXPECT_LESS_EQUAL},
        {"max>1", AGGREGATE_MAX, EXPECT_GREATER},    {"med!=1", AGGREGATE_MED, EXPECT_NOT_EQUAL},
        {"count==1", AGGREGATE_COUNT, EXPECT_EQUAL}, {"sum===1", AGGREGATE_SUM, EXPECT_EQUAL},
        {"rate>-1", AGGREGATE_RATE, EXPECT_GREATER}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(parse("latency_ms", cases[i].threshold, &expect, &error));
        assert_int_equal(expect.aggregate.kind, cases[i].kind);
        assert_int_equal(expect.comparison, cases[i].comparison);
    }
    assert_true(
        parse("replication_lag_ms{replica:eu-west-1/n0,dataset:orders}", "max<1", &expect, &error));
    assert_true(parse("availability_ratio{fault:cable,phase:during}", "rate>0.5", &expect, &error));
}

/* What is promised about failures: by fault, by the region and operation it hit, by dataset. */
static void test_parse_failures(void **state)
{
    static const char *const good[][2] = {
        {"rto_ms{fault:cable,region:eu-west-1,operation:write}", "max<1800000"},
        {"rto_ms{fault:cable}", "p(95)<60000"},
        {"rto_detect_ms{fault:cable,operation:read}", "avg<30000"},
        {"rto_not_recovered{fault:cable}", "count==0"},
        {"rpo_lost_ms{fault:dublin-out}", "value<300000"},
        {"rpo_writes_gone", "count==0"},
        {"rpo_writes_discarded{dataset:orders}", "count==0"},
        {"split_brain_ms{dataset:orders}", "value==0"},
        {"divergent_writes", "count==0"},
        {"fail_back_ms{dataset:orders}", "max<600000"},
        {"error_budget_9999_ratio{region:us-east-1}", "value<1"},
        {"availability_nines{fault:cable,phase:during,region:us-east-1}", "value>2"},
        {"routed_ratio{from:tokyo-office,to:us-east-1}", "value>0.9"},
        {"cache_hit_ratio{region:eu-west-1}", "rate>0.5"},
    };
    struct expect expect;
    struct expect_error error;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!parse(good[i][0], good[i][1], &expect, &error)) {
            fail_msg("%s %s: %s", good[i][0], good[i][1], error.text);
        }
    }
    assert_false(parse("rto_ms{region:eu-west-1}", "max<1", &expect, &error));
    assert_false(parse("rto_ms{fault:cabel}", "max<1", &expect, &error));
    assert_false(parse("rpo_ms{dataset:orders}", "value<1", &expect, &error));
}

static void test_parse_bad_selector(void **state)
{
    (void)state;
    expect_refused("stalenes_ms", "count==0",
                   "unknown metric \"stalenes_ms\"; did you mean \"staleness_ms\"?", false, 0);
    expect_refused("  xyz", "count==0", "unknown metric \"xyz\"", false, 2);
    expect_refused("", "count==0", "must begin with the name of a metric", false, 0);
    expect_refused("staleness_ms{raeder:us-east-1}", "max<1",
                   "unknown label \"raeder\" of metric \"staleness_ms\"; did you mean \"reader\"?",
                   false, 13);
    expect_refused("staleness_ms{reader:us-east1}", "max<1",
                   "unknown reader \"us-east1\"; did you mean \"us-east-1\"?", false, 20);
    expect_refused("replication_lag_ms{dataset:orders}", "max<1",
                   "metric \"replication_lag_ms\" has no row {dataset} (there is: {dataset, "
                   "replica})",
                   false, 18);
    expect_refused("replication_lag_ms", "max<1",
                   "metric \"replication_lag_ms\" has no row {} (there is: {dataset, replica})",
                   false, 18);
    expect_refused("latency_ms{region:us-east-1,dataset:orders}", "max<1",
                   "metric \"latency_ms\" has no row {region, dataset} (there is: {[region], "
                   "[operation]}, {group, [operation]}, {dataset, [operation]}, {fault, phase, "
                   "[region], [operation]})",
                   false, 10);
    expect_refused("messages{from:us-east-1}", "count<1",
                   "metric \"messages\" has no row {from} (there is: {}, {from, to})", false, 8);
    expect_refused("staleness_ms{reader:mars}", "max<1",
                   "unknown reader \"mars\" (there is: us-east-1, eu-west-1, tokyo-office)", false,
                   20);
    expect_refused("latency_ms{operation:reads}", "max<1",
                   "unknown operation \"reads\"; did you mean \"read\"?", false, 21);
    expect_refused("staleness_ms{reader}", "max<1", "a label must be written as key:value", false,
                   13);
    expect_refused("staleness_ms{reader:}", "max<1", "label \"reader\" must have a value", false,
                   20);
    expect_refused("staleness_ms{reader:us-east-1,reader:us-east-1}", "max<1",
                   "label \"reader\" is given twice", false, 30);
    expect_refused("staleness_ms{reader:us-east-1", "max<1", "must end with \"}\"", false, 29);
    expect_refused("staleness_ms{reader:us-east-1}x", "max<1", "must end after \"}\" (got \"x\")",
                   false, 30);
    expect_refused("a\033[2J\nb", "count==0", "unknown metric \"a?[2J?b\"", false, 0);
    expect_refused("probes_unjudged{reader:us-east-1}", "count==0",
                   "metric \"probes_unjudged\" has no labels", false, 16);
}

static void test_parse_bad_threshold(void **state)
{
    (void)state;
    expect_refused("latency_ms", "maxx<1", "unknown aggregation \"maxx\"; did you mean \"max\"?",
                   true, 0);
    expect_refused("latency_ms", "",
                   "unknown aggregation \"\" (there is: count, sum, rate, avg, "
                   "min, max, med, p(N), value)",
                   true, 0);
    expect_refused(
        "acked_lost", " avg<1",
        "\"avg\" does not apply to metric acked_lost (there is: count, sum, rate, value)", true, 1);
    expect_refused(
        "latency_ms", "value<1",
        "\"value\" does not apply to metric latency_ms (there is: count, sum, rate, avg, "
        "min, max, med, p(N))",
        true, 0);
    expect_refused("latency_ms", "p99<1", "must have \"(\" after p, as in p(99)", true, 1);
    expect_refused("latency_ms", "p(101)<1", "p(N) must have N from 0 to 100 (got \"101\")", true,
                   2);
    expect_refused("latency_ms", "p()<1", "p(N) must have N from 0 to 100 (got \"\")", true, 2);
    expect_refused("latency_ms", "p(99<1", "must have \")\" after p(N's number (got \"<1\")", true,
                   4);
    expect_refused("latency_ms", "max=1",
                   "must have one of < <= > >= == != after the aggregation (got \"=1\")", true, 3);
    expect_refused("latency_ms", "max<", "must end with a number in ms (got \"\")", true, 4);
    expect_refused("latency_ms", "max<nan", "must end with a number in ms (got \"nan\")", true, 4);
    expect_refused("latency_ms", "max<5s", "must end after the number, which is in ms (got \"s\")",
                   true, 5);
}

static enum expect_state state_of(const char *selector, const char *threshold, double *observed)
{
    struct expect expect;
    struct expect_error error;
    if (!parse(selector, threshold, &expect, &error)) {
        fail_msg("%s %s: %s", selector, threshold, error.text);
    }
    const struct expect_verdict verdict = expect_evaluate(&expect, &fixture.report.results);
    *observed = verdict.observed;
    return verdict.state;
}

/* The fixture: staleness_ms{reader:us-east-1} holds 1 to 100 ms; values are known to 0.8 %. */
static void test_one_replication(void **state)
{
    double observed = 0.0;
    (void)state;
    assert_int_equal(state_of("staleness_ms{reader:us-east-1}", "p(99)<100", &observed),
                     EXPECT_PASS);
    assert_true(fabs(observed - 99.0) < 0.8);
    assert_int_equal(state_of("staleness_ms{reader:us-east-1}", "p(99)<98", &observed),
                     EXPECT_FAIL);
    assert_int_equal(state_of("staleness_ms{reader:us-east-1}", "avg==50.5", &observed),
                     EXPECT_PASS);
    assert_true(observed == 50.5);
    assert_int_equal(state_of("staleness_ms{reader:us-east-1}", "min>=1", &observed), EXPECT_PASS);
    assert_int_equal(state_of("staleness_ms{reader:us-east-1}", "max>100", &observed), EXPECT_FAIL);
    assert_int_equal(state_of("staleness_ms{reader:us-east-1}", "count!=100", &observed),
                     EXPECT_FAIL);
    assert_int_equal(state_of("staleness_ms{reader:us-east-1}", "sum==5050", &observed),
                     EXPECT_PASS);
    assert_int_equal(state_of("acked_lost", "count==0", &observed), EXPECT_FAIL);
    assert_true(observed == 2.0);
    assert_int_equal(state_of("acked_lost", "rate<0.0038", &observed), EXPECT_PASS);
    assert_true(fabs(observed - 2.0 / 540.0) < 1e-12); /* 540 s are measured */
    assert_int_equal(state_of("stale_ratio{reader:us-east-1}", "rate<=0.025", &observed),
                     EXPECT_PASS);
}

static void test_no_samples(void **state)
{
    double observed = 0.0;
    struct expect expect;
    struct expect_error error;
    (void)state;
    /* A row that exists and is empty, and a row that does not exist. */
    assert_int_equal(
        state_of("availability_ratio{fault:dublin-out,phase:after}", "rate>0.5", &observed),
        EXPECT_NO_SAMPLES);
    assert_int_equal(state_of("staleness_ms{writer:eu-west-1}", "max<1", &observed),
                     EXPECT_NO_SAMPLES);
    const struct expect_source source = {
        .selector = "staleness_ms{writer:eu-west-1}", .threshold = "max<1", .allow_empty = true};
    const struct expect_scope scope = {.catalogue = metric_catalogue, .layout = &fixture.layout};
    assert_true(expect_parse(&expect, &source, &scope, &fixture.arena, &error));
    assert_int_equal(expect_evaluate(&expect, &fixture.report.results).state, EXPECT_PASS);
}

/* Sets of one row acked_lost with these counts; merged: their sum. */
static struct expect_verdict verdict_over(const uint64_t *counts, size_t count,
                                          const char *threshold)
{
    static struct metric rows[4];
    static struct metric_set sets[4];
    static struct metric merged_row;
    static struct metric_set merged;
    static struct expect expect;
    static const struct metric_set *pointers[4];
    struct expect_error error;
    merged_row = (struct metric){.definition = fixture_definition("acked_lost")};
    for (size_t i = 0; i < count; i++) {
        rows[i] = merged_row;
        rows[i].count = counts[i];
        rows[i].label_count = 0;
        sets[i] = (struct metric_set){
            .metrics = &rows[i], .metric_count = 1, .measured_ns = 10 * SIM_NS_PER_S};
        pointers[i] = &sets[i];
    }
    for (size_t i = 0; i < count; i++) {
        merged_row.count += counts[i];
    }
    merged = (struct metric_set){.metrics = &merged_row,
                                 .metric_count = 1,
                                 .measured_ns = (sim_ns)count * 10 * SIM_NS_PER_S};
    const struct metric_results results = {
        .merged = &merged, .replications = pointers, .replication_count = count};
    if (!parse("acked_lost", threshold, &expect, &error)) {
        fail_msg("%s", error.text);
    }
    return expect_evaluate(&expect, &results);
}

/*
 * 10, 12, 14: mean 12, s = 2, half width t(0.975, 2) * 2 / sqrt(3) = 4.302653 * 1.154701 = 4.968276
 * (Student's table, two degrees of freedom: 4.303).
 */
static void test_interval(void **state)
{
    static const uint64_t spread[] = {10, 12, 14}, equal[] = {3, 3, 3};
    (void)state;
    struct expect_verdict verdict = verdict_over(spread, 3, "count<17");
    assert_int_equal(verdict.interval.count, 3);
    assert_true(fabs(verdict.interval.mean - 12.0) < 1e-12);
    assert_true(fabs(verdict.interval.low - (12.0 - 4.968276)) < 1e-5);
    assert_true(fabs(verdict.interval.high - (12.0 + 4.968276)) < 1e-5);
    assert_int_equal(verdict.state, EXPECT_PASS);
    assert_int_equal(verdict_over(spread, 3, "count<16").state, EXPECT_INCONCLUSIVE);
    assert_int_equal(verdict_over(spread, 3, "count<8").state, EXPECT_INCONCLUSIVE);
    assert_int_equal(verdict_over(spread, 3, "count<7").state, EXPECT_FAIL);
    assert_int_equal(verdict_over(spread, 3, "count>=7").state, EXPECT_PASS);
    assert_int_equal(verdict_over(spread, 3, "count==12").state, EXPECT_INCONCLUSIVE);
    assert_int_equal(verdict_over(spread, 3, "count==20").state, EXPECT_FAIL);
    assert_int_equal(verdict_over(spread, 3, "count!=20").state, EXPECT_PASS);
    assert_int_equal(verdict_over(equal, 3, "count==3").state, EXPECT_PASS);
    assert_int_equal(verdict_over(equal, 3, "count!=3").state, EXPECT_FAIL);
    assert_int_equal(verdict_over(equal, 3, "count<=3").state, EXPECT_PASS);
}

static void test_worst(void **state)
{
    (void)state;
    struct expect_verdict verdicts[3] = {
        {.state = EXPECT_PASS}, {.state = EXPECT_INCONCLUSIVE}, {.state = EXPECT_NO_SAMPLES}};
    assert_int_equal(expect_worst(verdicts, 0), EXPECT_PASS);
    assert_int_equal(expect_worst(verdicts, 2), EXPECT_INCONCLUSIVE);
    assert_int_equal(expect_worst(verdicts, 3), EXPECT_NO_SAMPLES);
    verdicts[0].state = EXPECT_FAIL;
    assert_int_equal(expect_worst(verdicts, 3), EXPECT_FAIL);
}

static void test_nearest_word(void **state)
{
    static const char *const words[] = {"quorum", "primary", "chain", "raft", "paxos"};
    (void)state;
    assert_string_equal(nearest_word("quorm", words, 5), "quorum");
    assert_string_equal(nearest_word("primray", words, 5), "primary"); /* a swap is one step */
    assert_string_equal(nearest_word("RAFT", words, 5), "raft");
    assert_null(nearest_word("zzz", words, 5));
    assert_null(nearest_word("", words, 5));
    static const char *const equal[] = {"bat", "cat"};
    assert_string_equal(nearest_word("rat", equal, 2), "bat"); /* the first of equals */
    assert_null(nearest_word("rat", equal, 0));
}

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture, fixture_names);
    fixture_fill(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_release(&fixture);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_good),         cmocka_unit_test(test_parse_failures),
        cmocka_unit_test(test_parse_bad_selector), cmocka_unit_test(test_parse_bad_threshold),
        cmocka_unit_test(test_one_replication),    cmocka_unit_test(test_no_samples),
        cmocka_unit_test(test_interval),           cmocka_unit_test(test_worst),
        cmocka_unit_test(test_nearest_word)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
