/*
 * script.h - test help: rows in any order, given to the collector in the order of their times.
 *
 * Rows of equal times keep the order in which they were written.
 */
#ifndef TESTS_ANALYSIS_SCRIPT_H
#define TESTS_ANALYSIS_SCRIPT_H

#include "tests/analysis/stream_asserts.h"

#include <stdlib.h>

#define SECOND SIM_NS_PER_S

enum { SCRIPT_ROWS_MAX = 60000, FAULT_CRASH = 0, FAULT_CUT = 1 };

struct script {
    struct record rows[SCRIPT_ROWS_MAX];
    uint32_t order[SCRIPT_ROWS_MAX];
    uint32_t count;
    uint64_t operation;
    struct record_layout layout;
};

static inline struct script *script_new(sim_ns duration_ns)
{
    struct script *script = calloc(1, sizeof(*script));

    assert_non_null(script);
    script->layout = stream_layout();
    script->layout.duration_ns = duration_ns;
    script->layout.bucket_ns = duration_ns / 10;
    return script;
}

static inline void script_row(struct script *script, struct record row)
{
    CHECK(script->count < SCRIPT_ROWS_MAX);
    script->rows[script->count++] = row;
}

static inline void script_fault(struct script *script, uint32_t fault, sim_ns from_ns, sim_ns to_ns)
{
    script_row(script,
               (struct record){.at_ns = from_ns, .kind = RECORD_FAULT_BEGIN, .slot = fault});
    if (to_ns < script->layout.duration_ns) {
        script_row(script,
                   (struct record){.at_ns = to_ns, .kind = RECORD_FAULT_END, .slot = fault});
    }
}

/* An operation that ends at once. */
static inline void script_operation(struct script *script, sim_ns at_ns, uint16_t group,
                                    enum record_operation_type type, bool ok)
{
    const uint64_t operation = ++script->operation;
    const bool written = ok && type == RECORD_WRITE;
    const struct record row = {.at_ns = at_ns,
                               .kind = RECORD_INVOKED,
                               .type = (uint8_t)type,
                               .group = group,
                               .dataset = (uint16_t)stream_groups[group].dataset,
                               .session = group * 2u,
                               .slot = group,
                               .from_place = group,
                               .operation = operation,
                               .a = at_ns};
    struct record end = row;

    end.kind = RECORD_COMPLETED;
    end.outcome = ok ? RECORD_OK : RECORD_INFO;
    end.stamp = written ? (int64_t)operation : 0;
    end.write = written ? operation : 0;
    end.a = 1;
    script_row(script, row);
    script_row(script, end);
}

/* Ten reads (or writes) a second, each in the middle of a slot of 100 ms. */
static inline void script_traffic(struct script *script, uint16_t group,
                                  enum record_operation_type type, sim_ns from_ns, sim_ns to_ns,
                                  bool ok)
{
    for (sim_ns at_ns = from_ns; at_ns < to_ns; at_ns += SECOND / 10) {
        script_operation(script, at_ns + SECOND / 20, group, type, ok);
    }
}

static inline void script_step(struct script *script, sim_ns at_ns, enum record_step step,
                               uint32_t node, int64_t epoch)
{
    script_row(script, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_STEP,
                                       .node = node,
                                       .a = step,
                                       .b = epoch,
                                       .from_place = TOKYO});
}

static inline void script_leader(struct script *script, sim_ns at_ns, uint32_t node, bool begins,
                                 int64_t epoch)
{
    script_row(
        script,
        (struct record){
            .at_ns = at_ns, .kind = RECORD_LEADER, .node = node, .a = begins ? 1 : 0, .b = epoch});
}

static inline void script_session(struct script *script, sim_ns at_ns, enum record_kind kind,
                                  uint32_t session, uint16_t to_place)
{
    script_row(script, (struct record){.at_ns = at_ns,
                                       .kind = (uint8_t)kind,
                                       .session = session,
                                       .from_place = (uint16_t)(session / 2),
                                       .to_place = to_place,
                                       .peer = RECORD_NONE,
                                       .a = at_ns - 30 * MS});
}

static const struct script *script_sorting; /* qsort() hands nothing over */

static inline int script_compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    const sim_ns a_ns = script_sorting->rows[a].at_ns, b_ns = script_sorting->rows[b].at_ns;

    return a_ns != b_ns ? (a_ns > b_ns) - (a_ns < b_ns) : (a > b) - (a < b);
}

/* Gives the rows to a collector, and frees the script. */
static inline void script_run(struct script *script, struct metric_set *set)
{
    const sim_ns end_ns = script->layout.duration_ns;
    struct stream stream;

    for (uint32_t i = 0; i < script->count; i++) {
        script->order[i] = i;
    }
    script_sorting = script;
    qsort(script->order, script->count, sizeof(script->order[0]), script_compare);
    stream_begin(&stream, &script->layout);
    for (uint32_t i = 0; i < script->count; i++) {
        if (script->rows[script->order[i]].at_ns <= end_ns) {
            stream_row(&stream, script->rows[script->order[i]]);
        }
    }
    collector_finish(&stream.collector, end_ns, set);
    collector_release(&stream.collector);
    free(script);
}

#endif
