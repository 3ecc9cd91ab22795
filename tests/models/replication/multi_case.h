/*
 * multi_case.h - multi_primary on the toy world, for tests of several files.
 *
 * One way in ms, row to column:   0   1   2   3
 *                             0   .  10  40  50
 *                             1  12   .  30  60
 *                             2  44  33   .  70
 *                             3  50  60  70   .
 */
#ifndef TESTS_MODELS_REPLICATION_MULTI_CASE_H
#define TESTS_MODELS_REPLICATION_MULTI_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include "models/replication/multi_primary_internal.h"
#include "tests/models/replication/fake_replica.h"

extern const struct strategy_ops strategy_multi_primary;
extern const struct stamp_ops stamp_wall_ops, stamp_hybrid_ops, stamp_interval_ops;

static const int multi_case_one_way_ms[4][4] = {
    {0, 10, 40, 50}, {12, 0, 30, 60}, {44, 33, 0, 70}, {50, 60, 70, 0}};

static const struct {
    uint32_t granularity;
    bool increasing;
} multi_case_wall_ns = {0, true};
static const sim_ns multi_case_no_cap = -1;

static inline struct param_choice multi_case_hybrid(void)
{
    return (struct param_choice){.kind = &stamp_hybrid_ops.kind,
                                 .params = (void *)(uintptr_t)&multi_case_no_cap};
}

static inline struct multi_params multi_case_params(void)
{
    return (struct multi_params){
        .stamps = {.kind = &stamp_wall_ops.kind, .params = (void *)(uintptr_t)&multi_case_wall_ns},
        .ack = MULTI_ACK_MEMORY,
        .topology = MULTI_MESH,
        .order = MULTI_LOG,
        .overflow = MULTI_DROP,
        .exchange = VALUE_STATE,
        .batch_max = 1000,
        .queue = 100000,
        .window = 10000,
        .resend_after = 500 * MS};
}

static inline struct fake_config multi_case_config(const struct multi_params *params,
                                                   uint32_t count)
{
    struct fake_config config = {.ops = &strategy_multi_primary,
                                 .params = params,
                                 .count = count,
                                 .total = count,
                                 .regions = {20, 21, 22, 23}};
    for (uint32_t from = 0; from < count; from++) {
        for (uint32_t to = 0; to < count; to++) {
            config.one_way_ns[from][to] = multi_case_one_way_ms[from][to] * MS;
        }
    }
    return config;
}

/* Three members, a counter, no disks. */
static inline struct fake *multi_case_counter(const struct multi_params *params)
{
    struct fake_config config = multi_case_config(params, 3);
    config.value.ops = &fake_counter_ops;
    return fake_new(&config);
}

static inline void multi_case_cut(struct fake *fake, sim_ns from_ns, sim_ns until_ns, uint32_t a,
                                  uint32_t b)
{
    fake_cut(fake, from_ns, a, b, true);
    fake_cut(fake, from_ns, b, a, true);
    fake_cut(fake, until_ns, a, b, false);
    fake_cut(fake, until_ns, b, a, false);
}

static inline uint32_t multi_case_draw(uint64_t *random, uint32_t below)
{
    /* splitmix64 (Steele, Lea and Flood, 2014) */
    uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % below;
}

struct multi_case_faults {
    bool disks_lost; /* some were */
    bool crashes;
};

/* Cuts, lost messages and restarts between 0.5 and 12 s. */
static inline struct multi_case_faults multi_case_storm(struct fake *fake, uint64_t *random,
                                                        uint32_t count, bool lose_disks)
{
    struct multi_case_faults faults = {0};
    for (int i = 0; i < 12; i++) {
        const sim_ns at_ns = (500 + (sim_ns)multi_case_draw(random, 8000)) * MS;
        const sim_ns until_ns = at_ns + (10 + (sim_ns)multi_case_draw(random, 3000)) * MS;
        const uint32_t a = multi_case_draw(random, count);
        const uint32_t b = (a + 1 + multi_case_draw(random, count - 1)) % count;
        if (i % 3 == 0) {
            multi_case_cut(fake, at_ns, until_ns, a, b);
        } else if (i % 3 == 1) {
            fake_lose(fake, a, b, multi_case_draw(random, MULTI_MESSAGE_COUNT),
                      1 + multi_case_draw(random, 5));
        }
    }
    for (uint32_t member = 0; member < count; member++) {
        const sim_ns at_ns = (1000 + (sim_ns)multi_case_draw(random, 6000)) * MS;
        if (multi_case_draw(random, 2) == 0) {
            fake_down(fake, at_ns, member);
            faults.crashes = true;
            if (multi_case_draw(random, 3) == 0 && lose_disks) {
                fake_disk_lost(fake, at_ns + MS, member);
                faults.disks_lost = true;
            }
            fake_up(fake, at_ns + (10 + (sim_ns)multi_case_draw(random, 2000)) * MS, member);
        }
    }
    return faults;
}

#endif
