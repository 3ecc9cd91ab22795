/*
 * Clock presets against the figures that their sources publish, as a scenario that names them has
 * them: offsets and bounds of NODES machines at random times of a day.
 *
 * Statistics: machines are independent; each gives one reading, so shares are binomial and means
 *             have n = NODES. Tolerances are four standard errors (one correct seed in 16,000).
 */
#include "models/clocks/clock_set.h"
#include "sim/random.h"
#include "tests/validation/lab.h"

#include <math.h>

enum { NODES = 4000 };

struct readings {
    double offset[NODES], bound[NODES]; /* ns; of the size of the offset */
};

static void read_clocks(const char *clocks, struct readings *readings)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'name': 'clocks', 'duration': '10s', 'regions': ['us-east-1'], 'clocks': %s,"
             " 'datasets': {'d': {'replication': 'multi_primary'}},"
             " 'clients': [{'at': 'us-east-1', 'rate': '1/s'}]}",
             clocks);
    struct lab lab = {0};
    lab_write(&lab, text);
    struct clock_set set;
    clock_set_init(&set, &lab.scenario->clocks, NODES, test_seed(), &lab.arena);
    struct random_stream times;
    random_stream_init(&times, test_seed(), 1, 0);
    for (uint32_t i = 0; i < NODES; i++) {
        const sim_ns at_ns = (sim_ns)random_below(&times, 86400 * (uint64_t)SIM_NS_PER_S);
        const struct clock_reading reading = clock_set_read(&set, i, at_ns);
        readings->offset[i] = fabs((double)reading.offset_ns);
        readings->bound[i] = (double)reading.bound_ns;
        if (reading.bound_ns < SIM_NS_MAX && readings->offset[i] > readings->bound[i]) {
            fail_msg("%s: offset %.0f ns, promise %.0f ns", clocks, readings->offset[i],
                     readings->bound[i]);
        }
    }
    lab_close(&lab);
}

static double share_between(const double *values, double low, double high)
{
    double count = 0;
    for (int i = 0; i < NODES; i++) {
        count += values[i] >= low && values[i] < high ? 1 : 0;
    }
    return count / NODES;
}

/* Binomial: standard error sqrt(p (1 - p) / NODES). */
static void judge_share(const char *what, double share, double expected)
{
    lab_near(what, share, expected, 4 * sqrt(expected * (1 - expected) / NODES));
}

/* P(|error + drift x age| < x), error normal, drift x age a product of two uniforms; by Simpson. */
static double within(double x, double sd, double drift_ppm, double interval_s)
{
    const double most = drift_ppm * 1e-6 * interval_s * 1e9;
    enum { STEPS = 200 };
    double sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        for (int j = 0; j <= STEPS; j++) {
            const double grown = most * ((double)i / STEPS) * (2.0 * j / STEPS - 1);
            const double weight = (i % STEPS == 0 ? 1 : 2 + 2 * (i % 2)) *
                                  (double)(j % STEPS == 0 ? 1 : 2 + 2 * (j % 2));
            sum +=
                weight * 0.5 * (erf((x - grown) / sd / sqrt(2)) + erf((x + grown) / sd / sqrt(2)));
        }
    }
    return sum / (9.0 * STEPS * STEPS);
}

static void test_without_a_promise(void **state)
{
    (void)state;
    static const struct {
        const char *clocks;
        double sd, drift_ppm, interval_s, x;
    } rows[] = {
        {"'ntp_internet'", 20e6, 15, 64, 5e6},
        {"'ntp_internet'", 20e6, 15, 64, 40e6},
        {"'ntp'", 0.5e6, 15, 64, 1e6},
        {"'ntp'", 0.5e6, 15, 64, 0.3e6},
        {"'ntp_lan'", 25e3, 1, 64, 50e3},
        {"'ntp_lan'", 25e3, 1, 64, 20e3},
        {"'ptp'", 50, 0.012, 1, 100},
        {"'ptp'", 50, 0.012, 1, 34},
        {"{'model': 'ptp', 'drift_ppm': 1}", 50, 1, 1, 100},
    };
    static struct readings readings;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        read_clocks(rows[r].clocks, &readings);
        assert_true(readings.bound[0] == (double)SIM_NS_MAX);
        judge_share(rows[r].clocks, share_between(readings.offset, 0, rows[r].x),
                    within(rows[r].x, rows[r].sd, rows[r].drift_ppm, rows[r].interval_s));
    }
    /* "About 5 ms to 100 ms" over the internet: four of five, and nobody beyond. */
    read_clocks("'ntp_internet'", &readings);
    judge_share("5 to 100 ms", share_between(readings.offset, 5e6, 100e6), 0.803);
    assert_true(share_between(readings.offset, 100e6, HUGE_VAL) < 0.002);
}

/* A sawtooth from `low` to `high`: readings at random times have its mean, and both ends. */
static void judge_sawtooth(const char *clocks, double low, double high)
{
    static struct readings readings;
    read_clocks(clocks, &readings);
    double sum = 0, least = HUGE_VAL, most = 0;
    for (int i = 0; i < NODES; i++) {
        sum += readings.bound[i] / NODES;
        least = fmin(least, readings.bound[i]);
        most = fmax(most, readings.bound[i]);
    }
    lab_near(clocks, sum, (low + high) / 2, 4 * (high - low) / sqrt(12.0 * NODES));
    /* The nearest of 4000 to an end: beyond 1 % of the range with probability 4e-18. */
    lab_near(clocks, least, low + (high - low) / 200, (high - low) / 200);
    lab_near(clocks, most, high - (high - low) / 200, (high - low) / 200);
}

