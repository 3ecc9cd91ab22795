/*
 * The collector on hand-written streams: each test is a short timeline whose numbers are worked out
 * in the comments. Times in ms. The layout is that of record_stream.h.
 */
#include "tests/analysis/stream_asserts.h"

/*
 * Writes w1, w2, w3 of key 0, acknowledged at 10, 40, 70, by groups us, us, eu.
 *   100 eu returns w1: stale. Missed w2 and w3: 2 versions; age 100 - 40 = 60; t = 100 - 70 = 30.
 *   110 eu returns w3: fresh. 120 jp (tokyo) returns w2: 1 version; age 120 - 70 = 50; t = 50.
 *   130 us returns the initial value: 3 versions, age 130 - 10 = 120, t = 60.
 *   140 us reads key 1, never written, initial value: fresh, no writer, not on the curve.
 */
static void test_staleness(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);

    const uint64_t w1 = write_at(&stream, 5 * MS, 10 * MS, 0, 0, 1);
    const uint64_t w2 = write_at(&stream, 35 * MS, 40 * MS, 0, 0, 2);
    const uint64_t w3 = write_at(&stream, 65 * MS, 70 * MS, 1, 0, 3);

    read_at(&stream, 100 * MS, 105 * MS, 1, 0, 1, w1);
    read_at(&stream, 110 * MS, 115 * MS, 1, 0, 3, w3);
    read_at(&stream, 120 * MS, 125 * MS, 2, 0, 2, w2);
    read_at(&stream, 130 * MS, 135 * MS, 0, 0, 0, 0);
    read_at(&stream, 140 * MS, 145 * MS, 0, 1, 0, 0);
    finish(&stream, &set);
    near(value_of(&set, "stale_ratio"), 3.0 / 5);
    near(value_of(&set, "fresh_ratio"), 2.0 / 5);
    near(value_of(&set, "stale_ratio{reader=ireland}"), 1.0 / 2);
    near(value_of(&set, "stale_ratio{reader=virginia,writer=ireland}"), 1);
    near(value_of(&set, "stale_ratio{writer=ireland}"), 3.0 / 4);
    no_value(&set, "stale_ratio{writer=virginia}");
    near(value_of(&set, "staleness_ms"), (60 + 0 + 50 + 120 + 0) / 5.0);
    near(value_of(&set, "staleness_of_stale_ms"), (60 + 50 + 120) / 3.0);
    near(value_of(&set, "staleness_versions"), (2 + 0 + 1 + 3 + 0) / 5.0);
    assert_int_equal(metric_at(&set, "staleness_versions")->histogram->max, 3);
    assert_int_equal(metric_at(&set, "staleness_approximate_reads")->count, 0);
    assert_string_equal(set.curves[0].name, "t_visibility");
    assert_int_equal(set.curves[0].all->count, 4);
    assert_true(set.curves[0].all->min == 30 * MS);
    assert_true(set.curves[0].all->max == 60 * MS);
    assert_int_equal(set.curves[0].missed->count, 3);
    metric_set_release(&set);
}

/*
 * What counts is what was acknowledged when the read began. w1 acknowledged at 10; w2 committed at
 * 40, acknowledged at 50. A read from 45 to 60 that returns w1 is fresh: w2 was not yet
 * acknowledged. One from 46 to 61 that returns w2 is fresh as well (newer, in flight). One from 51
 * returning w1 is stale by 51 - 50 = 1. A write of unknown outcome (w3, stamp 9) never counts as
 * acknowledged: a read at 70 of w2 is fresh although w3 is newer; one that returns w3 is fresh too.
 */
