#include "models/workload/in_flight.h"

#include "sim/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 20260507, MODEL_MAX = 400 };

static void test_slots(void **state)
{
    (void)state;
    struct in_flight table;
    in_flight_init(&table);
    const uint32_t a = in_flight_take(&table, 10), b = in_flight_take(&table, 11);
    assert_int_equal(a, 1);
    assert_int_equal(b, 2);
    assert_non_null(in_flight_find(&table, a, 10));
    assert_null(in_flight_find(&table, a, 11));
    assert_null(in_flight_find(&table, 3, 12));
    assert_null(in_flight_find(&table, 5000000, 12));
    in_flight_at(&table, a)->tries = 9;
    in_flight_give(&table, a);
    assert_null(in_flight_find(&table, a, 10));
    assert_null(in_flight_find(&table, a, 0));
    assert_int_equal(in_flight_take(&table, 12), 1); /* the freed slot, as new */
    assert_int_equal(in_flight_at(&table, 1)->tries, 0);
    assert_int_equal(in_flight_take(&table, 13), 3);
    assert_int_equal(table.count, 3);
    in_flight_release(&table);
}

/* A list against a plain array, with operations leaving anywhere, and many at once. */
static void test_due_list_against_an_array(void **state)
{
    (void)state;
    struct in_flight table;
    in_flight_init(&table);
    struct due_list list = {.after_ns = 1000};
    uint32_t model[MODEL_MAX];
    size_t count = 0;
    struct random_stream chance;
    random_stream_init(&chance, SEED, 1000, 0);
    for (int step = 1; step <= 20000; step++) {
        const bool grow = random_unit(&chance) < (step / 1000 % 2 == 0 ? 0.6 : 0.4);
        if (grow && count < MODEL_MAX) {
            const uint32_t slot = in_flight_take(&table, (uint64_t)step);
            in_flight_at(&table, slot)->begin_ns = step;
            due_append(&list, DUE_DEADLINE, &table, slot);
            model[count++] = slot;
        } else if (count > 0) {
            const size_t at = (size_t)random_below(&chance, count);
            due_remove(&list, DUE_DEADLINE, &table, model[at]);
            due_remove(&list, DUE_DEADLINE, &table, model[at]); /* not there: no matter */
            in_flight_give(&table, model[at]);
            memmove(&model[at], &model[at + 1], (count - at - 1) * sizeof model[0]);
            count--;
        }
        const sim_ns first_ns =
            count == 0 ? SIM_NS_MAX : in_flight_at(&table, model[0])->begin_ns + 1000;
        assert_int_equal(due_first_ns(&list, DUE_DEADLINE, &table), first_ns);
        assert_int_equal(table.count, count);
        assert_int_equal(list.ends.previous, count == 0 ? 0 : model[count - 1]);
        uint32_t slot = list.ends.next;
        for (size_t i = 0; i < count && step % 97 == 0; i++) {
            assert_int_equal(slot, model[i]);
            slot = in_flight_at(&table, slot)->links[DUE_DEADLINE].next;
        }
    }
    assert_true(table.used <= MODEL_MAX + 1);
    in_flight_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_due_list_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
