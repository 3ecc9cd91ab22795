/*
 * fetch.h - asks for memory before it is needed.
 *
 * Model: a hint for speed that changes nothing; any address will do, mapped or not.
 * Why:   gcc 12 takes a function that does nothing but fetch for one without effect, and drops the
 *        calls of it. The empty statement is an effect that costs nothing.
 */
#ifndef SIM_FETCH_H
#define SIM_FETCH_H

/* For reading. */
static inline void fetch(const void *memory)
{
    __builtin_prefetch(memory);
    __asm__ volatile("");
}

/* For changing. */
static inline void fetch_write(const void *memory)
{
    __builtin_prefetch(memory, 1);
    __asm__ volatile("");
}

#endif
