/* test_dns.c - names to the nanosecond, and who is sent where by whom. */
#include "tests/validation/routing/rig.h"

#include <math.h>

#define EXACT "'over_cache': 0, 'client_over_cache': 0, 'cold_start': true"
#define SHORT "'connections': {'lifetime': '1ms', 'connect_timeout': '1s'}"

/*
 * One resolver in EU, the name server in US, TTL 10 s. The first lookup takes 1 + 40 + 40 + 1; then
 * 4 to connect and 4 to read. The resolver has the answer at 91 ms and keeps it to 10091, the user
 * to 10092. A second user gets it in 2 ms, with what is left of its time. EU is lost from 12 to 25
 * s; the checker in US sees it within 1 to 2 s + 500 ms, but users learn of it when the resolver's
 * second answer, of 10173 ms, is over; and of EU's return when the third is.
 */
static void test_time_line(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){
                      .routing = "'policy': 'geodns', 'ttl': '10s', 'dns': {'servers':"
                                 " ['us-east-1'], 'resolvers': [{'count': 1}], " EXACT "}, " SHORT
                                 ", 'health': {'from': ['us-east-1'], 'interval': '1s',"
                                 " 'timeout': '500ms', 'threshold': 2, 'recover_threshold': 2}",
                      .eu = "10,read,1,0\n5000,read,1,1\n10000,read,1,0\n"
                            "10092,read,1,1\n15000,read,1,2\n20173,read,1,3\n"
                            "30000,read,1,3\n30255,read,1,3\n",
                      .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                " 'eu-west-1', 'at': '12s', 'for': '13s'}",
                      .client = ", 'deadline': '3s'",
                      .seconds = 40});
    rig_takes(&lab, 1, 10, 100, RECORD_OK);
    rig_has(&lab, RECORD_ROUTED, 0, 1, 96, EU);
    rig_takes(&lab, 2, 5000, 5010, RECORD_OK);
    rig_takes(&lab, 3, 10000, 10008, RECORD_OK);
    rig_takes(&lab, 4, 10092, 10182, RECORD_OK);
    rig_takes(&lab, 5, 15000, 18000, RECORD_INFO); /* sent to EU, which is dead */
    rig_takes(&lab, 6, 20173, 20497, RECORD_OK);   /* 82 + 2 x 80 + 82 */
    rig_has(&lab, RECORD_ROUTED, 3, 1, 20415, US);
    rig_takes(&lab, 7, 30000, 30242, RECORD_OK); /* EU is back, the name says US */
    rig_takes(&lab, 8, 30255, 30345, RECORD_OK);
    rig_has(&lab, RECORD_ROUTED, 3, 2, 30341, EU);
    uint32_t verdicts = 0;
    for (size_t i = 0; i < lab.row_count; i++) {
        const struct record *row = &lab.rows[i];
        if (row->kind == RECORD_HEALTH && (row->flags & RECORD_FLAG_AGREED) != 0) {
            assert_int_equal(row->to_place, EU);
            assert_int_equal(row->from_place, US);
            assert_int_equal(row->a, verdicts);
            assert_in_range(row->at_ns, MS(verdicts == 0 ? 13400 : 26000),
                            MS(verdicts == 0 ? 14501 : 27081));
            verdicts++;
        }
    }
    assert_int_equal(verdicts, 2);
    lab_close(&lab);
}

/*
 * Name servers in both regions, EU's is dead, as its region is, from 1 s; everybody is sent to US.
 * The resolver is the users' own and goes on. It asks EU for 1 s, then US: 1 + 1000 + 80 + 1; the
 * next time US at once.
 */
static void test_next_name_server(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'geodns', 'ttl': 0, 'health_checks': false,"
                                           " 'answers': [{'at': 'eu-west-1', 'regions':"
                                           " ['us-east-1']}], 'dns': {'resolvers':"
                                           " [{'count': 1}], " EXACT "}, " SHORT,
                                .eu = "10,read,1,0\n5000,read,1,0\n7000,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                          " 'eu-west-1', 'at': '1s'}",
                                .seconds = 20});
    rig_takes(&lab, 1, 10, 10 + 4 + 242, RECORD_OK);
    rig_takes(&lab, 2, 5000, 5000 + 1082 + 242, RECORD_OK);
    rig_takes(&lab, 3, 7000, 7000 + 82 + 242, RECORD_OK);
    lab_close(&lab);
}

