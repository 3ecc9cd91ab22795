/*
 * Histograms against exact sorted samples: counts, 128-bit sums, bucket bounds, quantiles within
 * half a bucket of the nearest-rank value, merging in any order.
 */
#include "analysis/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int compare(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void test_buckets(void **state)
{
    (void)state;
    /* Exact up to 255; then 128 to a power of two: 256 and 257 share one, 258 is the next. */
    assert_int_equal(histogram_index(0), 0);
    assert_int_equal(histogram_index(255), 255);
    assert_int_equal(histogram_index(256), 256);
    assert_int_equal(histogram_index(257), 256);
    assert_int_equal(histogram_index(258), 257);
    assert_int_equal(histogram_bucket_low(257), 258);
    assert_int_equal(histogram_bucket_high(257), 259);
    assert_true(histogram_bucket_high(histogram_index(INT64_MAX)) == INT64_MAX);
    assert_true(histogram_index(INT64_MAX) < (size_t)HISTOGRAM_BLOCKS * HISTOGRAM_BLOCK);

    uint64_t random = 5;

    for (int i = 0; i < 200000; i++) {
        const int64_t value = (int64_t)(draw(&random) >> (1 + draw(&random) % 62));
        const size_t index = histogram_index(value);
        const int64_t low = histogram_bucket_low(index), high = histogram_bucket_high(index);

        if (value < low || value > high || (high - low) > low / 128) {
            fail_msg("value %lld in bucket %lld..%lld", (long long)value, (long long)low,
                     (long long)high);
        }
        if (index > 0) {
            assert_true(histogram_bucket_high(index - 1) == low - 1);
        }
    }
}

static void test_empty(void **state)
{
    struct histogram_bucket bucket = {0};
    struct histogram histogram;
    struct arena arena;

    (void)state;
    arena_init(&arena);
    histogram_init(&histogram, &arena);
    assert_int_equal(histogram.count, 0);
    assert_true(!(histogram_mean(&histogram) > 0));
    assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
    assert_false(histogram_next(&histogram, &bucket));
    arena_release(&arena);
}

/* Twelve samples by hand: ranks of p are ceil(12 p). */
static void test_ranks(void **state)
{
    static const int64_t values[] = {3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 240, 251};
    struct histogram histogram;
    struct arena arena;

    (void)state;
    arena_init(&arena);
    histogram_init(&histogram, &arena);
    for (size_t i = 12; i-- > 0;) {
        histogram_record(&histogram, values[i]);
    }
    assert_int_equal(histogram_quantile(&histogram, 0), 3);     /* the minimum */
    assert_int_equal(histogram_quantile(&histogram, 0.25), 8);  /* rank 3 exactly */
    assert_int_equal(histogram_quantile(&histogram, 0.26), 13); /* rank 4 */
    assert_int_equal(histogram_quantile(&histogram, 0.5), 34);
    assert_int_equal(histogram_quantile(&histogram, 0.75), 144);
    assert_int_equal(histogram_quantile(&histogram, 1), 251);
    assert_int_equal(histogram_count_to(&histogram, 54), 6);
    assert_int_equal(histogram_count_to(&histogram, 55), 7);
    /* 1096 / 12 */
    assert_true(fabs(histogram_mean(&histogram) - 1096.0 / 12) < 1e-12);
    arena_release(&arena);
}

/* 1000 copies of 1..1000: p = 0.999 must be rank 999000 of 1000000, not 999001. */
static void test_product_rounding(void **state)
{
    struct histogram histogram;
    struct arena arena;

    (void)state;
    arena_init(&arena);
    histogram_init(&histogram, &arena);
    for (int64_t value = 1; value <= 250; value++) {
        histogram_record_times(&histogram, value, 4);
    }
    assert_int_equal(histogram_quantile(&histogram, 0.9), 225);
    assert_int_equal(histogram_quantile(&histogram, 0.996), 249);
    assert_int_equal(histogram_quantile(&histogram, 0.9961), 250);
    arena_release(&arena);
}

