/*
 * Random fault timelines over leaders that move: what failover promises must hold in all of them.
 *
 * Model:  worlds and claims of misfortune.h, watched by ledger.h. After the last fault ended and
 *         6 s passed: operations are ok, all copies are equal, exactly one leads. The parts of each
 *         recovery time add up to it.
 * Runs:   GEODES_SWARM=N worlds (default 1000), from world GEODES_SWARM_FIRST on (default 0). A
 *         failure prints the smallest set of faults that breaks the same world, its scenario and
 *         its traces.
 */
#include "tests/conformance/ledger.h"
#include "tests/conformance/misfortune.h"

#include <signal.h>
#include <stdlib.h>

struct tally {
    uint64_t worlds, no_loss, fenced_no_loss, one_leader, recovery, lost, overlapping, moves;
    uint64_t late_commits, operations, ok, recovered_rows, events;
};

struct verdict {
    char wrong[400];
    uint64_t fingerprint;
};

/* Of the run under way. */
static char text[MISFORTUNE_TEXT_BYTES + MISFORTUNE_FAULTS_MAX * 700];
static volatile uint64_t current;

static void on_abort(int signal)
{
    (void)signal;
    fprintf(stderr, "%s\naborted in world %llu\n", text, (unsigned long long)current);
}

/* Rows to the ledger, and to a collector when there is one. */
struct listeners {
    struct ledger ledger;
    struct record_sink collector;
    bool collects;
};

static void listen(void *state, const struct record *row)
{
    struct listeners *listeners = state;
    ledger_row(&listeners->ledger, row);
    if (listeners->collects) {
        record_emit(&listeners->collector, row);
    }
}

static void map_pauses(const struct misfortune *m, const struct record_layout *layout,
                       uint32_t *pauses)
{
    for (uint32_t i = 0; i < layout->fault_count; i++) {
        pauses[i] = m->faults[layout->faults[i].id[1] - '0'].pauses;
    }
}

static double total(const struct metric *metric)
{
    return metric->histogram != NULL
               ? histogram_mean(metric->histogram) * (double)metric->histogram->count
               : 0;
}

static bool same_labels(const struct metric *a, const struct metric *b)
{
    bool same = a->label_count == b->label_count;
    for (uint32_t i = 0; same && i < a->label_count; i++) {
        same = strcmp(a->labels[i].key, b->labels[i].key) == 0 &&
               strcmp(a->labels[i].value, b->labels[i].value) == 0;
    }
    return same;
}

/* Of every row (fault, region, operation) the parts add up to the whole, to the nanosecond. */
static uint64_t check_parts(struct ledger *ledger, const struct metric_set *set)
{
    static const char *const parts[] = {"rto_detect_ms", "rto_decide_ms", "rto_promote_ms",
                                        "rto_replay_ms", "rto_route_ms",  "rto_reconnect_ms",
                                        "rto_warm_ms"};
    uint64_t rows = 0;
    for (size_t i = 0; i < set->metric_count; i++) {
        const struct metric *whole = &set->metrics[i];
        if (strcmp(whole->definition->name, "rto_ms") != 0 || whole->histogram == NULL ||
            whole->histogram->count == 0) {
            continue;
        }
        double sum = 0;
        for (size_t j = 0; j < set->metric_count; j++) {
            const struct metric *part = &set->metrics[j];
            for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
                if (strcmp(part->definition->name, parts[p]) == 0 && same_labels(whole, part)) {
                    sum += total(part);
                }
            }
        }
        rows++;
        const double off = sum - total(whole);
        if (off > 0.5 || off < -0.5) {
            ledger_wrong(ledger, "rto_ms of row %zu is %.0f ns and its parts are %.0f ns", i,
                         total(whole), sum);
        }
    }
    return rows;
}

static void check_end(struct ledger *ledger, const struct misfortune *m)
{
    if (!m->claims_recovery) {
        return;
    }
    if (ledger_down(ledger) > 0) {
        ledger_wrong(ledger, "%u machines are down at the end", ledger_down(ledger));
    }
    if (m->primary && ledger_leaders(ledger) != 1) {
        ledger_wrong(ledger, "%u machines lead at the end", ledger_leaders(ledger));
    }
    if (ledger_divergent(ledger) > 0) {
        ledger_wrong(ledger, "copies differ in %u keys at the end", ledger_divergent(ledger));
    }
    if (ledger->refused * 10 > ledger->served) {
        ledger_wrong(ledger, "of the last operations %llu are ok and %llu are not",
                     (unsigned long long)ledger->served, (unsigned long long)ledger->refused);
    }
}

static void count(struct tally *tally, const struct misfortune *m, const struct ledger *ledger)
{
    tally->worlds++;
    tally->no_loss += m->claims_no_loss && m->primary;
    tally->fenced_no_loss += m->claims_no_loss && m->primary && m->decides && m->claims_one_leader;
    tally->one_leader += m->claims_one_leader && m->decides;
    tally->recovery += m->claims_recovery;
    tally->lost += ledger->lost > 0;
    tally->overlapping += ledger->overlap_ns > 0;
    tally->late_commits += ledger->late_commits > 0;
    tally->moves += ledger->begin_count;
    tally->operations += ledger->operation_count;
    tally->ok += ledger->ok;
}

