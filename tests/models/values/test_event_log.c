/*
 * Logs of events: order and cut by hand, and random histories against the newest of the sorted
 * list of events that a replica has been given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/values/merge_case.h"

static void list(const struct merge_case *merge, uint32_t replica, struct words_buffer *out)
{
    words_clear(out);
    merge->value.type.ops->writes(merge->value.type.params,
                                  value_body(words_of(&merge->states[replica])), VALUE_STATE, out);
}

static void test_viewing_history(void **state)
{
    struct merge_case merge;
    struct words_buffer events = {0};
    (void)state;
    merge_begin(&merge, "event_log", "keep=3");
    const struct merge_write watched = {.action = VALUE_ADD, .bytes = 40};
    struct merge_write at[] = {watched, watched, watched, watched};
    const int64_t times[] = {10, -20, 15, 30};
    for (uint32_t i = 0; i < 4; i++) {
        at[i].time = times[i];
        merge_do(&merge, i % 2, at[i]);
    }
    merge_send(&merge, 1, 0);
    assert_int_equal(merge.displaced.count, 0);
    list(&merge, 0, &events);
    assert_int_equal(merge_view(&merge, 0).number, 3);
    assert_int_equal(merge_view(&merge, 0).elements, 3);
    assert_int_equal(events.at[1], 1); /* 10, 15, 30; -20 is cut */
    assert_int_equal(events.at[3], 3);
    assert_int_equal(events.at[5], 4);
    assert_int_equal(merge_size(&merge, 0).payload, 3 * 40);
    assert_int_equal(merge_size(&merge, 0).metadata, 3 * 16);
    assert_int_equal(merge_delta_size(&merge, 0).metadata, 16);
    /* An event that is older than all that are kept leaves no trace. */
    at[0].time = 5;
    assert_true(merge_do(&merge, 0, at[0]));
    assert_int_equal(merge_view(&merge, 0).number, 3);
    merge_deliver(&merge, 4, 1);
    merge_send(&merge, 0, 1);
    assert_true(merge_equal(&merge, 0, 1));
    words_release(&events);
    merge_end(&merge);
}

/* A message of a chat comes twice, as an operation: it is one message. */
static void test_operation_twice(void **state)
{
    struct merge_case merge;
    (void)state;
    merge_begin(&merge, "event_log", "");
    merge.form = VALUE_OPERATION;
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_ADD, .time = 1});
    merge_do(&merge, 0, (struct merge_write){.action = VALUE_ADD, .time = 2});
    merge_deliver(&merge, 1, 1);
    merge_deliver(&merge, 0, 1);
    merge_deliver(&merge, 1, 1);
    assert_int_equal(merge_view(&merge, 1).number, 2);
    assert_true(merge_equal(&merge, 0, 1));
    merge_end(&merge);
}

static void check(const struct merge_case *merge, uint32_t replica)
{
    const uint32_t keep = strcmp(merge->value.variant, "keep=7") == 0 ? 7 : 100;
    struct words_buffer events = {0};
    uint32_t kept = 0;
    list(merge, replica, &events);
    for (uint32_t i = 0; i < merge->count; i++) {
        uint32_t newer = 0;
        for (uint32_t j = 0; j < merge->count; j++) {
            newer += (merge->known[replica] >> j & 1) != 0 &&
                     value_version_less(merge->writes[i].version, merge->writes[j].version);
        }
        if ((merge->known[replica] >> i & 1) != 0 && newer < keep) { /* then so far from the end */
            const uint32_t place = events.count / 2 - 1 - newer;
            merge_expect(merge, "an event at its place", (int64_t)events.at[2 * place + 1], i + 1);
            kept++;
        }
    }
    merge_expect(merge, "how many", events.count / 2, kept);
    words_release(&events);
}

static void test_histories(void **state)
{
    static const enum value_action actions[] = {VALUE_ADD};
    static const char *const variants[] = {"", "keep=7"};
    struct merge_case merge;
    (void)state;
    for (size_t variant = 0; variant < 2; variant++) {
        merge_begin(&merge, "event_log", variants[variant]);
        for (uint64_t seed = 1; seed <= 150; seed++) {
            const struct merge_plan plan = {.seed = seed,
                                            .steps = 80,
                                            .replicas = 2 + (uint32_t)(seed % 3),
                                            .actions = actions,
                                            .action_count = 1,
                                            .elements = 5,
                                            .amounts = 1,
                                            .steps_per_tick = 2,
                                            .skew = (int64_t)(seed % 9),
                                            .one_delta_is_all = true};
            merge_random(&merge, &plan, check);
        }
        merge_end(&merge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_viewing_history),
        cmocka_unit_test(test_operation_twice),
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
