#define _POSIX_C_SOURCE 200809L

#include "sim/event_queue.h"

#include "sim/arena.h"
#include "tests/sim/expect_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/*
 * The hold model on the queue alone, at sizes where the reference engine of test_engine.c is too
 * slow. Times must never fall, ties must leave in the order they were scheduled, every event once.
 */
struct hold {
    struct event_queue queue;
    uint64_t random;
    uint64_t order; /* of the next event that is scheduled; carried in `a` */
    uint64_t pending;
    sim_ns now_ns;
    uint64_t last_order;
    uint64_t order_sum; /* of all scheduled minus all taken */
};

static uint64_t next_random(struct hold *hold)
{
    uint64_t z = hold->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static struct timer push(struct hold *hold, sim_ns at_ns)
{
    const struct event event = {.kind = 3, .a = ++hold->order, .b = (uint64_t)at_ns};
    hold->order_sum += event.a;
    hold->pending++;
    return event_queue_push(&hold->queue, at_ns, &event);
}

static bool take(struct hold *hold)
{
    struct event event;
    sim_ns at_ns = 0;
    enum event_take taken = EVENT_TAKE_AGAIN;
    while (taken == EVENT_TAKE_AGAIN) {
        taken = event_queue_take(&hold->queue, INT64_MAX, &at_ns, &event);
    }
    if (taken == EVENT_TAKE_LATER) {
        return false;
    }
    if (at_ns < hold->now_ns || (at_ns == hold->now_ns && event.a <= hold->last_order) ||
        (uint64_t)at_ns != event.b || event.kind != 3) {
        fail_msg("event %llu at %lld ns after %llu at %lld ns", (unsigned long long)event.a,
                 (long long)at_ns, (unsigned long long)hold->last_order, (long long)hold->now_ns);
    }
    hold->now_ns = at_ns;
    hold->last_order = event.a;
    hold->order_sum -= event.a;
    hold->pending--;
    return true;
}

static void hold_init(struct hold *hold, uint64_t seed)
{
    *hold = (struct hold){.random = seed};
    event_queue_init(&hold->queue);
}

static void hold_end(struct hold *hold)
{
    while (take(hold)) {
    }
    assert_int_equal(hold->pending, 0);
    assert_int_equal(hold->order_sum, 0);
    assert_int_equal(event_queue_live(&hold->queue), 0);
    event_queue_release(&hold->queue);
}

static sim_ns delay_uniform(struct hold *hold)
{
    return (sim_ns)(next_random(hold) % 2000000000);
}

static sim_ns delay_bimodal(struct hold *hold)
{
    const uint64_t word = next_random(hold);
    return (sim_ns)(word % 8 == 0 ? word >> 31 : word >> 51);
}

static sim_ns delay_constant(struct hold *hold)
{
    (void)hold;
    return 1000000;
}

static sim_ns delay_grid(struct hold *hold)
{
    return (sim_ns)(next_random(hold) % 4) * 1000000;
}

static sim_ns delay_wide(struct hold *hold) /* every scale of time equally often */
{
    const uint64_t word = next_random(hold);
    return (sim_ns)(word >> (22 + word % 41));
}

static sim_ns delay_scale_changes(struct hold *hold)
{
    const uint64_t word = next_random(hold) >> 32;
    return (sim_ns)(hold->order / 50000 % 2 == 0 ? word : word >> 16);
}

static sim_ns delay_mostly_now(struct hold *hold)
{
    const uint64_t word = next_random(hold);
    return word % 16 == 0 ? (sim_ns)(word >> 40) : 0;
}

static sim_ns (*const delays[])(struct hold *) = {
    delay_uniform, delay_bimodal,       delay_constant,   delay_grid,
    delay_wide,    delay_scale_changes, delay_mostly_now,
};

enum { DELAYS = sizeof delays / sizeof delays[0] };

static void test_hold(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {20, 100, 150, 1000, 20000};
    for (size_t law = 0; law < DELAYS; law++) {
        for (size_t size = 0; size < 5; size++) {
            struct hold hold;
            hold_init(&hold, 10 * law + size);
            for (uint64_t i = 0; i < sizes[size]; i++) {
                push(&hold, (sim_ns)(next_random(&hold) >> 34));
            }
            for (int i = 0; i < 100000; i++) {
                assert_true(take(&hold));
                push(&hold, hold.now_ns + delays[law](&hold));
            }
            hold_end(&hold);
        }
    }
}

/* The number pending rises and falls a thousandfold, so windows open and close on all of time. */
static void test_tide(void **state)
{
    (void)state;
    for (size_t law = 0; law < DELAYS; law++) {
        struct hold hold;
        hold_init(&hold, 77 + law);
        for (int tide = 0; tide < 4; tide++) {
            while (hold.pending < 30000) {
                push(&hold, hold.now_ns + delays[law](&hold));
                push(&hold, hold.now_ns + delays[law](&hold));
                take(&hold);
            }
            while (hold.pending > 30) {
                take(&hold);
                if (hold.pending % 3 == 0) {
                    push(&hold, hold.now_ns + delays[law](&hold));
                    take(&hold);
                }
            }
        }
        hold_end(&hold);
    }
}

static void test_all_tied(void **state)
{
    (void)state;
    struct hold hold;
    hold_init(&hold, 1);
    for (int i = 0; i < 100000; i++) {
        push(&hold, 5);
    }
    for (int i = 0; i < 100000; i++) {
        assert_true(take(&hold));
        assert_int_equal(hold.last_order, i + 1);
        push(&hold, i % 2 == 0 ? 5 : 6);
    }
    hold_end(&hold);
}

static void test_the_range_of_time(void **state)
{
    (void)state;
    struct hold hold;
    hold_init(&hold, 1);
    for (int i = 0; i < 300; i++) { /* enough to leave the mode of few */
        push(&hold, SIM_NS_MAX - i);
        push(&hold, i);
        push(&hold, INT64_MAX - 1 - i % 2);
    }
    for (int i = 0; i < 300; i++) {
        assert_true(take(&hold));
        assert_int_equal(hold.now_ns, i);
    }
    assert_true(take(&hold));
    assert_true(hold.now_ns == SIM_NS_MAX - 299);
    hold_end(&hold);
}

/* Looking for an event that is too late opens a later window; earlier ones may still come. */
static void test_schedule_before_an_opened_window(void **state)
{
    (void)state;
    struct hold hold;
    hold_init(&hold, 9);
    for (int i = 0; i < 5000; i++) {
        push(&hold, 1000000000 + (sim_ns)(next_random(&hold) % 1000000));
    }
    struct event event;
    sim_ns at_ns = 0;
    enum event_take taken = EVENT_TAKE_AGAIN;
    while (taken == EVENT_TAKE_AGAIN) {
        taken = event_queue_take(&hold.queue, 100, &at_ns, &event);
    }
    assert_int_equal(taken, EVENT_TAKE_LATER);
    for (int i = 0; i < 5000; i++) {
        push(&hold, 100 + (sim_ns)(next_random(&hold) % 1000000000));
    }
    hold_end(&hold);
}

/* The same where the window is a wide bucket, which must then be split without losing the earlier.
 */
static void test_split_a_wide_window_that_begins_later(void **state)
{
    (void)state;
    struct hold hold;
    hold_init(&hold, 11);
    for (int i = 0; i < 400; i++) {
        push(&hold, (sim_ns)(next_random(&hold) % 1000));
    }
    for (int i = 0; i < 200; i++) {
        push(&hold, 2 * SIM_NS_PER_H + (sim_ns)(next_random(&hold) % SIM_NS_PER_MIN));
        push(&hold, 130 * SIM_NS_PER_MIN + (sim_ns)(next_random(&hold) % SIM_NS_PER_MIN));
    }
    for (int i = 0; i < 400; i++) {
        assert_true(take(&hold));
    }
    struct event event;
    sim_ns at_ns = 0;
    enum event_take taken = EVENT_TAKE_AGAIN;
    while (taken == EVENT_TAKE_AGAIN) {
        taken = event_queue_take(&hold.queue, 1000, &at_ns, &event);
    }
    assert_int_equal(taken, EVENT_TAKE_LATER);
    assert_true(hold.queue.window_level > 0);
    /* Only until it is split: a change of width would put everything in its place. */
    for (int i = 0; i < 1000 && hold.queue.window_level > 0; i++) {
        push(&hold, 1000 + (sim_ns)(next_random(&hold) % 2000));
        push(&hold, 2 * SIM_NS_PER_H + (sim_ns)(next_random(&hold) % SIM_NS_PER_MIN));
    }
    assert_int_equal(hold.queue.window_level, 0);
    hold_end(&hold);
}

/* Deadlines that are nearly all cancelled: memory stays in proportion to what is pending. */
static void test_cancelled_events_do_not_pile_up(void **state)
{
    (void)state;
    enum { CLIENTS = 1000 };
    static struct timer deadlines[CLIENTS];
    struct hold hold;
    hold_init(&hold, 4);
    for (int i = 0; i < CLIENTS; i++) {
        push(&hold, i);
        deadlines[i] = push(&hold, 5000000 + i);
    }
    uint64_t cancelled = 0;
    for (int i = 0; i < 400000; i++) {
        const size_t client = next_random(&hold) % CLIENTS;
        if (event_queue_cancel(&hold.queue, deadlines[client])) {
            cancelled++;
            hold.pending--;
            hold.order_sum = 0; /* not known for cancelled events */
        }
        deadlines[client] = push(&hold, hold.now_ns + 5000000);
        if (i % 2 == 0) {
            take(&hold);
        }
        assert_int_equal(event_queue_live(&hold.queue), hold.pending);
        assert_true(hold.queue.slots.cancelled <= hold.pending + EVENT_CANCELLED_MIN);
    }
    assert_true(cancelled > 150000);
    /* Slots double; twice the pending events and the few that are not worth a sweep fit in. */
    assert_true(hold.queue.slots.used <= 4 * (2 * CLIENTS + EVENT_CANCELLED_MIN));
    hold.order_sum = 0;
    while (take(&hold)) {
    }
    assert_int_equal(hold.pending, 0);
    assert_int_equal(hold.queue.slots.cancelled, 0);
    assert_int_equal(hold.queue.slots.free_count, hold.queue.slots.used - 1);
    event_queue_release(&hold.queue);
}

static void test_cancel_everything(void **state)
{
    (void)state;
    enum { EVENTS = 20000 };
    static struct timer timers[EVENTS];
    struct hold hold;
    hold_init(&hold, 4);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < EVENTS; i++) {
            timers[i] = push(&hold, hold.now_ns + delay_wide(&hold));
        }
        for (int i = 0; i < EVENTS; i++) {
            assert_true(event_queue_cancel(&hold.queue, timers[i]));
            assert_false(event_queue_cancel(&hold.queue, timers[i]));
        }
        assert_int_equal(event_queue_live(&hold.queue), 0);
        assert_false(take(&hold));
    }
    assert_true(hold.queue.slots.used <= 2 * EVENTS);
    event_queue_release(&hold.queue);
}

