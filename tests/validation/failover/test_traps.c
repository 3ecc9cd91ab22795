/* What goes wrong in failovers that look well, in the whole world. */
#include "tests/validation/failover/case.h"

#define ROWS                                                                                       \
    (1u << RECORD_STEP | 1u << RECORD_LEADER | 1u << RECORD_COMMITTED | 1u << RECORD_COMPLETED)

#define HEALTH                                                                                     \
    "'policy': 'automatic', 'orchestrators': ['us-west-2'],"                                       \
    " 'health': {'from': ['us-west-2'], 'interval': '10s', 'timeout': '4s', 'threshold': 3}"

/*
 * A leader stands still for a minute; its clients go on to ask it. When it goes on, its successor
 * has led for half a minute: with a lease or a watchdog it must not answer what has arrived
 * meanwhile, and without it does.
 */
static void a_leader_that_stood_still_answers_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *failover;
        bool stops;
    } cases[] = {{"'policy': 'automatic', 'by': 'lease'", true},
                 {HEALTH ", 'fencing': 'required'", true},
                 {HEALTH ", 'fencing': 'none'", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct failure_case plan = {
            .failover = cases[i].failover,
            .faults = "{'id': 'still', 'kind': 'pause', 'region': 'us-east-1', 'at': '60s',"
                      " 'for': '60s'}",
            .seconds = 180,
            .rate = "20/s"};
        struct lab lab = {0};
        case_open(&lab, &plan);
        lab_run(&lab, test_seed(), ROWS);
        const sim_ns begins_ns = case_at(&lab, RECORD_STEP_ACCEPTING);
        const uint32_t late = case_committed(&lab, A, begins_ns, 180 * S);
        print_message("%s: a new leader from %.3f s on, %u late answers of the old one\n",
                      cases[i].failover, (double)begins_ns * 1e-9, late);
        assert_true(begins_ns < 120 * S);
        assert_true(cases[i].stops ? late == 0 : late > 0);
        lab_close(&lab);
    }
}

/*
 * The leader is back after a second, without its disk. It is healthy, it comes first in the order,
 * and it can not lead: whoever decides must not insist.
 */
static void a_leader_without_its_disk_is_replaced(void **state)
{
    (void)state;
    static const char *const failovers[] = {
        HEALTH ", 'choose': 'in_order'", HEALTH ", 'choose': 'in_order', 'fencing': 'required'",
        "'policy': 'automatic', 'by': 'lease', 'choose': 'in_order'",
        ("'policy': 'operator', 'at': ['us-west-2'], 'choose': 'in_order', 'acknowledge': '5s',"
         " 'diagnose': '5s', 'decide': '5s', 'promotion': '5s', 'dns': '5s', 'warm_up': '5s'")};
    for (size_t i = 0; i < sizeof failovers / sizeof failovers[0]; i++) {
        const struct failure_case plan = {
            .failover = failovers[i],
            .faults = "{'id': 'disk', 'kind': 'region_outage', 'region': 'us-east-1',"
                      " 'disk': 'lost', 'at': '60s', 'for': '1s'}",
            .seconds = 200};
        struct lab lab = {0};
        case_open(&lab, &plan);
        lab_run(&lab, test_seed(), ROWS);
        const uint32_t leader = case_leader(&lab);
        if (leader != B && leader != C) {
            fail_msg("%s: %d leads", failovers[i], (int)leader);
        }
        assert_true(case_committed(&lab, leader, 150 * S, 200 * S) > 100);
        lab_close(&lab);
    }
}

/*
 * Three orchestrators and the default times: fencing takes 10 s and the survey 2 s, longer than the
 * others wait before they try themselves. The first one's attempt must be the only one.
 */
static void orchestrators_do_not_duel(void **state)
{
    (void)state;
    static const int promotions_s[] = {0, 30};
    for (size_t i = 0; i < 2; i++) {
        char failover[512];
        snprintf(failover, sizeof failover,
                 "'policy': 'automatic', 'fencing': 'required', 'promotion': '%ds',"
                 " 'orchestrators': ['us-west-2', 'eu-west-1', 'us-east-1'],"
                 " 'health': {'agree': 0.5}",
                 promotions_s[i]);
        const struct failure_case plan = {
            .failover = failover,
            .faults = "{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '60s'}",
            .seconds = 220};
        struct lab lab = {0};
        case_open(&lab, &plan);
        lab_run(&lab, test_seed(), ROWS);
        assert_null(case_step(&lab, RECORD_STEP_DECIDED, 1));
        assert_null(case_step(&lab, RECORD_STEP_REFUSED, 0));
        /* Detected within 34.1 s; some votes that split (two are left, both must agree), each 4 s
         * at most; 10 s, 2 s, the promotion. */
        assert_true(case_at(&lab, RECORD_STEP_ACCEPTING) < 60 * S + (90 + promotions_s[i]) * S);
        lab_close(&lab);
    }
}

/* A connection that was reset says nothing about leaders: later ones are still found. */
static void resets_teach_nothing(void **state)
{
    (void)state;
    const struct failure_case plan = {
        .failover = HEALTH,
        .faults = "{'id': 'reset', 'kind': 'partition', 'style': 'reset', 'at': '20s',"
                  " 'for': '5s', 'between': [['us-east-1'], ['eu-west-1']]},"
                  "{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1', 'at': '60s'}",
        .seconds = 160,
        .rate = "20/s"};
    struct lab lab = {0};
    case_open(&lab, &plan);
    lab_run(&lab, test_seed(), ROWS);
    uint32_t ok = 0, others = 0;
    for (size_t i = 0; i < lab.row_count; i++) {
        const struct record *row = &lab.rows[i];
        if (row->kind == RECORD_COMPLETED && row->at_ns > 120 * S && row->group == 1) {
            ok += row->outcome == RECORD_OK;
            others += row->outcome != RECORD_OK;
        }
    }
    print_message("writes of eu-west-1 after the failover: %u ok, %u not\n", ok, others);
    assert_true(ok > 700 && others == 0);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leader_that_stood_still_answers_nothing),
        cmocka_unit_test(a_leader_without_its_disk_is_replaced),
        cmocka_unit_test(orchestrators_do_not_duel),
        cmocka_unit_test(resets_teach_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
