/*
 * collect_loss.c - acknowledged writes that nobody holds, and keys that replicas disagree about.
 *
 * Cost:  one walk over the keys of the datasets concerned, at a crash and at the end of the run.
 */
#include "analysis/collect_conflicts.h"
#include "analysis/collect_state.h"

static struct version newest_held(const struct collect_state *state,
                                  const struct dataset_state *dataset, uint32_t key, bool only_up)
{
    struct version newest = version_initial();

    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        if (only_up && state->node_down[dataset->replicas[i].node]) {
            continue;
        }

        const struct version version = held_version(state, dataset, key, i);

        newest = version_less(newest, version) ? version : newest;
    }
    return newest;
}

static bool some_count(const struct collect_state *state, const struct dataset_state *dataset,
                       bool only_up)
{
    for (uint32_t i = 0; i < dataset->replica_count; i++) {
        if (!only_up || !state->node_down[dataset->replicas[i].node]) {
            return true;
        }
    }
    return false;
}

struct loss loss_count(const struct collect_state *state, uint32_t dataset_index, bool only_up)
{
    const struct dataset_state *dataset = &state->datasets[dataset_index];
    const bool some = some_count(state, dataset, only_up);
    struct loss loss = {0, SIM_NS_MAX};

    for (uint32_t k = 0; k < dataset->key_count; k++) {
        const struct key_state *key = &dataset->keys[k];

        /* Of a settled key every replica holds the newest version, which no acknowledged one is
         * newer than. */
        if (key->acked.write == 0 || (key->held == 0 && some)) {
            continue;
        }

        const struct version newest = newest_held(state, dataset, k, only_up);

        if (!version_less(newest, key->acked)) {
            continue;
        }

        const struct commit_entry *entries = key_entries(state, key);
        uint64_t writes = 0;

        for (uint32_t i = key_newer(state, key, newest); i < key->count; i++) {
            writes += entries[i].ack_count;
            if (entries[i].ack_ns < loss.earliest_ns) {
                loss.earliest_ns = entries[i].ack_ns;
            }
        }
        /* The list may have forgotten writes that a crash then took back; the newest is known. */
        loss.writes += writes > 0 ? writes : 1;
        loss.earliest_ns = key->acked_ns < loss.earliest_ns ? key->acked_ns : loss.earliest_ns;
    }
    return loss;
}

uint64_t loss_divergent_keys(const struct collect_state *state, uint32_t dataset_index)
{
    const struct dataset_state *dataset = &state->datasets[dataset_index];
    const struct watched_dataset *watched = &state->conflicts->datasets[dataset_index];
    uint64_t divergent = 0;

    if (state->layout->datasets[dataset_index].merges && watched->series != NULL) {
        return watched->differing; /* What they hold is more than its newest version. */
    }

    for (uint32_t k = 0; k < dataset->key_count; k++) {
        if (dataset->keys[k].held == 0) {
            continue; /* they hold the same */
        }

        const struct version newest = newest_held(state, dataset, k, true);

        for (uint32_t i = 0; newest.write != 0 && i < dataset->replica_count; i++) {
            if (!state->node_down[dataset->replicas[i].node] &&
                version_less(held_version(state, dataset, k, i), newest)) {
                divergent++;
                break;
            }
        }
    }
    return divergent;
}
