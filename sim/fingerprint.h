/*
 * fingerprint.h - a running 64-bit hash that tells two runs apart.
 *
 * Model:  each event is hashed alone by two lanes of xorshift and multiplication; the state then
 *         takes it in by one more step that is a bijection of the state, so that the order of
 *         events counts and no difference is ever forgotten by itself. The count of events enters
 *         at the end. It guards against accidents, not against an adversary.
 * Chance: two different runs agree with a chance of about 2^-64.
 * Cost:   about 1 ns an event.
 * Source: our own; multipliers are odd 64-bit fractions of the golden ratio, e and pi, as usual
 *         numbers without a hidden purpose.
 */
#ifndef SIM_FINGERPRINT_H
#define SIM_FINGERPRINT_H

#include <stdint.h>

struct fingerprint {
    uint64_t state;
    uint64_t count;
};

enum { FINGERPRINT_TEXT_MAX = 17 };

/* 2^64 times the fractions of the golden ratio, of e and of pi, all made odd. */
#define FINGERPRINT_PHI UINT64_C(0x9e3779b97f4a7c15)
#define FINGERPRINT_E   UINT64_C(0xb7e151628aed2a6b)
#define FINGERPRINT_PI  UINT64_C(0x243f6a8885a308d3)

static inline uint64_t fingerprint_step(uint64_t value, uint64_t multiplier)
{
    return (value ^ value >> 32) * multiplier;
}

void fingerprint_init(struct fingerprint *fingerprint);

/* Takes in four integers at once: one event. */
static inline void fingerprint_add(struct fingerprint *fingerprint, uint64_t a, uint64_t b,
                                   uint64_t c, uint64_t d)
{
    const uint64_t left = fingerprint_step(a, FINGERPRINT_E) + b;
    const uint64_t right = fingerprint_step(c, FINGERPRINT_PI) + d;
    const uint64_t both =
        fingerprint_step(left, FINGERPRINT_PI) - fingerprint_step(right, FINGERPRINT_E);
    fingerprint->state = fingerprint_step(fingerprint->state ^ both, FINGERPRINT_PHI);
    fingerprint->count++;
}

/* Takes in one integer. */
void fingerprint_mix(struct fingerprint *fingerprint, uint64_t value);

uint64_t fingerprint_value(const struct fingerprint *fingerprint);

/* Sixteen lower-case hexadecimal digits and NUL; returns text. */
char *fingerprint_text(uint64_t value, char text[FINGERPRINT_TEXT_MAX]);

#endif
