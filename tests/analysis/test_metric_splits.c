#include "analysis/metric_splits.h"

#include "sim/arena.h"
#include "tests/analysis/record_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint32_t key_count(const struct metric_definition *definition)
{
    uint32_t count = 0;
    while (definition->labels[count] != NULL) {
        count++;
    }
    return count;
}

/* Bit i: the definition's label i. */
static uint32_t keys_of(const struct metric *metric)
{
    uint32_t keys = 0;
    for (uint32_t i = 0; i < key_count(metric->definition); i++) {
        keys |= metric_label_value(metric, metric->definition->labels[i]) != NULL ? 1u << i : 0;
    }
    return keys;
}

static bool has_row(const struct metric_set *set, const struct metric_definition *definition,
                    uint32_t keys)
{
    for (size_t i = 0; i < set->metric_count; i++) {
        if (set->metrics[i].definition == definition && keys_of(&set->metrics[i]) == keys) {
            return true;
        }
    }
    return false;
}

/*
 * Every set of labels of every metric: the table allows it just when the collector makes such a
 * row. The layout has three datasets, one that merges, modes, faults, and pairs of places that
 * talk.
 */
static void test_table_is_what_the_collector_makes(void **state)
{
    (void)state;
    const struct record_layout layout = stream_layout_merging();
    struct stream stream;
    struct metric_set set = {0};
    stream_begin(&stream, &layout);
    collector_finish(&stream.collector, layout.duration_ns, &set);
    for (const struct metric_definition *row = metric_catalogue; row->name != NULL; row++) {
        if (!metric_splits_known(row)) {
            fail_msg("%s needs its word in metric_splits.c", row->name);
        }
        for (uint32_t keys = 0; keys < 1u << key_count(row); keys++) {
            struct metric_label labels[METRIC_SPLITS_MAX];
            uint32_t count = 0;
            for (uint32_t i = 0; i < key_count(row); i++) {
                if ((keys & 1u << i) != 0) {
                    labels[count++] = (struct metric_label){.key = row->labels[i], .value = "x"};
                }
            }
            const bool allowed = metric_splits_allow(row, labels, count);
            const bool made = has_row(&set, row, keys);
            if (allowed != made) {
                fail_msg("%s with labels of mask %#x: the table says %d, the collector %d",
                         row->name, keys, allowed, made);
            }
        }
    }
    metric_set_release(&set);
    collector_release(&stream.collector);
}

static void test_text(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(metric_splits_text(metric_definition_find("fresh_ratio"), &arena),
                        "{[reader], [writer]}, {dataset, [reader]}, {fault, phase, [reader]}");
    assert_string_equal(metric_splits_text(metric_definition_find("messages"), &arena),
                        "{}, {from, to}");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_what_the_collector_makes),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
