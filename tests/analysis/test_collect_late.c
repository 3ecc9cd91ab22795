/* The row and the heap of late keys against a plain search, through long and short queues. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/collect_state.h"
#include "sim/random.h"

enum { KEYS = 500, STRIDE = 3, STEPS = 200000 };

static void assert_same(const struct late_keys *late, struct late_held held, const sim_ns *since)
{
    sim_ns oldest_ns = SIM_NS_MAX;
    uint32_t count = 0;

    for (uint32_t key = 0; key < KEYS; key++) {
        if (since[key] >= 0) {
            count++;
            oldest_ns = since[key] < oldest_ns ? since[key] : oldest_ns;
            assert_int_equal(late_since(late, held, key), since[key]);
        }
    }
    assert_int_equal(late->count, count);
    if (count > 0) {
        assert_int_equal(late->oldest_ns, oldest_ns);
    }
}

/* Of 100 steps at a key that is late, `ends` are its last; a third of the others move it. */
static void run(uint64_t seed, uint64_t ends)
{
    static struct held_state held_states[KEYS * STRIDE];
    static sim_ns since[KEYS];
    const struct late_held held = {held_states + 1, STRIDE};
    struct late_keys late = {0};
    struct random_stream stream;
    sim_ns now_ns = 0;

    random_stream_init(&stream, seed, 1, 0);
    for (uint32_t key = 0; key < KEYS; key++) {
        since[key] = -1;
    }
    for (int step = 0; step < STEPS; step++) {
        const uint32_t key = (uint32_t)random_below(&stream, KEYS);
        const uint64_t chance = random_below(&stream, 100);

        now_ns += (sim_ns)random_below(&stream, 3); /* ties are common */
        if (since[key] < 0) {
            since[key] = now_ns;
            late_add(&late, held, key, now_ns);
        } else if (chance < ends) {
            since[key] = -1;
            late_remove(&late, held, key);
        } else if (chance % 3 == 0) {
            since[key] += (sim_ns)random_below(&stream, (uint64_t)(now_ns - since[key]) + 1);
            late_move(&late, held, key, since[key]);
        }
        if (step % 100 == 0) {
            assert_same(&late, held, since);
        }
    }
    assert_same(&late, held, since);
    assert_true(late.row_capacity <= 16 * KEYS); /* gaps were closed up */
    late_release(&late);
}

static void test_against_a_search(void **state)
{
    (void)state;
    run(1, 1);
    run(2, 20);
    run(3, 50);
    run(4, 90);
    run(5, 100);
}

/* One key is late throughout: the row behind it must not grow with what comes and goes. */
static void test_memory_is_bounded(void **state)
{
    (void)state;
    static struct held_state held_states[KEYS];
    const struct late_held held = {held_states, 1};
    struct late_keys late = {0};

    late_add(&late, held, 0, 1);
    for (sim_ns now_ns = 2; now_ns < 100000; now_ns++) {
        late_add(&late, held, 1, now_ns);
        assert_int_equal(late.oldest_ns, 1);
        late_remove(&late, held, 1);
    }
    assert_true(late.row_capacity <= 256);
    late_remove(&late, held, 0);
    assert_int_equal(late.count, 0);
    late_release(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_search),
        cmocka_unit_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
