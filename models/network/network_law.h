/*
 * network_law.h - the published law of one link's delays, drawn many at a time.
 *
 * Model:  the quantiles of models/geography/jitter.h, with straight lines between them: a word of a
 *         random block says which piece and where on it.
 * Units:  ns.
 * Cost:   30 instructions a delay, 5 where the processor has AVX-512. The delays are the same.
 */
#ifndef MODELS_NETWORK_NETWORK_LAW_H
#define MODELS_NETWORK_NETWORK_LAW_H

#include "models/geography/jitter.h"
#include "sim/random_blocks.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stdint.h>

/* Pieces are from one knot to the next. The last knot begins none: its numbers are not used. */
struct network_law {
    double from[GEOGRAPHY_JITTER_KNOTS];     /* probability at which a piece begins */
    double value_ns[GEOGRAPHY_JITTER_KNOTS]; /* delay there */
    double slope_ns[GEOGRAPHY_JITTER_KNOTS]; /* per unit of probability */
    /* Of the words of 52 bits that draw the delay, those from limits[i] on are behind piece i. */
    uint64_t limits[GEOGRAPHY_JITTER_KNOTS];
};

void network_law_set(struct network_law *law, const struct geography_jitter *jitter);

/* The delays that the blocks draw, in order. */
void network_law_draw(const struct network_law *law,
                      const struct random_block blocks[RANDOM_BLOCKS],
                      sim_ns delays_ns[RANDOM_BLOCKS]);

/*
 * The ways to do that, of which network_law_draw() takes the last that the processor knows. The
 * second returns false, and nothing has happened, where it does not.
 */
void network_law_draw_plain(const struct network_law *law,
                            const struct random_block blocks[RANDOM_BLOCKS],
                            sim_ns delays_ns[RANDOM_BLOCKS]);
bool network_law_draw_avx512(const struct network_law *law,
                             const struct random_block blocks[RANDOM_BLOCKS],
                             sim_ns delays_ns[RANDOM_BLOCKS]);

#endif
