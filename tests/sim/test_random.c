/*
 * The keyed generator against the authors' published answers and their own library, and what is
 * built on a block: open uniforms, unbiased integers, streams that do not know of each other.
 */
#define _POSIX_C_SOURCE 200809L

#include "sim/random.h"
#include "sim/random_blocks.h"
#include "sim/random_exponential.h"

#include <Random123/philox.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct random_stream stream_of(uint64_t seed, uint32_t purpose, uint32_t index)
{
    struct random_stream stream;
    random_stream_init(&stream, seed, purpose, index);
    return stream;
}

/* The vectors "philox4x32 10" of the file kat_vectors that comes with Random123. */
static void test_published_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const uint32_t *counter = vectors[i].counter, *key = vectors[i].key;
        const struct random_block block =
            random_block_at(key[0] | (uint64_t)key[1] << 32, counter[3], counter[2],
                            counter[0] | (uint64_t)counter[1] << 32);
        const uint32_t *answer = vectors[i].answer;
        assert_int_equal(block.word[0], answer[0] | (uint64_t)answer[1] << 32);
        assert_int_equal(block.word[1], answer[2] | (uint64_t)answer[3] << 32);
    }
}

/* The addresses of this loop are themselves random: 200000 of them, all parts filled. */
static void test_same_as_random123(void **state)
{
    (void)state;
    struct random_stream addresses = stream_of(71, 3, 5);
    for (int i = 0; i < 200000; i++) {
        const struct random_block a = random_block_next(&addresses);
        const struct random_block b = random_block_next(&addresses);
        const uint32_t purpose = (uint32_t)b.word[0], index = (uint32_t)(b.word[0] >> 32);
        const philox4x32_ctr_t counter = {
            {(uint32_t)a.word[0], (uint32_t)(a.word[0] >> 32), index, purpose}};
        const philox4x32_key_t key = {{(uint32_t)a.word[1], (uint32_t)(a.word[1] >> 32)}};
        const philox4x32_ctr_t expected = philox4x32_R(10, counter, key);
        const struct random_block got = random_block_at(a.word[1], purpose, index, a.word[0]);
        assert_int_equal(got.word[0], expected.v[0] | (uint64_t)expected.v[1] << 32);
        assert_int_equal(got.word[1], expected.v[2] | (uint64_t)expected.v[3] << 32);
    }
}

