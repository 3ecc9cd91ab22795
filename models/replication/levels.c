#include "models/replication/levels.h"

#include "sim/check.h"

#include <stddef.h>

const char *const level_names[] = {"one",          "two",         "three", "quorum", "local_one",
                                   "local_quorum", "each_quorum", "all",   "any",    NULL};

uint32_t level_least_copies(enum level level)
{
    switch (level) {
    case LEVEL_TWO:
        return 2;
    case LEVEL_THREE:
        return 3;
    case LEVEL_ONE:
    case LEVEL_QUORUM:
    case LEVEL_LOCAL_ONE:
    case LEVEL_LOCAL_QUORUM:
    case LEVEL_EACH_QUORUM:
    case LEVEL_ALL:
    case LEVEL_ANY:
        break;
    }
    return 1;
}

static uint64_t members_in(const struct level_members *members, uint32_t region)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < members->count; i++) {
        if (members->regions[i] == region) {
            mask |= UINT64_C(1) << i;
        }
    }
    return mask;
}

static uint32_t majority(uint64_t mask)
{
    return level_bits(mask) / 2 + 1;
}

static void add_rule(struct level_rules *rules, uint64_t mask, uint32_t need)
{
    CHECK(rules->count < LEVEL_MEMBERS_MAX);
    CHECK(need <= level_bits(mask));
    rules->rules[rules->count++] = (struct level_rule){.mask = mask, .need = need};
}

void level_rules_make(struct level_rules *rules, enum level level, int64_t number,
                      const struct level_members *members)
{
    CHECK(members->count >= 1);
    CHECK(members->count <= LEVEL_MEMBERS_MAX);
    const uint64_t all = level_mask_all(members->count);
    const uint64_t home = members_in(members, members->home_region);
    rules->count = 0;
    if (number > 0) {
        add_rule(rules, all, (uint32_t)number);
        return;
    }
    switch (level) {
    case LEVEL_ONE:
    case LEVEL_ANY:
        add_rule(rules, all, 1);
        break;
    case LEVEL_TWO:
        add_rule(rules, all, 2);
        break;
    case LEVEL_THREE:
        add_rule(rules, all, 3);
        break;
    case LEVEL_QUORUM:
        add_rule(rules, all, majority(all));
        break;
    case LEVEL_LOCAL_ONE:
        add_rule(rules, home, 1);
        break;
    case LEVEL_LOCAL_QUORUM:
        add_rule(rules, home, majority(home));
        break;
    case LEVEL_EACH_QUORUM:
        for (uint32_t i = 0; i < members->count; i++) {
            const uint64_t mask = members_in(members, members->regions[i]);
            if ((mask & ((UINT64_C(1) << i) - 1)) == 0) { /* first member of its region */
                add_rule(rules, mask, majority(mask));
            }
        }
        break;
    case LEVEL_ALL:
        add_rule(rules, all, members->count);
        break;
    }
}
