#include "sim/fingerprint.h"

void fingerprint_init(struct fingerprint *fingerprint)
{
    fingerprint->state = FINGERPRINT_PHI;
}

void fingerprint_mix(struct fingerprint *fingerprint, uint64_t value)
{
    fingerprint_add(fingerprint, value, 0, 0, 0);
}

uint64_t fingerprint_value(const struct fingerprint *fingerprint)
{
    uint64_t value = fingerprint_step(fingerprint->state, FINGERPRINT_E);
    value = fingerprint_step(value, FINGERPRINT_PI);
    return value ^ value >> 32;
}

char *fingerprint_text(uint64_t value, char text[FINGERPRINT_TEXT_MAX])
{
    for (int i = 0; i < FINGERPRINT_TEXT_MAX - 1; i++) {
        text[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    }
    text[FINGERPRINT_TEXT_MAX - 1] = '\0';
    return text;
}
