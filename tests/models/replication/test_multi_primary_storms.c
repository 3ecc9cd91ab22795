/*
 * multi_primary with values that merge, in storms: cuts, lost, doubled and overtaking messages,
 * restarts, lost disks. Afterwards all replicas are equal, and a counter is what was acknowledged.
 *
 * Runs: GEODES_SWARM=N storms (default 150), from GEODES_SWARM_FIRST on (default 1).
 */
#include "tests/models/replication/multi_case.h"

#include <stdio.h>
#include <stdlib.h>

enum { WRITES = 400 };

struct storm {
    struct multi_params params;
    struct fake_config config;
    uint32_t count;
    int64_t amounts[WRITES + 1];
    uint32_t keys[WRITES + 1];
};

static void draw_params(struct storm *storm, uint64_t *random)
{
    struct multi_params *params = &storm->params;
    *params = multi_case_params();
    params->exchange = multi_case_draw(random, 3);
    const bool operations = params->exchange == VALUE_OPERATION;
    params->topology = operations ? MULTI_MESH : multi_case_draw(random, 3);
    params->hub = 20 + multi_case_draw(random, storm->count);
    params->confirm = params->topology == MULTI_HUB && multi_case_draw(random, 2) == 0;
    params->order = multi_case_draw(random, 2);
    if (params->topology == MULTI_MESH && params->exchange != VALUE_STATE &&
        multi_case_draw(random, 2) == 0) {
        params->order = MULTI_CAUSAL;
    } else if (operations) {
        params->order = MULTI_LOG;
    }
    params->ack = multi_case_draw(random, 2);
    params->queue = multi_case_draw(random, 2) == 0 ? 8 : 100000;
    params->overflow = multi_case_draw(random, 4) == 0 ? MULTI_REFUSE : MULTI_DROP;
    params->window = multi_case_draw(random, 2) == 0 ? 6 : 10000;
    params->batch_max = 1 + multi_case_draw(random, 9);
    params->batch_wait = multi_case_draw(random, 2) * 30 * MS;
    if (multi_case_draw(random, 2) == 0) {
        params->stamps = multi_case_hybrid();
    }
}

static void draw(struct storm *storm, uint64_t seed, uint64_t *random)
{
    storm->count = 2 + multi_case_draw(random, 3);
    draw_params(storm, random);
    storm->config = multi_case_config(&storm->params, storm->count);
    storm->config.value.ops = &fake_counter_ops;
    storm->config.disk_ns = multi_case_draw(random, 2) * 3 * MS;
    storm->config.jitter_ns = multi_case_draw(random, 2) * 25 * MS;
    storm->config.twice_percent = multi_case_draw(random, 2) * 10;
    storm->config.seed = seed;
    storm->config.clock_offset_ns[0] = multi_case_draw(random, 300) * MS;
}

static void write_all(struct storm *storm, struct fake *fake, uint64_t *random)
{
    const uint32_t keys = multi_case_draw(random, 2) == 0 ? 3 : FAKE_KEYS;
    for (uint64_t write = 1; write <= WRITES; write++) {
        const uint32_t amount = 1 + multi_case_draw(random, 9);
        const bool takes = multi_case_draw(random, 3) == 0;
        storm->keys[write] = multi_case_draw(random, keys);
        storm->amounts[write] = takes ? -(int64_t)amount : amount;
        fake_change(fake, (100 + (sim_ns)multi_case_draw(random, 9000)) * MS,
                    multi_case_draw(random, storm->count), storm->keys[write], write,
                    value_request_pack(takes ? VALUE_DECREMENT : VALUE_INCREMENT, 0, amount));
    }
}

