/*
 * Random worlds: hundreds of small scenarios drawn from a seed, and what must hold in all of them.
 *
 * Model:  each world draws its regions, network, clocks, disks, strategy and parameters, clients
 * and faults. Three families: anything at all (the rules of audit.h, prefixes of the log, the same
 *         fingerprint twice); quorums with R + W > N, perfect clocks and no faults (not one stale
 *         read); primaries that wait for all followers, under faults (no acknowledged write is
 * missing on any live copy). Runs:   GEODES_SWARM=N worlds a family (default 120), from world
 * GEODES_SWARM_FIRST on (default 0). A failure prints the number of the world and its scenario.
 */
#include "tests/conformance/audit.h"
#include "tests/conformance/dice.h"

#include <stdlib.h>

static const char *const region_names[] = {"us-east-1",      "eu-west-1",  "ap-northeast-1",
                                           "us-west-2",      "sa-east-1",  "eu-central-1",
                                           "ap-southeast-2", "ap-south-1", "ca-central-1"};

enum family { ANYTHING, STRONG_QUORUM, SYNCHRONOUS_PRIMARY };

struct sketch {
    struct dice dice;
    enum family family;
    char *text;
    size_t size, used;
    int regions, nodes[9], copies, end_s;
    bool limited; /* links have a bandwidth */
};

__attribute__((format(printf, 2, 3))) static void put(struct sketch *sketch, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    sketch->used += (size_t)vsnprintf(sketch->text + sketch->used, sketch->size - sketch->used,
                                      format, arguments);
    va_end(arguments);
    assert_true(sketch->used < sketch->size);
}

static void put_regions(struct sketch *sketch)
{
    struct dice *dice = &sketch->dice;
    sketch->regions = between(dice, 2, 5);
    sketch->copies = one_in(dice, 3) ? 2 : 1;
    put(sketch, "'regions': [");
    for (int r = 0; r < sketch->regions; r++) {
        sketch->nodes[r] = between(dice, sketch->copies, 3);
        put(sketch, "%s{'name': '%s', 'nodes': %d, 'zones': %d}", r > 0 ? ", " : "",
            region_names[r], sketch->nodes[r], between(dice, 1, 3));
    }
    put(sketch, "],\n");
}

static void put_network(struct sketch *sketch)
{
    static const char *const latencies[] = {"'catalogue'", "'fibre'",
                                            "{'from': 'constant', 'one_way': '35ms'}",
                                            "{'from': 'constant', 'one_way': '0ms'}"};
    static const char *const jitters[] = {
        "'published'", "'none'", "{'model': 'relative', 'cv': 0.4}",
        "{'model': 'added', 'extra': {'distribution': 'exponential', 'mean': '40ms'}}",
        "{'model': 'added', 'extra': {'distribution': 'pareto', 'minimum': '1ms', 'shape': 1.2}}"};
    static const char *const bandwidths[] = {"0bps", "1Mbps", "20Mbps", "1Gbps"};
    static const char *const losses[] = {"0", "0", "0.001", "0.05"};
    struct dice *dice = &sketch->dice;
    put(sketch, "'network': {'latency': %s, ", PICK(dice, latencies));
    put(sketch, "'jitter': %s, ", PICK(dice, jitters));
    const char *const bandwidth = PICK(dice, bandwidths);
    sketch->limited = strcmp(bandwidth, "0bps") != 0;
    put(sketch, "'bandwidth': '%s', ", bandwidth);
    put(sketch, "'loss': %s, ", PICK(dice, losses));
    if (one_in(dice, 3)) {
        put(sketch, "'send_buffer': '%dkB', ", between(dice, 2, 40));
    }
    put(sketch, "'transport': '%s'},\n", one_in(dice, 3) ? "datagram" : "stream");
}

static void put_machines(struct sketch *sketch)
{
    static const char *const clocks[] = {"'perfect'", "'ntp'", "'free_running'", "'bounded'"};
    static const char *const disks[] = {"'1ms'", "{'distribution': 'exponential', 'mean': '4ms'}",
                                        "{'distribution': 'uniform', 'min': '0ms', 'max': '30ms'}"};
    struct dice *dice = &sketch->dice;
    const char *clock = PICK(dice, clocks);
    put(sketch, "'clocks': %s,\n", sketch->family == STRONG_QUORUM ? "'perfect'" : clock);
    put(sketch, "'nodes': {'workers': %d", between(dice, 1, 4));
    if (one_in(dice, 2)) {
        put(sketch, ", 'service': {'distribution': 'exponential', 'mean': '%dus'}",
            between(dice, 10, 4000));
    }
    if (one_in(dice, 4)) {
        put(sketch, ", 'queue_max': %d", between(dice, 1, 20));
    }
    if (one_in(dice, 2) || sketch->family == SYNCHRONOUS_PRIMARY) {
        put(sketch, ", 'disk_sync': %s", PICK(dice, disks));
    }
    put(sketch, "},\n");
}

