#include "sim/event_wheel.h"

#include "sim/arena.h"
#include "sim/event_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static event_key key_of(uint64_t at_ns, uint64_t low)
{
    return (event_key)at_ns << 64 | low;
}

/* ---- the wheel alone ----------------------------------------------------------------------- */

static const uint32_t shifts[] = {0, 1, 12, 40, 52};
static const uint64_t begins[] = {0, 1, 63, 64, 959, 960, 1023, 1024, 5000, 2000};

/* The first and last bin within reach, and those just outside, wherever in a word the base is. */
static void test_reach(void **state)
{
    (void)state;
    static struct event_wheel wheel;
    for (size_t s = 0; s < sizeof shifts / sizeof shifts[0]; s++) {
        const uint32_t shift = shifts[s];
        for (size_t b = 0; b < sizeof begins / sizeof begins[0]; b++) {
            wheel = (struct event_wheel){.shift = shift, .reach = EVENT_WHEEL_REACH};
            const uint64_t base = begins[b] % (UINT64_C(1) << (63 - shift));
            event_wheel_turn(&wheel, base << shift);
            const uint64_t end = (base + EVENT_WHEEL_REACH) << shift;
            const event_key last = key_of(end - 1, 1);
            const event_key first = key_of(base << shift, 2);
            assert_false(event_wheel_add(&wheel, end, key_of(end, 3)));
            if (base > 0) {
                const uint64_t before = (base << shift) - 1;
                assert_false(event_wheel_add(&wheel, before, key_of(before, 4)));
            }
            assert_int_equal(event_wheel_first(&wheel), EVENT_WHEEL);
            assert_true(event_wheel_add(&wheel, end - 1, last));
            assert_true(wheel.keys[event_wheel_first(&wheel)] == last);
            assert_true(event_wheel_add(&wheel, base << shift, first));
            assert_true(wheel.keys[event_wheel_first(&wheel)] == first);
            event_wheel_remove(&wheel, event_wheel_first(&wheel));
            assert_true(wheel.keys[event_wheel_first(&wheel)] == last);
            event_wheel_remove(&wheel, event_wheel_first(&wheel));
            assert_int_equal(event_wheel_first(&wheel), EVENT_WHEEL);
        }
    }
}

static void test_a_bin_has_one_key(void **state)
{
    (void)state;
    static struct event_wheel wheel = {.shift = 4, .reach = EVENT_WHEEL_REACH};
    assert_true(event_wheel_add(&wheel, 35, key_of(35, 1)));
    assert_false(event_wheel_add(&wheel, 32, key_of(32, 2)));
    assert_false(event_wheel_add(&wheel, 35, key_of(35, 3)));
    assert_true(event_wheel_add(&wheel, 48, key_of(48, 4)));
    assert_int_equal(event_wheel_first(&wheel), 2);
    event_wheel_remove(&wheel, 2);
    assert_int_equal(event_wheel_first(&wheel), 3);
    assert_true(event_wheel_add(&wheel, 47, key_of(47, 5)));
    assert_int_equal(event_wheel_first(&wheel), 2);
    wheel.reach = 0;
    assert_false(event_wheel_add(&wheel, 64, key_of(64, 6)));
}

static void test_the_base_does_not_go_back(void **state)
{
    (void)state;
    static struct event_wheel wheel = {.shift = 3, .reach = EVENT_WHEEL_REACH};
    event_wheel_turn(&wheel, 800);
    event_wheel_turn(&wheel, 8);
    assert_int_equal(wheel.base, 100);
}

/* Many turns: the wheel's first key is always the least of those that it took. */
static void test_turns(void **state)
{
    (void)state;
    static struct event_wheel wheel;
    static event_key held[EVENT_WHEEL];
    for (size_t s = 0; s < sizeof shifts / sizeof shifts[0] - 1; s++) {
        const uint32_t shift = shifts[s];
        wheel = (struct event_wheel){.shift = shift, .reach = EVENT_WHEEL_REACH};
        random_state = s;
        uint64_t now_ns = next_random() >> 20 << shift >> 2;
        size_t count = 0, refused = 0, turns = 0;
        event_wheel_turn(&wheel, now_ns);
        for (uint64_t i = 0; i < 20000; i++) {
            const uint64_t at_ns = now_ns + (next_random() % 1200 << shift) / (1 + i % 7);
            const event_key key = key_of(at_ns, i);
            if (event_wheel_add(&wheel, at_ns, key)) {
                held[count++] = key;
            } else {
                refused++;
            }
            if (i % 16 < 6 || count == 0) {
                continue;
            }
            size_t least = 0;
            for (size_t k = 1; k < count; k++) {
                least = held[k] < held[least] ? k : least;
            }
            const uint32_t bin = event_wheel_first(&wheel);
            assert_int_not_equal(bin, EVENT_WHEEL);
            assert_true(wheel.keys[bin] == held[least]);
            turns += event_key_time(held[least]) >> shift >> 10 != now_ns >> shift >> 10;
            now_ns = event_key_time(held[least]);
            event_wheel_turn(&wheel, now_ns);
            event_wheel_remove(&wheel, bin);
            held[least] = held[--count];
        }
        assert_true(refused > 1000);
        assert_true(turns > 10);
        struct event_array array = {0};
        event_wheel_gather(&wheel, &array);
        assert_int_equal(array.count, count);
        for (size_t k = 1; k < count; k++) {
            assert_true(array.keys[k - 1] < array.keys[k]);
        }
        assert_int_equal(event_wheel_first(&wheel), EVENT_WHEEL);
        memory_release(array.keys);
    }
}

