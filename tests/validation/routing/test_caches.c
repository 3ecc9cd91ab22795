/* test_caches.c - caches in front of regions: what they answer, how often, and how stale. */
#include "tests/validation/routing/rig.h"

#include <math.h>

/*
 * EU caches what it read at 100 (until 160 s). US writes at 1000: the machine has it at 1006, its
 * copy in EU at 1046. A read in EU at 2000 is a hit, and stale; it takes 2 ms.
 */
static void test_stale_hits(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'cache': 'ttl_only'",
                                .us = "1000,write,1,0\n",
                                .eu = "100,read,1,0\n2000,read,1,0\n2100,read,2,0\n",
                                .seconds = 5});
    rig_takes(&lab, 1, 100, 108, RECORD_OK);
    const struct record *hit = rig_takes(&lab, 3, 2000, 2002, RECORD_OK);
    assert_int_equal(hit->flags, RECORD_FLAG_CACHED);
    assert_int_equal(hit->write, 0);
    assert_true(hit->node == RECORD_NONE);
    assert_int_equal(rig_takes(&lab, 4, 2100, 2104, RECORD_OK)->flags, 0);
    assert_int_equal(rig_count(&lab, RECORD_CACHE), 3);
    lab_close(&lab);
}

/* The same with messages: the write is acknowledged in US's gateway at 1007, and EU's hears 1047.
 */
static void test_invalidation(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'cache': 'invalidate'",
                                .us = "1000,write,1,0\n",
                                .eu = "100,read,1,0\n1045,read,1,0\n1047,read,1,0\n1060,read,1,0\n",
                                .seconds = 5});
    rig_takes(&lab, 2, 1000, 1008, RECORD_OK);
    assert_int_equal(rig_takes(&lab, 3, 1045, 1047, RECORD_OK)->write, 0);
    const struct record *miss = rig_takes(&lab, 4, 1047, 1051, RECORD_OK);
    assert_int_equal(miss->flags, 0);
    assert_int_equal(miss->write, 2);
    assert_int_equal(rig_takes(&lab, 5, 1060, 1062, RECORD_OK)->write, 2);
    lab_close(&lab);
}

/* A write renews the entry of the region that it came by, and of no other. */
static void test_write_through(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'cache': {'mode':"
                                           " 'write_through', 'ttl': '3s'}",
                                .us = "101,read,1,0\n3900,read,1,0\n4200,read,1,0\n",
                                .eu = "100,read,1,0\n1000,write,1,0\n2000,read,1,0\n",
                                .seconds = 6});
    rig_takes(&lab, 3, 1000, 1082, RECORD_OK);
    const struct record *own = rig_takes(&lab, 4, 2000, 2002, RECORD_OK);
    assert_int_equal(own->flags, RECORD_FLAG_CACHED);
    assert_int_equal(own->write, 3);
    /* US read at 101, with the answer at 108: its entry is from 108 (its gateway) to 3108. */
    assert_int_equal(rig_takes(&lab, 5, 3900, 3904, RECORD_OK)->write, 3);
    assert_int_equal(rig_takes(&lab, 6, 4200, 4202, RECORD_OK)->write, 3);
    lab_close(&lab);
}

/* A region that was off comes back cold. */
static void test_cold_after_restart(void **state)
{
    (void)state;
    struct lab lab;
    rig_run(&lab, &(struct rig){.routing = "'policy': 'nearest', 'cache': 'ttl_only',"
                                           " 'connections': {'idle_timeout': '1s'}",
                                .eu = "100,read,1,0\n200,read,1,0\n5000,read,1,0\n",
                                .faults = "{'id': 'x', 'kind': 'region_outage', 'region':"
                                          " 'eu-west-1', 'at': '1s', 'for': '2s'}",
                                .seconds = 6});
    assert_int_equal(rig_takes(&lab, 2, 200, 202, RECORD_OK)->flags, RECORD_FLAG_CACHED);
    assert_int_equal(rig_takes(&lab, 3, 5000, 5008, RECORD_OK)->flags, 0);
    lab_close(&lab);
}

struct hits {
    uint64_t hits, all;
};

static void keep_hits(void *opaque, const struct record *row)
{
    struct hits *hits = opaque;
    if (row->at_ns >= 100 * SIM_NS_PER_S) {
        hits->all++;
        hits->hits += (row->flags & RECORD_FLAG_CACHED) != 0;
    }
}

