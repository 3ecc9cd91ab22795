/*
 * random_world.h - test help: random fact rows of a little replicated world, given to the collector
 * and to the reference at once.
 *
 * Not a model of any strategy: a write lands at a random replica first, is committed only while
 * some replica holds it (or a newer version), and goes on after its client has given up; messages
 * are late, overtake each other or are lost; stamps are skewed; a read answers with what some
 * replica held at some instant while it was in flight.
 */
#ifndef TESTS_ANALYSIS_RANDOM_WORLD_H
#define TESTS_ANALYSIS_RANDOM_WORLD_H

#include "tests/analysis/collect_reference.h"
#include "tests/analysis/record_stream.h"

static const struct record_group random_groups[REF_GROUPS] = {
    {"a", 0, 0, 0, 3}, {"b", 1, 0, 3, 3}, {"c", 2, 0, 6, 3}, {"d", 2, 1, 9, 3}};
static const uint32_t random_replicas[] = {0, 1, 2};
static const struct record_dataset random_datasets[REF_DATASETS] = {
    {.name = "x",
     .strategy = "s",
     .key_count = REF_KEYS,
     .value_bytes = 100,
     .replicas = random_replicas,
     .replica_count = 3},
    {.name = "y",
     .strategy = "s",
     .key_count = 7,
     .value_bytes = 10,
     .replicas = random_replicas,
     .replica_count = 2},
};

struct pending {                 /* a write on its way, whatever its client thinks */
    uint32_t dataset, key, slot; /* slot RECORD_NONE: the client has gone */
    uint64_t operation;
    struct ref_version version;
    int stage; /* 0 sent, 1 applied somewhere, 2 committed */
};

struct read_in_flight {
    uint32_t dataset, key, slot;
    uint64_t operation;
    struct ref_version got;
    bool sampled;
};

struct message {
    uint32_t dataset, key, node;
    struct ref_version version;
};

enum { WRITES = 24, READS = 24, MESSAGES = 256, PAST = 6 };

struct random_world {
    struct record_layout layout;
    struct stream stream;
    struct reference *ref;
    uint64_t random, operation;
    sim_ns now_ns, step_ns;
    bool crashes;
    uint32_t speed, read_speed; /* of messages and of reads in flight, 1..8 */
    struct pending writes[WRITES];
    struct read_in_flight reads[READS];
    struct message messages[MESSAGES];
    size_t write_count, read_count, message_count;
    struct ref_version past[REF_DATASETS][REF_REPLICAS][REF_KEYS][PAST]; /* what it held before */
    bool slots[64];
    int fault_state[2];
};

static inline uint32_t draw(struct random_world *world, uint32_t below)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t z = world->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

static inline void emit(struct random_world *world, struct record row)
{
    world->now_ns += 1 + draw(world, (uint32_t)world->step_ns);
    row.at_ns = world->now_ns;
    if (row.kind == RECORD_INVOKED) {
        row.a = row.at_ns - draw(world, 1000);
        row.flags |= row.at_ns < world->layout.warmup_ns ? RECORD_FLAG_WARMUP : 0;
    }
    ref_row(world->ref, &row);
    record_emit(&world->stream.sink, &row);
}

static inline uint32_t slot_take(struct random_world *world)
{
    uint32_t slot = draw(world, 64);

    while (world->slots[slot]) {
        slot = (slot + 1) % 64;
    }
    world->slots[slot] = true;
    return slot;
}

static inline void invoke(struct random_world *world)
{
    const bool write = draw(world, 3) == 0;
    const uint32_t g = draw(world, REF_GROUPS);
    const uint32_t dataset = random_groups[g].dataset;
    struct record row = {.kind = RECORD_INVOKED,
                         .type = write ? RECORD_WRITE : RECORD_READ,
                         .dataset = (uint16_t)dataset,
                         .group = (uint16_t)g,
                         .from_place = (uint16_t)random_groups[g].place,
                         .session = random_groups[g].session_first + draw(world, 3)};

    if (write ? world->write_count == WRITES : world->read_count == READS) {
        return;
    }
    row.key = draw(world, 1 + draw(world, random_datasets[dataset].key_count)); /* low ones often */
    row.slot = slot_take(world);
    row.operation = ++world->operation;
    if (write) {
        const int64_t stamp = (int64_t)world->operation * 2 - 500 + (int64_t)draw(world, 12);

        world->writes[world->write_count++] =
            (struct pending){dataset, row.key, row.slot, row.operation, {stamp, row.operation}, 0};
    } else {
        world->reads[world->read_count++] =
            (struct read_in_flight){dataset, row.key, row.slot, row.operation, {0, 0}, false};
    }
    emit(world, row);
}