static void put_primary(struct sketch *sketch)
{
    static const char *const reads[] = {"nearest", "primary", "primary_after_write"};
    struct dice *dice = &sketch->dice;
    const int followers = sketch->regions * sketch->copies - 1;
    put(sketch, "'strategy': 'primary', 'primary': '%s', 'topology': '%s', 'reads': '%s'",
        region_names[between(dice, 0, sketch->regions - 1)], one_in(dice, 3) ? "cascade" : "star",
        PICK(dice, reads));
    const int acks = sketch->family == SYNCHRONOUS_PRIMARY ? 3 : between(dice, 1, 3);
    if (acks == 2) {
        put(sketch, ", 'acks': 'semi_sync', 'wait_for': %d", between(dice, 1, followers));
    } else if (acks == 3) {
        put(sketch, ", 'acks': 'all'");
    }
    if (acks != 1 && sketch->family != SYNCHRONOUS_PRIMARY && one_in(dice, 2)) {
        put(sketch, ", 'fallback_after': '%dms'", between(dice, 0, 3000));
    }
    put(sketch, ", 'batch_max': %d, 'window': %d, 'resend_after': '%dms'",
        one_in(dice, 2) ? 64 : between(dice, 1, 5), one_in(dice, 2) ? 65536 : between(dice, 1, 40),
        between(dice, 50, 3000));
    if (one_in(dice, 2)) {
        put(sketch, ", 'batch_wait': '%dms'", between(dice, 1, 200));
    }
}

static void put_quorum(struct sketch *sketch)
{
    static const char *const reads[] = {"one",          "two",         "quorum", "local_one",
                                        "local_quorum", "each_quorum", "all"};
    static const char *const writes[] = {"one",          "two",         "quorum", "local_one",
                                         "local_quorum", "each_quorum", "all",    "any"};
    static const char *const repairs[] = {"none", "blocking", "background"};
    struct dice *dice = &sketch->dice;
    const int copies = sketch->regions * sketch->copies;
    int nodes = 0;
    for (int r = 0; r < sketch->regions; r++) {
        nodes += sketch->nodes[r];
    }
    put(sketch, "'strategy': 'quorum', 'read_repair': '%s', 'read_from': '%s', ",
        PICK(dice, repairs), one_in(dice, 2) ? "all" : "needed");
    if (sketch->family == STRONG_QUORUM || one_in(dice, 2)) {
        const int w = between(dice, 1, copies);
        const int least = sketch->family == STRONG_QUORUM ? copies - w + 1 : 1;
        put(sketch, "'w': %d, 'r': %d, ", w, between(dice, least, copies));
    } else {
        put(sketch, "'read': '%s', 'write': '%s', ", PICK(dice, reads), PICK(dice, writes));
    }
    if (nodes > copies && one_in(dice, 2)) {
        put(sketch, "'coordinators': '%s', ", one_in(dice, 2) ? "any" : "others");
        if (sketch->family == ANYTHING && one_in(dice, 2)) {
            put(sketch, "'sloppy': true, ");
        }
    }
    if (one_in(dice, 3)) {
        put(sketch, "'speculate_after': '%dms', ", between(dice, 0, 300));
    }
    if (one_in(dice, 3)) {
        put(sketch, "'anti_entropy': '%dms', ", between(dice, 300, 5000));
    }
    put(sketch,
        "'hint_rate': '%d/s', 'hint_window': '%dms', 'write_timeout': '%dms', "
        "'read_timeout': '%dms', 'heartbeat': '%dms', 'suspect_after': '%dms'",
        between(dice, 1, 2000), between(dice, 100, 20000), between(dice, 100, 3000),
        between(dice, 100, 3000), between(dice, 100, 1000), between(dice, 2000, 6000));
}

static void put_clients(struct sketch *sketch)
{
    static const char *const popularities[] = {"uniform", "zipfian", "hotspot", "latest",
                                               "sequential"};
    struct dice *dice = &sketch->dice;
    put(sketch, "'clients': [");
    for (int r = 0; r < sketch->regions; r++) {
        put(sketch, "%s{'at': '%s', 'sessions': %d, 'popularity': '%s', 'deadline': '%dms'",
            r > 0 ? ",\n  " : "", region_names[r], between(dice, 1, 8), PICK(dice, popularities),
            between(dice, 100, 4000));
        if (one_in(dice, 3)) {
            put(sketch, ", 'think': {'distribution': 'exponential', 'mean': '%dms'}",
                between(dice, 100, 600));
        } else {
            put(sketch, ", 'rate': '%d/s'", between(dice, 5, 40));
        }
        put(sketch,
            ", 'mix': {'read': 0.4, 'write': 0.4, 'insert': 0.1, 'read_modify_write': 0.1}");
        if (one_in(dice, 2)) {
            put(sketch, ", 'retry': {'tries': %d, 'timeout': '%dms', 'backoff': '%dms'}",
                between(dice, 2, 5), between(dice, 0, 100), between(dice, 0, 100));
        }
        if (one_in(dice, 3)) {
            put(sketch, ", 'hedge_after': '%dms'", between(dice, 1, 200));
        }
        if (one_in(dice, 3)) {
            put(sketch, ", 'last_mile': {'distribution': 'exponential', 'mean': '10ms'}");
        }
        if (one_in(dice, 3)) {
            put(sketch, ", 'probe': {'share': 0.5, 'after': '%dms'}", between(dice, 0, 100));
        }
        put(sketch, "}");
    }
    put(sketch, "],\n");
}

