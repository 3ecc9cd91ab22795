/*
 * collect.c - what the collector costs: nanoseconds of CPU time for each fact row.
 *
 * Model: five regions, 100,000 zipfian keys (theta 0.99, a table of ranks), a quorum-like mix: nine
 *        reads to one write, ten messages an operation, a write applied at five replicas and
 *        committed after the third, about 1000 operations in flight. Rows are made outside of
 *        the time measured, in batches; the first fifth of the run is not measured.
 * Usage: bench_collect [operations, default 2000000]. Prints ns a row, ns an operation, and memory.
 */
#define _POSIX_C_SOURCE 200809L

#include "analysis/collect.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
    REGIONS = 5,
    KEYS = 100000,
    SESSIONS = 1000,
    IN_FLIGHT = 1024,
    BATCH = 1 << 16,
    RANKS = 1 << 20
};

static const char *const names[REGIONS] = {"us", "eu", "jp", "br", "au"};
static struct record rows[BATCH + 64];
static uint32_t ranks[RANKS]; /* a zipfian sample, drawn from uniformly */

struct work { /* an operation in flight */
    struct record record;
    int64_t stamp;
};

static struct work in_flight[IN_FLIGHT];
static int64_t held_stamp[KEYS][REGIONS];
static uint64_t held_write[KEYS][REGIONS];

static uint64_t random_state = 42;

