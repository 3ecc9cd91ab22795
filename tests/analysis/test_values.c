/*
 * What replicas hold of values that merge: side by side, equal or not, deleted and there again.
 */
#include "tests/analysis/value_stream.h"

static const struct record_dataset kept = {.meeting = RECORD_KEPT};

static struct metric_series series_at(const struct metric_set *set, const char *name)
{
    for (size_t i = 0; i < set->series_count; i++) {
        if (strcmp(set->series[i].name, name) == 0) {
            return set->series[i];
        }
    }
    fail_msg("no series %s", name);
    return (struct metric_series){0};
}

static void near(double found, double expected)
{
    if (found < expected - 1e-9 || found > expected + 1e-9) {
        fail_msg("found %.12g, expected %.12g", found, expected);
    }
}

/* A write that is accepted at `node`, and what the node holds then. */
static void write_at(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key,
                     struct holds holds)
{
    invoke_write(values, at_ms, key, holds.write, (struct does){STREAM_SET, 0, 1});
    give(values, at_ms, RECORD_APPLIED, node, key, holds.stamp, holds.write);
    hold(values, at_ms, node, key, holds);
    complete(values, at_ms, holds.write, holds.stamp, RECORD_OK);
}

/*
 * Key 0 is split from 120 ms, when the first replica holds both, to 460 ms, when the last one has
 * the resolution; key 1 from 500 ms on, with three values; an episode of key 2 began in the
 * warm-up and one of key 3 ends in a crash.
 */
static void test_resolution(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, kept, 100);
    hold(&values, 50, VIRGINIA, 2, (struct holds){1, 1, 0x1, 0, 2, 1, 0, 0, 0});
    hold(&values, 90, TOKYO, 3, (struct holds){1, 1, 0x1, 0, 1, 1, 0, 0, 0});
    hold(&values, 120, VIRGINIA, 0, (struct holds){3, 3, 0xa, 0, 2, 1, 0, 0, 0});
    hold(&values, 130, TOKYO, 3, (struct holds){2, 2, 0x2, 0, 2, 1, 0, 0, 0});
    hold(&values, 140, IRELAND, 0, (struct holds){3, 3, 0xa, 0, 2, 1, 0, 0, 0});
    hold(&values, 150, VIRGINIA, 2, (struct holds){2, 2, 0x2, 0, 1, 1, 0, 0, 0});
    stream_event(&values.stream, 180 * MS, RECORD_NODE_DOWN, TOKYO, 0);
    hold(&values, 180, TOKYO, 3, (struct holds){1, 1, 0x1, 0, 1, 1, 0, 0, RECORD_FLAG_REVERTED});
    read_value(&values, 190, VIRGINIA, 0, 50, 0, 2);
    hold(&values, 450, VIRGINIA, 0, (struct holds){4, 4, 0xb, 0, 1, 1, 0, 0, 0});
    hold(&values, 460, IRELAND, 0, (struct holds){4, 4, 0xb, 0, 1, 1, 0, 0, 0});
    read_value(&values, 470, VIRGINIA, 0, 51, 0, 1);
    hold(&values, 500, VIRGINIA, 1, (struct holds){5, 5, 0xc, 0, 3, 1, 0, 0, 0});
    read_value(&values, 510, VIRGINIA, 1, 52, 0, 3);
    read_value(&values, 520, TOKYO, 0, 53, 0, 0);
    values_end(&values, &set);

    const struct metric *resolution = metric_at(&set, "resolution_ms{dataset=v}");

    assert_int_equal(resolution->histogram->count, 2);
    assert_int_equal(resolution->histogram->min, 50 * MS);
    assert_int_equal(resolution->histogram->max, 340 * MS);
    assert_int_equal(metric_at(&set, "conflicts_open")->count, 1);
    assert_int_equal(metric_at(&set, "siblings_per_read")->histogram->count, 4);
    near(metric_number(metric_at(&set, "siblings_per_read")), (2 + 1 + 3 + 0) / 4.0);
    assert_int_equal(metric_at(&set, "siblings_max")->histogram->count, 4);
    assert_int_equal(metric_at(&set, "siblings_max{dataset=v}")->histogram->max, 3);
    near(metric_number(metric_at(&set, "siblings_max")), (2 + 3 + 2 + 2) / 4.0);

    /* At the end of the bucket from 100 ms on: keys 0 (2 + 2), 2 (1) and 3 (1); then key 1, too. */
    near(series_at(&set, "siblings_mean").values[1], 6 / 4.0);
    near(series_at(&set, "siblings_max").values[1], 2);
    near(series_at(&set, "conflicts_open").values[1], 1);
    near(series_at(&set, "siblings_mean").values[9], (1 + 1 + 1 + 1 + 3) / 5.0);
    near(series_at(&set, "siblings_max").values[9], 3);
    metric_set_release(&set);
}

