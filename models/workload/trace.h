/*
 * trace.h - a recorded workload, replayed as it was.
 *
 * Format:    CSV with the columns time_ms (since the beginning of the run, at most six decimals, in
 *            order), operation (read, write or an action that the values of the dataset have), key
 *            (0 .. keys.count - 1) and optionally session (0 .. sessions - 1; empty: one at
 *            random), bytes (of the value; empty: the dataset's distribution), element (below the
 *            number of elements of a value) and amount (at least 1; both empty: chosen as in other
 *            workloads). Rows after the end of the run are never reached.
 * Ownership: rows are in the arena given.
 * Errors:    each is reported with the line of its row (line 0: the file as a whole); at most
 *            TRACE_ERRORS_MAX of them, so that a wrong column does not print a million lines.
 */
#ifndef MODELS_WORKLOAD_TRACE_H
#define MODELS_WORKLOAD_TRACE_H

#include "models/scenario.h"
#include "models/values/value.h"

enum { TRACE_ERRORS_MAX = 20 };

#define TRACE_UNSAID UINT32_MAX

struct trace_row {
    sim_ns at_ns;
    uint32_t key;
    uint32_t session, bytes;  /* TRACE_UNSAID: chosen as in other workloads */
    uint8_t type;             /* enum record_operation_type */
    uint8_t action;           /* enum value_action, of a write */
    bool then_write;          /* a read that is followed by a write of what was read */
    uint32_t element, amount; /* TRACE_UNSAID: chosen as in other workloads */
};

struct trace {
    struct trace_row *rows;
    size_t count;
};

typedef void (*trace_report)(void *context, int line, const char *message);

/* False after errors; the trace is then empty. For scenario_check() as well as for the run. */
bool trace_read(struct trace *trace, const struct scenario *scenario,
                const struct scenario_client *client, struct arena *arena, trace_report report,
                void *context);

#endif
