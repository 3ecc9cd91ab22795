/*
 * Recovery from faults, worked out by hand. Operations come every 100 ms in the middle of a slot;
 * so a window of 5 s has 50 of them, and 95 % are reached with at most two that failed, 99 % with
 * none. After an outage that ends at E, T is E - 200 ms.
 */
#include "tests/analysis/script.h"

static void one_sample(const struct metric_set *set, const char *text, double expected_s)
{
    const struct metric *metric = metric_at(set, text);

    if (metric->histogram->count != 1) {
        fail_msg("%s has %llu samples", text, (unsigned long long)metric->histogram->count);
    }
    if (fabs(metric_number(metric) - expected_s * 1e3) > 1e-6) {
        fail_msg("%s is %.9g ms, expected %.9g s", text, metric_number(metric), expected_s);
    }
}

/* Ok but for the time between the two. */
static void outage(struct script *script, uint16_t group, sim_ns from_ns, sim_ns to_ns)
{
    const sim_ns end_ns = script->layout.duration_ns;

    script_traffic(script, group, RECORD_READ, 0, from_ns, true);
    script_traffic(script, group, RECORD_READ, from_ns, to_ns, false);
    script_traffic(script, group, RECORD_READ, to_ns, end_ns, true);
}

/*
 * The crash at 20 s: Ireland's reads fail until 41 s, Tokyo's to the end, Virginia's never. Nobody
 * writes, and the other fault does not happen.
 */
static void test_outage(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CRASH, 20 * SECOND, 50 * SECOND);
    outage(script, IRELAND, 20 * SECOND, 41 * SECOND);
    outage(script, TOKYO, 20 * SECOND, 200 * SECOND);
    outage(script, VIRGINIA, 0, 0);
    script_run(script, &set);
    one_sample(&set, "rto_ms{fault=crash,region=ireland,operation=read}", 20.8);
    one_sample(&set, "rto_99_ms{fault=crash,region=ireland,operation=read}", 21);
    one_sample(&set, "first_success_ms{fault=crash,region=ireland,operation=read}", 21);
    one_sample(&set, "rto_warm_ms{fault=crash,region=ireland,operation=read}", 20.8);
    one_sample(&set, "rto_detect_ms{fault=crash,region=ireland,operation=read}", 0);
    one_sample(&set, "rto_ms{fault=crash,region=virginia,operation=read}", 0);
    one_sample(&set, "first_success_ms{fault=crash,region=virginia,operation=read}", 0);
    no_value(&set, "rto_ms{fault=crash,region=tokyo,operation=read}");
    no_value(&set, "first_success_ms{fault=crash,region=tokyo,operation=read}");
    near(value_of(&set, "rto_not_recovered{fault=crash,region=tokyo,operation=read}"), 1);
    near(value_of(&set, "rto_not_recovered{fault=crash,region=ireland,operation=read}"), 0);
    near(value_of(&set, "rto_not_recovered{fault=crash}"), 1);
    assert_int_equal(metric_at(&set, "rto_ms{fault=crash}")->histogram->count, 2);
    assert_int_equal(metric_at(&set, "rto_ms{fault=crash,operation=read}")->histogram->max,
                     20800 * MS);
    no_value(&set, "rto_ms{fault=crash,operation=write}");
    near(value_of(&set, "rto_not_recovered{fault=crash,operation=write}"), 0);
    no_value(&set, "rto_ms{fault=cut}");
    near(value_of(&set, "rto_not_recovered{fault=cut}"), 0);
    assert_int_equal(set.failures.window_count, 1);
    assert_int_equal(set.failures.windows[0].begin_ns, 20 * SECOND);
    assert_int_equal(set.failures.windows[0].end_ns, 50 * SECOND);
    assert_int_equal(set.failures.recovery_count, 3);
    metric_set_release(&set);
}

/*
 * Down from 20 s to 30 s and again from 50 s (Ireland; within the 30 s after 29.8 s), or from 65 s
 * (Virginia; after them), for 5 s.
 */
