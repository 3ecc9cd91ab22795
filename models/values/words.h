/*
 * words.h - blocks of 64-bit words, named by a number: what values of varying size are kept in.
 *
 * Model:     a block has the size that it was made with; pools by size class (powers of two) hold
 *            them, so that a freed block is used again and nothing is allocated in a steady state.
 * Ownership: whoever holds the number frees it. 0 is no block. A pointer into a block is valid
 *            until the next words_new() or words_copy().
 * Cost:      O(1), and a copy O(size).
 */
#ifndef MODELS_VALUES_WORDS_H
#define MODELS_VALUES_WORDS_H

#include "sim/pool.h"

enum { WORDS_CLASSES = 18, WORDS_LEAST = 4 };

struct words_pool {
    struct pool classes[WORDS_CLASSES];
};

struct words { /* a view: somebody else's memory */
    const uint64_t *at;
    uint32_t count;
};

struct words_buffer { /* grows, and is used again: words_clear() keeps its memory */
    uint64_t *at;
    size_t capacity;
    uint32_t count;
};

void words_pool_init(struct words_pool *pool);
void words_pool_release(struct words_pool *pool);

/* A block of `count` words, not set; its number goes to *block. */
uint64_t *words_new(struct words_pool *pool, uint32_t count, uint32_t *block);
struct words words_at(const struct words_pool *pool, uint32_t block); /* of 0: no words */
void words_free(struct words_pool *pool, uint32_t block);             /* 0 is allowed */
uint32_t words_copy(struct words_pool *pool, uint32_t block);         /* of 0: 0 */
/* A block with these words, which must not lie in the pool; 0 when there are none. */
uint32_t words_keep(struct words_pool *pool, struct words words);

static inline void words_clear(struct words_buffer *buffer)
{
    buffer->count = 0;
}

void words_grow(struct words_buffer *buffer, uint32_t count); /* room for `count` more */
void words_release(struct words_buffer *buffer);

static inline void words_put(struct words_buffer *buffer, uint64_t word)
{
    if (buffer->count == buffer->capacity) {
        words_grow(buffer, 1);
    }
    buffer->at[buffer->count++] = word;
}

void words_put_all(struct words_buffer *buffer, struct words words);

static inline struct words words_of(const struct words_buffer *buffer)
{
    return (struct words){buffer->at, buffer->count};
}

/* What was put behind the first `begin` words; valid until the next is put. */
static inline struct words words_from(const struct words_buffer *buffer, uint32_t begin)
{
    return buffer->count == begin ? (struct words){NULL, 0}
                                  : (struct words){buffer->at + begin, buffer->count - begin};
}

bool words_equal(struct words a, struct words b);

#endif
