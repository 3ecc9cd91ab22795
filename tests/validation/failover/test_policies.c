/* Failover policies in the whole world, against hand-computed times and the properties they claim.
 */
#include "tests/validation/failover/case.h"

#define ROWS (1u << RECORD_STEP | 1u << RECORD_LEADER | 1u << RECORD_SENT | 1u << RECORD_COMMITTED)

#define OUTAGE                                                                                     \
    "{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '60s', 'for': '%s'}"

#define HEALTH                                                                                     \
    "'policy': 'automatic', 'orchestrators': ['us-west-2'],"                                       \
    " 'health': {'from': ['us-west-2'], 'interval': '10s', 'timeout': '4s', 'threshold': 3}"

/* When the n-th probe went from C to A whose answer could not be back before `lost_ns`. */
static sim_ns lost_probe(const struct lab *lab, sim_ns lost_ns, uint32_t n)
{
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == RECORD_SENT && row->slot == CONTROL_PROBE && row->from_place == C &&
            row->to_place == A && row->at_ns + 80 * MS >= lost_ns && n-- == 0) {
            return row->at_ns;
        }
    }
    fail_msg("no such probe");
    return 0;
}

/*
 * The third lost probe, 4 s of time-out, 1 ms within C, 2 s of survey; 40 ms to the new leader, 3 s
 * of start-up, no replay since all is applied; 40 ms back, 5 s of announcement.
 */
static void every_step_to_the_nanosecond(void **state)
{
    (void)state;
    const struct failure_case plan = {
        .failover = HEALTH ", 'promotion': '3s', 'announce': '5s'",
        .faults = "{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '60s'}",
        .seconds = 150};
    struct lab lab = {0};
    case_open(&lab, &plan);
    lab_run(&lab, test_seed(), ROWS);
    const sim_ns detected_ns = lost_probe(&lab, 60 * S, 2) + 4 * S + 1 * MS;
    assert_int_equal(case_at(&lab, RECORD_STEP_DETECTED), detected_ns);
    assert_int_equal(case_at(&lab, RECORD_STEP_DECIDED), detected_ns + 2 * S);
    assert_int_equal(case_at(&lab, RECORD_STEP_PROMOTED), detected_ns + 5040 * MS);
    assert_int_equal(case_at(&lab, RECORD_STEP_ACCEPTING), detected_ns + 5040 * MS);
    assert_int_equal(case_at(&lab, RECORD_STEP_ANNOUNCED), detected_ns + 10080 * MS);
    assert_int_equal(case_at(&lab, RECORD_STEP_DONE), detected_ns + 10080 * MS);
    assert_true(case_committed(&lab, case_leader(&lab), 0, 150 * S) > 100);
    lab_close(&lab);
}

/*
 * Detection = 2 intervals + time-out + what is left of the interval, uniform in 10 s: Kolmogorov
 * and Smirnov's D of n = 150 seeds is below 1.95 / sqrt(n) with confidence 99.9 %.
 */
static void detection_is_uniform(void **state)
{
    (void)state;
    enum { RUNS = 150 };
    const struct failure_case plan = {
        .failover = HEALTH,
        .faults = "{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '60s'}",
        .seconds = 100,
        .rate = "0.1/s"};
    struct lab lab = {0};
    case_open(&lab, &plan);
    double sample[RUNS];
    for (int i = 0; i < RUNS; i++) {
        lab_run(&lab, test_seed() + (uint64_t)i, 1u << RECORD_STEP);
        const sim_ns after_ns =
            case_at(&lab, RECORD_STEP_DETECTED) - 60 * S - 24 * S - 1 * MS + 80 * MS;
        assert_true(after_ns >= 0 && after_ns <= 10 * S);
        int at = i; /* insertion sort */
        for (; at > 0 && sample[at - 1] > (double)after_ns; at--) {
            sample[at] = sample[at - 1];
        }
        sample[at] = (double)after_ns;
        world_release(lab.world);
        lab.world = NULL;
        lab.row_count = 0;
    }
    double d = 0;
    for (int i = 0; i < RUNS; i++) {
        const double u = sample[i] / (10.0 * (double)S);
        const double below = u - (double)i / RUNS, above = (double)(i + 1) / RUNS - u;
        d = below > d ? below : d;
        d = above > d ? above : d;
    }
    print_message("D = %.4f, bound %.4f\n", d, 1.95 / 12.2474);
    assert_true(d < 1.95 / 12.2474);
    lab_close(&lab);
}

