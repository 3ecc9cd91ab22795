#include "models/workload/keys.h"

#include "models/purpose.h"
#include "sim/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include <cmocka.h>

enum { SEED = 20260504, PICKS = 400000 };

/*
 * Chi-square of `PICKS` picks against exact probabilities, at 99.9 % (fixed seed). Cells expecting
 * fewer than 10 picks are added to their right neighbour.
 */
static uint32_t pick(const struct key_chooser *chooser, struct random_stream *stream, uint64_t turn,
                     uint32_t newest)
{
    const uint32_t rank = key_chooser_rank(chooser, key_chooser_draw(chooser, stream));
    return key_chooser_key(chooser, rank, turn, newest);
}

static void check_law(const struct key_chooser *chooser, const double *probability, uint32_t newest)
{
    uint32_t *seen = calloc(chooser->count, sizeof *seen);
    assert_non_null(seen);
    struct random_stream stream;
    random_stream_init(&stream, SEED, PURPOSE_KEY, 0);
    for (uint64_t i = 0; i < PICKS; i++) {
        const uint32_t key = pick(chooser, &stream, i, newest);
        assert_in_range(key, 0, chooser->count - 1);
        assert_int_equal(stream.count, i + 1); /* one draw a pick */
        seen[key]++;
    }
    double chi2 = 0.0, expected = 0.0, observed = 0.0;
    int cells = 0;
    for (uint32_t k = 0; k < chooser->count; k++) {
        expected += PICKS * probability[k];
        observed += seen[k];
        if (expected >= 10.0) {
            chi2 += (observed - expected) * (observed - expected) / expected;
            cells++;
            expected = 0.0;
            observed = 0.0;
        }
    }
    const double tail = cells > 1 ? gsl_cdf_chisq_Q(chi2, cells - 1) : 1.0;
    if (tail < 0.001) {
        fail_msg("chi2 %.1f with %d cells has probability %.2g, seed %d", chi2, cells, tail, SEED);
    }
    free(seen);
}

static struct key_chooser chooser_of(struct arena *arena, struct scenario_keys keys)
{
    struct key_chooser chooser;
    struct key_zipf *zipf = arena_alloc(arena, 1, sizeof *zipf);
    key_chooser_init(&chooser, &keys, keys.popularity, zipf, arena);
    return chooser;
}

/* 1 / rank^theta over their sum. */
static double *zipf_law(uint32_t count, double theta)
{
    double *probability = calloc(count, sizeof *probability);
    assert_non_null(probability);
    double sum = 0.0;
    for (uint32_t k = 0; k < count; k++) {
        probability[k] = pow(k + 1.0, -theta);
        sum += probability[k];
    }
    for (uint32_t k = 0; k < count; k++) {
        probability[k] /= sum;
    }
    return probability;
}

static void test_uniform(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct key_chooser chooser = chooser_of(
        &arena, (struct scenario_keys){.count = 1000, .popularity = SCENARIO_POPULARITY_UNIFORM});
    double *law = zipf_law(1000, 0.0);
    check_law(&chooser, law, 999);
    free(law);
    arena_release(&arena);
}

static void test_zipfian(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const double thetas[] = {0.0, 0.5, 0.99, 1.0, 1.2, 3.0};
    const uint32_t counts[] = {2, 7, 1000, KEY_TABLE_MAX, KEY_TABLE_MAX + 1};
    for (size_t t = 0; t < sizeof thetas / sizeof thetas[0]; t++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const struct key_chooser chooser =
                chooser_of(&arena, (struct scenario_keys){.count = counts[c],
                                                          .popularity = SCENARIO_POPULARITY_ZIPFIAN,
                                                          .theta = thetas[t]});
            double *law = zipf_law(counts[c], thetas[t]);
            check_law(&chooser, law, 0);
            free(law);
        }
    }
    arena_release(&arena);
}

