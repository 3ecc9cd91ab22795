#include "analysis/collect.h"

#include "tests/analysis/record_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FAULTS = 230 };

static struct record_fault faults[FAULTS];

static struct record_layout layout_with(uint32_t count)
{
    static char names[FAULTS][8];
    struct record_layout layout = stream_layout();
    for (uint32_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "f%u", i);
        faults[i] = (struct record_fault){.id = names[i], .kind = "cut"};
    }
    layout.faults = faults;
    layout.fault_count = count;
    return layout;
}

static void change(struct stream *stream, sim_ns at_ns, enum record_kind kind, uint32_t fault)
{
    stream_row(stream, (struct record){.at_ns = at_ns, .kind = (uint8_t)kind, .slot = fault});
}

/* A read of Ireland's clients that ends `outcome` a millisecond later. */
static void read_at(struct stream *stream, sim_ns at_ns, enum record_outcome outcome)
{
    const uint64_t operation = stream_invoke(stream, at_ns, IRELAND, RECORD_READ, 0);
    stream_complete(stream, at_ns + MS, IRELAND, operation, outcome, 0, 0);
}

static void assert_window(const struct metric_set *set, uint32_t fault, const char *phase,
                          uint64_t ok, uint64_t all)
{
    char name[8];
    snprintf(name, sizeof name, "f%u", fault);
    const struct metric_label labels[] = {{"fault", name}, {"phase", phase}, {"region", "ireland"}};
    const struct metric *metric = metric_find(set, "availability_ratio", labels, 3);
    const struct metric_label fresh[] = {{"fault", name}, {"phase", phase}};
    const struct metric *reads = metric_find(set, "fresh_ratio", fresh, 2);
    if (metric == NULL || reads == NULL) {
        fail_msg("no rows %s of %s", phase, name);
        return;
    }
    if (metric->count != ok || metric->total != all || reads->total != ok) {
        fail_msg("%s of %s: %llu of %llu ok and %llu reads, must be %llu of %llu", phase, name,
                 (unsigned long long)metric->count, (unsigned long long)metric->total,
                 (unsigned long long)reads->total, (unsigned long long)ok, (unsigned long long)all);
    }
}

/*
 * 70 faults one after the other, 10 ms each from 10 i ms on: an ok read at 10 i + 2, a failed one
 * at 10 i + 4 for every third. Fault 3 goes on to the end.
 */
static void test_every_fault_has_windows(void **state)
{
    enum { MANY = 70 };
    (void)state;
    const struct record_layout layout = layout_with(MANY);
    struct stream stream;
    struct metric_set set;
    stream_begin(&stream, &layout);
    uint64_t failed = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        change(&stream, i * 10 * MS, RECORD_FAULT_BEGIN, i);
        read_at(&stream, (i * 10 + 2) * MS, RECORD_OK);
        if (i % 3 == 0) {
            read_at(&stream, (i * 10 + 4) * MS, RECORD_FAIL);
            failed++;
        }
        if (i != 3) {
            change(&stream, (i * 10 + 8) * MS, RECORD_FAULT_END, i);
        }
    }
    collector_finish(&stream.collector, layout.duration_ns, &set);
    for (uint32_t i = 0; i < MANY; i++) {
        const uint64_t failed_before = (i + 2) / 3, fails = i % 3 == 0 ? 1 : 0;
        const uint64_t after = MANY - i - 1;
        assert_window(&set, i, "before", i, i + failed_before);
        if (i == 3) {
            assert_window(&set, i, "during", after + 1, after + 1 + failed - failed_before);
            assert_window(&set, i, "after", 0, 0);
        } else {
            assert_window(&set, i, "during", 1, 1 + fails);
            assert_window(&set, i, "after", after, after + failed - failed_before - fails);
        }
    }
    metric_set_release(&set);
    collector_release(&stream.collector);
}

/* Three places have clients: 4 * 200 rows are few; with 299 of them 20000 / 300 faults have rows.
 */
static void test_limits(void **state)
{
    static struct record_place places[299];
    static struct record_group groups[299];
    (void)state;
    struct record_layout layout = layout_with(FAULTS);
    assert_int_equal(collect_window_count(&layout), COLLECT_FAULT_WINDOWS_MAX);
    layout.fault_count = 17;
    assert_int_equal(collect_window_count(&layout), 17);
    layout.fault_count = FAULTS;
    for (uint16_t i = 0; i < 299; i++) {
        places[i] = (struct record_place){.name = "p"};
        groups[i] = (struct record_group){.name = "g", .place = i};
    }
    layout.places = places;
    layout.groups = groups;
    layout.place_count = layout.group_count = 299;
    assert_int_equal(collect_window_count(&layout), 66);
}

/* Faults beyond the limit happen; they only have no windows. */
static void test_beyond_the_limit(void **state)
{
    (void)state;
    const struct record_layout layout = layout_with(FAULTS);
    struct stream stream;
    struct metric_set set;
    stream_begin(&stream, &layout);
    change(&stream, 10 * MS, RECORD_FAULT_BEGIN, FAULTS - 1);
    change(&stream, 10 * MS, RECORD_FAULT_BEGIN, COLLECT_FAULT_WINDOWS_MAX - 1);
    read_at(&stream, 20 * MS, RECORD_OK);
    change(&stream, 30 * MS, RECORD_FAULT_END, FAULTS - 1);
    collector_finish(&stream.collector, layout.duration_ns, &set);
    assert_window(&set, COLLECT_FAULT_WINDOWS_MAX - 1, "during", 1, 1);
    const struct metric_label labels[] = {{"fault", "f229"}, {"phase", "during"}};
    assert_null(metric_find(&set, "availability_ratio", labels, 2));
    metric_set_release(&set);
    collector_release(&stream.collector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_has_windows),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_beyond_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