static void fail_names(struct lab *lab, const char *answer, const char *stale)
{
    static char routing[1024], faults[256];
    snprintf(routing, sizeof routing,
             "'policy': 'failover', 'ttl': '2s', 'order': ['eu-west-1'], 'dns': {'resolvers':"
             " [{'count': 1}], 'serve_stale': %s, " EXACT "}, " SHORT,
             stale);
    snprintf(faults, sizeof faults,
             "{'id': 'x', 'kind': 'dns_failure', 'answer': '%s', 'at': '10s', 'for': '20s'}",
             answer);
    rig_run(lab, &(struct rig){.routing = routing,
                               .eu = "10,read,1,0\n15000,read,1,0\n16900,read,1,1\n"
                                     "18500,read,1,2\n50000,read,1,0\n",
                               .faults = faults,
                               .client = ", 'deadline': '10s'",
                               .seconds = 60});
    rig_takes(lab, 1, 10, 22, RECORD_OK);
    rig_takes(lab, 5, 50000, 50012, RECORD_OK);
}

/*
 * Nobody answers: with stale answers the resolver waits for 1.8 s once, and then uses what it had;
 * without, users wait to their deadline. With SERVFAIL all four questions (2, 80, 2 and 80 ms) are
 * answered, and the stale answer comes after them. While the name fails it says so at once.
 */
static void test_names_fail(void **state)
{
    (void)state;
    struct lab lab;
    fail_names(&lab, "timeout", "'1d'");
    rig_takes(&lab, 2, 15000, 16810, RECORD_OK);
    rig_takes(&lab, 3, 16900, 16910, RECORD_OK);
    rig_takes(&lab, 4, 18500, 18510, RECORD_OK); /* nobody is asked again for 30 s */
    lab_close(&lab);
    fail_names(&lab, "timeout", "'none'");
    rig_takes(&lab, 2, 15000, 25000, RECORD_INFO);
    rig_takes(&lab, 3, 16900, 26900, RECORD_INFO);
    rig_takes(&lab, 4, 18500, 28500, RECORD_INFO);
    lab_close(&lab);
    fail_names(&lab, "servfail", "'1d'");
    rig_takes(&lab, 2, 15000, 15174, RECORD_OK);
    lab_close(&lab);
}

/* A resolver that is cut off from its users: they ask the next one after 5 s, in their own place.
 */
static void test_next_resolver(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab,
            &(struct rig){.routing = "'policy': 'geodns', 'ttl': 0, 'health_checks': false, 'dns':"
                                     " {'servers': ['eu-west-1'], 'resolvers': [{'at':"
                                     " ['us-east-1'], 'share': 1000000, 'ecs': true, 'count': 1},"
                                     " {'share': 0.001, 'count': 1}], " EXACT "}, " SHORT,
                          .eu = "10,read,1,0\n2000,read,1,1\n",
                          .faults = "{'id': 'x', 'kind': 'partition', 'between':"
                                    " [['us-east-1'], ['eu-west-1']], 'at': '1s'}",
                          .client = ", 'deadline': '10s'",
                          .seconds = 20});
    rig_takes(&lab, 1, 10, 10 + 160 + 8, RECORD_OK);
    rig_takes(&lab, 2, 2000, 2000 + 5000 + 4 + 8, RECORD_OK);
    lab_close(&lab);
}

/*
 * The name follows the leader: US is lost at 5 s, and the orchestrator in EU announces EU's
 * machine. The name server of EU hears of it within its region; a lookup after the TTL goes to EU.
 */
static void test_follows_the_leader(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab,
            &(struct rig){.routing = "'policy': 'failover', 'ttl': '1s', 'follow_leader': true,"
                                     " 'dns': {'resolvers': [{'count': 1}], " EXACT "}, " SHORT
                                     "}, 'failover': {'policy': 'automatic', 'orchestrators':"
                                     " ['eu-west-1'], 'health': {'from': ['eu-west-1'], 'interval':"
                                     " '1s', 'timeout': '500ms'}",
                          .eu = "10,write,1,0\n40000,write,3,0\n",
                          .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                    " 'us-east-1', 'at': '5s'}",
                          .client = ", 'deadline': '3s'",
                          .seconds = 60});
    rig_takes(&lab, 1, 10, 10 + 4 + 160 + 82, RECORD_OK);
    assert_int_equal(rig_takes(&lab, 2, 40000, 40012, RECORD_OK)->node, EU);
    lab_close(&lab);
}

/*
 * US | EU from 5 s on. Each side's checkers hold the other for unhealthy, and what the other side's
 * say grows old; so the name points to US in US and to EU in EU. The lookups take 4 ms, as no
 * resolver has to go far.
 */