static struct verdict run_world(const struct misfortune *m, uint32_t dropped, struct tally *tally)
{
    static struct listeners listeners;
    struct lab lab = {.traces = {m->traces[0], m->traces[1], m->traces[2]}};
    struct ledger *ledger = &listeners.ledger;
    uint32_t pauses[MISFORTUNE_FAULTS_MAX];
    struct collector collector;
    misfortune_text(m, dropped, text, sizeof text);
    lab_write(&lab, text);
    lab.world = world_create(lab.scenario, m->number);
    map_pauses(m, world_layout(lab.world), pauses);
    ledger_init(ledger, &lab, pauses);
    ledger->claims_no_loss = m->claims_no_loss;
    ledger->claims_one_leader = m->claims_one_leader;
    ledger->served_from_ns = (m->operations_end_ms - 1500) * SIM_NS_PER_MS;
    uint32_t mask = 1u << RECORD_INVOKED | 1u << RECORD_COMPLETED | 1u << RECORD_COMMITTED |
                    1u << RECORD_APPLIED | 1u << RECORD_LEADER | 1u << RECORD_NODE_DOWN |
                    1u << RECORD_NODE_UP | 1u << RECORD_FAULT_BEGIN | 1u << RECORD_FAULT_END;
    listeners.collects = m->long_tail;
    if (m->long_tail) {
        collector_init(&collector, world_layout(lab.world));
        listeners.collector = collector_sink(&collector);
        mask = UINT32_MAX;
    }
    const enum engine_stop stop = world_run(
        lab.world, &(struct record_sink){.state = &listeners, .row = listen, .mask = mask}, NULL);
    if (stop != ENGINE_UNTIL && stop != ENGINE_DONE) {
        ledger_wrong(ledger, "the run stopped early");
    }
    ledger_finish(ledger, lab.scenario->duration);
    check_end(ledger, m);
    if (m->long_tail) {
        struct metric_set set = {0};
        collector_finish(&collector, lab.scenario->duration, &set);
        collector_release(&collector);
        tally->recovered_rows += check_parts(ledger, &set);
        metric_set_release(&set);
    }
    count(tally, m, ledger);
    tally->events += world_events(lab.world);
    struct verdict verdict = {.fingerprint = world_fingerprint(lab.world)};
    memcpy(verdict.wrong, ledger->wrong, sizeof verdict.wrong);
    ledger_release(ledger);
    lab_close(&lab);
    return verdict;
}

/* Leaves out one fault after another as long as something is wrong still. */
static void report(const struct misfortune *m, const struct verdict *first)
{
    struct tally unused = {0};
    struct verdict smallest = *first;
    uint32_t dropped = 0;
    for (int i = 0; i < m->fault_count; i++) {
        const struct verdict less = run_world(m, dropped | UINT32_C(1) << i, &unused);
        if (less.wrong[0] != '\0') {
            dropped |= UINT32_C(1) << i;
            smallest = less;
        }
    }
    misfortune_text(m, dropped, text, sizeof text);
    fprintf(stderr, "%s\n0.csv:\n%s1.csv:\n%s2.csv:\n%s", text, m->traces[0], m->traces[1],
            m->traces[2]);
    fprintf(stderr,
            "world %llu (family %d): %s\nwith fewer faults, as printed: %s\n"
            "again: GEODES_SWARM_FIRST=%llu GEODES_SWARM=1\n",
            (unsigned long long)m->number, (int)m->family, first->wrong, smallest.wrong,
            (unsigned long long)m->number);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *value = getenv(variable);
    return value != NULL ? strtoull(value, NULL, 10) : otherwise;
}

static void print_tally(const struct tally *tally)
{
    print_message("%llu worlds, %llu events, %llu operations, %llu ok, %llu leaders began\n",
                  (unsigned long long)tally->worlds, (unsigned long long)tally->events,
                  (unsigned long long)tally->operations, (unsigned long long)tally->ok,
                  (unsigned long long)tally->moves);
    print_message("claimed: no loss %llu (with fencing or a lease %llu), one leader %llu, recovery "
                  "%llu; recovery rows %llu\n",
                  (unsigned long long)tally->no_loss, (unsigned long long)tally->fenced_no_loss,
                  (unsigned long long)tally->one_leader, (unsigned long long)tally->recovery,
                  (unsigned long long)tally->recovered_rows);
    print_message("where nothing is claimed: worlds with losses %llu, with two leaders %llu, with "
                  "late commits %llu\n",
                  (unsigned long long)tally->lost, (unsigned long long)tally->overlapping,
                  (unsigned long long)tally->late_commits);
}

static void test_promises_hold(void **state)
{
    (void)state;
    static struct misfortune misfortune;
    const uint64_t first = number_from("GEODES_SWARM_FIRST", 0);
    const uint64_t worlds = number_from("GEODES_SWARM", 1000);
    struct tally tally = {0};
    uint64_t wrong = 0;
    signal(SIGABRT, on_abort);
    for (uint64_t number = first; number < first + worlds; number++) {
        current = number;
        misfortune_draw(&misfortune, number);
        struct verdict verdict = run_world(&misfortune, 0, &tally);
        if (number % 4 == 0) {
            struct tally unused = {0};
            if (run_world(&misfortune, 0, &unused).fingerprint != verdict.fingerprint) {
                snprintf(verdict.wrong, sizeof verdict.wrong,
                         "another fingerprint the second time");
            }
        }
        if (verdict.wrong[0] != '\0') {
            wrong++;
            report(&misfortune, &verdict);
        }
    }
    print_tally(&tally);
    if (wrong > 0) {
        fail_msg("%llu of %llu worlds from %llu on break a promise", (unsigned long long)wrong,
                 (unsigned long long)worlds, (unsigned long long)first);
    }
    assert_true(worlds < 400 || (tally.ok > 50 * worlds && tally.moves > worlds && tally.lost > 0 &&
                                 tally.overlapping > 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promises_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