/* ---- the wheel in the queue ---------------------------------------------------------------- */

struct checked {
    struct event_queue queue;
    sim_ns now_ns;
    uint64_t pending, order_last;
    uint64_t in_wheel, in_heap; /* how many were seen there, over all looks */
};

/* Where every key must be, whatever was done before. */
static void look(struct checked *checked)
{
    const struct event_queue *queue = &checked->queue;
    const struct event_wheel *wheel = &queue->wheel;
    uint64_t keys = (uint64_t)(queue->run_end - queue->run) + queue->near.count;
    uint32_t words = 0;
    for (uint32_t bin = 0; bin < EVENT_WHEEL; bin++) {
        if ((wheel->bins[bin / 64] >> bin % 64 & 1) == 0) {
            continue;
        }
        const event_key key = wheel->keys[bin];
        const uint64_t number = event_key_time(key) >> wheel->shift;
        assert_int_equal(number % EVENT_WHEEL, bin);
        assert_true(number - wheel->base < EVENT_WHEEL_REACH);
        assert_true(event_key_time(key) >> queue->buckets.shift <= queue->buckets.current);
        assert_true(queue->soon <= key);
        assert_true((queue->soon == key) == (queue->soon_bin == bin));
        words |= 1U << bin / 64;
        keys++;
        checked->in_wheel++;
    }
    assert_int_equal(wheel->words, words);
    for (size_t i = 0; i < queue->near.count; i++) {
        assert_true(queue->soon < queue->near.keys[i]);
    }
    keys += queue->soon_bin == EVENT_WHEEL && queue->soon != EVENT_KEY_END;
    keys += queue->buckets.count;
    checked->in_heap += queue->near.count;
    assert_int_equal(keys, event_queue_live(queue) + queue->slots.cancelled);
    assert_int_equal(event_queue_live(queue), checked->pending);
}

static struct timer push(struct checked *checked, sim_ns at_ns)
{
    const struct event event = {.a = checked->queue.sequence, .b = (uint64_t)at_ns};
    checked->pending++;
    return event_queue_push(&checked->queue, at_ns, &event);
}

static bool take(struct checked *checked, sim_ns until_ns)
{
    struct event event;
    sim_ns at_ns = 0;
    enum event_take taken = EVENT_TAKE_AGAIN;
    while (taken == EVENT_TAKE_AGAIN) {
        taken = event_queue_take(&checked->queue, until_ns, &at_ns, &event);
    }
    if (taken == EVENT_TAKE_LATER) {
        if (until_ns > checked->now_ns && until_ns < INT64_MAX) {
            checked->now_ns = until_ns;
            checked->order_last = 0;
        }
        return false;
    }
    assert_true(at_ns > checked->now_ns ||
                (at_ns == checked->now_ns && event.a + 1 > checked->order_last));
    assert_int_equal(at_ns, event.b);
    checked->order_last = event.a + 1;
    checked->now_ns = at_ns;
    checked->pending--;
    return true;
}

static sim_ns delay_of(int law)
{
    const uint64_t word = next_random();
    switch (law) {
    case 0: /* what the wheel is for: most are short and alike, some are long */
        return (sim_ns)(word % 4 == 0 ? word >> 36 : 300000 + (word >> 46));
    case 1: /* every scale of time */
        return (sim_ns)(word >> (22 + word % 41));
    case 2: /* ties, and the window's edges: multiples of a power of two */
        return (sim_ns)(word % 64 << 16);
    case 3: /* to the end of time */
        return (sim_ns)(word % 1000 == 0 ? word >> 2 : word >> 40);
    default:
        return word % 8 == 0 ? (sim_ns)(word >> 44) : 0;
    }
}

