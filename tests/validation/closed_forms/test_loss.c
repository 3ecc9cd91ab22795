/*
 * Acknowledged writes that a crash takes: rate of acknowledged writes x lag.
 *
 * Model:      the node that acknowledges loses power; lost are the writes that no live copy has.
 *             With Poisson writes at rate l and lags D they are Poisson(l E[D]) (M/G/infinity: any
 *             law); with k independent copies l E[min of k lags], l m / k for Exp(m). Regular
 *             writes and a constant lag: to the write. Synchronous copies: exactly none.
 * Statistics: each crash is a run of its own with its own seed: 600 crashes give Poisson(5) counts
 *             a mean with a standard deviation of 0.09. The mean must be within four of them, 7 %:
 *             one correct seed in 4,000 fails one of the four rows.
 */
#include "tests/validation/lab.h"

#include <math.h>

enum { CRASHES = 600 };

static void measure(struct lab *lab, const char *text, uint64_t seed, struct metric_set *set)
{
    *lab = (struct lab){0};
    lab_write(lab, text);
    lab_measure(lab, seed, set);
}

static void done(struct lab *lab, struct metric_set *set)
{
    metric_set_release(set);
    lab_close(lab);
}

/*
 * A write every 10 ms, acknowledged at once; the copy has it 55 ms later. The crash at 1.003 s: the
 * last acknowledged write is that of 1.000 s, the last one at the copy that of 0.940 s (0.995 s):
 * six are nowhere else. The oldest of them was acknowledged at 0.950 s, 53 ms before. They are lost
 * with the region's routers; if what is on the wire still arrives, the last does so at 1.055 s and
 * nothing is missing in the end.
 */
static void test_constant_lag_to_the_write(void **state)
{
    (void)state;
    static const char *const strategies[] = {
        "'strategy': 'primary', 'primary': 'us-east-1'",
        "'strategy': 'quorum', 'r': 1, 'w': 1, 'read_repair': 'none', 'heartbeat': '0ms'"};
    for (int i = 0; i < 4; i++) {
        const bool lost = i / 2 == 0;
        struct lab lab;
        struct metric_set set;
        char text[1024];
        snprintf(text, sizeof text,
                 "{'name': 'crash', 'duration': '2s', 'regions': ['us-east-1', 'eu-west-1'],"
                 " 'network': {'latency': {'from': 'constant', 'one_way': '55ms'},"
                 "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
                 " 'datasets': {'d': {'keys': {'count': 1000, 'popularity': 'sequential'},"
                 "   'replication': {%s}}},"
                 " 'clients': [{'at': 'us-east-1', 'rate': '100/s', 'arrivals': 'regular',"
                 "   'deadline': '100ms', 'mix': {'write': 1}}],"
                 " 'faults': [{'id': 'power', 'kind': 'region_outage', 'region': 'us-east-1',"
                 "   'at': '1003ms', 'in_flight': '%s'}]}",
                 strategies[i % 2], lost ? "lost" : "delivered");
        measure(&lab, text, 1, &set);
        assert_int_equal(lab_metric(&set, "rpo_writes", "fault", "power")->count, 6);
        lab_near("rpo_ms", metric_number(lab_metric(&set, "rpo_ms", "fault", "power")), 53.0, 1e-9);
        assert_int_equal(lab_metric(&set, "acked_lost", NULL, NULL)->count, lost ? 6 : 0);
        done(&lab, &set);
    }
}

/*
 * First the link breaks, then the power. A write every 10 ms and a lag of 55 ms; the partition at
 * 10 s stops the messages of the writes after 9.945 s, the power goes at 12.003 s: lost are the
 * writes of 9.950 to 12.000 s, 206 of them. Without a disk of its own the machine keeps what it has
 * (a sync takes no time), so they are on a machine that is down, not gone.
 */
static void test_partition_then_outage(void **state)
{
    (void)state;
    static const char text[] =
        "{'name': 'crash', 'duration': '14s', 'regions': ['us-east-1', 'eu-west-1'],"
        " 'network': {'latency': {'from': 'constant', 'one_way': '55ms'}, 'jitter': 'none',"
        "   'same_zone': '0ms', 'same_region': '0ms'},"
        " 'datasets': {'d': {'keys': {'count': 2000, 'popularity': 'sequential'},"
        "   'replication': {'strategy': 'primary', 'primary': 'us-east-1'}}},"
        " 'clients': [{'at': 'us-east-1', 'rate': '100/s', 'arrivals': 'regular',"
        "   'deadline': '100ms', 'mix': {'write': 1}}],"
        " 'faults': [{'id': 'cut', 'kind': 'partition', 'between': [['us-east-1'], ['eu-west-1']],"
        "     'at': '10s'},"
        "   {'id': 'power', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '12003ms'}]}";
    struct lab lab;
    struct metric_set set;
    measure(&lab, text, 1, &set);
    assert_int_equal(lab_metric(&set, "rpo_writes", "fault", "power")->count, 206);
    lab_near("rpo_ms", metric_number(lab_metric(&set, "rpo_ms", "fault", "power")), 2053.0, 1e-9);
    assert_int_equal(lab_metric(&set, "acked_lost", NULL, NULL)->count, 206);
    assert_int_equal(lab_metric(&set, "acked_lost_down", NULL, NULL)->count, 206);
    done(&lab, &set);
}