static void test_in_flight_writes(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);

    const uint64_t w1 = write_at(&stream, 5 * MS, 10 * MS, 0, 2, 1);
    const uint64_t w2 = stream_invoke(&stream, 30 * MS, 0, RECORD_WRITE, 2);

    stream_commit(&stream, 40 * MS, 0, 2, 2, w2);

    const uint64_t r1 = stream_invoke(&stream, 45 * MS, 1, RECORD_READ, 2);
    const uint64_t r2 = stream_invoke(&stream, 46 * MS, 2, RECORD_READ, 2);

    stream_complete(&stream, 50 * MS, 0, w2, RECORD_OK, 2, w2);

    const uint64_t r3 = stream_invoke(&stream, 51 * MS, 0, RECORD_READ, 2);

    stream_complete(&stream, 60 * MS, 1, r1, RECORD_OK, 1, w1);
    stream_complete(&stream, 61 * MS, 2, r2, RECORD_OK, 2, w2);
    stream_complete(&stream, 62 * MS, 0, r3, RECORD_OK, 1, w1);

    const uint64_t w3 = stream_invoke(&stream, 63 * MS, 0, RECORD_WRITE, 2);

    stream_commit(&stream, 64 * MS, 0, 2, 9, w3);
    stream_complete(&stream, 65 * MS, 0, w3, RECORD_INFO, 0, 0);
    read_at(&stream, 70 * MS, 71 * MS, 1, 2, 2, w2);
    read_at(&stream, 72 * MS, 73 * MS, 1, 2, 9, w3);
    finish(&stream, &set);
    near(value_of(&set, "stale_ratio"), 1.0 / 5);
    near(value_of(&set, "staleness_of_stale_ms"), 1);
    near(value_of(&set, "operations_unknown{operation=write}"), 1);
    metric_set_release(&set);
}

/*
 * Versions are ordered by (stamp, write), not by time: w2 is acknowledged after w1 but has the
 * smaller stamp, so w1 stays the latest. A read of w1 is fresh, one of w2 is stale since a(w1)
 * = 10.
 */
static void test_skewed_stamps(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);

    const uint64_t w1 = write_at(&stream, 5 * MS, 10 * MS, 0, 0, -3);
    const uint64_t w2 = stream_invoke(&stream, 20 * MS, 1, RECORD_WRITE, 0);

    stream_commit(&stream, 30 * MS, 1, 0, -8, w2);
    stream_complete(&stream, 30 * MS, 1, w2, RECORD_OK, -8, w2);
    read_at(&stream, 50 * MS, 52 * MS, 1, 0, -3, w1);
    read_at(&stream, 60 * MS, 62 * MS, 1, 0, -8, w2);
    finish(&stream, &set);
    near(value_of(&set, "stale_ratio"), 1.0 / 2);
    near(value_of(&set, "staleness_of_stale_ms"), 50);
    near(value_of(&set, "staleness_of_stale_ms{writer=virginia}"), 50);
    near(value_of(&set, "staleness_versions"), 0.5);
    metric_set_release(&set);
}

/*
 * Session 0 (us) writes w1 (10) and reads at 20 the initial value: a violation of read-your-writes;
 * its own w1 at 30: fine, and from then on it has been returned w1. Session 2 (eu) reads w1 at 40,
 * then the initial value at 50: monotonic reads violated; it has no own write.
 */
static void test_sessions(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);

    const uint64_t w1 = write_at(&stream, 5 * MS, 10 * MS, 0, 0, 1);

    read_at(&stream, 20 * MS, 22 * MS, 0, 0, 0, 0);
    read_at(&stream, 30 * MS, 32 * MS, 0, 0, 1, w1);
    read_at(&stream, 33 * MS, 34 * MS, 0, 0, 1, w1);
    read_at(&stream, 40 * MS, 42 * MS, 1, 0, 1, w1);
    read_at(&stream, 50 * MS, 52 * MS, 1, 0, 0, 0);
    finish(&stream, &set);
    near(value_of(&set, "read_your_writes_violation_ratio"), 1.0 / 3);
    no_value(&set, "read_your_writes_violation_ratio{reader=ireland}");
    near(value_of(&set, "monotonic_reads_violation_ratio"), 1.0 / 2);
    near(value_of(&set, "monotonic_reads_violation_ratio{reader=virginia}"), 0);
    near(value_of(&set, "monotonic_reads_violation_ratio{reader=ireland}"), 1);
    metric_set_release(&set);
}

/*
 * Latency counts from the intended start: intended 10, sent 30, answered 45: 35. A failure (50 to
 * 55) and an unknown end (60 to 90) have none. Warm-up until 5: the operation at 2 is not measured.
 * One is still in flight at the end. Availability 1 of 3; nines = -log10(2 / 3).
 */
