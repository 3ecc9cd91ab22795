/*
 * P(fresh) over t: bins joined by hand, the least t by hand, and an exponential lag against its
 * closed form.
 */
#include "analysis/curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct sample_set {
    struct arena arena;
    struct histogram all, missed;
    struct curve_counts counts;
};

static void begin(struct sample_set *set)
{
    *set = (struct sample_set){0};
    arena_init(&set->arena);
    histogram_init(&set->all, &set->arena);
    histogram_init(&set->missed, &set->arena);
}

static const struct curve_counts *counts_of(struct sample_set *set)
{
    curve_counts_set(&set->counts, &set->all, &set->missed);
    return &set->counts;
}

static void end(struct sample_set *set)
{
    curve_counts_release(&set->counts);
    arena_release(&set->arena);
}

static void add(struct sample_set *set, int64_t t_ns, uint64_t reads, uint64_t missed)
{
    histogram_record_times(&set->all, t_ns, reads);
    histogram_record_times(&set->missed, t_ns, missed);
}

/*
 * Reads by t: 10: 60 (30 missed), 20: 50 (10), 30: 100 (5), 40: 30 (0). Bins of at least 100: the
 * first is 10..20 (110 reads, 40 missed), the second would be 30 alone, but what is left (30) is
 * too little for a bin and joins it: 30..40, 130 reads, 5 missed.
 */
static void test_bins(void **state)
{
    struct metric_curve curve = {0};
    struct sample_set set;
    uint64_t samples;
    double y;

    (void)state;
    begin(&set);
    add(&set, 10, 60, 30);
    add(&set, 20, 50, 10);
    add(&set, 30, 100, 5);
    add(&set, 40, 30, 0);
    curve_fill(&curve, &set.arena, counts_of(&set), false);
    assert_int_equal(curve.point_count, 2);
    assert_true(fabs(curve.x[0] - 10e-6) < 1e-15);
    assert_true(fabs(curve.x_end[0] - 21e-6) < 1e-15);
    assert_int_equal(curve.samples[0], 110);
    assert_int_equal(curve.hits[0], 70);
    assert_true(fabs(curve.x[1] - 30e-6) < 1e-15);
    assert_true(fabs(curve.x_end[1] - 41e-6) < 1e-15);
    assert_true(fabs(curve.y[1] - 125.0 / 130) < 1e-15);
    assert_true(metric_curve_at(&curve, 25e-6, &y, &samples));
    assert_int_equal(samples, 110);
    assert_true(metric_curve_at(&curve, 1, &y, &samples));
    assert_int_equal(samples, 130);
    end(&set);
}

/*
 * 1000 reads in each of 256 neighbouring buckets, 65536 to 262143 (two powers of two, 1/128 wide):
 * enough samples for a bin each, so the width decides: 1/64 needs two buckets (and three where the
 * bin begins late in its power of two), 1/16 eight or more.
 */
static void test_widths(void **state)
{
    struct metric_curve curve = {0};
    struct sample_set set;

    (void)state;
    begin(&set);
    for (size_t i = 0; i < 256; i++) {
        add(&set, histogram_bucket_low(histogram_index(65536) + i), 1000, 0);
    }
    for (int coarse = 0; coarse < 2; coarse++) {
        const double widths = coarse ? 16 : 64;

        curve_fill(&curve, &set.arena, counts_of(&set), coarse != 0);
        assert_true(curve.point_count > (coarse ? 16 : 64));
        assert_true(curve.point_count <= (coarse ? 32 : 128));
        for (size_t i = 0; i + 1 < curve.point_count; i++) {
            const double width = (curve.x_end[i] - curve.x[i]) * 1e6;

            assert_true(width >= floor(curve.x[i] * 1e6 / widths) - 1e-6);
            /* One bucket less would not have been enough. */
            assert_true(width < curve.x[i] * 1e6 / widths + curve.x[i] * 1e6 / 64 + 1);
        }
    }
    end(&set);
}

/*
 * 1000 reads each at t = 100, 200, 300, 400 with P(fresh) 0.2, 0.95, 0.7, 0.9: from 100 on not all
 * are at least 0.5, from 200 on all are; 0.9 is reached for good only at 400 (0.95 at 200 does not
 * last).
 */
static void test_least_t(void **state)
{
    struct sample_set set;
    int64_t t_ns = -1;

    (void)state;
    begin(&set);
    add(&set, 100, 1000, 800);
    add(&set, 200, 1000, 50);
    add(&set, 300, 1000, 300);
    add(&set, 400, 1000, 100);
    assert_int_equal(curve_visible(counts_of(&set), 500, &t_ns), 4000);
    assert_int_equal(t_ns, 200);
    assert_int_equal(curve_visible(counts_of(&set), 900, &t_ns), 4000);
    assert_int_equal(histogram_index(t_ns), histogram_index(400));
    /* Already from the first bin on: t = 0. */
    assert_int_equal(curve_visible(counts_of(&set), 200, &t_ns), 4000);
    assert_int_equal(t_ns, 0);
    /* 99 % needs bins of 1000 reads and is not reached; 99.9 % needs 10000 reads: undefined. */
    assert_int_equal(curve_visible(counts_of(&set), 990, &t_ns), 0);
    assert_int_equal(curve_visible(counts_of(&set), 999, &t_ns), 0);
    end(&set);
}

/*
 * Lag exponential with mean 20 ms: P(fresh at t) = 1 - exp(-t / 20), so t_p = -20 ln(1 - p): 46.05
 * ms at 90 %. 4 million reads, uniform over 0..100 ms, fixed seed. A bin (0.7 %) near t_p has about
 * 12,000 reads, sd of P 0.0027; dP/dt there is 0.005 / ms, so t is within 4 sd = 2.2 ms.
 */
static void test_exponential(void **state)
{
    struct sample_set set;
    uint64_t random = 3;
    int64_t t_ns = 0;

    (void)state;
    begin(&set);
    for (int i = 0; i < 4000000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;

        const double t = 100 * (double)(random >> 11) * 0x1p-53;

        random = random * UINT64_C(6364136223846793005) + 1;

        const double u = ((double)(random >> 11) + 0.5) * 0x1p-53;

        histogram_record(&set.all, (int64_t)(t * 1e6));
        if (u < exp(-t / 20)) {
            histogram_record(&set.missed, (int64_t)(t * 1e6));
        }
    }
    assert_int_equal(curve_visible(counts_of(&set), 900, &t_ns), 4000000);
    if (fabs((double)t_ns / 1e6 + 20 * log(0.1)) > 2.2) {
        fail_msg("t at 90 %%: %g ms, closed form %g ms, seed 3", (double)t_ns / 1e6,
                 -20 * log(0.1));
    }
    end(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bins),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_least_t),
        cmocka_unit_test(test_exponential),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
