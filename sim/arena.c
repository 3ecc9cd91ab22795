#define _DEFAULT_SOURCE /* madvise */
#include "sim/arena.h"

#include "sim/check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

enum { HUGE_PAGE_BYTES = 2 * 1024 * 1024 };
enum { ARENA_BLOCK_BYTES = 64 * 1024, ARENA_ALIGN = 16, ARENA_ALIGN_LARGE = 64 };

struct arena_block {
    struct arena_block *next;
    size_t used, size; /* of the bytes behind this header, which takes one cache line */
};

static _Noreturn void out_of_memory(size_t bytes)
{
    fprintf(stderr, "geodes: out of memory (%zu bytes)\n", bytes);
    exit(4);
}

static size_t product(size_t count, size_t bytes)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, bytes, &total) || total > SIZE_MAX / 4) {
        out_of_memory(SIZE_MAX);
    }
    return total;
}

/*
 * Large tables are read at random, one entry an event: on huge pages they cost a fraction of the
 * address translations. A hint only; the contents are the same without.
 */
static void *allocate(size_t total)
{
    const bool huge = total >= HUGE_PAGE_BYTES;
    const size_t align = huge ? HUGE_PAGE_BYTES : 64;
    const size_t rounded = total == 0 ? align : (total + align - 1) / align * align;
    void *memory = aligned_alloc(align, rounded);
    if (memory == NULL) {
        out_of_memory(rounded);
    }
#ifdef __linux__
    if (huge) {
        madvise(memory, rounded, MADV_HUGEPAGE);
    }
#endif
    return memory;
}

void arena_init(struct arena *arena)
{
    arena->blocks = NULL;
    arena->bytes = 0;
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena_init(arena);
}

void *arena_alloc(struct arena *arena, size_t count, size_t bytes)
{
    const size_t total = product(count, bytes);
    const size_t align = total >= 4096 ? ARENA_ALIGN_LARGE : ARENA_ALIGN;
    struct arena_block *block = arena->blocks;
    size_t start = block != NULL ? (block->used + align - 1) / align * align : 0;
    if (block == NULL || start > block->size || total > block->size - start) {
        const size_t size = total > ARENA_BLOCK_BYTES ? total : (size_t)ARENA_BLOCK_BYTES;
        block = allocate(64 + size);
        block->next = arena->blocks;
        block->used = 0;
        block->size = size;
        arena->blocks = block;
        start = 0;
    }
    char *memory = (char *)block + 64 + start;
    block->used = start + total;
    arena->bytes += total;
    memset(memory, 0, total);
    return memory;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1, 1);
    if (length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1, 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void *memory_alloc(size_t count, size_t bytes)
{
    const size_t total = product(count, bytes);
    void *memory = allocate(total);
    memset(memory, 0, total);
    return memory;
}

void memory_grow(void **items, size_t *capacity, size_t needed, size_t bytes)
{
    if (needed <= *capacity) {
        return;
    }
    size_t larger = *capacity < 16 ? 16 : *capacity;
    while (larger < needed) {
        larger = product(larger, 2);
    }
    char *memory = allocate(product(larger, bytes));
    if (*capacity > 0) {
        memcpy(memory, *items, *capacity * bytes);
    }
    memset(memory + *capacity * bytes, 0, (larger - *capacity) * bytes);
    free(*items);
    *items = memory;
    *capacity = larger;
}

void memory_release(void *items)
{
    free(items);
}