/* Deadlines are cancelled, in the open window and beyond, and runs end between two events. */
static void test_keys_are_where_they_must_be(void **state)
{
    (void)state;
    enum { DEADLINES = 500 };
    static struct checked checked;
    static struct timer deadlines[DEADLINES];
    for (int law = 0; law < 5; law++) {
        memset(&checked, 0, sizeof checked);
        memset(deadlines, 0, sizeof deadlines);
        event_queue_init(&checked.queue);
        random_state = 40 + (uint64_t)law;
        for (int i = 0; i < 60000; i++) {
            const uint64_t most = i / 15000 % 2 == 0 ? 3000 : 30; /* tides */
            if (checked.now_ns > INT64_MAX / 4) {
                break;
            }
            if (checked.pending < most) {
                push(&checked, checked.now_ns + delay_of(law));
            }
            struct timer *deadline = &deadlines[next_random() % DEADLINES];
            if (i % 3 == 0) {
                checked.pending -= event_queue_cancel(&checked.queue, *deadline) ? 1 : 0;
                *deadline = push(&checked, checked.now_ns + delay_of(law));
            }
            const uint64_t stop = next_random();
            take(&checked, stop % 10 == 0 ? checked.now_ns + (sim_ns)(stop >> 48) : INT64_MAX);
            if (checked.pending >= most) {
                take(&checked, INT64_MAX);
            }
            if (i % 16 == 0) {
                look(&checked);
            }
        }
        while (take(&checked, INT64_MAX)) {
        }
        look(&checked);
        assert_int_equal(checked.pending, 0);
        assert_true(checked.in_wheel > 0 && checked.in_heap > 0);
        event_queue_release(&checked.queue);
    }
}

/* The law that the wheel is for: hardly any key is compared in the heap. */
static void test_short_delays_use_the_wheel(void **state)
{
    (void)state;
    static struct checked checked;
    memset(&checked, 0, sizeof checked);
    event_queue_init(&checked.queue);
    random_state = 3;
    for (int i = 0; i < 2000; i++) {
        push(&checked, delay_of(0));
    }
    for (int i = 0; i < 100000; i++) {
        assert_true(take(&checked, INT64_MAX));
        push(&checked, checked.now_ns + delay_of(0));
        if (i > 50000 && i % 16 == 0) {
            look(&checked);
        }
    }
    assert_true(checked.in_wheel > 10 * checked.in_heap);
    event_queue_release(&checked.queue);
}

static void test_a_sweep_empties_bins(void **state)
{
    (void)state;
    enum { TIMERS = 100 }; /* few: all of time is open */
    static struct checked checked;
    static struct timer timers[TIMERS];
    memset(&checked, 0, sizeof checked);
    event_queue_init(&checked.queue);
    random_state = 7;
    for (int i = 0; i < 20000; i++) {
        push(&checked, checked.now_ns + (sim_ns)(next_random() >> 36));
        while (checked.pending >= 20) {
            take(&checked, INT64_MAX);
        }
    }
    for (int i = 0; i < TIMERS; i++) {
        timers[i] = push(&checked, checked.now_ns + (sim_ns)(next_random() >> 36));
    }
    look(&checked);
    const uint64_t before = checked.in_wheel;
    for (int i = 0; i < TIMERS; i++) {
        assert_true(event_queue_cancel(&checked.queue, timers[i]));
        checked.pending--;
        look(&checked);
    }
    assert_true(before > 20);
    assert_true(checked.queue.slots.cancelled < TIMERS - 64); /* swept */
    while (take(&checked, INT64_MAX)) {
    }
    look(&checked);
    event_queue_release(&checked.queue);
}

/* 1e5 events at one instant while the wheel is in use, then 1e5 each just before the last. */
static void test_a_crowd_is_not_quadratic(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    static struct checked checked;
    memset(&checked, 0, sizeof checked);
    event_queue_init(&checked.queue);
    random_state = 3;
    for (int i = 0; i < 20000; i++) {
        push(&checked, checked.now_ns + delay_of(0));
        push(&checked, checked.now_ns + delay_of(0));
        take(&checked, INT64_MAX);
    }
    assert_int_equal(checked.queue.wheel.reach, EVENT_WHEEL_REACH);
    const clock_t begin = clock();
    const sim_ns at_ns = checked.now_ns + 1000;
    for (int i = 0; i < MANY; i++) {
        push(&checked, at_ns);
    }
    for (int i = 0; i < MANY; i++) {
        push(&checked, at_ns + 2 * MANY - i);
    }
    while (take(&checked, INT64_MAX)) {
    }
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    if (seconds > 2.0) { /* takes 0.05 s */
        fail_msg("a crowd of %d events took %f s", 2 * MANY, seconds);
    }
    event_queue_release(&checked.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_a_bin_has_one_key),
        cmocka_unit_test(test_the_base_does_not_go_back),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_keys_are_where_they_must_be),
        cmocka_unit_test(test_short_delays_use_the_wheel),
        cmocka_unit_test(test_a_sweep_empties_bins),
        cmocka_unit_test(test_a_crowd_is_not_quadratic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
