#include "analysis/histogram.h"

#include <math.h>

void histogram_init(struct histogram *histogram, struct arena *arena)
{
    *histogram = (struct histogram){.arena = arena, .min = INT64_MAX, .max = INT64_MIN};
}

struct histogram *histogram_new(struct arena *arena)
{
    struct histogram *histogram = arena_alloc(arena, 1, sizeof(*histogram));

    histogram_init(histogram, arena);
    return histogram;
}

uint64_t *histogram_block(struct histogram *histogram, size_t block)
{
    CHECK(block < HISTOGRAM_BLOCKS);
    if (histogram->blocks[block] == NULL) {
        histogram->blocks[block] =
            arena_alloc(histogram->arena, HISTOGRAM_BLOCK, sizeof(*histogram->blocks[block]));
    }
    return histogram->blocks[block];
}

static void sum_add(struct histogram *histogram, uint64_t high, uint64_t low)
{
    const uint64_t sum = histogram->sum_low + low;

    histogram->sum_high += high + (sum < low ? 1u : 0u);
    histogram->sum_low = sum;
}

void histogram_record_times(struct histogram *histogram, int64_t value, uint64_t times)
{
    CHECK(value >= 0);
    if (times == 0) {
        return;
    }

    const size_t index = histogram_index(value);

    histogram_block(histogram, index >> HISTOGRAM_BITS)[index & (HISTOGRAM_BLOCK - 1)] += times;
    histogram->min = value < histogram->min ? value : histogram->min;
    histogram->max = value > histogram->max ? value : histogram->max;
    histogram->count += times;
    /* value * times in 128 bits: each 32-bit half of `times` gives a product of 95 bits. */
    for (unsigned half = 0; half < 2; half++) {
        const uint64_t part = half == 0 ? times & UINT32_MAX : times >> 32;
        const uint64_t low = ((uint64_t)value & UINT32_MAX) * part;
        const uint64_t high = ((uint64_t)value >> 32) * part + (low >> 32);

        if (half == 0) {
            sum_add(histogram, high >> 32, (high << 32) | (low & UINT32_MAX));
        } else {
            sum_add(histogram, high, low << 32);
        }
    }
}

void histogram_merge(struct histogram *histogram, const struct histogram *source)
{
    if (source->count == 0) {
        return;
    }
    for (size_t i = 0; i < HISTOGRAM_BLOCKS; i++) {
        if (source->blocks[i] == NULL) {
            continue;
        }

        uint64_t *block = histogram_block(histogram, i);

        for (size_t k = 0; k < HISTOGRAM_BLOCK; k++) {
            block[k] += source->blocks[i][k];
        }
    }
    histogram->count += source->count;
    sum_add(histogram, source->sum_high, source->sum_low);
    histogram->min = source->min < histogram->min ? source->min : histogram->min;
    histogram->max = source->max > histogram->max ? source->max : histogram->max;
}

double histogram_mean(const struct histogram *histogram)
{
    if (histogram->count == 0) {
        return 0;
    }
    return ((double)histogram->sum_high * 0x1p64 + (double)histogram->sum_low) /
           (double)histogram->count;
}

int64_t histogram_bucket_low(size_t index)
{
    if (index < 2 * HISTOGRAM_BLOCK) {
        return (int64_t)index;
    }

    const size_t shift = (index >> HISTOGRAM_BITS) - 1;
    const size_t mantissa = (index & (HISTOGRAM_BLOCK - 1)) + HISTOGRAM_BLOCK;

    return (int64_t)((uint64_t)mantissa << shift);
}

int64_t histogram_bucket_high(size_t index)
{
    if (index < 2 * HISTOGRAM_BLOCK) {
        return (int64_t)index;
    }
    /* Unsigned: the last bucket ends at INT64_MAX. */
    return (int64_t)((uint64_t)histogram_bucket_low(index) +
                     (UINT64_C(1) << ((index >> HISTOGRAM_BITS) - 1)) - 1);
}

bool histogram_next(const struct histogram *histogram, struct histogram_bucket *bucket)
{
    size_t index = bucket->index;

    while (index < (size_t)HISTOGRAM_BLOCKS * HISTOGRAM_BLOCK) {
        const uint64_t *block = histogram->blocks[index >> HISTOGRAM_BITS];

        if (block == NULL) {
            index = (index | (HISTOGRAM_BLOCK - 1)) + 1;
            continue;
        }
        if (block[index & (HISTOGRAM_BLOCK - 1)] != 0) {
            bucket->low = histogram_bucket_low(index);
            bucket->high = histogram_bucket_high(index);
            bucket->count = block[index & (HISTOGRAM_BLOCK - 1)];
            bucket->cumulative += bucket->count;
            bucket->index = index + 1;
            return true;
        }
        index++;
    }
    bucket->index = index;
    return false;
}

/* ceil(p * count), at least 1: the product may be off by one part in 2^53, which is no new rank. */
static uint64_t quantile_rank(uint64_t count, double p)
{
    const double rank = ceil(p * (double)count * (1 - 1e-14));

    if (rank < 1) {
        return 1;
    }
    return rank >= (double)count ? count : (uint64_t)rank;
}

/* Leaves whole blocks behind as long as what is counted up to their end is less than `rank`. */
static void skip_blocks(const struct histogram *histogram, uint64_t rank,
                        struct histogram_bucket *bucket)
{
    for (size_t i = 0; i < HISTOGRAM_BLOCKS; i++) {
        const uint64_t *block = histogram->blocks[i];
        uint64_t sum = 0;

        for (size_t k = 0; block != NULL && k < HISTOGRAM_BLOCK; k++) {
            sum += block[k];
        }
        if (bucket->cumulative + sum >= rank) {
            return;
        }
        bucket->cumulative += sum;
        bucket->index = (i + 1) * HISTOGRAM_BLOCK;
    }
}

int64_t histogram_quantile(const struct histogram *histogram, double p)
{
    CHECK(p >= 0);
    CHECK(p <= 1);
    if (histogram->count == 0) {
        return 0;
    }

    const uint64_t rank = quantile_rank(histogram->count, p);
    struct histogram_bucket bucket = {0};

    if (rank == histogram->count) {
        return histogram->max;
    }
    skip_blocks(histogram, rank, &bucket);
    while (histogram_next(histogram, &bucket) && bucket.cumulative < rank) {
    }

    const double place = (double)(rank - (bucket.cumulative - bucket.count));
    const double width = (double)(bucket.high - bucket.low) + 1;
    const int64_t value =
        bucket.low + (int64_t)(width * (2 * place - 1) / (2 * (double)bucket.count));

    if (value < histogram->min) {
        return histogram->min;
    }
    return value > histogram->max ? histogram->max : value;
}

uint64_t histogram_count_to(const struct histogram *histogram, int64_t value)
{
    struct histogram_bucket bucket = {0};
    uint64_t count = 0;

    while (histogram_next(histogram, &bucket) && bucket.high <= value) {
        count = bucket.cumulative;
    }
    return count;
}
