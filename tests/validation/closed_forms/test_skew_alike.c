/*
 * Steps of all machines' clocks alike change nothing: only differences between clocks are seen.
 *
 * Model: three regions with NTP clocks and jitter write the same keys; in the middle of the run all
 *        clocks jump ahead together. Each count, ratio and distribution must be what it is without
 *        the jump (a step is a whole number of the stamps' units). Nobody writes for a second
 * before and after it: of two writes around it the later one wins, which it need not otherwise. One
 *        clock that stays behind changes much.
 */
#include "sim/random.h"
#include "tests/validation/lab.h"

enum { STEP_S = 20 };

static const char *const names[] = {"us-east-1", "eu-west-1", "ap-northeast-1"};

struct outcome {
    struct lab lab; /* has the labels' names */
    struct metric_set set;
};

/* Operations at random times but for two seconds around the step. */
static void write_trace(uint32_t site, char text[1 << 17])
{
    struct random_stream stream;
    random_stream_init(&stream, test_seed(), 1, site);
    size_t used = (size_t)snprintf(text, 1 << 17, "time_ms,operation,key,session\n");
    for (double at_ms = 0; at_ms < 58000; at_ms += 70 * random_unit(&stream)) {
        if (at_ms < 1000 * STEP_S - 1000 || at_ms > 1000 * STEP_S + 1000) {
            used += (size_t)snprintf(text + used, (1 << 17) - used, "%.3f,%s,%d,0\n", at_ms,
                                     random_below(&stream, 2) == 0 ? "read" : "write",
                                     (int)random_below(&stream, 20));
        }
        assert_true(used < (1 << 17) - 64);
    }
}

/* `stepped` of the clocks jump. */
static void measure(const char *replication, int stepped, const char *by, struct outcome *outcome)
{
    static char traces[3][1 << 17];
    char faults[512] = "", text[2048];
    for (int i = 0; i < 3; i++) {
        write_trace((uint32_t)i, traces[i]);
        outcome->lab.traces[i] = traces[i];
    }
    for (int i = 0; i < stepped; i++) {
        snprintf(faults + strlen(faults), sizeof faults - strlen(faults),
                 "%s{'id': 'c%d', 'kind': 'clock_step', 'at': '%ds', 'region': '%s', 'by': '%s'}",
                 i > 0 ? "," : "", i, STEP_S, names[i], by);
    }
    snprintf(text, sizeof text,
             "{'name': 'alike', 'duration': '60s', 'warmup': '5s', 'clocks': 'ntp_internet',"
             " 'regions': ['%s', '%s', '%s'], 'datasets': {'d': {'keys': 20, 'replication':"
             "   {'strategy': 'multi_primary', %s}}},"
             " 'clients': [{'at': '%s', 'trace': '0.csv'}, {'at': '%s', 'trace': '1.csv'},"
             "             {'at': '%s', 'trace': '2.csv'}], 'faults': [%s]}",
             names[0], names[1], names[2], replication, names[0], names[1], names[2], faults);
    lab_write(&outcome->lab, text);
    lab_measure(&outcome->lab, test_seed(), &outcome->set);
}

static void outcome_release(struct outcome *outcome)
{
    metric_set_release(&outcome->set);
    lab_close(&outcome->lab);
}

/* Metrics of `a` that `b` has too and that differ; each is printed when `say`. */
static int differences(const struct metric_set *a, const struct metric_set *b, int *compared,
                       bool say)
{
    int differ = 0;
    for (size_t m = 0; m < a->metric_count; m++) {
        const struct metric *one = &a->metrics[m];
        const struct metric *other =
            metric_find(b, one->definition->name, one->labels, one->label_count);
        /* Only an omniscient observer sees how wrong clocks are. */
        if (other == NULL || strcmp(one->definition->name, "clock_error_ms") == 0) {
            continue;
        }
        ++*compared;
        if (one->count != other->count || one->total != other->total ||
            one->value != other->value || metric_number(one) != metric_number(other)) {
            differ++;
            if (say) {
                print_error("%s: %g, with a step %g\n", one->definition->name, metric_number(one),
                            metric_number(other));
            }
        }
    }
    return differ;
}

static void test_alike(void **state)
{
    (void)state;
    static const struct {
        const char *replication, *by;
    } rows[] = {
        {"'stamps': 'wall'", "2s"},
        {"'stamps': {'scheme': 'wall', 'granularity': 's', 'increasing': false}", "7s"},
        {"'stamps': 'hybrid'", "2s"},
        {"'stamps': {'scheme': 'hybrid', 'max_offset': '20ms'}", "1h"},
        {"'stamps': 'lamport'", "2s"},
        {"'order': 'items', 'ack': 'memory', 'stamps': 'wall', 'after_stored': true", "24h"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct outcome without = {0}, with = {0}, one_behind = {0};
        int compared = 0, ignored = 0;
        measure(rows[r].replication, 0, rows[r].by, &without);
        measure(rows[r].replication, 3, rows[r].by, &with);
        measure(rows[r].replication, 2, rows[r].by, &one_behind);
        const int differ = differences(&without.set, &with.set, &compared, true);
        if (differ > 0) {
            fail_msg("row %zu: %d of %d metrics differ, seed %llu", r, differ, compared,
                     (unsigned long long)test_seed());
        }
        assert_true(compared > 100);
        assert_true(lab_metric(&without.set, "conflict_ratio", NULL, NULL)->count > 100);
        const bool counts = strstr(rows[r].replication, "lamport") != NULL;
        assert_true(counts == (differences(&without.set, &one_behind.set, &ignored, false) == 0));
        outcome_release(&without);
        outcome_release(&with);
        outcome_release(&one_behind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
