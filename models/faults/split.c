#include "models/faults/split.h"

#include "sim/check.h"

uint32_t split_least(enum split_shape shape)
{
    static const uint32_t least[SPLIT_COUNT] = {[SPLIT_ONE] = 2,      [SPLIT_HALVES] = 2,
                                                [SPLIT_MINORITY] = 3, [SPLIT_MINORITY_THIRD] = 4,
                                                [SPLIT_MAJORITY] = 3, [SPLIT_MAJORITIES_RING] = 3,
                                                [SPLIT_BRIDGE] = 3,   [SPLIT_PRIMARIES] = 2};
    CHECK(shape < SPLIT_COUNT);
    return least[shape];
}

/* Fisher and Yates, as in Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 P. */
void split_shuffle(uint32_t *order, uint32_t count, struct random_stream *stream)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t j = (uint32_t)random_below(stream, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

/* How many stand on the first side of a shape with two. */
static uint32_t first_side(enum split_shape shape, uint32_t count)
{
    if (shape == SPLIT_ONE) {
        return 1;
    }
    if (shape == SPLIT_MINORITY) {
        return (count - 1) / 2;
    }
    if (shape == SPLIT_MINORITY_THIRD) {
        return (count - 1) / 3;
    }
    return shape == SPLIT_MAJORITY ? count / 2 + 1 : count / 2;
}

/* Each hears the majority of which it is the middle. */
static bool ring_cuts(uint32_t count, uint32_t from, uint32_t to)
{
    const uint32_t majority = count / 2 + 1;
    const uint32_t begin = to + count - (majority - 1) / 2;
    return (from + 2 * count - begin) % count >= majority;
}

bool split_cuts(const struct split *split, uint32_t from, uint32_t to)
{
    if (from == to) {
        return false;
    }
    if (split->shape == SPLIT_MAJORITIES_RING) {
        return ring_cuts(split->count, from, to);
    }
    if (split->shape == SPLIT_PRIMARIES) {
        return from < split->leading || (to < split->leading && !split->one_way);
    }
    const uint32_t side = first_side(split->shape, split->count);
    if (split->shape == SPLIT_BRIDGE && (from == side || to == side)) {
        return false;
    }
    return from < side ? to >= side : to < side && !split->one_way;
}