static inline void complete(struct random_world *world, uint32_t slot, uint64_t operation,
                            enum record_outcome outcome, struct ref_version version)
{
    world->slots[slot] = false;
    emit(world, (struct record){.kind = RECORD_COMPLETED,
                                .outcome = (uint8_t)outcome,
                                .slot = slot,
                                .operation = operation,
                                .stamp = version.stamp,
                                .write = version.write,
                                .a = 1 + draw(world, 2)});
}

static inline void apply(struct random_world *world, uint32_t d, uint32_t x, uint32_t key,
                         struct ref_version version)
{
    const struct ref_version held = world->ref->held[d][x][key];

    if (world->ref->down[x] || !ref_less(held, version)) {
        return;
    }
    world->past[d][x][key][draw(world, PAST)] = held;
    emit(world, (struct record){.kind = RECORD_APPLIED,
                                .dataset = (uint16_t)d,
                                .key = key,
                                .node = x,
                                .stamp = version.stamp,
                                .write = version.write});
}

static inline void read_step(struct random_world *world, size_t i)
{
    struct read_in_flight *read = &world->reads[i];

    if (read->sampled && draw(world, 8) >= world->read_speed) {
        return;
    }
    if (!read->sampled) {
        const uint32_t x = draw(world, random_datasets[read->dataset].replica_count);

        read->got = world->ref->held[read->dataset][x][read->key];
        read->sampled = true;
        return;
    }

    const uint32_t luck = draw(world, 10);
    const struct read_in_flight done = *read;

    world->reads[i] = world->reads[--world->read_count];
    complete(world, done.slot, done.operation,
             luck == 0   ? RECORD_FAIL
             : luck == 1 ? RECORD_INFO
                         : RECORD_OK,
             done.got);
}

static inline void write_apply_first(struct random_world *world, struct pending *write)
{
    const uint32_t replicas = random_datasets[write->dataset].replica_count;
    const uint32_t first = draw(world, replicas);

    for (uint32_t x = 0; x < replicas; x++) {
        if (x == first || draw(world, 10) == 0 || world->message_count == MESSAGES) {
            continue; /* a tenth of the messages is lost */
        }
        world->messages[world->message_count++] =
            (struct message){write->dataset, write->key, x, write->version};
    }
    write->stage = 1;
    apply(world, write->dataset, first, write->key, write->version);
}

static inline void write_step(struct random_world *world, size_t i)
{
    struct pending *write = &world->writes[i];

    if (write->slot != RECORD_NONE && draw(world, 12) == 0) {
        const uint32_t slot = write->slot;

        write->slot = RECORD_NONE; /* the client gives up; the write goes on */
        complete(world, slot, write->operation, RECORD_INFO, (struct ref_version){0, 0});
        return;
    }
    if (write->stage == 0 && write->slot != RECORD_NONE && draw(world, 12) == 0) {
        const struct pending done = *write;

        world->writes[i] = world->writes[--world->write_count];
        complete(world, done.slot, done.operation, RECORD_FAIL, (struct ref_version){0, 0});
    } else if (write->stage == 0) {
        write_apply_first(world, write);
    } else if (write->stage == 1) {
        const struct ref_version newest =
            ref_newest_held(world->ref, write->dataset, write->key, false);

        if (ref_less(newest, write->version)) {
            write->stage = 0; /* whoever had it is down or lost it */
            return;
        }
        write->stage = 2;
        emit(world, (struct record){.kind = RECORD_COMMITTED,
                                    .dataset = (uint16_t)write->dataset,
                                    .key = write->key,
                                    .operation = write->operation,
                                    .stamp = write->version.stamp,
                                    .write = write->version.write});
    } else {
        const struct pending done = *write;

        world->writes[i] = world->writes[--world->write_count];
        if (done.slot != RECORD_NONE) {
            complete(world, done.slot, done.operation, RECORD_OK, done.version);
        }
    }
}

/* A node goes down and comes back; some keys go back to what it held before, or its disk is lost.
 */
