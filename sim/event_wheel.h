/*
 * event_wheel.h - keys of events that are due very soon, each alone in a bin of time.
 *
 * Model:  a bin is 2^shift ns; the wheel has one for each of the next EVENT_WHEEL_REACH, counted
 *         from `base`. A bin has room for one key, so no key is ever moved or compared: one whose
 *         bin is taken, or that is not within reach, is refused, and the caller keeps it elsewhere.
 *         Bits tell which bins have keys, and which words of bits are not zero.
 * Order:  bins do not overlap, so the first bin that has a key has the least key of the wheel.
 * Cost:   O(1) without a branch on how keys compare; 16 KiB, of which little is used at a time.
 */
#ifndef SIM_EVENT_WHEEL_H
#define SIM_EVENT_WHEEL_H

#include "sim/event_key.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EVENT_WHEEL = 1024, /* bins, and the number of none */
    EVENT_WHEEL_WORDS = EVENT_WHEEL / 64,
    /* A word less than all: the word of `base` then has no bins of the next turn. */
    EVENT_WHEEL_REACH = EVENT_WHEEL - 64
};

struct event_wheel {
    uint64_t base;  /* time of a bin >> shift; no key in the wheel is before */
    uint64_t reach; /* EVENT_WHEEL_REACH, or 0: every key is refused */
    uint32_t shift;
    uint32_t words; /* a bit for each word of `bins` that is not zero */
    uint64_t bins[EVENT_WHEEL_WORDS];
    event_key keys[EVENT_WHEEL]; /* valid where the bit of the bin is set */
};
_Static_assert(EVENT_WHEEL_WORDS == 16, "event_wheel_first() rotates 16 bits");

/* False: refused. */
static inline bool event_wheel_add(struct event_wheel *wheel, uint64_t at_ns, event_key key)
{
    const uint64_t number = at_ns >> wheel->shift;
    if (number - wheel->base >= wheel->reach) {
        return false;
    }
    const uint32_t bin = (uint32_t)number % EVENT_WHEEL;
    const uint32_t word = bin / 64;
    const uint64_t bins = wheel->bins[word];
    if ((bins >> bin % 64 & 1) != 0) {
        return false;
    }
    wheel->bins[word] = bins | UINT64_C(1) << bin % 64;
    wheel->words |= 1U << word;
    wheel->keys[bin] = key;
    return true;
}

/* The bin of the least key; EVENT_WHEEL when there is none. */
static inline uint32_t event_wheel_first(const struct event_wheel *wheel)
{
    const uint32_t words = wheel->words;
    if (words == 0) {
        return EVENT_WHEEL;
    }
    const uint32_t begin = (uint32_t)wheel->base % EVENT_WHEEL / 64;
    const uint32_t turned = (words | words << EVENT_WHEEL_WORDS) >> begin;
    const uint32_t word = (begin + (uint32_t)__builtin_ctz(turned)) % EVENT_WHEEL_WORDS;
    return word * 64 + (uint32_t)__builtin_ctzll(wheel->bins[word]);
}

/* Empties a bin that has a key. */
static inline void event_wheel_remove(struct event_wheel *wheel, uint32_t bin)
{
    const uint32_t word = bin / 64;
    const uint64_t bins = wheel->bins[word] & ~(UINT64_C(1) << bin % 64);
    wheel->bins[word] = bins;
    wheel->words &= ~((uint32_t)(bins == 0) << word);
}

/* Bins are counted from this time on, unless it is over. No key in the wheel may be earlier. */
static inline void event_wheel_turn(struct event_wheel *wheel, uint64_t at_ns)
{
    const uint64_t number = at_ns >> wheel->shift;
    wheel->base = number > wheel->base ? number : wheel->base;
}

/* Moves all keys behind those in `array`, earlier ones first. */
void event_wheel_gather(struct event_wheel *wheel, struct event_array *array);

#endif
