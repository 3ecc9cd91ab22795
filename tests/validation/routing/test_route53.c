/*
 * test_route53.c - how long users take to follow a name: Route 53's numbers, over-caching, the
 * window of a fail-back.
 */
#include "tests/validation/routing/rig.h"

#include <math.h>
#include <stdlib.h>

/*
 * Users near EU, which is lost; 16 checkers elsewhere. Each request makes a new connection, so that
 * only names hold users back.
 */
struct world_of_names {
    const char *policy;   /* and its rows */
    const char *dns;      /* rows of "dns" */
    const char *interval; /* of checkers */
    const char *faults;
    int sessions, resolvers, seconds;
    double rate;
};

static void run_names(struct lab *lab, const struct world_of_names *names, uint64_t seed)
{
    static char text[4096];
    snprintf(text, sizeof text,
             "{'name': 'names', 'duration': '%ds', 'regions': ['us-east-1', 'eu-west-1',"
             " 'ap-northeast-1'], 'datasets': {'d': {'keys': 8, 'replication': {'strategy':"
             " 'primary', 'primary': 'us-east-1'}}}, 'clients': [{'at': 'eu-west-1', 'sessions':"
             " %d, 'rate': '%g/s', 'deadline': '2s'}], 'routing': {%s, 'health': {'from':"
             " ['us-east-1'], 'checkers': 16, 'interval': '%s'}, 'dns': {'resolvers': [{'count':"
             " %d}], %s}, 'connections': {'lifetime': '1ms', 'connect_timeout': '400ms',"
             " 'backoff': '400ms', 'backoff_max': '400ms'}}, 'faults': [%s]}",
             names->seconds, names->sessions, names->rate, names->policy, names->interval,
             names->resolvers, names->dns, names->faults);
    *lab = (struct lab){0};
    lab_write(lab, text);
    lab_run(lab, seed, 1u << RECORD_ROUTED | 1u << RECORD_HEALTH);
}

static int later(const void *a, const void *b)
{
    const sim_ns x = *(const sim_ns *)a, y = *(const sim_ns *)b;
    return (x > y) - (x < y);
}

enum { SESSIONS_MAX = 2000 };

/*
 * When each session was routed to `region` for the first time after `from_ns`, in order; returns
 * how many were.
 */
static uint32_t moves(const struct lab *lab, uint32_t region, sim_ns from_ns,
                      sim_ns when[SESSIONS_MAX])
{
    static bool seen[SESSIONS_MAX];
    memset(seen, 0, sizeof seen);
    uint32_t count = 0;
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct record *row = &lab->rows[i];
        if (row->kind == RECORD_ROUTED && row->to_place == region && row->at_ns >= from_ns &&
            !seen[row->session]) {
            seen[row->session] = true;
            when[count++] = row->at_ns;
        }
    }
    qsort(when, count, sizeof *when, later);
    return count;
}

/*
 * The verdict falls when the 14th of 16 checkers gives up: the third probe, at a phase uniform in
 * the interval, times out after 4 s; of 30 s and 3 failures that is 60 + 30 x 14 / 17 + 4 = 88.7 s
 * on average, standard deviation 30 s x sqrt(14 x 3 / (17 x 17 x 18)) = 2.7 s; of 10 s 32.2 and 0.9
 * s. Then 95 % of the resolvers' answers are over after 0.95 TTL. A user's next request comes some
 * 0.5 s later. The quantile over 300 resolvers adds TTL x sqrt(0.05 x 0.95 / 300) = 0.0126 TTL to
 * the deviation. Six seeds; 4 standard deviations of their mean and 1 s for the requests.
 */
static void check_moved(const char *interval, const char *ttl, double detect_sd_s, double ttl_s,
                        double published_s)
{
    static sim_ns when[SESSIONS_MAX];
    char policy[128];
    enum { SEEDS = 6, SESSIONS = 300 };
    double sum = 0.0;
    snprintf(policy, sizeof policy, "'policy': 'geodns', 'ttl': '%s'", ttl);
    for (uint64_t s = 0; s < SEEDS; s++) {
        struct lab lab;
        run_names(&lab,
                  &(struct world_of_names){
                      .policy = policy,
                      .dns = "'over_cache': 0, 'client_over_cache': 0",
                      .interval = interval,
                      .faults = "{'id': 'x', 'kind': 'region_outage', 'region': 'eu-west-1', 'at':"
                                " '40s'}",
                      .sessions = SESSIONS,
                      .resolvers = SESSIONS,
                      .seconds = 60 + (int)published_s + 20,
                      .rate = SESSIONS},
                  test_seed() * 100 + s);
        const uint32_t count = moves(&lab, US, MS(40000), when);
        assert_in_range(count, SESSIONS * 95 / 100 + 1, SESSIONS);
        sum += (double)(when[SESSIONS * 95 / 100 - 1] - MS(40000)) / 1e9;
        lab_close(&lab);
    }
    const double sd_s = sqrt(detect_sd_s * detect_sd_s + pow(0.0126 * ttl_s, 2.0));
    lab_near("95 % moved, s", sum / SEEDS, published_s, 4.0 * sd_s / sqrt(SEEDS) + 1.0);
}