static inline void node_step(struct random_world *world)
{
    const uint32_t x = draw(world, REF_REPLICAS);
    const bool lost = draw(world, 4) == 0;

    if (world->ref->down[x]) {
        emit(world, (struct record){.kind = RECORD_NODE_UP, .node = x});
        return;
    }
    emit(world, (struct record){.kind = RECORD_FAULT_BEGIN, .slot = 0});
    emit(world, (struct record){.kind = RECORD_NODE_DOWN,
                                .node = x,
                                .flags = lost ? RECORD_FLAG_DISK_LOST : 0});
    ref_crash(world->ref);
    for (uint32_t d = 0; d < REF_DATASETS; d++) {
        for (uint32_t key = 0;
             x < random_datasets[d].replica_count && !lost && key < random_datasets[d].key_count;
             key++) {
            const struct ref_version past = world->past[d][x][key][draw(world, PAST)];

            if (draw(world, 2) == 0 && ref_less(past, world->ref->held[d][x][key])) {
                emit(world, (struct record){.kind = RECORD_APPLIED,
                                            .flags = RECORD_FLAG_REVERTED,
                                            .dataset = (uint16_t)d,
                                            .key = key,
                                            .node = x,
                                            .stamp = past.stamp,
                                            .write = past.write});
            }
        }
    }
}

/*
 * A node throws a recent write away, whether it is committed or not, and perhaps goes back to what
 * it held before; or a leader decides one again, thrown away or not.
 */
static inline void discard_step(struct random_world *world)
{
    const struct reference *ref = world->ref;
    const uint32_t back = 1 + draw(world, 24);
    struct record row = {.kind = RECORD_DISCARDED};

    if (draw(world, 4) == 0 && world->write_count > 0) {
        const struct pending *write = &world->writes[draw(world, (uint32_t)world->write_count)];

        row.dataset = (uint16_t)write->dataset;
        row.key = write->key;
        row.stamp = write->version.stamp;
        row.write = write->version.write;
    } else if (back <= ref->commit_count) {
        const struct ref_fact *commit = &ref->commits[ref->commit_count - back];

        row.dataset = (uint16_t)commit->dataset;
        row.key = commit->key;
        row.stamp = commit->version.stamp;
        row.write = commit->version.write;
        if (world->crashes && draw(world, 3) == 0) {
            row.kind = RECORD_COMMITTED; /* the long streams have forgotten some */
        }
    } else {
        return;
    }
    row.operation = row.write;
    row.node = draw(world, random_datasets[row.dataset].replica_count);
    emit(world, row);

    const struct ref_version past = world->past[row.dataset][row.node][row.key][draw(world, PAST)];

    if (world->crashes && row.kind == RECORD_DISCARDED && draw(world, 2) == 0 &&
        ref_less(past, ref->held[row.dataset][row.node][row.key])) {
        row.kind = RECORD_APPLIED;
        row.flags = RECORD_FLAG_REVERTED;
        row.stamp = past.stamp;
        row.write = past.write;
        emit(world, row);
    }
}

static inline void fault_step(struct random_world *world)
{
    const uint32_t fault = 1;

    if (world->fault_state[fault] < 2) {
        emit(world, (struct record){.kind = world->fault_state[fault] == 0 ? RECORD_FAULT_BEGIN
                                                                           : RECORD_FAULT_END,
                                    .slot = fault});
        world->fault_state[fault]++;
    }
}

static inline void world_step(struct random_world *world)
{
    const uint32_t choice = draw(world, 100);

    if (choice < 25) {
        invoke(world);
    } else if (choice < 50 && world->read_count > 0) {
        read_step(world, draw(world, (uint32_t)world->read_count));
    } else if (choice < 75 && world->write_count > 0) {
        write_step(world, draw(world, (uint32_t)world->write_count));
    } else if (choice < 98 && world->message_count > 0) {
        const size_t i = draw(world, (uint32_t)world->message_count);
        const struct message message = world->messages[i];

        if (!world->ref->down[message.node] && draw(world, 8) < world->speed) {
            world->messages[i] = world->messages[--world->message_count];
            apply(world, message.dataset, message.node, message.key, message.version);
        }
    } else if (choice == 98 && draw(world, 6) == 0) {
        fault_step(world);
    } else if (choice == 98) {
        discard_step(world);
    } else if (choice == 99 && world->crashes && draw(world, 4) == 0) {
        node_step(world);
    }
}

#endif
