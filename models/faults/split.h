/*
 * split.h - the shapes in which a set of ends falls apart by chance (Jepsen's partition targets).
 *
 * Model:   the ends are shuffled (primaries: those that lead come first); the shape then says, by
 *          place in that order, who still hears whom.
 * Source:  Jepsen 0.3, jepsen.nemesis.combined (one, minority-third, majority, majorities-ring,
 *          primaries) and jepsen.nemesis (bridge, random halves, majorities-ring).
 */
#ifndef MODELS_FAULTS_SPLIT_H
#define MODELS_FAULTS_SPLIT_H

#include "sim/random.h"

#include <stdbool.h>
#include <stdint.h>

enum split_shape {
    SPLIT_NONE,
    SPLIT_ONE,             /* one alone */
    SPLIT_HALVES,          /* count / 2 against the rest */
    SPLIT_MINORITY,        /* the greatest minority, (count - 1) / 2, against the rest */
    SPLIT_MINORITY_THIRD,  /* (count - 1) / 3 against the rest */
    SPLIT_MAJORITY,        /* the least majority, count / 2 + 1, against the rest */
    SPLIT_MAJORITIES_RING, /* each hears a majority around it in a ring, no two the same */
    SPLIT_BRIDGE,          /* two halves; one in the middle reaches all */
    SPLIT_PRIMARIES,       /* each that leads alone, the others together */
    SPLIT_COUNT
};

/* So many ends are needed for the shape to cut anything. */
uint32_t split_least(enum split_shape shape);

/* Shuffles 0 .. count - 1 into `order`: each permutation is as likely. One draw an end. */
void split_shuffle(uint32_t *order, uint32_t count, struct random_stream *stream);

struct split {
    enum split_shape shape;
    uint32_t count;
    uint32_t leading; /* primaries: so many lead, at the begin of the order */
    bool one_way; /* only what leaves the first side (the leading ones) is lost; not for rings */
};

/* Whether what the one at `from` in the order sends does not reach the one at `to`. */
bool split_cuts(const struct split *split, uint32_t from, uint32_t to);

#endif