/* A minute's cut: without fencing both sides acknowledge; with it the old one stops first. */
static void fencing_decides_about_split_brain(void **state)
{
    (void)state;
    const char *const fencings[] = {"none", "required"};
    for (int i = 0; i < 2; i++) {
        char failover[512];
        snprintf(failover, sizeof failover, HEALTH ", 'fencing': '%s'", fencings[i]);
        const struct failure_case plan = {
            .failover = failover,
            .faults = "{'id': 'cut', 'kind': 'partition', 'at': '60s', 'for': '60s',"
                      " 'between': [['us-east-1'], ['eu-west-1', 'us-west-2']]}",
            .seconds = 200,
            .rate = "5/s"};
        struct lab lab = {0};
        case_open(&lab, &plan);
        lab_run(&lab, test_seed(), ROWS);
        const sim_ns begins_ns = case_at(&lab, RECORD_STEP_ACCEPTING);
        const uint32_t old_acks = case_committed(&lab, A, begins_ns, 200 * S);
        const uint32_t new_acks = case_committed(&lab, B, begins_ns, 200 * S) +
                                  case_committed(&lab, C, begins_ns, 200 * S);
        print_message("fencing %s: overlap %.3f s, %u writes acknowledged by the old leader\n",
                      fencings[i], (double)case_overlap(&lab) * 1e-9, old_acks);
        assert_true(new_acks > 100);
        assert_true(i == 0 ? old_acks > 20 && case_overlap(&lab) > 10 * S
                           : old_acks == 0 && case_overlap(&lab) == 0);
        assert_int_not_equal(case_leader(&lab), RECORD_NONE); /* healed */
        lab_close(&lab);
    }
}

static void measure(const struct failure_case *plan, uint64_t seed, struct metric_set *set)
{
    struct lab lab = {0};
    case_open(&lab, plan);
    lab_measure(&lab, seed, set);
    lab_close(&lab);
}

/* Under load, a switchover moves and loses nothing; an outage of the leader loses its lag. */
static void a_switchover_loses_nothing(void **state)
{
    (void)state;
    const struct failure_case planned = {
        .failover = "'policy': 'switchover', 'at': '30s', 'to': 'eu-west-1'",
        .faults = "",
        .seconds = 60,
        .rate = "200/s"};
    struct metric_set set;
    measure(&planned, test_seed(), &set);
    assert_int_equal(lab_metric(&set, "acked_lost", NULL, NULL)->count, 0);
    metric_set_release(&set);
    struct lab lab = {0};
    case_open(&lab, &planned);
    lab_run(&lab, test_seed(), ROWS);
    assert_int_equal(case_leader(&lab), B);
    assert_int_equal(case_overlap(&lab), 0);
    /* From some place 40 ms away: freeze, a look at the target, demote, promote. */
    assert_true(case_at(&lab, RECORD_STEP_ACCEPTING) - 30 * S < 500 * MS);
    assert_true(case_committed(&lab, B, 30 * S, 60 * S) > 5000);
    lab_close(&lab);
    const struct failure_case lost = {
        .failover = HEALTH,
        .faults = "{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '60s'}",
        .seconds = 120,
        .rate = "200/s",
        .keys = "{'count': 100000, 'popularity': 'uniform'}"};
    measure(&lost, test_seed(), &set);
    const uint64_t count = lab_metric(&set, "acked_lost", NULL, NULL)->count;
    print_message("lost with an outage: %llu\n", (unsigned long long)count);
    assert_true(count > 0 && count < 30); /* 200/s that were answered for 40 ms: about 8 */
    metric_set_release(&set);
}

/* Patroni's lease in the whole world: 21 to 34 s, and a healthy leader that loses its service. */
static void a_lease(void **state)
{
    (void)state;
    const struct failure_case lost = {
        .failover = "'policy': 'automatic', 'by': 'lease', 'promotion': '400ms'",
        .faults = "{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '60s'}",
        .seconds = 110};
    struct lab lab = {0};
    case_open(&lab, &lost);
    double sum_s = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        lab_run(&lab, test_seed() - 1 + seed, ROWS);
        const double s = (double)(case_at(&lab, RECORD_STEP_ACCEPTING) - 60 * S) * 1e-9;
        assert_true(s >= 21 && s <= 34);
        assert_int_equal(case_overlap(&lab), 0);
        sum_s += s;
        world_release(lab.world);
        lab.world = NULL;
        lab.row_count = 0;
    }
    /* Uniform in 10 s: the mean of 40 has a standard error of 0.46 s; three of them. */
    print_message("mean %.2f s\n", sum_s / 40);
    lab_near("mean", sum_s / 40, 27.5, 1.4);
    lab_close(&lab);
    const struct failure_case alone = {
        .failover = "'policy': 'automatic', 'by': 'lease'",
        .faults = "{'id': 'b', 'kind': 'region_outage', 'region': 'eu-west-1', 'at': '60s'},"
                  "{'id': 'c', 'kind': 'region_outage', 'region': 'us-west-2', 'at': '60s'}",
        .seconds = 110};
    case_open(&lab, &alone);
    lab_run(&lab, test_seed(), ROWS);
    assert_int_equal(case_leader(&lab), RECORD_NONE);
    assert_int_equal(case_committed(&lab, A, 82 * S, 110 * S), 0);
    assert_true(case_committed(&lab, A, 60 * S, 70 * S) > 0);
    lab_close(&lab);
}