static void test_promises(void **state)
{
    (void)state;
    judge_sawtooth("'truetime'", 1e6, 7e6); /* "from about 1 to 7 ms", 4 in the mean */
    judge_sawtooth("'bounded'", 1e6, 7e6);
    judge_sawtooth("'clockbound'", 15e3, 65e3);       /* +- 40 us in the mean */
    judge_sawtooth("'clockbound_ntp'", 0.5e6, 1.3e6); /* within +- 500 us to 2 ms */
    judge_sawtooth("{'model': 'truetime', 'interval': '90s'}", 1e6, 19e6);
}

/* After a day alone at 20 ppm at most: up to 1.728 s, uniformly; another day later twice that. */
static void test_a_day_alone(void **state)
{
    (void)state;
    static struct readings readings;
    read_clocks("{'model': 'free_running', 'alone_for': '365d', 'drift_ppm': 20}", &readings);
    assert_true(share_between(readings.offset, 366 * 1.728e9, HUGE_VAL) == 0);
    read_clocks("{'model': 'free_running', 'alone_for': '24h', 'drift_ppm': 20}", &readings);
    assert_true(share_between(readings.offset, 2 * 1.728e9, HUGE_VAL) == 0);
    /* Age 24 h to 48 h: P(|offset| < 1.728 s) = E[24 h / age] = ln 2. */
    judge_share("a day", share_between(readings.offset, 0, 1.728e9), log(2));
    assert_true(share_between(readings.offset, 1.8 * 1.728e9, HUGE_VAL) > 0);
}

/*
 * Virginia's clock is not corrected for a day, at up to 20 ppm; Ireland's is. At the end of the day
 * Ireland writes half a second after Virginia: that write is lost just when Virginia's clock is
 * ahead by more. Ten seconds after the correction none is.
 */
static void test_a_day_without_corrections(void **state)
{
    (void)state;
    enum { SEEDS = 40 };
    int lost = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab lab = {.traces = {"time_ms,operation,key,session\n"
                                     "86390000,write,0,0\n86411000,write,1,0\n",
                                     "time_ms,operation,key,session\n"
                                     "86390500,write,0,0\n86411500,write,1,0\n"}};
        lab_write(&lab, "{'name': 'day', 'duration': '25h', 'regions': ['us-east-1', 'eu-west-1'],"
                        " 'bucket': '1h', 'clocks': {'model': 'ntp', 'drift_ppm': 20},"
                        " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'},"
                        "   'jitter': 'none', 'same_zone': '0ms', 'same_region': '0ms'},"
                        " 'datasets': {'d': {'keys': 2, 'replication': 'multi_primary'}},"
                        " 'clients': [{'at': 'us-east-1', 'trace': '0.csv'},"
                        "             {'at': 'eu-west-1', 'trace': '1.csv'}],"
                        " 'faults': [{'id': 'free', 'kind': 'clock_unsynchronised', 'at': '1s',"
                        "   'for': '24h', 'region': 'us-east-1'}]}");
        struct metric_set metrics;
        lab_measure(&lab, test_seed() * 1000 + seed, &metrics);
        struct clock_set set;
        clock_set_init(&set, &lab.scenario->clocks, 2, test_seed() * 1000 + seed, &lab.arena);
        clock_set_free(&set, 0, SIM_NS_PER_S, +1);
        const sim_ns at_ns = 86390 * SIM_NS_PER_S, gap_ns = 500 * SIM_NS_PER_MS;
        const sim_ns ahead_ns = clock_set_read(&set, 0, at_ns).offset_ns -
                                clock_set_read(&set, 1, at_ns + gap_ns).offset_ns;
        assert_int_equal(lab_metric(&metrics, "lost_updates", "cause", "clock")->count,
                         ahead_ns > gap_ns ? 1 : 0);
        lost += ahead_ns > gap_ns ? 1 : 0;
        metric_set_release(&metrics);
        lab_close(&lab);
    }
    /* 1.728 s uniform either way: (1.728 - 0.5) / 3.456 = 36 % of 40, sd 3, within 4 sd. */
    assert_in_range(lost, 3, 26);
}

#define STAMPED(stamps, clocks)                                                                    \
    "{'name': 'stamps', 'duration': '10s', 'regions': ['us-east-1'], 'clocks': '" clocks "',"      \
    " 'datasets': {'d': {'replication': {'strategy': 'multi_primary', 'stamps': '" stamps "'}}},"  \
    " 'clients': [{'at': 'us-east-1', 'rate': '1/s'}]}"

static void test_intervals_need_a_promise(void **state)
{
    (void)state;
    const char *message = "needs clocks that know how wrong they may be";
    lab_refuse(STAMPED("interval", "ntp"), message);
    lab_refuse(STAMPED("interval", "ptp"), message);
    lab_refuse(STAMPED("interval", "free_running"), message);
    static const char *const fine[] = {STAMPED("interval", "truetime"),
                                       STAMPED("interval", "clockbound"),
                                       STAMPED("interval", "perfect"), STAMPED("hybrid", "ntp")};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        struct lab lab = {0};
        lab_write(&lab, fine[i]);
        lab_close(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_promise),
        cmocka_unit_test(test_promises),
        cmocka_unit_test(test_a_day_alone),
        cmocka_unit_test(test_a_day_without_corrections),
        cmocka_unit_test(test_intervals_need_a_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