static void test_hotspot(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct key_chooser chooser =
        chooser_of(&arena, (struct scenario_keys){.count = 500,
                                                  .popularity = SCENARIO_POPULARITY_HOTSPOT,
                                                  .hot_keys = 0.2,
                                                  .hot_share = 0.7});
    double law[500];
    for (uint32_t k = 0; k < 500; k++) {
        law[k] = k < 100 ? 0.7 / 100 : 0.3 / 400;
    }
    check_law(&chooser, law, 0);
    /* A share too small for one key still has a hot key; all keys hot is uniform. */
    struct random_stream stream;
    random_stream_init(&stream, SEED, PURPOSE_KEY, 1);
    const struct key_chooser one =
        chooser_of(&arena, (struct scenario_keys){.count = 5,
                                                  .popularity = SCENARIO_POPULARITY_HOTSPOT,
                                                  .hot_keys = 0.01,
                                                  .hot_share = 1.0});
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(pick(&one, &stream, i, 0), 0);
    }
    const struct key_chooser all =
        chooser_of(&arena, (struct scenario_keys){.count = 500,
                                                  .popularity = SCENARIO_POPULARITY_HOTSPOT,
                                                  .hot_keys = 1.0,
                                                  .hot_share = 0.5});
    double *even = zipf_law(500, 0.0);
    check_law(&all, even, 0);
    free(even);
    arena_release(&arena);
}

static void test_latest(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct key_chooser chooser = chooser_of(
        &arena, (struct scenario_keys){
                    .count = 1000, .popularity = SCENARIO_POPULARITY_LATEST, .theta = 0.99});
    double *ages = zipf_law(1000, 0.99);
    const uint32_t newest[] = {999, 0, 300};
    for (size_t i = 0; i < 3; i++) {
        double law[1000];
        for (uint32_t age = 0; age < 1000; age++) {
            law[(newest[i] + 1000 - age) % 1000] = ages[age];
        }
        check_law(&chooser, law, newest[i]);
    }
    free(ages);
    arena_release(&arena);
}

/* Several draws and look-ups at a time are the same as one after the other, of every law. */
static void test_several(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const int64_t counts[] = {1000, KEY_TABLE_MAX + 1}; /* with and without a table */
    for (uint32_t popularity = 0; popularity <= SCENARIO_POPULARITY_SEQUENTIAL; popularity++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const struct key_chooser chooser =
                chooser_of(&arena, (struct scenario_keys){.count = counts[c],
                                                          .popularity = popularity,
                                                          .theta = 0.99,
                                                          .hot_keys = 0.2,
                                                          .hot_share = 0.8});
            struct random_stream one, several;
            random_stream_init(&one, SEED, PURPOSE_KEY, 0);
            several = one;
            for (int i = 0; i < 100; i++) {
                struct key_draw draws[RANDOM_BLOCKS];
                uint32_t ranks[RANDOM_BLOCKS];
                key_chooser_draws(&chooser, &several, draws);
                key_chooser_ranks(&chooser, draws, ranks);
                for (int j = 0; j < RANDOM_BLOCKS; j++) {
                    const struct key_draw drawn = key_chooser_draw(&chooser, &one);
                    assert_int_equal(ranks[j], key_chooser_rank(&chooser, drawn));
                }
                assert_int_equal(several.count, one.count);
            }
        }
    }
    arena_release(&arena);
}

static void test_sequential(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct key_chooser chooser = chooser_of(
        &arena, (struct scenario_keys){.count = 3, .popularity = SCENARIO_POPULARITY_SEQUENTIAL});
    struct random_stream stream;
    random_stream_init(&stream, SEED, PURPOSE_KEY, 0);
    const uint32_t expected[] = {0, 1, 2, 0, 1, 2, 0};
    for (uint64_t i = 0; i < 7; i++) {
        assert_int_equal(pick(&chooser, &stream, i, 0), expected[i]);
    }
    arena_release(&arena);
}

static void test_one_key(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct random_stream stream;
    random_stream_init(&stream, SEED, PURPOSE_KEY, 0);
    for (uint32_t popularity = 0; popularity <= SCENARIO_POPULARITY_SEQUENTIAL; popularity++) {
        const struct key_chooser chooser =
            chooser_of(&arena, (struct scenario_keys){.count = 1,
                                                      .popularity = popularity,
                                                      .theta = 0.99,
                                                      .hot_keys = 0.2,
                                                      .hot_share = 0.8});
        for (uint64_t i = 0; i < 100; i++) {
            assert_int_equal(pick(&chooser, &stream, i, 0), 0);
        }
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniform),    cmocka_unit_test(test_zipfian),
        cmocka_unit_test(test_hotspot),    cmocka_unit_test(test_latest),
        cmocka_unit_test(test_sequential), cmocka_unit_test(test_one_key),
        cmocka_unit_test(test_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
