#define _DEFAULT_SOURCE /* mmap, madvise */
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

enum { HUGE_PAGE_BYTES = 2 * 1024 * 1024, MEMORY_HEADER_BYTES = 64 };
enum { ARENA_BLOCK_BYTES = 64 * 1024, ARENA_ALIGN = 16, ARENA_ALIGN_LARGE = 64 };
enum { ARENA_HEADER_BYTES = 64 };

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

/* Stands before everything that is handed out, in a cache line of its own. */
struct memory_header {
    void *base;    /* where the allocation begins */
    size_t mapped; /* bytes mapped from the system; 0: the memory is malloc's */
};

static void *behind(void *memory, void *base, size_t mapped)
{
    struct memory_header *header = memory;
    *header = (struct memory_header){.base = base, .mapped = mapped};
    return (char *)memory + MEMORY_HEADER_BYTES;
}

/*
 * Large tables come from the system as pages that are zero and stay unused until they are touched,
 * so starting a run does not pay for what it never uses. They are read at random, one entry an
 * event: on huge pages (a hint only) that costs a fraction of the address translations.
 */
static void *allocate_large(size_t total)
{
#ifdef __linux__
    const size_t mapped = total + MEMORY_HEADER_BYTES + HUGE_PAGE_BYTES;
    char *base = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        out_of_memory(mapped);
    }
    const size_t past = (uintptr_t)base % HUGE_PAGE_BYTES;
    char *memory = past == 0 ? base : base + (HUGE_PAGE_BYTES - past);
    madvise(memory, total + MEMORY_HEADER_BYTES, MADV_HUGEPAGE);
    return behind(memory, base, mapped);
#else
    (void)total;
    return NULL;
#endif
}

/* Zeroed, aligned to 64 bytes. */
static void *allocate(size_t total)
{
    void *large = total + MEMORY_HEADER_BYTES >= HUGE_PAGE_BYTES ? allocate_large(total) : NULL;
    if (large != NULL) {
        return large;
    }
    const size_t align = MEMORY_HEADER_BYTES;
    const size_t rounded = align + (total + align - 1) / align * align;
    void *memory = aligned_alloc(align, rounded);
    if (memory == NULL) {
        out_of_memory(rounded);
    }
    memset(memory, 0, rounded);
    return behind(memory, memory, 0);
}

void memory_release(void *items)
{
    if (items == NULL) {
        return;
    }
    const struct memory_header *header = (void *)((char *)items - MEMORY_HEADER_BYTES);
#ifdef __linux__
    if (header->mapped > 0) {
        munmap(header->base, header->mapped);
        return;
    }
#endif
    free(header->base);
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
        memory_release(block);
        block = next;
    }
    arena_init(arena);
}

/* A new block with room for `size` bytes; a large one fills its last huge page. */
static struct arena_block *block_add(struct arena *arena, size_t size)
{
    const size_t heads = MEMORY_HEADER_BYTES + ARENA_HEADER_BYTES;
    size_t room = size;
    if (size >= HUGE_PAGE_BYTES / 2) {
        const size_t pages = (size + heads + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES;
        room = pages * HUGE_PAGE_BYTES - heads;
    }
    struct arena_block *block = allocate(ARENA_HEADER_BYTES + room);
    block->next = arena->blocks;
    block->used = 0;
    block->size = room;
    arena->blocks = block;
    return block;
}

void arena_reserve(struct arena *arena, size_t bytes)
{
    const struct arena_block *block = arena->blocks;
    if (block == NULL || bytes > block->size - block->used) {
        block_add(arena, bytes);
    }
}

void *arena_alloc(struct arena *arena, size_t count, size_t bytes)
{
    const size_t total = product(count, bytes);
    const size_t align = total >= 4096 ? ARENA_ALIGN_LARGE : ARENA_ALIGN;
    struct arena_block *block = arena->blocks;
    size_t start = block != NULL ? (block->used + align - 1) / align * align : 0;
    if (block == NULL || start > block->size || total > block->size - start) {
        /* For tables as much as all before together, so that they share huge pages. */
        const size_t least = total > ARENA_BLOCK_BYTES ? arena->bytes : (size_t)ARENA_BLOCK_BYTES;
        block = block_add(arena, total > least ? total : least);
        start = 0;
    }
    char *memory = (char *)block + ARENA_HEADER_BYTES + start;
    block->used = start + total;
    arena->bytes += total;
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
    return allocate(product(count, bytes));
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
    memory_release(*items);
    *items = memory;
    *capacity = larger;
}
