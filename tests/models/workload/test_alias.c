#include "models/workload/alias.h"

#include "sim/arena.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * The probability of each index, added up over the whole table, against its weight. A column's
 * threshold is rounded by at most 2^-32 of its 1 / count. That is all for an index that has less
 * than a column; one that has more gets the rest of up to `count` columns.
 */
static void check_table(const double *weights, uint32_t count)
{
    struct arena arena;
    arena_init(&arena);
    struct alias_table table;
    alias_init(&table, weights, count, &arena);
    assert_int_equal(table.count, count);
    double *probability = calloc(count, sizeof *probability);
    assert_non_null(probability);
    double sum = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        const double own = (double)table.columns[i].threshold * 0x1p-32;
        assert_in_range(table.columns[i].other, 0, count - 1);
        probability[i] += own / count;
        probability[table.columns[i].other] += (1.0 - own) / count;
        sum += weights[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        const double exact = weights[i] / sum;
        const double slack = exact < 1.0 / count ? 0x1p-31 / count : 0x1p-31;
        if (fabs(probability[i] - exact) > slack) {
            fail_msg("index %u of %u: probability %.17g, exact %.17g", i, count, probability[i],
                     exact);
        }
    }
    free(probability);
    arena_release(&arena);
}

static void test_tables(void **state)
{
    (void)state;
    check_table((const double[]){3.0}, 1);
    check_table((const double[]){1.0, 0.0}, 2);
    check_table((const double[]){0.0, 0.0, 5.0, 0.0}, 4);
    check_table((const double[]){1.0, 1.0, 1.0}, 3);
    check_table((const double[]){0.1, 0.7, 0.15, 0.05}, 4);
    enum { N = 50000 };
    double *weights = calloc(N, sizeof *weights);
    assert_non_null(weights);
    const double thetas[] = {0.0, 0.5, 0.99, 1.0, 2.5, 5.0};
    for (size_t t = 0; t < sizeof thetas / sizeof thetas[0]; t++) {
        for (int i = 0; i < N; i++) {
            weights[i] = pow(i + 1.0, -thetas[t]);
        }
        check_table(weights, N);
    }
    struct random_stream stream;
    random_stream_init(&stream, 20260508, 1000, 0);
    for (int i = 0; i < N; i++) {
        weights[i] = random_unit(&stream);
    }
    check_table(weights, N);
    free(weights);
}

/* Both ends of both words stay inside; a column of weight 0 is never its own. */
static void test_pick(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct alias_table table;
    alias_init(&table, (const double[]){0.0, 2.0, 1.0}, 3, &arena);
    const uint64_t words[] = {0, 1, UINT64_MAX / 3, UINT64_MAX / 2, UINT64_MAX};
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) {
            const uint32_t index = alias_pick(&table, (struct random_block){{words[i], words[j]}});
            assert_in_range(index, 1, 2);
        }
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables), cmocka_unit_test(test_pick)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