static void test_two_dips(void **state)
{
    static const struct {
        uint16_t group;
        sim_ns again_s;
    } dips[] = {{IRELAND, 50}, {VIRGINIA, 65}};
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CUT, 20 * SECOND, 30 * SECOND);
    for (size_t i = 0; i < 2; i++) {
        const sim_ns again_ns = dips[i].again_s * SECOND;

        script_traffic(script, dips[i].group, RECORD_WRITE, 0, 20 * SECOND, true);
        script_traffic(script, dips[i].group, RECORD_WRITE, 20 * SECOND, 30 * SECOND, false);
        script_traffic(script, dips[i].group, RECORD_WRITE, 30 * SECOND, again_ns, true);
        script_traffic(script, dips[i].group, RECORD_WRITE, again_ns, again_ns + 5 * SECOND, false);
        script_traffic(script, dips[i].group, RECORD_WRITE, again_ns + 5 * SECOND, 200 * SECOND,
                       true);
    }
    script_run(script, &set);
    one_sample(&set, "rto_ms{fault=cut,region=ireland,operation=write}", 34.8);
    one_sample(&set, "rto_ms{fault=cut,region=virginia,operation=write}", 9.8);
    one_sample(&set, "first_success_ms{fault=cut,region=ireland,operation=write}", 10);
    metric_set_release(&set);
}

/*
 * The window whose end touches the end of the hold counts: T = 29.8 s would need [29.8, 59.8] s.
 * Three failures in the slots before 59.8 s make the last of its windows bad; from 59.8 s on they
 * do not.
 */
static void test_edge_of_the_hold(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        const sim_ns dip_ns = (late == 0 ? 59500 : 59600) * MS;
        struct script *script = script_new(200 * SECOND);
        struct metric_set set;

        script_fault(script, FAULT_CUT, 20 * SECOND, 30 * SECOND);
        script_traffic(script, IRELAND, RECORD_READ, 0, 20 * SECOND, true);
        script_traffic(script, IRELAND, RECORD_READ, 20 * SECOND, 30 * SECOND, false);
        script_traffic(script, IRELAND, RECORD_READ, 30 * SECOND, dip_ns, true);
        script_traffic(script, IRELAND, RECORD_READ, dip_ns, dip_ns + 300 * MS, false);
        script_traffic(script, IRELAND, RECORD_READ, dip_ns + 300 * MS, 200 * SECOND, true);
        script_run(script, &set);
        /* Early: the windows that hold all three begin up to 59.5 s; good again from 59.6 s. */
        one_sample(&set, "rto_ms{fault=cut,region=ireland,operation=read}", late == 0 ? 39.6 : 9.8);
        metric_set_release(&set);
    }
}

/* From the beginning to 10 s; the second fault begins while the first goes on, until 45 s. */
static void test_at_zero_and_overlapping(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CRASH, 0, 30 * SECOND);
    outage(script, IRELAND, 0, 10 * SECOND);
    script_run(script, &set);
    one_sample(&set, "rto_ms{fault=crash,region=ireland,operation=read}", 9.8);
    metric_set_release(&set);

    script = script_new(200 * SECOND);
    script_fault(script, FAULT_CRASH, 20 * SECOND, 40 * SECOND);
    script_fault(script, FAULT_CUT, 30 * SECOND, 50 * SECOND);
    outage(script, IRELAND, 20 * SECOND, 45 * SECOND);
    script_run(script, &set);
    one_sample(&set, "rto_ms{fault=crash,region=ireland,operation=read}", 24.8);
    one_sample(&set, "rto_ms{fault=cut,region=ireland,operation=read}", 14.8);
    metric_set_release(&set);
}

/*
 * Down from 150 s to 180 s of 200: 30 s without a dip can not be seen any more (Ireland). Without
 * any bad window there is no doubt (Virginia), however little is left.
 */
