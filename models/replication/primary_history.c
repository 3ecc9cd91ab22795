#include "models/replication/primary_internal.h"
#include "sim/check.h"

#include <string.h>

/*
 * Source: PostgreSQL 16 documentation, 26.3.5 (timelines) and src/backend/access/transam/timeline.c
 *         (history files); the argument why logs that agree on one entry agree on all before it is
 *         that of Ongaro and Ousterhout, USENIX ATC 2014, section 5.3 (log matching).
 */

enum { ERA_WORDS = 2 };

static uint64_t era_end(const struct primary_history *history, uint32_t index)
{
    return index + 1 < history->count ? primary_era_at(history, index + 1)->begin : UINT64_MAX;
}

uint64_t primary_epoch_at(const struct primary_history *history, uint64_t position)
{
    for (uint32_t i = history->count; i > 0; i--) {
        const struct primary_era *era = primary_era_at(history, i - 1);
        if (era->begin < position) {
            return era->epoch;
        }
    }
    return 0;
}

static uint64_t stamp_share(uint64_t epoch)
{
    CHECK(epoch > 0);
    CHECK(epoch <= UINT64_C(1) << (63 - PRIMARY_POSITION_BITS));
    return (epoch - 1) << PRIMARY_POSITION_BITS;
}

uint64_t primary_stamp_found(const struct primary_state *state, uint64_t position)
{
    return stamp_share(primary_epoch_at(&state->history, position)) | position;
}

uint64_t primary_common(const struct primary_history *mine, uint64_t end,
                        const struct primary_history *other)
{
    for (uint32_t i = mine->count; i > 0; i--) {
        const struct primary_era *era = primary_era_at(mine, i - 1);
        const uint64_t last = era_end(mine, i - 1) < end ? era_end(mine, i - 1) : end;
        for (uint32_t j = other->count; j > 0 && last > era->begin; j--) {
            if (primary_era_at(other, j - 1)->epoch == era->epoch) {
                CHECK(primary_era_at(other, j - 1)->begin == era->begin);
                return era_end(other, j - 1) < last ? era_end(other, j - 1) : last;
            }
        }
    }
    return 0;
}

bool primary_version_of(const struct primary_history *history, uint64_t end, struct version version)
{
    const uint64_t stamp = (uint64_t)version.stamp;
    const uint64_t position = stamp & ((UINT64_C(1) << PRIMARY_POSITION_BITS) - 1);
    return version.write == 0 || (position <= end && primary_epoch_at(history, position) ==
                                                         (stamp >> PRIMARY_POSITION_BITS) + 1);
}

/* What primary_stamp() reads for entries of the last epoch. */
static void note_last(struct primary_state *state)
{
    if (state->history.count == 0) {
        state->era_begin = UINT64_MAX;
        return;
    }
    const struct primary_era *last = primary_era_at(&state->history, state->history.count - 1);
    state->era_begin = last->begin;
    state->era_stamp = stamp_share(last->epoch);
}

static void reserve(struct replica *self, struct primary_history *history, uint32_t count)
{
    replica_grow(self, &history->eras, &history->capacity, count, sizeof(struct primary_era));
}

void primary_history_begin(struct replica *self, uint64_t epoch)
{
    struct primary_state *state = replica_state(self);
    struct primary_history *history = &state->history;
    /* Epochs of which nothing arrived here, since their leaders were ahead. */
    while (history->count > 0 && primary_era_at(history, history->count - 1)->begin >= state->end) {
        history->count--;
    }
    reserve(self, history, history->count + 1);
    *primary_era_at(history, history->count++) =
        (struct primary_era){.epoch = epoch, .begin = state->end};
    note_last(state);
}

void primary_history_copy(struct replica *self, struct primary_history *to,
                          const struct primary_history *from)
{
    if (to != from) {
        reserve(self, to, from->count);
        memcpy(to->eras, from->eras, from->count * sizeof(struct primary_era));
        to->count = from->count;
    }
}

void primary_history_adopt(struct replica *self, const struct primary_history *other)
{
    struct primary_state *state = replica_state(self);
    primary_history_copy(self, &state->history, other);
    note_last(state);
}

void primary_history_clear(struct primary_state *state)
{
    state->history.count = 0;
    note_last(state);
}

uint32_t primary_history_put(struct replica *self, struct message *hello)
{
    const struct primary_state *state = replica_state(self);
    const uint32_t count = state->history.count;
    uint64_t *words = replica_block_new(self, count * ERA_WORDS, &hello->block);
    for (uint32_t i = 0; i < count; i++) {
        const struct primary_era *era = primary_era_at(&state->history, i);
        words[ERA_WORDS * i] = era->epoch;
        words[ERA_WORDS * i + 1] = era->begin;
    }
    return count * PRIMARY_ERA_BYTES;
}

void primary_history_take(struct replica *self, struct primary_history *to,
                          const struct message *hello)
{
    uint32_t words = 0;
    const uint64_t *block = replica_block(self, hello->block, &words);
    reserve(self, to, words / ERA_WORDS);
    to->count = words / ERA_WORDS;
    for (uint32_t i = 0; i < to->count; i++) {
        const uint64_t *word = block + (size_t)ERA_WORDS * i;
        *primary_era_at(to, i) = (struct primary_era){.epoch = word[0], .begin = word[1]};
    }
}
