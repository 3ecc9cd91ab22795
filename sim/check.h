/*
 * check.h - assertions that stay on in release builds: a wrong number is worse than a stop.
 *
 * A failed CHECK is a bug of ours, never of the user. It prints file, line, the condition, and the
 * simulated time, event number and seed of the run on this thread, then ends the process with
 * exit code 1 (by abort in debug builds, so that a debugger stops there).
 *
 * The context pointer is thread-local: replications run on threads. It is the one mutable global.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "sim/sim_time.h"

#include <stdint.h>

struct check_context {
    const sim_ns *now_ns;        /* may be NULL */
    const uint64_t *event_count; /* may be NULL */
    uint64_t seed;
    const char *scenario; /* may be NULL */
};

/* Sets what a failing CHECK on this thread reports; NULL clears it. Returns the previous one. */
const struct check_context *check_context_set(const struct check_context *context);

_Noreturn void check_failed(const char *file, int line, const char *function,
                            const char *condition);

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, __func__, #condition))

#endif