static void test_end_of_the_run(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CRASH, 150 * SECOND, 180 * SECOND);
    script_fault(script, FAULT_CUT, 190 * SECOND, 300 * SECOND);
    outage(script, IRELAND, 150 * SECOND, 180 * SECOND);
    outage(script, VIRGINIA, 0, 0);
    script_run(script, &set);
    near(value_of(&set, "rto_not_recovered{fault=crash,region=ireland,operation=read}"), 1);
    no_value(&set, "rto_ms{fault=crash,region=ireland,operation=read}");
    one_sample(&set, "first_success_ms{fault=crash,region=ireland,operation=read}", 30);
    one_sample(&set, "rto_ms{fault=cut,region=ireland,operation=read}", 0);
    one_sample(&set, "rto_ms{fault=crash,region=virginia,operation=read}", 0);
    assert_int_equal(set.failures.windows[1].end_ns, SIM_NS_MAX);
    metric_set_release(&set);
}

/*
 * What never ends: one write of Ireland at 101 s, alone: not ok, since it is older than 30 s. One
 * of Virginia at 180 s may still end well: nothing is judged from there on, so nothing was seen to
 * be good. Reads of Ireland go on as if nothing had happened, and one at 195 s is in flight.
 */
static void test_without_an_answer(void **state)
{
    static const struct {
        uint16_t group;
        uint8_t type;
        sim_ns at_s;
    } asked[] = {
        {IRELAND, RECORD_WRITE, 101}, {VIRGINIA, RECORD_WRITE, 180}, {IRELAND, RECORD_READ, 195}};
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CRASH, 100 * SECOND, 120 * SECOND);
    outage(script, IRELAND, 0, 0);
    for (size_t i = 0; i < 3; i++) {
        script_row(script, (struct record){.at_ns = asked[i].at_s * SECOND,
                                           .kind = RECORD_INVOKED,
                                           .type = asked[i].type,
                                           .group = asked[i].group,
                                           .slot = 10 + (uint32_t)i,
                                           .operation = 100000 + i,
                                           .a = asked[i].at_s * SECOND});
    }
    script_run(script, &set);
    near(value_of(&set, "rto_not_recovered{fault=crash,region=ireland,operation=write}"), 1);
    near(value_of(&set, "rto_not_recovered{fault=crash,region=virginia,operation=write}"), 1);
    one_sample(&set, "rto_ms{fault=crash,region=ireland,operation=read}", 0);
    metric_set_release(&set);
}

/* One client that waits: a write at 20 s fails at 50 s, the next one is ok; ten a second then. */
static void test_silence_is_no_recovery(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CRASH, 20 * SECOND, 50 * SECOND);
    script_traffic(script, IRELAND, RECORD_WRITE, 0, 20 * SECOND, true);
    script_operation(script, 20 * SECOND + 50 * MS, IRELAND, RECORD_WRITE, false);
    script_traffic(script, IRELAND, RECORD_WRITE, 80 * SECOND, 200 * SECOND, true);
    script_run(script, &set);
    /* Windows from 20.1 s on are silent; the first with an operation begins at 75.1 s. */
    one_sample(&set, "rto_ms{fault=crash,region=ireland,operation=write}", 55.1);
    metric_set_release(&set);
}

/*
 * The same fault twice, 20 to 25 s and 100 to 105 s, each time down for 5 s: two samples of 4.8 s.
 * Between the two it is after the fault; 2 x 50 of the reads are during.
 */