static int compare_words(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Also seeds that libraries with a seed of 32 bits confuse: 5 and 5 + 2^32. */
static void test_seeds_are_all_different(void **state)
{
    (void)state;
    enum { SEEDS = 2002 };
    static uint64_t first[SEEDS];
    for (uint64_t i = 0; i < SEEDS; i++) {
        struct random_stream stream = stream_of(i % 1001 + (i / 1001 << 32), 1, 0);
        first[i] = random_u64(&stream);
    }
    qsort(first, SEEDS, sizeof first[0], compare_words);
    for (int i = 1; i < SEEDS; i++) {
        assert_true(first[i] != first[i - 1]);
    }
}

static void test_units_are_open_and_exact(void **state)
{
    (void)state;
    assert_true(random_unit_from(0) == 0x1p-53);
    assert_true(random_unit_from(UINT64_MAX) == 1.0 - 0x1p-53);
    assert_true(random_unit_from(UINT64_C(1) << 63) == 0.5 + 0x1p-53);
    struct random_stream stream = stream_of(8, 1, 1);
    for (int i = 0; i < 100000; i++) {
        const uint64_t word = random_u64(&stream);
        const double u = random_unit_from(word);
        assert_true(u == (double)(word >> 11 | 1) / 9007199254740992.0);
        assert_true(1.0 - u == random_unit_from(~word));
    }
}

static void test_draws_are_addressed(void **state)
{
    (void)state;
    struct random_stream stream = stream_of(UINT64_C(0x123456789abcdef), 77, 9);
    const struct random_block zeroth = random_block_next(&stream);
    const uint64_t first = random_u64(&stream);
    assert_int_equal(stream.count, 2);
    assert_int_equal(zeroth.word[0],
                     random_block_at(UINT64_C(0x123456789abcdef), 77, 9, 0).word[0]);
    assert_int_equal(first, random_block_at(UINT64_C(0x123456789abcdef), 77, 9, 1).word[0]);
    assert_int_equal(
        random_block_more(&stream, 1, 3).word[1],
        random_block_at(UINT64_C(0x123456789abcdef), 77 | UINT32_C(3) << 24, 9, 1).word[1]);
    assert_int_equal(stream.count, 2);
    stream.count = 1;
    assert_int_equal(random_u64(&stream), first);
}

/* random_below() from the definition, with 128-bit arithmetic. */
static uint64_t below_reference(const struct random_stream *stream, uint64_t draw, uint64_t n)
{
    __extension__ typedef unsigned __int128 wide;
    const wide whole = (wide)1 << 64;
    for (uint32_t i = 0;; i++) {
        const uint64_t word = random_block_more(stream, draw, i / 2).word[i % 2];
        const wide product = (wide)word * n;
        if ((uint64_t)product >= (uint64_t)(whole % n)) {
            return (uint64_t)(product >> 64);
        }
    }
}

static void test_below(void **state)
{
    (void)state;
    static const uint64_t limits[] = {
        1,         2, 3, 10, 1000003, UINT64_C(1) << 32, (UINT64_C(1) << 63) + 1, UINT64_C(3) << 62,
        UINT64_MAX};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct random_stream stream = stream_of(5, 2, (uint32_t)i);
        for (uint64_t draw = 0; draw < 20000; draw++) {
            const uint64_t got = random_below(&stream, limits[i]);
            assert_true(got < limits[i]);
            assert_int_equal(got, below_reference(&stream, draw, limits[i]));
            assert_int_equal(stream.count, draw + 1);
        }
    }
}

/*
 * Chi-square of 600000 draws over 6 results, and over thirds of 3 * 2^62, where refusing is common
 * and a plain product would favour two thirds. Significance 1e-4, seed 11.
 */
static void test_below_is_uniform(void **state)
{
    (void)state;
    enum { DRAWS = 600000 };
    double counts[6] = {0}, thirds[3] = {0}, chi_square = 0.0, chi_square_thirds = 0.0;
    struct random_stream stream = stream_of(11, 2, 3);
    for (int i = 0; i < DRAWS; i++) {
        counts[random_below(&stream, 6)]++;
        thirds[random_below(&stream, UINT64_C(3) << 62) >> 62]++;
    }
    for (int i = 0; i < 6; i++) {
        chi_square += pow(counts[i] - DRAWS / 6.0, 2) / (DRAWS / 6.0);
        chi_square_thirds += i < 3 ? pow(thirds[i] - DRAWS / 3.0, 2) / (DRAWS / 3.0) : 0.0;
    }
    print_message("chi-square %.2f (5 degrees), %.2f (2 degrees)\n", chi_square, chi_square_thirds);
    assert_true(chi_square < gsl_cdf_chisq_Qinv(1e-4, 5));
    assert_true(chi_square_thirds < gsl_cdf_chisq_Qinv(1e-4, 2));
}

/* 4.5 standard errors: 7e-6 two-sided. Seed 12. */
static void test_chance(void **state)
{
    (void)state;
    enum { DRAWS = 400000 };
    struct random_stream stream = stream_of(12, 1, 0);
    int hits = 0;
    for (int i = 0; i < DRAWS; i++) {
        assert_false(random_chance(&stream, 0.0));
        assert_false(random_chance(&stream, -1.0));
        assert_true(random_chance(&stream, 1.0));
        hits += random_chance(&stream, 0.2385);
    }
    assert_int_equal(stream.count, 4 * (uint64_t)DRAWS);
    const double share = (double)hits / DRAWS, error = sqrt(0.2385 * (1 - 0.2385) / DRAWS);
    print_message("share %.5f, expected 0.2385 +- %.5f\n", share, error);
    assert_true(fabs(share - 0.2385) < 4.5 * error);
}

