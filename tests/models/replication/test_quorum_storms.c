#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/models/replication/quorum_case.h"

#include <stdio.h>

static uint32_t next_random(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

enum { STORM_OPERATIONS = 3000 };

struct storm_operation {
    sim_ns at_ns;
    uint32_t key;
    bool read;
};

/*
 * R + W > N, no stand-ins, perfect clocks: whatever fails, a read that begins after a write was
 * acknowledged returns that one or a newer one; exact, no tolerance.
 */
static void assert_reads_are_fresh(const struct fake *fake,
                                   const struct storm_operation *operations, uint32_t count,
                                   uint64_t seed)
{
    for (uint32_t r = 1; r <= count; r++) {
        const struct fake_reply read = fake_reply_to(fake, r);
        if (!operations[r].read || read.at_ns < 0 || read.outcome != RECORD_OK) {
            continue;
        }
        for (uint32_t w = r > 250 ? r - 250 : 1; w < r; w++) {
            if (operations[w].read || operations[w].key != operations[r].key) {
                continue;
            }
            const struct fake_reply write = fake_reply_to(fake, w);
            if (write.at_ns < 0 || write.outcome != RECORD_OK ||
                write.at_ns > operations[r].at_ns) {
                continue;
            }
            if (version_newer(write.version, read.version)) {
                print_error("seed %d read %u write %u\n", (int)seed, r, w);
            }
            assert_false(version_newer(write.version, read.version));
        }
    }
}

static void storm_faults(struct fake *fake, uint64_t *random)
{
    for (uint32_t member = 0; member < 5; member++) {
        const sim_ns at_ns = (sim_ns)next_random(random, 40000) * MS + 1;
        fake_down(fake, at_ns, member);
        fake_up(fake, at_ns + (sim_ns)(1 + next_random(random, 30000)) * MS, member);
        for (uint32_t to = 0; to < 5; to++) {
            const sim_ns cut_ns = (sim_ns)next_random(random, 60000) * MS;
            fake_cut(fake, cut_ns, member, to, true);
            fake_cut(fake, cut_ns + (sim_ns)next_random(random, 15000) * MS, member, to, false);
        }
    }
}

static void assert_converged(const struct fake *fake, const struct storm_operation *operations,
                             uint32_t count, uint64_t seed)
{
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        for (uint32_t member = 1; member < 3; member++) {
            if (!version_equal(fake_stored(fake, 0, key), fake_stored(fake, member, key))) {
                print_error("seed %d member %u key %u\n", (int)seed, member, key);
            }
            assert_true(version_equal(fake_stored(fake, 0, key), fake_stored(fake, member, key)));
        }
    }
    for (uint32_t w = 1; w <= count; w++) { /* nothing acknowledged is lost */
        const struct fake_reply reply = fake_reply_to(fake, w);
        if (!operations[w].read && reply.at_ns >= 0 && reply.outcome == RECORD_OK) {
            assert_false(version_newer(reply.version, fake_stored(fake, 0, operations[w].key)));
        }
    }
}

static void one_storm(uint64_t seed)
{
    static struct storm_operation operations[STORM_OPERATIONS + 1];
    uint64_t random = seed * 977 + 5;
    struct quorum_params params = defaults();
    params.r = 1 + next_random(&random, 3);
    params.w = 4 - params.r;
    params.heartbeat = next_random(&random, 3) == 0 ? 0 : 1000 * MS;
    params.sloppy = params.heartbeat > 0 && next_random(&random, 3) == 0;
    params.read_from = next_random(&random, 2);
    params.read_repair = next_random(&random, 3);
    params.speculate_after = next_random(&random, 2) == 0 ? -1 : 60 * MS;
    params.anti_entropy = next_random(&random, 2) == 0 ? 7000 * MS : -1;
    params.hint_rate = 1 + next_random(&random, 100);
    struct fake *fake = start(&params, next_random(&random, 2) * 3 * MS);
    sim_ns at_ns = 0;
    uint32_t count = 0;
    while (at_ns < 70000 * MS && count < STORM_OPERATIONS) {
        at_ns += next_random(&random, 60) * MS;
        const struct storm_operation operation = {
            .at_ns = at_ns, .key = next_random(&random, 8), .read = next_random(&random, 2) == 0};
        operations[++count] = operation;
        const uint32_t member = next_random(&random, 5);
        (operation.read ? fake_read : fake_write)(fake, at_ns, member, operation.key, count);
    }
    storm_faults(fake, &random);
    for (sim_ns to_ns = 0; to_ns < 70000 * MS; to_ns += 500 * MS) {
        fake_run(fake, to_ns);
        fake_lose(fake, next_random(&random, 3), next_random(&random, 3),
                  next_random(&random, QUORUM_VALUES), next_random(&random, 3));
    }
    fake_run(fake, 1000000 * MS);
    for (uint32_t member = 0; member < 5; member++) {
        assert_int_equal(fake_pending(fake, member), 0);
    }
    if (!params.sloppy) {
        assert_reads_are_fresh(fake, operations, count, seed);
    }
    if (params.anti_entropy > 0) {
        assert_converged(fake, operations, count, seed);
    }
    fake_free(fake);
}

static void test_storms(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        one_storm(seed);
    }
}

/* ---- counters ---- */

struct storm_add {
    sim_ns begin_ns, end_ns; /* end: SIM_NS_MAX when nobody was told that it is done */
    uint32_t key, amount;    /* amount 0: a read */
    int64_t number;          /* that it returned; -1: none */
};