static void test_repeated(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    for (int i = 0; i < 2; i++) {
        script_fault(script, FAULT_CUT, (20 + 80 * i) * SECOND, (25 + 80 * i) * SECOND);
    }
    script_traffic(script, IRELAND, RECORD_READ, 0, 20 * SECOND, true);
    script_traffic(script, IRELAND, RECORD_READ, 20 * SECOND, 25 * SECOND, false);
    script_traffic(script, IRELAND, RECORD_READ, 25 * SECOND, 100 * SECOND, true);
    script_traffic(script, IRELAND, RECORD_READ, 100 * SECOND, 105 * SECOND, false);
    script_traffic(script, IRELAND, RECORD_READ, 105 * SECOND, 200 * SECOND, true);
    script_run(script, &set);

    const struct metric *rto = metric_at(&set, "rto_ms{fault=cut,region=ireland,operation=read}");
    const struct metric *during =
        metric_at(&set, "availability_ratio{fault=cut,phase=during,region=ireland}");

    assert_int_equal(rto->histogram->count, 2);
    near(metric_number(rto), 4800);
    assert_int_equal(rto->histogram->min, 4800 * MS);
    assert_int_equal(during->total, 100);
    assert_int_equal(during->count, 0);
    assert_int_equal(metric_at(&set, "availability_ratio{fault=cut,phase=before}")->total, 200);
    assert_int_equal(metric_at(&set, "availability_ratio{fault=cut,phase=after}")->total, 1700);
    near(value_of(&set, "availability_nines{fault=cut,phase=during,region=ireland}"), 0);
    no_value(&set, "availability_nines{fault=cut,phase=after}");
    assert_int_equal(set.failures.window_count, 2);
    assert_int_equal(set.failures.windows[1].occurrence, 2);
    assert_int_equal(set.failures.windows[1].begin_ns, 100 * SECOND);
    metric_set_release(&set);
}

/* Twenty hours: slots of 2.5 s, two of which are a window; T is at a slot of the outage's end. */
static void test_long_run(void **state)
{
    struct script *script = script_new(40 * 3600 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CUT, 3600 * SECOND, 7200 * SECOND);
    for (int i = 0; i < 20000; i++) {
        const sim_ns at_ns = i * SECOND;

        script_operation(script, at_ns, IRELAND, RECORD_READ, i < 3600 || i >= 7200);
    }
    script_run(script, &set);
    one_sample(&set, "rto_ms{fault=cut,region=ireland,operation=read}", 3600);
    metric_set_release(&set);
}

/* ---- parts ---- */

static const char *const parts[] = {"rto_detect_ms", "rto_decide_ms", "rto_promote_ms",
                                    "rto_replay_ms", "rto_route_ms",  "rto_reconnect_ms",
                                    "rto_warm_ms"};

static void expect_parts(const struct metric_set *set, const char *region, const double *seconds)
{
    for (size_t i = 0; i < 7; i++) {
        char text[100];

        snprintf(text, sizeof(text), "%s{fault=crash,region=%s,operation=read}", parts[i], region);
        one_sample(set, text, seconds[i]);
    }
}

static struct script *failover(bool early_steps)
{
    struct script *script = script_new(200 * SECOND);

    script_fault(script, FAULT_CRASH, 20 * SECOND, 100 * SECOND);
    outage(script, IRELAND, 20 * SECOND, 41 * SECOND);
    outage(script, VIRGINIA, 0, 0);
    for (int i = early_steps ? 0 : 1; i < 2; i++) {
        /* Another failover, of before the fault, counts for nothing. */
        script_step(script, (i == 0 ? 5 : 25) * SECOND, RECORD_STEP_DETECTED, 0, 0);
        script_step(script, (i == 0 ? 6 : 27) * SECOND, RECORD_STEP_DECIDED, 1, 2);
        script_step(script, (i == 0 ? 7 : 28) * SECOND, RECORD_STEP_PROMOTED, 1, 2);
        script_step(script, (i == 0 ? 8 : 30) * SECOND, RECORD_STEP_ACCEPTING, 1, 2);
    }
    return script;
}

/*
 * Of Ireland's two sessions the first is routed away at 32.05 s and the second at 34.25 s: the end
 * of its slot is 34.3 s. They have connections at 33 s and 36.01 s: 36.1 s. The connection at 39 s
 * is another one of the same session. Ireland is served from 40.8 s on, Virginia all the time.
 */