static void test_latency_and_availability(void **state)
{
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    layout.warmup_ns = 5 * MS;
    stream_begin(&stream, &layout);
    stream_row(&stream, (struct record){.at_ns = 2 * MS,
                                        .kind = RECORD_INVOKED,
                                        .flags = RECORD_FLAG_WARMUP,
                                        .slot = 9,
                                        .operation = 900,
                                        .a = 2 * MS});
    stream_row(&stream, (struct record){.at_ns = 30 * MS,
                                        .kind = RECORD_INVOKED,
                                        .group = 1,
                                        .session = 2,
                                        .slot = 5,
                                        .operation = 901,
                                        .a = 10 * MS});
    stream_row(&stream, (struct record){.at_ns = 45 * MS,
                                        .kind = RECORD_COMPLETED,
                                        .group = 1,
                                        .slot = 5,
                                        .operation = 901,
                                        .a = 3});
    stream_row(
        &stream,
        (struct record){
            .at_ns = 46 * MS, .kind = RECORD_COMPLETED, .slot = 9, .operation = 900, .a = 1});

    const uint64_t failing = stream_invoke(&stream, 50 * MS, 1, RECORD_READ, 0);

    stream_complete(&stream, 55 * MS, 1, failing, RECORD_FAIL, 0, 0);

    const uint64_t unknown = stream_invoke(&stream, 60 * MS, 1, RECORD_READ, 0);

    stream_complete(&stream, 90 * MS, 1, unknown, RECORD_INFO, 0, 0);
    stream_invoke(&stream, 95 * MS, 1, RECORD_READ, 0);
    finish(&stream, &set);
    assert_int_equal(metric_at(&set, "latency_ms")->histogram->count, 1);
    near(value_of(&set, "latency_ms{region=ireland,operation=read}"), 35);
    near(metric_quantile(metric_at(&set, "latency_ms{group=eu}"), 0.99), 35);
    no_value(&set, "latency_ms{region=virginia}");
    near(value_of(&set, "operations_offered"), 4);
    near(value_of(&set, "operations_ok{dataset=orders}"), 1);
    near(value_of(&set, "operations_failed{operation=read}"), 1);
    near(value_of(&set, "operations_unknown"), 1);
    near(value_of(&set, "operations_in_flight"), 1);
    near(value_of(&set, "availability_ratio{region=ireland}"), 1.0 / 3);
    near(value_of(&set, "availability_nines"), -log10(2.0 / 3));
    near(value_of(&set, "tries_per_operation"), (3 + 1 + 1) / 3.0);
    metric_set_release(&set);
}

/*
 * Buckets of 100 ms. In [0, 100): 20 operations, 19 ok: 95 %, available. In [100, 200): 19
 * operations, 18 ok: not. In [200, 300): one invoked at 290 that ends ok at 310: counts where it
 * began. Others are empty and count for nothing. So 2 of 3 buckets; ok_per_s of the first bucket is
 * 190.
 */
static void test_availability_over_time(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);
    for (int i = 0; i < 39; i++) {
        const sim_ns at_ns = i < 20 ? i * 4 * MS : 100 * MS + (i - 20) * 4 * MS;
        const uint64_t read = stream_invoke(&stream, at_ns, 0, RECORD_READ, 0);

        stream_complete(&stream, at_ns + 2 * MS, 0, read,
                        i == 7 || i == 30 ? RECORD_INFO : RECORD_OK, 0, 0);
    }

    const uint64_t late = stream_invoke(&stream, 290 * MS, 0, RECORD_READ, 0);

    stream_complete(&stream, 310 * MS, 0, late, RECORD_OK, 0, 0);
    finish(&stream, &set);
    near(value_of(&set, "availability_time_ratio{region=virginia,operation=read}"), 2.0 / 3);
    near(value_of(&set, "availability_time_ratio"), 2.0 / 3);
    no_value(&set, "availability_time_ratio{region=ireland}");
    for (size_t i = 0; i < set.series_count; i++) {
        const struct metric_series *series = &set.series[i];

        if (strcmp(series->labels[0].value, "virginia") != 0 ||
            strcmp(series->labels[series->label_count - 1].value, "write") == 0) {
            continue;
        }
        if (strcmp(series->name, "ok_per_s") == 0) {
            near(series->values[0], 190);
            near(series->values[2], 10);
            near(series->values[3], 0);
        } else if (strcmp(series->name, "unknown_per_s") == 0) {
            near(series->values[1], 10);
        } else if (strcmp(series->name, "latency_p50_ms") == 0) {
            assert_true(fabs(series->values[0] - 2) < 2 * 0.032);
            assert_true(isnan(series->values[2])); /* nothing ended between 200 and 300 */
            assert_true(fabs(series->values[3] - 20) < 20 * 0.032);
        }
    }
    metric_set_release(&set);
}