/*
 * Key 0: written at 100 ms, all three equal at 150, and so until it is written at 400 and equal at
 * 430. Key 1: written at 200, and again at 220 before all had it; equal at 260 (40 ms); then Tokyo
 * goes astray without a write at 300 and is back at 350: 130 ms after the write, and no 40. Key 2:
 * written at 500, when Tokyo is cut off; healed at 700, equal at 720: 20 ms. Key 3 stays unequal.
 */
static void test_convergence(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, kept, 0);
    write_at(&values, 100, VIRGINIA, 0, (struct holds){1, 1, 0xa, 0, 1, 1, 0, 0, 0});
    hold(&values, 120, IRELAND, 0, (struct holds){1, 1, 0xa, 0, 1, 1, 0, 0, 0});
    hold(&values, 150, TOKYO, 0, (struct holds){1, 1, 0xa, 0, 1, 1, 0, 0, 0});
    write_at(&values, 200, VIRGINIA, 1, (struct holds){2, 2, 0xb, 0, 1, 1, 0, 0, 0});
    write_at(&values, 220, VIRGINIA, 1, (struct holds){3, 3, 0xc, 0, 1, 1, 0, 0, 0});
    hold(&values, 250, IRELAND, 1, (struct holds){3, 3, 0xc, 0, 1, 1, 0, 0, 0});
    hold(&values, 260, TOKYO, 1, (struct holds){3, 3, 0xc, 0, 1, 1, 0, 0, 0});
    hold(&values, 300, TOKYO, 1, (struct holds){3, 3, 0xd, 0, 1, 1, 0, 0, 0});
    hold(&values, 350, TOKYO, 1, (struct holds){3, 3, 0xc, 0, 1, 1, 0, 0, 0});
    write_at(&values, 400, VIRGINIA, 0, (struct holds){4, 4, 0xe, 0, 1, 1, 0, 0, 0});
    hold(&values, 410, IRELAND, 0, (struct holds){4, 4, 0xe, 0, 1, 1, 0, 0, 0});
    hold(&values, 430, TOKYO, 0, (struct holds){4, 4, 0xe, 0, 1, 1, 0, 0, 0});
    stream_event(&values.stream, 450 * MS, RECORD_FAULT_BEGIN, 0, 1);
    write_at(&values, 500, VIRGINIA, 2, (struct holds){5, 5, 0xf, 0, 1, 1, 0, 0, 0});
    hold(&values, 510, IRELAND, 2, (struct holds){5, 5, 0xf, 0, 1, 1, 0, 0, 0});
    stream_event(&values.stream, 700 * MS, RECORD_FAULT_END, 0, 1);
    hold(&values, 720, TOKYO, 2, (struct holds){5, 5, 0xf, 0, 1, 1, 0, 0, 0});
    write_at(&values, 800, VIRGINIA, 3, (struct holds){6, 6, 0x7, 0, 1, 1, 0, 0, 0});
    values_end(&values, &set);

    const struct metric *convergence = metric_at(&set, "key_convergence_ms{dataset=v}");

    assert_int_equal(convergence->histogram->count, 4);
    near(metric_number(convergence), (50 + 30 + 130 + 20) / 4.0);
    assert_int_equal(convergence->histogram->min, 20 * MS);
    assert_int_equal(convergence->histogram->max, 130 * MS);
    assert_int_equal(metric_at(&set, "divergent_keys{dataset=v}")->count, 1);
    /* Ends of buckets: 300 is before its row; key 2 at 600 and 700, key 3 at 900 and 1000 ms. */
    assert_int_equal(metric_at(&set, "divergence_ratio{dataset=v}")->count, 4);
    assert_int_equal(metric_at(&set, "divergence_ratio{dataset=v}")->total, 40);
    near(series_at(&set, "divergence_ratio").values[5], 0.25);
    metric_set_release(&set);
}