/* The correlation of 100000 pairs of uniforms; 4.5 standard errors (7e-6 two-sided). */
static void assert_uncorrelated(struct random_stream a, struct random_stream b, const char *what)
{
    enum { PAIRS = 100000 };
    double sum = 0.0;
    int equal_bits = 0;
    for (int i = 0; i < PAIRS; i++) {
        const uint64_t x = random_u64(&a), y = random_u64(&b);
        sum += (random_unit_from(x) - 0.5) * (random_unit_from(y) - 0.5);
        for (uint64_t same = ~(x ^ y); same != 0; same &= same - 1) {
            equal_bits++;
        }
    }
    const double correlation = 12.0 * sum / PAIRS, bits = 64.0 * PAIRS;
    const double z_bits = (equal_bits - bits / 2.0) / sqrt(bits / 4.0);
    print_message("%s: correlation %.5f, equal bits %.2f standard errors\n", what, correlation,
                  z_bits);
    assert_true(fabs(correlation) < 4.5 / sqrt(PAIRS));
    assert_true(fabs(z_bits) < 4.5);
}

static void test_streams_are_independent(void **state)
{
    (void)state;
    const struct random_stream base = stream_of(42, 7, 1000);
    struct random_stream later = base, more = base;
    later.count = 1;
    more.purpose |= UINT32_C(1) << RANDOM_PURPOSE_BITS;
    assert_uncorrelated(base, stream_of(43, 7, 1000), "seed");
    assert_uncorrelated(base, stream_of(42 + (UINT64_C(1) << 32), 7, 1000), "high seed");
    assert_uncorrelated(base, stream_of(42, 8, 1000), "purpose");
    assert_uncorrelated(base, stream_of(42, 7, 1001), "index");
    assert_uncorrelated(base, stream_of(42, 1000, 7), "purpose and index exchanged");
    assert_uncorrelated(base, later, "next draw");
    assert_uncorrelated(base, more, "further block");
    const uint64_t word = random_block_more(&base, 0, 0).word[1];
    assert_uncorrelated(base, random_stream_nested(&base, word), "nested");
    assert_uncorrelated(random_stream_nested(&base, 1), random_stream_nested(&base, 2), "siblings");
}

/* Two million draws of the ziggurat in 400 cells of equal probability; significance 1e-4, seed 6.
 */
static void test_exponential_in_equal_cells(void **state)
{
    (void)state;
    enum { DRAWS = 2000000, CELLS = 400 };
    static double counts[CELLS];
    struct random_stream stream = stream_of(6, 1, 0);
    double chi_square = 0.0;
    int beyond_layers = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double x = random_exponential(&stream);
        assert_true(x > 0.0);
        beyond_layers += x > random_exponential_ends[1];
        counts[(int)(CELLS * exp(-x))]++;
    }
    assert_int_equal(stream.count, DRAWS);
    for (int i = 0; i < CELLS; i++) {
        chi_square += pow(counts[i] - (double)DRAWS / CELLS, 2) / ((double)DRAWS / CELLS);
    }
    const double expected = DRAWS * exp(-random_exponential_ends[1]);
    print_message("chi-square %.1f of %d, beyond the layers %d, expected %.1f\n", chi_square,
                  CELLS - 1, beyond_layers, expected);
    assert_true(chi_square < gsl_cdf_chisq_Qinv(1e-4, CELLS - 1));
    assert_true(chi_square > gsl_cdf_chisq_Pinv(1e-4, CELLS - 1));
    assert_true(fabs(beyond_layers - expected) < 4.5 * sqrt(expected));
}

/* Equal areas, from the tables themselves. */
static void test_exponential_layers_are_equal(void **state)
{
    (void)state;
    const double *ends = random_exponential_ends, *heights = random_exponential_heights;
    const double area = (ends[1] + 1.0) * exp(-ends[1]);
    assert_true(fabs(ends[0] * exp(-ends[1]) / area - 1.0) < 1e-13);
    for (int i = 1; i < RANDOM_EXPONENTIAL_LAYERS; i++) {
        const double layer = ends[i] * (heights[i + 1] - heights[i]);
        assert_true(fabs(layer / area - 1.0) < 1e-11);
        assert_true(fabs(heights[i] / exp(-ends[i]) - 1.0) < 1e-14);
    }
    assert_true(ends[RANDOM_EXPONENTIAL_LAYERS] == 0.0);
    assert_true(heights[RANDOM_EXPONENTIAL_LAYERS] == 1.0);
}