static void test_95_percent_moved(void **state)
{
    (void)state;
    check_moved("30s", "60s", 2.7, 60.0, 146.0);
    check_moved("10s", "60s", 0.9, 60.0, 89.0);
    check_moved("10s", "300s", 0.9, 300.0, 317.0);
}

/*
 * Over-caching as by default, TTL 20 s: 90 % of the users have moved 60 s after the name servers
 * changed their mind, and 2 % have not after 15 minutes (Flavel, Mani, Maltz, LANMAN 2014). 2000
 * users with a resolver each: standard deviations 0.0067 and 0.0031; requests every 4 s make them
 * some seconds later, which is 0.003.
 */
static void test_over_caching(void **state)
{
    static sim_ns when[SESSIONS_MAX];
    (void)state;
    struct lab lab;
    run_names(&lab,
              &(struct world_of_names){
                  .policy = "'policy': 'geodns', 'ttl': '20s'",
                  .dns = "'servers': ['us-east-1']",
                  .interval = "10s",
                  .faults = "{'id': 'x', 'kind': 'region_outage', 'region': 'eu-west-1', 'at':"
                            " '40s'}",
                  .sessions = SESSIONS_MAX,
                  .resolvers = SESSIONS_MAX,
                  .seconds = 1000,
                  .rate = 500},
              test_seed());
    sim_ns changed_ns = 0;
    for (size_t i = 0; i < lab.row_count && changed_ns == 0; i++) {
        const struct record *row = &lab.rows[i];
        if (row->kind == RECORD_HEALTH && (row->flags & RECORD_FLAG_AGREED) != 0) {
            changed_ns = row->at_ns;
        }
    }
    assert_true(changed_ns > MS(40000));
    const uint32_t count = moves(&lab, US, MS(40000), when);
    uint32_t soon = 0, late = 0;
    for (uint32_t i = 0; i < count; i++) {
        soon += when[i] <= changed_ns + MS(60000);
        late += when[i] <= changed_ns + MS(900000);
    }
    lab_near("moved after 60 s", (double)soon / SESSIONS_MAX, 0.90, 0.027);
    lab_near("not after 15 min", 1.0 - (double)late / SESSIONS_MAX, 0.02, 0.0125);
    lab_close(&lab);
}

/*
 * The primary comes back: from its verdict on, users return as their answers expire, over one TTL.
 * In it some write here and some there. 500 resolvers: the first is back within 0.2 s on average,
 * the last of them 0.2 s before the TTL is over; requests come every second.
 */
static void test_fail_back_window(void **state)
{
    static sim_ns when[SESSIONS_MAX];
    (void)state;
    struct lab lab;
    run_names(&lab,
              &(struct world_of_names){
                  .policy = "'policy': 'failover', 'ttl': '60s', 'order': ['eu-west-1',"
                            " 'us-east-1']",
                  .dns = "'over_cache': 0, 'client_over_cache': 0",
                  .interval = "10s",
                  .faults = "{'id': 'x', 'kind': 'region_outage', 'region': 'eu-west-1', 'at':"
                            " '10s', 'for': '140s'}",
                  .sessions = 500,
                  .resolvers = 500,
                  .seconds = 280,
                  .rate = 500},
              test_seed());
    assert_int_equal(moves(&lab, US, MS(10000), when), 500); /* all had left */
    const uint32_t count = moves(&lab, EU, MS(150000), when);
    assert_int_equal(count, 500);
    lab_near("window, s", (double)(when[count - 1] - when[0]) / 1e9, 60.0, 6.0);
    lab_near("half way, s", (double)(when[count / 2] - when[0]) / 1e9, 30.0, 5.5);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_95_percent_moved),
        cmocka_unit_test(test_over_caching),
        cmocka_unit_test(test_fail_back_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