static uint64_t draw(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void ranks_make(void)
{
    double total = 0, sum = 0;
    uint32_t at = 0;

    for (uint32_t k = 1; k <= KEYS; k++) {
        total += pow(k, -0.99);
    }
    for (uint32_t k = 1; k <= KEYS; k++) {
        sum += pow(k, -0.99);
        while (at < RANKS && at < sum / total * RANKS) {
            ranks[at++] = (k - 1) * 7919u % KEYS; /* neighbours in rank are not so in memory */
        }
    }
    while (at < RANKS) {
        ranks[at++] = 0;
    }
}

static size_t messages(size_t count, sim_ns now_ns, uint32_t place)
{
    for (uint32_t i = 0; i < 10; i++) {
        rows[count++] = (struct record){.at_ns = now_ns,
                                        .kind = RECORD_SENT,
                                        .from_place = (uint16_t)place,
                                        .to_place = (uint16_t)(i % REGIONS),
                                        .bytes = 200 + i};
    }
    return count;
}

/* Ends the operation in that slot. */
static size_t finish(size_t count, sim_ns now_ns, uint32_t slot)
{
    const struct work *work = &in_flight[slot];
    struct record row = work->record;
    const uint32_t key = row.key;

    row.at_ns = now_ns;
    row.kind = RECORD_COMPLETED;
    row.outcome = RECORD_OK;
    row.a = 1;
    if (row.type == RECORD_READ) {
        const uint32_t at = (uint32_t)(draw() % REGIONS);

        row.stamp = held_stamp[key][at];
        row.write = held_write[key][at];
        rows[count++] = row;
        return count;
    }
    row.stamp = work->stamp;
    row.write = row.operation;
    for (uint32_t i = 0; i < REGIONS; i++) {
        const uint32_t node = (row.group + i) % REGIONS;
        const bool newer = held_stamp[key][node] < work->stamp;

        if (i == 3) {
            struct record commit = row;

            commit.kind = RECORD_COMMITTED;
            rows[count++] = commit;
            rows[count++] = row;
        }
        if (newer) {
            struct record apply = row;

            held_stamp[key][node] = work->stamp;
            held_write[key][node] = row.operation;
            apply.kind = RECORD_APPLIED;
            apply.node = node;
            rows[count++] = apply;
        }
    }
    return count;
}

static size_t begin(size_t count, sim_ns now_ns, uint32_t slot, uint64_t operation)
{
    struct record *row = &in_flight[slot].record;
    const uint32_t group = (uint32_t)(draw() % REGIONS);

    *row = (struct record){.at_ns = now_ns,
                           .kind = RECORD_INVOKED,
                           .type = draw() % 10 == 0 ? RECORD_WRITE : RECORD_READ,
                           .group = (uint16_t)group,
                           .from_place = (uint16_t)group,
                           .key = ranks[draw() % RANKS],
                           .session = group * (SESSIONS / REGIONS) +
                                      (uint32_t)(draw() % (SESSIONS / REGIONS)),
                           .slot = slot,
                           .operation = operation,
                           .a = now_ns};
    in_flight[slot].stamp = now_ns * 8 + (int64_t)(slot % 8);
    rows[count++] = *row;
    return count;
}

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    const uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
    struct record_place places[REGIONS] = {{0}};
    struct record_node nodes[REGIONS];
    struct record_group groups[REGIONS];
    uint32_t replicas[REGIONS];
    const sim_ns gap_ns = 20 * SIM_NS_PER_US; /* 50,000 operations a second */

    for (uint32_t i = 0; i < REGIONS; i++) {
        places[i].name = names[i];
        nodes[i] = (struct record_node){names[i], i, 0};
        groups[i] =
            (struct record_group){names[i], i, 0, i * SESSIONS / REGIONS, SESSIONS / REGIONS};
        replicas[i] = i;
    }

    const struct record_dataset dataset = {.name = "data",
                                           .strategy = "quorum",
                                           .key_count = KEYS,
                                           .value_bytes = 512,
                                           .replicas = replicas,
                                           .replica_count = REGIONS};
    const sim_ns duration_ns = (sim_ns)(operations + 2) * gap_ns;
    const struct record_layout layout = {.name = "bench",
                                         .summary = "",
                                         .duration_ns = duration_ns,
                                         .bucket_ns = duration_ns / 500 + 1,
                                         .seed = 1,
                                         .places = places,
                                         .nodes = nodes,
                                         .groups = groups,
                                         .datasets = &dataset,
                                         .place_count = REGIONS,
                                         .node_count = REGIONS,
                                         .group_count = REGIONS,
                                         .dataset_count = 1,
                                         .session_count = SESSIONS,
                                         .operation_max_ns = SIM_NS_MAX};
    struct collector collector;
    struct metric_set set;
    struct rusage usage;
    double spent_ns = 0;
    uint64_t row_count = 0, kinds[RECORD_KIND_COUNT] = {0};
    uint64_t operation = 0;
    size_t count = 0;

    ranks_make();
    const double start_ns = cpu_ns();

    collector_init(&collector, &layout);

    const double init_ns = cpu_ns() - start_ns;
    const struct record_sink sink = collector_sink(&collector);

    while (operation < operations) {
        const uint32_t slot = (uint32_t)(operation % IN_FLIGHT);
        const sim_ns now_ns = (sim_ns)(operation + 1) * gap_ns;

        if (in_flight[slot].record.operation != 0) {
            count = finish(count, now_ns, slot);
        }
        count = messages(count, now_ns, (uint32_t)(operation % REGIONS));
        count = begin(count, now_ns, slot, ++operation);
        if (count < BATCH && operation < operations) {
            continue;
        }

        const double before_ns = cpu_ns();

        for (size_t i = 0; i < count; i++) {
            record_emit(&sink, &rows[i]);
        }
        if (operation > operations / 5) {
            spent_ns += cpu_ns() - before_ns;
            row_count += count;
            for (size_t i = 0; i < count; i++) {
                kinds[rows[i].kind]++;
            }
        }
        count = 0;
    }

    const double end_ns = cpu_ns();

    collector_finish(&collector, duration_ns, &set);

    const double finish_ns = cpu_ns() - end_ns;

    getrusage(RUSAGE_SELF, &usage);
    printf("rows            %" PRIu64 "\n", row_count);
    printf("ns per row      %.2f\n", spent_ns / (double)row_count);
    printf("ns per operation %.1f (%.1f rows)\n", spent_ns / (double)kinds[RECORD_INVOKED],
           (double)row_count / (double)kinds[RECORD_INVOKED]);
    printf("stale ratio     %.4f\n", metric_number(metric_find(&set, "stale_ratio", NULL, 0)));
    printf("approximate     %" PRIu64 "\n",
           metric_find(&set, "staleness_approximate_reads", NULL, 0)->count);
    printf("digest          %016" PRIx64 "\n", metric_set_digest(&set));
    printf("init %.2f ms, finish %.2f ms, metrics %zu, peak memory %.1f MB\n", init_ns / 1e6,
           finish_ns / 1e6, set.metric_count, (double)usage.ru_maxrss / 1024);
    metric_set_release(&set);
    collector_release(&collector);
    return 0;
}
