/* Announcements of a new leader in the whole world: who is cut off hears them afterwards. */
#include "tests/validation/failover/case.h"

/*
 * US leads and is lost at 30 s. Oregon's orchestrator makes Oregon lead a few seconds later, but
 * the gateway in EU is cut off from there, from 20 to 90 s: what it is sent is given up after the
 * longest deadline of a user, 3 s. EU only reads, and its cache has held key 1 since 1 s, so
 * nothing but the announcement makes it drop that: one of those that are sent every 10 s.
 */
static void a_gateway_that_was_cut_off_hears_of_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct lab lab = {0};
        lab.traces[0] = "time_ms,operation,key,session\n"
                        "1000,read,1,0\n85000,read,1,0\n105000,read,1,0\n";
        lab_write(&lab,
                  "{'name': 'a', 'duration': '120s',"
                  " 'regions': ['us-east-1', 'eu-west-1', 'us-west-2'],"
                  " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'},"
                  "  'jitter': 'none', 'same_region': '1ms', 'same_zone': '1ms'},"
                  " 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary',"
                  "  'primary': 'us-east-1'}}},"
                  " 'clients': [{'at': 'eu-west-1', 'name': 'eu', 'sessions': 4,"
                  "  'trace': '0.csv', 'deadline': '3s'}],"
                  " 'routing': {'policy': 'nearest', 'cache': {'mode': 'ttl_only', 'ttl': 0,"
                  "  'flush_on_failover': true}},"
                  " 'failover': {'policy': 'automatic', 'orchestrators': ['us-west-2'],"
                  "  'candidates': ['us-west-2'], 'health': {'from': ['us-west-2'],"
                  "  'interval': '1s', 'timeout': '500ms'}},"
                  " 'faults': [{'id': 'loss', 'kind': 'region_outage', 'region': 'us-east-1',"
                  "  'at': '30s'}, {'id': 'cut', 'kind': 'partition', 'at': '20s', 'for': '70s',"
                  "  'between': [['eu-west-1'], ['us-west-2']]}]}");
        lab_run(&lab, seed, 0);
        uint32_t announced = 0, reads = 0, cached = 0;
        for (size_t i = 0; i < lab.row_count; i++) {
            const struct record *row = &lab.rows[i];
            announced += row->kind == RECORD_STEP && row->a == RECORD_STEP_ANNOUNCED;
            if (row->kind == RECORD_COMPLETED) {
                cached |= (row->flags & RECORD_FLAG_CACHED) != 0 ? 1u << reads : 0;
                reads++;
            }
        }
        print_message("seed %llu: %u announced, cached %u\n", (unsigned long long)seed, announced,
                      cached);
        assert_int_equal(announced, 1);
        assert_int_equal(reads, 3);
        assert_int_equal(cached, 1u << 1); /* the second read; no more the third */
        lab_close(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_gateway_that_was_cut_off_hears_of_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
