#include "sim/random.h"

#include "sim/check.h"

/*
 * The double arithmetic of the sampled laws must be IEEE 754 double, rounded once an operation:
 * anything else gives other last bits and so another simulation.
 */
#if defined(__FAST_MATH__)
#error "geodes cannot be built with -ffast-math: results would depend on the compiler"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "geodes needs arithmetic in double precision (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif

struct product {
    uint64_t high, low;
};

void random_stream_init(struct random_stream *stream, uint64_t seed, uint32_t purpose,
                        uint32_t index)
{
    CHECK(purpose < UINT32_C(1) << RANDOM_PURPOSE_BITS);
    *stream = (struct random_stream){seed, purpose, index, 0};
}

uint64_t random_unit_first_above(double limit)
{
    CHECK(limit >= 0.0);
    CHECK(limit <= 1.0);
    /* (2 j + 1) 2^-53 > limit; the product and its half are exact, and so is the whole part. */
    const double half = limit * 0x1p52;
    uint64_t j = (uint64_t)half;
    if ((double)j + 0.5 <= half) {
        j++;
    }
    return j;
}

/* 64 x 64 -> 128 bits in standard C. */
static struct product multiply(uint64_t a, uint64_t b)
{
    const uint64_t a_low = (uint32_t)a, a_high = a >> 32;
    const uint64_t b_low = (uint32_t)b, b_high = b >> 32;
    const uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
    const uint64_t other = a_low * b_high + (uint32_t)middle;
    return (struct product){a_high * b_high + (middle >> 32) + (other >> 32), a * b};
}

uint64_t random_below(struct random_stream *stream, uint64_t n)
{
    CHECK(n > 0);
    const uint64_t draw = stream->count;
    struct random_block block = random_block_next(stream);
    struct product product = multiply(block.word[0], n);
    if (product.low >= n) {
        return product.high;
    }
    /* 2^64 mod n: so many low parts come once too often. */
    const uint64_t surplus = (0 - n) % n;
    for (uint32_t next = 1; product.low < surplus; next++) {
        /* A word is refused with probability under 1/2, so 512 in a row never happen. */
        CHECK(next <= 2 * RANDOM_BLOCK_MAX + 1);
        if (next % 2 == 0) {
            block = random_block_more(stream, draw, next / 2);
        }
        product = multiply(block.word[next % 2], n);
    }
    return product.high;
}