static void put_fault(struct sketch *sketch, int number)
{
    struct dice *dice = &sketch->dice;
    const int a = between(dice, 0, sketch->regions - 1);
    const int b = (a + between(dice, 1, sketch->regions - 1)) % sketch->regions;
    const char *const at = region_names[a], *const other = region_names[b];
    put(sketch, "%s{'id': 'f%d', 'at': '%dms', ", number > 0 ? ",\n  " : "", number,
        between(dice, 0, sketch->end_s * 900));
    if (!one_in(dice, 5)) {
        put(sketch, "'for': '%dms', ", between(dice, 1, 6000));
    }
    switch (between(dice, 1, 6)) {
    case 1:
        put(sketch, "'kind': 'partition', 'between': [['%s'], ['%s']], 'one_way': %s}", at, other,
            one_in(dice, 2) ? "true" : "false");
        break;
    case 2:
        put(sketch, "'kind': 'partition', 'isolate': ['%s'], 'one_way': %s}", at,
            one_in(dice, 3) ? "true" : "false");
        break;
    case 3:
        put(sketch, "'kind': 'region_outage', 'region': '%s'}", at);
        break;
    case 4:
        put(sketch, "'kind': 'node_outage', 'region': '%s', 'node': %d}", at,
            between(dice, 0, sketch->nodes[a] - 1));
        break;
    case 5:
        put(sketch,
            "'kind': 'link', 'between': [['%s'], ['%s']], 'delay_factor': %d, 'extra': '%dms', "
            "'loss': 0.%d, ",
            at, other, between(dice, 1, 8), between(dice, 0, 300), between(dice, 0, 6));
        put(sketch, sketch->limited ? "'bandwidth_factor': 0.%d}" : "'bandwidth': '%dMbps'}",
            between(dice, 1, 9));
        break;
    default:
        put(sketch, "'kind': 'clock_step', 'region': '%s', 'by': '%dms'}", at,
            (one_in(dice, 2) ? -1 : 1) * between(dice, 1, 5000));
        break;
    }
}

static void draw_world(struct sketch *sketch, uint64_t number)
{
    sketch->dice.state = number * 3 + (uint64_t)sketch->family;
    struct dice *dice = &sketch->dice;
    sketch->used = 0;
    sketch->end_s = between(dice, 5, 15);
    put(sketch, "{'name': 'swarm', 'duration': '%ds',\n", sketch->end_s);
    put_regions(sketch);
    put_network(sketch);
    put_machines(sketch);
    put(sketch, "'datasets': {'d': {'keys': %d, 'value_bytes': %s, 'replication': {'copies': %d, ",
        one_in(dice, 4) ? 1 : between(dice, 2, 80),
        one_in(dice, 2) ? "'300B'" : "{'distribution': 'exponential', 'mean': '2kB'}",
        sketch->copies);
    if (sketch->family == STRONG_QUORUM || (sketch->family == ANYTHING && one_in(dice, 2))) {
        put_quorum(sketch);
    } else {
        put_primary(sketch);
    }
    put(sketch, "}}},\n");
    put_clients(sketch);
    put(sketch, "'faults': [");
    const int faults = sketch->family == STRONG_QUORUM ? 0 : between(dice, 0, 4);
    for (int i = 0; i < faults; i++) {
        put_fault(sketch, i);
    }
    put(sketch, "]}");
}

struct outcome {
    uint64_t fingerprint, ok, stale, missing;
};

/* Rows to the auditor and to the collector that `geodes run` has. */
struct witnesses {
    struct audit audit;
    struct record_sink collector;
};

static void witness_row(void *state, const struct record *row)
{
    struct witnesses *witnesses = state;
    audit_row(&witnesses->audit, row);
    record_emit(&witnesses->collector, row);
}