static void storm_answers(const struct fake *fake, struct storm_add *adds, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        const struct fake_reply reply = fake_reply_to(fake, i);
        const bool ok = reply.at_ns >= 0 && reply.outcome == RECORD_OK;
        adds[i].end_ns = ok ? reply.at_ns : SIM_NS_MAX;
        adds[i].number = ok ? reply.view.number : -1;
    }
}

/*
 * R + W > N, no stand-ins: a read returns all that was acknowledged before it began, and nothing
 * that begins after it has ended; exact.
 */
static void assert_sums(const struct storm_add *adds, uint32_t count, uint64_t seed)
{
    for (uint32_t r = 1; r <= count; r++) {
        int64_t least = 0, most = 0;
        for (uint32_t w = 1; w <= count && adds[r].amount == 0; w++) {
            if (adds[w].key == adds[r].key && adds[w].amount > 0) {
                least += adds[w].end_ns < adds[r].begin_ns ? adds[w].amount : 0;
                most += adds[w].begin_ns <= adds[r].end_ns ? adds[w].amount : 0;
            }
        }
        if (adds[r].amount == 0 && adds[r].number >= 0 &&
            (adds[r].number < least || adds[r].number > most)) {
            fail_msg("seed %d: read %u returned %d, must be %d to %d", (int)seed, r,
                     (int)adds[r].number, (int)least, (int)most);
        }
    }
}

static void assert_equal_counters(const struct fake *fake, const struct storm_add *adds,
                                  uint32_t count, uint64_t seed)
{
    for (uint32_t key = 0; key < 8; key++) {
        int64_t least = 0, most = 0;
        for (uint32_t w = 1; w <= count; w++) {
            most += adds[w].key == key ? adds[w].amount : 0;
            least += adds[w].key == key && adds[w].end_ns < SIM_NS_MAX ? adds[w].amount : 0;
        }
        const int64_t number = fake_view(fake, 0, key).number;
        if (number < least || number > most ||
            fake_digest(fake, 1, key) != fake_digest(fake, 0, key) ||
            fake_digest(fake, 2, key) != fake_digest(fake, 0, key)) {
            fail_msg("seed %d: key %u is %d, %d and %d, must be %d to %d", (int)seed, key,
                     (int)number, (int)fake_view(fake, 1, key).number,
                     (int)fake_view(fake, 2, key).number, (int)least, (int)most);
        }
    }
}

static uint32_t storm_of_adds(struct fake *fake, struct storm_add *adds, uint32_t coordinators,
                              uint64_t *random)
{
    uint32_t count = 0;
    for (sim_ns at_ns = 0; at_ns < 70000 * MS && count < STORM_OPERATIONS;) {
        at_ns += next_random(random, 60) * MS;
        const struct storm_add add = {.begin_ns = at_ns,
                                      .key = next_random(random, 8),
                                      .amount = next_random(random, 2) * next_random(random, 4)};
        const uint32_t member = next_random(random, coordinators);
        adds[++count] = add;
        if (add.amount == 0) {
            fake_read(fake, at_ns, member, add.key, count);
        } else {
            fake_change(fake, at_ns, member, add.key, count,
                        value_request_pack(VALUE_INCREMENT, 0, add.amount));
        }
    }
    return count;
}

static void one_storm_of_counters(uint64_t seed)
{
    static struct storm_add adds[STORM_OPERATIONS + 1];
    uint64_t random = seed * 977 + 5;
    struct quorum_params params = defaults();
    params.r = 1 + next_random(&random, 3);
    params.w = 4 - params.r;
    params.heartbeat = next_random(&random, 3) == 0 ? 0 : 1000 * MS;
    params.sloppy = params.heartbeat > 0 && next_random(&random, 3) == 0;
    params.read_from = next_random(&random, 2);
    params.read_repair = next_random(&random, 3);
    params.speculate_after = next_random(&random, 2) == 0 ? -1 : 60 * MS;
    params.anti_entropy = 7000 * MS;
    params.exchange = next_random(&random, 2) == 0 ? VALUE_STATE : VALUE_DELTA;
    struct fake_config config = config_of(&params);
    config.value.ops = &fake_counter_ops;
    config.disk_ns = next_random(&random, 2) * 3 * MS;
    config.twice_percent = next_random(&random, 2) * 10;
    config.jitter_ns = next_random(&random, 2) * 50 * MS;
    config.seed = seed;
    struct fake *fake = fake_new(&config);
    const uint32_t count = storm_of_adds(fake, adds, 3, &random);
    storm_faults(fake, &random);
    for (sim_ns to_ns = 0; to_ns < 70000 * MS; to_ns += 500 * MS) {
        fake_run(fake, to_ns);
        fake_lose(fake, next_random(&random, 3), next_random(&random, 3),
                  next_random(&random, QUORUM_VALUES), next_random(&random, 3));
    }
    uint32_t blocks = UINT32_MAX; /* but for those of messages under way */
    for (sim_ns to_ns = 1000000 * MS; to_ns <= 1007000 * MS; to_ns += 500 * MS) {
        fake_run(fake, to_ns);
        blocks = fake_blocks(fake) < blocks ? fake_blocks(fake) : blocks;
    }
    assert_int_equal(blocks, 0);
    for (uint32_t member = 0; member < 5; member++) {
        assert_int_equal(fake_pending(fake, member), 0);
    }
    storm_answers(fake, adds, count);
    if (!params.sloppy) {
        assert_sums(adds, count, seed);
    }
    assert_equal_counters(fake, adds, count, seed);
    fake_free(fake);
}

static void test_storms_of_counters(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        one_storm_of_counters(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storms),
        cmocka_unit_test(test_storms_of_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
