/*
 * random_blocks.h - the next draws of one stream, several at a time.
 *
 * Model:  exactly what random_block_next() would return as often; only sooner. A block is a chain
 *         of ten multiplications, each of which waits for the one before: several blocks side by
 *         side keep the processor busy, and who needs one finds it made.
 * Order:  consumes RANDOM_BLOCKS draw numbers.
 * Cost:   8 ns a block, 4 where the processor has AVX2, 2.5 with AVX-512. The blocks are the same.
 */
#ifndef SIM_RANDOM_BLOCKS_H
#define SIM_RANDOM_BLOCKS_H

#include "sim/random.h"

#include <stdbool.h>

enum { RANDOM_BLOCKS = 16 };

void random_blocks_next(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS]);

/*
 * The ways to make them, of which random_blocks_next() takes the last that the processor knows. The
 * wider two return false, and nothing has happened, where it does not.
 */
void random_blocks_plain(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS]);
bool random_blocks_avx2(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS]);
bool random_blocks_avx512(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS]);

#endif