/* ---- parts --------------------------------------------------------------------------------- */

static int compare_keys(const void *one, const void *two)
{
    const event_key a = *(const event_key *)one;
    const event_key b = *(const event_key *)two;
    return (a > b) - (a < b);
}

enum { SORTED = 3000 };

static event_key adverse_key(int pattern, uint64_t i, struct hold *hold)
{
    const uint64_t random = next_random(hold);
    uint64_t time = 0;
    switch (pattern) {
    case 0:
        time = random >> 40;
        break;
    case 1: /* reversed */
        time = SORTED - i;
        break;
    case 2: /* sorted */
        time = i / 3;
        break;
    case 3: /* one far away, the others crowd in one bin in reverse */
        time = i == 7 ? UINT64_C(1) << 60 : SORTED - i;
        break;
    case 4: /* two crowds */
        time = (random % 2) << 61 | (SORTED - i);
        break;
    case 5: /* ties whose sequence runs backwards */
        return (event_key)5 << 64 | (SORTED - i) << EVENT_SLOT_BITS;
    default: /* few values */
        time = random % 3;
        break;
    }
    return (event_key)time << 64 | i << EVENT_SLOT_BITS | (i & 1023);
}

static void test_sorting(void **state)
{
    (void)state;
    static event_key from[SORTED];
    static event_key to[SORTED];
    static event_key expected[SORTED];
    static const size_t counts[] = {0, 1, 2, 15, 17, 100, 1000, SORTED};
    struct event_bins bins = {0};
    struct hold hold = {.random = 5};
    for (int pattern = 0; pattern < 7; pattern++) {
        for (size_t c = 0; c < 8; c++) {
            const size_t count = counts[c];
            for (size_t i = 0; i < count; i++) {
                expected[i] = from[i] = adverse_key(pattern, i, &hold);
            }
            qsort(expected, count, sizeof expected[0], compare_keys);
            event_bins_sort(&bins, to, from, count);
            if (memcmp(to, expected, count * sizeof to[0]) != 0) {
                fail_msg("pattern %d of %zu keys is not sorted", pattern, count);
            }
        }
    }
    memory_release(bins.counts);
}