/*
 * Fault "cut" from 300 to 500. Reads begin at 100 (before), 290 (before, ends during), 300 and 499
 * (during), 500 (after). The one at 499 fails.
 */
static void test_fault_windows(void **state)
{
    static const sim_ns begins[] = {100, 290, 300, 499, 500};
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);
    for (size_t i = 0; i < 5; i++) {
        if (i == 2) {
            stream_event(&stream, 300 * MS, RECORD_FAULT_BEGIN, 0, 1);
        }
        if (i == 4) {
            stream_event(&stream, 500 * MS, RECORD_FAULT_END, 0, 1);
        }

        const uint64_t read = stream_invoke(&stream, begins[i] * MS, 0, RECORD_READ, 0);

        /* Latencies 1, 2, 3, 4, 5 ms would overlap in slot 0 at 499: that one ends at once. */
        stream_complete(&stream, (begins[i] + (i == 3 ? 0 : (sim_ns)i + 1)) * MS, 0, read,
                        i == 3 ? RECORD_FAIL : RECORD_OK, 0, 0);
    }
    finish(&stream, &set);
    near(value_of(&set, "latency_ms{fault=cut,phase=before,operation=read}"), 1.5);
    near(value_of(&set, "latency_ms{fault=cut,phase=during,operation=read}"), 3);
    near(value_of(&set, "latency_ms{fault=cut,phase=after,region=virginia,operation=read}"), 5);
    near(value_of(&set, "availability_ratio{fault=cut,phase=during}"), 0.5);
    near(value_of(&set, "availability_ratio{fault=cut,phase=after}"), 1);
    near(value_of(&set, "stale_ratio{fault=cut,phase=before}"), 0);
    assert_int_equal(metric_at(&set, "stale_ratio{fault=cut,phase=before}")->total, 2);
    no_value(&set, "availability_ratio{fault=crash,phase=during}");
    metric_set_release(&set);
}

static void message(struct stream *stream, sim_ns at_ns, enum record_kind kind, uint16_t from,
                    uint16_t to, uint64_t bytes, uint8_t flags)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = (uint8_t)kind,
                                       .from_place = from,
                                       .to_place = to,
                                       .bytes = bytes,
                                       .flags = flags});
}

/* Warm-up until 50. Virginia to Ireland: 100 + 100 (a repetition) bytes; inside Tokyo 7. */
static void test_traffic_and_modes(void **state)
{
    struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    layout.warmup_ns = 50 * MS;
    stream_begin(&stream, &layout);
    message(&stream, 49 * MS, RECORD_SENT, 0, 1, 1000, 0);
    message(&stream, 50 * MS, RECORD_SENT, 0, 1, 100, 0);
    message(&stream, 60 * MS, RECORD_SENT, 0, 1, 100, RECORD_FLAG_RETRANSMITTED);
    message(&stream, 60 * MS, RECORD_SENT, 2, 2, 7, 0);
    message(&stream, 70 * MS, RECORD_DROPPED, 1, 0, 30, 0);
    /* Node 0: semi-sync until 240, async until 620, then semi-sync: 380 of 950 ms async. */
    stream_row(&stream, (struct record){.at_ns = 240 * MS, .kind = RECORD_MODE, .a = 1});
    stream_row(&stream, (struct record){.at_ns = 620 * MS, .kind = RECORD_MODE, .a = 0});
    finish(&stream, &set);
    near(value_of(&set, "messages"), 3);
    near(value_of(&set, "messages{from=virginia,to=ireland}"), 2);
    near(value_of(&set, "messages_retransmitted{from=virginia,to=ireland}"), 1);
    near(value_of(&set, "messages_dropped{from=ireland,to=virginia}"), 1);
    near(value_of(&set, "message_bytes"), 207);
    near(value_of(&set, "wide_area_bytes"), 200);
    near(value_of(&set, "mode_time_ratio{dataset=orders,mode=async}"), 380.0 / 950);
    near(value_of(&set, "mode_changes{dataset=orders}"), 2);
    metric_set_release(&set);
}

/*
 * Probes ask for write w1 (acknowledged at 10), exactly 5 and 20 ms after. At 15 the answer is the
 * initial value: not fresh; at 30 it is w2, newer: fresh. They are in no other metric.
 */
