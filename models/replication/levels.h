/*
 * levels.h - consistency levels: how many copies, and which, must answer an operation.
 *
 * Model:  a level is a list of rules "at least `need` of the members in `mask`"; it holds when each
 *         rule holds. Members are bits of a 64-bit word. All levels but each_quorum are one rule.
 * Source: Apache Cassandra 4.1 documentation, "Dynamo", section "Tunable Consistency".
 * Cost:   level_holds() is one bit count per rule.
 */
#ifndef MODELS_REPLICATION_LEVELS_H
#define MODELS_REPLICATION_LEVELS_H

#include <stdbool.h>
#include <stdint.h>

enum { LEVEL_MEMBERS_MAX = 64 };

enum level {
    LEVEL_ONE,
    LEVEL_TWO,
    LEVEL_THREE,
    LEVEL_QUORUM,       /* a majority of all copies */
    LEVEL_LOCAL_ONE,    /* one copy in the coordinator's region */
    LEVEL_LOCAL_QUORUM, /* a majority of the copies in the coordinator's region */
    LEVEL_EACH_QUORUM,  /* a majority of the copies in every region */
    LEVEL_ALL,
    LEVEL_ANY /* writes: one copy, or a hint that the coordinator keeps */
};

extern const char *const level_names[]; /* by enum level; ends with NULL */

struct level_rule {
    uint64_t mask;
    uint32_t need;
};

struct level_rules {
    uint32_t count;
    struct level_rule rules[LEVEL_MEMBERS_MAX];
};

struct level_members {
    const uint32_t *regions; /* of each member */
    uint32_t count;          /* 1 .. LEVEL_MEMBERS_MAX */
    uint32_t home_region;    /* the coordinator's: for local levels; must hold a member */
};

/* The bits of members 0 .. count-1. */
static inline uint64_t level_mask_all(uint32_t count)
{
    return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/* Bits set in a word (in parallel sums: without a processor's own instruction it is the fastest).
 */
static inline uint32_t level_bits(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)((word * UINT64_C(0x0101010101010101)) >> 56);
}

/* Copies that must exist for the level to make sense. */
uint32_t level_least_copies(enum level level);

/* Rules of `level`; `number` > 0 overrides it: that many of all members. */
void level_rules_make(struct level_rules *rules, enum level level, int64_t number,
                      const struct level_members *members);

static inline bool level_holds(const struct level_rules *rules, uint64_t members)
{
    for (uint32_t i = 0; i < rules->count; i++) {
        if (level_bits(members & rules->rules[i].mask) < rules->rules[i].need) {
            return false;
        }
    }
    return true;
}

#endif
