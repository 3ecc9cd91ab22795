/* test_failover.c - what gateways make of a new leader, told by the failover. */
#include "tests/validation/routing/rig.h"

static const char routing[] =
    "'policy': 'nearest', 'gateways': {'db_timeout': '1s', 'db_retries': 0}, 'cache': {'mode':"
    " 'ttl_only', 'ttl': 0, 'flush_on_failover': %s}}, 'failover': {'policy': 'automatic',"
    " 'orchestrators': ['eu-west-1'], 'health': {'from': ['eu-west-1'], 'interval': '1s',"
    " 'timeout': '500ms'}";

static void run(struct lab *lab, bool flush)
{
    static char text[1024];
    snprintf(text, sizeof text, routing, flush ? "true" : "false");
    rig_run(lab, &(struct rig){.routing = text,
                               .eu = "1000,read,1,0\n40000,write,3,0\n"
                                     "41000,read,1,0\n",
                               .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                         " 'us-east-1', 'at': '5s'}",
                               .client = ", 'deadline': '3s'",
                               .seconds = 60});
}

/*
 * The primary's region is lost at 5 s. Health checks and the orchestrator in EU need some seconds;
 * at 40 s EU's gateway has been told who leads, and a write takes 4 ms. The cache of EU has held
 * key 1 since 1 s, unless the announcement emptied it.
 */
static void test_gateways_follow_the_leader(void **state)
{
    (void)state;
    struct lab lab;
    run(&lab, false);
    bool announced = false;
    for (size_t i = 0; i < lab.row_count; i++) {
        const struct record *row = &lab.rows[i];
        if (row->kind == RECORD_STEP && row->a == RECORD_STEP_ANNOUNCED) {
            announced = true;
            assert_int_equal(row->node, EU);
            assert_in_range(row->at_ns, MS(5000), MS(39000));
        }
    }
    assert_true(announced);
    assert_int_equal(rig_takes(&lab, 2, 40000, 40004, RECORD_OK)->node, EU);
    assert_int_equal(rig_takes(&lab, 3, 41000, 41002, RECORD_OK)->flags, RECORD_FLAG_CACHED);
    lab_close(&lab);
    run(&lab, true);
    rig_takes(&lab, 2, 40000, 40004, RECORD_OK);
    assert_int_equal(rig_takes(&lab, 3, 41000, 41004, RECORD_OK)->flags, 0);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gateways_follow_the_leader)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
