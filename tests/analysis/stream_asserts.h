/*
 * stream_asserts.h - test help: operations of one line, and assertions on the metrics found.
 */
#ifndef TESTS_ANALYSIS_STREAM_ASSERTS_H
#define TESTS_ANALYSIS_STREAM_ASSERTS_H

#include "tests/analysis/record_stream.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static inline void near(double found, double expected)
{
    if (fabs(found - expected) > 1e-9 * (1 + fabs(expected))) {
        fail_msg("found %.12g, expected %.12g", found, expected);
    }
}

static inline double value_of(const struct metric_set *set, const char *text)
{
    const struct metric *metric = metric_at(set, text);

    assert_true(metric_defined(metric));
    return metric_number(metric);
}

static inline void no_value(const struct metric_set *set, const char *text)
{
    assert_false(metric_defined(metric_at(set, text)));
}

/* A write of a group's first session that is committed and applied at `node`, then acknowledged. */
static inline uint64_t write_at(struct stream *stream, sim_ns from_ns, sim_ns to_ns, uint16_t group,
                                uint32_t key, int64_t stamp)
{
    const uint64_t write = stream_invoke(stream, from_ns, group, RECORD_WRITE, key);

    stream_apply(stream, to_ns, 0, key, stamp, write);
    stream_commit(stream, to_ns, 0, key, stamp, write);
    stream_complete(stream, to_ns, group, write, RECORD_OK, stamp, write);
    return write;
}

static inline void read_at(struct stream *stream, sim_ns from_ns, sim_ns to_ns, uint16_t group,
                           uint32_t key, int64_t stamp, uint64_t write)
{
    const uint64_t read = stream_invoke(stream, from_ns, group, RECORD_READ, key);

    stream_complete(stream, to_ns, group, read, RECORD_OK, stamp, write);
}

static inline void finish(struct stream *stream, struct metric_set *set)
{
    collector_finish(&stream->collector, 1000 * MS, set);
    collector_release(&stream->collector);
}

#endif
