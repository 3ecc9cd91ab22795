/*
 * fingerprint.h - a running 64-bit hash that tells two runs apart.
 *
 * Model:  an event is four integers. Pairs of them are hashed apart from the state, so that the
 *         processor can do it ahead; then the state takes both in by two steps of xorshift and
 *         multiplication. A step is a bijection of the state: no difference is ever forgotten by
 *         itself, and the order of events counts. It guards against accidents, not adversaries.
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
    const uint64_t half = fingerprint_step(fingerprint->state ^ left, FINGERPRINT_PHI);
    fingerprint->state = fingerprint_step(half ^ right, FINGERPRINT_E);
}

/* Takes in one integer. */
void fingerprint_mix(struct fingerprint *fingerprint, uint64_t value);

uint64_t fingerprint_value(const struct fingerprint *fingerprint);

/* Sixteen lower-case hexadecimal digits and NUL; returns text. */
char *fingerprint_text(uint64_t value, char text[FINGERPRINT_TEXT_MAX]);

#endif
