/*
 * The collector against a brute-force observer (collect_reference.h) on random streams: few keys,
 * replicas with random lag, lost messages, skewed stamps, unknown outcomes, reads in flight across
 * writes, warm-up, faults, crashes that revert replicas and disks that are lost.
 *
 * Streams that cross many seconds exercise forgetting; streams with crashes stay within the second
 * for which nothing is forgotten. In both every number must be equal.
 */
#include "tests/analysis/collect_reference.h"
#include "tests/analysis/record_stream.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct record_group random_groups[REF_GROUPS] = {
    {"a", 0, 0, 0, 3}, {"b", 1, 0, 3, 3}, {"c", 2, 0, 6, 3}, {"d", 2, 1, 9, 3}};
static const uint32_t random_replicas[] = {0, 1, 2};
static const struct record_dataset random_datasets[REF_DATASETS] = {
    {"x", "s", 3, 100, random_replicas, 3, NULL, false},
    {"y", "s", 2, 10, random_replicas, 2, NULL, false},
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
    uint32_t speed; /* of messages, 1..8 */
    struct pending writes[WRITES];
    struct read_in_flight reads[READS];
    struct message messages[MESSAGES];
    size_t write_count, read_count, message_count;
    struct ref_version past[REF_DATASETS][REF_REPLICAS][REF_KEYS][PAST]; /* what it held before */
    bool slots[64];
    int fault_state[2];
};

static uint32_t draw(struct random_world *world, uint32_t below)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t z = world->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

static void emit(struct random_world *world, struct record row)
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

static uint32_t slot_take(struct random_world *world)
{
    uint32_t slot = draw(world, 64);

    while (world->slots[slot]) {
        slot = (slot + 1) % 64;
    }
    world->slots[slot] = true;
    return slot;
}

static void invoke(struct random_world *world)
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
    row.key = draw(world, random_datasets[dataset].key_count);
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

