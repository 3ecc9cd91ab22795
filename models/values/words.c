#include "models/values/words.h"

#include "sim/arena.h"

#include <string.h>

/* A block's number: its size class in the top bits, its place in the class's pool below. */
enum { CLASS_SHIFT = 27 };

void words_pool_init(struct words_pool *pool)
{
    for (uint32_t class = 0; class < WORDS_CLASSES; class ++) {
        const size_t words = (size_t)WORDS_LEAST << class;
        pool_init(&pool->classes[class], (words + 1) * sizeof(uint64_t), 1u << (CLASS_SHIFT - 1));
    }
}

void words_pool_release(struct words_pool *pool)
{
    for (uint32_t class = 0; class < WORDS_CLASSES; class ++) {
        pool_release(&pool->classes[class]);
    }
}

uint64_t *words_new(struct words_pool *pool, uint32_t count, uint32_t *block)
{
    uint32_t class = 0;
    while (((uint32_t)WORDS_LEAST << class) < count) {
        class ++;
    }
    CHECK(class < WORDS_CLASSES);
    const uint32_t index = pool_take(&pool->classes[class]);
    CHECK(index != POOL_NONE);
    uint64_t *head = pool_at(&pool->classes[class], index);
    head[0] = count;
    *block = class << CLASS_SHIFT | index;
    return head + 1;
}

static uint64_t *head_of(const struct words_pool *pool, uint32_t block)
{
    return pool_at(&pool->classes[block >> CLASS_SHIFT],
                   block & ((UINT32_C(1) << CLASS_SHIFT) - 1));
}

struct words words_at(const struct words_pool *pool, uint32_t block)
{
    if (block == 0) {
        return (struct words){NULL, 0};
    }
    const uint64_t *head = head_of(pool, block);
    return (struct words){head + 1, (uint32_t)head[0]};
}

void words_free(struct words_pool *pool, uint32_t block)
{
    if (block != 0) {
        pool_give(&pool->classes[block >> CLASS_SHIFT], block & ((UINT32_C(1) << CLASS_SHIFT) - 1));
    }
}

uint32_t words_copy(struct words_pool *pool, uint32_t block)
{
    if (block == 0) {
        return 0;
    }
    uint32_t copy = 0;
    const uint32_t count = words_at(pool, block).count;
    uint64_t *to = words_new(pool, count, &copy);
    const struct words from = words_at(pool, block); /* taking may have moved it */
    memcpy(to, from.at, count * sizeof *to);
    return copy;
}

uint32_t words_keep(struct words_pool *pool, struct words words)
{
    uint32_t block = 0;
    if (words.count > 0) {
        memcpy(words_new(pool, words.count, &block), words.at, words.count * sizeof *words.at);
    }
    return block;
}

void words_grow(struct words_buffer *buffer, uint32_t count)
{
    void *memory = buffer->at;
    memory_grow(&memory, &buffer->capacity, (size_t)buffer->count + count, sizeof *buffer->at);
    buffer->at = memory;
}

void words_release(struct words_buffer *buffer)
{
    memory_release(buffer->at);
    *buffer = (struct words_buffer){0};
}

void words_put_all(struct words_buffer *buffer, struct words words)
{
    if (words.count > 0) {
        words_grow(buffer, words.count);
        memcpy(buffer->at + buffer->count, words.at, words.count * sizeof *words.at);
        buffer->count += words.count;
    }
}

bool words_equal(struct words a, struct words b)
{
    return a.count == b.count && (a.count == 0 || memcmp(a.at, b.at, a.count * sizeof *a.at) == 0);
}