/* Says what goes wrong, and in which world. */
__attribute__((format(printf, 3, 4))) static void wrong(const struct storm *storm, uint64_t seed,
                                                        const char *format, ...)
{
    const struct multi_params *params = &storm->params;
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail_msg("seed %llu (%u members, exchange %u, topology %u, order %u, ack %u, queue %lld, "
             "overflow %u, window %lld, batches %lld, %lld ns, disk %lld ns, twice %u): %s",
             (unsigned long long)seed, storm->count, params->exchange, params->topology,
             params->order, params->ack, (long long)params->queue, params->overflow,
             (long long)params->window, (long long)params->batch_max, (long long)params->batch_wait,
             (long long)storm->config.disk_ns, storm->config.twice_percent, text);
}

/* Each write of the key that is known to count, plus any of those of which nothing is known. */
static void check_sum(const struct storm *storm, const struct fake *fake, uint32_t key,
                      uint64_t seed)
{
    int64_t least = 0, most = 0;
    for (uint64_t write = 1; write <= WRITES; write++) {
        const struct fake_reply reply = fake_reply_to(fake, write);
        const int64_t amount = storm->amounts[write];
        if (storm->keys[write] != key || (reply.at_ns >= 0 && reply.outcome == RECORD_FAIL)) {
            continue;
        }
        const bool sure = reply.at_ns >= 0 && reply.outcome == RECORD_OK;
        least += sure || amount < 0 ? amount : 0;
        most += sure || amount > 0 ? amount : 0;
    }
    const int64_t number = fake_view(fake, 0, key).number;
    if (number < least || number > most) {
        wrong(storm, seed, "key %u is %lld, must be between %lld and %lld", key, (long long)number,
              (long long)least, (long long)most);
    }
}

static void check_end(const struct storm *storm, const struct fake *fake,
                      struct multi_case_faults faults, uint64_t seed)
{
    const bool nothing_lost =
        !faults.crashes || storm->config.disk_ns == 0 || storm->params.ack == MULTI_ACK_DISK;
    for (uint32_t key = 0; key < FAKE_KEYS; key++) {
        for (uint32_t member = 1; member < storm->count; member++) {
            if (fake_digest(fake, 0, key) != fake_digest(fake, member, key)) {
                wrong(storm, seed, "members 0 and %u differ about key %u: %lld, %lld", member, key,
                      (long long)fake_view(fake, 0, key).number,
                      (long long)fake_view(fake, member, key).number);
            }
        }
        if (nothing_lost && !faults.disks_lost) {
            check_sum(storm, fake, key, seed);
        }
    }
    if (fake_blocks(fake) > 0) {
        wrong(storm, seed, "%u blocks are still held", fake_blocks(fake));
    }
}

static void run_storm(uint64_t seed)
{
    static struct storm storm;
    uint64_t random = seed;
    draw(&storm, seed, &random);
    struct fake *fake = fake_new(&storm.config);
    write_all(&storm, fake, &random);
    const struct multi_case_faults faults =
        multi_case_storm(fake, &random, storm.count, multi_case_draw(&random, 2) == 0);
    fake_run(fake, 600 * SIM_NS_PER_S);
    check_end(&storm, fake, faults, seed);
    fake_free(fake);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *value = getenv(variable);
    return value != NULL ? strtoull(value, NULL, 10) : otherwise;
}

static void test_storms(void **state)
{
    (void)state;
    const uint64_t first = number_from("GEODES_SWARM_FIRST", 1);
    const uint64_t storms = number_from("GEODES_SWARM", 150);
    for (uint64_t seed = first; seed < first + storms; seed++) {
        run_storm(seed);
    }
}

/* Each of them once broke a version of this strategy. */
static void test_storms_that_mattered(void **state)
{
    (void)state;
    run_storm(200); /* a delta joined to one that the receiver had */
    run_storm(213); /* what a restarted one learns from a state that is no repair */
    run_storm(295); /* the same of an operation that was held */
    run_storm(
        34084);      /* an item that waited while the neighbour compared itself, and brought news */
    run_storm(5597); /* a write left to a comparison under way, and others that follow it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storms),
        cmocka_unit_test(test_storms_that_mattered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
