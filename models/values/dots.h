/*
 * dots.h - who has seen which writes: dots, version vectors with a cloud, stores of dotted entries.
 *
 * Model:   a dot names one write: the actor that accepted it and which of its writes it was, 1, 2,
 *          ... A set of dots says what a state has seen. It is kept as a version vector (per actor
 *          the largest n for which 1..n are all there) and a cloud of the dots beyond a gap: deltas
 *          may come in any order and leave gaps behind until the missing ones arrive.
 * Order:   sets of dots are ordered by inclusion, which for vectors without clouds is Lamport's
 *          "happened before" between states (Mattern, "Virtual time and global states of
 *          distributed systems", 1989).
 * Store:   the body of a causal type: what it has seen, then entries, each with the dot of the
 *          write that made it. An entry that a state has seen and does not hold was removed there
 *          by somebody who had read it: so nothing of it need be kept as a tombstone, and the join
 *          keeps what both hold, and of the rest what the other one has not seen.
 * Words:   vector size | cloud size << 32, then the vector's dots by actor, the cloud's dots,
 *          entries by (key, dot), then what the type puts behind (fewer words than an entry). No
 *          words: nothing was seen. Equal sets are equal words, as states must be.
 * Source:  Almeida, Shoker, Baquero, "Delta state replicated data types", JPDC 2018, section 7
 *          (causal contexts, dot stores, their join); Preguica, Baquero, Almeida, Fonte, Goncalves,
 *          "Dotted version vectors: logical clocks for optimistic replication", 2010 (dots).
 * Cost:    O(size); nothing is allocated but in the buffers.
 */
#ifndef MODELS_VALUES_DOTS_H
#define MODELS_VALUES_DOTS_H

#include "models/values/value.h"

static inline uint64_t dot_of(uint32_t actor, uint64_t counter)
{
    return (uint64_t)actor << VALUE_DOT_BITS | counter;
}

static inline uint32_t dot_actor(uint64_t dot)
{
    return (uint32_t)(dot >> VALUE_DOT_BITS);
}

static inline uint64_t dot_counter(uint64_t dot)
{
    return dot & ((UINT64_C(1) << VALUE_DOT_BITS) - 1);
}

/* A view of a set. Loose dots may be made one: `cloud` in order, no `vector`. */
struct dots {
    struct words vector, cloud;
};

enum dots_order { DOTS_EQUAL, DOTS_BEFORE, DOTS_AFTER, DOTS_CONCURRENT };

/* Bytes of a dot and of a vector's entry. Assumption: a machine's id of 8 bytes and a counter of 8;
 * Riak's entries carry a time besides. */
enum { DOTS_BYTES = 16 };

struct dots dots_of(struct words words);     /* what words begin with */
struct words dots_words(struct words words); /* the words of it */
bool dots_have(struct dots dots, uint64_t dot);
uint64_t dots_next(struct dots dots, uint32_t actor); /* the dot of the actor's next write */
/* How a is to b: BEFORE when all of a is in b and not the other way round. */
enum dots_order dots_compare(struct dots a, struct dots b);
bool dots_within(struct dots a, struct dots b);     /* all of a is in b */
static inline uint32_t dots_count(struct dots dots) /* entries to be carried, not dots in it */
{
    return dots.vector.count + dots.cloud.count;
}

/* The union of `count` sets (at most DOTS_SETS_MAX), in its one form, to the end of `out`. */
enum { DOTS_SETS_MAX = 3 };
void dots_put_union(struct words_buffer *out, const struct dots *sets, uint32_t count);

/* ---- stores ---- */

enum { DOTTED_KEY, DOTTED_DOT, DOTTED_STAMP, DOTTED_WRITE, DOTTED_WORDS };

struct dotted {
    struct dots seen;
    struct words entries; /* DOTTED_WORDS each */
    struct words rest;    /* of the type, below DOTTED_WORDS words */
};

struct dotted dotted_of(struct words body);

static inline uint32_t dotted_count(const struct dotted *store)
{
    return store->entries.count / DOTTED_WORDS;
}

static inline const uint64_t *dotted_at(const struct dotted *store, uint32_t index)
{
    return store->entries.at + (size_t)index * DOTTED_WORDS;
}

static inline struct value_version dotted_version(const uint64_t *entry)
{
    return (struct value_version){(int64_t)entry[DOTTED_STAMP], entry[DOTTED_WRITE]};
}

void dotted_put(struct words_buffer *out, uint64_t key, uint64_t dot, struct value_version version);

/* The join of both, without what types put behind. */
void dotted_join(struct words a, struct words b, struct words_buffer *out);

/* The versions of all entries: of value_ops.writes. */
void dotted_writes(struct words body, struct words_buffer *versions);

#endif