static void test_probes(void **state)
{
    const struct record_layout layout = stream_layout();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);

    const uint64_t w1 = write_at(&stream, 5 * MS, 10 * MS, 0, 0, 1);
    const uint64_t w2 = write_at(&stream, 11 * MS, 12 * MS, 0, 0, 2);

    for (int i = 0; i < 2; i++) {
        const uint64_t probe = 500 + (uint64_t)i;

        stream_row(&stream, (struct record){.at_ns = (i == 0 ? 15 : 30) * MS,
                                            .kind = RECORD_INVOKED,
                                            .flags = RECORD_FLAG_PROBE,
                                            .group = 1,
                                            .slot = 7,
                                            .operation = probe,
                                            .write = w1,
                                            .b = (i == 0 ? 5 : 20) * MS});
        stream_row(&stream, (struct record){.at_ns = (i == 0 ? 16 : 31) * MS,
                                            .kind = RECORD_COMPLETED,
                                            .flags = RECORD_FLAG_PROBE,
                                            .group = 1,
                                            .slot = 7,
                                            .operation = probe,
                                            .stamp = i == 0 ? 0 : 2,
                                            .write = i == 0 ? 0 : w2});
    }
    finish(&stream, &set);
    near(value_of(&set, "probe_fresh_ratio{reader=ireland}"), 0.5);
    near(value_of(&set, "operations_offered{operation=read}"), 0);
    no_value(&set, "stale_ratio");

    const struct metric_curve *curve = &set.curves[set.curve_count - 1];

    assert_string_equal(curve->name, "probe_t_visibility");
    assert_int_equal(curve->point_count, 2);
    near(curve->x[0], 5);
    near(curve->y[0], 0);
    near(curve->x[1], 20);
    near(curve->y[1], 1);
    metric_set_release(&set);
}

/* Nothing happened: every metric is there, nothing is NAN, ratios and times are undefined. */
static void test_empty(void **state)
{
    const struct record_layout layout = stream_layout_merging();
    struct stream stream;
    struct metric_set set;

    (void)state;
    stream_begin(&stream, &layout);
    finish(&stream, &set);
    for (const struct metric_definition *row = metric_catalogue; row->name != NULL; row++) {
        bool found = false;

        for (size_t i = 0; i < set.metric_count; i++) {
            found |= set.metrics[i].definition == row;
        }
        if (!found) {
            fail_msg("no metric %s", row->name);
        }
    }
    for (size_t i = 0; i < set.metric_count; i++) {
        const struct metric *metric = &set.metrics[i];

        assert_true(isfinite(metric_number(metric)));
        assert_true(i == 0 || metric->definition >= set.metrics[i - 1].definition);
        for (uint32_t k = 0; k < metric->label_count; k++) {
            bool declared = false;

            for (size_t s = 0; metric->definition->labels[s] != NULL; s++) {
                declared |= strcmp(metric->definition->labels[s], metric->labels[k].key) == 0;
            }
            if (!declared) {
                fail_msg("%s: label %s is not in the catalogue", metric->definition->name,
                         metric->labels[k].key);
            }
        }
    }
    no_value(&set, "latency_ms");
    no_value(&set, "availability_nines");
    near(value_of(&set, "mode_time_ratio{dataset=orders,mode=semi-sync}"), 1);
    metric_set_release(&set);
}

/* Stopped by a limit at 250 of 1000 ms, or even inside the warm-up of 100 ms. */
static void test_stopped_early(void **state)
{
    static const sim_ns ends_ns[] = {250 * MS, 40 * MS, 1000 * MS};
    static const sim_ns measured_ns[] = {150 * MS, 0, 900 * MS};
    struct record_layout layout = stream_layout();

    (void)state;
    layout.warmup_ns = 100 * MS;
    for (size_t i = 0; i < 3; i++) {
        struct stream stream;
        struct metric_set set;

        stream_begin(&stream, &layout);
        collector_finish(&stream.collector, ends_ns[i], &set);
        assert_int_equal(set.end_ns, ends_ns[i]);
        assert_int_equal(set.measured_ns, measured_ns[i]);
        assert_int_equal(set.duration_ns, 1000 * MS);
        near(metric_set_measured_s(&set), (double)measured_ns[i] / 1e9);
        metric_set_release(&set);
        collector_release(&stream.collector);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_staleness),
        cmocka_unit_test(test_in_flight_writes),
        cmocka_unit_test(test_skewed_stamps),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_latency_and_availability),
        cmocka_unit_test(test_availability_over_time),
        cmocka_unit_test(test_fault_windows),
        cmocka_unit_test(test_traffic_and_modes),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_stopped_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