static void test_name_servers_disagree(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab,
            &(struct rig){.routing = "'policy': 'failover', 'ttl': '1s', 'health': {'interval':"
                                     " '1s', 'timeout': '500ms'}, 'dns': {'resolvers': [{'count':"
                                     " 1}], " EXACT "}, " SHORT,
                          .us = "30000,read,1,0\n",
                          .eu = "10,read,1,0\n30000,read,1,0\n",
                          .faults = "{'id': 'x', 'kind': 'partition', 'between':"
                                    " [['us-east-1'], ['eu-west-1']], 'at': '5s'}",
                          .seconds = 40});
    rig_takes(&lab, 1, 10, 10 + 4 + 242, RECORD_OK);
    for (uint64_t operation = 2; operation <= 3; operation++) {
        rig_takes(&lab, operation, 30000, 30012, RECORD_OK);
    }
    lab_close(&lab);
}

/* Sessions routed to a region in a window of time, of those routed at all. */
static double share_to(const struct lab *lab, uint32_t region, sim_ns from_ns, sim_ns to_ns)
{
    uint32_t to = 0, all = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == RECORD_CONNECTED && row->at_ns >= from_ns && row->at_ns < to_ns) {
            to += row->to_place == region;
            all++;
        }
    }
    assert_true(all > 0);
    return (double)to / all;
}

static void run_many(struct lab *lab, const char *resolvers, const char *faults)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'many', 'duration': '100s', 'regions': ['us-east-1', 'eu-west-1'],"
             " 'datasets': {'d': {'keys': 8, 'replication': {'strategy': 'primary', 'primary':"
             " 'us-east-1'}}}, 'clients': [{'at': 'eu-west-1', 'sessions': 2000, 'rate':"
             " '500/s'}], 'routing': {'policy': 'geodns', 'ttl': '20s', 'dns': {'over_cache': 0,"
             " 'client_over_cache': 0, 'resolvers': [%s]}, 'connections': {'lifetime': '1ms'}},"
             " 'faults': [%s]}",
             resolvers, faults);
    *lab = (struct lab){0};
    lab_write(lab, text);
    lab_run(lab, test_seed(), 1u << RECORD_CONNECTED);
}

/*
 * A fifth of EU's users has a resolver in the United States. Without ECS they are sent there, with
 * it they are not. 2000 sessions: one standard deviation is 0.009.
 */
static void test_remote_resolvers(void **state)
{
    (void)state;
    struct lab lab;
    run_many(&lab, "{'share': 4}, {'at': ['us-east-1'], 'share': 1}", "");
    lab_near("misrouted", share_to(&lab, US, 0, MS(100000)), 0.2, 0.045);
    lab_close(&lab);
    run_many(&lab, "{'share': 4}, {'at': ['us-east-1'], 'share': 1, 'ecs': true}", "");
    lab_near("with ECS", share_to(&lab, US, 0, MS(100000)), 0.0, 0.0);
    lab_close(&lab);
}

/*
 * 30 % of 200 resolvers are poisoned from 30 to 60 s. At 50 s, when all good answers of before are
 * over, so many connections go astray: one standard deviation is 0.010 by which users have which
 * resolver; the resolvers' draws are spread evenly. What is kept lasts for a TTL after the end, and
 * no longer.
 */
static void test_poisoning(void **state)
{
    (void)state;
    struct lab lab;
    run_many(&lab, "{'count': 200}",
             "{'id': 'x', 'kind': 'dns_poisoning', 'to': 'us-east-1', 'share': 0.3, 'at': '30s',"
             " 'for': '30s'}");
    lab_near("before", share_to(&lab, US, 0, MS(30000)), 0.0, 0.0);
    lab_near("poisoned", share_to(&lab, US, MS(50000), MS(60000)), 0.3, 0.045);
    const double after = share_to(&lab, US, MS(65000), MS(75000));
    if (after < 0.05 || after > 0.25) {
        fail_msg("in the TTL after the end %g are still astray", after);
    }
    lab_near("later", share_to(&lab, US, MS(80500), MS(100000)), 0.0, 0.0);
    lab_close(&lab);
}

/*
 * Users on a ship, 40 ms from both regions and nearer to EU (2,400 km against 3,000), have their
 * resolver on the ship: 1 + 40 + 40 + 1, then 160 to connect and 82 for the read. EU is lost at 5
 * s; the resolver is no part of any region.
 */
