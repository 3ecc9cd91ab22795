/*
 * random.h - counter-based random numbers: any draw is addressed by (seed, purpose, index, n).
 *
 * Model:  Philox4x32-10; key = seed, counter = (n low, n high, index, purpose). A stream is one
 *         (seed, purpose, index) and the number n of its next draw, so it costs nothing to have
 *         millions, they never share state, and each draw can be computed again on its own.
 * Order:  every random_*(stream) below consumes exactly one draw number, whatever it needs inside:
 *         draw n is one block of 128 bits, and further blocks k = 1..255 of the same draw are
 *         addressed by the top byte of the purpose.
 * Errors: a purpose of 2^24 or more, or random_below(0), is a bug of the caller (CHECK).
 * Cost:   one block is 20 multiplications of 32 bits, about 9 ns; all of it is inline.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011;
 *         constants from section 3.4 and the tests against the authors' known answers.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct random_stream {
    uint64_t seed;
    uint32_t purpose; /* below 2^24; the top byte numbers further blocks of one draw */
    uint32_t index;
    uint64_t count; /* n of the next draw */
};

struct random_block {
    uint64_t word[2];
};

enum { RANDOM_PURPOSE_BITS = 24, RANDOM_BLOCK_MAX = 255, RANDOM_UNIT_SHIFT = 12 };

/* Of Philox4x32-10: multipliers of the words 0 and 2, and what the key's halves grow by a round. */
enum { RANDOM_ROUNDS = 10 };
#define RANDOM_MULTIPLIER_0 UINT32_C(0xd2511f53)
#define RANDOM_MULTIPLIER_1 UINT32_C(0xcd9e8d57)
#define RANDOM_INCREMENT_0  UINT32_C(0x9e3779b9)
#define RANDOM_INCREMENT_1  UINT32_C(0xbb67ae85)

/* The stream (seed, purpose, index), at its draw 0. */
void random_stream_init(struct random_stream *stream, uint64_t seed, uint32_t purpose,
                        uint32_t index);

/* The 128 bits at one address; `purpose` carries the number k of a further block in its top byte.
 */
static inline struct random_block random_block_at(uint64_t seed, uint32_t purpose, uint32_t index,
                                                  uint64_t n)
{
    uint32_t c0 = (uint32_t)n, c1 = (uint32_t)(n >> 32), c2 = index, c3 = purpose;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < RANDOM_ROUNDS; round++) {
        const uint64_t p0 = (uint64_t)c0 * RANDOM_MULTIPLIER_0;
        const uint64_t p1 = (uint64_t)c2 * RANDOM_MULTIPLIER_1;
        c0 = (uint32_t)(p1 >> 32) ^ (c1 ^ k0);
        c2 = (uint32_t)(p0 >> 32) ^ (c3 ^ k1);
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += RANDOM_INCREMENT_0;
        k1 += RANDOM_INCREMENT_1;
    }
    return (struct random_block){{c0 | (uint64_t)c1 << 32, c2 | (uint64_t)c3 << 32}};
}

/* Consumes one draw number and returns its whole block. */
static inline struct random_block random_block_next(struct random_stream *stream)
{
    return random_block_at(stream->seed, stream->purpose, stream->index, stream->count++);
}

/* The further block k (1..255) of draw n; k = 0 is the block that random_block_next() gave. */
static inline struct random_block random_block_more(const struct random_stream *stream, uint64_t n,
                                                    uint32_t k)
{
    return random_block_at(stream->seed, stream->purpose | k << RANDOM_PURPOSE_BITS, stream->index,
                           n);
}

/*
 * The odd multiples of 2^-53: 52 bits of a word in the open interval (0, 1). Neither end is ever
 * returned, 1 - u is exact and as likely as u, and no value is rounded. (All multiples of 2^-53
 * plus 2^-54 would need 54 digits, and the largest would round to 1.)
 */
static inline double random_unit_from(uint64_t word)
{
    /* The bits of 1 + j 2^-52; taking 1 - 2^-53 from it leaves (2 j + 1) 2^-53 exactly. */
    const uint64_t bits = word >> RANDOM_UNIT_SHIFT | UINT64_C(0x3ff0000000000000);
    double above_one;
    memcpy(&above_one, &bits, sizeof above_one);
    return above_one - (1.0 - 0x1p-53);
}

/*
 * The least j = word >> RANDOM_UNIT_SHIFT for which random_unit_from(word) is above `limit`, for
 * comparing words instead of doubles; more than any j when there is none. `limit` is in 0..1.
 */
uint64_t random_unit_first_above(double limit);

static inline uint64_t random_u64(struct random_stream *stream)
{
    return random_block_next(stream).word[0];
}

static inline double random_unit(struct random_stream *stream)
{
    return random_unit_from(random_u64(stream));
}

/* True with probability p; p <= 0 is never and p >= 1 always, and both consume their draw. */
static inline bool random_chance(struct random_stream *stream, double p)
{
    return random_unit(stream) < p;
}

/*
 * Uniform in 0..n-1 without bias, n >= 1: the high half of word * n, where words that would favour
 * some results are replaced by further words of the same draw (Lemire, "Fast random integer
 * generation in an interval", ACM TOMACS 29(1), 2019).
 */
uint64_t random_below(struct random_stream *stream, uint64_t n);

/*
 * A stream of its own for a part of draw n, keyed by a word of that draw: nested laws (a mixture of
 * mixtures) use it to stay independent of each other without counting blocks.
 */
static inline struct random_stream random_stream_nested(const struct random_stream *stream,
                                                        uint64_t word)
{
    return (struct random_stream){word, stream->purpose, stream->index, 0};
}

#endif