static double hit_ratio(const char *keys, const char *cache)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "{'name': 'hits', 'duration': '1100s', 'regions': ['us-east-1'], 'network':"
             " {'latency': {'from': 'constant', 'one_way': '40ms'}, 'jitter': 'none',"
             " 'same_zone': '0ms', 'same_region': '0ms'}, 'datasets': {'d': {'keys': %s,"
             " 'replication': {'strategy': 'primary', 'primary': 'us-east-1'}}}, 'routing':"
             " {'policy': 'nearest', 'cache': %s}, 'clients': [{'at': 'us-east-1', 'sessions': 4,"
             " 'rate': '200/s'}]}",
             keys, cache);
    struct lab lab = {0};
    struct hits hits = {0};
    lab_write(&lab, text);
    lab_run_into(
        &lab, test_seed(),
        (struct record_sink){.state = &hits, .row = keep_hits, .mask = 1u << RECORD_CACHE});
    lab_close(&lab);
    assert_true(hits.all > 190000);
    return (double)hits.hits / (double)hits.all;
}

static void same_ratio(const char *what, double is, double must, double most)
{
    if (fabs(is - must) > most) {
        fail_msg("%s: hit ratio %.4f, must be %.4f within %.4f", what, is, must, most);
    }
}

/*
 * A key that is asked for at rate r and kept for T after each miss is hit r T times a cycle of
 * 1 + r T requests (Jung, Berger and Balakrishnan, INFOCOM 2003); the ratio of all is the mean by
 * popularity. Some 200,000 requests, at least 10,000 cycles: the standard error is below 0.0016,
 * and 0.008 beyond 5 of them. Zipf's theta 0.99 over 1000 keys; a cache that holds them all.
 */
static void test_hit_ratio_by_time(void **state)
{
    (void)state;
    const double per_key = 200.0 / 1000.0, seconds = 10.0;
    same_ratio(
        "uniform",
        hit_ratio("{'count': 1000, 'popularity': 'uniform'}", "{'mode': 'ttl_only', 'ttl': '10s'}"),
        per_key * seconds / (1.0 + per_key * seconds), 0.008);
    double sum = 0.0, ratio = 0.0;
    for (int k = 1; k <= 1000; k++) {
        sum += pow(k, -0.99);
    }
    for (int k = 1; k <= 1000; k++) {
        const double share = pow(k, -0.99) / sum, asked = 200.0 * share * seconds;
        ratio += share * asked / (1.0 + asked);
    }
    same_ratio("zipfian",
               hit_ratio("{'count': 1000, 'popularity': 'zipfian', 'theta': 0.99}",
                         "{'mode': 'ttl_only', 'ttl': '10s'}"),
               ratio, 0.008);
}

/*
 * Least recently used of equally popular keys: each of the C keys held is as likely as any, so the
 * ratio is C / N exactly. Zipf: Che's approximation, whose error is below 0.005 here (Fricker,
 * Robert and Roberts, ITC 2012, section 4).
 */
static void test_hit_ratio_by_size(void **state)
{
    (void)state;
    same_ratio("uniform",
               hit_ratio("{'count': 1000, 'popularity': 'uniform'}",
                         "{'mode': 'ttl_only', 'ttl': 0, 'entries': 300}"),
               0.3, 0.006);
    double sum = 0.0;
    for (int k = 1; k <= 1000; k++) {
        sum += pow(k, -0.99);
    }
    double low = 0.0, high = 1e6;
    for (int i = 0; i < 100; i++) { /* the time t at which 100 different keys have come */
        const double t = (low + high) / 2.0;
        double held = 0.0;
        for (int k = 1; k <= 1000; k++) {
            held += 1.0 - exp(-pow(k, -0.99) / sum * t);
        }
        *(held < 100.0 ? &low : &high) = t;
    }
    double ratio = 0.0;
    for (int k = 1; k <= 1000; k++) {
        const double share = pow(k, -0.99) / sum;
        ratio += share * (1.0 - exp(-share * low));
    }
    same_ratio("zipfian",
               hit_ratio("{'count': 1000, 'popularity': 'zipfian', 'theta': 0.99}",
                         "{'mode': 'ttl_only', 'ttl': 0, 'entries': 100}"),
               ratio, 0.011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stale_hits),        cmocka_unit_test(test_invalidation),
        cmocka_unit_test(test_write_through),     cmocka_unit_test(test_cold_after_restart),
        cmocka_unit_test(test_hit_ratio_by_time), cmocka_unit_test(test_hit_ratio_by_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
