/*
 * misfortune.h - random timelines of power failures and cuts for swarms of failovers. Included by
 * one test file each.
 */
#ifndef TESTS_MODELS_FAILOVER_MISFORTUNE_H
#define TESTS_MODELS_FAILOVER_MISFORTUNE_H

#include "tests/models/failover/plan_case.h"

/* All over after 720 s. */
enum { MISFORTUNES = 12, MISFORTUNE_PLACES = 6 };

static inline void cut_off(struct world *world, uint32_t place, int by)
{
    for (uint32_t other = 0; other < FAKE_PLACES; other++) {
        if (other != place) {
            fake_cut(world, place, other, by);
        }
    }
}

static inline void misfortune(struct world *world, uint32_t what)
{
    const uint32_t kind = what >> 16, a = what >> 8 & 0xff, b = what & 0xff;
    const int by = (kind & 1u) == 0 ? 1 : -1;
    if (kind >= 2) {
        fake_place_power(world, a, by);
    } else if (a == b) {
        cut_off(world, a, by);
    } else {
        fake_cut(world, a, b, by);
    }
}

/* Power failures of places, cuts between two, and places cut off from all, for up to 120 s. */
static inline void random_timeline(struct world *world, uint64_t seed)
{
    struct random_stream stream;
    random_stream_init(&stream, seed, 99, 0);
    fake_act = misfortune;
    for (int i = 0; i < MISFORTUNES; i++) {
        const uint32_t a = (uint32_t)random_below(&stream, MISFORTUNE_PLACES);
        const uint32_t b = (uint32_t)random_below(&stream, MISFORTUNE_PLACES);
        const uint32_t kind = 2 * (uint32_t)random_below(&stream, 2);
        const sim_ns at_ns = (sim_ns)random_below(&stream, (uint64_t)(600 * S));
        const sim_ns for_ns = (sim_ns)random_below(&stream, (uint64_t)(120 * S));
        fake_at(world, at_ns, kind << 16 | a << 8 | b);
        fake_at(world, at_ns + for_ns, (kind + 1) << 16 | a << 8 | b);
    }
}

static inline uint32_t leading_now(const struct world *world)
{
    uint32_t leading = 0;
    for (uint32_t m = 0; m < REPLICAS; m++) {
        leading += world->leaders[m].status.role == LEADERSHIP_LEADER;
    }
    return leading;
}

#endif
