/*
 * quorum_case.h - the toy world in which the quorum strategy is tested. Included by one test file
 * each.
 */
#ifndef TESTS_MODELS_REPLICATION_QUORUM_CASE_H
#define TESTS_MODELS_REPLICATION_QUORUM_CASE_H

#include "models/replication/quorum_internal.h"
#include "tests/models/replication/fake_replica.h"

/*
 * Members 0, 1, 2 hold the data, 3 and 4 do not. One way in ms, row to column:
 *        0   1   2   3   4      round trips from 0: 22, 84; from 3: 3, 11, 43; from 1: 22, 63
 *   0    .  10  40   2  50
 *   1   12   .  30   6  60
 *   2   44  33   .  23  70
 *   3    1   5  20   .  15
 *   4   50  60  70  15   .
 */
static const int one_way_ms[5][5] = {{0, 10, 40, 2, 50},
                                     {12, 0, 30, 6, 60},
                                     {44, 33, 0, 23, 70},
                                     {1, 5, 20, 0, 15},
                                     {50, 60, 70, 15, 0}};

extern const struct strategy_ops strategy_quorum;

enum { KEY = 5 };

static inline struct quorum_params defaults(void)
{
    return (struct quorum_params){.read = LEVEL_QUORUM,
                                  .write = LEVEL_QUORUM,
                                  .r = -1,
                                  .w = -1,
                                  .coordinators = QUORUM_BY_ANY,
                                  .read_from = QUORUM_FROM_NEEDED,
                                  .speculate_after = -1,
                                  .read_repair = QUORUM_REPAIR_BLOCKING,
                                  .hints = true,
                                  .hint_window = 3 * SIM_NS_PER_H,
                                  .hint_rate = 1000,
                                  .write_timeout = 2000 * MS,
                                  .read_timeout = 5000 * MS,
                                  .heartbeat = 0,
                                  .suspect_after = 18000 * MS,
                                  .anti_entropy = -1};
}

static inline struct fake_config config_of(const struct quorum_params *params)
{
    struct fake_config config = {.ops = &strategy_quorum,
                                 .params = params,
                                 .count = 3,
                                 .total = 5,
                                 .regions = {20, 21, 22, 23, 24}};
    for (int from = 0; from < 5; from++) {
        for (int to = 0; to < 5; to++) {
            config.one_way_ns[from][to] = one_way_ms[from][to] * MS;
        }
    }
    return config;
}

static inline struct fake *start(const struct quorum_params *params, sim_ns disk_ns)
{
    struct fake_config config = config_of(params);
    config.disk_ns = disk_ns;
    return fake_new(&config);
}

static inline void assert_appears(struct fake *fake, uint32_t member, uint64_t write, sim_ns at_ns)
{
    fake_run(fake, at_ns - 1);
    assert_int_not_equal(fake_stored(fake, member, KEY).write, write);
    fake_run(fake, at_ns);
    assert_int_equal(fake_stored(fake, member, KEY).write, write);
}

static inline void assert_reply(const struct fake *fake, uint64_t operation,
                                enum record_outcome outcome, sim_ns at_ns)
{
    const struct fake_reply reply = fake_reply_to(fake, operation);
    assert_int_equal(reply.at_ns, at_ns);
    assert_int_equal(reply.outcome, outcome);
}

static inline void assert_equal_copies(const struct fake *fake)
{
    for (uint32_t member = 1; member < 3; member++) {
        assert_true(fake_digest(fake, member, KEY) == fake_digest(fake, 0, KEY));
    }
    assert_int_equal(fake_blocks(fake), 0);
}

#endif
