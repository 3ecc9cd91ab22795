/*
 * fixture.h - a small world whose tables use every type of sim/param.h, for the tests of this
 * folder.
 */
#ifndef TESTS_SCENARIOS_FIXTURE_H
#define TESTS_SCENARIOS_FIXTURE_H

#include "scenarios/load_table.h"
#include "sim/arena.h"
#include "sim/distribution.h"

struct fixture_region {
    const char *name;
    int64_t nodes;
};

struct fixture_jitter {
    uint32_t model;
    double cv;
};

struct fixture_link {
    uint32_t from, to;
    sim_ns one_way;
};

struct fixture_retry { /* optional, with a required key */
    int64_t tries;
    sim_ns backoff;
};

struct fixture_dataset {
    const char *id;
    int64_t keys;
    const struct distribution *value_bytes;
    struct param_choice replication;
};

struct fixture_common {
    struct param_list replicas;
};

struct fixture_quorum {
    int64_t r, w;
    sim_ns window;
};

struct fixture_fault {
    const char *id;
    sim_ns at;
};

struct fixture_partition {
    struct param_list between;
};

struct fixture {
    const char *name, *summary;
    int64_t seed;
    bool strict;
    double scale, loss, hedge, rate, bandwidth;
    sim_ns duration, offset, interval_s;
    int64_t buffer, limit;
    struct param_list regions;
    uint32_t home, main;
    struct fixture_jitter jitter;
    struct fixture_retry retry;
    struct param_list links, datasets, by_hour, samples, faults, expect;
    struct param_csv trace;
    const struct distribution *delay, *think_s, *size;
    struct param_choice clocks;
};

extern const struct param_spec fixture_table[];
extern const struct param_registry fixture_strategies;

/* Files that exist for the fixture: "delays.csv", "two.csv", "trace.csv", ... */
extern const struct file_reader fixture_files;

/* A text loaded into a fixture; release with fixture_close(). */
struct fixture_load {
    struct arena arena;
    struct diags diags;
    struct fixture fixture;
    struct loaded loaded;
    bool ok;
};

void fixture_open(struct fixture_load *load, const char *text);
void fixture_open_with(struct fixture_load *load, const struct load_options *options);
void fixture_close(struct fixture_load *load);

/* The lines of all diagnostics, to be released. */
struct text fixture_messages(struct fixture_load *load);

/* A scenario of the fixture that is right, with every key. */
extern const char fixture_full[];
/* The shortest one. */
extern const char fixture_least[];

#endif