typedef void (*blocks_function)(struct random_stream *, struct random_block[RANDOM_BLOCKS]);

/* Several blocks at a time are the same blocks, also where the lower half of n runs over. */
static void assert_same_blocks(blocks_function next)
{
    static const uint64_t begins[] = {0, 1, 1000, UINT32_MAX - 3, UINT32_MAX, UINT64_MAX - 2};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        struct random_stream one = stream_of(0x9123456789abcdef - i, 0x800000 + 7, 0xfedcba98);
        one.count = begins[i];
        struct random_stream many = one;
        struct random_block blocks[RANDOM_BLOCKS];
        next(&many, blocks);
        for (int k = 0; k < RANDOM_BLOCKS; k++) {
            const struct random_block block = random_block_next(&one);
            assert_int_equal(blocks[k].word[0], block.word[0]);
            assert_int_equal(blocks[k].word[1], block.word[1]);
        }
        assert_int_equal(many.count, one.count);
    }
}

static void avx2(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    assert_true(random_blocks_avx2(stream, blocks));
}

static void avx512(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    assert_true(random_blocks_avx512(stream, blocks));
}

static void test_blocks_at_a_time(void **state)
{
    (void)state;
    assert_same_blocks(random_blocks_next);
    assert_same_blocks(random_blocks_plain);

    /* A processor that does not know the wide ones says so, and nothing is consumed. */
    struct random_stream stream = stream_of(1, 1, 0);
    struct random_block blocks[RANDOM_BLOCKS];
    if (random_blocks_avx2(&stream, blocks)) {
        assert_same_blocks(avx2);
    } else {
        assert_int_equal(stream.count, 0);
    }
    stream = stream_of(1, 1, 0);
    if (random_blocks_avx512(&stream, blocks)) {
        assert_same_blocks(avx512);
    } else {
        assert_int_equal(stream.count, 0);
    }
}

/* 160000 draws: some 1800 need more than their first word, some 72 go beyond the layers. */
static void test_exponentials_at_a_time(void **state)
{
    (void)state;
    struct random_stream one = stream_of(6, 1, 0), many = one;
    for (int i = 0; i < 10000; i++) {
        double values[RANDOM_BLOCKS];
        random_exponential_next(&many, values);
        for (int k = 0; k < RANDOM_BLOCKS; k++) {
            assert_true(values[k] == random_exponential(&one));
        }
    }
    assert_int_equal(many.count, one.count);
}

static void purpose_too_large(void)
{
    stream_of(1, UINT32_C(1) << 24, 0);
}

static void below_nothing(void)
{
    struct random_stream stream = stream_of(1, 1, 0);
    random_below(&stream, 0);
}

/* A CHECK ends the process, so each runs in a child. */
static void assert_stops(void (*function)(void))
{
    fflush(stdout);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(9);
        }
        signal(SIGABRT, SIG_DFL);
        function();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 1));
}

static void test_misuse_stops(void **state)
{
    (void)state;
    assert_stops(purpose_too_large);
    assert_stops(below_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_answers),
        cmocka_unit_test(test_same_as_random123),
        cmocka_unit_test(test_seeds_are_all_different),
        cmocka_unit_test(test_units_are_open_and_exact),
        cmocka_unit_test(test_draws_are_addressed),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_below_is_uniform),
        cmocka_unit_test(test_chance),
        cmocka_unit_test(test_streams_are_independent),
        cmocka_unit_test(test_exponential_in_equal_cells),
        cmocka_unit_test(test_exponential_layers_are_equal),
        cmocka_unit_test(test_blocks_at_a_time),
        cmocka_unit_test(test_exponentials_at_a_time),
        cmocka_unit_test(test_misuse_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
