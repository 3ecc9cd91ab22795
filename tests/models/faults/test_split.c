/*
 * test_split.c - who still hears whom in each shape, by hand; shuffles are fair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/faults/split.h"

#include <stdio.h>
#include <string.h>

/* Rows: who sends; columns: to whom; 'x' is cut. */
static void shapes_by_hand(void **state)
{
    (void)state;
    static const struct {
        struct split split;
        const char *cut;
    } cases[] = {
        {{SPLIT_ONE, 2, 0, false}, ".x x."},
        {{SPLIT_ONE, 3, 0, false}, ".xx x.. x.."},
        {{SPLIT_ONE, 3, 0, true}, ".xx ... ..."},
        {{SPLIT_HALVES, 5, 0, false}, "..xxx ..xxx xx... xx... xx..."},
        {{SPLIT_HALVES, 4, 0, false}, "..xx ..xx xx.. xx.."},
        {{SPLIT_MINORITY, 4, 0, false}, ".xxx x... x... x..."},
        {{SPLIT_MINORITY, 5, 0, false}, "..xxx ..xxx xx... xx... xx..."},
        {{SPLIT_MINORITY_THIRD, 4, 0, false}, ".xxx x... x... x..."},
        {{SPLIT_MAJORITY, 4, 0, false}, "...x ...x ...x xxx."},
        {{SPLIT_MAJORITY, 4, 0, true}, "...x ...x ...x ...."},
        {{SPLIT_BRIDGE, 5, 0, false}, "...xx ...xx ..... xx... xx..."},
        {{SPLIT_BRIDGE, 3, 0, false}, "..x ... x.."},
        /* Each hears its neighbours (a majority of three): 0 does not reach 2 and 3. */
        {{SPLIT_MAJORITIES_RING, 5, 0, false}, "..xx. ...xx x...x xx... .xx.."},
        {{SPLIT_MAJORITIES_RING, 4, 0, false}, "..x. ...x x... .x.."},
        /* Majorities of two: each hears the next one only. */
        {{SPLIT_MAJORITIES_RING, 3, 0, false}, ".x. ..x x.."},
        {{SPLIT_PRIMARIES, 4, 2, false}, ".xxx x.xx xx.. xx.."},
        {{SPLIT_PRIMARIES, 4, 2, true}, ".xxx x.xx .... ...."},
        {{SPLIT_PRIMARIES, 3, 0, false}, "... ... ..."},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const struct split *split = &cases[c].split;
        for (uint32_t from = 0; from < split->count; from++) {
            for (uint32_t to = 0; to < split->count; to++) {
                const bool expected = cases[c].cut[from * (split->count + 1) + to] == 'x';
                if (split_cuts(split, from, to) != expected) {
                    fail_msg("case %zu, from %u to %u: expected %d", c, from, to, expected);
                }
            }
        }
    }
}

/* Of any number: each hears a majority, itself included, and no two the same. */
static void rings_have_majorities(void **state)
{
    (void)state;
    for (uint32_t count = 3; count <= 60; count++) {
        const struct split split = {SPLIT_MAJORITIES_RING, count, 0, false};
        uint64_t heard[60];
        for (uint32_t to = 0; to < count; to++) {
            uint32_t number = 0;
            heard[to] = 0;
            for (uint32_t from = 0; from < count; from++) {
                const bool hears = !split_cuts(&split, from, to);
                number += hears;
                heard[to] |= (uint64_t)hears << from;
            }
            assert_int_equal(number, count / 2 + 1);
            for (uint32_t other = 0; other < to; other++) {
                assert_true(heard[to] != heard[other]);
            }
        }
    }
}

/* 24,000 shuffles of four: each of 24 orders 1000 times, standard deviation 31; 4.5 of them. */
static void shuffles_are_fair(void **state)
{
    (void)state;
    uint32_t counts[256] = {0};
    struct random_stream stream;
    random_stream_init(&stream, 3, 1, 0);
    for (int i = 0; i < 24000; i++) {
        uint32_t order[4];
        split_shuffle(order, 4, &stream);
        counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    uint32_t orders = 0;
    for (uint32_t i = 0; i < 256; i++) {
        orders += counts[i] > 0;
        if (counts[i] > 0 && (counts[i] < 860 || counts[i] > 1140)) {
            fail_msg("seed 3: order %x came %u times, not some 1000", i, counts[i]);
        }
    }
    assert_int_equal(orders, 24);
}

static void shapes_need_so_many(void **state)
{
    (void)state;
    for (uint32_t shape = SPLIT_ONE; shape < SPLIT_PRIMARIES; shape++) {
        /* With one less nothing is cut, or (a ring) there is no majority to choose. */
        for (uint32_t count = 2; count <= split_least((enum split_shape)shape); count++) {
            const struct split split = {(enum split_shape)shape, count, 0, false};
            bool cut = false;
            for (uint32_t i = 0; i < count * count; i++) {
                cut = cut || split_cuts(&split, i / count, i % count);
            }
            assert_int_equal(cut, count >= split_least((enum split_shape)shape));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_by_hand),
        cmocka_unit_test(rings_have_majorities),
        cmocka_unit_test(shuffles_are_fair),
        cmocka_unit_test(shapes_need_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