/* A replica that is down does not count; one that lost its disk holds nothing when it is back. */
static void test_nodes(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, kept, 0);
    write_at(&values, 100, VIRGINIA, 0, (struct holds){1, 1, 0xa, 0, 1, 1, 0, 0, 0});
    hold(&values, 120, IRELAND, 0, (struct holds){1, 1, 0xa, 0, 1, 1, 0, 0, 0});
    stream_event(&values.stream, 130 * MS, RECORD_NODE_DOWN, TOKYO, 0); /* equal now: 30 ms */
    write_at(&values, 200, VIRGINIA, 0, (struct holds){2, 2, 0xb, 0, 2, 1, 0, 0, 0});
    hold(&values, 240, IRELAND, 0, (struct holds){2, 2, 0xb, 0, 2, 1, 0, 0, 0});
    stream_row(&values.stream, (struct record){.at_ns = 500 * MS,
                                               .kind = RECORD_NODE_DOWN,
                                               .flags = RECORD_FLAG_DISK_LOST,
                                               .node = VIRGINIA});
    hold(&values, 500, VIRGINIA, 0, (struct holds){1, 1, 0xa, 0, 1, 1, 0, 0, RECORD_FLAG_REVERTED});
    stream_event(&values.stream, 600 * MS, RECORD_NODE_UP, VIRGINIA, 0); /* and is empty */
    values_end(&values, &set);
    /* The second write did not stay everywhere. */
    assert_int_equal(metric_at(&set, "key_convergence_ms")->histogram->count, 1);
    near(metric_number(metric_at(&set, "key_convergence_ms")), 30);
    assert_int_equal(metric_at(&set, "divergent_keys")->count, 1);
    assert_int_equal(metric_at(&set, "conflicts_open")->count, 1); /* Ireland */
    metric_set_release(&set);
}

/* Ends of buckets from 200 ms on: eight with 10 + 30 bytes and 2, 6 of metadata, at two replicas.
 */
static void test_metadata(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, kept, 100);
    hold(&values, 110, VIRGINIA, 0, (struct holds){1, 1, 0xa, 0, 1, 1, 10, 2, 0});
    hold(&values, 120, IRELAND, 1, (struct holds){2, 2, 0xb, 0, 1, 1, 20, 9, 0});
    hold(&values, 130, IRELAND, 1, (struct holds){2, 2, 0xb, 0, 1, 1, 30, 6, 0});
    stream_row(&values.stream, (struct record){.at_ns = 140 * MS,
                                               .kind = RECORD_SENT,
                                               .from_place = VIRGINIA,
                                               .to_place = IRELAND,
                                               .bytes = 500});
    stream_row(&values.stream, (struct record){.at_ns = 140 * MS,
                                               .kind = RECORD_SENT,
                                               .from_place = TOKYO,
                                               .to_place = TOKYO,
                                               .bytes = 77});
    write_at(&values, 990, VIRGINIA, 2, (struct holds){3, 3, 0, 0, 0, 0, 0, 0, 0});
    write_at(&values, 991, VIRGINIA, 2, (struct holds){4, 4, 0, 0, 0, 0, 0, 0, 0});
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "metadata_bytes_per_value{dataset=v}")->count, 2 * 9);
    near(metric_number(metric_at(&set, "metadata_bytes_per_value")), 4);
    assert_int_equal(metric_at(&set, "metadata_ratio{dataset=v}")->count, 8 * 9);
    assert_int_equal(metric_at(&set, "metadata_ratio")->total, 48 * 9);
    near(metric_number(metric_at(&set, "wide_area_bytes_per_write")), 250);
    metric_set_release(&set);
}

