/*
 * collect_settled.c - what replicas hold is kept only of keys of which they hold different
 * versions.
 *
 * Model: most keys are at rest most of the time: every replica holds the newest version. Such a key
 *        has no block of held versions. The blocks in use are then few and stay in the caches, and
 *        memory that no block ever needed is never touched.
 */
#include "analysis/collect_state.h"

static struct held_state *block_at(const struct dataset_state *dataset, uint32_t block)
{
    return &dataset->held[(size_t)block * dataset->replica_count];
}

void key_unsettle(const struct collect_state *state, struct dataset_state *dataset,
                  struct key_state *key)
{
    if (key->held != 0) {
        return;
    }

    const struct version version =
        key->count == 0 ? version_initial() : key_entries(state, key)[key->count - 1].version;
    uint32_t block = dataset->held_free;

    if (block != 0) {
        dataset->held_free = block_at(dataset, block - 1)->late_place;
    } else {
        CHECK(dataset->held_used < dataset->key_count);
        block = ++dataset->held_used;
    }
    key->held = block;
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        block_at(dataset, block - 1)[i] = (struct held_state){.version = version};
    }
}

void key_settle(const struct collect_state *state, struct dataset_state *dataset,
                struct key_state *key)
{
    if (key->behind > 0 || key->held == 0) {
        return;
    }

    struct held_state *held = block_at(dataset, key->held - 1);
    const struct version newest =
        key->count == 0 ? version_initial() : key_entries(state, key)[key->count - 1].version;

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        if (!version_equal(held[i].version, newest)) {
            return;
        }
    }
    held->late_place = dataset->held_free;
    dataset->held_free = key->held;
    key->held = 0;
}
