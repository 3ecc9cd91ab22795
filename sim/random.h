/*
 * random.h - counter-based random numbers: any draw is addressed by (seed, purpose, index, n).
 *
 * Model:  Philox4x32-10; key = seed, counter = (n low, n high, index, purpose).
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdint.h>

struct random_stream {
    uint64_t seed;
    uint32_t purpose; /* below 2^24; the top byte numbers further blocks of one draw */
    uint32_t index;
    uint64_t count; /* n of the next draw */
};

struct random_block {
    uint64_t word[2];
};

#endif