static void delete_at(struct values *values, sim_ns at_ms, uint32_t key, struct holds holds,
                      enum record_outcome outcome)
{
    invoke_write(values, at_ms, key, holds.write, (struct does){STREAM_DELETE, 0, 0});
    give(values, at_ms, RECORD_APPLIED, VIRGINIA, key, holds.stamp, holds.write);
    hold(values, at_ms, VIRGINIA, key, holds);
    complete(values, at_ms + 1, holds.write, holds.stamp, outcome);
}

/*
 * Key 0: deleted at stamp 20, swept, and an unrepaired replica brings stamp 10 back to two that
 * had shown the delete: one delete, twice. Key 1: written anew after its delete. Key 2: the delete
 * was not acknowledged. Key 3: a crash takes a replica back to before the delete.
 */
static void test_resurrected(void **state)
{
    struct values values;
    struct metric_set set;

    (void)state;
    values_begin(&values, kept, 0);
    for (uint32_t key = 0; key < 4; key++) {
        for (uint32_t node = 0; node < 3; node++) {
            hold(&values, 50, node, key, (struct holds){10, 1, 0xa, 0, 1, 1, 0, 0, 0});
        }
    }
    delete_at(&values, 100, 0, (struct holds){20, 2, 0xb, 0, 0, 0, 0, 9, 0}, RECORD_OK);
    hold(&values, 120, IRELAND, 0, (struct holds){20, 2, 0xb, 0, 0, 0, 0, 9, 0});
    hold(&values, 200, VIRGINIA, 0, (struct holds){.flags = RECORD_FLAG_SWEPT});
    hold(&values, 200, IRELAND, 0, (struct holds){.flags = RECORD_FLAG_SWEPT});
    hold(&values, 300, VIRGINIA, 0, (struct holds){10, 1, 0xa, 0, 1, 1, 0, 0, 0});
    hold(&values, 310, IRELAND, 0, (struct holds){10, 1, 0xa, 0, 1, 1, 0, 0, 0});
    delete_at(&values, 400, 1, (struct holds){20, 3, 0xb, 0, 0, 0, 0, 9, 0}, RECORD_OK);
    hold(&values, 410, VIRGINIA, 1, (struct holds){30, 4, 0xc, 0, 1, 1, 0, 0, 0});
    delete_at(&values, 500, 2, (struct holds){20, 5, 0xb, 0, 0, 0, 0, 9, 0}, RECORD_INFO);
    hold(&values, 510, VIRGINIA, 2, (struct holds){10, 1, 0xa, 0, 1, 1, 0, 0, 0});
    delete_at(&values, 600, 3, (struct holds){20, 6, 0xb, 0, 0, 0, 0, 9, 0}, RECORD_OK);
    stream_event(&values.stream, 610 * MS, RECORD_NODE_DOWN, VIRGINIA, 0);
    hold(&values, 610, VIRGINIA, 3,
         (struct holds){10, 1, 0xa, 0, 1, 1, 0, 0, RECORD_FLAG_REVERTED});
    values_end(&values, &set);
    assert_int_equal(metric_at(&set, "resurrected_deletes{dataset=v}")->count, 1);
    assert_int_equal(metric_at(&set, "resurrections")->count, 2);
    metric_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolution),  cmocka_unit_test(test_convergence),
        cmocka_unit_test(test_nodes),       cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_resurrected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