/* Mean number of writes that CRASHES independent crashes take. */
static double mean_loss(const char *text)
{
    uint64_t lost = 0;
    for (uint64_t seed = 1; seed <= CRASHES; seed++) {
        struct lab lab;
        struct metric_set set;
        measure(&lab, text, 1000 * (test_seed() - 1) + seed, &set);
        lost += lab_metric(&set, "rpo_writes", "fault", "power")->count;
        done(&lab, &set);
    }
    return (double)lost / CRASHES;
}

#define CRASH(regions, network, replication)                                                       \
    "{'name': 'crash', 'duration': '600ms', 'regions': [" regions "],"                             \
    " 'network': {'latency': {'from': 'constant', 'one_way': '1us'}, 'jitter': 'none',"            \
    "   'same_zone': '0ms', 'same_region': '0ms', " network "},"                                   \
    " 'datasets': {'d': {'keys': {'count': 200, 'popularity': 'sequential'},"                      \
    "   'replication': {" replication "}}},"                                                       \
    " 'clients': [{'at': 'us-east-1', 'rate': '100/s', 'deadline': '400ms',"                       \
    "   'mix': {'write': 1}}],"                                                                    \
    " 'faults': [{'id': 'power', 'kind': 'region_outage', 'region': 'us-east-1',"                  \
    "   'at': '500ms'}]}"
#define PRIMARY "'strategy': 'primary', 'primary': 'us-east-1'"
#define QUORUM                                                                                     \
    "'strategy': 'quorum', 'r': 1, 'w': 1, 'read_repair': 'none', 'hints': false,"                 \
    " 'heartbeat': '0ms'"
#define EXPONENTIAL "{'distribution': 'exponential', 'mean': '50ms'}"

/* 100/s x 50 ms = 5 (the lag's law, cut off at the 500 ms since the beginning, loses e^-10 of it).
 */
static void test_rate_times_lag(void **state)
{
    (void)state;
    const double tolerance = 4.0 * sqrt(5.0 / CRASHES);
    lab_near("constant lag",
             mean_loss(CRASH("'us-east-1', 'eu-west-1'",
                             "'message_delays': {'primary.append': {'delay': '50ms'}}", PRIMARY)),
             5.0, tolerance);
    lab_near("exponential lag",
             mean_loss(CRASH("'us-east-1', 'eu-west-1'",
                             "'transport': 'datagram',"
                             "'message_delays': {'quorum.write': {'delay': " EXPONENTIAL "}}",
                             QUORUM)),
             5.0, tolerance);
}

/* Two, then four copies elsewhere: what the quickest has is saved. */
static void test_several_copies(void **state)
{
    (void)state;
    lab_near("2 copies",
             mean_loss(CRASH("'us-east-1', 'eu-west-1', 'us-west-2'",
                             "'transport': 'datagram',"
                             "'message_delays': {'quorum.write': {'delay': " EXPONENTIAL "}}",
                             QUORUM)),
             2.5, 4.0 * sqrt(2.5 / CRASHES));
    lab_near("4 copies",
             mean_loss(CRASH("'us-east-1', 'eu-west-1', 'us-west-2', 'sa-east-1', 'eu-central-1'",
                             "'transport': 'datagram',"
                             "'message_delays': {'quorum.write': {'delay': " EXPONENTIAL "}}",
                             QUORUM)),
             1.25, 4.0 * sqrt(1.25 / CRASHES));
}

/* Acknowledged by every copy, or by a majority that survives: exactly none. */
static void test_synchronous_loses_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        CRASH("'us-east-1', 'eu-west-1', 'us-west-2'",
              "'message_delays': {'primary.append': {'delay': " EXPONENTIAL "}}",
              PRIMARY ", 'acks': 'all'"),
        CRASH("'us-east-1', 'eu-west-1', 'us-west-2'",
              "'message_delays': {'primary.append': {'delay': " EXPONENTIAL "}}",
              PRIMARY ", 'acks': 'semi_sync', 'wait_for': 1"),
        CRASH("'us-east-1', 'eu-west-1', 'us-west-2'",
              "'message_delays': {'quorum.write': {'delay': " EXPONENTIAL "}}",
              "'strategy': 'quorum', 'r': 2, 'w': 2, 'read_repair': 'none', 'heartbeat': '0ms'")};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t acknowledged = 0;
        for (uint64_t seed = 1; seed <= 100; seed++) {
            struct lab lab;
            struct metric_set set;
            measure(&lab, texts[i], 1000 * (test_seed() - 1) + seed, &set);
            assert_int_equal(lab_metric(&set, "rpo_writes", "fault", "power")->count, 0);
            assert_int_equal(lab_metric(&set, "acked_lost", NULL, NULL)->count, 0);
            acknowledged += lab_metric(&set, "operations_ok", "operation", "write")->count;
            done(&lab, &set);
        }
        assert_true(acknowledged > 1000); /* there was something to lose */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_lag_to_the_write),
        cmocka_unit_test(test_partition_then_outage),
        cmocka_unit_test(test_rate_times_lag),
        cmocka_unit_test(test_several_copies),
        cmocka_unit_test(test_synchronous_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