/*
 * With a name of 30 s, and clients that do not ask around: each group's first write that the new
 * leader takes comes when its held answer is over, at the latest 30 s and a round trip of 2 ms
 * after the announcement has come (40 ms), plus the 5 s of a time-out when the first name server
 * was not to be asked. Without it machines tell them at once.
 */
static void a_name_is_held(void **state)
{
    (void)state;
    const struct failure_case plan = {
        .failover = "'policy': 'switchover', 'at': '60s', 'to': 'eu-west-1', 'by': ['us-west-2'],"
                    " 'endpoint_ttl': '30s'",
        .faults = "",
        .seconds = 150,
        .tries = 1,
        .rate = "50/s"};
    struct lab lab = {0};
    double latest_s = 0, sum_s = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        case_open(&lab, &plan);
        lab_run(&lab, test_seed() + seed, ROWS);
        const sim_ns told_ns = case_at(&lab, RECORD_STEP_ANNOUNCED) + 40 * MS;
        for (uint16_t group = 0; group < 2; group++) {
            sim_ns first_ns = 0;
            for (size_t i = 0; i < lab.row_count && first_ns == 0; i++) {
                const struct record *row = &lab.rows[i];
                if (row->kind == RECORD_COMMITTED && row->node == B && row->group == group) {
                    first_ns = row->at_ns;
                }
            }
            assert_true(first_ns > 0);
            const double s = (double)(first_ns - told_ns) * 1e-9;
            latest_s = s > latest_s ? s : latest_s;
            sum_s += s;
        }
        lab_close(&lab);
    }
    /* Uniform in 30 s, 40 samples: the mean is 15 s with a standard error of 1.37 s; four of them.
     * A write comes every 20 ms on average, 40 ms away. */
    print_message("latest %.2f s, mean %.2f s\n", latest_s, sum_s / 40);
    assert_true(latest_s > 20 && latest_s < 30.5);
    lab_near("mean", sum_s / 40, 15.05, 5.5);
}

static const char *some_faults(uint64_t seed, char *text, size_t size)
{
    static const char *const regions[] = {"us-east-1", "eu-west-1", "us-west-2"};
    struct random_stream stream;
    random_stream_init(&stream, seed, 98, 0);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < 6; i++) {
        const char *a = regions[random_below(&stream, 3)];
        const int at_s = 10 + (int)random_below(&stream, 140);
        const int for_s = 1 + (int)random_below(&stream, 60);
        const bool cut = random_below(&stream, 2) == 0;
        used += (size_t)snprintf(
            text + used, size - used,
            "%s{'id': 'f%d', 'kind': '%s', '%s': %s'%s'%s, 'at': '%ds', 'for': '%ds'}",
            i > 0 ? ", " : "", i, cut ? "partition" : "region_outage", cut ? "isolate" : "region",
            cut ? "[" : "", a, cut ? "]" : "", at_s, for_s);
    }
    return text;
}

/*
 * Whatever goes wrong: with fencing, or a lease, never two accept at the same time; what all copies
 * confirmed (acks all) is never lost. Seeds 1 to 30 for each policy.
 */