static void test_parts(void **state)
{
    struct script *script = failover(true);
    struct metric_set set;

    (void)state;
    for (uint32_t session = 0; session < 6; session++) {
        script_session(script, 0, RECORD_ROUTED, session, VIRGINIA);
        script_session(script, SECOND, RECORD_CONNECTED, session, VIRGINIA);
    }
    script_session(script, 32050 * MS, RECORD_ROUTED, 2, TOKYO);
    script_session(script, 34250 * MS, RECORD_ROUTED, 3, TOKYO);
    script_session(script, 33 * SECOND, RECORD_CONNECTED, 2, TOKYO);
    script_session(script, 36010 * MS, RECORD_CONNECTED, 3, TOKYO);
    script_session(script, 39 * SECOND, RECORD_CONNECTED, 3, TOKYO);
    script_session(script, 90 * SECOND, RECORD_ROUTED, 2, VIRGINIA);
    script_run(script, &set);
    expect_parts(&set, "ireland", (const double[]){5, 2, 1, 2, 4.3, 1.8, 4.7});
    expect_parts(&set, "virginia", (const double[]){0, 0, 0, 0, 0, 0, 0});
    metric_set_release(&set);
}

/* Without routes, those who ask are told at 33 s; a step at 60 s is after the recovery. */
static void test_parts_without_routes(void **state)
{
    struct script *script = failover(false);
    struct metric_set set;

    (void)state;
    script_step(script, 33 * SECOND, RECORD_STEP_ANNOUNCED, 1, 2);
    script_step(script, 60 * SECOND, RECORD_STEP_DONE, 1, 2);
    script_run(script, &set);
    expect_parts(&set, "ireland", (const double[]){5, 2, 1, 2, 3, 0, 7.8});
    assert_int_equal(set.failures.step_count, 6);
    assert_int_equal(set.failures.steps[1].step, RECORD_STEP_DECIDED);
    assert_int_equal(set.failures.steps[1].place, TOKYO);
    metric_set_release(&set);
}

/*
 * Nobody says when it was detected; routes change before the decision at 27 s: nothing to route.
 * The promotion at 45 s comes after the recovery, of which it was not the cause, but all the time
 * until then had been waiting for it. At 75 s it would be another story.
 */
static void test_parts_out_of_order(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct script *script = script_new(200 * SECOND);
        struct metric_set set;

        script_fault(script, FAULT_CRASH, 20 * SECOND, 100 * SECOND);
        outage(script, IRELAND, 20 * SECOND, 41 * SECOND);
        script_step(script, 27 * SECOND, RECORD_STEP_DECIDED, 1, 2);
        script_step(script, (late == 0 ? 45 : 75) * SECOND, RECORD_STEP_PROMOTED, 1, 2);
        script_session(script, 0, RECORD_ROUTED, 2, VIRGINIA);
        script_session(script, 22 * SECOND, RECORD_ROUTED, 2, TOKYO);
        script_run(script, &set);
        expect_parts(&set, "ireland",
                     late == 0 ? (const double[]){0, 7, 13.8, 0, 0, 0, 0}
                               : (const double[]){0, 7, 0, 0, 0, 0, 13.8});
        metric_set_release(&set);
    }
}

/* Detected only after the recovery: the failover had no part in it. */
static void test_parts_too_late(void **state)
{
    struct script *script = script_new(200 * SECOND);
    struct metric_set set;

    (void)state;
    script_fault(script, FAULT_CRASH, 20 * SECOND, 100 * SECOND);
    outage(script, IRELAND, 20 * SECOND, 41 * SECOND);
    script_step(script, 42 * SECOND, RECORD_STEP_DETECTED, 1, 2);
    script_step(script, 43 * SECOND, RECORD_STEP_ACCEPTING, 1, 2);
    script_run(script, &set);
    expect_parts(&set, "ireland", (const double[]){0, 0, 0, 0, 0, 0, 20.8});
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_two_dips),
        cmocka_unit_test(test_edge_of_the_hold),
        cmocka_unit_test(test_at_zero_and_overlapping),
        cmocka_unit_test(test_end_of_the_run),
        cmocka_unit_test(test_without_an_answer),
        cmocka_unit_test(test_silence_is_no_recovery),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_long_run),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_parts_without_routes),
        cmocka_unit_test(test_parts_out_of_order),
        cmocka_unit_test(test_parts_too_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
