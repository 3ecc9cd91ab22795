/*
 * record_stream.h - test help: a small layout, and short ways to write fact rows by hand.
 *
 * The layout: places virginia, ireland, tokyo; one node and one client group of two sessions in
 * each; dataset "orders" with a replica on every node and dataset "carts" on the first two; faults
 * "crash" and "cut". Group and place have the same index, sessions are 2 * group and 2 * group + 1.
 */
#ifndef TESTS_ANALYSIS_RECORD_STREAM_H
#define TESTS_ANALYSIS_RECORD_STREAM_H

#include "analysis/collect.h"

#include <stdio.h>
#include <string.h>

#define MS SIM_NS_PER_MS

enum { VIRGINIA, IRELAND, TOKYO };

static const struct record_place stream_places[] = {
    {.name = "virginia", .is_region = true},
    {.name = "ireland", .is_region = true},
    {.name = "tokyo", .is_region = true},
};
static const struct record_node stream_nodes[] = {
    {"virginia/n0", VIRGINIA, 0}, {"ireland/n0", IRELAND, 0}, {"tokyo/n0", TOKYO, 0}};
static const struct record_group stream_groups[] = {
    {"us", VIRGINIA, 0, 0, 2}, {"eu", IRELAND, 0, 2, 2}, {"jp", TOKYO, 1, 4, 2}};
static const uint32_t stream_replicas[] = {0, 1, 2};
static const char *const stream_modes[] = {"semi-sync", "async", NULL};
static const struct record_dataset stream_datasets[] = {
    {.name = "orders",
     .strategy = "primary",
     .key_count = 4,
     .value_bytes = 100,
     .replicas = stream_replicas,
     .replica_count = 3,
     .modes = stream_modes,
     .leader = true},
    {.name = "carts",
     .strategy = "quorum",
     .key_count = 3,
     .value_bytes = 10,
     .replicas = stream_replicas,
     .replica_count = 2},
};
static const struct record_fault stream_faults[] = {{.id = "crash", .kind = "outage"},
                                                    {.id = "cut", .kind = "partition"}};

static inline struct record_layout stream_layout(void)
{
    return (struct record_layout){
        .name = "stream",
        .summary = "",
        .duration_ns = 1000 * MS,
        .bucket_ns = 100 * MS,
        .seed = 7,
        .places = stream_places,
        .nodes = stream_nodes,
        .groups = stream_groups,
        .datasets = stream_datasets,
        .faults = stream_faults,
        .place_count = 3,
        .node_count = 3,
        .group_count = 3,
        .dataset_count = 2,
        .fault_count = 2,
        .session_count = 6,
        .operation_max_ns = SIM_NS_MAX,
    };
}

/*
 * The same with a third dataset "tags" at all three nodes, whose values merge: numbers with a
 * minimum of 0 that are also kept side by side, so that every metric there is has rows.
 */
static const char *const stream_actions[] = {"write", "set",    "increment", "decrement",
                                             "add",   "remove", "delete",    NULL};

enum {
    STREAM_SET = 1,
    STREAM_INCREMENT,
    STREAM_DECREMENT,
    STREAM_ADD,
    STREAM_REMOVE,
    STREAM_DELETE
};

static const struct record_dataset stream_datasets_merging[] = {
    {.name = "orders",
     .strategy = "primary",
     .key_count = 4,
     .value_bytes = 100,
     .replicas = stream_replicas,
     .replica_count = 3,
     .modes = stream_modes,
     .leader = true},
    {.name = "carts",
     .strategy = "quorum",
     .key_count = 3,
     .value_bytes = 10,
     .replicas = stream_replicas,
     .replica_count = 2},
    {.name = "tags",
     .strategy = "multi_primary",
     .key_count = 4,
     .value_bytes = 10,
     .replicas = stream_replicas,
     .replica_count = 3,
     .merges = true,
     .value = "any",
     .actions = stream_actions,
     .meeting = RECORD_KEPT,
     .is_number = true,
     .has_minimum = true,
     .transactions = true},
};

static inline struct record_layout stream_layout_merging(void)
{
    struct record_layout layout = stream_layout();

    layout.datasets = stream_datasets_merging;
    layout.dataset_count = 3;
    return layout;
}

struct stream {
    struct collector collector;
    struct record_sink sink;
    uint64_t operation; /* the last number given */
};

static inline void stream_begin(struct stream *stream, const struct record_layout *layout)
{
    collector_init(&stream->collector, layout);
    stream->sink = collector_sink(&stream->collector);
    stream->operation = 0;
}

static inline void stream_row(struct stream *stream, struct record record)
{
    record_emit(&stream->sink, &record);
}

/* An operation of a group's first session on dataset 0; the slot is the group's number. */
static inline uint64_t stream_invoke(struct stream *stream, sim_ns at_ns, uint16_t group,
                                     enum record_operation_type type, uint32_t key)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_INVOKED,
                                       .type = (uint8_t)type,
                                       .group = group,
                                       .key = key,
                                       .session = group * 2u,
                                       .slot = group,
                                       .from_place = group,
                                       .operation = ++stream->operation,
                                       .a = at_ns});
    return stream->operation;
}

static inline void stream_complete(struct stream *stream, sim_ns at_ns, uint16_t group,
                                   uint64_t operation, enum record_outcome outcome, int64_t stamp,
                                   uint64_t write)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_COMPLETED,
                                       .outcome = (uint8_t)outcome,
                                       .group = group,
                                       .session = group * 2u,
                                       .slot = group,
                                       .from_place = group,
                                       .operation = operation,
                                       .stamp = stamp,
                                       .write = write,
                                       .a = 1});
}

static inline void stream_commit(struct stream *stream, sim_ns at_ns, uint32_t node, uint32_t key,
                                 int64_t stamp, uint64_t write)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_COMMITTED,
                                       .node = node,
                                       .key = key,
                                       .operation = write,
                                       .stamp = stamp,
                                       .write = write});
}

static inline void stream_apply(struct stream *stream, sim_ns at_ns, uint32_t node, uint32_t key,
                                int64_t stamp, uint64_t write)
{
    stream_row(stream, (struct record){.at_ns = at_ns,
                                       .kind = RECORD_APPLIED,
                                       .node = node,
                                       .key = key,
                                       .stamp = stamp,
                                       .write = write});
}

static inline void stream_event(struct stream *stream, sim_ns at_ns, enum record_kind kind,
                                uint32_t node, uint32_t fault)
{
    stream_row(stream,
               (struct record){.at_ns = at_ns, .kind = (uint8_t)kind, .node = node, .slot = fault});
}

/* "name{key=value,key=value}", for short tests; CHECKs that it is there. */
static inline const struct metric *metric_at(const struct metric_set *set, const char *text)
{
    struct metric_label labels[METRIC_LABELS_MAX];
    char copy[256];
    size_t count = 0;

    snprintf(copy, sizeof(copy), "%s", text);

    char *rest = strchr(copy, '{');

    while (rest != NULL && count < METRIC_LABELS_MAX) {
        *rest++ = '\0';
        labels[count].key = rest;
        rest = strchr(rest, '=');
        CHECK(rest != NULL);
        *rest++ = '\0';
        labels[count++].value = rest;
        rest = strpbrk(rest, ",}");
        CHECK(rest != NULL);
        if (*rest == '}') {
            *rest = '\0';
            break;
        }
    }

    const struct metric *metric = metric_find(set, copy, labels, count);

    if (metric == NULL) {
        fprintf(stderr, "no metric %s\n", text);
    }
    CHECK(metric != NULL);
    return metric;
}

#endif
