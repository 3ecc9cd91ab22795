#include "sim/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local const struct check_context *current;

const struct check_context *check_context_set(const struct check_context *context)
{
    const struct check_context *previous = current;
    current = context;
    return previous;
}

void check_failed(const char *file, int line, const char *function, const char *condition)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s: CHECK failed: %s\n", file, line, function, condition);
    if (current != NULL) {
        fprintf(stderr, "  at %" PRId64 " ns, event %" PRIu64 ", seed %" PRIu64 ", scenario %s\n",
                current->now_ns != NULL ? *current->now_ns : 0,
                current->event_count != NULL ? *current->event_count : 0, current->seed,
                current->scenario != NULL ? current->scenario : "-");
    }
    fprintf(stderr, "this is a bug in geodes; the lines above and the scenario reproduce it\n");
#ifdef NDEBUG
    exit(1);
#else
    abort();
#endif
}