/* One key far away puts all others into one bin, in reverse: insertion alone would need 5e9 moves.
 */
static void test_sorting_is_never_quadratic(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    event_key *from = memory_alloc(MANY, sizeof *from);
    event_key *to = memory_alloc(MANY, sizeof *to);
    struct event_bins bins = {0};
    for (uint64_t i = 0; i < MANY; i++) {
        from[i] = (event_key)(i == 0 ? UINT64_C(1) << 60 : MANY - i) << 64 | i << EVENT_SLOT_BITS;
    }
    const clock_t begin = clock();
    event_bins_sort(&bins, to, from, MANY);
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    for (size_t i = 1; i < MANY; i++) {
        assert_true(to[i - 1] < to[i]);
    }
    if (seconds > 1.0) { /* takes 0.01 s */
        fail_msg("sorting %d keys took %f s", MANY, seconds);
    }
    memory_release(bins.counts);
    memory_release(from);
    memory_release(to);
}

static void test_width(void **state)
{
    (void)state;
    static event_key keys[2000];
    for (uint64_t i = 0; i < 2000; i++) { /* one every 1000 ns */
        keys[i] = (event_key)(77 + 1000 * (i * 7 % 2000)) << 64 | i << EVENT_SLOT_BITS;
    }
    const uint64_t width = event_keys_width(keys, 2000, 50);
    assert_in_range(width, 40000, 60000);
    assert_in_range(event_keys_width(keys, 100, 50), 250000, 450000); /* the first 100: 7000 apart,
                                                                         one turn and a half */
    for (uint64_t i = 0; i < 2000; i++) {
        keys[i] = (event_key)9 << 64 | i << EVENT_SLOT_BITS;
    }
    assert_int_equal(event_keys_width(keys, 2000, 50), 0);
    assert_int_equal(event_keys_width(keys, 1, 50), 0);
}