static void check_quantiles(uint64_t seed, unsigned shift)
{
    enum { COUNT = 20000 };
    static const double ps[] = {0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1};
    int64_t *values = calloc(COUNT, sizeof(*values));
    struct histogram histogram;
    struct arena arena;
    uint64_t random = seed;

    assert_non_null(values);
    arena_init(&arena);
    histogram_init(&histogram, &arena);
    for (size_t i = 0; i < COUNT; i++) {
        /* Log-uniform over many powers of two. */
        values[i] = (int64_t)(draw(&random) >> (shift + draw(&random) % 20));
        histogram_record(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof(*values), compare);
    assert_true(histogram.min == values[0]);
    assert_true(histogram.max == values[COUNT - 1]);
    for (size_t i = 0; i < sizeof(ps) / sizeof(ps[0]); i++) {
        const double rank = ceil(ps[i] * COUNT);
        const int64_t exact = values[rank < 1 ? 0 : (size_t)rank - 1];
        const int64_t found = histogram_quantile(&histogram, ps[i]);

        if (histogram_index(exact) != histogram_index(found)) {
            fail_msg("seed %llu p %g: %lld, exact %lld", (unsigned long long)seed, ps[i],
                     (long long)found, (long long)exact);
        }
    }
    free(values);
    arena_release(&arena);
}

static void test_quantiles(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        check_quantiles(seed, 10 + (unsigned)seed * 2);
    }
}

/* Values at the top of the range: the sum needs more than 64 bits. */
static void test_large_sum(void **state)
{
    struct histogram histogram, copy;
    struct arena arena;

    (void)state;
    arena_init(&arena);
    histogram_init(&histogram, &arena);
    histogram_init(&copy, &arena);
    for (int i = 0; i < 1000; i++) {
        histogram_record(&histogram, INT64_MAX - 7);
    }
    histogram_record_times(&copy, INT64_MAX - 7, 1000);
    assert_true(histogram.sum_low == copy.sum_low);
    assert_true(histogram.sum_high == copy.sum_high);
    assert_true(histogram.sum_high == 499); /* 1000 * (2^63 - 8) / 2^64 = 500 - small */
    /* A count beyond 32 bits: 3e9 * 2^40 * 5 over 2^64. */
    histogram_init(&copy, &arena);
    histogram_record_times(&copy, INT64_C(5) << 40, UINT64_C(6000000000));
    assert_true(fabs(histogram_mean(&copy) - 5 * 0x1p40) < 1);
    assert_int_equal(copy.count, UINT64_C(6000000000));
    arena_release(&arena);
}

static void test_merge(void **state)
{
    struct histogram whole, parts[3], forward, backward;
    struct arena arena;
    uint64_t random = 99;

    (void)state;
    arena_init(&arena);
    histogram_init(&whole, &arena);
    histogram_init(&forward, &arena);
    histogram_init(&backward, &arena);
    for (size_t i = 0; i < 3; i++) {
        histogram_init(&parts[i], &arena);
    }
    for (int i = 0; i < 30000; i++) {
        const int64_t value = (int64_t)(draw(&random) >> (20 + draw(&random) % 40));

        histogram_record(&whole, value);
        histogram_record(&parts[draw(&random) % 3], value);
    }
    for (size_t i = 0; i < 3; i++) {
        histogram_merge(&forward, &parts[i]);
        histogram_merge(&backward, &parts[2 - i]);
    }

    struct histogram_bucket a = {0}, b = {0}, c = {0};

    while (histogram_next(&whole, &a)) {
        assert_true(histogram_next(&forward, &b));
        assert_true(histogram_next(&backward, &c));
        assert_true(a.low == b.low && a.count == b.count && a.cumulative == b.cumulative);
        assert_true(a.low == c.low && a.count == c.count && a.cumulative == c.cumulative);
    }
    assert_false(histogram_next(&forward, &b));
    assert_int_equal(a.cumulative, 30000);
    assert_true(whole.sum_low == forward.sum_low && whole.sum_low == backward.sum_low);
    assert_true(whole.min == forward.min && whole.max == backward.max);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),   cmocka_unit_test(test_empty),
        cmocka_unit_test(test_ranks),     cmocka_unit_test(test_product_rounding),
        cmocka_unit_test(test_quantiles), cmocka_unit_test(test_large_sum),
        cmocka_unit_test(test_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
