/*
 * value_stream.h - test help: rows about one dataset "v" at three nodes whose values merge.
 *
 * An operation's number is its write's; its slot is the number modulo 64. Times are in ms.
 */
#ifndef TESTS_ANALYSIS_VALUE_STREAM_H
#define TESTS_ANALYSIS_VALUE_STREAM_H

#include "tests/analysis/record_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct record_group value_groups[] = {{"us", VIRGINIA, 0, 0, 64}};

static const struct record_fault value_faults[] = {{.id = "crash", .kind = "outage", .text = ""},
                                                   {.id = "cut", .kind = "partition", .text = ""}};

struct values {
    struct record_dataset dataset;
    struct record_layout layout;
    struct stream stream;
};

/* A second long, all of it measured; what is 0 in `dataset` gets a usual value. */
static inline void values_begin_with(struct values *values, struct record_dataset dataset,
                                     sim_ns warmup_ms, sim_ns duration_ms)
{
    dataset.name = "v";
    dataset.strategy = "s";
    dataset.key_count = 4;
    dataset.value_bytes = 10;
    dataset.replicas = stream_replicas;
    dataset.replica_count = 3;
    values->dataset = dataset;
    values->layout = stream_layout();
    values->layout.datasets = &values->dataset;
    values->layout.dataset_count = 1;
    values->layout.faults = value_faults;
    values->layout.groups = value_groups;
    values->layout.group_count = 1;
    values->layout.session_count = 64;
    values->layout.warmup_ns = warmup_ms * MS;
    values->layout.duration_ns = duration_ms * MS;
    stream_begin(&values->stream, &values->layout);
}

/* The same for a longer run. */
static inline void values_begin_for(struct values *values, struct record_dataset dataset,
                                    sim_ns warmup_ms, sim_ns duration_ms)
{
    dataset.merges = true;
    dataset.value = "any";
    dataset.actions = stream_actions;
    values_begin_with(values, dataset, warmup_ms, duration_ms);
}

static inline void values_begin(struct values *values, struct record_dataset dataset,
                                sim_ns warmup_ms)
{
    values_begin_for(values, dataset, warmup_ms, 1000);
}

/* Plain registers instead. */
static inline void values_begin_plain_for(struct values *values, sim_ns warmup_ms,
                                          sim_ns duration_ms)
{
    values_begin_with(values, (struct record_dataset){0}, warmup_ms, duration_ms);
}

static inline void values_begin_plain(struct values *values, sim_ns warmup_ms)
{
    values_begin_plain_for(values, warmup_ms, 1000);
}

static inline void values_end(struct values *values, struct metric_set *set)
{
    collector_finish(&values->stream.collector, values->layout.duration_ns, set);
    collector_release(&values->stream.collector);
}

struct does { /* a client's write */
    uint32_t action, element;
    int64_t amount;
};

static inline void invoke_write(struct values *values, sim_ns at_ms, uint32_t key, uint64_t write,
                                struct does does)
{
    stream_row(&values->stream, (struct record){.at_ns = at_ms * MS,
                                                .kind = RECORD_INVOKED,
                                                .type = RECORD_WRITE,
                                                .outcome = (uint8_t)does.action,
                                                .key = key,
                                                .peer = does.element,
                                                .slot = (uint32_t)write % 64,
                                                .operation = write,
                                                .a = at_ms * MS,
                                                .b = does.amount});
}

static inline void complete(struct values *values, sim_ns at_ms, uint64_t operation, int64_t stamp,
                            enum record_outcome outcome)
{
    stream_row(&values->stream, (struct record){.at_ns = at_ms * MS,
                                                .kind = RECORD_COMPLETED,
                                                .outcome = (uint8_t)outcome,
                                                .slot = (uint32_t)operation % 64,
                                                .operation = operation,
                                                .stamp = stamp,
                                                .write = operation,
                                                .a = 1});
}

static inline void give(struct values *values, sim_ns at_ms, enum record_kind kind, uint32_t node,
                        uint32_t key, int64_t stamp, uint64_t write)
{
    stream_row(&values->stream, (struct record){.at_ns = at_ms * MS,
                                                .kind = (uint8_t)kind,
                                                .node = node,
                                                .key = key,
                                                .operation = write,
                                                .stamp = stamp,
                                                .write = write});
}

static inline void displaced(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key,
                             const int64_t loser[2], const int64_t winner[2])
{
    stream_row(&values->stream, (struct record){.at_ns = at_ms * MS,
                                                .kind = RECORD_DISPLACED,
                                                .node = node,
                                                .key = key,
                                                .stamp = loser[0],
                                                .write = (uint64_t)loser[1],
                                                .b = winner[0],
                                                .a = winner[1]});
}

struct holds { /* what a replica holds from now on */
    int64_t stamp;
    uint64_t write;
    int64_t digest, number;
    uint32_t siblings, elements, payload, metadata;
    uint8_t flags;
};

static inline void hold(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key,
                        struct holds holds)
{
    stream_row(&values->stream, (struct record){.at_ns = at_ms * MS,
                                                .kind = RECORD_VALUE,
                                                .flags = holds.flags,
                                                .node = node,
                                                .key = key,
                                                .stamp = holds.stamp,
                                                .write = holds.write,
                                                .a = holds.number,
                                                .b = holds.digest,
                                                .slot = holds.siblings,
                                                .peer = holds.elements,
                                                .bytes = holds.payload,
                                                .session = holds.metadata});
}

static inline void commit(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key,
                          uint64_t write, struct does does)
{
    stream_row(&values->stream, (struct record){.at_ns = at_ms * MS,
                                                .kind = RECORD_COMMITTED,
                                                .outcome = (uint8_t)does.action,
                                                .node = node,
                                                .key = key,
                                                .peer = does.element,
                                                .operation = write,
                                                .stamp = (int64_t)write,
                                                .write = write,
                                                .b = does.amount});
}

/* A read that a replica answers and that ends at once. */
static inline void read_value(struct values *values, sim_ns at_ms, uint32_t node, uint32_t key,
                              uint64_t operation, int64_t number, uint32_t siblings)
{
    const uint32_t slot = (uint32_t)operation % 64;
    const sim_ns at_ns = at_ms * MS;
    const bool warmup = at_ns < values->layout.warmup_ns;

    stream_row(&values->stream, (struct record){.at_ns = at_ns,
                                                .kind = RECORD_INVOKED,
                                                .type = RECORD_READ,
                                                .flags = warmup ? RECORD_FLAG_WARMUP : 0,
                                                .key = key,
                                                .slot = slot,
                                                .operation = operation,
                                                .a = at_ns});
    for (int answers = 0; answers < 2; answers++) { /* a hedged one answers twice: no matter */
        stream_row(&values->stream, (struct record){.at_ns = at_ns,
                                                    .kind = RECORD_RETURNED,
                                                    .node = node,
                                                    .key = key,
                                                    .slot = slot,
                                                    .operation = operation,
                                                    .a = number + 90 * answers,
                                                    .peer = siblings + 9 * (uint32_t)answers});
    }
    complete(values, at_ms, operation, 0, RECORD_OK);
}

#endif
