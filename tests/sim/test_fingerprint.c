#include "sim/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 12, WORDS = 4 };

/* Small numbers, times in order: what a run is made of, and hard for a weak hash. */
static void events_make(uint64_t events[EVENTS][WORDS])
{
    for (uint64_t i = 0; i < EVENTS; i++) {
        events[i][0] = 1000000 * i + 37;
        events[i][1] = (i % 3) << 48 | i;
        events[i][2] = i / 2;
        events[i][3] = 0;
    }
}

static uint64_t hash(uint64_t events[EVENTS][WORDS], size_t count)
{
    struct fingerprint fingerprint;
    fingerprint_init(&fingerprint);
    for (size_t i = 0; i < count; i++) {
        fingerprint_add(&fingerprint, events[i][0], events[i][1], events[i][2], events[i][3]);
    }
    return fingerprint_value(&fingerprint);
}

static void test_every_single_bit_counts(void **state)
{
    (void)state;
    uint64_t events[EVENTS][WORDS];
    events_make(events);
    const uint64_t expected = hash(events, EVENTS);
    uint64_t flipped_bits = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        for (size_t word = 0; word < WORDS; word++) {
            for (int bit = 0; bit < 64; bit++) {
                events[i][word] ^= UINT64_C(1) << bit;
                const uint64_t other = hash(events, EVENTS);
                events[i][word] ^= UINT64_C(1) << bit;
                if (other == expected) {
                    fail_msg("event %zu, word %zu, bit %d does not count", i, word, bit);
                }
                flipped_bits += (uint64_t)__builtin_popcountll(other ^ expected);
            }
        }
    }
    /* Half of the 64 bits should change: 3072 changes x 64 bits, standard deviation 0.009 bits of
     * the mean; 0.1 is far outside. */
    const double mean = (double)flipped_bits / (EVENTS * WORDS * 64);
    if (mean < 31.9 || mean > 32.1) {
        fail_msg("a change of one bit changes %f of 64 bits", mean);
    }
}

/* Two bits of one event at once: sums of weak terms would cancel, above all in the top bits. */
static void test_two_bits_count(void **state)
{
    (void)state;
    uint64_t events[EVENTS][WORDS];
    events_make(events);
    const uint64_t expected = hash(events, EVENTS);
    for (size_t one = 0; one < 256; one++) {
        for (size_t two = one + 1; two < 256; two++) {
            events[5][one / 64] ^= UINT64_C(1) << one % 64;
            events[5][two / 64] ^= UINT64_C(1) << two % 64;
            const uint64_t other = hash(events, EVENTS);
            events[5][one / 64] ^= UINT64_C(1) << one % 64;
            events[5][two / 64] ^= UINT64_C(1) << two % 64;
            if (other == expected) {
                fail_msg("bits %zu and %zu cancel each other", one, two);
            }
        }
    }
}

static void test_order_counts(void **state)
{
    (void)state;
    uint64_t events[EVENTS][WORDS];
    events_make(events);
    const uint64_t expected = hash(events, EVENTS);
    for (size_t one = 0; one < EVENTS; one++) {
        for (size_t two = one + 1; two < EVENTS; two++) {
            uint64_t keep[WORDS];
            memcpy(keep, events[one], sizeof keep);
            memcpy(events[one], events[two], sizeof keep);
            memcpy(events[two], keep, sizeof keep);
            const uint64_t other = hash(events, EVENTS);
            memcpy(events[two], events[one], sizeof keep);
            memcpy(events[one], keep, sizeof keep);
            if (other == expected) {
                fail_msg("events %zu and %zu may be swapped", one, two);
            }
        }
    }
    for (size_t word = 1; word < WORDS; word++) { /* words of one event */
        const uint64_t keep = events[7][0];
        events[7][0] = events[7][word];
        events[7][word] = keep;
        assert_true(hash(events, EVENTS) != expected);
        events[7][word] = events[7][0];
        events[7][0] = keep;
    }
}

static void test_length_counts(void **state)
{
    (void)state;
    uint64_t zeros[EVENTS][WORDS] = {{0}};
    for (size_t one = 0; one < EVENTS; one++) {
        for (size_t two = one + 1; two <= EVENTS; two++) {
            assert_true(hash(zeros, one) != hash(zeros, two));
        }
    }
}

static void test_mix(void **state)
{
    (void)state;
    struct fingerprint one;
    struct fingerprint two;
    fingerprint_init(&one);
    fingerprint_init(&two);
    assert_true(fingerprint_value(&one) == fingerprint_value(&two));
    fingerprint_mix(&one, 5);
    fingerprint_mix(&two, 6);
    assert_true(fingerprint_value(&one) != fingerprint_value(&two));
}

/* The definition again, written from the header's text with 64-bit arithmetic in Python 3. */
static void test_known_values(void **state)
{
    (void)state;
    uint64_t events[EVENTS][WORDS];
    events_make(events);
    char text[FINGERPRINT_TEXT_MAX];
    assert_string_equal(fingerprint_text(hash(events, 0), text), "f7bdaa983b410888");
    assert_string_equal(fingerprint_text(hash(events, 1), text), "b679257f26e3eac4");
    assert_string_equal(fingerprint_text(hash(events, EVENTS), text), "ea248b52ded1660c");
}

static void test_text(void **state)
{
    (void)state;
    char text[FINGERPRINT_TEXT_MAX];
    assert_string_equal(fingerprint_text(0, text), "0000000000000000");
    assert_string_equal(fingerprint_text(UINT64_C(0x0123456789abcdef), text), "0123456789abcdef");
    assert_string_equal(fingerprint_text(UINT64_MAX, text), "ffffffffffffffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_single_bit_counts),
        cmocka_unit_test(test_two_bits_count),
        cmocka_unit_test(test_order_counts),
        cmocka_unit_test(test_length_counts),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