static void nothing_acknowledged_by_all_is_lost(void **state)
{
    (void)state;
    static const char *const policies[] = {
        HEALTH ", 'fencing': 'required', 'fail_back': '20s'",
        "'policy': 'automatic', 'by': 'lease'",
        ("'policy': 'operator', 'at': ['us-west-2'], 'fencing': 'required', 'acknowledge': '5s',"
         " 'diagnose': '5s', 'decide': '5s', 'promotion': '5s', 'dns': '5s', 'warm_up': '5s'")};
    for (size_t p = 0; p < sizeof policies / sizeof policies[0]; p++) {
        uint64_t moves = 0;
        for (uint64_t seed = 1; seed <= 30; seed++) {
            char faults[2048];
            const struct failure_case plan = {
                .failover = policies[p],
                .faults = some_faults(test_seed() - 1 + seed, faults, sizeof faults),
                .seconds = 300,
                .acks = "all",
                .rate = "5/s"};
            struct metric_set set;
            measure(&plan, test_seed() - 1 + seed, &set);
            const uint64_t lost = lab_metric(&set, "acked_lost", NULL, NULL)->count;
            metric_set_release(&set);
            struct lab lab = {0};
            case_open(&lab, &plan);
            lab_run(&lab, test_seed() - 1 + seed, ROWS);
            const sim_ns overlap_ns = case_overlap(&lab);
            for (uint32_t n = 0; case_step(&lab, RECORD_STEP_ACCEPTING, n) != NULL; n++) {
                moves++;
            }
            lab_close(&lab);
            if (lost > 0 || overlap_ns > 0) {
                fail_msg("policy %zu, seed %llu: %llu lost, overlap %lld ns", p,
                         (unsigned long long)seed, (unsigned long long)lost, (long long)overlap_ns);
            }
        }
        print_message("policy %zu: %llu leaders began\n", p, (unsigned long long)moves);
        assert_true(moves > 15);
    }
}

#define REFUSED(failover, message)                                                                 \
    lab_refuse(                                                                                    \
        "{'name': 'f', 'duration': '60s', 'regions': ['us-east-1', 'eu-west-1', 'us-west-2'],"     \
        " 'datasets': {'d': {'replication': {'strategy': 'primary', 'primary': 'us-east-1',"       \
        "  'replicas': ['us-east-1', 'eu-west-1']}}},"                                             \
        " 'clients': [{'at': 'us-east-1', 'rate': '1/s'}],"                                        \
        " 'failover': " failover "}",                                                              \
        message)

static void wrong_scenarios_are_refused(void **state)
{
    (void)state;
    REFUSED("'automatc'", "unknown policy \"automatc\"");
    REFUSED("'automatc'", "did you mean \"automatic\"");
    REFUSED("{'policy': 'automatic', 'candidates': ['eu-west-2']}", "eu-west-2");
    REFUSED("{'policy': 'automatic', 'candidates': ['eu-west-1', 'us-west-2']}",
            "failover.candidates[1]: \"us-west-2\" stores no dataset that has a leader");
    REFUSED("{'policy': 'automatic', 'candidates': ['eu-west-1', 'eu-west-1']}",
            "is already in the list");
    REFUSED("{'policy': 'automatic', 'by': 'lease', 'lease': {'ttl': '20s'}}",
            "failover.lease.ttl: must be at least loop_wait + 2 * retry_timeout");
    REFUSED("{'policy': 'automatic', 'by': 'lease', 'fencing': 'required'}",
            "failover.fencing: has no place by lease");
    REFUSED("{'policy': 'automatic', 'by': 'lease', 'fail_back': '1min'}", "failover.fail_back");
    REFUSED("{'policy': 'automatic', 'health': {'interval': '5s', 'timeout': '6s'}}",
            "failover.health.timeout: must be at most interval");
    REFUSED("{'policy': 'operator', 'health': {'interval': '3s'}}", "failover.health.timeout");
    REFUSED("{'policy': 'operator', 'at': ['us-east-1', 'eu-west-1']}", "must be one region");
    REFUSED("{'policy': 'switchover', 'at': '70s', 'to': 'eu-west-1'}",
            "failover.at: is not before the end of the run (1min)");
    REFUSED("{'policy': 'switchover', 'at': '7s', 'to': 'us-west-2'}",
            "failover.to: \"us-west-2\" stores no dataset");
    REFUSED("{'policy': 'switchover', 'at': '7s', 'to': 'eu-west-1', 'fail_back': '1min'}",
            "failover.fail_back");
    lab_refuse("{'name': 'f', 'duration': '60s', 'regions': ['us-east-1'],"
               " 'datasets': {'d': {'replication': 'quorum'}},"
               " 'clients': [{'at': 'us-east-1', 'rate': '1/s'}], 'failover': 'automatic'}",
               "failover: needs a dataset whose strategy has a leader");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_to_the_nanosecond),
        cmocka_unit_test(detection_is_uniform),
        cmocka_unit_test(fencing_decides_about_split_brain),
        cmocka_unit_test(a_switchover_loses_nothing),
        cmocka_unit_test(a_lease),
        cmocka_unit_test(a_name_is_held),
        cmocka_unit_test(nothing_acknowledged_by_all_is_lost),
        cmocka_unit_test(wrong_scenarios_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