static void test_resolver_at_own_place(void **state)
{
    (void)state;
    struct lab lab = {.trace = "time_ms,operation,key,session\n10,read,1,0\n20000,read,1,0\n"};
    lab_write(&lab, "{'name': 'ship', 'duration': '40s', 'regions': ['us-east-1', 'eu-west-1'],"
                    " 'network': {'latency': {'from': 'constant', 'one_way': '40ms'}, 'jitter':"
                    " 'none', 'same_zone': '1ms', 'same_region': '1ms'}, 'datasets': {'d': {'keys':"
                    " 8, 'replication': {'strategy': 'primary', 'primary': 'us-east-1'}}},"
                    " 'clients': [{'at': {'name': 'ship', 'lat': 50, 'lon': -40}, 'sessions': 1,"
                    " 'trace': 'x.csv'}], 'routing': {'policy': 'geodns', 'ttl': '5s', 'health':"
                    " {'from': ['us-east-1'], 'interval': '1s', 'timeout': '500ms'}, 'dns':"
                    " {'servers': ['us-east-1'], 'resolvers': [{'clients': 'ship', 'count': 1}],"
                    " " EXACT "}, " SHORT "}, 'faults': [{'id': 'x', 'kind': 'region_outage',"
                    " 'region': 'eu-west-1', 'at': '5s'}]}");
    lab_run(&lab, 1, 0);
    rig_takes(&lab, 1, 10, 10 + 324, RECORD_OK);
    rig_has(&lab, RECORD_ROUTED, 0, 1, 10 + 242, EU);
    rig_takes(&lab, 2, 20000, 20000 + 324, RECORD_OK);
    rig_has(&lab, RECORD_ROUTED, 0, 2, 20000 + 242, US);
    lab_close(&lab);
}

/* Forged answers name a region where nobody listens: as good as none, until they are over. */
static void test_poisoned_with_nothing(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'geodns', 'ttl': '5s', 'gateways': {'at':"
                                           " ['eu-west-1']}, 'dns': {'resolvers': [{'count': 1}],"
                                           " " EXACT "}, " SHORT,
                                .eu = "10,read,1,0\n12000,read,1,0\n25000,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'dns_poisoning', 'to': 'us-east-1',"
                                          " 'share': 1, 'at': '10s', 'for': '5s'}",
                                .client = ", 'deadline': '2s'",
                                .seconds = 40});
    rig_takes(&lab, 1, 10, 22, RECORD_OK);
    rig_takes(&lab, 2, 12000, 14000, RECORD_INFO);
    rig_takes(&lab, 3, 25000, 25012, RECORD_OK);
    lab_close(&lab);
}

static void refused(const char *routing, const char *message)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'wrong', 'duration': '1s', 'regions': ['us-east-1', 'eu-west-1', {'name':"
             " 'ap-northeast-1', 'nodes': 0}], 'datasets': {'d': {'replication': {'strategy':"
             " 'quorum'}}}, 'clients': [{'at': 'us-east-1', 'think': '1s'}], 'routing': %s}",
             routing);
    lab_refuse(text, message);
}

static void test_wrong_scenarios(void **state)
{
    (void)state;
    refused("{'policy': 'failover', 'order': ['ap-northeast-1']}",
            "routing.order[0]: \"ap-northeast-1\" has no gateway");
    refused("{'policy': 'failover', 'order': ['us-east-1', 'us-east-1']}",
            "routing.order[1]: \"us-east-1\" is already order[0]");
    refused("{'policy': 'failover', 'follow_leader': true}", "routing.follow_leader: needs");
    refused("{'policy': 'geodns', 'answers': [{'at': 'us-east-1', 'regions': []}]}",
            "routing.answers[0].regions");
    refused("{'policy': 'geodns', 'answers': [{'at': 'us-east-1', 'regions':"
            " ['ap-northeast-1']}]}",
            "routing.answers[0].regions: \"ap-northeast-1\" has no gateway");
    refused("{'policy': 'geodns', 'answers': [{'at': 'us-east-1', 'regions': ['eu-west-1']},"
            " {'at': 'us-east-1', 'regions': ['us-east-1']}]}",
            "routing.answers[1].at: is already that of answers[0]");
    refused("{'policy': 'geodns', 'dns': {'resolvers': [{'clients': 'nobody'}]}}",
            "routing.dns.resolvers[0].clients: no client group is called \"nobody\"");
    refused("{'policy': 'geodns', 'dns': {'resolvers': [{'share': 0}]}}",
            "routing.dns.resolvers: no item has a share above 0 for \"us-east-1\"");
    refused("{'policy': 'geodns', 'dns': {'servers': ['us-east-1', 'us-east-1']}}",
            "routing.dns.servers[1]: \"us-east-1\" is already servers[0]");
    refused("{'policy': 'anycast', 'networks': 1e9}", "routing.networks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_line),
        cmocka_unit_test(test_next_name_server),
        cmocka_unit_test(test_names_fail),
        cmocka_unit_test(test_next_resolver),
        cmocka_unit_test(test_follows_the_leader),
        cmocka_unit_test(test_remote_resolvers),
        cmocka_unit_test(test_name_servers_disagree),
        cmocka_unit_test(test_poisoning),
        cmocka_unit_test(test_resolver_at_own_place),
        cmocka_unit_test(test_poisoned_with_nothing),
        cmocka_unit_test(test_wrong_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