static void agree(const struct sketch *sketch, uint64_t number, const struct metric_set *set,
                  const char *name, uint64_t count, uint64_t total)
{
    const struct metric *metric = metric_find(set, name, NULL, 0);
    assert_non_null(metric);
    if (metric->count != count ||
        (metric->total != total && metric->definition->shape == METRIC_RATIO)) {
        print_error("%s\n", sketch->text);
        fail_msg("world %llu of family %d: %s is %llu of %llu, counted by hand %llu of %llu",
                 (unsigned long long)number, (int)sketch->family, name,
                 (unsigned long long)metric->count, (unsigned long long)metric->total,
                 (unsigned long long)count, (unsigned long long)total);
    }
}

/* The collector's counts, in constant memory, against the auditor's, who forgets nothing. */
static void compare(const struct sketch *sketch, uint64_t number, const struct audit *audit,
                    const struct metric_set *set)
{
    const struct audit_reads *reads = &audit->reads;
    agree(sketch, number, set, "stale_ratio", reads->stale, reads->ok);
    agree(sketch, number, set, "fresh_ratio", reads->ok - reads->stale, reads->ok);
    agree(sketch, number, set, "read_your_writes_violation_ratio", reads->missed_own,
          reads->with_own);
    agree(sketch, number, set, "monotonic_reads_violation_ratio", reads->went_back,
          reads->with_seen);
    /* Of what copies that went down had superseded the collector may know the newest version only.
     */
    const uint64_t lost = audit_acked_lost(audit);
    const uint64_t counted = lab_metric(set, "acked_lost", NULL, NULL)->count;
    if (audit->crashes == 0 || counted > lost || (counted == 0) != (lost == 0)) {
        agree(sketch, number, set, "acked_lost", lost, 0);
    }
    agree(sketch, number, set, "divergent_keys", audit_divergent(audit), 0);
}

static struct outcome run_world(const struct sketch *sketch, uint64_t number)
{
    struct lab lab = {0};
    struct witnesses witnesses;
    struct audit *audit = &witnesses.audit;
    struct collector collector;
    struct metric_set set = {0};
    char name[64];
    snprintf(name, sizeof name, "world %llu of family %d", (unsigned long long)number,
             (int)sketch->family);
    lab_write(&lab, sketch->text);
    lab.world = world_create(lab.scenario, number);
    audit_init(audit, name, &lab, SIM_NS_MAX);
    audit->scenario = sketch->text;
    collector_init(&collector, world_layout(lab.world));
    witnesses.collector = collector_sink(&collector);
    world_run(lab.world,
              &(struct record_sink){.state = &witnesses, .row = witness_row, .mask = UINT32_MAX},
              NULL);
    audit_finish(audit, &lab);
    collector_finish(&collector, lab.scenario->duration, &set);
    collector_release(&collector);
    compare(sketch, number, audit, &set);
    const struct outcome outcome = {.fingerprint = world_fingerprint(lab.world),
                                    .ok = audit->ok,
                                    .stale = audit->stale_reads,
                                    .missing = audit_missing(audit)};
    metric_set_release(&set);
    audit_release(audit);
    lab_close(&lab);
    return outcome;
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void swarm(enum family family)
{
    enum { TEXT_BYTES = 16000 };
    static char text[TEXT_BYTES];
    struct sketch sketch = {.family = family, .text = text, .size = sizeof text};
    const uint64_t first = number_from("GEODES_SWARM_FIRST", 0);
    const uint64_t count = number_from("GEODES_SWARM", 120);
    uint64_t ok = 0;
    for (uint64_t number = first; number < first + count; number++) {
        draw_world(&sketch, number);
        const struct outcome outcome = run_world(&sketch, number);
        ok += outcome.ok;
        if (family == STRONG_QUORUM && outcome.stale > 0) {
            print_error("%s\n", text);
            fail_msg("world %llu: %llu stale reads with R + W > N", (unsigned long long)number,
                     (unsigned long long)outcome.stale);
        }
        if (family == SYNCHRONOUS_PRIMARY && outcome.missing > 0) {
            print_error("%s\n", text);
            fail_msg("world %llu: %llu acknowledged values are missing on live copies",
                     (unsigned long long)number, (unsigned long long)outcome.missing);
        }
        if (number % 4 == 0 && run_world(&sketch, number).fingerprint != outcome.fingerprint) {
            print_error("%s\n", text);
            fail_msg("world %llu: another fingerprint the second time", (unsigned long long)number);
        }
    }
    assert_true(ok > 50 * count); /* the worlds did something */
}

static void test_anything(void **state)
{
    (void)state;
    swarm(ANYTHING);
}

static void test_overlapping_quorums_are_fresh(void **state)
{
    (void)state;
    swarm(STRONG_QUORUM);
}

static void test_all_loses_nothing(void **state)
{
    (void)state;
    swarm(SYNCHRONOUS_PRIMARY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anything),
        cmocka_unit_test(test_overlapping_quorums_are_fresh),
        cmocka_unit_test(test_all_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
