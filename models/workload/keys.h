/*
 * keys.h - which key an operation uses: YCSB's choosers.
 *
 * Model:   uniform: all alike. zipfian: key k has weight (k + 1)^-theta, exactly; key 0 is the
 *          hottest (YCSB scatters the ranks over the keys by a hash; here rank order is key order,
 *          so that a result can be read). hotspot: the first hot_keys share of the keys gets
 *          hot_share of the operations, both parts uniform inside. latest: zipfian by age, the
 *          newest key is the hottest. sequential: 0, 1, 2, ... and again.
 * Inserts: write the next key in turn; the key after the last is 0 again, since the number of keys
 *          is fixed. At the beginning the last key is the newest.
 * Order:   one pick is one draw of the stream. What chance decides can be drawn and looked up
 * ahead; the rest (the turn, the newest key) is known only when the operation begins. Cost:
 * independent of the number of keys. Up to KEY_TABLE_MAX keys zipfian ranks come from a table
 * (about 20 ns, 8 bytes a key, shared by all groups of a dataset); beyond, from
 *          sim/distribution/zipf.c (about 40 ns, no memory).
 * Source:  Cooper et al., "Benchmarking cloud serving systems with YCSB", SoCC 2010, section 4.1;
 *          zipfian numbers: sim/distribution/zipf.c.
 */
#ifndef MODELS_WORKLOAD_KEYS_H
#define MODELS_WORKLOAD_KEYS_H

#include "models/scenario.h"
#include "models/workload/alias.h"
#include "sim/random_blocks.h"

#include <stdbool.h>

enum { KEY_TABLE_MAX = 1 << 17 };

struct key_zipf { /* ranks by popularity; zeroed: not made yet */
    struct alias_table table;
    const struct distribution *law; /* without a table: of ranks 1..count */
};

struct key_chooser {
    uint32_t popularity; /* enum scenario_popularity */
    uint32_t count, hot_count;
    bool moves; /* the same draw is another key at another time: see key_chooser_key() */
    double hot_share;
    const struct key_zipf *zipf;
};

/*
 * `popularity` need not be that of `keys`: a client group may choose its own. `zipf` belongs to the
 * dataset, outlives the chooser, and is made for the first that needs it.
 */
void key_chooser_init(struct key_chooser *chooser, const struct scenario_keys *keys,
                      uint32_t popularity, struct key_zipf *zipf, struct arena *arena);

struct key_draw { /* what chance decides */
    uint32_t value, bits;
};

/* Fetches what the key of this draw will be looked up in. */
struct key_draw key_chooser_draw(const struct key_chooser *chooser, struct random_stream *stream);

/* The next RANDOM_BLOCKS of them. */
void key_chooser_draws(const struct key_chooser *chooser, struct random_stream *stream,
                       struct key_draw draws[RANDOM_BLOCKS]);

/*
 * What the draw stands for: the key itself, or the age of it (`latest`). Known as soon as the draw
 * is, but looking it up waits for memory unless the draw was made a while before.
 */
uint32_t key_chooser_rank(const struct key_chooser *chooser, struct key_draw drawn);

/* The same for RANDOM_BLOCKS of them, which wait together. */
void key_chooser_ranks(const struct key_chooser *chooser,
                       const struct key_draw draws[RANDOM_BLOCKS], uint32_t ranks[RANDOM_BLOCKS]);

/* The key, of a chooser that moves. */
uint32_t key_chooser_moved(const struct key_chooser *chooser, uint32_t rank, uint64_t turn,
                           uint32_t newest);

/*
 * The key of that rank. `turn` counts the picks of the asking group from 0; `newest` is the key
 * inserted last.
 */
static inline uint32_t key_chooser_key(const struct key_chooser *chooser, uint32_t rank,
                                       uint64_t turn, uint32_t newest)
{
    return chooser->moves ? key_chooser_moved(chooser, rank, turn, newest) : rank;
}

#endif
