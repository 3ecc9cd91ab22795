#include "models/network/network_law.h"

void network_law_set(struct network_law *law, const struct geography_jitter *jitter)
{
    *law = (struct network_law){.from = {0.0}};
    for (int i = 0; i < GEOGRAPHY_JITTER_KNOTS; i++) {
        law->from[i] = jitter->at[i];
        law->value_ns[i] = (double)jitter->floor_ns + jitter->extra_ns[i];
        law->limits[i] = UINT64_MAX;
    }
    for (int i = 0; i + 1 < GEOGRAPHY_JITTER_KNOTS; i++) {
        law->slope_ns[i] =
            (law->value_ns[i + 1] - law->value_ns[i]) / (law->from[i + 1] - law->from[i]);
        law->limits[i] = random_unit_first_above(law->from[i + 1]);
    }
}

/* Counting limits has no branch that chance could mispredict. */
static double delay_of(const struct network_law *law, uint64_t word)
{
    const uint64_t bits = word >> RANDOM_UNIT_SHIFT;
    size_t index = 0;
    for (int i = 0; i + 2 < GEOGRAPHY_JITTER_KNOTS; i++) {
        index += bits >= law->limits[i];
    }
    return law->value_ns[index] +
           (random_unit_from(word) - law->from[index]) * law->slope_ns[index];
}

void network_law_draw_plain(const struct network_law *law,
                            const struct random_block blocks[RANDOM_BLOCKS],
                            sim_ns delays_ns[RANDOM_BLOCKS])
{
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        /* Positive and far below SIM_NS_MAX: a cast rounds it. */
        delays_ns[i] = (sim_ns)(delay_of(law, blocks[i].word[0]) + 0.5);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { LANES = 8 };
_Static_assert((int)GEOGRAPHY_JITTER_KNOTS == (int)LANES,
               "one register holds a number of every piece");

/* The first words of eight blocks, in order. */
__attribute__((target("avx512f,avx512dq"))) static inline __m512i
words_of(const struct random_block *blocks)
{
    return _mm512_permutex2var_epi64(_mm512_loadu_si512(blocks),
                                     _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0),
                                     _mm512_loadu_si512(blocks + LANES / 2));
}

/* delay_of() for each of eight words, with the same roundings. */
__attribute__((target("avx512f,avx512dq"))) static inline __m512i
eight_of(const struct network_law *law, __m512i words)
{
    const __m512i bits = _mm512_srli_epi64(words, RANDOM_UNIT_SHIFT);
    __m512i index = _mm512_setzero_si512();
    for (int i = 0; i + 2 < GEOGRAPHY_JITTER_KNOTS; i++) {
        const __m512i limit = _mm512_set1_epi64((int64_t)law->limits[i]);
        index = _mm512_mask_add_epi64(index, _mm512_cmpge_epu64_mask(bits, limit), index,
                                      _mm512_set1_epi64(1));
    }
    /* random_unit_from() */
    const __m512d above_one =
        _mm512_castsi512_pd(_mm512_or_si512(bits, _mm512_set1_epi64(INT64_C(0x3ff0000000000000))));
    const __m512d unit = _mm512_sub_pd(above_one, _mm512_set1_pd(1.0 - 0x1p-53));
    const __m512d from = _mm512_permutexvar_pd(index, _mm512_loadu_pd(law->from));
    const __m512d value_ns = _mm512_permutexvar_pd(index, _mm512_loadu_pd(law->value_ns));
    const __m512d slope_ns = _mm512_permutexvar_pd(index, _mm512_loadu_pd(law->slope_ns));
    const __m512d beyond_ns = _mm512_mul_pd(_mm512_sub_pd(unit, from), slope_ns);
    const __m512d delay_ns = _mm512_add_pd(value_ns, beyond_ns);
    return _mm512_cvttpd_epi64(_mm512_add_pd(delay_ns, _mm512_set1_pd(0.5)));
}

__attribute__((target("avx512f,avx512dq"))) static void
all_of(const struct network_law *law, const struct random_block *blocks, sim_ns *delays_ns)
{
    for (int i = 0; i < RANDOM_BLOCKS; i += LANES) {
        _mm512_storeu_si512(delays_ns + i, eight_of(law, words_of(blocks + i)));
    }
}

bool network_law_draw_avx512(const struct network_law *law,
                             const struct random_block blocks[RANDOM_BLOCKS],
                             sim_ns delays_ns[RANDOM_BLOCKS])
{
    _Static_assert(RANDOM_BLOCKS % LANES == 0, "whole registers");
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq")) {
        return false;
    }
    all_of(law, blocks, delays_ns);
    return true;
}
#else
bool network_law_draw_avx512(const struct network_law *law,
                             const struct random_block blocks[RANDOM_BLOCKS],
                             sim_ns delays_ns[RANDOM_BLOCKS])
{
    (void)law, (void)blocks, (void)delays_ns;
    return false;
}
#endif

void network_law_draw(const struct network_law *law,
                      const struct random_block blocks[RANDOM_BLOCKS],
                      sim_ns delays_ns[RANDOM_BLOCKS])
{
    if (!network_law_draw_avx512(law, blocks, delays_ns)) {
        network_law_draw_plain(law, blocks, delays_ns);
    }
}
