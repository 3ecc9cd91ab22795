/*
 * histogram.h - counts of non-negative integers in log-linear buckets (the layout of HdrHistogram).
 *
 * Model:     values below 256 have a bucket each; above, every power of two is cut into 128 equal
 *            buckets, so that a bucket is at most 1/128 (0.78 %) of its lower bound wide. Count,
 *            sum, minimum and maximum are exact (the sum has 128 bits). Quantiles: nearest rank,
 *            ceil(p * count); inside its bucket the k-th of n values is taken to lie at (2k - 1) /
 *            2n of the width; never outside minimum and maximum. p outside 0..1 is a bug.
 * Order:     merging is addition: any order gives the same histogram.
 * Ownership: buckets come from the arena that histogram_init got, 1 KiB for each power of two in
 *            use.
 * Errors:    a negative value is a bug of the caller (CHECK).
 * Cost:      recording is O(1), two cache lines; memory is 0.5 KiB and 1 KiB a power of two.
 * Source:    HdrHistogram, "A High Dynamic Range Histogram" (hdrhistogram.org), for the layout.
 */
#ifndef ANALYSIS_HISTOGRAM_H
#define ANALYSIS_HISTOGRAM_H

#include "sim/arena.h"
#include "sim/check.h"
#include "sim/fetch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_BITS = 7,
    HISTOGRAM_BLOCK = 1 << HISTOGRAM_BITS, /* buckets in a block */
    HISTOGRAM_BLOCKS = 64 - HISTOGRAM_BITS /* for all of 0..INT64_MAX */
};

struct histogram {
    struct arena *arena;
    uint64_t count;
    uint64_t sum_low, sum_high;         /* private: the sum, 128 bits */
    int64_t min, max;                   /* INT64_MAX and INT64_MIN while count is 0 */
    uint64_t *blocks[HISTOGRAM_BLOCKS]; /* private: NULL where nothing was counted */
};

/* One bucket: values low..high (both included), `count` of them; `cumulative` counts up to high. */
struct histogram_bucket {
    int64_t low, high;
    uint64_t count, cumulative;
    size_t index; /* private: where to go on; 0 to begin */
};

void histogram_init(struct histogram *histogram, struct arena *arena);
struct histogram *histogram_new(struct arena *arena);

/* Counts `value` `times` times. */
void histogram_record_times(struct histogram *histogram, int64_t value, uint64_t times);

/* Adds the counts of `source`. */
void histogram_merge(struct histogram *histogram, const struct histogram *source);

/* Mean; 0 when empty: look at count first. */
double histogram_mean(const struct histogram *histogram);

/* The value at quantile p in 0..1; 0 when empty: look at count first. */
int64_t histogram_quantile(const struct histogram *histogram, double p);

/* How many values lie in buckets that end at or below `value`. */
uint64_t histogram_count_to(const struct histogram *histogram, int64_t value);

/*
 * The next bucket that is not empty, in increasing order; false after the last one.
 * Begin with a zeroed struct: `struct histogram_bucket bucket = {0};`
 */
bool histogram_next(const struct histogram *histogram, struct histogram_bucket *bucket);

/* Bounds of the bucket with that index, and the index of a value's bucket. */
int64_t histogram_bucket_low(size_t index);
int64_t histogram_bucket_high(size_t index);

/* private: gives the block its memory */
uint64_t *histogram_block(struct histogram *histogram, size_t block);

static inline size_t histogram_index(int64_t value)
{
    const uint64_t bits = (uint64_t)value;
    const unsigned top = 63u - (unsigned)__builtin_clzll(bits | HISTOGRAM_BLOCK);
    const unsigned shift = top - HISTOGRAM_BITS;

    return ((size_t)shift << HISTOGRAM_BITS) + (size_t)(bits >> shift);
}

/* Fetches what counting `value` will touch, for a caller who knows it ahead. */
static inline void histogram_fetch(const struct histogram *histogram, int64_t value)
{
    const size_t index = histogram_index(value);
    const uint64_t *block = histogram->blocks[index >> HISTOGRAM_BITS];

    if (block != NULL) {
        fetch_write(&block[index & (HISTOGRAM_BLOCK - 1)]);
    }
}

/* Counts `value` once. */
static inline void histogram_record(struct histogram *histogram, int64_t value)
{
    CHECK(value >= 0);

    const size_t index = histogram_index(value);
    uint64_t *block = histogram->blocks[index >> HISTOGRAM_BITS];

    if (__builtin_expect(block == NULL, 0)) {
        block = histogram_block(histogram, index >> HISTOGRAM_BITS);
    }
    block[index & (HISTOGRAM_BLOCK - 1)]++;
    if (value < histogram->min) {
        histogram->min = value;
    }
    if (value > histogram->max) {
        histogram->max = value;
    }
    histogram->count++;

    const uint64_t sum = histogram->sum_low + (uint64_t)value;

    histogram->sum_high += sum < histogram->sum_low ? 1u : 0u;
    histogram->sum_low = sum;
}

#endif
