#include "sim/random_blocks.h"

void random_blocks_plain(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        blocks[i] = random_block_next(stream);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { LANES = 4 };

/* One word of the counters of four blocks, each in the lower half of its lane. */
struct quad {
    __m256i c0, c1, c2, c3;
};

/*
 * A multiplication sees only the lower halves of the lanes, so what the upper ones hold after an
 * exclusive or is let be: the whole product stands for its lower word.
 */
__attribute__((target("avx2"))) static inline void round_of(struct quad *quad, __m256i key0,
                                                            __m256i key1)
{
    const __m256i p0 = _mm256_mul_epu32(quad->c0, _mm256_set1_epi64x(RANDOM_MULTIPLIER_0));
    const __m256i p1 = _mm256_mul_epu32(quad->c2, _mm256_set1_epi64x(RANDOM_MULTIPLIER_1));
    quad->c0 = _mm256_xor_si256(_mm256_srli_epi64(p1, 32), _mm256_xor_si256(quad->c1, key0));
    quad->c2 = _mm256_xor_si256(_mm256_srli_epi64(p0, 32), _mm256_xor_si256(quad->c3, key1));
    quad->c1 = p1;
    quad->c3 = p0;
}

/* Lower words of the lanes of both, put together. */
__attribute__((target("avx2"))) static inline __m256i words_of(__m256i low, __m256i high)
{
    return _mm256_blend_epi32(low, _mm256_slli_epi64(high, 32), 0xaa);
}

__attribute__((target("avx2"))) static inline void store(struct random_block *blocks,
                                                         const struct quad *quad)
{
    const __m256i first = words_of(quad->c0, quad->c1), second = words_of(quad->c2, quad->c3);
    const __m256i even = _mm256_unpacklo_epi64(first, second);
    const __m256i odd = _mm256_unpackhi_epi64(first, second);
    _mm256_storeu_si256((__m256i *)(void *)blocks, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(blocks + 2),
                        _mm256_permute2x128_si256(even, odd, 0x31));
}

__attribute__((target("avx2"))) static void eight_avx2(const struct random_stream *stream,
                                                       uint64_t count, struct random_block *blocks)
{
    const __m256i n =
        _mm256_add_epi64(_mm256_set1_epi64x((int64_t)count), _mm256_set_epi64x(3, 2, 1, 0));
    const __m256i later = _mm256_add_epi64(n, _mm256_set1_epi64x(LANES));
    const __m256i index = _mm256_set1_epi64x(stream->index);
    const __m256i purpose = _mm256_set1_epi64x(stream->purpose);
    struct quad left = {n, _mm256_srli_epi64(n, 32), index, purpose};
    struct quad right = {later, _mm256_srli_epi64(later, 32), index, purpose};
    __m256i key0 = _mm256_set1_epi64x((int64_t)(stream->seed & UINT32_MAX));
    __m256i key1 = _mm256_set1_epi64x((int64_t)(stream->seed >> 32));
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        round_of(&left, key0, key1);
        round_of(&right, key0, key1);
        key0 = _mm256_add_epi32(key0, _mm256_set1_epi64x(RANDOM_INCREMENT_0));
        key1 = _mm256_add_epi32(key1, _mm256_set1_epi64x(RANDOM_INCREMENT_1));
    }
    store(blocks, &left);
    store(blocks + LANES, &right);
}

bool random_blocks_avx2(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    _Static_assert(RANDOM_BLOCKS == 4 * LANES, "twice two quads");
    if (!__builtin_cpu_supports("avx2")) {
        return false;
    }
    eight_avx2(stream, stream->count, blocks);
    eight_avx2(stream, stream->count + 2 * LANES, blocks + 2 * LANES);
    stream->count += RANDOM_BLOCKS;
    return true;
}

/* The same with twice as wide registers: eight blocks. */
struct octet {
    __m512i c0, c1, c2, c3;
};

enum { XOR_OF_THREE = 0x96, UPPER_HALVES = 0xaaaa };

__attribute__((target("avx512f"))) static inline void wide_round_of(struct octet *octet,
                                                                    __m512i key0, __m512i key1)
{
    const __m512i p0 = _mm512_mul_epu32(octet->c0, _mm512_set1_epi64(RANDOM_MULTIPLIER_0));
    const __m512i p1 = _mm512_mul_epu32(octet->c2, _mm512_set1_epi64(RANDOM_MULTIPLIER_1));
    octet->c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), octet->c1, key0, XOR_OF_THREE);
    octet->c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), octet->c3, key1, XOR_OF_THREE);
    octet->c1 = p1;
    octet->c3 = p0;
}

__attribute__((target("avx512f"))) static inline __m512i wide_words_of(__m512i low, __m512i high)
{
    return _mm512_mask_blend_epi32(UPPER_HALVES, low, _mm512_slli_epi64(high, 32));
}

__attribute__((target("avx512f"))) static inline void wide_store(struct random_block *blocks,
                                                                 const struct octet *octet)
{
    const __m512i first = wide_words_of(octet->c0, octet->c1);
    const __m512i second = wide_words_of(octet->c2, octet->c3);
    _mm512_storeu_si512(blocks, _mm512_permutex2var_epi64(
                                    first, _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), second));
    _mm512_storeu_si512(
        blocks + LANES,
        _mm512_permutex2var_epi64(first, _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4), second));
}

__attribute__((target("avx512f"))) static void sixteen_avx512(struct random_stream *stream,
                                                              struct random_block *blocks)
{
    const __m512i n = _mm512_add_epi64(_mm512_set1_epi64((int64_t)stream->count),
                                       _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
    const __m512i later = _mm512_add_epi64(n, _mm512_set1_epi64(2 * LANES));
    const __m512i index = _mm512_set1_epi64(stream->index);
    const __m512i purpose = _mm512_set1_epi64(stream->purpose);
    struct octet left = {n, _mm512_srli_epi64(n, 32), index, purpose};
    struct octet right = {later, _mm512_srli_epi64(later, 32), index, purpose};
    __m512i key0 = _mm512_set1_epi64((int64_t)(stream->seed & UINT32_MAX));
    __m512i key1 = _mm512_set1_epi64((int64_t)(stream->seed >> 32));
    for (int i = 0; i < RANDOM_ROUNDS; i++) {
        wide_round_of(&left, key0, key1);
        wide_round_of(&right, key0, key1);
        key0 = _mm512_add_epi64(key0, _mm512_set1_epi64(RANDOM_INCREMENT_0));
        key1 = _mm512_add_epi64(key1, _mm512_set1_epi64(RANDOM_INCREMENT_1));
    }
    wide_store(blocks, &left);
    wide_store(blocks + 2 * LANES, &right);
    stream->count += RANDOM_BLOCKS;
}

bool random_blocks_avx512(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    if (!__builtin_cpu_supports("avx512f")) {
        return false;
    }
    sixteen_avx512(stream, blocks);
    return true;
}
#else
bool random_blocks_avx2(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    (void)stream, (void)blocks;
    return false;
}

bool random_blocks_avx512(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    (void)stream, (void)blocks;
    return false;
}
#endif

void random_blocks_next(struct random_stream *stream, struct random_block blocks[RANDOM_BLOCKS])
{
    if (!random_blocks_avx512(stream, blocks) && !random_blocks_avx2(stream, blocks)) {
        random_blocks_plain(stream, blocks);
    }
}
