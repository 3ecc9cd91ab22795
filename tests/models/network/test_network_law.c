/* The published law: the ways to draw it, its knots, and the same drawn word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/network/network_law.h"

enum { ROUNDS = 20000 };

static const struct geography_jitter jitter = {
    .floor_ns = 40000000,
    .at = {0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0},
    .extra_ns = {0.0, 1e4, 2.5e5, 1e6, 3.2e6, 7.7e6, 4.4e7, 1.1e9},
};

/* By its definition: the piece is found by comparing probabilities, not words. */
static sim_ns reference(uint64_t word)
{
    const double unit = random_unit_from(word);
    int i = 0;
    while (i + 2 < GEOGRAPHY_JITTER_KNOTS && unit > jitter.at[i + 1]) {
        i++;
    }
    const double low = (double)jitter.floor_ns + jitter.extra_ns[i];
    const double high = (double)jitter.floor_ns + jitter.extra_ns[i + 1];
    const double slope = (high - low) / (jitter.at[i + 1] - jitter.at[i]);
    return (sim_ns)(low + (unit - jitter.at[i]) * slope + 0.5);
}

static void compare(const struct network_law *law, const struct random_block *blocks)
{
    sim_ns plain[RANDOM_BLOCKS], wide[RANDOM_BLOCKS], drawn[RANDOM_BLOCKS];
    network_law_draw_plain(law, blocks, plain);
    network_law_draw(law, blocks, drawn);
    const bool has_wide = network_law_draw_avx512(law, blocks, wide);
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        assert_int_equal(plain[i], reference(blocks[i].word[0]));
        assert_int_equal(drawn[i], plain[i]);
        if (has_wide) {
            assert_int_equal(wide[i], plain[i]);
        }
    }
}

static void all_ways_agree(void **state)
{
    (void)state;
    struct network_law law;
    network_law_set(&law, &jitter);
    struct random_stream stream;
    random_stream_init(&stream, 11, 1, 0);
    struct random_block blocks[RANDOM_BLOCKS];
    for (int round = 0; round < ROUNDS; round++) {
        random_blocks_next(&stream, blocks);
        compare(&law, blocks);
    }
}

/* The first and the last words of every piece; second words of the blocks must not count. */
static void pieces_end_where_they_should(void **state)
{
    (void)state;
    struct network_law law;
    network_law_set(&law, &jitter);
    for (int i = 0; i + 1 < GEOGRAPHY_JITTER_KNOTS; i++) {
        const uint64_t first = random_unit_first_above(jitter.at[i]) << RANDOM_UNIT_SHIFT;
        const uint64_t beyond = random_unit_first_above(jitter.at[i + 1]) << RANDOM_UNIT_SHIFT;
        struct random_block blocks[RANDOM_BLOCKS];
        for (int k = 0; k < RANDOM_BLOCKS; k++) {
            blocks[k].word[0] = k % 2 == 0 ? first : beyond - 1;
            blocks[k].word[1] = UINT64_MAX * (uint64_t)(k % 3);
        }
        compare(&law, blocks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_agree),
        cmocka_unit_test(pieces_end_where_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
