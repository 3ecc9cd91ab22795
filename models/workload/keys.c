#include "models/workload/keys.h"

#include "sim/arena.h"
#include "sim/check.h"
#include "sim/distribution_params.h"
#include "sim/portable_math.h"

/* Weights rank^-theta, the sum of which is never 0: the first is 1. */
static void zipf_table(struct key_zipf *zipf, const struct scenario_keys *keys, struct arena *arena)
{
    double *weights = memory_alloc((size_t)keys->count, sizeof *weights);
    for (int64_t i = 0; i < keys->count; i++) {
        weights[i] = portable_exp(-keys->theta * portable_log((double)(i + 1)));
    }
    alias_init(&zipf->table, weights, (uint32_t)keys->count, arena);
    memory_release(weights);
}

static void zipf_init(struct key_zipf *zipf, const struct scenario_keys *keys, struct arena *arena)
{
    if (zipf->law != NULL || zipf->table.count > 0) {
        return;
    }
    if (keys->count <= KEY_TABLE_MAX) {
        zipf_table(zipf, keys, arena);
    } else {
        const struct distribution_zipf law = {.count = keys->count, .theta = keys->theta};
        zipf->law = distribution_make(arena, "zipf", &law);
    }
}

/* A rank without a table. */
static struct key_draw zipf_draw(const struct key_zipf *zipf, struct random_stream *stream)
{
    return (struct key_draw){.value = (uint32_t)distribution_sample(zipf->law, stream) - 1};
}

void key_chooser_init(struct key_chooser *chooser, const struct scenario_keys *keys,
                      uint32_t popularity, struct key_zipf *zipf, struct arena *arena)
{
    CHECK(popularity <= SCENARIO_POPULARITY_SEQUENTIAL);
    CHECK(keys->count > 0);
    CHECK(keys->count <= SCENARIO_KEYS_MAX);
    *chooser = (struct key_chooser){.popularity = popularity,
                                    .count = (uint32_t)keys->count,
                                    .moves = popularity == SCENARIO_POPULARITY_LATEST ||
                                             popularity == SCENARIO_POPULARITY_SEQUENTIAL,
                                    .hot_share = keys->hot_share,
                                    .zipf = zipf};
    if (popularity == SCENARIO_POPULARITY_ZIPFIAN || popularity == SCENARIO_POPULARITY_LATEST) {
        zipf_init(zipf, keys, arena);
    }
    /* At least one key is hot, however small the share. */
    const double hot = keys->hot_keys * (double)keys->count;
    chooser->hot_count = hot < 1.0 ? 1 : (uint32_t)hot;
}

/* A key of first .. first + count - 1 by one word: biased by less than 2^-20 of each share. */
static uint32_t scaled(uint64_t word, uint32_t first, uint32_t count)
{
    return first + (uint32_t)(random_unit_from(word) * (double)count);
}

static uint32_t pick_hotspot(const struct key_chooser *chooser, struct random_block block)
{
    const uint32_t cold_count = chooser->count - chooser->hot_count;
    if (cold_count == 0 || random_unit_from(block.word[0]) < chooser->hot_share) {
        return scaled(block.word[1], 0, chooser->hot_count);
    }
    return scaled(block.word[1], chooser->hot_count, cold_count);
}

static bool by_popularity(const struct key_chooser *chooser)
{
    return chooser->popularity == SCENARIO_POPULARITY_ZIPFIAN ||
           chooser->popularity == SCENARIO_POPULARITY_LATEST;
}

/* Whether a law draws it, from as many blocks as it needs. */
static bool by_law(const struct key_chooser *chooser)
{
    return by_popularity(chooser) && chooser->zipf->table.count == 0;
}

static bool by_table(const struct key_chooser *chooser)
{
    return by_popularity(chooser) && chooser->zipf->table.count > 0;
}

/* A column of the table and the 32 bits that decide there. */
static inline struct key_draw table_draw(const struct alias_table *table, struct random_block block)
{
    return (struct key_draw){.value = alias_column(table, block),
                             .bits = (uint32_t)(block.word[1] >> 32)};
}

static struct key_draw draw_from(const struct key_chooser *chooser, struct random_block block)
{
    switch ((enum scenario_popularity)chooser->popularity) {
    case SCENARIO_POPULARITY_UNIFORM:
        return (struct key_draw){.value = scaled(block.word[0], 0, chooser->count)};
    case SCENARIO_POPULARITY_ZIPFIAN:
    case SCENARIO_POPULARITY_LATEST:
        return table_draw(&chooser->zipf->table, block);
    case SCENARIO_POPULARITY_HOTSPOT:
        return (struct key_draw){.value = pick_hotspot(chooser, block)};
    case SCENARIO_POPULARITY_SEQUENTIAL:
        break;
    }
    return (struct key_draw){0};
}

struct key_draw key_chooser_draw(const struct key_chooser *chooser, struct random_stream *stream)
{
    return by_law(chooser) ? zipf_draw(chooser->zipf, stream)
                           : draw_from(chooser, random_block_next(stream));
}

void key_chooser_draws(const struct key_chooser *chooser, struct random_stream *stream,
                       struct key_draw draws[RANDOM_BLOCKS])
{
    if (by_law(chooser)) {
        for (int i = 0; i < RANDOM_BLOCKS; i++) {
            draws[i] = zipf_draw(chooser->zipf, stream);
        }
        return;
    }
    struct random_block blocks[RANDOM_BLOCKS];
    random_blocks_next(stream, blocks);
    if (by_table(chooser)) {
        const struct alias_table table = chooser->zipf->table;
        for (int i = 0; i < RANDOM_BLOCKS; i++) {
            draws[i] = table_draw(&table, blocks[i]);
        }
        return;
    }
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        draws[i] = draw_from(chooser, blocks[i]);
    }
}

uint32_t key_chooser_rank(const struct key_chooser *chooser, struct key_draw drawn)
{
    return by_table(chooser) ? alias_at(&chooser->zipf->table, drawn.value, drawn.bits)
                             : drawn.value;
}

void key_chooser_ranks(const struct key_chooser *chooser,
                       const struct key_draw draws[RANDOM_BLOCKS], uint32_t ranks[RANDOM_BLOCKS])
{
    if (!by_table(chooser)) {
        for (int i = 0; i < RANDOM_BLOCKS; i++) {
            ranks[i] = draws[i].value;
        }
        return;
    }
    const struct alias_table table = chooser->zipf->table;
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        ranks[i] = alias_at(&table, draws[i].value, draws[i].bits);
    }
}

uint32_t key_chooser_moved(const struct key_chooser *chooser, uint32_t rank, uint64_t turn,
                           uint32_t newest)
{
    const uint32_t count = chooser->count;
    CHECK(newest < count);
    if (chooser->popularity == SCENARIO_POPULARITY_SEQUENTIAL) {
        return (uint32_t)(turn % count);
    }
    return rank <= newest ? newest - rank : newest + count - rank;
}
