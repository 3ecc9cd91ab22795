/*
 * random_exponential.h - exponential draws of mean 1 at the price of a look-up.
 *
 * Model:  the ziggurat of 256 layers: the low 8 bits of the draw's first word choose a layer, its
 *         upper 52 bits a point across it. About 99 of 100 points are surely under the curve. For
 *         the others the second word decides, and further blocks of the same draw replace what is
 *         refused. Beyond the last layer the law begins anew (it has no memory).
 * Order:  one draw number a sample.
 * Cost:   about 3 ns on top of the block; -log(u) costs 8.
 * Source: Marsaglia and Tsang, "The ziggurat method for generating random variables", Journal of
 *         Statistical Software 5(8), 2000; with a separate layer number, as Doornik, "An improved
 *         ziggurat method to generate normal random samples", 2005, asks.
 */
#ifndef SIM_RANDOM_EXPONENTIAL_H
#define SIM_RANDOM_EXPONENTIAL_H

#include "sim/random_blocks.h"

enum { RANDOM_EXPONENTIAL_LAYERS = 256 };

/* The right end x of each layer and exp(-x); layer 0 is as wide as it would be with the tail. */
extern const double random_exponential_ends[RANDOM_EXPONENTIAL_LAYERS + 1];
extern const double random_exponential_heights[RANDOM_EXPONENTIAL_LAYERS + 1];

/* What is left to do when the first word of draw n was not surely under the curve. */
double random_exponential_finish(const struct random_stream *stream, uint64_t n,
                                 struct random_block block);

/* Whether the word's point is surely under the curve; *x is what it stands for. */
static inline bool random_exponential_from(uint64_t word, double *x)
{
    const double *end = &random_exponential_ends[word % RANDOM_EXPONENTIAL_LAYERS];
    *x = random_unit_from(word) * end[0];
    return *x < end[1];
}

/* The same for draw n, of which the block is made again. */
double random_exponential_again(const struct random_stream *stream, uint64_t n);

static inline double random_exponential(struct random_stream *stream)
{
    const uint64_t n = stream->count;
    double x = 0.0;
    /* Only one word is used here, so that the compiler leaves out what makes the other one. */
    if (__builtin_expect(random_exponential_from(random_u64(stream), &x), 1)) {
        return x;
    }
    return random_exponential_again(stream, n);
}

/* What random_exponential() would return the next RANDOM_BLOCKS times. */
void random_exponential_next(struct random_stream *stream, double values[RANDOM_BLOCKS]);

#endif
