/*
 * dice.h - chance for drawing scenarios: the same number, the same scenario, everywhere.
 *
 * Source: SplitMix64: Steele, Lea and Flood, OOPSLA 2014, figure 16.
 */
#ifndef TESTS_CONFORMANCE_DICE_H
#define TESTS_CONFORMANCE_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t roll(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* low .. high */
static inline int between(struct dice *dice, int low, int high)
{
    return low + (int)(roll(dice) % (uint64_t)(high - low + 1));
}

static inline bool one_in(struct dice *dice, int n)
{
    return between(dice, 1, n) == 1;
}

#define PICK(dice, list) (list)[between(dice, 0, (int)(sizeof(list) / sizeof((list)[0])) - 1)]

#endif