static void test_a_zeroed_handle_is_for_no_event(void **state)
{
    (void)state;
    struct hold hold;
    hold_init(&hold, 1);
    assert_false(event_queue_cancel(&hold.queue, (struct timer){0, 0}));
    assert_false(event_queue_cancel(&hold.queue, (struct timer){0, 1}));
    push(&hold, 1);
    assert_false(event_queue_cancel(&hold.queue, (struct timer){0, 1}));
    assert_false(event_queue_cancel(&hold.queue, (struct timer){0, 0}));
    assert_false(event_queue_cancel(&hold.queue, (struct timer){UINT32_MAX, 1}));
    assert_false(event_queue_cancel(&hold.queue, (struct timer){1, 0}));
    assert_false(event_queue_cancel(&hold.queue, (struct timer){2, 0}));
    hold_end(&hold);
}

static void use_up_the_sequence(void)
{
    struct hold hold;
    hold_init(&hold, 1);
    hold.queue.sequence = UINT64_MAX << EVENT_SLOT_BITS;
    push(&hold, 1);
}

static void test_the_sequence_is_never_reused(void **state)
{
    (void)state;
    assert_true(fails_check(use_up_the_sequence, "sequence != 0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_tide),
        cmocka_unit_test(test_all_tied),
        cmocka_unit_test(test_the_range_of_time),
        cmocka_unit_test(test_schedule_before_an_opened_window),
        cmocka_unit_test(test_split_a_wide_window_that_begins_later),
        cmocka_unit_test(test_cancelled_events_do_not_pile_up),
        cmocka_unit_test(test_cancel_everything),
        cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_sorting_is_never_quadratic),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_a_zeroed_handle_is_for_no_event),
        cmocka_unit_test(test_the_sequence_is_never_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
