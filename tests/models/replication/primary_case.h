/*
 * primary_case.h - the toy world in which the primary strategy is tested. Included by one test file
 * each.
 */
#ifndef TESTS_MODELS_REPLICATION_PRIMARY_CASE_H
#define TESTS_MODELS_REPLICATION_PRIMARY_CASE_H

#include "models/replication/primary_internal.h"
#include "tests/models/replication/fake_replica.h"

/*
 * Three copies. The primary is member 1 (region 21); the chain of a cascade is 1, 0, 2.
 * One way in ms: 1 to 0: 10, back 12; 1 to 2: 40, back 44; 0 to 2: 30, back 33.
 */
extern const struct strategy_ops strategy_primary;

enum { PRIMARY = 1, NEAR = 0, FAR = 2, KEY = 5 };

static inline struct primary_params defaults(void)
{
    return (struct primary_params){.primary = 21,
                                   .acks = PRIMARY_ASYNC,
                                   .wait_for = 1,
                                   .topology = PRIMARY_STAR,
                                   .batch_max = 64,
                                   .batch_bytes = 131072,
                                   .window = 65536,
                                   .resend_after = 5000 * MS,
                                   .reads = PRIMARY_READ_NEAREST,
                                   .after_write = 1000 * MS,
                                   .heartbeat = 1000 * MS,
                                   .fallback_after = -1,
                                   .replay_rate = -1,
                                   .log_keep = -1,
                                   .rpo_guard = -1};
}

/* Entries that two logs have in common are equal, and no follower is ahead of the primary's disk.
 */
static inline void watch_logs(struct fake *fake)
{
    const struct primary_state *primary = replica_state(fake_member(fake, PRIMARY));
    for (uint32_t member = 0; member < 3; member++) {
        const struct primary_state *state = replica_state(fake_member(fake, member));
        assert_true(state->end <= (member == PRIMARY ? primary->end : primary->durable));
        uint64_t first = state->base > primary->base ? state->base : primary->base;
        first = state->end > 8 && state->end - 8 > first ? state->end - 8 : first;
        for (uint64_t p = first + 1; p <= state->end; p++) {
            assert_int_equal(primary_entry_at(state, p)->write,
                             primary_entry_at(primary, p)->write);
        }
        for (uint32_t i = 0; i < state->link_count; i++) {
            const struct primary_link *link = primary_link_at(state, i);
            const struct primary_state *follower = replica_state(fake_member(fake, link->member));
            assert_true(link->acked <= follower->durable);
        }
    }
}

static inline struct fake_config world_of(const struct primary_params *params, sim_ns disk_ns)
{
    struct fake_config config = {.ops = &strategy_primary,
                                 .params = params,
                                 .count = 3,
                                 .total = 4, /* one node holds nothing */
                                 .regions = {20, 21, 22, 23},
                                 .disk_ns = disk_ns};
    config.one_way_ns[1][0] = 10 * MS;
    config.one_way_ns[0][1] = 12 * MS;
    config.one_way_ns[1][2] = 40 * MS;
    config.one_way_ns[2][1] = 44 * MS;
    config.one_way_ns[0][2] = 30 * MS;
    config.one_way_ns[2][0] = 33 * MS;
    return config;
}

static inline struct fake *start(const struct primary_params *params, sim_ns disk_ns)
{
    const struct fake_config config = world_of(params, disk_ns);
    struct fake *fake = fake_new(&config);
    fake_watch(fake, watch_logs);
    return fake;
}

/* The version appears at the member exactly then. Runs the world up to it. */
static inline void assert_appears(struct fake *fake, uint32_t member, uint64_t write, sim_ns at_ns)
{
    fake_run(fake, at_ns - 1);
    assert_int_not_equal(fake_stored(fake, member, KEY).write, write);
    fake_run(fake, at_ns);
    assert_int_equal(fake_stored(fake, member, KEY).write, write);
}

static inline void assert_reply(const struct fake *fake, uint64_t operation, sim_ns at_ns)
{
    const struct fake_reply reply = fake_reply_to(fake, operation);
    assert_int_equal(reply.at_ns, at_ns);
    assert_int_equal(reply.outcome, RECORD_OK);
    assert_int_equal(reply.version.write, operation);
}

#endif