static void complete(struct random_world *world, uint32_t slot, uint64_t operation,
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

static void apply(struct random_world *world, uint32_t d, uint32_t x, uint32_t key,
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

static void read_step(struct random_world *world, size_t i)
{
    struct read_in_flight *read = &world->reads[i];

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

static void write_apply_first(struct random_world *world, struct pending *write)
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

static void write_step(struct random_world *world, size_t i)
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
static void node_step(struct random_world *world)
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

static void fault_step(struct random_world *world)
{
    const uint32_t fault = 1;

    if (world->fault_state[fault] < 2) {
        emit(world, (struct record){.kind = world->fault_state[fault] == 0 ? RECORD_FAULT_BEGIN
                                                                           : RECORD_FAULT_END,
                                    .slot = fault});
        world->fault_state[fault]++;
    }
}

static void world_step(struct random_world *world)
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
    } else if (choice == 99 && world->crashes && draw(world, 4) == 0) {
        node_step(world);
    }
}

/* ---- comparison ---- */

static void same_count(uint64_t seed, const char *what, uint64_t collected, uint64_t reference)
{
    if (collected != reference) {
        fail_msg("seed %llu: %s: collector %llu, reference %llu", (unsigned long long)seed, what,
                 (unsigned long long)collected, (unsigned long long)reference);
    }
}

static void same_number(uint64_t seed, const char *what, double collected, double reference)
{
    if (fabs(collected - reference) > 1e-9 * (1 + fabs(reference))) {
        fail_msg("seed %llu: %s: collector %.12g, reference %.12g", (unsigned long long)seed, what,
                 collected, reference);
    }
}

static void same_sum(uint64_t seed, const char *what, const struct histogram *histogram,
                     struct ref_sum sum)
{
    same_count(seed, what, histogram->count, sum.count);
    if (sum.count > 0) {
        same_number(seed, what, histogram_mean(histogram), sum.sum / (double)sum.count);
        same_count(seed, what, (uint64_t)histogram->max, (uint64_t)sum.max);
    }
}

static void sum_up(struct ref_sum *total, struct ref_sum sum)
{
    total->count += sum.count;
    total->sum += sum.sum;
    total->max = sum.max > total->max ? sum.max : total->max;
}

static const char *label(char text[160], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *label(char text[160], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, 160, format, arguments);
    va_end(arguments);
    return text;
}

static void same_reads(uint64_t seed, const struct metric_set *set, const struct reference *ref)
{
    char text[160];

    for (int writer = -1; writer < REF_PLACES; writer++) {
        for (int reader = -1; reader < REF_PLACES; reader++) {
            struct ref_reads total = {0};
            char labels[100] = "";

            for (int w = 0; w <= REF_PLACES; w++) {
                for (int r = 0; r < REF_PLACES; r++) {
                    if ((writer < 0 || writer == w) && (reader < 0 || reader == r)) {
                        total.reads += ref->by_pair[w][r].reads;
                        total.stale += ref->by_pair[w][r].stale;
                        sum_up(&total.age, ref->by_pair[w][r].age);
                        sum_up(&total.versions, ref->by_pair[w][r].versions);
                    }
                }
            }
            if (writer >= 0 && reader >= 0) {
                snprintf(labels, sizeof(labels), "{reader=%s,writer=%s}",
                         stream_places[reader].name, stream_places[writer].name);
            } else if (writer >= 0 || reader >= 0) {
                snprintf(labels, sizeof(labels), "{%s=%s}", writer >= 0 ? "writer" : "reader",
                         stream_places[writer >= 0 ? writer : reader].name);
            }
            label(text, "stale_ratio%s", labels);
            same_count(seed, text, metric_at(set, text)->total, total.reads);
            same_count(seed, text, metric_at(set, text)->count, total.stale);
            label(text, "staleness_ms%s", labels);
            same_sum(seed, text, metric_at(set, text)->histogram, total.age);
            label(text, "staleness_versions%s", labels);
            same_sum(seed, text, metric_at(set, text)->histogram, total.versions);
        }
    }
    same_sum(seed, "t_visibility", set->curves[0].all, ref->t_all);
    same_sum(seed, "t_visibility missed", set->curves[0].missed, ref->t_missed);
    same_count(seed, "approximate", metric_at(set, "staleness_approximate_reads")->count, 0);
    same_count(seed, "ryw", metric_at(set, "read_your_writes_violation_ratio")->count,
               ref->own_bad);
    same_count(seed, "ryw", metric_at(set, "read_your_writes_violation_ratio")->total,
               ref->own_reads);
    same_count(seed, "mr", metric_at(set, "monotonic_reads_violation_ratio")->count, ref->seen_bad);
    same_count(seed, "mr", metric_at(set, "monotonic_reads_violation_ratio")->total,
               ref->seen_reads);
}

static void same_operations(uint64_t seed, const struct metric_set *set,
                            const struct reference *ref)
{
    char text[160];

    for (int type = 0; type < 2; type++) {
        const char *name = type == 0 ? "read" : "write";
        uint64_t good = 0, buckets = 0;
        const uint64_t ended =
            ref->outcomes[type][0] + ref->outcomes[type][1] + ref->outcomes[type][2];

        for (size_t g = 0; g < REF_GROUPS; g++) {
            label(text, "latency_ms{group=%s,operation=%s}", random_groups[g].name, name);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->latency[g][type]);
        }
        for (uint32_t fault = 0; fault < 2; fault++) {
            for (uint32_t phase = 0; phase < 3; phase++) {
                static const char *const phases[] = {"before", "during", "after"};

                label(text, "latency_ms{fault=%s,phase=%s,operation=%s}", stream_faults[fault].id,
                      phases[phase], name);
                same_sum(seed, text, metric_at(set, text)->histogram,
                         ref->windows[fault][phase][type]);
            }
        }
        label(text, "operations_offered{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, ref->offered[type]);
        label(text, "availability_ratio{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, ref->outcomes[type][RECORD_OK]);
        same_count(seed, text, metric_at(set, text)->total, ended);
        label(text, "operations_in_flight{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, ref->offered[type] - ended);
        for (size_t b = 0; b < set->bucket_count; b++) {
            if ((sim_ns)b * ref->layout->bucket_ns >= ref->layout->warmup_ns &&
                ref->bucket_all[b][type] > 0) {
                buckets++;
                good += ref->bucket_ok[b][type] * 20 >= ref->bucket_all[b][type] * 19 ? 1u : 0u;
            }
        }
        label(text, "availability_time_ratio{operation=%s}", name);
        same_count(seed, text, metric_at(set, text)->count, good);
        same_count(seed, text, metric_at(set, text)->total, buckets);
    }
}

static void same_replicas(uint64_t seed, const struct metric_set *set, const struct reference *ref)
{
    const double span = (double)(ref->layout->duration_ns - ref->layout->warmup_ns);
    char text[160];

    for (uint32_t d = 0; d < REF_DATASETS; d++) {
        for (uint32_t x = 0; x < random_datasets[d].replica_count; x++) {
            const char *data = random_datasets[d].name, *node = stream_nodes[x].name;

            label(text, "replication_lag_ms{dataset=%s,replica=%s}", data, node);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->lag[d][x]);
            label(text, "replication_lag_versions{dataset=%s,replica=%s}", data, node);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->missing[d][x]);
            label(text, "apply_delay_ms{dataset=%s,replica=%s}", data, node);
            same_sum(seed, text, metric_at(set, text)->histogram, ref->delay[d][x]);
            label(text, "replication_lag_mean_ms{dataset=%s,replica=%s}", data, node);
            same_number(seed, text, metric_at(set, text)->value, ref->lag_integral[d][x] / span);
            label(text, "replication_lag_mean_versions{dataset=%s,replica=%s}", data, node);
            same_number(seed, text, metric_at(set, text)->value,
                        ref->missing_integral[d][x] / span);
        }
    }
}

static void same_loss(uint64_t seed, const struct metric_set *set, const struct reference *ref)
{
    const struct metric *convergence = metric_at(set, "convergence_ms");
    uint64_t divergent = 0;
    sim_ns earliest_ns;

    same_count(seed, "acked_lost", metric_at(set, "acked_lost")->count,
               ref_lost(ref, true, &earliest_ns));
    same_count(seed, "acked_lost_gone", metric_at(set, "acked_lost_gone")->count,
               ref_lost(ref, false, &earliest_ns));
    same_count(seed, "rpo_writes", metric_at(set, "rpo_writes{fault=crash}")->count,
               ref->rpo_writes);
    same_count(seed, "rpo_ms", metric_at(set, "rpo_ms{fault=crash}")->count, ref->crashed ? 1 : 0);
    same_number(seed, "rpo_ms", metric_at(set, "rpo_ms{fault=crash}")->value, (double)ref->rpo_ns);
    same_count(seed, "converged", convergence->count, ref->converged_ns >= 0 ? 1 : 0);
    if (ref->converged_ns >= 0) {
        same_number(seed, "convergence_ms", convergence->value,
                    (double)(ref->converged_ns - ref->last_end_ns));
    }
    for (uint32_t d = 0; d < REF_DATASETS; d++) {
        for (uint32_t key = 0; key < random_datasets[d].key_count; key++) {
            const struct ref_version newest = ref_newest_held(ref, d, key, true);
            bool differs = false;

            for (uint32_t x = 0; x < random_datasets[d].replica_count; x++) {
                differs |= !ref->down[x] && ref_less(ref->held[d][x][key], newest);
            }
            divergent += differs ? 1u : 0u;
        }
    }
    same_count(seed, "divergent_keys", metric_at(set, "divergent_keys")->count, divergent);
}

static void run_seed(uint64_t seed, sim_ns duration_ns, sim_ns step_ns, bool crashes)
{
    struct random_world *world = calloc(1, sizeof(*world));
    struct metric_set set;

    assert_non_null(world);
    world->layout = stream_layout();
    world->layout.groups = random_groups;
    world->layout.group_count = REF_GROUPS;
    world->layout.session_count = 12;
    world->layout.datasets = random_datasets;
    world->layout.duration_ns = duration_ns;
    world->layout.warmup_ns = duration_ns / 8;
    world->layout.bucket_ns = duration_ns / 40;
    world->random = seed;
    world->step_ns = step_ns;
    world->crashes = crashes;
    world->speed = 1 + (uint32_t)(seed % 8);
    world->ref = ref_new(&world->layout);
    stream_begin(&world->stream, &world->layout);
    while (world->now_ns < duration_ns - 100 * step_ns) {
        world_step(world);
    }
    ref_pass(world->ref, duration_ns, true);
    collector_finish(&world->stream.collector, duration_ns, &set);
    same_reads(seed, &set, world->ref);
    same_operations(seed, &set, world->ref);
    same_replicas(seed, &set, world->ref);
    same_loss(seed, &set, world->ref);
    metric_set_release(&set);
    collector_release(&world->stream.collector);
    free(world->ref);
    free(world);
}

/* 40 s in steps of about 10 ms: what every replica holds for a second is forgotten. */
static void test_long_streams(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_seed(seed, 40 * SIM_NS_PER_S, 20 * MS, false);
    }
}

/* Less than a second in steps of about 0.5 ms, with crashes. */
static void test_crashes(void **state)
{
    (void)state;
    for (uint64_t seed = 1001; seed <= 1040; seed++) {
        run_seed(seed, 960 * MS, MS, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_streams),
        cmocka_unit_test(test_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
