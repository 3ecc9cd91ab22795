/*
 * arena.h - memory: arenas that are freed at once, and arrays that grow.
 *
 * Ownership: whoever inits an arena or an array releases it; single allocations are never freed.
 * Contents:  all memory is zeroed, so no uninitialised byte can reach a result.
 * Errors:    running out of memory prints one line and ends the process with exit code 4.
 * Cost:      arena_alloc is a pointer bump; an array grows by doubling, so that a run allocates
 * only when it reaches a new peak. This is the only file of the simulation that calls malloc.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    struct arena_block *blocks; /* private */
    size_t bytes;               /* handed out so far */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);

/* `count` zeroed items of `bytes` each, aligned to 64 bytes when large and to 16 otherwise. */
void *arena_alloc(struct arena *arena, size_t count, size_t bytes);

/*
 * The next allocations, up to `bytes` in all with what aligning them takes, lie in one piece: large
 * tables that belong together then share huge pages. Untouched, it takes no memory.
 */
void arena_reserve(struct arena *arena, size_t bytes);

/* Copies a string of `length` bytes and ends it with NUL. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/* printf into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/*
 * Makes *items hold at least `needed` items of `bytes` each (capacity doubles), zeroing the new
 * part. *items may be NULL with *capacity 0. Free with memory_release().
 */
void memory_grow(void **items, size_t *capacity, size_t needed, size_t bytes);
void *memory_alloc(size_t count, size_t bytes); /* zeroed, 64-byte aligned */
void memory_release(void *items);               /* NULL is allowed */

#endif
